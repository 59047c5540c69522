//! Meeting a robot: who answers, in which state, with which settings, and what of that will not do.
//!
//! Opening a port resets many boards, so a banner is waited for; boards that do not reset answer a question at once.
//! Whatever is found moving or held (a program that another sender left) is stopped before anything else. Nothing here
//! moves, unlocks or writes a setting. Works through any [`Port`]; every wait is bounded by [`PATIENCE`] or [`ANSWER`].
//! Source: Grbl 1.1 interface documentation; the failures are those that senders' users report.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::time::Duration;

use firmware_protocol::codes;
use firmware_protocol::reply::Lines;
use firmware_protocol::reply::Reply;
use firmware_protocol::reply::State;
use firmware_protocol::reply::Status;

use super::Port;
use super::PortError;
use super::Stop;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::plan::PenLift;
use crate::plan::RobotProfile;

/// Time for a board to start.
const PATIENCE: Duration = Duration::from_secs(3);
/// Time for a board that runs to say something.
const HELLO: Duration = Duration::from_millis(500);
/// Time for an answer.
const ANSWER: Duration = Duration::from_secs(2);
const RESET: u8 = 0x18;
const JOG_CANCEL: u8 = 0x85;
/// Lines of one answer; `$$` has 34.
const MOST_LINES: usize = 500;

/// A robot that has answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    /// `[VER:...]`, without the word.
    pub version: String,
    /// `[OPT:...]`, without the word.
    pub options: String,
    /// `$n=value`, by number.
    pub settings: BTreeMap<u16, String>,
    /// `[GC:...]` and `[G54:...]` and the like, as they came.
    pub parameters: Vec<String>,
    /// What it is doing.
    pub status: Status,
}

/// Why a robot was not met, or would not do as told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The cable.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Nothing came.
    #[error("nothing answers at this port; check the robot's power, the cable and the baud rate ({baud})")]
    Silent {
        /// What was tried.
        baud: u32,
    },
    /// Something else than Grbl spoke.
    #[error("what answers at this port is no Grbl firmware (it says \"{said}\"); is it the right port?")]
    Stranger {
        /// Its words, or their beginning.
        said: String,
    },
    /// It refused.
    #[error("the robot refused {line}: {}", code_words(.code))]
    Refused {
        /// What it was told.
        line: String,
        /// Grbl's error number.
        code: u8,
    },
    /// It raised an alarm.
    #[error("the robot raised ALARM:{code}: {}", alarm_words(.code))]
    Alarm {
        /// Grbl's alarm number.
        code: u8,
    },
    /// Nothing came back in time.
    #[error("the robot did not answer {line} within {secs} s; check its power and its cable")]
    NoAnswer {
        /// What it was told.
        line: String,
        /// How long was waited.
        secs: u64,
    },
    /// A person stopped it.
    #[error("stopped; the robot was reset, so its position is uncertain: send it home")]
    Stopped,
    /// It is locked.
    #[error("the robot is locked by an alarm; see that nothing is in its way, then use robot home or robot unlock")]
    Locked,
    /// Its door is open.
    #[error("the robot's door is open; close it")]
    DoorOpen,
    /// Its settings make it unfit to draw.
    #[error("{0}")]
    Unfit(String),
}

fn code_words(code: &u8) -> String {
    codes::error(*code)
        .map_or_else(|| format!("error:{code}"), |known| format!("error:{code}, {} {}", known.meaning, known.remedy))
}

fn alarm_words(code: &u8) -> String {
    codes::alarm(*code)
        .map_or_else(|| "an alarm of another firmware".into(), |known| format!("{} {}", known.meaning, known.remedy))
}

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        let kind = match &error {
            ConnectError::Port(port) => return port.clone().into(),
            ConnectError::Silent { .. } | ConnectError::Stranger { .. } => Kind::DeviceNotFound,
            ConnectError::Alarm { .. } | ConnectError::Locked | ConnectError::DoorOpen => Kind::RobotAlarm,
            ConnectError::Refused { .. } | ConnectError::NoAnswer { .. } => Kind::Interrupted,
            ConnectError::Stopped => Kind::Cancelled,
            ConnectError::Unfit(_) => Kind::Config,
        };
        Fault::new(kind, error.to_string())
    }
}

