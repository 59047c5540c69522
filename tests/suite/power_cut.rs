//! The power fails in the middle of a drawing, again and again: kill -9 at random moments, the robot on its own cable.
//!
//! A relay between booth and robot writes down every byte. After each restart the first bytes must ask or hold, nothing
//! may move before somebody acts, and the stroke that is offered must be neither one that was told before nor one that the
//! robot had not drawn. `PORTRAITIST_POWER_CUTS=500` cuts five hundred times, at four booths at once; the suite cuts three
//! times. The robot's seconds pass [`SPEED`] times as fast, or most of the time it would only go home.

use std::fs::File;
use std::io::Read;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::pty::OpenptFlags;
use rustix::termios::OptionalActions;
use serde_json::Value;
use serde_json::json;

use crate::program::Bench;
use crate::robot::Sim;
use crate::served;
use crate::served::Served;

/// A busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(240);

/// Of the robot's time.
const SPEED: &str = "8";
/// Cuts for which another booth is not worth its start.
const FEWEST: u32 = 25;
/// Booths at once.
const MOST_BOOTHS: u32 = 4;

/// A line on which nothing came for so long is empty.
const QUIET: Duration = Duration::from_millis(250);

/// A cable with a second end, and all that went to the robot.
struct Relay {
    port: String,
    told: Arc<Mutex<Vec<u8>>>,
    /// Held open, so that a booth that is killed does not close the line.
    _booth: OwnedFd,
}

impl Relay {
    fn to(sim: &Sim) -> Self {
        let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        rustix::pty::unlockpt(&master).expect("its own");
        let path = rustix::pty::ptsname(&master, Vec::new()).expect("a path");
        let port = path.to_str().expect("a path").to_owned();
        let open =
            |path: &str| raw(rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("there"));
        let (booth, robot) = (open(&port), File::from(open(&sim.port)));
        let (mut from_booth, mut to_booth) = (File::from(master.try_clone().expect("open")), File::from(master));
        let (mut to_robot, mut from_robot) = (robot.try_clone().expect("open"), robot);
        let told = Arc::new(Mutex::new(Vec::new()));
        let writes_down = Arc::clone(&told);
        thread::spawn(move || {
            let mut bytes = [0; 256];
            while let Ok(count @ 1..) = from_booth.read(&mut bytes) {
                writes_down.lock().expect("no panic").extend_from_slice(&bytes[..count]);
                if to_robot.write_all(&bytes[..count]).is_err() {
                    return;
                }
            }
        });
        thread::spawn(move || {
            let mut bytes = [0; 256];
            while let Ok(count @ 1..) = from_robot.read(&mut bytes) {
                if to_booth.write_all(&bytes[..count]).is_err() {
                    return;
                }
            }
        });
        Self { port, told, _booth: booth }
    }

    /// What was told to the robot since the last time.
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.told.lock().expect("no panic"))
    }

    /// Forgets what a killed booth had put on the line, once all of it has gone through.
    fn run_dry(&self) {
        while !self.take().is_empty() {
            thread::sleep(QUIET);
        }
    }
}

fn raw(terminal: OwnedFd) -> OwnedFd {
    let mut mode = rustix::termios::tcgetattr(&terminal).expect("a terminal");
    mode.make_raw();
    rustix::termios::tcsetattr(&terminal, OptionalActions::Now, &mode).expect("ours");
    terminal
}

fn booth(bench: &Bench, relay: &Relay) -> Served {
    let state = format!("booth.state_folder={}", bench.path().join("state").display());
    let lock_out = format!("security.lock_out_file={}", bench.path().join("lock-out.json").display());
    let sets = ["--set", &state, "--set", &lock_out, "--set", "kiosk.announce_secs=1"];
    let serve = ["serve", "--style", "flow", "--robot", "homing.toml", "--sample", "--port", &relay.port];
    served::serve(bench, &[&sets[..], &serve].concat())
}

/// Sends the robot home, whatever it stands in.
pub fn home(bench: &Bench, booth: &Served) {
    if ask(bench, booth, "GET", "/api/v1/house", &json!(null))["robot"] != "unhomed" {
        press(bench, booth, "acknowledge");
        until(bench, booth, "a robot that may go home", |house| house["robot"] == "unhomed");
    }
    press(bench, booth, "home");
    until(bench, booth, "a robot that is home", |house| house["robot"] == "ready");
}

/// Asks as the booth's own user.
pub fn ask(bench: &Bench, booth: &Served, method: &str, path: &str, body: &Value) -> Value {
    let control = std::fs::read(bench.path().join("state/control.json")).expect("it runs");
    let control: Value = serde_json::from_slice(&control).expect("JSON");
    let bearer = format!("Authorization: Bearer {}\r\n", control["token"].as_str().expect("a token"));
    let answer = booth.ask(method, path, &bearer, &body.to_string());
    assert!((200..300).contains(&answer.status), "{method} {path}: {}", String::from_utf8_lossy(&answer.body));
    if answer.body.is_empty() { Value::Null } else { answer.json() }
}

