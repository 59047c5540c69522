//! Rims of glasses: dark and wide ones become solid ink, as wide as they are.
//!
//! Thin rims are lines like others; what is added here is the body of thick ones, which a line through their middle would
//! make thin. Only where a face was read. Lengths in portrait pixels. Refuses nothing.

use super::anatomy::Anatomy;
use super::lines::weighted_quantile;
use super::pieces::pieces;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Gray;
use image::Luma;
use imageproc::distance_transform::Norm;
use imageproc::morphology::open;

/// Rims are darker than this share of the skin's middle.
const DARK: f32 = 0.55;
/// Half the width from which on a rim is thick.
const THICK_PX: u8 = 1;
/// Half the width from which on it is none.
const WIDEST_PX: u8 = 5;
/// The least body of a rim, in square pixels.
const LEAST_AREA_PX: u32 = 140;

/// `ink` with the thick rims of `portrait`'s sitter.
pub fn with_rims(mut ink: Gray, portrait: &Portrait, anatomy: &Anatomy) -> Gray {
    if anatomy.glasses().as_raw().iter().all(|share| *share <= 0.0) {
        return ink;
    }
    let luma = smooth::gaussian(&colour_model::luma(portrait.pixels()), 0.7);
    let skin = weighted_quantile(&luma, anatomy.skin(), 0.5);
    let dark = Gray::from_fn(ink.width(), ink.height(), |x, y| {
        let share = anatomy.glasses().get_pixel(x, y).0[0] * (1.0 - anatomy.eyes().get_pixel(x, y).0[0]);
        Luma([if share > 0.5 && luma.get_pixel(x, y).0[0] < DARK * skin { 255 } else { 0 }])
    });
    // What is wider than any rim is a shadow behind the lens.
    let shadows = open(&dark, Norm::L2, WIDEST_PX);
    let mut bodies = open(&dark, Norm::L2, THICK_PX);
    bodies.iter_mut().zip(shadows.iter()).filter(|(_, shadow)| **shadow > 0).for_each(|(body, _)| *body = 0);
    let pieces = pieces(&bodies);
    for (pixel, piece) in ink.pixels_mut().zip(pieces.labels()) {
        if *piece > 0 && pieces.area(*piece) >= LEAST_AREA_PX {
            pixel.0[0] = 0;
        }
    }
    ink
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample::face;
    use crate::photo::sample;

    #[test]
    fn thick_rims_are_solid_and_shadows_behind_the_lens_are_not() {
        let ring = |x: u32, y: u32| {
            let off = |cx: f64| ((f64::from(x) - cx).hypot(f64::from(y) - 236.0) - 36.0).abs();
            off(206.0).min(off(306.0))
        };
        let rim = |x, y| ring(x, y) < 3.5;
        let shadow = |x: u32, y: u32| (196..218).contains(&x) && (252..268).contains(&y);
        let sitter = sample::sitter(|_, _| [90, 120, 160]);
        let portrait = sample::portrait_of(|x, y| {
            if rim(x, y) || shadow(x, y) { [20, 20, 24] } else { sitter.pixels().get_pixel(x, y).0 }
        });
        let anatomy = Anatomy::of_face(&portrait, &face(0.0, |x, y| rim(x, y) || shadow(x, y)));
        let ink = with_rims(Gray::from_pixel(512, 512, Luma([255])), &portrait, &anatomy);
        for x in [170, 342] {
            assert_eq!(ink.get_pixel(x, 236).0[0], 0, "the rim at {x}");
        }
        assert_eq!(ink.get_pixel(207, 258).0[0], 255, "a shadow");
    }
}
