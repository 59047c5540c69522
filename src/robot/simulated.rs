//! The simulated robot behind a cable: the firmware of [`firmware_protocol::device`] with the settings of a robot's
//! profile, a wire of its baud rate to it, and a pen that inks what the motors really stepped.
//!
//! Time is the simulator's own ([`Pace::AtOnce`]) or this computer's, once or many times as fast ([`Pace::Timed`]). The robot is switched on at
//! home with its pen up; a profile with a Z axis stands at its lifted height then, one with homing has been homed.
//! [`Simulated::in_trouble`] puts a bad cable in between, and lets things happen to the machine.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use firmware_protocol::device::Bench;
use firmware_protocol::device::Device;
use firmware_protocol::device::Eeprom;
use firmware_protocol::device::Settings;
use firmware_protocol::device::Switch;
use firmware_protocol::link::Faults;
use firmware_protocol::link::Link;

use super::Port;
use super::PortError;
use super::ink::Pen;
use super::trouble::Mishap;
use super::trouble::Trouble;
use crate::geom::Mm;
use crate::geom::Point;
use crate::plan::PenLift;
use crate::plan::RobotProfile;
use crate::strokes::Sheet;

/// How fast simulated time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as this computer can.
    AtOnce,
    /// So many seconds a second.
    Timed {
        /// How many.
        speed: NonZeroU32,
    },
}

impl Pace {
    /// A second a second.
    pub const REAL_TIME: Self = Self::Timed { speed: NonZeroU32::MIN };
}

/// A robot with no motors, and the cable to it.
#[derive(Debug)]
pub struct Simulated {
    device: Device,
    pace: Pace,
    switched_on: Instant,
    /// Device time at which the port was opened.
    opened: Duration,
    /// Device time.
    now: Duration,
    down: Link,
    up: Link,
    pen: Pen,
    /// What the pen draws is forgotten at once.
    inkless: bool,
    /// What will happen yet, by device time.
    mishaps: VecDeque<(Duration, Mishap)>,
    /// The cable has been pulled out.
    gone: bool,
}

/// The banner is over by then.
const BOOT: Duration = Duration::from_millis(200);
/// An Arduino Uno's boot loader waits so long for a new firmware.
const BOOT_LOADER: Duration = Duration::from_millis(1800);
/// Homing is over by then.
const HOMING: Duration = Duration::from_secs(60);
/// The switches are closed beyond this side of the origin.
const SWITCH_MM: f32 = -1.0;
/// When time is this computer's, a reader is let go so often, to look at the stop switch.
const NAP: Duration = Duration::from_millis(2);
/// The spindle speed that Grbl's settings give as highest; a profile's `S` values are parts of it.
const MAX_S: f32 = 1000.0;

impl Simulated {
    /// The robot of `profile`, switched on and ready; homed, if it has homing.
    pub fn new(profile: &RobotProfile, pace: Pace) -> Self {
        Self::in_trouble(profile, pace, &Trouble::default())
    }

    /// The same, at the end of a bad cable and with things that will happen to it.
    pub fn in_trouble(profile: &RobotProfile, pace: Pace, trouble: &Trouble) -> Self {
        let mut robot = Self::of(Device::new(Eeprom::new(settings(profile))), profile, pace);
        if profile.homing {
            let limits = [Switch::AtOrBelow(SWITCH_MM); 3];
            robot.device.set_bench(Bench { limits, ..robot.device.bench() });
            for line in ["$H\n", "G10L20P1X0Y0\n"] {
                robot.send(line.as_bytes());
                robot.run(robot.now + HOMING, false);
            }
            robot.opened = robot.now;
            robot.switched_on = Instant::now();
        }
        let byte = Duration::from_secs_f64(10.0 / f64::from(profile.baud));
        robot.down = Link::new(Faults { byte, ..trouble.down }, trouble.seed);
        // The firmware's own sending takes its time on the wire already.
        robot.up = Link::new(Faults { byte: Duration::ZERO, ..trouble.up }, !trouble.seed);
        robot.mishaps = trouble.mishaps.iter().map(|(at, mishap)| (robot.opened + *at, mishap.clone())).collect();
        robot
    }

    /// A robot with the mechanics of `profile` around `device`, whose memory may hold anything.
    pub(super) fn of(mut device: Device, profile: &RobotProfile, pace: Pace) -> Self {
        device.set_line_cost(Duration::from_secs_f64(profile.line_secs));
        let byte = Duration::from_secs_f64(10.0 / f64::from(profile.baud));
        let mut robot = Self {
            device,
            pace,
            switched_on: Instant::now(),
            opened: Duration::ZERO,
            now: Duration::ZERO,
            down: Link::new(Faults { byte, ..Faults::default() }, 0),
            up: Link::new(Faults { byte: Duration::ZERO, ..Faults::default() }, 0),
            pen: Pen::new(profile, MAX_S),
            inkless: false,
            mishaps: VecDeque::new(),
            gone: false,
        };
        robot.run(BOOT, false);
        if let PenLift::Z { up_mm, .. } = profile.pen {
            robot.send(format!("G10L20P1Z{up_mm}\n").as_bytes());
            robot.run(BOOT * 2, false);
        }
        robot.opened = robot.now;
        robot.switched_on = Instant::now();
        robot
    }

    /// The same with a pen that leaves nothing to be looked at: for a robot that draws for days, in memory that stays flat.
    #[must_use]
    pub fn inkless(self) -> Self {
        Self { inkless: true, ..self }
    }

