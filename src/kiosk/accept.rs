//! Whether a visitor may be asked in: a list of reasons against it, never a bare no.
//!
//! The attract screen, the readiness endpoint and the start of a session all ask here. A session can only be begun with
//! an [`Admission`], and only an empty list gives one. The camera is closed until somebody consents, so before that it
//! only has to be there; once open it has to send frames.

use std::time::Duration;

use serde::Serialize;

use super::config::KioskConfig;
use super::config::secs;
use super::fault_codes::FaultCode;
use super::machine::Machine;
use super::texts::TextKey;

/// The camera as its supervisor tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraHealth {
    /// Not there, or not opening, since then.
    Lost {
        /// Since when.
        since: Duration,
    },
    /// There, and closed as it should be.
    Closed,
    /// Open.
    Open {
        /// When its last frame came.
        last_frame: Duration,
    },
}

impl CameraHealth {
    /// What is wrong with it.
    pub fn fault(self, now: Duration, config: &KioskConfig) -> Option<FaultCode> {
        let lost = |since: Duration| {
            let long = now.saturating_sub(since) > secs(config.camera_break_secs);
            if long { FaultCode::CamBreak } else { FaultCode::CamLost }
        };
        match self {
            CameraHealth::Lost { since } => Some(lost(since)),
            CameraHealth::Open { last_frame } if now.saturating_sub(last_frame) > secs(config.camera_stale_secs) => {
                Some(lost(last_frame))
            }
            CameraHealth::Open { .. } | CameraHealth::Closed => None,
        }
    }
}

/// What lies under the pen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paper {
    /// A fresh sheet, as a sensor or a person says.
    Fresh,
    /// A sheet on which a pen has been.
    Used,
    /// None.
    Missing,
}

/// The pen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pen {
    /// It writes.
    Good,
    /// It has drawn its metres.
    Worn,
    /// It has been open for too long, or leaves no mark.
    Dry,
}

/// The disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disk {
    /// Room enough.
    Roomy,
    /// Below the low-water mark.
    Low,
    /// None left.
    Full,
}

/// What is known about the house beside its machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// The staff has opened the booth.
    pub open: bool,
    /// The camera.
    pub camera: CameraHealth,
    /// What lies under the pen.
    pub paper: Paper,
    /// How many fresh sheets there are beside it, where they are counted.
    pub sheets_left: Option<u32>,
    /// The pen.
    pub pen: Pen,
    /// The disk.
    pub disk: Disk,
    /// All networks of the styles are loaded.
    pub model_loaded: bool,
}

impl Conditions {
    /// After a start nothing is known to be well, and the booth is closed.
    pub fn at_start(now: Duration) -> Self {
        Self {
            open: false,
            camera: CameraHealth::Lost { since: now },
            paper: Paper::Missing,
            sheets_left: None,
            pen: Pen::Good,
            disk: Disk::Roomy,
            model_loaded: false,
        }
    }
}

/// What the robot's table holds, as far as the next visitor is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Nothing.
    Free,
    /// A drawing under way or about to be begun.
    Busy {
        /// Until the next one could begin, seconds.
        wait_secs: u32,
        /// Whether somebody may wait for it.
        place: bool,
    },
    /// A drawing that is held.
    Held,
    /// A drawing that was broken off and waits for the staff.
    Interrupted,
    /// A finished drawing that nobody has taken.
    NotTaken,
}

/// Why no visitor is asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Reason {
    /// The staff has closed it, or not yet opened it.
    Closed,
    /// The robot is not ready.
    RobotNotReady {
        /// Its state.
        state: &'static str,
    },
    /// The robot stopped to be safe, and a person must look.
    Latched {
        /// Why.
        code: FaultCode,
    },
    /// The robot draws, and nobody else may wait or would want to.
    Busy {
        /// How long, minutes.
        minutes: u32,
    },
    /// A drawing is held until a person lets it go on or ends it.
    DrawingHeld,
    /// A drawing was broken off; the staff resumes it or throws it away.
    DrawingInterrupted,
    /// A finished drawing lies under the pen.
    DrawingNotTaken,
    /// No fresh sheet.
    NoPaper,
    /// The pen must be changed.
    Pen {
        /// Why.
        code: FaultCode,
    },
    /// The camera is gone or silent.
    Camera {
        /// For a moment or for longer.
        code: FaultCode,
    },
    /// The disk is nearly full or full.
    Disk {
        /// Which.
        code: FaultCode,
    },
    /// The networks are not loaded yet.
    ModelNotLoaded,
    /// Something of the last visitor could not be wiped.
    NotWiped,
}

