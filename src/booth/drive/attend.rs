//! A robot that is there: met, watched while it does nothing, sent home, looked at before a run.
//!
//! A hold that comes while nothing is drawn stops whatever moves and resets the firmware, so that it is not left in a
//! hold that nobody would lift; its position stays known, for it stood. Units: mm in work coordinates.

use std::sync::atomic::Ordering;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use std::time::Instant;

use firmware_protocol::reply::State;
use firmware_protocol::reply::Status;

use super::Cable;
use super::Doing;
use super::NAP;
use super::Order;
use super::Worker;
use crate::kiosk::Event;
use crate::kiosk::Facts;
use crate::kiosk::MachineEvent;
use crate::kiosk::Report;
use crate::robot;
use crate::robot::ConnectError;
use crate::robot::Met;
use crate::robot::Origin;
use crate::robot::Pacing;
use crate::robot::Port;
use crate::robot::PortError;
use crate::robot::SenderConfig;
use crate::robot::Serial;
use crate::robot::Simulated;
use crate::robot::Stop;
use crate::robot::Talk;

use super::super::drawing::Drawing;
use super::super::notify::Loop;
use super::super::notify::Pulse;

/// A robot that does nothing is asked so often.
const EVERY: Duration = Duration::from_millis(500);
/// The bit of a report's pins that says its door is open (`XYZPDHRS`).
const DOOR_PIN: u8 = 1 << 4;

/// A robot that was met.
pub(super) struct Robot {
    pub port: Box<dyn Port>,
    pub met: Met,
    pub sender: SenderConfig,
}

/// A port whose use tells that the driver's loop turns: homing and drawing take minutes, no single answer does.
struct Beating {
    port: Box<dyn Port>,
    pulse: Pulse,
}

impl Port for Beating {
    fn now(&self) -> Duration {
        self.port.now()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.pulse.beat(Loop::Driver);
        self.port.write(bytes)
    }

    fn read(&mut self, until: Duration) -> Result<Vec<u8>, PortError> {
        self.pulse.beat(Loop::Driver);
        self.port.read(until)
    }
}

impl Worker {
    /// Meets the robot; or what became of it.
    pub(super) fn connect(&mut self) -> Result<Robot, MachineEvent> {
        let mut port: Box<dyn Port> = match &self.which.cable {
            Cable::Nothing => return Err(MachineEvent::LinkLost),
            Cable::Simulated(pace) => Box::new(Simulated::new(&self.which.profile, *pace).inkless()),
            Cable::Serial(name) => {
                let opened = Serial::open(name, self.which.profile.baud);
                Box::new(opened.map_err(|error| self.unmet(&error.into()))?)
            }
        };
        port = Box::new(Beating { port, pulse: self.which.pulse.clone() });
        self.machine(MachineEvent::PortFound);
        self.machine(MachineEvent::PortOpened);
        let met = Talk::new(port.as_mut(), &Stop::default()).meet(self.which.profile.baud);
        let met = met.map_err(|error| self.unmet(&error))?;
        self.unmet = None;
        self.machine(MachineEvent::Greeted);
        let sender = match &self.which.cable {
            Cable::Simulated(_) | Cable::Nothing => SenderConfig::default(),
            Cable::Serial(_) => {
                SenderConfig { pacing: Pacing::Counting(met.buffer_bytes()), ..SenderConfig::default() }
            }
        };
        Ok(Robot { port, met, sender })
    }

    /// Says in the log why nobody was met, once for each reason: it is tried again for ever.
    fn unmet(&mut self, error: &ConnectError) -> MachineEvent {
        let why = error.to_string();
        if self.unmet.as_ref() != Some(&why) {
            eprintln!("portraitist: the robot was not met: {why}");
            self.unmet = Some(why);
        }
        match error {
            ConnectError::Stranger { .. } | ConnectError::Unknown { .. } => MachineEvent::Stranger,
            _ => MachineEvent::LinkLost,
        }
    }

