//! Specks: marks with too little ink to say anything, taken away.
//!
//! Ink is 0 black to 255 paper, areas are in pixels. Refuses nothing.

use image::Luma;

use super::LineDrawing;
use super::pieces::pieces;
use crate::raster::Gray;

/// Ink below it is a line.
pub const INK: u8 = 128;
/// Ink below it hangs together, and may be part of a line.
pub const PALE: u8 = 200;
/// F's lines of less ink are specks.
const LEAST_LINE_PX: u32 = 24;

/// Those of `lines` that are strokes.
pub fn clear(lines: &LineDrawing) -> LineDrawing {
    LineDrawing::new(without_specks(lines.ink().clone(), LEAST_LINE_PX))
}

/// `ink` without pieces of fewer than `least_px` px of ink.
pub fn without_specks(mut ink: Gray, least_px: u32) -> Gray {
    // A piece is all that hangs together by its paler borders.
    let mask = Gray::from_fn(ink.width(), ink.height(), |x, y| Luma([u8::from(ink.get_pixel(x, y).0[0] < PALE) * 255]));
    let pieces = pieces(&mask);
    let mut dark = vec![0u32; pieces.count()];
    for (label, value) in pieces.labels().iter().zip(ink.as_raw()) {
        dark[*label as usize] += u32::from(*value < INK);
    }
    for (label, value) in pieces.labels().iter().zip(ink.iter_mut()) {
        if *label == 0 || dark[*label as usize] < least_px {
            *value = 255;
        }
    }
    ink
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_with_its_pale_borders_and_a_speck_goes_with_its_own() {
        let ink = Gray::from_fn(60, 20, |x, y| {
            Luma([match (x, y) {
                (5..=40, 10) => 40,
                (5..=40, 9 | 11) | (50..=52, 4..=6) if (x, y) != (51, 5) => 180,
                (51, 5) => 40,
                (5..=30, 17) => 160,
                _ => 255,
            }])
        });
        let left = clear(&LineDrawing::new(ink.clone()));
        for (x, y, pixel) in left.ink().enumerate_pixels() {
            let wanted = if (8..=12).contains(&y) && x < 45 { ink.get_pixel(x, y).0[0] } else { 255 };
            assert_eq!(pixel.0[0], wanted, "at ({x}, {y})");
        }
        // One more pixel of ink than there is is asked for.
        assert!(without_specks(ink, 37).iter().all(|ink| *ink == 255));
    }
}
