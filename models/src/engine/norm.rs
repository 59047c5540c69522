//! Instance and batch normalisation with the activation behind them.
//!
//! Instance normalisation (Ulyanov et al., 2016) as pix2pixHD uses it: no scale, no shift, the plane's own mean and
//! biased variance, also when drawing. Batch normalisation (Ioffe and Szegedy, 2015) with scale and shift.

use candle_core::Result;
use candle_core::Tensor;

use super::act::Act;
use super::cpu;
use super::stock;

/// What is added to every variance, PyTorch's default.
pub const NORM_EPS: f64 = 1e-5;

/// Where a batch normalisation's mean and variance come from, each (channels).
#[derive(Debug, Clone, Copy)]
pub enum Statistics<'a> {
    /// From this batch, as in training; the gradient runs through them.
    Batch,
    /// From earlier batches: running mean and running variance, as when drawing.
    Running {
        /// The running mean.
        mean: &'a Tensor,
        /// The running variance.
        variance: &'a Tensor,
    },
}

/// Each plane of `x` (batch, channels, height, width) less its mean, divided by its standard deviation, then `act`.
///
/// # Errors
/// `x` has not four axes.
pub fn norm_act(x: &Tensor, act: Act) -> Result<Tensor> {
    if cpu::takes(x) { cpu::norm_act(x, act) } else { stock::norm_act(x, act) }
}

/// `norm_act(x, act)`, plus `add` if there is one. `x` is used up: without a gradient to track, the result takes its
/// place in memory, so nothing else may hold it.
///
/// # Errors
/// `x` has not four axes, or `add` is of another shape.
pub fn norm_act_onto(x: Tensor, act: Act, add: Option<&Tensor>) -> Result<Tensor> {
    if cpu::takes(&x) && !x.track_op() && x.is_contiguous() {
        cpu::norm_act_in_place(&x, act, add)?;
        return Ok(x);
    }
    let y = norm_act(&x, act)?;
    add.map_or_else(|| Ok(y.clone()), |add| &y + add)
}

/// Gives the memory of `x` to layers to come. It is used up: nothing else may hold it.
///
/// # Errors
/// None; the signature is candle's.
pub fn recycle(x: Tensor) -> Result<()> {
    if cpu::takes(&x) && !x.track_op() { cpu::recycle(&x) } else { Ok(()) }
}

/// Each channel of `x` normalised by the given statistics, times `scale`, plus `shift` (each (channels)), then `act`.
/// Gives also the mean and the *unbiased* variance of the batch, without gradient, for running averages; with
/// [`Statistics::Running`] they are those given.
///
/// # Errors
/// Shapes that do not fit each other.
pub fn batch_norm_act(
    x: &Tensor,
    scale: &Tensor,
    shift: &Tensor,
    statistics: Statistics,
    act: Act,
) -> Result<(Tensor, Tensor, Tensor)> {
    if !cpu::takes(x) {
        return stock::batch_norm_act(x, scale, shift, statistics, act);
    }
    let running = match statistics {
        Statistics::Batch => None,
        Statistics::Running { mean, variance } => Some((mean, variance)),
    };
    cpu::batch_norm_act(x, scale, shift, running, act)
}
