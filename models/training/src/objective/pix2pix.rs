//! What sRender's ablation with Pix2Pix asks of its networks (released code, `pix2pix/train.py`): to pass for the artist's, and L1.
//!
//! ```text
//! L_G = L_adv + 10 · |G(z) - y|      L_D = ½ (L_real + L_drawn)
//! ```
//!
//! Least squares, as in the released code, not Isola's cross entropy. There the discriminator moves first; here, as in every style's
//! recipe, the generator does.

use anyhow::Result;
use candle_core::Tensor;
use models::engine::mean_absolute;

use super::adversarial::Ought;
use super::adversarial::answered;
use crate::pix2pix::PixDiscriminator;
use crate::recipe::Loss;

/// How much L1 counts beside the adversarial term.
const ABSOLUTE: f64 = 10.0;

/// The generator's loss for what it `drew` after `lines`, where the artist drew `real`.
///
/// # Errors
/// Shapes that do not fit.
pub fn generator(judge: &PixDiscriminator, lines: &Tensor, drew: &Tensor, real: &Tensor) -> Result<Loss> {
    let adversarial = answered(&judge.frozen().judge(lines, drew)?, Ought::Real)?;
    let absolute = mean_absolute(drew, &real.detach())?;
    let parts = vec![("adversarial", adversarial.to_scalar()?), ("absolute", absolute.to_scalar()?)];
    Ok(Loss { total: (adversarial + (absolute * ABSOLUTE)?)?, parts })
}

/// The discriminator's loss for the same, `drew` from before the generator's step.
///
/// # Errors
/// Shapes that do not fit.
pub fn discriminator(judge: &PixDiscriminator, lines: &Tensor, drew: &Tensor, real: &Tensor) -> Result<Loss> {
    let drawn = answered(&judge.judge(lines, &drew.detach())?, Ought::Drawn)?;
    let total = ((answered(&judge.judge(lines, real)?, Ought::Real)? + drawn)? * 0.5)?;
    let parts = vec![("telling", total.to_scalar()?)];
    Ok(Loss { total, parts })
}
