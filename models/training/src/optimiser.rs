//! AdamW (Loshchilov and Hutter, 2019) in one pass over all weights, with clipping and a running average of the weights.
//!
//! On the CPU each weight, its gradient, its two moments and its average are read and written once, in place (candle's own
//! optimiser makes some ten tensors a weight). On other devices the same formulas run as tensor operations; a test holds
//! the two together and both to PyTorch's numbers. Weights with two axes or more decay, biases and normalisations do not. Running statistics (`running_*`)
//! are no weights: they are only averaged.

use std::cell::RefCell;

use anyhow::Context;
use anyhow::Result;
use candle_core::CpuStorage;
use candle_core::InplaceOp2;
use candle_core::Layout;
use candle_core::Tensor;
use candle_core::Var;
use candle_core::backprop::GradStore;
use rayon::prelude::*;

/// Weights handled by one thread at a time.
const CHUNK: usize = 1 << 16;

/// The settings of AdamW, PyTorch's names in brackets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// What of the first moment remains each step (β₁).
    pub first: f64,
    /// What of the second moment remains each step (β₂).
    pub second: f64,
    /// Added to the root of the second moment (ε).
    pub epsilon: f64,
    /// Share of a weight that goes each step, times the learning rate (λ).
    pub decay: f64,
    /// The gradient's norm is cut to this.
    pub clip: f64,
    /// What of the weights' average remains each step, in the long run.
    pub average: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { first: 0.9, second: 0.999, epsilon: 1e-8, decay: 0.01, clip: 5.0, average: 0.999 }
    }
}

/// AdamW over a set of named weights.
#[derive(Debug)]
pub struct AdamW {
    settings: Settings,
    weights: Vec<Weight>,
    /// Steps done.
    steps: u64,
    /// Whether the moments are slices (true) or tensors.
    fused: bool,
}

/// What one step met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// The gradient's norm before it was cut.
    pub norm: f64,
    /// False if the norm was no number, so that nothing was changed.
    pub moved: bool,
}

#[derive(Debug)]
struct Weight {
    name: String,
    var: Var,
    kind: Kind,
    moments: Moments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Decaying,
    Free,
    /// Only averaged.
    Statistic,
}

#[derive(Debug)]
enum Moments {
    Slices { first: Vec<f32>, second: Vec<f32>, average: Vec<f32> },
    Tensors { first: Tensor, second: Tensor, average: Tensor },
}

/// The numbers of one step that all weights share.
#[derive(Debug, Clone, Copy)]
struct Step {
    settings: Settings,
    rate: f64,
    /// What gradients are multiplied by.
    scale: f64,
    /// 1 - β₁ᵗ and 1 - β₂ᵗ.
    corrections: [f64; 2],
    average: f64,
}

impl AdamW {
    /// Over `weights` (name and variable), in their order.
    ///
    /// # Errors
    /// A weight is not of 32-bit numbers.
    pub fn new(weights: Vec<(String, Var)>, settings: Settings) -> Result<Self> {
        let fused = weights.iter().all(|(_, var)| var.device().is_cpu());
        Self::with(weights, settings, fused)
    }

    /// The same by tensor operations, as on devices other than the CPU.
    ///
    /// # Errors
    /// None but those of the device.
    pub fn with_tensors(weights: Vec<(String, Var)>, settings: Settings) -> Result<Self> {
        Self::with(weights, settings, false)
    }

