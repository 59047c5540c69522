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

impl Ought {
    /// The answers that `answer` ought to be.
    fn target(self, answer: &Tensor) -> Result<Tensor> {
        Ok(match self {
            Self::Real => answer.ones_like()?,
            Self::Drawn => answer.zeros_like()?,
        }
        .detach())
    }
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
    mean_square(answer, &ought.target(answer)?)
}

/// The same where `counts` (0 or 1, like `answer`), the mean over what counts; nothing where nothing does.
///
/// # Errors
/// Shapes that do not fit.
pub fn answered_where(answer: &Tensor, ought: Ought, counts: &Tensor) -> Result<Option<Tensor>> {
    let all = f64::from(counts.sum_all()?.to_scalar::<f32>()?);
    if all == 0.0 {
        return Ok(None);
    }
    let apart = (answer - ought.target(answer)?)?.sqr()?;
    Ok(Some(((apart * counts.detach())?.sum_all()? / all)?))
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
