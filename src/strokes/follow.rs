//! Lines that go on across junctions: at every crossing the arms are paired by how well they continue each other.
//!
//! A skeleton breaks two crossing lines into four arms, and, where they cross at a small angle, into two forks with a
//! short piece between that belongs to both lines. So near forks are first gathered into one crossing, then the arms
//! of each crossing are paired so that all together bend least (an exhaustive matching; a crossing has few arms).
//! Two pairs make an X, one pair and a rest a T whose stem ends on the through-line. The skeleton inside a crossing is
//! thrown away: it is drawn in anew by the curve fit, which sees only where the arms were outside.
//! After the continuation principle of Noris et al. 2013 ("Topology-driven vectorization of clean line drawings").

use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Vector;
use crate::strokes::graph::Arm;
use crate::strokes::graph::Graph;
use crate::strokes::graph::Trace;

/// A line over any number of junctions.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its places in order.
    pub places: Vec<Trace>,
    /// Whether its last place goes on to its first.
    pub closed: bool,
    /// Whether its first and its last place lie on another line.
    pub attached: [bool; 2],
}

impl Line {
    /// Its length along the places, grid pixels.
    pub fn length(&self) -> f64 {
        self.places.windows(2).map(|w| (w[1].at - w[0].at).length()).sum()
    }
}

/// Bend of two arms, in radians, from which they are two lines.
const MOST_BEND: f64 = 1.15;
/// What an arm without a partner costs, as a squared bend: dear enough that a fork becomes a line and a branch, cheap
/// enough that a stem stays straight between two limbs.
const LEFT_OVER: f64 = 0.6;
/// Bend up to which arms across a middle piece make that piece a part of both.
const CROSS_BEND: f64 = 0.45;
/// Sway up to which they do: short arms seem to leave along the middle piece.
const CROSS_SWAY: f64 = 1.0;
/// Longest middle piece of a crossing, in widths of its lines.
const CROSS_WIDTHS: f64 = 6.0;
/// Places of an arm that give its direction, beyond the crossing, grid pixels.
const SIGHT_PX: f64 = 12.0;
/// Edges over which an arm's direction is followed.
const MOST_HOPS: usize = 4;
/// Most turn from edge to edge on the way, radians.
const HOP_BEND: f64 = 0.9;
/// Shorter middle pieces are never drawn by themselves, grid pixels.
const LEAST_GIVEN_BACK_PX: f64 = 6.0;
/// Crossings with more arms than this are paired greedily.
const MOST_MATCHED: usize = 8;

/// An arm of a crossing: where it leaves and which way.
#[derive(Debug, Clone, Copy)]
struct Ray {
    arm: Arm,
    from: Point<Px>,
    /// Unit vector away from the crossing.
    out: Vector<Px>,
}

/// The lines of `graph`, each as long as it goes on, and how many arms were joined.
pub fn follow(graph: &Graph) -> (Vec<Line>, usize) {
    let mut crossings = Crossings::new(graph);
    crossings.gather();
    let mut partner: Vec<[Option<Arm>; 2]> = vec![[None, None]; graph.edges.len()];
    let mut joined = 0;
    let mut passages: Vec<[Point<Px>; 2]> = Vec::new();
    for rays in crossings.rays() {
        for (a, b) in pairs(&rays) {
            partner[a.arm.0][a.arm.1] = Some(b.arm);
            partner[b.arm.0][b.arm.1] = Some(a.arm);
            passages.push([a.from, b.from]);
            joined += 1;
        }
    }
    crossings.give_back(&passages);
    (lines(graph, &crossings, &partner), joined)
}

/// Which junctions belong together, and which edges lie inside a crossing.
struct Crossings<'a> {
    graph: &'a Graph,
    arms: Vec<Vec<Arm>>,
    group: Vec<usize>,
    inner: Vec<bool>,
}

impl<'a> Crossings<'a> {
    fn new(graph: &'a Graph) -> Self {
        Self {
            graph,
            arms: graph.arms(),
            group: (0..graph.nodes.len()).collect(),
            inner: vec![false; graph.edges.len()],
        }
    }

    fn join(&mut self, a: usize, b: usize) {
        let (keep, lose) = (self.group[a].min(self.group[b]), self.group[a].max(self.group[b]));
        self.group.iter_mut().filter(|g| **g == lose).for_each(|g| *g = keep);
    }

