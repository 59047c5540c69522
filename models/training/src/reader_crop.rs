//! Crops for the face reader, roughly aligned as the finder leaves them, and what each pixel and point of them is.
//!
//! The portrait's own photo, or the person before another background, under jitter of place, scale and tilt; mirrored,
//! partly hidden, in all weathers. What cannot be known (beyond the photo, behind a hand) is not judged.

use models::face_reader::POINTS;
use models::face_reader::SIDE;
use rand::Rng;
use rand::seq::IndexedRandom;

use crate::canvas::Canvas;
use crate::canvas::Cut;
use crate::data;
use crate::data::Portrait;
use crate::data::UNKNOWN;
use crate::geometry::EYES;
use crate::geometry::FRAME;
use crate::geometry::Points;
use crate::geometry::Transform;
use crate::geometry::mirror;
use crate::geometry::normal;
use crate::geometry::place;
use crate::geometry::place_points;
use crate::geometry::similarity;
use crate::light::Weather;
use crate::mosaic;
use crate::scene;
use crate::scene::Fill;
use crate::scene::Shape;

/// Crop px a canonical px becomes.
pub const SCALE: f32 = SIDE as f32 / FRAME;
/// What crops go through.
const WEATHER: Weather = Weather { side_light: 0.3, blur: 0.3, most_blur_px: 2.2, noise: 0.35, jpeg: 0.25, gray: 0.1 };
/// How much the person's edge in the blurred margin beyond a photo counts.
const MARGIN_WEIGHT: f32 = 0.2;

/// A crop and its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Crop {
    /// The picture.
    pub canvas: Canvas,
    /// Class of each pixel, or [`UNKNOWN`].
    pub classes: Vec<u8>,
    /// How much of each pixel is the person.
    pub person: Vec<f32>,
    /// How much that counts.
    pub person_weights: Vec<f32>,
    /// Crop px.
    pub points: Points,
    /// How much each counts.
    pub point_weights: [f32; POINTS],
    /// How much the classes count as a whole.
    pub trust: f32,
    /// Whether there is a face at all.
    pub face: bool,
}

/// A crop of `portrait` for training.
pub fn draw(portrait: &Portrait, portraits: &[Portrait], rng: &mut impl Rng) -> Crop {
    let far = if rng.random_bool(0.15) { 2.0 } else { 1.0 };
    let angle = (normal(rng, 7.0 * far)).to_radians();
    let scale = SCALE * normal(rng, 0.08 * far).exp();
    let shift = [0, 1].map(|_| normal(rng, 8.0 * far));
    let stretch = normal(rng, 0.03).exp();
    let jitter = around_eyes(scale, angle, shift).then(&Transform::scale(stretch, 1.0 / stretch));
    let transform = if rng.random_bool(0.5) { mirror().then(&jitter) } else { jitter };
    let cut = match rng.random_range(0..100) {
        0..50 => Cut::Endless,
        50..88 => Cut::Person { body: 0 },
        _ => Cut::Photo,
    };
    let backdrop =
        if cut == Cut::Endless { Canvas::new(SIDE, SIDE, [0.5; 3]) } else { scene::empty(portraits, SIDE, SIDE, rng) };
    let mut crop = aligned(portrait, &transform, cut, backdrop);
    if rng.random_bool(0.18) {
        hide(&mut crop, rng);
    }
    WEATHER.apply(&mut crop.canvas, rng);
    crop
}

/// A crop that holds no face: only whether it does is judged.
pub fn faceless(portraits: &[Portrait], rng: &mut impl Rng) -> Crop {
    let mut canvas = scene::empty(portraits, SIDE, SIDE, rng);
    match rng.random_range(0..4) {
        0 => {}
        1 => {
            let place = [0, 1].map(|_| SIDE as f32 / 2.0 + normal(rng, 20.0));
            mosaic::scrambled(&mut canvas, data::choose(portraits, rng), place, rng.random_range(60.0..160.0), rng);
        }
        _ => {
            let portrait = data::choose(portraits, rng);
            let elsewhere = (0..ELSEWHERE).map(|_| anywhere(rng)).find(|transform| !shows_face(transform));
            if let Some(transform) = elsewhere {
                canvas.paste(portrait, &transform, Cut::Endless, |colour| colour);
            }
        }
    }
    WEATHER.apply(&mut canvas, rng);
    Crop {
        canvas,
        classes: vec![UNKNOWN; SIDE * SIDE],
        person: vec![0.0; SIDE * SIDE],
        person_weights: vec![0.0; SIDE * SIDE],
        points: [[0.0; 2]; POINTS],
        point_weights: [0.0; POINTS],
        trust: 0.0,
        face: false,
    }
}

