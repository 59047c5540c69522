//! What can go wrong, as a person sees it: one clear sentence (what, where, what to do) and an exit code.
//!
//! Every room has its own small error type; beside it stands the conversion into a [`Fault`], and only `main`
//! prints one. The exit codes are promised to scripts: they never change their meaning.

use std::fmt;

/// The kind of fault: it decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something this program did not expect of itself or of the machine it runs on.
    Unexpected,
    /// The command line makes no sense.
    Usage,
    /// A configuration file is wrong.
    Config,
    /// No such camera, robot or port.
    DeviceNotFound,
    /// The device is there, but someone else has it, or this user may not.
    DeviceBusy,
    /// The robot reports an alarm, or its emergency stop is pressed.
    RobotAlarm,
    /// A person stopped it.
    Cancelled,
    /// It stopped half-way and can go on from where it stood.
    Interrupted,
    /// The plan leaves the robot's field or the sheet, or is too fast.
    PlanRejected,
    /// A picture, drawing or plan that cannot be used.
    BadInput,
    /// `doctor` found something wrong.
    Doctor,
}

impl Kind {
    /// All kinds, in the order of their exit codes.
    pub const ALL: [Kind; 11] = [
        Kind::Unexpected,
        Kind::Usage,
        Kind::Config,
        Kind::DeviceNotFound,
        Kind::DeviceBusy,
        Kind::RobotAlarm,
        Kind::Cancelled,
        Kind::Interrupted,
        Kind::PlanRejected,
        Kind::BadInput,
        Kind::Doctor,
    ];

    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Unexpected => 1,
            Kind::Usage => 2,
            Kind::Config => 3,
            Kind::DeviceNotFound => 4,
            Kind::DeviceBusy => 5,
            Kind::RobotAlarm => 6,
            Kind::Cancelled => 7,
            Kind::Interrupted => 8,
            Kind::PlanRejected => 9,
            Kind::BadInput => 10,
            Kind::Doctor => 11,
        }
    }

    /// The name that `--json` gives it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Unexpected => "unexpected",
            Kind::Usage => "usage",
            Kind::Config => "config",
            Kind::DeviceNotFound => "device-not-found",
            Kind::DeviceBusy => "device-busy",
            Kind::RobotAlarm => "robot-alarm",
            Kind::Cancelled => "cancelled",
            Kind::Interrupted => "interrupted",
            Kind::PlanRejected => "plan-rejected",
            Kind::BadInput => "bad-input",
            Kind::Doctor => "doctor",
        }
    }
}

/// One thing that went wrong: its kind and the sentence a person reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: Kind,
    sentence: String,
}

impl Fault {
    /// A fault of `kind`; `sentence` says what is wrong, where, and what to do.
    pub fn new(kind: Kind, sentence: impl Into<String>) -> Self {
        Self { kind, sentence: sentence.into() }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The same fault with `place` (a file's name, say) put before its sentence.
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self { kind: self.kind, sentence: format!("{place}: {}", self.sentence) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Fault {}
