//! The charcoal artist: a gray drawing in tone, rubbed along the form, on paper with a tooth.
//!
//! What is dark and what is light is decided part by part ([`values`]): faces by this person's own skin, so that all skins are
//! drawn in even light; hair deep, with its lighter locks; the backdrop is paper. The tone is rubbed along the flow of the
//! picture (line integral convolution, Cabral & Leedom 1993) with streaks of the stick in it, contours are drawn softly over
//! it, irises dark with a highlight; then the paper's tooth eats at the light tone. Lengths in portrait pixels; darkness from
//! 0 (paper) to 1. Deterministic; refuses nothing.

mod values;

use image::Luma;

use super::anatomy::Anatomy;
use super::chance;
use super::even_light::even_light;
use super::flow::edge_flow;
use super::lines;
use super::study::study_contours;
use super::tone::brows;
use super::tone::step;
use crate::face::Side;
use crate::photo::Portrait;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;

/// How one charcoal artist draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CharcoalHand {
    /// What the hand is called.
    pub name: &'static str,
    /// How strongly faces are modelled: 1 is usual.
    pub modelling: f32,
    /// How dark hair and clothes are: 1 is usual.
    pub depth: f32,
    /// How dark contours are: 1 is usual.
    pub line: f32,
    /// How much the stick's streaks show: 1 is usual.
    pub streaks: f32,
    /// How much of the paper's tooth shows: 1 is usual.
    pub tooth: f32,
}

/// The hands, in order.
pub fn charcoal_hands() -> &'static [CharcoalHand] {
    const USUAL: CharcoalHand =
        CharcoalHand { name: "even", modelling: 1.0, depth: 1.0, line: 1.0, streaks: 1.0, tooth: 1.0 };
    &[
        USUAL,
        CharcoalHand { name: "deep", modelling: 1.25, depth: 1.12, streaks: 1.2, ..USUAL },
        CharcoalHand { name: "soft", modelling: 0.9, depth: 0.85, line: 0.8, streaks: 0.7, tooth: 1.3 },
    ]
}

/// Smoothing of the flow along which tone is rubbed.
const FLOW_PX: f32 = 4.2;
/// How far skin and hair are rubbed along the flow (sigma).
const RUB_PX: (f32, f32) = (4.0, 8.0);
/// Length of the stick's streaks (sigma), and their grain.
const STREAK_PX: (f32, f32) = (7.0, 0.8);
/// The darkest that charcoal gets.
const DARKEST: f32 = 0.97;
/// Darkness below which paper is bare.
const BARE: f32 = 0.02;

/// `portrait` in charcoal by `hand`: 255 paper, 0 ink; `seed` decides the streaks and the paper.
pub fn charcoal(portrait: &Portrait, anatomy: &Anatomy, hand: &CharcoalHand, seed: u64) -> Gray {
    let contours = study_contours(portrait, anatomy);
    let ink = smooth::of_size(
        Portrait::SIDE,
        Portrait::SIDE,
        contours.ink().as_raw().iter().map(|v| 1.0 - f32::from(*v) / 255.0).collect(),
    );
    let even = even_light(portrait, anatomy);
    let mut dark = rubbed(&values::values(portrait, anatomy, hand), &even, anatomy, hand, seed);
    draw_contours(&mut dark, &ink, anatomy, hand);
    fade_out(&mut dark, &ink, anatomy);
    set_irises(&mut dark, &ink, anatomy);
    on_paper(&dark, hand.tooth, seed)
}

