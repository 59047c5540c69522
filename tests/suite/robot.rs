//! The robot over a pseudo-terminal: `sim` as one process, everything else as another, in real time.

use std::fs;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::pty::OpenptFlags;
use serde_json::Value;

use crate::program::Bench;

/// A running `portraitist sim`.
pub struct Sim {
    pub child: Child,
    said: BufReader<ChildStdout>,
    pub port: String,
}

impl Sim {
    fn start(bench: &Bench) -> Self {
        Self::with(bench, &[])
    }

    /// One with more `arguments`.
    pub fn with(bench: &Bench, arguments: &[&str]) -> Self {
        let mut child = bench
            .command(&[&["sim", "--json", "--sheet", "sheet.png"], arguments].concat())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut said = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("text");
        let first: Value = serde_json::from_str(&line).expect("its port as JSON");
        let port = first["port"].as_str().expect("a path").to_owned();
        Self { child, said, port }
    }

    /// Ends it with Ctrl-C; gives what it says at last.
    pub fn end(mut self) -> Value {
        interrupt(&self.child);
        let mut text = String::new();
        self.said.read_to_string(&mut text).expect("text");
        assert!(self.child.wait().expect("it ends").success());
        serde_json::from_str(&text).expect("JSON")
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill(); // ended already: as well
        let _ = self.child.wait();
    }
}

pub fn interrupt(child: &Child) {
    signal(child, Signal::INT);
}

fn signal(child: &Child, signal: Signal) {
    rustix::process::kill_process(Pid::from_child(child), signal).expect("it runs");
}

/// Reads what a process says until it says `words`.
fn hear(said: &mut impl BufRead, words: &str) -> String {
    let mut all = String::new();
    while !all.contains(words) {
        let before = all.len();
        said.read_line(&mut all).expect("text");
        assert!(all.len() > before, "{words:?} was never said: {all}");
    }
    all
}

/// A terminal: what it shows, where keys are typed, and its side for a program.
fn terminal() -> (File, File, OwnedFd) {
    let screen = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    rustix::pty::unlockpt(&screen).expect("its own");
    let path = rustix::pty::ptsname(&screen, Vec::new()).expect("a path");
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let terminal = rustix::fs::open(&path, flags, rustix::fs::Mode::empty()).expect("its other side");
    let keys = screen.try_clone().expect("open");
    (File::from(screen), File::from(keys), terminal)
}

fn still_drawing(child: &mut Child) -> bool {
    child.try_wait().expect("it was started").is_none()
}

