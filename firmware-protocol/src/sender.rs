//! Streams a program to the firmware: a state machine without port, clock or thread.
//!
//! The caller asks [`Sender::poll`] what to do until it says wait, then gives it what came: bytes, or nothing by the
//! time it named. Real-time bytes always come before lines. In flight are never more bytes than the firmware's receive
//! buffer holds.
//!
//! ```text
//!   Idle --start--> Streaming --all answered--> Draining --Idle--> Done
//!                      |  ^
//!                  hold|  |resume                     alarm, banner out of place, refusal, silence
//!                      v  |                                    |
//!                     Paused          any --stop--> Holding --at rest--> Resetting --banner--> Parting --> Stopped
//!                                                                                         (pen up)      \-> Failed
//! ```
//!
//! A refusal and lost answers end like a stop, with the pen lifted; after an alarm, a restart or silence nothing can be
//! sent that would be sure to be safe, so the sender asks for a hold and gives up.
//!
//! It refuses to go on after an error, an alarm or a reset it did not ask for: each is a named [`Failure`] with the
//! line at which the program stood. Times are [`Duration`]s since any fixed moment, given by the caller.
//! Source: Grbl 1.1 interface documentation; the failures are those that senders' users report.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::reply::Lines;
use crate::reply::Reply;
use crate::reply::State;
use crate::reply::Status;

/// Feed hold: slow down and stand, in order.
const HOLD: u8 = b'!';
const RESUME: u8 = b'~';
const REPORT: u8 = b'?';
const RESET: u8 = 0x18;

/// How lines are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pacing {
    /// As many lines as surely fit the firmware's receive buffer of so many bytes.
    Counting(usize),
    /// One line at a time.
    LineByLine,
}

/// How patient a sender is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How lines are sent.
    pub pacing: Pacing,
    /// How often a report is asked for.
    pub report_every: Duration,
    /// No report for so long is a silent firmware.
    pub silence: Duration,
    /// A machine that reports Idle for so long while answers are missing: longer than the longest dwell.
    pub answer_within: Duration,
    /// A hold that has not come to rest by then is reset all the same.
    pub hold_within: Duration,
}

impl Default for Config {
    /// Counting 128 bytes, five reports a second, silent after 3 s, answers missed after 10 s, at rest within 2 s.
    fn default() -> Self {
        Self {
            pacing: Pacing::Counting(128),
            report_every: Duration::from_millis(200),
            silence: Duration::from_secs(3),
            answer_within: Duration::from_secs(10),
            hold_within: Duration::from_secs(2),
        }
    }
}

/// Why a program did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The firmware refused line `line` with `error:code`.
    Refused {
        /// Counted from 0.
        line: usize,
        /// Grbl's error number.
        code: u8,
    },
    /// The firmware raised `ALARM:code`.
    Alarm {
        /// Grbl's alarm number.
        code: u8,
    },
    /// The firmware is locked: it raised an alarm whose number was not heard.
    Locked,
    /// The firmware started anew by itself: what was queued is lost and the position uncertain.
    Restarted,
    /// The firmware no longer answers.
    Silent,
    /// The machine stands though answers are missing: the cable lost some, or some lines.
    AnswersLost,
}

/// What a sender is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing to do.
    Idle,
    /// Lines are on their way.
    Streaming,
    /// All lines are answered; the machine still moves.
    Draining,
    /// Held by the operator, or by the machine itself (its door, its button, noise taken for a hold).
    Paused,
    /// A stop was asked for: the machine slows down.
    Holding,
    /// It was reset; the banner is awaited.
    Resetting,
    /// The last lines, which lift the pen.
    Parting,
    /// The program was executed to its end.
    Done,
    /// Stopped on request.
    Stopped {
        /// The machine stood when it was reset: its position is still certain.
        position_kept: bool,
    },
    /// Given up.
    Failed(Failure),
}

/// What the caller must do or know.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Write these bytes.
    Transmit(Vec<u8>),
    /// Line `0..` was taken.
    Accepted(usize),
    /// A report.
    Status(Status),
    /// Wait for bytes, but no longer than until then.
    Wait(Duration),
}

/// The state machine.
#[derive(Debug, Clone)]
pub struct Sender {
    config: Config,
    phase: Phase,
    lines: Vec<String>,
    parting: Vec<String>,
    next: usize,
    /// Lines sent and not answered: their bytes.
    in_flight: VecDeque<usize>,
    answered: usize,
    /// A line was refused: the program stands there, though the firmware takes what it had received behind it.
    refused: bool,
    urgent: VecDeque<u8>,
    outputs: VecDeque<Output>,
    reader: Lines,
    report_at: Duration,
    heard_at: Duration,
    deadline: Duration,
    /// An alarm came while stopping: the position is lost.
    alarmed: bool,
    /// Asked to go on, but no report has shown it yet.
    resuming: bool,
    /// Why it stops, if not on request.
    failure: Option<Failure>,
    /// Since when reports have said Idle without a break.
    idle_since: Option<Duration>,
}