    /// Gathers the forks of each crossing.
    fn gather(&mut self) {
        let mut middles: Vec<(f64, usize)> = Vec::new();
        for (e, edge) in self.graph.edges.iter().enumerate() {
            let [Some(a), Some(b)] = edge.ends else {
                continue;
            };
            let (na, nb) = (&self.graph.nodes[a], &self.graph.nodes[b]);
            let length = edge.length() + 2.0;
            if length <= na.radius + nb.radius {
                self.inner[e] = true;
                if a != b {
                    self.join(a, b);
                }
            } else if a != b && length <= CROSS_WIDTHS * (na.radius + nb.radius) {
                middles.extend(self.middle(e, &self.arms[a], &self.arms[b]).map(|cost| (cost, e)));
            }
        }
        // The straightest crossings first: in a lattice, an arm of one crossing looks like the middle of another.
        middles.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, e) in middles {
            let [Some(a), Some(b)] = self.graph.edges[e].ends else {
                continue;
            };
            if self.group[a] != self.group[b] && self.middle(e, &self.arms[a], &self.arms[b]).is_some() {
                self.inner[e] = true;
                self.join(a, b);
            }
        }
    }

    /// What it costs to read edge `e` as the way of two lines over a crossing: two arms at either end, each continued by
    /// one at the other. `None` if they do not.
    fn middle(&self, e: usize, a: &[Arm], b: &[Arm]) -> Option<f64> {
        let outer = |arms: &[Arm]| -> Vec<Ray> {
            arms.iter().filter(|arm| arm.0 != e && !self.inner[arm.0]).filter_map(|arm| self.ray(*arm)).collect()
        };
        let (a, b) = (outer(a), outer(b));
        let ([a0, a1], [b0, b1]) = (&a[..], &b[..]) else {
            return None;
        };
        // One line may turn on its way, as where an arc touches a straight line, but not both.
        let read = |p: [&Ray; 2], q: [&Ray; 2]| {
            let (one, other) = (passage(p[0], p[1]), passage(q[0], q[1]));
            let fits = one.turn.min(other.turn) < CROSS_BEND
                && one.turn.max(other.turn) < MOST_BEND
                && one.sway.max(other.sway) < CROSS_SWAY;
            fits.then(|| one.cost() + other.cost())
        };
        let readings = [read([a0, b0], [a1, b1]), read([a0, b1], [a1, b0])];
        readings.into_iter().flatten().min_by(f64::total_cmp)
    }

    /// Makes middle pieces that no passage runs over edges again: ink must not be lost.
    fn give_back(&mut self, passages: &[[Point<Px>; 2]]) {
        for (e, edge) in self.graph.edges.iter().enumerate().filter(|(_, edge)| edge.places.len() > 2) {
            let middle = edge.places[edge.places.len() / 2];
            let reach = 1.5 * middle.radius + 1.0;
            let runs_over = |[a, b]: &[Point<Px>; 2]| distance_to(middle.at, *a, *b) <= reach;
            if self.inner[e] && edge.length() > LEAST_GIVEN_BACK_PX && !passages.iter().any(runs_over) {
                self.inner[e] = false;
            }
        }
    }

    /// The direction in which `arm` leaves, measured beyond the ink of the junction; past the next junction if that is
    /// near, or the short arms of a lattice would leave in any direction.
    fn ray(&self, arm: Arm) -> Option<Ray> {
        let node = self.graph.edges[arm.0].ends[arm.1].map(|n| &self.graph.nodes[n])?;
        let sight = (SIGHT_PX + 2.0 * node.radius) as usize;
        let skip = node.radius.max(1.5);
        let outside = |p: &Point<Px>| (*p - node.at).length() >= skip;
        let mut beyond: Vec<Point<Px>> = Vec::new();
        let mut here = arm;
        for _ in 0..MOST_HOPS {
            beyond.extend(self.places_outside(here).filter(outside));
            let tip = self.graph.edges[here.0].from_end(1 - here.1).next()?.at;
            let heading = tip - node.at;
            let far = self.graph.edges[here.0].ends[1 - here.1];
            let next = far.filter(|_| beyond.len() < sight).and_then(|n| self.straightest(n, here.0, heading));
            let Some(next) = next else { break };
            here = next;
        }
        beyond.truncate(sight);
        if beyond.len() < 4 {
            let out = self.graph.edges[arm.0].from_end(1 - arm.1).next()?.at - node.at;
            return (out.length() > 0.5).then(|| Ray { arm, from: node.at, out: out.normalize() });
        }
        let (middle, out) = direction(&beyond);
        // The foot of the first place on the fitted line.
        let from = middle + out * (beyond[0] - middle).dot(out);
        Some(Ray { arm, from, out })
    }

    /// The places of an edge, from an arm's end on, that lie in neither of its junctions.
    fn places_outside(&self, arm: Arm) -> impl Iterator<Item = Point<Px>> {
        let edge = &self.graph.edges[arm.0];
        let outside = move |p: &Point<Px>| {
            let nodes = edge.ends.into_iter().flatten().map(|n| &self.graph.nodes[n]);
            nodes.into_iter().all(|node| (*p - node.at).length() >= node.radius)
        };
        edge.from_end(arm.1).map(|p| p.at).filter(outside)
    }

    /// The arm of `node` that best goes on in direction `heading`, other than edge `from`.
    fn straightest(&self, node: usize, from: usize, heading: Vector<Px>) -> Option<Arm> {
        let at = self.graph.nodes[node].at;
        let turn = |arm: &Arm| {
            let ahead = self.graph.edges[arm.0].from_end(arm.1).take(SIGHT_PX as usize).last().map(|p| p.at - at);
            ahead.filter(|v| v.length() > 0.5).map_or(f64::INFINITY, |v| heading.angle_to(v).radians.abs())
        };
        let arms = self.arms[node].iter().filter(|arm| arm.0 != from).map(|arm| (turn(arm), *arm));
        arms.filter(|(turn, _)| *turn < HOP_BEND).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, arm)| arm)
    }

    /// The outer arms of every crossing.
    fn rays(&self) -> Vec<Vec<Ray>> {
        let mut rays = vec![Vec::new(); self.graph.nodes.len()];
        for (node, arms) in self.arms.iter().enumerate() {
            let outer = arms.iter().copied().filter(|arm| !self.inner[arm.0]);
            rays[self.group[node]].extend(outer.filter_map(|arm| self.ray(arm)));
        }
        rays
    }
}

