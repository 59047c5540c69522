//! Scenes with faces in them for the face finder, and where those faces are.
//!
//! Faces of 8 px to the whole frame, tilted by up to 50°, some cut out and set into a made room, some as the whole photo.
//! A face that another one hides, or that is too small to be asked for, is in [`Scene::unasked`]: neither finding nor
//! missing it is wrong.

use rand::Rng;
use rand::seq::IndexedRandom;

use crate::canvas::Canvas;
use crate::canvas::Cut;
use crate::data;
use crate::data::Portrait;
use crate::geometry::FRAME;
use crate::geometry::Points;
use crate::geometry::Transform;
use crate::geometry::extent;
use crate::geometry::eye_centres;
use crate::geometry::mirror;
use crate::geometry::normal;
use crate::geometry::place;
use crate::geometry::place_points;
use crate::geometry::similarity;
use crate::geometry::turn;
use crate::light::Weather;
use crate::scene;
use crate::scene::Fill;
use crate::scene::Shape;

/// The smallest face that is asked for, px: one of 60 px in a photo 1280 px wide, seen at a quarter.
pub const LEAST_SIZE: f32 = 10.0;
/// Tries to find room for a face.
const TRIES: usize = 12;
/// What scenes go through.
const WEATHER: Weather = Weather { side_light: 0.2, blur: 0.3, most_blur_px: 1.8, noise: 0.35, jpeg: 0.25, gray: 0.08 };

/// A face in a scene, px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SceneFace {
    /// The middle of its points.
    pub centre: [f32; 2],
    /// Mean of its width and height.
    pub size: f32,
    /// The image's left eye first.
    pub eyes: [[f32; 2]; 2],
    /// How far it is turned ([`turn`]).
    pub turn: f32,
}

/// A picture with its faces.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The picture.
    pub canvas: Canvas,
    /// Faces that should be found.
    pub faces: Vec<SceneFace>,
    /// Faces that may be found.
    pub unasked: Vec<SceneFace>,
}

impl SceneFace {
    /// The face with these points.
    pub fn of(points: &Points) -> Self {
        let (centre, size) = extent(points);
        Self { centre, size, eyes: eye_centres(points), turn: turn(points) }
    }
}

/// A scene of `side` × `side` px for training, faces and scraps of `portraits` in it.
pub fn draw(portraits: &[Portrait], side: usize, rng: &mut impl Rng) -> Scene {
    let mut scene = match rng.random_range(0..100) {
        0..12 => Scene { canvas: scene::empty(portraits, side, side, rng), faces: vec![], unasked: vec![] },
        12..28 => filled(portraits, side, rng),
        _ => {
            let count = *[1, 1, 1, 1, 1, 2, 2, 2, 3, 5].choose(rng).expect("not empty");
            let canvas = scene::empty(portraits, side, side, rng);
            with_faces(canvas, portraits, count, rng)
        }
    };
    WEATHER.apply(&mut scene.canvas, rng);
    scene
}

/// A scene for trying the finder: `portrait` alone at a random place, its face from `least` px to nearly the whole frame,
/// in the light of the photo itself.
pub fn trial(
    portrait: &Portrait,
    portraits: &[Portrait],
    [width, height]: [usize; 2],
    least: f32,
    rng: &mut impl Rng,
) -> Scene {
    let canvas = scene::empty(portraits, width, height, rng);
    let size = log_uniform(least, 0.9 * width.min(height) as f32, rng);
    let angle = rng.random_range(-40.0f32..40.0).to_radians() * f32::from(u8::from(rng.random_bool(0.5)));
    let transform = put(portrait, size, angle, [width, height], false, rng);
    let cut = if rng.random_bool(0.5) { Cut::Square } else { Cut::Person { body: 400 } };
    let mut scene = Scene { canvas, faces: vec![], unasked: vec![] };
    scene.canvas.paste(portrait, &transform, cut, |colour| colour);
    scene.faces.push(SceneFace::of(&place_points(&transform, &portrait.points)));
    scene
}

/// One portrait as the whole picture.
fn filled(portraits: &[Portrait], side: usize, rng: &mut impl Rng) -> Scene {
    let portrait = data::choose(portraits, rng);
    let size = log_uniform(0.3 * side as f32, 1.0 * side as f32, rng);
    let transform = put(portrait, size, normal(rng, 0.22), [side; 2], rng.random_bool(0.5), rng);
    let mut canvas = Canvas::new(side, side, [0.5; 3]);
    canvas.paste(portrait, &transform, Cut::Endless, |colour| colour);
    let points = place_points(&transform, &portrait.points);
    if rng.random_bool(0.15) {
        cover(&mut canvas, &points, rng);
    }
    Scene { canvas, faces: vec![SceneFace::of(&points)], unasked: vec![] }
}

