//! A portrait's lightness made even: dark and pale faces, hard and flat light, all come out alike; the backdrop white.
//!
//! Within the face the local mean is taken away and the spread set to one value; hair and clothes keep their own
//! lightness. Values around 0 black to 1 white. Refuses nothing.

use super::anatomy::Anatomy;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;

/// Reach of the local mean, in pixels: about a quarter of the eyes' distance.
const LOCAL_PX: f32 = 28.0;
/// Mean of an even face.
const MEAN: f32 = 0.72;
/// Standard deviation of an even face.
const SPREAD: f32 = 0.11;
/// The least spread a face is taken to have: a blank photo is not stretched into noise.
const LEAST_SPREAD: f32 = 0.02;

/// The even lightness of `portrait`.
pub fn even_light(portrait: &Portrait, anatomy: &Anatomy) -> Field {
    let light = colour_model::luma(portrait.pixels());
    let face = smooth::map(&smooth::gaussian(anatomy.skin(), 2.0), |skin| skin * skin);
    let mean = local_mean(&light, &face);
    let detail = smooth::map2(&light, &mean, |l, m| l - m);
    let weight: f32 = face.as_raw().iter().sum::<f32>().max(1.0);
    let variance: f32 = detail.as_raw().iter().zip(face.as_raw()).map(|(d, w)| d * d * w).sum::<f32>() / weight;
    let gain = SPREAD / variance.sqrt().max(LEAST_SPREAD);
    let even = smooth::map(&detail, |d| (MEAN + d * gain).clamp(0.0, 1.2));
    let mut out = light;
    for (i, value) in out.as_mut().iter_mut().enumerate() {
        let skin = face.as_raw()[i];
        let person = 1.0 - anatomy.backdrop().as_raw()[i];
        *value = (*value * (1.0 - skin) + even.as_raw()[i] * skin) * person + (1.0 - person);
    }
    out
}

/// The mean of `field` around each pixel, over pixels that `weight` counts.
fn local_mean(field: &Field, weight: &Field) -> Field {
    let sum = smooth::gaussian(&smooth::map2(field, weight, |v, w| v * w), LOCAL_PX);
    let total = smooth::gaussian(weight, LOCAL_PX);
    smooth::map2(&sum, &total, |s, t| s / (t + 1e-4))
}
