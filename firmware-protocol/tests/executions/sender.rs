//! One execution: a sender is given some 20 random events (replies sound and damaged, stops, pauses, rests, resumes,
//! time), then an end.
//!
//! Kept by a book of its own: never more than 128 bytes unanswered; the program's lines in order, once each, and none
//! while it is paused, behind the line of a rest before it is told to go on, or after a stop; no resume that nobody
//! asked for; after a stop only hold, reports, reset, then the parting lines; and it always comes to an end, with the
//! last line lifting the pen, be the firmware silent or sound.

use std::collections::VecDeque;
use std::time::Duration;

use firmware_protocol::sender::Config;
use firmware_protocol::sender::Output;
use firmware_protocol::sender::Pacing;
use firmware_protocol::sender::Phase;
use firmware_protocol::sender::Sender;

use super::Random;

const WINDOW: usize = 128;
/// No execution needs so many outputs between two events.
const MOST_OUTPUTS: usize = 1000;
/// Waits until every patience of the default configuration has run out several times.
const MOST_WAITS: usize = 1000;

const SAID: [&str; 24] = [
    "ok",
    "ok",
    "ok",
    "ok",
    "error:20",
    "error:253",
    "error:999",
    "ALARM:1",
    "ALARM:17",
    "Grbl 1.1h ['$' for help]",
    "[MSG:Reset to continue]",
    "<Idle|MPos:0.000,0.000,0.000|FS:0,0>",
    "<Run|MPos:1.000,0.000,0.000|FS:900,0>",
    "<Hold:0|MPos:1.000,0.000,0.000|FS:0,0>",
    "<Hold:1|MPos:1.000,0.000,0.000|FS:0,0>",
    "<Door:1|MPos:1.000,0.000,0.000|FS:0,0|Pn:D>",
    "<Door:0|MPos:1.000,0.000,0.000|FS:0,0>",
    "<Door:4|MPos:1.000,0.000,0.000|FS:0,0>",
    "<Alarm|MPos:1.000,0.000,0.000|FS:0,0>",
    "<Jog|MPos:1.000,0.000,0.000|FS:0,0>",
    "<Check|MPos:1.000,0.000,0.000|FS:0,0>",
    "<Sleep|MPos:1.000,0.000,0.000|FS:0,0>",
    "<Tool|MPos:1.000,0.000,0.000|FS:0,0>",
    "",
];
const ALPHABET: &[u8] = b"ok\r\n<>|:0123456789ALRM";

/// The sender and the book kept beside it.
struct Execution {
    sender: Sender,
    now: Duration,
    program: Vec<String>,
    parting: Vec<String>,
    sent: usize,
    parted: usize,
    accepted: usize,
    /// Bytes of the lines that the firmware has not answered.
    unanswered: VecDeque<usize>,
    stopped: bool,
    reset: bool,
    /// The firmware has started anew by itself.
    restarted: bool,
    /// No line from here on may be sent.
    rest: Option<usize>,
    /// A person asked to go on since the machine was last seen held.
    resumed: bool,
    /// The last line sent.
    last: Option<String>,
    /// What the firmware has said of the line it is at.
    saying: Vec<u8>,
    /// All that happened, for the message of a failure.
    story: Vec<String>,
}

pub fn run(seed: u64) {
    let mut random = Random(seed);
    let program = (0..random.below(40)).map(|i| format!("X{i}{}", "0".repeat(random.below(70)))).collect();
    let parting: Vec<String> = ["M5", "G4P0.2", "G0Z5"].iter().take(random.below(4)).map(|s| s.to_string()).collect();
    let pacing = if random.once_in(4) { Pacing::LineByLine } else { Pacing::Counting(WINDOW) };
    let mut execution = Execution::new(pacing, program, parting);
    for _ in 0..10 + random.below(11) {
        execution.event(&mut random);
        execution.outputs(None);
    }
    execution.end(random.once_in(2));
}

