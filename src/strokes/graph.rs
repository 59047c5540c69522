//! The skeleton as a graph: junctions, and the runs of pixels between them.
//!
//! A pixel with one neighbour is an end, with two it belongs to a run, with three or more it is part of a junction;
//! touching junction pixels are one junction. A ring without a junction is a closed run. Coordinates are grid pixels,
//! pixel centres at half-integers.

use crate::geom::Point;
use crate::geom::Px;
use crate::raster::Gray;
use crate::strokes::binarise::PAPER;

/// A place on a traced line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trace {
    /// Where, in grid pixels.
    pub at: Point<Px>,
    /// Half the width of the ink here, grid pixels.
    pub radius: f64,
    /// Ink across the line here: darkness times width, grid pixels of full ink.
    pub ink: f64,
    /// How far the place is to be trusted: 1 measured, 0 bridged.
    pub trust: f64,
}

/// A run of places between two ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Its places in order, at least one.
    pub places: Vec<Trace>,
    /// The junction at its first and at its last place; `None` for a free end.
    pub ends: [Option<usize>; 2],
    /// Whether it is a ring without a junction; its last place then neighbours its first.
    pub closed: bool,
}

/// Where three or more runs meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Centre of its pixels.
    pub at: Point<Px>,
    /// Radius of the ink there: the greatest circle inside.
    pub radius: f64,
}

/// Runs and junctions of one skeleton.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// The runs.
    pub edges: Vec<Edge>,
    /// The junctions.
    pub nodes: Vec<Node>,
}

/// One end of an edge, as seen from its junction: the edge, and whether it begins (0) or ends (1) there.
pub type Arm = (usize, usize);

impl Edge {
    /// Its length along the places, grid pixels.
    pub fn length(&self) -> f64 {
        self.places.windows(2).map(|w| (w[1].at - w[0].at).length()).sum()
    }

    /// Its places as seen from end `end`, outwards.
    pub fn from_end(&self, end: usize) -> Box<dyn Iterator<Item = &Trace> + '_> {
        if end == 0 { Box::new(self.places.iter()) } else { Box::new(self.places.iter().rev()) }
    }
}

impl Graph {
    /// The arms of every junction, in order of their edges.
    pub fn arms(&self) -> Vec<Vec<Arm>> {
        let mut arms = vec![Vec::new(); self.nodes.len()];
        for (e, edge) in self.edges.iter().enumerate() {
            for end in [0, 1] {
                if let Some(node) = edge.ends[end] {
                    arms[node].push((e, end));
                }
            }
        }
        arms
    }
}

/// The graph of `skeleton`, whose ink reaches `radius` pixels to each side of the pixel with a given index.
pub fn trace(skeleton: &Gray, radius: impl Fn(usize) -> f64) -> Graph {
    let w = skeleton.width() as usize;
    let raw = skeleton.as_raw();
    let ink: Vec<usize> = (0..raw.len()).filter(|i| raw[*i] != PAPER).collect();
    let degree = |i: usize| neighbours(raw, w, i).count();
    let place = |i: usize| {
        let radius = radius(i);
        let at = Point::new((i % w) as f64 + 0.5, (i / w) as f64 + 0.5);
        Trace { at, radius, ink: 2.0 * radius, trust: 1.0 }
    };
    let mut graph = Graph::default();
    let mut node_of: Vec<u32> = vec![NO_NODE; raw.len()];
    for &i in &ink {
        if node_of[i] == NO_NODE && degree(i) > 2 {
            let pixels = junction(raw, w, i, &mut node_of, graph.nodes.len() as u32);
            let n = pixels.len() as f64;
            let sum = pixels.iter().fold(Point::zero(), |sum, p| sum + place(*p).at.to_vector());
            let radius = pixels.iter().map(|p| place(*p).radius).fold(0.0, f64::max);
            graph.nodes.push(Node { at: sum / n, radius });
        }
    }
    let mut seen = vec![false; raw.len()];
    let node = |i: usize| (node_of[i] != NO_NODE).then_some(node_of[i] as usize);
    // From every junction pixel and every free end, walk each run that has not been walked yet.
    for &i in &ink {
        if node(i).is_some() {
            for j in neighbours(raw, w, i).filter(|j| node(*j).is_none()).collect::<Vec<_>>() {
                if !seen[j] {
                    let (run, last) = walk(raw, w, i, j, &node_of, &mut seen);
                    let places = run.into_iter().map(place).collect();
                    graph.edges.push(Edge { places, ends: [node(i), last], closed: false });
                }
            }
        } else if degree(i) == 0 {
            graph.edges.push(Edge { places: vec![place(i)], ends: [None, None], closed: false });
        }
    }
    for &i in &ink {
        if node(i).is_none() && !seen[i] && degree(i) == 1 {
            let (run, _) = walk(raw, w, i, i, &node_of, &mut seen);
            graph.edges.push(Edge { places: run.into_iter().map(place).collect(), ends: [None, None], closed: false });
        }
    }
    for &i in &ink {
        if node(i).is_none() && !seen[i] && degree(i) == 2 {
            let (run, _) = walk(raw, w, i, i, &node_of, &mut seen);
            graph.edges.push(Edge { places: run.into_iter().map(place).collect(), ends: [None, None], closed: true });
        }
    }
    graph
}

