//! Black areas: ink too wide to be drawn as a line is set apart from the lines.
//!
//! What the opening of the mask by a disc leaves, the places where the pen could stand further than half the fill
//! width from paper, is area; a crossing of lines is a little wider than its lines and is told from an area by its
//! size. All lengths are grid pixels.

use image::GenericImageView;
use image::Luma;
use imageproc::distance_transform::euclidean_squared_distance_transform;
use imageproc::region_labelling::Connectivity;
use imageproc::region_labelling::connected_components;

use crate::raster::Field;
use crate::raster::Gray;
use crate::strokes::binarise::INK;
use crate::strokes::binarise::PAPER;

/// One black area: how deep each of its places lies inside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Distance to the area's edge, 0 outside; a part of the grid with a border of at least two zeros.
    pub depth: Field,
    /// Where that part begins on the grid.
    pub left: u32,
    /// Where that part begins on the grid.
    pub top: u32,
}

/// Places of an area's core, per pixel of its least radius: fewer are a crossing of lines.
const CORE_PER_RADIUS: f64 = 5.0;
/// An area takes its jagged rim along, grid pixels.
const RIM: f32 = 1.5;
/// Ink from which a place counts as black; a little over half, for noise.
const BLACK: f32 = 0.55;
/// Deepest that a line's places are measured, grid pixels.
pub const MOST_DEPTH: usize = 256;
/// Zeros around an area.
const BORDER: u32 = 3;

/// Distance of every place of ink to the nearest paper, 0 on paper.
pub fn radius(mask: &Gray) -> Field {
    let paper = Gray::from_fn(mask.width(), mask.height(), |x, y| Luma([INK - mask.get_pixel(x, y)[0]]));
    distance(&paper)
}

/// Distance of the place `i` of `mask` to the nearest paper, or `most` if that is nearer: the same as [`radius`], for few
/// places.
pub fn depth(mask: &Gray, i: usize, most: usize) -> f64 {
    let most = most as isize;
    let (w, h) = (mask.width() as isize, mask.height() as isize);
    let (x, y) = (i as isize % w, i as isize / w);
    let paper = |x: isize, y: isize| x < 0 || y < 0 || x >= w || y >= h || mask.as_raw()[(y * w + x) as usize] == PAPER;
    let mut nearest = most * most;
    for ring in 0..most {
        if ring * ring >= nearest {
            break;
        }
        for k in -ring..=ring {
            let square = ring * ring + k * k;
            if square < nearest
                && (paper(x + k, y - ring)
                    || paper(x + k, y + ring)
                    || paper(x - ring, y + k)
                    || paper(x + ring, y + k))
            {
                nearest = square;
            }
        }
    }
    (nearest as f64).sqrt()
}

/// Distance of every place to the nearest marked one.
fn distance(marked: &Gray) -> Field {
    let squared = euclidean_squared_distance_transform(marked);
    Field::from_fn(marked.width(), marked.height(), |x, y| {
        let d = squared.get_pixel(x, y)[0].sqrt();
        Luma([if d.is_finite() { d as f32 } else { 0.0 }])
    })
}

