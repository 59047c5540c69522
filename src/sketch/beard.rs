//! Hair of the face: where brows are filled, and where moustache and beard grow on those who have them.
//!
//! Regions call a beard skin. It is told from skin by what it is beside this person's own cheeks: darker, less colourful,
//! and of finer texture; a shadow is dark, but as colourful as the cheek and smooth. Values are shares from 0 to 1; lengths in
//! portrait pixels. Refuses nothing: on photos without colour darkness and texture decide.

use super::anatomy::Anatomy;
use super::lines::weighted_quantile;
use super::shapes;
use super::tone::blurred_within;
use super::tone::step;
use crate::face::Landmarks;
use crate::geom::Point;
use crate::geom::Px;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;

/// How much of each pixel of `portrait` is beard or moustache.
pub fn beard(portrait: &Portrait, anatomy: &Anatomy) -> Field {
    let luma = colour_model::luma(portrait.pixels());
    let (width, height) = luma.dimensions();
    let colour = portrait
        .pixels()
        .pixels()
        .map(|p| f32::from(p.0.iter().max().unwrap_or(&0) - p.0.iter().min().unwrap_or(&0)) / 255.0);
    let colour = smooth::of_size(width, height, colour.collect());
    let calm = |field: &Field, sigma_px: f32| blurred_within(field, anatomy.skin(), sigma_px);
    let (light, colour) = (calm(&luma, 2.5), calm(&colour, 2.5));
    let texture = calm(&smooth::map2(&luma, &calm(&luma, 1.5), |own, around| (own - around).abs()), 5.0);
    let cheeks = smooth::map2(&cheeks(), anatomy.skin(), |cheek, skin| cheek * skin);
    let usual = |field: &Field| weighted_quantile(field, &cheeks, 0.5);
    let (cheek_light, cheek_colour, cheek_texture) = (usual(&light), usual(&colour), usual(&texture));
    let coloured = step(cheek_colour, 0.03, 0.08);
    let mut beard = smooth::map2(anatomy.beard(), anatomy.skin(), |zone, skin| zone * skin);
    for (i, value) in beard.as_mut().iter_mut().enumerate() {
        let dark = 1.0 - light.as_raw()[i] / cheek_light.max(0.05);
        let pale = 1.0 - colour.as_raw()[i] / (cheek_colour + 0.02);
        let fine = texture.as_raw()[i] / (cheek_texture + 0.004);
        let hairy = coloured * step(pale, 0.12, 0.42) + (1.0 - coloured) * step(dark, 0.2, 0.4);
        // What is very dark and nearly without colour is hair, however blurred the photo.
        let sure = step(dark, 0.42, 0.6) * step(pale, 0.45, 0.65);
        *value *=
            (hairy * step(dark, 0.0, 0.22) * step(fine, 0.85, 1.3)).max(sure) * (1.0 - anatomy.mouth().as_raw()[i]);
    }
    match anatomy.landmarks() {
        Some(landmarks) => grown(beard, landmarks),
        None => beard,
    }
}

