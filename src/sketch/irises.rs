//! The irises: found in the portrait, drawn as dark discs with a highlight, both alike.
//!
//! An iris is the circle around which the lightness jumps most from inside to outside (Daugman's integro-differential
//! operator, 1993, on the circle's left and right arcs, since lids cover the upper and lower ones), dark inside. The
//! disc is clipped by the lids: what is light there stays paper. AiSketcher renews eyes in the same spirit. Lengths in
//! portrait pixels, where the eyes lie 100 apart. Where no circle is convincing (closed eyes, sunglasses, a blank
//! portrait) nothing is drawn.

use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;

/// One iris.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Iris {
    x_px: f32,
    y_px: f32,
    radius_px: f32,
    /// Lightness inside and just outside.
    dark: f32,
    light: f32,
}

/// How far from its canonical place an eye's centre is looked for.
const REACH_PX: (i32, i32) = (22, 13);
/// Radii of irises in the canonical frame; the eyes' distance fixes the scale, so that people differ little.
const RADII_PX: std::ops::RangeInclusive<i32> = 8..=12;
/// The least jump of lightness that is an iris, as a share of the eye's own range of lightness.
const LEAST_JUMP: f32 = 0.2;
/// The two irises of one person may differ by this much in height before the weaker is taken for a mistake.
const LEVEL_PX: f32 = 9.0;

/// `ink` with the irises of `portrait` drawn into it.
pub fn with_irises(mut ink: Gray, portrait: &Portrait) -> Gray {
    let light = smooth::gaussian(&colour_model::luma(portrait.pixels()), 1.2);
    let mut found = Portrait::EYES.map(|eye| find(&light, eye.x as f32, eye.y as f32));
    if let [Some((left, left_score)), Some((right, right_score))] = found
        && (left.y_px - right.y_px).abs() > LEVEL_PX
    {
        found[usize::from(left_score > right_score)] = None;
    }
    let radii: Vec<f32> = found.iter().flatten().map(|(iris, _)| iris.radius_px).collect();
    let radius_px = radii.iter().sum::<f32>() / radii.len().max(1) as f32;
    for (iris, _) in found.into_iter().flatten() {
        draw(&mut ink, &light, &Iris { radius_px, ..iris });
    }
    ink
}

/// The most convincing iris near (`eye_x`, `eye_y`), and how convincing it is.
fn find(light: &Field, eye_x: f32, eye_y: f32) -> Option<(Iris, f32)> {
    let mut best: Option<(Iris, f32)> = None;
    for dy in -REACH_PX.1..=REACH_PX.1 {
        for dx in -REACH_PX.0..=REACH_PX.0 {
            let (x_px, y_px) = (eye_x + dx as f32, eye_y + dy as f32);
            for radius in RADII_PX {
                let radius_px = radius as f32;
                let outside = arcs(light, x_px, y_px, radius_px + 2.5);
                let edge = arcs(light, x_px, y_px, radius_px - 1.5);
                let middle = arcs(light, x_px, y_px, radius_px * 0.4);
                let dark = (edge + middle) / 2.0;
                // A lash line or a brow is as dark, but not as high: an iris is dark below its centre, too.
                let below = sampled(light, x_px, y_px + radius_px * 0.55);
                let far = ((dx as f32 / 30.0).powi(2) + (dy as f32 / 16.0).powi(2)) * 0.05;
                let score = (outside - edge) + 0.8 * (outside - dark) - 0.6 * (below - dark).max(0.0) - far;
                if best.is_none_or(|(_, b)| score > b) {
                    best = Some((Iris { x_px, y_px, radius_px, dark, light: outside }, score));
                }
            }
        }
    }
    let (low, high) = range(light, eye_x, eye_y);
    best.filter(|(iris, _)| iris.light - iris.dark > LEAST_JUMP * (high - low).max(0.1))
}

/// Mean lightness on the left and right arcs of a circle (within 40 degrees of the horizontal).
fn arcs(light: &Field, x: f32, y: f32, radius: f32) -> f32 {
    const ANGLES: [f32; 7] = [-0.6, -0.35, -0.1, 0.1, 0.3, 0.5, 0.7];
    let sum: f32 = ANGLES
        .iter()
        .map(|a| {
            let (dx, dy) = (radius * a.cos(), radius * a.sin());
            sampled(light, x + dx, y + dy) + sampled(light, x - dx, y + dy)
        })
        .sum();
    sum / (2 * ANGLES.len()) as f32
}