impl Reason {
    /// What a visitor reads of it, with the minutes it asks for, if it does.
    pub fn text(self) -> (TextKey, Option<u32>) {
        match self {
            Reason::Busy { minutes } => (TextKey::ClosedWait, Some(minutes)),
            Reason::NoPaper => (TextKey::ClosedPaper, None),
            Reason::Pen { .. } => (TextKey::ClosedPen, None),
            Reason::DrawingNotTaken => (TextKey::ClosedTakeFirst, None),
            Reason::Latched { code } | Reason::Camera { code } => {
                (code.row().visitor.unwrap_or(TextKey::ClosedBreak), None)
            }
            Reason::Closed
            | Reason::RobotNotReady { .. }
            | Reason::DrawingHeld
            | Reason::DrawingInterrupted
            | Reason::Disk { .. }
            | Reason::ModelNotLoaded
            | Reason::NotWiped => (TextKey::ClosedBreak, None),
        }
    }
}

/// The proof that a visitor may be asked in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission(());

/// All that decides whether a visitor may be asked in.
#[derive(Debug, Clone, Copy)]
pub struct House<'a> {
    /// What is known beside the machines.
    pub conditions: &'a Conditions,
    /// The robot.
    pub machine: Machine,
    /// Its table.
    pub table: Table,
    /// Whether something of an earlier visitor could not be wiped yet.
    pub wipe_fails: bool,
    /// The time.
    pub now: Duration,
    /// The limits.
    pub config: &'a KioskConfig,
}

/// Every reason why no visitor can be accepted; none if one can.
pub fn can_accept_visitor(house: &House) -> Vec<Reason> {
    let House { conditions, machine, table, now, config, .. } = *house;
    let mut reasons = Vec::new();
    if !conditions.open {
        reasons.push(Reason::Closed);
    }
    if house.wipe_fails {
        reasons.push(Reason::NotWiped);
    }
    let busy = matches!(table, Table::Busy { .. });
    match machine {
        Machine::Latched(latched) => reasons.push(Reason::Latched { code: latched.cause().code() }),
        Machine::Ready => {}
        Machine::Moving if busy => {}
        // A drawing that is held says so itself.
        Machine::Moving | Machine::Holding | Machine::Held if table == Table::Held => {}
        _ => reasons.push(Reason::RobotNotReady { state: machine.name() }),
    }
    match table {
        Table::Free => {
            if conditions.paper != Paper::Fresh {
                reasons.push(Reason::NoPaper);
            }
        }
        Table::Busy { wait_secs, place } => {
            if !place || wait_secs > config.longest_wait_secs {
                reasons.push(Reason::Busy { minutes: minutes(wait_secs) });
            }
            if conditions.sheets_left == Some(0) {
                reasons.push(Reason::NoPaper);
            }
        }
        Table::Held => reasons.push(Reason::DrawingHeld),
        Table::Interrupted => reasons.push(Reason::DrawingInterrupted),
        Table::NotTaken => reasons.push(Reason::DrawingNotTaken),
    }
    match conditions.pen {
        Pen::Good => {}
        Pen::Worn => reasons.push(Reason::Pen { code: FaultCode::PenWorn }),
        Pen::Dry => reasons.push(Reason::Pen { code: FaultCode::PenDry }),
    }
    if let Some(code) = conditions.camera.fault(now, config) {
        reasons.push(Reason::Camera { code });
    }
    match conditions.disk {
        Disk::Roomy => {}
        Disk::Low => reasons.push(Reason::Disk { code: FaultCode::DiskLow }),
        Disk::Full => reasons.push(Reason::Disk { code: FaultCode::DiskFull }),
    }
    if !conditions.model_loaded {
        reasons.push(Reason::ModelNotLoaded);
    }
    reasons
}

/// The proof that a visitor may be asked in.
///
/// # Errors
/// Every reason against it.
pub fn admit(house: &House) -> Result<Admission, Vec<Reason>> {
    let reasons = can_accept_visitor(house);
    if reasons.is_empty() { Ok(Admission(())) } else { Err(reasons) }
}

