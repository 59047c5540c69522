//! What the firmware keeps without power: settings (`$n=value`), coordinate systems, startup lines.
//!
//! A blank memory is met with `error:7` and the defaults. Units as in Grbl's settings: mm, mm/min, mm/s², ms.
//! Source: Grbl 1.1's settings documentation and recorded refusals.

use alloc::string::String;

use crate::motion::Machine;

/// How a setting is stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Eight bits; more is cut off.
    Byte,
    /// Zero or one.
    Flag,
    /// Shown with three decimals.
    Float,
    /// Shown without decimals.
    Speed,
}

/// Number, kind and default of every setting, in the order of `$$`.
const TABLE: [(u8, Kind, f32); 34] = [
    (0, Kind::Byte, 10.0),
    (1, Kind::Byte, 25.0),
    (2, Kind::Byte, 0.0),
    (3, Kind::Byte, 0.0),
    (4, Kind::Flag, 0.0),
    (5, Kind::Flag, 0.0),
    (6, Kind::Flag, 0.0),
    (10, Kind::Byte, 1.0),
    (11, Kind::Float, 0.01),
    (12, Kind::Float, 0.002),
    (13, Kind::Flag, 0.0),
    (20, Kind::Flag, 0.0),
    (21, Kind::Flag, 0.0),
    (22, Kind::Flag, 0.0),
    (23, Kind::Byte, 0.0),
    (24, Kind::Float, 25.0),
    (25, Kind::Float, 500.0),
    (26, Kind::Byte, 250.0),
    (27, Kind::Float, 1.0),
    (30, Kind::Speed, 1000.0),
    (31, Kind::Speed, 0.0),
    (32, Kind::Flag, 0.0),
    (100, Kind::Float, 250.0),
    (101, Kind::Float, 250.0),
    (102, Kind::Float, 250.0),
    (110, Kind::Float, 500.0),
    (111, Kind::Float, 500.0),
    (112, Kind::Float, 500.0),
    (120, Kind::Float, 10.0),
    (121, Kind::Float, 10.0),
    (122, Kind::Float, 10.0),
    (130, Kind::Float, 200.0),
    (131, Kind::Float, 200.0),
    (132, Kind::Float, 200.0),
];

/// The firmware's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    values: [f32; TABLE.len()],
}

impl Settings {
    /// Setting `$number`; zero if there is none.
    pub fn value(&self, number: u8) -> f32 {
        TABLE.iter().position(|row| row.0 == number).map_or(0.0, |i| self.values[i])
    }

    /// Stores `$number=value`.
    ///
    /// # Errors
    /// Grbl's error number.
    pub fn store(&mut self, number: u8, value: f32) -> Result<(), u8> {
        if value < 0.0 {
            return Err(4);
        }
        let row = TABLE.iter().position(|row| row.0 == number).ok_or(3)?;
        let byte = value as i64 as u8;
        let value = match TABLE[row].1 {
            Kind::Byte => f32::from(byte),
            Kind::Flag => f32::from(u8::from(byte != 0)),
            Kind::Float | Kind::Speed => value,
        };
        match number {
            0 if byte < 3 => return Err(6),
            20 if byte != 0 && self.value(22) == 0.0 => return Err(10),
            22 if byte == 0 => self.store(20, 0.0)?,
            _ => {}
        }
        self.values[row] = value;
        Ok(())
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (u8, Kind, f32)> + '_ {
        TABLE.iter().zip(&self.values).map(|(row, value)| (row.0, row.1, *value))
    }

    pub(super) fn flag(&self, number: u8) -> bool {
        self.value(number) != 0.0
    }

    pub(super) fn axes(&self, number: u8) -> [f32; 3] {
        [self.value(number), self.value(number + 1), self.value(number + 2)]
    }

    /// The mechanics that these settings describe.
    pub fn machine(&self) -> Machine {
        let axes = |number| self.axes(number).map(f64::from);
        Machine {
            steps_per_mm: axes(100),
            max_rate_mm_min: axes(110),
            acceleration_mm_s2: axes(120),
            junction_deviation_mm: f64::from(self.value(11)),
            planner_blocks: super::PLANNER_BLOCKS,
            baud: super::BAUD,
            line_secs: 0.0,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { values: TABLE.map(|row| row.2) }
    }
}

/// The memory that survives a loss of power.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Eeprom {
    /// None if it was never written or is damaged.
    pub settings: Option<Settings>,
    /// G54 to G59, G28, G30, in mm.
    pub(super) coordinates: [[f32; 3]; 8],
    pub(super) startup: [String; 2],
    pub(super) build_info: String,
}

impl Eeprom {
    /// A memory that holds `settings` and nothing else.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Some(settings), ..Self::default() }
    }
}