/// Something about a robot that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Remark {
    /// It must not draw like that.
    pub unfit: bool,
    /// What, and what to do, in one sentence.
    pub sentence: String,
}

/// A conversation with a robot, a line at a time.
pub struct Talk<'a> {
    port: &'a mut dyn Port,
    lines: Lines,
    /// Come, but not looked at.
    unread: VecDeque<u8>,
    stop: Stop,
}

impl<'a> Talk<'a> {
    /// A conversation through `port`, which ends with a reset when `stop` is thrown.
    pub fn new(port: &'a mut dyn Port, stop: &Stop) -> Self {
        Self { port, lines: Lines::default(), unread: VecDeque::new(), stop: stop.clone() }
    }

    /// Meets whoever is at the other end.
    ///
    /// # Errors
    /// [`ConnectError`]: silence, a stranger, an open door.
    pub fn meet(&mut self, baud: u32) -> Result<Met, ConnectError> {
        let mut status = self.first_words(baud)?;
        match status.state {
            State::Run | State::Jog | State::Home | State::Hold { .. } | State::Check | State::Sleep => {
                self.halt()?;
                status = self.status()?;
            }
            State::Door(0) | State::Idle | State::Alarm | State::Other => {}
            State::Door(_) => return Err(ConnectError::DoorOpen),
        }
        let mut met = Met {
            version: String::new(),
            options: String::new(),
            settings: BTreeMap::new(),
            parameters: Vec::new(),
            status,
        };
        for line in ["$I", "$$", "$#", "$G"] {
            for reply in self.ask(line, ANSWER)? {
                match reply {
                    Reply::Setting { number, value } => drop(met.settings.insert(number, value)),
                    Reply::Message(text) => match text.split_once(':') {
                        Some(("VER", version)) => met.version = version.into(),
                        Some(("OPT", options)) => met.options = options.into(),
                        _ => met.parameters.push(text),
                    },
                    _ => {}
                }
            }
        }
        if met.version.is_empty() || met.settings.is_empty() {
            return Err(ConnectError::Stranger { said: "no version or no settings".into() });
        }
        Ok(met)
    }

    /// Sends `line` and gives all that comes before its `ok`.
    ///
    /// # Errors
    /// A refusal, an alarm, no answer within `patience`.
    pub fn ask(&mut self, line: &str, patience: Duration) -> Result<Vec<Reply>, ConnectError> {
        self.port.write(format!("{line}\n").as_bytes())?;
        let mut replies = Vec::new();
        let until = self.port.now() + patience;
        while let Some(reply) = self.hear(until)? {
            match reply {
                Reply::Ok => return Ok(replies),
                Reply::Error(code) => return Err(ConnectError::Refused { line: line.into(), code }),
                Reply::Alarm(code) => return Err(ConnectError::Alarm { code }),
                other if replies.len() < MOST_LINES => replies.push(other),
                _ => {}
            }
        }
        Err(ConnectError::NoAnswer { line: line.into(), secs: patience.as_secs() })
    }

    /// Asks for a report; one that the firmware swallows is asked for again.
    ///
    /// # Errors
    /// None comes within [`PATIENCE`].
    pub fn status(&mut self) -> Result<Status, ConnectError> {
        let until = self.port.now() + PATIENCE;
        while self.port.now() < until {
            self.port.write(b"?")?;
            let soon = self.port.now() + HELLO;
            while let Some(reply) = self.hear(soon)? {
                if let Reply::Status(status) = reply {
                    return Ok(status);
                }
            }
        }
        Err(ConnectError::NoAnswer { line: "?".into(), secs: PATIENCE.as_secs() })
    }

