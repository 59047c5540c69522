//! The executed move in slices of some 10 ms: what the firmware prepares for its step timer.
//!
//! ```text
//! speed   accelerate  cruise   slow down
//!   ^          ________________
//!   |        /|       |       |\          each slice: so many steps, so many CPU cycles a step;
//!   |      /  |       |       |  \        the part of a step left over goes into the next slice
//!   +----+----+---+---+---+---+----+-> time
//! ```
//!
//! A slice never reaches over a block's end, so the last one of a block is shorter. Units: mm, mm/s, seconds outside,
//! minutes inside; lengths count down to the block's end. Source: Grbl 1.1's documented step generation (100 slices a second, adaptive
//! multi-axis step smoothing), checked against recorded step times.

use crate::math::ceil;
use crate::math::sqrt;
use crate::planner::Overrides;
use crate::planner::Planner;

/// The firmware's clock.
pub(crate) const CPU_HZ: f64 = 16_000_000.0;

/// Slices that are prepared ahead of the step timer, the one in execution included.
pub(crate) const SEGMENTS: usize = 5;

/// In minutes.
const SLICE: f32 = (0.01 / 60.0) as f32;
/// Seconds of a minute, squared: speeds and accelerations are per minute here.
const MINUTE_2: f64 = 3600.0;
/// A second, in minutes: slices no longer grow by tens of milliseconds then.
const MINUTE_PART: f32 = 1.0 / 60.0;
/// Doubled so often a slice is longer than any way takes.
const MAX_ROUNDS: u32 = 250;
const CPU_PER_MINUTE: f32 = 960_000_000.0;

/// A slice covers at least so many steps, lest the step rate be ill-defined.
const MIN_STEPS: f32 = 1.25;

/// The step timer counts 16 bits.
const MAX_TICK: u32 = 0xFFFF;

/// A slice of a move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Segment {
    /// Steps of each axis of the whole block, with sign: the ratio of the axes.
    pub block_steps: [i32; 3],
    /// Steps of the block's busiest axis.
    pub block_events: u32,
    /// Steps of the busiest axis in this slice.
    pub events: u32,
    /// Each step is made in `2^smoothing` timer ticks, so that slower axes step more evenly.
    pub smoothing: u32,
    /// CPU cycles of one timer tick. One more than was worked out, since the timer counts from zero to the value.
    pub tick: u32,
    /// The move's mark.
    pub tag: u32,
    /// The first slice of its block.
    pub first: bool,
    /// The last slice of its block.
    pub last: bool,
    /// Speed at its end.
    pub speed_mm_s: f64,
}

impl Segment {
    /// How long it takes, in CPU cycles.
    pub fn cycles(&self) -> u64 {
        u64::from(self.events << self.smoothing) * u64::from(self.tick)
    }
}

/// A stretch of constant acceleration, mm and minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Phase {
    slope: Slope,
    /// It ends when so much of the block is left.
    until: f32,
    end_speed: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slope {
    Up,
    Level,
    Down,
}

const NO_PHASE: Phase = Phase { slope: Slope::Down, until: 0.0, end_speed: 0.0 };

/// Cuts one move after the other into slices.
///
/// In single precision and minutes, with the firmware's own order of operations: where a move is stopped, its roundings
/// decide the last step.
#[derive(Debug, Clone)]
pub(crate) struct Slicer {
    loaded: bool,
    refresh: bool,
    /// The block was too short to slow down to its new speed: the next one begins at the speed this one ends.
    too_fast: bool,
    /// A hold has come to its stop: nothing more until released.
    stopped: bool,
    phases: [Phase; 3],
    phase: usize,
    acceleration: f32,
    /// What is left of the block when a hold has stopped the machine, in mm.
    stop_mm: f32,
    speed: f32,
    steps_left: f32,
    steps_per_mm: f32,
    /// Time already spent on the step in the making.
    carried: f32,
    first: bool,
}

impl Slicer {
    pub fn new() -> Self {
        Self {
            loaded: false,
            refresh: false,
            too_fast: false,
            stopped: false,
            phases: [NO_PHASE; 3],
            phase: 0,
            acceleration: 0.0,
            stop_mm: 0.0,
            speed: 0.0,
            steps_left: 0.0,
            steps_per_mm: 0.0,
            carried: 0.0,
            first: true,
        }
    }

    /// The speed at the end of the last slice made: ahead of the machine by what is buffered.
    pub fn speed_mm_s(&self) -> f64 {
        f64::from(self.speed) / 60.0
    }

