//! Replays recorded conversations with Grbl 1.1h to the simulator and compares every answer, exactly but for what
//! [`same`] says of reports taken while the machine moves.
//!
//! The folder of recordings is named by `PORTRAITIST_RECORDINGS`; where it isn't set, the test says so and is skipped.
//!
//! One thing the recordings leave open. A machine that had been idle for 10 ms and more took up some lines late: by the
//! time of their answers, lines of up to 11 bytes were begun anywhere between their last byte and 2.05 ms after their
//! first. The motion then begins so much later, and where a stop cuts it short tells by how much. So such a line is tried
//! at the recorded moment and then up to [`MOST_LATE_TENTHS`] later, until the reports that follow are the recorded ones.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use firmware_protocol::device::Bench;
use firmware_protocol::device::Device;
use firmware_protocol::device::Eeprom;
use firmware_protocol::device::Settings;
use firmware_protocol::device::Switch;

/// Ten bits at 115,200 baud.
const BYTE_SECS: f64 = 10.0 / 115_200.0;
/// How far a recorded answer may be off in time.
const TIME_TOLERANCE_SECS: f64 = 0.02;

/// A recorded report may have been asked for so much earlier than its mark says.
const REPORT_EARLIER_SECS: [f64; 8] = [0.0, 0.003, 0.006, 0.010, 0.015, 0.020, 0.026, 0.036];
/// A machine is idle if nothing was sent for so long.
const QUIET_SECS: f64 = 0.01;
/// Tenths of a millisecond by which an idle machine may have taken up a line late.
const MOST_LATE_TENTHS: u32 = 21;
/// Homing stops on single steps of a slow approach, each of which takes some 4 to 30 ms.
const HOMING_TOLERANCE_SECS: f64 = 0.1;

/// What one line of a recording says.
enum Event {
    Power(bool),
    Bench(String),
    Send(Vec<u8>),
    Received(String),
}

/// The host's and the machine's part of a recording, each with its time if one is given.
struct Recording {
    eeprom: Eeprom,
    events: Vec<(Option<f64>, Event)>,
}

fn parse(text: &str) -> Recording {
    let mut eeprom = Eeprom::default();
    let (mut events, mut at) = (Vec::new(), None);
    for line in text.split_terminator('\n') {
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        let event = match mark {
            "@" => {
                at = Some(rest.parse::<f64>().unwrap());
                continue;
            }
            "#" => {
                if let Some(stored) = rest.strip_prefix("stored before power on: ") {
                    eeprom = Eeprom::new(stored_settings(stored));
                }
                continue;
            }
            "!" if rest.starts_with("power") => Event::Power(rest == "power on"),
            "!" => Event::Bench(rest.to_string()),
            ">" => Event::Send(format!("{rest}\n").into_bytes()),
            ">|" => Event::Send(unescape(rest)),
            ">>" => Event::Send(vec![u8::from_str_radix(rest.trim_start_matches("0x"), 16).unwrap()]),
            "<" => Event::Received(rest.to_string()),
            other => panic!("unknown mark {other:?}"),
        };
        events.push((at.take(), event));
    }
    Recording { eeprom, events }
}

fn stored_settings(text: &str) -> Settings {
    let mut settings = Settings::default();
    for word in text.split([' ', ';']).filter(|word| word.starts_with('$')) {
        let (number, value) = word[1..].split_once('=').unwrap();
        settings.store(number.parse().unwrap(), value.parse().unwrap()).unwrap();
    }
    settings
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        bytes.push(match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('n')) => b'\n',
            ('\\', Some('r')) => b'\r',
            ('\\', Some('t')) => b'\t',
            ('\\', Some('x')) => {
                let digits: String = rest.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).unwrap()
            }
            ('\\', _) => b'\\',
            (c, _) => c as u8,
        });
    }
    bytes
}