const NO_NODE: u32 = u32::MAX;

fn neighbours(raw: &[u8], w: usize, i: usize) -> impl Iterator<Item = usize> + '_ {
    // Sides before corners: a run turns a corner through the side pixel, if there is one.
    [i - w, i - 1, i + 1, i + w, i - w - 1, i - w + 1, i + w - 1, i + w + 1].into_iter().filter(|j| raw[*j] != PAPER)
}

/// All junction pixels joined to `start`, marked as node `id`.
fn junction(raw: &[u8], w: usize, start: usize, node_of: &mut [u32], id: u32) -> Vec<usize> {
    let mut pixels = vec![start];
    node_of[start] = id;
    let mut next = 0;
    while next < pixels.len() {
        for j in neighbours(raw, w, pixels[next]) {
            if node_of[j] == NO_NODE && neighbours(raw, w, j).count() > 2 {
                node_of[j] = id;
                pixels.push(j);
            }
        }
        next += 1;
    }
    pixels
}

/// The run that leaves `from` over `first`, and the junction it ends at.
fn walk(
    raw: &[u8],
    w: usize,
    from: usize,
    first: usize,
    node_of: &[u32],
    seen: &mut [bool],
) -> (Vec<usize>, Option<usize>) {
    let mut run = vec![first];
    seen[first] = true;
    let (mut back, mut here) = (from, first);
    loop {
        let ahead = neighbours(raw, w, here).filter(|j| *j != back && *j != here);
        let mut junction = None;
        let mut step = None;
        for j in ahead {
            if node_of[j] != NO_NODE {
                // The junction just left does not end its own run at the very first step.
                if !(run.len() == 1 && node_of[from] == node_of[j] && node_of[from] != NO_NODE) {
                    junction = Some(node_of[j] as usize);
                }
            } else if !seen[j] && step.is_none() {
                step = Some(j);
            }
        }
        match step {
            Some(j) if junction.is_none() => {
                seen[j] = true;
                run.push(j);
                back = here;
                here = j;
            }
            _ => return (run, junction),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strokes::binarise::INK;
    use crate::strokes::thin::thin;
    use image::Luma;

    fn of(picture: &[&str]) -> Graph {
        let (w, h) = (picture[0].len() as u32, picture.len() as u32);
        let mask = Gray::from_fn(w, h, |x, y| {
            Luma([if picture[y as usize].as_bytes()[x as usize] == b'#' { INK } else { PAPER }])
        });
        trace(&thin(&mask), |_| 1.0)
    }

    #[test]
    fn a_cross_is_one_junction_with_four_arms() {
        let graph = of(&[
            "...........",
            ".#.......#.",
            "..#.....#..",
            "...#...#...",
            "....#.#....",
            ".....#.....",
            "....#.#....",
            "...#...#...",
            "..#.....#..",
            ".#.......#.",
            "...........",
        ]);
        assert_eq!(graph.nodes.len(), 1);
        assert_eq!(graph.edges.len(), 4);
        assert_eq!(graph.arms()[0].len(), 4);
    }

    #[test]
    fn a_line_a_ring_and_a_dot_have_no_junction() {
        let graph =
            of(&[".............", ".####...###..", ".......#...#.", ".......#...#.", "..#.....###..", "............."]);
        assert_eq!(graph.nodes.len(), 0);
        let mut sizes: Vec<(usize, bool)> = graph.edges.iter().map(|e| (e.places.len(), e.closed)).collect();
        sizes.sort();
        assert_eq!(sizes, [(1, false), (4, false), (10, true)]);
    }
}
