//! The words of one line of G-code, sorted: which code of which modal group, which values, what is said twice.
//!
//! Refuses unknown words, two codes of one group, two claims on the axis words, values that must not be negative.
//! Units: as written. Sources: NIST RS274/NGC (modal groups); Grbl 1.1's documented subset and recorded refusals.

use super::interpreter::Action;
use super::interpreter::Modes;
use super::interpreter::Motion;
use super::interpreter::Spindle;
use crate::gcode::Words;
use crate::math::round;

/// What a line does just once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Once {
    None,
    Dwell,
    SetCoordinates,
    Home(usize),
    SetHome(usize),
    Offset,
    ClearOffset,
    MachineCoordinates,
}

/// Which command the axis words belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AxisCommand {
    None,
    Once,
    Motion,
    ToolLength,
}

/// The words of a line, sorted.
pub(super) struct Line {
    pub modes: Modes,
    pub once: Once,
    pub axis_command: AxisCommand,
    pub tool_length: Option<bool>,
    pub flow: Option<Action>,
    pub groups: u16,
    pub words: u16,
    pub xyz: [f32; 3],
    pub ijk: [f32; 3],
    pub f: f32,
    pub l: u8,
    pub n: f32,
    pub p: f32,
    pub r: f32,
    pub s: f32,
    pub t: u8,
}

/// The words that carry values, as bits of `Line::words`; X, Y, Z come first.
const VALUE_LETTERS: &[u8] = b"XYZIJKFLNPRST";

pub(super) const fn bit(letter: u8) -> u16 {
    let mut i = 0;
    while i < VALUE_LETTERS.len() {
        if VALUE_LETTERS[i] == letter {
            return 1 << i;
        }
        i += 1;
    }
    0
}

pub(super) const AXES: u16 = 0b111;

/// Modal groups: at most one word of each in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Once,
    Motion,
    Plane,
    Distance,
    ArcDistance,
    FeedMode,
    Units,
    CutterRadius,
    ToolLength,
    System,
    Path,
    Flow,
    Spindle,
    Coolant,
}