    /// Holds the machine, waits until it stands, and resets it; what it had queued is gone, its position stays.
    ///
    /// # Errors
    /// No banner comes.
    pub fn halt(&mut self) -> Result<(), ConnectError> {
        self.port.write(b"!")?;
        let until = self.port.now() + PATIENCE;
        while self.port.now() < until {
            let state = self.status()?.state;
            if !matches!(state, State::Run | State::Jog | State::Home | State::Hold { at_rest: false }) {
                break;
            }
        }
        self.port.write(&[RESET])?;
        let until = self.port.now() + PATIENCE;
        while let Some(reply) = self.hear(until)? {
            if matches!(reply, Reply::Welcome(_)) {
                return Ok(());
            }
        }
        Err(ConnectError::NoAnswer { line: "the reset".into(), secs: PATIENCE.as_secs() })
    }

    /// Waits until the machine stands.
    ///
    /// # Errors
    /// An alarm, or it still moves after `patience`.
    pub fn at_rest(&mut self, patience: Duration) -> Result<Status, ConnectError> {
        let until = self.port.now() + patience;
        while self.port.now() < until {
            let status = self.status()?;
            match status.state {
                State::Idle | State::Check => return Ok(status),
                State::Alarm => return Err(ConnectError::Locked),
                _ => drop(self.hear(self.port.now() + HELLO / 5)?),
            }
        }
        Err(ConnectError::NoAnswer { line: "a move".into(), secs: patience.as_secs() })
    }

    /// The first report, whether the board has just been reset, runs already, or waits for a reset after an alarm.
    fn first_words(&mut self, baud: u32) -> Result<Status, ConnectError> {
        let opened = self.port.now();
        let mut said = String::new();
        // A question first, then what wakes the deaf: an end of line, and at last a reset.
        for (byte, until) in [(b'?', HELLO), (b'?', PATIENCE), (b'\n', PATIENCE + HELLO), (RESET, PATIENCE * 2)] {
            self.port.write(&[byte])?;
            if byte != b'?' {
                self.port.write(b"?")?;
            }
            while let Some(reply) = self.hear(opened + until)? {
                match reply {
                    Reply::Status(status) => return Ok(status),
                    Reply::Welcome(_) => {
                        let soon = self.port.now() + HELLO;
                        while self.hear(soon)?.is_some() {} // it says what it must before it answers
                        return self.status();
                    }
                    Reply::Unknown(text) if said.is_empty() => said = text.chars().take(40).collect(),
                    _ => {}
                }
            }
        }
        if said.is_empty() { Err(ConnectError::Silent { baud }) } else { Err(ConnectError::Stranger { said }) }
    }

    /// The next reply, if one comes by `until`.
    fn hear(&mut self, until: Duration) -> Result<Option<Reply>, ConnectError> {
        loop {
            if self.stop.is_thrown() {
                self.port.write(&[JOG_CANCEL, b'!', RESET])?;
                return Err(ConnectError::Stopped);
            }
            while let Some(byte) = self.unread.pop_front() {
                if let Some(reply) = self.lines.push(byte) {
                    return Ok(Some(reply));
                }
            }
            if self.port.now() >= until {
                return Ok(None);
            }
            self.unread.extend(self.port.read(until)?);
        }
    }
}

impl Met {
    /// Setting `$number`, if it is there and a number.
    pub fn setting(&self, number: u16) -> Option<f64> {
        self.settings.get(&number)?.trim().parse().ok()
    }

    /// Where it is in work coordinates, as far as its report and its coordinate systems (`$#`) tell.
    pub fn work_mm(&self) -> Option<[f64; 3]> {
        if self.status.work_mm.is_some() {
            return self.status.work_mm;
        }
        let parameter = |name: &str| -> Option<[f64; 3]> {
            let values = self.parameters.iter().find_map(|text| text.strip_prefix(name)?.strip_prefix(':'))?;
            let mut values = values.split(',').map(|value| value.parse::<f64>().ok().filter(|value| value.is_finite()));
            Some([values.next()??, values.next()??, values.next()??])
        };
        let (machine, system, shift) = (self.status.machine_mm?, parameter("G54")?, parameter("G92")?);
        let offset = self.status.offset_mm.unwrap_or([0, 1, 2].map(|i| system[i] + shift[i]));
        Some([0, 1, 2].map(|i| machine[i] - offset[i]))
    }

