//! How long the firmware takes: Grbl's own motion planner (trapezoids, junction deviation, per-axis limits, a
//! look-ahead of [`Machine::planner_blocks`] blocks).
//!
//! ```text
//! speed
//!   ^        cruise
//!   |      __________
//!   |     /          \            one block: entry -> cruise -> exit,
//!   | entry           \ exit      constant acceleration on both slopes
//!   +----+---+------+--+----> time
//! ```
//!
//! Source: Grbl 1.1 planner.c (junction deviation after S. Jeon). The model estimates; the firmware itself plans the
//! real motion, so nothing here is ever sent.

use alloc::vec::Vec;

/// What the firmware must know of its mechanics: settings `$100`..`$122`, `$11`, and its buffer sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Machine {
    /// `$100`..`$102`: steps per millimetre of x, y, z.
    pub steps_per_mm: [f64; 3],
    /// `$110`..`$112`: top speed of each axis, mm/min.
    pub max_rate_mm_min: [f64; 3],
    /// `$120`..`$122`: acceleration of each axis, mm/s².
    pub acceleration_mm_s2: [f64; 3],
    /// `$11`: junction deviation, mm.
    pub junction_deviation_mm: f64,
    /// Blocks the planner looks ahead (Grbl 1.1: 15).
    pub planner_blocks: usize,
    /// Serial speed in bits per second (10 bits a byte).
    pub baud: u32,
    /// CPU time the firmware spends on one received line, in seconds.
    pub line_secs: f64,
}

/// One line of a program, as the motion planner sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Move in a straight line.
    Move {
        /// Target, mm.
        to_mm: [f64; 3],
        /// Speed along the line in mm/min; `None` is a rapid move.
        feed_mm_min: Option<f64>,
        /// Bytes of its line on the wire, with the line end.
        bytes: usize,
    },
    /// Wait until the machine stands still, then for `secs` (a dwell; a spindle change has 0 s).
    Wait {
        /// Seconds to wait.
        secs: f64,
        /// Bytes of its line on the wire, with the line end.
        bytes: usize,
    },
}

/// When one [`Step`] runs and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timed {
    /// When it starts, in seconds after the program's first byte.
    pub start_secs: f64,
    /// When it is done.
    pub end_secs: f64,
    /// Its speed profile (all zero for a wait, or a move of no steps).
    pub profile: Profile,
}

/// A trapezoid of speed over the length of one block.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Profile {
    /// Length, mm.
    pub length_mm: f64,
    /// Speed at its start, mm/s.
    pub entry_mm_s: f64,
    /// Highest speed reached, mm/s.
    pub cruise_mm_s: f64,
    /// Speed at its end, mm/s.
    pub exit_mm_s: f64,
    /// Acceleration on both slopes, mm/s².
    pub acceleration_mm_s2: f64,
}

impl Profile {
    /// Distance covered `secs` after the block's start, in mm (clamped to the block).
    pub fn distance_mm(&self, secs: f64) -> f64 {
        if self.length_mm <= 0.0 || secs <= 0.0 {
            return 0.0;
        }
        let a = self.acceleration_mm_s2;
        let up_secs = (self.cruise_mm_s - self.entry_mm_s) / a;
        let down_secs = (self.cruise_mm_s - self.exit_mm_s) / a;
        let up_mm = (self.cruise_mm_s + self.entry_mm_s) / 2.0 * up_secs;
        let down_mm = (self.cruise_mm_s + self.exit_mm_s) / 2.0 * down_secs;
        let flat_secs = (self.length_mm - up_mm - down_mm).max(0.0) / self.cruise_mm_s;
        let distance = if secs < up_secs {
            self.entry_mm_s * secs + a * secs * secs / 2.0
        } else if secs < up_secs + flat_secs {
            up_mm + self.cruise_mm_s * (secs - up_secs)
        } else {
            let left = (up_secs + flat_secs + down_secs - secs).max(0.0);
            self.length_mm - (self.exit_mm_s * left + a * left * left / 2.0)
        };
        distance.clamp(0.0, self.length_mm)
    }

