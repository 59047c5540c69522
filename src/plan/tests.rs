//! What every plan promises, whatever is drawn.

use super::fixtures::a5;
use super::fixtures::circle;
use super::fixtures::noise;
use super::fixtures::quick;
use super::fixtures::robot;
use super::fixtures::set;
use super::fixtures::stroke;
use super::fixtures::z_robot;
use super::*;
use crate::geom::Mm;
use crate::geom::Point;

fn planned(strokes: &StrokeSet, robot: &RobotProfile) -> MotionPlan {
    let plan = plan(strokes, robot, &quick()).unwrap();
    keeps_its_promises(&plan, strokes);
    plan
}

/// Everything that [`MotionPlan`] promises, and [`verify`] of its bytes.
fn keeps_its_promises(plan: &MotionPlan, strokes: &StrokeSet) {
    let home: Point<Mm> = Grid::new(plan.sheet(), plan.robot()).home();
    let motions = plan.motions();
    assert_eq!((motions[0].act(), motions[0].path()), (Act::PenUp, &[home][..]));
    let (mut at, mut down, mut now) = (home, false, 0.0);
    let mut drawn = vec![0; strokes.strokes().len()];
    for motion in motions {
        assert_eq!(motion.start_secs(), now);
        assert!(motion.end_secs() >= now);
        assert_eq!(motion.path()[0], at);
        match motion.act() {
            Act::PenDown => {
                assert!(!down);
                down = true;
            }
            Act::PenUp => down = false,
            Act::Draw => {
                assert!(down && motion.kind().is_some());
                motion.strokes().iter().for_each(|stroke| drawn[*stroke] += 1);
            }
            Act::Travel => assert!(!down),
        }
        (at, now) = (motion.path()[motion.path().len() - 1], motion.end_secs());
    }
    assert!(!down && at == home);
    assert!(drawn.iter().all(|times| *times == 1), "each stroke is drawn once");
    assert_eq!(plan.strokes(), strokes.strokes().len());

    // ink is conserved: what was given, and a join (at most as long as allowed) between strokes of one run
    let config = quick();
    let joins = plan.strokes() - plan.pen_lifts();
    let (ink, given) = (plan.ink_mm(), strokes.ink_mm());
    assert!(ink <= given * 1.001 + joins as f64 * config.join_mm + 0.01, "{ink} mm of {given} mm, {joins} joins");
    assert!(ink >= given * 0.98 - 0.1, "{ink} mm of {given} mm");

    let proof = verify::verify(&Program::of(plan).bytes(), plan.sheet(), plan.robot()).unwrap();
    assert_eq!(proof.pen_downs, plan.pen_lifts());
    moves_without_jumps(plan, home);
}

fn moves_without_jumps(plan: &MotionPlan, home: Point<Mm>) {
    let (start, end) = (plan.at(0.0), plan.at(plan.total_secs()));
    assert_eq!((start.at, start.pen_down), (home, false));
    assert_eq!((end.at, end.pen_down), (home, false));
    assert_eq!(plan.at(-5.0).at, home);
    assert_eq!(plan.at(plan.total_secs() + 9.0).at, home);
    let top_mm_s = plan.robot().max_rate_mm_min[0] / 60.0 * std::f64::consts::SQRT_2;
    let steps = 3000;
    let dt = plan.total_secs() / steps as f64;
    let mut before = home;
    for i in 0..=steps {
        let now = plan.at(i as f64 * dt).at;
        assert!((now - before).length() <= top_mm_s * dt + 1e-6);
        before = now;
    }
    for motion in plan.motions().iter().take(400) {
        let samples = motion.samples();
        assert!(samples.is_sorted_by(|a, b| a.0 <= b.0));
        for pair in samples.windows(2) {
            let (secs, between) = ((pair[0].0 + pair[1].0) / 2.0, pair[0].1.lerp(pair[1].1, 0.5));
            let straight = (plan.at(secs).at - between).length();
            assert!(straight <= Motion::SAMPLE_ERROR_MM + 1e-6, "{straight} mm off");
        }
    }
}

#[test]
fn nothing_needs_only_a_lifted_pen() {
    let plan = planned(&set(vec![]), &robot());
    assert_eq!((plan.pen_lifts(), plan.ink_mm(), plan.travel_mm()), (0, 0.0, 0.0));
}

