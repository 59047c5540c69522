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
//! It runs the simulator's own planner and step slicing, but counts no single step and reads no text: lines come in as
//! [`Step`]s, streamed by character counting. The firmware itself plans the real motion, so nothing here is ever
//! sent. Units: mm, seconds; feeds in mm/min. Every number must be finite, every setting positive.
//! Source: Grbl 1.1's documented behaviour; measured against recorded runs (see the tests).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::math::ceil;
use crate::math::round;
use crate::math::sqrt;
use crate::planner::Motion;
use crate::planner::Overrides;
use crate::planner::Planner;
use crate::planner::Rate;
use crate::segments::CPU_HZ;
use crate::segments::SEGMENTS;
use crate::segments::Segment;
use crate::segments::Slicer;

/// Bytes that may be under way unanswered: the firmware's receive buffer.
const RX_BYTES: usize = 128;

/// `ok`, CR, LF.
const OK_BYTES: f64 = 4.0;

/// One turn of the firmware's main loop, in seconds.
const PASS_SECS: f64 = 20e-6;

/// Turns of the main loop until it sees that the machine stands.
const SYNC_PASSES: f64 = 3.0;

/// Dwells are counted in whole pieces of so many seconds.
const DWELL_SECS: f64 = 0.05;

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
    /// Wait until the machine stands still, then for `secs`, rounded up to 50 ms (a dwell; a spindle change has 0 s).
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
    /// When it starts, in seconds after the program's first byte. A move of no steps takes no time.
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

    /// Sets the exit speed, and the highest speed that follows from it; until now `cruise` was what is striven for.
    fn finish(&mut self, exit_mm_s: f64) {
        self.exit_mm_s = exit_mm_s;
        let slopes_v2 = (self.entry_mm_s * self.entry_mm_s + exit_mm_s * exit_mm_s) / 2.0;
        let peak_mm_s = sqrt(self.acceleration_mm_s2 * self.length_mm + slopes_v2);
        self.cruise_mm_s = self.cruise_mm_s.min(peak_mm_s).max(self.entry_mm_s).max(exit_mm_s);
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
pub fn time(machine: &Machine, start_mm: [f64; 3], steps: &[Step]) -> Vec<Timed> {
    let mut run = Run::new(machine, start_mm, steps.len());
    let mut wire = Wire::new(machine, steps);
    for (i, step) in steps.iter().enumerate() {
        let read = wire.receive(i, run.main_free);
        run.advance(read);
        run.main_free = match *step {
            Step::Move { to_mm, feed_mm_min, .. } => run.queue(i, to_mm, feed_mm_min, read),
            Step::Wait { secs, .. } => run.wait(secs, read),
        };
        // The main loop starts the machine once it has read all there is.
        if wire.answer(i, run.main_free) > run.main_free {
            run.start(run.main_free);
        }
    }
    run.start(run.main_free);
    run.advance(f64::INFINITY);
    let mut end = 0.0;
    for timed in &mut run.timed {
        let moves = timed.profile.length_mm > 0.0;
        if !moves && timed.start_secs < end {
            let secs = timed.end_secs - timed.start_secs;
            (timed.start_secs, timed.end_secs) = (end, end + secs);
        }
        end = timed.end_secs;
    }
    run.timed
}

/// The cable and the receive buffer, under a host that counts characters and answers at once.
struct Wire<'a> {
    steps: &'a [Step],
    byte_secs: f64,
    line_secs: f64,
    /// When the last byte sent so far has arrived.
    sent: f64,
    /// When the host has read the answer to each line.
    answered: Vec<f64>,
    /// Lines not yet answered as far as the host knows: their bytes, and the first of them.
    bytes: usize,
    oldest: usize,
}

impl<'a> Wire<'a> {
    fn new(machine: &Machine, steps: &'a [Step]) -> Self {
        let byte_secs = if machine.baud == 0 { 0.0 } else { 10.0 / f64::from(machine.baud) };
        let answered = Vec::with_capacity(steps.len());
        Self { steps, byte_secs, line_secs: machine.line_secs, sent: 0.0, answered, bytes: 0, oldest: 0 }
    }

    fn len(&self, i: usize) -> usize {
        match self.steps[i] {
            Step::Move { bytes, .. } | Step::Wait { bytes, .. } => bytes,
        }
    }

    /// When the main loop, free at `main_free`, has read line `i` and turns to executing it.
    fn receive(&mut self, i: usize, main_free: f64) -> f64 {
        self.bytes += self.len(i);
        while self.bytes > RX_BYTES && self.oldest < i {
            self.sent = self.sent.max(self.answered[self.oldest]);
            self.bytes -= self.len(self.oldest);
            self.oldest += 1;
        }
        self.sent += self.len(i) as f64 * self.byte_secs;
        self.sent.max(main_free) + PASS_SECS + self.line_secs
    }

