//! The irises: drawn as dark discs with a highlight, both alike and clipped by their lids.
//!
//! An iris is the circle around which the lightness jumps most from inside to outside (Daugman's integro-differential
//! operator, 1993, on the circle's left and right arcs, since lids cover the upper and lower ones), dark inside. Where
//! a face was read, its landmarks say where to look, and the portrait settles the last pixels; where none was read,
//! irises are looked for where a face usually has them. The disc is then clipped by the lids. AiSketcher renews eyeballs in
//! the same spirit: an iris that a network drew elsewhere between the lids becomes paper first. Lengths in portrait pixels, where the eyes lie
//! 100 apart. Where no circle is convincing (closed eyes, sunglasses, a blank portrait) nothing is drawn.

use super::Sketch;
use super::anatomy::Anatomy;
use super::read_irises::ReadIrises;
use super::shapes;
use super::thick::thick;
use crate::face::Side;
use crate::geom::Point;
use crate::geom::Px;
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
}

/// How far from its canonical place an eye's centre is looked for.
const REACH_PX: (i32, i32) = (22, 13);
/// Radii of irises in the canonical frame; the eyes' distance fixes the scale, so that people differ little.
const RADII_PX: std::ops::RangeInclusive<i32> = 8..=12;
/// The least jump of lightness that is an iris, as a share of the eye's own range of lightness.
const LEAST_JUMP: f32 = 0.2;
/// How many places of each eye are weighed against those of the other.
const CANDIDATES: usize = 60;
/// Two eyes look the same way and lie level: differences of this many pixels (across, along) cost one tenth.
const TOGETHER_PX: (f32, f32) = (7.0, 5.0);
/// Two irises that disagree by more are not both irises.
const APART_PX: f32 = 14.0;

/// How pale irises are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pale {
    /// As dark discs, as AiSketcher renews eyeballs and the networks learnt them.
    Discs,
    /// Open between pupil and rim, as a hand draws them.
    Open,
}

/// `ink` with the irises of `portrait` drawn into it.
pub fn with_irises(ink: Gray, portrait: &Portrait, anatomy: &Anatomy, pale: Pale) -> Gray {
    match anatomy.landmarks() {
        Some(landmarks) => {
            let luma = (pale == Pale::Open).then(|| colour_model::luma(portrait.pixels()));
            let mut ink = ink;
            ReadIrises::of(&redness(portrait), luma.as_ref(), landmarks).paint(&mut ink);
            ink
        }
        None => found(ink, &redness(portrait)),
    }
}

/// `sketch` with the irises as the pen draws them, in the place of their pixels, where a face was read.
pub fn for_the_pen(sketch: Sketch, portrait: &Portrait, anatomy: &Anatomy) -> Sketch {
    let Some(landmarks) = anatomy.landmarks() else { return sketch };
    let luma = colour_model::luma(portrait.pixels());
    let irises = ReadIrises::of(&redness(portrait), Some(&luma), landmarks);
    sketch.with_marks(irises.marks(), |ink| irises.clear(ink))
}

/// `ink` with the eyeballs of `portrait` anew: a drawn iris that lies a little beside its place goes, and then the irises are drawn.
pub fn with_eyeballs(mut ink: Gray, portrait: &Portrait, anatomy: &Anatomy) -> Gray {
    /// Between closer lids lashes and iris are one dark line, and of that nothing goes; nine people in ten open them wider.
    const OPEN_PX: f64 = 9.0;
    if let Some(landmarks) = anatomy.landmarks() {
        let eyes = Side::BOTH.map(|side| shapes::smooth_ring(landmarks.lids(side)));
        let open = eyes.iter().map(|lids| bounds(lids)).map(|[_, top, _, bottom]| bottom - top).sum::<f64>();
        if open > 2.0 * OPEN_PX {
            let thick = thick(&ink);
            eyes.iter().for_each(|lids| whiten(&mut ink, &thick, lids));
        }
    }
    with_irises(ink, portrait, anatomy, Pale::Discs)
}

/// Left, top, right and bottom of `ring`.
fn bounds(ring: &[Point<Px>]) -> [f64; 4] {
    ring.iter().fold([f64::MAX, f64::MAX, 0.0, 0.0], |[left, top, right, bottom], p| {
        [left.min(p.x), top.min(p.y), right.max(p.x), bottom.max(p.y)]
    })
}