    /// Starts anew, as an Arduino Uno does when its port is opened: the pen goes up, the carriage stays where it stands,
    /// and what is sent before the banner feeds the boot loader.
    pub fn restart(&mut self) {
        self.device.power_cycle(BOOT_LOADER);
    }

    /// What the pen has drawn so far: lines on `sheet`, in drawing order; the motors stepped within half a step of each.
    pub fn ink(&self, profile: &RobotProfile, sheet: &Sheet) -> Vec<Vec<Point<Mm>>> {
        self.pen.lines(profile, sheet)
    }

    /// When the robot last did something, since the port was opened.
    pub fn last_done(&self) -> Duration {
        self.pen.last_done().saturating_sub(self.opened)
    }

    /// Whether the pen is lifted.
    pub fn pen_is_up(&self) -> bool {
        !self.pen.is_down()
    }

    /// How fast its time runs.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// The firmware and its machine.
    pub fn device(&self) -> &Device {
        &self.device
    }

    #[cfg(test)]
    pub(super) fn set_bench(&mut self, bench: Bench) {
        self.device.set_bench(bench);
    }

    fn send(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.down.send(*byte, self.now);
        }
    }

    /// Lets time pass up to `to`, or if `first` to the first bytes from the robot; gives what came.
    fn run(&mut self, to: Duration, first: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let mishap_at = self.mishaps.front().map(|(at, _)| *at);
            let events = [self.device.next_at(), self.down.next_at(), self.up.next_at(), mishap_at];
            let next = events.into_iter().flatten().min().unwrap_or(to).clamp(self.now, to);
            // Rounding to the firmware's clock must not stop the time.
            let next = (next + TICK).min(to);
            while let Some((at, byte)) = self.down.receive(next) {
                self.device.advance(at);
                self.device.receive(byte);
            }
            self.device.advance(next);
            self.now = next;
            if let Some((_, mishap)) = self.mishaps.pop_front_if(|(at, _)| *at <= next) {
                self.befall(mishap);
            }
            while let Some((at, byte)) = self.device.sent() {
                self.up.send(byte, at);
            }
            while let Some((_, byte)) = self.up.receive(next) {
                bytes.push(byte);
            }
            while let Some(executed) = self.device.executed() {
                if !self.inkless {
                    self.pen.executed(executed);
                }
            }
            if next >= to || first && !bytes.is_empty() || self.gone {
                return bytes;
            }
        }
    }

    fn befall(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Restart => self.device.power_cycle(Duration::ZERO),
            Mishap::Hold => {
                self.device.set_bench(Bench { hold_button: true, ..Bench::default() });
                self.device.set_bench(Bench::default());
            }
            Mishap::Door => self.device.receive(DOOR),
            Mishap::Limit => self.device.set_bench(Bench { limits: [Switch::Closed; 3], ..Bench::default() }),
            Mishap::Line(line) => line.bytes().chain([b'\n']).for_each(|byte| self.device.receive(byte)),
            Mishap::Gone => self.gone = true,
        }
    }

    /// Device time since the port was opened.
    fn elapsed(&self, speed: NonZeroU32) -> Duration {
        self.switched_on.elapsed().saturating_mul(speed.get())
    }

    fn check_there(&self) -> Result<(), PortError> {
        if self.gone { Err(PortError::Gone { port: "simulated".into() }) } else { Ok(()) }
    }
}

/// The real-time byte that says that the safety door was opened.
const DOOR: u8 = 0x84;

/// A little more than one cycle of the firmware's processor.
const TICK: Duration = Duration::from_nanos(100);

impl Port for Simulated {
    fn now(&self) -> Duration {
        match self.pace {
            Pace::AtOnce => self.now - self.opened,
            Pace::Timed { speed } => self.elapsed(speed),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.check_there()?;
        if let Pace::Timed { speed } = self.pace {
            self.now = self.now.max(self.opened + self.elapsed(speed));
        }
        self.send(bytes);
        Ok(())
    }

    fn read(&mut self, until: Duration) -> Result<Vec<u8>, PortError> {
        self.check_there()?;
        match self.pace {
            Pace::AtOnce => Ok(self.run(self.opened.saturating_add(until), true)),
            Pace::Timed { speed } => {
                let bytes = self.run(self.opened + self.elapsed(speed), false);
                let left = until.saturating_sub(self.elapsed(speed)) / speed.get();
                if bytes.is_empty() && !left.is_zero() {
                    thread::sleep(NAP.min(left));
                }
                Ok(bytes)
            }
        }
    }
}

/// The firmware's settings for a robot as its profile describes it: motors always on, full status reports, the field
/// as travel.
pub fn settings(profile: &RobotProfile) -> Settings {
    let mut settings = Settings::default();
    let axes =
        |first: u8, values: [f64; 3]| (first..).zip(values.map(|value| value as f32)).collect::<Vec<(u8, f32)>>();
    let mut values = vec![(1, 255.0), (10, 3.0), (11, profile.junction_deviation_mm as f32), (30, MAX_S)];
    if profile.homing {
        values.extend([(22, 1.0), (23, 7.0)]); // towards the lower end of each axis
    }
    values.extend(axes(100, profile.steps_per_mm));
    values.extend(axes(110, profile.max_rate_mm_min));
    values.extend(axes(120, profile.acceleration_mm_s2));
    values.extend(axes(130, [profile.field_width_mm, profile.field_height_mm, 50.0]));
    for (number, value) in values {
        // All of these are settings that Grbl has, and a checked profile holds no negative number.
        let stored = settings.store(number, value);
        debug_assert!(stored.is_ok(), "${number}={value}");
    }
    settings
}
