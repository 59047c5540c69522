//! A person made of ellipses, for tests: hair, face, eyes, mouth, neck and coat at their canonical places.

use super::Framing;
use super::Photo;
use super::Portrait;
use super::compose;
use crate::raster::Rgb;

/// The portrait whose pixel (x, y) has the colour `f` gives.
pub fn portrait_of(f: impl Fn(u32, u32) -> [u8; 3]) -> Portrait {
    let pixels = Rgb::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| image::Rgb(f(x, y)));
    let photo = Photo::new(pixels).expect("has pixels");
    compose(&photo, &Framing::Centred).expect("a square photo composes")
}

/// Whether (`x`, `y`) lies on the sitter.
pub fn on_sitter(x: u32, y: u32) -> bool {
    colour(x, y).is_some()
}

/// A sitter before a backdrop whose colours `backdrop` gives.
pub fn sitter(backdrop: impl Fn(u32, u32) -> [u8; 3]) -> Portrait {
    portrait_of(|x, y| colour(x, y).unwrap_or_else(|| backdrop(x, y)))
}

fn colour(x: u32, y: u32) -> Option<[u8; 3]> {
    let within = |cx: f64, cy: f64, rx: f64, ry: f64| ((f64::from(x) - cx) / rx).hypot((f64::from(y) - cy) / ry) < 1.0;
    let lit = |base: [i32; 3]| {
        // A little light from the left and a little grain: no photo is flat.
        let grain = (x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)) % 5;
        Some(base.map(|v| (v + (256 - x as i32) / 24 + grain as i32).clamp(0, 255) as u8))
    };
    if within(206.0, 236.0, 9.0, 9.0) || within(306.0, 236.0, 9.0, 9.0) {
        lit([50, 35, 30])
    } else if within(206.0, 236.0, 24.0, 9.0) || within(306.0, 236.0, 24.0, 9.0) {
        lit([225, 220, 215])
    } else if within(256.0, 346.0, 42.0, 5.0) {
        lit([130, 60, 60])
    } else if within(256.0, 265.0, 110.0, 158.0) && y > 150 {
        lit([205, 160, 130])
    } else if within(256.0, 215.0, 128.0, 170.0) && y < 300 {
        lit([70, 48, 34])
    } else if (200..312).contains(&x) && (380..470).contains(&y) {
        lit([190, 145, 118])
    } else if within(256.0, 560.0, 250.0, 130.0) {
        lit([60, 66, 78])
    } else {
        None
    }
}
