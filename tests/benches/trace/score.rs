//! How well found strokes match the true ones: the measures of the table.
//!
//! Both are sampled every half pixel; precision is the share of found samples within 1 px (2 px) of a true one, recall
//! the other way round, F1 their harmonic mean, Chamfer the mean of the two mean distances.

use crate::drawings::Stroke;
use rstar::RTree;

/// Distance between samples, px.
const STEP: f64 = 0.5;

/// The measures of one drawing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Score {
    /// F1 at 1 px.
    pub f1_1px: f64,
    /// F1 at 2 px.
    pub f1_2px: f64,
    /// Symmetric mean distance, px.
    pub chamfer_px: f64,
    /// Strokes found for each true one.
    pub strokes: f64,
    /// Length found for each true pixel of length.
    pub ink: f64,
}

/// The score of `found` against `truth`.
pub fn score(found: &[Stroke], truth: &[Stroke]) -> Score {
    let (a, b) = (samples(found), samples(truth));
    if a.is_empty() || b.is_empty() {
        return Score { chamfer_px: f64::NAN, ..Score::default() };
    }
    let (to_truth, to_found) = (distances(&a, &b), distances(&b, &a));
    let within = |d: &[f64], px: f64| d.iter().filter(|d| **d <= px).count() as f64 / d.len() as f64;
    let f1 = |px: f64| {
        let (p, r) = (within(&to_truth, px), within(&to_found, px));
        if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 }
    };
    let mean = |d: &[f64]| d.iter().sum::<f64>() / d.len() as f64;
    Score {
        f1_1px: f1(1.0),
        f1_2px: f1(2.0),
        chamfer_px: (mean(&to_truth) + mean(&to_found)) / 2.0,
        strokes: found.len() as f64 / truth.len() as f64,
        ink: length(found) / length(truth),
    }
}

fn length(strokes: &[Stroke]) -> f64 {
    let piece = |w: &[[f64; 2]]| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1]);
    strokes.iter().flat_map(|s| s.windows(2)).map(piece).sum()
}

fn samples(strokes: &[Stroke]) -> Vec<[f64; 2]> {
    let mut samples = Vec::new();
    for w in strokes.iter().flat_map(|s| s.windows(2)) {
        let n = ((w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1]) / STEP).ceil().max(1.0) as usize;
        samples.extend((0..n).map(|k| {
            let t = k as f64 / n as f64;
            [w[0][0] + (w[1][0] - w[0][0]) * t, w[0][1] + (w[1][1] - w[0][1]) * t]
        }));
    }
    samples
}

fn distances(from: &[[f64; 2]], to: &[[f64; 2]]) -> Vec<f64> {
    let tree = RTree::bulk_load(to.to_vec());
    let nearest = |p: &[f64; 2]| tree.nearest_neighbor(*p).map_or(f64::INFINITY, |q| (p[0] - q[0]).hypot(p[1] - q[1]));
    from.iter().map(nearest).collect()
}