/// Tries to look past the face.
const ELSEWHERE: usize = 20;

/// Some part of a portrait at some scale and tilt.
fn anywhere(rng: &mut impl Rng) -> Transform {
    let from = [0, 1].map(|_| rng.random_range(20.0..FRAME - 20.0));
    let scale = SCALE * 2.0f32.powf(rng.random_range(-1.5..3.0));
    similarity(scale, normal(rng, 0.8), from, [SIDE as f32 / 2.0; 2])
}

/// Whether both eyes come near enough to their places for a face to be seen there.
fn shows_face(transform: &Transform) -> bool {
    let apart = (EYES[1][0] - EYES[0][0]) * SCALE;
    EYES.iter().all(|&eye| {
        let [x, y] = place(transform, eye);
        (x - eye[0] * SCALE).hypot(y - eye[1] * SCALE) < 1.2 * apart
    })
}

/// A crop for trying the reader: a finder's usual error, and the photo as it is.
pub fn trial(portrait: &Portrait, rng: &mut impl Rng) -> Crop {
    let shift = [0, 1].map(|_| normal(rng, 4.0));
    let transform = around_eyes(SCALE * normal(rng, 0.05).exp(), normal(rng, 3.0).to_radians(), shift);
    aligned(portrait, &transform, Cut::Endless, Canvas::new(SIDE, SIDE, [0.5; 3]))
}

/// From the canonical frame to the crop: the middle of the eyes comes to its place plus `shift` px.
fn around_eyes(scale: f32, angle: f32, shift: [f32; 2]) -> Transform {
    let middle = [(EYES[0][0] + EYES[1][0]) / 2.0, EYES[0][1]];
    similarity(scale, angle, middle, [middle[0] * SCALE + shift[0], middle[1] * SCALE + shift[1]])
}

/// `cut` of `portrait` over `backdrop`, and its truth.
fn aligned(portrait: &Portrait, transform: &Transform, cut: Cut, mut backdrop: Canvas) -> Crop {
    backdrop.paste(portrait, transform, cut, |colour| colour);
    let mut crop = Crop {
        canvas: backdrop,
        classes: vec![UNKNOWN; SIDE * SIDE],
        person: vec![0.0; SIDE * SIDE],
        person_weights: vec![0.0; SIDE * SIDE],
        points: place_points(transform, &portrait.points),
        point_weights: [0.0; POINTS],
        trust: if portrait.hints.label_suspect { 0.3 } else { 1.0 },
        face: true,
    };
    for (weight, point) in crop.point_weights.iter_mut().zip(&crop.points) {
        let inside = point.iter().all(|axis| (2.0..SIDE as f32 - 2.0).contains(axis));
        *weight = f32::from(u8::from(inside));
    }
    // A portrait always has an inverse transform: its scale is positive.
    let Some(back) = transform.inverse() else { return crop };
    let level = Portrait::level_for(crate::geometry::scale_of(transform));
    for row in 0..SIDE {
        let start = crate::geometry::place(&back, [0.5, row as f32 + 0.5]);
        for column in 0..SIDE {
            let x = start[0] + back.m11 * column as f32;
            let y = start[1] + back.m12 * column as f32;
            let at = row * SIDE + column;
            if !(0.0..FRAME).contains(&x) || !(0.0..FRAME).contains(&y) {
                continue;
            }
            let class = portrait.region(x, y);
            crop.classes[at] = class;
            crop.person[at] = portrait.pixel(level, x, y)[3] / 255.0;
            crop.person_weights[at] = match (class, cut) {
                (UNKNOWN, Cut::Photo) => 0.0,
                (UNKNOWN, _) => MARGIN_WEIGHT,
                _ => 1.0,
            };
        }
    }
    crop
}

