//! One loop drives every robot: do what the [`Sender`] asks, wait at the port, give the sender what came.
//!
//! The stop switch is read before anything else is done, so a stop overtakes every line that has not left this
//! computer. Thrown once: hold, wait until the machine stands, reset, lift the pen; the position stays known. Thrown
//! twice: reset at once, unlock, lift the pen. Every end but the program's own sends the line that lifts the pen last.
//!
//! A pause is taken before the first line that has not been sent and before which the pen is up: what has been sent
//! cannot be called back, so it lasts as long as what the firmware holds (128 bytes and 15 moves) and the rest of the
//! stroke that is being sent; then nothing moves until a person orders it.
//! It refuses to send anything more after a failure of the cable or of the firmware, and says where the drawing stood.

use std::fmt;
use std::time::Duration;

use firmware_protocol::reply::Lines;
use firmware_protocol::reply::Reply;
use firmware_protocol::reply::State;
use firmware_protocol::reply::Status;
use firmware_protocol::sender::Config;
use firmware_protocol::sender::Failure;
use firmware_protocol::sender::Output;
use firmware_protocol::sender::Phase;
use firmware_protocol::sender::Sender;

use super::Port;
use super::PortError;
use super::ending::Broken;
use super::ending::Ended;
use super::ending::Why;
use super::orders::Order;
use super::orders::Orders;
use super::place::PenWord;
use super::place::Place;
use super::place::Way;
use super::stop::Wanted;
use crate::plan::PenLift;
use crate::plan::RobotProfile;

/// What is to be sent.
#[derive(Debug, Clone)]
pub struct Job {
    /// The program's lines, without line ends.
    pub lines: Vec<String>,
    /// Lines that lift the pen, whatever came before.
    pub parting: Vec<String>,
    /// How the program lowers the pen, for counting strokes.
    pub pen: PenWord,
}

impl Job {
    /// The lines of `program` for the robot of `profile`.
    pub fn new(lines: Vec<String>, profile: &RobotProfile) -> Self {
        Self { lines, parting: parting(profile), pen: pen_word(profile) }
    }
}

/// The lines that lift the pen of `profile`, whatever state the firmware is in.
pub fn parting(profile: &RobotProfile) -> Vec<String> {
    match profile.pen {
        PenLift::Servo { up_s, .. } if up_s != 0.0 => vec![format!("M3S{up_s}")],
        PenLift::Servo { .. } => vec!["M5".into()],
        PenLift::Z { up_mm, .. } => vec!["G21G90".into(), format!("G0Z{up_mm}")],
    }
}

fn pen_word(profile: &RobotProfile) -> PenWord {
    match profile.pen {
        PenLift::Servo { down_s, .. } => PenWord::S(down_s),
        PenLift::Z { down_mm, .. } => PenWord::Z(down_mm),
    }
}

/// What a caller hears while a program is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum News<'a> {
    /// A report: where the drawing stands.
    At(&'a Place, &'a Status),
    /// A pause was ordered: it comes after this stroke, or not at all if that is the last.
    Pausing {
        /// Strokes drawn by then.
        after: usize,
    },
    /// The robot rests, its pen up, after so many strokes; it waits for a person.
    Paused {
        /// Strokes drawn.
        after: usize,
    },
    /// The robot is held, by an order to hold ([`Orders::hold`]: told before it stands) or by something else; it waits for
    /// a person.
    Held(Held),
    /// It goes on.
    GoingOn,
}

/// What holds a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// A hold: its button, or noise on its pins.
    Button {
        /// The pin of the button is active at this moment.
        pressed: bool,
    },
    /// Its door.
    Door {
        /// It is open at this moment.
        open: bool,
    },
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Held::Button { pressed: true } => "the robot is held: its hold button is pressed (Pn:H)",
            Held::Button { pressed: false } => "the robot is held, by its hold button or by noise on its pins",
            Held::Door { open: true } => "the robot is held: its door is open; close it",
            Held::Door { open: false } => "the robot is held: its door was opened, and is closed again",
        })
    }
}

impl Held {
    fn by(status: &Status) -> Self {
        match status.state {
            State::Door(stage) => Held::Door { open: stage != 0 || status.pins & DOOR_PIN != 0 },
            _ => Held::Button { pressed: status.pins & HOLD_PIN != 0 },
        }
    }
}

/// Streams `job` through `port` until it is executed, stopped or broken; `watch` hears how it goes.
///
/// # Errors
/// [`Broken`], with the place at which it stood.
pub fn stream(
    port: &mut dyn Port,
    job: Job,
    config: Config,
    orders: &Orders,
    watch: &mut dyn FnMut(News),
) -> Result<Ended, Box<Broken>> {
    let mut way = Way::new(job.lines.iter().map(String::as_str), job.pen);
    let pen_downs = way.pen_downs();
    let begun = port.now();
    let mut sender = Sender::new(config);
    let parting = job.parting.clone();
    sender.start(job.lines, job.parting, begun);
    let mut run = Run { port, sender, way: &mut way, parting, bytes: 0, phase: Phase::Streaming, status: None };
    let outcome = run.run(orders, watch);
    let (took, bytes, pen_lifted) = (run.port.now().saturating_sub(begun), run.bytes, run.sender.pen_lifted());
    let place = way.place();
    match outcome {
        Ok((finished, position_kept)) => Ok(Ended { finished, position_kept, place, pen_downs, bytes, took }),
        Err(why) => Err(Box::new(Broken { why, place, pen_downs, pen_lifted })),
    }
}

