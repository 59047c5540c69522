//! The activations that are fused into convolutions and normalisations.

use pulp::Arch;

/// What is done to every value after a layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Act {
    /// Nothing.
    None,
    /// max(x, 0).
    Relu,
    /// x, or this slope times x below zero; the slope is above 0.
    Leaky(f32),
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
}

impl Act {
    /// Does it to all of `values`.
    pub(super) fn apply(self, values: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Relu => each(values, |value| value.max(0.0)),
            Self::Leaky(slope) => each(values, |value| if value < 0.0 { value * slope } else { value }),
            Self::Tanh => each(values, f32::tanh),
            Self::Sigmoid => each(values, |value| 1.0 / (1.0 + (-value).exp())),
        }
    }

    /// Writes to `out` the gradient before the activation, where `results` came out of it and `grad` is their gradient.
    pub(super) fn slopes(self, results: &[f32], grad: &[f32], out: &mut [f32]) {
        match self {
            Self::None => out.copy_from_slice(grad),
            Self::Relu => both(results, grad, out, |result, grad| if result > 0.0 { grad } else { 0.0 }),
            Self::Leaky(slope) => {
                both(results, grad, out, |result, grad| if result < 0.0 { grad * slope } else { grad });
            }
            Self::Tanh => both(results, grad, out, |result, grad| grad * (1.0 - result * result)),
            Self::Sigmoid => both(results, grad, out, |result, grad| grad * (result * (1.0 - result))),
        }
    }
}

#[inline(always)]
fn each(values: &mut [f32], of: impl Fn(f32) -> f32) {
    Arch::new().dispatch(|| values.iter_mut().for_each(|value| *value = of(*value)));
}

#[inline(always)]
fn both(results: &[f32], grad: &[f32], out: &mut [f32], of: impl Fn(f32, f32) -> f32) {
    Arch::new().dispatch(|| {
        for ((out, &result), &grad) in out.iter_mut().zip(results).zip(grad) {
            *out = of(result, grad);
        }
    });
}
