//! The pen artist: contours of living weight, hair and clothes hatched along the form, irises dark with a highlight.
//!
//! Lines are those of the [line study](crate::sketch::line_study), tone is the sketch's own ([`shade`]), both become strokes
//! by the same recipe as the robot's and are inked by hand ([`super::inking`]); a style's files cannot say what a hand says.
//! The sheet is a square of 150 mm, so that a portrait pixel is 0.29 mm. Refuses nothing.

use std::sync::LazyLock;

use image::Luma;
use imageproc::distance_transform::Norm;
use imageproc::morphology::dilate;

use super::inking;
use super::inking::Touch;
use crate::face::Side;
use crate::photo::Portrait;
use crate::raster::Gray;
use crate::sketch::Anatomy;
use crate::sketch::Sketch;
use crate::sketch::ToneConfig;
use crate::sketch::along_the_form;
use crate::sketch::line_study;
use crate::sketch::pieces;
use crate::sketch::shade;
use crate::sketch::study_contours;
use crate::strokes::Sheet;
use crate::strokes::StrokesConfig;
use crate::strokes::strokes;

/// How one pen artist draws.
#[derive(Debug, Clone, PartialEq)]
pub struct PenHand {
    /// What the hand is called.
    pub name: &'static str,
    /// How much is hatched, and which way.
    pub tone: ToneConfig,
    /// How lines are read and darkness is filled.
    pub strokes: StrokesConfig,
    /// How the pen is moved.
    pub touch: Touch,
    /// How much the hatching of clothes bends with the form, 0 to 1.
    pub bend: f32,
}

/// Side of the sheet, mm.
const SIDE_MM: f64 = 150.0;

/// The hands, in order.
pub fn hands() -> &'static [PenHand] {
    static HANDS: LazyLock<Vec<PenHand>> = LazyLock::new(|| {
        let tone = ToneConfig {
            hair: 0.48,
            clothes: 0.34,
            skin: 0.30,
            skin_from: 0.06,
            face_hair: 0.62,
            lips: 0.36,
            skin_calm_px: 3.6,
            skin_clear_px: 3,
            skin_least_area_px: 220,
            least_area_px: 140,
            ..ToneConfig::default()
        };
        let strokes = StrokesConfig {
            margins_mm: 0.0,
            pen_width_mm: 0.38,
            fill_from_mm: 1.3,
            hatch_spacing_mm: 0.3,
            restate_from: 2.1,
            min_ink_mm2: 0.4,
            tone_shortest_mm: 3.0,
            ..StrokesConfig::default()
        };
        let touch = Touch { contour_mm: 0.62, hatch_mm: 0.40, waver_mm: 0.06, living: 0.8 };
        let even = PenHand { name: "even", tone, strokes, touch, bend: 0.6 };
        vec![
            even.clone(),
            PenHand {
                name: "rich",
                tone: ToneConfig { hair: 0.62, clothes: 0.46, skin: 0.36, skin_angle_deg: -46.0, ..even.tone.clone() },
                strokes: StrokesConfig { pen_width_mm: 0.36, ..even.strokes.clone() },
                touch: Touch { hatch_mm: 0.37, ..touch },
                bend: 0.8,
            },
            PenHand {
                name: "sparse",
                tone: ToneConfig { hair: 0.34, clothes: 0.20, skin: 0.22, skin_from: 0.08, ..even.tone.clone() },
                touch: Touch { contour_mm: 0.55, hatch_mm: 0.38, ..touch },
                ..even.clone()
            },
            PenHand {
                name: "loose",
                tone: ToneConfig { clothes_angle_deg: -40.0, skin_angle_deg: -60.0, ..even.tone.clone() },
                touch: Touch { waver_mm: 0.16, living: 1.0, contour_mm: 0.66, ..touch },
                bend: 1.0,
                ..even.clone()
            },
            PenHand {
                name: "bold",
                tone: ToneConfig { hair: 0.52, clothes: 0.42, clothes_angle_deg: 62.0, ..even.tone.clone() },
                strokes: StrokesConfig { pen_width_mm: 0.5, ..even.strokes.clone() },
                touch: Touch { contour_mm: 0.8, hatch_mm: 0.5, waver_mm: 0.08, living: 0.9 },
                ..even
            },
        ]
    });
    &HANDS
}

/// Width of a line study's lines, mm: 2.45 px.
const STUDY_MM: f64 = 0.72;

