//! `portraitist send PROGRAM`: a finished program goes to the robot, once its bytes are proved safe.

use serde_json::json;

use super::Everywhere;
use super::arguments::Send;
use super::cable::Cable;
use super::interrupt::stop_on_ctrl_c;
use super::output;
use super::progress::clock;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::plan::verify;
use crate::robot;
use crate::robot::Job;
use crate::robot::Pace;
use crate::robot::Pacing;

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Send) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &command.machine)?;
    let stop = stop_on_ctrl_c();
    let bytes = output::read_input(&command.program, verify::MAX_PROGRAM_BYTES as u64)?;
    let at_program = |fault: Fault| fault.at(command.program.display());
    let proof = verify::verify(&bytes, &config.sheet, &config.robot).map_err(|e| at_program(e.into()))?;
    // What was proved is ASCII.
    let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();

    let pace = if command.cable.real_time { Pace::RealTime } else { Pace::AtOnce };
    let mut cable = Cable::open(command.cable.port.as_deref(), &config, pace, &stop)?;
    let mut sender = cable.sender();
    if command.line_by_line {
        sender.pacing = Pacing::LineByLine;
    }
    let ended = robot::stream(cable.port(), Job::new(lines, &config.robot), sender, &stop, &mut |_, _| {})?;
    let took = ended.took.as_secs_f64();
    if !ended.finished {
        let position = if ended.position_kept { "kept" } else { "lost: send the robot home" };
        return Err(Fault::new(
            Kind::Cancelled,
            format!(
                "stopped after {} in stroke {} of {}; the pen is up and the position is {position}",
                clock(took),
                ended.place.pen_downs,
                ended.pen_downs
            ),
        ));
    }
    if everywhere.json {
        return output::print_json(
            "send",
            json!({
                "program": command.program,
                "lines": proof.lines,
                "bytes": ended.bytes,
                "strokes": proof.pen_downs,
                "ink_mm": (proof.ink_mm * 1000.0).round() / 1000.0,
                "secs": (took * 1000.0).round() / 1000.0,
            }),
        );
    }
    output::print_line(&format!(
        "{}: {} lines sent and executed in {}, {} strokes, {:.2} m of ink",
        command.program.display(),
        proof.lines,
        clock(took),
        proof.pen_downs,
        proof.ink_mm / 1000.0
    ))
}
