//! A conversation with a robot, a line at a time; the first one finds out who is there.
//!
//! Opening a port resets many boards, so a banner is waited for; boards that do not reset answer a question at once; a
//! board that an alarm has silenced answers only a reset. Whatever is found moving or held (a program that another
//! sender left) is stopped before anything else. Nothing here moves, unlocks or writes a setting unless it is asked for
//! by name. Works through any [`Port`]; every wait is bounded.
//! Source: Grbl 1.1 interface documentation; the failures are those that senders' users report.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::time::Duration;

use firmware_protocol::reply::Lines;
use firmware_protocol::reply::Reply;
use firmware_protocol::reply::State;
use firmware_protocol::reply::Status;

use super::ConnectError;
use super::Met;
use super::Port;
use super::Stop;
use super::speaker::Speaker;
use super::speaker::recognise;

/// Time for a board to start.
const PATIENCE: Duration = Duration::from_secs(3);
/// Time for a board that runs to say something.
const HELLO: Duration = Duration::from_millis(500);
/// Time for an answer.
const ANSWER: Duration = Duration::from_secs(2);
/// Nothing more comes of an answer when the cable has been quiet for so long.
const QUIET: Duration = Duration::from_millis(200);
const RESET: u8 = 0x18;
const JOG_CANCEL: u8 = 0x85;
/// Lines of one answer; Grbl's `$$` has 34, grblHAL's about 150.
const MOST_LINES: usize = 500;
/// First words that are kept to tell who speaks.
const MOST_HEARD: usize = 2000;
/// A stranger's words in a sentence.
const MOST_SAID: usize = 40;
/// Grbl's error for settings that cannot be read from its memory.
const MEMORY: u8 = 7;
/// Grbl's error for a line that an alarm forbids.
const LOCKED: u8 = 9;
/// What an alarm's last words are: after them only a reset is heard.
const SILENCED: &str = "MSG:Reset to continue";

/// A conversation with a robot.
pub struct Talk<'a> {
    port: &'a mut dyn Port,
    lines: Lines,
    /// Come, but not looked at.
    unread: VecDeque<u8>,
    stop: Stop,
    /// The first of what came.
    heard: Vec<u8>,
    /// Its memory was found blank or damaged.
    restored: bool,
    /// Whether it has homing, once that is known.
    homing: Option<bool>,
}

impl<'a> Talk<'a> {
    /// A conversation through `port`, which ends with a reset when `stop` is thrown.
    pub fn new(port: &'a mut dyn Port, stop: &Stop) -> Self {
        Self {
            port,
            lines: Lines::default(),
            unread: VecDeque::new(),
            stop: stop.clone(),
            heard: Vec::new(),
            restored: false,
            homing: None,
        }
    }

