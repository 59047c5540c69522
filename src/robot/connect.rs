//! A robot that has answered, and why one did not.
//!
//! [`Talk`](super::Talk) meets it; [`Met`] is what was learned: version, settings, where it counts itself to be. Whether
//! it may draw is judged elsewhere (`fit`, `ready`). Units: mm in machine or work coordinates, as named.
//! Source: Grbl 1.1 interface documentation.

use std::collections::BTreeMap;

use firmware_protocol::codes;
use firmware_protocol::reply::State;
use firmware_protocol::reply::Status;

use super::PortError;
use super::speaker::Speaker;
use crate::fault::Fault;
use crate::fault::Kind;

/// A robot that has answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    /// Whose words it speaks.
    pub firmware: Speaker,
    /// `[VER:...]`, without the word.
    pub version: String,
    /// `[OPT:...]`, without the word.
    pub options: String,
    /// `$n=value`, by number.
    pub settings: BTreeMap<u16, String>,
    /// `[GC:...]` and `[G54:...]` and the like, as they came.
    pub parameters: Vec<String>,
    /// What it is doing.
    pub status: Status,
    /// It was moving or held when it was found, and has been stopped.
    pub stopped: bool,
    /// Its memory was blank or damaged when it started, so that all its settings are the factory's.
    pub restored: bool,
}

/// Why a robot was not met, or would not do as told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The cable.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Nothing came.
    #[error("nothing answers at this port; check the robot's power, the cable and the baud rate ({baud})")]
    Silent {
        /// What was tried.
        baud: u32,
    },
    /// A firmware that does not draw, a boot loader, or noise.
    #[error("{}", .who.sentence(*.baud))]
    Stranger {
        /// Who.
        who: Speaker,
        /// What was tried.
        baud: u32,
    },
    /// Somebody unknown.
    #[error("what answers at this port is no Grbl firmware (it says \"{said}\"); is it the right port?")]
    Unknown {
        /// Its words, or their beginning.
        said: String,
    },
    /// It refused.
    #[error("the robot refused {line}: {}", code_words(.code))]
    Refused {
        /// What it was told.
        line: String,
        /// Grbl's error number.
        code: u8,
    },
    /// It raised an alarm.
    #[error("the robot raised ALARM:{code}: {}", alarm_words(.code))]
    Alarm {
        /// Grbl's alarm number.
        code: u8,
    },
    /// Nothing came back in time.
    #[error("the robot did not answer {line} within {secs} s; check its power and its cable")]
    NoAnswer {
        /// What it was told.
        line: String,
        /// How long was waited.
        secs: u64,
    },
    /// A person stopped it.
    #[error("stopped; the robot was reset, so its position is uncertain: send it home")]
    Stopped,
    /// It is locked.
    #[error("the robot is locked {}", lock_words(.homing))]
    Locked {
        /// Whether it has homing, if that is known.
        homing: Option<bool>,
    },
    /// Its door is open.
    #[error("the robot's door is open; close it")]
    DoorOpen,
    /// It does something else.
    #[error("the robot is not idle (it says {state}); wait until it is, or use robot stop")]
    NotIdle {
        /// What it does.
        state: &'static str,
    },
    /// Its settings make it unfit to draw.
    #[error("{0}")]
    Unfit(String),
    /// Nobody said where its pen is.
    #[error("where the pen stands is not known after connecting, and nothing moves before a person says so: {ways}")]
    Unvouched {
        /// What may be said.
        ways: &'static str,
    },
    /// It counts itself to be elsewhere than a person says.
    #[error("{0}")]
    Elsewhere(String),
}

fn code_words(code: &u8) -> String {
    let known = codes::error(*code);
    format!("error:{code}, {} {}", known.meaning, known.remedy)
}

fn alarm_words(code: &u8) -> String {
    let known = codes::alarm(*code);
    format!("{} {}", known.meaning, known.remedy)
}

