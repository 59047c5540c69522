//! In which order and how fast: the strokes become one [`MotionPlan`], and the plan becomes a [`Program`].
//!
//! Read first: [`motion`] (what a plan is), then `order` (how the time on the machine is made short) and
//! [`program`] (how it is written, and where its times come from). The room refuses what the robot cannot do
//! ([`reach`]) before anything moves, and [`verify`] proves the finished bytes once more, without believing the rest.
//! Units: millimetres on the sheet (y down); the robot's field (y up) is known only to `robot`, `reach`, `program`
//! and `verify`. Who plans the real motion? The firmware; see [`motion`].

mod again;
pub mod file;
mod greedy;
mod hop;
mod in_time;
pub mod motion;
mod order;
pub mod program;
pub mod reach;
mod resample;
pub mod robot;
mod tour;
pub mod verify;

use rayon::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use crate::fault::Fault;
use crate::fault::Kind;
pub use crate::plan::again::of_program;
pub use crate::plan::again::strokes_of;
use crate::plan::hop::Hops;
pub use crate::plan::in_time::InTime;
pub use crate::plan::in_time::LeftOut;
pub use crate::plan::in_time::plan_in_time;
pub use crate::plan::in_time::shortened;
pub use crate::plan::motion::Act;
pub use crate::plan::motion::Moment;
pub use crate::plan::motion::Motion;
pub use crate::plan::motion::MotionPlan;
use crate::plan::program::Grid;
pub use crate::plan::program::Program;
pub use crate::plan::reach::Beyond;
use crate::plan::reach::OutOfReach;
use crate::plan::resample::Resampler;
pub use crate::plan::robot::PenLift;
use crate::plan::robot::RobotError;
pub use crate::plan::robot::RobotProfile;
use crate::strokes::Stroke;
use crate::strokes::StrokeSet;

/// How strokes are planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlanConfig {
    /// Ends no farther apart than this are joined by drawing straight on, mm (0.5: the width of a pen line, so that
    /// the join is covered by the ends' own dots of ink). 0 joins only ends that meet.
    pub join_mm: f64,
    /// How far the drawn line may stray from the given one, mm (0.02: below what a 0.3 mm pen can show).
    pub tolerance_mm: f64,
    /// How long the order is searched: kicks per stroke (8), and as many as for 1500 strokes on top. More is slower and a
    /// little better.
    pub effort: f64,
    /// Seed of the search; equal seeds give equal plans.
    pub seed: u64,
    /// How long a drawing may take, s: beyond it, shading of hair and clothes is left out ([`plan_in_time`]). 0 for as
    /// long as it takes.
    pub most_secs: f64,
}

impl Default for PlanConfig {
    fn default() -> Self {
        Self { join_mm: 0.5, tolerance_mm: 0.02, effort: 8.0, seed: 1, most_secs: 0.0 }
    }
}

