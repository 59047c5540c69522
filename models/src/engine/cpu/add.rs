//! The sum of two images, in parts that the threads share; without gradient.

use candle_core::CpuStorage;
use candle_core::CustomOp2;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Shape;
use candle_core::Tensor;
use pulp::Arch;
use rayon::prelude::*;

use super::floats;
use super::scratch;

/// Numbers that one thread adds at a time.
const PART: usize = 1 << 15;

pub(in crate::engine) fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    a.contiguous()?.apply_op2_no_bwd(&b.contiguous()?, &Add)
}

struct Add;

impl CustomOp2 for Add {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn cpu_fwd(&self, a: &CpuStorage, la: &Layout, b: &CpuStorage, lb: &Layout) -> Result<(CpuStorage, Shape)> {
        let (a, b) = (floats(a, la)?, floats(b, lb)?);
        let mut sum = scratch::taken(a.len());
        sum.par_chunks_mut(PART).zip(a.par_chunks(PART)).zip(b.par_chunks(PART)).for_each(|((sum, a), b)| {
            Arch::new().dispatch(|| sum.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum = a + b));
        });
        Ok((CpuStorage::F32(sum), la.shape().clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_added() {
        let count = 2 * PART + 5;
        let numbers = |step: f32| Tensor::from_iter((0..count).map(|at| at as f32 * step), &candle_core::Device::Cpu);
        let (a, b) = (numbers(0.25).expect("floats"), numbers(-0.1).expect("floats"));
        let exact = |t: Tensor| t.to_vec1::<f32>().expect("floats");
        assert_eq!(exact(add(&a, &b).expect("one shape")), exact((&a + &b).expect("one shape")));
    }
}
