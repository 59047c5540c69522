//! Lines and sketches by networks: F draws the lines, G the sketch upon them (sRender).
//!
//! Before F the backdrop turns white; after it come AiSketcher's renewals: the irises as dark discs with a highlight, both
//! alike, and the jaw closed. What G draws is either ink, whose every line is a stroke, or tone, which is hatched along the
//! form with F's lines upon it. Nothing is drawn where nobody is. Lengths in portrait pixels. Refuses what the networks
//! refuse, which they do not for portraits.

use models::ModelError;
use models::generator::Generator;
use models::line_drawer::LineDrawer;
use serde::Deserialize;
use serde::Serialize;

use super::LineDrawing;
use super::Sketch;
use super::Tone;
use super::anatomy::Anatomy;
use super::contours;
use super::form::along_the_form;
use super::irises;
use super::pieces::pieces;
use super::tone;
use super::tone::ToneConfig;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;
use imageproc::distance_transform::Norm;
use imageproc::morphology::dilate;

/// What a generator's drawing is made of, and so how it becomes strokes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Manner {
    /// Pen lines: each is a stroke.
    #[default]
    Ink,
    /// Tone: it is hatched along the form, F's lines upon it.
    Tone,
}

/// The networks of a learned style.
#[derive(Debug, Clone)]
pub struct StyleNetworks {
    drawer: LineDrawer,
    generator: Option<(Generator, Manner)>,
}

/// How far outside the matte ink may lie: the outline is on its border.
const BEYOND_PX: f32 = 3.0;
/// The share of the person, softened, below which there is nobody.
const SOMEBODY: f32 = 0.12;
/// Ink below it, 0 black to 255 paper, is a line.
const INK: u8 = 128;
/// F's lines of less ink are specks.
const LEAST_LINE_PX: u32 = 24;
/// G's strokes of less ink are specks.
const LEAST_STROKE_PX: u32 = 10;
/// Reach over which tone is averaged before it is hatched: finer than that hatching cannot tell.
const CALM_PX: f32 = 3.0;

impl StyleNetworks {
    /// The style that draws lines by `drawer` and, if it has one, the sketch by a generator.
    pub fn new(drawer: LineDrawer, generator: Option<(Generator, Manner)>) -> Self {
        Self { drawer, generator }
    }

    /// What F draws of `portrait`.
    ///
    /// # Errors
    /// The machine is out of memory.
    pub fn lines(&self, portrait: &Portrait, anatomy: &Anatomy) -> Result<LineDrawing, ModelError> {
        let side = Portrait::SIDE;
        let drawn = self.drawer.draw(content(portrait, anatomy).as_raw(), side as usize, side as usize)?;
        // Pale lines stay: they are no strokes, but G knows by them what is dark.
        let ink = irises::with_irises(of_somebody(gray(&drawn, |value| value), anatomy), portrait, anatomy);
        Ok(LineDrawing::new(contours::with_jaw(ink, anatomy)))
    }

    /// What G draws upon `lines`; where the style has no G, they are shaded as the pen artist shades.
    ///
    /// # Errors
    /// The machine is out of memory.
    pub fn sketch(
        &self,
        portrait: &Portrait,
        lines: &LineDrawing,
        anatomy: &Anatomy,
        config: &ToneConfig,
    ) -> Result<Sketch, ModelError> {
        let Some((drawn, manner)) = self.generated(lines)? else {
            return Ok(tone::shade(portrait, &clear(lines), anatomy, config));
        };
        Ok(match manner {
            Manner::Ink => Sketch::new(without_specks(of_somebody(drawn, anatomy), LEAST_STROKE_PX)),
            Manner::Tone => toned(&drawn, portrait, &clear(lines), anatomy, config),
        })
    }

