//! `portraitist sim`: the simulated robot on a pseudo-terminal, for this program or any other, until Ctrl-C.

use serde_json::json;

use super::Everywhere;
use super::arguments::Sim;
use super::interrupt::stop_on_ctrl_c;
use super::output;
use crate::fault::Fault;
use crate::preview;
use crate::raster;
use crate::robot::Pace;
use crate::robot::Pty;
use crate::robot::Simulated;

/// Runs it: the terminal's path first, what was drawn last.
pub fn run(everywhere: &Everywhere, command: &Sim) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &command.machine)?;
    let stop = stop_on_ctrl_c();
    let mut pty = Pty::open(command.pty_link.as_deref(), command.reset_on_open)?;
    let trouble = command.trouble.clone().unwrap_or_default();
    let pace = Pace::Timed { speed: command.speed };
    let mut robot = Simulated::in_trouble(&config.robot, pace, &trouble);
    if config.robot.homing {
        robot.restart(); // locked until it is sent home, as after any switching on
    }
    if everywhere.json {
        output::print_json("sim", json!({ "port": pty.path(), "link": command.pty_link, "robot": config.robot.name }))?;
    } else {
        output::print_line(&pty.path().display().to_string())?;
    }
    pty.serve(&mut robot, &stop)?;

    let lines = robot.ink(&config.robot, &config.sheet);
    if let Some(path) = &command.sheet {
        let sheet = preview::inked(&config.sheet, lines.iter().map(Vec::as_slice), &config.ink);
        output::write_file(path, &raster::rgb_png(&sheet))?;
    }
    let [x, y, _] = robot.device().carriage();
    let steps = config.robot.steps_per_mm;
    let at_mm = [f64::from(x) / steps[0], f64::from(y) / steps[1]];
    let (strokes, pen_up) = (lines.len(), robot.pen_is_up());
    if everywhere.json {
        return output::print_json("sim.end", json!({ "strokes": strokes, "pen_up": pen_up, "at_mm": at_mm }));
    }
    let pen = if pen_up { "up" } else { "down" };
    output::print_line(&format!("{strokes} strokes drawn; the pen is {pen} at {:.3}, {:.3} mm", at_mm[0], at_mm[1]))
}
