//! Ink as it comes out of a pen that the firmware moves: steps and spindle changes become lines on the sheet.
//!
//! A servo pen is down while the duty of the spindle's output is nearer to that of `down_s` than to that of `up_s`; a
//! pen on a Z axis while it is no higher than `down_mm`. A step of 1/80 mm makes far more points than a picture needs,
//! so a point is dropped when the line through its neighbours passes within a fifth of a step of it.
//! Units: motor steps inside; millimetres on the sheet (y down) outside.

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
    /// In steps, in the order they were drawn; of the last, [`Self::thin`] holds the end.
    lines: Vec<Vec<[i32; 2]>>,
    thin: Option<Thin>,
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
        Self { lift, down: false, at: [0; 3], last_done: Duration::ZERO, lines: Vec::new(), thin: None }
    }

    /// The machine did something.
    pub fn executed(&mut self, executed: Executed) {
        let down = match (executed, &self.lift) {
            (Executed::Spindle { at, duty }, Lift::Duty { between, down_is_more }) => {
                self.last_done = at;
                (f64::from(duty) > *between) == *down_is_more
            }
            (Executed::Steps { at, carriage }, lift) => {
                self.last_done = at;
                self.at = carriage;
                match lift {
                    Lift::Duty { .. } => self.down,
                    Lift::Steps { at_most } => f64::from(carriage[2]) <= *at_most,
                }
            }
            (Executed::Spindle { .. }, Lift::Steps { .. }) => return,
        };
        let here = [self.at[0], self.at[1]];
        match (self.down, down) {
            (false, true) => {
                self.lines.push(vec![here]);
                self.thin = Some(Thin::new(here));
            }
            (true, true) => {
                if let (Some(thin), Some(line)) = (&mut self.thin, self.lines.last_mut()) {
                    line.extend(thin.push(here));
                }
            }
            (true, false) => {
                if let (Some(thin), Some(line)) = (self.thin.take(), self.lines.last_mut()) {
                    line.push(thin.last);
                }
            }
            (false, false) => {}
        }
        self.down = down;
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
        if let (Some(thin), Some(line)) = (&self.thin, lines.last_mut()) {
            line.push(place(&thin.last));
        }
        lines
    }
}

/// Thins a line out while it grows: points are left out as long as one straight line from the last kept point passes
/// all of them within a fifth of a step (Sklansky and Gonzalez 1980: intersecting cones).
#[derive(Debug)]
struct Thin {
    kept: [i32; 2],
    last: [i32; 2],
    /// The cone's edges, from the kept point.
    cone: Option<[[f64; 2]; 2]>,
    reach: f64,
}

const TOLERANCE_STEPS: f64 = 0.2;

impl Thin {
    fn new(at: [i32; 2]) -> Self {
        Self { kept: at, last: at, cone: None, reach: 0.0 }
    }

    /// The next point; gives the one before it if that must be kept.
    fn push(&mut self, at: [i32; 2]) -> Option<[i32; 2]> {
        if at == self.last {
            return None;
        }
        let must_keep = !self.takes(at);
        let before = self.last;
        self.last = at;
        if must_keep {
            *self = Self { last: at, ..Self::new(before) };
            self.takes(at);
        }
        must_keep.then_some(before)
    }

    /// Whether the straight line from the kept point to `at` serves for all between; narrows the cone if so.
    fn takes(&mut self, at: [i32; 2]) -> bool {
        let v = [f64::from(at[0].wrapping_sub(self.kept[0])), f64::from(at[1].wrapping_sub(self.kept[1]))];
        let length = v[0].hypot(v[1]);
        if length + TOLERANCE_STEPS < self.reach {
            return false; // it turns back
        }
        let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
        if let Some([left, right]) = self.cone
            && (cross(left, v) > 0.0 || cross(right, v) < 0.0)
        {
            return false;
        }
        self.reach = self.reach.max(length);
        if length > TOLERANCE_STEPS {
            let aside = [-v[1] / length * TOLERANCE_STEPS, v[0] / length * TOLERANCE_STEPS];
            let (left, right) = ([v[0] + aside[0], v[1] + aside[1]], [v[0] - aside[0], v[1] - aside[1]]);
            self.cone = Some(match self.cone {
                None => [left, right],
                Some([l, r]) => {
                    [if cross(l, left) < 0.0 { left } else { l }, if cross(r, right) > 0.0 { right } else { r }]
                }
            });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance of `p` from the polyline.
    fn distance(p: [i32; 2], line: &[[i32; 2]]) -> f64 {
        let p = p.map(f64::from);
        line.windows(2)
            .map(|w| {
                let (a, b) = (w[0].map(f64::from), w[1].map(f64::from));
                let (d, q) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
                let t = ((d[0] * q[0] + d[1] * q[1]) / (d[0] * d[0] + d[1] * d[1]).max(1e-9)).clamp(0.0, 1.0);
                (q[0] - t * d[0]).hypot(q[1] - t * d[1])
            })
            .fold(f64::INFINITY, f64::min)
    }

    fn thinned(points: &[[i32; 2]]) -> Vec<[i32; 2]> {
        let mut thin = Thin::new(points[0]);
        let mut line = vec![points[0]];
        for p in &points[1..] {
            line.extend(thin.push(*p));
        }
        line.push(thin.last);
        line
    }

    #[test]
    fn a_straight_line_keeps_its_ends_only() {
        for along in [[1, 0], [0, -1], [1, 1], [-3, 2]] {
            let points: Vec<[i32; 2]> = (0..=1000).map(|i| along.map(|steps| steps * i)).collect();
            assert_eq!(thinned(&points).len(), 2);
        }
    }

    #[test]
    fn no_step_is_farther_off_than_one_step() {
        let mut state = 7u64;
        for _ in 0..50 {
            let mut at = [0, 0];
            let mut heading = 0.0f64;
            let points: Vec<[i32; 2]> = (0..400)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    heading += ((state >> 40) as f64 / f64::from(1 << 24) - 0.5) * 1.2;
                    at = [at[0] + (heading.cos() * 1.4).round() as i32, at[1] + (heading.sin() * 1.4).round() as i32];
                    at
                })
                .collect();
            let line = thinned(&points);
            assert!(line.len() < points.len());
            for p in points {
                assert!(distance(p, &line) <= 1.0, "{p:?} is {} steps off", distance(p, &line));
            }
        }
    }

    #[test]
    fn a_line_that_turns_back_keeps_its_tip() {
        let points: Vec<[i32; 2]> = (0..=100).chain((0..100).rev()).map(|i| [i, 0]).collect();
        assert_eq!(thinned(&points), [[0, 0], [100, 0], [0, 0]]);
    }
}
