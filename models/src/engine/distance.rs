//! How far two tensors are apart, as one number with its gradient.

use candle_core::Result;
use candle_core::Tensor;
use candle_core::bail;

use super::cpu;
use super::stock;

/// What is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distance {
    Absolute,
    Square,
}

/// The mean of |a - b|, a tensor without axes; the gradient where they are equal is 0.
///
/// # Errors
/// `a` and `b` are of different shapes or empty.
pub fn mean_absolute(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    mean_distance(a, b, Distance::Absolute)
}

/// The mean of (a - b)², a tensor without axes.
///
/// # Errors
/// `a` and `b` are of different shapes or empty.
pub fn mean_square(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    mean_distance(a, b, Distance::Square)
}

fn mean_distance(a: &Tensor, b: &Tensor, distance: Distance) -> Result<Tensor> {
    if a.dims() != b.dims() || a.elem_count() == 0 {
        bail!("there is no mean distance from {:?} to {:?}", a.dims(), b.dims());
    }
    let on_cpu = cpu::takes(a) && cpu::takes(b);
    if on_cpu { cpu::mean_distance(a, b, distance) } else { stock::mean_distance(a, b, distance) }
}
