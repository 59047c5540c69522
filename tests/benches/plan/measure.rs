//! What a drawing takes on the reference machine: planned by us, or as another program has ordered it.
//!
//! `plan-measure plan|as-given FILE.svg [EFFORT]` prints one line of JSON: seconds on the machine, millimetres of
//! pen-up travel and of ink, lifts, strokes, and the milliseconds that reading and planning took. `as-given` keeps
//! the file's order, direction and points, so that a peer's output is judged by the same firmware model as ours.

use std::process::ExitCode;
use std::time::Instant;

use portraitist::plan::MotionPlan;
use portraitist::plan::PlanConfig;
use portraitist::plan::Program;
use portraitist::plan::RobotProfile;
use portraitist::plan::plan;
use portraitist::plan::plan_as_given;
use portraitist::plan::verify::verify;
use portraitist::strokes::StrokeSet;
use portraitist::strokes::svg;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match measure(&args) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: &[String]) -> Result<String, String> {
    let [mode, file, rest @ ..] = args else {
        return Err("usage: plan-measure plan|as-given FILE.svg [EFFORT]".into());
    };
    let robot: RobotProfile =
        toml::from_str(include_str!("../../../config/robots/a4-servo.toml")).map_err(|e| e.to_string())?;
    let mut config = PlanConfig::default();
    if let Some(effort) = rest.first() {
        config.effort = effort.parse().map_err(|e| format!("effort {effort}: {e}"))?;
    }
    let bytes = std::fs::read(file).map_err(|e| format!("{file}: {e}"))?;
    let start = Instant::now();
    let strokes = svg::read(&bytes, &svg::SvgConfig::default()).map_err(|e| format!("{file}: {e}"))?.strokes;
    let read_ms = start.elapsed().as_secs_f64() * 1e3;
    let start = Instant::now();
    let planned = match mode.as_str() {
        "plan" => plan(&strokes, &robot, &config),
        "as-given" => plan_as_given(&strokes, &robot),
        other => return Err(format!("{other} is neither plan nor as-given")),
    };
    let planned = planned.map_err(|e| format!("{file}: {e}"))?;
    let plan_ms = start.elapsed().as_secs_f64() * 1e3;
    verify(&Program::of(&planned).bytes(), planned.sheet(), &robot).map_err(|e| format!("{file}: {e}"))?;
    Ok(report(&strokes, &planned, read_ms, plan_ms))
}

fn report(strokes: &StrokeSet, plan: &MotionPlan, read_ms: f64, plan_ms: f64) -> String {
    let legs: usize = plan.motions().iter().map(|motion| motion.path().len() - 1).sum();
    let points: usize = strokes.strokes().iter().map(|s| s.path.points().len()).sum();
    format!(
        "{{\"machine_secs\":{:.3},\"travel_mm\":{:.1},\"ink_mm\":{:.1},\"given_ink_mm\":{:.1},\"lifts\":{},\
         \"strokes\":{},\"points\":{points},\"legs\":{legs},\"read_ms\":{read_ms:.1},\"plan_ms\":{plan_ms:.1}}}",
        plan.total_secs(),
        plan.travel_mm(),
        plan.ink_mm(),
        strokes.ink_mm(),
        plan.pen_lifts(),
        strokes.strokes().len(),
    )
}
