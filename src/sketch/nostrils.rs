//! The nostrils: what is plainly darker than the skin around it under the nose, as ink.
//!
//! Between landmarks of the nose's base lie two shadows that every face shows and that lines alone miss: they have no
//! border to follow. Only where a face was read, and only what the portrait shows: a nose seen from above has none.
//! Lengths in portrait pixels. Refuses nothing.

use super::anatomy::Anatomy;
use super::pieces::pieces;
use crate::geom::Rect;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Gray;
use image::Luma;

/// How far beyond the landmarks of the nose's base nostrils lie: to the sides, above, below.
const BESIDE_PX: f64 = 2.0;
const ABOVE_PX: f64 = 9.0;
const BELOW_PX: f64 = 5.0;
/// The least difference of lightness between skin and nostril.
const LEAST_CONTRAST: f32 = 0.08;
/// What is darker than this share of that difference is nostril.
const LEVEL: f32 = 0.55;
/// A nostril's area: less is no more than a pore, more is a moustache or the shadow of the nose.
const AREA_PX: std::ops::RangeInclusive<u32> = 10..=190;

/// `ink` with the nostrils of `portrait`'s sitter.
pub fn with_nostrils(mut ink: Gray, portrait: &Portrait, anatomy: &Anatomy) -> Gray {
    let Some(landmarks) = anatomy.landmarks() else { return ink };
    let base = Rect::from_points(landmarks.nose_base().iter().copied());
    let (left, right) = (base.min.x - BESIDE_PX, base.max.x + BESIDE_PX);
    let (above, below) = (base.min.y - ABOVE_PX, base.max.y + BELOW_PX);
    let within = |x: u32, y: u32| (left..right).contains(&f64::from(x)) && (above..below).contains(&f64::from(y));
    let luma = smooth::gaussian(&colour_model::luma(portrait.pixels()), 1.0);
    let mut values: Vec<f32> =
        luma.enumerate_pixels().filter(|(x, y, _)| within(*x, *y)).map(|(_, _, p)| p.0[0]).collect();
    values.sort_by(f32::total_cmp);
    let quantile = |share: f32| values.get((values.len() as f32 * share) as usize).copied().unwrap_or(0.0);
    let (dark, skin) = (quantile(0.01), quantile(0.6));
    if skin - dark < LEAST_CONTRAST * skin.max(0.3) {
        return ink;
    }
    let level = dark + LEVEL * (skin - dark);
    let spots = Gray::from_fn(luma.width(), luma.height(), |x, y| {
        Luma([if within(x, y) && luma.get_pixel(x, y).0[0] < level { 255 } else { 0 }])
    });
    let spots = pieces(&spots);
    for (pixel, spot) in ink.pixels_mut().zip(spots.labels()) {
        if *spot > 0 && AREA_PX.contains(&spots.area(*spot)) {
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

    /// How many pixels of ink the sample sitter gets whose nostrils are `light`, on skin of `skin`.
    fn inked(skin: u8, light: u8, radius_px: f64) -> usize {
        let face = face(0.0, |_, _| false);
        let base = face.landmarks().nose_base();
        let spots = [base[1], base[3]];
        let portrait = sample::portrait_of(|x, y| {
            let dark = spots.iter().any(|spot| (spot.x - f64::from(x)).hypot(spot.y - f64::from(y)) < radius_px);
            [if dark { light } else { skin }; 3]
        });
        let paper = Gray::from_pixel(512, 512, Luma([255]));
        let ink = with_nostrils(paper, &portrait, &Anatomy::of_face(&portrait, &face));
        ink.pixels().filter(|pixel| pixel.0[0] == 0).count()
    }

    #[test]
    fn two_dark_spots_under_the_nose_are_ink_on_skin_of_every_lightness() {
        for (skin, light) in [(220, 120), (150, 70), (70, 30)] {
            let drawn = inked(skin, light, 3.0);
            assert!((20..90).contains(&drawn), "{drawn} px of ink on skin of {skin}");
        }
    }

    #[test]
    fn even_skin_and_moustaches_have_none() {
        assert_eq!(inked(180, 176, 3.0), 0, "a faint shadow");
        assert_eq!(inked(180, 40, 12.0), 0, "all dark: a moustache");
    }
}
