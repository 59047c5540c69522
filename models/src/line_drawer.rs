//! The line drawer F: a photo (or an artist's drawing) in, a line drawing of it in the learned hand out.
//!
//! AiSketcher's global branch (Gao et al., 2020): AdaIN style transfer (Huang and Belongie, 2017). The encoder's relu4_1 is
//! given the mean and deviation that the style drawing has there, channel by channel, and a decoder, the encoder's mirror
//! image without normalisations, draws what it then sees:
//!
//! ```text
//! t = style.std · (f - mean(f)) / std(f) + style.mean,   lines = sigmoid(decoder(t))
//! ```
//!
//! In: (batch, 1, height, width), light 1 and black 0, sides multiples of 8 and at least 16 px. Out: (batch, 1, height,
//! width), paper 1 and ink 0. Decoder, k = 3, mirrored edges, ReLU: w₄→w₃, ×2, w₃→w₃ three times, w₃→w₂, ×2, w₂→w₂, w₂→w₁, ×2,
//! w₁→w₁, w₁→1. Lines one pixel wide do not survive three pools: where the file has `decoder.lateral3`, `lateral2`,
//! `lateral1`, 1 × 1 convolutions of relu3_1, relu2_1 and relu1_1 are added after each doubling.
//!
//! Tensors: `encoder.*` (see [`encoder`]), `decoder.conv4_1.weight` … `decoder.conv1_1.bias`, named after the
//! layer they mirror, and the style drawing's statistics `style.mean`, `style.std` (w₄), so that drawing needs no style
//! picture. A published decoder of three planes is read too: it draws without sigmoid, the planes' mean is the drawing.

use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::Init;
use candle_nn::VarBuilder;
use candle_nn::init::DEFAULT_KAIMING_NORMAL;
use candle_nn::ops::sigmoid;

use crate::ModelError;
use crate::encoder;
use crate::encoder::Encoder;
use crate::engine::Act;
use crate::engine::Conv;
use crate::engine::Conv2d;
use crate::engine::Tensors;
use crate::engine::add;
use crate::engine::moments;
use crate::engine::recycle;
use crate::engine::upsample_nearest2x;

/// Its name in the manifest.
pub const NAME: &str = "line_drawer";
/// Sides are multiples of it.
const UNIT: usize = 8;
/// The decoder's convolutions before each doubling and after the last: name, and input and output as indices of the widths.
const LAYERS: [&[(&str, usize, usize)]; 4] = [
    &[("conv4_1", 3, 2)],
    &[("conv3_4", 2, 2), ("conv3_3", 2, 2), ("conv3_2", 2, 2), ("conv3_1", 2, 1)],
    &[("conv2_2", 1, 1), ("conv2_1", 1, 0)],
    &[("conv1_2", 0, 0)],
];

/// The drawer, ready to draw in the style of its file.
#[derive(Debug, Clone)]
pub struct LineDrawer {
    net: DrawerNet,
    style: Style,
}

/// What a style is here: mean and deviation of each channel of relu4_1, both (1 or batch, w₄, 1, 1).
#[derive(Debug, Clone)]
pub struct Style {
    /// Of each channel.
    pub mean: Tensor,
    /// Of each channel, from the unbiased variance plus 1e-5.
    pub std: Tensor,
}

/// The network's weights.
#[derive(Debug, Clone)]
pub struct DrawerNet {
    encoder: Encoder,
    decoder: Decoder,
}

/// The half of the network that learns.
#[derive(Debug, Clone)]
pub struct Decoder {
    layers: Vec<Vec<Conv2d>>,
    /// Of relu3_1, relu2_1 and relu1_1, or none.
    laterals: Vec<Conv2d>,
    last: Conv2d,
    planes: usize,
}

/// A drawing and what its losses need.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// (batch, 1, height, width), before the sigmoid.
    pub logits: Tensor,
    /// (batch, 1, height, width), paper 1 and ink 0.
    pub lines: Tensor,
    /// The features that were asked for, t: (batch, w₄, height / 8, width / 8).
    pub target: Tensor,
}

