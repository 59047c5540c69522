//! The built-in simulated robot: draws the plan exactly at its planned speed, in no time or in real time.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use super::Drawn;
use super::Robot;
use crate::plan::MotionPlan;
use crate::plan::Program;

/// How fast simulated time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as this computer can.
    AtOnce,
    /// A second a second.
    RealTime,
}

/// A robot with no motors.
#[derive(Debug)]
pub struct Simulated {
    pace: Pace,
}

/// How often progress is told and the stop switch looked at.
const TICK: Duration = Duration::from_millis(100);

impl Simulated {
    /// A simulated robot whose time runs at `pace`.
    pub fn new(pace: Pace) -> Self {
        Self { pace }
    }
}

impl Robot for Simulated {
    fn draw(&mut self, plan: &MotionPlan, _program: &Program, stop: &AtomicBool, watch: &mut dyn FnMut(f64)) -> Drawn {
        let total = plan.total_secs();
        let started = Instant::now();
        let mut tick = 0u32;
        loop {
            let plan_secs = match self.pace {
                Pace::AtOnce => f64::from(tick) * TICK.as_secs_f64(),
                Pace::RealTime => started.elapsed().as_secs_f64(),
            };
            if stop.load(Ordering::SeqCst) {
                return Drawn { plan_secs: plan_secs.min(total), finished: plan_secs >= total };
            }
            watch(plan_secs.min(total));
            if plan_secs >= total {
                return Drawn { plan_secs: total, finished: true };
            }
            if self.pace == Pace::RealTime {
                thread::sleep(TICK.min(Duration::from_secs_f64(total - plan_secs)));
            }
            tick += 1;
        }
    }
}
