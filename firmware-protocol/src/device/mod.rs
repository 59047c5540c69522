//! The other end of the cable: Grbl 1.1h, simulated in virtual time.
//!
//! Bytes go in, bytes and motor steps come out; time is given by the caller. Nothing here waits, so the firmware's
//! own waiting (a full planner, a dwell, homing, an alarm) is written as a list of tasks that the main
//! loop works off; whatever cannot go on yet stays at its head.
//!
//! ```text
//!   bytes -> serial -> main loop: lines -> interpreter -> tasks -> planner -> slices -> step timer -> steps
//!                 \-> real-time bytes -> flags -> realtime (hold, reset, alarm, overrides)
//! ```
//!
//! It refuses nothing that the firmware would take, and answers what the firmware answered when it was recorded.
//! Units: mm, mm/min; CPU cycles (16 MHz) inside, [`Duration`] since power on outside.
//! Sources: Grbl 1.1 interface documentation; recorded conversations and step times.

use alloc::collections::VecDeque;
use core::time::Duration;

use crate::gcode::LineBuffer;
use crate::planner::Overrides;
use crate::planner::Planner;
use crate::segments::Slicer;

mod bench;
mod homing;
mod interpreter;
mod realtime;
mod report;
mod serial;
mod settings;
mod stepper;
mod system;
mod tasks;
mod words;

pub use bench::Bench;
pub use bench::Switch;
pub use settings::Eeprom;
pub use settings::Settings;

use interpreter::Interpreter;
use interpreter::Spindle;
use realtime::AlarmStage;
use realtime::Flags;
use realtime::Suspend;
use serial::Serial;
use stepper::Stepper;
use stepper::Tick;
use tasks::Task;

pub(crate) const PLANNER_BLOCKS: usize = 15;
pub(crate) const BAUD: u32 = 115_200;

/// CPU cycles of a second.
const SECOND: u64 = 16_000_000;
/// One turn of the main loop: 20 µs.
const PASS: u64 = 320;
/// After so long a quiet time the main loop takes its time to notice a byte: several that come together are then seen
/// together (recorded so: of two equal override bytes one counts, a report comes before the line in front of it).
const QUIET: u64 = SECOND / 200;
const QUIET_PASS: u64 = 6_400;
/// Slices prepared in one turn; some are empty.
const MAX_SLICES: usize = 64;
/// Steps and spindle changes kept for a caller that does not fetch them.
const MAX_EXECUTED: usize = 1 << 20;

/// What the firmware is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Alarm,
    Check,
    Homing,
    Cycle,
    Hold,
    Jog,
    Door,
    Sleep,
}

/// Something that happened at the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executed {
    /// A straight move begins where the carriage stands; the motors stay within half a step of it.
    MoveBegins {
        /// When, since power on.
        at: Duration,
    },
    /// Motor steps.
    Steps {
        /// When, since power on.
        at: Duration,
        /// Where the carriage is now, in steps from where it stood at power on.
        carriage: [i32; 3],
    },
    /// The spindle output, which moves a servo pen.
    Spindle {
        /// When, since power on.
        at: Duration,
        /// Duty of the pulse, 0 (off) to 255.
        duty: u8,
    },
}

/// The simulated firmware and the machine it drives.
#[derive(Debug, Clone)]
pub struct Device {
    now: u64,
    /// When the main loop takes its next turn.
    main_at: Option<u64>,
    /// Until then the main loop is busy and takes none.
    busy_until: u64,
    line_cost: u64,
    /// When the last byte came in.
    last_byte: u64,
    serial: Serial,
    eeprom: Eeprom,
    settings: Settings,
    line: LineBuffer,
    tasks: VecDeque<Task>,
    interpreter: Interpreter,
    planner: Planner,
    slicer: Slicer,
    stepper: Stepper,
    state: State,
    suspend: Suspend,
    flags: Flags,
    alarm: Option<AlarmStage>,
    booting: bool,
    /// A hold slows the machine down.
    holding: bool,
    soft_limit: bool,
    overrides: Overrides,
    spindle_override: u8,
    spindle: Spindle,
    /// The spindle speed in force, and the duty of its output.
    spindle_speed: f32,
    duty: u8,
    flood: bool,
    offset_countdown: u8,
    override_countdown: u8,
    probe: Probe,
    homing_locked: [bool; 3],
    carriage: [i32; 3],
    bench: Bench,
    limits_before: [bool; 3],
    executed: VecDeque<Executed>,
}

/// The probe's part of the step timer.
#[derive(Debug, Clone, Copy, Default)]
struct Probe {
    armed: bool,
    away: bool,
    touched_at: [i32; 3],
    succeeded: bool,
}

impl Device {
    /// Switches the power on; time counts from here.
    pub fn new(eeprom: Eeprom) -> Self {
        Self::powered(eeprom, 0)
    }

