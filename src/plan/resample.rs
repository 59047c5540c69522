//! Chooses the points of a run of the pen so that the firmware can draw it fast, and the eye sees no difference.
//!
//! The firmware takes each corner by its angle (junction deviation) and sees only its next blocks, so a curve is slow
//! when its chords are long (sharp corners) *and* when they are short (the look-ahead ends too near, or the cable
//! cannot keep up). Simplifying a drawing before plotting, as is often done, makes it slower. Here each run is
//! rounded within the tolerance and cut into chords several ways, each way is timed by the firmware's own rules, and
//! the fastest is taken.
//!
//! ```text
//!      v            the given line a-v-b          the tolerance is spent in three parts: dropping points that
//!     / \           is cut off at most this far:  say nothing, rounding corners by a parabola, and its chords
//!    / _ \    ___   tolerance
//!   /.' '.\   ___                                 sharp corners stay where they are
//!  a       b
//! ```
//!
//! Refuses nothing; the ends of a run never move, and no point leaves the hull of its neighbours. Units: mm, radians.

use firmware_protocol::motion::Machine;
use firmware_protocol::motion::Step;
use firmware_protocol::motion::time;

use crate::geom::Mm;
use crate::geom::Point;
use crate::plan::robot::RobotProfile;

/// How one robot takes curves.
pub(super) struct Resampler {
    machine: Machine,
    feed_mm_min: f64,
    tolerance_mm: f64,
    /// The turn that may be taken at full drawing speed.
    free_turn: f64,
    /// Shorter chords than this cannot be drawn at full speed: look-ahead or cable.
    free_chord_mm: f64,
}

/// Bytes of a usual line of a curve, with its line end.
const LINE_BYTES: usize = 17;

impl Resampler {
    pub fn new(robot: &RobotProfile, tolerance_mm: f64) -> Self {
        let v = robot.draw_speed_mm_s;
        let a = robot.acceleration_mm_s2[0].min(robot.acceleration_mm_s2[1]);
        // v^2 = a JD s / (1 - s) with s = cos(turn / 2), solved for the turn
        let sine = v * v / (v * v + a * robot.junction_deviation_mm);
        let look_ahead_mm = v * v / (2.0 * a) / (robot.planner_blocks - 1) as f64;
        let line_secs = 10.0 * LINE_BYTES as f64 / f64::from(robot.baud) + robot.line_secs;
        Self {
            machine: robot.machine(),
            feed_mm_min: robot.feed_mm_min(),
            tolerance_mm,
            free_turn: 2.0 * sine.acos(),
            free_chord_mm: look_ahead_mm.max(v * line_secs),
        }
    }

    /// `path` with other points on (nearly) the same line: the fastest of several ways to cut it.
    pub fn resample(&self, path: &[Point<Mm>]) -> Vec<Point<Mm>> {
        let plain = simplified(path, self.tolerance_mm * 0.1);
        if plain.len() < 3 {
            return plain;
        }
        let coarse = simplified(path, self.tolerance_mm);
        // parts of the tolerance: 0.1 dropping points, 0.5 rounding, 0.4 chords
        let fine = rounded(&plain, self.tolerance_mm * 0.5, self.free_turn * 0.25);
        let ways = [(1.0, 1.0), (1.0, 1.6), (2.0, 1.2)].map(|(turn, chord)| {
            cut(&fine, self.free_turn * turn, self.free_chord_mm * chord, self.tolerance_mm * 0.4)
        });
        let mut best = (self.secs(&plain), plain);
        for way in [coarse].into_iter().chain(ways) {
            let secs = self.secs(&way);
            if secs < best.0 {
                best = (secs, way);
            }
        }
        best.1
    }

    /// Seconds from rest to rest along `path`.
    fn secs(&self, path: &[Point<Mm>]) -> f64 {
        let at = |p: &Point<Mm>| [p.x, p.y, 0.0];
        let steps: Vec<Step> = path[1..]
            .iter()
            .map(|p| Step::Move { to_mm: at(p), feed_mm_min: Some(self.feed_mm_min), bytes: LINE_BYTES })
            .collect();
        time(&self.machine, at(&path[0]), &steps).last().map_or(0.0, |timed| timed.end_secs)
    }
}

/// `path` without the points that lie within `tolerance` of the line between those that stay
/// (Ramer 1972; Douglas & Peucker 1973).
fn simplified(path: &[Point<Mm>], tolerance: f64) -> Vec<Point<Mm>> {
    let mut keep = vec![false; path.len()];
    (keep[0], keep[path.len() - 1]) = (true, true);
    let mut open = vec![(0, path.len() - 1)];
    while let Some((first, last)) = open.pop() {
        let mut farthest = (tolerance * tolerance, 0);
        for (i, p) in path.iter().enumerate().take(last).skip(first + 1) {
            let square = square_distance(*p, path[first], path[last]);
            if square > farthest.0 {
                farthest = (square, i);
            }
        }
        if farthest.1 > 0 {
            keep[farthest.1] = true;
            open.extend([(first, farthest.1), (farthest.1, last)]);
        }
    }
    path.iter().zip(keep).filter(|(_, keep)| *keep).map(|(p, _)| *p).collect()
}

/// Squared distance of `p` from the straight piece `a`-`b`.
fn square_distance(p: Point<Mm>, a: Point<Mm>, b: Point<Mm>) -> f64 {
    let along = b - a;
    let t = (p - a).dot(along) / along.square_length().max(f64::MIN_POSITIVE);
    (a + along * t.clamp(0.0, 1.0) - p).square_length()
}

