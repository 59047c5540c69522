//! Mean and standard deviation of every plane, forward and backward.
//!
//! With n pixels of mean m and s = √(Σ (x - m)² / (n - 1) + ε): ∂x = ∂m / n + ∂s · (x - m) / ((n - 1) s).

use candle_core::CpuStorage;
use candle_core::CustomOp1;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Shape;
use candle_core::Tensor;
use pulp::Arch;
use rayon::prelude::*;

use super::floats;
use super::image;
use super::norm::Moments;
use super::with_floats;
use crate::engine::norm::NORM_EPS;

/// For planes of so many pixels.
struct OfPlanes(usize);

pub(in crate::engine) fn moments(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let (_, _, height, width) = image(x)?;
    let both = x.contiguous()?.apply_op1(OfPlanes(height * width))?;
    Ok((both.narrow(2, 0, 1)?, both.narrow(2, 1, 1)?))
}

impl CustomOp1 for OfPlanes {
    fn name(&self) -> &'static str {
        "moments"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, channels, _, _) = layout.shape().dims4()?;
        let unbiased = self.0 as f64 / (self.0 - 1) as f64;
        let of_plane = |plane: &[f32]| {
            let Moments { mean, variance } = Moments::of(&[plane]);
            [mean, (f64::from(variance) * unbiased + NORM_EPS).sqrt() as f32]
        };
        let both: Vec<[f32; 2]> = floats(x, layout)?.par_chunks_exact(self.0).map(of_plane).collect();
        Ok((CpuStorage::F32(both.into_flattened()), Shape::from((batch, channels, 2, 1))))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let mut out = vec![0.0; x.elem_count()];
        let (all, others) = (self.0 as f32, (self.0 - 1) as f32);
        with_floats(x, |x| {
            with_floats(y, |y| {
                with_floats(grad, |grad| {
                    let known = y.par_chunks_exact(2).zip(grad.par_chunks_exact(2));
                    let planes = out.par_chunks_exact_mut(self.0).zip(x.par_chunks_exact(self.0)).zip(known);
                    planes.for_each(|((out, x), (y, grad))| {
                        let (shift, tilt) = (grad[0] / all, grad[1] / (others * y[1]));
                        Arch::new().dispatch(|| {
                            out.iter_mut().zip(x).for_each(|(out, x)| *out = shift + tilt * (x - y[0]));
                        });
                    });
                    Ok(())
                })
            })
        })?;
        Ok(Some(Tensor::from_vec(out, x.shape(), x.device())?))
    }
}