/// The tone of `values` rubbed along the flow, with streaks; eyes, brows and mouth stay sharp.
fn rubbed(values: &Field, even: &Field, anatomy: &Anatomy, hand: &CharcoalHand, seed: u64) -> Field {
    const STREAKS: (f32, f32, f32) = (0.06, 0.035, 0.014);
    let flow = edge_flow(even, FLOW_PX);
    let rub = |sigma_px: f32| lines::along(values, &flow, sigma_px, &|_, _| true);
    let (short, long) = (rub(RUB_PX.0), rub(RUB_PX.1));
    let grain = chance::noise(Portrait::SIDE, STREAK_PX.1, seed);
    let streaks = chance::unit(&lines::along(&grain, &flow, STREAK_PX.0, &|_, _| true));
    let brows = brows(even, anatomy);
    let features = features(anatomy);
    let mut dark = values.clone();
    for (i, value) in dark.as_mut().iter_mut().enumerate() {
        let [hair, clothes, skin] = [anatomy.hair(), anatomy.clothes(), anatomy.skin()].map(|part| part.as_raw()[i]);
        let rubbed = short.as_raw()[i] * (1.0 - hair) + long.as_raw()[i] * hair;
        let sharp = 0.75 * features.as_raw()[i];
        let tone = 1.0 - (rubbed * (1.0 - sharp) + *value * sharp);
        let brow = brows.as_raw()[i] * (0.42 + 0.08 * streaks.as_raw()[i]) * hand.depth;
        let tone = tone.max(0.6 * tone + brow);
        let amount = (STREAKS.0 * hair + STREAKS.1 * clothes + STREAKS.2 * skin) * hand.streaks;
        *value = (tone + amount * streaks.as_raw()[i] * (2.2 * tone).clamp(0.0, 1.0)).clamp(0.0, 1.0);
    }
    dark
}

/// Eyes, brows and mouth.
fn features(anatomy: &Anatomy) -> Field {
    smooth::map2(&smooth::map2(anatomy.eyes(), anatomy.brows(), f32::max), anatomy.mouth(), f32::max)
}

/// Lays the contours over the tone: a line, softer on skin than in eyes and hair, in a breath of shadow.
fn draw_contours(dark: &mut Field, ink: &Field, anatomy: &Anatomy, hand: &CharcoalHand) {
    const LINE_PX: f32 = 0.7;
    const SHADOW_PX: f32 = 2.8;
    const SHADOW: f32 = 0.30;
    let (line, shadow) = (smooth::gaussian(ink, LINE_PX), smooth::gaussian(ink, SHADOW_PX));
    let features = features(anatomy);
    for (i, value) in dark.as_mut().iter_mut().enumerate() {
        let firm = (features.as_raw()[i] + 0.6 * anatomy.hair().as_raw()[i]).clamp(0.0, 1.0);
        let line = (line.as_raw()[i] * (0.58 + 0.34 * firm) * hand.line).clamp(0.0, 0.94);
        let shadow = (shadow.as_raw()[i] * SHADOW * hand.line).clamp(0.0, 1.0);
        *value = 1.0 - (1.0 - *value) * (1.0 - line) * (1.0 - shadow);
    }
}

/// Lets the drawing end softly at the frame, low down as a bust does, and nothing stand in the backdrop.
fn fade_out(dark: &mut Field, ink: &Field, anatomy: &Anatomy) {
    const HANG_PX: f32 = 40.0;
    let person = smooth::gaussian(&smooth::map(anatomy.backdrop(), |backdrop| 1.0 - backdrop), 1.0);
    let near_ink = smooth::gaussian(ink, 1.0);
    let middle = Portrait::SIDE as f32 / 2.0;
    for (x, y, value) in dark.enumerate_pixels_mut() {
        let i = (y * Portrait::SIDE + x) as usize;
        let aside = (x as f32 - middle).abs() / middle;
        let low = step(y as f32, 300.0, 420.0);
        let room = anatomy.room().as_raw()[i] - low * HANG_PX * aside * aside;
        let inside = step(person.as_raw()[i], 0.15, 0.6).max((3.0 * near_ink.as_raw()[i]).min(1.0));
        value.0[0] *= step(room, 2.0, 25.0 + 35.0 * low) * inside;
    }
}

/// Sets the irises: dark discs a little lighter around the pupil, their highlights paper, both alike.
fn set_irises(dark: &mut Field, ink: &Field, anatomy: &Anatomy) {
    let Some(landmarks) = anatomy.landmarks() else { return };
    let radius = Side::BOTH.map(|side| landmarks.iris(side).radius_px).iter().sum::<f64>() as f32 / 2.0;
    for iris in Side::BOTH.map(|side| *landmarks.iris(side)) {
        for (x, y, value) in dark.enumerate_pixels_mut() {
            let off = (f64::from(x) - iris.centre.x).hypot(f64::from(y) - iris.centre.y) as f32;
            let disc = (radius + 0.5 - off).clamp(0.0, 1.0);
            let share = off / radius;
            let around = step(share, 0.45, 0.6) * (1.0 - step(share, 0.82, 0.98));
            let own = ink.get_pixel(x, y).0[0];
            // Where the lid covers the disc there is no ink of it: there the tone stays.
            let lit = if own > 0.5 || share < 0.72 { 1.0 } else { own * 2.0 };
            value.0[0] = value.0[0] * (1.0 - disc * lit) + disc * lit * own * (0.95 - 0.24 * around);
        }
    }
}

