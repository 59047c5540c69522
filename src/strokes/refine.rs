//! Centre lines to a fraction of a pixel: each traced place moves to the middle of the ink across its line.
//!
//! The gray profile is sampled along the normal until it falls to paper or starts to rise into a neighbouring line,
//! and its centre of gravity taken (for a symmetric profile the same point as Steger's 1998 ridge, "An unbiased
//! detector of curvilinear structures", but at every width with one setting).

use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Vector;
use crate::raster::Field;
use crate::strokes::graph::Edge;
use crate::strokes::graph::Trace;

/// Rounds of finding the normal and moving to the centre.
const ROUNDS: usize = 2;
/// Places to each side that give the direction of a line.
const REACH: usize = 4;
/// Step of the profile's samples, grid pixels.
const STEP: f64 = 0.5;
/// Most samples to one side.
const MOST_SAMPLES: usize = 64;
/// Ink that is paper, as a share of the ink at the line's middle.
const FOOT: f64 = 0.12;

/// Moves the places of `edge` to the middle of the `ink`, and measures its width there.
pub fn refine(edge: &mut Edge, ink: &Field) {
    for _ in 0..ROUNDS {
        let old: Vec<Trace> = edge.places.clone();
        for (i, place) in edge.places.iter_mut().enumerate() {
            let Some(along) = direction(&old, i, edge.closed) else {
                continue;
            };
            let normal = Vector::new(-along.y, along.x);
            let (offset, weight) = centre(ink, place.at, normal, place.radius);
            // A junction's ink pulls sideways: never further than the line is wide.
            let most = place.radius.max(1.0) * 0.75;
            place.at += normal * offset.clamp(-most, most);
            place.ink = weight;
        }
    }
}

/// Direction of the line at place `i`, over [`REACH`] places to each side.
fn direction(places: &[Trace], i: usize, closed: bool) -> Option<Vector<Px>> {
    let n = places.len();
    let (a, b) = if closed && n > 2 * REACH {
        ((i + n - REACH) % n, (i + REACH) % n)
    } else {
        (i.saturating_sub(REACH), (i + REACH).min(n - 1))
    };
    let along = places[b].at - places[a].at;
    (along.length() > 0.5).then(|| along.normalize())
}

/// The centre of the profile across `at`, as an offset along `normal`, and the ink in it.
fn centre(ink: &Field, at: Point<Px>, normal: Vector<Px>, radius: f64) -> (f64, f64) {
    let middle = sample(ink, at);
    let foot = FOOT * middle;
    let samples = (((radius + 2.0) / STEP).ceil() as usize).min(MOST_SAMPLES);
    let (mut mass, mut moment) = (middle, 0.0);
    for side in [-1.0, 1.0] {
        let mut lowest = middle;
        for k in 1..=samples {
            let d = side * STEP * k as f64;
            let v = sample(ink, at + normal * d);
            // Rising again after a fall: another line's ink.
            if v <= foot || (lowest < 0.7 * middle && v > lowest + 0.02) {
                break;
            }
            lowest = lowest.min(v);
            mass += v;
            moment += v * d;
        }
    }
    if mass > 0.0 { (moment / mass, mass * STEP) } else { (0.0, 0.0) }
}

/// Ink at `at`, between the four pixels around it.
pub fn sample(ink: &Field, at: Point<Px>) -> f64 {
    let (width, height) = (ink.width() as usize, ink.height() as usize);
    let x = (at.x - 0.5).clamp(0.0, width as f64 - 1.001);
    let y = (at.y - 0.5).clamp(0.0, height as f64 - 1.001);
    let (x0, y0) = (x as usize, y as usize);
    let (fx, fy) = (x - x0 as f64, y - y0 as f64);
    let raw = ink.as_raw();
    let v = |x: usize, y: usize| f64::from(raw[y.min(height - 1) * width + x.min(width - 1)]);
    (v(x0, y0) * (1.0 - fx) + v(x0 + 1, y0) * fx) * (1.0 - fy)
        + (v(x0, y0 + 1) * (1.0 - fx) + v(x0 + 1, y0 + 1) * fx) * fy
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    #[test]
    fn a_slanting_line_is_found_to_a_tenth_of_a_pixel() {
        let row = |x: f64| 20.3 + 0.3 * x;
        let ink = Field::from_fn(80, 60, |x, y| {
            let d = (f64::from(y) + 0.5 - row(f64::from(x) + 0.5)) / 1.09f64.sqrt();
            Luma([(-d * d / 4.0).exp() as f32])
        });
        let places = (5..70)
            .map(|x| Trace {
                at: Point::new(f64::from(x) + 0.5, row(f64::from(x) + 0.5).floor() + 0.5),
                radius: 2.0,
                ink: 4.0,
                trust: 1.0,
            })
            .collect();
        let mut edge = Edge { places, ends: [None, None], closed: false };
        refine(&mut edge, &ink);
        for place in &edge.places {
            let off = (place.at.y - row(place.at.x)).abs() / 1.09f64.sqrt();
            assert!(off < 0.1, "off by {off:.3} px at {:?}", place.at);
        }
    }
}
