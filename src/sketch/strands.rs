//! A few open strokes that say how hair runs: streamlines of the flow where this person's own strands are darkest.
//!
//! Evenly spaced streamlines (Jobard & Lefer, 1997), but seeded in the order of what the photo shows: the response of
//! coherent lines (`lines`). So the first strokes are partings and folds of locks, and hair is suggested, not filled. Beards
//! and brows get the same, shorter. Lengths in portrait pixels. Refuses nothing: where no hair is, no stroke is.

use super::anatomy::Anatomy;
use super::beard::beard;
use super::even_light::even_light;
use super::flow::Flow;
use super::flow::edge_flow;
use super::lines;
use super::lines::FlowConfig;
use super::shapes;
use super::tone::brows;
use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Vector;
use crate::photo::Portrait;
use crate::raster::Field;
use crate::raster::Gray;

/// How open strokes are laid.
#[derive(Debug, Clone, Copy)]
struct Laying {
    /// Share of its region that a place must have.
    least_share: f32,
    /// Response from which on a stroke starts; strokes of a beard start where it is strongest, however smooth the photo.
    least_response: f32,
    /// How far strokes stay from lines that were there before: beside an outline they would double it.
    clear_px: f64,
    /// Distance between strokes.
    apart_px: f64,
    /// Longest and shortest stroke.
    longest_px: f64,
    shortest_px: f64,
    /// Most strokes.
    most: usize,
}

/// Smoothing of the flow that strands follow.
const FLOW_PX: f32 = 4.0;
/// Half the width of the strands looked for: whole locks, not hairs.
const STRAND_PX: f32 = 2.0;
/// Response below which hair is smooth.
const FAINTEST: f32 = 1e-3;
/// Width in the middle and at the ends of a stroke.
const WIDTH_PX: (f64, f64) = (2.3, 1.5);
/// Step along a stroke.
const STEP_PX: f64 = 1.0;
/// A stroke that turns by more than this in a step has lost its strand (cosine).
const LEAST_ALONG: f64 = 0.85;

/// `ink` with open strokes in hair, beard and brows of `portrait`'s sitter.
pub fn with_strands(mut ink: Gray, portrait: &Portrait, anatomy: &Anatomy) -> Gray {
    let even = even_light(portrait, anatomy);
    let flow = edge_flow(&even, FLOW_PX);
    let config = FlowConfig { line_px: STRAND_PX, along_px: 8.0, balance: 1.0, ..FlowConfig::default() };
    let response = lines::response(&even, &flow, &config, anatomy);
    let hair = anatomy.hair();
    let area: f64 = hair.as_raw().iter().map(|share| f64::from(*share)).sum();
    // A head of long hair has wider spaces between its strokes, not many more strokes.
    let apart_px = (area.sqrt() / 9.0).clamp(11.0, 24.0);
    let of_hair = Laying {
        least_share: 0.75,
        least_response: FAINTEST,
        clear_px: 7.5,
        apart_px,
        longest_px: 5.0 * apart_px,
        shortest_px: 20.0,
        most: 40,
    };
    lay(&mut ink, hair, &response, &flow, of_hair);
    let of_beard = Laying { least_share: 0.3, apart_px: 9.0, longest_px: 30.0, shortest_px: 8.0, most: 40, ..of_hair };
    let of_beard = Laying { least_response: f32::NEG_INFINITY, clear_px: 4.0, ..of_beard };
    lay(&mut ink, &beard(portrait, anatomy), &response, &flow, of_beard);
    let of_brows = Laying { least_share: 0.4, apart_px: 5.0, longest_px: 34.0, shortest_px: 9.0, most: 10, ..of_beard };
    lay(&mut ink, &brows(&even, anatomy), &response, &flow, of_brows);
    ink
}

/// Draws strokes where `region` is, the strongest responses first.
fn lay(ink: &mut Gray, region: &Field, response: &Field, flow: &Flow, laying: Laying) {
    let mut taken = Taken::of(ink);
    let width = ink.width() as usize;
    let places = (0..response.as_raw().len()).filter(|i| region.as_raw()[*i] > laying.least_share);
    let mut seeds: Vec<(f32, usize)> =
        places.map(|i| (response.as_raw()[i], i)).filter(|(r, _)| *r > laying.least_response).collect();
    seeds.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut drawn = 0;
    for (_, i) in seeds {
        let seed = Point::new((i % width) as f64, (i / width) as f64);
        if drawn == laying.most {
            break;
        }
        if taken.is_near_line(seed, laying.clear_px) || taken.is_near_stroke(seed, laying.apart_px) {
            continue;
        }
        let stroke = grown(seed, region, flow, &taken, laying);
        if stroke.len() as f64 * STEP_PX < laying.shortest_px {
            continue;
        }
        shapes::draw_tapered(ink, &stroke, WIDTH_PX.0, WIDTH_PX.1);
        taken.strokes.extend(stroke.iter().step_by(3));
        drawn += 1;
    }
}

/// The stroke through `seed`, grown both ways along the flow.
fn grown(seed: Point<Px>, region: &Field, flow: &Flow, taken: &Taken, laying: Laying) -> Vec<Point<Px>> {
    let most = (laying.longest_px / 2.0 / STEP_PX) as usize;
    let half = |sign: f64| {
        let mut points = Vec::new();
        let along = |at: Point<Px>| {
            let [x, y] = flow.tangent(at.x.round() as usize, at.y.round() as usize);
            Vector::new(f64::from(x), f64::from(y))
        };
        let (mut at, mut heading) = (seed, along(seed) * sign);
        for _ in 0..most {
            let next = at + heading * STEP_PX;
            let side = f64::from(region.width() - 1);
            let within = (0.0..=side).contains(&next.x) && (0.0..=side).contains(&next.y);
            if !within
                || shapes::value(region, next) < laying.least_share
                || taken.is_near_line(next, 0.8 * laying.clear_px)
                || taken.is_near_stroke(next, 0.6 * laying.apart_px)
            {
                break;
            }
            points.push(next);
            let onward = along(next);
            let onward = if onward.dot(heading) < 0.0 { -onward } else { onward };
            if onward.dot(heading) < LEAST_ALONG {
                break;
            }
            (at, heading) = (next, onward);
        }
        points
    };
    let mut stroke = half(-1.0);
    stroke.reverse();
    stroke.push(seed);
    stroke.extend(half(1.0));
    stroke
}

/// Where strokes may not run.
struct Taken {
    /// Distance to the lines that were there first, squared.
    lines: imageproc::definitions::Image<image::Luma<f64>>,
    strokes: Vec<Point<Px>>,
}

impl Taken {
    fn of(ink: &Gray) -> Self {
        let dark = |x, y| if ink.get_pixel(x, y).0[0] < 128 { 255u8 } else { 0 };
        let marked = Gray::from_fn(ink.width(), ink.height(), |x, y| image::Luma([dark(x, y)]));
        Self {
            lines: imageproc::distance_transform::euclidean_squared_distance_transform(&marked),
            strokes: Vec::new(),
        }
    }

    fn is_near_line(&self, p: Point<Px>, reach_px: f64) -> bool {
        self.lines.get_pixel(p.x.round() as u32, p.y.round() as u32).0[0] < reach_px * reach_px
    }

    fn is_near_stroke(&self, p: Point<Px>, reach_px: f64) -> bool {
        self.strokes.iter().any(|q| (*q - p).square_length() < reach_px * reach_px)
    }
}