/// A point of a rounded line.
#[derive(Debug, Clone, Copy)]
struct Fine {
    at: Point<Mm>,
    /// Direction in which the line leaves it, radians, counted on without jumps.
    heading: f64,
    /// Whether the line has a sharp corner or an end here.
    fixed: bool,
}

/// `path` with its corners rounded by parabolas no farther than `tolerance` from them, as points between which the
/// line turns by at most `turn`. Corners so sharp that the parabola would be shorter than motors can follow stay.
fn rounded(path: &[Point<Mm>], tolerance: f64, turn: f64) -> Vec<Fine> {
    const SHORTEST_MM: f64 = 0.05;
    const MOST_PIECES: f64 = 16.0;
    let heading = |a: Point<Mm>, b: Point<Mm>| (b - a).y.atan2((b - a).x);
    let mut now = heading(path[0], path[1]);
    let mut fine = vec![Fine { at: path[0], heading: now, fixed: true }];
    for corner in path.windows(3) {
        let [a, v, b] = [corner[0], corner[1], corner[2]];
        let after = heading(v, b);
        let bend = (after - now + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU) - std::f64::consts::PI;
        // a parabola with legs d passes d sin(bend / 2) / 2 from the corner
        let (before_mm, after_mm) = ((v - a).length() / 2.0, (b - v).length() / 2.0);
        let leg = (2.0 * tolerance / (bend.abs() / 2.0).sin().max(1e-9)).min(before_mm).min(after_mm);
        if leg < SHORTEST_MM {
            now += bend;
            fine.push(Fine { at: v, heading: now, fixed: bend.abs() > turn * 8.0 });
            continue;
        }
        let (from, to) = (v + (a - v).normalize() * leg, v + (b - v).normalize() * leg);
        let pieces = (bend.abs() / turn).ceil().clamp(1.0, MOST_PIECES);
        for i in 0..=pieces as usize {
            let t = i as f64 / pieces;
            let at = from.lerp(v, t).lerp(v.lerp(to, t), t);
            fine.push(Fine { at, heading: now + bend * t, fixed: false });
        }
        now += bend;
    }
    fine.push(Fine { at: path[path.len() - 1], heading: now, fixed: true });
    fine
}

/// Chords over a rounded line: each turns by about `turn` and is no shorter than `chord` if it can be, but strays no
/// farther than `tolerance`.
fn cut(fine: &[Fine], turn: f64, chord: f64, tolerance: f64) -> Vec<Point<Mm>> {
    let mut points = vec![fine[0].at];
    let mut first = 0;
    while first + 1 < fine.len() {
        let mut last = first + 1;
        while last + 1 < fine.len() && !fine[last].fixed {
            let next = &fine[last + 1];
            let bend = (next.heading - fine[first].heading).abs();
            let long = (next.at - fine[first].at).square_length() > chord * chord;
            let strays = || {
                fine[first + 1..=last]
                    .iter()
                    .any(|p| square_distance(p.at, fine[first].at, next.at) > tolerance * tolerance)
            };
            if (bend > turn && long) || strays() {
                break;
            }
            last += 1;
        }
        points.push(fine[last].at);
        first = last;
    }
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixtures::circle;
    use crate::plan::fixtures::noise;
    use crate::plan::fixtures::robot;

    /// Distance of each point of `of` from the line `from`, at most.
    fn stray(of: &[Point<Mm>], from: &[Point<Mm>]) -> f64 {
        let near = |p: &Point<Mm>| {
            from.windows(2).map(|w| square_distance(*p, w[0], w[1])).fold(f64::INFINITY, f64::min).sqrt()
        };
        of.iter().map(near).fold(0.0, f64::max)
    }

    #[test]
    fn the_line_stays_within_the_tolerance_both_ways() {
        let resampler = Resampler::new(&robot(), 0.02);
        let drawn = noise(300, 8);
        let circles = [1.0, 3.0, 20.0].map(|r| circle(60.0, 60.0, r, (r * 12.0) as usize));
        for stroke in drawn.strokes().iter().chain(&circles) {
            let given = stroke.path.points();
            let made = resampler.resample(given);
            assert_eq!((made[0], made[made.len() - 1]), (given[0], given[given.len() - 1]));
            assert!(stray(&made, given) < 0.0201 && stray(given, &made) < 0.0201);
        }
    }

    #[test]
    fn it_is_never_slower_and_on_curves_faster() {
        let resampler = Resampler::new(&robot(), 0.02);
        for stroke in noise(200, 9).strokes() {
            let given = stroke.path.points();
            let secs = resampler.secs(&resampler.resample(given));
            assert!(secs <= resampler.secs(given) * 1.01 + 0.002);
        }
        for pieces in [60, 400, 2000] {
            let given = circle(74.0, 105.0, 12.0, pieces);
            let (before, after) =
                (resampler.secs(given.path.points()), resampler.secs(&resampler.resample(given.path.points())));
            let full_speed = given.path.length() / 50.0 + 0.1;
            assert!(after < full_speed * 1.01 && after <= before, "{pieces}: {before} {after} {full_speed}");
        }
    }

    #[test]
    fn a_straight_line_keeps_only_its_ends() {
        let points: Vec<Point<Mm>> = (0..50).map(|i| Point::new(f64::from(i), 2.0 * f64::from(i))).collect();
        assert_eq!(Resampler::new(&robot(), 0.02).resample(&points), [points[0], points[49]]);
    }
}