/// Plans `strokes` lines of `length` mm into `out/`.
pub fn program(bench: &Bench, strokes: u32, length: u32) -> &'static str {
    let lines: String =
        (0..strokes).map(|i| format!("<path d=\"M20 {y}h{length}\" stroke=\"black\"/>", y = 20 + 9 * i)).collect();
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"148mm\" height=\"210mm\" viewBox=\"0 0 148 210\" fill=\"none\">{lines}</svg>"
    );
    bench.file("lines.svg", svg.as_bytes());
    let run = bench.run(&["plan", "lines.svg", "--out", "out"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    "out/program.gcode"
}

pub fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    for _ in 0..1500 {
        if there() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{what} did not come within 30 s");
}

/// Ends a process that was begun with standard error piped: its exit code and what it said.
pub fn ended(mut child: Child) -> (Option<i32>, String) {
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    (child.wait().expect("it ends").code(), said)
}

pub fn begun(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

#[test]
fn a_program_is_sent_over_a_terminal_and_executed() {
    let bench = Bench::new();
    let program = program(&bench, 3, 20);
    let sim = Sim::start(&bench);
    let sent = bench.run(&["send", program, "--port", &sim.port, "--at-origin", "--json"]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    let sent = sent.json();
    let virtual_time = bench.run(&["send", program, "--json"]).json();
    let (real, simulated) = (sent["secs"].as_f64().expect("secs"), virtual_time["secs"].as_f64().expect("secs"));
    assert_eq!((sent["strokes"].as_u64(), virtual_time["strokes"].as_u64()), (Some(3), Some(3)));
    assert!(real > 0.9 * simulated && real < simulated + 5.0, "{real} s against {simulated} s");
    let end = sim.end();
    assert_eq!((end["strokes"].as_u64(), end["pen_up"].as_bool()), (Some(3), Some(true)));
    assert_eq!(end["at_mm"], serde_json::json!([0.0, 0.0]));
    assert!(bench.path().join("sheet.png").exists());
}

#[test]
fn a_robot_that_vanishes_in_mid_drawing_is_told_with_the_stroke() {
    let bench = Bench::new();
    let program = program(&bench, 9, 100);
    let mut sim = Sim::start(&bench);
    let send = begun(bench.command(&["send", program, "--port", &sim.port, "--at-origin"]));
    thread::sleep(Duration::from_secs(6));
    sim.child.kill().expect("it runs");
    let (code, said) = ended(send);
    assert_eq!(code, Some(8), "{said}");
    let last = said.trim_end().lines().last().expect("a sentence");
    assert!(last.contains("is gone") && last.contains("stroke ") && last.contains(" of 9"), "{said}");
    assert_eq!(said.matches("portraitist: ").count(), 1, "{said}");
}

#[test]
fn ctrl_c_lifts_the_pen_of_a_robot_and_keeps_its_position() {
    let bench = Bench::new();
    let program = program(&bench, 9, 100);
    let sim = Sim::start(&bench);
    let send = begun(bench.command(&["send", program, "--port", &sim.port, "--at-origin"]));
    thread::sleep(Duration::from_secs(6));
    interrupt(&send);
    let (code, said) = ended(send);
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("stroke ") && said.contains("position is kept"), "{said}");
    let status = bench.run(&["robot", "status", "--port", &sim.port, "--json"]).json();
    assert_eq!(status["state"], "idle");
    let end = sim.end();
    assert_eq!(end["pen_up"].as_bool(), Some(true));
    assert!(end["strokes"].as_u64() >= Some(1) && end["strokes"].as_u64() < Some(9), "{end}");
    // The firmware still knows to a step where its carriage is.
    for axis in 0..2 {
        let (said, is) = (status["work_mm"][axis].as_f64().expect("mm"), end["at_mm"][axis].as_f64().expect("mm"));
        assert!((said - is).abs() < 0.013, "{said} against {is}");
    }
}

#[test]
fn signals_pause_at_a_pen_up_and_go_on() {
    let bench = Bench::new();
    let program = program(&bench, 5, 60);
    let sim = Sim::start(&bench);
    let mut send = begun(bench.command(&["send", program, "--port", &sim.port, "--at-origin", "--json"]));
    let mut said = BufReader::new(send.stderr.take().expect("piped"));
    hear(&mut said, "stroke 1 of 5");
    signal(&send, Signal::USR1);
    let paused = hear(&mut said, "paused after stroke ");
    assert!(paused.contains("pausing after stroke "), "{paused}");
    assert!(paused.contains(" of 5: send SIGUSR2 (kill -USR2 ") && paused.contains("to go on"), "{paused}");
    thread::sleep(Duration::from_secs(4));
    assert!(still_drawing(&mut send), "it waits for a person");
    signal(&send, Signal::USR2);
    hear(&mut said, "going on");
    assert!(send.wait().expect("it ends").success());
    let end = sim.end();
    assert_eq!((end["strokes"].as_u64(), end["pen_up"].as_bool()), (Some(5), Some(true)));
}

#[test]
fn a_paused_drawing_is_stopped_with_its_position_kept() {
    let bench = Bench::new();
    let program = program(&bench, 5, 60);
    let sim = Sim::start(&bench);
    let mut send = begun(bench.command(&["send", program, "--port", &sim.port, "--at-origin"]));
    let mut said = BufReader::new(send.stderr.take().expect("piped"));
    hear(&mut said, "stroke 1 of 5");
    signal(&send, Signal::USR1);
    hear(&mut said, "paused after stroke ");
    signal(&send, Signal::TERM);
    hear(&mut said, "position is kept");
    assert_eq!(send.wait().expect("it ends").code(), Some(7));
    let end = sim.end();
    assert!(end["strokes"].as_u64() < Some(5) && end["pen_up"].as_bool() == Some(true), "{end}");
}

#[test]
fn a_held_robot_is_told_and_goes_on_when_a_person_says_so() {
    let bench = Bench::new();
    let program = program(&bench, 3, 60);
    let sim = Sim::with(&bench, &["--trouble", "hold@5"]);
    let mut send = begun(bench.command(&["-q", "send", program, "--port", &sim.port, "--at-origin"]));
    let mut said = BufReader::new(send.stderr.take().expect("piped"));
    let held = hear(&mut said, "Ctrl-C to stop");
    assert!(held.contains("the robot is held, by its hold button or by noise on its pins; send SIGUSR2"), "{held}");
    thread::sleep(Duration::from_secs(1));
    signal(&send, Signal::USR2);
    assert!(send.wait().expect("it ends").success());
    assert_eq!(sim.end()["strokes"].as_u64(), Some(3));
}

#[test]
fn a_key_pauses_and_goes_on_and_the_terminal_is_put_back() {
    let bench = Bench::new();
    let program = program(&bench, 9, 40);
    let sim = Sim::start(&bench);
    let (mut screen, mut keys, terminal) = terminal();
    let modes = || rustix::termios::tcgetattr(&terminal).expect("a terminal").local_modes;
    let before = modes();
    let side = || Stdio::from(terminal.try_clone().expect("a terminal"));
    let program = bench.command(&["send", program, "--port", &sim.port, "--at-origin"]);
    // In a session of its own, whose terminal this is: as in a window on a desktop.
    let mut window = Command::new("setsid");
    window.args(["--ctty", "--wait"]).arg(program.get_program()).args(program.get_args()).current_dir(bench.path());
    window.env("XDG_CONFIG_HOME", bench.path()).env("TERM", "xterm");
    let mut window = window.stdin(side()).stdout(side()).stderr(side()).spawn().expect("setsid is there");
    let mut seen = String::new();
    let mut see = |words: &str| {
        let mut bytes = [0; 4096];
        while !seen.contains(words) {
            let read = screen.read(&mut bytes).expect("the terminal is open");
            seen.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        std::mem::take(&mut seen)
    };
    let bar = see("stroke 1 of 9, 0:");
    assert!(bar.contains('━') || bar.contains('─'), "{bar}");
    assert_ne!(modes(), before, "keys come without a line end");
    keys.write_all(b"p").expect("open");
    let paused = see("press p to go on");
    assert!(paused.contains("pausing after stroke"), "{paused}");
    keys.write_all(b"p").expect("open");
    see("going on");
    see("9 strokes");
    assert!(window.wait().expect("it ends").success());
    assert_eq!(modes(), before);
    assert_eq!(sim.end()["strokes"].as_u64(), Some(9));
}

#[test]
fn a_portrait_is_drawn_over_a_terminal_until_somebody_stops_it() {
    let bench = Bench::new();
    let sim = Sim::start(&bench);
    let draw = begun(bench.command(&["-q", "draw", "--port", &sim.port, "--at-origin", "--out", "drawn"]));
    wait_for("the preview", || bench.path().join("drawn/preview.html").exists());
    thread::sleep(Duration::from_secs(6));
    interrupt(&draw);
    let (code, said) = ended(draw);
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("the position is kept") && bench.path().join("drawn/paper.png").exists(), "{said}");
    let end = sim.end();
    assert!(end["pen_up"].as_bool() == Some(true) && end["strokes"].as_u64() >= Some(1), "{end}");
}

#[test]
fn the_robot_moves_by_hand() {
    let bench = Bench::new();
    let sim = Sim::start(&bench);
    let robot = |arguments: &[&str]| bench.run(&[&["robot"], arguments, &["--port", &sim.port, "--json"]].concat());
    let status = robot(&["status"]).json();
    assert_eq!(
        (status["state"].as_str(), status["schema"].as_str()),
        (Some("idle"), Some("portraitist.robot.status/1"))
    );
    assert_eq!(robot(&["jog", "12.5", "8"]).json()["machine_mm"], serde_json::json!([12.5, 8.0, 0.0]));
    robot(&["jog", "-20", "0"]).refused_json(9, &["outside its field"]);
    assert_eq!(robot(&["pen", "down"]).code, 0);
    assert_eq!(robot(&["pen", "up"]).code, 0);
    assert_eq!(robot(&["unlock"]).code, 0);
    robot(&["home"]).refused_json(8, &["error:5"]);
    assert_eq!(robot(&["settings"]).json()["settings"]["$100"], "80.000");
    assert_eq!(robot(&["stop"]).json()["pen_lifted"].as_bool(), Some(true));
    let end = sim.end();
    assert_eq!((end["strokes"].as_u64(), &end["at_mm"]), (Some(1), &serde_json::json!([12.5, 8.0])));
}

#[test]
fn ports_that_cannot_be_used_are_told_apart() {
    let bench = Bench::new();
    bench.run(&["robot", "status"]).refused(4, &["--port", "portraitist sim"]);
    bench.run(&["robot", "status", "--port", "/dev/ttyNONE"]).refused(4, &["/dev/ttyNONE"]);
    let file = bench.file("file", b"");
    bench.run(&["robot", "status", "--port", file]).refused(4, &["is it a serial port?"]);
    assert_eq!(bench.run(&["robot", "list", "--json"]).json()["schema"], "portraitist.robot.list/1");
    let program = program(&bench, 9, 100);
    let sim = Sim::start(&bench);
    let mut send = begun(bench.command(&["send", program, "--port", &sim.port, "--at-origin"]));
    thread::sleep(Duration::from_secs(1));
    bench.run(&["robot", "status", "--port", &sim.port]).refused(5, &["in use by portraitist (process "]);
    send.kill().expect("it runs");
    send.wait().expect("it ends");
    // What the killed sender left moving is stopped; nothing else moves by itself.
    assert_eq!(bench.run(&["robot", "status", "--port", &sim.port, "--json"]).json()["state"], "idle");
}

#[test]
fn a_program_that_leaves_the_field_is_not_sent() {
    let bench = Bench::new();
    let bad = bench.file("bad.gcode", b"G21\nG90\nG94\nM5\nG4P0.2\nG0X900\n");
    bench.run(&["send", bad]).refused(9, &["bad.gcode", "line 6", "not sent"]);
    bench.run(&["send", "none.gcode"]).refused(10, &["none.gcode"]);
}

#[test]
fn a_link_gives_the_terminal_a_name_that_stays() {
    let bench = Bench::new();
    let mut child =
        bench.command(&["sim", "--pty-link", "plotter"]).stdout(Stdio::piped()).spawn().expect("the program starts");
    let link = bench.path().join("plotter");
    wait_for("the link", || link.exists());
    assert_eq!(bench.run(&["robot", "status", "--port", "plotter"]).code, 0);
    interrupt(&child);
    assert!(child.wait().expect("it ends").success());
    assert!(fs::symlink_metadata(Path::new(&link)).is_err(), "the link goes with it");
}
