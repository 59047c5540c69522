//! From a line drawing to the sketch: the tone that hatching shall lay beside the lines, with few strokes.
//!
//! Hair is hatched along its strands where it is dark against this person's own hair, and left open in its lights; dark
//! cloth is hatched one way and fades out towards the frame; skin is hatched one way in its deeper shadows only; brows
//! are filled along their hairs. Tone comes in patches large enough for several strokes. What `shade` means is said at
//! [`Tone`]; here a coverage c is a shade of 255 (1 - c). Lengths in portrait pixels. Refuses nothing.

use super::LineDrawing;
use super::Sketch;
use super::Tone;
use super::anatomy::Anatomy;
use super::beard::beard;
use super::even_light::even_light;
use super::flow::edge_flow;
use super::shapes;
use crate::face::Side;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;
use imageproc::distance_transform::Norm;
use imageproc::morphology::dilate;
use serde::Deserialize;
use serde::Serialize;

/// How much tone a sketch has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ToneConfig {
    /// Coverage of the darkest hair, 0 to 0.9; 0 leaves hair open. Default 0.26.
    pub hair: f32,
    /// Coverage of the darkest cloth. Default 0.20.
    pub clothes: f32,
    /// Coverage of the deepest shadow on skin. Default 0.24.
    pub skin: f32,
    /// Coverage of brows, moustache and beard where they are dark. Default 0.40.
    pub face_hair: f32,
    /// Coverage of the darkest lips. Default 0.30.
    pub lips: f32,
    /// Coverage of the deepest shadow around the eyes, between brow and lids; 0 leaves it to lines. Default 0.
    pub sockets: f32,
    /// How much darker than the face's middle a shadow is where shading begins, 0 to 1. Default 0.07.
    pub skin_from: f32,
    /// Reach over which skin is averaged before it is shaded, in pixels: a line's own darkness must be spread thin.
    /// Default 6.
    pub skin_calm_px: f32,
    /// How near to a line skin is not shaded, in pixels. Default 5.
    pub skin_clear_px: u8,
    /// Shadows on skin smaller than this are folds, which lines tell better, in square pixels. Default 700.
    pub skin_least_area_px: u32,
    /// Angle of strokes on skin, in degrees from x towards y (down): negative rises to the right. Default -52.
    pub skin_angle_deg: f32,
    /// Angle of strokes on cloth, in degrees. Default -58.
    pub clothes_angle_deg: f32,
    /// Patches of tone smaller than this are dropped, in square pixels. Default 260.
    pub least_area_px: u32,
}

impl Default for ToneConfig {
    fn default() -> Self {
        Self {
            hair: 0.26,
            clothes: 0.20,
            skin: 0.24,
            face_hair: 0.40,
            lips: 0.30,
            sockets: 0.0,
            skin_from: 0.07,
            skin_calm_px: 6.0,
            skin_clear_px: 5,
            skin_least_area_px: 700,
            skin_angle_deg: -52.0,
            clothes_angle_deg: -58.0,
            least_area_px: 260,
        }
    }
}

/// `lines` with the tone of `portrait` beside them.
pub fn shade(portrait: &Portrait, lines: &LineDrawing, anatomy: &Anatomy, config: &ToneConfig) -> Sketch {
    let light = smooth::gaussian(&colour_model::luma(portrait.pixels()), 3.0);
    let even = even_light(portrait, anatomy);
    let brows = brows(&even, anatomy);
    let beard = beard(portrait, anatomy);
    let parts = [
        hair_coverage(&light, anatomy, config.hair),
        clothes_coverage(&light, lines, anatomy, config.clothes),
        skin_coverage(&even, lines, anatomy, config),
        features_coverage(&even, lines, anatomy, config),
        face_hair_coverage(&brows, &beard, config.face_hair),
    ];
    let mut coverage = parts.iter().skip(1).fold(parts[0].clone(), |sum, part| smooth::map2(&sum, part, f32::max));
    drop_small_patches(&mut coverage, config.least_area_px);
    // A feature is small and counts all the same.
    coverage = smooth::map2(&coverage, &smooth::map2(&parts[3], &parts[4], f32::max), f32::max);
    let shade = Gray::from_fn(coverage.width(), coverage.height(), |x, y| {
        Luma([(255.0 * (1.0 - coverage.get_pixel(x, y).0[0])).round().clamp(0.0, 255.0) as u8])
    });
    let direction = direction(&even, &parts, config);
    let spare = spare(&parts);
    let tone = Tone::new(shade, direction).and_then(|tone| tone.sparing(spare));
    let sketch = tone.and_then(|tone| Sketch::with_tone(lines.ink().clone(), tone));
    sketch.unwrap_or_else(|| Sketch::new(lines.ink().clone()))
}