/// Most strokes one plan takes.
pub const MAX_STROKES: usize = 200_000;
/// Most points one plan takes, in all its strokes.
pub const MAX_POINTS: usize = 4_000_000;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// The robot's profile makes no sense.
    #[error(transparent)]
    Robot(#[from] RobotError),
    /// A stroke is beyond the sheet or the robot's field.
    #[error(transparent)]
    OutOfReach(#[from] OutOfReach),
    /// A number of the configuration is out of its range.
    #[error("plan.{key} is {value}, but must lie between {least} and {most}; correct the configuration")]
    Config {
        /// The key.
        key: &'static str,
        /// What it says.
        value: f64,
        /// The least it may say.
        least: f64,
        /// The most it may say.
        most: f64,
    },
    /// More than any sheet holds.
    #[error("the drawing has {count} {what}, but a plan takes at most {most}; simplify it or draw it in parts")]
    TooMany {
        /// "strokes" or "points".
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
}

impl From<PlanError> for Fault {
    fn from(error: PlanError) -> Self {
        let kind = match error {
            PlanError::Robot(_) | PlanError::Config { .. } => Kind::Config,
            PlanError::OutOfReach(_) | PlanError::TooMany { .. } => Kind::PlanRejected,
        };
        Fault::new(kind, error.to_string())
    }
}

impl PlanConfig {
    /// Proves every number in its range.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), PlanError> {
        for (key, value, least, most) in [
            ("join_mm", self.join_mm, 0.0, 10.0),
            ("tolerance_mm", self.tolerance_mm, 0.0, 1.0),
            ("effort", self.effort, 0.0, 100_000.0),
            ("most_secs", self.most_secs, 0.0, 1_000_000.0),
        ] {
            if !(least..=most).contains(&value) {
                return Err(PlanError::Config { key, value, least, most });
            }
        }
        Ok(())
    }

    /// How many kicks the search gets for `strokes`: few strokes get more each, since that costs nothing; very many get
    /// fewer, so that the time stays bounded.
    fn kicks(&self, strokes: usize) -> usize {
        const AT_LEAST: usize = 1_500;
        const MOST_STROKES: usize = 6_000;
        (self.effort * (AT_LEAST + strokes.min(MOST_STROKES)) as f64) as usize
    }
}

/// Plans `strokes` for `robot`: order, direction, joins and start points for the least time on the machine.
///
/// Deterministic: equal input gives an equal plan, whatever the number of threads.
///
/// # Errors
/// [`PlanError`], before anything is searched: a robot or a configuration that makes no sense, a stroke out of reach,
/// more strokes than [`MAX_STROKES`] or points than [`MAX_POINTS`].
pub fn plan(strokes: &StrokeSet, robot: &RobotProfile, config: &PlanConfig) -> Result<MotionPlan, PlanError> {
    config.check()?;
    check(strokes, robot)?;
    let (sheet, strokes) = (*strokes.sheet(), strokes.strokes());
    let grid = Grid::new(&sheet, robot);
    let hops = Hops::new(robot, config.join_mm);
    let mut runs = runs(strokes, &order::order(strokes, grid.home(), &hops, config), &hops);
    let resampler = Resampler::new(robot, config.tolerance_mm);
    runs.par_iter_mut().for_each(|run| run.path = grid.snap_path(&resampler.resample(&run.path)));
    Ok(MotionPlan::timed(sheet, robot.clone(), motions(runs, &grid)))
}

/// Plans `strokes` just as they are: in their own order and direction, point by point, each lifted off at its end.
///
/// For drawings that another program has put in order, and to measure what its order takes on this robot.
///
/// # Errors
/// As [`plan`]'s.
pub fn plan_as_given(strokes: &StrokeSet, robot: &RobotProfile) -> Result<MotionPlan, PlanError> {
    check(strokes, robot)?;
    let grid = Grid::new(strokes.sheet(), robot);
    let run = |(i, s): (usize, &Stroke)| Motion::untimed_draw(vec![i], s.kind, grid.snap_path(s.path.points()));
    let runs = strokes.strokes().iter().enumerate().map(run).collect();
    Ok(MotionPlan::timed(*strokes.sheet(), robot.clone(), motions(runs, &grid)))
}

fn check(strokes: &StrokeSet, robot: &RobotProfile) -> Result<(), PlanError> {
    robot.check()?;
    let (sheet, strokes) = (strokes.sheet(), strokes.strokes());
    let points = strokes.iter().map(|s| s.path.points().len()).sum();
    for (what, count, most) in [("strokes", strokes.len(), MAX_STROKES), ("points", points, MAX_POINTS)] {
        if count > most {
            return Err(PlanError::TooMany { what, count, most });
        }
    }
    Ok(reach::check(strokes, sheet, robot)?)
}

/// The tour's visits as runs of the pen: strokes whose ends meet are one run.
fn runs(strokes: &[Stroke], visits: &[order::Visit], hops: &Hops) -> Vec<Motion> {
    let mut runs: Vec<Motion> = vec![];
    let mut longest_mm = 0.0;
    for visit in visits {
        let stroke = &strokes[visit.stroke];
        let points = visit.points(&stroke.path);
        let length_mm = stroke.path.length();
        match runs.last_mut() {
            Some(run) if hops.joins(run.path[run.path.len() - 1], points[0]) => {
                run.strokes.push(visit.stroke);
                run.path.extend(points);
                if length_mm > longest_mm {
                    (run.kind, longest_mm) = (Some(stroke.kind), length_mm);
                }
            }
            _ => {
                longest_mm = length_mm;
                runs.push(Motion::untimed_draw(vec![visit.stroke], stroke.kind, points));
            }
        }
    }
    runs
}

/// The pen's moves around its `runs`: it starts and ends lifted, at home.
fn motions(runs: Vec<Motion>, grid: &Grid<'_>) -> Vec<Motion> {
    let mut at = grid.home();
    let mut motions = vec![Motion::untimed(Act::PenUp, vec![at])];
    for run in runs {
        let (first, last) = (run.path[0], run.path[run.path.len() - 1]);
        if at != first {
            motions.push(Motion::untimed(Act::Travel, vec![at, first]));
        }
        motions.push(Motion::untimed(Act::PenDown, vec![first]));
        motions.push(run);
        motions.push(Motion::untimed(Act::PenUp, vec![last]));
        at = last;
    }
    if at != grid.home() {
        motions.push(Motion::untimed(Act::Travel, vec![at, grid.home()]));
    }
    motions
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