struct Run<'a> {
    port: &'a mut dyn Port,
    sender: Sender,
    way: &'a mut Way,
    parting: Vec<String>,
    bytes: u64,
    /// The phase that `watch` was last told of.
    phase: Phase,
    status: Option<Status>,
}

/// The banner and each answer after a reset at once come within this time.
const ANSWER: Duration = Duration::from_millis(1500);
/// Bits of a report's pins, `XYZPDHRS`.
const DOOR_PIN: u8 = 1 << 4;
const HOLD_PIN: u8 = 1 << 5;

impl Run<'_> {
    /// Whether it was finished, and whether the position was kept.
    fn run(&mut self, orders: &Orders, watch: &mut dyn FnMut(News)) -> Result<(bool, bool), Why> {
        loop {
            let now = self.port.now();
            match orders.stop().wanted() {
                Wanted::No => {
                    if orders.take_hold() {
                        self.sender.pause();
                    }
                    if let Some(order) = orders.take() {
                        self.obey(order, now, watch);
                    }
                }
                Wanted::InOrder => self.sender.stop(now),
                Wanted::AtOnce => {
                    self.stop_at_once()?;
                    return Ok((false, false));
                }
            }
            match self.sender.poll(now) {
                Output::Transmit(bytes) => self.write(&bytes)?,
                Output::Accepted(line) => self.way.accepted(line),
                Output::Status(status) => {
                    self.way.sent(self.sender.sent());
                    self.way.report(&status);
                    self.status = Some(status);
                    if self.way.has_strayed() {
                        self.sender.give_up(Failure::Strayed, now);
                    }
                    watch(News::At(&self.way.place(), &status));
                }
                Output::Wait(until) => {
                    self.tell(now, watch);
                    match self.sender.phase() {
                        Phase::Done if !self.way.stands_before(self.sender.sent()) => {
                            return Err(Why::Firmware(Failure::Strayed));
                        }
                        Phase::Done => return Ok((true, true)),
                        Phase::Stopped { position_kept } => return Ok((false, position_kept)),
                        Phase::Failed(failure) => return Err(Why::Firmware(failure)),
                        _ => {
                            let bytes = self.port.read(until)?;
                            self.sender.receive(&bytes, self.port.now());
                        }
                    }
                }
            }
        }
    }

    fn obey(&mut self, order: Order, now: Duration, watch: &mut dyn FnMut(News)) {
        let waits = matches!(self.sender.phase(), Phase::Resting | Phase::Paused) || self.sender.rests();
        match order {
            Order::Resume | Order::PauseOrResume if waits => {
                if self.sender.rests() && !matches!(self.sender.phase(), Phase::Resting | Phase::Paused) {
                    watch(News::GoingOn); // a pause taken back before it came
                }
                self.sender.resume(now);
            }
            Order::Pause | Order::PauseOrResume if !self.sender.rests() => {
                let line = self.way.next_pen_up(self.sender.sent());
                let after = self.way.pen_downs_before(line);
                // Behind the last stroke nothing is left to be put off.
                if after < self.way.pen_downs() {
                    self.sender.rest_before(line);
                }
                watch(News::Pausing { after });
            }
            _ => {}
        }
    }

    /// Tells of a change of phase.
    fn tell(&mut self, now: Duration, watch: &mut dyn FnMut(News)) {
        let before = std::mem::replace(&mut self.phase, self.sender.phase());
        if before == self.phase {
            return;
        }
        match (self.phase, &self.status) {
            (Phase::Resting, _) => {
                let line = self.sender.sent();
                if self.way.stands_before(line) {
                    watch(News::Paused { after: self.way.pen_downs_before(line) });
                } else {
                    self.sender.give_up(Failure::Strayed, now);
                }
            }
            (Phase::Paused, Some(status)) => watch(News::Held(Held::by(status))),
            (Phase::Streaming | Phase::Draining, _) if matches!(before, Phase::Resting | Phase::Paused) => {
                watch(News::GoingOn);
            }
            _ => {}
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.bytes += bytes.len() as u64;
        self.port.write(bytes)
    }

    /// Resets in the middle of whatever is going on, then lifts the pen; a firmware that no longer answers is left.
    fn stop_at_once(&mut self) -> Result<(), PortError> {
        self.write(&[0x18])?;
        let mut lines = Lines::default();
        self.hear(&mut lines, |reply| matches!(reply, Reply::Welcome(_)))?;
        for line in std::iter::once("$X".to_owned()).chain(self.parting.clone()) {
            self.write(format!("{line}\n").as_bytes())?;
            self.hear(&mut lines, |reply| matches!(reply, Reply::Ok | Reply::Error(_)))?;
        }
        Ok(())
    }

    /// Waits for a reply, but not for long.
    fn hear(&mut self, lines: &mut Lines, awaited: impl Fn(&Reply) -> bool) -> Result<(), PortError> {
        let until = self.port.now() + ANSWER;
        while self.port.now() < until {
            for byte in self.port.read(until)? {
                if lines.push(byte).is_some_and(|reply| awaited(&reply)) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
