//! Tone that a network rubbed becomes hatching along the form, with lines upon it.
//!
//! How dark is the network's, which way the strokes run is the form's. Lengths in portrait pixels. Refuses nothing.

use image::Luma;
use imageproc::distance_transform::Norm;
use imageproc::morphology::dilate;

use super::LineDrawing;
use super::Sketch;
use super::Tone;
use super::anatomy::Anatomy;
use super::even_light::even_light;
use super::form::along_the_form;
use super::specks::PALE;
use super::tone;
use super::tone::ToneConfig;
use crate::photo::Portrait;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;

/// Reach over which tone is averaged before it is hatched: finer than that hatching cannot tell.
const CALM_PX: f32 = 3.0;
/// Tone this close to a line may be the line's own.
const BESIDE_PX: u8 = 2;
/// The least share of what is no line, from which tone is known.
const LEAST_SHARE: f32 = 0.15;
/// The darkness from which skin is hatched.
const SKIN_FROM: f32 = 0.2;
/// How far strokes on clothes follow the form.
const BEND: f32 = 1.0;

/// `drawn` as tone to be hatched, with `lines` upon it.
pub fn rubbed(
    drawn: &Gray,
    portrait: &Portrait,
    lines: &LineDrawing,
    anatomy: &Anatomy,
    config: &ToneConfig,
) -> Sketch {
    let person = smooth::map(anatomy.backdrop(), |backdrop| 1.0 - backdrop);
    let (width, height) = drawn.dimensions();
    let dark = Field::from_fn(width, height, |x, y| Luma([1.0 - f32::from(drawn.get_pixel(x, y).0[0]) / 255.0]));
    // Lines are drawn as lines: what is dark there is no tone, and beside them tone goes on as it is around.
    let line = Gray::from_fn(width, height, |x, y| Luma([u8::from(lines.ink().get_pixel(x, y).0[0] < PALE) * 255]));
    let near = dilate(&line, Norm::L2, BESIDE_PX);
    let open = Field::from_fn(width, height, |x, y| Luma([if near.get_pixel(x, y).0[0] > 0 { 0.0 } else { 1.0 }]));
    let tone = smooth::gaussian(&smooth::map2(&dark, &open, |dark, open| dark * open), CALM_PX);
    let share = smooth::gaussian(&open, CALM_PX);
    let mean = smooth::map2(&tone, &share, |tone, share| tone / share.max(LEAST_SHARE));
    // Irises are drawn already and teeth are paper: hatching would cross them.
    let features = smooth::map2(anatomy.eyes(), anatomy.mouth(), f32::max);
    let free = smooth::map2(&person, &features, |person, feature| person * (1.0 - feature));
    let coverage = smooth::map2(&mean, &free, |dark, free| dark * free);
    let rest = smooth::map2(anatomy.hair(), anatomy.clothes(), f32::max);
    // A light shadow on skin is left to the paper: hatched, it would be a beard.
    let coverage =
        smooth::map2(
            &coverage,
            &rest,
            |dark, rest| {
                if rest > 0.5 { dark } else { (dark - SKIN_FROM).max(0.0) / (1.0 - SKIN_FROM) }
            },
        );
    let shade = Gray::from_fn(width, height, |x, y| {
        let coverage = coverage.get_pixel(x, y).0[0].min(tone::MOST);
        Luma([if coverage < tone::LEAST { 255 } else { (255.0 * (1.0 - coverage)).round() as u8 }])
    });
    let direction = tone::directions(&even_light(portrait, anatomy), anatomy, anatomy.brows(), config);
    // What of hair and clothes is left out costs no likeness.
    let spare = Gray::from_fn(width, height, |x, y| Luma([u8::from(rest.get_pixel(x, y).0[0] > 0.5) * 255]));
    let tone = Tone::new(shade, direction).map(|tone| along_the_form(&tone, portrait, anatomy, BEND));
    let tone = tone.and_then(|tone| tone.sparing(spare));
    let sketch = tone.and_then(|tone| Sketch::with_tone(lines.ink().clone(), tone));
    sketch.unwrap_or_else(|| Sketch::new(lines.ink().clone()))
}
