//! What stands around the simulated machine: limit switches, the probe, the buttons of the control inputs.

use super::Device;
use super::State;

/// A switch on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Switch {
    /// Never touched.
    #[default]
    Open,
    /// Touched all the time.
    Closed,
    /// Touched while the carriage is at or below so many mm, counted from where it stood at power on.
    AtOrBelow(f32),
}

impl Switch {
    fn closed(self, at_mm: f32) -> bool {
        match self {
            Switch::Open => false,
            Switch::Closed => true,
            Switch::AtOrBelow(mm) => at_mm <= mm,
        }
    }
}

/// All inputs of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bench {
    /// Limit switches of x, y, z.
    pub limits: [Switch; 3],
    /// The probe, which feels along z.
    pub probe: Switch,
    /// The feed hold button is down.
    pub hold_button: bool,
    /// The cycle start button is down.
    pub start_button: bool,
    /// The reset button is down.
    pub reset_button: bool,
}

impl Device {
    /// The machine's inputs.
    pub fn bench(&self) -> Bench {
        self.bench
    }

    /// Changes the inputs, now.
    pub fn set_bench(&mut self, bench: Bench) {
        let before = core::mem::replace(&mut self.bench, bench);
        self.flags.hold |= bench.hold_button && !before.hold_button;
        self.flags.cycle_start |= bench.start_button && !before.start_button;
        if bench.reset_button && !before.reset_button {
            self.request_reset();
        }
        self.watch_switches();
        self.wake();
    }

    /// Whether each axis' limit input is active.
    pub(super) fn limits_triggered(&self) -> [bool; 3] {
        let at = self.carriage_mm();
        let inverted = self.settings.flag(5);
        core::array::from_fn(|i| self.bench.limits[i].closed(at[i]) != inverted)
    }

    pub(super) fn probe_triggered(&self) -> bool {
        self.bench.probe.closed(self.carriage_mm()[2]) != self.settings.flag(6)
    }

    /// Raises the alarm of a hard limit at any change of a limit input.
    pub(super) fn watch_switches(&mut self) {
        let at = self.carriage_mm();
        let limits = core::array::from_fn(|i| self.bench.limits[i].closed(at[i]));
        let changed = core::mem::replace(&mut self.limits_before, limits) != limits;
        let watched = self.settings.flag(21) && !matches!(self.state, State::Alarm | State::Homing);
        if changed && watched && self.flags.alarm.is_none() && self.alarm.is_none() {
            self.request_reset();
            self.flags.alarm = Some(1);
            self.wake();
        }
    }

    fn carriage_mm(&self) -> [f32; 3] {
        let steps_per_mm = self.settings.axes(100);
        core::array::from_fn(|i| self.carriage[i] as f32 / steps_per_mm[i])
    }
}