    /// Seconds from the block's start to its end.
    pub fn secs(&self) -> f64 {
        if self.length_mm <= 0.0 {
            return 0.0;
        }
        let a = self.acceleration_mm_s2;
        let (v0, v, v1) = (self.entry_mm_s, self.cruise_mm_s, self.exit_mm_s);
        let slopes_mm = (v * v - v0 * v0) / (2.0 * a) + (v * v - v1 * v1) / (2.0 * a);
        (v - v0) / a + (v - v1) / a + (self.length_mm - slopes_mm).max(0.0) / v
    }
}

/// When each of `steps` runs on `machine`, which stands still at `start_mm`: one [`Timed`] for each step.
///
/// The window slides as the firmware's does: when a block starts, the planner knows the blocks that follow it, up to
/// [`Machine::planner_blocks`] in all, and must be able to stop at the end of the last.
pub fn time(machine: &Machine, start_mm: [f64; 3], steps: &[Step]) -> Vec<Timed> {
    let mut timed = Vec::with_capacity(steps.len());
    let blocks = blocks(machine, start_mm, steps);
    let secs_per_byte = if machine.baud == 0 { 0.0 } else { 10.0 / f64::from(machine.baud) };
    let mut arrived = 0.0; // when the step's line has been received and read
    let mut now = 0.0; // when the machine is done with all steps so far
    let mut speed = 0.0; // and how fast it goes then
    for (i, block) in blocks.iter().enumerate() {
        let (bytes, wait_secs) = match steps[i] {
            Step::Move { bytes, .. } => (bytes, 0.0),
            Step::Wait { bytes, secs } => (bytes, secs),
        };
        arrived += bytes as f64 * secs_per_byte + machine.line_secs;
        if arrived > now {
            now = arrived;
            speed = 0.0;
        }
        let profile = match block {
            None => Profile::default(),
            Some(block) => {
                let exit = exit_speed(&blocks[i..], machine.planner_blocks, speed);
                block.profile(speed, exit)
            }
        };
        if block.is_some() {
            speed = profile.exit_mm_s;
        }
        let end_secs = now + profile.secs() + wait_secs;
        timed.push(Timed { start_secs: now, end_secs, profile });
        now = end_secs;
    }
    timed
}

/// One planned move: geometry and limits, speeds squared as Grbl keeps them.
struct Block {
    length_mm: f64,
    acceleration_mm_s2: f64,
    nominal_mm_s: f64,
    /// The fastest this block may be entered, given the corner before it.
    max_entry_v2: f64,
    /// Whether the machine must stand still before it (a wait lies between).
    after_wait: bool,
}

impl Block {
    fn profile(&self, entry: f64, exit: f64) -> Profile {
        let a = self.acceleration_mm_s2;
        let peak_v2 = a * self.length_mm + (entry * entry + exit * exit) / 2.0;
        let cruise = sqrt(peak_v2).min(self.nominal_mm_s).max(entry).max(exit);
        Profile {
            length_mm: self.length_mm,
            entry_mm_s: entry,
            cruise_mm_s: cruise,
            exit_mm_s: exit,
            acceleration_mm_s2: a,
        }
    }
}

/// The highest speed at which the first of `blocks` may end so that the last in the window can still stop.
fn exit_speed(blocks: &[Option<Block>], window: usize, entry: f64) -> f64 {
    let first = blocks[0].as_ref().expect("called for a move");
    let mut known: Vec<&Block> = Vec::with_capacity(window);
    for (i, b) in blocks.iter().enumerate().skip(1) {
        match b {
            Some(b) if b.after_wait => break,
            Some(b) => known.push(b),
            None => {}
        }
        if known.len() + 1 >= window || i > 4 * window {
            break;
        }
    }
    let mut exit_v2 = 0.0;
    for b in known.iter().rev() {
        exit_v2 = b.max_entry_v2.min(exit_v2 + 2.0 * b.acceleration_mm_s2 * b.length_mm);
    }
    sqrt(exit_v2.min(entry * entry + 2.0 * first.acceleration_mm_s2 * first.length_mm))
}