/// The most that hatching covers: beyond it strokes run together.
pub const MOST: f32 = 0.9;
/// Less coverage than this is a stroke here and there: none at all looks better.
pub const LEAST: f32 = 0.05;

/// The shade that leaves `coverage`, at most [`MOST`] of it, and none where it is less than [`LEAST`].
pub fn shade_of(coverage: &Field) -> Gray {
    Gray::from_fn(coverage.width(), coverage.height(), |x, y| {
        let coverage = coverage.get_pixel(x, y).0[0].min(MOST);
        Luma([if coverage < LEAST { 255 } else { (255.0 * (1.0 - coverage)).round() as u8 }])
    })
}

/// The mean of `dark` around each pixel over the places that are `open`, 0 or 1: what lines cover says nothing of
/// tone.
pub fn mean_beside_lines(dark: &Field, open: &Field) -> Field {
    /// Reach of the mean, a few strokes: finer than that hatching cannot tell.
    const CALM_PX: f32 = 3.0;
    /// The least share of open places from which the mean is known.
    const LEAST_SHARE: f32 = 0.15;
    let sum = smooth::gaussian(&smooth::map2(dark, open, |dark, open| dark * open), CALM_PX);
    let share = smooth::gaussian(open, CALM_PX);
    smooth::map2(&sum, &share, |sum, share| sum / share.max(LEAST_SHARE))
}

/// Where hair or clothes are darker than the face: what of it is left out costs no likeness.
fn spare(parts: &[Field; 5]) -> Gray {
    Gray::from_fn(parts[0].width(), parts[0].height(), |x, y| {
        let [hair, clothes, skin, features, brow] = [0, 1, 2, 3, 4].map(|part: usize| parts[part].get_pixel(x, y).0[0]);
        Luma([if hair.max(clothes) > skin.max(features).max(brow) { 255 } else { 0 }])
    })
}

/// Dark hair against the lights of the same hair; white hair gets half as much, so that it is still hair.
pub fn hair_coverage(light: &Field, anatomy: &Anatomy, most: f32) -> Field {
    /// Reach of what strands are compared with.
    const AROUND_PX: f32 = 16.0;
    /// How much the comparison with the surroundings counts beside that with all of the hair.
    const LOCAL: f32 = 0.45;
    let hair = anatomy.hair();
    let bright = quantile(light, hair, 0.75);
    let dark = quantile(light, hair, 0.08);
    let depth = hair_depth(light, anatomy);
    let range = (bright - dark).max(0.05);
    let around = blurred_within(light, hair, AROUND_PX);
    let relative = smooth::map2(light, &around, |light, around| {
        let in_all = (bright - light) / range;
        let nearby = 0.5 + (around - light) / (0.4 * range);
        (in_all * (1.0 - LOCAL) + nearby * LOCAL).clamp(0.0, 1.0)
    });
    weighted(&relative, hair, |relative| most * depth * (0.35 + 0.65 * relative) * step(relative, 0.12, 0.34))
}

/// How deep the tone of this person's hair is: 1 where it is dark, half of that where it is white.
pub fn hair_depth(light: &Field, anatomy: &Anatomy) -> f32 {
    let middle = quantile(light, anatomy.hair(), 0.5);
    ((0.72 - middle) / 0.45).clamp(0.5, 1.0)
}