    /// The squared speed of the move in execution, if one is.
    pub fn running_v2(&self) -> Option<f64> {
        self.loaded.then(|| self.speed_v2())
    }

    fn speed_v2(&self) -> f64 {
        f64::from(self.speed * self.speed) / MINUTE_2
    }

    /// The plan has changed: the move's speeds must be worked out again.
    pub fn refresh(&mut self) {
        self.refresh = true;
    }

    /// Lets the planner know how fast the move in execution is; its speeds will be worked out again.
    pub fn unload(&mut self, planner: &mut Planner) {
        if self.loaded
            && let Some(block) = planner.current()
        {
            block.entry_v2 = self.speed_v2();
            self.refresh = true;
        }
    }

    /// Goes on after a hold.
    pub fn release(&mut self) {
        self.stopped = false;
    }

    /// The next slice, or none if there is nothing to do. `hold` slows down to a stop.
    pub fn next(&mut self, planner: &mut Planner, overrides: Overrides, hold: bool) -> Option<Segment> {
        if self.stopped {
            return None;
        }
        if !self.loaded || self.refresh {
            self.load(planner, overrides, hold)?;
        }
        let block = planner.current()?;
        let (time, left_mm) = self.slice(block.length_mm as f32);
        let steps_left = self.steps_per_mm * left_mm;
        let whole_left = ceil(f64::from(steps_left)) as f32;
        let before = ceil(f64::from(self.steps_left)) as f32;
        let events = before - whole_left;
        if events <= 0.0 && hold {
            self.stopped = true; // less than a step to go
            return None;
        }
        let time_per_step = (time + self.carried) / (before - steps_left);
        let cycles = ceil(f64::from(CPU_PER_MINUTE * time_per_step)).min(f64::from(u32::MAX)) as u32;
        let smoothing = smoothing(cycles);
        let segment = Segment {
            block_steps: block.steps,
            block_events: block.events,
            events: events as u32,
            smoothing,
            tick: (cycles >> smoothing).min(MAX_TICK) + 1,
            tag: block.motion.tag,
            first: self.first,
            last: left_mm <= 0.0,
            speed_mm_s: f64::from(self.speed) / 60.0,
        };
        self.first &= segment.events == 0; // an empty one is passed over
        block.length_mm = f64::from(left_mm);
        self.steps_left = whole_left;
        self.carried = (whole_left - steps_left) * time_per_step;
        if left_mm <= 0.0 {
            self.loaded = false;
            planner.discard_current();
        } else if left_mm <= self.stop_mm {
            self.stopped = true;
        }
        Some(segment)
    }

