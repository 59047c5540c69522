//! The mean distance of two tensors in one pass, forward and backward.

use candle_core::CpuStorage;
use candle_core::CustomOp2;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Shape;
use candle_core::Tensor;
use pulp::Arch;
use rayon::prelude::*;

use super::STRETCH;
use super::floats;
use super::strands;
use super::with_floats;
use crate::engine::distance::Distance;

/// Numbers that one task takes.
const PART: usize = 32 * STRETCH;

struct Mean(Distance);

pub(in crate::engine) fn mean_distance(a: &Tensor, b: &Tensor, distance: Distance) -> Result<Tensor> {
    a.contiguous()?.apply_op2(&b.contiguous()?, Mean(distance))
}

impl Mean {
    fn of(&self, a: &[f32], b: &[f32]) -> f32 {
        let part = |(a, b): (&[f32], &[f32])| {
            Arch::new().dispatch(|| {
                let stretches = a.chunks(STRETCH).zip(b.chunks(STRETCH));
                match self.0 {
                    Distance::Absolute => stretches.map(|(a, b)| strands(a, b, |a, b| (a - b).abs())).sum::<f64>(),
                    Distance::Square => stretches.map(|(a, b)| strands(a, b, |a, b| (a - b) * (a - b))).sum(),
                }
            })
        };
        // Parts are added in their order, whatever thread they come from.
        let sums: Vec<f64> = a.par_chunks(PART).zip(b.par_chunks(PART)).map(part).collect();
        (sums.iter().sum::<f64>() / a.len() as f64) as f32
    }

    /// The gradient of `a`, that of the mean being `grad`.
    fn slopes(&self, a: &[f32], b: &[f32], grad: f32) -> Vec<f32> {
        let factor = grad / a.len() as f32;
        let mut out = vec![0.0; a.len()];
        let parts = out.par_chunks_mut(PART).zip(a.par_chunks(PART)).zip(b.par_chunks(PART));
        parts.for_each(|((out, a), b)| {
            Arch::new().dispatch(|| {
                let all = out.iter_mut().zip(a).zip(b);
                match self.0 {
                    Distance::Absolute => all.for_each(|((out, a), b)| {
                        let apart = a - b;
                        *out = if apart == 0.0 { 0.0 } else { factor.copysign(factor * apart) };
                    }),
                    Distance::Square => all.for_each(|((out, a), b)| *out = 2.0 * factor * (a - b)),
                }
            });
        });
        out
    }
}

impl CustomOp2 for Mean {
    fn name(&self) -> &'static str {
        "mean distance"
    }

    fn cpu_fwd(&self, a: &CpuStorage, of_a: &Layout, b: &CpuStorage, of_b: &Layout) -> Result<(CpuStorage, Shape)> {
        let mean = self.of(floats(a, of_a)?, floats(b, of_b)?);
        Ok((CpuStorage::F32(vec![mean]), Shape::from(())))
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.to_scalar::<f32>()?;
        let slopes = with_floats(a, |a| with_floats(b, |b| Ok(self.slopes(a, b, grad))))?;
        let of_a = Tensor::from_vec(slopes, a.shape(), a.device())?;
        let of_b = if b.track_op() { Some(of_a.neg()?) } else { None };
        Ok((a.track_op().then_some(of_a), of_b))
    }
}
