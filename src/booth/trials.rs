//! Drawings of our own that show how the robot draws today: the test mark, and the self-test with its reference.
//!
//! The test mark is a cross of [`MARK_MM`] in the sheet's middle: measured with a ruler it tells the scale, looked at it
//! tells whether the pen writes. The self-test takes about a minute. Each of its figures shows one thing: the square and the
//! circle close only without play in the axes, and the circle touches the square at four points only if both axes have
//! one scale; the star shows corners overshot, the hatching lines of one distance, the waves the belt's own pace.
//! Units: millimetres on the sheet. Nobody is drawn.

use std::f64::consts::TAU;
use std::sync::Arc;

use super::drawing::Drawing;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Polyline;
use crate::plan;
use crate::plan::PlanConfig;
use crate::plan::RobotProfile;
use crate::strokes::Sheet;
use crate::strokes::Stroke;
use crate::strokes::StrokeKind;
use crate::strokes::StrokeSet;

/// The cross's width and height.
const MARK_MM: f64 = 20.0;
/// The self-test's square; half of the sheet's shorter side on a sheet that is too small for it.
const SQUARE_MM: f64 = 60.0;
/// Lines of the hatching, and their distance.
const HATCHES: usize = 12;
const HATCH_MM: f64 = 1.0;

/// Both, planned for one robot and one sheet.
#[derive(Debug, Clone)]
pub struct Trials {
    /// The test mark.
    pub mark: Arc<Drawing>,
    /// The self-test.
    pub test: Arc<Drawing>,
}

impl Trials {
    /// Plans them for `robot` on `sheet`.
    ///
    /// # Errors
    /// The robot does not reach the sheet's middle.
    pub fn new(sheet: &Sheet, robot: &RobotProfile, config: &PlanConfig) -> Result<Self, Fault> {
        let planned = |lines: Vec<Vec<Point<Mm>>>| {
            let stroke = |path| Stroke { kind: StrokeKind::Contour, path };
            let strokes = lines.into_iter().filter_map(Polyline::new).map(stroke).collect();
            let set = StrokeSet::new(*sheet, strokes).map_err(|e| Fault::new(Kind::PlanRejected, e.to_string()))?;
            Drawing::read(plan::plan(&set, robot, config)?.to_json(), robot).map(Arc::new)
        };
        Ok(Self { mark: planned(mark(sheet))?, test: planned(test(sheet))? })
    }
}

fn middle(sheet: &Sheet) -> Point<Mm> {
    Point::new(sheet.width_mm() / 2.0, sheet.height_mm() / 2.0)
}

fn mark(sheet: &Sheet) -> Vec<Vec<Point<Mm>>> {
    let (at, half) = (middle(sheet), MARK_MM / 2.0);
    vec![
        vec![Point::new(at.x - half, at.y), Point::new(at.x + half, at.y)],
        vec![Point::new(at.x, at.y - half), Point::new(at.x, at.y + half)],
    ]
}

fn test(sheet: &Sheet) -> Vec<Vec<Point<Mm>>> {
    let at = middle(sheet);
    let half = SQUARE_MM.min(sheet.width_mm().min(sheet.height_mm()) / 2.0) / 2.0;
    let round = |radius: f64, turns: f64, count: usize, from: f64| -> Vec<Point<Mm>> {
        let point = |n: usize| {
            let angle = from + turns * TAU * n as f64 / count as f64;
            Point::new(at.x + radius * angle.sin(), at.y - radius * angle.cos())
        };
        (0..=count).map(point).collect()
    };
    let square = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)]
        .map(|(x, y)| Point::new(at.x + half * x, at.y + half * y));
    let waves = (0..=120).map(|n| {
        let along = f64::from(n) / 120.0;
        Point::new(at.x - half + 2.0 * half * along, at.y + half + 7.0 + 3.0 * (along * 8.0 * TAU).sin())
    });
    let hatch = |n: usize| {
        let x = at.x - half + 2.0 + HATCH_MM * n as f64;
        vec![Point::new(x, at.y - half - 12.0), Point::new(x, at.y - half - 3.0)]
    };
    let mut lines = vec![
        square.to_vec(),
        round(half, 1.0, 180, 0.0),
        // Every second of five points on a circle, twice round.
        round(half * 0.72, 2.0, 5, 0.0),
        waves.collect(),
    ];
    lines.extend((0..HATCHES).map(hatch));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booth::drawing::tests::robot;
    use crate::plan::Act;

    fn lines(drawing: &Drawing) -> Vec<Vec<Point<Mm>>> {
        drawing.plan().motions().iter().filter(|m| m.act() == Act::Draw).map(|m| m.path().to_vec()).collect()
    }

    #[test]
    fn the_mark_is_a_cross_of_twenty_millimetres_and_the_test_takes_a_minute() {
        let sheet = Sheet::new(148.0, 210.0).expect("A5");
        let trials = Trials::new(&sheet, &robot(), &PlanConfig::default()).expect("within reach");
        let cross = lines(&trials.mark);
        assert_eq!(cross.len(), 2);
        for line in &cross {
            let (from, to) = (line[0], line[line.len() - 1]);
            assert!(((to - from).length() - MARK_MM).abs() < 0.01, "{line:?}");
        }
        let secs = trials.test.summary().secs;
        assert!((30..=90).contains(&secs), "{secs} s");
        let all: Vec<Point<Mm>> = lines(&trials.test).concat();
        let reach = |of: fn(&Point<Mm>) -> f64| {
            all.iter().map(of).fold((f64::MAX, f64::MIN), |(least, most), at| (least.min(at), most.max(at)))
        };
        let (left, right) = reach(|point| point.x);
        assert!(
            (left - 44.0).abs() < 0.1 && (right - 104.0).abs() < 0.1,
            "the square is 60 mm wide: {left} to {right}"
        );
        let circle = all.iter().filter(|point| (**point - middle(&sheet)).length() - 30.0 < 0.02);
        assert!(circle.count() > 60, "and the circle lies within it");
    }

    #[test]
    fn a_small_sheet_has_a_small_test() {
        let sheet = Sheet::new(74.0, 105.0).expect("A7");
        let trials = Trials::new(&sheet, &robot(), &PlanConfig::default()).expect("within reach");
        assert!(trials.test.plan().ink_mm() < 700.0);
    }
}