/// Dark cloth, fading out towards the frame as a drawing on paper does.
pub fn clothes_coverage(light: &Field, lines: &LineDrawing, anatomy: &Anatomy, most: f32) -> Field {
    /// How far from lines hatching ends, so that it does not poke through an outline.
    const CLEAR_PX: u8 = 3;
    const DARK_BELOW: f32 = 0.38;
    let mut cloth = weighted(light, anatomy.clothes(), |light| most * step(DARK_BELOW - light, 0.0, 0.14));
    fade_out(&mut cloth, anatomy);
    clear_beside(&mut cloth, lines, CLEAR_PX);
    cloth
}

/// Fades `coverage` out towards where the picture ends.
pub fn fade_out(coverage: &mut Field, anatomy: &Anatomy) {
    const FADE_PX: f32 = 40.0;
    for ((value, room), (x, y)) in coverage.as_mut().iter_mut().zip(anatomy.room().as_raw()).zip(places()) {
        *value *= step(*room - vignette_px(x, y), 0.0, FADE_PX);
    }
}

/// How far below the frame's sides a bust's hatching ends: it hangs down in the middle as on old prints.
fn vignette_px(x: f32, y: f32) -> f32 {
    const RISE_PX: f32 = 32.0;
    let middle = Portrait::SIDE as f32 / 2.0;
    let aside = (x - middle).abs() / middle;
    if y < middle { 0.0 } else { RISE_PX * aside * aside }
}

/// The place of every pixel of a portrait, row by row.
fn places() -> impl Iterator<Item = (f32, f32)> {
    (0..Portrait::SIDE).flat_map(|y| (0..Portrait::SIDE).map(move |x| (x as f32, y as f32)))
}

/// The shadows of a face whose light is even: below nine tenths of its own middle, in two steps. What is dark because a
/// line runs there is no shadow: strokes across a line look like stitches.
pub fn skin_coverage(even: &Field, lines: &LineDrawing, anatomy: &Anatomy, config: &ToneConfig) -> Field {
    let middle = quantile(even, anatomy.skin(), 0.5);
    let calm = blurred_within(even, anatomy.skin(), config.skin_calm_px);
    // Shadows age a child.
    let most = config.skin * (1.0 - 0.6 * anatomy.youth());
    let mut skin = weighted(&calm, anatomy.skin(), |light| most * shadow(light, middle, config));
    // Eyes and mouth are drawn by lines; hatching would only dirty them.
    let drawn = smooth::map2(anatomy.eyes(), anatomy.mouth(), f32::max);
    let drawn = smooth::map(&drawn, |drawn| step(drawn, 0.5, 1.0));
    let drawn = smooth::map2(&drawn, anatomy.bridge(), f32::max);
    let drawn = smooth::map2(&drawn, anatomy.glasses(), f32::max);
    // Hatched in full, lip, chin and jaw in the shade have a beard, and those who have one get it by itself.
    let drawn =
        smooth::map2(&drawn, &smooth::map(anatomy.beard(), |place| PALER_CHIN * step(place, 0.2, 0.6)), f32::max);
    // The dark along the hairline is the hair's, and its line is drawn.
    let border = anatomy.skin_border(5.0);
    for ((value, drawn), border) in skin.as_mut().iter_mut().zip(drawn.as_raw()).zip(border.as_raw()) {
        *value *= (1.0 - drawn) * (1.0 - step(*border, 0.1, 0.4));
    }
    clear_beside(&mut skin, lines, config.skin_clear_px);
    drop_small_patches(&mut skin, config.skin_least_area_px);
    skin
}

/// How much of its shade a place loses where a beard would grow.
const PALER_CHIN: f32 = 0.5;

/// How much of a shadow `light` is against the face's `middle`: none, its first step, or both.
fn shadow(light: f32, middle: f32, config: &ToneConfig) -> f32 {
    let depth = 1.0 - light / middle.max(0.1);
    let (first, second) = (config.skin_from, config.skin_from + 0.1);
    0.55 * step(depth, first, first + 0.04) + 0.45 * step(depth, second, second + 0.05)
}

/// What is hatched level, however small: lips and the sockets of the eyes.
pub fn features_coverage(even: &Field, lines: &LineDrawing, anatomy: &Anatomy, config: &ToneConfig) -> Field {
    let lips = lips_coverage(even, lines, anatomy, config.lips);
    smooth::map2(&lips, &sockets_coverage(even, lines, anatomy, config), f32::max)
}

