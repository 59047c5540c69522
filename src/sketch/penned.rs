//! A pen drawing by a network becomes lines and hatching.
//!
//! Lines that stand alone stay as they are drawn, in their living weight, and F's clear ones are all among them; irises
//! and mouths are F's, as a network smears the highlights of those and blackens these. What is hatched becomes hatching,
//! upon the drawn strokes where those are clear (`hatching`), and so do the short strokes within hair and beard: many, and
//! each a lift of the pen, they run on in fewer, longer ones. The network saw lines alone, so the portrait has a say in
//! what lines cannot tell (`untold`). Lengths in portrait pixels. Refuses nothing.

use image::Luma;
use imageproc::distance_transform::Norm;
use imageproc::morphology::dilate;

use super::LineDrawing;
use super::Sketch;
use super::anatomy::Anatomy;
use super::beard::beard;
use super::form::bent;
use super::hatching::Hatching;
use super::lines;
use super::specks;
use super::tone;
use super::tone::ToneConfig;
use super::tone::step;
use super::untold::BEARDED;
use super::untold::Untold;
use crate::face::Side;
use crate::photo::Portrait;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;

/// Strokes of less ink are specks.
const LEAST_STROKE_PX: u32 = 24;
/// How far around an iris its own ink stands.
const BESIDE_IRIS_PX: f64 = 1.5;
/// The share of lips and what is between them from which on a place is within the mouth.
const IN_MOUTH: f32 = 0.1;
/// A line within hair of less ink is one of its strands.
const LEAST_LOCK_PX: u32 = 70;
/// How far from its border hair and beard begin to be strands alone: the border itself is a line.
const WITHIN_PX: f32 = 4.0;
/// The share of hair or beard around, from which on a place is within it.
const WITHIN: f32 = 0.93;
/// The share of hair from which on a place belongs to it.
const HAIRY: f32 = 0.3;
/// How far beside a clear line its weight goes, and how far what is drawn there is no line of its own: wider lines are
/// blots.
const WEIGHT_PX: (u8, u8) = (1, 4);
/// How far strokes on clothes follow the form.
const BEND: f32 = 1.0;
/// Smoothing of the tone in hair, near and far: a network hatches it in patches, a hand lays strokes all over it and
/// more where it is dark.
const HAIR_CALM_PX: (f32, f32) = (5.0, 24.0);
/// How much the far one counts.
const HAIR_EVEN: f32 = 0.45;
/// How much darker than the face's middle skin is where hatching on it is begun, and wholly, believed.
const SHADED: (f32, f32) = (0.02, 0.1);
/// How much darker than drawn the darkest hair is hatched: a network that saw lines alone makes all hair alike.
const DARKER: f32 = 1.3;
/// How much paler it is in lighter hair, for each share that is missing of the tone's full depth.
const PALER: f32 = 0.7;

/// `drawn`, by a network upon `lines`, as ink and tone.
pub fn penned(drawn: Gray, portrait: &Portrait, lines: &LineDrawing, anatomy: &Anatomy, config: &ToneConfig) -> Sketch {
    let strands = strands(anatomy, &beard(portrait, anatomy));
    let clear = with_long_strands(specks::clear(lines).ink().clone(), &strands);
    let lines_or_locks = Gray::from_fn(clear.width(), clear.height(), |x, y| {
        if strands.get_pixel(x, y).0[0] > 0 { *clear.get_pixel(x, y) } else { *lines.ink().get_pixel(x, y) }
    });
    let clear = LineDrawing::new(clear);
    let hatching = Hatching::read(&drawn, &lines_or_locks, &strands);
    let untold = Untold::of(portrait, &clear, anatomy, config);
    let cover = cover(&hatching, &untold, anatomy, config);
    let ink = with_lines(drawn, lines, &clear, hatching.area(), anatomy);
    let form = bent(&untold.direction, portrait, anatomy, BEND);
    let rest = smooth::map2(anatomy.hair(), anatomy.clothes(), f32::max);
    // What of hair and clothes is left out costs no likeness.
    let spare =
        Gray::from_fn(rest.width(), rest.height(), |x, y| Luma([u8::from(rest.get_pixel(x, y).0[0] > 0.5) * 255]));
    let tone = hatching.tone(&cover, &form).and_then(|tone| tone.sparing(spare));
    tone.and_then(|tone| Sketch::with_tone(ink.clone(), tone)).unwrap_or_else(|| Sketch::new(ink))
}

