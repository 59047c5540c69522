//! The step timer: turns prepared slices into motor steps, tick by tick.
//!
//! Each tick gives out the steps worked out in the tick before, then works out the next by counting each axis up to the
//! busiest one (Bresenham). Units: CPU cycles, steps.

use alloc::collections::VecDeque;

use crate::segments::SEGMENTS;
use crate::segments::Segment;

/// What a tick of the step timer brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tick {
    /// Nothing the main loop must know.
    Quiet,
    /// A slice is done: there is room for another.
    SliceDone,
    /// No slice is left: the timer has stopped.
    Idle,
}

#[derive(Debug, Clone)]
pub(super) struct Stepper {
    slices: VecDeque<Segment>,
    loaded: bool,
    ticks_left: u32,
    counter: [u64; 3],
    tick: u64,
    /// When the next tick comes; none while the timer stands.
    pub next_at: Option<u64>,
    /// Where the firmware believes the machine stands.
    pub position: [i32; 3],
    /// Worked out, to be given out at the next tick.
    pending: [i32; 3],
}

impl Stepper {
    pub fn new() -> Self {
        Self {
            slices: VecDeque::with_capacity(SEGMENTS),
            loaded: false,
            ticks_left: 0,
            counter: [0; 3],
            tick: 0,
            next_at: None,
            position: [0; 3],
            pending: [0; 3],
        }
    }

    /// Stops at once and forgets all slices.
    pub fn reset(&mut self) {
        self.slices.clear();
        self.loaded = false;
        self.next_at = None;
        self.pending = [0; 3];
    }

    /// Stops at once; the slices stay.
    pub fn halt(&mut self) {
        self.next_at = None;
    }

    pub fn has_room(&self) -> bool {
        self.slices.len() < SEGMENTS
    }

    pub fn push(&mut self, slice: Segment) {
        self.slices.push_back(slice);
    }

    pub fn start(&mut self, now: u64) {
        if self.next_at.is_none() {
            self.next_at = Some(now);
        }
    }

    /// One tick: the steps given out, whether a new move begins behind them, and what the main loop must know.
    pub fn interrupt(&mut self, at: u64, locked: [bool; 3]) -> ([i32; 3], bool, Tick) {
        let steps = core::mem::take(&mut self.pending);
        let Some(slice) = self.slices.front().copied() else {
            self.next_at = None;
            return (steps, false, Tick::Idle);
        };
        let begins = !self.loaded && slice.first;
        if !self.loaded {
            self.loaded = true;
            self.ticks_left = slice.events << slice.smoothing;
            self.tick = u64::from(slice.tick);
            if slice.first {
                self.counter = [u64::from(slice.block_events) << 2; 3];
            }
        }
        let full = u64::from(slice.block_events) << 3;
        for (axis, locked) in locked.into_iter().enumerate() {
            self.counter[axis] += u64::from(slice.block_steps[axis].unsigned_abs()) << (3 - slice.smoothing);
            if self.counter[axis] > full {
                self.counter[axis] -= full;
                self.position[axis] = self.position[axis].wrapping_add(slice.block_steps[axis].signum());
                if !locked {
                    self.pending[axis] = slice.block_steps[axis].signum();
                }
            }
        }
        self.next_at = Some(at + self.tick);
        self.ticks_left = self.ticks_left.saturating_sub(1);
        if self.ticks_left > 0 {
            return (steps, begins, Tick::Quiet);
        }
        self.loaded = false;
        self.slices.pop_front();
        (steps, begins, Tick::SliceDone)
    }
}

#[cfg(test)]
mod tests {
    use crate::device::Device;
    use crate::device::Eeprom;
    use crate::device::Executed;
    use alloc::vec::Vec;
    use core::time::Duration;

    /// How far `p` is from the straight line between `a` and `b`, on the axis on which it is farther, at the place of
    /// the line where that is least.
    fn off([a, b]: [[i32; 2]; 2], p: [i32; 2]) -> f64 {
        let along = [0, 1].map(|i| f64::from(b[i] - a[i]));
        let from = [0, 1].map(|i| f64::from(p[i] - a[i]));
        let cross = (along[0] * from[1] - along[1] * from[0]).abs();
        cross / (along[0].abs() + along[1].abs())
    }

    #[test]
    fn a_move_is_straight_to_half_a_step() {
        let mut device = Device::new(Eeprom::default());
        device.advance(Duration::from_millis(300));
        let (mut begun, mut steps) = (Vec::new(), Vec::new());
        // Fast and slow, so that steps are made in one tick and in eight.
        for line in ["G1X3Y0.7F3000\n", "X0.1Y0.9F400\n", "X0.2Y2F40\n", "X3Y2.004F1000\n", "X1Y0\n", "Y0\n"] {
            line.bytes().for_each(|byte| device.receive(byte));
            device.advance(device.now() + Duration::from_millis(20));
        }
        device.advance(Duration::from_secs(20));
        assert!(!device.is_moving());
        let mut at = [0, 0];
        while let Some(executed) = device.executed() {
            match executed {
                Executed::MoveBegins { .. } => begun.push((at, steps.len())),
                Executed::Steps { carriage: [x, y, _], .. } => {
                    at = [x, y];
                    steps.push(at);
                }
                Executed::Spindle { .. } => {}
            }
        }
        begun.push((at, steps.len()));
        assert_eq!(begun.len(), 6, "five moves; the last line is none");
        let mut farthest = 0.0f64;
        for pair in begun.windows(2) {
            let of_it = &steps[pair[0].1..pair[1].1];
            farthest = of_it.iter().map(|p| off([pair[0].0, pair[1].0], *p)).fold(farthest, f64::max);
        }
        assert!(farthest > 0.3 && farthest <= 0.5, "{farthest}");
    }
}
