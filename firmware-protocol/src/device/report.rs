//! What the firmware says: answers, status reports, settings, parameters, all in its own number format.
//!
//! Numbers are rounded in single precision, as the firmware does: the last digit of large ones shows it.
//! Source: Grbl 1.1 interface documentation (message formats, when `WCO:` and `Ov:` appear), recorded reports.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::Device;
use super::PLANNER_BLOCKS;
use super::State;
use super::interpreter::MM_PER_INCH;
use super::interpreter::Motion;
use super::interpreter::Spindle;
use super::settings::Kind;

/// After so many reports `WCO:` and `Ov:` are repeated: busy, else.
const OFFSET_EVERY: (u8, u8) = (30, 10);
const OVERRIDE_EVERY: (u8, u8) = (20, 10);

impl Device {
    pub(super) fn print(&mut self, text: &str) {
        self.serial.send(self.now, text);
    }

    /// Answers a line.
    pub(super) fn reply(&mut self, result: Result<(), u8>) {
        match result {
            Ok(()) => self.print("ok\r\n"),
            Err(code) => self.print(&format!("error:{code}\r\n")),
        }
    }

    fn busy_state(&self) -> bool {
        matches!(self.state, State::Cycle | State::Hold | State::Jog | State::Door | State::Homing)
    }

    /// Lengths are shown in mm or inches as `$13` says.
    fn length(&self, mm: f32) -> String {
        if self.settings.flag(13) { fixed(mm / MM_PER_INCH, 4) } else { fixed(mm, 3) }
    }

    fn rate(&self, mm_min: f32) -> String {
        if self.settings.flag(13) { fixed(mm_min / MM_PER_INCH, 1) } else { fixed(mm_min, 0) }
    }

    fn vector(&self, mm: [f32; 3]) -> String {
        format!("{},{},{}", self.length(mm[0]), self.length(mm[1]), self.length(mm[2]))
    }

    /// The answer to `?`.
    pub(super) fn report_status(&mut self) {
        let suspend = self.suspend;
        let state = match self.state {
            State::Idle => "Idle",
            State::Alarm => "Alarm",
            State::Check => "Check",
            State::Homing => "Home",
            State::Cycle => "Run",
            State::Hold if suspend.hold_complete => "Hold:0",
            State::Hold => "Hold:1",
            State::Jog => "Jog",
            State::Door if suspend.restoring => "Door:3",
            State::Door if suspend.retracted && suspend.door_ajar => "Door:1",
            State::Door if suspend.retracted => "Door:0",
            State::Door => "Door:2",
            State::Sleep => "Sleep",
        };
        let mask = self.settings.value(10) as u8;
        let offset = self.interpreter.work_offset();
        let machine = self.position_mm();
        let mut text = if mask & 1 != 0 {
            format!("<{state}|MPos:{}", self.vector(machine))
        } else {
            let work: [f32; 3] = core::array::from_fn(|i| machine[i] - offset[i]);
            format!("<{state}|WPos:{}", self.vector(work))
        };
        if mask & 2 != 0 {
            let _ = write!(text, "|Bf:{},{}", self.planner.free().min(PLANNER_BLOCKS), self.serial.rx_free());
        }
        let speed = if self.busy_state() { self.slicer.speed_mm_s() as f32 * 60.0 } else { 0.0 };
        let _ = write!(text, "|FS:{},{}", self.rate(speed), fixed(self.spindle_speed, 0));
        text += &self.pins();
        let busy = self.busy_state();
        if self.offset_countdown > 0 {
            self.offset_countdown -= 1;
        } else {
            self.offset_countdown = if busy { OFFSET_EVERY.0 } else { OFFSET_EVERY.1 } - 1;
            self.override_countdown = self.override_countdown.max(1); // never both in one report
            let _ = write!(text, "|WCO:{}", self.vector(offset));
        }
        if self.override_countdown > 0 {
            self.override_countdown -= 1;
        } else {
            self.override_countdown = if busy { OVERRIDE_EVERY.0 } else { OVERRIDE_EVERY.1 } - 1;
            let overrides = self.overrides;
            let _ = write!(text, "|Ov:{},{},{}", overrides.feed, overrides.rapid, self.spindle_override);
            text += match (self.spindle, self.flood) {
                (Spindle::Off, false) => "",
                (Spindle::Off, true) => "|A:F",
                (Spindle::Cw, false) => "|A:S",
                (Spindle::Cw, true) => "|A:SF",
                (Spindle::Ccw, false) => "|A:C",
                (Spindle::Ccw, true) => "|A:CF",
            };
        }
        text += ">\r\n";
        self.print(&text);
    }

