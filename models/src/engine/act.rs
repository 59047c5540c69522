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