/// The inputs after something happened at the machine.
fn bench_after(mut bench: Bench, event: &str) -> Bench {
    let after = |axis: &str| {
        let rest = event.split(axis).nth(1)?;
        rest.split([' ', ')']).next()?.parse::<f32>().ok()
    };
    if event.starts_with("limit switches close at") {
        for (axis, name) in ["X<=", "Y<=", "Z<="].iter().enumerate() {
            bench.limits[axis] = after(name).map_or(Switch::Open, Switch::AtOrBelow);
        }
        return bench;
    }
    let closed = |yes: bool| if yes { Switch::Closed } else { Switch::Open };
    match event {
        "feed hold button pressed" => bench.hold_button = true,
        "cycle start pressed" => bench.start_button = true,
        "reset pressed" => bench.reset_button = true,
        "released" => {
            (bench.hold_button, bench.start_button, bench.reset_button) = (false, false, false);
        }
        "probe never closes" => bench.probe = Switch::Open,
        "all open" => return Bench::default(),
        "limit open" => bench.limits = [Switch::Open; 3],
        _ if event.starts_with("probe closes at Z<=") => bench.probe = Switch::AtOrBelow(after("Z<=").unwrap()),
        _ if event.ends_with("closed") => {
            let limits = event.split("limit").nth(1).unwrap_or("");
            bench.limits = ["X", "Y", "Z"].map(|axis| closed(limits.contains(axis)));
            bench.probe = closed(event.contains("probe"));
        }
        other => panic!("unknown event {other:?}"),
    }
    bench
}

/// A line that was recorded, with its time if one was given.
#[derive(Clone)]
struct Line {
    at: Option<f64>,
    text: String,
}

/// The simulator at the far end of a wire.
#[derive(Clone)]
struct Wire {
    device: Device,
    free: f64,
    line: Vec<u8>,
    received: VecDeque<(f64, String)>,
}

impl Wire {
    fn new(eeprom: Eeprom) -> Self {
        let mut device = Device::new(eeprom);
        device.set_line_cost(Duration::from_micros(600));
        Self { device, free: 0.0, line: Vec::new(), received: VecDeque::new() }
    }

    fn advance(&mut self, to: f64) {
        self.device.advance(Duration::from_secs_f64(to));
        while self.device.executed().is_some() {}
        while let Some((at, byte)) = self.device.sent() {
            match byte {
                b'\n' => {
                    let line = String::from_utf8_lossy(&self.line).into_owned();
                    self.received.push_back((at.as_secs_f64(), line));
                    self.line.clear();
                }
                b'\r' => {}
                byte => self.line.push(byte),
            }
        }
    }

    /// Asks for a report at `at`, or so little earlier that the answer is the recorded one.
    fn ask(&mut self, at: f64, recorded: &str) {
        let at = self.free.max(at);
        let mut silent = self.clone();
        silent.advance(at + 0.06);
        let before = silent.received.iter().filter(|line| line.1.starts_with('<')).count();
        for earlier in REPORT_EARLIER_SECS {
            let mut trial = self.clone();
            trial.send(at - earlier, b"?");
            let mut answered = trial.clone();
            answered.advance(at + 0.06);
            let answer = answered.received.iter().filter(|line| line.1.starts_with('<')).nth(before);
            if answer.is_some_and(|line| same(recorded, &line.1)) {
                *self = trial;
                return;
            }
        }
        self.send(at, b"?");
    }

    fn send(&mut self, at: f64, bytes: &[u8]) {
        self.free = self.free.max(at);
        for byte in bytes {
            self.free += BYTE_SECS;
            self.advance(self.free);
            self.device.receive(*byte);
        }
    }
}

/// The lines received between power on and power off: as recorded, and as simulated.
type Session = (Vec<Line>, Vec<(f64, String)>);

/// A replay under way.
#[derive(Clone)]
struct Replay<'a> {
    events: &'a [(Option<f64>, Event)],
    next: usize,
    now: f64,
    bench: Bench,
    wire: Option<Wire>,
    eeprom: Eeprom,
    recorded: Vec<Line>,
}

fn replay(recording: &Recording) -> Vec<Session> {
    let mut replay = Replay {
        events: &recording.events,
        next: 0,
        now: 0.0,
        bench: Bench::default(),
        wire: None,
        eeprom: recording.eeprom.clone(),
        recorded: Vec::new(),
    };
    let mut sessions = Vec::new();
    while replay.next < replay.events.len() {
        if replay.wakes() {
            let late = (0..=MOST_LATE_TENTHS).map(|tenths| f64::from(tenths) * 1e-4);
            replay = late
                .map(|secs| replay.clone().until_quiet(secs))
                .find(Replay::agrees)
                .unwrap_or_else(|| replay.until_quiet(0.0));
        } else {
            sessions.extend(replay.step(0.0));
        }
    }
    sessions.extend(replay.end(0.4));
    sessions
}

