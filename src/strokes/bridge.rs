//! Gaps: two free ends that point at each other become one line, and a ring that nearly closes is closed.
//!
//! The nearest and straightest pairs go first. An end that rests on another line is no free end. The bridge itself
//! carries no places: the curve fit draws it from what lies on both sides.

use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Vector;
use crate::strokes::follow::Line;
use crate::strokes::graph::Trace;

/// Gaps up to this many grid pixels are no gaps at all, and only need a common direction.
const TOUCHING_PX: f64 = 3.0;
/// Most turn between an end and the gap it faces, radians.
const MOST_TURN: f64 = 0.6;
/// Most turn over a touching gap, radians.
const MOST_TOUCHING_TURN: f64 = 1.2;
/// Distance from an end over which its direction is measured, grid pixels.
const SIGHT_PX: f64 = 12.0;
/// A ring is closed if its gap is at most this share of its length.
const RING_SHARE: f64 = 0.2;
/// Neighbours looked at for each end.
const MOST_NEIGHBOURS: usize = 12;

/// A line's end: the line, and 0 for its first or 1 for its last place.
type End = (usize, usize);

/// `lines` with gaps of up to `widest` grid pixels bridged, and how many were.
pub fn bridge(lines: Vec<Line>, widest: f64) -> (Vec<Line>, usize) {
    let free = |(l, end): End| !lines[l].closed && !lines[l].attached[end];
    let ends: Vec<End> = (0..lines.len()).flat_map(|l| [(l, 0), (l, 1)]).filter(|e| free(*e)).collect();
    let at = |(l, end): End| tip(&lines[l], end).0;
    let tree = RTree::bulk_load(ends.iter().map(|e| GeomWithData::new([at(*e).x, at(*e).y], *e)).collect());
    let mut gaps: Vec<(f64, End, End)> = Vec::new();
    for &end in &ends {
        let here = at(end);
        let near = tree.nearest_neighbor_iter([here.x, here.y]).take(MOST_NEIGHBOURS).map(|n| n.data);
        for other in near.filter(|other| end < *other) {
            if let Some(cost) = cost(&lines, end, other, widest) {
                gaps.push((cost, end, other));
            }
        }
    }
    gaps.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut partner: Vec<[Option<End>; 2]> = vec![[None, None]; lines.len()];
    let mut bridged = 0;
    for (_, a, b) in gaps {
        if partner[a.0][a.1].is_none() && partner[b.0][b.1].is_none() {
            partner[a.0][a.1] = Some(b);
            partner[b.0][b.1] = Some(a);
            bridged += 1;
        }
    }
    (chain(lines, &partner), bridged)
}

/// An end's place, and the unit vector out of the line there.
fn tip(line: &Line, end: usize) -> (Point<Px>, Option<Vector<Px>>) {
    let (first, last) = (line.places[0].at, line.places[line.places.len() - 1].at);
    let (tip, far) = if end == 0 { (first, last) } else { (last, first) };
    let beyond = |p: &&Trace| (p.at - tip).length() >= SIGHT_PX;
    let inner = if end == 0 { line.places.iter().find(beyond) } else { line.places.iter().rev().find(beyond) };
    let out = tip - inner.map_or(far, |p| p.at);
    (tip, (out.length() > 1.0).then(|| out.normalize()))
}

/// What bridging two ends costs, in grid pixels; `None` if it must not be.
fn cost(lines: &[Line], a: End, b: End, widest: f64) -> Option<f64> {
    let ((pa, out_a), (pb, out_b)) = (tip(&lines[a.0], a.1), tip(&lines[b.0], b.1));
    let (out_a, out_b) = (out_a?, out_b?);
    let gap = pb - pa;
    let length = gap.length();
    if length > widest || (a.0 == b.0 && length > RING_SHARE * lines[a.0].length()) {
        return None;
    }
    let turn = |u: Vector<Px>, v: Vector<Px>| u.dot(v).clamp(-1.0, 1.0).acos();
    let between = turn(out_a, -out_b);
    if length <= TOUCHING_PX {
        return (between <= MOST_TOUCHING_TURN).then_some(length + 4.0 * between);
    }
    let along = gap / length;
    let most = turn(out_a, along).max(turn(out_b, -along));
    (most <= MOST_TURN && between <= 1.5 * MOST_TURN).then_some(length * (1.0 + most) + 4.0 * between)
}

/// Lines joined at their partnered ends.
fn chain(lines: Vec<Line>, partner: &[[Option<End>; 2]]) -> Vec<Line> {
    let mut used = vec![false; lines.len()];
    let mut chained = Vec::new();
    for open in [true, false] {
        for l in 0..lines.len() {
            let start = [0, 1].into_iter().find(|end| !open || partner[l][*end].is_none());
            let Some(start) = start.filter(|_| !used[l]) else {
                continue;
            };
            let mut whole = Line { places: Vec::new(), closed: !open || lines[l].closed, attached: [false; 2] };
            whole.attached[0] = lines[l].attached[start];
            let mut end = (l, start);
            loop {
                used[end.0] = true;
                let line = &lines[end.0];
                if end.1 == 0 {
                    whole.places.extend(line.places.iter());
                } else {
                    whole.places.extend(line.places.iter().rev());
                }
                let far = (end.0, 1 - end.1);
                whole.attached[1] = line.attached[far.1];
                match partner[far.0][far.1] {
                    Some(next) if !used[next.0] => end = next,
                    _ => break,
                }
            }
            chained.push(whole);
        }
    }
    chained
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: impl Iterator<Item = (f64, f64)>) -> Line {
        let place = |(x, y)| Trace { at: Point::new(x, y), radius: 1.0, ink: 2.0, trust: 1.0 };
        Line { places: points.map(place).collect(), closed: false, attached: [false; 2] }
    }

    fn dash(from: f64, to: f64, y: f64) -> Line {
        line((from as i32..=to as i32).map(|x| (f64::from(x), y)))
    }

    #[test]
    fn dashes_in_one_direction_become_one_line() {
        let (lines, bridged) = bridge(vec![dash(0.0, 20.0, 5.0), dash(46.0, 70.0, 5.5), dash(26.0, 40.0, 5.0)], 10.0);
        assert_eq!((lines.len(), bridged), (1, 2));
        assert_eq!(lines[0].length().round(), 70.0);
    }

    #[test]
    fn parallel_lines_and_ends_that_rest_on_a_line_stay_apart() {
        assert_eq!(bridge(vec![dash(0.0, 20.0, 5.0), dash(0.0, 20.0, 9.0)], 10.0).1, 0);
        let mut resting = dash(24.0, 40.0, 5.0);
        resting.attached[0] = true;
        assert_eq!(bridge(vec![dash(0.0, 20.0, 5.0), resting], 10.0).1, 0);
    }

    #[test]
    fn a_ring_with_a_gap_is_closed() {
        let arc =
            (0..=34).map(|k| f64::from(k) * std::f64::consts::TAU / 36.0).map(|t| (30.0 * t.cos(), 30.0 * t.sin()));
        let (lines, bridged) = bridge(vec![line(arc)], 15.0);
        assert_eq!(bridged, 1);
        assert!(lines[0].closed);
    }
}