/// Where what is drawn is strands: within hair and beard.
fn strands(anatomy: &Anatomy, beard: &Field) -> Gray {
    let hair = smooth::gaussian(anatomy.hair(), WITHIN_PX);
    let beard = smooth::gaussian(&smooth::map(beard, |beard| step(beard, BEARDED.0, BEARDED.1)), WITHIN_PX);
    Gray::from_fn(hair.width(), hair.height(), |x, y| {
        Luma([u8::from(hair.get_pixel(x, y).0[0].max(beard.get_pixel(x, y).0[0]) > WITHIN) * 255])
    })
}

/// `lines`, those within `strands` only if they are long.
fn with_long_strands(mut lines: Gray, strands: &Gray) -> Gray {
    let mut locks = lines.clone();
    for (pixel, strand) in locks.iter_mut().zip(strands.iter()) {
        if *strand == 0 {
            *pixel = 255;
        }
    }
    let locks = specks::without_specks(locks, LEAST_LOCK_PX);
    for ((pixel, lock), strand) in lines.iter_mut().zip(locks.iter()).zip(strands.iter()) {
        if *strand > 0 {
            *pixel = *lock;
        }
    }
    lines
}

/// How dark hatching shall be.
fn cover(hatching: &Hatching, untold: &Untold, anatomy: &Anatomy, config: &ToneConfig) -> Field {
    let Untold { even, beard, hair_depth: depth, .. } = untold;
    let [near, far] = [HAIR_CALM_PX.0, HAIR_CALM_PX.1]
        .map(|reach_px| tone::blurred_within(hatching.cover(), anatomy.hair(), reach_px));
    let calm = smooth::map2(&near, &far, |near, far| near * (1.0 - HAIR_EVEN) + far * HAIR_EVEN);
    let middle = lines::weighted_quantile(even, anatomy.skin(), 0.5).max(0.1);
    let shadow = smooth::map(&tone::blurred_within(even, anatomy.skin(), config.skin_calm_px), |light| {
        step(1.0 - light / middle, SHADED.0, SHADED.1)
    });
    let mut cover = Field::from_fn(even.width(), even.height(), |x, y| {
        let at = |field: &Field| field.get_pixel(x, y).0[0];
        // Irises are drawn already and teeth are paper: hatching would cross them.
        let open = (1.0 - at(anatomy.eyes()).max(at(anatomy.mouth()))) * (1.0 - at(anatomy.backdrop()));
        if at(anatomy.hair()) > 0.5 {
            let own = at(&calm) * DARKER * (1.0 - PALER * (1.0 - depth));
            return Luma([own.max(at(&untold.hair)) * open]);
        }
        // A light forehead is no shadow, whatever hair the lines suggest there.
        let lit = at(anatomy.skin()) * (1.0 - at(&shadow).max(step(at(beard), BEARDED.0, BEARDED.1)));
        let own = at(hatching.cover()) * (1.0 - at(&untold.bare)) * (1.0 - lit) * open;
        Luma([[&untold.face_hair, &untold.skin, &untold.clothes].into_iter().map(at).fold(own, f32::max)])
    });
    tone::fade_out(&mut cover, anatomy);
    tone::drop_small_patches(&mut cover, config.least_area_px);
    smooth::map2(&cover, &untold.features, f32::max)
}

