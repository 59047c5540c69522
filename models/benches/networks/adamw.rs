//! AdamW in one pass over each weight, in place, so that a measured step has an optimiser of the cost it has in training.

use candle_core::CpuStorage;
use candle_core::InplaceOp2;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Var;
use candle_core::backprop::GradStore;
use rayon::prelude::*;
use std::cell::RefCell;

const RATE: f32 = 2e-4;
const BETAS: (f32, f32) = (0.5, 0.999);
const EPS: f32 = 1e-8;
/// Weights handled by one thread at a time.
const PART: usize = 1 << 16;

/// The weights with their first and second moments.
pub struct Adamw {
    weights: Vec<(Var, Moments)>,
    steps: i32,
}

/// One weight's moments and the step's corrections.
struct Moments {
    both: RefCell<(Vec<f32>, Vec<f32>)>,
    rate: f32,
    root: f32,
}

impl Adamw {
    /// Over `variables`.
    pub fn new(variables: Vec<Var>) -> Self {
        let moments = |variable: &Var| {
            let zero = vec![0.0; variable.elem_count()];
            Moments { both: RefCell::new((zero.clone(), zero)), rate: 0.0, root: 0.0 }
        };
        let weights = variables.into_iter().map(|variable| (variable.clone(), moments(&variable))).collect();
        Self { weights, steps: 0 }
    }

    /// One step down `gradients`.
    pub fn step(&mut self, gradients: &GradStore) -> Result<()> {
        self.steps += 1;
        for (variable, moments) in &mut self.weights {
            if let Some(gradient) = gradients.get(variable) {
                moments.rate = RATE / (1.0 - BETAS.0.powi(self.steps));
                moments.root = (1.0 - BETAS.1.powi(self.steps)).sqrt();
                variable.inplace_op2(&gradient.contiguous()?, moments)?;
            }
        }
        Ok(())
    }
}

impl InplaceOp2 for Moments {
    fn name(&self) -> &'static str {
        "AdamW"
    }

    fn cpu_fwd(&self, weight: &mut CpuStorage, _: &Layout, gradient: &CpuStorage, layout: &Layout) -> Result<()> {
        let CpuStorage::F32(weight) = weight else { candle_core::bail!("weights are of 32 bits") };
        let gradient = &gradient.as_slice::<f32>()?[layout.start_offset()..];
        let mut both = self.both.borrow_mut();
        let (first, second) = &mut *both;
        let parts = weight.par_chunks_mut(PART).zip(gradient.par_chunks(PART));
        let parts = parts.zip(first.par_chunks_mut(PART)).zip(second.par_chunks_mut(PART));
        let (rate, root) = (self.rate, self.root);
        parts.for_each(|(((weight, gradient), first), second)| {
            pulp::Arch::new().dispatch(|| {
                for (((weight, g), first), second) in weight.iter_mut().zip(gradient).zip(first).zip(second) {
                    *first += (g - *first) * (1.0 - BETAS.0);
                    *second += (g * g - *second) * (1.0 - BETAS.1);
                    *weight -= rate * *first / (second.sqrt() / root + EPS);
                }
            });
        });
        Ok(())
    }
}
