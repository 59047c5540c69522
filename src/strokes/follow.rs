//! Lines that go on across junctions: at every crossing the arms that continue each other become one line.
//!
//! Two pairs of arms make an X, one pair and a rest a T whose stem ends on the through-line. The skeleton inside a
//! crossing is thrown away: it is drawn in anew by the curve fit, which sees only where the arms were outside.

use crate::geom::Point;
use crate::geom::Px;
use crate::strokes::crossing::Crossings;
use crate::strokes::crossing::pairs;
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

/// The lines of `graph`, each as long as it goes on, and how many arms were joined.
pub fn follow(graph: &Graph) -> (Vec<Line>, usize) {
    let mut crossings = Crossings::gathered(graph);
    let mut partner: Vec<[Option<Arm>; 2]> = vec![[None, None]; graph.edges.len()];
    let mut joined = 0;
    let mut passages: Vec<Vec<[Point<Px>; 2]>> = Vec::with_capacity(graph.nodes.len());
    for rays in crossings.rays() {
        let pairs = pairs(&rays);
        for (a, b) in &pairs {
            partner[a.arm.0][a.arm.1] = Some(b.arm);
            partner[b.arm.0][b.arm.1] = Some(a.arm);
        }
        joined += pairs.len();
        passages.push(pairs.iter().map(|(a, b)| [a.from, b.from]).collect());
    }
    crossings.give_back(&passages);
    (lines(graph, &crossings, &partner), joined)
}

/// Walks the paired arms into lines.
fn lines(graph: &Graph, crossings: &Crossings, partner: &[[Option<Arm>; 2]]) -> Vec<Line> {
    let mut used = crossings.inner().to_vec();
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
                places.extend(piece(graph, crossings, arm, partner));
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
fn piece(graph: &Graph, crossings: &Crossings, arm: Arm, partner: &[[Option<Arm>; 2]]) -> Vec<Trace> {
    let edge = &graph.edges[arm.0];
    let mut places: Vec<Trace> = edge.from_end(arm.1).copied().collect();
    for end in [arm.1, 1 - arm.1] {
        if let Some(node) = edge.ends[end].map(|n| graph.nodes[n]) {
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
    use crate::geom::Vector;
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
