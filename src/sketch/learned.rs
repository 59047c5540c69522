//! Lines and sketches by networks: F draws the lines, G the sketch upon them (sRender).
//!
//! Before F the backdrop turns white; after it eyes, nose and mouth are drawn by networks of their own, where the style has
//! them and a face was read, and then come AiSketcher's renewals: the irises as dark discs with a highlight, both alike, and
//! the jaw closed. What G draws is either a pen drawing, whose lines and hatching become strokes (`penned`), or tone, which
//! is hatched along the form with F's lines upon it (`rubbed`). Nothing is drawn where nobody is. Lengths in portrait
//! pixels. Refuses what the networks refuse, which they do not for portraits.

use models::ModelError;
use models::detail_drawer::DetailDrawers;
use models::generator::Generator;
use models::line_drawer::LineDrawer;
use serde::Deserialize;
use serde::Serialize;

use super::LineDrawing;
use super::Sketch;
use super::anatomy::Anatomy;
use super::beard::beard;
use super::contours;
use super::details::with_details;
use super::irises;
use super::penned;
use super::rubbed;
use super::specks;
use super::tone;
use super::tone::ToneConfig;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;

/// What a generator's drawing is made of, and so how it becomes strokes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Manner {
    /// Pen lines: those that stand alone are traced, hatched places are hatched the way they are.
    #[default]
    Ink,
    /// Tone: it is hatched along the form, F's lines upon it.
    Tone,
}

/// The networks of a learned style.
#[derive(Debug, Clone)]
pub struct StyleNetworks {
    drawer: LineDrawer,
    details: Option<DetailDrawers>,
    generator: Option<(Generator, Manner)>,
}

/// How far outside the matte ink may lie: the outline is on its border.
const BEYOND_PX: f32 = 3.0;
/// The share of the person, softened, below which there is nobody.
const SOMEBODY: f32 = 0.12;

impl StyleNetworks {
    /// The style that draws lines by `drawer`, those of eyes, nose and mouth by `details`, and the sketch by a generator, if it
    /// has these.
    pub fn new(drawer: LineDrawer, details: Option<DetailDrawers>, generator: Option<(Generator, Manner)>) -> Self {
        Self { drawer, details, generator }
    }

    /// What F, and the drawers of details, draw of `portrait`.
    ///
    /// # Errors
    /// The machine is out of memory.
    pub fn lines(&self, portrait: &Portrait, anatomy: &Anatomy) -> Result<LineDrawing, ModelError> {
        let side = Portrait::SIDE;
        let content = content(portrait, anatomy);
        let mut drawn = self.drawer.draw(content.as_raw(), side as usize, side as usize)?;
        if let (Some(details), Some(landmarks)) = (&self.details, anatomy.landmarks()) {
            drawn = with_details(&drawn, content.as_raw(), &beard(portrait, anatomy), landmarks, details)?;
        }
        // Pale lines stay: they are no strokes, but G knows by them what is dark.
        let ink = irises::with_eyeballs(of_somebody(gray(&drawn, |value| value), anatomy), portrait, anatomy);
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
            return Ok(tone::shade(portrait, &specks::clear(lines), anatomy, config));
        };
        Ok(match manner {
            Manner::Ink => penned::penned(of_somebody(drawn, anatomy), portrait, lines, anatomy, config),
            Manner::Tone => rubbed::rubbed(&drawn, portrait, &specks::clear(lines), anatomy, config),
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
