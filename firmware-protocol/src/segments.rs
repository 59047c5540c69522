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
//! A slice never reaches over a block's end, so the last one of a block is shorter. Units: mm, mm/s, seconds; lengths
//! count down to the block's end. Source: Grbl 1.1's documented step generation (100 slices a second, adaptive
//! multi-axis step smoothing), checked against recorded step times.

use crate::math::ceil;
use crate::math::sqrt;
use crate::planner::Overrides;
use crate::planner::Planner;

/// The firmware's clock.
pub(crate) const CPU_HZ: f64 = 16_000_000.0;

/// Slices that are prepared ahead of the step timer, the one in execution included.
pub(crate) const SEGMENTS: usize = 5;

const SLICE_SECS: f64 = 0.01;

/// A step that lacks less than this is made.
const STEP_EPSILON: f64 = 1e-6;

/// A slice covers at least so many steps, lest the step rate be ill-defined.
const MIN_STEPS: f64 = 1.25;

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

/// A stretch of constant acceleration.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Phase {
    /// It ends when so much of the block is left, in mm.
    until_mm: f64,
    acceleration: f64,
    end_mm_s: f64,
}

const NO_PHASE: Phase = Phase { until_mm: 0.0, acceleration: 0.0, end_mm_s: 0.0 };

/// Cuts one move after the other into slices.
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
    /// What is left of the block when a hold has stopped the machine, in mm.
    stop_mm: f64,
    speed_mm_s: f64,
    steps_left: f64,
    steps_per_mm: f64,
    /// Time already spent on the step in the making.
    carried_secs: f64,
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
            stop_mm: 0.0,
            speed_mm_s: 0.0,
            steps_left: 0.0,
            steps_per_mm: 0.0,
            carried_secs: 0.0,
            first: true,
        }
    }

    /// The speed at the end of the last slice made: ahead of the machine by what is buffered.
    pub fn speed_mm_s(&self) -> f64 {
        self.speed_mm_s
    }

    /// The squared speed of the move in execution, if one is.
    pub fn running_v2(&self) -> Option<f64> {
        self.loaded.then_some(self.speed_mm_s * self.speed_mm_s)
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
            block.entry_v2 = self.speed_mm_s * self.speed_mm_s;
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
        let (secs, left_mm) = self.slice(block.length_mm);
        let steps_left = self.steps_per_mm * left_mm;
        let whole_left = ceil(steps_left - STEP_EPSILON).max(0.0);
        let events = ceil(self.steps_left) - whole_left;
        if events <= 0.0 && hold {
            self.stopped = true; // less than a step to go
            return None;
        }
        let secs = secs + self.carried_secs;
        let secs_per_step = secs / (ceil(self.steps_left) - steps_left);
        let cycles = ceil(CPU_HZ * secs_per_step).min(f64::from(u32::MAX)) as u32;
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
            speed_mm_s: self.speed_mm_s,
        };
        self.first &= segment.events == 0; // an empty one is passed over
        block.length_mm = left_mm;
        self.steps_left = whole_left;
        self.carried_secs = (whole_left - steps_left) * secs_per_step;
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
        let exit_v2 = planner.exit_v2();
        let block = planner.current()?;
        if !self.loaded {
            self.loaded = true;
            self.first = true;
            self.steps_left = f64::from(block.events);
            self.steps_per_mm = self.steps_left / block.length_mm;
            self.carried_secs = 0.0;
            if hold || self.too_fast {
                block.entry_v2 = self.speed_mm_s * self.speed_mm_s;
            } else {
                self.speed_mm_s = sqrt(block.entry_v2);
            }
        } else {
            block.entry_v2 = self.speed_mm_s * self.speed_mm_s;
        }
        self.refresh = false;
        self.too_fast = false;
        self.phase = 0;
        self.stop_mm = 0.0;
        let (mm, a, entry_v2) = (block.length_mm, block.acceleration_mm_s2, block.entry_v2);
        let slope_mm = |fast_v2: f64, slow_v2: f64| (fast_v2 - slow_v2) / (2.0 * a);
        let nominal = block.nominal_mm_s(overrides);
        let nominal_v2 = nominal * nominal;
        // Most phases end at the speed striven for: that needs no root.
        let speed = |v2: f64| if v2 == nominal_v2 { nominal } else { sqrt(v2) };
        let slow_down = |until_mm: f64, end_v2: f64| Phase { until_mm, acceleration: -a, end_mm_s: speed(end_v2) };
        let speed_up = |until_mm: f64, end_v2: f64| Phase { until_mm, acceleration: a, end_mm_s: speed(end_v2) };
        if hold {
            self.stop_mm = (mm - slope_mm(entry_v2, 0.0)).max(0.0);
            self.phases[0] = slow_down(self.stop_mm, entry_v2 - 2.0 * a * (mm - self.stop_mm));
            return Some(());
        }
        let cruise = |until_mm: f64| Phase { until_mm, acceleration: 0.0, end_mm_s: nominal };
        // Where speeding up from the entry and slowing down to the exit would meet.
        let meet_mm = 0.5 * (mm + slope_mm(entry_v2, exit_v2));
        let brake_mm = slope_mm(nominal_v2, exit_v2);
        self.phases = if entry_v2 > nominal_v2 {
            // Only after an override was lowered.
            let until_mm = mm - slope_mm(entry_v2, nominal_v2);
            if until_mm <= 0.0 {
                self.too_fast = true;
                [slow_down(0.0, entry_v2 - 2.0 * a * mm), NO_PHASE, NO_PHASE]
            } else {
                [slow_down(until_mm, nominal_v2), cruise(brake_mm.min(until_mm)), slow_down(0.0, exit_v2)]
            }
        } else if meet_mm <= 0.0 {
            [speed_up(0.0, exit_v2), NO_PHASE, NO_PHASE]
        } else if meet_mm >= mm {
            [slow_down(0.0, exit_v2), NO_PHASE, NO_PHASE]
        } else if brake_mm < meet_mm {
            [speed_up(mm - slope_mm(nominal_v2, entry_v2), nominal_v2), cruise(brake_mm), slow_down(0.0, exit_v2)]
        } else {
            [speed_up(meet_mm, exit_v2 + 2.0 * a * meet_mm), slow_down(0.0, exit_v2), NO_PHASE]
        };
        Some(())
    }

    /// Runs through the phases for one slice: the seconds it takes and what is left of the block after it.
    fn slice(&mut self, mut mm: f64) -> (f64, f64) {
        let least_mm = (mm - MIN_STEPS / self.steps_per_mm).max(0.0);
        let (mut spent, mut slice_secs) = (0.0, SLICE_SECS);
        // Each round ends a phase or fills a slice; a slice is lengthened only until it holds one step.
        loop {
            let phase = self.phases[self.phase];
            let secs = slice_secs - spent;
            let speed = self.speed_mm_s + phase.acceleration * secs;
            let left_mm = mm - 0.5 * (self.speed_mm_s + speed) * secs;
            if speed > 0.0 && left_mm > phase.until_mm {
                (self.speed_mm_s, mm, spent) = (speed, left_mm, slice_secs);
            } else {
                let mean = 0.5 * (self.speed_mm_s + phase.end_mm_s);
                if mean > 0.0 {
                    spent += ((mm - phase.until_mm) / mean).clamp(0.0, slice_secs.max(1.0));
                }
                (self.speed_mm_s, mm) = (phase.end_mm_s, phase.until_mm);
                if mm <= self.stop_mm || self.phase == 2 {
                    return (spent, mm);
                }
                self.phase += 1;
            }
            if spent >= slice_secs {
                if mm <= least_mm {
                    return (spent, mm);
                }
                slice_secs = if slice_secs < 1.0 { slice_secs + SLICE_SECS } else { 2.0 * slice_secs };
            }
        }
    }
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