/// The line through `points` by least squares: a point on it, and the unit vector from the first towards the last.
fn direction(points: &[Point<Px>]) -> (Point<Px>, Vector<Px>) {
    let n = points.len() as f64;
    let middle = (points.iter().fold(Vector::zero(), |sum, p| sum + p.to_vector()) / n).to_point();
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for p in points {
        let d = *p - middle;
        xx += d.x * d.x;
        xy += d.x * d.y;
        yy += d.y * d.y;
    }
    let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
    let along = Vector::new(angle.cos(), angle.sin());
    let ahead = points[points.len() - 1] - points[0];
    (middle, if along.dot(ahead) < 0.0 { -along } else { along })
}

/// Distance of `p` from the segment `a` to `b`.
fn distance_to(p: Point<Px>, a: Point<Px>, b: Point<Px>) -> f64 {
    let d = b - a;
    let t = if d.square_length() > 0.0 { ((p - a).dot(d) / d.square_length()).clamp(0.0, 1.0) } else { 0.0 };
    (p - (a + d * t)).length()
}

/// How a line going in along one ray and out along the other would run.
#[derive(Debug, Clone, Copy)]
struct Passage {
    /// How far it turns in all, radians.
    turn: f64,
    /// How far it sways on the way, radians: nothing on a straight line or an arc, which leaves the chord as it meets it.
    sway: f64,
}

impl Passage {
    fn cost(self) -> f64 {
        self.turn * self.turn + 0.25 * self.sway * self.sway
    }
}

fn passage(a: &Ray, b: &Ray) -> Passage {
    let (into, out) = (-a.out, b.out);
    let turn = into.angle_to(out).radians.abs();
    let chord = b.from - a.from;
    if chord.length() < 2.0 {
        return Passage { turn, sway: 0.0 };
    }
    let sway = (into.angle_to(chord).radians - chord.angle_to(out).radians).abs();
    Passage { turn, sway: sway.min(std::f64::consts::TAU - sway) }
}