impl LineDrawer {
    /// The drawer of the safetensors file that consists of `bytes`; its widths are the file's.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read(bytes: &[u8]) -> std::result::Result<Self, ModelError> {
        let tensors = Tensors::read(bytes)?;
        let plan = encoder::Plan::of(&tensors, "encoder.")?;
        let laterals = tensors.dims("decoder.lateral1.weight").is_some();
        let planes = match tensors.dims("decoder.conv1_1.weight") {
            Some(&[planes @ (1 | 3), _, 3, 3]) => planes,
            _ => {
                return Err(ModelError::Tensors {
                    what: "it holds no decoder (\"decoder.conv1_1.weight\")".to_owned(),
                });
            }
        };
        tensors.fill(|vb| {
            let encoder = Encoder::new(&vb.pp("encoder"), plan)?;
            let decoder = Decoder::with_planes(&vb.pp("decoder"), plan.widths, laterals, planes)?;
            let shape = (1, plan.widths[3], 1, 1);
            let of = |name: &str| vb.get(plan.widths[3], name)?.reshape(shape);
            Ok(Self {
                net: DrawerNet { encoder, decoder },
                style: Style { mean: of("style.mean")?, std: of("style.std")? },
            })
        })
    }

    /// The lines of the picture `plane`, `width` × `height` values row by row, light 1 and black 0: as many values, paper 1 and
    /// ink 0.
    ///
    /// # Errors
    /// [`ModelError::Input`]: the sides are not multiples of 8, are below 16 px or do not fit the plane.
    pub fn draw(&self, plane: &[f32], width: usize, height: usize) -> std::result::Result<Vec<f32>, ModelError> {
        let is_side = |side: usize| side.is_multiple_of(UNIT) && side >= 2 * UNIT;
        if !is_side(width) || !is_side(height) || plane.len() != width * height {
            let what = format!("{} values for {width} x {height} px; sides are multiples of {UNIT}", plane.len());
            return Err(ModelError::Input { what });
        }
        let lines = || {
            let x = Tensor::from_slice(plane, (1, 1, height, width), &Device::Cpu)?;
            self.net.lines(&x, &self.style)?.flatten_all()?.to_vec1()
        };
        // On one of the threads that share the layers' work, so that no layer has to wake another first.
        rayon::scope(|_| lines()).map_err(|error| ModelError::Input { what: error.to_string() })
    }
}

impl Style {
    /// That of features at relu4_1, for each picture of the batch.
    ///
    /// # Errors
    /// `features` has not four axes or only one pixel.
    pub fn of(features: &Tensor) -> Result<Self> {
        let (mean, std) = moments(features)?;
        Ok(Self { mean, std })
    }

    /// `features` with this style in place of their own.
    ///
    /// # Errors
    /// `features` has other channels.
    pub fn imposed(&self, features: &Tensor) -> Result<Tensor> {
        let own = Self::of(features)?;
        // One factor and one shift a channel, so that the image is passed over twice only.
        let factor = self.std.broadcast_div(&own.std)?;
        let shift = self.mean.broadcast_sub(&own.mean.broadcast_mul(&factor)?)?;
        features.broadcast_mul(&factor)?.broadcast_add(&shift)
    }
}

impl DrawerNet {
    /// A network of these halves; for training, where the encoder is a file's and only the decoder learns.
    pub fn new(encoder: Encoder, decoder: Decoder) -> Self {
        Self { encoder, decoder }
    }

    /// The encoder.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// `content` (batch, 1, height, width) drawn in the style of the drawing `style`, (1 or batch, 1, any height, any width).
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn forward_with(&self, content: &Tensor, style: &Tensor) -> Result<Drawn> {
        let features = self.encoder.forward(style)?;
        self.forward(content, &Style::of(&features[3])?)
    }

