//! The engine's operations on the CPU, in single precision, as candle's custom operations.

mod add;
mod conv;
mod distance;
mod geometry;
mod kernel;
mod moments;
mod norm;
mod planes;
mod run;
mod scratch;
mod slope;
mod weights;

use candle_core::CpuStorage;
use candle_core::DType;
use candle_core::InplaceOp1;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Storage;
use candle_core::Tensor;
use candle_core::bail;
use pulp::Arch;

pub(super) use add::add;
pub(super) use conv::Packing;
pub(super) use conv::conv_transpose2d;
pub(super) use conv::conv2d;
pub(super) use distance::mean_distance;
pub(super) use moments::moments;
pub(super) use norm::batch_norm_act;
pub(super) use norm::norm_act;
pub(super) use norm::norm_act_in_place;
pub(super) use planes::avg_pool2x2;
pub(super) use planes::avg_pool3x3_s2;
pub(super) use planes::max_pool2x2;
pub(super) use planes::max_pool2x2_ceil;
pub(super) use planes::pad_reflect;
pub(super) use planes::resize_bilinear;
pub(super) use planes::upsample_nearest2x;

/// Whether `x` is for the operations here.
pub(super) fn takes(x: &Tensor) -> bool {
    x.device().is_cpu() && x.dtype() == DType::F32
}

/// Batch, channels, height and width of `x`, none of them 0.
fn image(x: &Tensor) -> Result<(usize, usize, usize, usize)> {
    if x.elem_count() == 0 {
        bail!("an image of {:?} has no pixels", x.dims());
    }
    x.dims4()
}

/// The numbers of a contiguous tensor in `storage`.
fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("the engine was handed a tensor that is not contiguous"),
    }
}

/// Calls `work` with the numbers of `tensor`.
fn with_floats<T>(tensor: &Tensor, work: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => work(floats(storage, layout)?),
        _ => bail!("the engine's CPU part was handed a tensor of another device"),
    }
}

/// Takes a tensor's numbers out of it.
struct Recycle;

impl InplaceOp1 for Recycle {
    fn name(&self) -> &'static str {
        "recycling"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> Result<()> {
        if let CpuStorage::F32(values) = storage {
            scratch::give(std::mem::take(values));
        }
        Ok(())
    }
}

/// Keeps the memory of `x` for later outputs; `x` is empty from now on.
pub(super) fn recycle(x: &Tensor) -> Result<()> {
    x.inplace_op1(&Recycle)
}

/// Numbers that are summed in single precision, which loses nothing in so short a stretch.
const STRETCH: usize = 2048;

/// The sum of what `of` makes of `values`.
#[inline(always)]
fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f64 {
    Arch::new().dispatch(|| {
        let mut total = 0.0;
        for stretch in values.chunks(STRETCH) {
            total += strands(stretch, stretch, |value, _| of(value));
        }
        total
    })
}

/// The sum of what `of` makes of each number of `a` with its neighbour in `b`, in many strands that are added at last.
#[inline(always)]
fn strands(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> f32) -> f64 {
    const STRANDS: usize = 32;
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<STRANDS>(), b.as_chunks::<STRANDS>());
    let mut strands = [0.0f32; STRANDS];
    for (a, b) in a.iter().zip(b) {
        for ((strand, &a), &b) in strands.iter_mut().zip(a).zip(b) {
            *strand += of(a, b);
        }
    }
    let mut total = 0.0;
    for strand in strands {
        total += f64::from(strand);
    }
    for (&a, &b) in a_rest.iter().zip(b_rest) {
        total += f64::from(of(a, b));
    }
    total
}
