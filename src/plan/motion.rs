//! The [`MotionPlan`]: everything the pen will do, in order, with the firmware's own times.
//!
//! Promises: it starts and ends with the pen up at home; pen-up moves and drawing alternate with the pen's own moves;
//! every stroke of the set is drawn exactly once; every point is within reach. It can only be made by
//! [`plan`](crate::plan::plan) and by reading a plan file, both of which check this.
//! Points are millimetres on the sheet (y down); times are seconds after the program's first byte.
//!
//! The firmware plans the real motion. The speeds here come from the same rules run on the same lines
//! ([`firmware_protocol::motion`]): they are an exact estimate, for previews and progress, and never sent.

use firmware_protocol::motion::Profile;
use firmware_protocol::motion::Timed;

use crate::geom::Mm;
use crate::geom::Point;
use crate::plan::robot::RobotProfile;
use crate::strokes::Sheet;
use crate::strokes::StrokeKind;

/// What the machine does in one [`Motion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Go somewhere else, pen up.
    Travel,
    /// Lower the pen.
    PenDown,
    /// Draw one stroke, or several whose ends meet.
    Draw,
    /// Lift the pen.
    PenUp,
}

/// One act of the machine: where, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Motion {
    pub(super) act: Act,
    pub(super) strokes: Vec<usize>,
    pub(super) kind: Option<StrokeKind>,
    pub(super) path: Vec<Point<Mm>>,
    /// One for each leg of the path.
    pub(super) legs: Vec<Timed>,
    pub(super) start_secs: f64,
    pub(super) end_secs: f64,
}

/// Where the pen is at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Whether it draws (during a pen move: whether it is on its way down).
    pub pen_down: bool,
    /// Where it is, mm on the sheet (home may lie beside the sheet).
    pub at: Point<Mm>,
    /// The motion it is in: an index into [`MotionPlan::motions`].
    pub motion: usize,
}

impl Motion {
    /// Farthest that a straight line between two [`samples`](Motion::samples) may stray from the true place, mm.
    pub const SAMPLE_ERROR_MM: f64 = 0.2;

    /// A motion of which only the way is known yet; [`MotionPlan::timed`] gives it its times.
    pub(super) fn untimed(act: Act, path: Vec<Point<Mm>>) -> Self {
        Self { act, strokes: vec![], kind: None, path, legs: vec![], start_secs: 0.0, end_secs: 0.0 }
    }

    /// A run of the pen over `strokes`, of which only the way is known yet.
    pub(super) fn untimed_draw(strokes: Vec<usize>, kind: StrokeKind, path: Vec<Point<Mm>>) -> Self {
        Self { strokes, kind: Some(kind), ..Self::untimed(Act::Draw, path) }
    }

    /// What the machine does.
    pub fn act(&self) -> Act {
        self.act
    }

    /// The strokes that are drawn (indices into the planned `StrokeSet`), in drawing order; empty if none is.
    pub fn strokes(&self) -> &[usize] {
        &self.strokes
    }

    /// What is drawn (of several strokes, what the longest is); `None` if nothing is.
    pub fn kind(&self) -> Option<StrokeKind> {
        self.kind
    }

    /// The way: at least two points for [`Act::Travel`] and [`Act::Draw`] (two equal ones for a dot), one for the
    /// pen's own moves.
    pub fn path(&self) -> &[Point<Mm>] {
        &self.path
    }

    /// When it begins: when the motion before it ends.
    pub fn start_secs(&self) -> f64 {
        self.start_secs
    }

    /// When it is done.
    pub fn end_secs(&self) -> f64 {
        self.end_secs
    }

    /// Length of its way, mm.
    pub fn length_mm(&self) -> f64 {
        self.path.windows(2).map(|w| (w[1] - w[0]).length()).sum()
    }

    /// Where the pen is at which second: every corner, every change of acceleration and what lies between, so close
    /// that straight interpolation errs by less than [`Motion::SAMPLE_ERROR_MM`].
    pub fn samples(&self) -> Vec<(f64, Point<Mm>)> {
        let mut samples = vec![(self.start_secs, self.path[0])];
        for (leg, ends) in self.legs.iter().zip(self.path.windows(2)) {
            let push = |samples: &mut Vec<(f64, Point<Mm>)>, secs: f64, at: Point<Mm>| {
                let last = samples[samples.len() - 1];
                let secs = secs.max(last.0); // rounding must not turn time round
                if last != (secs, at) {
                    samples.push((secs, at));
                }
            };
            push(&mut samples, leg.start_secs, ends[0]);
            for secs in phase_times(&leg.profile) {
                push(&mut samples, leg.start_secs + secs, along(leg, ends, leg.start_secs + secs));
            }
            push(&mut samples, leg.end_secs, ends[1]);
        }
        if samples.last().is_some_and(|last| last.0 < self.end_secs) {
            samples.push((self.end_secs, self.path[self.path.len() - 1]));
        }
        samples
    }

