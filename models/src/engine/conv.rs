//! Convolution and transposed convolution with padding, bias and activation in one operation.
//!
//! Weights are laid out as in PyTorch: (out, in / groups, height, width) for a convolution, (in, out, height, width) for
//! a transposed one. As there, "convolution" is cross-correlation: the kernel is not mirrored.

use candle_core::Result;
use candle_core::Tensor;

use super::act::Act;
use super::cpu;
use super::cpu::Packing;
use super::stock;

/// What lies beyond the image's edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Zeros.
    Zero,
    /// The image mirrored at its outermost pixels, which are not repeated.
    Reflect,
}

/// A convolution's settings, the same for both axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv {
    /// Pixels from one position of the kernel to the next.
    pub stride: usize,
    /// Pixels added on every side.
    pub padding: usize,
    /// What they hold.
    pub edge: Edge,
    /// Into how many groups the channels are divided, each convolved on its own; as many as channels is "depthwise".
    pub groups: usize,
}

impl Conv {
    /// Stride 1, no groups, so much zero padding.
    pub const fn padded(padding: usize) -> Self {
        Self { stride: 1, padding, edge: Edge::Zero, groups: 1 }
    }

    /// The same with another stride.
    pub const fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// The same with mirrored edges.
    pub const fn reflect(self) -> Self {
        Self { edge: Edge::Reflect, ..self }
    }

    /// The same in so many groups.
    pub const fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }
}

/// A transposed convolution's settings, the same for both axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvTranspose {
    /// Pixels of the output from one pixel of the input to the next.
    pub stride: usize,
    /// Pixels cut off on every side.
    pub padding: usize,
    /// Pixels added at the right and lower side.
    pub output_padding: usize,
}

/// `act(x * weight + bias)`, `x` (batch, in, height, width) and `weight` (out, in / groups, kernel, kernel).
///
/// # Errors
/// Shapes that do not fit each other; reflected padding as large as the image.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, conv: &Conv, act: Act) -> Result<Tensor> {
    conv2d_kept(x, weight, bias, conv, act, None)
}

/// The transposed convolution `act(x *ᵀ weight + bias)`, `x` (batch, in, height, width) and `weight` (in, out, kernel,
/// kernel).
///
/// # Errors
/// Shapes that do not fit each other.
pub fn conv_transpose2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    conv: &ConvTranspose,
    act: Act,
) -> Result<Tensor> {
    conv_transpose2d_kept(x, weight, bias, conv, act, None)
}

/// [`conv2d`] with a place to keep its weights packed.
pub(super) fn conv2d_kept(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    conv: &Conv,
    act: Act,
    packing: Option<&Packing>,
) -> Result<Tensor> {
    if cpu::takes(x) {
        cpu::conv2d(x, weight, bias, conv, act, packing)
    } else {
        stock::conv2d(x, weight, bias, conv, act)
    }
}

/// [`conv_transpose2d`] with a place to keep its weights packed.
pub(super) fn conv_transpose2d_kept(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    conv: &ConvTranspose,
    act: Act,
    packing: Option<&Packing>,
) -> Result<Tensor> {
    if cpu::takes(x) {
        cpu::conv_transpose2d(x, weight, bias, conv, act, packing)
    } else {
        stock::conv_transpose2d(x, weight, bias, conv, act)
    }
}
