//! What the main loop works off: each line becomes a few tasks, and a task that must wait stays at the head.
//!
//! Moves wait for room in the planner; the spindle, a dwell and whatever is written to memory wait until the machine
//! stands. Units: mm, CPU cycles.

use alloc::string::String;
use alloc::vec::Vec;

use super::Device;
use super::Executed;
use super::PASS;
use super::SECOND;
use super::State;
use super::duration;
use super::homing::Seek;
use super::interpreter::Action;
use super::interpreter::Arc;
use super::interpreter::Feed;
use super::interpreter::Spindle;
use crate::math::atan2;
use crate::math::ceil;
use crate::math::sin_cos;
use crate::math::sqrt;
use crate::planner::Motion;
use crate::planner::Rate;
use core::f64::consts::TAU;

/// A dwell is made of pieces of 50 ms.
const DWELL_STEP: u64 = SECOND / 20;
/// Segments of one arc; at the finest tolerance this is a circle as large as a house.
const MAX_ARC_SEGMENTS: u32 = 100_000;
/// Turns of the main loop until it sees that the machine stands.
const SYNC_PASSES: u64 = 3;
/// Of an arc that seems to turn by less than this the whole circle is meant, in radians.
const ARC_EPSILON: f64 = 5e-7;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Task {
    /// The cost of a line in CPU time.
    Delay(u64),
    /// Execute the line in the line buffer.
    Line,
    /// Wait until the machine stands.
    Sync,
    Move {
        to: [f32; 3],
        motion: Motion,
    },
    /// The rest of an arc: its next segment.
    Arc {
        arc: Turn,
        next: u32,
    },
    Spindle(Spindle, f32),
    Coolant(bool),
    Dwell(u32),
    OffsetChanged,
    Store {
        index: usize,
        value: [f32; 3],
        selected: bool,
    },
    Pause,
    End,
    Probe {
        to: [f32; 3],
        motion: Motion,
        away: bool,
        must_touch: bool,
    },
    Probing {
        to: [f32; 3],
        must_touch: bool,
    },
    ProbeReport,
    /// A target beyond the travel: stop in order, then raise the alarm.
    SoftLimit,
    /// Set jogs in motion.
    Jog,
    Home(Seek),
    Seek(Seek),
    Homed,
    Startup(usize),
    StoreStartup(usize, String),
    Echo(usize, Result<(), u8>),
    Reply(Result<(), u8>),
}

/// An arc, ready to be cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Turn {
    arc: Arc,
    motion: Motion,
    segments: u32,
    start_angle: f64,
    angle: f64,
    radius: f64,
}

/// How a task went.
enum Progress {
    Done,
    /// Stays at the head until something happens.
    Wait,
    /// Done, but the flags it has raised are acted on before the next.
    Yield,
    /// Done, but the main loop is busy for so long.
    Busy(u64),
}

impl Device {
    /// Works at the task at the head; false if the main loop must wait.
    pub(super) fn perform(&mut self) -> bool {
        let Some(task) = self.tasks.pop_front() else { return true };
        let kept = task.clone();
        match self.step(task) {
            Progress::Done => true,
            Progress::Wait => {
                self.tasks.push_front(kept);
                false
            }
            Progress::Yield => {
                self.wake();
                false
            }
            Progress::Busy(cycles) => {
                self.busy(cycles);
                false
            }
        }
    }

    fn step(&mut self, task: Task) -> Progress {
        match task {
            Task::Delay(cycles) => return Progress::Busy(cycles),
            Task::Line => self.execute_line(),
            Task::Sync => {
                if !self.planner.is_empty() || self.state == State::Cycle {
                    self.auto_start();
                    return Progress::Wait;
                }
                return Progress::Busy(SYNC_PASSES * PASS);
            }
            Task::Move { to, motion } => return self.queue(to, motion),
            Task::Arc { arc, next } => {
                if self.planner.is_full() && self.state != State::Check {
                    self.auto_start();
                    return Progress::Wait;
                }
                let last = next >= arc.segments;
                let to = if last { arc.arc.to } else { arc.point(next) };
                if !last {
                    self.tasks.push_front(Task::Arc { arc, next: next + 1 });
                }
                return self.queue(to, arc.motion);
            }
            Task::Spindle(mode, speed) => self.set_spindle(mode, speed),
            Task::Coolant(flood) => self.set_flood(flood),
            Task::Dwell(0) => {}
            Task::Dwell(left) => {
                self.tasks.push_front(Task::Dwell(left - 1));
                return Progress::Busy(DWELL_STEP + PASS);
            }
            Task::OffsetChanged => self.offset_countdown = 0,
            Task::Store { index, value, selected } => {
                self.eeprom.coordinates[index] = value;
                if selected {
                    self.interpreter.system = value;
                }
            }
            Task::Pause => {
                self.flags.hold = true;
                return Progress::Yield;
            }
            Task::End => self.end_program(),
            Task::Probe { to, motion, away, must_touch } => return self.begin_probe(to, motion, away, must_touch),
            Task::Probing { to, must_touch } => {
                if self.state != State::Idle || self.flags.cycle_start {
                    return Progress::Wait;
                }
                self.end_probe(to, must_touch);
                return Progress::Yield;
            }
            Task::ProbeReport => self.report_probe(),
            Task::SoftLimit => return self.soft_limit(),
            Task::Jog => {
                if self.state == State::Idle && !self.planner.is_empty() {
                    self.state = State::Jog;
                    self.start_motion();
                }
            }
            Task::Home(seek) => self.begin_seek(seek),
            Task::Seek(seek) => {
                if !self.seek(seek) {
                    return Progress::Wait;
                }
                return Progress::Yield;
            }
            Task::Homed => self.homed(),
            Task::Startup(index) => self.startup(index),
            Task::StoreStartup(index, line) => {
                if let Some(stored) = self.eeprom.startup.get_mut(index) {
                    *stored = line;
                }
            }
            Task::Echo(index, result) => {
                let line = self.eeprom.startup[index].clone();
                self.print(&alloc::format!(">{line}:"));
                self.reply(result);
            }
            Task::Reply(result) => self.reply(result),
        }
        Progress::Done
    }