    /// Takes up the planner's current block, or looks at it anew.
    fn load(&mut self, planner: &mut Planner, overrides: Overrides, hold: bool) -> Option<()> {
        let exit_v2 = (planner.exit_v2() * MINUTE_2) as f32;
        let running_v2 = self.speed_v2();
        let block = planner.current()?;
        if !self.loaded {
            self.loaded = true;
            self.first = true;
            self.steps_left = block.events as f32;
            self.steps_per_mm = self.steps_left / block.length_mm as f32;
            self.carried = 0.0;
            if hold || self.too_fast {
                block.entry_v2 = running_v2;
            } else {
                self.speed = sqrt(f64::from((block.entry_v2 * MINUTE_2) as f32)) as f32;
            }
        } else {
            block.entry_v2 = running_v2;
        }
        self.refresh = false;
        self.too_fast = false;
        self.phase = 0;
        self.stop_mm = 0.0;
        self.acceleration = (block.acceleration_mm_s2 * MINUTE_2) as f32;
        let mm = block.length_mm as f32;
        let entry_v2 = (block.entry_v2 * MINUTE_2) as f32;
        let twice = 2.0 * self.acceleration;
        let per_v2 = (0.5 / f64::from(self.acceleration)) as f32;
        let slope_mm = |fast_v2: f32, slow_v2: f32| per_v2 * (fast_v2 - slow_v2);
        let root = |v2: f32| sqrt(f64::from(v2)) as f32;
        let nominal = (block.nominal_mm_s(overrides) * 60.0) as f32;
        let nominal_v2 = nominal * nominal;
        let down = |until: f32, end_speed: f32| Phase { slope: Slope::Down, until, end_speed };
        let up = |until: f32, end_speed: f32| Phase { slope: Slope::Up, until, end_speed };
        if hold {
            let stop_mm = mm - per_v2 * entry_v2;
            self.phases[0] = if stop_mm < 0.0 { down(0.0, root(entry_v2 - twice * mm)) } else { down(stop_mm, 0.0) };
            self.stop_mm = stop_mm.max(0.0);
            return Some(());
        }
        let level = |until: f32| Phase { slope: Slope::Level, until, end_speed: nominal };
        // Where speeding up from the entry and slowing down to the exit would meet.
        let meet_mm = 0.5 * (mm + per_v2 * (entry_v2 - exit_v2));
        let brake_mm = slope_mm(nominal_v2, exit_v2);
        self.phases = if entry_v2 > nominal_v2 {
            // Only after an override was lowered.
            let until = mm - slope_mm(entry_v2, nominal_v2);
            if until <= 0.0 {
                self.too_fast = true;
                [down(0.0, root(entry_v2 - twice * mm)), NO_PHASE, NO_PHASE]
            } else {
                [down(until, nominal), level(brake_mm.min(until)), down(0.0, root(exit_v2))]
            }
        } else if meet_mm <= 0.0 {
            [up(0.0, root(exit_v2)), NO_PHASE, NO_PHASE]
        } else if meet_mm >= mm {
            [down(0.0, root(exit_v2)), NO_PHASE, NO_PHASE]
        } else if brake_mm < meet_mm {
            let cruise = [level(brake_mm), down(0.0, root(exit_v2))];
            if entry_v2 == nominal_v2 {
                [cruise[0], cruise[1], NO_PHASE]
            } else {
                [up(mm - slope_mm(nominal_v2, entry_v2), nominal), cruise[0], cruise[1]]
            }
        } else {
            [up(meet_mm, root(twice * meet_mm + exit_v2)), down(0.0, root(exit_v2)), NO_PHASE]
        };
        Some(())
    }

    /// Runs through the phases for one slice: the minutes it takes and what is left of the block after it.
    fn slice(&mut self, length_mm: f32) -> (f32, f32) {
        let mut mm = length_mm;
        let least_mm = (mm - MIN_STEPS / self.steps_per_mm).max(0.0);
        let (mut spent, mut most) = (0.0f32, SLICE);
        let mut part = most;
        // Each round ends a phase or fills a slice; a slice is lengthened only until it holds one step.
        for _ in 0..MAX_ROUNDS {
            let phase = self.phases[self.phase];
            let gain = self.acceleration * part;
            let (left, speed) = match phase.slope {
                Slope::Up => (over(mm, part, self.speed, 0.5 * f64::from(gain)), self.speed + gain),
                Slope::Level => (mm - self.speed * part, self.speed),
                Slope::Down => (over(mm, part, self.speed, -0.5 * f64::from(gain)), self.speed - gain),
            };
            let ends = match phase.slope {
                Slope::Up | Slope::Level => left < phase.until,
                Slope::Down => speed <= 0.0 || left <= phase.until,
            };
            if ends {
                let mean = match phase.slope {
                    Slope::Level => phase.end_speed,
                    Slope::Up | Slope::Down => 0.5 * (self.speed + phase.end_speed),
                };
                if mean > 0.0 {
                    part = ((mm - phase.until) / mean).clamp(0.0, most.max(MINUTE_PART));
                }
                (self.speed, mm) = (phase.end_speed, phase.until);
                self.phase = (self.phase + 1).min(2);
            } else {
                (self.speed, mm) = (speed, left);
            }
            spent += part;
            if mm <= self.stop_mm || mm <= 0.0 {
                return (spent, mm);
            }
            if spent >= most {
                if mm <= least_mm && mm < length_mm {
                    return (spent, mm);
                }
                most = if most < MINUTE_PART { most + SLICE } else { 2.0 * most };
            }
            part = most - spent;
        }
        (spent.min(most), 0.0) // a way so long that single precision cannot tell its end from its middle
    }
}

/// What is left of `mm` after some `time` at a changing speed.
fn over(mm: f32, time: f32, speed: f32, half_gain: f64) -> f32 {
    (f64::from(mm) - f64::from(time) * (f64::from(speed) + half_gain)) as f32
}

/// The slower the steps, the finer they are cut, so that the timer never runs slower than 8 kHz if it can.
fn smoothing(cycles: u32) -> u32 {
    match cycles {
        ..2000 => 0,
        2000..4000 => 1,
        4000..8000 => 2,
        _ => 3,
    }
}