    fn with(weights: Vec<(String, Var)>, settings: Settings, fused: bool) -> Result<Self> {
        let weights = weights
            .into_iter()
            .map(|(name, var)| {
                let kind = match name.rsplit('.').next() {
                    Some("running_mean" | "running_var") => Kind::Statistic,
                    _ if var.dims().len() >= 2 => Kind::Decaying,
                    _ => Kind::Free,
                };
                let moments = if fused {
                    let average: Vec<f32> = var.flatten_all()?.to_vec1()?;
                    Moments::Slices { first: vec![0.0; average.len()], second: vec![0.0; average.len()], average }
                } else {
                    let zero = var.zeros_like()?;
                    Moments::Tensors { first: zero.clone(), second: zero, average: var.as_detached_tensor().copy()? }
                };
                Ok(Weight { name, var, kind, moments })
            })
            .collect::<Result<_>>()?;
        Ok(Self { settings, weights, steps: 0, fused })
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One step against `gradients` at learning rate `rate`; a weight without gradient only decays not at all.
    ///
    /// # Errors
    /// None but those of the device.
    pub fn step(&mut self, gradients: &GradStore, rate: f64) -> Result<Taken> {
        let found: Vec<Option<Tensor>> = self
            .weights
            .iter()
            .map(|weight| match (weight.kind, gradients.get(weight.var.as_tensor())) {
                (Kind::Statistic, _) | (_, None) => Ok(None),
                (_, Some(gradient)) => gradient.contiguous().map(Some),
            })
            .collect::<candle_core::Result<_>>()?;
        let mut square = 0.0;
        for gradient in found.iter().flatten() {
            square += f64::from(gradient.sqr()?.sum_all()?.to_scalar::<f32>()?);
        }
        let norm = square.sqrt();
        if !norm.is_finite() {
            return Ok(Taken { norm, moved: false });
        }
        self.steps += 1;
        let Settings { first, second, clip, average, .. } = self.settings;
        let count = self.steps as i32;
        let step = Step {
            settings: self.settings,
            rate,
            scale: if norm > clip { clip / norm } else { 1.0 },
            corrections: [1.0 - first.powi(count), 1.0 - second.powi(count)],
            average: average.min((1.0 + self.steps as f64) / (10.0 + self.steps as f64)),
        };
        for (weight, gradient) in self.weights.iter_mut().zip(found) {
            weight.step(gradient.as_ref(), &step)?;
        }
        Ok(Taken { norm, moved: true })
    }

    /// Does `work` with the weights' averages in place of the weights, then puts the weights back, bit for bit.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn with_average<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let kept = self
            .weights
            .iter()
            .map(|weight| {
                let kept = weight.var.as_detached_tensor().copy()?;
                weight.var.set(&weight.moments.average(&kept)?)?;
                Ok(kept)
            })
            .collect::<Result<Vec<_>>>()?;
        let done = work();
        for (weight, kept) in self.weights.iter().zip(kept) {
            weight.var.set(&kept)?;
        }
        done
    }

    /// Everything that the next step depends on, by name: `weight/…`, `first/…`, `second/…`, `average/…`.
    ///
    /// # Errors
    /// None but those of the device.
    pub fn state(&self) -> Result<Vec<(String, Tensor)>> {
        let mut state = Vec::new();
        for weight in &self.weights {
            let now = weight.var.as_detached_tensor().copy()?;
            let [first, second, average] = weight.moments.tensors(&now)?;
            for (part, tensor) in [("weight", now), ("first", first), ("second", second), ("average", average)] {
                state.push((format!("{part}/{}", weight.name), tensor));
            }
        }
        Ok(state)
    }

    /// Goes on after `steps` steps from `state`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn restore(&mut self, steps: u64, state: impl Fn(&str) -> Option<Tensor>) -> Result<()> {
        for weight in &mut self.weights {
            let part = |part: &str| {
                let name = format!("{part}/{}", weight.name);
                let tensor = state(&name).with_context(|| format!("the checkpoint lacks {name}"))?;
                anyhow::ensure!(tensor.shape() == weight.var.shape(), "the checkpoint's {name} has another shape");
                Ok(tensor)
            };
            weight.var.set(&part("weight")?)?;
            let (first, second, average) = (part("first")?, part("second")?, part("average")?);
            weight.moments = if self.fused {
                let flat = |tensor: Tensor| tensor.flatten_all()?.to_vec1::<f32>();
                Moments::Slices { first: flat(first)?, second: flat(second)?, average: flat(average)? }
            } else {
                Moments::Tensors { first, second, average }
            };
        }
        self.steps = steps;
        Ok(())
    }
}