/// Lips are darker than skin by their colour: where they are so in the even light they are hatched, mostly the upper one.
fn lips_coverage(even: &Field, lines: &LineDrawing, anatomy: &Anatomy, most: f32) -> Field {
    const CLEAR_PX: u8 = 1;
    const FROM: f32 = 0.06;
    let middle = quantile(even, anatomy.skin(), 0.5);
    let calm = blurred_within(even, anatomy.lips(), 1.2);
    let mut lips = weighted(&calm, anatomy.lips(), |light| {
        let depth = 1.0 - light / middle.max(0.1);
        most * (0.6 * step(depth, FROM, FROM + 0.06) + 0.4 * step(depth, 2.0 * FROM, 3.0 * FROM))
    });
    clear_beside(&mut lips, lines, CLEAR_PX);
    lips
}

/// The shadows between brow and lids and at the corners of the eyes; what is between the lids is drawn by lines. Nothing
/// where no face was read.
fn sockets_coverage(even: &Field, lines: &LineDrawing, anatomy: &Anatomy, config: &ToneConfig) -> Field {
    /// Reach of a socket around the lids, and how near to them it begins.
    const REACH_PX: (f32, f32) = (15.0, 1.5);
    const CALM_PX: f32 = 1.5;
    const CLEAR_PX: u8 = 1;
    let mut around = smooth::map(even, |_| 0.0);
    let mut between = around.clone();
    if let Some(landmarks) = anatomy.landmarks() {
        for side in Side::BOTH {
            let lids = shapes::smooth_ring(landmarks.lids(side));
            shapes::patch(&mut around, &lids, REACH_PX.0, 4.0);
            shapes::patch(&mut between, &lids, REACH_PX.1, 1.0);
        }
    }
    let covered = smooth::map2(anatomy.brows(), anatomy.glasses(), |brow, glasses| step(brow.max(glasses), 0.3, 0.6));
    let covered = smooth::map2(&covered, &between, f32::max);
    let region = smooth::map2(&around, &covered, |around, covered| around * (1.0 - covered));
    let region = smooth::map2(&region, anatomy.skin(), |region, skin| region * skin);
    let middle = quantile(even, anatomy.skin(), 0.5);
    let calm = blurred_within(even, anatomy.skin(), CALM_PX);
    let most = config.sockets * (1.0 - 0.6 * anatomy.youth());
    let mut sockets = weighted(&calm, &region, |light| most * shadow(light, middle, config));
    clear_beside(&mut sockets, lines, CLEAR_PX);
    sockets
}

/// Clears `coverage` within `clear_px` of the ink of `lines`.
fn clear_beside(coverage: &mut Field, lines: &LineDrawing, clear_px: u8) {
    let ink = lines.ink();
    let ink =
        Gray::from_fn(ink.width(), ink.height(), |x, y| Luma([if ink.get_pixel(x, y).0[0] < 128 { 255 } else { 0 }]));
    let beside = dilate(&ink, Norm::L2, clear_px);
    coverage.as_mut().iter_mut().zip(beside.as_raw()).filter(|(_, b)| **b > 0).for_each(|(value, _)| *value = 0.0);
}

/// Brows, and a little lighter moustache and beard.
pub fn face_hair_coverage(brows: &Field, beard: &Field, most: f32) -> Field {
    smooth::map2(brows, beard, |brow, beard| brow.max(0.75 * step(beard, 0.25, 0.6)) * most.clamp(0.0, MOST))
}

/// How much of each pixel is brow: dark in the even light where brows grow.
pub fn brows(even: &Field, anatomy: &Anatomy) -> Field {
    /// Brows are at least this much darker than the face's middle, if they are dark at all.
    const DARK: f32 = 0.16;
    /// The share of a pale brow that is drawn.
    const PALE: f32 = 0.45;
    let middle = quantile(even, anatomy.skin(), 0.5);
    let calm = blurred_within(even, anatomy.skin(), 1.5);
    // Pale brows are brows, too: where they are known to grow, the darker part is always drawn.
    let core = smooth::map(anatomy.brows(), |brow| step(brow, 0.85, 0.95));
    let pale = 1.0 - quantile(&calm, &core, PALE) / middle.max(0.1);
    let from = if anatomy.landmarks().is_some() { pale.clamp(0.02, DARK) } else { DARK };
    let mut brows = smooth::map2(anatomy.brows(), anatomy.skin(), |brow, skin| brow * skin);
    brows.as_mut().iter_mut().zip(calm.as_raw()).for_each(|(brow, light)| {
        *brow *= step(1.0 - light / middle.max(0.1), from, from + 0.08);
    });
    smooth::map(&brows, |brow| step(brow, 0.3, 0.7))
}

