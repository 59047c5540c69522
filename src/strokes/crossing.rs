//! Crossings: which junctions are one, in which direction each arm leaves, and which arms go on in which.
//!
//! Where two lines cross at a small angle the skeleton has two forks with a middle piece that belongs to both lines, so
//! near forks are gathered into one crossing: the straightest readings first, since in a lattice an arm of one crossing
//! looks like the middle of another. Then the arms of each crossing are paired so that all together bend least (an
//! exhaustive matching; a crossing has few arms). After the continuation principle of Noris et al. 2013,
//! "Topology-driven vectorization of clean line drawings". Lengths are grid pixels.

use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Vector;
use crate::strokes::graph::Arm;
use crate::strokes::graph::Graph;

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
/// Most junctions in one crossing: more are noise, and pairing their arms would take forever.
const MOST_GATHERED: usize = 8;
/// Crossings with more arms than this are paired greedily.
const MOST_MATCHED: usize = 8;

/// An arm of a crossing: where it leaves and which way.
#[derive(Debug, Clone, Copy)]
pub struct Ray {
    /// The arm.
    pub arm: Arm,
    /// Where it leaves, outside the crossing's ink.
    pub from: Point<Px>,
    /// Unit vector away from the crossing.
    pub out: Vector<Px>,
}

/// Which junctions belong together, and which edges lie inside a crossing.
pub struct Crossings<'a> {
    graph: &'a Graph,
    arms: Vec<Vec<Arm>>,
    /// Each node's way to the one that names its crossing, and there the number of nodes in it.
    group: Vec<usize>,
    size: Vec<usize>,
    inner: Vec<bool>,
}

impl<'a> Crossings<'a> {
    /// The crossings of `graph`, their forks gathered.
    pub fn gathered(graph: &'a Graph) -> Self {
        let group = (0..graph.nodes.len()).collect();
        let size = vec![1; graph.nodes.len()];
        let mut crossings = Self { graph, arms: graph.arms(), group, size, inner: vec![false; graph.edges.len()] };
        crossings.gather();
        crossings
    }

    /// Whether each edge lies inside a crossing and is no line by itself.
    pub fn inner(&self) -> &[bool] {
        &self.inner
    }

    /// The crossing that `node` belongs to, named by one of its nodes.
    fn root(&self, mut node: usize) -> usize {
        while self.group[node] != node {
            node = self.group[node];
        }
        node
    }

    /// Makes the crossings of `a` and `b` one, unless that would be a tangle and no crossing.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        let (keep, lose) = if self.size[a] >= self.size[b] { (a, b) } else { (b, a) };
        let fits = keep == lose || self.size[a] + self.size[b] <= MOST_GATHERED;
        if fits && keep != lose {
            self.group[lose] = keep;
            self.size[keep] += self.size[lose];
        }
        fits
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
                self.inner[e] = self.join(a, b);
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
            if self.root(a) != self.root(b) && self.middle(e, &self.arms[a], &self.arms[b]).is_some() {
                self.inner[e] = self.join(a, b);
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

    /// Makes middle pieces that none of their crossing's `passages` runs over edges again: ink must not be lost.
    pub fn give_back(&mut self, passages: &[Vec<[Point<Px>; 2]>]) {
        for (e, edge) in self.graph.edges.iter().enumerate().filter(|(_, edge)| edge.places.len() > 2) {
            let Some(node) = edge.ends[0] else { continue };
            let middle = edge.places[edge.places.len() / 2];
            let reach = 1.5 * middle.radius + 1.0;
            let runs_over = |[a, b]: &[Point<Px>; 2]| distance_to(middle.at, *a, *b) <= reach;
            let lost = self.inner[e] && edge.length() > LEAST_GIVEN_BACK_PX;
            if lost && !passages[self.root(node)].iter().any(runs_over) {
                self.inner[e] = false;
            }
        }
    }

    /// The direction in which `arm` leaves, measured beyond the ink of the junction; past the next junction if that is
    /// near, or the short arms of a lattice would leave in any direction.
    pub fn ray(&self, arm: Arm) -> Option<Ray> {
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
    pub fn rays(&self) -> Vec<Vec<Ray>> {
        let mut rays = vec![Vec::new(); self.graph.nodes.len()];
        for (node, arms) in self.arms.iter().enumerate() {
            let outer = arms.iter().copied().filter(|arm| !self.inner[arm.0]);
            rays[self.root(node)].extend(outer.filter_map(|arm| self.ray(arm)));
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
pub fn pairs(rays: &[Ray]) -> Vec<(Ray, Ray)> {
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
