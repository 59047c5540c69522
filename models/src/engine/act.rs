//! The activations that are fused into convolutions and normalisations.

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
            Self::Relu => values.iter_mut().for_each(|value| *value = value.max(0.0)),
            Self::Leaky(slope) => {
                values.iter_mut().for_each(|value| *value = if *value < 0.0 { *value * slope } else { *value });
            }
            Self::Tanh => values.iter_mut().for_each(|value| *value = value.tanh()),
            Self::Sigmoid => values.iter_mut().for_each(|value| *value = 1.0 / (1.0 + (-*value).exp())),
        }
    }

    /// What the gradient is multiplied by where the result is `result`.
    pub(super) fn slope(self, result: f32) -> f32 {
        match self {
            Self::None => 1.0,
            Self::Relu => {
                if result > 0.0 {
                    1.0
                } else {
                    0.0
                }
            }
            Self::Leaky(slope) => {
                if result < 0.0 {
                    slope
                } else {
                    1.0
                }
            }
            Self::Tanh => 1.0 - result * result,
            Self::Sigmoid => result * (1.0 - result),
        }
    }
}