impl Weight {
    fn step(&mut self, gradient: Option<&Tensor>, step: &Step) -> Result<()> {
        let decay = if self.kind == Kind::Decaying { step.settings.decay } else { 0.0 };
        match (&mut self.moments, gradient) {
            (Moments::Slices { first, second, average }, Some(gradient)) => {
                let state = RefCell::new([first.as_mut_slice(), second.as_mut_slice(), average.as_mut_slice()]);
                self.var.inplace_op2(gradient, &Fused { state, step, decay })?;
            }
            (Moments::Slices { average, .. }, None) => {
                let now: Vec<f32> = self.var.flatten_all()?.to_vec1()?;
                average
                    .iter_mut()
                    .zip(now)
                    .for_each(|(mean, now)| *mean += (now - *mean) * (1.0 - step.average) as f32);
            }
            (Moments::Tensors { first, second, average }, gradient) => {
                if let Some(gradient) = gradient {
                    let Settings { first: beta1, second: beta2, epsilon, .. } = step.settings;
                    let gradient = (gradient.detach() * step.scale)?;
                    *first = ((&*first * beta1)? + (&gradient * (1.0 - beta1))?)?;
                    *second = ((&*second * beta2)? + (gradient.sqr()? * (1.0 - beta2))?)?;
                    let root = ((&*second / step.corrections[1])?.sqrt()? + epsilon)?;
                    let way = ((&*first / step.corrections[0])? / root)?;
                    let kept = (self.var.as_detached_tensor() * (1.0 - step.rate * decay))?;
                    self.var.set(&(kept - (way * step.rate)?)?)?;
                }
                let now = self.var.as_detached_tensor();
                *average = ((&*average * step.average)? + (now * (1.0 - step.average))?)?;
            }
        }
        Ok(())
    }
}

impl Moments {
    fn tensors(&self, like: &Tensor) -> Result<[Tensor; 3]> {
        Ok(match self {
            Self::Slices { first, second, average } => {
                let tensor = |values: &[f32]| Tensor::from_slice(values, like.shape(), like.device());
                [tensor(first)?, tensor(second)?, tensor(average)?]
            }
            Self::Tensors { first, second, average } => [first.clone(), second.clone(), average.clone()],
        })
    }

    fn average(&self, like: &Tensor) -> Result<Tensor> {
        let [_, _, average] = self.tensors(like)?;
        Ok(average)
    }
}

/// The pass over one weight on the CPU.
struct Fused<'a> {
    state: RefCell<[&'a mut [f32]; 3]>,
    step: &'a Step,
    decay: f64,
}

impl InplaceOp2 for Fused<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(
        &self,
        weight: &mut CpuStorage,
        weight_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> candle_core::Result<()> {
        let CpuStorage::F32(weight) = weight else { candle_core::bail!("weights are 32-bit numbers") };
        let (Some(to), Some(from)) = (weight_layout.contiguous_offsets(), gradient_layout.contiguous_offsets()) else {
            candle_core::bail!("weights and gradients lie in one piece")
        };
        let gradient = &gradient.as_slice::<f32>()?[from.0..from.1];
        let Step { settings, rate, scale, corrections, average: kept } = *self.step;
        let (beta1, beta2) = (settings.first as f32, settings.second as f32);
        let stay = (1.0 - rate * self.decay) as f32;
        let scale = scale as f32;
        let (pace, root) = ((rate / corrections[0]) as f32, (1.0 / corrections[1].sqrt()) as f32);
        let (epsilon, new) = (settings.epsilon as f32, (1.0 - kept) as f32);
        let mut state = self.state.borrow_mut();
        let [first, second, average] = &mut *state;
        weight[to.0..to.1]
            .par_chunks_mut(CHUNK)
            .zip(gradient.par_chunks(CHUNK))
            .zip(first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK)).zip(average.par_chunks_mut(CHUNK)))
            .for_each(|((weight, gradient), ((first, second), average))| {
                for at in 0..weight.len() {
                    let gradient = gradient[at] * scale;
                    first[at] = beta1 * first[at] + (1.0 - beta1) * gradient;
                    second[at] = beta2 * second[at] + (1.0 - beta2) * gradient * gradient;
                    weight[at] = weight[at] * stay - pace * first[at] / (second[at].sqrt() * root + epsilon);
                    average[at] += (weight[at] - average[at]) * new;
                }
            });
        Ok(())
    }
}
