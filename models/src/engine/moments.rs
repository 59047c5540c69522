//! Mean and standard deviation of every plane, through which the gradient runs: what AdaIN calls a picture's style
//! (Huang and Belongie, 2017).

use candle_core::Result;
use candle_core::Tensor;
use candle_core::bail;

use super::cpu;
use super::stock;

/// The mean and the standard deviation of each plane of `x` (batch, channels, height, width), both (batch, channels, 1,
/// 1). The variance is the unbiased one plus [`NORM_EPS`](super::NORM_EPS), as in AdaIN's released code.
///
/// # Errors
/// `x` has not four axes, or planes of one pixel.
pub fn moments(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let (_, _, height, width) = x.dims4()?;
    if height * width < 2 || x.elem_count() == 0 {
        bail!("planes of {height} x {width} px have no deviation");
    }
    if cpu::takes(x) { cpu::moments(x) } else { stock::moments(x) }
}
