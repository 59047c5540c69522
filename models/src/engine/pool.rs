//! Pooling, with right gradients.

use candle_core::Result;
use candle_core::Tensor;

use super::cpu;
use super::stock;

/// The largest of each 2×2 block; an odd last row or column is dropped, as PyTorch does.
///
/// # Errors
/// `x` has not four axes or is smaller than a block.
pub fn max_pool2x2(x: &Tensor) -> Result<Tensor> {
    if cpu::takes(x) { cpu::max_pool2x2(x) } else { stock::max_pool2x2(x) }
}

/// The largest of each 2×2 block; at an odd edge, of what is there of it (PyTorch's `ceil_mode`).
///
/// # Errors
/// `x` has not four axes.
pub fn max_pool2x2_ceil(x: &Tensor) -> Result<Tensor> {
    if cpu::takes(x) { cpu::max_pool2x2_ceil(x) } else { stock::max_pool2x2_ceil(x) }
}

/// The mean of each 2×2 block; an odd last row or column is dropped.
///
/// # Errors
/// `x` has not four axes or is smaller than a block.
pub fn avg_pool2x2(x: &Tensor) -> Result<Tensor> {
    if cpu::takes(x) { cpu::avg_pool2x2(x) } else { stock::avg_pool2x2(x) }
}

/// The mean of each 3×3 window at stride 2 with padding 1 that is not counted: pix2pixHD's step to the discriminator of
/// half the resolution (`AvgPool2d(3, stride=2, padding=1, count_include_pad=False)`).
///
/// # Errors
/// `x` has not four axes.
pub fn avg_pool3x3_s2(x: &Tensor) -> Result<Tensor> {
    if cpu::takes(x) { cpu::avg_pool3x3_s2(x) } else { stock::avg_pool3x3_s2(x) }
}
