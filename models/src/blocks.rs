//! What the face networks are built of: convolution, batch normalisation and ReLU, which are one convolution when drawing.

use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;
use candle_nn::init::DEFAULT_KAIMING_NORMAL;

use crate::engine::Act;
use crate::engine::BatchNorm;
use crate::engine::Conv;
use crate::engine::Conv2d;
use crate::engine::add;
use crate::engine::resize_bilinear;

/// Whether a network is being trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Normalisations use the batch's own statistics and keep their running means; the gradient runs through them.
    Learning,
    /// Normalisations use the running means.
    Drawing,
}

/// `relu(norm(conv(x)))`.
#[derive(Debug, Clone)]
pub struct ConvNorm {
    conv: Conv2d,
    /// None once it is folded into the convolution.
    norm: Option<BatchNorm>,
}

impl ConvNorm {
    /// The tensors `conv.weight` and `norm.*` of `vb`: an odd `kernel` with as much zero padding as keeps the size
    /// at stride 1.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn load(vb: &VarBuilder, inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Result<Self> {
        let settings = Conv::padded(kernel / 2).stride(stride);
        let conv = Conv2d::load(&vb.pp("conv"), inputs, outputs, kernel, settings, DEFAULT_KAIMING_NORMAL)?;
        Ok(Self { conv, norm: Some(BatchNorm::load(&vb.pp("norm"), outputs)?) })
    }

    /// (batch, inputs, height, width) to (batch, outputs, height / stride, width / stride), rounded up.
    ///
    /// # Errors
    /// `x` does not fit.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        match (&self.norm, mode) {
            (None, _) => self.conv.forward(x, Act::Relu),
            (Some(norm), Mode::Learning) => norm.forward_train(&self.conv.forward(x, Act::None)?, Act::Relu),
            (Some(norm), Mode::Drawing) => norm.forward(&self.conv.forward(x, Act::None)?, Act::Relu),
        }
    }

    /// `x + relu(norm(conv(x)))`: one step of a plain residual stage.
    ///
    /// # Errors
    /// `x` does not fit.
    pub fn refine(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        add(x, &self.forward(x, mode)?)
    }

    /// The same with the normalisation folded into the convolution: for drawing only.
    ///
    /// # Errors
    /// None that a loaded layer could have.
    pub fn folded(&self) -> Result<Self> {
        match &self.norm {
            None => Ok(self.clone()),
            Some(norm) => Ok(Self { conv: self.conv.folded(norm)?, norm: None }),
        }
    }
}

/// `x` resized to the height and width of `like`, plus `like`: a step up of a feature pyramid.
pub(crate) fn up_onto(x: &Tensor, like: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = like.dims4()?;
    add(&resize_bilinear(x, height, width)?, like)
}
