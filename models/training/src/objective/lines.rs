//! Losses of line drawings themselves. All are (batch, 1, height, width), paper 1 and ink 0 where ink is counted.

use candle_core::Result;
use candle_core::Tensor;
use models::engine::avg_pool2x2;
use models::engine::mean_absolute;

use super::total;

/// AiSketcher's self-consistency: a style drawing drawn in its own style, against itself. Mean absolute difference; it makes
/// strokes continuous.
///
/// # Errors
/// Shapes that do not fit.
pub fn consistency(drawn_again: &Tensor, style: &Tensor) -> Result<Tensor> {
    mean_absolute(drawn_again, &style.detach())
}

/// AiSketcher's componential sparsity: the ink where `unwanted` (like `lines`, 0 to 1) says there should be little, as a share
/// of all pixels, so that each pixel counts the same however large the region is.
///
/// # Errors
/// Shapes that do not fit.
pub fn sparsity(lines: &Tensor, unwanted: &Tensor) -> Result<Tensor> {
    (lines.affine(-1.0, 1.0)? * unwanted.detach())?.mean_all()
}

/// The mean absolute difference at `levels` resolutions, each half the one before, averaged: it forgives a stroke beside its
/// place more than one that is missing.
///
/// # Errors
/// Shapes that do not fit, or too small for so many levels.
pub fn pyramid(drawn: &Tensor, real: &Tensor, levels: usize) -> Result<Tensor> {
    let (mut drawn, mut real) = (drawn.clone(), real.detach());
    let mut terms = Vec::with_capacity(levels);
    for level in 0..levels {
        if level > 0 {
            (drawn, real) = (avg_pool2x2(&drawn)?, avg_pool2x2(&real)?);
        }
        terms.push(mean_absolute(&drawn, &real));
    }
    total(terms)? / levels as f64
}
