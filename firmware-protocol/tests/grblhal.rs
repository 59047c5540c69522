//! The host's side against recorded conversations with grblHAL: every line is understood, and a sender that is given
//! the recorded answers ends in the phase it should.
//!
//! The folder of recordings is named by `PORTRAITIST_RECORDINGS`; where it isn't set, the tests say so and are skipped.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use firmware_protocol::codes;
use firmware_protocol::reply::Lines;
use firmware_protocol::reply::Reply;
use firmware_protocol::reply::State;
use firmware_protocol::reply::Status;
use firmware_protocol::sender::Config;
use firmware_protocol::sender::Failure;
use firmware_protocol::sender::Output;
use firmware_protocol::sender::Pacing;
use firmware_protocol::sender::Phase;
use firmware_protocol::sender::Sender;

/// The receive buffer as grblHAL reports it (`Bf:100,1023`).
const WIDE: Pacing = Pacing::Counting(1023);
const NARROW: Pacing = Pacing::Counting(128);
/// What is not recorded (the sender's own questions, its reset) is answered so much later.
const LATENCY: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, PartialEq)]
enum Event {
    Line(String),
    Byte(u8),
    Received(String),
}

/// Events, each with the time of the last mark before it, in seconds.
type Conversation = Vec<(f64, Event)>;