    /// Bytes of the firmware's receive buffer, as its options tell it (`[OPT:V,15,128]`); 128 if they do not.
    pub fn buffer_bytes(&self) -> usize {
        const GRBL: usize = 128;
        self.options
            .split(',')
            .nth(2)
            .and_then(|bytes| bytes.parse().ok())
            .filter(|bytes| *bytes >= GRBL)
            .unwrap_or(GRBL)
    }

    /// What a person should know before this robot draws as the robot of `profile`.
    pub fn remarks(&self, profile: &RobotProfile) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let mut say = |unfit: bool, sentence: String| remarks.push(Remark { unfit, sentence });
        if self.setting(32) == Some(1.0) {
            say(true, "laser mode is on, so the pen would move with the speed; switch it off with $32=0".into());
        }
        if self.setting(13) == Some(1.0) {
            say(true, "the firmware reports inches; switch to millimetres with $13=0".into());
        }
        let servo = match profile.pen {
            PenLift::Servo { up_s, down_s, .. } => Some(up_s.max(down_s)),
            PenLift::Z { .. } => None,
        };
        let axes = if servo.is_some() { 2 } else { 3 };
        for (axis, name) in ["x", "y", "z"].into_iter().enumerate().take(axes) {
            let numbers = [100, 110, 120].map(|first| first + axis as u16);
            let wanted = [profile.steps_per_mm[axis], profile.max_rate_mm_min[axis], profile.acceleration_mm_s2[axis]];
            let whats = ["steps per mm", "top speed in mm/min", "acceleration in mm/s²"];
            for ((number, wanted), what) in numbers.into_iter().zip(wanted).zip(whats) {
                let Some(found) = self.setting(number) else { continue };
                let steps = number < 110;
                if steps && found <= 0.0 {
                    say(
                        true,
                        format!(
                            "${number} ({what} of {name}) is {found}: the axis cannot move; set ${number}={wanted}"
                        ),
                    );
                } else if (found - wanted).abs() > 0.001 * wanted {
                    let effect =
                        if steps { "the drawing would have the wrong size" } else { "estimated times are off" };
                    say(
                        steps,
                        format!(
                            "${number} ({what} of {name}) is {found}, but the profile says {wanted}: {effect}; make them equal"
                        ),
                    );
                }
            }
        }
        if let Some(found) = self.setting(11)
            && (found - profile.junction_deviation_mm).abs() > 0.000_5
        {
            let wanted = profile.junction_deviation_mm;
            say(
                false,
                format!("$11 (junction deviation) is {found}, but the profile says {wanted}: estimated times are off"),
            );
        }
        if let (Some(servo), Some(max_s)) = (servo, self.setting(30))
            && servo > max_s
        {
            say(true, format!("the pen needs S{servo}, but $30 cuts S off at {max_s}; set $30=1000"));
        }
        if self.setting(22) == Some(0.0) {
            say(false, "homing is off ($22=0): put the pen to its parking point by hand before drawing".into());
        }
        if self.setting(10).is_some_and(|mask| mask as u32 & 2 == 0) {
            say(
                false,
                "reports do not tell the free buffers, so progress is coarser; switch them on with $10=3".into(),
            );
        }
        remarks
    }

    /// Proves that it may draw now as the robot of `profile`.
    ///
    /// # Errors
    /// An alarm, or the first unfit setting.
    pub fn ready(&self, profile: &RobotProfile) -> Result<(), ConnectError> {
        if self.status.state == State::Alarm {
            return Err(ConnectError::Locked);
        }
        match self.remarks(profile).into_iter().find(|remark| remark.unfit) {
            Some(remark) => Err(ConnectError::Unfit(remark.sentence)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pace;
    use super::super::Simulated;
    use super::*;

    fn profile() -> RobotProfile {
        toml::from_str(include_str!("../../config/robots/a4-servo.toml")).expect("a shipped profile")
    }

    fn meet(robot: &mut Simulated) -> Result<Met, ConnectError> {
        Talk::new(robot, &Stop::default()).meet(115_200)
    }

    #[test]
    fn a_sound_robot_is_met_and_may_draw() {
        let mut robot = Simulated::new(&profile(), Pace::AtOnce);
        let met = meet(&mut robot).expect("it answers");
        assert!(met.version.starts_with("1.1h") && met.settings.len() == 34, "{met:?}");
        assert_eq!((met.buffer_bytes(), met.work_mm()), (128, Some([0.0; 3])));
        assert_eq!(met.ready(&profile()), Ok(()));
        let remarks = met.remarks(&profile());
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        assert!(remarks[0].sentence.contains("homing is off") && !remarks[0].unfit);
        assert!(robot.now() < Duration::from_secs(2), "a robot that answers is not waited for");
    }

    #[test]
    fn settings_that_will_not_do_are_told_in_a_sentence_each() {
        for (line, unfit, words) in [
            ("$32=1", true, "laser mode"),
            ("$100=0", true, "cannot move"),
            ("$101=40", true, "wrong size"),
            ("$13=1", true, "inches"),
            ("$30=50", true, "$30"),
            ("$120=400", false, "estimated times"),
            ("$11=0.05", false, "junction"),
            ("$10=1", false, "$10=3"),
        ] {
            let mut robot = Simulated::new(&profile(), Pace::AtOnce);
            Talk::new(&mut robot, &Stop::default()).ask(line, ANSWER).expect("it takes settings");
            let met = meet(&mut robot).expect("it answers");
            let remark = met.remarks(&profile()).into_iter().find(|remark| remark.sentence.contains(words));
            assert_eq!(
                remark.as_ref().map(|remark| remark.unfit),
                Some(unfit),
                "{line}: {:?}",
                met.remarks(&profile())
            );
            assert_eq!(met.ready(&profile()).is_err(), unfit, "{line}");
        }
    }

    #[test]
    fn what_another_sender_left_moving_is_stopped_first() {
        let mut robot = Simulated::new(&profile(), Pace::AtOnce);
        robot.write(b"G1X200F600\n").expect("a sound cable");
        robot.read(Duration::from_millis(500)).expect("a sound cable");
        assert!(robot.device().is_moving());
        let met = meet(&mut robot).expect("it answers");
        assert_eq!(met.status.state, State::Idle, "held before it was reset, so that nothing is lost");
        assert!(!robot.device().is_moving());
    }

    #[test]
    fn refusals_alarms_and_silence_are_told_apart() {
        let mut robot = Simulated::new(&profile(), Pace::AtOnce);
        let stop = Stop::default();
        let mut talk = Talk::new(&mut robot, &stop);
        let refused = talk.ask("$H", ANSWER).expect_err("homing is off").to_string();
        assert!(refused.contains("$H") && refused.contains("error:5"), "{refused}");
        let fault = Fault::from(ConnectError::Alarm { code: 9 });
        assert_eq!(fault.kind(), Kind::RobotAlarm);
        stop.throw();
        assert_eq!(talk.ask("G4P5", MOST_PATIENT), Err(ConnectError::Stopped));
    }

    /// Says what it is told to say, whatever it hears.
    struct Parrot(Duration, &'static [u8]);

    impl Port for Parrot {
        fn now(&self) -> Duration {
            self.0
        }

        fn write(&mut self, _: &[u8]) -> Result<(), PortError> {
            Ok(())
        }

        fn read(&mut self, until: Duration) -> Result<Vec<u8>, PortError> {
            self.0 = until.min(self.0 + Duration::from_millis(10));
            Ok(self.1.to_vec())
        }
    }

    const MOST_PATIENT: Duration = Duration::from_secs(60);

    #[test]
    fn silence_and_strangers_are_recognised_in_bounded_time() {
        for (said, words) in
            [(&b""[..], "nothing answers"), (b"start\necho: Marlin\n", "no Grbl"), (b"\xff\x00?", "answers")]
        {
            let mut port = Parrot(Duration::ZERO, said);
            let error = Talk::new(&mut port, &Stop::default()).meet(115_200).expect_err("no Grbl");
            assert!(error.to_string().contains(words), "{error}");
            assert!(port.0 <= PATIENCE * 3, "{:?}", port.0);
        }
    }
}
