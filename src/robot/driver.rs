//! One loop drives every robot: do what the [`Sender`] asks, wait at the port, give the sender what came.
//!
//! The stop switch is read before anything else is done, so a stop overtakes every line that has not left this
//! computer. Thrown once: hold, wait until the machine stands, reset, lift the pen; the position stays known. Thrown
//! twice: reset at once, unlock, lift the pen. Either way the last line sent is the one that lifts the pen.
//! It refuses to send anything more after a failure of the cable or of the firmware, and says where the drawing stood.

use std::time::Duration;

use firmware_protocol::codes;
use firmware_protocol::reply::Lines;
use firmware_protocol::reply::Reply;
use firmware_protocol::reply::Status;
use firmware_protocol::sender::Config;
use firmware_protocol::sender::Failure;
use firmware_protocol::sender::Output;
use firmware_protocol::sender::Phase;
use firmware_protocol::sender::Sender;

use super::Port;
use super::PortError;
use super::place::PenWord;
use super::place::Place;
use super::place::Way;
use super::stop::Stop;
use super::stop::Wanted;
use crate::fault::Fault;
use crate::fault::Kind;
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

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// Whether it was executed to its end; else a person stopped it.
    pub finished: bool,
    /// Whether the machine's position is still certain.
    pub position_kept: bool,
    /// Where it stood.
    pub place: Place,
    /// How often the whole program lowers its pen.
    pub pen_downs: usize,
    /// Bytes sent.
    pub bytes: u64,
    /// From the first byte to the last report.
    pub took: Duration,
}

/// A program that did not come to its end, though nobody stopped it.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// Why.
    pub why: Why,
    /// Where it stood.
    pub place: Place,
    /// How often the whole program lowers its pen.
    pub pen_downs: usize,
}

/// Why a program broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The cable is gone.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The firmware did not play along.
    #[error("{}", sentence(.0))]
    Firmware(Failure),
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

/// Streams `job` through `port` until it is executed, stopped or broken; `watch` hears every place with its report.
///
/// # Errors
/// [`Broken`], with the place at which it stood.
pub fn stream(
    port: &mut dyn Port,
    job: Job,
    config: Config,
    stop: &Stop,
    watch: &mut dyn FnMut(&Place, &Status),
) -> Result<Ended, Box<Broken>> {
    let mut way = Way::new(job.lines.iter().map(String::as_str), job.pen);
    let pen_downs = way.pen_downs();
    let begun = port.now();
    let mut run = Run { port, bytes: 0 };
    let outcome = run.stream(job, config, stop, &mut way, watch);
    let place = way.place();
    match outcome {
        Ok((finished, position_kept)) => {
            let took = run.port.now().saturating_sub(begun);
            Ok(Ended { finished, position_kept, place, pen_downs, bytes: run.bytes, took })
        }
        Err(why) => Err(Box::new(Broken { why, place, pen_downs })),
    }
}

struct Run<'a> {
    port: &'a mut dyn Port,
    bytes: u64,
}

/// The banner and each answer after a reset at once come within this time.
const ANSWER: Duration = Duration::from_millis(1500);

impl Run<'_> {
    fn stream(
        &mut self,
        job: Job,
        config: Config,
        stop: &Stop,
        way: &mut Way,
        watch: &mut dyn FnMut(&Place, &Status),
    ) -> Result<(bool, bool), Why> {
        let mut sender = Sender::new(config);
        let parting = job.parting.clone();
        sender.start(job.lines, job.parting, self.port.now());
        let mut asked = false;
        loop {
            let now = self.port.now();
            match stop.wanted() {
                Wanted::No => {}
                Wanted::InOrder => {
                    if !asked {
                        asked = true;
                        sender.stop(now);
                    }
                }
                Wanted::AtOnce => {
                    self.stop_at_once(&parting)?;
                    return Ok((false, false));
                }
            }
            match sender.poll(now) {
                Output::Transmit(bytes) => self.write(&bytes)?,
                Output::Accepted(line) => way.accepted(line),
                Output::Status(status) => {
                    way.report(&status);
                    watch(&way.place(), &status);
                }
                Output::Wait(until) => match sender.phase() {
                    Phase::Done => {
                        way.finish();
                        return Ok((true, true));
                    }
                    Phase::Stopped { position_kept } => return Ok((false, position_kept)),
                    Phase::Failed(failure) => return Err(Why::Firmware(failure)),
                    _ => {
                        let bytes = self.port.read(until)?;
                        sender.receive(&bytes, self.port.now());
                    }
                },
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.bytes += bytes.len() as u64;
        self.port.write(bytes)
    }

    /// Resets in the middle of whatever is going on, then lifts the pen; a firmware that no longer answers is left.
    fn stop_at_once(&mut self, parting: &[String]) -> Result<(), PortError> {
        self.write(&[0x18])?;
        let mut lines = Lines::default();
        self.hear(&mut lines, |reply| matches!(reply, Reply::Welcome(_)))?;
        for line in std::iter::once("$X").chain(parting.iter().map(String::as_str)) {
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

fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::Refused { line, code } => {
            let text =
                codes::error(*code).map_or_else(String::new, |code| format!(": {} {}", code.meaning, code.remedy));
            format!("the firmware refused line {} of the program with error:{code}{text}", line + 1)
        }
        Failure::Alarm { code } => {
            let text =
                codes::alarm(*code).map_or_else(String::new, |code| format!(": {} {}", code.meaning, code.remedy));
            format!("the robot raised ALARM:{code}{text}")
        }
        Failure::Locked => "the robot is locked by an alarm; look at it, then unlock it or send it home".into(),
        Failure::Restarted => {
            "the firmware started anew by itself (a dip of its supply, or interference): its position \
                               is uncertain, send the robot home"
                .into()
        }
        Failure::Silent => "the firmware no longer answers; check the robot's power and its cable".into(),
        Failure::AnswersLost => "the cable lost bytes: the robot stands, but answers are missing; use a shorter or \
                                 shielded cable"
            .into(),
    }
}

impl Broken {
    /// Where it stood, as the end of a sentence.
    fn stood(&self) -> String {
        match (self.place.pen_downs, self.place.pen_down) {
            (0, _) => "nothing was drawn yet".into(),
            (n, true) => format!("the drawing stood in stroke {n} of {}", self.pen_downs),
            (n, false) => format!("the drawing stood after stroke {n} of {}", self.pen_downs),
        }
    }
}

impl From<Box<Broken>> for Fault {
    fn from(broken: Box<Broken>) -> Self {
        let kind = match &broken.why {
            Why::Port(_) => Kind::Interrupted,
            Why::Firmware(Failure::Alarm { .. } | Failure::Locked) => Kind::RobotAlarm,
            Why::Firmware(_) => Kind::Interrupted,
        };
        Fault::new(kind, format!("{}; {}", broken.why, broken.stood()))
    }
}
