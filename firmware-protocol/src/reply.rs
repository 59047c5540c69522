//! What the firmware says, understood: answers, alarms, status reports, messages.
//!
//! Only exact lines count: a garbled `ok` is no answer, and an unknown field of a report is passed over. Numbers are
//! bounded, lines are cut at [`MAX_LINE_LEN`] bytes. Units: mm, mm/min, percent.
//! Source: Grbl 1.1 interface documentation; grblHAL's additions are read as far as they are the same.

use alloc::string::String;

/// Longer lines are dropped: no firmware writes them, but a bad cable does.
pub const MAX_LINE_LEN: usize = 512;

/// A report with a greater number is garbage.
const MAX_NUMBER: f64 = 1e9;

/// One line from the firmware.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// `ok`: a line was taken.
    Ok,
    /// `error:n`: a line was refused; [`codes::error`](crate::codes::error) explains it.
    Error(u8),
    /// `ALARM:n`; [`codes::alarm`](crate::codes::alarm) explains it.
    Alarm(u8),
    /// `<...>`.
    Status(Status),
    /// The banner after a reset.
    Welcome(String),
    /// `[MSG:...]` and the other bracketed lines, without their brackets.
    Message(String),
    /// `$n=value`.
    Setting {
        /// n.
        number: u16,
        /// The value as written.
        value: String,
    },
    /// An empty line.
    Empty,
    /// Anything else: another firmware's speech, or garbage.
    Unknown(String),
}

/// What the firmware is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Standing, nothing queued.
    Idle,
    /// Executing a program.
    Run,
    /// Held; `at_rest` once it stands.
    Hold {
        /// It stands.
        at_rest: bool,
    },
    /// Jogging.
    Jog,
    /// Homing.
    Home,
    /// Locked by an alarm.
    Alarm,
    /// Checking a program without moving.
    Check,
    /// Stopped by the safety door; the number tells how far.
    Door(u8),
    /// Asleep until reset.
    Sleep,
    /// A state of another firmware.
    Other,
}

/// A status report. Fields that the firmware left out are none: they have not changed, or are switched off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Status {
    /// What it is doing.
    pub state: State,
    /// `MPos:` machine coordinates.
    pub machine_mm: Option<[f64; 3]>,
    /// `WPos:` work coordinates.
    pub work_mm: Option<[f64; 3]>,
    /// `WCO:` machine coordinates of the work origin.
    pub offset_mm: Option<[f64; 3]>,
    /// `Bf:` free planner blocks and free bytes of the receive buffer.
    pub free: Option<(u16, u16)>,
    /// `Ln:` the line number in execution.
    pub line: Option<u32>,
    /// `F:` or the first of `FS:`, mm/min.
    pub feed_mm_min: Option<f64>,
    /// The second of `FS:`.
    pub spindle: Option<f64>,
    /// `Ov:` feed, rapid, spindle overrides in percent.
    pub overrides: Option<[u16; 3]>,
    /// `Pn:` active inputs, as bits in the order of `XYZPDHRS`.
    pub pins: u8,
}

const PINS: &str = "XYZPDHRS";

impl Reply {
    /// Understands one line (without its line end).
    pub fn parse(line: &str) -> Self {
        // Written as firmware writes it: no sign, no leading zero.
        let code = |rest: &str| {
            rest.parse::<u8>()
                .ok()
                .filter(|_| rest == "0" || rest.starts_with(['1', '2', '3', '4', '5', '6', '7', '8', '9']))
        };
        if line == "ok" {
            return Reply::Ok;
        }
        if line.is_empty() {
            return Reply::Empty;
        }
        if let Some(code) = line.strip_prefix("error:").and_then(code) {
            return Reply::Error(code);
        }
        if let Some(code) = line.strip_prefix("ALARM:").and_then(code) {
            return Reply::Alarm(code);
        }
        if let Some(inside) = line.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'))
            && let Some(status) = Status::parse(inside)
        {
            return Reply::Status(status);
        }
        if let Some(inside) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Reply::Message(inside.into());
        }
        if line.starts_with("Grbl ") || line.starts_with("GrblHAL ") {
            return Reply::Welcome(line.into());
        }
        if let Some((number, value)) = line.strip_prefix('$').and_then(|rest| rest.split_once('='))
            && let Ok(number) = number.parse()
        {
            return Reply::Setting { number, value: value.into() };
        }
        Reply::Unknown(line.into())
    }
}