/// Darkest and lightest value around an eye.
fn range(light: &Field, x: f32, y: f32) -> (f32, f32) {
    let mut range = (f32::INFINITY, f32::NEG_INFINITY);
    for dy in -14..=14 {
        for dx in -30..=30 {
            let value = sampled(light, x + dx as f32, y + dy as f32);
            range = (range.0.min(value), range.1.max(value));
        }
    }
    range
}

/// Inks the disc where the portrait is dark enough to be iris, and leaves the highlight white.
fn draw(ink: &mut Gray, light: &Field, iris: &Iris) {
    let radius = iris.radius_px;
    let lid = iris.dark + 0.62 * (iris.light - iris.dark);
    // Light from above, a little to the sitter's right, in both eyes at the same place.
    let (shine_x, shine_y, shine_radius) = (iris.x_px - 0.32 * radius, iris.y_px - 0.34 * radius, 0.34 * radius);
    let reach = radius.ceil() as i32 + 1;
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            let (x, y) = (iris.x_px + dx as f32, iris.y_px + dy as f32);
            if x < 0.0 || y < 0.0 || x >= ink.width() as f32 || y >= ink.height() as f32 {
                continue;
            }
            let (column, row) = (x as u32, y as u32);
            let from_centre = (dx as f32).hypot(dy as f32);
            if (x - shine_x).hypot(y - shine_y) < shine_radius {
                ink.put_pixel(column, row, Luma([255]));
            } else if from_centre <= radius && (from_centre < 0.55 * radius || sampled(light, x, y) < lid) {
                ink.put_pixel(column, row, Luma([0]));
            }
        }
    }
}

/// The value at the nearest pixel, the border repeated.
fn sampled(field: &Field, x: f32, y: f32) -> f32 {
    let column = x.clamp(0.0, (field.width() - 1) as f32) as u32;
    let row = y.clamp(0.0, (field.height() - 1) as f32) as u32;
    field.get_pixel(column, row)[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::Framing;
    use crate::photo::Photo;
    use crate::photo::compose;
    use crate::raster::Rgb;

    fn portrait(paint: impl Fn(f32, f32) -> u8) -> Portrait {
        let pixels = Rgb::from_fn(512, 512, |x, y| image::Rgb([paint(x as f32, y as f32); 3]));
        compose(&Photo::new(pixels).expect("pixels"), &Framing::Centred).expect("a square photo")
    }

    fn blank() -> Gray {
        Gray::from_pixel(512, 512, Luma([255]))
    }

    #[test]
    fn two_dark_discs_become_two_inked_discs_with_highlights() {
        let centres = [(211.0, 239.0), (300.0, 240.0)];
        let eyes = portrait(|x, y| {
            let near = |(cx, cy): (f32, f32), rx: f32, ry: f32| ((x - cx) / rx).hypot((y - cy) / ry) < 1.0;
            match () {
                () if centres.iter().any(|c| near(*c, 10.0, 10.0)) => 40,
                () if centres.iter().any(|c| near(*c, 26.0, 12.0)) => 225,
                () => 170,
            }
        });
        let ink = with_irises(blank(), &eyes);
        for (cx, cy) in centres {
            assert_eq!(ink.get_pixel(cx as u32 + 3, cy as u32 + 3)[0], 0, "the disc is inked");
            assert_eq!(ink.get_pixel(cx as u32 + 18, cy as u32)[0], 255, "the white stays white");
            let shine = (-8..0).any(|d| ink.get_pixel((cx as i32 + d) as u32, (cy as i32 + d) as u32)[0] == 255);
            assert!(shine, "the highlight stays white");
        }
    }

    #[test]
    fn nothing_is_drawn_where_no_eye_is() {
        assert_eq!(with_irises(blank(), &portrait(|_, _| 128)), blank());
        assert_eq!(with_irises(blank(), &portrait(|x, _| (x / 4.0) as u8)), blank());
    }
}
