//! `portraitist send PROGRAM`: a finished program goes to the robot, once its bytes are proved safe.

use serde_json::json;

use super::Everywhere;
use super::arguments::Send;
use super::cable::Cable;
use super::interrupt::orders;
use super::keyboard::Keyboard;
use super::output;
use super::progress::Progress;
use super::progress::clock;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::plan::verify;
use crate::robot;
use crate::robot::Job;
use crate::robot::Pace;
use crate::robot::Pacing;
use crate::robot::Schedule;

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Send) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &command.machine)?;
    let orders = orders();
    let bytes = output::read_input(&command.program, verify::MAX_PROGRAM_BYTES as u64)?;
    let at_program = |fault: Fault| fault.at(command.program.display());
    let proof = verify::verify(&bytes, &config.sheet, &config.robot).map_err(|e| at_program(e.into()))?;
    // What was proved is ASCII.
    let lines: Vec<String> = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();

    let pace = if command.cable.real_time { Pace::REAL_TIME } else { Pace::AtOnce };
    let mut cable = Cable::open(&command.cable, &config, pace, orders.stop())?;
    let mut sender = cable.sender();
    if command.line_by_line {
        sender.pacing = Pacing::LineByLine;
    }
    let schedule = Schedule::new(lines.iter().map(String::as_str), &config.robot);
    let live = cable.is_real_time();
    let keyboard = if live { Keyboard::listen(&orders) } else { None };
    let mut progress = Progress::new(everywhere.quiet);
    let mut told = progress.robot(proof.pen_downs, schedule.total_secs(), live, keyboard.is_some());
    let job = Job::new(lines, &config.robot);
    let ended = robot::stream(cable.port(), job, sender, &orders, &mut |news| {
        told.hear(&news, |place| schedule.secs_at(place));
    });
    drop(told);
    drop(progress);
    drop(keyboard);
    let ended = ended?;
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