/// `beard` where enough of it grows in the middle of chin or upper lip: what is dark along the jaw alone is its shadow.
fn grown(mut beard: Field, landmarks: &Landmarks) -> Field {
    /// The share of the chin, or of the upper lip, from which on hair grows there, and from which on it surely does.
    const FROM: (f32, f32) = (0.11, 0.3);
    /// How soft the border between what belongs to the chin and to the upper lip is.
    const SOFT_PX: f64 = 12.0;
    let (lips, base) = (landmarks.outer_lips(), landmarks.nose_base());
    let chin = landmarks.jaw()[8];
    let below = lips[9];
    let aside = |p: Point<Px>, by: f64, down: f64| Point::new(p.x + by, p.y + down);
    let on_chin =
        [aside(below, -20.0, 6.0), aside(below, 20.0, 6.0), aside(chin, 22.0, -12.0), aside(chin, -22.0, -12.0)];
    let on_lip = [aside(base[0], -4.0, 5.0), aside(base[4], 4.0, 5.0), lips[5], lips[4], lips[2], lips[1]];
    let share = |outline: &[Point<Px>]| {
        let mut spot = Field::new(beard.width(), beard.height());
        shapes::patch(&mut spot, outline, 0.0, 1.0);
        let total: f32 = spot.as_raw().iter().sum();
        let hair: f32 = spot.as_raw().iter().zip(beard.as_raw()).map(|(spot, beard)| spot * beard).sum();
        step(hair / total.max(1.0), FROM.0, FROM.1)
    };
    let (chin_share, lip_share) = (share(&on_chin), share(&on_lip));
    let corners = (lips[0].y + lips[6].y) / 2.0;
    let (middle, half) = ((lips[0].x + lips[6].x) / 2.0, (lips[6].x - lips[0].x) / 2.0);
    for (x, y, value) in beard.enumerate_pixels_mut() {
        let below = step(((f64::from(y) - corners) / SOFT_PX) as f32, -1.0, 1.0);
        let beside = step((((f64::from(x) - middle).abs() - half) / SOFT_PX) as f32, 0.0, 1.0);
        let moustache = (1.0 - below) * (1.0 - beside);
        value.0[0] *= (1.0 - moustache) * chin_share + moustache * lip_share.max(chin_share);
    }
    beard
}

/// The middle of the cheeks, which stay bare: between the eyes and the wings of the nose, outside either.
fn cheeks() -> Field {
    const CENTRES: [(f64, f64); 2] = [(198.0, 284.0), (314.0, 284.0)];
    const RADIUS_PX: f32 = 16.0;
    let mut cheeks = Field::new(Portrait::SIDE, Portrait::SIDE);
    for (x, y) in CENTRES {
        let spot = [Point::new(x - 0.5, y), Point::new(x, y - 0.5), Point::new(x + 0.5, y)];
        shapes::patch(&mut cheeks, &spot, RADIUS_PX, 2.0);
    }
    cheeks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample::face;
    use crate::photo::sample;

    /// How much beard is found on the chin where its pixels are what `chin` makes of the sitter's.
    fn on_chin(chin: impl Fn(u32, u32, [u8; 3]) -> [u8; 3]) -> f32 {
        let sitter = sample::sitter(|_, _| [90, 120, 160]);
        let portrait = sample::portrait_of(|x, y| {
            let own = sitter.pixels().get_pixel(x, y).0;
            if (330..425).contains(&y) && (150..362).contains(&x) { chin(x, y, own) } else { own }
        });
        let beard = beard(&portrait, &Anatomy::of_face(&portrait, &face(0.0, |_, _| false)));
        beard.get_pixel(256, 392).0[0]
    }

    #[test]
    fn gray_stubbly_chins_have_a_beard_and_bare_or_shadowed_ones_none() {
        let hairs = |x: u32, y: u32, _: [u8; 3]| [if (x * 5 + y * 3) % 7 < 3 { 60 } else { 120 }; 3];
        assert!(on_chin(hairs) > 0.8, "{}", on_chin(hairs));
        assert!(on_chin(|_, _, own| own) < 0.05);
        let shadowed = |_: u32, _: u32, own: [u8; 3]| own.map(|v| (f32::from(v) * 0.75) as u8);
        assert!(on_chin(shadowed) < 0.2, "{}", on_chin(shadowed));
    }

    #[test]
    fn a_dark_rim_of_the_jaw_is_no_beard() {
        let sitter = sample::sitter(|_, _| [90, 120, 160]);
        let rim = |x: u32, y: u32| {
            let off = ((f64::from(x) - 256.0) / 118.0).hypot((f64::from(y) - 240.0) / 182.0);
            y > 330 && (0.93..1.2).contains(&off)
        };
        let portrait = sample::portrait_of(|x, y| {
            if rim(x, y) {
                [if (x * 5 + y * 3) % 7 < 3 { 40 } else { 60 }; 3]
            } else {
                sitter.pixels().get_pixel(x, y).0
            }
        });
        let anatomy = Anatomy::of_face(&portrait, &face(0.0, |_, _| false));
        let most = beard(&portrait, &anatomy).as_raw().iter().copied().fold(0.0, f32::max);
        assert!(most < 0.1, "{most}");
    }
}