    fn pins(&self) -> String {
        let limits = self.limits_triggered();
        let pins = [
            (self.probe_triggered(), 'P'),
            (limits[0], 'X'),
            (limits[1], 'Y'),
            (limits[2], 'Z'),
            (self.bench.reset_button, 'R'),
            (self.bench.hold_button, 'H'),
            (self.bench.start_button, 'S'),
        ];
        let active: String = pins.iter().filter(|pin| pin.0).map(|pin| pin.1).collect();
        if active.is_empty() { active } else { format!("|Pn:{active}") }
    }

    /// `$$`.
    pub(super) fn report_settings(&mut self) {
        let mut text = String::new();
        for (number, kind, value) in self.settings.rows() {
            let value = match kind {
                Kind::Float => fixed(value, 3),
                Kind::Byte | Kind::Flag | Kind::Speed => fixed(value, 0),
            };
            let _ = write!(text, "${number}={value}\r\n");
        }
        self.print(&text);
    }

    /// `$#`.
    pub(super) fn report_parameters(&mut self) {
        let mut text = String::new();
        for (name, value) in
            ["G54", "G55", "G56", "G57", "G58", "G59", "G28", "G30"].iter().zip(self.eeprom.coordinates)
        {
            let _ = write!(text, "[{name}:{}]\r\n", self.vector(value));
        }
        let _ = write!(text, "[G92:{}]\r\n", self.vector(self.interpreter.offset));
        let _ = write!(text, "[TLO:{}]\r\n", self.length(self.interpreter.tool_length));
        self.print(&text);
        self.report_probe();
    }

    pub(super) fn report_probe(&mut self) {
        let steps_per_mm = self.settings.axes(100);
        let at: [f32; 3] = core::array::from_fn(|i| self.probe.touched_at[i] as f32 / steps_per_mm[i]);
        let text = format!("[PRB:{}:{}]\r\n", self.vector(at), u8::from(self.probe.succeeded));
        self.print(&text);
    }

    /// `$G`.
    pub(super) fn report_modes(&mut self) {
        let modes = self.interpreter.modes;
        let motion = match modes.motion {
            Motion::Rapid => "G0",
            Motion::Line => "G1",
            Motion::ArcCw => "G2",
            Motion::ArcCcw => "G3",
            Motion::Probe { away: false, must_touch: true } => "G38.2",
            Motion::Probe { away: false, must_touch: false } => "G38.3",
            Motion::Probe { away: true, must_touch: true } => "G38.4",
            Motion::Probe { away: true, must_touch: false } => "G38.5",
            Motion::None => "G80",
        };
        let spindle = match modes.spindle {
            Spindle::Cw => "M3",
            Spindle::Ccw => "M4",
            Spindle::Off => "M5",
        };
        let text = format!(
            "[GC:{motion} G{} G{} G{} G{} G{} {spindle} M{} T{} F{} S{}]\r\n",
            54 + modes.system,
            17 + modes.plane,
            if modes.inches { 20 } else { 21 },
            if modes.relative { 91 } else { 90 },
            if modes.inverse_time { 93 } else { 94 },
            if modes.flood { 8 } else { 9 },
            self.interpreter.tool,
            self.rate(self.interpreter.feed),
            fixed(self.interpreter.speed, 0),
        );
        self.print(&text);
    }
}

/// A number with so many decimals, rounded in the firmware's single precision.
fn fixed(value: f32, decimals: usize) -> String {
    let mut scaled = value.abs();
    let mut left = decimals;
    while left >= 2 {
        scaled *= 100.0;
        left -= 2;
    }
    if left == 1 {
        scaled *= 10.0;
    }
    let rounded = (scaled + 0.5) as u32;
    let sign = if value < 0.0 { "-" } else { "" };
    let unit = 10u32.pow(decimals as u32);
    match decimals {
        0 => format!("{sign}{rounded}"),
        _ => format!("{sign}{}.{:0decimals$}", rounded / unit, rounded % unit),
    }
}

#[cfg(test)]
mod tests {
    use super::fixed;

    #[test]
    fn numbers_as_the_firmware_prints_them() {
        assert_eq!(fixed(123_456.78, 3), "123456.784");
        assert_eq!(fixed(-298.9875, 3), "-298.987");
        assert_eq!(fixed(0.0, 3), "0.000");
        assert_eq!(fixed(12.5, 0), "13");
        assert_eq!(fixed(0.0004, 4), "0.0004");
    }
}
