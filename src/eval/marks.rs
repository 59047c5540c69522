//! Properties of a single drawing: how much ink, in how many pieces, how long the lines, how many spurs, how alike the eyes.
//!
//! Measured on the drawing's own pixels: ink is what is darker than middle gray. Lines are its skeleton (the passes that make
//! strokes of drawings do the same). The eyes' places are the canonical frame's. Lengths in pixels.

use imageproc::region_labelling::Connectivity;
use imageproc::region_labelling::connected_components;
use serde::Serialize;

use crate::photo::Portrait;
use crate::raster::Gray;
use crate::strokes::graph;
use crate::strokes::prune;
use crate::strokes::thin;
use image::Luma;

/// The least ink of a piece that counts, px.
const LEAST_PIECE_PX: u32 = 6;
/// Half the width and height of an eye's window, px of the canonical frame.
const EYE_PX: (i64, i64) = (34, 20);
/// How far an eye may lie off its canonical place when the two are compared, px.
const SLACK_PX: i64 = 6;

/// What can be measured on one drawing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Marks {
    /// Share of the paper that is ink, %.
    pub ink_percent: f64,
    /// Pieces of ink that hang together.
    pub connected_strokes: usize,
    /// Length of the skeleton, px.
    pub line_px: f64,
    /// Short side branches of the skeleton, which a clean line has not.
    pub spurs: usize,
    /// How alike the two eyes are, one mirrored: 1 identical, 0 nothing in common. None where the drawing has another size than
    /// the canonical frame or no ink there.
    pub eye_symmetry: Option<f64>,
}

/// The marks of `drawing`, 0 ink to 255 paper.
pub fn marks(drawing: &Gray) -> Marks {
    let mask = Gray::from_fn(drawing.width(), drawing.height(), |x, y| {
        Luma([if drawing.get_pixel(x, y).0[0] < 128 { 255 } else { 0 }])
    });
    let ink = mask.as_raw().iter().filter(|value| **value > 0).count();
    let labels = connected_components(&mask, Connectivity::Eight, Luma([0]));
    let mut areas = vec![0u32; labels.as_raw().iter().max().map_or(1, |most| *most as usize + 1)];
    labels.as_raw().iter().for_each(|label| areas[*label as usize] += 1);
    let connected_strokes = areas.iter().skip(1).filter(|area| **area >= LEAST_PIECE_PX).count();
    let lines = graph::trace(&thin::thin(&mask), |_| 1.0);
    let line_px = lines.edges.iter().map(graph::Edge::length).sum();
    let (_, spurs) = prune::prune(lines);
    Marks {
        ink_percent: 100.0 * ink as f64 / mask.as_raw().len().max(1) as f64,
        connected_strokes,
        line_px,
        spurs,
        eye_symmetry: eye_symmetry(&mask),
    }
}

/// The share of eye ink that the two eyes have in common (F1) at the best of small shifts, one mirrored.
fn eye_symmetry(mask: &Gray) -> Option<f64> {
    if mask.dimensions() != (Portrait::SIDE, Portrait::SIDE) {
        return None;
    }
    let eyes = Portrait::EYES.map(|eye| (eye.x.round() as i64, eye.y.round() as i64));
    let at = |(x, y): (i64, i64), dx: i64, dy: i64| {
        let inside = |axis: i64| (0..i64::from(Portrait::SIDE)).contains(&axis);
        inside(x + dx) && inside(y + dy) && mask.get_pixel((x + dx) as u32, (y + dy) as u32).0[0] > 0
    };
    let window = |dx: i64, dy: i64| (-EYE_PX.0..=EYE_PX.0).contains(&dx) && (-EYE_PX.1..=EYE_PX.1).contains(&dy);
    let places: Vec<(i64, i64)> =
        (-EYE_PX.1..=EYE_PX.1).flat_map(|dy| (-EYE_PX.0..=EYE_PX.0).map(move |dx| (dx, dy))).collect();
    let count = |eye| places.iter().filter(|(dx, dy)| at(eye, *dx, *dy)).count();
    let all = count(eyes[0]) + count(eyes[1]);
    if all == 0 {
        return None;
    }
    let mut best = 0;
    for sx in -SLACK_PX..=SLACK_PX {
        for sy in -SLACK_PX..=SLACK_PX {
            let both = places
                .iter()
                .filter(|(dx, dy)| at(eyes[0], *dx, *dy) && window(sx - dx, dy + sy) && at(eyes[1], sx - dx, dy + sy))
                .count();
            best = best.max(both);
        }
    }
    Some(2.0 * best as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rings for eyes, the second with `extra` px of iris.
    fn drawing(extra: f64) -> Gray {
        Gray::from_fn(512, 512, |x, y| {
            let off = |eye: usize| (f64::from(x) - Portrait::EYES[eye].x).hypot(f64::from(y) - Portrait::EYES[eye].y);
            let ring = |eye: usize| (off(eye) - 14.0).abs() < 1.5;
            let line = y == 400 && (100..300).contains(&x);
            Luma([if ring(0) || ring(1) || off(1) < extra || line { 0 } else { 255 }])
        })
    }

    #[test]
    fn pieces_lengths_and_eyes_are_counted() {
        let marks = marks(&drawing(0.0));
        assert_eq!((marks.connected_strokes, marks.spurs), (3, 0));
        let expected = 200.0 + 2.0 * 2.0 * std::f64::consts::PI * 14.0;
        assert!((marks.line_px - expected).abs() < 0.08 * expected, "{} px, not {expected}", marks.line_px);
        assert!(marks.eye_symmetry.is_some_and(|alike| alike > 0.9), "{marks:?}");
        let unlike = super::marks(&drawing(12.0));
        assert!(unlike.eye_symmetry.is_some_and(|alike| alike < 0.75), "{unlike:?}");
        assert!(unlike.ink_percent > marks.ink_percent);
        assert_eq!(super::marks(&Gray::from_pixel(512, 512, Luma([255]))).eye_symmetry, None);
    }
}
