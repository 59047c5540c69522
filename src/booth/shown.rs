//! What the loop lets others look at: whose session it is, its plans, where its pictures are, the house, the reasons.
//!
//! Written by the loop after each step, read by whoever asks; nobody who reads holds the loop up. It names no visitor and
//! holds no picture, only where the sitter's process shows them.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use serde_json::Value;

use super::drawing::Drawing;
use crate::kiosk::Reason;
use crate::kiosk::SessionId;
use crate::server;

/// What may be looked at.
#[derive(Debug, Clone)]
pub(super) struct Now {
    /// Whose session it is.
    pub session: Option<SessionId>,
    /// Where its pictures are.
    pub pictures: Option<String>,
    /// The drawings it may choose from, by style.
    pub offers: Vec<(String, Arc<Drawing>)>,
    /// The address of its link, for its phone.
    pub link: Option<String>,
    /// The drawing it has chosen.
    pub own: Option<Arc<Drawing>>,
    /// The house, as the staff sees it.
    pub house: Value,
    /// Why nobody is asked in.
    pub reasons: Vec<server::Reason>,
}

impl Default for Now {
    /// Before the loop's first step nobody is asked in.
    fn default() -> Self {
        let reasons = vec![server::Reason { code: "STARTING", detail: "the booth is being started".to_owned() }];
        Self { session: None, pictures: None, offers: Vec::new(), link: None, own: None, house: Value::Null, reasons }
    }
}

/// The same, for many readers.
#[derive(Debug, Default)]
pub(super) struct Shown(RwLock<Now>);

impl Shown {
    /// What may be looked at now.
    pub fn read<T>(&self, look: impl FnOnce(&Now) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on this.
    pub fn write(&self, now: Now) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

/// A reason as programs and operators read it.
pub(super) fn reason(reason: &Reason) -> server::Reason {
    let (code, detail) = match reason {
        Reason::Closed => ("CLOSED", "the booth is closed; open it".to_owned()),
        Reason::RobotNotReady { state } => ("ROBOT_NOT_READY", format!("the robot is {state}")),
        Reason::Latched { code } => (code.row().code, code.row().remedy.to_owned()),
        Reason::Busy { minutes } => ("BUSY", format!("the robot draws; about {minutes} min")),
        Reason::DrawingHeld => ("DRAWING_HELD", "a drawing is held; let it go on or end it".to_owned()),
        Reason::DrawingInterrupted => {
            ("DRAWING_INTERRUPTED", "a drawing broke off; resume it or throw it away".to_owned())
        }
        Reason::DrawingNotTaken => ("DRAWING_NOT_TAKEN", "a finished drawing lies under the pen; take it".to_owned()),
        Reason::NoPaper => ("PAPER_NONE", "no fresh sheet lies under the pen; load one".to_owned()),
        Reason::Pen { code } | Reason::Camera { code } | Reason::Disk { code } => {
            (code.row().code, code.row().remedy.to_owned())
        }
        Reason::ModelNotLoaded => ("MODEL_NOT_LOADED", "the networks are being loaded".to_owned()),
        Reason::NotWiped => ("WIPE_FAILED", "something of the last visitor could not be wiped".to_owned()),
    };
    server::Reason { code, detail }
}
