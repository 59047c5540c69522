//! What the drawing networks are asked for: losses over tensors, through which candle's gradients run.
//!
//! | file | losses |
//! |---|---|
//! | `adversarial` | least squares of the discriminators, feature matching |
//! | `perceptual` | distance of an encoder's features; AdaIN's content and style |
//! | `lines` | self-consistency, componential sparsity, L1 down a pyramid |
//! | `strokes` | distance of the stroke classifier's features; its own likelihood |
//! | `sketch` | all that the generator G is asked for, and its discriminators |
//! | `pix2pix` | the same of the ablation's networks |
//!
//! Each is a tensor without axes. What is compared *with* gets no gradient unless it has one.

pub mod adversarial;
pub mod lines;
pub mod perceptual;
pub mod pix2pix;
pub mod sketch;
pub mod strokes;

use candle_core::Result;
use candle_core::Tensor;
use candle_core::bail;

/// The sum of `terms`.
fn total(terms: impl IntoIterator<Item = Result<Tensor>>) -> Result<Tensor> {
    let mut terms = terms.into_iter();
    let Some(first) = terms.next() else { bail!("there is nothing to compare") };
    terms.try_fold(first?, |sum, term| sum + term?)
}
