//! Bilinear resizing (pixel centres at half integers, no antialiasing, PyTorch's `align_corners=False`), doubling by the
//! nearest pixel, and reflection padding.

use candle_core::Result;
use candle_core::Tensor;
use candle_core::bail;

use super::cpu;
use super::stock;

/// `x` resized to `height` × `width`.
///
/// # Errors
/// `x` has not four axes, or a size is 0.
pub fn resize_bilinear(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    if cpu::takes(x) { cpu::resize_bilinear(x, height, width) } else { stock::resize_bilinear(x, height, width) }
}

/// `x` at twice its height and width.
///
/// # Errors
/// `x` has not four axes.
pub fn upsample_bilinear2x(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    resize_bilinear(x, 2 * height, 2 * width)
}

/// `x` at twice its height and width, each pixel a block of four.
///
/// # Errors
/// `x` has not four axes.
pub fn upsample_nearest2x(x: &Tensor) -> Result<Tensor> {
    if cpu::takes(x) { cpu::upsample_nearest2x(x) } else { stock::upsample_nearest2x(x) }
}

/// `x` with `padding` more pixels on every side, mirrored at its outermost pixels, which are not repeated.
///
/// # Errors
/// `x` has not four axes, or `padding` is as large as the image.
pub fn pad_reflect(x: &Tensor, padding: usize) -> Result<Tensor> {
    if cpu::takes(x) { cpu::pad_reflect(x, padding) } else { stock::pad_reflect(x, padding) }
}

/// For each of `to` pixels: the two of `from` pixels it lies between and the second one's share.
pub(super) fn taps(from: usize, to: usize) -> Result<Vec<(usize, usize, f32)>> {
    if from == 0 || to == 0 {
        bail!("an image cannot be resized from {from} to {to} pixels");
    }
    let scale = from as f32 / to as f32;
    let tap = |at: usize| {
        let place = ((at as f32 + 0.5) * scale - 0.5).max(0.0);
        let first = (place as usize).min(from - 1);
        (first, (first + 1).min(from - 1), place - first as f32)
    };
    Ok((0..to).map(tap).collect())
}

/// The pixel of an image `size` long that lies at `at` of the image mirrored `padding` pixels beyond its edges.
pub(super) fn mirrored(at: usize, padding: usize, size: usize) -> usize {
    let from_edge = at.abs_diff(padding);
    if at > padding && from_edge >= size { 2 * (size - 1) - from_edge } else { from_edge }
}