/// `field` blurred over the pixels that `region` counts, so that dark hair does not darken the skin beside it.
pub fn blurred_within(field: &Field, region: &Field, sigma_px: f32) -> Field {
    let weight = smooth::map(region, |share| share * share * share);
    let sum = smooth::gaussian(&smooth::map2(field, &weight, |v, w| v * w), sigma_px);
    let total = smooth::gaussian(&weight, sigma_px);
    // Far outside the region the field's own value stands.
    let mut out = field.clone();
    for ((value, sum), total) in out.as_mut().iter_mut().zip(sum.as_raw()).zip(total.as_raw()) {
        if *total > 0.02 {
            *value = sum / total;
        }
    }
    out
}

/// The angle of the strokes: the edges' in hair and brows, a fixed one on cloth and skin.
fn direction(even: &Field, parts: &[Field; 5], config: &ToneConfig) -> Field {
    const STRANDS_PX: f32 = 4.0;
    let flow = edge_flow(even, STRANDS_PX);
    let fixed = |degrees: f32| degrees.to_radians().rem_euclid(std::f32::consts::PI);
    let (cloth, skin) = (fixed(config.clothes_angle_deg), fixed(config.skin_angle_deg));
    Field::from_fn(even.width(), even.height(), |x, y| {
        let [hair, clothes, face, features, brow] = [0, 1, 2, 3, 4].map(|part: usize| parts[part].get_pixel(x, y).0[0]);
        let [tx, ty] = flow.tangent(x as usize, y as usize);
        Luma([if hair.max(brow) >= clothes.max(face) {
            ty.atan2(tx).rem_euclid(std::f32::consts::PI)
        } else if features > face {
            // Along mouth and lids: strokes across them would look like stitches.
            0.0
        } else if clothes >= face {
            cloth
        } else {
            skin
        }])
    })
}

/// Directions of tone that does not come from parts of its own: hair and `face_hair` along their strands in the `even`
/// light, `features` level, skin and cloth as configured.
pub fn directions(even: &Field, anatomy: &Anatomy, face_hair: &Field, features: &Field, config: &ToneConfig) -> Field {
    let features = smooth::map(features, |share| if share > 0.0 { 1.0 } else { 0.0 });
    let covered = smooth::map2(face_hair, &features, f32::max);
    let bare = smooth::map2(anatomy.skin(), &covered, |skin, covered| skin * (1.0 - covered));
    let parts = [anatomy.hair(), anatomy.clothes(), &bare, &features, face_hair].map(Clone::clone);
    direction(even, &parts, config)
}

/// `f` of `light` where `region` holds, nothing elsewhere; what is too faint to hatch is nothing, too.
fn weighted(light: &Field, region: &Field, f: impl Fn(f32) -> f32 + Sync) -> Field {
    smooth::map2(light, region, |light, share| {
        let coverage = f(light).clamp(0.0, MOST) * step(share, 0.5, 0.7);
        if coverage < LEAST { 0.0 } else { coverage }
    })
}

/// Clears every connected patch of `coverage` with fewer than `least_area_px` pixels.
pub fn drop_small_patches(coverage: &mut Field, least_area_px: u32) {
    let mask = Gray::from_fn(coverage.width(), coverage.height(), |x, y| {
        Luma([if coverage.get_pixel(x, y).0[0] > 0.0 { 255 } else { 0 }])
    });
    let patches = super::pieces::pieces(&mask);
    for (value, patch) in coverage.as_mut().iter_mut().zip(patches.labels()) {
        if patches.area(*patch) < least_area_px {
            *value = 0.0;
        }
    }
}