    fn at(&self, secs: f64) -> Point<Mm> {
        let leg = self.legs.partition_point(|leg| leg.end_secs < secs);
        match self.legs.get(leg) {
            Some(timed) => along(timed, &self.path[leg..], secs),
            None => self.path[self.path.len() - 1],
        }
    }
}

/// The point of the leg from `ends[0]` to `ends[1]` at `secs`.
fn along(leg: &Timed, ends: &[Point<Mm>], secs: f64) -> Point<Mm> {
    let length_mm = leg.profile.length_mm;
    if length_mm <= 0.0 || secs >= leg.end_secs {
        return if secs < leg.end_secs { ends[0] } else { ends[1] };
    }
    ends[0].lerp(ends[1], leg.profile.distance_mm(secs - leg.start_secs) / length_mm)
}

/// Times within a block, from its start, at which to sample it: where its phases meet, and within a phase of
/// acceleration `a` so often that the parabola's sagitta `a t² / 8` stays small.
fn phase_times(profile: &Profile) -> Vec<f64> {
    const MOST_PIECES: f64 = 64.0;
    let a = profile.acceleration_mm_s2;
    if profile.length_mm <= 0.0 || a <= 0.0 {
        return vec![];
    }
    let (up, down) = ((profile.cruise_mm_s - profile.entry_mm_s) / a, (profile.cruise_mm_s - profile.exit_mm_s) / a);
    // nine tenths: a leg is up to a motor step longer than its block
    let piece_secs = (8.0 * 0.9 * Motion::SAMPLE_ERROR_MM / a).sqrt();
    let mut times = vec![];
    for (from, secs) in [(0.0, up), (profile.secs() - down, down)] {
        let pieces = (secs / piece_secs).ceil().clamp(1.0, MOST_PIECES);
        times.extend((0..=pieces as usize).map(|i| from + secs * i as f64 / pieces));
    }
    times
}

/// Everything the pen will do, with its times; see the promises at the head of this file.
#[derive(Debug, Clone, PartialEq)]
pub struct MotionPlan {
    pub(super) sheet: Sheet,
    pub(super) robot: RobotProfile,
    pub(super) motions: Vec<Motion>,
}

impl MotionPlan {
    /// The sheet it draws on.
    pub fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// The robot it is for.
    pub fn robot(&self) -> &RobotProfile {
        &self.robot
    }

    /// What the machine does, in order; never empty (the first lifts the pen).
    pub fn motions(&self) -> &[Motion] {
        &self.motions
    }

    /// How long it takes, seconds.
    pub fn total_secs(&self) -> f64 {
        self.motions[self.motions.len() - 1].end_secs
    }

    /// How often the pen is lifted off the paper.
    pub fn pen_lifts(&self) -> usize {
        self.drawing().count()
    }

    /// How many strokes it draws.
    pub fn strokes(&self) -> usize {
        self.drawing().map(|motion| motion.strokes.len()).sum()
    }

    /// Length of the ink, mm.
    pub fn ink_mm(&self) -> f64 {
        self.drawing().map(Motion::length_mm).sum()
    }

    /// Length of the pen-up moves, mm.
    pub fn travel_mm(&self) -> f64 {
        self.motions.iter().filter(|motion| motion.act == Act::Travel).map(Motion::length_mm).sum()
    }

    /// Where the pen is `secs` after the start (before it: at the start; after the end: at the end).
    pub fn at(&self, secs: f64) -> Moment {
        let motion = self.motions.partition_point(|motion| motion.end_secs <= secs).min(self.motions.len() - 1);
        let now = &self.motions[motion];
        Moment { pen_down: matches!(now.act, Act::Draw | Act::PenDown), at: now.at(secs), motion }
    }

    fn drawing(&self) -> impl Iterator<Item = &Motion> {
        self.motions.iter().filter(|motion| motion.act == Act::Draw)
    }
}
