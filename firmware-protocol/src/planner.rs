//! Which speed each queued move may have at its ends: the firmware's look-ahead planner.
//!
//! ```text
//!   executing      planned: cannot get better       still to be improved by what comes
//!   [ block 0 ] -> [ block 1 ] -> [ planned ] -> [ ... ] -> [ newest ] -> must be able to stop here
//! ```
//!
//! A new block is entered through its corner no faster than the junction deviation allows; then a pass backwards
//! makes sure that everything can stop at the end of the newest block, and a pass forwards that no block is asked to
//! accelerate more than it can. Units: mm, mm/s, mm/s²; `_v2` are squared speeds, mm²/s².
//! Source: the planner described in Grbl 1.1's documentation; junction deviation after S. Jeon's note of 2011.

use alloc::collections::VecDeque;

use crate::math::round;
use crate::math::sqrt;
use crate::motion::Machine;

/// The slowest speed a block is ever run at: 1 mm/min.
const MIN_SPEED_MM_S: f64 = 1.0 / 60.0;

/// A machine set to no acceleration at all would never arrive.
const MIN_ACCELERATION_MM_S2: f64 = 1e-3;

/// How fast a move shall go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rate {
    /// As fast as the axes allow.
    Rapid,
    /// Along the line, in mm/s.
    Feed(f64),
    /// The whole move in `1 / value` seconds.
    Inverse(f64),
}

/// What accompanies a move through the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Motion {
    pub rate: Rate,
    /// Not subject to the feed override (jogs, homing, probing).
    pub fixed: bool,
    /// The caller's mark, to find the move again when it is executed.
    pub tag: u32,
}

/// Percentages that scale speeds while the machine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overrides {
    pub feed: u8,
    pub rapid: u8,
}

impl Overrides {
    pub(crate) const NONE: Self = Self { feed: 100, rapid: 100 };
}

/// One queued move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Block {
    /// Motor steps of each axis, with sign.
    pub steps: [i32; 3],
    /// Steps of the axis that has most of them.
    pub events: u32,
    /// What is left of it, in mm.
    pub length_mm: f64,
    pub acceleration_mm_s2: f64,
    pub motion: Motion,
    pub entry_v2: f64,
    rapid_mm_s: f64,
    programmed_mm_s: f64,
    max_entry_v2: f64,
    max_junction_v2: f64,
}

impl Block {
    /// The speed it strives for.
    pub fn nominal_mm_s(&self, overrides: Overrides) -> f64 {
        let speed = match self.motion.rate {
            Rate::Rapid => self.rapid_mm_s * f64::from(overrides.rapid) * 0.01,
            _ if self.motion.fixed => self.programmed_mm_s.min(self.rapid_mm_s),
            _ => (self.programmed_mm_s * f64::from(overrides.feed) * 0.01).min(self.rapid_mm_s),
        };
        speed.max(MIN_SPEED_MM_S)
    }

    fn limit_entry(&mut self, nominal: f64, nominal_before: f64) {
        let slower = nominal.min(nominal_before);
        self.max_entry_v2 = (slower * slower).min(self.max_junction_v2);
    }
}

/// The queue of moves.
#[derive(Debug, Clone)]
pub(crate) struct Planner {
    blocks: VecDeque<Block>,
    capacity: usize,
    /// The block from which on the plan may still get better.
    planned: usize,
    /// Where the last queued move ends, in steps.
    position: [i32; 3],
    unit_before: [f64; 3],
    nominal_before: f64,
}

impl Planner {
    pub fn new(capacity: usize) -> Self {
        let blocks = VecDeque::with_capacity(capacity);
        Self { blocks, capacity, planned: 0, position: [0; 3], unit_before: [0.0; 3], nominal_before: 0.0 }
    }

