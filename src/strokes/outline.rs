//! Outlines: the closed curves along which a field crosses a level (marching squares, Lorensen & Cline 1987 in the
//! plane), to a fraction of a pixel.
//!
//! Every curve has the greater side on its right hand as seen on a screen, so outer outlines run clockwise and holes
//! the other way round. The field's outermost pixels must lie below the level.

use std::collections::BTreeMap;

use crate::geom::Point;
use crate::geom::Px;
use crate::raster::Field;

/// The closed curves of `field` at `level`, in pixels of the field; first and last point are the same.
pub fn outlines(field: &Field, level: f32) -> Vec<Vec<Point<Px>>> {
    let (w, h) = (field.width() as usize, field.height() as usize);
    let raw = field.as_raw();
    let inside = |i: usize| raw[i] >= level;
    // From each crossed grid edge to the next one on the curve; an edge's number is twice its pixel's, plus one if
    // it goes down and not right.
    let mut next: BTreeMap<usize, usize> = BTreeMap::new();
    for y in 0..h.saturating_sub(1) {
        for x in 0..w.saturating_sub(1) {
            let i = y * w + x;
            let (a, b, c, d) = (inside(i), inside(i + 1), inside(i + w + 1), inside(i + w));
            if a == b && b == c && c == d {
                continue;
            }
            let (top, right, bottom, left) = (2 * i, 2 * (i + 1) + 1, 2 * (i + w), 2 * i + 1);
            // Walking round the cell clockwise, the curve leaves where ink ends and comes in where it begins.
            let sides = [(top, a, b), (right, b, c), (bottom, c, d), (left, d, a)];
            let middle = (raw[i] + raw[i + 1] + raw[i + w] + raw[i + w + 1]) / 4.0 >= level;
            let starts: Vec<usize> = (0..4).filter(|k| !sides[*k].1 && sides[*k].2).collect();
            for k in starts {
                // The ink that begins at side k ends clockwise after it; at a saddle joined through the middle, the
                // curve turns around the paper before it instead.
                let ends = |j: &usize| sides[*j].1 && !sides[*j].2;
                let end = if middle {
                    (1..4).map(|s| (k + 4 - s) % 4).find(ends)
                } else {
                    (1..4).map(|s| (k + s) % 4).find(ends)
                };
                if let Some(end) = end {
                    next.insert(sides[end].0, sides[k].0);
                }
            }
        }
    }
    let crossing = |edge: usize| {
        let (i, down) = (edge / 2, edge % 2 == 1);
        let j = if down { i + w } else { i + 1 };
        let t = f64::from((level - raw[i]) / (raw[j] - raw[i])).clamp(0.0, 1.0);
        let (x, y) = ((i % w) as f64 + 0.5, (i / w) as f64 + 0.5);
        if down { Point::new(x, y + t) } else { Point::new(x + t, y) }
    };
    let mut curves = Vec::new();
    while let Some((start, mut at)) = next.pop_first() {
        let mut curve = vec![crossing(start)];
        while at != start {
            curve.push(crossing(at));
            match next.remove(&at) {
                Some(after) => at = after,
                None => break,
            }
        }
        curve.push(curve[0]);
        curves.push(curve);
    }
    curves
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    #[test]
    fn a_disc_with_a_hole_has_two_round_outlines() {
        let field = Field::from_fn(60, 60, |x, y| {
            let r = (f64::from(x) + 0.5 - 30.0).hypot(f64::from(y) + 0.5 - 30.0);
            Luma([(20.0 - r).min(r - 8.0) as f32])
        });
        let curves = outlines(&field, 2.0);
        assert_eq!(curves.len(), 2);
        for curve in curves {
            assert_eq!(curve.first(), curve.last());
            let radii: Vec<f64> = curve.iter().map(|p| (*p - Point::new(30.0, 30.0)).length()).collect();
            assert!(radii.iter().all(|r| (r - 18.0).abs() < 0.1) || radii.iter().all(|r| (r - 10.0).abs() < 0.1));
        }
    }

    #[test]
    fn saddles_close_all_their_curves() {
        let field = Field::from_fn(12, 12, |x, y| {
            let inside = (1..11).contains(&x) && (1..11).contains(&y);
            Luma([if inside && (x + y) % 2 == 0 { 1.0 } else { 0.0 }])
        });
        for level in [0.3, 0.5, 0.7] {
            assert!(outlines(&field, level).iter().all(|c| c.len() >= 4 && c.first() == c.last()));
        }
    }
}
