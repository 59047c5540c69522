//! Tone that a network rubbed becomes hatching along the form, with lines upon it.
//!
//! How dark is the network's, which way the strokes run is the form's. The network saw lines alone, so the portrait has a
//! say in what lines cannot tell: how light the hair is, how full brows and lips are, where a beard grows, and where skin
//! lies in the shade. Lengths in portrait pixels. Refuses nothing.

use image::Luma;
use imageproc::distance_transform::Norm;
use imageproc::morphology::dilate;

use super::LineDrawing;
use super::Sketch;
use super::Tone;
use super::anatomy::Anatomy;
use super::form::along_the_form;
use super::specks::PALE;
use super::tone;
use super::tone::ToneConfig;
use super::untold::Untold;
use crate::photo::Portrait;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;

/// Tone this close to a line may be the line's own.
const BESIDE_PX: u8 = 2;
/// The darkness from which skin is hatched.
const SKIN_FROM: f32 = 0.2;
/// How far strokes on clothes follow the form.
const BEND: f32 = 1.0;
/// How much paler than rubbed lighter hair is hatched, for each share that is missing of the tone's full depth.
const PALER: f32 = 1.2;

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
    let mean = tone::mean_beside_lines(&dark, &open);
    // Irises are drawn already and teeth are paper: hatching would cross them.
    let features = smooth::map2(anatomy.eyes(), anatomy.mouth(), f32::max);
    let free = smooth::map2(&person, &features, |person, feature| person * (1.0 - feature));
    let untold = Untold::of(portrait, lines, anatomy, config);
    let hair = 1.0 - PALER * (1.0 - untold.hair_depth);
    let coverage = Field::from_fn(width, height, |x, y| {
        let at = |field: &Field| field.get_pixel(x, y).0[0];
        let rubbed = at(&mean) * at(&free);
        let rubbed = if at(anatomy.hair()) > 0.5 {
            rubbed * hair
        } else if at(anatomy.clothes()) > 0.5 {
            rubbed
        } else {
            // A light shadow on skin is left to the paper: hatched, it would be a beard.
            (rubbed - SKIN_FROM).max(0.0) / (1.0 - SKIN_FROM) * (1.0 - at(&untold.bare))
        };
        Luma([[&untold.face_hair, &untold.skin, &untold.features].into_iter().map(at).fold(rubbed, f32::max)])
    });
    let rest = smooth::map2(anatomy.hair(), anatomy.clothes(), f32::max);
    // What of hair and clothes is left out costs no likeness.
    let spare = Gray::from_fn(width, height, |x, y| Luma([u8::from(rest.get_pixel(x, y).0[0] > 0.5) * 255]));
    let tone = Tone::new(tone::shade_of(&coverage), untold.direction)
        .map(|tone| along_the_form(&tone, portrait, anatomy, BEND));
    let tone = tone.and_then(|tone| tone.sparing(spare));
    let sketch = tone.and_then(|tone| Sketch::with_tone(lines.ink().clone(), tone));
    sketch.unwrap_or_else(|| Sketch::new(lines.ink().clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample::face;
    use crate::photo::sample;

    /// The sketch made of tone whose darkness is `dark` of the sample sitter, with `lines`.
    fn sketched(dark: impl Fn(u32, u32) -> f32, lines: impl Fn(u32, u32) -> bool) -> Sketch {
        let portrait = sample::sitter(|_, _| [150, 180, 220]);
        let anatomy = Anatomy::of_face(&portrait, &face(0.0, |_, _| false));
        let side = Portrait::SIDE;
        let drawn = Gray::from_fn(side, side, |x, y| Luma([(255.0 * (1.0 - dark(x, y))) as u8]));
        let lines = Gray::from_fn(side, side, |x, y| Luma([if lines(x, y) { 0 } else { 255 }]));
        rubbed(&drawn, &portrait, &LineDrawing::new(lines), &anatomy, &ToneConfig::default())
    }

    fn shade(sketch: &Sketch, x: u32, y: u32) -> u8 {
        sketch.tone().expect("has tone").shade().get_pixel(x, y).0[0]
    }

    #[test]
    fn hair_and_cloth_are_as_dark_as_drawn_and_light_shadows_on_skin_stay_paper() {
        let sketch = sketched(|_, _| 0.19, |_, _| false);
        for (x, y) in [(256, 80), (256, 490)] {
            assert!(shade(&sketch, x, y).abs_diff(207) < 4, "{} at ({x}, {y})", shade(&sketch, x, y));
        }
        assert_eq!(shade(&sketch, 190, 300), 255, "skin");
        assert_eq!(shade(&sketch, 20, 20), 255, "nobody");
        let deep = sketched(|_, _| 0.6, |_, _| false);
        assert!(shade(&deep, 180, 265) < 140, "a deep shadow on a cheek: {}", shade(&deep, 180, 265));
        assert_eq!(shade(&deep, 256, 385), 255, "a chin without a beard");
        assert_eq!(shade(&sketched(|_, _| 0.9, |_, _| false), 206, 236), 255, "an eye");
    }

    #[test]
    fn lines_are_ink_and_no_tone() {
        let line = |x: u32, y: u32| (60..120).contains(&y) && x.abs_diff(256) < 2;
        let sketch = sketched(|x, y| if line(x, y) { 1.0 } else { 0.0 }, line);
        assert_eq!((sketch.ink().get_pixel(256, 90).0[0], shade(&sketch, 256, 90)), (0, 255));
        let around = sketched(|x, y| if line(x, y) { 1.0 } else { 0.3 }, line);
        assert!(
            shade(&around, 256, 90).abs_diff(shade(&around, 290, 90)) < 4,
            "tone goes on beneath a line as around it"
        );
    }
}
