//! What `draw` and `plan` share: the robot draws, the folder is filled, one line tells the sum.

use std::path::Path;

use serde_json::Value;
use serde_json::json;

use super::cable::Cable;
use super::keyboard::Keyboard;
use super::output::Folder;
use super::progress::Progress;
use super::progress::clock;
use crate::config::Config;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Mm;
use crate::geom::Point;
use crate::job::Stage;
use crate::plan::MotionPlan;
use crate::plan::Program;
use crate::preview;
use crate::preview::SvgOptions;
use crate::raster;
use crate::robot;
use crate::robot::Job;
use crate::robot::Orders;
use crate::robot::Place;

/// What has been drawn.
pub struct Drawn {
    /// How far into the plan the pen came, in the plan's own seconds.
    pub plan_secs: f64,
    /// Whether the whole plan was drawn.
    pub finished: bool,
    /// Whether the robot still knows where it is.
    pub position_kept: bool,
    /// The ink on the sheet, in drawing order.
    pub ink: Vec<Vec<Point<Mm>>>,
}

/// The plan's own files: `plan.svg` (in drawing order, pen-up moves shown if `travels`), `plan.json`, `program.gcode`,
/// `preview.html`.
pub fn write_plan(
    folder: &Folder,
    plan: &MotionPlan,
    program: &Program,
    config: &Config,
    title: &str,
    travels: bool,
) -> Result<(), Fault> {
    let options = SvgOptions { travels, pen_width_mm: config.pen.width_mm };
    folder.write("plan.svg", preview::svg(plan, &options).as_bytes())?;
    folder.write("plan.json", &plan.to_json())?;
    folder.write("program.gcode", &program.bytes())?;
    folder.write("preview.html", preview::page(plan, &config.ink, title).as_bytes())?;
    Ok(())
}

/// Lets the robot at the end of `cable` draw the plan, and writes `paper.png` as the sheet then looks, even if the
/// drawing broke off: as the simulated robot's pen has inked it, or as far as a real one says that it came.
pub fn draw_on_paper(
    folder: &Folder,
    plan: &MotionPlan,
    program: &Program,
    config: &Config,
    cable: &mut Cable,
    orders: &Orders,
    progress: &mut Progress,
) -> Result<Drawn, Fault> {
    progress.enter(Stage::Paper);
    let total = plan.total_secs();
    let job = Job::new(program.lines().iter().map(|line| line.text.clone()).collect(), plan.robot());
    let sender = cable.sender();
    let live = cable.is_real_time();
    let keyboard = if live { Keyboard::listen(orders) } else { None };
    let strokes = plan.pen_lifts();
    let mut told = progress.robot(strokes, total, live, keyboard.is_some());
    let ended = robot::stream(cable.port(), job, sender, orders, &mut |news| {
        told.hear(&news, |place| plan_secs(plan, program, place));
    });
    drop(told);
    drop(keyboard);
    let place = ended.as_ref().map_or_else(|broken| broken.place, |ended| ended.place);
    let plan_secs = plan_secs(plan, program, &place);
    let ink = match cable {
        Cable::Simulated(robot) => robot.ink(plan.robot(), plan.sheet()),
        Cable::Serial { .. } => preview::drawn_until(plan, plan_secs),
    };
    let paper = preview::inked(plan.sheet(), ink.iter().map(Vec::as_slice), &config.ink);
    folder.write("paper.png", &raster::rgb_png(&paper))?;
    let ended = ended?;
    Ok(Drawn { plan_secs, finished: ended.finished, position_kept: ended.position_kept, ink })
}

/// The plan's time at `place` of its program; within a motion by the share of its lines.
fn plan_secs(plan: &MotionPlan, program: &Program, place: &Place) -> f64 {
    let lines = program.lines();
    let Some(line) = lines.get(place.line) else { return plan.total_secs() };
    let motion = &plan.motions()[line.motion];
    let first = lines.partition_point(|other| other.motion < line.motion);
    let count = lines.partition_point(|other| other.motion <= line.motion) - first;
    let share = ((place.line - first) as f64 + place.share) / count as f64;
    motion.start_secs() + share * (motion.end_secs() - motion.start_secs())
}

/// A fault if a person stopped the drawing before its end.
pub fn check_finished(plan: &MotionPlan, drawn: &Drawn, folder: &Folder) -> Result<(), Fault> {
    if drawn.finished {
        return Ok(());
    }
    Err(Fault::new(
        Kind::Cancelled,
        format!(
            "stopped {:.0} s into a drawing of {:.0} s; the pen is up, {} and the sheet so far is in {}",
            drawn.plan_secs,
            plan.total_secs(),
            if drawn.position_kept { "the position is kept," } else { "the position is lost (send the robot home)," },
            folder.path().join("paper.png").display()
        ),
    ))
}

/// The one line at the end: strokes, pen lifts, metres of ink, estimated time.
pub fn sum(plan: &MotionPlan) -> String {
    format!(
        "{} strokes, {} pen lifts, {:.2} m of ink, {} min on the robot",
        plan.strokes(),
        plan.pen_lifts(),
        plan.ink_mm() / 1000.0,
        clock(plan.total_secs())
    )
}

/// The same for programs.
pub fn sum_json(plan: &MotionPlan, folder: &Path) -> Value {
    json!({
        "folder": folder,
        "strokes": plan.strokes(),
        "pen_lifts": plan.pen_lifts(),
        "ink_mm": round(plan.ink_mm()),
        "travel_mm": round(plan.travel_mm()),
        "estimated_secs": round(plan.total_secs()),
        "sheet_mm": [plan.sheet().width_mm(), plan.sheet().height_mm()],
        "robot": plan.robot().name,
    })
}

fn round(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}