    fn execute_line(&mut self) {
        let line = self.line.clone();
        self.line.clear();
        let result = match line.line() {
            Err(refusal) => Err(refusal.code()),
            Ok([]) => Ok(()),
            Ok(text @ [b'$', ..]) => self.system_line(text),
            Ok(_) if matches!(self.state, State::Alarm | State::Jog) => Err(9),
            Ok(text) => self.gcode_line(text, false),
        };
        self.tasks.push_back(Task::Reply(result));
    }

    /// What must happen for one action of a line.
    pub(super) fn plan_action(&mut self, action: Action, tasks: &mut Vec<Task>) -> Result<(), u8> {
        let checking = self.state == State::Check;
        match action {
            Action::Spindle(mode, speed) if !checking => tasks.extend([Task::Sync, Task::Spindle(mode, speed)]),
            Action::Coolant(flood) if !checking => tasks.extend([Task::Sync, Task::Coolant(flood)]),
            Action::Dwell(secs) if !checking => {
                tasks.extend([Task::Sync, Task::Dwell(ceil(f64::from(20.0 * secs)) as u32)]);
            }
            Action::Spindle(..) | Action::Coolant(_) | Action::Dwell(_) => {}
            Action::OffsetChanged => tasks.extend([Task::Sync, Task::OffsetChanged]),
            Action::Store { index, value, selected } => {
                tasks.extend([Task::Sync, Task::Store { index, value, selected }]);
                if selected {
                    tasks.push(Task::OffsetChanged);
                }
            }
            Action::Move { to, feed } => tasks.push(Task::Move { to, motion: motion(feed, false) }),
            Action::Arc(arc) => tasks.push(self.turn_arc(arc)),
            Action::Probe { .. } if checking => {}
            Action::Probe { to, feed, away, must_touch } => {
                tasks.extend([Task::Sync, Task::Probe { to, motion: motion(feed, true), away, must_touch }]);
            }
            Action::Jog { to, feed } => {
                if self.settings.flag(20) && self.beyond_travel(to) {
                    return Err(15);
                }
                self.interpreter.position = to;
                tasks.extend([Task::Move { to, motion: motion(Feed::PerMinute(feed), true) }, Task::Jog]);
            }
            Action::Pause => {
                tasks.push(Task::Sync);
                if !checking {
                    tasks.push(Task::Pause);
                }
            }
            Action::End => tasks.extend([Task::Sync, Task::End]),
        }
        Ok(())
    }

    fn queue(&mut self, to: [f32; 3], motion: Motion) -> Progress {
        if self.settings.flag(20) && self.state != State::Jog && self.beyond_travel(to) && !motion.fixed {
            self.soft_limit = true;
            self.tasks.push_front(Task::SoftLimit);
            return Progress::Done;
        }
        if self.state == State::Check {
            return Progress::Done;
        }
        if self.planner.is_full() {
            self.auto_start();
            return Progress::Wait;
        }
        let machine = self.settings.machine();
        if self.planner.push(&machine, self.overrides, to.map(f64::from), motion).is_some()
            && self.planner.plan(self.slicer.running_v2())
        {
            self.slicer.refresh();
        }
        if !matches!(self.state, State::Idle | State::Alarm) {
            self.prepare();
        }
        Progress::Done
    }