    /// `content` (batch, 1, height, width) drawn in `style`.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn forward(&self, content: &Tensor, style: &Style) -> Result<Drawn> {
        self.forward_from(&self.encoder.forward(content)?, style)
    }

    /// The same where the content's features are known.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn forward_from(&self, features: &[Tensor], style: &Style) -> Result<Drawn> {
        let target = style.imposed(&features[3])?;
        let logits = self.decoder.forward(&target, features, Act::None)?;
        let lines = if self.decoder.planes == 1 { sigmoid(&logits)? } else { logits.clamp(0f32, 1f32)? };
        Ok(Drawn { logits, lines, target })
    }

    /// Only the lines, for drawing.
    fn lines(&self, x: &Tensor, style: &Style) -> Result<Tensor> {
        let mut features = self.encoder.forward(x)?;
        let target = style.imposed(&features[3])?;
        if self.decoder.laterals.is_empty() {
            features.drain(..).try_for_each(recycle)?;
        }
        let act = if self.decoder.planes == 1 { Act::Sigmoid } else { Act::None };
        let y = self.decoder.forward(&target, &features, act)?;
        features.into_iter().chain([target]).try_for_each(recycle)?;
        if self.decoder.planes == 1 { Ok(y) } else { y.clamp(0f32, 1f32) }
    }
}

impl Decoder {
    /// The decoder to an encoder of `widths` with tensors from `vb`, with or without laterals.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(vb: &VarBuilder, widths: [usize; 4], laterals: bool) -> Result<Self> {
        Self::with_planes(vb, widths, laterals, 1)
    }

    fn with_planes(vb: &VarBuilder, widths: [usize; 4], laterals: bool, planes: usize) -> Result<Self> {
        let conv = |name: &str, inputs: usize, outputs: usize| {
            let vb = vb.pp(name);
            let settings = Conv::padded(1).reflect();
            Conv2d::load(&vb, inputs, outputs, 3, settings, DEFAULT_KAIMING_NORMAL)?.with_bias(&vb)
        };
        let depth = |layers: &&[(&str, usize, usize)]| {
            layers.iter().map(|&(name, from, to)| conv(name, widths[from], widths[to])).collect::<Result<_>>()
        };
        // Zero at first: a decoder learns the drawing from relu4_1 and its detail from the laterals after that.
        let lateral = |at: usize| {
            let name = vb.pp(format!("lateral{}", at + 1));
            Conv2d::load(&name, widths[at], widths[at], 1, Conv::padded(0), Init::Const(0.0))
        };
        Ok(Self {
            layers: LAYERS.iter().map(depth).collect::<Result<_>>()?,
            laterals: if laterals { [2, 1, 0].into_iter().map(lateral).collect::<Result<_>>()? } else { Vec::new() },
            last: conv("conv1_1", widths[0], planes)?,
            planes,
        })
    }

    /// The drawing that `target` (batch, w₄, height / 8, width / 8) describes, `act` done to it; `features` are the encoder's
    /// of the same picture, used by the laterals only.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn forward(&self, target: &Tensor, features: &[Tensor], act: Act) -> Result<Tensor> {
        let mut x: Option<Tensor> = None;
        for (at, layers) in self.layers.iter().enumerate() {
            if at > 0 {
                let Some(small) = x.take() else { break };
                let mut large = upsample_nearest2x(&small)?;
                recycle(small)?;
                if let Some(lateral) = self.laterals.get(at - 1) {
                    let detail = lateral.forward(&features[3 - at], Act::None)?;
                    let sum = add(&large, &detail)?;
                    [std::mem::replace(&mut large, sum), detail].into_iter().try_for_each(recycle)?;
                }
                x = Some(large);
            }
            for layer in layers {
                let y = layer.forward(x.as_ref().unwrap_or(target), Act::Relu)?;
                x.replace(y).map_or(Ok(()), recycle)?;
            }
        }
        let y = self.last.forward(x.as_ref().unwrap_or(target), act)?;
        x.map_or(Ok(()), recycle)?;
        if self.planes == 1 { Ok(y) } else { y.mean_keepdim(1) }
    }
}
