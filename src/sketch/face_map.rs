//! Where in the canonical frame a face has its features: soft weights for eyes, brows, nose and mouth.
//!
//! Means and spreads are those of 1,778 sets of 68 landmarks in the frame (eyes within 2 px, brows 5, mouth 9, jaw
//! 13), widened because a portrait composed from a box or a centred square is less well aligned. Lengths in pixels of
//! the 512-px frame. Refuses nothing.

use crate::photo::Portrait;
use crate::raster::Field;
use image::Luma;

/// One feature: an ellipse of full weight, and how far outside it the weight falls to nothing.
struct Patch {
    centre: [f32; 2],
    half: [f32; 2],
    soft_px: f32,
}

const fn patch(x: f32, y: f32, half_width: f32, half_height: f32, soft_px: f32) -> Patch {
    Patch { centre: [x, y], half: [half_width, half_height], soft_px }
}

const EYES: [Patch; 2] = [patch(206.0, 236.0, 36.0, 18.0, 14.0), patch(306.0, 236.0, 36.0, 18.0, 14.0)];
const BROWS: [Patch; 2] = [patch(199.0, 206.0, 44.0, 14.0, 12.0), patch(313.0, 206.0, 44.0, 14.0, 12.0)];
const NOSE: [Patch; 1] = [patch(256.0, 300.0, 40.0, 18.0, 16.0)];
const MOUTH: [Patch; 1] = [patch(256.0, 345.0, 58.0, 26.0, 18.0)];
const BEARD: [Patch; 1] = [patch(256.0, 365.0, 96.0, 62.0, 20.0)];

/// The weight of the eyes at each pixel, 0 to 1.
pub fn eyes() -> Field {
    weights(&EYES)
}

/// The weight of the brows.
pub fn brows() -> Field {
    weights(&BROWS)
}

/// The weight of the tip and wings of the nose.
pub fn nose() -> Field {
    weights(&NOSE)
}

/// The weight of the mouth.
pub fn mouth() -> Field {
    weights(&MOUTH)
}

/// The weight of where moustache and beard grow.
pub fn beard() -> Field {
    weights(&BEARD)
}

fn weights(patches: &[Patch]) -> Field {
    Field::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| {
        let at = |patch: &Patch| {
            let (dx, dy) = (x as f32 - patch.centre[0], y as f32 - patch.centre[1]);
            let radius = (dx / patch.half[0]).hypot(dy / patch.half[1]);
            falloff((radius - 1.0) * patch.half[0].min(patch.half[1]), patch.soft_px)
        };
        Luma([patches.iter().map(at).fold(0.0, f32::max)])
    })
}

/// 1 inside, 0 from `soft_px` outside on, smooth between.
fn falloff(outside_px: f32, soft_px: f32) -> f32 {
    let t = 1.0 - (outside_px / soft_px).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
