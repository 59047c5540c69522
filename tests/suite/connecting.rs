//! Connecting, with the built program: boards that start anew, ports that are taken, robots that come and go, and every
//! `robot` command with what it refuses. A simulated robot on a pseudo-terminal, in real time.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use crate::program::Bench;
use crate::program::Run;
use crate::robot::Sim;
use crate::robot::begun;
use crate::robot::ended;
use crate::robot::interrupt;
use crate::robot::program;
use crate::robot::wait_for;

/// Every `robot` command that meets one.
const COMMANDS: [&[&str]; 9] = [
    &["status"],
    &["home"],
    &["unlock"],
    &["jog", "1", "1"],
    &["pen", "up"],
    &["pen", "down"],
    &["origin"],
    &["settings"],
    &["stop"],
];

/// Runs `robot ARGUMENTS` at the simulated robot's port.
fn robot(bench: &Bench, sim: &Sim, arguments: &[&str]) -> Run {
    bench.run(&[&["robot"], arguments, &["--port", &sim.port]].concat())
}

fn status(bench: &Bench, sim: &Sim) -> Value {
    robot(bench, sim, &["status", "--json"]).json()
}

/// Asserts that the command line itself was refused.
fn misused(run: &Run, words: &str) {
    assert!(run.code == 2 && run.stderr.contains(words) && run.stdout.is_empty(), "{}: {}", run.code, run.stderr);
}

/// Waits until some process has the port, without opening it.
fn wait_until_taken(bench: &Bench, sim: &Sim) {
    let port = format!("port.path={:?}", sim.port);
    wait_for("the lock", || bench.run(&["doctor", "--set", &port]).stdout.contains("in use by"));
}

/// A short program of one stroke.
fn stroke(bench: &Bench) -> &'static str {
    program(bench, 1, 5)
}

/// A profile like the default one, with homing.
fn with_homing(bench: &Bench) -> &'static str {
    let text = include_str!("../../config/robots/a4-servo.toml").replace("homing = false", "homing = true");
    bench.file("homing.toml", text.as_bytes())
}

