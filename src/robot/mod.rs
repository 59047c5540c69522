//! The door to the machine that holds the pen. One trait, [`Robot`]; behind it the built-in simulated robot
//! ([`Simulated`]), which inks the plan at the planned speed.
//!
//! Promise of every robot behind this door: a stop asked for is obeyed before anything else, the pen is up when
//! [`Robot::draw`] returns, and [`Drawn`] says what was executed, not what was sent.

mod simulated;

pub use simulated::Pace;
pub use simulated::Simulated;

use std::sync::atomic::AtomicBool;

use crate::plan::MotionPlan;
use crate::plan::Program;

/// What a robot did with a program.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// How far into the plan the pen came, in the plan's own seconds.
    pub plan_secs: f64,
    /// Whether the whole plan was drawn.
    pub finished: bool,
}

/// A machine that draws.
pub trait Robot {
    /// Draws `program`, which was written from `plan`, until it is done or `stop` becomes true; `watch` hears the
    /// plan's seconds executed so far, about ten times a second.
    fn draw(&mut self, plan: &MotionPlan, program: &Program, stop: &AtomicBool, watch: &mut dyn FnMut(f64)) -> Drawn;
}
