//! The words that a sender and its caller share: how patient it is, what it is at, why it gives up.

use alloc::vec::Vec;
use core::time::Duration;

use crate::reply::Status;

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
    /// A machine that reports to be at work for so long while nothing changes: no answer, no place, no queue.
    pub stall_within: Duration,
    /// A hold that has not come to rest by then is reset all the same; a resume that shows no effect by then has none.
    pub hold_within: Duration,
    /// A reset, or a line that lifts the pen, that has no effect by then is sent again.
    pub retry_after: Duration,
}

impl Default for Config {
    /// Counting 128 bytes, five reports a second, silent after 3 s, answers missed and stalls seen after 10 s, at rest
    /// within 2 s, retries after 1 s.
    fn default() -> Self {
        Self {
            pacing: Pacing::Counting(128),
            report_every: Duration::from_millis(200),
            silence: Duration::from_secs(3),
            answer_within: Duration::from_secs(10),
            stall_within: Duration::from_secs(10),
            hold_within: Duration::from_secs(2),
            retry_after: Duration::from_secs(1),
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
    /// An answer came though none was due, or the receive buffer holds more than was sent: another program writes on
    /// this cable, or the cable doubles or breaks lines.
    Unasked,
    /// The machine says that it is at work, but nothing changes any more.
    Stalled,
    /// Something else moves the machine: it jogs, homes, or runs in the middle of a pause.
    Taken,
    /// The firmware only checks lines and moves nothing.
    Checking,
    /// The firmware was put to sleep: only a reset wakes it, and its motors have let go.
    Asleep,
    /// The machine is not where the program leads; only the caller, who knows the way, can say so.
    Strayed,
}

/// What a sender is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing to do.
    Idle,
    /// Lines are on their way.
    Streaming,
    /// All lines are answered, or those before a pause; the machine still moves.
    Draining,
    /// All lines before the pause are executed: the machine stands, and nothing is sent until it is told to go on.
    Resting,
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