impl Replay<'_> {
    /// Whether a line comes next that may set a machine in motion which has been idle.
    fn wakes(&self) -> bool {
        let moves = |bytes: &[u8]| {
            bytes.len() > 1 && (bytes[0] != b'$' || bytes.starts_with(b"$H") || bytes.starts_with(b"$J"))
        };
        let line = matches!(&self.events[self.next].1, Event::Send(bytes) if moves(bytes));
        let at = self.events[self.next].0.unwrap_or(self.now);
        let idle = |wire: &Wire| !wire.device.is_moving() && at - wire.free > QUIET_SECS;
        line && self.wire.as_ref().is_some_and(idle)
    }

    /// Sends the line that is next so late, and goes on to the next that comes after a quiet time.
    fn until_quiet(mut self, late: f64) -> Self {
        self.step(late);
        while self.next < self.events.len() && !self.wakes() && !matches!(self.events[self.next].1, Event::Power(_)) {
            self.step(0.0);
        }
        self
    }

    /// Whether all that has come so far is as recorded.
    fn agrees(&self) -> bool {
        self.wire.clone().is_some_and(|mut wire| {
            wire.advance(self.now.max(wire.free) + QUIET_SECS);
            [false, true].into_iter().all(|reports| {
                let recorded = self.recorded.iter().filter(|line| line.text.starts_with('<') == reports);
                let simulated = wire.received.iter().filter(|line| line.1.starts_with('<') == reports);
                recorded.zip(simulated).all(|(recorded, simulated)| same(&recorded.text, &simulated.1))
            })
        })
    }

    /// The next event, a line `late` seconds after its time; gives the session that it ends.
    fn step(&mut self, late: f64) -> Option<Session> {
        let events = &self.events[self.next..];
        let (at, event) = &events[0];
        self.next += 1;
        self.now = at.unwrap_or(self.now);
        match (event, &mut self.wire) {
            (Event::Power(true), _) => {
                self.now = 0.0;
                let mut on = Wire::new(std::mem::take(&mut self.eeprom));
                on.device.set_bench(self.bench);
                self.wire = Some(on);
            }
            (Event::Power(false), _) => return self.end(0.1),
            (Event::Received(line), _) => self.recorded.push(Line { at: *at, text: line.clone() }),
            (_, None) => panic!("the power is off"),
            (Event::Bench(event), Some(wire)) => {
                wire.advance(self.now.max(wire.free));
                self.bench = bench_after(self.bench, event);
                wire.device.set_bench(self.bench);
            }
            (Event::Send(bytes), Some(wire)) if bytes == b"?" => {
                // The wire is kept a little behind, so that a report can be asked for a little earlier.
                let next = events.iter().find_map(|(_, event)| match event {
                    Event::Received(line) if line.starts_with('<') => Some(line.as_str()),
                    _ => None,
                });
                wire.ask(self.now, next.unwrap_or(""));
            }
            (Event::Send(bytes), Some(wire)) => wire.send(self.now + late, bytes),
        }
        None
    }

    /// Switches the power off `secs` later.
    fn end(&mut self, secs: f64) -> Option<Session> {
        let mut off = self.wire.take()?;
        off.advance(self.now + secs);
        self.eeprom = off.device.power_off();
        Some((std::mem::take(&mut self.recorded), off.received.into()))
    }
}

/// Whether a simulated line is as good as the recorded one: equal, but for positions and feeds in reports taken while
/// moving, which may be some 20 ms of motion apart.
fn same(recorded: &str, simulated: &str) -> bool {
    if recorded == simulated {
        return true;
    }
    let moving = ["<Run", "<Hold:1", "<Jog", "<Door:2", "<Home"].iter().any(|state| recorded.starts_with(state));
    let fields = |line: &str| line.split('|').map(str::to_string).collect::<Vec<_>>();
    let (recorded, simulated) = (fields(recorded), fields(simulated));
    if !moving || recorded.len() != simulated.len() {
        return false;
    }
    let numbers = |field: &str| -> Vec<f64> {
        let numbers = field.split(':').nth(1).unwrap_or("").trim_end_matches('>').split(',');
        numbers.map(|n| n.parse().unwrap_or(f64::NAN)).collect()
    };
    let feed = |fields: &[String]| fields.iter().find(|f| f.starts_with("FS")).map_or(0.0, |f| numbers(f)[0]);
    let (feed_before, feed_now) = (feed(&recorded), feed(&simulated));
    let reach_mm = feed_before.max(feed_now).max(600.0) / 60.0 * 0.02;
    recorded.iter().zip(&simulated).all(|(before, now)| {
        let position = before.starts_with("MPos") || before.starts_with("WPos");
        if position && now.starts_with(&before[..5]) {
            numbers(before).iter().zip(numbers(now)).all(|(a, b)| (a - b).abs() <= reach_mm)
        } else if before.starts_with("FS") && now.starts_with("FS") {
            // 20 ms at the acceleration of both axes together.
            (numbers(before)[0] - numbers(now)[0]).abs() <= 850.0 && numbers(before)[1] == numbers(now)[1]
        } else {
            before == now
        }
    })
}

