//! The discriminators: what tells the artist's sketches from the generator's, seen at several scales.
//!
//! pix2pixHD's PatchGANs (Wang et al., 2018, §3.2; released code `networks.py`) as sRender uses them: each scale has its own
//! network, the second sees the image after a 3 × 3 mean at stride 2 whose edges count no padding. In: (batch, 2, height, width),
//! the line drawing and the sketch, -1 to 1. A network of width w, kernels 4, zero padding 2:
//!
//! | layer | channels | stride | behind it | feature |
//! |---|---|---|---|---|
//! | 0 | 2 → w | 2 | leaky ReLU 0.2 | yes |
//! | 1 | w → 2w | 2 | instance norm, leaky ReLU | yes |
//! | 2 | 2w → 4w | 2 | the same | yes |
//! | 3 | 4w → 8w | 1 | the same | yes |
//! | 4 | 8w → 1 | 1 | nothing: least squares need no sigmoid | the answer |
//!
//! Channels grow to 512 at most. Tensors are called as in the released files (`scale1_layer0.0.weight`); there the scale with
//! the highest number sees the whole resolution. Biases in front of a normalisation do nothing and are left out.

use candle_core::Result;
use candle_core::Tensor;
use candle_nn::Init;
use candle_nn::VarBuilder;
use models::engine::Act;
use models::engine::Conv;
use models::engine::Conv2d;
use models::engine::avg_pool3x3_s2;
use models::engine::norm_act;

use crate::field::Field;

/// Scales at which sketches are looked at.
pub const SCALES: usize = 2;
/// Layers of a network that halve the image.
const HALVINGS: usize = 3;
/// The most channels.
const MOST: usize = 512;
/// Width and height of kernels.
const KERNEL: usize = 4;
/// Zeros around what a layer sees.
const PADDING: usize = KERNEL / 2;
/// Behind every layer but the last.
const ACT: Act = Act::Leaky(0.2);
/// Spread of the weights when training starts.
const START: Init = Init::Randn { mean: 0.0, stdev: 0.02 };

/// The networks of all scales.
#[derive(Debug, Clone)]
pub struct Discriminators {
    /// The whole resolution first.
    scales: Vec<Vec<Conv2d>>,
}

/// What one network says of images.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Outputs of all layers but the last, which feature matching compares.
    pub features: Vec<Tensor>,
    /// For each patch: 1 real, 0 drawn by the generator; (batch, 1, down, across).
    pub answer: Tensor,
}

impl Discriminators {
    /// Networks of `width` over images of `planes` planes, at [`SCALES`] scales, with tensors from `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(vb: &VarBuilder, planes: usize, width: usize) -> Result<Self> {
        let scale = |scale: usize| {
            let layer = |at: usize| {
                let channels = |at: usize| (width << at).min(MOST);
                let inputs = if at == 0 { planes } else { channels(at - 1) };
                let outputs = if at > HALVINGS { 1 } else { channels(at) };
                let conv = Conv::padded(PADDING).stride(stride(at));
                let vb = vb.pp(format!("scale{}_layer{at}.0", SCALES - 1 - scale));
                let layer = Conv2d::load(&vb, inputs, outputs, KERNEL, conv, START)?;
                if at == 0 || at > HALVINGS { layer.with_bias(&vb) } else { Ok(layer) }
            };
            (0..HALVINGS + 2).map(layer).collect::<Result<_>>()
        };
        Ok(Self { scales: (0..SCALES).map(scale).collect::<Result<_>>()? })
    }

    /// Where in the picture each scale's answers look.
    pub fn fields() -> [Field; SCALES] {
        let layers = || (0..HALVINGS + 2).map(|at| (KERNEL, stride(at), PADDING));
        [Field::through(layers()), Field::through(std::iter::once((3, 2, 1)).chain(layers()))]
    }

    /// The same networks, judging without learning: for the generator's step.
    pub fn frozen(&self) -> Self {
        let scales = self.scales.iter().map(|layers| layers.iter().map(Conv2d::frozen).collect()).collect();
        Self { scales }
    }

    /// What each scale's network says of `x` (batch, planes, height, width), the whole resolution first.
    ///
    /// # Errors
    /// `x` has another shape.
    pub fn forward(&self, x: &Tensor) -> Result<Vec<Verdict>> {
        let mut x = x.clone();
        let mut verdicts = Vec::with_capacity(self.scales.len());
        for (at, layers) in self.scales.iter().enumerate() {
            if at > 0 {
                x = avg_pool3x3_s2(&x)?;
            }
            verdicts.push(verdict(layers, &x)?);
        }
        Ok(verdicts)
    }

    /// The same of sketches drawn after line drawings, both (batch, 1, height, width).
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn judge(&self, lines: &Tensor, sketch: &Tensor) -> Result<Vec<Verdict>> {
        self.forward(&Tensor::cat(&[lines, sketch], 1)?)
    }
}

/// How far layer `at` goes at a time.
fn stride(at: usize) -> usize {
    if at < HALVINGS { 2 } else { 1 }
}

fn verdict(layers: &[Conv2d], x: &Tensor) -> Result<Verdict> {
    let mut features: Vec<Tensor> = Vec::with_capacity(layers.len());
    for (at, layer) in layers.iter().enumerate() {
        let x = features.last().unwrap_or(x);
        let y = match at {
            0 => layer.forward(x, ACT)?,
            _ if at > HALVINGS => {
                let answer = layer.forward(x, Act::None)?;
                return Ok(Verdict { features, answer });
            }
            _ => norm_act(&layer.forward(x, Act::None)?, ACT)?,
        };
        features.push(y);
    }
    candle_core::bail!("a discriminator has {} layers, not {}", HALVINGS + 2, layers.len())
}
