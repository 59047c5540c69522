//! Streams a program to the firmware: a state machine without port, clock or thread.
//!
//! The caller asks [`Sender::poll`] what to do until it says wait, then gives it what came: bytes, or nothing by the
//! time it named. Real-time bytes always come before lines. In flight are never more bytes than the firmware's receive
//! buffer holds.
//!
//! ```text
//!                       /--rest_before(line), all before it executed--> Resting --resume--\
//!   Idle --start--> Streaming <-----------------------------------------------------------/
//!                   |  ^   \--all answered--> Draining --Idle--> Done
//!   hold, door, `!` |  | resume, or the machine's own start button
//!                   v  |
//!                  Paused        any --stop, failure--> Holding --at rest--> Resetting --banner--> Parting
//!                                                       (slows down)         (alarm)            (pen up) |
//!                                                                                       Stopped or Failed
//! ```
//!
//! Every end but `Done` goes through `Parting`: the last lines sent lift the pen, as far as the firmware can still be
//! expected to understand them. After an alarm the firmware stays locked: it refuses them (its reset has switched a
//! servo's pulse off). Once it may have started anew, lines that name an axis are left out, for the position is not
//! certain. A firmware that is silent is told to hold, to reset and to lift the pen all the same.
//!
//! It refuses to go on after an error, an alarm, a reset it did not ask for, an answer it did not wait for: each is a
//! named [`Failure`]. Every wait for the firmware is bounded by [`Config`]; only a person is waited for without end.
//! Times are [`Duration`]s since any fixed moment, given by the caller.
//! Source: Grbl 1.1 interface documentation; the failures are those that senders' users report.

mod phase;
mod vigil;

pub use phase::Config;
pub use phase::Failure;
pub use phase::Output;
pub use phase::Pacing;
pub use phase::Phase;

use vigil::Vigil;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::gcode;
use crate::reply::Lines;
use crate::reply::Reply;
use crate::reply::State;
use crate::reply::Status;

/// Feed hold: slow down and stand, in order.
const HOLD: u8 = b'!';
const RESUME: u8 = b'~';
const REPORT: u8 = b'?';
const RESET: u8 = 0x18;
/// `error:9`: locked by an alarm.
const LOCKED: u8 = 9;
/// So often the lines that lift the pen are tried.
const PARTING_TRIES: u8 = 3;