/// Lays something before the face; what it covers is not judged, points under it are.
fn hide(crop: &mut Crop, rng: &mut impl Rng) {
    let before = crop.canvas.clone();
    let target = crop.points.choose(rng).copied().unwrap_or([128.0; 2]);
    let place = [target[0] + normal(rng, 25.0), target[1] + normal(rng, 25.0)];
    let size = rng.random_range(8.0..42.0);
    let fill = Fill::slope(scene::colour(rng), scene::colour(rng));
    let half = [size, size * rng.random_range(0.3..1.5)];
    let angle = rng.random_range(0.0..3.2);
    match rng.random_range(0..3) {
        0 => scene::hand(&mut crop.canvas, place, size, rng),
        1 => scene::blob(&mut crop.canvas, place, angle, Shape::Ellipse { half }, fill),
        _ => scene::blob(&mut crop.canvas, place, angle, Shape::Rectangle { half }, fill),
    }
    let pixels = crop.canvas.rgb.chunks_exact(3).zip(before.rgb.chunks_exact(3)).enumerate();
    for (at, _) in pixels.filter(|(_, (now, then))| now != then) {
        crop.classes[at] = UNKNOWN;
        crop.person_weights[at] = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Hints;
    use crate::data::SIDE as WIDE;
    use crate::recipe::lot;

    /// A gray portrait of a person on the lower half, a red spot where point 36 is and a blue one where 45 is.
    fn portrait() -> Portrait {
        let mut points: Points = std::array::from_fn(|at| [100.0 + 4.0 * at as f32, 300.0]);
        points[36] = [170.0, 236.0];
        points[45] = [340.0, 250.0];
        let mut pixels: Vec<u8> =
            (0..WIDE * WIDE).flat_map(|at| [90, 90, 90, if at < WIDE * 200 { 0 } else { 255 }]).collect();
        for (point, colour) in [(points[36], [255, 0, 0]), (points[45], [0, 0, 255])] {
            for row in point[1] as usize - 7..point[1] as usize + 8 {
                for column in point[0] as usize - 7..point[0] as usize + 8 {
                    pixels[(row * WIDE + column) * 4..][..3].copy_from_slice(&colour);
                }
            }
        }
        let mut levels = vec![pixels];
        for level in 1..5 {
            levels.push(crate::data::halved(&levels[level - 1], WIDE >> (level - 1)));
        }
        let regions = (0..WIDE * WIDE).map(|at| if at < WIDE * 200 { 0 } else { 7 }).collect();
        let hints = Hints {
            glasses: false,
            beard_hint: false,
            long_hair_hint: false,
            skin_ita: 30.0,
            monochrome: false,
            label_suspect: false,
            synthetic: false,
        };
        Portrait { id: "made".to_owned(), person: 1, hints, points, levels, regions }
    }

    #[test]
    fn labels_stay_with_their_pixels_and_a_mirror_swaps_the_pairs() {
        let portrait = portrait();
        let jitter = around_eyes(0.55, 0.2, [5.0, -9.0]);
        for (transform, colours) in [(jitter, [0, 2]), (mirror().then(&jitter), [2, 0])] {
            let crop = aligned(&portrait, &transform, Cut::Endless, Canvas::new(SIDE, SIDE, [0.5; 3]));
            for (point, channel) in [36, 45].into_iter().zip(colours) {
                let [x, y] = crop.points[point];
                let mut canvas = crop.canvas.clone();
                let pixel = canvas.pixel(x as usize, y as usize).to_vec();
                assert!(pixel[channel] > 0.8 && pixel[2 - channel] < 0.2, "point {point}: {pixel:?} at {x}, {y}");
            }
            // The border of classes and person, at canonical row 200.
            let [x, y] = place(&transform, [256.0, 200.0]);
            let at = |dy: f32| (y + dy) as usize * SIDE + x as usize;
            assert_eq!((crop.classes[at(-3.0)], crop.classes[at(3.0)]), (0, 7));
            assert!(crop.person[at(-3.0)] < 0.1 && crop.person[at(3.0)] > 0.9);
        }
    }

    #[test]
    fn one_lot_is_one_crop_and_what_is_hidden_is_not_judged() {
        let portrait = portrait();
        let portraits = [portrait.clone()];
        let drawn = |index: u64| draw(&portrait, &portraits, &mut lot(1, 2, index));
        assert_eq!(drawn(5), drawn(5));
        assert_ne!(drawn(5).canvas, drawn(6).canvas);
        let mut crop = trial(&portrait, &mut lot(1, 0, 0));
        let before = crop.canvas.clone();
        hide(&mut crop, &mut lot(1, 0, 3));
        let changed: Vec<usize> = (0..SIDE * SIDE)
            .filter(|at| crop.canvas.rgb[3 * at..3 * at + 3] != before.rgb[3 * at..3 * at + 3])
            .collect();
        assert!(changed.len() > 50);
        assert!(changed.iter().all(|&at| crop.classes[at] == UNKNOWN && crop.person_weights[at] == 0.0));
    }
}