impl Sender {
    /// A sender with nothing to send.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            phase: Phase::Idle,
            lines: Vec::new(),
            parting: Vec::new(),
            next: 0,
            in_flight: VecDeque::new(),
            answered: 0,
            refused: false,
            urgent: VecDeque::new(),
            outputs: VecDeque::new(),
            reader: Lines::default(),
            report_at: Duration::ZERO,
            heard_at: Duration::ZERO,
            deadline: Duration::ZERO,
            alarmed: false,
            resuming: false,
            failure: None,
            idle_since: None,
        }
    }

    /// Starts to stream `lines` (each without line end, within the firmware's line length); `parting` lines are sent
    /// after a stop, to lift the pen. Whatever was going on before is forgotten.
    pub fn start(&mut self, lines: Vec<String>, parting: Vec<String>, now: Duration) {
        *self =
            Self { phase: Phase::Streaming, lines, parting, report_at: now, heard_at: now, ..Self::new(self.config) };
    }

    /// What it is at.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Lines that the firmware has taken, up to the first that it refused: the line at which the program stands.
    pub fn accepted(&self) -> usize {
        self.answered
    }

    /// Bytes that the firmware has not answered for.
    pub fn bytes_in_flight(&self) -> usize {
        self.in_flight.iter().sum()
    }

    /// Holds the machine; the pen stays where it is.
    pub fn pause(&mut self) {
        if matches!(self.phase, Phase::Streaming | Phase::Draining) {
            self.phase = Phase::Paused;
            self.urgent.push_back(HOLD);
        }
    }

    /// Goes on after a pause.
    pub fn resume(&mut self) {
        if self.phase == Phase::Paused {
            self.phase = Phase::Streaming;
            self.resuming = true;
            self.urgent.push_back(RESUME);
        }
    }

    /// Stops: hold, wait until the machine stands, reset, lift the pen. No line of the program is sent any more.
    pub fn stop(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Streaming | Phase::Draining | Phase::Paused) {
            self.phase = Phase::Holding;
            self.urgent.push_back(HOLD);
            self.deadline = now + self.config.hold_within;
            self.report_at = now;
        }
    }

    /// Takes bytes from the firmware.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) {
        for byte in bytes {
            if let Some(reply) = self.reader.push(*byte) {
                self.heard(reply, now);
            }
        }
    }

    /// What to do now.
    pub fn poll(&mut self, now: Duration) -> Output {
        if let Some(byte) = self.urgent.pop_front() {
            return Output::Transmit(alloc::vec![byte]);
        }
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        self.watch(now);
        if let Some(byte) = self.urgent.pop_front() {
            return Output::Transmit(alloc::vec![byte]);
        }
        match self.phase {
            Phase::Streaming if self.next == self.lines.len() && self.in_flight.is_empty() => {
                self.phase = Phase::Draining;
                self.urgent.push_back(REPORT); // what was asked for before may still say Idle
                self.report_at = now + self.config.report_every;
                self.poll(now)
            }
            Phase::Streaming | Phase::Parting => match self.next_line() {
                Some(bytes) => Output::Transmit(bytes),
                None => Output::Wait(self.report_at),
            },
            Phase::Draining | Phase::Paused => Output::Wait(self.report_at),
            Phase::Holding => Output::Wait(self.report_at.min(self.deadline)),
            Phase::Resetting => Output::Wait(self.deadline), // no report is asked for
            Phase::Idle | Phase::Done | Phase::Stopped { .. } | Phase::Failed(_) => Output::Wait(Duration::MAX),
        }
    }

    fn active(&self) -> bool {
        !matches!(self.phase, Phase::Idle | Phase::Done | Phase::Stopped { .. } | Phase::Failed(_))
    }

    /// Deadlines and reports.
    fn watch(&mut self, now: Duration) {
        if !self.active() {
            return;
        }
        if matches!(self.phase, Phase::Holding | Phase::Resetting) && now >= self.deadline {
            if self.phase == Phase::Holding {
                self.reset(now, true);
            } else {
                self.phase = Phase::Failed(Failure::Silent);
            }
            return;
        }
        if self.phase == Phase::Parting && now >= self.deadline {
            self.failure.get_or_insert(Failure::AnswersLost);
            self.part();
        } else if now.saturating_sub(self.heard_at) >= self.config.silence {
            self.phase = Phase::Failed(Failure::Silent);
            // Whatever still listens at the far end shall stand.
            self.urgent.extend([HOLD, RESET]);
        } else if now >= self.report_at && self.phase != Phase::Resetting {
            self.report_at = now + self.config.report_every;
            self.urgent.push_back(REPORT);
        }
    }

    fn reset(&mut self, now: Duration, in_motion: bool) {
        self.phase = Phase::Resetting;
        self.alarmed |= in_motion;
        self.urgent.push_back(RESET);
        self.deadline = now + self.config.silence;
    }

    /// The next line, if it may go.
    fn next_line(&mut self) -> Option<Vec<u8>> {
        let parting = self.phase == Phase::Parting;
        let line = if parting { self.parting.get(self.next) } else { self.lines.get(self.next) }?;
        let bytes = line.len() + 1;
        let fits = match self.config.pacing {
            Pacing::Counting(window) if !parting => self.in_flight.iter().sum::<usize>() + bytes <= window,
            _ => false,
        };
        if !fits && !self.in_flight.is_empty() {
            return None;
        }
        let mut text = Vec::with_capacity(bytes);
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
        self.next += 1;
        self.in_flight.push_back(bytes);
        Some(text)
    }

    fn heard(&mut self, reply: Reply, now: Duration) {
        if !self.active() {
            return;
        }
        self.heard_at = now;
        match reply {
            Reply::Ok | Reply::Error(_) if self.phase == Phase::Resetting => {} // of a line that is gone
            Reply::Ok => self.answer(),
            Reply::Error(code) => {
                let line = self.answered;
                self.refused |= !self.in_flight.is_empty() && self.phase != Phase::Parting;
                self.answer();
                if matches!(self.phase, Phase::Streaming | Phase::Draining | Phase::Paused) {
                    self.failure = Some(Failure::Refused { line, code });
                    self.stop(now);
                }
            }
            Reply::Alarm(_) if matches!(self.phase, Phase::Holding | Phase::Resetting) => {
                self.alarmed = true;
                if self.phase == Phase::Holding {
                    self.reset(now, true);
                }
            }
            Reply::Alarm(code) => self.fail(Failure::Alarm { code }),
            Reply::Welcome(_) if self.phase == Phase::Resetting => {
                self.in_flight.clear();
                self.next = 0;
                self.phase = Phase::Parting;
                self.deadline = now + self.config.answer_within;
                if self.parting.is_empty() || self.alarmed {
                    self.part();
                }
            }
            Reply::Welcome(_) => self.fail(Failure::Restarted),
            Reply::Status(status) => self.report(status, now),
            _ => {}
        }
    }

    fn answer(&mut self) {
        if self.in_flight.pop_front().is_none() {
            return; // an answer to nothing of ours
        }
        self.idle_since = None;
        if self.phase == Phase::Parting {
            if self.next == self.parting.len() && self.in_flight.is_empty() {
                self.part();
            }
        } else if !self.refused {
            self.outputs.push_back(Output::Accepted(self.answered));
            self.answered += 1;
        }
    }

    /// The stop is complete.
    fn part(&mut self) {
        let stopped = Phase::Stopped { position_kept: !self.alarmed };
        self.phase = self.failure.map_or(stopped, Phase::Failed);
    }

    /// No line of the program is sent any more, and the machine shall stand.
    fn fail(&mut self, failure: Failure) {
        self.phase = Phase::Failed(failure);
        self.urgent.push_back(HOLD);
    }

    fn report(&mut self, status: Status, now: Duration) {
        self.outputs.push_back(Output::Status(status));
        // One Idle may be said between the last line's answer and its start.
        let idle_since = match status.state {
            State::Idle | State::Check => Some(*self.idle_since.get_or_insert(now)),
            _ => None,
        };
        let idle_for = idle_since.map_or(Duration::ZERO, |since| now.saturating_sub(since));
        self.idle_since = idle_since;
        self.resuming &= matches!(status.state, State::Hold { .. } | State::Door(0));
        match (self.phase, status.state) {
            (Phase::Draining, _) if idle_for > Duration::ZERO => self.phase = Phase::Done,
            (Phase::Holding, State::Hold { at_rest: true } | State::Idle | State::Door(0)) => self.reset(now, false),
            (Phase::Streaming | Phase::Draining | Phase::Paused, State::Alarm) => self.fail(Failure::Locked),
            // The firmware passes over a resume that comes while it still slows down.
            (Phase::Streaming | Phase::Draining, State::Hold { at_rest }) if self.resuming => {
                self.urgent.extend(at_rest.then_some(RESUME));
            }
            // The same for a closed door, if this report was not on its way before.
            (Phase::Streaming | Phase::Draining, State::Door(0)) if self.resuming => self.urgent.push_back(RESUME),
            // Door:3 and grblHAL's Door:4 are a machine on its way back to work.
            (Phase::Streaming | Phase::Draining, State::Hold { .. } | State::Door(0..=2)) => self.phase = Phase::Paused,
            (Phase::Streaming, _) if !self.in_flight.is_empty() && idle_for >= self.config.answer_within => {
                self.failure = Some(Failure::AnswersLost);
                self.stop(now);
            }
            _ => {}
        }
    }
}
