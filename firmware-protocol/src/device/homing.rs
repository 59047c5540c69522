//! Homing: z first, then x and y together; each approaches its switch fast, pulls off, approaches slowly, pulls off.
//!
//! ```text
//!   --------- seek ---------> switch
//!                    <- pull off
//!                    - locate -> switch
//!                    <- pull off          here is -pull-off (or travel + pull-off, if homing goes the other way)
//! ```
//!
//! Source: Grbl 1.1 settings documentation ($22 to $27), positions and times as recorded.

use super::Device;
use super::SECOND;
use super::State;
use super::tasks::Task;
use crate::math::round;
use crate::math::sqrt;
use crate::planner::Motion;
use crate::planner::Rate;

/// The axes of each cycle.
const CYCLES: [[bool; 3]; 2] = [[false, false, true], [true, true, false]];
/// Search, pull off, locate, pull off.
const MOVES: u8 = 4;
/// A switch is searched over one and a half travels, and located again within five pull-offs.
const SEARCH_TRAVELS: f32 = 1.5;
const LOCATE_PULL_OFFS: f32 = 5.0;

/// One of the moves of homing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seek {
    cycle: u8,
    number: u8,
}

impl Seek {
    fn approaches(self) -> bool {
        self.number.is_multiple_of(2)
    }

    fn axes(self) -> [bool; 3] {
        CYCLES[usize::from(self.cycle)]
    }
}

impl Device {
    pub(super) fn home(&mut self) {
        self.clear_motion();
        self.tasks.push_back(Task::Home(Seek { cycle: 0, number: 0 }));
    }

    fn homes_backwards(&self, axis: usize) -> bool {
        (self.settings.value(23) as u8) >> axis & 1 != 0
    }

    pub(super) fn begin_seek(&mut self, seek: Seek) {
        let travel = self.settings.axes(130);
        let pull_off = self.settings.value(27);
        let axes = seek.axes();
        let longest = (0..3).filter(|&i| axes[i]).map(|i| travel[i]).fold(0.0, f32::max);
        let (distance, rate) = match seek.number {
            0 => (SEARCH_TRAVELS * longest, self.settings.value(25)),
            2 => (LOCATE_PULL_OFFS * pull_off, self.settings.value(24)),
            _ => (pull_off, self.settings.value(25)),
        };
        let count = axes.iter().filter(|&&active| active).count() as f64;
        let mut to = self.position_mm();
        for axis in (0..3).filter(|&axis| axes[axis]) {
            self.stepper.position[axis] = 0;
            let forward = self.homes_backwards(axis) != seek.approaches();
            to[axis] = if forward { distance } else { -distance };
        }
        self.homing_locked = axes.map(|active| !active);
        self.planner.reset(self.stepper.position);
        let rate = Rate::Feed(f64::from(rate) / 60.0 * sqrt(count));
        let machine = self.settings.machine();
        let motion = Motion { rate, fixed: true, tag: 0 };
        self.planner.push(&machine, self.overrides, to.map(f64::from), motion);
        self.tasks.push_front(Task::Seek(seek));
        self.start_motion();
    }

    /// Watches one move; true when it is over and the next is on its way.
    pub(super) fn seek(&mut self, seek: Seek) -> bool {
        if seek.approaches() {
            let touched = self.limits_triggered();
            for (axis, touched) in touched.into_iter().enumerate() {
                if touched && !self.homing_locked[axis] {
                    self.homing_locked[axis] = true;
                    // The step that is being made is still finished.
                    self.carriage[axis] += if self.homes_backwards(axis) { -1 } else { 1 };
                }
            }
        }
        self.prepare();
        let found = seek.approaches() && !self.homing_locked.contains(&false);
        let over = self.flags.cycle_stop;
        if !found && (self.flags.reset || self.flags.door || over) {
            let axes = seek.axes();
            let still = (0..3).any(|axis| axes[axis] && self.limits_triggered()[axis]);
            let alarm = match () {
                _ if self.flags.door => Some(7),
                _ if self.flags.reset => Some(6),
                _ if seek.approaches() => Some(9),
                _ if still => Some(8),
                _ => None,
            };
            if let Some(alarm) = alarm {
                self.flags.alarm = Some(alarm);
                self.flags.reset = false;
                self.request_reset();
                self.flags.alarm = Some(alarm);
                self.tasks.retain(|task| matches!(task, Task::Reply(_)));
                self.wake();
                return true;
            }
        } else if !found {
            return false;
        }
        self.flags.cycle_stop = false;
        self.stepper.reset();
        self.slicer = crate::segments::Slicer::new();
        self.planner.reset(self.stepper.position);
        let next = if seek.number + 1 < MOVES {
            Task::Home(Seek { number: seek.number + 1, ..seek })
        } else {
            self.set_home(seek.axes());
            match seek.cycle + 1 {
                cycle if usize::from(cycle) < CYCLES.len() => Task::Home(Seek { cycle, number: 0 }),
                _ => Task::Homed,
            }
        };
        self.tasks.push_front(next);
        let debounce = self.settings.value(26) as u64 * (SECOND / 1000);
        self.tasks.push_front(Task::Delay(debounce));
        true
    }

    fn set_home(&mut self, axes: [bool; 3]) {
        let travel = self.settings.axes(130);
        let pull_off = self.settings.value(27);
        let steps_per_mm = self.settings.axes(100);
        for axis in (0..3).filter(|&axis| axes[axis]) {
            let at = if self.homes_backwards(axis) { pull_off - travel[axis] } else { -pull_off };
            self.stepper.position[axis] = round(f64::from(at * steps_per_mm[axis]));
        }
    }

    pub(super) fn homed(&mut self) {
        self.homing_locked = [false; 3];
        self.clear_motion();
        self.realtime(); // a report asked for meanwhile still says Home
        if self.state == State::Homing {
            self.state = State::Idle;
            let rest = core::mem::take(&mut self.tasks);
            self.tasks.extend([Task::Delay(self.rest()), Task::Startup(0), Task::Startup(1)]);
            self.tasks.extend(rest);
        }
    }
}
