//! Meeting a robot that may not be there yet, and keeping an eye on one for ever (`robot status --wait`, `--follow`).
//!
//! Why it is not met is said when that changes; it is looked for again at pauses that grow ([`Supervisor`]). Nothing is
//! made to move, and a robot that comes back is unhomed, whatever it was before.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use firmware_protocol::reply::State;
use serde_json::json;

use super::Everywhere;
use super::cable::tell;
use super::output;
use super::robot::status_json;
use super::robot::status_line;
use crate::config::Config;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::robot::ConnectError;
use crate::robot::Link;
use crate::robot::Met;
use crate::robot::PortError;
use crate::robot::Serial;
use crate::robot::Stop;
use crate::robot::Supervisor;
use crate::robot::Talk;

/// A pause is broken off so soon after Ctrl-C.
const NAP: Duration = Duration::from_millis(50);
/// A robot that is followed is asked so often.
const EVERY: Duration = Duration::from_secs(1);

/// Meets the robot at port `name`, as soon as one is there.
///
/// # Errors
/// Ctrl-C, or what will not go away by waiting.
pub fn wait(everywhere: &Everywhere, name: &str, config: &Config, stop: &Stop) -> Result<(Serial, Met), Fault> {
    let begun = Instant::now();
    let mut supervisor = Supervisor::new(Duration::ZERO);
    let mut told = String::new();
    loop {
        match meet(name, config, stop) {
            Ok(met) => return Ok(met),
            Err(error) if passes(&error) => {
                let why = error.to_string();
                if why != told {
                    tell(everywhere, [format!("waiting: {why}")]);
                    told = why;
                }
                sleep(supervisor.missed(begun.elapsed()), begun, stop);
            }
            Err(error) => return Err(error.into()),
        }
        if stop.is_thrown() {
            return Err(Fault::new(Kind::Cancelled, format!("stopped waiting for port {name}")));
        }
    }
}

/// Tells every change of the robot at port `name` until Ctrl-C.
///
/// # Errors
/// What will not go away by waiting.
pub fn follow(everywhere: &Everywhere, name: &str, config: &Config, stop: &Stop) -> Result<(), Fault> {
    let begun = Instant::now();
    let mut supervisor = Supervisor::new(Duration::ZERO);
    let mut told = String::new();
    while !stop.is_thrown() {
        // Ctrl-C ends the watching, not the robot: so it throws no switch of the conversation's.
        let gone = match meet(name, config, &Stop::default()) {
            Ok((mut port, met)) => {
                supervisor.met(begun.elapsed());
                told.clear();
                watch(everywhere, name, &mut port, met, &supervisor, stop)
            }
            Err(error) => Err(error),
        };
        let Err(error) = gone else { return Ok(()) };
        if !passes(&error) {
            return Err(error.into());
        }
        let try_at = supervisor.missed(begun.elapsed());
        let why = error.to_string();
        if why != told {
            let absent = json!({ "port": name, "link": link_name(supervisor.link()), "why": why });
            say(everywhere, absent, &format!("{name}: absent; {why}"))?;
            told = why;
        }
        sleep(try_at, begun, stop);
    }
    Ok(())
}

/// Tells what the robot is doing whenever that changes, until it is gone or Ctrl-C comes.
fn watch(
    everywhere: &Everywhere,
    name: &str,
    port: &mut Serial,
    mut met: Met,
    supervisor: &Supervisor,
    stop: &Stop,
) -> Result<(), ConnectError> {
    let never = Stop::default();
    let mut talk = Talk::new(port, &never);
    let mut told: Option<(State, Option<[f64; 3]>)> = None;
    while !stop.is_thrown() {
        let now = (met.status.state, met.work_mm());
        if told != Some(now) {
            let mut result = status_json(&met);
            result["port"] = json!(name);
            result["link"] = json!(link_name(supervisor.link()));
            // Standard output that is gone ends the watching as Ctrl-C does.
            if say(everywhere, result, &status_line(name, &met)).is_err() {
                return Ok(());
            }
            told = Some(now);
        }
        let until = Instant::now() + EVERY;
        while Instant::now() < until && !stop.is_thrown() {
            thread::sleep(NAP);
        }
        let offset_mm = met.offset_mm();
        met.status = talk.status()?;
        met.status.offset_mm = met.status.offset_mm.or(offset_mm);
    }
    Ok(())
}

fn meet(name: &str, config: &Config, stop: &Stop) -> Result<(Serial, Met), ConnectError> {
    let mut port = Serial::open(name, config.robot.baud)?;
    let met = Talk::new(&mut port, stop).meet(config.robot.baud)?;
    Ok((port, met))
}

/// Whether it may go away by itself, or by somebody's plugging, switching or closing something.
fn passes(error: &ConnectError) -> bool {
    let lasting = matches!(
        error,
        ConnectError::Port(PortError::Misspelt { .. } | PortError::Unusable { .. })
            | ConnectError::Stopped
            | ConnectError::Stranger { .. }
            | ConnectError::Unknown { .. }
    );
    !lasting
}

fn link_name(link: Link) -> &'static str {
    match link {
        Link::Absent { .. } => "absent",
        Link::Unhomed => "unhomed",
        Link::Placed => "placed",
    }
}

fn say(everywhere: &Everywhere, result: serde_json::Value, line: &str) -> Result<(), Fault> {
    if everywhere.json { output::print_json("robot.status", result) } else { output::print_line(line) }
}

/// Sleeps until `at` after `begun`, or until Ctrl-C.
fn sleep(at: Duration, begun: Instant, stop: &Stop) {
    while begun.elapsed() < at && !stop.is_thrown() {
        thread::sleep(NAP.min(at.saturating_sub(begun.elapsed())));
    }
}