impl Execution {
    fn new(pacing: Pacing, program: Vec<String>, parting: Vec<String>) -> Self {
        let mut sender = Sender::new(Config { pacing, ..Config::default() });
        let now = Duration::from_secs(1);
        sender.start(program.clone(), parting.clone(), now);
        Self {
            sender,
            now,
            program,
            parting,
            sent: 0,
            parted: 0,
            accepted: 0,
            unanswered: VecDeque::new(),
            stopped: false,
            reset: false,
            restarted: false,
            rest: None,
            resumed: false,
            last: None,
            saying: Vec::new(),
            story: Vec::new(),
        }
    }

    fn running(&self) -> bool {
        matches!(self.sender.phase(), Phase::Streaming | Phase::Draining | Phase::Resting | Phase::Paused)
    }

    fn event(&mut self, random: &mut Random) {
        match random.below(18) {
            0 if random.once_in(2) => self.stop(),
            0 | 1 => self.sender.pause(),
            2 => self.resume(),
            3 => self.rest(random),
            4..=6 => self.now += Duration::from_millis(random.pick(&[1, 50, 200, 250, 1000, 2500, 4000])),
            7 => {
                let mut bytes = random.pick(&SAID).as_bytes().to_vec();
                let other = random.pick(&SAID);
                random.mutate(&mut bytes, other.as_bytes(), ALPHABET);
                self.say(&bytes);
                if random.once_in(2) {
                    self.say(b"\r\n");
                }
            }
            _ => {
                for _ in 0..=random.below(6) {
                    let said = random.pick(&SAID);
                    // An answer that nobody waits for ends everything: rarely.
                    if self.unanswered.is_empty() && said == "ok" && !random.once_in(16) {
                        continue;
                    }
                    self.say(said.as_bytes());
                    self.say(b"\r\n");
                }
            }
        }
        if self.story.len() < MOST_OUTPUTS {
            self.story.push(format!("{:?} at {:?}", self.sender.phase(), self.now));
        }
    }

    fn stop(&mut self) {
        self.stopped |= self.running();
        self.story.push("stop".into());
        self.sender.stop(self.now);
    }

    fn resume(&mut self) {
        self.story.push("resume".into());
        self.rest = None;
        self.resumed = true;
        self.sender.resume(self.now);
    }

    /// Some line from the next on, or one that has been sent.
    fn rest(&mut self, random: &mut Random) {
        let line = random.below(self.program.len() + 2);
        self.story.push(format!("rest before {line}"));
        if matches!(self.sender.phase(), Phase::Streaming | Phase::Draining | Phase::Paused) {
            self.rest = Some(line.max(self.sent));
        }
        self.sender.rest_before(line);
    }

    /// The firmware says these bytes; an exact answer frees a line in the book.
    fn say(&mut self, bytes: &[u8]) {
        self.story.push(format!("< {}", String::from_utf8_lossy(bytes)));
        for &byte in bytes {
            match byte {
                b'\n' => {
                    let text = String::from_utf8_lossy(&self.saying).into_owned();
                    let code = text.strip_prefix("error:").and_then(|code| code.parse::<u8>().ok());
                    if text == "ok" || code.is_some_and(|code| text == format!("error:{code}")) {
                        self.unanswered.pop_front();
                    }
                    self.restarted |= text.starts_with("Grbl ") || text.starts_with("GrblHAL ");
                    self.saying.clear();
                }
                b'\r' => {}
                _ => self.saying.push(byte),
            }
        }
        self.sender.receive(bytes, self.now);
    }

