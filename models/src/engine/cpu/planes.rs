//! Operations that treat every plane of an image alike and alone: pooling, resizing, doubling, mirroring at the edges.

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
use super::scratch;
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
    /// The largest of each 2×2 block, as far as it lies in the image.
    Max,
    /// The mean of each window at stride 2, as far as it lies in the image; it begins so many pixels before its block.
    Mean(usize),
    /// Every pixel twice in both directions.
    Double,
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
    max_pool(x, (height / 2, width / 2))
}

pub(in crate::engine) fn max_pool2x2_ceil(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = image(x)?;
    max_pool(x, (height.div_ceil(2), width.div_ceil(2)))
}

fn max_pool(x: &Tensor, to: (usize, usize)) -> Result<Tensor> {
    let (_, _, height, width) = image(x)?;
    x.contiguous()?.apply_op1(PerPlane { name: "max pool", from: (height, width), to, what: What::Max })
}

pub(in crate::engine) fn avg_pool2x2(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = image(x)?;
    if height < 2 || width < 2 {
        bail!("an image of {height} x {width} has no 2 x 2 block to pool");
    }
    avg_pool(x, (height / 2, width / 2), 0)
}

pub(in crate::engine) fn avg_pool3x3_s2(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = image(x)?;
    avg_pool(x, (height.div_ceil(2), width.div_ceil(2)), 1)
}

fn avg_pool(x: &Tensor, to: (usize, usize), before: usize) -> Result<Tensor> {
    let (_, _, height, width) = image(x)?;
    x.contiguous()?.apply_op1(PerPlane { name: "average pool", from: (height, width), to, what: What::Mean(before) })
}

pub(in crate::engine) fn upsample_nearest2x(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = image(x)?;
    let to = (2 * height, 2 * width);
    x.contiguous()?.apply_op1(PerPlane { name: "doubling", from: (height, width), to, what: What::Double })
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

/// The pixels of an image `size` long that a window at stride 2 sees at `at`: a block of two and `before` more.
fn window(at: usize, size: usize, before: usize) -> std::ops::Range<usize> {
    (2 * at).saturating_sub(before)..(2 * at + 2).min(size)
}

/// Where the first of a 2×2 block's largest pixels lies, in rows `width` long; a block may lack its second row or column.
fn largest(x: &[f32], width: usize, row: usize, column: usize) -> usize {
    let corner = 2 * row * width + 2 * column;
    let right = usize::from(2 * column + 1 < width);
    let down = if corner + width < x.len() { width } else { 0 };
    [corner + right, corner + down, corner + down + right]
        .into_iter()
        .fold(corner, |best, at| if x[at] > x[best] { at } else { best })
}

impl PerPlane {
    fn forward(&self, x: &[f32], y: &mut [f32]) {
        let (height, width) = self.from;
        for (row, y) in y.chunks_exact_mut(self.to.1).enumerate() {
            match &self.what {
                What::Max => {
                    let top = &x[2 * row * width..][..width];
                    let bottom = if 2 * row + 1 < height { &x[(2 * row + 1) * width..][..width] } else { top };
                    for ((y, top), bottom) in y.iter_mut().zip(top.chunks_exact(2)).zip(bottom.chunks_exact(2)) {
                        *y = top[0].max(top[1]).max(bottom[0]).max(bottom[1]);
                    }
                    if let Some(y) = y.get_mut(width / 2) {
                        *y = top[width - 1].max(bottom[width - 1]);
                    }
                }
                What::Mean(before) => {
                    let rows = window(row, height, *before);
                    for (column, y) in y.iter_mut().enumerate() {
                        let columns = window(column, width, *before);
                        let sum: f32 = rows.clone().flat_map(|row| &x[row * width..][columns.clone()]).sum();
                        *y = sum / (rows.len() * columns.len()) as f32;
                    }
                }
                What::Double => {
                    for (y, x) in y.as_chunks_mut::<2>().0.iter_mut().zip(&x[row / 2 * width..]) {
                        *y = [*x; 2];
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
                What::Mean(before) => {
                    let rows = window(row, height, *before);
                    for (column, grad) in grad.iter().enumerate() {
                        let columns = window(column, width, *before);
                        let share = grad / (rows.len() * columns.len()) as f32;
                        for row in rows.clone() {
                            out[row * width..][columns.clone()].iter_mut().for_each(|out| *out += share);
                        }
                    }
                }
                What::Double => {
                    for (out, grad) in out[row / 2 * width..].iter_mut().zip(grad.as_chunks::<2>().0) {
                        *out += grad[0] + grad[1];
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
        let mut y = scratch::taken(batch * channels * self.to.0 * self.to.1);
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