fn blocks(machine: &Machine, start_mm: [f64; 3], steps: &[Step]) -> Vec<Option<Block>> {
    let to_steps = |mm: [f64; 3]| -> [i64; 3] { core::array::from_fn(|i| round(mm[i] * machine.steps_per_mm[i])) };
    let mut at = to_steps(start_mm);
    let mut before: Option<([f64; 3], f64)> = None; // direction and nominal speed of the block before
    let mut after_wait = true;
    let mut out = Vec::with_capacity(steps.len());
    for step in steps {
        let Step::Move { to_mm, feed_mm_min, .. } = step else {
            before = None;
            after_wait = true;
            out.push(None);
            continue;
        };
        let to = to_steps(*to_mm);
        let delta: [f64; 3] = core::array::from_fn(|i| (to[i] - at[i]) as f64 / machine.steps_per_mm[i]);
        at = to;
        let length_mm = sqrt(delta.iter().map(|d| d * d).sum());
        if length_mm <= 0.0 {
            out.push(None);
            continue;
        }
        let unit: [f64; 3] = core::array::from_fn(|i| delta[i] / length_mm);
        let acceleration_mm_s2 = axis_limited(&unit, &machine.acceleration_mm_s2);
        let rapid_mm_s = axis_limited(&unit, &machine.max_rate_mm_min) / 60.0;
        let nominal_mm_s = feed_mm_min.map_or(rapid_mm_s, |f| (f / 60.0).min(rapid_mm_s));
        let max_entry_v2 = match before {
            None => 0.0,
            Some((unit_before, nominal_before)) => {
                let nominal = nominal_mm_s.min(nominal_before);
                junction_v2(machine, &unit_before, &unit).min(nominal * nominal)
            }
        };
        before = Some((unit, nominal_mm_s));
        out.push(Some(Block { length_mm, acceleration_mm_s2, nominal_mm_s, max_entry_v2, after_wait }));
        after_wait = false;
    }
    out
}

/// The squared speed at which a corner may be taken: a circle touches both lines, `deviation` away from the corner.
fn junction_v2(machine: &Machine, before: &[f64; 3], after: &[f64; 3]) -> f64 {
    let cos = -(before[0] * after[0] + before[1] * after[1] + before[2] * after[2]);
    if cos > 0.999_999 {
        return 0.0;
    }
    if cos < -0.999_999 {
        return f64::INFINITY;
    }
    let turn: [f64; 3] = core::array::from_fn(|i| after[i] - before[i]);
    let length = sqrt(turn.iter().map(|d| d * d).sum());
    let turn: [f64; 3] = core::array::from_fn(|i| turn[i] / length);
    let sin_half = sqrt((1.0 - cos) / 2.0);
    axis_limited(&turn, &machine.acceleration_mm_s2) * machine.junction_deviation_mm * sin_half / (1.0 - sin_half)
}

/// The largest value along `unit` that keeps every axis within its own limit.
fn axis_limited(unit: &[f64; 3], limits: &[f64; 3]) -> f64 {
    unit.iter().zip(limits).filter(|(u, _)| **u != 0.0).map(|(u, limit)| limit / u.abs()).fold(f64::INFINITY, f64::min)
}

fn round(x: f64) -> i64 {
    (if x < 0.0 { x - 0.5 } else { x + 0.5 }) as i64
}

/// Square root by Newton's method (`core` has none); exact to the last bits for the sizes that occur here.
fn sqrt(x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let mut guess = f64::from_bits((x.to_bits() >> 1) + 0x1FF8_0000_0000_0000);
    for _ in 0..5 {
        guess = (guess + x / guess) / 2.0;
    }
    guess
}
