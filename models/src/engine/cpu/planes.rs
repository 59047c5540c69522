//! Operations that treat every plane of an image alike and alone: pooling, resizing, mirroring at the edges.

use candle_core::CpuStorage;
use candle_core::CustomOp1;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Shape;
use candle_core::Tensor;
use candle_core::bail;
use rayon::prelude::*;

use super::floats;
use super::image;
use super::with_floats;
use crate::engine::resize::mirrored;
use crate::engine::resize::taps;

/// What is done to planes of `from` (height, width), which become `to`.
struct PerPlane {
    name: &'static str,
    from: (usize, usize),
    to: (usize, usize),
    what: What,
}

/// First pixel, second pixel, share of the second.
type Taps = Vec<(usize, usize, f32)>;

enum What {
    /// The largest of each 2×2 block.
    Max,
    /// The mean of each 3×3 window at stride 2, as far as it lies in the image.
    Mean,
    /// Between neighbours, for rows and columns.
    Blend(Taps, Taps),
    /// So many pixels mirrored beyond each edge.
    Mirror(usize),
}

pub(in crate::engine) fn max_pool2x2(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = image(x)?;
    if height < 2 || width < 2 {
        bail!("an image of {height} x {width} has no 2 x 2 block to pool");
    }
    let op = PerPlane { name: "max pool", from: (height, width), to: (height / 2, width / 2), what: What::Max };
    x.contiguous()?.apply_op1(op)
}

pub(in crate::engine) fn avg_pool3x3_s2(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = image(x)?;
    let to = (height.div_ceil(2), width.div_ceil(2));
    x.contiguous()?.apply_op1(PerPlane { name: "average pool", from: (height, width), to, what: What::Mean })
}

pub(in crate::engine) fn resize_bilinear(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let (_, _, old_height, old_width) = image(x)?;
    let what = What::Blend(taps(old_height, height)?, taps(old_width, width)?);
    let op = PerPlane { name: "bilinear resizing", from: (old_height, old_width), to: (height, width), what };
    x.contiguous()?.apply_op1(op)
}

pub(in crate::engine) fn pad_reflect(x: &Tensor, padding: usize) -> Result<Tensor> {
    let (_, _, height, width) = image(x)?;
    if padding >= height.min(width) {
        bail!("an image of {height} x {width} cannot be mirrored {padding} pixels beyond its edge");
    }
    let to = (height + 2 * padding, width + 2 * padding);
    x.contiguous()?.apply_op1(PerPlane { name: "mirroring", from: (height, width), to, what: What::Mirror(padding) })
}

/// The pixels of an image `size` long that a window of 3 at stride 2 with padding 1 sees at `at`.
fn window(at: usize, size: usize) -> std::ops::Range<usize> {
    (2 * at).saturating_sub(1)..(2 * at + 2).min(size)
}

/// Where the first of a 2×2 block's largest pixels lies.
fn largest(x: &[f32], width: usize, row: usize, column: usize) -> usize {
    let corner = 2 * row * width + 2 * column;
    [corner + 1, corner + width, corner + width + 1]
        .into_iter()
        .fold(corner, |best, at| if x[at] > x[best] { at } else { best })
}

impl PerPlane {
    fn forward(&self, x: &[f32], y: &mut [f32]) {
        let (height, width) = self.from;
        for (row, y) in y.chunks_exact_mut(self.to.1).enumerate() {
            match &self.what {
                What::Max => {
                    let (top, bottom) = x[2 * row * width..][..2 * width].split_at(width);
                    for ((y, top), bottom) in y.iter_mut().zip(top.chunks_exact(2)).zip(bottom.chunks_exact(2)) {
                        *y = top[0].max(top[1]).max(bottom[0]).max(bottom[1]);
                    }
                }
                What::Mean => {
                    let rows = window(row, height);
                    for (column, y) in y.iter_mut().enumerate() {
                        let columns = window(column, width);
                        let sum: f32 = rows.clone().flat_map(|row| &x[row * width..][columns.clone()]).sum();
                        *y = sum / (rows.len() * columns.len()) as f32;
                    }
                }
                What::Blend(rows, columns) => {
                    let (first, second, share) = rows[row];
                    let (first, second) = (&x[first * width..][..width], &x[second * width..][..width]);
                    let down = |at: usize| first[at] + (second[at] - first[at]) * share;
                    for (y, &(left, right, share)) in y.iter_mut().zip(columns) {
                        let (left, right) = (down(left), down(right));
                        *y = left + (right - left) * share;
                    }
                }
                What::Mirror(padding) => {
                    let x = &x[mirrored(row, *padding, height) * width..][..width];
                    y[*padding..padding + width].copy_from_slice(x);
                    for at in (0..*padding).chain(padding + width..y.len()) {
                        y[at] = x[mirrored(at, *padding, width)];
                    }
                }
            }
        }
    }

    /// Adds to `out` what `grad` means for `x`.
    fn backward(&self, x: &[f32], grad: &[f32], out: &mut [f32]) {
        let (height, width) = self.from;
        for (row, grad) in grad.chunks_exact(self.to.1).enumerate() {
            match &self.what {
                What::Max => {
                    for (column, grad) in grad.iter().enumerate() {
                        out[largest(x, width, row, column)] += grad;
                    }
                }
                What::Mean => {
                    let rows = window(row, height);
                    for (column, grad) in grad.iter().enumerate() {
                        let columns = window(column, width);
                        let share = grad / (rows.len() * columns.len()) as f32;
                        for row in rows.clone() {
                            out[row * width..][columns.clone()].iter_mut().for_each(|out| *out += share);
                        }
                    }
                }
                What::Blend(rows, columns) => {
                    let (first, second, down) = rows[row];
                    for (grad, &(left, right, across)) in grad.iter().zip(columns) {
                        out[first * width + left] += grad * (1.0 - down) * (1.0 - across);
                        out[first * width + right] += grad * (1.0 - down) * across;
                        out[second * width + left] += grad * down * (1.0 - across);
                        out[second * width + right] += grad * down * across;
                    }
                }
                What::Mirror(padding) => {
                    let out = &mut out[mirrored(row, *padding, height) * width..][..width];
                    out.iter_mut().zip(&grad[*padding..]).for_each(|(out, grad)| *out += grad);
                    for at in (0..*padding).chain(padding + width..grad.len()) {
                        out[mirrored(at, *padding, width)] += grad[at];
                    }
                }
            }
        }
    }
}

impl CustomOp1 for PerPlane {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = floats(x, layout)?;
        let (batch, channels, height, width) = layout.shape().dims4()?;
        let mut y = vec![0.0; batch * channels * self.to.0 * self.to.1];
        let planes = y.par_chunks_exact_mut(self.to.0 * self.to.1).zip(x.par_chunks_exact(height * width));
        planes.for_each(|(y, x)| self.forward(x, y));
        Ok((CpuStorage::F32(y), Shape::from((batch, channels, self.to.0, self.to.1))))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let mut out = vec![0.0; x.elem_count()];
        with_floats(x, |x| {
            with_floats(grad, |grad| {
                let plane = self.from.0 * self.from.1;
                let planes = out.par_chunks_exact_mut(plane).zip(x.par_chunks_exact(plane));
                let planes = planes.zip(grad.par_chunks_exact(self.to.0 * self.to.1));
                planes.for_each(|((out, x), grad)| self.backward(x, grad, out));
                Ok(())
            })
        })?;
        Ok(Some(Tensor::from_vec(out, x.shape(), x.device())?))
    }
}
