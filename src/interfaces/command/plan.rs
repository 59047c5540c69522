//! `portraitist plan FILE.svg --out DIR`: any SVG becomes a plan, a program and previews.

use serde_json::json;

use super::Everywhere;
use super::arguments::Plan;
use super::cable::Cable;
use super::drawing;
use super::interrupt::stop_on_ctrl_c;
use super::output;
use super::output::Folder;
use super::progress::Progress;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::interfaces::preview::desk::reading;
use crate::job::Stage;
use crate::plan;
use crate::plan::Program;
use crate::plan::verify;
use crate::robot::Orders;
use crate::robot::Pace;
use crate::strokes::svg;

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Plan) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &command.machine)?;
    let stop = stop_on_ctrl_c();
    let mut progress = Progress::new(everywhere.quiet);
    let at_svg = |fault: Fault| fault.at(command.svg.display());

    progress.enter(Stage::Strokes);
    let bytes = output::read_input(&command.svg, svg::MAX_BYTES as u64)?;
    let drawing = svg::read(&bytes, &reading(&config, command.fit)).map_err(|e| at_svg(e.into()))?;
    let remarks = drawing.report.remarks();
    if drawing.strokes.strokes().is_empty() {
        let why = if remarks.is_empty() { "it has no shapes".to_owned() } else { remarks.join("; ") };
        return Err(at_svg(Fault::new(Kind::BadInput, format!("nothing in this SVG can be drawn: {why}"))));
    }
    progress.enter(Stage::Plan);
    let plan = plan::plan(&drawing.strokes, &config.robot, &config.plan).map_err(|e| at_svg(e.into()))?;
    progress.enter(Stage::Program);
    let program = Program::of(&plan);
    verify::verify(&program.bytes(), plan.sheet(), plan.robot()).map_err(|e| at_svg(e.into()))?;

    let folder = Folder::create(&command.out)?;
    let title = command.svg.file_stem().map_or("plan".into(), |name| name.to_string_lossy());
    drawing::write_plan(&folder, &plan, &program, &config, &title, command.travels)?;
    // Planning moves no real robot: send does.
    let mut cable = Cable::simulated(&config, Pace::AtOnce);
    let drawn =
        drawing::draw_on_paper(&folder, &plan, &program, &config, &mut cable, &Orders::new(&stop), &mut progress)?;
    progress.finish();
    drawing::check_finished(&plan, &drawn, &folder)?;

    if everywhere.json {
        let mut result = drawing::sum_json(&plan, folder.path());
        result["left_out"] = json!(drawing.report);
        output::print_json("plan", result)
    } else {
        for remark in &remarks {
            eprintln!("portraitist: {}: {remark}", command.svg.display());
        }
        output::print_line(&format!("{}: {}", folder.path().display(), drawing::sum(&plan)))
    }
}
