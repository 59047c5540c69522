//! The sum of two images.
//!
//! candle adds tensors of 65,536 numbers and more in a pool of its own, whose threads wait spinning: a core's time for
//! nothing, and no setting but an environment variable turns it off. While nothing is learnt, sums are made here instead.

use candle_core::Result;
use candle_core::Tensor;

use super::cpu;

/// `a + b`, both of one shape.
///
/// # Errors
/// Their shapes differ.
pub fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let learning = a.track_op() || b.track_op();
    if cpu::takes(a) && cpu::takes(b) && !learning && a.dims() == b.dims() { cpu::add(a, b) } else { a + b }
}
