//! Cutting polylines at a clip path.
//!
//! A [`Region`] is what one clip path lets through: the union of the areas its shapes fill. A polyline is cut where
//! it crosses an edge, and a piece stays if its middle lies inside (for lines among polygons nothing cleverer is
//! needed). Clip paths are approximated by chords first, so all units are mm on the page. Clip paths on clip paths
//! are not followed. Refuses more work than [`MAX_TESTS`] allows.

use kurbo::Point;

use super::SvgError;

/// Most tests of a line's piece against a clip path's edge, over a whole document: about a second.
pub(super) const MAX_TESTS: usize = 200_000_000;

/// A point this near to an edge lies on it, mm: what rounding to 32-bit floats leaves.
const ON_EDGE_MM: f64 = 0.002;

/// Which points a closed shape holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    NonZero,
    EvenOdd,
}

/// The area that a clip path lets through.
#[derive(Debug, Default)]
pub(super) struct Region {
    shapes: Vec<(Rule, Vec<[Point; 2]>)>,
}

impl Region {
    /// Adds the area that `outlines`, each closed, fill by `rule`.
    pub fn add(&mut self, rule: Rule, outlines: &[Vec<Point>]) {
        let mut edges = Vec::new();
        for outline in outlines {
            edges.extend(outline.windows(2).map(|w| [w[0], w[1]]));
            if let (Some(first), Some(last)) = (outline.first(), outline.last()) {
                edges.push([*last, *first]);
            }
        }
        self.shapes.push((rule, edges));
    }

    fn edges(&self) -> impl Iterator<Item = &[Point; 2]> {
        self.shapes.iter().flat_map(|(_, edges)| edges)
    }

