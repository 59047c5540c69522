//! Every fault of the kiosk by its code: the calm sentence for the visitor, and cause, hint and remedy for the staff.
//!
//! The visitor's sentences live with the other texts, in every language; the staff's stand here, in English. The enum
//! is made from the table, so a code without a row cannot be written. Codes are promised to pages, logs and
//! metrics: they never change. What the firmware's own alarm and error numbers mean is told by `firmware-protocol`.

use serde::Deserialize;
use serde::Serialize;

use super::texts::TextKey;

/// What a fault does to the drawing under the pen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnJob {
    /// It goes on.
    Nothing,
    /// It is not begun.
    Refused,
    /// It is held until a person lets it go on.
    Held,
    /// It is broken off; the staff may resume it at its first stroke that is not confirmed.
    Interrupted,
    /// It cannot go on.
    Failed,
}

/// What is said and done about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The code as it is written.
    pub code: &'static str,
    /// What the visitor reads; nothing where the visitor need not know.
    pub visitor: Option<TextKey>,
    /// What has happened.
    pub cause: &'static str,
    /// Where to look.
    pub hint: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Whether no new visitor is asked in while it lasts.
    pub closes: bool,
    /// What it does to a drawing.
    pub job: OnJob,
}

macro_rules! faults {
    ($($name:ident, $code:literal, $visitor:expr, closes: $closes:literal, job: $job:ident;
       $cause:literal $hint:literal $remedy:literal;)+) => {
        /// What has gone wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum FaultCode {
            $(#[doc = $cause] #[serde(rename = $code)] $name,)+
        }

        impl FaultCode {
            /// All codes.
            pub const ALL: [FaultCode; [$($code),+].len()] = [$(FaultCode::$name),+];

            /// Its row of the table.
            pub const fn row(self) -> Row {
                match self {
                    $(FaultCode::$name => Row {
                        code: $code,
                        visitor: $visitor,
                        cause: $cause,
                        hint: $hint,
                        remedy: $remedy,
                        closes: $closes,
                        job: OnJob::$job,
                    },)+
                }
            }
        }
    };
}

impl FaultCode {
    /// Whether it belongs to any evening: how a visitor stands before the camera, a camera that needs a moment to wake
    /// or to judge a photo (one that needs longer is a break), a sheet that is to be loaded.
    pub fn is_everyday(self) -> bool {
        use FaultCode::CamLost;
        use FaultCode::FaceSmall;
        use FaultCode::FaceTurned;
        use FaultCode::ManyFaces;
        use FaultCode::NoFace;
        use FaultCode::PaperNone;
        matches!(self, CamLost | NoFace | ManyFaces | FaceSmall | FaceTurned | PaperNone)
    }
}