    /// Forgets all moves; the machine stands at `position`.
    pub fn reset(&mut self, position: [i32; 3]) {
        self.blocks.clear();
        self.planned = 0;
        self.position = position;
    }

    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.blocks.len() >= self.capacity
    }

    pub fn free(&self) -> usize {
        self.capacity - self.blocks.len()
    }

    /// The move that is being executed, or will be next.
    pub fn current(&mut self) -> Option<&mut Block> {
        self.blocks.front_mut()
    }

    /// The squared speed at which the current move ends.
    pub fn exit_v2(&self) -> f64 {
        self.blocks.get(1).map_or(0.0, |next| next.entry_v2)
    }

    /// The current move is done.
    pub fn discard_current(&mut self) {
        self.blocks.pop_front();
        self.planned = self.planned.saturating_sub(1);
    }

    /// Queues a straight move to `to_mm`; none if it is no step long. The queue must not be full.
    pub fn push(&mut self, machine: &Machine, overrides: Overrides, to_mm: [f64; 3], motion: Motion) -> Option<&Block> {
        let to: [i32; 3] = core::array::from_fn(|i| round(to_mm[i] * machine.steps_per_mm[i]));
        let steps: [i32; 3] = core::array::from_fn(|i| to[i].wrapping_sub(self.position[i]));
        let events = steps.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        if events == 0 {
            return None;
        }
        let delta: [f64; 3] = core::array::from_fn(|i| match steps[i] {
            0 => 0.0,
            s => f64::from(s) / machine.steps_per_mm[i],
        });
        let length_mm = sqrt(dot(&delta, &delta));
        let unit = delta.map(|d| d / length_mm);
        let rapid_mm_s = axis_limited(&unit, &machine.max_rate_mm_min) / 60.0;
        let programmed_mm_s = match motion.rate {
            Rate::Rapid => rapid_mm_s,
            Rate::Feed(speed) => speed,
            Rate::Inverse(per_second) => per_second * length_mm,
        };
        let max_junction_v2 = if self.blocks.is_empty() { 0.0 } else { junction_v2(machine, &self.unit_before, &unit) };
        let mut block = Block {
            steps,
            events,
            length_mm,
            acceleration_mm_s2: axis_limited(&unit, &machine.acceleration_mm_s2).max(MIN_ACCELERATION_MM_S2),
            motion,
            entry_v2: 0.0,
            rapid_mm_s,
            programmed_mm_s,
            max_entry_v2: 0.0,
            max_junction_v2,
        };
        let nominal = block.nominal_mm_s(overrides);
        block.limit_entry(nominal, self.nominal_before);
        self.nominal_before = nominal;
        self.unit_before = unit;
        self.position = to;
        self.blocks.push_back(block);
        self.blocks.back()
    }

    /// Speeds all moves up or down to new `overrides`; everything must be planned again.
    pub fn set_overrides(&mut self, overrides: Overrides) {
        let mut before = f64::INFINITY;
        for block in &mut self.blocks {
            let nominal = block.nominal_mm_s(overrides);
            block.limit_entry(nominal, before);
            before = nominal;
        }
        self.nominal_before = before;
        self.planned = 0;
    }

    /// All blocks may change again: after a hold, say.
    pub fn unplan(&mut self) {
        self.planned = 0;
    }

    /// Works out all entry speeds. `running` is the squared speed at which the executed move stands just now (none if
    /// nothing is in execution); true if that move must be looked at anew.
    pub fn plan(&mut self, running: Option<f64>) -> bool {
        let newest = self.blocks.len().wrapping_sub(1);
        if self.blocks.is_empty() || newest == self.planned {
            return false;
        }
        let refresh = self.planned == 0 && running.is_some();
        if refresh {
            self.blocks[0].entry_v2 = running.unwrap_or(0.0);
        }
        let blocks = &mut self.blocks;
        let mut exit_v2 = 0.0;
        for block in blocks.range_mut(self.planned + 1..).rev() {
            let reachable = exit_v2 + 2.0 * block.acceleration_mm_s2 * block.length_mm;
            block.entry_v2 = block.max_entry_v2.min(reachable);
            exit_v2 = block.entry_v2;
        }
        for next in self.planned + 1..blocks.len() {
            let before = &blocks[next - 1];
            if before.entry_v2 < blocks[next].entry_v2 {
                let reachable = before.entry_v2 + 2.0 * before.acceleration_mm_s2 * before.length_mm;
                if reachable < blocks[next].entry_v2 {
                    blocks[next].entry_v2 = reachable;
                    self.planned = next;
                }
            }
            if blocks[next].entry_v2 == blocks[next].max_entry_v2 {
                self.planned = next;
            }
        }
        refresh
    }
}

/// The squared speed at which a corner may be taken: a circle touches both lines and stays within the junction
/// deviation of the corner; its centripetal acceleration is what the axes can give.
fn junction_v2(machine: &Machine, before: &[f64; 3], after: &[f64; 3]) -> f64 {
    let cos = -dot(before, after);
    if cos > 0.999_999 {
        return 0.0; // straight back
    }
    if cos < -0.999_999 {
        return f64::INFINITY; // straight on
    }
    let turn: [f64; 3] = core::array::from_fn(|i| after[i] - before[i]);
    let length = sqrt(dot(&turn, &turn));
    let turn = turn.map(|t| t / length);
    let sin_half = sqrt((1.0 - cos) / 2.0);
    axis_limited(&turn, &machine.acceleration_mm_s2) * machine.junction_deviation_mm * sin_half / (1.0 - sin_half)
}

/// The largest value along `unit` that keeps every axis within its own limit.
fn axis_limited(unit: &[f64; 3], limits: &[f64; 3]) -> f64 {
    let mut least = f64::INFINITY;
    for (u, limit) in unit.iter().zip(limits) {
        if *u != 0.0 {
            least = least.min(limit / u.abs());
        }
    }
    least
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
