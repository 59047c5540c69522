//! Spurs: short side branches that thinning draws from a line's middle to a bump on its edge.
//!
//! A branch is a spur if it ends free and does not reach beyond the ink of the line it leaves: its length is compared
//! with the local line width, never with a fixed number, so that a short lash on a fine line stays and a long bump on
//! a wide one goes. Junctions left with two arms are dissolved.

use crate::strokes::graph::Arm;
use crate::strokes::graph::Edge;
use crate::strokes::graph::Graph;

/// How far beyond the line's own edge a branch must reach to be a branch, in line radii.
const REACH: f64 = 0.75;
/// The same in grid pixels, for the finest lines.
const REACH_PX: f64 = 1.5;
/// Most rounds of pruning: a spur of a spur of a spur is noise.
const MOST_ROUNDS: usize = 16;

/// `graph` without its spurs, and how many there were.
pub fn prune(mut graph: Graph) -> (Graph, usize) {
    let mut pruned = 0;
    // Each round takes at most one spur from a junction, the shortest first: pruning one arm may make another real.
    for _ in 0..MOST_ROUNDS {
        let mut drop = vec![false; graph.edges.len()];
        for (node, arms) in graph.nodes.iter().zip(graph.arms()) {
            let reach = node.radius + (REACH * node.radius).max(REACH_PX);
            let spur = arms
                .iter()
                .filter(|(e, end)| arms.len() > 2 && graph.edges[*e].ends[1 - end].is_none())
                .map(|(e, _)| (*e, tip_distance(&graph, *e)))
                .filter(|(_, reaches)| *reaches <= reach)
                .min_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((e, _)) = spur {
                drop[e] = true;
            }
        }
        let round = drop.iter().filter(|d| **d).count();
        if round == 0 {
            break;
        }
        pruned += round;
        let mut index = 0;
        graph.edges.retain(|_| {
            index += 1;
            !drop[index - 1]
        });
        dissolve(&mut graph);
    }
    (graph, pruned)
}

/// Length of an edge with one junction, from the junction's centre to the tip.
fn tip_distance(graph: &Graph, e: usize) -> f64 {
    let edge = &graph.edges[e];
    let (node, near) = match edge.ends {
        [Some(node), _] => (node, 0),
        [_, Some(node)] => (node, edge.places.len() - 1),
        [None, None] => return f64::INFINITY,
    };
    edge.length() + (edge.places[near].at - graph.nodes[node].at).length()
}

/// Joins the two arms of every junction that has only two. The junctions stay in the list, without arms.
fn dissolve(graph: &mut Graph) {
    let arms = graph.arms();
    let through = |(e, end): Arm| -> Option<Arm> {
        let arms = &arms[graph.edges[e].ends[end]?];
        let [a, b] = arms[..] else { return None };
        Some(if a == (e, end) { b } else { a })
    };
    let mut used = vec![false; graph.edges.len()];
    let mut edges = Vec::with_capacity(graph.edges.len());
    // Runs begin where nothing goes on; what is left over after them is closed.
    for open in [true, false] {
        for e in 0..graph.edges.len() {
            let start = [0, 1].into_iter().find(|end| !open || through((e, *end)).is_none());
            let Some(start) = start.filter(|_| !used[e]) else { continue };
            let mut whole = Edge { places: Vec::new(), ends: [graph.edges[e].ends[start], None], closed: !open };
            let mut arm = (e, start);
            loop {
                used[arm.0] = true;
                whole.places.extend(graph.edges[arm.0].from_end(arm.1));
                let far = (arm.0, 1 - arm.1);
                whole.ends[1] = graph.edges[far.0].ends[far.1];
                match through(far) {
                    Some(next) if !used[next.0] => arm = next,
                    _ => break,
                }
            }
            if whole.closed {
                whole.ends = [None, None];
            }
            whole.closed |= graph.edges[e].closed;
            edges.push(whole);
        }
    }
    graph.edges = edges;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::Point;
    use crate::strokes::graph::Node;
    use crate::strokes::graph::Trace;

    fn run(from: (f64, f64), to: (f64, f64), ends: [Option<usize>; 2]) -> Edge {
        let n = (to.0 - from.0).hypot(to.1 - from.1).ceil();
        let at = |k: f64| Point::new(from.0 + (to.0 - from.0) * k / n, from.1 + (to.1 - from.1) * k / n);
        let places = (0..=n as usize).map(|k| Trace { at: at(k as f64), radius: 2.0, ink: 4.0, trust: 1.0 }).collect();
        Edge { places, ends, closed: false }
    }

    fn tee(stem: f64) -> Graph {
        Graph {
            nodes: vec![Node { at: Point::new(20.0, 10.0), radius: 2.0 }],
            edges: vec![
                run((0.0, 10.0), (19.0, 10.0), [None, Some(0)]),
                run((21.0, 10.0), (40.0, 10.0), [Some(0), None]),
                run((20.0, 11.0), (20.0, 10.0 + stem), [Some(0), None]),
            ],
        }
    }

    #[test]
    fn a_bump_goes_and_its_line_is_whole_again() {
        let (graph, pruned) = prune(tee(3.0));
        assert_eq!(pruned, 1);
        assert_eq!(graph.edges.len(), 1);
        assert_eq!(graph.edges[0].ends, [None, None]);
        assert!((graph.edges[0].length() - 40.0).abs() < 1e-9);
    }

    #[test]
    fn a_short_stem_that_leaves_the_line_stays() {
        assert_eq!(prune(tee(6.0)).1, 0);
    }
}
