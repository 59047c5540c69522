//! Faces taken apart: a camera's own pixels in an order that no face has.
//!
//! Made shapes are too clean: without these, leaves, coins and machines look more like a face than anything else that the finder
//! has met. A tile shows at most an eye, or half a mouth.

use rand::Rng;

use crate::canvas::Canvas;
use crate::canvas::Cut;
use crate::data;
use crate::data::Portrait;
use crate::geometry::normal;
use crate::geometry::similarity;

/// The widest tile, canonical px: eyes are 100 px apart.
const WIDEST: f32 = 80.0;
/// The part of the canonical frame that tiles are taken from: the face, hair, collar.
const FROM: [f32; 4] = [80.0, 30.0, 432.0, 500.0];

/// Lays tiles of one portrait, as many as its face would take, about `place`, `size` px to each side.
pub fn scrambled(canvas: &mut Canvas, portrait: &Portrait, place: [f32; 2], size: f32, rng: &mut impl Rng) {
    let count = rng.random_range(5..9);
    let side = 400.0 / count as f32;
    let step = 2.0 * size / count as f32;
    for row in 0..count {
        for column in 0..count {
            let to = [column, row].map(|at| (at as f32 + 0.5) * step);
            let middle = [place[0] - size + to[0], place[1] - size + to[1]];
            tile(canvas, portrait, middle, side.min(WIDEST), step, rng);
        }
    }
}

/// Fills the whole picture with tiles of many portraits.
pub fn floor(canvas: &mut Canvas, portraits: &[Portrait], rng: &mut impl Rng) {
    let least = canvas.width.min(canvas.height) as f32;
    let step = least * 2.0f32.powf(rng.random_range(-5.0..-2.0));
    let side = rng.random_range(25.0..WIDEST);
    let mut portrait = data::choose(portraits, rng);
    for row in 0..(canvas.height as f32 / step) as usize + 1 {
        for column in 0..(canvas.width as f32 / step) as usize + 1 {
            if rng.random_bool(0.2) {
                portrait = data::choose(portraits, rng);
            }
            let middle = [column, row].map(|at| (at as f32 + 0.5) * step);
            tile(canvas, portrait, middle, side, step, rng);
        }
    }
}

/// A square of `side` canonical px from anywhere, `step` px wide, turned and mirrored by lot.
fn tile(canvas: &mut Canvas, portrait: &Portrait, middle: [f32; 2], side: f32, step: f32, rng: &mut impl Rng) {
    let corner = [0, 1].map(|axis| rng.random_range(FROM[axis]..FROM[axis + 2] - side).floor());
    let quarter = rng.random_range(0..4) as f32 * std::f32::consts::FRAC_PI_2;
    let centre = corner.map(|axis| axis + side / 2.0);
    let gain = normal(rng, 0.1).exp();
    let transform = similarity(step / side, quarter, centre, middle);
    let [x, y] = corner.map(|axis| axis as u16);
    let cut = Cut::Tile { x, y, side: side.ceil() as u16 + 1 };
    canvas.paste(portrait, &transform, cut, |colour| colour.map(|value| value * gain));
}