/// Makes paper of what is `thick` between `lids`.
fn whiten(ink: &mut Gray, thick: &Gray, lids: &[Point<Px>]) {
    let [left, top, right, bottom] = bounds(lids).map(|edge| edge.max(0.0) as u32);
    for y in top..bottom.min(ink.height()) {
        for x in left..right.min(ink.width()) {
            if thick.get_pixel(x, y).0[0] > 0 && shapes::inside(lids, Point::new(f64::from(x), f64::from(y))) {
                ink.put_pixel(x, y, Luma([255]));
            }
        }
    }
}

/// The red of `portrait`, a little blurred: skin of every colour is light in it, irises of every colour are dark.
pub fn redness(portrait: &Portrait) -> Field {
    let pixels = portrait.pixels();
    let red = pixels.pixels().map(|p| f32::from(p[0]) / 255.0).collect();
    smooth::gaussian(&smooth::of_size(pixels.width(), pixels.height(), red), 1.2)
}

/// `ink` with the irises that `light` shows.
fn found(mut ink: Gray, light: &Field) -> Gray {
    let [right, left] = Portrait::EYES.map(|eye| candidates(light, eye.x as f32, eye.y as f32));
    let irises = together(&right, &left);
    let radius_px = irises.iter().map(|iris| iris.radius_px).sum::<f32>() / irises.len().max(1) as f32;
    for iris in irises {
        draw(&mut ink, &Iris { radius_px, ..iris });
    }
    ink
}

/// The pair that looks most like two irises of one person, or the better one alone where no pair agrees.
fn together(right: &[(Iris, f32)], left: &[(Iris, f32)]) -> Vec<Iris> {
    let offset =
        |iris: &Iris, eye: usize| (iris.x_px - Portrait::EYES[eye].x as f32, iris.y_px - Portrait::EYES[eye].y as f32);
    let mut best: Option<(f32, Vec<Iris>)> = None;
    for (a, a_score) in right {
        for (b, b_score) in left {
            let ((ax, ay), (bx, by)) = (offset(a, 0), offset(b, 1));
            if (ax - bx).hypot(ay - by) > APART_PX {
                continue;
            }
            let cost = ((ax - bx) / TOGETHER_PX.0).powi(2) + ((ay - by) / TOGETHER_PX.1).powi(2);
            let score = a_score + b_score - 0.1 * cost;
            if best.as_ref().is_none_or(|(most, _)| score > *most) {
                best = Some((score, vec![*a, *b]));
            }
        }
    }
    let alone = right.first().into_iter().chain(left.first()).max_by(|a, b| a.1.total_cmp(&b.1));
    best.map_or_else(|| alone.map(|(iris, _)| *iris).into_iter().collect(), |(_, pair)| pair)
}

