//! Living line weight from one pen: where a line's ink is wider than the pen, the pen goes over it again.
//!
//! On the stretch where the ink is wide the pen runs along one flank, back along the other, and on along the middle, all in
//! one stroke: no lift, and soft ends, since the flanks draw together where the ink grows thin. Lengths in grid pixels.

use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Vector;
use crate::strokes::follow::Line;

/// When and how far a line is restated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Restating {
    /// Width of the pen.
    pub pen: f64,
    /// Ink from this width on is restated; not at all if it is not positive.
    pub from: f64,
}

/// A wide stretch shorter than this many pens is a blot, not weight.
const SHORTEST_PENS: f64 = 4.0;
/// Flanks nearer to the middle than this many pens would not be seen.
const LEAST_PENS: f64 = 0.2;
/// Flanks lie at most this many pens from the middle: further apart they would leave paper between them.
const FARTHEST_PENS: f64 = 0.62;
/// How steeply the flanks part from the middle: lines swell and thin out as under a hand.
const STEEPEST: f64 = 0.12;
/// Reach over which the width is averaged, in pens.
const CALM_PENS: f64 = 2.0;

/// `curve`, fitted to `line`, with its wide stretches gone over again.
pub fn restated(curve: Vec<Point<Px>>, line: &Line, restating: Restating) -> Vec<Point<Px>> {
    if restating.from <= 0.0 || curve.len() < 3 {
        return curve;
    }
    let flank = flanks(&curve, line, restating);
    let mut out: Vec<Point<Px>> = Vec::with_capacity(curve.len() * 3);
    let mut i = 0;
    while i < curve.len() {
        let end = (i..curve.len()).find(|k| flank[*k] <= 0.0).unwrap_or(curve.len());
        let wide = &curve[i..end];
        let widest = flank[i..end].iter().copied().fold(0.0, f64::max);
        if length(wide) >= SHORTEST_PENS * restating.pen && widest >= LEAST_PENS * restating.pen {
            let side = |k: usize, sign: f64| curve[k] + across(&curve, k) * (sign * flank[k]);
            out.extend((i..end).map(|k| side(k, 1.0)));
            out.extend((i..end).rev().map(|k| side(k, -1.0)));
            // At the line's end the pen is done: the stretch's far end was reached on the way out.
            if end < curve.len() {
                out.extend(wide);
            }
        } else {
            out.extend(wide);
        }
        if end < curve.len() {
            out.push(curve[end]);
        }
        i = end + 1;
    }
    out
}

/// How far the flanks lie from the middle at each point of `curve`; 0 where the line is not wide.
fn flanks(curve: &[Point<Px>], line: &Line, restating: Restating) -> Vec<f64> {
    let pen = restating.pen;
    let widths: Vec<f64> = line.places.iter().map(|p| p.ink.min(2.0 * p.radius + 1.0)).collect();
    let reach = (CALM_PENS * pen).max(1.0) as usize;
    let calm = |at: usize| {
        let around = &widths[at.saturating_sub(reach)..(at + reach + 1).min(widths.len())];
        around.iter().sum::<f64>() / around.len() as f64
    };
    let most = FARTHEST_PENS * pen;
    let mut nearest = 0;
    let mut flanks: Vec<f64> = curve
        .iter()
        .map(|p| {
            // Places and points run the same way: the nearest place is found going on from the last one.
            while nearest + 1 < line.places.len()
                && (line.places[nearest + 1].at - *p).square_length() <= (line.places[nearest].at - *p).square_length()
            {
                nearest += 1;
            }
            let width = if widths.is_empty() { 0.0 } else { calm(nearest) };
            if width >= restating.from { ((width - pen) / 2.0).clamp(0.0, most) } else { 0.0 }
        })
        .collect();
    // A closed line has no ends to draw together at; an open one swells from its ends on.
    let is_open = !line.closed;
    for k in 0..curve.len() {
        limit(&mut flanks, curve, k, k.checked_sub(1), is_open);
    }
    for k in (0..curve.len()).rev() {
        limit(&mut flanks, curve, k, (k + 1 < curve.len()).then_some(k + 1), is_open);
    }
    flanks
}

/// Keeps the flank at `k` from parting faster than [`STEEPEST`] from the one at `from`, or from an open line's end.
fn limit(flanks: &mut [f64], curve: &[Point<Px>], k: usize, from: Option<usize>, is_open: bool) {
    let most = match from {
        Some(from) => flanks[from] + STEEPEST * (curve[k] - curve[from]).length(),
        None if is_open => STEEPEST,
        None => f64::INFINITY,
    };
    flanks[k] = flanks[k].min(most);
}

/// The unit vector across `curve` at point `k`.
fn across(curve: &[Point<Px>], k: usize) -> Vector<Px> {
    let along = curve[(k + 1).min(curve.len() - 1)] - curve[k.saturating_sub(1)];
    let length = along.length();
    if length > 0.0 { Vector::new(-along.y, along.x) / length } else { Vector::zero() }
}

fn length(points: &[Point<Px>]) -> f64 {
    points.windows(2).map(|w| (w[1] - w[0]).length()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strokes::graph::Trace;

    /// A level line 100 long whose ink is `wide` between 30 and 70.
    fn line(wide: f64) -> (Vec<Point<Px>>, Line) {
        let ink = |x: usize| if (30..=70).contains(&x) { wide } else { 3.0 };
        let place = |x: usize| Trace { at: Point::new(x as f64, 0.0), radius: ink(x) / 2.0, ink: ink(x), trust: 1.0 };
        let places: Vec<_> = (0..=100).map(place).collect();
        let curve = places.iter().step_by(4).map(|p| p.at).collect();
        (curve, Line { places, closed: false, attached: [false; 2] })
    }

    #[test]
    fn a_wide_stretch_is_drawn_thrice_and_a_thin_one_once() {
        let restating = Restating { pen: 3.0, from: 4.5 };
        let (curve, wide) = line(6.0);
        let drawn = restated(curve.clone(), &wide, restating);
        assert!((165.0..200.0).contains(&length(&drawn)), "{}", length(&drawn));
        assert!(drawn.iter().all(|p| p.y.abs() <= FARTHEST_PENS * 3.0 + 1e-9));
        assert_eq!((drawn[0], drawn[drawn.len() - 1]), (curve[0], curve[curve.len() - 1]));
        let (curve, thin) = line(4.0);
        assert_eq!(restated(curve.clone(), &thin, restating), curve);
        assert_eq!(restated(curve.clone(), &wide, Restating { pen: 3.0, from: 0.0 }), curve);
    }
}
