//! From lines to a sketch without weights: irises renewed, and tone asked for where it makes the likeness.
//!
//! Hair is shaded along its strands by its lightness relative to this person's own hair, with the highlights left
//! open; skin sparsely, where the evenly lit face is dark (a little tone there is worth more likeness than any line);
//! brows along their length; dark cloth with parallel strokes that fade out towards the lower edge, so that the
//! drawing ends like a vignette and not at a cut. Depths are shares of the paper that hatching covers. Refuses nothing.

use super::LineDrawing;
use super::Sketch;
use super::Tone;
use super::even_light::even_light;
use super::face_map;
use super::flow::edge_flow;
use super::irises::with_irises;
use super::regions::Regions;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;
use rayon::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// How much tone a sketch gets. Depths are shares of the paper covered by hatching, 0 to 1; 0 leaves a region open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShadeConfig {
    /// Depth of dark hair's darkest parts. Default 0.24.
    pub hair_depth: f32,
    /// Depth of the darkest parts of the skin. Default 0.20.
    pub skin_depth: f32,
    /// Depth of brows. Default 0.45.
    pub brow_depth: f32,
    /// Depth of black cloth. Default 0.13.
    pub clothes_depth: f32,
    /// Lightness, relative to an evenly lit face, below which skin is shaded, 0 to 1. Default 0.62.
    pub skin_below: f32,
    /// Direction of the strokes on skin and cloth, degrees from the x axis towards the bottom. Default -55.
    pub angle_deg: f32,
}

impl Default for ShadeConfig {
    fn default() -> Self {
        Self {
            hair_depth: 0.24,
            skin_depth: 0.20,
            brow_depth: 0.45,
            clothes_depth: 0.13,
            skin_below: 0.62,
            angle_deg: -55.0,
        }
    }
}

/// Lines of hair are gathered over this many pixels (sigma) to find how it flows.
const STRANDS_PX: f32 = 4.0;
/// Shade is smoothed over this many pixels, about a stroke's spacing.
const SHADE_PX: f32 = 3.0;
/// Where the lower edge begins to fade, and where nothing is left, as shares of the height.
const FADE: (f32, f32) = (0.93, 1.02);
/// Depth below which hatching would be lonely strokes.
const LEAST_DEPTH: f32 = 0.05;

/// `lines` of `portrait` as a sketch with irises and tone.
pub fn shade(portrait: &Portrait, regions: &Regions, lines: &LineDrawing, config: &ShadeConfig) -> Sketch {
    let ink = with_irises(lines.ink().clone(), portrait);
    let tone = tone(portrait, regions, config);
    Sketch::with_tone(ink.clone(), tone).unwrap_or_else(|| Sketch::new(ink))
}

fn tone(portrait: &Portrait, regions: &Regions, config: &ShadeConfig) -> Tone {
    let light = colour_model::luma(portrait.pixels());
    let even = smooth::gaussian(&even_light(portrait, regions), SHADE_PX);
    let calm = smooth::gaussian(&light, SHADE_PX);
    let strands = edge_flow(&light, STRANDS_PX);
    let hair = Scale::of(&calm, regions.hair());
    let cloth = Scale::of(&calm, regions.clothes());
    let (brows, eyes, mouth) = (face_map::brows(), face_map::eyes(), face_map::mouth());

    let width = light.width() as usize;
    let height = light.height() as f32;
    let places: Vec<(u8, f32)> = (0..light.as_raw().len())
        .into_par_iter()
        .map(|i| {
            let (x, y) = (i % width, i / width);
            let at = |field: &Field| field.as_raw()[i];
            let fade = 1.0 - smoothstep(FADE.0, FADE.1, y as f32 / height);
            // Dark hair is shaded deep, white hair hardly; within it, highlights stay open.
            let hair_depth = config.hair_depth
                * (1.15 - hair.middle).clamp(0.25, 1.0)
                * (1.0 - smoothstep(0.35, 0.75, hair.place(at(&calm))))
                * sure(at(regions.hair()));
            let cloth_depth = config.clothes_depth
                * (1.0 - smoothstep(0.12, 0.42, at(&calm)))
                * sure(at(regions.clothes()))
                * cloth.sure;
            // Eyes and mouth are drawn by lines; shade there would only blur them.
            let drawn = at(&eyes).max(at(&mouth));
            let skin_depth = config.skin_depth
                * smoothstep(0.0, 0.18, config.skin_below - at(&even))
                * sure(at(regions.skin()))
                * (1.0 - drawn)
                * (1.0 - at(&brows));
            let brow_depth =
                config.brow_depth * smoothstep(0.0, 0.12, 0.62 - at(&even)) * smoothstep(0.3, 0.7, at(&brows));
            let depths = [hair_depth, cloth_depth, skin_depth, brow_depth];
            let strongest = (0..depths.len()).fold(0, |best, k| if depths[k] > depths[best] { k } else { best });
            let depth = depths[strongest] * fade;
            let along = strands.tangent(x, y);
            let angle = match strongest {
                0 | 3 => along[1].atan2(along[0]),
                _ => config.angle_deg.to_radians(),
            };
            let shade = if depth < LEAST_DEPTH { 255.0 } else { 255.0 * (1.0 - depth) };
            (shade as u8, angle)
        })
        .collect();
    let shade = Gray::from_fn(light.width(), light.height(), |x, y| Luma([places[y as usize * width + x as usize].0]));
    let direction =
        smooth::of_size(light.width(), light.height(), places.into_iter().map(|(_, angle)| angle).collect());
    Tone::new(shade, direction).expect("both planes are the portrait's size, and angles of finite tangents are finite")
}

/// The range of lightness within a region.
struct Scale {
    low: f32,
    middle: f32,
    high: f32,
    /// 1 if the region is there at all, 0 if not.
    sure: f32,
}

impl Scale {
    fn of(light: &Field, region: &Field) -> Self {
        let mut inside: Vec<f32> =
            light.as_raw().iter().zip(region.as_raw()).filter(|(_, share)| **share > 0.7).map(|(l, _)| *l).collect();
        inside.sort_by(f32::total_cmp);
        let Some(last) = inside.len().checked_sub(1) else {
            return Self { low: 0.0, middle: 1.0, high: 1.0, sure: 0.0 };
        };
        let quantile = |q: f32| inside[(q * last as f32) as usize];
        Self { low: quantile(0.05), middle: quantile(0.5), high: quantile(0.95), sure: 1.0 }
    }

    /// Where `value` lies between the darkest (0) and the lightest (1) of the region.
    fn place(&self, value: f32) -> f32 {
        // A region of one tone has no highlights to leave open.
        const LEAST_RANGE: f32 = 0.18;
        (value - self.low) / (self.high - self.low).max(LEAST_RANGE)
    }
}

/// A probability made a decision, with a soft edge.
fn sure(share: f32) -> f32 {
    smoothstep(0.45, 0.75, share)
}

fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_places_dark_at_nought_and_light_at_one() {
        let light = Field::from_fn(100, 10, |x, _| Luma([x as f32 / 100.0]));
        let all = Field::from_pixel(100, 10, Luma([1.0]));
        let scale = Scale::of(&light, &all);
        assert!(scale.place(0.05).abs() < 0.02 && (scale.place(0.95) - 1.0).abs() < 0.03);
        let none = Scale::of(&light, &Field::from_pixel(100, 10, Luma([0.0])));
        assert_eq!(none.sure, 0.0);
    }
}