/// The most convincing irises near (`eye_x`, `eye_y`), best first, with how convincing each is; none where nothing is.
fn candidates(light: &Field, eye_x: f32, eye_y: f32) -> Vec<(Iris, f32)> {
    let (low, high) = range(light, eye_x, eye_y);
    let least_jump = LEAST_JUMP * (high - low).max(0.1);
    let mut found = Vec::new();
    for dy in -REACH_PX.1..=REACH_PX.1 {
        for dx in -REACH_PX.0..=REACH_PX.0 {
            let (x_px, y_px) = (eye_x + dx as f32, eye_y + dy as f32);
            for radius in RADII_PX {
                let radius_px = radius as f32;
                let outside = arcs(light, x_px, y_px, radius_px + 2.5);
                let edge = arcs(light, x_px, y_px, radius_px - 1.5);
                let dark = (edge + arcs(light, x_px, y_px, radius_px * 0.4)) / 2.0;
                // A lash line or a brow is as dark, but not as high: an iris is dark below its centre, too.
                let below = sampled(light, x_px, y_px + radius_px * 0.55);
                let far = ((dx as f32 / 30.0).powi(2) + (dy as f32 / 16.0).powi(2)) * 0.08;
                let score = (outside - edge) + 0.8 * (outside - dark) - 0.6 * (below - dark).max(0.0) - far;
                if outside - dark > least_jump {
                    found.push((Iris { x_px, y_px, radius_px }, score));
                }
            }
        }
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found.truncate(CANDIDATES);
    found
}

/// Mean lightness on the left and right arcs of a circle (within 40 degrees of the horizontal).
pub fn arcs(light: &Field, x: f32, y: f32, radius: f32) -> f32 {
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
pub fn range(light: &Field, x: f32, y: f32) -> (f32, f32) {
    let mut range = (f32::INFINITY, f32::NEG_INFINITY);
    for dy in -14..=14 {
        for dx in -30..=30 {
            let value = sampled(light, x + dx as f32, y + dy as f32);
            range = (range.0.min(value), range.1.max(value));
        }
    }
    range
}

/// Inks the disc between the lids, and leaves the highlight white.
fn draw(ink: &mut Gray, iris: &Iris) {
    /// The upper lid covers the top of an iris, the lower one touches it; shares of the radius.
    const OPENING: (f32, f32) = (-0.78, 0.95);
    let radius = iris.radius_px;
    // Light from above, a little to the sitter's right, in both eyes at the same place.
    let (shine_x, shine_y, shine_radius) = (iris.x_px - 0.3 * radius, iris.y_px - 0.28 * radius, 0.34 * radius);
    let reach = radius.ceil() as i32 + 1;
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            let (x, y) = (iris.x_px + dx as f32, iris.y_px + dy as f32);
            if x < 0.0 || y < 0.0 || x >= ink.width() as f32 || y >= ink.height() as f32 {
                continue;
            }
            let level = dy as f32 / radius;
            if (x - shine_x).hypot(y - shine_y) < shine_radius {
                ink.put_pixel(x as u32, y as u32, Luma([255]));
            } else if (dx as f32).hypot(dy as f32) <= radius && (OPENING.0..=OPENING.1).contains(&level) {
                ink.put_pixel(x as u32, y as u32, Luma([0]));
            }
        }
    }
}

/// The value at the nearest pixel, the border repeated.
pub fn sampled(field: &Field, x: f32, y: f32) -> f32 {
    let column = x.clamp(0.0, (field.width() - 1) as f32) as u32;
    let row = y.clamp(0.0, (field.height() - 1) as f32) as u32;
    field.get_pixel(column, row)[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::Landmarks;
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
        let ink = found(blank(), &redness(&eyes));
        for (cx, cy) in centres {
            assert_eq!(ink.get_pixel(cx as u32 + 3, cy as u32 + 3)[0], 0, "the disc is inked");
            assert_eq!(ink.get_pixel(cx as u32 + 18, cy as u32)[0], 255, "the white stays white");
            let shine = (-8..0).any(|d| ink.get_pixel((cx as i32 + d) as u32, (cy as i32 + d) as u32)[0] == 255);
            assert!(shine, "the highlight stays white");
        }
    }

    #[test]
    fn nothing_is_drawn_where_no_eye_is() {
        assert_eq!(found(blank(), &redness(&portrait(|_, _| 128))), blank());
        assert_eq!(found(blank(), &redness(&portrait(|x, _| (x / 4.0) as u8))), blank());
    }

    #[test]
    fn an_iris_beside_its_place_goes_and_lines_stay() {
        let landmarks =
            Landmarks::new(crate::face::sample::points(0.0), crate::face::sample::irises(9.5)).expect("a face");
        let lids = shapes::smooth_ring(landmarks.lids(Side::Right));
        let mut ink = blank();
        shapes::draw(&mut ink, &lids, 3.0);
        let lined = ink.clone();
        whiten(&mut ink, &thick(&lined), &lids);
        assert_eq!(ink, lined, "lines are not thick");
        for (x, y, pixel) in ink.enumerate_pixels_mut() {
            if (f64::from(x) - 196.0).hypot(f64::from(y) - 236.0) < 6.0 {
                *pixel = Luma([0]);
            }
        }
        let drawn = ink.clone();
        whiten(&mut ink, &thick(&drawn), &lids);
        assert_eq!((ink.get_pixel(196, 236)[0], drawn.get_pixel(196, 236)[0]), (255, 0));
        let outside = |(x, y): (u32, u32)| !shapes::inside(&lids, Point::new(f64::from(x), f64::from(y)));
        let kept = (0..512 * 512).map(|at| (at % 512, at / 512)).filter(|at| outside(*at));
        assert!(kept.into_iter().all(|(x, y)| ink.get_pixel(x, y) == drawn.get_pixel(x, y)));
    }
}