// Name, code, the visitor's sentence, whether it closes the front door, what it does to a drawing; then, for the staff,
// cause, hint and remedy.
faults! {
    CamLost, "CAM_LOST", Some(TextKey::FaultCamLost), closes: true, job: Nothing;
    "The camera sends no frames."
    "The device is gone, asleep or held by another program."
    "It is opened again by itself; check its cable if that takes long.";
    CamBreak, "CAM_BREAK", Some(TextKey::FaultCamBreak), closes: true, job: Nothing;
    "The camera has been gone for longer than a moment."
    "It is tried again and again; a camera that comes back is taken without a restart."
    "Check cable and hub power, or plug the camera into another socket.";
    CamDark, "CAM_DARK", Some(TextKey::FaultCamDark), closes: false, job: Nothing;
    "The face is too dark."
    "Compare the exposure with the morning's."
    "Switch the lamp on, or move the mark out of the shadow.";
    CamBlurred, "CAM_BLURRED", Some(TextKey::FaultCamBlurred), closes: false, job: Nothing;
    "The face is blurred."
    "Fingerprints on the lens, or a focus that hunts."
    "Clean the lens; fix the focus on the mark.";
    PhotoUnreadable, "PHOTO_UNREADABLE", None, closes: false, job: Nothing;
    "The photo's file cannot be read, or it is no photo."
    "It may be gone, of another format, or larger than a photo may be."
    "Lay it there again as JPEG, PNG or WebP of at most 40 million pixels.";
    NoFace, "NO_FACE", Some(TextKey::FaultNoFace), closes: false, job: Nothing;
    "No face is in the picture."
    "The visitor may stand beside the mark."
    "Show the mark, or turn the camera to it.";
    ManyFaces, "MANY_FACES", Some(TextKey::FaultManyFaces), closes: false, job: Nothing;
    "Several faces are in the picture."
    "People look over the visitor's shoulder."
    "Ask them to step aside, or hang a cloth behind the mark.";
    FaceSmall, "FACE_SMALL", Some(TextKey::FaultFaceSmall), closes: false, job: Nothing;
    "The face is too small."
    "The visitor stands too far away."
    "Move the mark nearer to the camera.";
    FaceTurned, "FACE_TURNED", Some(TextKey::FaultFaceTurned), closes: false, job: Nothing;
    "The face is turned away."
    "The screen may stand too far beside the camera."
    "Bring camera and screen together.";
    ModelFail, "MODEL_FAIL", Some(TextKey::FaultModelFail), closes: false, job: Nothing;
    "The photo could not be turned into lines."
    "The log names the stage and the model."
    "Let the visitor try again; if it stays, restart and run doctor.";
    ModelSlow, "MODEL_SLOW", Some(TextKey::FaultModelSlow), closes: false, job: Nothing;
    "The styles took longer than they may."
    "Something else uses the processor, or it is hot."
    "End other programs; offer fewer styles.";
    PlanBounds, "PLAN_BOUNDS", Some(TextKey::FaultPlanBounds), closes: false, job: Failed;
    "The plan leaves the safe area or is too fast; nothing has moved."
    "The log names the line, the point and the limit."
    "Compare sheet and field in the robot's profile.";
    PlanTooLong, "PLAN_TOO_LONG", None, closes: false, job: Refused;
    "A style takes longer than a drawing may, and is not offered."
    "The log tells its seconds and strokes."
    "Raise kiosk.longest_drawing_secs, or lower the style's tone.";
    LinkLost, "LINK_LOST", Some(TextKey::FaultLinkLost), closes: true, job: Interrupted;
    "The robot's cable is silent."
    "The log names the port, the last line answered and the last status."
    "Check cable and power. It reconnects by itself; then home, and resume or throw away.";
    LinkOther, "LINK_OTHER", Some(TextKey::ClosedBreak), closes: true, job: Interrupted;
    "Something else answers at the robot's port."
    "The log tells who was expected and who answered."
    "Plug in the right robot, or correct its profile.";
    NoOk, "NO_OK", Some(TextKey::FaultNoOk), closes: true, job: Interrupted;
    "The robot has stopped answering, and has been told to hold."
    "The log tells the line and what is in the buffer."
    "Look at the robot, acknowledge, home; then resume or throw away.";
    LineRefused, "LINE_REFUSED", Some(TextKey::FaultAlarm), closes: true, job: Failed;
    "The firmware refused a line of the drawing."
    "The log tells the line and the error's meaning."
    "Check that profile and firmware belong together; a new try would end the same way.";
    Alarm, "ALARM", Some(TextKey::FaultAlarm), closes: true, job: Interrupted;
    "The firmware raised an alarm and locked itself."
    "Its number says why, and whether the position is still certain."
    "Mend the cause, acknowledge, home; then resume or throw away.";
    Door, "DOOR", Some(TextKey::FaultDoor), closes: true, job: Held;
    "The gate was opened, and the robot holds."
    "The status tells which input."
    "Close the gate, then press: closing alone moves nothing.";
    Estop, "ESTOP", Some(TextKey::FaultEstop), closes: true, job: Interrupted;
    "The emergency stop is pressed, or the drivers have lost their power."
    "The chain's input is open."
    "Look first. Release, acknowledge, home; resume only if the paper is untouched.";
    StopUi, "STOP_UI", Some(TextKey::FaultStopUi), closes: true, job: Held;
    "Somebody pressed Stop on a screen; the robot holds and knows where it is."
    "The log tells which screen."
    "Continue or finish the drawing.";
    UnaskedMotion, "UNASKED_MOTION", Some(TextKey::FaultAlarm), closes: true, job: Interrupted;
    "The robot moved though nobody had asked it to, and has been told to hold."
    "Another program may hold its port."
    "End that program, acknowledge, home.";
    PaperNone, "PAPER_NONE", Some(TextKey::FaultPaperNone), closes: true, job: Refused;
    "No fresh sheet lies under the pen."
    "A sensor, the camera or the counter says so."
    "Load a sheet and tap Sheet loaded.";
    PaperMoved, "PAPER_MOVED", Some(TextKey::FaultPaperMoved), closes: true, job: Held;
    "The sheet has moved under the pen."
    "Clamps, magnets, or a hand on the paper."
    "Put a new sheet on, tap Sheet loaded, and start again.";
    PenWorn, "PEN_WORN", Some(TextKey::FaultPenWorn), closes: true, job: Held;
    "The pen has drawn as many metres as it is good for."
    "A drawing that ends soon is finished first."
    "Change the pen, make a test mark, tap Pen changed.";
    PenDry, "PEN_DRY", Some(TextKey::FaultPenWorn), closes: true, job: Held;
    "The pen has been open for too long, or its mark is missing."
    "Look at the last strokes."
    "Change the pen, make a test mark, tap Pen changed.";
    DiskLow, "DISK_LOW", Some(TextKey::ClosedBreak), closes: true, job: Nothing;
    "The disk is nearly full."
    "A drawing under way goes on: room for its journal is set aside."
    "Delete what doctor names.";
    DiskFull, "DISK_FULL", Some(TextKey::ClosedBreak), closes: true, job: Refused;
    "The disk is full."
    "A drawing under way goes on: room for its journal is set aside."
    "Delete what doctor names; the booth opens by itself when there is room.";
    WipeFailed, "WIPE_FAILED", Some(TextKey::FaultWipeFailed), closes: true, job: Nothing;
    "A photo could not be wiped; it is tried again, and nobody is asked in before."
    "The log names the step that failed, and no picture."
    "If it stays, stop the service: that empties its memory and its folder.";
    Crash, "CRASH", Some(TextKey::CommonReconnecting), closes: true, job: Interrupted;
    "The program ended in the middle of a drawing and was started again; nothing moves."
    "The log's last lines tell why."
    "Home, then resume or throw away.";
    Power, "POWER", Some(TextKey::ClosedBreak), closes: true, job: Interrupted;
    "The power failed in the middle of a drawing."
    "The robot does not know where it is."
    "Home. If the paper did not move, resume; else throw away.";
    Overheat, "OVERHEAT", Some(TextKey::FaultOverheat), closes: false, job: Nothing;
    "The computer is too hot."
    "It computes more slowly; the drawings stay the same."
    "Give it air; clean its filter.";
    Throttled, "THROTTLED", Some(TextKey::FaultOverheat), closes: false, job: Nothing;
    "The computer saves power and is slow."
    "Its supply may be too weak."
    "Use the supply that belongs to it.";
    Clock, "CLOCK", None, closes: false, job: Nothing;
    "The computer's clock has jumped."
    "All waits use a clock that does not jump."
    "Set the time, or let the network do it.";
    UiStale, "UI_STALE", Some(TextKey::CommonReconnecting), closes: false, job: Nothing;
    "A screen has not heard from the program for three seconds."
    "The list of clients tells which."
    "Check its network; it reconnects by itself.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_one_row_of_its_own() {
        let mut seen = BTreeSet::new();
        for code in FaultCode::ALL {
            let row = code.row();
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", row.code), "{code:?}");
            assert!(seen.insert(row.code), "{} twice", row.code);
            for sentence in [row.cause, row.hint, row.remedy] {
                assert!(sentence.ends_with('.') && sentence.len() > 10, "{}: {sentence}", row.code);
            }
        }
    }

    #[test]
    fn whatever_holds_the_robot_closes_the_front_door() {
        for row in FaultCode::ALL.map(FaultCode::row) {
            let breaks = matches!(row.job, OnJob::Held | OnJob::Interrupted);
            assert!(!breaks || row.closes, "{}", row.code);
            assert!(!row.closes || row.visitor.is_some(), "{}: a closed door says why", row.code);
        }
    }
}
