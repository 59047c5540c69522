//! How far the ink of the simulated robot lies from the plan, measured exactly: every point of every stroke, both ways.
//!
//! A step is a step of one motor, so distances are taken axis by axis (the greater of the two counts). What the bound is
//! made of is told in `src/robot/ink.rs`. Units: motor steps.

use portraitist::geom::Mm;
use portraitist::geom::Point;
use portraitist::geom::Polyline;
use portraitist::photo::sitters;
use portraitist::plan;
use portraitist::plan::Act;
use portraitist::plan::MotionPlan;
use portraitist::plan::PlanConfig;
use portraitist::plan::Program;
use portraitist::plan::RobotProfile;
use portraitist::robot;
use portraitist::robot::Job;
use portraitist::robot::Orders;
use portraitist::robot::Pace;
use portraitist::robot::SenderConfig;
use portraitist::robot::Simulated;
use portraitist::strokes::Sheet;
use portraitist::strokes::Stroke;
use portraitist::strokes::StrokeKind;
use portraitist::strokes::StrokeSet;

use crate::journey;

/// The greatest distance is found to so many steps.
const EXACT: f64 = 0.005;

/// The greater of the two axes' distances of `p` from the segment.
fn from_segment(p: Point<Mm>, [a, b]: [Point<Mm>; 2]) -> f64 {
    let (off, along) = (p - a, b - a);
    // The greater of two distances, each convex along the segment, is least where one of them is zero, where both are
    // equal, or at an end.
    let turns = [
        off.x / along.x,
        off.y / along.y,
        (off.x - off.y) / (along.x - along.y),
        (off.x + off.y) / (along.x + along.y),
    ];
    let at = |t: f64| {
        let left = off - along * t;
        left.x.abs().max(left.y.abs())
    };
    turns.into_iter().filter(|t| (0.0..=1.0).contains(t)).chain([0.0, 1.0]).map(at).fold(f64::INFINITY, f64::min)
}

fn distance(p: Point<Mm>, line: &[Point<Mm>]) -> f64 {
    line.windows(2).map(|pair| from_segment(p, [pair[0], pair[1]])).fold(f64::INFINITY, f64::min)
}

/// How far the farthest point of `line` is from `other`, or `at_least`, if no point is farther than that.
fn farthest(line: &[Point<Mm>], other: &[Point<Mm>], at_least: f64) -> f64 {
    let mut farthest = line.iter().map(|p| distance(*p, other)).fold(at_least, f64::max);
    let mut open: Vec<[Point<Mm>; 2]> = line.windows(2).map(|pair| [pair[0], pair[1]]).collect();
    while let Some([a, b]) = open.pop() {
        // The distance from one segment is convex: between a and b it is no greater than at the worse of them.
        let most = other
            .windows(2)
            .map(|pair| from_segment(a, [pair[0], pair[1]]).max(from_segment(b, [pair[0], pair[1]])))
            .fold(f64::INFINITY, f64::min);
        if most > farthest + EXACT {
            let middle = a.lerp(b, 0.5);
            farthest = farthest.max(distance(middle, other));
            open.extend([[a, middle], [middle, b]]);
        }
    }
    farthest
}

/// What the simulated robot has drawn of a plan, and its greatest distances: of the ink from the plan, of the plan from
/// the ink, in steps.
fn measure(plan: &MotionPlan) -> (usize, f64, f64) {
    let robot = plan.robot();
    let mut simulated = Simulated::new(robot, Pace::AtOnce);
    let job = Job::new(Program::of(plan).lines().iter().map(|line| line.text.clone()).collect(), robot);
    robot::stream(&mut simulated, job, SenderConfig::default(), &Orders::default(), &mut |_| {}).expect("it is drawn");
    let ink = simulated.ink(robot, plan.sheet());
    let drawn: Vec<_> = plan.motions().iter().filter(|motion| motion.act() == Act::Draw).collect();
    assert_eq!(ink.len(), drawn.len(), "every stroke is a line of ink");
    let steps = |line: &[Point<Mm>]| -> Vec<Point<Mm>> {
        assert_eq!(robot.steps_per_mm[0], robot.steps_per_mm[1]);
        line.iter().map(|p| *p * robot.steps_per_mm[0]).collect()
    };
    let (mut ink_off, mut plan_off) = (0.0, 0.0);
    for (line, motion) in ink.iter().zip(drawn) {
        let (line, path) = (steps(line), steps(motion.path()));
        ink_off = farthest(&line, &path, ink_off);
        plan_off = farthest(&path, &line, plan_off);
    }
    (ink.iter().map(Vec::len).sum(), ink_off, plan_off)
}