/// What of `drawn`, upon `all` lines, stands alone, with the clear ones of these, `lines`.
fn with_lines(drawn: Gray, all: &LineDrawing, lines: &LineDrawing, hatched: &Gray, anatomy: &Anatomy) -> Gray {
    let line = Gray::from_fn(drawn.width(), drawn.height(), |x, y| {
        Luma([u8::from(lines.ink().get_pixel(x, y).0[0] < specks::INK) * 255])
    });
    let pale = Gray::from_fn(drawn.width(), drawn.height(), |x, y| {
        Luma([u8::from(all.ink().get_pixel(x, y).0[0] < specks::PALE) * 255])
    });
    let upon = dilate(&pale, Norm::L2, WEIGHT_PX.0);
    let [weight, beside] = [WEIGHT_PX.0, WEIGHT_PX.1].map(|reach_px| dilate(&line, Norm::L2, reach_px));
    let mut ink = drawn;
    for (x, y, pixel) in ink.enumerate_pixels_mut() {
        let at = |mask: &Gray| mask.get_pixel(x, y).0[0] > 0;
        // Brows, lids and frames are as full as they are drawn; full lips are hatched.
        let feature = [anatomy.eyes(), anatomy.brows(), anatomy.glasses()].map(|plane| plane.get_pixel(x, y).0[0]);
        let blot = at(&beside) && !at(&weight) && feature.iter().all(|share| *share < 0.5);
        // Along the border of hair the ends of its hatching are no lines.
        let fringe = anatomy.hair().get_pixel(x, y).0[0] > HAIRY && !at(&upon);
        if at(hatched) || blot || fringe {
            pixel.0[0] = 255;
        }
    }
    let mut ink = specks::without_specks(ink, LEAST_STROKE_PX);
    let irises = anatomy.landmarks().map(|landmarks| Side::BOTH.map(|side| *landmarks.iris(side)));
    for (x, y, pixel) in ink.enumerate_pixels_mut() {
        let line = lines.ink().get_pixel(x, y).0[0];
        let in_iris = irises.iter().flatten().any(|iris| {
            (f64::from(x) - iris.centre.x).hypot(f64::from(y) - iris.centre.y) < iris.radius_px + BESIDE_IRIS_PX
        });
        let in_mouth = anatomy.mouth().get_pixel(x, y).0[0].max(anatomy.lips().get_pixel(x, y).0[0]) > IN_MOUTH;
        pixel.0[0] = if in_iris || in_mouth { line } else { pixel.0[0].min(line) };
    }
    ink
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample::face;
    use crate::photo::sample;

    /// The sketch made of `ink` that a network drew of the sample sitter upon `lines`.
    fn sketched(ink: impl Fn(u32, u32) -> bool, lines: impl Fn(u32, u32) -> bool) -> Sketch {
        let config = ToneConfig { skin: 0.0, lips: 0.0, face_hair: 0.0, ..ToneConfig::default() };
        of(&sample::sitter(|_, _| [150, 180, 220]), ink, lines, &config)
    }

    /// The same of `portrait`, with what the portrait says as `config` has it.
    fn of(
        portrait: &Portrait,
        ink: impl Fn(u32, u32) -> bool,
        lines: impl Fn(u32, u32) -> bool,
        config: &ToneConfig,
    ) -> Sketch {
        let anatomy = Anatomy::of_face(portrait, &face(0.0, |_, _| false));
        let plane = |ink: &dyn Fn(u32, u32) -> bool| {
            Gray::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| Luma([if ink(x, y) { 0 } else { 255 }]))
        };
        penned(plane(&ink), portrait, &LineDrawing::new(plane(&lines)), &anatomy, config)
    }

    fn is_hatched(sketch: &Sketch, x: u32, y: u32) -> bool {
        sketch.tone().expect("has tone").shade().get_pixel(x, y).0[0] < 230
    }

    fn is_ink(sketch: &Sketch, x: u32, y: u32) -> bool {
        sketch.ink().get_pixel(x, y).0[0] < 128
    }

    #[test]
    fn lines_stand_and_hatching_is_hatched_where_it_is() {
        // A lapel, and hatching on the other shoulder.
        let lapel = |x: u32, y: u32| (400..480).contains(&y) && (x + y / 2).abs_diff(560) < 2;
        let shoulder = |x: u32, y: u32| (110..190).contains(&x) && (430..480).contains(&y);
        let sketch = sketched(|x, y| lapel(x, y) || shoulder(x, y) && (x + y) % 5 < 2, |_, _| false);
        assert!(is_ink(&sketch, 340, 440) && !is_hatched(&sketch, 340, 440));
        assert!(is_hatched(&sketch, 150, 455));
        assert!((120..180).all(|x| !is_ink(&sketch, x, 455)));
        let tone = sketch.tone().expect("has tone");
        let direction = tone.direction().get_pixel(150, 455).0[0].to_degrees();
        assert!((direction - 135.0).abs() < 5.0, "{direction} degrees");
        assert!(tone.is_spare(150, 455));
    }

    #[test]
    fn strands_of_hair_become_hatching_but_long_locks_stay_lines() {
        let strand = |x: u32, y: u32| y.is_multiple_of(9) && (230..280).contains(&x) && (70..110).contains(&y);
        let lock = |x: u32, y: u32| y.abs_diff(120) < 2 && (215..300).contains(&x);
        let sketch = sketched(|x, y| strand(x, y) || lock(x, y), lock);
        assert!(is_ink(&sketch, 256, 120));
        assert!(!is_ink(&sketch, 256, 90) && is_hatched(&sketch, 256, 90));
    }

    #[test]
    fn a_hatched_chin_without_a_beard_is_left_to_the_paper() {
        let chin = |x: u32, y: u32| (380..410).contains(&y) && (220..290).contains(&x) && (x + y) % 4 < 2;
        let sketch = sketched(chin, |_, _| false);
        assert!(!is_hatched(&sketch, 256, 395) && !is_ink(&sketch, 256, 395));
    }

    #[test]
    fn brows_and_shadows_that_nobody_drew_are_taken_from_the_portrait() {
        let sitter = sample::sitter(|_, _| [150, 180, 220]);
        let brow = |x: u32, y: u32| (166..232).contains(&x) && (201..212).contains(&y);
        let shadow = |x: u32, y: u32| (330..360).contains(&x) && (250..300).contains(&y);
        let portrait = sample::portrait_of(|x, y| {
            let own = sitter.pixels().get_pixel(x, y).0;
            if brow(x, y) {
                [60, 40, 30]
            } else if shadow(x, y) {
                own.map(|v| v / 2)
            } else {
                own
            }
        });
        let sketch = of(&portrait, |_, _| false, |_, _| false, &ToneConfig::default());
        assert!(is_hatched(&sketch, 196, 206) && is_hatched(&sketch, 344, 275));
        assert!(!is_hatched(&sketch, 168, 275), "the other cheek");
    }

    #[test]
    fn hatching_on_skin_in_the_light_is_left_to_the_paper() {
        let forehead = |x: u32, y: u32| (210..300).contains(&x) && (165..190).contains(&y) && (x + y) % 4 < 2;
        let sketch = sketched(forehead, |_, _| false);
        assert!(!is_hatched(&sketch, 256, 178) && !is_ink(&sketch, 256, 178));
    }

    #[test]
    fn irises_keep_the_highlight_that_the_network_smeared() {
        let off = |x: u32, y: u32| (f64::from(x) - 206.0).hypot(f64::from(y) - 236.0);
        let highlight = |x: u32, y: u32| (207..210).contains(&x) && (232..235).contains(&y);
        let sketch = sketched(|x, y| off(x, y) < 8.0, |x, y| off(x, y) < 7.0 && !highlight(x, y));
        assert!(is_ink(&sketch, 204, 236) && !is_ink(&sketch, 208, 233));
    }

    #[test]
    fn all_ink_no_ink_and_gray_still_give_a_sketch() {
        let portrait = sample::sitter(|_, _| [150, 180, 220]);
        let anatomy = Anatomy::of_face(&portrait, &face(0.0, |_, _| false));
        for drawn in [0, 128, 255] {
            let plane = Gray::from_pixel(Portrait::SIDE, Portrait::SIDE, Luma([drawn]));
            let lines = LineDrawing::new(plane.clone());
            let sketch = penned(plane, &portrait, &lines, &anatomy, &ToneConfig::default());
            assert!(sketch.tone().is_some(), "planes are of one size and finite");
        }
    }
}