fn lock_words(homing: &Option<bool>) -> &'static str {
    match homing {
        Some(true) => "until it has been homed; see that nothing is in its way, then use robot home",
        Some(false) => "by an alarm; see that nothing is in its way, then use robot unlock",
        None => "by an alarm; see that nothing is in its way, then use robot home or robot unlock",
    }
}

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        use ConnectError as E;
        let kind = match &error {
            E::Port(port) => return port.clone().into(),
            E::Silent { .. } | E::Stranger { .. } | E::Unknown { .. } => Kind::DeviceNotFound,
            E::Alarm { .. } | E::Locked { .. } | E::DoorOpen => Kind::RobotAlarm,
            E::Refused { .. } | E::NoAnswer { .. } => Kind::Interrupted,
            E::Stopped => Kind::Cancelled,
            E::NotIdle { .. } => Kind::DeviceBusy,
            E::Unfit(_) => Kind::Config,
            E::Unvouched { .. } => Kind::Usage,
            E::Elsewhere(_) => Kind::PlanRejected,
        };
        Fault::new(kind, error.to_string())
    }
}

/// What a state is called.
pub fn state_name(state: State) -> &'static str {
    match state {
        State::Idle => "idle",
        State::Run => "run",
        State::Hold { .. } => "hold",
        State::Jog => "jog",
        State::Home => "home",
        State::Alarm => "alarm",
        State::Check => "check",
        State::Door(_) => "door",
        State::Sleep => "sleep",
        State::Other => "other",
    }
}

impl Met {
    /// Setting `$number`, if it is there and a number.
    pub fn setting(&self, number: u16) -> Option<f64> {
        self.settings.get(&number)?.trim().parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// Whether it finds its place by switches (`$22`), as far as it tells.
    pub fn homing(&self) -> Option<bool> {
        // grblHAL keeps more flags in the same number; the lowest is the same.
        self.setting(22).map(|flags| flags as u32 & 1 == 1)
    }

    /// Where it is in work coordinates, as far as its report and its coordinate systems (`$#`) tell.
    pub fn work_mm(&self) -> Option<[f64; 3]> {
        self.work_of(&self.status)
    }

    /// Where a later report says it is, in work coordinates.
    pub fn work_of(&self, status: &Status) -> Option<[f64; 3]> {
        if status.work_mm.is_some() {
            return status.work_mm;
        }
        let (machine, offset) = (status.machine_mm?, status.offset_mm.or_else(|| self.offset_mm())?);
        Some([0, 1, 2].map(|i| machine[i] - offset[i]))
    }

    /// The machine coordinates of the work origin.
    pub fn offset_mm(&self) -> Option<[f64; 3]> {
        let parameter = |name: &str| -> Option<[f64; 3]> {
            let values = self.parameters.iter().find_map(|text| text.strip_prefix(name)?.strip_prefix(':'))?;
            let mut values = values.split(',').map(|value| value.parse::<f64>().ok().filter(|value| value.is_finite()));
            Some([values.next()??, values.next()??, values.next()??])
        };
        self.status.offset_mm.or_else(|| {
            let (system, shift) = (parameter("G54")?, parameter("G92")?);
            Some([0, 1, 2].map(|i| system[i] + shift[i]))
        })
    }

    /// The coordinate system in force (`[GC:... G54 ...]`), if it tells one.
    pub fn coordinate_system(&self) -> Option<&str> {
        let modes = self.parameters.iter().find_map(|text| text.strip_prefix("GC:"))?;
        modes.split(' ').find(|word| matches!(*word, "G54" | "G55" | "G56" | "G57" | "G58" | "G59"))
    }

    /// Bytes of the firmware's receive buffer, as its options tell it (`[OPT:V,15,128]`); 128 if they do not.
    pub fn buffer_bytes(&self) -> usize {
        const GRBL: usize = 128;
        self.options
            .split(',')
            .nth(2)
            .and_then(|bytes| bytes.parse().ok())
            .filter(|bytes| *bytes >= GRBL)
            .unwrap_or(GRBL)
    }
}