#[test]
fn a_board_that_opening_resets_is_waited_for_and_forgets_its_place() {
    let bench = Bench::new();
    let sim = Sim::with(&bench, &["--reset-on-open"]);
    let begun = Instant::now();
    assert_eq!(status(&bench, &sim)["state"], "idle");
    assert!(begun.elapsed() > Duration::from_millis(1500), "it answered within {:?}", begun.elapsed());
    assert_eq!(robot(&bench, &sim, &["jog", "5", "4"]).code, 0);
    assert_eq!(status(&bench, &sim)["work_mm"], serde_json::json!([0.0, 0.0, 0.0]), "it counts from where it stands");
    let sent = bench.run(&["send", stroke(&bench), "--port", &sim.port, "--at-origin", "--json"]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    let end = sim.end();
    assert_eq!((end["strokes"].as_u64(), &end["at_mm"]), (Some(1), &serde_json::json!([5.0, 4.0])), "{end}");
}

#[test]
fn nothing_is_drawn_before_somebody_says_where_the_pen_is() {
    let bench = Bench::new();
    let sim = Sim::with(&bench, &[]);
    let program = stroke(&bench);
    let send = |flags: &[&str]| bench.run(&[&["send", program, "--port", &sim.port], flags].concat());
    send(&[]).refused(2, &["--at-origin"]);
    bench.run(&["draw", "--port", &sim.port, "--out", "out"]).refused(2, &["--at-origin"]);
    misused(&send(&["--at-origin", "--home"]), "--home");
    send(&["--home"]).refused(3, &["no homing", "--at-origin"]);
    assert_eq!(robot(&bench, &sim, &["jog", "12.5", "8"]).code, 0);
    send(&["--at-origin"]).refused(9, &["12.500, 8.000", "robot jog -12.500 -8.000", "robot origin"]);
    assert_eq!(robot(&bench, &sim, &["origin"]).code, 0);
    assert_eq!(status(&bench, &sim)["work_mm"], serde_json::json!([0.0, 0.0, 0.0]));
    let sent = send(&["--at-origin"]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    assert_eq!(sim.end()["at_mm"], serde_json::json!([12.5, 8.0]), "it came back to where it began");
}

#[test]
fn settings_that_would_spoil_the_drawing_stop_it_until_they_are_cured() {
    let bench = Bench::new();
    let sim = Sim::with(&bench, &[]);
    let program = stroke(&bench);
    let send = || bench.run(&["send", program, "--port", &sim.port, "--at-origin"]);
    let doctor = |flags: &[&str]| bench.run(&[&["doctor", "--robot", "--port", &sim.port], flags].concat());
    let well = doctor(&[]);
    assert_eq!(well.code, 0, "{}{}", well.stdout, well.stderr);
    for words in ["Grbl 1.1h", "as the profile \"a4-servo\" says", "it may draw", "; free"] {
        assert!(well.stdout.contains(words), "{words}: {}", well.stdout);
    }
    let written = robot(&bench, &sim, &["settings", "--write", "$32=1", "--write", "$10=1", "--json"]).json();
    assert_eq!((&written["settings"]["$32"], &written["settings"]["$10"]), (&"1".into(), &"1".into()));
    let cures: Vec<&str> =
        written["remarks"].as_array().expect("remarks").iter().filter_map(|r| r["cure"].as_str()).collect();
    assert_eq!(cures, ["$32=0", "$10=3"]);
    send().refused(3, &["laser mode", "$32=0"]);
    let sick = doctor(&["--json"]);
    assert_eq!(sick.code, 11);
    let findings = sick.json();
    let laser = findings["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .find(|f| f["text"].as_str().is_some_and(|t| t.contains("laser")));
    assert_eq!(laser.expect("a finding")["state"], "fault");
    let cured = robot(&bench, &sim, &["settings", "--write", "$32=0", "--write", "$10=3", "--json"]).json();
    assert_eq!(cured["remarks"], serde_json::json!([]));
    assert_eq!(send().code, 0);
    misused(&bench.run(&["doctor", "--port", &sim.port]), "--robot");
    let absent = bench.run(&["doctor", "--robot"]);
    assert!(absent.code == 11 && absent.stdout.contains("no port is named"), "{}", absent.stdout);
    let unplugged = bench.run(&["doctor", "--set", "port.path=\"usb:1a86:7523\""]);
    assert!(unplugged.code == 11 && unplugged.stdout.contains("no port usb:1a86:7523"), "{}", unplugged.stdout);
}

#[test]
fn a_robot_with_homing_draws_only_after_it_went_home() {
    let bench = Bench::new();
    let profile = with_homing(&bench);
    for board in [&["--robot", profile][..], &["--robot", profile, "--reset-on-open"]] {
        let sim = Sim::with(&bench, board);
        let program = stroke(&bench);
        let send =
            |flags: &[&str]| bench.run(&[&["send", program, "--robot", profile, "--port", &sim.port], flags].concat());
        assert_eq!(status(&bench, &sim)["state"], "alarm");
        send(&["--at-origin"]).refused(6, &["locked until it has been homed", "robot home"]);
        for refused in [&["jog", "1", "1"][..], &["pen", "down"], &["origin"]] {
            robot(&bench, &sim, refused).refused(6, &["robot home"]);
        }
        let sent = send(&["--home", "--json"]);
        assert_eq!(sent.code, 0, "{}", sent.stderr);
        let end = sim.end();
        assert_eq!((end["strokes"].as_u64(), end["pen_up"].as_bool()), (Some(1), Some(true)), "{end}");
    }
    let sim = Sim::with(&bench, &["--robot", profile]);
    assert_eq!(robot(&bench, &sim, &["home"]).code, 0);
    assert_eq!(status(&bench, &sim)["state"], "idle");
    assert_eq!(robot(&bench, &sim, &["jog", "1", "1"]).code, 0);
}

#[test]
fn a_port_that_is_taken_names_who_has_it_and_a_stop_gets_through_all_the_same() {
    let bench = Bench::new();
    let sim = Sim::with(&bench, &[]);
    let program = program(&bench, 9, 100);
    let send = begun(bench.command(&["send", program, "--port", &sim.port, "--at-origin"]));
    let holder = format!("portraitist (process {})", send.id());
    wait_until_taken(&bench, &sim);
    for refused in COMMANDS.into_iter().filter(|command| *command != ["stop"]) {
        robot(&bench, &sim, refused).refused(5, &["in use by", &holder]);
    }
    bench.run(&["send", program, "--port", &sim.port, "--at-origin"]).refused(5, &[&holder]);
    let doctor = bench.run(&["doctor", "--set", &format!("port.path={:?}", sim.port)]);
    assert!(doctor.stdout.contains(&holder), "{}", doctor.stdout);
    std::thread::sleep(Duration::from_secs(3));
    let asked = Instant::now();
    let stopped = robot(&bench, &sim, &["stop", "--json"]).json();
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(stopped["through"]["process"].as_u64(), Some(u64::from(send.id())));
    let (code, said) = ended(send);
    assert!(code == Some(7) && said.contains("the position is kept"), "{said}");
    assert_eq!(status(&bench, &sim)["state"], "idle");
    let end = sim.end();
    assert_eq!(end["pen_up"].as_bool(), Some(true));
}

#[test]
fn a_stop_reaches_a_robot_that_nobody_drives_any_more() {
    let bench = Bench::new();
    let sim = Sim::with(&bench, &[]);
    let mut jog = begun(bench.command(&["robot", "jog", "250", "0", "--port", &sim.port]));
    wait_until_taken(&bench, &sim);
    std::thread::sleep(Duration::from_millis(700));
    jog.kill().expect("it runs");
    jog.wait().expect("it ends");
    let stopped = robot(&bench, &sim, &["stop"]);
    assert!(stopped.code == 0 && stopped.stdout.contains("the pen is lifted"), "{}{}", stopped.stdout, stopped.stderr);
    let end = sim.end();
    let x = end["at_mm"][0].as_f64().expect("mm");
    assert!((1.0..250.0).contains(&x), "it stopped on its way, at {x}");
}

#[test]
fn a_robot_that_is_not_there_yet_is_waited_for() {
    let bench = Bench::new();
    let mut command = bench.command(&["robot", "status", "--wait", "--port", "plotter", "--json"]);
    let mut waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    std::thread::sleep(Duration::from_millis(700));
    assert!(waiting.try_wait().expect("a process").is_none(), "it waits");
    let _sim = Sim::with(&bench, &["--pty-link", "plotter"]);
    let output = waiting.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let met: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((met["state"].as_str(), met["port"].as_str()), (Some("idle"), Some("plotter")));

    let waiting = begun(bench.command(&["robot", "status", "--wait", "--port", "/dev/ttyNONE"]));
    std::thread::sleep(Duration::from_millis(700));
    interrupt(&waiting);
    let (code, said) = ended(waiting);
    assert!(code == Some(7) && said.contains("waiting: there is no port /dev/ttyNONE"), "{said}");
}

#[test]
fn a_robot_that_comes_back_under_another_name_is_met_again_and_is_unhomed() {
    let bench = Bench::new();
    let mut before = Sim::with(&bench, &["--pty-link", "plotter"]);
    let mut command = bench.command(&["robot", "status", "--follow", "--port", "plotter", "--json"]);
    let mut following = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut lines = BufReader::new(following.stdout.take().expect("piped")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("a line").expect("text");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
    };
    let first = next();
    assert_eq!((first["link"].as_str(), first["state"].as_str()), (Some("unhomed"), Some("idle")), "{first}");
    // The link leads to another terminal, then the first one vanishes: a cable that returns as ttyUSB1.
    let after = Sim::with(&bench, &["--pty-link", "plotter"]);
    assert_ne!(before.port, after.port);
    before.child.kill().expect("it runs");
    let gone = next();
    assert!(gone["link"] == "absent" && gone["why"].as_str().is_some_and(|why| why.contains("is gone")), "{gone}");
    let back = next();
    assert_eq!((back["link"].as_str(), back["state"].as_str()), (Some("unhomed"), Some("idle")), "{back}");
    interrupt(&following);
    assert!(following.wait().expect("it ends").success(), "Ctrl-C is how it ends");
    assert_eq!(after.end()["at_mm"], serde_json::json!([0.0, 0.0]), "nothing moved by itself");
}

#[test]
fn every_robot_command_refuses_what_makes_no_sense() {
    let bench = Bench::new();
    for command in COMMANDS {
        let run = |port: &[&str]| bench.run(&[&["robot"], command, port].concat());
        run(&[]).refused(4, &["--port", "robot list"]);
        run(&["--port", "/dev/ttyNONE"]).refused(4, &["no port /dev/ttyNONE"]);
        run(&["--port", "usb:1a86:7523:NONE"]).refused(4, &["no port usb:1a86:7523:NONE"]);
        run(&["--port", "usb:1a86"]).refused(2, &["usb:1a86:7523:SERIAL"]);
        run(&["--port", "/dev/null"]).refused(4, &["is it a serial port?"]);
        run(&["--robot", "no-such"]).refused(3, &["no-such"]);
    }
    let sim = Sim::with(&bench, &[]);
    robot(&bench, &sim, &["jog", "NaN", "1"]).refused(2, &["two distances in mm"]);
    robot(&bench, &sim, &["jog", "inf", "1"]).refused(2, &["two distances in mm"]);
    misused(&robot(&bench, &sim, &["jog", "far", "1"]), "far");
    misused(&robot(&bench, &sim, &["jog", "1"]), "<Y>");
    robot(&bench, &sim, &["jog", "300.5", "0"]).refused(9, &["outside its field"]);
    robot(&bench, &sim, &["jog", "0", "-1"]).refused(9, &["outside its field"]);
    robot(&bench, &sim, &["jog", "1e300", "0"]).refused(9, &["outside its field"]);
    misused(&robot(&bench, &sim, &["pen", "sideways"]), "sideways");
    for bad in ["32=0", "$32", "$32=", "$x=1", "$1000=1", "$32=-1", "$32=1\nG0X9", "$H", "$100=inf"] {
        robot(&bench, &sim, &["settings", "--write", bad]).refused(2, &["'$32=0'"]);
    }
    robot(&bench, &sim, &["settings", "--write", "$99=1"]).refused(8, &["$99=1", "error:3"]);
    robot(&bench, &sim, &["home"]).refused(8, &["error:5"]);
    misused(&robot(&bench, &sim, &["status", "--wait", "--follow"]), "--follow");
    let end = sim.end();
    assert_eq!((end["strokes"].as_u64(), &end["at_mm"]), (Some(0), &serde_json::json!([0.0, 0.0])), "nothing moved");
    assert!(fs::metadata(bench.path().join("sheet.png")).is_ok());
}

#[test]
fn ports_are_listed_with_the_name_to_write_down() {
    let bench = Bench::new();
    let listed = bench.run(&["robot", "list", "--json"]).json();
    for port in listed["ports"].as_array().expect("ports") {
        for key in ["device", "stable", "usb", "serial_number", "product", "links"] {
            assert!(port.get(key).is_some(), "{key} is missing in {port}");
        }
    }
    assert_eq!(bench.run(&["robot", "list"]).code, 0);
}