/// The first difference of a session; reports and other lines are compared each in their own order.
fn difference(recorded: &[Line], simulated: &[(f64, String)], homes: bool) -> Option<String> {
    for reports in [false, true] {
        let mut ours = simulated.iter().filter(|line| line.1.starts_with('<') == reports);
        for Line { at, text: line } in recorded.iter().filter(|line| line.text.starts_with('<') == reports) {
            let place = at.map_or(String::new(), |at| format!("at {at:.3} s "));
            let Some((now, answer)) = ours.next() else {
                return Some(format!("{place}{line:?} was expected, but nothing more came"));
            };
            if !same(line, answer) {
                return Some(format!("{place}{line:?} was expected, {answer:?} came at {now:.3} s"));
            }
            let tolerance = if homes { HOMING_TOLERANCE_SECS } else { TIME_TOLERANCE_SECS };
            if at.is_some_and(|at| (at - now).abs() > tolerance) {
                return Some(format!("{place}{line:?} was expected, it came at {now:.4} s"));
            }
        }
        if let Some((now, answer)) = ours.next() {
            return Some(format!("{answer:?} came at {now:.3} s, but nothing more was expected"));
        }
    }
    None
}

/// More bytes than fit: which are lost may differ, but some must be, in silence.
fn loses_some(recorded: &[Line], simulated: &[(f64, String)], _: bool) -> Option<String> {
    let answers = |lines: &mut dyn Iterator<Item = &String>| lines.filter(|line| *line == "ok").count();
    let before = answers(&mut recorded.iter().map(|line| &line.text));
    let now = answers(&mut simulated.iter().map(|line| &line.1));
    (now >= 40 || now.abs_diff(before) > 3).then(|| format!("{before} answers were recorded, {now} came"))
}

/// Replays all conversations of a folder whose names begin with `prefix`; how many there were, and those that differ.
fn replay_all(folder: &Path, prefix: &str) -> (usize, Vec<String>) {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut count, mut failed) = (0, Vec::new());
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with(prefix) {
            continue;
        }
        count += 1;
        let text: String = fs::read(&file).unwrap().iter().map(|byte| char::from(*byte)).collect();
        let homes = text.contains("\n> $H\n");
        let compare = if name.starts_with("grbl_rx_overflow") { loses_some } else { difference };
        let sessions = replay(&parse(&text));
        let found = sessions.iter().find_map(|(recorded, simulated)| compare(recorded, simulated, homes));
        failed.extend(found.map(|difference| format!("{name}: {difference}")));
    }
    (count, failed)
}

#[test]
fn the_simulator_answers_as_the_firmware_did() {
    let Some(folder) = env::var_os("PORTRAITIST_RECORDINGS").map(PathBuf::from) else {
        println!("skipped: PORTRAITIST_RECORDINGS does not name the folder of recordings");
        return;
    };
    let (count, failed) = replay_all(&folder.join("conversations"), "grbl_");
    println!("{count} conversations, {} differ", failed.len());
    assert!(count > 0 && failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn our_own_transcripts_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts");
    let (count, failed) = replay_all(&folder, "");
    assert!(count >= 4 && failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_wrong_answer_is_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts");
    for (file, right, wrong) in [
        ("unlock.txt", "error:9", "error:8"),
        ("unlock.txt", "<Idle", "<Run"),
        ("unlock.txt", "@ 0.3300", "@ 0.3300\n< ok"),
        ("unlock.txt", "15,128", "14,128"),
        // A step, after a stop.
        ("stop.txt", "27.500", "27.513"),
    ] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert!(text.contains(right));
        let sessions = replay(&parse(&text.replace(right, wrong)));
        let found = sessions.iter().find_map(|(recorded, simulated)| difference(recorded, simulated, false));
        assert!(found.is_some(), "{wrong}");
    }
}