    /// Line `i` was answered at `now`; gives when the next line can have arrived (never, after the last).
    fn answer(&mut self, i: usize, now: f64) -> f64 {
        let free = self.answered.last().map_or(now, |last| last.max(now));
        self.answered.push(free + OK_BYTES * self.byte_secs);
        if i + 1 == self.steps.len() {
            return f64::INFINITY;
        }
        let len = self.len(i + 1);
        let mut sent = self.sent;
        let (mut bytes, mut oldest) = (self.bytes + len, self.oldest);
        while bytes > RX_BYTES && oldest <= i {
            sent = sent.max(self.answered[oldest]);
            bytes -= self.len(oldest);
            oldest += 1;
        }
        sent + len as f64 * self.byte_secs
    }
}

/// Planner, prepared slices and the machine that executes them.
struct Run<'a> {
    machine: &'a Machine,
    planner: Planner,
    slicer: Slicer,
    slices: VecDeque<Segment>,
    /// When the slice in execution ends; if the machine stands, when it came to stand.
    slice_end: f64,
    /// Speed at the end of the slice executed last.
    speed_mm_s: f64,
    moving: bool,
    /// When the main loop is done with all lines so far.
    main_free: f64,
    timed: Vec<Timed>,
}

impl<'a> Run<'a> {
    fn new(machine: &'a Machine, start_mm: [f64; 3], steps: usize) -> Self {
        let mut planner = Planner::new(machine.planner_blocks.max(1));
        planner.reset(core::array::from_fn(|i| round(start_mm[i] * machine.steps_per_mm[i])));
        Self {
            machine,
            planner,
            slicer: Slicer::new(),
            slices: VecDeque::with_capacity(SEGMENTS),
            slice_end: 0.0,
            speed_mm_s: 0.0,
            moving: false,
            main_free: 0.0,
            timed: Vec::with_capacity(steps),
        }
    }

    /// Queues move `i` at `now`, or as soon as the planner has room; gives when that was.
    fn queue(&mut self, i: usize, to_mm: [f64; 3], feed_mm_min: Option<f64>, mut now: f64) -> f64 {
        if self.planner.is_full() {
            self.start(now);
            while self.planner.is_full() && self.moving {
                now = now.max(self.finish_slice() + PASS_SECS);
            }
        }
        let rate = feed_mm_min.map_or(Rate::Rapid, |f| Rate::Feed(f / 60.0));
        let motion = Motion { rate, fixed: false, tag: i as u32 };
        let mut profile = Profile::default();
        if let Some(block) = self.planner.push(self.machine, Overrides::NONE, to_mm, motion) {
            profile.length_mm = block.length_mm;
            profile.acceleration_mm_s2 = block.acceleration_mm_s2;
            profile.cruise_mm_s = block.nominal_mm_s(Overrides::NONE);
            if self.planner.plan(self.slicer.running_v2()) {
                self.slicer.refresh();
            }
            if self.moving {
                self.prepare();
            }
        }
        self.timed.push(Timed { start_secs: now, end_secs: now, profile });
        now
    }

    /// Waits at `now` until the machine stands, then for `secs`; gives when that is over.
    fn wait(&mut self, secs: f64, now: f64) -> f64 {
        self.start(now);
        self.advance(f64::INFINITY);
        let start_secs = now.max(self.slice_end) + SYNC_PASSES * PASS_SECS;
        let pieces = ceil((secs / DWELL_SECS * (1.0 - 1e-6)).max(0.0));
        let end_secs = start_secs + pieces * (DWELL_SECS + PASS_SECS);
        self.timed.push(Timed { start_secs, end_secs, profile: Profile::default() });
        end_secs
    }

    /// Sets the machine in motion, if it stands and there is something to do.
    fn start(&mut self, now: f64) {
        if self.moving || self.planner.is_empty() {
            return;
        }
        self.moving = true;
        self.speed_mm_s = 0.0;
        self.slice_end = now + PASS_SECS;
        self.prepare();
        self.begin_slice();
    }

    /// Runs the machine up to the moment `to`.
    fn advance(&mut self, to: f64) {
        while self.moving && self.slice_end <= to {
            self.finish_slice();
        }
    }

    fn prepare(&mut self) {
        while self.slices.len() < SEGMENTS {
            let Some(slice) = self.slicer.next(&mut self.planner, Overrides::NONE, false) else { return };
            self.slices.push_back(slice);
        }
    }

    /// Ends the slice in execution and begins the next; gives the moment.
    fn finish_slice(&mut self) -> f64 {
        let now = self.slice_end;
        if let Some(slice) = self.slices.pop_front() {
            self.speed_mm_s = slice.speed_mm_s;
            if slice.last {
                let timed = &mut self.timed[slice.tag as usize];
                timed.end_secs = now;
                timed.profile.finish(slice.speed_mm_s);
            }
        }
        self.prepare();
        self.begin_slice();
        now
    }