    /// The processor starts anew, as when the supply dips or a port is opened whose DTR line resets the board: all that
    /// the memory does not keep is forgotten, the carriage stays where it stands, and what comes before the banner,
    /// `boot` from now, is lost.
    pub fn power_cycle(&mut self, boot: Duration) {
        let fresh = Self::powered(core::mem::take(&mut self.eeprom), self.now + cycles(boot));
        let before = core::mem::replace(self, fresh);
        self.line_cost = before.line_cost;
        self.carriage = before.carriage;
        self.bench = before.bench;
        self.limits_before = before.limits_before;
        self.executed = before.executed;
        if before.duty != 0 {
            self.record(Executed::Spindle { at: duration(before.now), duty: 0 });
        }
    }

    fn powered(eeprom: Eeprom, now: u64) -> Self {
        let settings = eeprom.settings.clone().unwrap_or_default();
        let blank = eeprom.settings.is_none();
        let mut device = Self {
            now,
            main_at: Some(now),
            busy_until: now,
            line_cost: 0,
            last_byte: now,
            serial: Serial::default(),
            interpreter: Interpreter::new(eeprom.coordinates[0]),
            eeprom,
            line: LineBuffer::new(),
            tasks: VecDeque::new(),
            planner: Planner::new(PLANNER_BLOCKS),
            slicer: Slicer::new(),
            stepper: Stepper::new(),
            state: if settings.flag(22) { State::Alarm } else { State::Idle },
            settings,
            suspend: Suspend::default(),
            flags: Flags::default(),
            alarm: None,
            booting: false,
            holding: false,
            soft_limit: false,
            overrides: Overrides::NONE,
            spindle_override: 100,
            spindle: Spindle::Off,
            spindle_speed: 0.0,
            duty: 0,
            flood: false,
            offset_countdown: 0,
            override_countdown: 0,
            probe: Probe::default(),
            homing_locked: [false; 3],
            carriage: [0; 3],
            bench: Bench::default(),
            limits_before: [false; 3],
            executed: VecDeque::new(),
        };
        if blank {
            device.restore_settings();
        }
        device.boot();
        device
    }

    /// CPU time the main loop spends on every line before it executes it.
    pub fn set_line_cost(&mut self, cost: Duration) {
        self.line_cost = cycles(cost);
    }

    /// The time since power on.
    pub fn now(&self) -> Duration {
        duration(self.now)
    }

    /// Switches the power off; what the memory keeps.
    pub fn power_off(self) -> Eeprom {
        self.eeprom
    }

    /// Lets time pass up to `to`.
    pub fn advance(&mut self, to: Duration) {
        let to = cycles(to);
        loop {
            let tick_at = self.stepper.next_at.unwrap_or(u64::MAX);
            let main_at = self.main_at.unwrap_or(u64::MAX);
            if tick_at.min(main_at) > to {
                break;
            }
            if tick_at <= main_at {
                self.now = self.now.max(tick_at);
                self.tick();
            } else {
                self.now = self.now.max(main_at);
                self.turn();
            }
        }
        self.now = self.now.max(to);
    }

    /// A byte has arrived, now.
    pub fn receive(&mut self, byte: u8) {
        if !self.flags.receive(byte, self.state == State::Jog) {
            self.serial.receive(byte);
        }
        if byte == 0x18 {
            self.request_reset();
        }
        let quiet = !self.is_moving() && self.tasks.is_empty() && self.now - self.last_byte > QUIET;
        self.last_byte = self.now;
        if quiet {
            self.busy_until = self.busy_until.max(self.now + QUIET_PASS);
        }
        self.wake();
    }

    /// A byte that has wholly left the machine by now, and when it had.
    pub fn sent(&mut self) -> Option<(Duration, u8)> {
        self.serial.sent(self.now).map(|(at, byte)| (duration(at), byte))
    }

    /// What the machine has done since last asked, oldest first (the newest million entries are kept).
    pub fn executed(&mut self) -> Option<Executed> {
        self.executed.pop_front()
    }

