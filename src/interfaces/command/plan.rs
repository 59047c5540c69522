//! `portraitist plan FILE.svg --out DIR`: any SVG becomes a plan, a program and previews.

use super::Everywhere;
use super::arguments::Plan;
use super::drawing;
use super::interrupt::StopSwitch;
use super::output;
use super::output::Folder;
use super::progress::Progress;
use crate::fault::Fault;
use crate::job::Stage;
use crate::plan;
use crate::preview;
use crate::robot::Pace;
use crate::strokes::svg;

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Plan) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &command.machine)?;
    let stop = StopSwitch::on_ctrl_c();
    let mut progress = Progress::new(everywhere.quiet);
    let at_svg = |fault: Fault| fault.at(command.svg.display());

    progress.enter(Stage::Strokes);
    let bytes = output::read_input(&command.svg, svg::MAX_BYTES as u64)?;
    let _ = bytes;
    todo!("{stop:?} {config:?} {at_svg:?}")
}