pub fn until(bench: &Bench, booth: &Served, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let since = Instant::now();
    loop {
        let house = ask(bench, booth, "GET", "/api/v1/house", &json!(null));
        if wanted(&house) {
            return house;
        }
        let log = || std::fs::read_to_string(bench.path().join("stderr.log")).unwrap_or_default();
        assert!(since.elapsed() < PATIENCE, "{what} never came: {house:#}\n{}", log());
        thread::sleep(Duration::from_millis(50));
    }
}

pub fn press(bench: &Bench, booth: &Served, press: &str) {
    ask(bench, booth, "POST", "/api/v1/house/press", &json!({ "press": press }));
}

fn take(bench: &Bench, booth: &Served) {
    until(bench, booth, "a whole drawing", |house| house["job"]["state"] == "drawn");
    press(bench, booth, "sheet-taken");
    until(bench, booth, "an empty table", |house| house["job"]["state"].is_null());
}

/// A fixed sequence of numbers below `below` (PCG's multiplier).
fn random(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

/// What moves a machine: a motion, homing, a jog. Asking, holding and lifting the pen do not.
fn moves(told: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(told).into_owned();
    let line = text.split(['\r', '\n']).map(|line| line.trim_matches(|c: char| "?!~".contains(c) || c.is_control()));
    line.into_iter()
        .find(|line| {
            let motion = ["G0", "G1", "G2", "G3"].iter().any(|word| line.contains(word)) && line.contains(['X', 'Y']);
            motion || line.starts_with("$J") || line.starts_with("$H")
        })
        .map(str::to_owned)
}

#[test]
fn after_each_power_cut_nothing_moves_and_the_right_stroke_is_offered() {
    let cuts = std::env::var("PORTRAITIST_POWER_CUTS").ok().and_then(|count| count.parse().ok()).unwrap_or(3_u32);
    let booths = (cuts / FEWEST).clamp(1, MOST_BOOTHS);
    thread::scope(|scope| {
        let all = (0..booths).map(|number| {
            let its = cuts / booths + u32::from(number < cuts % booths);
            scope.spawn(move || cut_at_one_booth(its, 20_261_123 + u64::from(number)))
        });
        let all: Vec<_> = all.collect();
        all.into_iter().for_each(|booth| booth.join().expect("what it says is above"));
    });
}

fn cut_at_one_booth(cuts: u32, seed: u64) {
    let bench = Bench::new();
    let profile = include_str!("../../config/robots/a4-servo.toml").replace("homing = false", "homing = true");
    let sim = Sim::with(&bench, &["--speed", SPEED, "--robot", bench.file("homing.toml", profile.as_bytes())]);
    let relay = Relay::to(&sim);
    let mut chance = seed;
    let mut offered: Option<u64> = None;
    let mut drawn_before = 0;
    for cut in 0..cuts {
        thread::sleep(QUIET);
        relay.run_dry();
        let booth = booth(&bench, &relay);
        let met = until(&bench, &booth, "the robot", |house| {
            house["robot"].as_str().is_some_and(|state| !["absent", "connecting", "identifying"].contains(&state))
        });
        thread::sleep(Duration::from_millis(600));
        let told = relay.take();
        assert!(told.first().is_some_and(|first| b"?!\x18\x85\r\n$".contains(first)), "cut {cut}: {told:?}");
        assert_eq!(moves(&told), None, "cut {cut}: nothing moves before somebody acts");
        match (met["job"]["state"].as_str(), offered) {
            (Some("interrupted"), Some(told)) => {
                let confirmed = met["job"]["confirmed"].as_u64().expect("a count");
                assert!(confirmed >= told, "cut {cut}: {confirmed} is offered, {told} were told");
                home(&bench, &booth);
                press(&bench, &booth, "resume");
                if met["job"]["confirmed"] == met["job"]["strokes"] {
                    // Only the way back was left.
                    take(&bench, &booth);
                    offered = None;
                    continue;
                }
            }
            (None, _) => {
                home(&bench, &booth);
                for word in ["sheet-loaded", "open"] {
                    press(&bench, &booth, word);
                }
                until(&bench, &booth, "an open house", |house| house["reasons"].as_array().is_some_and(Vec::is_empty));
                let key = format!("Idempotency-Key: cut-{cut}\r\n");
                assert_eq!(booth.ask("POST", "/api/v1/orders", &key, "{}").status, 202);
                drawn_before = 0;
            }
            (other, _) => panic!("cut {cut}: the drawing is {other:?}"),
        }
        until(&bench, &booth, "the pen at work", |house| house["job"]["state"] == "drawing");
        thread::sleep(Duration::from_millis(500 + random(&mut chance, 4000)));
        let house = ask(&bench, &booth, "GET", "/api/v1/house", &json!(null));
        if house["job"]["state"] == "drawn" {
            // This one is on paper; the next cut begins another.
            take(&bench, &booth);
            offered = None;
            continue;
        }
        let last = house["job"]["confirmed"].as_u64().unwrap_or(0);
        assert!(last >= drawn_before, "cut {cut}: strokes are never lost again: {house:#}");
        (offered, drawn_before) = (Some(last), last);
        drop(booth); // killed
        eprintln!("booth {seed}: cut {cut} of {cuts} after stroke {last}");
    }
    // What the robot really drew: every stroke that was told is on the paper.
    let end = sim.end();
    assert!(end["strokes"].as_u64() >= offered, "{end}, {offered:?}");
}
