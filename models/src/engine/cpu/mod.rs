//! The engine's operations on the CPU, in single precision, as candle's custom operations.

mod conv;
mod geometry;
mod kernel;
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

pub(super) use conv::Packing;
pub(super) use conv::conv_transpose2d;
pub(super) use conv::conv2d;

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
