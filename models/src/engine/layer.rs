//! Layers: weights with their settings, made by the same constructors from a file for drawing and from a `VarMap` for
//! training.

use candle_core::Result;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::Init;
use candle_nn::VarBuilder;

use super::act::Act;
use super::conv::Conv;
use super::conv::ConvTranspose;
use super::conv::conv_transpose2d_kept;
use super::conv::conv2d_kept;
use super::cpu::Packing;
use super::norm::NORM_EPS;
use super::norm::Statistics;
use super::norm::batch_norm_act;

/// How much of a running average each batch replaces, PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// A convolution with its weights.
#[derive(Debug, Clone)]
pub struct Conv2d {
    weight: Tensor,
    bias: Option<Tensor>,
    conv: Conv,
    /// Only if the weights do not change.
    packing: Option<Packing>,
}

/// A transposed convolution with its weights.
#[derive(Debug, Clone)]
pub struct ConvTranspose2d {
    weight: Tensor,
    bias: Option<Tensor>,
    conv: ConvTranspose,
    /// Only if the weights do not change.
    packing: Option<Packing>,
}

/// A batch normalisation with its scale, shift and running statistics, each (channels).
#[derive(Debug, Clone)]
pub struct BatchNorm {
    scale: Tensor,
    shift: Tensor,
    mean: Tensor,
    variance: Tensor,
}

impl Conv2d {
    /// The tensor `weight` (`outputs`, `inputs` / groups, `kernel`, `kernel`) of `vb`, drawn by `init` when training
    /// starts; no bias.
    ///
    /// # Errors
    /// The tensor is missing or of another shape.
    pub fn load(vb: &VarBuilder, inputs: usize, outputs: usize, kernel: usize, conv: Conv, init: Init) -> Result<Self> {
        let weight = vb.get_with_hints((outputs, inputs / conv.groups, kernel, kernel), "weight", init)?;
        let packing = (!weight.is_variable()).then(Packing::default);
        Ok(Self { weight, bias: None, conv, packing })
    }

    /// One of these weights, which do not change: `weight` (outputs, inputs / groups, height, width), whose sides may differ,
    /// and `bias` (outputs).
    pub fn of(weight: Tensor, bias: Tensor, conv: Conv) -> Self {
        Self { weight, bias: Some(bias), conv, packing: Some(Packing::default()) }
    }

    /// The same with the tensor `bias` (`outputs`), zero when training starts.
    ///
    /// # Errors
    /// The tensor is missing or of another shape.
    pub fn with_bias(mut self, vb: &VarBuilder) -> Result<Self> {
        self.bias = Some(vb.get_with_hints(self.weight.dim(0)?, "bias", Init::Const(0.0))?);
        Ok(self)
    }

    /// `act(x * weight + bias)`.
    ///
    /// # Errors
    /// `x` does not fit.
    pub fn forward(&self, x: &Tensor, act: Act) -> Result<Tensor> {
        conv2d_kept(x, &self.weight, self.bias.as_ref(), &self.conv, act, self.packing.as_ref())
    }

    /// The same weights, which change as these do, as numbers that no gradient is asked of: for a network that judges
    /// while another learns.
    pub fn frozen(&self) -> Self {
        Self {
            weight: self.weight.detach(),
            bias: self.bias.as_ref().map(Tensor::detach),
            conv: self.conv,
            packing: None,
        }
    }

    /// One convolution that does what this one and `norm` with its running statistics behind it do.
    ///
    /// # Errors
    /// They have different numbers of channels.
    pub fn folded(&self, norm: &BatchNorm) -> Result<Self> {
        let factor = (&norm.scale / (&norm.variance + NORM_EPS)?.sqrt()?)?;
        // Channel by channel, each too small for candle to set its spinning threads on it (see `add.rs`).
        let scaled = |(channel, &factor): (usize, &f32)| self.weight.get(channel)? * f64::from(factor);
        let channels = factor.to_vec1::<f32>()?.iter().enumerate().map(scaled).collect::<Result<Vec<_>>>()?;
        let weight = Tensor::stack(&channels, 0)?.detach();
        let centred = match &self.bias {
            Some(bias) => (bias - &norm.mean)?,
            None => norm.mean.neg()?,
        };
        let bias = (&norm.shift + (centred * factor)?)?.detach();
        Ok(Self { weight, bias: Some(bias), conv: self.conv, packing: Some(Packing::default()) })
    }
}

impl ConvTranspose2d {
    /// The tensors `weight` (`inputs`, `outputs`, `kernel`, `kernel`), drawn by `init` when training starts.
    ///
    /// # Errors
    /// The tensor is missing or of another shape.
    pub fn load(
        vb: &VarBuilder,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        conv: ConvTranspose,
        init: Init,
    ) -> Result<Self> {
        let weight = vb.get_with_hints((inputs, outputs, kernel, kernel), "weight", init)?;
        let packing = (!weight.is_variable()).then(Packing::default);
        Ok(Self { weight, bias: None, conv, packing })
    }

    /// The same with the tensor `bias` (`outputs`), zero when training starts.
    ///
    /// # Errors
    /// The tensor is missing or of another shape.
    pub fn with_bias(mut self, vb: &VarBuilder) -> Result<Self> {
        self.bias = Some(vb.get_with_hints(self.weight.dim(1)?, "bias", Init::Const(0.0))?);
        Ok(self)
    }

    /// `act(x *ᵀ weight + bias)`.
    ///
    /// # Errors
    /// `x` does not fit.
    pub fn forward(&self, x: &Tensor, act: Act) -> Result<Tensor> {
        conv_transpose2d_kept(x, &self.weight, self.bias.as_ref(), &self.conv, act, self.packing.as_ref())
    }
}

impl BatchNorm {
    /// The tensors `weight`, `bias`, `running_mean` and `running_var` of `vb`, each (`channels`).
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn load(vb: &VarBuilder, channels: usize) -> Result<Self> {
        let start = |name: &str, value: f64| vb.get_with_hints(channels, name, Init::Const(value));
        Ok(Self {
            scale: start("weight", 1.0)?,
            shift: start("bias", 0.0)?,
            mean: start("running_mean", 0.0)?,
            variance: start("running_var", 1.0)?,
        })
    }

    /// `x` normalised by the running statistics, then `act`.
    ///
    /// # Errors
    /// `x` does not fit.
    pub fn forward(&self, x: &Tensor, act: Act) -> Result<Tensor> {
        let running = Statistics::Running { mean: &self.mean, variance: &self.variance };
        Ok(batch_norm_act(x, &self.scale, &self.shift, running, act)?.0)
    }

    /// `x` normalised by its own statistics, which move the running ones (if those are variables), then `act`.
    ///
    /// # Errors
    /// `x` does not fit.
    pub fn forward_train(&self, x: &Tensor, act: Act) -> Result<Tensor> {
        let (y, mean, variance) = batch_norm_act(x, &self.scale, &self.shift, Statistics::Batch, act)?;
        for (running, batch) in [(&self.mean, mean), (&self.variance, variance)] {
            if running.is_variable() {
                let moved = ((running.detach() * (1.0 - MOMENTUM))? + (batch * MOMENTUM)?)?;
                Var::from_tensor(running)?.set(&moved)?;
            }
        }
        Ok(y)
    }
}
