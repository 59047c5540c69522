//! The networks of the ablation "sRender with Pix2Pix": another generator and a single discriminator. Only training knows them.
//!
//! sRender's own variant of Pix2Pix (Isola et al., 2017; released code, `pix2pix/models/networks.py`), not the U-Net:
//!
//! - generator: mirrored 7 × 7 convolution 1 → w, two 3 × 3 at stride 2 to 4w, nine residual blocks with dropout ½ between
//!   their convolutions, two transposed convolutions, 7 × 7 to 1, tanh; instance normalisation throughout, biases in the last layer
//!   only. In and out (batch, 1, height, width), -1 to 1, sides multiples of 4;
//! - discriminator: (batch, 2, height, width); kernels 4, zero padding 1; 2 → w → 2w → 4w at stride 2, 8w and 1 at stride 1; batch
//!   normalisation of the batch at hand on the middle three, leaky ReLU 0.2.

use candle_core::Result;
use candle_core::Tensor;
use candle_nn::Init;
use candle_nn::VarBuilder;
use models::engine::Act;
use models::engine::BatchNorm;
use models::engine::Conv;
use models::engine::Conv2d;
use models::engine::ConvTranspose;
use models::engine::ConvTranspose2d;
use models::engine::norm_act;
use rand::Rng;

use crate::field::Field;

/// How often the image is halved.
const HALVINGS: usize = 2;
/// Residual blocks.
const BLOCKS: usize = 9;
/// Layers of the discriminator that halve the image.
const STRIDED: usize = 3;
/// Width and height of the discriminator's kernels.
const KERNEL: usize = 4;
/// Zeros around what its layers see.
const PADDING: usize = 1;
/// The share of numbers that dropout takes.
const DROPPED: f64 = 0.5;
/// Spread of the weights when training starts.
const START: Init = Init::Randn { mean: 0.0, stdev: 0.02 };

/// The generator.
#[derive(Debug, Clone)]
pub struct PixGenerator {
    first: Conv2d,
    down: Vec<Conv2d>,
    blocks: Vec<[Conv2d; 2]>,
    up: Vec<ConvTranspose2d>,
    last: Conv2d,
}

/// The discriminator.
#[derive(Debug, Clone)]
pub struct PixDiscriminator {
    layers: Vec<Conv2d>,
    /// Of the middle layers.
    norms: Vec<BatchNorm>,
}

impl PixGenerator {
    /// The tensor that tells this generator and, by its first axis, its width.
    pub const FIRST: &str = "first.weight";

    /// The network of `width` with tensors from `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(vb: &VarBuilder, width: usize) -> Result<Self> {
        let edge = Conv::padded(3).reflect();
        let down = |at: usize| {
            let vb = vb.pp(format!("down{at}"));
            Conv2d::load(&vb, width << at, width << (at + 1), 3, Conv::padded(1).stride(2), START)
        };
        let deep = width << HALVINGS;
        let block = |at: usize| {
            let half = |half: usize| {
                let vb = vb.pp(format!("block{at}.{half}"));
                Conv2d::load(&vb, deep, deep, 3, Conv::padded(1).reflect(), START)
            };
            Ok([half(0)?, half(1)?])
        };
        let up = |at: usize| {
            let conv = ConvTranspose { stride: 2, padding: 1, output_padding: 1 };
            ConvTranspose2d::load(&vb.pp(format!("up{at}")), deep >> at, deep >> (at + 1), 3, conv, START)
        };
        Ok(Self {
            first: Conv2d::load(&vb.pp("first"), 1, width, 7, edge, START)?,
            down: (0..HALVINGS).map(down).collect::<Result<_>>()?,
            blocks: (0..BLOCKS).map(block).collect::<Result<_>>()?,
            up: (0..HALVINGS).map(up).collect::<Result<_>>()?,
            last: Conv2d::load(&vb.pp("last"), width, 1, 7, edge, START)?.with_bias(&vb.pp("last"))?,
        })
    }

    /// The sketch of `x`; what dropout takes is drawn from `lots`, and nothing is taken without them.
    ///
    /// # Errors
    /// `x` has another shape.
    pub fn forward(&self, x: &Tensor, mut lots: Option<&mut dyn rand::RngCore>) -> Result<Tensor> {
        let normal = |x: &Tensor| norm_act(x, Act::Relu);
        let mut x = normal(&self.first.forward(x, Act::None)?)?;
        for conv in &self.down {
            x = normal(&conv.forward(&x, Act::None)?)?;
        }
        for [one, two] in &self.blocks {
            let mut inner = normal(&one.forward(&x, Act::None)?)?;
            if let Some(lots) = &mut lots {
                inner = dropped(&inner, *lots)?;
            }
            x = (x + norm_act(&two.forward(&inner, Act::None)?, Act::None)?)?;
        }
        for conv in &self.up {
            x = normal(&conv.forward(&x, Act::None)?)?;
        }
        self.last.forward(&x, Act::Tanh)
    }
}