    fn turn_arc(&mut self, arc: Arc) -> Task {
        let [a, b, _] = arc.axes;
        let centre = arc.centre.map(f64::from);
        let start = [-centre[0], -centre[1]];
        let end = [f64::from(arc.to[a] - arc.from[a]) - centre[0], f64::from(arc.to[b] - arc.from[b]) - centre[1]];
        let mut angle = atan2(start[0] * end[1] - start[1] * end[0], start[0] * end[0] + start[1] * end[1]);
        if arc.clockwise && angle >= -ARC_EPSILON {
            angle -= TAU;
        } else if !arc.clockwise && angle <= ARC_EPSILON {
            angle += TAU;
        }
        let radius = sqrt(start[0] * start[0] + start[1] * start[1]);
        let tolerance = f64::from(self.settings.value(12));
        let chord = 2.0 * sqrt(tolerance * (2.0 * radius - tolerance));
        let segments = if chord > 0.0 { ((angle * radius).abs() / chord) as u32 } else { 0 }.min(MAX_ARC_SEGMENTS);
        let mut motion = motion(arc.feed, false);
        if let (Rate::Inverse(per_second), 1..) = (motion.rate, segments) {
            // The firmware's own way: so many parts of a minute become mm/min on every segment.
            motion.rate = Rate::Feed(per_second * f64::from(segments));
        }
        let start_angle = atan2(start[1], start[0]);
        Task::Arc { arc: Turn { arc, motion, segments, start_angle, angle, radius }, next: 1 }
    }

    fn soft_limit(&mut self) -> Progress {
        if self.state == State::Cycle && !self.holding {
            self.flags.hold = true;
            self.wake();
            return Progress::Wait;
        }
        if matches!(self.state, State::Cycle | State::Hold) {
            return Progress::Wait;
        }
        self.request_reset();
        self.flags.alarm = Some(2);
        Progress::Yield
    }

    /// Soft limits: the machine's travel lies below zero on every axis.
    pub(super) fn beyond_travel(&self, to: [f32; 3]) -> bool {
        let travel = self.settings.axes(130);
        (0..3).any(|axis| to[axis] > 0.0 || to[axis] < -travel[axis])
    }

    fn begin_probe(&mut self, to: [f32; 3], motion: Motion, away: bool, must_touch: bool) -> Progress {
        self.probe = super::Probe { armed: false, away, succeeded: false, ..self.probe };
        if self.probe_triggered() != away {
            self.flags.alarm = Some(4);
            self.interpreter.position = self.position_mm();
            return Progress::Yield;
        }
        self.tasks.push_front(Task::Probing { to, must_touch });
        let progress = self.queue(to, motion);
        self.probe.armed = true;
        self.flags.cycle_start = true;
        match progress {
            Progress::Done => Progress::Yield,
            other => other,
        }
    }

    fn end_probe(&mut self, to: [f32; 3], must_touch: bool) {
        if self.probe.armed {
            self.probe.armed = false;
            if must_touch {
                self.flags.alarm = Some(5);
            } else {
                self.probe.touched_at = self.stepper.position;
            }
        }
        self.clear_motion();
        if !self.probe.succeeded {
            self.interpreter.position = to;
        }
        self.tasks.push_front(Task::ProbeReport);
        self.tasks.push_front(Task::Delay(self.rest()));
    }

    fn end_program(&mut self) {
        if self.state != State::Check {
            self.overrides = crate::planner::Overrides::NONE;
            self.spindle_override = 100;
            self.interpreter.system = self.eeprom.coordinates[0];
            self.offset_countdown = 0;
            self.set_spindle(Spindle::Off, 0.0);
            self.set_flood(false);
        }
        self.print("[MSG:Pgm End]\r\n");
    }

    pub(super) fn set_spindle(&mut self, mode: Spindle, speed: f32) {
        self.override_countdown = 0;
        let (most, least) = (self.settings.value(30), self.settings.value(31));
        let wanted = speed * f32::from(self.spindle_override) * 0.01;
        let duty = match mode {
            Spindle::Off => 0,
            _ if least >= most || wanted >= most => 255,
            _ if wanted <= 0.0 => 0,
            _ if wanted <= least => 1,
            _ => ((wanted - least) * (254.0 / (most - least))) as u8 + 1,
        };
        self.spindle_speed = match duty {
            0 => 0.0,
            255 => most,
            1 if wanted <= least => least,
            _ => wanted,
        };
        self.spindle = if duty == 0 { Spindle::Off } else { mode };
        if duty != self.duty {
            self.duty = duty;
            self.record(Executed::Spindle { at: duration(self.now), duty });
        }
    }

    pub(super) fn set_flood(&mut self, flood: bool) {
        self.override_countdown = 0;
        self.flood = flood;
    }
}

impl Turn {
    /// Where segment `i` ends.
    fn point(&self, i: u32) -> [f32; 3] {
        let part = f64::from(i) / f64::from(self.segments);
        let (sin, cos) = sin_cos(self.start_angle + self.angle * part);
        let [a, b, across] = self.arc.axes;
        let mut at = self.arc.from;
        at[a] += self.arc.centre[0] + (self.radius * cos) as f32;
        at[b] += self.arc.centre[1] + (self.radius * sin) as f32;
        at[across] += (self.arc.to[across] - self.arc.from[across]) * part as f32;
        at
    }
}

fn motion(feed: Feed, fixed: bool) -> Motion {
    let rate = match feed {
        Feed::Rapid => Rate::Rapid,
        Feed::PerMinute(feed) => Rate::Feed(f64::from(feed) / 60.0),
        Feed::Inverse(per_minute) => Rate::Inverse(f64::from(per_minute) / 60.0),
    };
    Motion { rate, fixed, tag: 0 }
}
