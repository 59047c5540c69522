//! How the streaming of a program ends: executed, stopped by a person, or broken off, with why and where it stood.

use std::time::Duration;

use firmware_protocol::codes;
use firmware_protocol::sender::Failure;

use super::PortError;
use super::place::Place;
use crate::fault::Fault;
use crate::fault::Kind;

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
    /// Where it stood, or a little earlier: never later than what was truly drawn.
    pub place: Place,
    /// How often the whole program lowers its pen.
    pub pen_downs: usize,
    /// Whether the firmware has taken the lines that lift the pen.
    pub pen_lifted: bool,
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

fn sentence(failure: &Failure) -> String {
    let words = match failure {
        Failure::Refused { line, code } => {
            let (line, known) = (line + 1, codes::error(*code));
            let sentence =
                format!("the firmware refused line {line} of the program with error:{code}: {}", known.meaning);
            return format!("{sentence} {}", known.remedy.trim_end_matches('.'));
        }
        Failure::Alarm { code } => {
            let known = codes::alarm(*code);
            let remedy = known.remedy.trim_end_matches('.');
            return format!("the robot raised ALARM:{code}: {} {remedy}", known.meaning);
        }
        Failure::Locked => "the robot is locked by an alarm; look at it, then unlock it or send it home",
        Failure::Restarted => {
            "the firmware started anew by itself (a dip of its supply, or interference): its position is uncertain, \
             send the robot home"
        }
        Failure::Silent => "the firmware no longer answers; check the robot's power and its cable",
        Failure::AnswersLost => {
            "the cable lost bytes: the robot stands, but answers are missing; use a shorter or shielded cable"
        }
        Failure::Unasked => {
            "the firmware answered what this program did not send: another program or a pendant writes to the robot, \
             or the cable doubles bytes; leave the robot to one program, and use a shorter or shielded cable"
        }
        Failure::Stalled => {
            "the robot says that it moves but gets nowhere; look whether something blocks it, then restart it"
        }
        Failure::Taken => {
            "something else moves the robot (a jog, homing, another program); leave it to one program at a time"
        }
        Failure::Checking => {
            "the firmware was in check mode ($C), in which it draws nothing; it has been reset, so start anew"
        }
        Failure::Asleep => {
            "the firmware was put to sleep and has let go of its motors: its position is uncertain, send the robot home"
        }
        Failure::Strayed => {
            "the robot is not where its program leads: the cable damaged a line, or the robot was moved; use a shorter \
             or shielded cable and send the robot home"
        }
    };
    words.into()
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
        let pen = if broken.pen_lifted { "" } else { "; look whether its pen is up" };
        Fault::new(kind, format!("{}; {}{pen}", broken.why, broken.stood()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_one_clear_sentence() {
        let failures = [
            Failure::Refused { line: 6, code: 20 },
            Failure::Refused { line: 6, code: 253 },
            Failure::Alarm { code: 1 },
            Failure::Alarm { code: 99 },
            Failure::Locked,
            Failure::Restarted,
            Failure::Silent,
            Failure::AnswersLost,
            Failure::Unasked,
            Failure::Stalled,
            Failure::Taken,
            Failure::Checking,
            Failure::Asleep,
            Failure::Strayed,
        ];
        let mut told = std::collections::BTreeSet::new();
        for failure in failures {
            let place = Place { pen_downs: 4, pen_down: true, ..Place::default() };
            let broken = Broken { why: Why::Firmware(failure), place, pen_downs: 9, pen_lifted: true };
            let sentence = Fault::from(Box::new(broken)).to_string();
            assert!(sentence.ends_with("; the drawing stood in stroke 4 of 9"), "{sentence}");
            assert!(!sentence.contains(".;") && !sentence.contains("  ") && !sentence.contains('\n'), "{sentence}");
            assert!(told.insert(sentence), "each failure has its own sentence");
        }
    }
}
