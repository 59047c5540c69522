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
    let bodies = open(&dark, Norm::L2, THICK_PX);
    let pieces = pieces(&bodies);
    for (pixel, piece) in ink.pixels_mut().zip(pieces.labels()) {
        if *piece > 0 && pieces.area(*piece) >= LEAST_AREA_PX {
            pixel.0[0] = 0;
        }
    }
    ink
}
