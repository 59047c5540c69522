//! `portraitist robot ...`: which robots there are, how one is, and its simplest moves.
//!
//! Whatever is found moving is stopped first; Ctrl-C resets the robot in whatever it does.

use std::thread;
use std::time::Duration;

use firmware_protocol::command::Command;
use firmware_protocol::dialect::Modal;
use firmware_protocol::reply::State;
use serde_json::Value;
use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::arguments::At;
use super::arguments::Pen;
use super::arguments::Robot;
use super::cable::port_path;
use super::cable::tell;
use super::interrupt::stop_on_ctrl_c;
use super::output;
use crate::config::Config;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::robot;
use crate::robot::ConnectError;
use crate::robot::Met;
use crate::robot::PortError;
use crate::robot::Serial;
use crate::robot::Stop;
use crate::robot::Talk;

/// Homing and long moves are over by then.
const MOVE: Duration = Duration::from_secs(120);
/// Any other answer.
const ANSWER: Duration = Duration::from_secs(5);
/// A port that is not there is looked for again after this time, and each time after twice as long...
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// ... but no longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Robot) -> Result<(), Fault> {
    match command {
        Robot::List => list(everywhere),
        Robot::Status { at, wait } => with(everywhere, at, *wait, |_, met, config, port| {
            let remarks = met.remarks(&config.robot);
            if everywhere.json {
                let mut result = status_json(met);
                result["port"] = json!(port);
                result["remarks"] = json!(remarks);
                return output::print_json("robot.status", result);
            }
            let place = met.work_mm().map_or_else(String::new, |[x, y, _]| format!(" at {x:.3}, {y:.3} mm"));
            output::print_line(&format!("{port}: Grbl {}, {}{place}", met.version, state(met)))?;
            tell(everywhere, remarks.into_iter().map(|remark| remark.sentence));
            Ok(())
        }),
        Robot::Home(at) => with(everywhere, at, false, |talk, _, _, _| {
            talk.ask("$H", MOVE)?;
            done(everywhere, "home", talk, MOVE)
        }),
        Robot::Unlock(at) => with(everywhere, at, false, |talk, _, _, _| {
            talk.ask("$X", ANSWER)?;
            done(everywhere, "unlock", talk, ANSWER)
        }),
        Robot::Jog { x, y, at } => with(everywhere, at, false, |talk, met, config, _| {
            let line = jog(*x, *y, met, config)?;
            talk.ask(&line, ANSWER)?;
            done(everywhere, "jog", talk, MOVE)
        }),
        Robot::Pen(Pen::Up(at)) => with(everywhere, at, false, |talk, _, config, _| {
            pen(talk, config, Command::PenUp)?;
            done(everywhere, "pen", talk, ANSWER)
        }),
        Robot::Pen(Pen::Down(at)) => with(everywhere, at, false, |talk, _, config, _| {
            pen(talk, config, Command::PenDown)?;
            done(everywhere, "pen", talk, ANSWER)
        }),
        Robot::Settings(at) => with(everywhere, at, false, |_, met, config, _| settings(everywhere, met, config)),
        Robot::Stop(at) => stop(everywhere, at),
    }
}

fn list(everywhere: &Everywhere) -> Result<(), Fault> {
    let ports = robot::list();
    if everywhere.json {
        return output::print_json("robot.list", json!({ "ports": ports }));
    }
    if ports.is_empty() {
        return output::print_line("no serial port is connected; portraitist sim offers a simulated robot");
    }
    ports.iter().try_for_each(|port| output::print_line(&port.to_string()))
}

