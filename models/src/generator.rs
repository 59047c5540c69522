//! The generator: a line drawing in, a sketch in the learned manner out.
//!
//! pix2pixHD's global generator (Wang et al., 2018, §3.1) as sRender uses it: a 7×7 convolution, four that halve the
//! image, nine residual blocks, four transposed ones that double it, a 7×7 convolution and tanh; instance normalisation
//! and ReLU between. One plane in, one out, values -1 (black) to 1 (white), sides multiples of 16 and at least 32 px.
//! With width w: 1 → w → 2w → 4w → 8w → 16w channels. Tensors are called as in the released code's files
//! (`model.1.weight`, `model.16.conv_block.1.weight`, …). A bias in front of a normalisation changes nothing: files that
//! have such are read, the bias is left out.

use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::Init;
use candle_nn::VarBuilder;

use crate::ModelError;
use crate::engine::Act;
use crate::engine::Conv;
use crate::engine::Conv2d;
use crate::engine::ConvTranspose;
use crate::engine::ConvTranspose2d;
use crate::engine::Tensors;
use crate::engine::norm_act_onto;
use crate::engine::recycle;

/// What the manifest calls networks of this kind; weights have names of their styles.
pub const NAME: &str = "generator";
/// How often the image is halved.
const HALVINGS: usize = 4;
/// Residual blocks.
const BLOCKS: usize = 9;
/// Spread of the weights when training starts, pix2pixHD's.
const START: Init = Init::Randn { mean: 0.0, stdev: 0.02 };
/// The tensor that tells a generator and its width.
const FIRST: &str = "model.1.weight";
/// Sides are multiples of it.
const UNIT: usize = 1 << HALVINGS;

/// The network with its weights.
#[derive(Debug, Clone)]
pub struct Generator {
    first: Conv2d,
    down: Vec<Conv2d>,
    blocks: Vec<(Conv2d, Conv2d)>,
    up: Vec<ConvTranspose2d>,
    last: Conv2d,
}

impl Generator {
    /// The network of the safetensors file that consists of `bytes`; its width is the file's.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read(bytes: &[u8]) -> std::result::Result<Self, ModelError> {
        let tensors = Tensors::read(bytes)?;
        let width = match tensors.dims(FIRST) {
            Some(&[width, 1, 7, 7]) if width > 0 => width,
            _ => return Err(ModelError::Tensors { what: "it holds no generator (\"model.1.weight\")".to_owned() }),
        };
        tensors.fill(|vb| Self::new(&vb, width))
    }

    /// Whether the safetensors file that consists of `bytes` holds a generator.
    ///
    /// # Errors
    /// [`ModelError::Tensors`]: it is no safetensors file.
    pub fn is_in(bytes: &[u8]) -> std::result::Result<bool, ModelError> {
        Tensors::hold(bytes, FIRST)
    }

    /// The network of that width with tensors from `vb`; for training.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(vb: &VarBuilder, width: usize) -> Result<Self> {
        let model = vb.pp("model");
        let normalised = |at: String, inputs: usize, outputs: usize, kernel: usize, conv: Conv| {
            let vb = model.pp(at);
            leave_bias(&vb, outputs)?;
            Conv2d::load(&vb, inputs, outputs, kernel, conv, START)
        };
        let first = normalised("1".to_owned(), 1, width, 7, Conv::padded(3).reflect())?;
        let halve = |at: usize| {
            normalised((4 + 3 * at).to_string(), width << at, width << (at + 1), 3, Conv::padded(1).stride(2))
        };
        let down = (0..HALVINGS).map(halve).collect::<Result<_>>()?;
        let deep = width << HALVINGS;
        let start = 4 + 3 * HALVINGS;
        let half = |at: usize, place: usize| {
            normalised(format!("{}.conv_block.{place}", start + at), deep, deep, 3, Conv::padded(1).reflect())
        };
        let blocks = (0..BLOCKS).map(|at| Ok((half(at, 1)?, half(at, 5)?))).collect::<Result<_>>()?;
        let double = |at: usize| {
            let (inputs, outputs) = (deep >> at, deep >> (at + 1));
            let vb = model.pp(start + BLOCKS + 3 * at);
            leave_bias(&vb, outputs)?;
            let conv = ConvTranspose { stride: 2, padding: 1, output_padding: 1 };
            ConvTranspose2d::load(&vb, inputs, outputs, 3, conv, START)
        };
        let up = (0..HALVINGS).map(double).collect::<Result<_>>()?;
        let vb = model.pp(start + BLOCKS + 3 * HALVINGS + 1);
        let last = Conv2d::load(&vb, width, 1, 7, Conv::padded(3).reflect(), START)?.with_bias(&vb)?;
        Ok(Self { first, down, blocks, up, last })
    }

    /// The sketch of `x`, (batch, 1, height, width); for training.
    ///
    /// # Errors
    /// `x` has another shape.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = norm_act_onto(self.first.forward(x, Act::None)?, Act::Relu, None)?;
        for conv in &self.down {
            let y = norm_act_onto(conv.forward(&x, Act::None)?, Act::Relu, None)?;
            recycle(std::mem::replace(&mut x, y))?;
        }
        for (one, two) in &self.blocks {
            let inner = norm_act_onto(one.forward(&x, Act::None)?, Act::Relu, None)?;
            let y = norm_act_onto(two.forward(&inner, Act::None)?, Act::None, Some(&x))?;
            recycle(inner)?;
            recycle(std::mem::replace(&mut x, y))?;
        }
        for conv in &self.up {
            let y = norm_act_onto(conv.forward(&x, Act::None)?, Act::Relu, None)?;
            recycle(std::mem::replace(&mut x, y))?;
        }
        let y = self.last.forward(&x, Act::Tanh)?;
        recycle(x)?;
        Ok(y)
    }

    /// The sketch of the line drawing `plane`, `width` × `height` values row by row.
    ///
    /// # Errors
    /// [`ModelError::Input`]: the sides are not multiples of 16, are below 32 px or do not fit the plane.
    pub fn draw(&self, plane: &[f32], width: usize, height: usize) -> std::result::Result<Vec<f32>, ModelError> {
        let is_side = |side: usize| side.is_multiple_of(UNIT) && side >= 2 * UNIT;
        if !is_side(width) || !is_side(height) || plane.len() != width * height {
            let what = format!("{} values for {width} x {height} px; sides are multiples of {UNIT}", plane.len());
            return Err(ModelError::Input { what });
        }
        let sketch = || {
            let x = Tensor::from_slice(plane, (1, 1, height, width), &Device::Cpu)?;
            self.forward(&x)?.flatten_all()?.to_vec1()
        };
        // On one of the threads that share the layers' work, so that no layer has to wake another first.
        rayon::scope(|_| sketch()).map_err(|error| ModelError::Input { what: error.to_string() })
    }
}

/// Takes the tensor `bias` from `vb`, if there is one, and leaves it.
fn leave_bias(vb: &VarBuilder, channels: usize) -> Result<()> {
    if vb.contains_tensor("bias") {
        vb.get(channels, "bias")?;
    }
    Ok(())
}
