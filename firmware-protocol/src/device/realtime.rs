//! What interrupts the main loop: real-time bytes, holds, the door, alarms, resets, overrides.
//!
//! Flags are raised as bytes arrive and acted on at the next turn of the main loop, in the firmware's order: alarm,
//! reset, report, stops, start, end of motion, overrides.
//! Source: Grbl 1.1 interface documentation; states and delays as recorded.

use super::Device;
use super::PASS;
use super::SECOND;
use super::State;
use super::interpreter::Interpreter;
use super::interpreter::Spindle;
use super::tasks::Task;
use crate::gcode::LineBuffer;
use crate::planner::Overrides;
use alloc::collections::VecDeque;

/// How long the firmware is deaf and dumb after an alarm.
const ALARM_PAUSE: u64 = SECOND / 2;
/// Delays are made of pieces of 50 ms.
const DELAY_STEP: u64 = SECOND / 20;
/// After a door was closed: time for the spindle to come up to speed, then for the coolant to flow.
const SPINDLE_DELAY_STEPS: u32 = 80;
const COOLANT_DELAY_STEPS: u32 = 20;
/// Override bytes that can wait for one turn of the main loop.
const MAX_OVERRIDES: usize = 64;

/// What is to be acted on.
#[derive(Debug, Clone, Default)]
pub(super) struct Flags {
    pub reset: bool,
    pub report: bool,
    pub cycle_start: bool,
    pub cycle_stop: bool,
    pub hold: bool,
    pub door: bool,
    pub motion_cancel: bool,
    pub sleep: bool,
    pub alarm: Option<u8>,
    overrides: VecDeque<u8>,
}

impl Flags {
    /// Takes up a byte if it is a real-time command (or means nothing and is dropped); a reset is the caller's.
    pub fn receive(&mut self, byte: u8, jogging: bool) -> bool {
        match byte {
            0x18 => {}
            b'?' => self.report = true,
            b'~' => self.cycle_start = true,
            b'!' => self.hold = true,
            0x84 => self.door = true,
            0x85 => self.motion_cancel |= jogging,
            0x90..=0xA1 if self.overrides.len() < MAX_OVERRIDES => self.overrides.push_back(byte),
            0x80.. => {}
            _ => return false,
        }
        true
    }

    pub fn any(&self) -> bool {
        self.reset
            || self.report
            || self.cycle_start
            || self.cycle_stop
            || self.hold
            || self.door
            || self.motion_cancel
            || self.sleep
            || self.alarm.is_some()
            || !self.overrides.is_empty()
    }
}

/// Why the main loop executes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Suspend {
    pub hold_complete: bool,
    pub retracted: bool,
    pub restoring: bool,
    pub restored: bool,
    pub door_ajar: bool,
    pub motion_cancel: bool,
    pub jog_cancel: bool,
    /// Sleep has been announced.
    asleep: bool,
    restore: Restore,
}

/// How far the restoring after a door has come: pieces of delay still to go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Restore {
    #[default]
    Begin,
    Spindle(u32),
    CoolantNext,
    Coolant(u32),
}

impl Suspend {
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// An alarm being announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AlarmStage {
    /// The pause after `ALARM:n`; critical ones then wait for a reset.
    Pause {
        critical: bool,
    },
    WaitForReset,
}

impl Device {
    /// A soft reset is asked for: by byte, by button, by the firmware itself.
    pub(super) fn request_reset(&mut self) {
        if self.flags.reset {
            return;
        }
        self.flags.reset = true;
        self.set_spindle(Spindle::Off, 0.0);
        self.flood = false;
        let moving = matches!(self.state, State::Cycle | State::Homing | State::Jog) || self.holding;
        if moving && !self.booting {
            if self.state == State::Homing {
                self.flags.alarm = self.flags.alarm.or(Some(6));
            } else {
                self.flags.alarm = Some(3);
            }
            self.stepper.halt();
        }
    }

    /// Acts on all flags; false if the main loop must not go on.
    pub(super) fn realtime(&mut self) -> bool {
        if let Some(alarm) = self.flags.alarm.take() {
            self.raise(alarm);
            return false;
        }
        if self.flags.reset {
            if let Some(Task::Dwell(left @ 1..)) = self.tasks.front_mut() {
                *left = 0; // the piece of a dwell that has been begun is finished
                self.busy(DELAY_STEP);
            } else {
                self.restart();
            }
            return false;
        }
        if core::mem::take(&mut self.flags.report) {
            self.report_status();
        }
        let stopping = self.flags.hold || self.flags.door || self.flags.motion_cancel || self.flags.sleep;
        if stopping {
            self.stop_motion();
        }
        if core::mem::take(&mut self.flags.cycle_start) && !stopping {
            self.cycle_start();
        }
        if core::mem::take(&mut self.flags.cycle_stop) {
            self.cycle_stopped();
        }
        self.apply_overrides();
        if !matches!(self.state, State::Idle | State::Alarm | State::Check) {
            self.prepare();
        }
        true
    }

