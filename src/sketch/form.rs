//! Hatching along the form: strokes on clothes bend over shoulders and follow folds instead of running one way, those in
//! hair follow whole locks.
//!
//! The direction of clothes is that of a tensor field: a hatching angle that leans outward over the shoulders as cloth does on a round
//! body, mixed with the orientation of the folds that the portrait shows (structure tensor, as in `flow`). Lengths in portrait
//! pixels, angles in radians from x towards y (down). Refuses nothing.

use image::Luma;

use super::Tone;
use super::anatomy::Anatomy;
use super::even_light::even_light;
use super::flow::edge_flow;
use super::tone::blurred_within;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;

/// Smoothing of the folds' orientation.
const FOLDS_PX: f32 = 9.0;
/// How far strokes lean outward at the picture's sides, beside the middle.
const LEAN: f32 = 0.65;
/// Smoothing of the flow of hair: whole locks, so that strokes run on.
const LOCKS_PX: f32 = 5.5;
/// Smoothing of the shade: neighbouring strokes differ little in length.
const SHADE_PX: f32 = 2.0;

/// `direction`, an angle at each pixel, turned to the locks in hair, and in clothes to the form as far as `bend`, 0 (not at
/// all) to 1, says.
pub fn bent(direction: &Field, portrait: &Portrait, anatomy: &Anatomy, bend: f32) -> Field {
    let light = smooth::gaussian(&colour_model::luma(portrait.pixels()), 2.5);
    let folds = edge_flow(&light, FOLDS_PX);
    let locks = edge_flow(&even_light(portrait, anatomy), LOCKS_PX);
    let middle = Portrait::SIDE as f32 / 2.0;
    Field::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| {
        let old = direction.get_pixel(x, y).0[0];
        if anatomy.hair().get_pixel(x, y).0[0] > 0.5 {
            let [tx, ty] = locks.tangent(x as usize, y as usize);
            return Luma([ty.atan2(tx).rem_euclid(std::f32::consts::PI)]);
        }
        if anatomy.clothes().get_pixel(x, y).0[0] < 0.5 {
            return Luma([old]);
        }
        let aside = (x as f32 - middle) / middle;
        let leaning = old + bend * LEAN * aside;
        let [tx, ty] = folds.tangent(x as usize, y as usize);
        let fold = ty.atan2(tx);
        // Doubled angles have no seam; folds along the hatching count, those across it would make a net.
        let agrees = (0.5 + 0.5 * (2.0 * (fold - leaning)).cos()) * 0.9 * bend;
        let sin = (1.0 - agrees) * (2.0 * leaning).sin() + agrees * (2.0 * fold).sin();
        let cos = (1.0 - agrees) * (2.0 * leaning).cos() + agrees * (2.0 * fold).cos();
        Luma([(0.5 * sin.atan2(cos)).rem_euclid(std::f32::consts::PI)])
    })
}

/// `tone` with hair hatched along its locks, and clothes along the form as far as `bend`, 0 (not at all) to 1, says.
pub fn along_the_form(tone: &Tone, portrait: &Portrait, anatomy: &Anatomy, bend: f32) -> Tone {
    let direction = bent(tone.direction(), portrait, anatomy, bend);
    let rough =
        smooth::of_size(Portrait::SIDE, Portrait::SIDE, tone.shade().as_raw().iter().map(|v| f32::from(*v)).collect());
    let calm = blurred_within(&rough, anatomy.hair(), SHADE_PX);
    let shade = Gray::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| {
        let old = tone.shade().get_pixel(x, y).0[0];
        let in_hair = anatomy.hair().get_pixel(x, y).0[0] > 0.5 && old < 255;
        Luma([if in_hair { calm.get_pixel(x, y).0[0].round() as u8 } else { old }])
    });
    Tone::new(shade, direction).unwrap_or_else(|| tone.clone())
}
