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

/// `graph` without its spurs, and how many there were.
pub fn prune(mut graph: Graph) -> (Graph, usize) {
    let mut pruned = 0;
    // Each round takes at most one spur from a junction, the shortest first: pruning one arm may make another real.
    // Every round removes an edge or ends, so there are no more rounds than edges.
    loop {
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
            return (graph, pruned);
        }
        pruned += round;
        let mut index = 0;
        graph.edges.retain(|_| {
            index += 1;
            !drop[index - 1]
        });
        dissolve(&mut graph);
    }
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

/// Joins the two arms of every junction that has only two.
fn dissolve(graph: &mut Graph) {
    for node in 0..graph.nodes.len() {
        let arms: Vec<Arm> = graph.edges.iter().enumerate().flat_map(|(e, edge)| ends_at(e, edge, node)).collect();
        let [(a, a_end), (b, b_end)] = arms[..] else {
            continue;
        };
        if a == b {
            graph.edges[a].closed = true;
            graph.edges[a].ends = [None, None];
            continue;
        }
        let second = graph.edges[b].clone();
        let first = &mut graph.edges[a];
        if a_end == 0 {
            first.places.reverse();
            first.ends.reverse();
        }
        let mut places = second.places;
        if b_end == 1 {
            places.reverse();
        }
        first.places.extend(places);
        first.ends[1] = second.ends[1 - b_end];
        graph.edges.swap_remove(b);
    }
}

fn ends_at(e: usize, edge: &Edge, node: usize) -> impl Iterator<Item = Arm> {
    let ends = edge.ends;
    [0, 1].into_iter().filter(move |end| ends[*end] == Some(node)).map(move |end| (e, end))
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