    /// Whether `p` is inside or on an edge: a frame drawn along the edge of its own page stays.
    fn contains(&self, p: Point) -> bool {
        self.edges().any(|edge| distance(p, edge) <= ON_EDGE_MM)
            || self.shapes.iter().any(|(rule, edges)| {
                let mut winding = 0_i32;
                for [a, b] in edges {
                    if (a.y <= p.y) != (b.y <= p.y) {
                        let side = (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
                        if (side > 0.0) == (b.y > a.y) {
                            winding += if b.y > a.y { 1 } else { -1 };
                        }
                    }
                }
                match rule {
                    Rule::NonZero => winding != 0,
                    Rule::EvenOdd => winding % 2 != 0,
                }
            })
    }

    /// The pieces of `line` inside, in its own order; `tests` is the work left and goes down.
    pub fn cut(&self, line: &[Point], tests: &mut usize) -> Result<Vec<Vec<Point>>, SvgError> {
        let work = line.len() * self.edges().count();
        *tests = tests.checked_sub(work).ok_or(SvgError::TooIntricate("clip paths"))?;
        let mut pieces: Vec<Vec<Point>> = Vec::new();
        let mut connected = false;
        for w in line.windows(2) {
            let (a, b) = (w[0], w[1]);
            let mut stops = vec![0.0, 1.0];
            stops.extend(self.edges().filter_map(|edge| crossing(a, b, edge)));
            stops.sort_by(f64::total_cmp);
            for s in stops.windows(2) {
                if a != b && (s[1] - s[0]) * (b - a).hypot() <= ON_EDGE_MM {
                    continue;
                }
                if !self.contains(a.lerp(b, 0.5 * (s[0] + s[1]))) {
                    connected = false;
                    continue;
                }
                let end = if s[1] == 1.0 { b } else { a.lerp(b, s[1]) };
                match pieces.last_mut() {
                    Some(piece) if connected => piece.push(end),
                    _ => pieces.push(vec![if s[0] == 0.0 { a } else { a.lerp(b, s[0]) }, end]),
                }
                connected = true;
            }
        }
        // A loop cut open somewhere else than where it began goes on through its beginning.
        if let [first, .., last] = &mut pieces[..]
            && first.first() == last.last()
        {
            last.extend_from_slice(&first[1..]);
            pieces.swap_remove(0);
        }
        Ok(pieces)
    }
}

fn distance(p: Point, [a, b]: &[Point; 2]) -> f64 {
    let along = ((p - *a).dot(*b - *a) / (*b - *a).hypot2()).clamp(0.0, 1.0);
    // An edge of no length gives NaN above; its one end is as far as the other.
    (p - if along.is_nan() { *a } else { a.lerp(*b, along) }).hypot()
}

/// How far along `a`-`b` it crosses `edge`, from 0 to 1.
fn crossing(a: Point, b: Point, edge: &[Point; 2]) -> Option<f64> {
    let (d, e, f) = (b - a, edge[1] - edge[0], edge[0] - a);
    let det = d.cross(e);
    if det == 0.0 {
        return None;
    }
    let (along, on_edge) = (f.cross(e) / det, f.cross(d) / det);
    (along > 0.0 && along < 1.0 && (0.0..=1.0).contains(&on_edge)).then_some(along)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(x: f64, y: f64) -> Point {
        Point::new(x, y)
    }

    fn square(rule: Rule, side: f64) -> Region {
        let mut region = Region::default();
        region.add(rule, &[vec![p(0.0, 0.0), p(side, 0.0), p(side, side), p(0.0, side)]]);
        region
    }

    #[test]
    fn a_line_is_cut_where_it_leaves() {
        let mut tests = MAX_TESTS;
        let region = square(Rule::NonZero, 10.0);
        let cut = region.cut(&[p(-5.0, 5.0), p(5.0, 5.0), p(5.0, 15.0), p(8.0, 15.0), p(8.0, 5.0)], &mut tests);
        assert_eq!(cut, Ok(vec![vec![p(0.0, 5.0), p(5.0, 5.0), p(5.0, 10.0)], vec![p(8.0, 10.0), p(8.0, 5.0)]]));
        assert_eq!(region.cut(&[p(1.0, 1.0), p(9.0, 2.0)], &mut tests), Ok(vec![vec![p(1.0, 1.0), p(9.0, 2.0)]]));
        let along = vec![p(0.0, 10.0), p(10.0, 10.0)];
        assert_eq!(region.cut(&along, &mut tests), Ok(vec![along]));
        assert_eq!(region.cut(&[p(11.0, 1.0), p(19.0, 2.0)], &mut tests), Ok(vec![]));
    }

    #[test]
    fn a_loop_cut_once_stays_one_line() {
        let mut tests = MAX_TESTS;
        let loop_ = [p(2.0, 2.0), p(12.0, 2.0), p(12.0, 8.0), p(2.0, 8.0), p(2.0, 2.0)];
        let cut = square(Rule::NonZero, 10.0).cut(&loop_, &mut tests);
        assert_eq!(cut, Ok(vec![vec![p(10.0, 8.0), p(2.0, 8.0), p(2.0, 2.0), p(10.0, 2.0)]]));
    }

    #[test]
    fn holes_follow_the_rule() {
        let hole = vec![p(4.0, 4.0), p(6.0, 4.0), p(6.0, 6.0), p(4.0, 6.0)];
        let outer = vec![p(0.0, 0.0), p(10.0, 0.0), p(10.0, 10.0), p(0.0, 10.0)];
        for (rule, pieces) in [(Rule::EvenOdd, 2), (Rule::NonZero, 1)] {
            let mut region = Region::default();
            region.add(rule, &[outer.clone(), hole.clone()]);
            let cut = region.cut(&[p(1.0, 5.0), p(9.0, 5.0)], &mut MAX_TESTS.clone()).expect("little work");
            let length: f64 = cut.iter().flat_map(|l| l.windows(2)).map(|w| (w[1] - w[0]).hypot()).sum();
            assert_eq!(length, if pieces == 2 { 6.0 } else { 8.0 });
        }
    }

    #[test]
    fn work_is_bounded() {
        let mut tests = 7;
        let cut = square(Rule::NonZero, 10.0).cut(&[p(0.0, 0.0), p(1.0, 1.0)], &mut tests);
        assert_eq!(cut, Err(SvgError::TooIntricate("clip paths")));
    }
}