/// `x` without every second number, the others doubled.
fn dropped(x: &Tensor, lots: &mut dyn rand::RngCore) -> Result<Tensor> {
    let kept = (1.0 / (1.0 - DROPPED)) as f32;
    let mask: Vec<f32> = (0..x.elem_count()).map(|_| if lots.random_bool(DROPPED) { 0.0 } else { kept }).collect();
    x * Tensor::from_vec(mask, x.shape(), x.device())?
}

impl PixDiscriminator {
    /// The network of `width` over images of `planes` planes with tensors from `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(vb: &VarBuilder, planes: usize, width: usize) -> Result<Self> {
        let layer = |at: usize| {
            let inputs = if at == 0 { planes } else { width << (at - 1) };
            let outputs = if at > STRIDED { 1 } else { width << at };
            let conv = Conv::padded(PADDING).stride(stride(at));
            let vb = vb.pp(format!("layer{at}"));
            let layer = Conv2d::load(&vb, inputs, outputs, KERNEL, conv, START)?;
            if at == 0 || at > STRIDED { layer.with_bias(&vb) } else { Ok(layer) }
        };
        let norm = |at: usize| BatchNorm::load(&vb.pp(format!("norm{at}")), width << at);
        Ok(Self {
            layers: (0..STRIDED + 2).map(layer).collect::<Result<_>>()?,
            norms: (1..=STRIDED).map(norm).collect::<Result<_>>()?,
        })
    }

    /// Where in the picture its answers look.
    pub fn field() -> Field {
        Field::through((0..STRIDED + 2).map(|at| (KERNEL, stride(at), PADDING)))
    }

    /// The same network, whose convolutions judge without learning: for the generator's step.
    pub fn frozen(&self) -> Self {
        Self { layers: self.layers.iter().map(Conv2d::frozen).collect(), norms: self.norms.clone() }
    }

    /// What it says of sketches drawn after line drawings, both (batch, 1, height, width).
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn judge(&self, lines: &Tensor, sketch: &Tensor) -> Result<Tensor> {
        self.forward(&Tensor::cat(&[lines, sketch], 1)?)
    }

    /// For each patch of `x` (batch, planes, height, width): 1 real, 0 drawn by the generator; (batch, 1, down, across).
    ///
    /// # Errors
    /// `x` has another shape.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let act = Act::Leaky(0.2);
        let mut x = self.layers[0].forward(x, act)?;
        for (layer, norm) in self.layers[1..].iter().zip(&self.norms) {
            x = norm.forward_train(&layer.forward(&x, Act::None)?, act)?;
        }
        self.layers[STRIDED + 1].forward(&x, Act::None)
    }
}

/// How far layer `at` of the discriminator goes at a time.
fn stride(at: usize) -> usize {
    if at < STRIDED { 2 } else { 1 }
}
