//! A drawing through the whole room: the driver, the wire, the simulated firmware, its pen, in virtual time.

use std::time::Duration;

use super::*;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Polyline;
use crate::plan::Act;
use crate::plan::MotionPlan;
use crate::plan::PlanConfig;
use crate::plan::Program;
use crate::plan::RobotProfile;
use crate::plan::plan;
use crate::strokes::Sheet;
use crate::strokes::Stroke;
use crate::strokes::StrokeKind;
use crate::strokes::StrokeSet;

pub(super) fn profile(name: &str) -> RobotProfile {
    let text = match name {
        "servo" => include_str!("../../config/robots/a4-servo.toml"),
        "z" => include_str!("../../config/robots/a4-z.toml"),
        _ => include_str!("../../config/robots/a3-fast.toml"),
    };
    toml::from_str(text).expect("a shipped profile")
}

/// Curves here and there, and a dot.
pub(super) fn drawing(robot: &RobotProfile, curves: u32) -> (MotionPlan, Program) {
    let sheet = Sheet::new(148.0, 210.0).expect("A5");
    let mut strokes: Vec<Stroke> = (0..curves)
        .map(|i| {
            let (x, y, turn) =
                (20.0 + f64::from(i * 37 % 100), 20.0 + f64::from(i * 53 % 160), f64::from(i % 5) * 0.11);
            let points = (0..40).map(|k| {
                let angle = f64::from(k) * turn + f64::from(i);
                Point::new(x + 0.4 * f64::from(k) * angle.cos() * 0.4, y + 0.4 * f64::from(k) * angle.sin() * 0.6)
            });
            Stroke { kind: StrokeKind::Contour, path: Polyline::new(points.collect()).expect("a curve") }
        })
        .collect();
    let dot = vec![Point::new(70.0, 70.0), Point::new(70.0, 70.2)];
    strokes.push(Stroke { kind: StrokeKind::Contour, path: Polyline::new(dot).expect("a dash") });
    let set = StrokeSet::new(sheet, strokes).expect("on the sheet");
    let plan = plan(&set, robot, &PlanConfig::default()).expect("within reach");
    let program = Program::of(&plan);
    (plan, program)
}

pub(super) fn job(plan: &MotionPlan, program: &Program) -> Job {
    Job::new(program.lines().iter().map(|line| line.text.clone()).collect(), plan.robot())
}

/// How far `p` is from the line, along the axis on which it is farther.
fn distance(p: Point<Mm>, line: &[Point<Mm>]) -> f64 {
    line.windows(2)
        .map(|w| {
            let along = w[1] - w[0];
            let t = ((p - w[0]).dot(along) / along.square_length().max(1e-12)).clamp(0.0, 1.0);
            (p - (w[0] + along * t)).abs()
        })
        .min_by(|a, b| a.square_length().total_cmp(&b.square_length()))
        .map_or(f64::INFINITY, |off| off.x.max(off.y))
}

/// A port that hands over to another until something happens to the cable.
struct Cut<'a> {
    inner: &'a mut Simulated,
    at: Duration,
}

impl Port for Cut<'_> {
    fn now(&self) -> Duration {
        self.inner.now()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.inner.write(bytes)
    }

    fn read(&mut self, until: Duration) -> Result<Vec<u8>, PortError> {
        if self.now() >= self.at {
            return Err(PortError::Gone { port: "/dev/ttyUSB0".into() });
        }
        self.inner.read(until.min(self.at))
    }
}

#[test]
fn the_ink_is_the_plan_to_a_step_and_the_time_is_the_estimate_to_a_hundredth() {
    for name in ["servo", "z", "fast"] {
        let robot = profile(name);
        let (plan, program) = drawing(&robot, 25);
        let mut simulated = Simulated::new(&robot, Pace::AtOnce);
        let ended =
            stream(&mut simulated, job(&plan, &program), SenderConfig::default(), &Orders::default(), &mut |_| {});
        let ended = ended.expect("a sound cable");
        assert!(ended.finished && ended.position_kept);
        assert!(simulated.pen_is_up());
        assert_eq!(ended.place.pen_downs, plan.pen_lifts());
        let step_mm = 1.0 / robot.steps_per_mm[0];
        let drawn: Vec<_> = plan.motions().iter().filter(|motion| motion.act() == Act::Draw).collect();
        let ink = simulated.ink(&robot, plan.sheet());
        assert_eq!(ink.len(), drawn.len(), "{name}");
        let mut farthest = 0.0f64;
        for (line, motion) in ink.iter().zip(drawn) {
            let off = line.iter().map(|p| distance(*p, motion.path()));
            let missed = motion.path().iter().map(|p| distance(*p, line));
            farthest = off.chain(missed).fold(farthest, f64::max);
        }
        assert!(farthest <= step_mm, "{name}: ink is {} steps off", farthest / step_mm);
        let (executed, planned) = (simulated.last_done().as_secs_f64(), plan.total_secs());
        assert!((executed / planned - 1.0).abs() < 0.01, "{name}: {executed} s executed, {planned} s planned");
    }
}

