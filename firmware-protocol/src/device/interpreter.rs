//! One line of G-code, understood: which words belong together, what is missing, what the machine shall do.
//!
//! A line is checked as a whole before anything of it is done; a refused line changes nothing. What it shall do comes
//! out as a list of [`Action`]s, in the order in which the standard has them executed. Units: mm, mm/min.
//! Sources: NIST RS274/NGC (order of execution, modal groups); Grbl 1.1's documented subset and recorded refusals.

use alloc::vec::Vec;

use super::words::AXES;
use super::words::AxisCommand;
use super::words::Group;
use super::words::Line;
use super::words::Once;
use super::words::bit;
use crate::math::sqrt;

pub(super) const MM_PER_INCH: f32 = 25.4;
const MAX_LINE_NUMBER: f32 = 10_000_000.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Motion {
    Rapid,
    Line,
    ArcCw,
    ArcCcw,
    /// G38.2 to G38.5.
    Probe {
        away: bool,
        must_touch: bool,
    },
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spindle {
    Off,
    Cw,
    Ccw,
}

/// The modes that stay from line to line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Modes {
    pub motion: Motion,
    pub system: u8,
    pub plane: u8,
    pub inches: bool,
    pub relative: bool,
    pub inverse_time: bool,
    pub spindle: Spindle,
    pub flood: bool,
}

impl Modes {
    pub const START: Self = Self {
        motion: Motion::Rapid,
        system: 0,
        plane: 0,
        inches: false,
        relative: false,
        inverse_time: false,
        spindle: Spindle::Off,
        flood: false,
    };
}

/// How a move is to be run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Feed {
    Rapid,
    PerMinute(f32),
    /// The whole move in so many parts of a minute.
    Inverse(f32),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Arc {
    pub from: [f32; 3],
    pub to: [f32; 3],
    /// The centre, from the start, along the plane's two axes.
    pub centre: [f32; 2],
    pub axes: [usize; 3],
    pub clockwise: bool,
    pub feed: Feed,
}

/// One thing to do, in the order of execution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Action {
    Spindle(Spindle, f32),
    Coolant(bool),
    Dwell(f32),
    /// The work offset has changed.
    OffsetChanged,
    Store {
        index: usize,
        value: [f32; 3],
        selected: bool,
    },
    Move {
        to: [f32; 3],
        feed: Feed,
    },
    Arc(Arc),
    Probe {
        to: [f32; 3],
        feed: Feed,
        away: bool,
        must_touch: bool,
    },
    Jog {
        to: [f32; 3],
        feed: f32,
    },
    Pause,
    End,
}

/// The interpreter's memory.
#[derive(Debug, Clone)]
pub(super) struct Interpreter {
    pub modes: Modes,
    pub feed: f32,
    pub speed: f32,
    pub tool: u8,
    pub position: [f32; 3],
    pub system: [f32; 3],
    pub offset: [f32; 3],
    pub tool_length: f32,
}

impl Interpreter {
    pub fn new(system: [f32; 3]) -> Self {
        Self {
            modes: Modes::START,
            feed: 0.0,
            speed: 0.0,
            tool: 0,
            position: [0.0; 3],
            system,
            offset: [0.0; 3],
            tool_length: 0.0,
        }
    }

    /// Machine coordinates of the work origin.
    pub fn work_offset(&self) -> [f32; 3] {
        let mut offset: [f32; 3] = core::array::from_fn(|i| self.system[i] + self.offset[i]);
        offset[2] += self.tool_length;
        offset
    }

