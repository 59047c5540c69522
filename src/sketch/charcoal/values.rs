//! How light each place of a charcoal drawing is, part by part, before it is rubbed: 1 paper, 0 black.
//!
//! A face's values are read against the median of its own skin and scaled to one spread, coarse, middle and fine form apart:
//! pale and dark people, flat and hard light come out alike. Hair is stretched between its own darks and lights, white hair
//! stays light. Lengths in portrait pixels. Refuses nothing.

use super::CharcoalHand;
use crate::face::Side;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;
use crate::sketch::anatomy::Anatomy;
use crate::sketch::beard::beard;
use crate::sketch::lines::weighted_quantile;
use crate::sketch::shapes;
use crate::sketch::tone::blurred_within;
use crate::sketch::tone::step;

/// The values of `portrait`.
pub fn values(portrait: &Portrait, anatomy: &Anatomy, hand: &CharcoalHand) -> Field {
    let light = colour_model::luma(portrait.pixels());
    let usual = weighted_quantile(&light, anatomy.skin(), 0.5).max(0.05);
    let mut values = skin(&light, usual, portrait, anatomy, hand);
    let hair = hair(&light, usual, anatomy, hand);
    let calm = smooth::gaussian(&light, 1.5);
    for (i, value) in values.as_mut().iter_mut().enumerate() {
        let cloth = 1.0 - (0.66 - 0.62 * step(calm.as_raw()[i], 0.02, 0.62)) * hand.depth;
        *value = *value * anatomy.skin().as_raw()[i]
            + hair.as_raw()[i] * anatomy.hair().as_raw()[i]
            + cloth * anatomy.clothes().as_raw()[i]
            + anatomy.backdrop().as_raw()[i];
        *value = value.clamp(0.0, 1.0);
    }
    values
}

/// Skin, with beard, lips and the whites of the eyes.
fn skin(light: &Field, usual: f32, portrait: &Portrait, anatomy: &Anatomy, hand: &CharcoalHand) -> Field {
    /// How light a face's middle is.
    const MIDDLE: f32 = 0.87;
    /// Weight of coarse, middle and fine form.
    const FORM: [f32; 3] = [0.092, 0.062, 0.022];
    /// The least spread that each is taken to have: a flat photo is not stretched into noise.
    const LEAST: [f32; 3] = [0.06, 0.03, 0.02];
    let ratio = smooth::map(light, |light| (light.max(0.02) / usual).ln());
    let [coarse, middle, fine] = [14.0, 3.0, 1.0].map(|px| blurred_within(&ratio, anatomy.skin(), px));
    let usual_form = weighted_quantile(&coarse, anatomy.skin(), 0.6);
    let details = [
        smooth::map(&coarse, |v| v - usual_form),
        smooth::map2(&middle, &coarse, |middle, coarse| middle - coarse),
        smooth::map2(&fine, &middle, |fine, middle| fine - middle),
    ];
    let spreads = [0, 1, 2].map(|i: usize| spread(&details[i], anatomy.skin()).max(LEAST[i]));
    let lit = |i: usize, part: usize, range: (f32, f32)| {
        FORM[part] * (details[part].as_raw()[i] / spreads[part]).clamp(range.0, range.1)
    };
    let beard = beard(portrait, anatomy);
    let of_beard = 0.7 * weighted_quantile(&ratio, &beard, 0.5).exp().clamp(0.15, 0.9);
    let whites = whites(anatomy);
    // Shadows age a child.
    let modelling = hand.modelling * (1.0 - 0.35 * anatomy.youth());
    let mut skin = ratio;
    for (i, value) in skin.as_mut().iter_mut().enumerate() {
        let (form, middle, fine) = (lit(i, 0, (-2.4, 1.2)), lit(i, 1, (-3.0, 2.0)), lit(i, 2, (-3.0, 3.0)));
        let lips = 0.07 * anatomy.lips().as_raw()[i];
        let bare = MIDDLE + modelling * (form + middle + fine) - lips;
        let hairy = (of_beard + 1.6 * middle + 2.5 * fine).clamp(0.1, 0.9);
        let beard = 0.85 * step(beard.as_raw()[i], 0.15, 0.6);
        let white = 0.6 * whites.as_raw()[i];
        *value = (bare * (1.0 - beard) + hairy * beard) * (1.0 - white) + 0.97 * white;
        *value = value.clamp(0.3 * (1.0 - beard), 1.0);
    }
    skin
}

/// The standard deviation of `field` over what `region` surely holds.
fn spread(field: &Field, region: &Field) -> f32 {
    let (mut n, mut sum, mut squares) = (0.0f64, 0.0f64, 0.0f64);
    for (value, share) in field.as_raw().iter().zip(region.as_raw()) {
        if *share > 0.7 {
            let value = f64::from(*value);
            (n, sum, squares) = (n + 1.0, sum + value, squares + value * value);
        }
    }
    let mean = sum / n.max(1.0);
    (squares / n.max(1.0) - mean * mean).max(0.0).sqrt() as f32
}

/// What lies open between the lids.
fn whites(anatomy: &Anatomy) -> Field {
    let mut whites = Field::new(Portrait::SIDE, Portrait::SIDE);
    if let Some(landmarks) = anatomy.landmarks() {
        for side in Side::BOTH {
            shapes::patch(&mut whites, &shapes::smooth_ring(landmarks.lids(side)), 0.0, 1.5);
        }
    }
    whites
}

/// Hair between its own darks and lights, against its own surroundings; white hair light, black hair deep.
fn hair(light: &Field, usual: f32, anatomy: &Anatomy, hand: &CharcoalHand) -> Field {
    /// Reach of what a lock is compared with.
    const AROUND_PX: f32 = 12.0;
    const LOCAL: f32 = 0.45;
    let region = anatomy.hair();
    let [dark, middle, bright] = [0.06, 0.5, 0.92].map(|share| weighted_quantile(light, region, share));
    let range = (bright - dark).max(0.05);
    let (around, own) = (blurred_within(light, region, AROUND_PX), blurred_within(light, region, 1.0));
    // Light against the light that falls on this face, and by itself: dark skin makes no hair white.
    let pale = middle.max(0.6 * middle / usual.max(0.35));
    let deepest = 0.10 + 0.42 * step(pale, 0.35, 0.8);
    let lightest = 0.62 + 0.36 * step(pale, 0.3, 0.7);
    let relative = smooth::map2(light, &smooth::map2(&own, &around, |own, around| own - around), |light, local| {
        let in_all = ((light - dark) / range).clamp(0.0, 1.2);
        let nearby = 0.5 + local / (0.5 * range);
        (in_all * (1.0 - LOCAL) + nearby * LOCAL).clamp(0.0, 1.15)
    });
    smooth::map(&relative, |relative| 1.0 - (1.0 - (deepest + (lightest - deepest) * relative.powf(1.15))) * hand.depth)
}
