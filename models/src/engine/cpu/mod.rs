//! The engine's operations on the CPU, in single precision, as candle's custom operations.

mod conv;
mod geometry;
mod kernel;
mod norm;
mod planes;
mod run;
mod scratch;
mod slope;
mod weights;

use candle_core::CpuStorage;
use candle_core::DType;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Storage;
use candle_core::Tensor;
use candle_core::bail;
use pulp::Arch;

pub(super) use conv::Packing;
pub(super) use conv::conv_transpose2d;
pub(super) use conv::conv2d;
pub(super) use norm::batch_norm_act;
pub(super) use norm::norm_act;
pub(super) use planes::avg_pool3x3_s2;
pub(super) use planes::max_pool2x2;
pub(super) use planes::pad_reflect;
pub(super) use planes::resize_bilinear;

/// Whether `x` is for the operations here.
pub(super) fn takes(x: &Tensor) -> bool {
    x.device().is_cpu() && x.dtype() == DType::F32
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

/// The sum of what `of` makes of `values`, in many strands that are added at last.
fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f64 {
    const STRANDS: usize = 32;
    let of_stretch = |values: &[f32]| {
        let (rows, rest) = values.as_chunks::<STRANDS>();
        let mut strands = [0.0f32; STRANDS];
        for row in rows {
            for (strand, value) in strands.iter_mut().zip(row) {
                *strand += of(*value);
            }
        }
        strands.into_iter().chain(rest.iter().map(|&value| of(value))).map(f64::from).sum::<f64>()
    };
    // Short stretches lose nothing in single precision.
    Arch::new().dispatch(|| values.chunks(64 * STRANDS).map(of_stretch).sum())
}