#[test]
fn progress_never_runs_ahead_of_the_pen() {
    let robot = profile("servo");
    let (plan, program) = drawing(&robot, 8);
    let mut simulated = Simulated::new(&robot, Pace::AtOnce);
    let mut places = vec![];
    stream(&mut simulated, job(&plan, &program), SenderConfig::default(), &Orders::default(), &mut |news| {
        if let News::At(place, _) = news {
            places.push(*place);
        }
    })
    .expect("a sound cable");
    assert!(places.len() > 50, "five reports a second");
    let lines = program.lines();
    // Two reports must agree, so the place told is that of the one before.
    for (before, place) in places.iter().zip(&places[1..]).filter(|(_, place)| place.line < lines.len()) {
        let motion = &plan.motions()[lines[place.line].motion];
        let Some(at) = before.at_mm else { continue };
        if motion.act() != Act::Draw || place.share == 0.0 {
            continue;
        }
        let here = robot.placement_back(plan.sheet()).transform_point(Point::new(at[0], at[1]));
        assert!(distance(here, motion.path()) < 0.15, "{place:?} is not where the pen is");
    }
    let middle = places[places.len() / 2];
    assert!(middle.line > lines.len() / 5 && middle.line < lines.len() * 4 / 5, "{middle:?} of {}", lines.len());
}

/// Streams until the `nth` report, then throws `stop` so many times.
fn stopped(throws: u8) -> (Ended, Simulated) {
    let robot = profile("servo");
    let (plan, program) = drawing(&robot, 8);
    let mut simulated = Simulated::new(&robot, Pace::AtOnce);
    let orders = Orders::default();
    let stop = orders.stop();
    let mut reports = 0;
    let ended = stream(&mut simulated, job(&plan, &program), SenderConfig::default(), &orders, &mut |news| {
        let News::At(place, _) = news else { return };
        reports += 1;
        if place.pen_down && reports > 30 && !stop.is_thrown() {
            for _ in 0..throws {
                stop.throw();
            }
        }
    })
    .expect("a sound cable");
    (ended, simulated)
}

#[test]
fn a_stop_holds_keeps_the_position_and_lifts_the_pen() {
    let (ended, simulated) = stopped(1);
    assert!(!ended.finished && ended.position_kept);
    assert!(simulated.pen_is_up() && !simulated.device().is_moving());
    assert!(ended.place.pen_downs > 0 && ended.place.pen_downs < 9, "{ended:?}");
}

#[test]
fn a_stop_at_once_loses_the_position_and_lifts_the_pen_all_the_same() {
    let (ended, simulated) = stopped(2);
    assert!(!ended.finished && !ended.position_kept);
    assert!(simulated.pen_is_up() && !simulated.device().is_moving());
}

#[test]
fn an_unplugged_cable_names_the_stroke() {
    let robot = profile("servo");
    let (plan, program) = drawing(&robot, 8);
    let mut simulated = Simulated::new(&robot, Pace::AtOnce);
    let mut cut = Cut { inner: &mut simulated, at: Duration::from_secs(5) };
    let broken =
        stream(&mut cut, job(&plan, &program), SenderConfig::default(), &Orders::default(), &mut |_| {}).unwrap_err();
    assert!(broken.place.pen_downs > 0);
    let stroke = format!("stroke {} of {}", broken.place.pen_downs, plan.pen_lifts());
    let fault = Fault::from(broken);
    assert_eq!(fault.kind(), Kind::Interrupted);
    assert!(fault.to_string().contains("/dev/ttyUSB0 is gone") && fault.to_string().contains(&stroke), "{fault}");
}

#[test]
fn a_line_that_the_firmware_refuses_is_named_and_the_pen_lifted() {
    let robot = profile("servo");
    let lines = ["G21", "G90", "M3S90", "G1X5F600", "G99", "X9"].map(String::from).to_vec();
    let mut simulated = Simulated::new(&robot, Pace::AtOnce);
    let broken =
        stream(&mut simulated, Job::new(lines, &robot), SenderConfig::default(), &Orders::default(), &mut |_| {});
    let fault = Fault::from(broken.unwrap_err());
    assert!(fault.to_string().contains("line 5") && fault.to_string().contains("error:20"), "{fault}");
    assert!(simulated.pen_is_up());
}