    /// Meets whoever is at the other end.
    ///
    /// # Errors
    /// [`ConnectError`]: silence, a stranger, an open door.
    pub fn meet(&mut self, baud: u32) -> Result<Met, ConnectError> {
        self.first_words(baud)?;
        // What it still had to say to whoever drove it before answers nothing that is asked now.
        self.hush(self.port.now() + HELLO)?;
        let mut status = self.status()?;
        let mut stopped = false;
        match status.state {
            State::Run | State::Jog | State::Home | State::Hold { .. } | State::Check | State::Sleep => {
                stopped = !matches!(status.state, State::Check | State::Sleep);
                self.halt()?;
                status = self.status()?;
            }
            State::Door(0) | State::Idle | State::Alarm | State::Other => {}
            State::Door(_) => return Err(ConnectError::DoorOpen),
        }
        let mut met = Met {
            firmware: recognise(&self.heard).filter(|who| who.draws()).unwrap_or(Speaker::Grbl),
            version: String::new(),
            options: String::new(),
            settings: BTreeMap::new(),
            parameters: Vec::new(),
            status,
            stopped,
            restored: false,
        };
        let mut said = String::new();
        for line in ["$I", "$$", "$#", "$G"] {
            for reply in self.query(line, baud)? {
                match reply {
                    Reply::Setting { number, value } => drop(met.settings.insert(number, value)),
                    Reply::Message(text) => match text.split_once(':') {
                        Some(("VER", version)) => met.version = version.into(),
                        Some(("OPT", options)) => met.options = options.into(),
                        Some(("FIRMWARE", "grblHAL")) => met.firmware = Speaker::GrblHal,
                        _ => met.parameters.push(text),
                    },
                    Reply::Unknown(text) if said.is_empty() => said = text,
                    _ => {}
                }
            }
        }
        if met.version.contains("FluidNC") {
            met.firmware = Speaker::FluidNc;
        }
        if met.version.is_empty() || met.settings.is_empty() && met.firmware != Speaker::FluidNc {
            return Err(self.stranger(baud, "no version or no settings"));
        }
        met.restored = self.restored;
        self.homing = met.homing();
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
                Reply::Error(LOCKED) => return Err(ConnectError::Locked { homing: self.homing }),
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

    /// Holds the machine, waits until it stands, and resets it; what it had queued is gone, its position stays. One that
    /// an alarm has silenced is reset all the same.
    ///
    /// # Errors
    /// No banner comes.
    pub fn halt(&mut self) -> Result<(), ConnectError> {
        self.port.write(b"!")?;
        let until = self.port.now() + PATIENCE;
        while self.port.now() < until {
            match self.status() {
                Ok(status) => {
                    let moving = [State::Run, State::Jog, State::Home, State::Hold { at_rest: false }];
                    if !moving.contains(&status.state) {
                        break;
                    }
                }
                Err(ConnectError::NoAnswer { .. }) => break,
                Err(error) => return Err(error),
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
                State::Alarm => return Err(ConnectError::Locked { homing: self.homing }),
                _ => drop(self.hear(self.port.now() + HELLO / 5)?),
            }
        }
        Err(ConnectError::NoAnswer { line: "a move".into(), secs: patience.as_secs() })
    }

    /// [`Self::ask`], once more if the memory from which it should have answered was blank; a refusal of the question
    /// itself gives a stranger away.
    fn query(&mut self, line: &str, baud: u32) -> Result<Vec<Reply>, ConnectError> {
        let answer = match self.ask(line, ANSWER) {
            Err(ConnectError::Refused { code: MEMORY, .. }) => {
                self.restored = true;
                self.hush(Duration::MAX)?; // its `ok` still comes
                self.ask(line, ANSWER)
            }
            answer => answer,
        };
        match answer {
            // Strangers refuse in their own words, without an error number.
            Err(ConnectError::NoAnswer { .. }) if recognise(&self.heard).is_some_and(|who| !who.draws()) => {
                Err(self.stranger(baud, line))
            }
            answer => answer,
        }
    }

    /// Listens until nothing more comes, but not beyond `until` nor for ever.
    fn hush(&mut self, until: Duration) -> Result<(), ConnectError> {
        for _ in 0..MOST_LINES {
            if self.port.now() >= until || self.hear(self.port.now() + QUIET)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Until it reports or greets, whether the board has just been reset, runs already, or waits for a reset after an alarm.
    fn first_words(&mut self, baud: u32) -> Result<(), ConnectError> {
        let opened = self.port.now();
        let mut silenced = false;
        // A question first, then what wakes the deaf: an end of line, and at last a reset.
        for (byte, until) in [(b'?', HELLO), (b'?', PATIENCE), (b'\n', PATIENCE + HELLO), (RESET, PATIENCE * 2)] {
            self.port.write(&[byte])?;
            if byte != b'?' {
                self.port.write(b"?")?;
            }
            while let Some(reply) = self.hear(opened + until)? {
                match reply {
                    Reply::Status(_) => return Ok(()),
                    Reply::Welcome(_) => {
                        if recognise(&self.heard) == Some(Speaker::OldGrbl) {
                            return Err(self.stranger(baud, ""));
                        }
                        self.hush(Duration::MAX)?; // it says what it must before it answers
                        return Ok(());
                    }
                    Reply::Error(MEMORY) => self.restored = true,
                    Reply::Message(text) if text == SILENCED && !silenced => {
                        silenced = true;
                        self.port.write(&[RESET])?;
                    }
                    Reply::Unknown(_) if recognise(&self.heard).is_some_and(|who| who.is_certain() && !who.draws()) => {
                        return Err(self.stranger(baud, ""));
                    }
                    _ => {}
                }
            }
        }
        if self.heard.is_empty() { Err(ConnectError::Silent { baud }) } else { Err(self.stranger(baud, "")) }
    }

    /// Who spoke, as an error; `else_said` where nothing was said that could be shown.
    fn stranger(&self, baud: u32, else_said: &str) -> ConnectError {
        if let Some(who) = recognise(&self.heard).filter(|who| !who.draws()) {
            return ConnectError::Stranger { who, baud };
        }
        let text = String::from_utf8_lossy(&self.heard).into_owned();
        let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let said = if else_said.is_empty() { first } else { else_said };
        ConnectError::Unknown { said: said.chars().filter(|c| !c.is_control()).take(MOST_SAID).collect() }
    }

    /// The next reply, if one comes by `until`.
    fn hear(&mut self, until: Duration) -> Result<Option<Reply>, ConnectError> {
        loop {
            if self.stop.is_thrown() {
                self.port.write(&[JOG_CANCEL, b'!', RESET])?;
                return Err(ConnectError::Stopped);
            }
            while let Some(byte) = self.unread.pop_front() {
                if self.heard.len() < MOST_HEARD {
                    self.heard.push(byte);
                }
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