    fn raise(&mut self, alarm: u8) {
        self.state = State::Alarm;
        self.print(&alloc::format!("ALARM:{alarm}\r\n"));
        self.alarm = Some(AlarmStage::Pause { critical: matches!(alarm, 1 | 2) });
        self.busy(ALARM_PAUSE);
    }

    /// While an alarm is announced nothing else happens.
    pub(super) fn alarmed(&mut self) {
        match self.alarm {
            Some(AlarmStage::Pause { .. }) if self.now < self.busy_until => self.main_at = Some(self.busy_until),
            Some(AlarmStage::Pause { critical: true }) => {
                self.print("[MSG:Reset to continue]\r\n");
                self.flags.reset = false;
                self.alarm = Some(AlarmStage::WaitForReset);
            }
            Some(AlarmStage::WaitForReset) if !self.flags.reset => self.flags.report = false,
            _ => {
                self.alarm = None;
                self.wake();
            }
        }
    }

    fn stop_motion(&mut self) {
        let hold = core::mem::take(&mut self.flags.hold);
        let door = core::mem::take(&mut self.flags.door);
        let motion_cancel = core::mem::take(&mut self.flags.motion_cancel);
        let sleep = core::mem::take(&mut self.flags.sleep);
        if self.state == State::Check || self.state == State::Alarm && !sleep {
            return;
        }
        if matches!(self.state, State::Cycle | State::Jog) {
            if !self.suspend.motion_cancel && !self.suspend.jog_cancel {
                self.slicer.unload(&mut self.planner);
                self.holding = true;
                if self.state == State::Jog && !sleep {
                    self.suspend.jog_cancel = true;
                }
            }
        } else if self.state == State::Idle {
            self.suspend = Suspend { hold_complete: true, ..Suspend::default() };
        }
        if motion_cancel && self.state != State::Jog {
            self.suspend.motion_cancel = true;
        }
        if hold && !matches!(self.state, State::Door | State::Jog | State::Sleep) {
            self.state = State::Hold;
        }
        if door {
            self.print("[MSG:Check Door]\r\n");
            if !self.suspend.jog_cancel {
                if self.state == State::Door && self.suspend.restoring {
                    self.suspend.retracted = false;
                    self.suspend.restoring = false;
                    self.suspend.restored = false;
                    self.suspend.restore = Restore::Begin;
                }
                if self.state != State::Sleep {
                    self.state = State::Door;
                }
            }
            self.suspend.door_ajar = true;
        }
        if sleep {
            if self.state == State::Alarm {
                self.suspend.retracted = true;
                self.suspend.hold_complete = true;
            }
            self.state = State::Sleep;
        }
    }

    fn cycle_start(&mut self) {
        if self.state == State::Door && !self.suspend.door_ajar {
            if self.suspend.restored {
                self.state = State::Idle;
            } else if self.suspend.retracted {
                self.suspend.restoring = true;
            }
        }
        let held = self.state == State::Hold && self.suspend.hold_complete;
        if self.state != State::Idle && !held {
            return;
        }
        let cancelled = self.suspend.motion_cancel;
        self.suspend = Suspend::default();
        self.holding = false;
        self.slicer.release();
        if self.planner.is_empty() || cancelled {
            self.state = State::Idle;
        } else {
            self.state = State::Cycle;
            self.start_motion();
        }
    }

    fn cycle_stopped(&mut self) {
        let held = matches!(self.state, State::Hold | State::Door | State::Sleep);
        if held && !self.soft_limit && !self.suspend.jog_cancel {
            self.replan();
            if self.holding {
                self.suspend.hold_complete = true;
            }
            self.holding = false;
        } else {
            if self.suspend.jog_cancel {
                self.clear_motion();
            }
            self.holding = false;
            self.slicer.release();
            if self.suspend.door_ajar {
                self.suspend.jog_cancel = false;
                self.suspend.hold_complete = true;
                self.state = State::Door;
            } else {
                self.suspend = Suspend::default();
                self.state = State::Idle;
            }
        }
    }

    fn apply_overrides(&mut self) {
        let before = self.overrides;
        while let Some(byte) = self.flags.overrides.pop_front() {
            self.flags.overrides.retain(|other| *other != byte); // each is but one flag
            let Overrides { feed, rapid } = &mut self.overrides;
            match byte {
                0x90 => *feed = 100,
                0x91 => *feed = feed.saturating_add(10).min(200),
                0x92 => *feed = feed.saturating_sub(10).max(10),
                0x93 => *feed = feed.saturating_add(1).min(200),
                0x94 => *feed = feed.saturating_sub(1).max(10),
                0x95 => *rapid = 100,
                0x96 => *rapid = 50,
                0x97 => *rapid = 25,
                0x99..=0x9D => self.override_spindle(byte),
                0x9E if self.state == State::Hold && self.spindle_speed > 0.0 => self.set_spindle(Spindle::Off, 0.0),
                0xA0 if matches!(self.state, State::Idle | State::Cycle | State::Hold) => {
                    self.interpreter.modes.flood = !self.flood;
                    self.set_flood(!self.flood);
                }
                _ => {}
            }
        }
        if before != self.overrides {
            self.override_countdown = 0;
            self.planner.set_overrides(self.overrides);
            self.replan();
        }
    }