fn check(name: &str, plan: &MotionPlan) {
    let (points, ink_off, plan_off) = measure(plan);
    println!("{name:12} {points:6} points of ink: {ink_off:.3} steps off the plan, which is {plan_off:.3} off the ink");
    assert!(ink_off <= 1.0 && plan_off <= 1.0, "{name}: {ink_off} and {plan_off} steps");
    assert!(ink_off > 0.2, "{name}: a robot of whole steps cannot be so exact");
}

fn profile(text: &str) -> RobotProfile {
    toml::from_str(text).expect("a shipped profile")
}

fn planned(robot: &RobotProfile, lines: impl IntoIterator<Item = Vec<Point<Mm>>>) -> MotionPlan {
    let sheet = Sheet::new(148.0, 210.0).expect("A5");
    let stroke = |points| Stroke { kind: StrokeKind::Contour, path: Polyline::new(points).expect("a line") };
    let set = StrokeSet::new(sheet, lines.into_iter().map(stroke).collect()).expect("on the sheet");
    plan::plan(&set, robot, &PlanConfig::default()).expect("within reach")
}

#[test]
fn the_ink_of_every_sitter_is_the_plan_to_a_step() {
    for sitter in sitters::sitters() {
        check(sitter.name, &journey::job(sitter.name).plan);
    }
}

#[test]
fn the_ink_of_any_drawing_is_the_plan_to_a_step() {
    let middle = |x: f64, y: f64| Point::new(74.0 + x, 105.0 + y);
    let star = (0..180).map(|i| {
        let (sin, cos) = (f64::from(i) * 0.0349).sin_cos();
        vec![middle(5.0 * cos, 5.0 * sin), middle(60.0 * cos, 60.0 * sin)]
    });
    let spiral = (0..1500).map(|i| {
        let (sin, cos) = (f64::from(i) * 0.1).sin_cos();
        let r = f64::from(i) * 0.035;
        middle(r * cos, r * sin)
    });
    let zigzag = (0..400).map(|i| middle(f64::from(i) * 0.3 - 60.0, if i % 2 == 0 { 0.37 } else { -0.41 }));
    let dashes = (0..900).map(|i| {
        let (x, y) = (f64::from(i % 30) * 4.013 - 58.0, f64::from(i / 30) * 4.017 - 58.0);
        vec![middle(x, y), middle(x + 0.003 * f64::from(i), y + 0.7 - 0.002 * f64::from(i))]
    });
    let servo = profile(include_str!("../../config/robots/a4-servo.toml"));
    check("star", &planned(&servo, star));
    check("spiral", &planned(&servo, [spiral.collect()]));
    check("zigzag", &planned(&servo, [zigzag.clone().collect()]));
    check("dashes", &planned(&servo, dashes));
    check("zigzag, z", &planned(&profile(include_str!("../../config/robots/a4-z.toml")), [zigzag.clone().collect()]));
    check("zigzag, fast", &planned(&profile(include_str!("../../config/robots/a3-fast.toml")), [zigzag.collect()]));
}

#[test]
fn the_measure_finds_the_farthest_point() {
    let line = |points: &[(f64, f64)]| points.iter().map(|p| Point::new(p.0, p.1)).collect::<Vec<_>>();
    let tent = line(&[(0.0, 0.0), (10.0, 0.0)]);
    // The farthest point lies in the middle of a segment whose ends lie on the line.
    let gap = line(&[(0.0, 0.0), (4.0, 0.0), (4.0, 9.0), (6.0, 9.0), (6.0, 0.0), (10.0, 0.0)]);
    assert!((farthest(&tent, &gap, 0.0) - 1.0).abs() < 2.0 * EXACT);
    assert!((farthest(&gap, &tent, 0.0) - 9.0).abs() < 2.0 * EXACT);
    assert_eq!(from_segment(Point::new(3.0, 4.0), [Point::new(0.0, 0.0); 2]), 4.0);
    assert!((from_segment(Point::new(0.0, 2.0), [Point::new(0.0, 0.0), Point::new(5.0, 5.0)]) - 1.0).abs() < 1e-12);
}