    /// When something will happen of itself, if anything will.
    pub fn next_at(&self) -> Option<Duration> {
        [self.stepper.next_at, self.main_at, self.serial.next_sent_at()].into_iter().flatten().min().map(duration)
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the carriage is, in steps from where it stood at power on.
    pub fn carriage(&self) -> [i32; 3] {
        self.carriage
    }

    /// Whether the machine moves.
    pub fn is_moving(&self) -> bool {
        self.stepper.next_at.is_some()
    }

    fn wake(&mut self) {
        let at = self.busy_until.max(self.now + PASS);
        self.main_at = Some(self.main_at.map_or(at, |main_at| main_at.min(at)));
    }

    fn busy(&mut self, cycles: u64) {
        self.busy_until = self.now + cycles;
        self.main_at = Some(self.busy_until);
    }

    fn record(&mut self, executed: Executed) {
        if self.executed.len() == MAX_EXECUTED {
            self.executed.pop_front();
        }
        self.executed.push_back(executed);
    }

    /// One tick of the step timer.
    fn tick(&mut self) {
        let (steps, begins, tick) = self.stepper.interrupt(self.now, self.homing_locked);
        if steps != [0; 3] {
            for (at, step) in self.carriage.iter_mut().zip(steps) {
                *at = at.wrapping_add(step);
            }
            self.record(Executed::Steps { at: duration(self.now), carriage: self.carriage });
            self.watch_switches();
        }
        if begins {
            self.record(Executed::MoveBegins { at: duration(self.now) });
        }
        if self.probe.armed && self.probe_triggered() != self.probe.away {
            self.probe.armed = false;
            self.probe.succeeded = true;
            self.probe.touched_at = self.stepper.position;
            self.flags.motion_cancel = true;
            self.wake();
        }
        match tick {
            Tick::Quiet if self.state != State::Homing => {}
            Tick::Quiet | Tick::SliceDone => self.wake(),
            Tick::Idle => {
                self.flags.cycle_stop = true;
                self.wake();
            }
        }
    }

    /// One turn of the main loop.
    fn turn(&mut self) {
        self.main_at = None;
        let room_at = self.serial.tx_room_at();
        if room_at > self.now {
            self.main_at = Some(room_at); // printing waits for the send queue
            return;
        }
        if self.booting {
            self.greet();
            return;
        }
        if self.alarm.is_some() {
            self.alarmed();
            return;
        }
        let homing = |task: &Task| matches!(task, Task::Home(_) | Task::Seek(_) | Task::Homed);
        if self.state == State::Homing && self.tasks.iter().any(homing) {
            self.work(); // homing looks at nothing but its switches
            return;
        }
        if !self.realtime() {
            return;
        }
        if self.suspend.any() {
            self.suspended();
            return;
        }
        self.work();
    }

    /// Executes tasks, then reads lines, until something must be waited for.
    fn work(&mut self) {
        while !self.tasks.is_empty() || self.read_line() {
            if !self.perform() {
                return;
            }
            if self.tasks.is_empty() && (self.flags.any() || self.serial.tx_room_at() > self.now) {
                self.wake();
                return;
            }
        }
        self.auto_start();
    }

    /// Reads to the end of a line; false if the receive ring is empty before.
    fn read_line(&mut self) -> bool {
        while let Some(byte) = self.serial.read() {
            if byte != b'\n' && byte != b'\r' {
                self.line.push(byte);
                continue;
            }
            if self.line_cost > 0 {
                self.tasks.push_back(Task::Delay(self.line_cost));
            }
            self.tasks.push_back(Task::Line);
            return true;
        }
        false
    }

    /// Starts the machine when nothing more is to be read or room must be made.
    fn auto_start(&mut self) {
        if !self.planner.is_empty() && self.state == State::Idle {
            self.flags.cycle_start = true;
            self.wake();
        }
    }

    /// Prepares slices until the step timer has enough.
    fn prepare(&mut self) {
        for _ in 0..MAX_SLICES {
            if !self.stepper.has_room() {
                return;
            }
            let Some(slice) = self.slicer.next(&mut self.planner, self.overrides, self.holding) else { return };
            if slice.events > 0 {
                self.stepper.push(slice);
            }
        }
    }

    /// Works out the speeds anew from where the machine is.
    fn replan(&mut self) {
        self.planner.unplan();
        self.slicer.unload(&mut self.planner);
        self.planner.plan(None);
    }

    /// How long the motors are held when they are told to rest: `$1`, unless they never rest.
    fn rest(&self) -> u64 {
        match self.settings.value(1) as u64 {
            255 => 0,
            ms => ms * (SECOND / 1000),
        }
    }

    fn start_motion(&mut self) {
        self.slicer.release();
        self.holding = false;
        self.prepare();
        self.stepper.start(self.now);
    }

    /// Forgets all motion; the machine stands where it stands.
    fn clear_motion(&mut self) {
        self.stepper.reset();
        self.slicer = Slicer::new();
        self.planner.reset(self.stepper.position);
        self.interpreter.position = self.position_mm();
    }

    fn position_mm(&self) -> [f32; 3] {
        let steps_per_mm = self.settings.axes(100);
        core::array::from_fn(|i| self.stepper.position[i] as f32 / steps_per_mm[i])
    }
}

fn cycles(time: Duration) -> u64 {
    let cycles = time.as_nanos() * u128::from(SECOND) / 1_000_000_000;
    cycles.min(u128::from(u64::MAX)) as u64
}

fn duration(cycles: u64) -> Duration {
    Duration::new(cycles / SECOND, ((cycles % SECOND) * 125 / 2) as u32)
}