    fn override_spindle(&mut self, byte: u8) {
        let before = self.spindle_override;
        self.spindle_override = match byte {
            0x99 => 100,
            0x9A => before.saturating_add(10).min(200),
            0x9B => before.saturating_sub(10).max(10),
            0x9C => before.saturating_add(1).min(200),
            _ => before.saturating_sub(1).max(10),
        };
        if before != self.spindle_override {
            self.override_countdown = 0;
            if self.spindle != Spindle::Off {
                self.set_spindle(self.interpreter.modes.spindle, self.interpreter.speed);
            }
        }
    }

    /// One turn of the main loop while it is suspended.
    pub(super) fn suspended(&mut self) {
        if !self.suspend.hold_complete || !matches!(self.state, State::Door | State::Sleep) {
            return;
        }
        if !self.suspend.retracted {
            self.set_spindle(Spindle::Off, 0.0);
            self.set_flood(false);
            self.suspend.retracted = true;
            self.wake();
        } else if self.state == State::Sleep {
            if !self.suspend.asleep {
                self.print("[MSG:Sleeping]\r\n");
                self.suspend.asleep = true;
                self.set_spindle(Spindle::Off, 0.0);
                self.set_flood(false);
            }
        } else {
            self.suspend.door_ajar = false; // there is no switch that could tell
            if self.suspend.restoring {
                self.restore();
            }
        }
    }

    /// After a door: spindle, then coolant, then the motion goes on.
    fn restore(&mut self) {
        if self.suspend.restored {
            return;
        }
        match self.suspend.restore {
            Restore::Begin if self.interpreter.modes.spindle != Spindle::Off => {
                self.set_spindle(self.interpreter.modes.spindle, self.interpreter.speed);
                self.suspend.restore = Restore::Spindle(SPINDLE_DELAY_STEPS);
            }
            Restore::Spindle(left) if left > 0 => {
                self.suspend.restore = Restore::Spindle(left - 1);
                self.busy(DELAY_STEP);
                return;
            }
            Restore::Begin | Restore::Spindle(_) => self.suspend.restore = Restore::CoolantNext,
            Restore::CoolantNext if self.interpreter.modes.flood => {
                self.set_flood(true);
                self.suspend.restore = Restore::Coolant(COOLANT_DELAY_STEPS);
            }
            Restore::Coolant(left) if left > 0 => {
                self.suspend.restore = Restore::Coolant(left - 1);
                self.busy(DELAY_STEP);
                return;
            }
            Restore::CoolantNext | Restore::Coolant(_) => {
                self.suspend.restored = true;
                self.flags.cycle_start = true;
            }
        }
        self.wake();
    }

    /// Acts on a reset: the line in execution is still answered, all else is forgotten.
    fn restart(&mut self) {
        let echo = self.tasks.iter().any(|task| matches!(task, Task::Reply(_)));
        if echo {
            self.reply(Ok(()));
        }
        self.boot();
    }

    /// Begins anew; the banner follows when the hardware is set up.
    pub(super) fn boot(&mut self) {
        self.booting = true;
        self.tasks.clear();
        self.line = LineBuffer::new();
        self.alarm = None;
        self.suspend = Suspend::default();
        self.holding = false;
        self.soft_limit = false;
        self.overrides = Overrides::NONE;
        self.spindle_override = 100;
        self.offset_countdown = 0;
        self.override_countdown = 0;
        self.probe = super::Probe::default();
        self.homing_locked = [false; 3];
        self.set_spindle(Spindle::Off, 0.0);
        self.flood = false;
        self.interpreter = Interpreter::new(self.eeprom.coordinates[0]);
        self.clear_motion();
        let printed = self.serial.tx_room_at().max(self.now);
        self.busy_until = printed + self.rest();
        self.main_at = Some(self.busy_until);
    }

    /// The banner, and what follows it.
    pub(super) fn greet(&mut self) {
        if self.now < self.busy_until {
            self.main_at = Some(self.busy_until);
            return;
        }
        self.booting = false;
        self.flags = Flags::default();
        self.serial.clear_rx();
        self.print("\r\nGrbl 1.1h ['$' for help]\r\n");
        if self.settings.flag(21) && self.limits_triggered().contains(&true) {
            self.state = State::Alarm;
            self.print("[MSG:Check Limits]\r\n");
        }
        if matches!(self.state, State::Alarm | State::Sleep) {
            self.state = State::Alarm;
            self.print("[MSG:'$H'|'$X' to unlock]\r\n");
        } else {
            self.state = State::Idle;
            self.tasks.extend([Task::Startup(0), Task::Startup(1)]);
        }
        self.main_at = Some(self.now + PASS);
    }
}
