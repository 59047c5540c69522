//! Losses by an encoder's features: the perceptual loss (Johnson et al., 2016, with pix2pixHD's weights), AdaIN's content and
//! style losses (Huang and Belongie, 2017; released code `net.py`).

use candle_core::Result;
use candle_core::Tensor;
use models::engine::mean_absolute;
use models::engine::mean_square;
use models::line_drawer::Style;

use super::total;

/// How much each depth counts in the perceptual loss, the shallowest first; an encoder without relu5_1 does without the last.
pub const DEPTHS: [f64; 5] = [1.0 / 32.0, 1.0 / 16.0, 1.0 / 8.0, 1.0 / 4.0, 1.0];
/// Depths whose statistics are a style.
const STYLE_DEPTHS: usize = 4;

/// How far the encoder's features of what was drawn are from those of the real sketch: weighed mean absolute differences.
///
/// # Errors
/// Features of images of different sizes.
pub fn perceptual(drawn: &[Tensor], real: &[Tensor]) -> Result<Tensor> {
    let pairs = drawn.iter().zip(real).zip(DEPTHS);
    total(pairs.map(|((drawn, real), weight)| mean_absolute(drawn, &real.detach())? * weight))
}

/// How far the drawing's relu4_1 is from the `target` it was drawn from: mean square.
///
/// # Errors
/// Shapes that do not fit.
pub fn content(drawn: &[Tensor], target: &Tensor) -> Result<Tensor> {
    let Some(deepest) = drawn.get(STYLE_DEPTHS - 1) else { candle_core::bail!("the features lack relu4_1") };
    mean_square(deepest, &target.detach())
}

/// How far the means and deviations of the drawing's features are from those of the style drawing (1 or batch pictures):
/// mean squares, summed over four depths.
///
/// # Errors
/// Features of different encoders.
pub fn style(drawn: &[Tensor], style: &[Tensor]) -> Result<Tensor> {
    let of_depth = |(drawn, style): (&Tensor, &Tensor)| {
        let (drawn, style) = (Style::of(drawn)?, Style::of(&style.detach())?);
        let apart = |a: &Tensor, b: &Tensor| mean_square(a, &b.broadcast_as(a.shape())?);
        apart(&drawn.mean, &style.mean)? + apart(&drawn.std, &style.std)?
    };
    total(drawn.iter().zip(style).take(STYLE_DEPTHS).map(of_depth))
}