    /// Understands one cleaned line; `jog` if it came as `$J=`. `stored` are the stored coordinates.
    pub fn line(&mut self, text: &[u8], jog: bool, stored: &[[f32; 3]; 8]) -> Result<Vec<Action>, u8> {
        let mut line = Line::read(text, self.modes, jog)?;
        if line.words & AXES != 0 && line.axis_command == AxisCommand::None {
            line.axis_command = AxisCommand::Motion;
        }
        if line.words & bit(b'N') != 0 && line.n > MAX_LINE_NUMBER {
            return Err(27);
        }
        self.check_feed(&mut line, jog)?;
        if line.words & bit(b'S') == 0 {
            line.s = self.speed;
        }
        if line.once == Once::Dwell {
            if line.words & bit(b'P') == 0 {
                return Err(28);
            }
            line.words &= !bit(b'P');
        }
        if line.modes.inches {
            for axis in 0..3 {
                if line.words & 1 << axis != 0 {
                    line.xyz[axis] *= MM_PER_INCH;
                }
            }
        }
        if line.tool_length == Some(true) && line.words & AXES != 0b100 {
            return Err(37);
        }
        let system =
            if line.modes.system == self.modes.system { self.system } else { stored[usize::from(line.modes.system)] };
        let parameter = self.check_once(&mut line, &system, stored)?;
        self.check_motion(&mut line, jog)?;
        let ignored = if jog { bit(b'N') | bit(b'F') } else { bit(b'N') | bit(b'F') | bit(b'S') | bit(b'T') };
        line.words &= !ignored;
        if line.axis_command != AxisCommand::None {
            line.words &= !AXES;
        }
        if line.words != 0 {
            return Err(36);
        }
        if jog {
            return self.jog(&line);
        }
        Ok(self.execute(&line, system, parameter))
    }

    fn check_feed(&self, line: &mut Line, jog: bool) -> Result<(), u8> {
        let has_feed = line.words & bit(b'F') != 0;
        let to_mm = if line.modes.inches { MM_PER_INCH } else { 1.0 };
        if jog {
            if !has_feed {
                return Err(22);
            }
            line.f *= to_mm;
        } else if line.modes.inverse_time {
            let needs_feed = !matches!(line.modes.motion, Motion::None | Motion::Rapid);
            if line.axis_command == AxisCommand::Motion && needs_feed && !has_feed {
                return Err(22);
            }
        } else if !self.modes.inverse_time {
            line.f = if has_feed { line.f * to_mm } else { self.feed };
        }
        Ok(())
    }

    /// Checks what is done once; gives its coordinates (the stored ones anew, a place to go home to).
    fn check_once(&self, line: &mut Line, system: &[f32; 3], stored: &[[f32; 3]; 8]) -> Result<(usize, [f32; 3]), u8> {
        let has = |line: &Line, axis: usize| line.words & 1 << axis != 0;
        let tool = [0.0, 0.0, self.tool_length];
        match line.once {
            Once::SetCoordinates => {
                if line.words & AXES == 0 {
                    return Err(26);
                }
                if line.words & (bit(b'P') | bit(b'L')) == 0 {
                    return Err(28);
                }
                if line.p as i32 > 6 {
                    return Err(29);
                }
                if line.l != 2 && line.l != 20 || line.l == 2 && line.words & bit(b'R') != 0 {
                    return Err(20);
                }
                line.words &= !(bit(b'P') | bit(b'L'));
                let index = match line.p as u8 {
                    0 => line.modes.system,
                    p => p - 1,
                };
                let mut value = stored[usize::from(index)];
                for axis in 0..3 {
                    if has(line, axis) {
                        value[axis] = match line.l {
                            20 => self.position[axis] - self.offset[axis] - line.xyz[axis] - tool[axis],
                            _ => line.xyz[axis],
                        };
                    }
                }
                return Ok((usize::from(index), value));
            }
            Once::Offset => {
                if line.words & AXES == 0 {
                    return Err(26);
                }
                for axis in 0..3 {
                    line.xyz[axis] = if has(line, axis) {
                        self.position[axis] - system[axis] - line.xyz[axis] - tool[axis]
                    } else {
                        self.offset[axis]
                    };
                }
                return Ok((0, line.xyz));
            }
            _ => {}
        }
        if line.axis_command != AxisCommand::ToolLength && line.words & AXES != 0 {
            for axis in 0..3 {
                if !has(line, axis) {
                    line.xyz[axis] = self.position[axis];
                } else if line.once != Once::MachineCoordinates {
                    line.xyz[axis] += if line.modes.relative {
                        self.position[axis]
                    } else {
                        system[axis] + self.offset[axis] + tool[axis]
                    };
                }
            }
        }
        match line.once {
            Once::Home(index) => {
                let mut home = stored[index];
                if line.words & AXES == 0 {
                    line.axis_command = AxisCommand::None;
                } else {
                    for (axis, value) in home.iter_mut().enumerate() {
                        if !has(line, axis) {
                            *value = self.position[axis];
                        }
                    }
                }
                Ok((index, home))
            }
            Once::SetHome(index) => Ok((index, [0.0; 3])),
            Once::MachineCoordinates if !matches!(line.modes.motion, Motion::Rapid | Motion::Line) => Err(30),
            _ => Ok((0, [0.0; 3])),
        }
    }

