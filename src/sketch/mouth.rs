//! The mouth: closed lips meet in one line from corner to corner; an open smile is two curves that meet at the corners,
//! white teeth between them, and the dark gap as ink.
//!
//! Landmarks say where the lips' inner borders run, the portrait's own pixels what lies between. Only where a face was
//! read. Lengths in portrait pixels. Refuses nothing.

use super::anatomy::Anatomy;
use super::pieces::pieces;
use super::shapes;
use crate::face::Landmarks;
use crate::geom::Point;
use crate::geom::Px;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;

/// A mouth is open from this distance of the lips' inner borders on.
const OPEN_PX: f64 = 5.0;
/// Width of the lines between the lips.
const WIDTH_PX: f64 = 2.2;
/// A line this close to where the lips meet is that line.
const NEAR_PX: u8 = 3;

/// `ink` with the mouth of `portrait`'s sitter.
pub fn with_mouth(mut ink: Gray, portrait: &Portrait, anatomy: &Anatomy) -> Gray {
    let Some(landmarks) = anatomy.landmarks() else { return ink };
    if landmarks.mouth_opening_px() >= OPEN_PX {
        open_mouth(&mut ink, portrait, landmarks);
    } else {
        let inner = landmarks.inner_lips();
        let meeting: Vec<_> = (0..5).map(|i| inner[i].lerp(inner[(8 - i) % 8], 0.5)).collect();
        shapes::close(&mut ink, &shapes::smooth_line(&meeting), WIDTH_PX, NEAR_PX, 3.0);
    }
    close_lips(&mut ink, portrait, landmarks);
    ink
}

/// The outer border of the lips where their pixels differ from the skin's, by lightness or by redness.
fn close_lips(ink: &mut Gray, portrait: &Portrait, landmarks: &Landmarks) {
    /// Least difference across the border.
    const LEAST: f32 = 0.035;
    /// How far from the border the two sides are looked at.
    const SIDE_PX: f64 = 4.0;
    /// Lips thinner than this are one line with the mouth.
    const THIN_PX: f64 = 6.0;
    const LEAST_LENGTH_PX: f64 = 8.0;
    let luma = smooth::gaussian(&colour_model::luma(portrait.pixels()), 1.5);
    let red = portrait.pixels().pixels().map(|p| (f32::from(p.0[0]) - f32::from(p.0[1])) / 255.0).collect();
    let red = smooth::gaussian(&smooth::of_size(luma.width(), luma.height(), red), 1.5);
    let middle = landmarks.inner_lips().iter().fold(Point::zero(), |sum, p| sum + p.to_vector() / 8.0);
    let differs = |p: &Point<Px>| {
        let out = Point::new(middle.x + 0.6 * (p.x - middle.x), middle.y);
        let away = (*p - out) / (*p - out).length().max(1e-6) * SIDE_PX;
        let (lip, skin) = (*p - away, *p + away);
        let step = |field: &Field| shapes::value(field, skin) - shapes::value(field, lip);
        step(&luma).max(-step(&red)) > LEAST
    };
    let (outer, inner) = (landmarks.outer_lips(), landmarks.inner_lips());
    for (border, thickness) in
        [(&outer[1..6], (outer[3] - inner[2]).length()), (&outer[7..12], (outer[9] - inner[6]).length())]
    {
        if thickness >= THIN_PX {
            for run in shapes::runs(&shapes::smooth_line(border), differs) {
                shapes::close(ink, &run, WIDTH_PX, NEAR_PX, LEAST_LENGTH_PX);
            }
        }
    }
}

/// Clears what lies between the lips and draws it anew: their borders, the dark gap, the corners.
fn open_mouth(ink: &mut Gray, portrait: &Portrait, landmarks: &Landmarks) {
    /// The corners of a smile are its darkest places.
    const CORNER_PX: f64 = 2.8;
    let inner = landmarks.inner_lips();
    let between = shapes::smooth_ring(inner);
    let upper = shapes::smooth_line(&inner[0..5]);
    let lower = shapes::smooth_line(&[inner[4], inner[5], inner[6], inner[7], inner[0]]);
    let gap = dark_gap(portrait, &between);
    for (x, y, pixel) in ink.enumerate_pixels_mut() {
        let at = Point::new(f64::from(x), f64::from(y));
        if near_bounds(&between, at) && (shapes::inside(&between, at) || on(&between, at)) {
            pixel.0[0] = if gap.get_pixel(x, y).0[0] > 0 { 0 } else { 255 };
        }
    }
    shapes::draw(ink, &upper, WIDTH_PX);
    shapes::draw(ink, &lower, WIDTH_PX);
    for corner in [0, 4] {
        let (out, into) = (inner[corner], landmarks.outer_lips()[if corner == 0 { 0 } else { 6 }]);
        shapes::draw(ink, &[out, into], CORNER_PX);
    }
}