/// Seconds as the minutes that a visitor is told: rounded up, never zero.
pub fn minutes(secs: u32) -> u32 {
    secs.div_ceil(60).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kiosk::machine::MachineEvent;

    fn good() -> Conditions {
        Conditions {
            open: true,
            camera: CameraHealth::Closed,
            paper: Paper::Fresh,
            sheets_left: Some(3),
            pen: Pen::Good,
            disk: Disk::Roomy,
            model_loaded: true,
        }
    }

    fn reasons(change: impl FnOnce(&mut Conditions, &mut Machine, &mut Table, &mut bool)) -> Vec<Reason> {
        let (mut conditions, mut machine, mut table, mut wipe_fails) = (good(), Machine::Ready, Table::Free, false);
        change(&mut conditions, &mut machine, &mut table, &mut wipe_fails);
        let config = KioskConfig::default();
        let now = secs(1000);
        let house = House { conditions: &conditions, machine, table, wipe_fails, now, config: &config };
        assert_eq!(admit(&house).is_ok(), can_accept_visitor(&house).is_empty());
        can_accept_visitor(&house)
    }

    #[test]
    fn a_house_in_order_takes_a_visitor() {
        assert_eq!(reasons(|_, _, _, _| ()), []);
        assert_eq!(reasons(|c, _, _, _| c.camera = CameraHealth::Open { last_frame: secs(999) }), []);
        let waits = |_: &mut Conditions, m: &mut Machine, t: &mut Table, _: &mut bool| {
            (*m, *t) = (Machine::Moving, Table::Busy { wait_secs: 240, place: true });
        };
        assert_eq!(reasons(waits), [], "one may wait while the robot draws");
    }

    #[test]
    fn each_shortcoming_is_its_own_reason() {
        use FaultCode::*;
        assert_eq!(reasons(|c, _, _, _| c.open = false), [Reason::Closed]);
        assert_eq!(reasons(|_, _, _, w| *w = true), [Reason::NotWiped]);
        assert_eq!(reasons(|c, _, _, _| c.paper = Paper::Used), [Reason::NoPaper]);
        assert_eq!(reasons(|c, _, _, _| c.pen = Pen::Dry), [Reason::Pen { code: PenDry }]);
        assert_eq!(reasons(|c, _, _, _| c.disk = Disk::Low), [Reason::Disk { code: DiskLow }]);
        assert_eq!(reasons(|c, _, _, _| c.model_loaded = false), [Reason::ModelNotLoaded]);
        let lost = |since| {
            move |c: &mut Conditions, _: &mut Machine, _: &mut Table, _: &mut bool| {
                c.camera = CameraHealth::Lost { since };
            }
        };
        assert_eq!(reasons(lost(secs(990))), [Reason::Camera { code: CamLost }]);
        assert_eq!(reasons(lost(secs(900))), [Reason::Camera { code: CamBreak }]);
        let stale = CameraHealth::Open { last_frame: secs(998) };
        assert_eq!(reasons(|c, _, _, _| c.camera = stale), [Reason::Camera { code: CamLost }]);
        assert_eq!(reasons(|_, m, _, _| *m = Machine::Unhomed), [Reason::RobotNotReady { state: "unhomed" }]);
        let estop = Machine::Ready.step(MachineEvent::ChainOpened).0;
        assert_eq!(reasons(|_, m, _, _| *m = estop), [Reason::Latched { code: Estop }]);
        assert_eq!(reasons(|_, _, t, _| *t = Table::NotTaken), [Reason::DrawingNotTaken]);
        assert_eq!(reasons(|_, _, t, _| *t = Table::Interrupted), [Reason::DrawingInterrupted]);
        for busy in [Table::Busy { wait_secs: 121, place: false }, Table::Busy { wait_secs: 901, place: true }] {
            let found = reasons(|_, m, t, _| (*m, *t) = (Machine::Moving, busy));
            assert!(matches!(found[..], [Reason::Busy { minutes: 3 | 16 }]), "{found:?}");
        }
    }

    #[test]
    fn all_reasons_are_told_at_once() {
        let config = KioskConfig::default();
        let conditions = Conditions::at_start(secs(0));
        let (machine, table, now) = (Machine::Absent, Table::Free, secs(0));
        let house = House { conditions: &conditions, machine, table, wipe_fails: true, now, config: &config };
        assert_eq!(can_accept_visitor(&house).len(), 6, "closed, not wiped, robot, paper, camera, model");
    }
}