impl Status {
    fn parse(inside: &str) -> Option<Self> {
        let mut fields = inside.split('|');
        let mut status = Self {
            state: State::parse(fields.next()?)?,
            machine_mm: None,
            work_mm: None,
            offset_mm: None,
            free: None,
            line: None,
            feed_mm_min: None,
            spindle: None,
            overrides: None,
            pins: 0,
        };
        for field in fields {
            let (name, value) = field.split_once(':')?;
            match name {
                "MPos" => status.machine_mm = Some(numbers(value)?),
                "WPos" => status.work_mm = Some(numbers(value)?),
                "WCO" => status.offset_mm = Some(numbers(value)?),
                "Bf" => {
                    let (blocks, bytes) = value.split_once(',')?;
                    status.free = Some((blocks.parse().ok()?, bytes.parse().ok()?));
                }
                "Ln" => status.line = Some(value.parse().ok()?),
                "F" => status.feed_mm_min = Some(number(value)?),
                "FS" => {
                    let mut values = value.split(',');
                    status.feed_mm_min = Some(number(values.next()?)?);
                    status.spindle = Some(number(values.next()?)?);
                }
                "Ov" => status.overrides = Some(numbers(value)?.map(|percent| percent as u16)),
                "Pn" => status.pins = value.chars().filter_map(|pin| PINS.find(pin)).fold(0, |bits, i| bits | 1 << i),
                _ => {}
            }
        }
        Some(status)
    }
}

impl State {
    fn parse(text: &str) -> Option<Self> {
        let (name, detail) = text.split_once(':').unwrap_or((text, ""));
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        Some(match name {
            "Idle" => State::Idle,
            "Run" => State::Run,
            "Hold" => State::Hold { at_rest: detail == "0" },
            "Jog" => State::Jog,
            "Home" => State::Home,
            "Alarm" => State::Alarm,
            "Check" => State::Check,
            "Door" => State::Door(detail.parse().ok()?),
            "Sleep" => State::Sleep,
            _ => State::Other,
        })
    }
}

/// Digits, sign and point only, and no more than a machine may have: not the `inf` and `1e300` that Rust would read.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+'));
    text.parse().ok().filter(|value: &f64| plain && value.abs() < MAX_NUMBER)
}

/// The first three of a list of numbers.
fn numbers(list: &str) -> Option<[f64; 3]> {
    let mut values = list.split(',').map(number);
    Some([values.next()??, values.next()??, values.next()??])
}

/// Gathers received bytes into lines.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    text: String,
    too_long: bool,
}

impl Lines {
    /// Takes one byte; gives the reply it completes, if it does.
    pub fn push(&mut self, byte: u8) -> Option<Reply> {
        match byte {
            b'\n' => {
                let reply = (!self.too_long).then(|| Reply::parse(&self.text));
                self.text.clear();
                self.too_long = false;
                reply
            }
            b'\r' => None,
            _ if self.text.len() >= MAX_LINE_LEN => {
                self.too_long = true;
                None
            }
            _ => {
                // A byte that is no ASCII can only be garbage: it keeps the line from being taken for an answer.
                self.text.push(if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER });
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_report_with_every_field() {
        let line =
            "<Hold:0|WPos:-10.000,5.000,0.500|Bf:15,128|Ln:7|FS:1500,90|Pn:XP|WCO:1,2,3|Ov:100,50,100|A:SF|New:x>";
        let Reply::Status(status) = Reply::parse(line) else { panic!("no status") };
        assert_eq!(status.state, State::Hold { at_rest: true });
        assert_eq!(status.work_mm, Some([-10.0, 5.0, 0.5]));
        assert_eq!((status.free, status.line), (Some((15, 128)), Some(7)));
        assert_eq!((status.feed_mm_min, status.spindle), (Some(1500.0), Some(90.0)));
        assert_eq!((status.pins, status.offset_mm), (0b1001, Some([1.0, 2.0, 3.0])));
        assert_eq!(status.overrides, Some([100, 50, 100]));
    }

    #[test]
    fn only_exact_lines_are_answers() {
        assert_eq!(Reply::parse("ok"), Reply::Ok);
        assert_eq!(Reply::parse("error:22"), Reply::Error(22));
        assert_eq!(Reply::parse("ALARM:3"), Reply::Alarm(3));
        for garbled in [
            "o*",
            "ok?",
            "kok",
            "error:",
            "error:x2",
            "error:+9",
            "error:09",
            "error:999",
            "ALARM",
            "<Idle|MPos:1,2>",
            "<|>",
            "<Idle",
            "<Run|F:1e300>",
        ] {
            assert!(matches!(Reply::parse(garbled), Reply::Unknown(_)), "{garbled}");
        }
        assert!(matches!(Reply::parse("Grbl 1.1h ['$' for help]"), Reply::Welcome(_)));
        assert_eq!(Reply::parse("$110=500.000"), Reply::Setting { number: 110, value: "500.000".into() });
    }

    proptest! {
        #[test]
        fn no_line_breaks_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut lines = Lines::default();
            for byte in bytes {
                let _ = lines.push(byte);
            }
        }

        #[test]
        fn no_report_breaks_the_reader(inside in "[A-Za-z:|,.0-9+-]{0,60}") {
            let _ = Reply::parse(&alloc::format!("<{inside}>"));
        }
    }
}
