//! What it costs, in seconds on the machine, to get from the end of one stroke to the beginning of the next.
//!
//! A hop either lifts the pen (pen moves, and a rapid from rest to rest under each axis's limits) or, where two ends
//! lie no farther apart than the pen is wide, draws straight on: then it costs the gap and the slowing down at the
//! corner (junction deviation, as the firmware has it). The time of a rapid grows with the square root of a short
//! distance, so the best order for time is not the shortest one. Units: millimetres, seconds.

use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Vector;
use crate::plan::robot::PenLift;
use crate::plan::robot::RobotProfile;

/// One end of a stroke, as a hop sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct End {
    pub at: Point<Mm>,
    /// Unit direction of the pen when it leaves the stroke through this end.
    pub leaving: Vector<Mm>,
}

/// The costs of hops on one robot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hops {
    /// Reciprocals of x's and y's acceleration and top speed: hops are counted in millions, and divisions are slow.
    per_acceleration: [f64; 2],
    per_speed: [f64; 2],
    lift_secs: f64,
    join_mm: f64,
    draw_speed: f64,
    corner: f64,
    /// Seconds that stopping and starting again cost a stroke: v / a.
    stop_secs: f64,
}

impl Hops {
    pub fn new(robot: &RobotProfile, join_mm: f64) -> Self {
        let [ax, ay, az] = robot.acceleration_mm_s2;
        let [vx, vy, vz] = robot.max_rate_mm_min.map(|rate| rate / 60.0);
        let lift_secs = match robot.pen {
            PenLift::Servo { up_secs, down_secs, .. } => up_secs + down_secs,
            PenLift::Z { up_mm, down_mm, down_speed_mm_s } => {
                let height = up_mm - down_mm;
                rest_to_rest_secs(height / az, height / vz)
                    + rest_to_rest_secs(height / az, height / vz.min(down_speed_mm_s))
            }
        };
        let slowest = ax.min(ay);
        Self {
            per_acceleration: [1.0 / ax, 1.0 / ay],
            per_speed: [1.0 / vx, 1.0 / vy],
            lift_secs,
            join_mm,
            draw_speed: robot.draw_speed_mm_s,
            corner: slowest * robot.junction_deviation_mm,
            stop_secs: robot.draw_speed_mm_s / slowest,
        }
    }

    /// Seconds from leaving a stroke through `from` to being on the way into the next through `to`.
    #[inline]
    pub fn secs(&self, from: &End, to: &End) -> f64 {
        let gap = to.at - from.at;
        let (dx, dy) = (gap.x.abs(), gap.y.abs());
        if dx <= self.join_mm && dy <= self.join_mm && self.joins(from.at, to.at) {
            return self.join_secs(gap.length(), -from.leaving.dot(to.leaving));
        }
        self.lifted_secs(from.at, to.at)
    }

    /// Seconds for lifting, going from `a` to `b`, and lowering.
    pub fn lifted_secs(&self, a: Point<Mm>, b: Point<Mm>) -> f64 {
        let (dx, dy) = ((b.x - a.x).abs(), (b.y - a.y).abs());
        let [per_ax, per_ay] = self.per_acceleration;
        let [per_vx, per_vy] = self.per_speed;
        self.lift_secs
            + self.stop_secs
            + rest_to_rest_secs((dx * per_ax).max(dy * per_ay), (dx * per_vx).max(dy * per_vy))
    }

    /// Whether the pen draws on from `a` to `b`.
    pub fn joins(&self, a: Point<Mm>, b: Point<Mm>) -> bool {
        (b - a).square_length() <= self.join_mm * self.join_mm
    }

    /// `cos` is that of the turn: 1 straight on, -1 back the way it came.
    fn join_secs(&self, gap_mm: f64, cos: f64) -> f64 {
        let half = ((1.0 + cos.clamp(-1.0, 1.0)) / 2.0).sqrt();
        let corner_v2 = if half > 0.999_999 { f64::INFINITY } else { self.corner * half / (1.0 - half) };
        let v = self.draw_speed;
        let lost = 1.0 - corner_v2.sqrt().min(v) / v;
        gap_mm / v + self.stop_secs * lost * lost
    }
}

/// Seconds for a move from rest to rest, from its length over acceleration and its length over top speed.
fn rest_to_rest_secs(over_acceleration: f64, over_speed: f64) -> f64 {
    if over_speed * over_speed < over_acceleration {
        2.0 * over_acceleration.sqrt() // the top speed is never reached
    } else {
        over_speed + over_acceleration / over_speed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixtures::robot;
    use firmware_protocol::motion::Step;
    use firmware_protocol::motion::time;

    fn end(x: f64, y: f64, dx: f64, dy: f64) -> End {
        End { at: Point::new(x, y), leaving: Vector::new(dx, dy) }
    }

    #[test]
    fn a_lifted_hop_takes_what_the_firmware_takes() {
        let robot = RobotProfile { acceleration_mm_s2: [500.0, 300.0, 100.0], ..robot() };
        let hops = Hops::new(&robot, 0.5);
        for (x, y) in [(1.0, 0.0), (0.0, 5.0), (3.0, 4.0), (100.0, 20.0), (20.0, 100.0), (0.7, 60.0)] {
            let step = [Step::Move { to_mm: [x, y, 0.0], feed_mm_min: None, bytes: 0 }];
            let machine = firmware_protocol::motion::Machine { line_secs: 0.0, ..robot.machine() };
            let exact = time(&machine, [0.0; 3], &step)[0].profile.secs();
            let ours = hops.secs(&end(0.0, 0.0, 1.0, 0.0), &end(x, y, 1.0, 0.0)) - hops.lift_secs - hops.stop_secs;
            assert!((ours - exact).abs() < 0.002, "({x}, {y}): {ours} and {exact}");
        }
    }

    #[test]
    fn joining_is_cheaper_than_lifting_and_straight_on_is_cheapest() {
        let hops = Hops::new(&robot(), 0.5);
        let from = end(0.0, 0.0, 1.0, 0.0);
        let straight = hops.secs(&from, &end(0.1, 0.0, -1.0, 0.0));
        let right_angle = hops.secs(&from, &end(0.1, 0.0, 0.0, 1.0));
        let back = hops.secs(&from, &end(0.1, 0.0, 1.0, 0.0));
        let lifted = hops.secs(&from, &end(0.51, 0.0, -1.0, 0.0));
        assert!(straight < right_angle && right_angle < back && back + 0.2 < lifted);
    }
}
