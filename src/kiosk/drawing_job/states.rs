//! The words of a drawing's machine: its states, what happens to it, and what is to be done for it.

use std::time::Duration;

use serde::Serialize;

use crate::kiosk::fault_codes::FaultCode;
use crate::kiosk::ids::JobId;
use crate::kiosk::ids::Operator;
use crate::kiosk::ids::Person;
use crate::kiosk::journal::PlanChecksum;
use crate::kiosk::journal::Record;
use crate::kiosk::journal::Stage;
use crate::kiosk::proofs::Check;
use crate::kiosk::proofs::Facts;
use crate::kiosk::proofs::Proven;
use crate::kiosk::proofs::Run;

/// What is to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanSummary {
    /// The hash of the plan's bytes.
    pub checksum: PlanChecksum,
    /// How many strokes it has.
    pub strokes: u32,
    /// How long the pen needs for them, seconds.
    pub secs: u32,
}

/// Why a start was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// This does not hold.
    Missing(Check),
    /// Nobody could say in time whether it holds.
    NoAnswer,
    /// Somebody pressed stop.
    Stopped,
}

impl Refusal {
    /// What the staff reads.
    pub fn staff_text(self) -> &'static str {
        match self {
            Refusal::Missing(check) => check.staff_text(),
            Refusal::NoAnswer => "the robot gave no answer in time",
            Refusal::Stopped => "stop was pressed",
        }
    }
}

/// Why a drawing pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseCause {
    /// Somebody pressed stop.
    Stop,
    /// The staff asked for a pause at the end of a stroke.
    Staff,
    /// A fault holds it.
    Fault(FaultCode),
}

impl PauseCause {
    /// The stricter of two causes at once: whoever may lift one may not thereby lift the other.
    pub(super) fn and(self, other: Self) -> Self {
        let strictness = |cause: Self| match cause {
            PauseCause::Stop => 0,
            PauseCause::Fault(FaultCode::Door) => 1,
            PauseCause::Staff => 2,
            PauseCause::Fault(_) => 3,
        };
        if strictness(other) > strictness(self) { other } else { self }
    }
}

/// Where a refused start goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    Queue,
    Interrupted { code: FaultCode, since: Duration },
}

/// Which sheet a start needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// A new one, of this number: from the first stroke.
    New(u32),
    /// The one that the drawing was interrupted on: at its first stroke not confirmed.
    ItsOwn,
}

/// A start that is being proved and announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preparing {
    pub(super) back: Back,
    pub(super) on: On,
    pub(super) asked: Duration,
    pub(super) proven: Option<(Proven, Duration)>,
}

impl Preparing {
    /// Whether all is proved, so that only the announcement stands between the tap and the motion.
    pub fn is_announcing(&self) -> bool {
        self.proven.is_some()
    }

    /// Whether it goes on where the drawing was interrupted, on the sheet that was drawn on; all others need a new one.
    pub fn resumes(&self) -> bool {
        self.on == On::ItsOwn
    }
}

/// Where a drawing stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum JobState {
    /// Chosen.
    Planned,
    /// Waiting for its turn, or for a person to act on what was refused.
    Queued { since: Duration, refused: Vec<Refusal> },
    /// Started by a person; nothing moves yet.
    Preparing(Preparing),
    /// The pen is at work.
    Drawing(Run),
    /// It will stand soon.
    Pausing { run: Run, cause: PauseCause },
    /// It stands, pen lifted where the firmware allows it.
    Paused { run: Run, cause: PauseCause, since: Duration },
    /// A person let it go on; `told` once the robot was.
    Resuming { run: Run, cause: PauseCause, told: bool },
    /// All strokes are drawn; the pen goes home.
    Finishing(Run),
    /// The sheet lies there; its strokes are kept for a while.
    Drawn { since: Duration, kept: bool },
    /// The sheet was taken.
    Collected,
    /// A person ended it; the robot comes to rest.
    Stopping(Run),
    /// A person ended it.
    Cancelled,
    /// It cannot go on.
    Failed(FaultCode),
    /// It broke off and may be resumed by the staff.
    Interrupted { code: FaultCode, since: Duration, refused: Vec<Refusal> },
    /// Nobody came for it in time.
    Expired,
}

/// How a drawing ended, in the words of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobResult {
    /// It lies on its sheet.
    Completed,
    /// A person ended it.
    Cancelled,
    /// It could not go on.
    Failed,
    /// It broke off.
    Interrupted,
    /// Nobody came for it.
    Expired,
}

/// What the driver tells of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunNews {
    /// So many strokes of the plan are on the paper for certain, and the rest takes so long.
    Confirmed {
        /// Counted from the plan's first stroke.
        strokes: u32,
        /// Seconds.
        secs_left: u32,
    },
    /// It stands in a hold.
    Held,
    /// It moves again.
    GoesOn,
    /// The last stroke is on the paper.
    AllDrawn,
    /// The pen is lifted and home.
    Parked,
    /// It was ended and stands, pen lifted.
    Ended,
    /// The firmware refused a line.
    LineRefused,
}

