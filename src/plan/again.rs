//! Back from what was planned: a program's plan, and a plan's strokes.
//!
//! So that whoever holds only the program, or only the plan, can look at it, time it, and plan its strokes anew. A program
//! is proved first ([`verify`](crate::plan::verify)), and one that [`plan`](crate::plan::plan) made gives the same bytes
//! again. What a stroke was for is not written in a program: all of its lines are contours.

use crate::geom::Point;
use crate::geom::Polyline;
use crate::plan::Act;
use crate::plan::Motion;
use crate::plan::MotionPlan;
use crate::plan::RobotProfile;
use crate::plan::motions;
use crate::plan::program::Grid;
use crate::plan::verify;
use crate::plan::verify::Violation;
use crate::strokes::OffTheSheet;
use crate::strokes::Sheet;
use crate::strokes::Stroke;
use crate::strokes::StrokeKind;
use crate::strokes::StrokeSet;

/// Half the length of the line that stands for a dot, mm.
const DOT_MM: f64 = 0.05;

/// The plan that `program` carries out on `robot` with `sheet` in place.
///
/// # Errors
/// The first [`Violation`] of a program that must not be sent.
pub fn of_program(program: &[u8], sheet: &Sheet, robot: &RobotProfile) -> Result<MotionPlan, Violation> {
    let lines = verify::inked(program, sheet, robot)?;
    let (grid, to_sheet) = (Grid::new(sheet, robot), robot.placement_back(sheet));
    let run = |(i, line): (usize, Vec<_>)| {
        let on_sheet: Vec<_> = line.iter().map(|p| to_sheet.transform_point(*p)).collect();
        Motion::untimed_draw(vec![i], StrokeKind::Contour, grid.snap_path(&on_sheet))
    };
    let runs = lines.into_iter().enumerate().map(run).collect();
    Ok(MotionPlan::timed(*sheet, robot.clone(), motions(runs, &grid)))
}

/// What `plan` draws, as strokes in its order: each run of the pen is one, dots are lines of a tenth of a millimetre.
///
/// # Errors
/// A stroke leaves the sheet: no plan's does, but for a dot on its very edge.
pub fn strokes_of(plan: &MotionPlan) -> Result<StrokeSet, OffTheSheet> {
    let runs = plan.motions().iter().filter(|motion| motion.act() == Act::Draw);
    let bounds = plan.sheet().bounds();
    let strokes = runs.filter_map(|motion| {
        // Rounding to the program's thousandths may have put a point a hair beside the sheet.
        let path: Vec<_> = motion.path().iter().map(|p| p.clamp(bounds.min, bounds.max)).collect();
        let path = Polyline::new(path).or_else(|| {
            let at = motion.path().first()?.clamp(bounds.min, bounds.max);
            let ends = [at.x - DOT_MM, at.x + DOT_MM].map(|x| Point::new(x.clamp(bounds.min.x, bounds.max.x), at.y));
            Polyline::new(ends.to_vec())
        })?;
        Some(Stroke { kind: motion.kind().unwrap_or(StrokeKind::Contour), path })
    });
    StrokeSet::new(*plan.sheet(), strokes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Program;
    use crate::plan::fixtures::noise;
    use crate::plan::fixtures::quick;
    use crate::plan::fixtures::robot;
    use crate::plan::fixtures::z_robot;
    use crate::plan::plan;
    use crate::plan::plan_as_given;

    #[test]
    fn a_program_gives_back_its_plan_and_its_own_bytes() {
        for (seed, robot) in (0..40).map(|seed| (seed, if seed % 3 == 0 { z_robot() } else { robot() })) {
            let planned = plan(&noise(1 + seed as usize, seed), &robot, &quick()).expect("within reach");
            let bytes = Program::of(&planned).bytes();
            let back = of_program(&bytes, planned.sheet(), &robot).expect("our own program");
            assert_eq!(Program::of(&back).bytes(), bytes, "seed {seed}");
            assert_eq!(back.pen_lifts(), planned.pen_lifts());
            assert!((back.total_secs() - planned.total_secs()).abs() < 1e-9);
        }
        let planned = plan(&noise(3, 1), &robot(), &quick()).expect("within reach");
        assert!(of_program(b"G1X1\n", planned.sheet(), &robot()).is_err());
    }

    #[test]
    fn a_plan_gives_back_its_strokes_in_its_order() {
        let planned = plan(&noise(30, 7), &robot(), &quick()).expect("within reach");
        let strokes = strokes_of(&planned).expect("on the sheet");
        assert_eq!(strokes.strokes().len(), planned.pen_lifts());
        let again = plan_as_given(&strokes, &robot()).expect("within reach");
        assert!((again.ink_mm() - planned.ink_mm()).abs() < 0.2 * planned.pen_lifts() as f64);
        assert!((again.travel_mm() - planned.travel_mm()).abs() < 0.2 * planned.pen_lifts() as f64);
    }
}