/// The line study of `portrait`, traced and inked with one steady pen: clean lines of one width, gaps closed.
pub fn lines(portrait: &Portrait, anatomy: &Anatomy) -> Gray {
    let study = line_study(portrait, anatomy);
    let steady = PenHand {
        name: "study",
        tone: ToneConfig::default(),
        strokes: StrokesConfig {
            margins_mm: 0.0,
            pen_width_mm: 0.5,
            fill_from_mm: 1.5,
            hatch_spacing_mm: 0.35,
            bridge_mm: 2.4,
            min_ink_mm2: 1.1,
            ..StrokesConfig::default()
        },
        touch: Touch { contour_mm: STUDY_MM, hatch_mm: STUDY_MM, waver_mm: 0.0, living: 0.0 },
        bend: 0.0,
    };
    inked(&Sketch::new(study.ink().clone()), anatomy, &steady, 0)
}

/// `portrait` drawn by `hand`; `seed` decides how its lines waver.
pub fn draw(portrait: &Portrait, anatomy: &Anatomy, hand: &PenHand, seed: u64) -> Gray {
    let lines = study_contours(portrait, anatomy);
    let sketch = shade(portrait, &lines, anatomy, &hand.tone);
    let sketch = match sketch.tone().map(|tone| along_the_form(tone, portrait, anatomy, hand.bend)) {
        Some(tone) => Sketch::with_tone(lines.ink().clone(), tone).unwrap_or(sketch),
        None => sketch,
    };
    inked(&sketch, anatomy, hand, seed)
}

/// `sketch` as strokes, inked by `hand`.
fn inked(sketch: &Sketch, anatomy: &Anatomy, hand: &PenHand, seed: u64) -> Gray {
    let sheet = Sheet::new(SIDE_MM, SIDE_MM).expect("a square of 150 mm is a sheet");
    let px_per_mm = f64::from(Portrait::SIDE) / SIDE_MM;
    // A hand's settings are in range (a test holds them to it): should they not be, its lines stand without hatching.
    let Ok(traced) = strokes(sketch, &sheet, &hand.strokes) else { return sketch.ink().clone() };
    let mut drawing = inking::inked(traced.set.strokes(), &sheet, px_per_mm, &hand.touch, seed);
    with_eyes(&mut drawing, sketch.ink(), anatomy);
    without_specks(&mut drawing);
    drawing
}

/// Takes away marks so small and so far from others that they say nothing.
fn without_specks(drawing: &mut Gray) {
    /// A mark of fewer pixels is a speck.
    const LEAST_PX: u32 = 45;
    /// What is nearer than this to a larger mark belongs to it: the dashes of a hatching, a dimple.
    const BESIDE_PX: u8 = 10;
    let marked = Gray::from_fn(drawing.width(), drawing.height(), |x, y| {
        Luma([if drawing.get_pixel(x, y).0[0] < 200 { 255 } else { 0 }])
    });
    let marks = pieces(&marked);
    let mut large = marked;
    for (pixel, mark) in large.iter_mut().zip(marks.labels()) {
        if marks.area(*mark) < LEAST_PX {
            *pixel = 0;
        }
    }
    let near = dilate(&large, Norm::L2, BESIDE_PX);
    for (pixel, near) in drawing.iter_mut().zip(near.iter()) {
        if *near == 0 {
            *pixel = 255;
        }
    }
}

/// Sets the irises of `lines` into `drawing`: strokes that fill a disc at this size would blot out its highlight.
fn with_eyes(drawing: &mut Gray, lines: &Gray, anatomy: &Anatomy) {
    const BESIDE_PX: f64 = 1.0;
    let Some(landmarks) = anatomy.landmarks() else { return };
    for iris in Side::BOTH.map(|side| *landmarks.iris(side)) {
        for (x, y, pixel) in drawing.enumerate_pixels_mut() {
            let off = (f64::from(x) - iris.centre.x).hypot(f64::from(y) - iris.centre.y) - iris.radius_px;
            let share = (BESIDE_PX + 0.5 - off).clamp(0.0, 1.0);
            let own = f64::from(lines.get_pixel(x, y).0[0]);
            *pixel = Luma([(f64::from(pixel.0[0]) * (1.0 - share) + own * share).round() as u8]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hand_has_a_name_of_its_own_and_settings_in_range() {
        let names: std::collections::BTreeSet<_> = hands().iter().map(|hand| hand.name).collect();
        assert_eq!(names.len(), hands().len());
        for hand in hands() {
            assert_eq!(hand.strokes.check(), Ok(()), "{}", hand.name);
        }
    }
}
