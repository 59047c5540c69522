//! What streaming costs: bytes and seconds of a program, the sender's time for a line, and how soon a stop is on the
//! wire.
//!
//! `stream program FILE.gcode...` runs programs on the simulated firmware in virtual time, by counting characters and
//! line by line. `stream stop` throws the stop switch 300 times while a robot at the other end of a pseudo-terminal has
//! a full planner and every core is busy. One line of JSON for each.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use portraitist::plan::RobotProfile;
use portraitist::robot::Job;
use portraitist::robot::News;
use portraitist::robot::Orders;
use portraitist::robot::Pace;
use portraitist::robot::Pacing;
use portraitist::robot::SenderConfig;
use portraitist::robot::Serial;
use portraitist::robot::Simulated;
use portraitist::robot::Stop;
use portraitist::robot::stream;
use rustix::pty::OpenptFlags;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((mode, files)) if mode == "program" && !files.is_empty() => files.iter().try_for_each(|f| program(f)),
        Some((mode, [])) if mode == "stop" => stop_latency(),
        _ => Err("usage: stream program FILE.gcode... | stream stop".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn profile() -> Result<RobotProfile, String> {
    toml::from_str(include_str!("../../../config/robots/a4-servo.toml")).map_err(|e| e.to_string())
}

fn program(file: &str) -> Result<(), String> {
    let robot = profile()?;
    let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (name, pacing) in [("counting", Pacing::Counting(128)), ("by-line", Pacing::LineByLine)] {
        let mut simulated = Simulated::new(&robot, Pace::AtOnce);
        // Often, to see into the planner; programs are counted without these questions.
        let config = SenderConfig { pacing, report_every: Duration::from_millis(25), ..SenderConfig::default() };
        let job = Job::new(lines.clone(), &robot);
        let (mut dry, mut drawing) = (0, 0);
        let begun = Instant::now();
        stream(&mut simulated, job, config, &Orders::default(), &mut |news| {
            let News::At(place, status) = news else { return };
            // While so many moves lie ahead without a wait, an empty planner can only mean that lines came too late.
            let ahead = lines.iter().skip(place.line).take(robot.planner_blocks + 1);
            if place.share > 0.0 && ahead.filter(|line| line.starts_with(['X', 'Y'])).count() > robot.planner_blocks {
                let queued = status.free.map_or(0, |(free, _)| robot.planner_blocks.saturating_sub(usize::from(free)));
                drawing += 1;
                dry += usize::from(queued < 2);
            }
        })
        .map_err(|broken| format!("{file}: {}", broken.why))?;
        let wall = begun.elapsed().as_secs_f64();
        println!(
            "{{\"program\":\"{file}\",\"pacing\":\"{name}\",\"lines\":{},\"bytes\":{},\"executed_secs\":{:.3},\
             \"drawing_reports\":{drawing},\"nearly_dry_reports\":{dry},\"wall_ms\":{:.1},\"wall_us_per_line\":{:.2}}}",
            lines.len(),
            text.len(),
            simulated.last_done().as_secs_f64(),
            wall * 1e3,
            wall * 1e6 / lines.len() as f64,
        );
    }
    Ok(())
}

const TRIALS: usize = 300;

fn stop_latency() -> Result<(), String> {
    let busy = AtomicBool::new(true);
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let (mut waits, mut bare) = thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut x = 1u64;
                while busy.load(Ordering::Relaxed) {
                    x = black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
                }
            });
        }
        let waits: Result<Vec<Duration>, String> = (0..TRIALS).map(one_stop).collect();
        let bare: Result<Vec<Duration>, String> = (0..TRIALS).map(bare_byte).collect();
        busy.store(false, Ordering::Relaxed);
        waits.and_then(|waits| Ok((waits, bare?)))
    })?;
    waits.sort();
    bare.sort();
    let at =
        |sorted: &[Duration], share: f64| sorted[((TRIALS - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
    println!(
        "{{\"trials\":{TRIALS},\"busy_threads\":{cores},\"p50_ms\":{:.3},\"p99_ms\":{:.3},\"worst_ms\":{:.3},\
         \"bare_p50_ms\":{:.3},\"bare_p99_ms\":{:.3},\"bare_worst_ms\":{:.3}}}",
        at(&waits, 0.5),
        at(&waits, 0.99),
        at(&waits, 1.0),
        at(&bare, 0.5),
        at(&bare, 0.99),
        at(&bare, 1.0),
    );
    Ok(())
}

/// How long a bare byte takes at the moment, after the same wait: what no program can undercut here.
fn bare_byte(trial: usize) -> Result<Duration, String> {
    let (mut master, slave, _) = terminal().map_err(|e| format!("no pseudo-terminal: {e}"))?;
    let reader = thread::spawn(move || {
        let mut byte = [0];
        master.read_exact(&mut byte).map(|()| Instant::now())
    });
    thread::sleep(Duration::from_micros(30_000 + (trial as u64 * 7919) % 40_000));
    let begun = Instant::now();
    File::from(slave).write_all(b"!").map_err(|e| e.to_string())?;
    let read = reader.join().map_err(|_| "the reader died")?.map_err(|e| e.to_string())?;
    Ok(read.saturating_duration_since(begun))
}

/// From the throwing of the switch to the hold's byte at the far end.
fn one_stop(trial: usize) -> Result<Duration, String> {
    let (master, slave, path) = terminal().map_err(|e| format!("no pseudo-terminal: {e}"))?;
    let (heard, hold_at) = mpsc::channel();
    let firmware = thread::spawn(move || full_planner(master, &heard));
    let robot = profile()?;
    let mut port = Serial::open(&path, robot.baud).map_err(|e| e.to_string())?;
    let stop = Stop::default();
    let thrower = stop.clone();
    let thrown = thread::spawn(move || {
        thread::sleep(Duration::from_micros(30_000 + (trial as u64 * 7919) % 40_000));
        let at = Instant::now();
        thrower.throw();
        at
    });
    let lines = (0..200).map(|i| format!("X{}Y{}", i % 90, i % 70)).collect();
    stream(&mut port, Job::new(lines, &robot), SenderConfig::default(), &Orders::new(&stop), &mut |_| {})
        .map_err(|broken| broken.why.to_string())?;
    let thrown = thrown.join().map_err(|_| "the thrower died")?;
    drop((port, slave));
    firmware.join().map_err(|_| "the firmware died")?;
    hold_at.recv().map(|at: Instant| at.saturating_duration_since(thrown)).map_err(|e| e.to_string())
}

/// A firmware that answers no line, since its planner is full, and obeys real-time bytes.
fn full_planner(mut master: File, hold: &mpsc::Sender<Instant>) {
    let (mut held, mut reset) = (false, false);
    let mut bytes = [0; 256];
    while let Ok(read @ 1..) = master.read(&mut bytes) {
        let now = Instant::now();
        for byte in &bytes[..read] {
            let answer: &[u8] = match byte {
                b'!' => {
                    held = true;
                    let _ = hold.send(now); // the measuring end may be gone
                    b""
                }
                b'?' if held => b"<Hold:0|MPos:0.000,0.000,0.000|FS:0,0>\r\n",
                b'?' => b"<Run|MPos:0.000,0.000,0.000|Bf:0,0|FS:3000,90>\r\n",
                0x18 => {
                    reset = true;
                    b"\r\nGrbl 1.1h ['$' for help]\r\n"
                }
                b'\n' if reset => b"ok\r\n",
                _ => b"",
            };
            if master.write_all(answer).is_err() {
                return;
            }
        }
    }
}

fn terminal() -> rustix::io::Result<(File, OwnedFd, String)> {
    let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::pty::grantpt(&master)?;
    rustix::pty::unlockpt(&master)?;
    let path = rustix::pty::ptsname(&master, Vec::new())?.to_string_lossy().into_owned();
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let slave = rustix::fs::open(path.as_str(), flags, rustix::fs::Mode::empty())?;
    let mut modes = rustix::termios::tcgetattr(&slave)?;
    modes.make_raw();
    rustix::termios::tcsetattr(&slave, rustix::termios::OptionalActions::Now, &modes)?;
    Ok((File::from(master), slave, path))
}