fn with_faces(canvas: Canvas, portraits: &[Portrait], count: usize, rng: &mut impl Rng) -> Scene {
    let side = canvas.width;
    let mut scene = Scene { canvas, faces: vec![], unasked: vec![] };
    let most = side as f32 * if count > 2 { 0.35 } else { 0.95 };
    let mut sizes: Vec<f32> = (0..count).map(|_| log_uniform(8.0, most, rng)).collect();
    // The far ones first: the near ones stand before them.
    sizes.sort_by(f32::total_cmp);
    for size in sizes {
        let portrait = data::choose(portraits, rng);
        let angle = if rng.random_bool(0.6) { normal(rng, 0.2) } else { rng.random_range(-0.87..0.87) };
        let apart = |transform: &Transform| {
            let face = SceneFace::of(&place_points(transform, &portrait.points));
            scene.faces.iter().chain(&scene.unasked).all(|other| {
                let distance = (face.centre[0] - other.centre[0]).hypot(face.centre[1] - other.centre[1]);
                distance > 0.6 * (face.size + other.size)
            })
        };
        let placed = (0..TRIES).map(|_| put(portrait, size, angle, [side; 2], rng.random_bool(0.5), rng)).find(apart);
        let Some(transform) = placed else { continue };
        let cut = match rng.random_range(0..100) {
            0..60 => Cut::Person { body: if rng.random_bool(0.75) { rng.random_range(50..900) } else { 0 } },
            60..75 => Cut::Photo,
            _ => Cut::Square,
        };
        let hidden: Vec<SceneFace> =
            scene.faces.extract_if(.., |face| hides(portrait, &transform, cut, face)).collect();
        scene.unasked.extend(hidden);
        let gain: [f32; 3] = {
            let all = normal(rng, 0.15).exp();
            std::array::from_fn(|_| all * normal(rng, 0.04).exp())
        };
        let tint = |colour: [f32; 3]| std::array::from_fn(|channel| colour[channel] * gain[channel]);
        scene.canvas.paste(portrait, &transform, cut, tint);
        let points = place_points(&transform, &portrait.points);
        if rng.random_bool(0.15) {
            cover(&mut scene.canvas, &points, rng);
        }
        let face = SceneFace::of(&points);
        if face.size < LEAST_SIZE { scene.unasked.push(face) } else { scene.faces.push(face) }
    }
    scene
}

/// Where a face of `size` px is put: anywhere, its eyes and most of it inside the frame.
fn put(portrait: &Portrait, size: f32, angle: f32, sides: [usize; 2], mirrored: bool, rng: &mut impl Rng) -> Transform {
    let (centre, own) = extent(&portrait.points);
    let to = sides.map(|side| {
        let margin = (0.42 * size).min(side as f32 / 2.0 - 1.0);
        rng.random_range(margin..side as f32 - margin)
    });
    if mirrored {
        mirror().then(&similarity(size / own, angle, [FRAME - centre[0], centre[1]], to))
    } else {
        similarity(size / own, angle, centre, to)
    }
}

/// Whether pasting `portrait` covers an eye or the mouth's place of `face`.
fn hides(portrait: &Portrait, transform: &Transform, cut: Cut, face: &SceneFace) -> bool {
    let Some(back) = transform.inverse() else { return false };
    face.eyes.iter().chain([&face.centre]).any(|&at| {
        let [x, y] = place(&back, at);
        cut.covers(portrait, x, y)
    })
}

/// Sunglasses, a mask, a scarf, a hat or a hand: part of the face is hidden, and it is still a face.
fn cover(canvas: &mut Canvas, points: &Points, rng: &mut impl Rng) {
    let face = SceneFace::of(points);
    let across = [face.eyes[1][0] - face.eyes[0][0], face.eyes[1][1] - face.eyes[0][1]];
    let angle = across[1].atan2(across[0]);
    let unit = face.size;
    let dark = scene::colour(rng).map(|channel| channel * 0.35);
    let down = [-angle.sin(), angle.cos()];
    let from_eyes = |distance: f32| {
        [0, 1].map(|axis| (face.eyes[0][axis] + face.eyes[1][axis]) / 2.0 + down[axis] * distance * unit)
    };
    match rng.random_range(0..4) {
        0 => {
            for eye in face.eyes {
                let half = [unit * rng.random_range(0.14..0.2), unit * rng.random_range(0.1..0.16)];
                scene::blob(canvas, eye, angle, Shape::Ellipse { half }, Fill::flat(dark));
            }
            let half = [unit * 0.2, unit * 0.02];
            scene::blob(canvas, from_eyes(0.0), angle, Shape::Rectangle { half }, Fill::flat(dark));
        }
        1 => {
            let half = [unit * 0.48, unit * rng.random_range(0.2..0.3)];
            let fill = Fill::slope(scene::colour(rng), scene::colour(rng));
            scene::blob(canvas, from_eyes(0.62), angle, Shape::Ellipse { half }, fill);
        }
        2 => {
            let half = [unit * rng.random_range(0.5..0.8), unit * rng.random_range(0.12..0.35)];
            let fill = Fill::slope(scene::colour(rng), scene::colour(rng));
            scene::blob(canvas, from_eyes(-0.25 - half[1] / unit), angle, Shape::Ellipse { half }, fill);
        }
        _ => {
            let aside = [0, 1].map(|_| normal(rng, 0.3) * unit);
            let at = from_eyes(0.7);
            scene::hand(canvas, [at[0] + aside[0], at[1] + aside[1].abs()], unit * 0.3, rng);
        }
    }
}

/// From `low` to `high`, every doubling as likely.
fn log_uniform(low: f32, high: f32, rng: &mut impl Rng) -> f32 {
    rng.random_range(low.ln()..high.ln()).exp()
}