    fn begin_slice(&mut self) {
        let Some(slice) = self.slices.front() else {
            self.moving = false;
            return;
        };
        if slice.first {
            let timed = &mut self.timed[slice.tag as usize];
            timed.start_secs = self.slice_end;
            timed.profile.entry_mm_s = self.speed_mm_s;
        }
        self.slice_end += slice.cycles() as f64 / CPU_HZ;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings;
    use std::println;
    use std::time::Instant;
    use std::vec;

    pub(crate) const MACHINE: Machine = Machine {
        steps_per_mm: [80.0; 3],
        max_rate_mm_min: [6000.0, 6000.0, 3000.0],
        acceleration_mm_s2: [500.0, 500.0, 300.0],
        junction_deviation_mm: 0.01,
        planner_blocks: 15,
        baud: 115_200,
        line_secs: 0.0,
    };

    fn line(x: f64, y: f64, feed: f64) -> Step {
        Step::Move { to_mm: [x, y, 0.0], feed_mm_min: Some(feed), bytes: 20 }
    }

    #[test]
    fn a_trapezoid_takes_what_the_formula_says() {
        let timed = time(&MACHINE, [0.0; 3], &[line(100.0, 0.0, 3000.0)]);
        let profile = timed[0].profile;
        assert_eq!((profile.entry_mm_s, profile.cruise_mm_s, profile.exit_mm_s), (0.0, 50.0, 0.0));
        // 100 mm at 50 mm/s, and one slope of 0.1 s more than the time at full speed.
        assert!((timed[0].end_secs - timed[0].start_secs - 2.1).abs() < 0.002, "{timed:?}");
        assert!((profile.secs() - 2.1).abs() < 1e-9);
        assert!((profile.distance_mm(1.05) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn a_right_angle_is_taken_at_the_junction_speed() {
        let timed = time(&MACHINE, [0.0; 3], &[line(50.0, 0.0, 3000.0), line(50.0, 50.0, 3000.0)]);
        let sin_half = 0.5f64.sqrt();
        let corner = (500.0 / sin_half * 0.01 * sin_half / (1.0 - sin_half)).sqrt();
        assert!((timed[0].profile.exit_mm_s - corner).abs() < 1e-5, "{timed:?}");
        assert!((timed[1].profile.entry_mm_s - corner).abs() < 1e-5, "{timed:?}");
        assert!((timed[0].end_secs - timed[1].start_secs).abs() < 1e-5, "{timed:?}");
    }

    #[test]
    fn a_wait_drains_the_planner_and_is_rounded_up() {
        let steps = [line(1.0, 0.0, 3000.0), Step::Wait { secs: 0.06, bytes: 8 }, line(2.0, 0.0, 3000.0)];
        let timed = time(&MACHINE, [0.0; 3], &steps);
        assert_eq!(timed[0].profile.exit_mm_s, 0.0);
        assert!(timed[1].start_secs >= timed[0].end_secs);
        assert!((timed[1].end_secs - timed[1].start_secs - 0.1).abs() < 0.001, "{timed:?}");
        assert!(timed[2].start_secs >= timed[1].end_secs);
    }

    #[test]
    fn nothing_moves_and_nothing_breaks() {
        assert!(time(&MACHINE, [0.0; 3], &[]).is_empty());
        let timed = time(&MACHINE, [5.0, 5.0, 0.0], &[line(5.0, 5.0, 100.0)]);
        assert_eq!(timed[0].profile, Profile::default());
    }

    #[test]
    fn as_long_as_the_firmware_took() {
        let Some(programs) = recordings::timing() else { return };
        for program in &programs {
            let Some(steps) = program.steps() else { continue };
            for (line_secs, seconds) in program.seconds {
                let machine = Machine { line_secs, ..program.machine() };
                let begun = Instant::now();
                let timed = time(&machine, [0.0; 3], &steps);
                let end = timed.iter().map(|t| t.end_secs).fold(0.0, f64::max);
                let error = (end / seconds - 1.0) * 100.0;
                println!(
                    "{:22} {seconds:9.3} s, estimated {end:9.3} s: {error:+.3} %  in {:?}",
                    program.name,
                    begun.elapsed()
                );
                assert!(error.abs() < 0.5, "{}", program.name);
            }
        }
    }

    #[test]
    fn time_never_goes_back_over_many_segments() {
        let steps: vec::Vec<Step> = (0..300_000)
            .map(|i| {
                let a = f64::from(i) * 0.01;
                line(100.0 + 50.0 * a.cos() + f64::from(i % 7) * 0.02, 100.0 + 50.0 * a.sin(), 3000.0)
            })
            .collect();
        let begun = Instant::now();
        let timed = time(&MACHINE, [100.0, 100.0, 0.0], &steps);
        println!("{} moves, {:.0} s, timed in {:?}", timed.len(), timed.last().unwrap().end_secs, begun.elapsed());
        assert!(timed.windows(2).all(|pair| pair[1].start_secs >= pair[0].start_secs));
    }
}