    fn check_motion(&self, line: &mut Line, jog: bool) -> Result<(), u8> {
        let no_axes = line.words & AXES == 0;
        if line.modes.motion == Motion::None {
            return if !no_axes && line.axis_command != AxisCommand::Once { Err(31) } else { Ok(()) };
        }
        if line.axis_command != AxisCommand::Motion {
            return Ok(());
        }
        if line.modes.motion == Motion::Rapid {
            if no_axes {
                line.axis_command = AxisCommand::None;
            }
            return Ok(());
        }
        if line.f == 0.0 {
            return Err(22);
        }
        match line.modes.motion {
            Motion::Line if no_axes && !jog => line.axis_command = AxisCommand::None,
            Motion::ArcCw | Motion::ArcCcw => self.check_arc(line)?,
            Motion::Probe { .. } if no_axes => return Err(26),
            Motion::Probe { .. } if line.xyz == self.position => return Err(33),
            _ => {}
        }
        Ok(())
    }

    /// Brings an arc's centre into `ijk`, from its radius or its offsets.
    fn check_arc(&self, line: &mut Line) -> Result<(), u8> {
        let [a, b, _] = plane_axes(line.modes.plane);
        if line.words & AXES == 0 {
            return Err(26);
        }
        if line.words & (1 << a | 1 << b) == 0 {
            return Err(32);
        }
        let x = line.xyz[a] - self.position[a];
        let y = line.xyz[b] - self.position[b];
        let to_mm = if line.modes.inches { MM_PER_INCH } else { 1.0 };
        if line.words & bit(b'R') != 0 {
            line.words &= !bit(b'R');
            if line.xyz == self.position {
                return Err(33);
            }
            let r = line.r * to_mm;
            let square = 4.0 * r * r - x * x - y * y;
            if square < 0.0 {
                return Err(34);
            }
            let mut h = -root(square) / hypot(x, y);
            if line.modes.motion == Motion::ArcCcw {
                h = -h;
            }
            if r < 0.0 {
                h = -h;
            }
            line.ijk[a] = 0.5 * (x - y * h);
            line.ijk[b] = 0.5 * (y + x * h);
        } else {
            if line.words & (bit(b"IJK"[a]) | bit(b"IJK"[b])) == 0 {
                return Err(35);
            }
            line.words &= !(bit(b'I') | bit(b'J') | bit(b'K'));
            line.ijk = line.ijk.map(|offset| offset * to_mm);
            let target = hypot(x - line.ijk[a], y - line.ijk[b]);
            let radius = hypot(line.ijk[a], line.ijk[b]);
            let error = (target - radius).abs();
            if error > 0.5 || error > 0.005 && error > 0.001 * radius {
                return Err(33);
            }
        }
        Ok(())
    }

    fn jog(&mut self, line: &Line) -> Result<Vec<Action>, u8> {
        let allowed = Group::Distance.bit() | Group::Units.bit() | Group::Once.bit();
        if line.groups & !allowed != 0 || !matches!(line.once, Once::None | Once::MachineCoordinates) {
            return Err(16);
        }
        // Without axis words the firmware jogs to the machine's origin: so it was recorded.
        Ok(alloc::vec![Action::Jog { to: line.xyz, feed: line.f }])
    }

