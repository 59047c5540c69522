//! `portraitist robot ...`: which robots there are, how one is, and its simplest moves.
//!
//! Whatever is found moving is stopped first; Ctrl-C resets the robot in whatever it does. `stop` reaches a robot whose
//! port another portraitist holds by telling that one to stop.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use firmware_protocol::command::Command;
use firmware_protocol::dialect::Modal;
use rustix::process::Pid;
use rustix::process::Signal;
use serde_json::Value;
use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::arguments::At;
use super::arguments::Pen;
use super::arguments::Robot;
use super::cable::port_path;
use super::cable::tell;
use super::follow;
use super::interrupt::stop_on_ctrl_c;
use super::output;
use crate::config::Config;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::robot;
use crate::robot::ConnectError;
use crate::robot::Holder;
use crate::robot::Identity;
use crate::robot::Met;
use crate::robot::PortError;
use crate::robot::Serial;
use crate::robot::Stop;
use crate::robot::Talk;

/// Homing and long moves are over by then.
const MOVE: Duration = Duration::from_secs(120);
/// Any other answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Another portraitist has held, reset and lifted the pen by then; if not, it is told to do so at once.
const OBEYS: Duration = Duration::from_secs(10);
/// It is looked at so often meanwhile.
const NAP: Duration = Duration::from_millis(50);

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Robot) -> Result<(), Fault> {
    match command {
        Robot::List => list(everywhere),
        Robot::Status { at, wait, follow } => status(everywhere, at, *wait, *follow),
        Robot::Home(at) => with(everywhere, at, |talk, _, _| {
            talk.ask("$H", MOVE)?;
            done(everywhere, "home", talk, MOVE)
        }),
        Robot::Unlock(at) => with(everywhere, at, |talk, _, _| {
            talk.ask("$X", ANSWER)?;
            done(everywhere, "unlock", talk, ANSWER)
        }),
        Robot::Jog { x, y, at } => with(everywhere, at, |talk, met, config| {
            met.unlocked()?;
            let line = jog(*x, *y, met, config)?;
            talk.ask(&line, ANSWER)?;
            done(everywhere, "jog", talk, MOVE)
        }),
        Robot::Pen(Pen::Up(at)) => with(everywhere, at, |talk, met, config| {
            met.unlocked()?;
            pen(talk, config, Command::PenUp)?;
            done(everywhere, "pen", talk, ANSWER)
        }),
        Robot::Pen(Pen::Down(at)) => with(everywhere, at, |talk, met, config| {
            met.unlocked()?;
            pen(talk, config, Command::PenDown)?;
            done(everywhere, "pen", talk, ANSWER)
        }),
        Robot::Origin(at) => with(everywhere, at, |talk, met, config| {
            met.unlocked()?;
            talk.ask(&robot::origin_line(&config.robot), ANSWER)?;
            done(everywhere, "origin", talk, ANSWER)
        }),
        Robot::Settings { at, write } => with(everywhere, at, |talk, met, config| {
            if write.is_empty() {
                return settings(everywhere, met, config);
            }
            for line in write {
                talk.ask(setting(line)?, ANSWER)?; // alone: the firmware hears nothing while it writes
            }
            settings(everywhere, &talk.meet(config.robot.baud)?, config)
        }),
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

fn status(everywhere: &Everywhere, at: &At, wait: bool, follow: bool) -> Result<(), Fault> {
    let (config, name) = configured(everywhere, at)?;
    let stop = stop_on_ctrl_c();
    if follow {
        return follow::follow(everywhere, &name, &config, &stop);
    }
    let met = if wait {
        follow::wait(everywhere, &name, &config, &stop)?.1
    } else {
        Talk::new(&mut Serial::open(&name, config.robot.baud)?, &stop).meet(config.robot.baud)?
    };
    let remarks = met.remarks(&config.robot);
    if everywhere.json {
        let mut result = status_json(&met);
        result["port"] = json!(name);
        result["remarks"] = json!(remarks);
        return output::print_json("robot.status", result);
    }
    output::print_line(&status_line(&name, &met))?;
    tell(everywhere, remarks.into_iter().map(|remark| remark.sentence));
    Ok(())
}

/// Meets the robot `at` its port and lets `act` talk to it.
fn with(
    everywhere: &Everywhere,
    at: &At,
    act: impl FnOnce(&mut Talk, &Met, &Config) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let (config, name) = configured(everywhere, at)?;
    let stop = stop_on_ctrl_c();
    let mut port = Serial::open(&name, config.robot.baud)?;
    let mut talk = Talk::new(&mut port, &stop);
    let met = talk.meet(config.robot.baud)?;
    act(&mut talk, &met, &config)
}

fn configured(everywhere: &Everywhere, at: &At) -> Result<(Config, String), Fault> {
    let machine = Machine { robot: at.robot.clone(), ..Machine::default() };
    let config = super::config::resolve(everywhere, &machine)?;
    let name = port_path(at.port.as_deref(), &config)?;
    Ok((config, name))
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

/// `line`, if it has the form of a setting.
fn setting(line: &str) -> Result<&str, Fault> {
    const DIGITS: std::ops::RangeInclusive<usize> = 1..=3;
    let parts = line.strip_prefix('$').and_then(|rest| rest.split_once('='));
    let sound = parts.is_some_and(|(number, value)| {
        DIGITS.contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && value.parse().is_ok_and(f64::is_finite)
            && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    if sound { Ok(line) } else { Err(Fault::new(Kind::Usage, format!("{line:?} is no setting; write it as '$32=0'"))) }
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
    let (config, name) = configured(everywhere, at)?;
    let mut port = match Serial::open(&name, config.robot.baud) {
        Err(busy @ PortError::Busy { .. }) => return stop_holder(everywhere, &name, busy),
        opened => opened?,
    };
    let nobody = Stop::default();
    let mut talk = Talk::new(&mut port, &nobody);
    talk.halt()?;
    let mut lifted = true;
    for line in robot::parting(&config.robot) {
        match talk.ask(&line, ANSWER) {
            Ok(_) => {}
            // Locked by an alarm: a servo pen was lifted by the reset already.
            Err(ConnectError::Refused { .. } | ConnectError::Locked { .. }) => lifted = false,
            Err(error) => return Err(error.into()),
        }
    }
    if everywhere.json {
        return output::print_json("robot.stop", json!({ "pen_lifted": lifted, "through": null }));
    }
    output::print_line(if lifted {
        "stopped; the pen is lifted"
    } else {
        "stopped; the robot is locked by an alarm, so look whether its pen is up"
    })
}

/// Tells the portraitist that holds the port to stop, as Ctrl-C does; `busy` if another program holds it.
fn stop_holder(everywhere: &Everywhere, name: &str, busy: PortError) -> Result<(), Fault> {
    let device = name.parse::<Identity>()?.path(&robot::list())?;
    let holders = || -> Vec<Holder> {
        let locked = robot::holders(Path::new(&device)).into_iter().filter(|holder| holder.locked);
        locked.filter(is_portraitist).collect()
    };
    let Some(holder) = holders().into_iter().next() else { return Err(busy.into()) };
    let Some(process) = Pid::from_raw(holder.process) else { return Err(busy.into()) };
    // Once in order, and if that is not obeyed, at once.
    for _ in 0..2 {
        if rustix::process::kill_process(process, Signal::INT).is_err() {
            return Err(busy.into()); // it has just ended, or is another user's
        }
        let until = Instant::now() + OBEYS;
        while Instant::now() < until {
            if !holders().contains(&holder) {
                if everywhere.json {
                    return output::print_json("robot.stop", json!({ "pen_lifted": null, "through": holder }));
                }
                return output::print_line(&format!(
                    "stopped by {holder}, which was driving it and says how that ended"
                ));
            }
            thread::sleep(NAP);
        }
    }
    Err(Fault::new(Kind::DeviceBusy, format!("{holder} drives the robot and does not stop; cut the robot's power")))
}

/// Whether it runs this very program.
fn is_portraitist(holder: &Holder) -> bool {
    let program = |process: &str| fs::metadata(format!("/proc/{process}/exe")).ok();
    use std::os::unix::fs::MetadataExt;
    match (program("self"), program(&holder.process.to_string())) {
        (Some(this), Some(that)) => (this.dev(), this.ino()) == (that.dev(), that.ino()),
        _ => false,
    }
}

/// Who it is, what it is doing and where it is, for a person.
pub fn status_line(name: &str, met: &Met) -> String {
    let place = met.work_mm().map_or_else(String::new, |[x, y, _]| format!(" at {x:.3}, {y:.3} mm"));
    let state = robot::state_name(met.status.state);
    format!("{name}: {} {}, {state}{place}", met.firmware.name(), met.version)
}

/// The same for a program.
pub fn status_json(met: &Met) -> Value {
    json!({
        "firmware": met.firmware.name(),
        "version": met.version,
        "options": met.options,
        "state": robot::state_name(met.status.state),
        "was_moving": met.stopped,
        "work_mm": met.work_mm(),
        "machine_mm": met.status.machine_mm,
        "parameters": met.parameters,
    })
}