/// The state machine.
#[derive(Debug, Clone)]
pub struct Sender {
    config: Config,
    phase: Phase,
    lines: Vec<String>,
    parting: Vec<String>,
    next: usize,
    /// No line from here on is sent until told to go on.
    rest: Option<usize>,
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
    /// When a reset is sent (again), or the parting lines.
    retry_at: Duration,
    tries: u8,
    /// A reset has been sent.
    was_reset: bool,
    /// An alarm came while stopping, or the firmware may have started anew: the position is lost.
    alarmed: bool,
    /// In this pause the machine has said that it is held.
    held: bool,
    /// Asked to go on, but no report has shown it yet: how long that may last.
    resuming: Option<Duration>,
    /// Why it stops, if not on request.
    failure: Option<Failure>,
    vigil: Vigil,
    /// A parting line was refused: it is tried again after a while.
    damaged: bool,
    /// Parting lines that would move an axis were left out.
    left_out: bool,
    /// The lines that lift the pen were all taken.
    lifted: bool,
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
            rest: None,
            in_flight: VecDeque::new(),
            answered: 0,
            refused: false,
            urgent: VecDeque::new(),
            outputs: VecDeque::new(),
            reader: Lines::default(),
            report_at: Duration::ZERO,
            heard_at: Duration::ZERO,
            deadline: Duration::ZERO,
            retry_at: Duration::ZERO,
            tries: 0,
            was_reset: false,
            alarmed: false,
            held: false,
            resuming: None,
            failure: None,
            vigil: Vigil::default(),
            damaged: false,
            left_out: false,
            lifted: false,
        }
    }

    /// Starts to stream `lines` (each without line end, within the firmware's line length); `parting` lines are sent
    /// at every other end than the program's own, to lift the pen. Whatever was going on before is forgotten.
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

    /// Lines of the program that have been sent, until it is stopped: none of them can be called back.
    pub fn sent(&self) -> usize {
        self.next
    }

    /// Bytes that the firmware has not answered for.
    pub fn bytes_in_flight(&self) -> usize {
        self.in_flight.iter().sum()
    }

    /// Whether the firmware has taken the lines that lift the pen, after a stop or a failure.
    pub fn pen_lifted(&self) -> bool {
        self.lifted
    }

    /// Holds the machine at once; the pen stays where it is.
    pub fn pause(&mut self) {
        if matches!(self.phase, Phase::Streaming | Phase::Draining) {
            self.phase = Phase::Paused;
            self.held = false;
            self.hold();
        }
    }

    /// Sends no line from `line` on (or from the next one, if that has been sent), and rests when all before are
    /// executed. At the program's end there is nothing to rest before.
    pub fn rest_before(&mut self, line: usize) {
        if matches!(self.phase, Phase::Streaming | Phase::Draining | Phase::Paused) {
            self.rest = Some(line.max(self.next)).filter(|line| *line < self.lines.len());
        }
    }

    /// Whether a rest has been asked for, and has come or will come.
    pub fn rests(&self) -> bool {
        self.working() && self.rest.is_some()
    }

    /// Goes on after a pause, a rest, a hold.
    pub fn resume(&mut self, now: Duration) {
        match self.phase {
            Phase::Paused => {
                self.resuming = Some(now + self.config.hold_within);
                self.urgent.push_back(RESUME);
            }
            Phase::Streaming | Phase::Draining | Phase::Resting if self.rest.is_some() => {}
            _ => return,
        }
        self.rest = None;
        self.phase = Phase::Streaming;
        self.vigil.begin();
    }

    /// Stops: hold, wait until the machine stands, reset, lift the pen. No line of the program is sent any more.
    pub fn stop(&mut self, now: Duration) {
        if self.working() {
            self.phase = Phase::Holding;
            self.hold();
            self.deadline = now + self.config.hold_within;
            self.report_at = now;
            self.vigil.begin();
        }
    }

    /// Stops because of `failure`, as [`Sender::stop`] does.
    pub fn give_up(&mut self, failure: Failure, now: Duration) {
        if self.working() {
            self.failure = Some(failure);
            self.stop(now);
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
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        match self.phase {
            Phase::Streaming if self.next >= self.limit() && self.in_flight.is_empty() => {
                self.phase = Phase::Draining;
                self.vigil.begin(); // what was asked for before may still say Idle
                self.urgent.push_back(REPORT);
                self.report_at = now + self.config.report_every;
                self.poll(now)
            }
            Phase::Streaming | Phase::Parting => match self.next_line() {
                Some(bytes) => Output::Transmit(bytes),
                None if self.phase == Phase::Parting => Output::Wait(self.report_at.min(self.retry_at)),
                None => Output::Wait(self.report_at),
            },
            Phase::Draining | Phase::Resting | Phase::Paused => Output::Wait(self.report_at),
            Phase::Holding => Output::Wait(self.report_at.min(self.deadline)),
            Phase::Resetting => Output::Wait(self.deadline.min(self.retry_at)), // no report is asked for
            Phase::Idle | Phase::Done | Phase::Stopped { .. } | Phase::Failed(_) => Output::Wait(Duration::MAX),
        }
    }

    /// The program's first line that may not be sent yet.
    fn limit(&self) -> usize {
        self.rest.unwrap_or(self.lines.len())
    }

    /// At the program, moving or not.
    fn working(&self) -> bool {
        matches!(self.phase, Phase::Streaming | Phase::Draining | Phase::Resting | Phase::Paused)
    }

    fn active(&self) -> bool {
        self.working() || matches!(self.phase, Phase::Holding | Phase::Resetting | Phase::Parting)
    }

    /// Deadlines and reports.
    fn watch(&mut self, now: Duration) {
        match self.phase {
            Phase::Holding if now >= self.deadline => return self.reset(now, true),
            Phase::Resetting if now >= self.deadline && self.was_reset => return self.part_blindly(),
            Phase::Resetting if now >= self.retry_at => {
                let deadline = self.deadline;
                self.reset(now, false);
                self.deadline = deadline.max(now + self.config.retry_after / 2);
                return;
            }
            Phase::Resetting => return,
            Phase::Parting if now >= self.retry_at => return self.part_again(now),
            _ if !self.active() => return,
            _ => {}
        }
        if now.saturating_sub(self.heard_at) >= self.config.silence {
            self.failure.get_or_insert(Failure::Silent);
            // Whatever still listens at the far end shall stand and lift its pen.
            self.hold();
            self.reset(now, true);
        } else if now >= self.report_at {
            self.report_at = now + self.config.report_every;
            self.urgent.push_back(REPORT);
        }
    }

    /// A hold, and no resume that has not left yet.
    fn hold(&mut self) {
        self.resuming = None;
        self.urgent.retain(|byte| *byte != RESUME);
        self.urgent.push_back(HOLD);
    }

    fn reset(&mut self, now: Duration, in_motion: bool) {
        self.urgent.push_back(RESET);
        self.was_reset = true;
        self.await_banner(now, in_motion);
    }

    /// The reset is repeated, for a firmware that announces an alarm is deaf meanwhile.
    fn await_banner(&mut self, now: Duration, alarmed: bool) {
        self.phase = Phase::Resetting;
        self.urgent.retain(|byte| *byte != RESUME);
        self.alarmed |= alarmed;
        self.retry_at = now + self.config.retry_after;
        self.deadline = now + self.config.silence;
    }

    /// The next line, if it may go.
    fn next_line(&mut self) -> Option<Vec<u8>> {
        let parting = self.phase == Phase::Parting;
        if parting && self.damaged || !parting && self.next >= self.limit() {
            return None;
        }
        let line = if parting { self.parting.get(self.next) } else { self.lines.get(self.next) }?;
        let bytes = line.len() + 1;
        let fits = match self.config.pacing {
            Pacing::Counting(window) if !parting => self.in_flight.iter().sum::<usize>() + bytes <= window,
            _ => false,
        };
        if !fits && !self.in_flight.is_empty() {
            return None;
        }
        let text = sendable(line);
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
            Reply::Ok | Reply::Error(_) if self.in_flight.is_empty() => self.give_up(Failure::Unasked, now),
            Reply::Ok => self.answer(),
            Reply::Error(code) if self.phase == Phase::Parting => self.parting_refused(code),
            Reply::Error(code) => {
                let line = self.answered;
                self.refused = true;
                self.answer();
                self.give_up(Failure::Refused { line, code }, now);
            }
            Reply::Alarm(code) => {
                if self.working() {
                    self.failure = Some(Failure::Alarm { code });
                }
                if self.phase != Phase::Resetting {
                    self.await_banner(now, true);
                }
                self.alarmed = true;
            }
            Reply::Welcome(_) => self.banner(now),
            Reply::Status(status) => self.report(status, now),
            _ => {}
        }
    }

    fn answer(&mut self) {
        self.in_flight.pop_front();
        self.vigil.answered();
        if self.phase != Phase::Parting && !self.refused {
            self.outputs.push_back(Output::Accepted(self.answered));
            self.answered += 1;
        }
    }

    /// The firmware has started anew.
    fn banner(&mut self, now: Duration) {
        match self.phase {
            Phase::Resetting => {}
            Phase::Parting => return, // of a reset that was sent twice; lines that it has swallowed are sent again
            _ => {
                self.failure.get_or_insert(Failure::Restarted);
                self.alarmed = true;
                self.urgent.clear();
            }
        }
        // Its coordinates may be others than those that the parting lines were written in.
        if matches!(self.failure, Some(Failure::Restarted | Failure::Silent)) {
            self.keep_still();
        }
        self.phase = Phase::Parting;
        self.vigil.begin();
        self.report_at = now + self.config.report_every;
        self.try_parting(now);
    }

    /// The parting lines, from the first; after many tries all at once, whatever is answered.
    fn try_parting(&mut self, now: Duration) {
        self.next = 0;
        self.in_flight.clear();
        self.damaged = false;
        self.retry_at = now + self.config.retry_after;
        self.tries += 1;
        if self.tries > PARTING_TRIES {
            self.failure.get_or_insert(Failure::AnswersLost);
            self.part_blindly();
        }
    }

    /// Leaves out the parting lines that would move an axis.
    fn keep_still(&mut self) {
        let moves = |line: &String| {
            gcode::words(line).map_or(true, |words| words.iter().any(|word| matches!(word.letter, 'X' | 'Y' | 'Z')))
        };
        let all = self.parting.len();
        self.parting.retain(|line| !moves(line));
        self.left_out |= self.parting.len() < all;
    }

    /// Nothing answers: the lines that lift the pen are sent all the same.
    fn part_blindly(&mut self) {
        if self.failure.get_or_insert(Failure::Silent) == &Failure::Silent {
            self.keep_still();
        }
        self.outputs.extend(self.parting.iter().map(|line| Output::Transmit(sendable(line))));
        self.part();
    }

    /// All parting lines are taken.
    fn parted(&self) -> bool {
        self.next == self.parting.len() && self.in_flight.is_empty() && !self.damaged
    }

    /// A parting line, or its answer, was lost. Lifting the pen twice does no harm.
    fn part_again(&mut self, now: Duration) {
        if self.parted() {
            self.lifted = !self.left_out; // though no report shows the end of the motion
            return self.part();
        }
        self.try_parting(now);
    }

    fn parting_refused(&mut self, code: u8) {
        self.in_flight.pop_front();
        self.damaged |= code != LOCKED; // on its way
        if !self.damaged && self.next == self.parting.len() {
            self.part();
        }
    }

    /// The stop is complete.
    fn part(&mut self) {
        let stopped = Phase::Stopped { position_kept: !self.alarmed };
        self.phase = self.failure.map_or(stopped, Phase::Failed);
    }

    fn report(&mut self, status: Status, now: Duration) {
        self.outputs.push_back(Output::Status(status));
        let in_flight = self.bytes_in_flight();
        self.vigil.report(&status, in_flight, now);
        // One Idle may be said between a line's answer and its start.
        let idle_for = self.vigil.idle_for(now);
        let idle = idle_for > Duration::ZERO;
        match (self.phase, status.state) {
            (Phase::Holding, State::Hold { at_rest: true } | State::Door(0 | 1)) => self.reset(now, false),
            (Phase::Holding, State::Idle | State::Check) if idle => self.reset(now, false),
            (Phase::Holding, State::Alarm | State::Sleep) => self.reset(now, true),
            (Phase::Parting, State::Idle) if idle && self.parted() => {
                self.lifted = !self.left_out;
                self.part();
            }
            _ if !self.working() => {}
            (_, State::Alarm) => {
                self.failure = Some(Failure::Locked);
                self.reset(now, true);
            }
            (_, State::Sleep) => {
                self.failure = Some(Failure::Asleep);
                self.reset(now, true);
            }
            (_, State::Jog | State::Home) => self.give_up(Failure::Taken, now),
            (_, State::Check) => self.give_up(Failure::Checking, now),
            (_, State::Hold { .. } | State::Door(_)) => self.held(status.state, now),
            (Phase::Paused, State::Run | State::Idle) if self.held => self.phase = Phase::Streaming, // by the machine's own button
            (Phase::Resting, State::Run) => self.give_up(Failure::Taken, now),
            _ if self.vigil.is_crowded() => self.give_up(Failure::Unasked, now),
            (Phase::Draining, State::Idle) if idle && self.next < self.lines.len() => self.phase = Phase::Resting,
            (Phase::Draining, State::Idle) if idle => self.phase = Phase::Done,
            (Phase::Streaming, State::Idle) if in_flight > 0 && idle_for >= self.config.answer_within => {
                self.give_up(Failure::AnswersLost, now);
            }
            (Phase::Streaming | Phase::Draining, State::Run | State::Other)
                if self.vigil.unchanged_for(now) >= self.config.stall_within =>
            {
                self.give_up(Failure::Stalled, now);
            }
            _ => {}
        }
        if self.working() && !matches!(status.state, State::Hold { .. } | State::Door(_)) {
            self.resuming = None;
        }
    }

    /// The machine says that it is held, by a hold or by its door.
    fn held(&mut self, state: State, now: Duration) {
        match (self.resuming, state) {
            // Door:3 and grblHAL's Door:4 are a machine on its way back to work.
            (_, State::Door(3..)) => {}
            // The firmware passes over a resume that comes while it still slows down.
            (Some(until), State::Hold { at_rest: true } | State::Door(0)) if now < until => {
                self.urgent.push_back(RESUME);
            }
            (Some(until), State::Hold { .. }) if now < until => {}
            _ => {
                self.phase = Phase::Paused;
                self.held = true;
                self.resuming = None;
            }
        }
    }
}

fn sendable(line: &str) -> Vec<u8> {
    let mut text = Vec::with_capacity(line.len() + 1);
    text.extend_from_slice(line.as_bytes());
    text.push(b'\n');
    text
}