    /// What G itself draws upon `lines`, before anything is made of it that a pen can draw, and what it is made of; none
    /// where the style has no G.
    ///
    /// # Errors
    /// The machine is out of memory.
    pub fn generated(&self, lines: &LineDrawing) -> Result<Option<(Gray, Manner)>, ModelError> {
        let Some((generator, manner)) = &self.generator else { return Ok(None) };
        let side = Portrait::SIDE as usize;
        let plane: Vec<f32> = lines.ink().as_raw().iter().map(|&ink| f32::from(ink) / 127.5 - 1.0).collect();
        Ok(Some((gray(&generator.draw(&plane, side, side)?, |value| 0.5 + 0.5 * value), *manner)))
    }
}

/// What F is shown of `portrait`: light 1 and black 0, the backdrop white.
pub fn content(portrait: &Portrait, anatomy: &Anatomy) -> Field {
    let light = colour_model::luma(portrait.pixels());
    smooth::map2(&light, anatomy.backdrop(), |light, backdrop| 1.0 + (light - 1.0) * (1.0 - backdrop))
}

/// A network's plane as gray, its values mapped to 0 (ink) to 1 (paper).
fn gray(values: &[f32], map: impl Fn(f32) -> f32) -> Gray {
    let side = Portrait::SIDE;
    let value = |x: u32, y: u32| (map(values[(y * side + x) as usize]).clamp(0.0, 1.0) * 255.0).round() as u8;
    Gray::from_fn(side, side, |x, y| Luma([value(x, y)]))
}

/// Those of `lines` that are strokes.
fn clear(lines: &LineDrawing) -> LineDrawing {
    LineDrawing::new(without_specks(lines.ink().clone(), LEAST_LINE_PX))
}

/// `ink` without what lies where nobody is.
fn of_somebody(mut ink: Gray, anatomy: &Anatomy) -> Gray {
    let person = smooth::gaussian(&smooth::map(anatomy.backdrop(), |backdrop| 1.0 - backdrop), BEYOND_PX);
    for (pixel, person) in ink.iter_mut().zip(person.as_raw()) {
        if *person < SOMEBODY {
            *pixel = 255;
        }
    }
    ink
}

/// `ink` without pieces of fewer than `least_px` px of ink.
fn without_specks(mut ink: Gray, least_px: u32) -> Gray {
    // A piece is all that hangs together by its paler borders.
    let mask = Gray::from_fn(ink.width(), ink.height(), |x, y| Luma([u8::from(ink.get_pixel(x, y).0[0] < PALE) * 255]));
    let pieces = pieces(&mask);
    let mut dark = vec![0u32; pieces.count()];
    for (label, value) in pieces.labels().iter().zip(ink.as_raw()) {
        dark[*label as usize] += u32::from(*value < INK);
    }
    for (label, value) in pieces.labels().iter().zip(ink.iter_mut()) {
        if *label == 0 || dark[*label as usize] < least_px {
            *value = 255;
        }
    }
    ink
}

/// Tone this close to a line may be the line's own.
const BESIDE_PX: u8 = 2;
/// The least share of what is no line, from which tone is known.
const LEAST_SHARE: f32 = 0.15;
/// The darkness from which skin is hatched.
const SKIN_FROM: f32 = 0.2;
/// How far strokes on clothes follow the form.
const BEND: f32 = 1.0;
/// Ink below it hangs together.
const PALE: u8 = 200;

/// `drawn` as tone to be hatched, with `lines` upon it.
fn toned(drawn: &Gray, portrait: &Portrait, lines: &LineDrawing, anatomy: &Anatomy, config: &ToneConfig) -> Sketch {
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
    let direction = tone::directions(portrait, anatomy, config);
    // What of hair and clothes is left out costs no likeness.
    let spare = Gray::from_fn(width, height, |x, y| Luma([u8::from(rest.get_pixel(x, y).0[0] > 0.5) * 255]));
    let tone = Tone::new(shade, direction).map(|tone| along_the_form(&tone, portrait, anatomy, BEND));
    let tone = tone.and_then(|tone| tone.sparing(spare));
    let sketch = tone.and_then(|tone| Sketch::with_tone(lines.ink().clone(), tone));
    sketch.unwrap_or_else(|| Sketch::new(lines.ink().clone()))
}
