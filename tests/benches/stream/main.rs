//! What streaming costs: bytes and seconds of a program, how full the planner stays, the sender's own time for a line,
//! and how soon a stop is on the wire.
//!
//! `stream program FILE.gcode...` runs programs on the simulated firmware in virtual time, by counting characters and
//! line by line. `stream sender FILE.gcode...` gives their lines to the sender alone, with every answer at hand. `stream
//! stop` throws the stop switch 300 times while a robot at the other end of a pseudo-terminal has
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

use firmware_protocol::sender::Output;
use firmware_protocol::sender::Sender;
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
        Some((mode, files)) if mode == "sender" && !files.is_empty() => files.iter().try_for_each(|f| sender(f)),
        Some((mode, [])) if mode == "stop" => stop_latency(),
        _ => Err("usage: stream program FILE.gcode... | stream sender FILE.gcode... | stream stop".into()),
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

fn lines_of(file: &str) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Bytes on the wire, line ends included.
fn bytes_of(lines: &[String]) -> usize {
    lines.iter().map(|line| line.len() + 1).sum()
}

/// Often, to see into the planner.
const REPORT_EVERY: Duration = Duration::from_millis(20);

fn program(file: &str) -> Result<(), String> {
    let robot = profile()?;
    let lines = lines_of(file)?;
    let draws = |line: &String| line.starts_with(['X', 'Y']);
    // A planner that has been full has room for so many moves; while that many lie behind and ahead without a wait, an
    // emptying planner can only mean that lines come too late.
    let full = robot.planner_blocks;
    let dense = |line: usize| {
        line >= full && lines.get(line - full..line + full + 1).is_some_and(|around| around.iter().all(draws))
    };
    for (name, pacing) in [("counting", Pacing::Counting(128)), ("by-line", Pacing::LineByLine)] {
        let run = |report_every, watch: &mut dyn FnMut(News)| {
            let mut simulated = Simulated::new(&robot, Pace::AtOnce);
            let config = SenderConfig { pacing, report_every, ..SenderConfig::default() };
            let begun = Instant::now();
            stream(&mut simulated, Job::new(lines.clone(), &robot), config, &Orders::default(), watch)
                .map_err(|broken| format!("{file}: {}", broken.why))?;
            Ok::<_, String>((simulated.last_done().as_secs_f64(), begun.elapsed().as_secs_f64()))
        };
        let (executed_secs, wall) = run(SenderConfig::default().report_every, &mut |_| {})?;
        let mut queued = Vec::new();
        run(REPORT_EVERY, &mut |news| {
            if let News::At(place, status) = news
                && let Some((free, _)) = status.free
                && dense(place.line)
            {
                queued.push(full.saturating_sub(usize::from(free)));
            }
        })?;
        queued.sort_unstable();
        println!(
            "{{\"program\":\"{file}\",\"pacing\":\"{name}\",\"lines\":{},\"bytes\":{},\"executed_secs\":{executed_secs:.3},\
             \"dense_reports\":{},\"least_blocks\":{},\"median_blocks\":{},\"wall_us_per_line\":{:.2}}}",
            lines.len(),
            bytes_of(&lines),
            queued.len(),
            queued.first().map_or("null".into(), ToString::to_string),
            queued.get(queued.len() / 2).map_or("null".into(), ToString::to_string),
            wall * 1e6 / lines.len() as f64,
        );
    }
    Ok(())
}

const RUNS: u32 = 200;

/// The sender's own time: each line is written and answered at once, in memory.
fn sender(file: &str) -> Result<(), String> {
    let lines = lines_of(file)?;
    let mut took = Duration::ZERO;
    for _ in 0..RUNS {
        let mut sender = Sender::new(SenderConfig::default());
        sender.start(lines.clone(), Vec::new(), Duration::ZERO);
        let begun = Instant::now();
        while sender.accepted() < lines.len() {
            match sender.poll(Duration::ZERO) {
                Output::Transmit(bytes) if bytes.ends_with(b"\n") => sender.receive(b"ok\r\n", Duration::ZERO),
                Output::Wait(_) => return Err(format!("{file}: the sender waits for nothing")),
                output => drop(black_box(output)),
            }
        }
        took += begun.elapsed();
    }
    println!(
        "{{\"program\":\"{file}\",\"lines\":{},\"runs\":{RUNS},\"sender_us_per_line\":{:.3}}}",
        lines.len(),
        took.as_secs_f64() * 1e6 / f64::from(RUNS) / lines.len() as f64
    );
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
    // What comes behind the hold's byte is not measured: two reports of a machine at rest end it, soon.
    let config = SenderConfig { report_every: REPORT_EVERY, ..SenderConfig::default() };
    stream(&mut port, Job::new(lines, &robot), config, &Orders::new(&stop), &mut |_| {})
        .map_err(|broken| broken.why.to_string())?;
    let thrown = thrown.join().map_err(|_| "the thrower died")?;
    drop((port, slave));
    firmware.join().map_err(|_| "the firmware died")?;
    hold_at.recv().map(|at: Instant| at.saturating_duration_since(thrown)).map_err(|e| e.to_string())
}

/// A firmware that answers no line, since its planner is full, and obeys real-time bytes: it holds, and after a reset it
/// is idle and answers.
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
                b'?' if reset => b"<Idle|MPos:0.000,0.000,0.000|Bf:15,128|FS:0,0>\r\n",
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