/// `dark` as gray on paper whose tooth takes the charcoal unevenly.
fn on_paper(dark: &Field, tooth: f32, seed: u64) -> Gray {
    const MIDTONES: f32 = 0.13;
    const LIGHTS: f32 = 0.016;
    let [fine, coarse] = [(1, 0.8), (2, 1.6)].map(|(lot, px)| chance::noise(Portrait::SIDE, px, !seed ^ lot));
    Gray::from_fn(dark.width(), dark.height(), |x, y| {
        let own = dark.get_pixel(x, y).0[0].clamp(0.0, 1.0);
        let height = 0.6 * (fine.get_pixel(x, y).0[0] + coarse.get_pixel(x, y).0[0]);
        let light = step(own, 0.005, 0.05) * (1.0 - step(own, 0.1, 0.5));
        let eaten = own + tooth * (MIDTONES * own * (1.0 - own) * height - LIGHTS * light * height.abs());
        let left = if own < BARE || eaten < BARE { 0.0 } else { eaten.min(DARKEST) };
        Luma([(255.0 * (1.0 - left)).round() as u8])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample::face;
    use crate::photo::sample;

    fn drawn(seed: u64, paint: impl Fn([u8; 3]) -> [u8; 3]) -> Gray {
        let sitter = sample::sitter(|_, _| [150, 180, 220]);
        let portrait = sample::portrait_of(|x, y| paint(sitter.pixels().get_pixel(x, y).0));
        let anatomy = Anatomy::of_face(&portrait, &face(0.0, |_, _| false));
        charcoal(&portrait, &anatomy, &charcoal_hands()[0], seed)
    }

    fn mean(drawing: &Gray, x: std::ops::Range<u32>, y: std::ops::Range<u32>) -> f64 {
        let values: Vec<f64> = y
            .flat_map(|y| x.clone().map(move |x| (x, y)))
            .map(|(x, y)| f64::from(drawing.get_pixel(x, y).0[0]))
            .collect();
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn paper_stays_bare_skin_is_light_hair_deep_and_the_seed_decides_the_grain() {
        let drawing = drawn(1, |own| own);
        assert!((0..80).all(|x| (0..300).all(|y| drawing.get_pixel(x, y).0[0] == 255)), "the backdrop");
        let (skin, hair) = (mean(&drawing, 170..200, 270..300), mean(&drawing, 230..280, 80..110));
        assert!(skin > 190.0, "skin is {skin:.0}");
        assert!(hair < 140.0, "hair is {hair:.0}");
        assert_eq!(drawing, drawn(1, |own| own));
        assert_ne!(drawing, drawn(2, |own| own));
    }

    #[test]
    fn dark_photos_are_drawn_in_the_same_light() {
        let light = drawn(1, |own| own);
        let dark = drawn(1, |own| own.map(|v| (f32::from(v) * 0.4) as u8));
        let cheek = |drawing: &Gray| mean(drawing, 170..200, 270..300);
        assert!((cheek(&light) - cheek(&dark)).abs() < 12.0, "{:.0} and {:.0}", cheek(&light), cheek(&dark));
    }

    #[test]
    fn both_irises_are_dark_and_have_their_highlight_at_the_same_place() {
        let drawing = drawn(1, |own| own);
        for eye in [206, 306] {
            assert!(drawing.get_pixel(eye + 4, 239).0[0] < 70, "the iris at {eye}");
            let shine = (eye - 6..eye).filter(|x| drawing.get_pixel(*x, 234).0[0] > 225).count();
            assert!(shine >= 1, "no highlight at {eye}");
        }
    }
}
