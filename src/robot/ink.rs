//! Ink as it comes out of a pen that the firmware moves: steps and spindle changes become lines on the sheet.
//!
//! A servo pen is down while the duty of the spindle's output is nearer to that of `down_s` than to that of `up_s`; a
//! pen on a Z axis while it is no higher than `down_mm`. A step of 1/80 mm makes far more points than a picture needs,
//! so the line keeps those at which a move begins, and those at which the pen touches down and lifts.
//!
//! How far ink and plan lie apart, axis by axis (a step is one motor's; both at once are 1.4 steps of way):
//! - half a step, because the firmware rounds each target to whole steps;
//! - 0.0005 mm (0.04 steps of 1/80 mm), because programs are written in thousandths of a millimetre;
//! - the motors follow the straight line between two such targets to half a step (Bresenham; a test of
//!   `firmware-protocol` holds the simulated ones to it). The ink is that line, so a motor is never farther from the
//!   plan than 1.04 steps, and the ink never farther than 0.54.
//!
//! `tests/suite/ink.rs` measures the ink. Units: motor steps inside; millimetres on the sheet (y down) outside.

use std::time::Duration;

use firmware_protocol::device::Executed;

use crate::geom::Mm;
use crate::geom::Point;
use crate::plan::PenLift;
use crate::plan::RobotProfile;
use crate::strokes::Sheet;

/// The pen of a simulated robot.
#[derive(Debug)]
pub(super) struct Pen {
    lift: Lift,
    down: bool,
    at: [i32; 3],
    last_done: Duration,
    /// In steps, in the order they were drawn; the last lacks its end while the pen is down.
    lines: Vec<Vec<[i32; 2]>>,
}

#[derive(Debug)]
enum Lift {
    /// Lowered above (or below) this duty.
    Duty { between: f64, down_is_more: bool },
    /// Lowered at or below so many steps from where it stood at power on.
    Steps { at_most: f64 },
}

impl Pen {
    /// The pen of `profile`, lifted; `max_s` is the firmware's `$30`.
    pub fn new(profile: &RobotProfile, max_s: f32) -> Self {
        let lift = match profile.pen {
            PenLift::Servo { up_s, down_s, .. } => {
                Lift::Duty { between: 255.0 * (up_s + down_s) / 2.0 / f64::from(max_s), down_is_more: down_s > up_s }
            }
            PenLift::Z { up_mm, down_mm, .. } => {
                Lift::Steps { at_most: (down_mm - up_mm) * profile.steps_per_mm[2] + 0.5 }
            }
        };
        Self { lift, down: false, at: [0; 3], last_done: Duration::ZERO, lines: Vec::new() }
    }

    /// The machine did something.
    pub fn executed(&mut self, executed: Executed) {
        match executed {
            Executed::MoveBegins { .. } if self.down => self.ink(),
            Executed::MoveBegins { .. } => {}
            Executed::Steps { at, carriage } => {
                self.last_done = at;
                self.at = carriage;
                if let Lift::Steps { at_most } = self.lift {
                    self.lift_to(f64::from(carriage[2]) <= at_most);
                }
            }
            Executed::Spindle { at, duty } => {
                if let Lift::Duty { between, down_is_more } = self.lift {
                    self.last_done = at;
                    self.lift_to((f64::from(duty) > between) == down_is_more);
                }
            }
        }
    }

    fn lift_to(&mut self, down: bool) {
        let here = self.here();
        match (self.down, down) {
            (false, true) => self.lines.push(vec![here]),
            (true, false) => {
                self.ink();
                if let Some(line) = self.lines.last_mut().filter(|line| line.len() == 1) {
                    line.push(here); // a dot
                }
            }
            (true, true) | (false, false) => {}
        }
        self.down = down;
    }

    fn here(&self) -> [i32; 2] {
        [self.at[0], self.at[1]]
    }

    /// The line has come here.
    fn ink(&mut self) {
        let here = self.here();
        if let Some(line) = self.lines.last_mut().filter(|line| line.last() != Some(&here)) {
            line.push(here);
        }
    }

    pub fn is_down(&self) -> bool {
        self.down
    }

    pub fn last_done(&self) -> Duration {
        self.last_done
    }

    /// What has been drawn, on `sheet`; each line has at least two points (a dot has two equal ones).
    pub fn lines(&self, profile: &RobotProfile, sheet: &Sheet) -> Vec<Vec<Point<Mm>>> {
        let to_sheet = profile.placement_back(sheet);
        let [x_steps, y_steps, _] = profile.steps_per_mm;
        let place = |at: &[i32; 2]| {
            to_sheet.transform_point(Point::new(f64::from(at[0]) / x_steps, f64::from(at[1]) / y_steps))
        };
        let mut lines: Vec<Vec<_>> = self.lines.iter().map(|line| line.iter().map(place).collect()).collect();
        if let Some(line) = lines.last_mut().filter(|_| self.down) {
            line.push(place(&self.here()));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::ZERO;

    fn pen() -> Pen {
        let lift = Lift::Duty { between: 50.0, down_is_more: true };
        Pen { lift, down: false, at: [0; 3], last_done: AT, lines: Vec::new() }
    }

    fn step(pen: &mut Pen, x: i32, y: i32) {
        pen.executed(Executed::Steps { at: AT, carriage: [x, y, 0] });
    }

    fn spindle(pen: &mut Pen, duty: u8) {
        pen.executed(Executed::Spindle { at: AT, duty });
    }

    #[test]
    fn a_line_keeps_where_moves_begin_and_where_the_pen_lifts() {
        let mut pen = pen();
        (1..=10).for_each(|x| step(&mut pen, x, 0));
        spindle(&mut pen, 90);
        for x in 10..30 {
            if x == 10 || x == 20 {
                pen.executed(Executed::MoveBegins { at: AT });
            }
            step(&mut pen, x + 1, x / 3);
        }
        spindle(&mut pen, 0);
        step(&mut pen, 90, 90);
        assert_eq!(pen.lines, [vec![[10, 0], [20, 6], [30, 9]]]);
    }

    #[test]
    fn a_touch_of_the_pen_is_a_dot() {
        let mut pen = pen();
        for _ in 0..2 {
            spindle(&mut pen, 90);
            pen.executed(Executed::MoveBegins { at: AT });
            spindle(&mut pen, 40);
        }
        assert_eq!(pen.lines, [[[0, 0]; 2]; 2]);
    }
}