/// What is dark between the lips while something else there is bright: the gap between teeth and lip.
fn dark_gap(portrait: &Portrait, between: &[Point<Px>]) -> Gray {
    /// The least difference between teeth and gap: less is one shade of teeth, or none at all.
    const LEAST_CONTRAST: f32 = 0.16;
    const LEAST_AREA_PX: u32 = 24;
    /// The least width of a gap, in widths of what lies between the lips: less is the shadow between two teeth.
    const LEAST_WIDTH: f64 = 0.15;
    let luma = smooth::gaussian(&colour_model::luma(portrait.pixels()), 0.8);
    let mut values: Vec<f32> = Vec::new();
    for (x, y, p) in luma.enumerate_pixels() {
        let at = Point::new(f64::from(x), f64::from(y));
        if near_bounds(between, at) && shapes::inside(between, at) {
            values.push(p.0[0]);
        }
    }
    values.sort_by(f32::total_cmp);
    let quantile = |share: f32| values.get((values.len() as f32 * share) as usize).copied().unwrap_or(0.0);
    let (dark, bright) = (quantile(0.05), quantile(0.9));
    let level = if bright - dark < LEAST_CONTRAST { 0.0 } else { dark + 0.36 * (bright - dark) };
    let mut gap = Gray::from_fn(luma.width(), luma.height(), |x, y| {
        let at = Point::new(f64::from(x), f64::from(y));
        let dark = luma.get_pixel(x, y).0[0] < level;
        Luma([if dark && near_bounds(between, at) && shapes::inside(between, at) { 255 } else { 0 }])
    });
    let patches = pieces(&gap);
    let mut spans = vec![(u32::MAX, 0); patches.count()];
    for ((x, ..), patch) in gap.enumerate_pixels().zip(patches.labels()) {
        let (least, most) = &mut spans[*patch as usize];
        (*least, *most) = ((*least).min(x), (*most).max(x));
    }
    let bounds = crate::geom::Rect::from_points(between.iter().copied());
    for (pixel, patch) in gap.pixels_mut().zip(patches.labels()) {
        let (least, most) = spans[*patch as usize];
        let narrow = f64::from(most.saturating_sub(least)) < LEAST_WIDTH * bounds.width();
        if patches.area(*patch) < LEAST_AREA_PX || narrow {
            pixel.0[0] = 0;
        }
    }
    gap
}

fn near_bounds(outline: &[Point<Px>], at: Point<Px>) -> bool {
    crate::geom::Rect::from_points(outline.iter().copied()).inflate(4.0, 4.0).contains(at)
}

/// Whether `at` lies so near the outline that a line there is the outline itself.
fn on(outline: &[Point<Px>], at: Point<Px>) -> bool {
    const ON_PX: f64 = 3.2;
    (0..outline.len()).any(|i| shapes::to_piece(at, outline[i], outline[(i + 1) % outline.len()]) < ON_PX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample::face;
    use crate::photo::sample;

    /// The sample sitter with an open mouth: `teeth` above `gap`.
    fn mouth_of(teeth: u8, gap: u8) -> Gray {
        let sitter = sample::sitter(|_, _| [90, 120, 160]);
        let face = face(18.0, |_, _| false);
        let between = shapes::smooth_ring(face.landmarks().inner_lips());
        let portrait = sample::portrait_of(|x, y| {
            let inside = shapes::inside(&between, Point::new(f64::from(x), f64::from(y)));
            if inside { [if y < 348 { teeth } else { gap }; 3] } else { sitter.pixels().get_pixel(x, y).0 }
        });
        let scribbled = Gray::from_fn(512, 512, |x, y| Luma([if y == 342 && x % 9 < 5 { 0 } else { 255 }]));
        with_mouth(scribbled, &portrait, &Anatomy::of_face(&portrait, &face))
    }

    fn at(ink: &Gray, x: u32, y: u32) -> u8 {
        ink.get_pixel(x, y).0[0]
    }

    #[test]
    fn a_smile_has_white_teeth_a_dark_gap_and_curved_borders() {
        let ink = mouth_of(235, 30);
        assert!((240..272).all(|x| at(&ink, x, 342) == 255), "teeth stay paper, whatever lines were found there");
        assert!((246..266).all(|x| at(&ink, x, 352) == 0), "the gap is ink");
        let upper = (326..346).find(|y| at(&ink, 256, *y) < 128).expect("an upper border");
        let corner = (326..360).find(|y| at(&ink, 222, *y) < 128).expect("a border near the corner");
        assert!(corner > upper + 1, "the upper border is at {upper}, near the corner at {corner}");
    }

    #[test]
    fn the_shadow_in_one_corner_of_a_smile_is_no_gap() {
        let sitter = sample::sitter(|_, _| [90, 120, 160]);
        let face = face(18.0, |_, _| false);
        let between = shapes::smooth_ring(face.landmarks().inner_lips());
        let portrait = sample::portrait_of(|x, y| {
            let inside = shapes::inside(&between, Point::new(f64::from(x), f64::from(y)));
            if inside { [if x < 281 { 235 } else { 30 }; 3] } else { sitter.pixels().get_pixel(x, y).0 }
        });
        let ink = with_mouth(Gray::from_pixel(512, 512, Luma([255])), &portrait, &Anatomy::of_face(&portrait, &face));
        assert!((240..276).all(|x| at(&ink, x, 346) == 255), "no ink between the lips");
    }

    #[test]
    fn teeth_alone_have_no_gap() {
        assert!((340..352).all(|y| at(&mouth_of(235, 235), 256, y) == 255));
    }

    #[test]
    fn closed_lips_meet_in_one_line() {
        let sitter = sample::sitter(|_, _| [90, 120, 160]);
        let anatomy = Anatomy::of_face(&sitter, &face(0.0, |_, _| false));
        let ink = with_mouth(Gray::from_pixel(512, 512, Luma([255])), &sitter, &anatomy);
        assert!((224..288).all(|x| at(&ink, x, 346) < 128));
        assert!((252..260).all(|x| at(&ink, x, 342) == 255 && at(&ink, x, 350) == 255));
    }
}