impl Group {
    pub fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl Line {
    /// Reads all words of a cleaned line; the modes are `modes` until the line changes them.
    pub fn read(text: &[u8], modes: Modes, jog: bool) -> Result<Self, u8> {
        let mut line = Self {
            modes,
            once: Once::None,
            axis_command: AxisCommand::None,
            tool_length: None,
            flow: None,
            groups: 0,
            words: 0,
            xyz: [0.0; 3],
            ijk: [0.0; 3],
            f: 0.0,
            l: 0,
            n: 0.0,
            p: 0.0,
            r: 0.0,
            s: 0.0,
            t: 0,
        };
        if jog {
            line.modes.motion = Motion::Line;
            line.modes.inverse_time = false;
        }
        for word in Words::of(text) {
            let word = word.map_err(|refusal| refusal.code())?;
            match word.letter {
                'G' => line.g_code(word.value)?,
                'M' => line.m_code(word.value)?,
                letter => line.value(letter as u8, word.value)?,
            }
        }
        Ok(line)
    }

    fn claim(&mut self, command: AxisCommand) -> Result<(), u8> {
        if self.axis_command != AxisCommand::None {
            return Err(24);
        }
        self.axis_command = command;
        Ok(())
    }

    fn group(&mut self, group: Group) -> Result<(), u8> {
        if self.groups & group.bit() != 0 {
            return Err(21);
        }
        self.groups |= group.bit();
        Ok(())
    }

    fn g_code(&mut self, value: f32) -> Result<(), u8> {
        let code = value as i32;
        // The decimals, in hundredths; what is left of them at the end is an error.
        let mut decimals = round(f64::from(100.0 * (value - code as f32)));
        let group = match code {
            _ if code < 0 => return Err(20),
            4 | 53 | 10 | 28 | 30 | 92 => {
                if decimals == 0 && !matches!(code, 4 | 53) {
                    self.claim(AxisCommand::Once)?;
                }
                if matches!(code, 28 | 30 | 92) && !matches!(decimals, 0 | 10) {
                    return Err(20);
                }
                self.once = match (code, decimals) {
                    (4, _) => Once::Dwell,
                    (53, _) => Once::MachineCoordinates,
                    (10, _) => Once::SetCoordinates,
                    (28, 0) => Once::Home(6),
                    (28, _) => Once::SetHome(6),
                    (30, 0) => Once::Home(7),
                    (30, _) => Once::SetHome(7),
                    (_, 0) => Once::Offset,
                    _ => Once::ClearOffset,
                };
                if matches!(code, 28 | 30 | 92) {
                    decimals = 0;
                }
                Group::Once
            }
            0..=3 | 38 | 80 => {
                if code != 80 {
                    self.claim(AxisCommand::Motion)?;
                }
                self.modes.motion = match (code, decimals) {
                    (0, _) => Motion::Rapid,
                    (1, _) => Motion::Line,
                    (2, _) => Motion::ArcCw,
                    (3, _) => Motion::ArcCcw,
                    (38, 20 | 30 | 40 | 50) => {
                        let motion = Motion::Probe { away: decimals >= 40, must_touch: decimals % 20 == 0 };
                        decimals = 0;
                        motion
                    }
                    (38, _) => return Err(20),
                    _ => Motion::None,
                };
                Group::Motion
            }
            17..=19 => {
                self.modes.plane = (code - 17) as u8;
                Group::Plane
            }
            90 | 91 if decimals == 0 => {
                self.modes.relative = code == 91;
                Group::Distance
            }
            91 if decimals == 10 => {
                decimals = 0;
                Group::ArcDistance
            }
            93 | 94 => {
                self.modes.inverse_time = code == 93;
                Group::FeedMode
            }
            20 | 21 => {
                self.modes.inches = code == 20;
                Group::Units
            }
            40 => Group::CutterRadius,
            43 | 49 => {
                self.claim(AxisCommand::ToolLength)?;
                match (code, decimals) {
                    (49, _) => self.tool_length = Some(false),
                    (_, 10) => self.tool_length = Some(true),
                    _ => return Err(20),
                }
                decimals = 0;
                Group::ToolLength
            }
            54..=59 => {
                self.modes.system = (code - 54) as u8;
                Group::System
            }
            61 if decimals == 0 => Group::Path,
            _ => return Err(20),
        };
        if decimals > 0 {
            return Err(23);
        }
        self.group(group)
    }

    fn m_code(&mut self, value: f32) -> Result<(), u8> {
        let code = value as i32;
        if round(f64::from(100.0 * (value - code as f32))) > 0 {
            return Err(23);
        }
        let group = match code {
            0..=2 | 30 => {
                self.flow = match code {
                    0 => Some(Action::Pause),
                    1 => self.flow,
                    _ => Some(Action::End),
                };
                Group::Flow
            }
            3..=5 => {
                self.modes.spindle = [Spindle::Cw, Spindle::Ccw, Spindle::Off][(code - 3) as usize];
                Group::Spindle
            }
            8 | 9 => {
                self.modes.flood = code == 8;
                Group::Coolant
            }
            _ => return Err(20),
        };
        self.group(group)
    }

    fn value(&mut self, letter: u8, value: f32) -> Result<(), u8> {
        match letter {
            b'X' => self.xyz[0] = value,
            b'Y' => self.xyz[1] = value,
            b'Z' => self.xyz[2] = value,
            b'I' => self.ijk[0] = value,
            b'J' => self.ijk[1] = value,
            b'K' => self.ijk[2] = value,
            b'F' => self.f = value,
            b'L' => self.l = value as i64 as u8,
            b'N' => self.n = value,
            b'P' => self.p = value,
            b'R' => self.r = value,
            b'S' => self.s = value,
            b'T' if value > 255.0 => return Err(38),
            b'T' => self.t = value as u8,
            _ => return Err(20),
        }
        if self.words & bit(letter) != 0 {
            return Err(25);
        }
        if value < 0.0 && matches!(letter, b'F' | b'N' | b'P' | b'T' | b'S') {
            return Err(4);
        }
        self.words |= bit(letter);
        Ok(())
    }
}