/// Which rays go on in which: no more than [`MOST_BEND`] each, and all together as little as can be.
fn pairs(rays: &[Ray]) -> Vec<(Ray, Ray)> {
    let cost = |a: &Ray, b: &Ray| {
        let passage = passage(a, b);
        (passage.turn <= MOST_BEND && passage.sway <= MOST_BEND).then(|| passage.cost())
    };
    let mut free: Vec<&Ray> = rays.iter().collect();
    let mut found = Vec::new();
    while free.len() > MOST_MATCHED {
        let mut best: Option<(f64, usize, usize)> = None;
        for i in 0..free.len() {
            for j in i + 1..free.len() {
                if let Some(c) = cost(free[i], free[j])
                    && best.is_none_or(|b| c < b.0)
                {
                    best = Some((c, i, j));
                }
            }
        }
        let Some((_, i, j)) = best else {
            return found;
        };
        found.push((*free[i], *free[j]));
        free.remove(j);
        free.remove(i);
    }
    let mut best = (f64::INFINITY, Vec::new());
    match_rest(&free, &cost, 0.0, &mut Vec::new(), &mut best);
    found.extend(best.1);
    found
}

/// Tries every matching of `free`.
fn match_rest(
    free: &[&Ray],
    cost: &impl Fn(&Ray, &Ray) -> Option<f64>,
    so_far: f64,
    taken: &mut Vec<(Ray, Ray)>,
    best: &mut (f64, Vec<(Ray, Ray)>),
) {
    if so_far >= best.0 {
        return;
    }
    let Some((first, rest)) = free.split_first() else {
        *best = (so_far, taken.clone());
        return;
    };
    for k in 0..rest.len() {
        if let Some(c) = cost(first, rest[k]) {
            let others: Vec<&Ray> = rest.iter().enumerate().filter(|(i, _)| *i != k).map(|(_, r)| *r).collect();
            taken.push((**first, *rest[k]));
            match_rest(&others, cost, so_far + c, taken, best);
            taken.pop();
        }
    }
    match_rest(rest, cost, so_far + LEFT_OVER, taken, best);
}

/// Walks the paired arms into lines.
fn lines(graph: &Graph, crossings: &Crossings, partner: &[[Option<Arm>; 2]]) -> Vec<Line> {
    let mut used = crossings.inner.clone();
    let mut lines = Vec::new();
    // Open lines begin at an arm without a partner; what is left over after them is closed.
    for open in [true, false] {
        for e in 0..graph.edges.len() {
            let Some(start) = [0, 1].into_iter().find(|end| !open || partner[e][*end].is_none()) else {
                continue;
            };
            if used[e] {
                continue;
            }
            let mut places: Vec<Trace> = Vec::new();
            let mut arm = (e, start);
            let last = loop {
                used[arm.0] = true;
                places.extend(piece(crossings, arm, partner));
                let far = (arm.0, 1 - arm.1);
                match partner[far.0][far.1] {
                    Some(next) if !used[next.0] => arm = next,
                    _ => break far,
                }
            };
            let closed = !open || graph.edges[e].closed;
            let attached = [graph.edges[e].ends[start].is_some(), graph.edges[last.0].ends[last.1].is_some()];
            lines.push(Line { places, closed, attached: if closed { [false; 2] } else { attached } });
        }
    }
    lines
}