/// Meets the robot `at` its port and lets `act` talk to it.
fn with(
    everywhere: &Everywhere,
    at: &At,
    wait: bool,
    act: impl FnOnce(&mut Talk, &Met, &Config, &str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let (config, path) = configured(everywhere, at)?;
    let stop = stop_on_ctrl_c();
    let mut port = open(&path, config.robot.baud, wait, &stop)?;
    let mut talk = Talk::new(&mut port, &stop);
    let met = talk.meet(config.robot.baud)?;
    act(&mut talk, &met, &config, &path)
}

fn configured(everywhere: &Everywhere, at: &At) -> Result<(Config, String), Fault> {
    let machine = Machine { robot: at.robot.clone(), ..Machine::default() };
    let config = super::config::resolve(everywhere, &machine)?;
    let path = port_path(at.port.as_deref(), &config)?;
    Ok((config, path))
}

fn open(path: &str, baud: u32, wait: bool, stop: &Stop) -> Result<Serial, Fault> {
    let mut pause = FIRST_PAUSE;
    loop {
        match Serial::open(path, baud) {
            Err(PortError::NotFound { .. } | PortError::Busy { .. } | PortError::Gone { .. }) if wait => {
                if stop.is_thrown() {
                    return Err(Fault::new(Kind::Cancelled, format!("stopped waiting for port {path}")));
                }
                thread::sleep(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            opened => return Ok(opened?),
        }
    }
}

/// Waits until the robot stands, then tells where.
fn done(everywhere: &Everywhere, what: &str, talk: &mut Talk, patience: Duration) -> Result<(), Fault> {
    let status = talk.at_rest(patience)?;
    let at = status.machine_mm.or(status.work_mm);
    if everywhere.json {
        return output::print_json(&format!("robot.{what}"), json!({ "machine_mm": at }));
    }
    match at {
        Some([x, y, _]) => output::print_line(&format!("done; the robot stands at {x:.3}, {y:.3} mm")),
        None => output::print_line("done"),
    }
}

/// The jog line for a move by (x, y), if it stays in the field as far as the robot says where it is.
fn jog(x: f64, y: f64, met: &Met, config: &Config) -> Result<String, Fault> {
    if !(x.is_finite() && y.is_finite()) {
        return Err(Fault::new(Kind::Usage, "give two distances in mm, as in robot jog 10 -5"));
    }
    let robot = &config.robot;
    if let Some([at_x, at_y, _]) = met.work_mm() {
        let (to_x, to_y) = (at_x + x, at_y + y);
        const ROUNDING_MM: f64 = 0.02;
        let inside = |to: f64, size: f64| (-ROUNDING_MM..=size + ROUNDING_MM).contains(&to);
        if !(inside(to_x, robot.field_width_mm) && inside(to_y, robot.field_height_mm)) {
            let sentence = format!(
                "the robot stands at {at_x:.3}, {at_y:.3} mm, so this would take it to {to_x:.3}, {to_y:.3} mm, outside its \
                 field of {} x {} mm",
                robot.field_width_mm, robot.field_height_mm
            );
            return Err(Fault::new(Kind::PlanRejected, sentence));
        }
    }
    Ok(format!("$J=G91G21X{x:.3}Y{y:.3}F{:.0}", robot.feed_mm_min()))
}

fn pen(talk: &mut Talk, config: &Config, command: Command) -> Result<(), ConnectError> {
    let (mut modal, mut lines) = (Modal::default(), vec![]);
    for command in [Command::Begin, command] {
        config.robot.dialect.write(&command, &config.robot.pen(), &mut modal, &mut lines);
    }
    for line in lines {
        talk.ask(&line, ANSWER)?;
    }
    Ok(())
}

fn settings(everywhere: &Everywhere, met: &Met, config: &Config) -> Result<(), Fault> {
    let remarks = met.remarks(&config.robot);
    if everywhere.json {
        let settings: serde_json::Map<String, Value> =
            met.settings.iter().map(|(number, value)| (format!("${number}"), json!(value))).collect();
        return output::print_json("robot.settings", json!({ "settings": settings, "remarks": remarks }));
    }
    met.settings.iter().try_for_each(|(number, value)| output::print_line(&format!("${number}={value}")))?;
    tell(everywhere, remarks.into_iter().map(|remark| remark.sentence));
    Ok(())
}

/// Nothing is asked before the robot is told to hold.
fn stop(everywhere: &Everywhere, at: &At) -> Result<(), Fault> {
    let (config, path) = configured(everywhere, at)?;
    let mut port = Serial::open(&path, config.robot.baud)?;
    let nobody = Stop::default();
    let mut talk = Talk::new(&mut port, &nobody);
    talk.halt()?;
    let mut lifted = true;
    for line in robot::parting(&config.robot) {
        match talk.ask(&line, ANSWER) {
            Ok(_) => {}
            // Locked by an alarm: a servo pen was lifted by the reset already.
            Err(ConnectError::Refused { .. }) => lifted = false,
            Err(error) => return Err(error.into()),
        }
    }
    if everywhere.json {
        return output::print_json("robot.stop", json!({ "pen_lifted": lifted }));
    }
    output::print_line(if lifted {
        "stopped; the pen is lifted"
    } else {
        "stopped; the robot is locked by an alarm, so look whether its pen is up"
    })
}

/// What it is doing, in a word.
fn state(met: &Met) -> &'static str {
    match met.status.state {
        State::Idle => "idle",
        State::Run => "run",
        State::Hold { .. } => "hold",
        State::Jog => "jog",
        State::Home => "home",
        State::Alarm => "alarm",
        State::Check => "check",
        State::Door(_) => "door",
        State::Sleep => "sleep",
        State::Other => "other",
    }
}

fn status_json(met: &Met) -> Value {
    json!({
        "version": met.version,
        "options": met.options,
        "state": state(met),
        "work_mm": met.work_mm(),
        "machine_mm": met.status.machine_mm,
        "parameters": met.parameters,
    })
}