#[test]
fn a_dot_is_drawn() {
    for size in [1e-7, 0.004, 0.05] {
        let plan = planned(&set(vec![stroke(&[(50.0, 50.0), (50.0 + size, 50.0)])]), &robot());
        assert_eq!((plan.pen_lifts(), plan.strokes()), (1, 1));
        assert!(plan.motions().iter().any(|m| m.act() == Act::Draw && m.path().len() >= 2));
    }
}

#[test]
fn one_line_takes_what_physics_says() {
    let plan = planned(&set(vec![stroke(&[(20.0, 190.0), (120.0, 190.0)])]), &robot());
    // out of home 20 mm each way: 2 sqrt(20/500); 100 mm at 50 mm/s, 0.1 s for both slopes; home over 120 x 20
    let expected = 0.15 + 0.4 + 0.15 + (2.0 + 0.1) + 0.15 + (1.2 + 0.2);
    assert!((plan.total_secs() - expected).abs() < 0.03, "{} and {expected}", plan.total_secs());
}

#[test]
fn a_loop_starts_where_it_is_reached_first() {
    let plan = planned(&set(vec![circle(74.0, 105.0, 30.0, 90)]), &robot());
    let draw = plan.motions().iter().find(|m| m.act() == Act::Draw).unwrap();
    assert_eq!(draw.path()[0], draw.path()[draw.path().len() - 1]);
    let start = draw.path()[0];
    assert!(start.y > 105.0 && start.x < 80.0, "home is below and to the left; it starts at {start:?}");
}

#[test]
fn ends_that_meet_are_joined() {
    let square = vec![
        stroke(&[(10.0, 10.0), (50.0, 10.0)]),
        stroke(&[(50.0, 50.0), (50.2, 10.1)]),
        stroke(&[(50.0, 50.0), (10.0, 50.0)]),
        stroke(&[(10.0, 10.2), (10.0, 50.0)]),
    ];
    assert_eq!(planned(&set(square.clone()), &robot()).pen_lifts(), 1);
    let apart = PlanConfig { join_mm: 0.0, ..quick() };
    assert_eq!(plan(&set(square), &robot(), &apart).unwrap().pen_lifts(), 3);
}

#[test]
fn noise_keeps_every_promise() {
    for seed in 0..30 {
        planned(&noise(1 + 7 * seed as usize, seed), &robot());
        planned(&noise(1 + 5 * seed as usize, seed), &z_robot());
    }
}

#[test]
fn three_thousand_strokes_keep_every_promise() {
    let strokes = noise(3000, 3);
    let plan = planned(&strokes, &robot());
    assert!(plan.pen_lifts() < 3000);
}

#[test]
fn equal_input_gives_an_equal_plan() {
    let strokes = noise(300, 11);
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = one_thread.install(|| planned(&strokes, &robot()));
    assert_eq!(alone, planned(&strokes, &robot()));
}

#[test]
fn a_point_on_a_straight_line_costs_no_time() {
    let plain = planned(&set(vec![stroke(&[(20.0, 20.0), (120.0, 140.0)])]), &robot());
    let points: Vec<(f64, f64)> = (0..=40).map(|i| (20.0 + 2.5 * f64::from(i), 20.0 + 3.0 * f64::from(i))).collect();
    let divided = planned(&set(vec![stroke(&points)]), &robot());
    let ratio = divided.total_secs() / plain.total_secs();
    assert!((ratio - 1.0).abs() < 0.001, "{ratio}");
}

#[test]
fn what_cannot_be_planned_is_refused() {
    let strokes = noise(3, 1);
    let small = RobotProfile { field_width_mm: 20.0, ..robot() };
    let error = plan(&strokes, &small, &quick()).unwrap_err();
    assert!(matches!(error, PlanError::OutOfReach(_)));
    assert_eq!(Fault::from(error).kind(), Kind::PlanRejected);
    let config = PlanConfig { join_mm: f64::NAN, ..quick() };
    assert!(matches!(plan(&strokes, &robot(), &config), Err(PlanError::Config { key: "join_mm", .. })));
    let broken = RobotProfile { draw_speed_mm_s: f64::NAN, ..robot() };
    assert!(matches!(plan(&strokes, &broken, &quick()), Err(PlanError::Robot(_))));
    let many = StrokeSet::new(a5(), vec![stroke(&[(1.0, 1.0), (2.0, 1.0)]); MAX_STROKES + 1]).unwrap();
    assert!(matches!(plan(&many, &robot(), &quick()), Err(PlanError::TooMany { .. })));
}