/// The places of an edge, walked from `arm`'s end, without those inside a crossing; an end that stops at a crossing is
/// drawn on to its centre.
fn piece(crossings: &Crossings, arm: Arm, partner: &[[Option<Arm>; 2]]) -> Vec<Trace> {
    let edge = &crossings.graph.edges[arm.0];
    let mut places: Vec<Trace> = edge.from_end(arm.1).copied().collect();
    for end in [arm.1, 1 - arm.1] {
        if let Some(node) = edge.ends[end].map(|n| crossings.graph.nodes[n]) {
            let inside = places.iter().take_while(|p| (p.at - node.at).length() < node.radius).count();
            let cut = inside.min(places.len() - 1);
            // Just outside, the other line's ink still pulls.
            for p in &mut places[cut..] {
                let far = (p.at - node.at).length() / node.radius.max(1.0);
                p.trust *= (far - 1.0).clamp(0.1, 1.0);
            }
            places.drain(..cut);
            if partner[arm.0][end].is_none()
                && let Some(ray) = crossings.ray((arm.0, end))
            {
                let from = places[0].at;
                let reach = (from - node.at).dot(ray.out).clamp(0.0, 2.0 * node.radius);
                places.insert(0, Trace { at: from - ray.out * reach, ..places[0] });
            }
        }
        places.reverse();
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::Field;
    use crate::raster::Gray;
    use crate::strokes::binarise::INK;
    use crate::strokes::graph::trace;
    use crate::strokes::prune::prune;
    use crate::strokes::refine::refine;
    use crate::strokes::thin::thin;
    use image::Luma;

    /// The lines found in a drawing of straight segments, 5 px wide, on a 120 px square.
    fn found(segments: &[[f64; 4]]) -> Vec<Line> {
        let distance = |x: f64, y: f64| {
            let to = |s: &[f64; 4]| {
                let (a, d) = (Point::<Px>::new(s[0], s[1]), Vector::new(s[2] - s[0], s[3] - s[1]));
                let t = ((Point::new(x, y) - a).dot(d) / d.square_length()).clamp(0.0, 1.0);
                (Point::new(x, y) - (a + d * t)).length()
            };
            segments.iter().map(to).fold(f64::INFINITY, f64::min)
        };
        let ink = Field::from_fn(120, 120, |x, y| {
            Luma([(3.0 - distance(f64::from(x) + 0.5, f64::from(y) + 0.5)).clamp(0.0, 1.0) as f32])
        });
        let mask = Gray::from_fn(120, 120, |x, y| Luma([if ink.get_pixel(x, y)[0] > 0.5 { INK } else { 0 }]));
        let (mut graph, _) = prune(trace(&thin(&mask), |_| 2.5));
        graph.edges.iter_mut().for_each(|e| refine(e, &ink));
        follow(&graph).0
    }

    fn check(segments: &[[f64; 4]], lengths: &[f64]) {
        let mut found: Vec<f64> =
            found(segments).iter().map(|l| (l.places[l.places.len() - 1].at - l.places[0].at).length()).collect();
        found.sort_by(f64::total_cmp);
        let fits = found.len() == lengths.len() && found.iter().zip(lengths).all(|(f, l)| (f - l).abs() < 6.0);
        assert!(fits, "lines of lengths {found:.1?} instead of {lengths:.1?}");
    }

    #[test]
    fn crossings_at_every_angle_are_two_lines() {
        for degrees in [90.0f64, 70.0, 50.0, 35.0, 25.0] {
            let (s, c) = (degrees.to_radians() / 2.0).sin_cos();
            let line = |sy: f64| [60.0 - 50.0 * c, 60.0 - 50.0 * s * sy, 60.0 + 50.0 * c, 60.0 + 50.0 * s * sy];
            check(&[line(1.0), line(-1.0)], &[100.0, 100.0]);
        }
    }

    #[test]
    fn a_tee_keeps_its_through_line_and_its_stem_reaches_it() {
        check(&[[10.0, 30.0, 110.0, 30.0], [60.0, 30.0, 60.0, 110.0]], &[80.0, 100.0]);
    }

    #[test]
    fn a_fork_is_one_line_and_a_branch() {
        check(&[[10.0, 60.0, 60.0, 60.0], [60.0, 60.0, 110.0, 40.0], [60.0, 60.0, 95.0, 100.0]], &[53.0, 100.0]);
    }

    #[test]
    fn a_k_is_a_stem_and_two_limbs_in_at_most_three_lines() {
        let lines = found(&[[40.0, 10.0, 40.0, 110.0], [42.0, 60.0, 95.0, 15.0], [42.0, 60.0, 95.0, 105.0]]);
        assert!((2..=3).contains(&lines.len()), "{} lines", lines.len());
        let stem = |l: &Line| l.length() > 95.0 && l.places.iter().all(|p| (p.at.x - 40.0).abs() < 2.0);
        assert!(lines.iter().any(stem), "no straight stem");
    }

    #[test]
    fn crossed_hatching_keeps_every_line() {
        let mut segments = Vec::new();
        for k in 0..5 {
            let t = 20.0 + 20.0 * f64::from(k);
            segments.push([t, 8.0, t, 112.0]);
            segments.push([8.0, t - 6.0, 112.0, t + 6.0]);
        }
        check(&segments, &[104.0; 10]);
    }
}
