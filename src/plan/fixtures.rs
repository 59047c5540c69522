//! What the plan's tests draw with: the reference robot, and strokes of every troublesome kind.

use crate::geom::Point;
use crate::geom::Polyline;
use crate::plan::PlanConfig;
use crate::plan::RobotProfile;
use crate::plan::tour::Random;
use crate::strokes::Sheet;
use crate::strokes::Stroke;
use crate::strokes::StrokeKind;
use crate::strokes::StrokeSet;

pub fn robot() -> RobotProfile {
    toml::from_str(include_str!("../../config/robots/a4-servo.toml")).unwrap()
}

pub fn z_robot() -> RobotProfile {
    toml::from_str(include_str!("../../config/robots/a4-z.toml")).unwrap()
}

/// The default plan with a short search: what it promises does not depend on how long it searches.
pub fn quick() -> PlanConfig {
    PlanConfig { effort: 0.2, ..PlanConfig::default() }
}

pub fn a5() -> Sheet {
    Sheet::new(148.0, 210.0).unwrap()
}

pub fn stroke(points: &[(f64, f64)]) -> Stroke {
    let points = points.iter().map(|p| Point::new(p.0, p.1)).collect();
    Stroke { kind: StrokeKind::Contour, path: Polyline::new(points).unwrap() }
}

pub fn set(strokes: Vec<Stroke>) -> StrokeSet {
    StrokeSet::new(a5(), strokes).unwrap()
}

/// A number from 0 to 1.
pub(super) fn unit(random: &mut Random) -> f64 {
    random.below(1 << 30) as f64 / (1u64 << 30) as f64
}

/// A circle, closed.
pub fn circle(x: f64, y: f64, radius: f64, pieces: usize) -> Stroke {
    let mut points: Vec<(f64, f64)> = (0..pieces)
        .map(|i| {
            let angle = i as f64 / pieces as f64 * std::f64::consts::TAU;
            (x + radius * angle.cos(), y + radius * angle.sin())
        })
        .collect();
    points.push(points[0]);
    stroke(&points)
}

/// Wandering strokes all over the sheet, some closed, some tiny, some that meet others.
pub fn noise(strokes: usize, seed: u64) -> StrokeSet {
    let mut random = Random(seed);
    let mut made: Vec<Stroke> = vec![];
    while made.len() < strokes {
        let (mut x, mut y) = (unit(&mut random) * 148.0, unit(&mut random) * 210.0);
        if made.len() > 3 && random.below(4) == 0 {
            let meets = made[random.below(made.len())].path.last();
            (x, y) = (meets.x, meets.y);
        }
        let step = [0.01, 0.3, 2.0][random.below(3)];
        let mut points = vec![(x, y)];
        let mut heading = unit(&mut random) * 6.3;
        for _ in 0..1 + random.below(30) {
            heading += unit(&mut random) - 0.5;
            x = (x + step * heading.cos()).clamp(0.0, 148.0);
            y = (y + step * heading.sin()).clamp(0.0, 210.0);
            points.push((x, y));
        }
        if random.below(5) == 0 {
            points.push(points[0]);
        }
        let points = points.iter().map(|p| Point::new(p.0, p.1)).collect();
        let kind = if random.below(3) == 0 { StrokeKind::Hatch } else { StrokeKind::Contour };
        made.extend(Polyline::new(points).map(|path| Stroke { kind, path }));
    }
    set(made)
}