/// All recorded conversations with grblHAL, by name; none where there are no recordings.
fn recordings() -> Option<Vec<(String, Conversation)>> {
    let Some(folder) = env::var_os("PORTRAITIST_RECORDINGS").map(PathBuf::from) else {
        println!("skipped: PORTRAITIST_RECORDINGS does not name the folder of recordings");
        return None;
    };
    let mut all = Vec::new();
    for entry in fs::read_dir(folder.join("conversations")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if let Some(name) = name.strip_prefix("grblhal_") {
            all.push((name.to_string(), parse(&fs::read_to_string(&path).unwrap())));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!all.is_empty(), "no conversation with grblHAL in {folder:?}");
    Some(all)
}

/// One recording.
fn recording(name: &str) -> Option<Conversation> {
    recordings().map(|all| all.into_iter().find(|(of, _)| of == name).unwrap().1)
}

fn parse(text: &str) -> Conversation {
    let (mut events, mut at) = (Vec::new(), 0.0);
    for line in text.split_terminator('\n') {
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        match mark {
            "@" => at = rest.parse().unwrap(),
            ">" => events.push((at, Event::Line(rest.into()))),
            ">>" => events.push((at, Event::Byte(u8::from_str_radix(&rest[2..], 16).unwrap()))),
            "<" => events.push((at, Event::Received(rest.into()))),
            "#" | "!" => {}
            other => panic!("unknown mark {other:?}"),
        }
    }
    events
}

fn reply(line: &str) -> Reply {
    let mut reader = Lines::default();
    line.bytes().chain(*b"\r\n").filter_map(|byte| reader.push(byte)).last().unwrap()
}

#[test]
fn every_line_is_understood() {
    let Some(recordings) = recordings() else { return };
    let (mut lines, mut states) = (0, Vec::new());
    for (name, events) in recordings {
        for (at, event) in events {
            let Event::Received(text) = event else { continue };
            lines += 1;
            let reply = reply(&text);
            let as_expected = match text.as_bytes() {
                b"" => reply == Reply::Empty,
                b"ok" => reply == Reply::Ok,
                [b'e', ..] => matches!(reply, Reply::Error(code) if text == format!("error:{code}")),
                [b'A', ..] => matches!(reply, Reply::Alarm(code) if text == format!("ALARM:{code}")),
                [b'G', ..] => reply == Reply::Welcome("GrblHAL 1.1f ['$' or '$HELP' for help]".into()),
                [b'[', inside @ .., b']'] => {
                    matches!(reply, Reply::Message(message) if message.as_bytes() == inside)
                }
                // Startup lines, stored and echoed: no answers, no settings of a number.
                [b'$', b'N', ..] | [b'>', ..] => reply == Reply::Unknown(text.clone()),
                [b'$', ..] => {
                    matches!(reply, Reply::Setting { number, value } if text == format!("${number}={value}"))
                }
                [b'<', ..] => match reply {
                    Reply::Status(status) => {
                        states.push(status.state);
                        as_written(&status, &text)
                    }
                    _ => false,
                },
                _ => false,
            };
            assert!(as_expected, "{name} at {at} s: {text:?}");
        }
    }
    println!("{lines} lines, {} reports", states.len());
    let hold = |at_rest| State::Hold { at_rest };
    for state in [
        State::Idle,
        State::Run,
        hold(true),
        hold(false),
        State::Jog,
        State::Alarm,
        State::Check,
        State::Door(0),
        State::Door(2),
        State::Door(4),
        State::Sleep,
        State::Other,
    ] {
        assert!(states.contains(&state), "{state:?}");
    }
}

/// Whether the report says what its text says, field by field.
fn as_written(status: &Status, text: &str) -> bool {
    let mut fields = text.trim_matches(['<', '>']).split('|');
    let state = match fields.next().unwrap() {
        "Idle" => State::Idle,
        "Run" => State::Run,
        "Hold:0" => State::Hold { at_rest: true },
        "Hold:1" => State::Hold { at_rest: false },
        "Jog" => State::Jog,
        "Alarm" => State::Alarm,
        "Check" => State::Check,
        "Door:0" => State::Door(0),
        "Door:2" => State::Door(2),
        "Door:4" => State::Door(4),
        "Sleep" => State::Sleep,
        "Tool" => State::Other,
        other => panic!("unknown state {other:?}"),
    };
    let fields: Vec<(&str, &str)> = fields.map(|field| field.split_once(':').unwrap()).collect();
    let written = |name: &str| fields.iter().find(|field| field.0 == name).map(|field| field.1.to_string());
    let place = |mm: Option<[f64; 3]>| mm.map(|[x, y, z]| format!("{x:.3},{y:.3},{z:.3}"));
    status.state == state
        && place(status.machine_mm) == written("MPos")
        && place(status.work_mm) == written("WPos")
        && place(status.offset_mm) == written("WCO")
        && status.free.map(|(blocks, bytes)| format!("{blocks},{bytes}")) == written("Bf")
        && status.feed_mm_min.zip(status.spindle).map(|(feed, speed)| format!("{feed},{speed}")) == written("FS")
        && status.overrides.map(|[feed, rapid, spindle]| format!("{feed},{rapid},{spindle}")) == written("Ov")
        && status.pins == 0
}

#[test]
fn every_code_is_an_answer_with_an_explanation() {
    for code in 0..=u8::MAX {
        assert_eq!(reply(&format!("error:{code}")), Reply::Error(code));
        assert_eq!(reply(&format!("ALARM:{code}")), Reply::Alarm(code));
    }
    for code in (39..=58).chain(60..=66).chain(70..=84).chain([253]) {
        assert!(codes::error(code).meaning.contains("grblHAL"), "error:{code}");
    }
    assert!((11..=21).all(|code| codes::alarm(code).meaning.starts_with("grblHAL")));
}

/// A sender, and a part of a recording to answer it.
struct Replay {
    sender: Sender,
    now: Duration,
    program: Vec<String>,
    /// What the firmware said, in order; an answer waits for its line.
    recorded: VecDeque<(Duration, Event)>,
    /// What is said though it was not recorded just there: reports repeated, a reset answered.
    repeated: VecDeque<(Duration, String)>,
    last_report: Option<String>,
    /// The first Idle recorded since: what a stopping sender hears that has heard no report yet.
    idle: Option<String>,
    answers: usize,
    lines: Vec<String>,
    phases: Vec<Phase>,
    reset: bool,
}

impl Replay {
    /// The program is what was sent in the recording from `from` to `to` seconds.
    fn new(events: &[(f64, Event)], from: f64, to: f64, pacing: Pacing) -> Self {
        let part: Vec<_> = events.iter().filter(|(at, _)| (from..to).contains(at)).cloned().collect();
        let program: Vec<String> = part
            .iter()
            .filter_map(|(_, event)| if let Event::Line(text) = event { Some(text.clone()) } else { None })
            .collect();
        let idle = events.iter().find_map(|(at, event)| match event {
            Event::Received(text) if *at >= from && text.starts_with("<Idle") => Some(text.clone()),
            _ => None,
        });
        let now = Duration::from_secs_f64(from);
        let mut sender = Sender::new(Config { pacing, ..Config::default() });
        sender.start(program.clone(), vec!["M5".into()], now);
        Self {
            sender,
            now,
            program,
            recorded: part.into_iter().map(|(at, event)| (Duration::from_secs_f64(at), event)).collect(),
            repeated: VecDeque::new(),
            last_report: None,
            idle,
            answers: 0,
            lines: Vec::new(),
            phases: vec![Phase::Streaming],
            reset: false,
        }
    }

    /// Runs to the sender's end.
    fn end(mut self) -> Self {
        let until = self.now + Duration::from_secs(60);
        while self.now < until {
            match self.sender.poll(self.now) {
                Output::Transmit(bytes) => self.transmitted(&bytes),
                Output::Accepted(_) | Output::Status(_) => {}
                Output::Wait(Duration::MAX) => {
                    self.note();
                    return self;
                }
                Output::Wait(wait) => self.wait(wait),
            }
            self.note();
        }
        panic!("still {:?} after a minute: {:?}, {:?}", self.sender.phase(), self.phases, self.recorded);
    }

    fn note(&mut self) {
        let phase = self.sender.phase();
        if self.phases.last() != Some(&phase) {
            self.phases.push(phase);
        }
    }

    fn transmitted(&mut self, bytes: &[u8]) {
        let at = self.now + LATENCY;
        match bytes {
            b"?" => {
                // Between the recorded reports the last one is said again.
                let stopping = self.sender.phase() == Phase::Holding;
                let report = self.last_report.as_ref().or(self.idle.as_ref().filter(|_| stopping)).cloned();
                self.repeated.extend(report.filter(|_| !self.reset).map(|report| (at, report)));
            }
            // As recorded after a reset in Hold, and of the errors that are latched.
            [0x18] => {
                self.reset = true;
                self.recorded.clear();
                self.repeated.push_back((at, String::new()));
                self.repeated.push_back((at, "GrblHAL 1.1f ['$' or '$HELP' for help]".into()));
            }
            b"!" | b"~" => {}
            line => {
                self.lines.push(String::from_utf8(line.to_vec()).unwrap());
                if self.reset {
                    self.repeated.push_back((at, "ok".into()));
                }
            }
        }
    }

    fn wait(&mut self, wait: Duration) {
        let due = |queue: Option<Duration>| queue.unwrap_or(Duration::MAX);
        let blocked = matches!(self.recorded.front(), Some((_, Event::Received(text)))
            if (text == "ok" || text.starts_with("error:")) && self.answers == self.lines.len());
        let recorded = due(self.recorded.front().filter(|_| !blocked).map(|event| event.0)).max(self.now);
        let repeated = due(self.repeated.front().map(|event| event.0));
        self.now = self.now.max(wait.min(recorded).min(repeated));
        if repeated <= self.now
            && let Some((_, text)) = self.repeated.pop_front()
        {
            self.say(&text);
        } else if recorded <= self.now
            && let Some((_, event)) = self.recorded.pop_front()
        {
            match event {
                Event::Received(text) => {
                    self.answers += usize::from(text == "ok" || text.starts_with("error:"));
                    self.say(&text);
                    if text.starts_with('<') {
                        self.last_report = Some(text);
                    }
                }
                // Where the recorded host held and went on, so does the operator.
                Event::Byte(b'!') => self.sender.pause(),
                Event::Byte(b'~') => self.sender.resume(self.now),
                Event::Byte(_) | Event::Line(_) => {}
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.sender.receive(format!("{text}\r\n").as_bytes(), self.now);
    }
}

#[test]
fn a_recorded_job_is_streamed_to_its_end() {
    let Some(events) = recording("stream_0") else { return };
    for pacing in [WIDE, NARROW, Pacing::LineByLine] {
        let replay = Replay::new(&events, 2.43, 9.0, pacing).end();
        assert_eq!(replay.phases, [Phase::Streaming, Phase::Draining, Phase::Done], "{pacing:?}");
        assert_eq!(replay.program.len(), 31);
        assert_eq!(replay.sender.accepted(), 31);
        let sent: Vec<&str> = replay.lines.iter().map(|line| line.trim_end()).collect();
        assert_eq!(sent, replay.program);
    }
}

#[test]
fn latched_errors_name_the_line_that_was_refused_first() {
    let Some(events) = recording("errors_latched_0") else { return };
    // Lines already in the buffer; one by one; a line that holds only a comment.
    for (from, to, line, code) in [(9.10, 11.70, 1, 2), (5.31, 5.84, 1, 2), (6.80, 7.60, 0, 35)] {
        for pacing in [WIDE, NARROW, Pacing::LineByLine] {
            let replay = Replay::new(&events, from, to, pacing).end();
            let phase = replay.sender.phase();
            assert_eq!(phase, Phase::Failed(Failure::Refused { line, code }), "{from} {pacing:?}");
            assert_eq!(replay.lines.last().unwrap(), "M5\n", "the pen is lifted last");
            assert!(replay.phases.contains(&Phase::Resetting), "a reset ends the latch: {:?}", replay.phases);
        }
    }
}

#[test]
fn a_door_pauses_and_the_job_goes_on_when_told_to() {
    let Some(events) = recording("door_hold_reset_0") else { return };
    // Without and with a spindle, whose restoring is Door:4.
    for (from, to) in [(5.96, 9.20), (9.22, 17.05)] {
        let replay = Replay::new(&events, from, to, WIDE).end();
        let count = |phase| replay.phases.iter().filter(|p| **p == phase).count();
        assert_eq!(replay.sender.phase(), Phase::Done, "{:?}", replay.phases);
        assert_eq!(count(Phase::Paused), 1, "{:?}", replay.phases);
        assert_eq!(replay.sender.accepted(), replay.program.len());
    }
}

#[test]
fn a_hold_pauses_and_the_job_goes_on_when_told_to() {
    let Some(events) = recording("status_0") else { return };
    let replay = Replay::new(&events, 10.52, 13.78, WIDE).end();
    assert_eq!(replay.sender.phase(), Phase::Done, "{:?}", replay.phases);
    assert_eq!(replay.phases.iter().filter(|phase| **phase == Phase::Paused).count(), 1, "{:?}", replay.phases);
}

#[test]
fn a_stop_waits_for_the_hold_and_keeps_the_position() {
    let Some(events) = recording("status_0") else { return };
    let mut replay = Replay::new(&events, 10.52, 11.70, WIDE);
    while replay.sender.phase() != Phase::Paused {
        match replay.sender.poll(replay.now) {
            Output::Transmit(bytes) => replay.transmitted(&bytes),
            Output::Wait(wait) => replay.wait(wait),
            Output::Accepted(_) | Output::Status(_) => {}
        }
    }
    replay.sender.stop(replay.now);
    let replay = replay.end();
    assert_eq!(replay.sender.phase(), Phase::Stopped { position_kept: true }, "{:?}", replay.phases);
    assert_eq!(replay.lines.last().unwrap(), "M5\n");
}

#[test]
fn a_reset_that_was_not_asked_for_ends_the_job() {
    let (Some(resets), Some(jogs)) = (recording("door_hold_reset_0"), recording("jog_0")) else { return };
    for (events, from, to, failure) in [
        (&resets, 17.18, 19.20, Failure::Alarm { code: 3 }),
        (&resets, 19.64, 21.90, Failure::Restarted),
        (&jogs, 21.10, 24.30, Failure::Restarted), // in motion, but the firmware raised no alarm
        (&jogs, 15.68, 18.40, Failure::Alarm { code: 2 }),
    ] {
        let replay = Replay::new(events, from, to, WIDE).end();
        assert_eq!(replay.sender.phase(), Phase::Failed(failure), "{from}: {:?}", replay.phases);
    }
}
