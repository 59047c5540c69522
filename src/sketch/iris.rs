//! The eyes' dark discs: found near the canonical eyes, inked where they are dark, with a highlight left open.
//!
//! A likeness lives on two eyes that look at you, and lines alone give rings or nothing. The disc is the one darker than
//! its surroundings by most, with a preference for the canonical place; its ink is what is dark in the even light, so
//! that lids cut it as they do in the photo, and closed eyes get a lash line and no more. Lengths in portrait pixels
//! (eyes 100 apart: an iris of 11.7 mm at 63 mm between pupils measures 18.6). Refuses nothing.

use crate::geom::Point;
use crate::geom::Px;
use crate::photo::Portrait;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;

/// Radius of an iris.
const RADIUS_PX: f32 = 9.3;
/// How far from the canonical eye an iris is looked for, across and along the height.
const REACH_PX: [i32; 2] = [20, 14];
/// Radius of the highlight and its place in the disc: up and to the sitter's right, in both eyes alike.
const HIGHLIGHT_PX: f32 = 2.3;
const HIGHLIGHT_AT: [f32; 2] = [-2.8, -3.0];

/// Inks the irises of the portrait whose even lightness is `even` into `ink`.
pub fn draw_irises(ink: &mut Gray, even: &Field) {
    let calm = smooth::gaussian(even, 1.0);
    for eye in Portrait::EYES {
        let centre = darkest_disc(&calm, eye);
        draw_iris(ink, &calm, centre);
    }
}

/// The centre of the disc that stands out darkest from its ring, near `eye`.
fn darkest_disc(even: &Field, eye: Point<Px>) -> [f32; 2] {
    let (ex, ey) = (eye.x as f32, eye.y as f32);
    // At a distance equal to the reach, a disc must be darker by this much more to be preferred.
    const PREFERENCE: f32 = 0.12;
    let mut best = (f32::NEG_INFINITY, [ex, ey]);
    for dy in -REACH_PX[1]..=REACH_PX[1] {
        for dx in -REACH_PX[0]..=REACH_PX[0] {
            let (x, y) = (ex + dx as f32, ey + dy as f32);
            let (inner, outer) = disc_and_ring(even, x, y);
            let off = (dx as f32 / REACH_PX[0] as f32).hypot(dy as f32 / REACH_PX[1] as f32);
            let score = outer - inner - PREFERENCE * off * off;
            if score > best.0 {
                best = (score, [x, y]);
            }
        }
    }
    best.1
}

/// Mean lightness of the inner disc, and of the ring to its left and right: above and below are lids and lashes.
fn disc_and_ring(even: &Field, x: f32, y: f32) -> (f32, f32) {
    let reach = (RADIUS_PX * 1.7).ceil() as i32;
    let (mut disc, mut disc_count, mut ring, mut ring_count) = (0.0, 0.0, 0.0, 0.0);
    for j in -reach..=reach {
        for i in -reach..=reach {
            let radius = ((i * i + j * j) as f32).sqrt() / RADIUS_PX;
            let value = at(even, x + i as f32, y + j as f32);
            if radius < 0.8 {
                disc += value;
                disc_count += 1.0;
            } else if radius > 1.15 && radius < 1.7 && j.abs() < i.abs() {
                ring += value;
                ring_count += 1.0;
            }
        }
    }
    (disc / disc_count, ring / ring_count)
}

fn draw_iris(ink: &mut Gray, even: &Field, [cx, cy]: [f32; 2]) {
    let (inner, outer) = disc_and_ring(even, cx, cy);
    /// A disc this little darker than its sides is no eye: one eye of a profile, a lens that mirrors.
    const LEAST_CONTRAST: f32 = 0.03;
    if outer - inner < LEAST_CONTRAST {
        return;
    }
    let dark_below = inner + 0.55 * (outer - inner);
    let reach = RADIUS_PX.ceil() as i32 + 1;
    let (mut shares, mut inked) = (Vec::new(), 0.0);
    for j in -reach..=reach {
        for i in -reach..=reach {
            let (x, y) = (cx.round() + i as f32, cy.round() + j as f32);
            let inside = (RADIUS_PX + 0.5 - ((x - cx).hypot(y - cy))).clamp(0.0, 1.0);
            // A tenth of the face's range from light to full ink keeps the disc's edge smooth.
            let dark = ((dark_below - at(even, x, y)) / 0.06 + 0.5).clamp(0.0, 1.0);
            shares.push((x, y, inside * dark));
            inked += inside * dark;
        }
    }
    let area = std::f32::consts::PI * RADIUS_PX * RADIUS_PX;
    // Only an open eye shows a highlight.
    let open = inked > 0.45 * area;
    for (x, y, share) in shares {
        if x < 0.0 || y < 0.0 || x >= ink.width() as f32 || y >= ink.height() as f32 {
            continue;
        }
        let from_highlight = (x - cx - HIGHLIGHT_AT[0]).hypot(y - cy - HIGHLIGHT_AT[1]);
        let light = if open { (HIGHLIGHT_PX + 0.5 - from_highlight).clamp(0.0, 1.0) } else { 0.0 };
        let pixel = ink.get_pixel_mut(x as u32, y as u32);
        let inked = pixel.0[0].min((255.0 * (1.0 - share)).round() as u8);
        *pixel = Luma([inked.max((255.0 * light).round() as u8)]);
    }
}

/// The value of the pixel nearest to (`x`, `y`).
fn at(field: &Field, x: f32, y: f32) -> f32 {
    let x = (x.round().max(0.0) as u32).min(field.width() - 1);
    let y = (y.round().max(0.0) as u32).min(field.height() - 1);
    field.get_pixel(x, y).0[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(eyes: &[[f32; 2]]) -> Field {
        Field::from_fn(512, 512, |x, y| {
            let on = |eye: &[f32; 2]| (x as f32 - eye[0]).hypot(y as f32 - eye[1]) < 9.0;
            Luma([if eyes.iter().any(on) { 0.3 } else { 0.75 }])
        })
    }

    #[test]
    fn irises_are_found_off_their_canonical_place_and_keep_a_highlight() {
        let eyes = [[213.0, 231.0], [299.0, 240.0]];
        let mut ink = Gray::from_pixel(512, 512, Luma([255]));
        draw_irises(&mut ink, &face(&eyes));
        for [x, y] in eyes {
            assert!(ink.get_pixel(x as u32 + 3, y as u32 + 3).0[0] < 40, "no ink in the eye at {x}, {y}");
            assert!(ink.get_pixel(x as u32 - 3, y as u32 - 3).0[0] > 200, "no highlight in the eye at {x}, {y}");
            assert_eq!(ink.get_pixel(x as u32 + 14, y as u32).0[0], 255, "ink beside the eye at {x}, {y}");
        }
    }

    #[test]
    fn a_face_without_eyes_gets_none() {
        let mut ink = Gray::from_pixel(512, 512, Luma([255]));
        draw_irises(&mut ink, &face(&[]));
        assert!(ink.as_raw().iter().all(|v| *v == 255));
    }
}