    fn execute(&mut self, line: &Line, system: [f32; 3], parameter: (usize, [f32; 3])) -> Vec<Action> {
        let mut actions = Vec::new();
        let modes = line.modes;
        self.feed = line.f;
        if self.speed != line.s {
            if self.modes.spindle != Spindle::Off {
                actions.push(Action::Spindle(self.modes.spindle, line.s));
            }
            self.speed = line.s;
        }
        self.tool = line.t;
        if self.modes.spindle != modes.spindle {
            actions.push(Action::Spindle(modes.spindle, self.speed));
        }
        if self.modes.flood != modes.flood {
            actions.push(Action::Coolant(modes.flood));
        }
        if line.once == Once::Dwell {
            actions.push(Action::Dwell(line.p));
        }
        if let Some(set) = line.tool_length {
            let length = if set { line.xyz[2] } else { 0.0 };
            if self.tool_length != length {
                self.tool_length = length;
                actions.push(Action::OffsetChanged);
            }
        }
        if self.modes.system != modes.system {
            self.system = system;
            actions.push(Action::OffsetChanged);
        }
        self.modes = Modes { motion: self.modes.motion, ..modes };
        let feed = match modes.inverse_time {
            true => Feed::Inverse(self.feed),
            false => Feed::PerMinute(self.feed),
        };
        self.execute_once(line, parameter, &mut actions);
        self.modes.motion = modes.motion;
        if line.axis_command == AxisCommand::Motion {
            let to = line.xyz;
            match modes.motion {
                Motion::Rapid => actions.push(Action::Move { to, feed: Feed::Rapid }),
                Motion::Line => actions.push(Action::Move { to, feed }),
                Motion::ArcCw | Motion::ArcCcw => {
                    let axes = plane_axes(modes.plane);
                    let centre = [line.ijk[axes[0]], line.ijk[axes[1]]];
                    let clockwise = modes.motion == Motion::ArcCw;
                    actions.push(Action::Arc(Arc { from: self.position, to, centre, axes, clockwise, feed }));
                }
                Motion::Probe { away, must_touch } => actions.push(Action::Probe { to, feed, away, must_touch }),
                Motion::None => {}
            }
            if modes.motion != Motion::None {
                self.position = to;
            }
        }
        actions.extend(line.flow);
        if line.flow == Some(Action::End) {
            let Modes { inches, .. } = self.modes;
            self.modes = Modes { motion: Motion::Line, inches, ..Modes::START };
        }
        actions
    }

    fn execute_once(&mut self, line: &Line, (index, value): (usize, [f32; 3]), actions: &mut Vec<Action>) {
        match line.once {
            Once::SetCoordinates => {
                let selected = usize::from(self.modes.system) == index;
                actions.push(Action::Store { index, value, selected });
            }
            Once::Home(_) => {
                if line.axis_command != AxisCommand::None {
                    actions.push(Action::Move { to: line.xyz, feed: Feed::Rapid });
                }
                actions.push(Action::Move { to: value, feed: Feed::Rapid });
                self.position = value;
            }
            Once::SetHome(_) => {
                actions.push(Action::Store { index, value: self.position, selected: false });
            }
            Once::Offset => {
                self.offset = value;
                actions.push(Action::OffsetChanged);
            }
            Once::ClearOffset => {
                self.offset = [0.0; 3];
                actions.push(Action::OffsetChanged);
            }
            Once::None | Once::Dwell | Once::MachineCoordinates => {}
        }
    }
}

/// The plane's two axes in turning order, and the one across.
fn plane_axes(plane: u8) -> [usize; 3] {
    match plane {
        0 => [0, 1, 2],
        1 => [2, 0, 1],
        _ => [1, 2, 0],
    }
}

fn root(x: f32) -> f32 {
    sqrt(f64::from(x)) as f32
}

fn hypot(x: f32, y: f32) -> f32 {
    root(x * x + y * y)
}