    /// Polls until it waits; gives how long. A sound firmware answers to `bytes` at once if one is there.
    fn outputs(&mut self, mut sound: Option<&mut VecDeque<u8>>) -> Duration {
        for _ in 0..MOST_OUTPUTS {
            match self.sender.poll(self.now) {
                Output::Transmit(bytes) => {
                    self.transmitted(&bytes);
                    if let Some(line) = sound.as_mut() {
                        line.extend(bytes);
                    }
                }
                Output::Accepted(line) => {
                    assert_eq!(line, self.accepted, "{:#?}", self.story);
                    self.accepted += 1;
                    assert!(self.accepted <= self.sent, "{:#?}", self.story);
                }
                Output::Status(_) => {}
                Output::Wait(until) => return until,
            }
        }
        panic!("it never waits: {:#?}", self.story);
    }

    fn transmitted(&mut self, bytes: &[u8]) {
        self.story.push(format!("> {}", String::from_utf8_lossy(bytes).escape_debug()));
        let Some(line) = bytes.strip_suffix(b"\n") else {
            assert!(matches!(bytes, [b'!' | b'~' | b'?' | 0x18]), "{:#?}", self.story);
            match bytes {
                [0x18] => {
                    self.reset = true;
                    self.unanswered.clear();
                }
                b"~" => assert!(self.resumed && !self.stopped, "{:#?}", self.story),
                b"!" => self.resumed = false,
                _ => {}
            }
            return;
        };
        self.last = Some(String::from_utf8_lossy(line).into_owned());
        // Sent when nothing answers any more, it is at its end already.
        let parting = matches!(self.sender.phase(), Phase::Parting | Phase::Failed(_));
        if parting && Some(line) == self.parting.first().map(|line| line.as_bytes()) {
            self.parted = 0; // tried again: what is unanswered is lost, and not counted any more
            self.unanswered.clear();
        }
        self.unanswered.push_back(bytes.len());
        assert!(self.unanswered.iter().sum::<usize>() <= WINDOW, "{:#?}", self.story);
        assert!(self.sender.bytes_in_flight() <= WINDOW, "{:#?}", self.story);
        if parting {
            assert!(self.reset || self.restarted, "parting without a reset: {:#?}", self.story);
            let rest = self.parting.iter().skip(self.parted).position(|of| of.as_bytes() == line);
            self.parted += 1 + rest.unwrap_or_else(|| panic!("no parting line: {:#?}", self.story));
            return;
        }
        assert_eq!(Some(line), self.program.get(self.sent).map(|line| line.as_bytes()), "{:#?}", self.story);
        assert!(self.rest.is_none_or(|rest| self.sent < rest), "a line behind a rest: {:#?}", self.story);
        assert!(!self.stopped && self.sender.phase() == Phase::Streaming, "{:#?}", self.story);
        self.sent += 1;
    }

    /// From here on the firmware is silent, or sound and stopped.
    fn end(&mut self, sound: bool) {
        let mut heard = VecDeque::new();
        if sound {
            self.stop();
        }
        for _ in 0..MOST_WAITS {
            let until = self.outputs(sound.then_some(&mut heard));
            if until == Duration::MAX {
                let phase = self.sender.phase();
                let ended = matches!(phase, Phase::Done | Phase::Stopped { .. } | Phase::Failed(_));
                assert!(ended, "{:#?}", self.story);
                let up = self.parting.iter().rfind(|line| !line.contains('Z'));
                assert!(
                    phase == Phase::Done
                        || up.is_none()
                        || self.last == self.parting.last().cloned()
                        || self.last.as_ref() == up,
                    "the pen is not lifted last: {:#?}",
                    self.story
                );
                return;
            }
            if heard.is_empty() {
                self.now = self.now.max(until);
            }
            while let Some(byte) = heard.pop_front() {
                match byte {
                    b'?' => self.say(b"<Hold:0|MPos:1.000,0.000,0.000|FS:0,0>\r\n"),
                    b'\n' => self.say(b"ok\r\n"),
                    0x18 => self.say(b"\r\nGrbl 1.1h ['$' for help]\r\n"),
                    _ => {}
                }
            }
        }
        panic!("it never ends: {:#?}", self.story);
    }
}