/// The areas at least `2 * least` wide in `mask`, and the mask without them. How wide the `ink` is, is measured where it
/// is half full: there blur moves no edge.
pub fn areas(mask: &Gray, ink: &Field, least: f64) -> (Vec<Area>, Gray) {
    let mut lines = mask.clone();
    let black = Gray::from_fn(mask.width(), mask.height(), |x, y| {
        Luma([if ink.get_pixel(x, y)[0] >= BLACK { mask.get_pixel(x, y)[0] } else { PAPER }])
    });
    let Some(core) = core(&black, least) else {
        return (Vec::new(), lines);
    };
    let labels = connected_components(&core, Connectivity::Eight, Luma([PAPER]));
    let count = labels.as_raw().iter().copied().max().unwrap_or(0) as usize;
    let mut boxes = vec![[u32::MAX, u32::MAX, 0, 0, 0]; count + 1];
    for (x, y, label) in labels.enumerate_pixels() {
        let [x0, y0, x1, y1, size] = &mut boxes[label[0] as usize];
        (*x0, *y0, *x1, *y1) = ((*x0).min(x), (*y0).min(y), (*x1).max(x), (*y1).max(y));
        *size += 1;
    }
    let mut areas = Vec::new();
    for (label, [x0, y0, x1, y1, size]) in boxes.into_iter().enumerate().skip(1) {
        if f64::from(size) < CORE_PER_RADIUS * least.max(1.0) {
            continue;
        }
        let reach = least as f32 + RIM;
        let pad = reach.ceil() as u32 + BORDER;
        let (left, top) = (x0.saturating_sub(pad), y0.saturating_sub(pad));
        let (right, bottom) = ((x1 + pad).min(mask.width() - 1), (y1 + pad).min(mask.height() - 1));
        let size = (right - left + 1, bottom - top + 1);
        let here = labels.view(left, top, size.0, size.1);
        let core = Gray::from_fn(size.0, size.1, |x, y| {
            Luma([if here.get_pixel(x, y)[0] as usize == label { INK } else { PAPER }])
        });
        let from_core = distance(&core);
        let area = Gray::from_fn(size.0, size.1, |x, y| {
            let rim = x < 2 || y < 2 || x + 2 >= size.0 || y + 2 >= size.1;
            let inside = !rim && from_core.get_pixel(x, y)[0] <= reach;
            Luma([if inside { mask.get_pixel(left + x, top + y)[0] } else { PAPER }])
        });
        for (x, y, v) in area.enumerate_pixels() {
            if v[0] == INK {
                lines.put_pixel(left + x, top + y, Luma([PAPER]));
            }
        }
        areas.push(Area { depth: self::radius(&area), left, top });
    }
    (areas, lines)
}

/// The places of `black` further than `least` from paper, if there are any.
fn core(black: &Gray, least: f64) -> Option<Gray> {
    let (w, raw) = (black.width() as usize, black.as_raw());
    // Most ink is no area: four places a little nearer than `least` tell before the distance is measured.
    let reach = least.floor() as usize;
    let mut core = Gray::new(black.width(), black.height());
    let mut any = false;
    for i in (0..raw.len()).filter(|i| raw[*i] == INK) {
        let black_at = |j: Option<usize>| j.and_then(|j| raw.get(j)).is_some_and(|v| *v == INK);
        let around = [i.checked_sub(reach), i.checked_sub(reach * w), Some(i + reach), Some(i + reach * w)];
        if around.into_iter().all(black_at) && depth(black, i, reach + 2) > least {
            core.as_mut()[i] = INK;
            any = true;
        }
    }
    any.then_some(core)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_is_an_area_and_the_line_beside_it_and_a_crossing_are_not() {
        let mask = Gray::from_fn(120, 80, |x, y| {
            let disc = (f64::from(x) - 40.0).hypot(f64::from(y) - 40.0) < 15.0;
            let cross = (80..86).contains(&x) || (y > 20 && (20..26).contains(&y));
            let inside = (6..114).contains(&x) && (6..74).contains(&y);
            Luma([if inside && (disc || cross) { INK } else { PAPER }])
        });
        let ink = Field::from_fn(120, 80, |x, y| Luma([f32::from(mask.get_pixel(x, y)[0]) / 255.0]));
        let (areas, lines) = areas(&mask, &ink, 3.5);
        assert_eq!(areas.len(), 1);
        assert_eq!(lines.get_pixel(40, 40)[0], PAPER);
        assert_eq!(lines.get_pixel(83, 22)[0], INK);
        let deepest = areas[0].depth.as_raw().iter().copied().fold(0.0, f32::max);
        assert!((13.0..17.0).contains(&deepest));
    }

    #[test]
    fn the_depth_of_one_place_is_that_of_the_whole_field() {
        let mask = Gray::from_fn(60, 50, |x, y| {
            let inside = (4..56).contains(&x) && (4..46).contains(&y);
            Luma([if inside && (x * 7 + y * 13) % 41 != 0 { INK } else { PAPER }])
        });
        let whole = radius(&mask);
        for (i, v) in whole.as_raw().iter().enumerate() {
            assert!((f64::from(*v) - depth(&mask, i, MOST_DEPTH)).abs() < 1e-6, "place {i}");
        }
    }
}