    /// Does what is ordered, and watches the robot meanwhile, until it is gone: gives what to say of that.
    pub(super) fn attend(&mut self, mut robot: Robot) -> MachineEvent {
        let (mut told, mut asked) = (None, Instant::now());
        while !self.ends() {
            self.which.pulse.beat(Loop::Driver);
            if self.switches.hold.swap(false, Ordering::SeqCst)
                && let Err(gone) = robot.halt()
            {
                return gone;
            }
            let order = match self.ordered.recv_timeout(NAP) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let done = match order {
                Some(order) => {
                    told = None;
                    self.obey(order, &mut robot)
                }
                None if asked.elapsed() >= EVERY => {
                    asked = Instant::now();
                    robot.look().map(|()| {
                        let report = report(&robot.met.status);
                        if told != Some(report) {
                            told = Some(report);
                            self.machine(MachineEvent::Reported(report));
                        }
                    })
                }
                None => Ok(()),
            };
            if let Err(gone) = done {
                return gone;
            }
        }
        MachineEvent::LinkLost
    }

    fn obey(&mut self, order: Order, robot: &mut Robot) -> Result<(), MachineEvent> {
        match order {
            Order::Home => self.home(robot),
            Order::Verify => {
                let well = robot.look().is_ok() && robot.stands(&self.which.profile);
                self.machine(MachineEvent::Verified(well));
                Ok(())
            }
            Order::Prove { job, run, drawing } => {
                let facts = robot.facts(&self.which.profile, drawing.as_deref());
                self.happens(Event::Facts { job, run, facts });
                Ok(())
            }
            Order::Draw { job, run, drawing, from_stroke } => self.draw(robot, job, run, &drawing, from_stroke),
        }
    }

    /// Sends it home; without switches nobody but a person knows where home is.
    fn home(&mut self, robot: &mut Robot) -> Result<(), MachineEvent> {
        let stop = Stop::default();
        self.now_doing(Doing::Homing(stop.clone()));
        let mut talk = Talk::new(robot.port.as_mut(), &stop);
        let homed = robot::make_ready(&mut talk, &mut robot.met, &self.which.profile, Origin::Home);
        self.now_doing(Doing::Nothing);
        match homed {
            Ok(()) => self.machine(MachineEvent::Rests),
            Err(ConnectError::Alarm { code }) => self.machine(MachineEvent::Alarm(code)),
            Err(ConnectError::Port(_)) => return Err(MachineEvent::LinkLost),
            Err(ConnectError::NoAnswer { .. }) => self.machine(MachineEvent::Stalled),
            // Unfit, stopped, busy: it is where it was before, as far as anybody knows.
            Err(_) => self.machine(MachineEvent::Greeted),
        }
        Ok(())
    }
}

impl Robot {
    /// Asks for its status.
    pub fn look(&mut self) -> Result<(), MachineEvent> {
        let offset_mm = self.met.offset_mm();
        let status = Talk::new(self.port.as_mut(), &Stop::default()).status();
        self.met.status = status.map_err(|_| MachineEvent::LinkLost)?;
        self.met.status.offset_mm = self.met.status.offset_mm.or(offset_mm);
        Ok(())
    }

    /// Stops whatever moves.
    fn halt(&mut self) -> Result<(), MachineEvent> {
        Talk::new(self.port.as_mut(), &Stop::default()).halt().map_err(|_| MachineEvent::LinkLost)
    }

    fn stands(&self, profile: &crate::plan::RobotProfile) -> bool {
        self.met.may_draw(profile, Origin::Here).is_ok()
    }

    fn facts(&mut self, profile: &crate::plan::RobotProfile, drawing: Option<&Drawing>) -> Facts {
        let seen = self.look().is_ok();
        let proven = drawing.is_some_and(|drawing| drawing.prove().is_ok());
        Facts {
            homed: seen && self.stands(profile) && self.met.at_origin(profile).is_ok(),
            // What a person or a sensor says of these is known to the kiosk, which adds it.
            paper: true,
            pen: true,
            door: seen && !is_open(&self.met.status),
            // There is no input for the hard-wired chain: it cuts the power, and then nobody answers.
            chain: seen,
            checksum: drawing.is_some_and(Drawing::is_whole),
            bounds: proven,
            speed: proven,
        }
    }
}

/// Whether its door is open.
fn is_open(status: &Status) -> bool {
    matches!(status.state, State::Door(stage) if stage != 0) || status.pins & DOOR_PIN != 0
}

/// What a status says, in the kiosk's words.
pub(super) fn report(status: &Status) -> Report {
    match status.state {
        State::Run | State::Jog => Report::Run,
        State::Home => Report::Home,
        State::Hold { at_rest: true } => Report::Held,
        State::Hold { at_rest: false } => Report::Holding,
        State::Door(_) => Report::Door { closed: !is_open(status) },
        State::Alarm => Report::Alarm,
        State::Idle | State::Check | State::Sleep | State::Other => Report::Idle,
    }
}