fn quantile(field: &Field, weight: &Field, quantile: f32) -> f32 {
    super::lines::weighted_quantile(field, weight, quantile)
}

/// 0 up to `from`, 1 from `to` on, smooth between.
pub fn step(value: f32, from: f32, to: f32) -> f32 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::BackdropConfig;
    use crate::photo::matte;
    use crate::photo::sample;
    use crate::sketch::Anatomy;
    use crate::sketch::FlowConfig;
    use crate::sketch::flow_lines;

    fn sketched(portrait: &Portrait, config: &ToneConfig) -> Sketch {
        let anatomy = Anatomy::guessed(portrait, &matte(portrait, &BackdropConfig::default()));
        let lines = flow_lines(portrait, &anatomy, &FlowConfig::default());
        shade(portrait, &lines, &anatomy, config)
    }

    #[test]
    fn dark_cloth_is_hatched_one_way_and_the_backdrop_not_at_all() {
        let sketch = sketched(&sample::sitter(|_, _| [150, 180, 220]), &ToneConfig::default());
        let tone = sketch.tone().expect("has tone");
        let at = |x, y| (tone.shade().get_pixel(x, y).0[0], tone.direction().get_pixel(x, y).0[0]);
        let (shade, direction) = at(140, 470);
        assert!(shade < 235, "dark cloth is left at {shade}");
        assert!((direction.to_degrees() - 122.0).abs() < 0.1, "cloth runs at {} degrees", direction.to_degrees());
        assert_eq!(at(30, 60).0, 255);
        assert_eq!(at(256, 511).0, 255, "hatching must fade out at the frame");
    }

    #[test]
    fn deep_sockets_are_hatched_level_between_brow_and_lids() {
        let deep = |x: u32, y: u32| -> bool {
            (222..228).contains(&y) && ((190..222).contains(&x) || (290..322).contains(&x))
        };
        let photo = sample::portrait_of(|x, y| match () {
            () if !sample::on_sitter(x, y) => [150, 180, 220],
            () if deep(x, y) => [120, 90, 80],
            () => [215, 175, 150],
        });
        let anatomy = Anatomy::of_face(&photo, &crate::face::sample::face(0.0, |_, _| false));
        let lines = LineDrawing::new(Gray::from_pixel(512, 512, Luma([255])));
        let shaded = |sockets: f32| {
            let config = ToneConfig { sockets, ..ToneConfig::default() };
            shade(&photo, &lines, &anatomy, &config).tone().map(|tone| (tone.shade().clone(), tone.direction().clone()))
        };
        let (shade, direction) = shaded(0.45).expect("has tone");
        for x in [206, 306] {
            assert!(shade.get_pixel(x, 224)[0] < 200, "a socket is left at {}", shade.get_pixel(x, 224)[0]);
            assert!(direction.get_pixel(x, 224)[0].sin().abs() < 0.01, "strokes run level");
            assert_eq!(shade.get_pixel(x, 236)[0], 255, "between the lids is drawn by lines");
        }
        assert_eq!(shaded(0.0).expect("has tone").0.get_pixel(206, 224)[0], 255);
    }

    #[test]
    fn no_coverage_is_no_tone() {
        let none =
            ToneConfig { hair: 0.0, clothes: 0.0, skin: 0.0, lips: 0.0, face_hair: 0.0, ..ToneConfig::default() };
        let sketch = sketched(&sample::sitter(|_, _| [150, 180, 220]), &none);
        assert!(sketch.tone().expect("has tone").shade().as_raw().iter().all(|v| *v == 255));
    }

    #[test]
    fn blank_photos_and_wild_settings_still_give_a_sketch() {
        let wild =
            ToneConfig { hair: 7.0, clothes: -3.0, skin: f32::NAN, skin_angle_deg: 1e6, ..ToneConfig::default() };
        for level in [0, 128, 255] {
            for config in [&wild, &ToneConfig::default()] {
                let sketch = sketched(&sample::portrait_of(|_, _| [level; 3]), config);
                let tone = sketch.tone().expect("planes are of one size and finite");
                assert_eq!(tone.shade().dimensions(), sketch.ink().dimensions());
            }
        }
    }
}
