//! Ink or paper: hysteresis on the plane of ink, with close lines kept apart.
//!
//! A place is ink if it is strong, or weak and joined to a strong one (Canny 1986's linking), and not much fainter than
//! the ink beside it. A place whose ink curves
//! upward across it, a valley between two ridges, is paper even where blur has made it dark: that is what keeps
//! hatching lines apart that a threshold alone would pour together.

use image::Luma;
use rayon::prelude::*;

use crate::raster::Field;
use crate::raster::Gray;

/// Ink, in a mask.
pub const INK: u8 = 255;
/// Paper, in a mask.
pub const PAPER: u8 = 0;

/// Curvature of ink (per grid pixel squared) from which a place is a valley.
const VALLEY: f32 = 0.012;
/// How much the ink must rise on both sides of a valley, within two grid pixels.
const RISE: f32 = 0.02;
/// Steepest floor of a valley, per grid pixel: a notch in a line's edge is steeper.
const SLOPE: f32 = 0.06;
/// A place is ink only from this share of the greatest ink around it: a dark line is cut where it is half as dark, so
/// that blur does not make it wide, while faint lines elsewhere are still seen.
const LOCAL_SHARE: f32 = 0.45;
/// How far around is looked for it, grid pixels.
const LOCAL_REACH: usize = 4;
/// Ink from which a place is black, valley or not.
const BLACK: f32 = 0.9;

/// The mask of `ink`: [`INK`] where `strong` is reached, or `weak` next to it, directly or over other weak places.
pub fn binarise(ink: &Field, strong: f64, weak: f64) -> Gray {
    let (width, height) = ink.dimensions();
    let (strong, weak) = (strong.max(weak) as f32, weak as f32);
    let (w, raw) = (width as usize, ink.as_raw());
    let around = greatest_around(ink);
    let is_ink = |i: usize| raw[i] >= weak.max(LOCAL_SHARE * around[i]) && (raw[i] >= BLACK || !is_valley(raw, w, i));
    let mut mask = Gray::new(width, height);
    let mut open: Vec<usize> = Vec::new();
    // The grid's border is paper, so that a place of ink always has all its neighbours.
    for y in 1..height.saturating_sub(1) as usize {
        for x in 1..w.saturating_sub(1) {
            let i = y * w + x;
            if raw[i] >= strong && is_ink(i) {
                mask.as_mut()[i] = INK;
                open.push(i);
            }
        }
    }
    while let Some(i) = open.pop() {
        for j in [i - w - 1, i - w, i - w + 1, i - 1, i + 1, i + w - 1, i + w, i + w + 1] {
            let (x, y) = (j % w, j / w);
            let inside = x > 0 && y > 0 && x + 1 < w && y + 1 < height as usize;
            if inside && mask.as_raw()[j] == PAPER && is_ink(j) {
                mask.put_pixel(x as u32, y as u32, Luma([INK]));
                open.push(j);
            }
        }
    }
    mask
}

/// The greatest ink within [`LOCAL_REACH`] of every place, in a square.
fn greatest_around(ink: &Field) -> Vec<f32> {
    let (w, h) = (ink.width() as usize, ink.height() as usize);
    let mut rows = vec![0.0f32; w * h];
    let mut both = vec![0.0f32; w * h];
    if w == 0 {
        return both;
    }
    let reach = LOCAL_REACH;
    rows.par_chunks_mut(w).zip(ink.as_raw().par_chunks(w)).for_each(|(out, row)| {
        for shift in 0..=2 * reach {
            let (from, to) = (shift.saturating_sub(reach), reach.saturating_sub(shift));
            let n = w.saturating_sub(from.max(to));
            for (o, v) in out[to..].iter_mut().zip(&row[from..]).take(n) {
                *o = o.max(*v);
            }
        }
    });
    both.par_chunks_mut(w).enumerate().for_each(|(y, out)| {
        for row in rows[y.saturating_sub(reach) * w..((y + reach + 1) * w).min(w * h)].chunks(w) {
            for (o, v) in out.iter_mut().zip(row) {
                *o = o.max(*v);
            }
        }
    });
    both
}

/// Whether ink curves upward at `i` (the greater eigenvalue of the Hessian, by central differences) and rises on both
/// sides along that direction; the foot of a line rises on one side only, and a notch in its edge slopes.
fn is_valley(raw: &[f32], w: usize, i: usize) -> bool {
    let xx = raw[i - 1] - 2.0 * raw[i] + raw[i + 1];
    let yy = raw[i - w] - 2.0 * raw[i] + raw[i + w];
    let xy = (raw[i - w - 1] + raw[i + w + 1] - raw[i - w + 1] - raw[i + w - 1]) / 4.0;
    let half = (xx - yy) / 2.0;
    if (xx + yy) / 2.0 + (half * half + xy * xy).sqrt() < VALLEY {
        return false;
    }
    let (x, y) = ((raw[i + 1] - raw[i - 1]) / 2.0, (raw[i + w] - raw[i - w]) / 2.0);
    if x * x + y * y > SLOPE * SLOPE {
        return false;
    }
    let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
    let (dx, dy) = ((2.0 * angle.cos()).round() as isize, (2.0 * angle.sin()).round() as isize);
    let step = dy * w as isize + dx;
    let side = |j: isize| usize::try_from(j).ok().and_then(|j| raw.get(j)).copied().unwrap_or(0.0);
    side(i as isize + step).min(side(i as isize - step)) > raw[i] + RISE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(width: u32, height: u32, ink: impl Fn(u32, u32) -> f32) -> Field {
        Field::from_fn(width, height, |x, y| Luma([ink(x, y)]))
    }

    #[test]
    fn weak_ink_counts_only_where_it_meets_strong_ink() {
        let row = |x: u32| match x {
            3..8 => 0.3,
            8..12 => 0.6,
            16..20 => 0.3,
            _ => 0.0,
        };
        let mask = binarise(&plane(24, 9, |x, y| if (3..6).contains(&y) { row(x) } else { 0.0 }), 0.5, 0.2);
        assert_eq!(mask.get_pixel(5, 4)[0], INK);
        assert_eq!(mask.get_pixel(17, 4)[0], PAPER);
    }

    #[test]
    fn a_dark_valley_between_two_ridges_is_paper() {
        let ridge = |x: u32| 0.55 + 0.25 * (f64::from(x) * std::f64::consts::TAU / 8.0).cos() as f32;
        let mask = binarise(&plane(40, 20, |x, _| ridge(x)), 0.5, 0.2);
        assert_eq!(mask.get_pixel(16, 10)[0], INK);
        assert_eq!(mask.get_pixel(20, 10)[0], PAPER);
    }
}
