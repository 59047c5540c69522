//! The last questions before a pen moves on a real robot: may it, and does it stand where the drawing begins?
//!
//! A firmware counts its position from wherever it was switched on, and many boards start anew whenever their port is
//! opened: after connecting nobody but a person knows where the pen is. So a person says it ([`Origin`]), or sends the
//! robot home; silence never means yes. What the firmware counts is compared all the same. It refuses a robot that is
//! locked, busy, unfit, or elsewhere. Units: mm in work coordinates, whose origin is the field's.

use std::time::Duration;

use firmware_protocol::reply::State;

use super::ConnectError;
use super::Met;
use super::Talk;
use super::connect::state_name;
use super::driver::parting;
use crate::plan::PenLift;
use crate::plan::RobotProfile;

/// What a person says about where the pen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nothing.
    Unsaid,
    /// It stands lifted at the field's origin, where every drawing begins.
    Here,
    /// Send the robot home first, then to the origin.
    Home,
}

/// Standing this near is standing there: two steps of a coarse machine.
const NEAR_MM: f64 = 0.05;
/// Homing and the way from there are over by then.
const MOVE: Duration = Duration::from_secs(120);
/// Any other answer.
const ANSWER: Duration = Duration::from_secs(5);

const WAYS: &str = "say --at-origin if it stands lifted at the field's lower left corner";
const WAYS_WITH_HOMING: &str =
    "say --home to send the robot home first, or --at-origin if it stands lifted at the field's lower left corner";

impl Met {
    /// Proves that it may draw as the robot of `profile`, wherever its pen is.
    ///
    /// # Errors
    /// Unfit settings, a lock, something else going on.
    pub fn may_draw(&self, profile: &RobotProfile, origin: Origin) -> Result<(), ConnectError> {
        self.fit(profile)?;
        match self.status.state {
            State::Idle => {}
            State::Alarm if origin == Origin::Home => {}
            State::Alarm => return self.unlocked(),
            state => return Err(ConnectError::NotIdle { state: state_name(state) }),
        }
        if origin == Origin::Home && self.homing() == Some(false) {
            return Err(ConnectError::Unfit(
                "this robot has no homing ($22=0); put its pen to the field's lower left corner and say --at-origin"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Proves that no alarm keeps it from moving.
    ///
    /// # Errors
    /// One does.
    pub fn unlocked(&self) -> Result<(), ConnectError> {
        if self.status.state == State::Alarm { Err(ConnectError::Locked { homing: self.homing() }) } else { Ok(()) }
    }

    /// Proves that it counts itself to stand lifted at the origin; one that does not tell is believed.
    ///
    /// # Errors
    /// It is elsewhere, with the way there.
    pub fn at_origin(&self, profile: &RobotProfile) -> Result<(), ConnectError> {
        let Some([x, y, z]) = self.work_mm() else { return Ok(()) };
        if x.abs() > NEAR_MM || y.abs() > NEAR_MM {
            let stopped = if self.stopped { "the robot was moving, and has been stopped; it" } else { "the robot" };
            return Err(ConnectError::Elsewhere(format!(
                "{stopped} counts itself at {x:.3}, {y:.3} mm, but the drawing begins at 0, 0: bring it there with robot \
                 jog {:.3} {:.3}, or use robot origin if the pen does stand at the field's lower left corner",
                0.0 - x,
                0.0 - y
            )));
        }
        match profile.pen {
            PenLift::Z { up_mm, .. } if (z - up_mm).abs() > NEAR_MM => Err(ConnectError::Elsewhere(format!(
                "the robot counts its pen at z {z:.3} mm, but the drawing begins with it lifted to {up_mm}: use robot pen \
                 up, or robot origin if it does stand lifted at the field's lower left corner"
            ))),
            _ => Ok(()),
        }
    }
}

/// The line that makes the place where the pen stands lifted the field's origin, kept without power.
pub fn origin_line(profile: &RobotProfile) -> String {
    match profile.pen {
        PenLift::Servo { .. } => "G10L20P1X0Y0".into(),
        PenLift::Z { up_mm, .. } => format!("G10L20P1X0Y0Z{up_mm}"),
    }
}

/// Makes a robot that has been met ready to draw: all is proved, and with [`Origin::Home`] it homes, lifts its pen and
/// goes to the origin.
///
/// # Errors
/// What keeps it from drawing, in one sentence; it has not moved then, unless it was to go home.
pub fn make_ready(talk: &mut Talk, met: &mut Met, profile: &RobotProfile, origin: Origin) -> Result<(), ConnectError> {
    met.may_draw(profile, origin)?;
    match origin {
        Origin::Unsaid => {
            let homing = met.homing() == Some(true);
            return Err(ConnectError::Unvouched { ways: if homing { WAYS_WITH_HOMING } else { WAYS } });
        }
        Origin::Here => {}
        Origin::Home => {
            talk.ask("$H", MOVE)?;
            talk.at_rest(MOVE)?;
            for line in parting(profile) {
                talk.ask(&line, ANSWER)?;
            }
            talk.at_rest(MOVE)?;
            // A jog leaves the modes alone, and is refused where soft limits forbid the place.
            talk.ask(&format!("$J=G90G21X0Y0F{:.0}", profile.feed_mm_min()), ANSWER)?;
            met.status = talk.at_rest(MOVE)?;
        }
    }
    met.at_origin(profile)
}