/// What happens to a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEvent {
    /// It takes its place.
    Queue,
    /// A person starts it, on the sheet of this number.
    Start {
        /// Who.
        by: Person,
        /// The sheet's number.
        sheet: u32,
    },
    /// The checklist of run `run` was looked at.
    Facts {
        /// Which run.
        run: u16,
        /// What was found.
        facts: Facts,
    },
    /// Time passes.
    Tick,
    /// The driver tells of run `run`.
    News {
        /// Which run.
        run: u16,
        /// What.
        news: RunNews,
    },
    /// Somebody pressed stop, on whatever screen.
    Stop,
    /// The staff asks for a pause at the end of a stroke.
    Pause(Operator),
    /// A fault befalls it.
    Fault(FaultCode),
    /// A person lets it go on; `possible` if the robot takes orders now, else it is being asked first.
    Continue {
        /// Who.
        by: Person,
        /// Whether the robot may be told at once.
        possible: bool,
    },
    /// The robot has been asked, and takes orders again or does not.
    Possible(bool),
    /// A person ends it.
    Cancel(Person),
    /// Its visitor's session is over.
    VisitorGone,
    /// The staff resumes it at the first stroke not confirmed: the paper has not moved. With none left it is drawn.
    Resume(Operator),
    /// The staff begins it again, on this sheet.
    StartAgain {
        /// Who.
        by: Operator,
        /// The new sheet's number.
        sheet: u32,
    },
    /// The sheet was taken.
    Taken,
}

/// What is to be done for a drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "every command names its drawing and, where one moves, its run")]
pub enum JobCommand {
    /// Write this and make it durable; do what follows only then.
    Journal(Box<Record>),
    /// Look at the whole checklist afresh and answer with [`JobEvent::Facts`].
    Prove { job: JobId, run: u16 },
    /// Light, sound and screen tell that the robot is about to move.
    Announce { job: JobId, run: u16 },
    /// Draw from this stroke (counted from 0) to the end. A run that was begun before is not begun again.
    Draw { job: JobId, run: u16, plan: PlanChecksum, from_stroke: u32 },
    /// Stop at the end of the stroke, pen lifted.
    PauseAtStrokeEnd { job: JobId, run: u16 },
    /// Hold now, ahead of everything that waits.
    Hold { job: JobId, run: u16 },
    /// Go on.
    Continue { job: JobId, run: u16 },
    /// Hold, wait until it stands, then give the rest up and lift the pen.
    End { job: JobId, run: u16 },
    /// Erase its strokes and its journal; what is erased already stays so.
    Erase { job: JobId },
}

impl JobState {
    /// The run that is under way, if the pen is or may be on the paper.
    pub fn run(&self) -> Option<Run> {
        match self {
            JobState::Drawing(run) | JobState::Finishing(run) | JobState::Stopping(run) => Some(*run),
            JobState::Pausing { run, .. } | JobState::Paused { run, .. } | JobState::Resuming { run, .. } => Some(*run),
            _ => None,
        }
    }

    /// Whether it is over and nothing of it is needed any more.
    pub fn is_over(&self) -> bool {
        matches!(self, JobState::Collected | JobState::Cancelled | JobState::Failed(_) | JobState::Expired)
    }

    /// Its name.
    pub fn stage(&self) -> Stage {
        match self {
            JobState::Planned => Stage::Planned,
            JobState::Queued { .. } => Stage::Queued,
            JobState::Preparing(_) => Stage::Preparing,
            JobState::Drawing(_) => Stage::Drawing,
            JobState::Pausing { .. } => Stage::Pausing,
            JobState::Paused { .. } => Stage::Paused,
            JobState::Resuming { .. } => Stage::Resuming,
            JobState::Finishing(_) => Stage::Finishing,
            JobState::Drawn { .. } => Stage::Drawn,
            JobState::Collected => Stage::Collected,
            JobState::Stopping(_) => Stage::Stopping,
            JobState::Cancelled => Stage::Cancelled,
            JobState::Failed(_) => Stage::Failed,
            JobState::Interrupted { .. } => Stage::Interrupted,
            JobState::Expired => Stage::Expired,
        }
    }
}

impl Stage {
    /// How a drawing in this state has ended, if it has.
    pub fn result(self) -> Option<JobResult> {
        match self {
            Stage::Drawn | Stage::Collected => Some(JobResult::Completed),
            Stage::Cancelled => Some(JobResult::Cancelled),
            Stage::Failed => Some(JobResult::Failed),
            Stage::Interrupted => Some(JobResult::Interrupted),
            Stage::Expired => Some(JobResult::Expired),
            _ => None,
        }
    }
}
