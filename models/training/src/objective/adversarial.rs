//! Least-squares adversarial losses (Mao et al., 2017) summed over the scales, and feature matching (Wang et al., 2018, §3.3),
//! with pix2pixHD's factors.

use candle_core::Result;
use candle_core::Tensor;
use models::engine::mean_absolute;
use models::engine::mean_square;

use super::total;
use crate::discriminator::Verdict;

/// What a discriminator ought to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ought {
    /// 1: the artist drew it.
    Real,
    /// 0: the generator drew it.
    Drawn,
}

/// How far `verdicts` are from what they `ought` to be: the mean square of each scale's answers, summed.
///
/// # Errors
/// There is no verdict.
pub fn least_squares(verdicts: &[Verdict], ought: Ought) -> Result<Tensor> {
    total(verdicts.iter().map(|verdict| answered(&verdict.answer, ought)))
}

/// The same of one map of answers, as Pix2Pix's discriminator gives.
///
/// # Errors
/// The map is empty.
pub fn answered(answer: &Tensor, ought: Ought) -> Result<Tensor> {
    let target = match ought {
        Ought::Real => answer.ones_like()?,
        Ought::Drawn => answer.zeros_like()?,
    };
    mean_square(answer, &target.detach())
}

/// The loss of the discriminators themselves: half of both errors.
///
/// # Errors
/// There is no verdict.
pub fn telling(real: &[Verdict], drawn: &[Verdict]) -> Result<Tensor> {
    (least_squares(real, Ought::Real)? + least_squares(drawn, Ought::Drawn)?)? * 0.5
}

/// How far the discriminators' features of what was drawn are from those of the real sketch: mean absolute differences, times
/// 4 / layers, summed over layers and averaged over scales.
///
/// # Errors
/// Verdicts of images of different sizes.
pub fn feature_matching(drawn: &[Verdict], real: &[Verdict]) -> Result<Tensor> {
    let of_scale = |(drawn, real): (&Verdict, &Verdict)| {
        let pairs = drawn.features.iter().zip(&real.features);
        let sum = total(pairs.map(|(drawn, real)| mean_absolute(drawn, &real.detach())))?;
        sum * (4.0 / drawn.features.len() as f64)
    };
    total(drawn.iter().zip(real).map(of_scale))? / drawn.len() as f64
}
