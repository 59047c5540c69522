//! The stroke classifier ψ: 16 × 16 px of a drawing in, which part of the portrait its strokes belong to out. The stroke loss
//! compares drawings by its features, `eval` by its answers.
//!
//! sRender's DenseNet-BC (released code, `densenet.py`; Huang et al., 2017): growth 6, reduction ½, bottlenecks of 24, one
//! layer in each of four dense blocks. In: (batch, 1, 16, 16), values -1 (black) to 1 (white), as G draws. Out:
//!
//! | feature | shape | made by |
//! |---|---|---|
//! | 1 | (batch, 9, 8, 8) | 3 × 3 to 12; dense block to 18; BN, ReLU, 1 × 1 to 9, mean of 2 × 2 |
//! | 2 | (batch, 7, 4, 4) | dense block to 15; 1 × 1 to 7, mean |
//! | 3 | (batch, 6, 2, 2) | dense block to 13; 1 × 1 to 6, mean |
//! | 4 | (batch, 12, 2, 2) | dense block to 12 |
//! | answer | (batch, 7) | BN, ReLU, 2 × 2 convolution with bias; log-softmax |
//!
//! A dense block's layer is BN, ReLU, 1 × 1 to 24, BN, ReLU, 3 × 3 to 6, put behind what it was given. No other bias. 7.3
//! thousand weights. [`Mode::Learning`] normalises by the patches at hand, which is what the released code does inside the
//! stroke loss too (weights read from a file keep their running means); [`Mode::Drawing`] by the running means.

use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_core::bail;
use candle_nn::VarBuilder;
use candle_nn::init::DEFAULT_KAIMING_NORMAL;
use candle_nn::ops::log_softmax;

use crate::ModelError;
use crate::blocks::Mode;
use crate::engine::Act;
use crate::engine::BatchNorm;
use crate::engine::Conv;
use crate::engine::Conv2d;
use crate::engine::Tensors;
use crate::engine::avg_pool2x2;

/// Its name in the manifest.
pub const NAME: &str = "stroke_classifier";
/// Width and height of a patch, px.
pub const PATCH: usize = 16;
/// Names of the stroke types, in the order of the answers.
pub const TYPES: [&str; 7] = ["skin", "hair", "boundary", "eyebrow", "eye", "lips", "ear"];

/// Channels after the first convolution.
const START: usize = 12;
/// Channels that a dense layer adds.
const GROWTH: usize = 6;
/// Channels between its two convolutions.
const BOTTLENECK: usize = 4 * GROWTH;
/// Patches judged at once.
const MOST_AT_ONCE: usize = 1024;
/// Dense blocks; a transition follows each but the last.
const BLOCKS: usize = 4;

/// The network with its weights.
#[derive(Debug, Clone)]
pub struct StrokeClassifier {
    first: Conv2d,
    blocks: Vec<[NormConv; 2]>,
    transitions: Vec<NormConv>,
    answer: NormConv,
}

/// What the network says of patches.
#[derive(Debug, Clone)]
pub struct Strokes {
    /// The four features that the stroke loss compares, as the file's letter tells.
    pub features: [Tensor; 4],
    /// Logarithms of the types' probabilities, (batch, 7).
    pub answer: Tensor,
}

/// `conv(relu(norm(x)))`.
#[derive(Debug, Clone)]
struct NormConv {
    norm: BatchNorm,
    conv: Conv2d,
}

impl StrokeClassifier {
    /// The classifier of the safetensors file that consists of `bytes`, on `device`; its weights do not learn.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read(bytes: &[u8], device: &Device) -> std::result::Result<Self, ModelError> {
        Tensors::read(bytes)?.fill_on(device, |vb| Self::new(&vb))
    }

    /// The same on the CPU.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read_cpu(bytes: &[u8]) -> std::result::Result<Self, ModelError> {
        Self::read(bytes, &Device::Cpu)
    }

    /// The network with tensors from `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(vb: &VarBuilder) -> Result<Self> {
        let mut channels = START;
        let mut blocks = Vec::new();
        let mut transitions = Vec::new();
        for at in 1..=BLOCKS {
            let vb_block = vb.pp(format!("block{at}"));
            blocks.push([
                NormConv::new(&vb_block, ["norm1", "conv1"], channels, BOTTLENECK, 1)?,
                NormConv::new(&vb_block, ["norm2", "conv2"], BOTTLENECK, GROWTH, 3)?,
            ]);
            channels += GROWTH;
            if at < BLOCKS {
                let vb = vb.pp(format!("transition{at}"));
                transitions.push(NormConv::new(&vb, ["norm", "conv"], channels, channels / 2, 1)?);
                channels /= 2;
            }
        }
        let answer = NormConv {
            norm: BatchNorm::load(&vb.pp("norm"), channels)?,
            conv: Conv2d::load(&vb.pp("answer"), channels, TYPES.len(), 2, Conv::padded(0), DEFAULT_KAIMING_NORMAL)?
                .with_bias(&vb.pp("answer"))?,
        };
        let first = Conv2d::load(&vb.pp("conv"), 1, START, 3, Conv::padded(1), DEFAULT_KAIMING_NORMAL)?;
        Ok(Self { first, blocks, transitions, answer })
    }

    /// The most likely type of each of the `patches`, [`PATCH`] × [`PATCH`] values each, -1 (black) to 1 (white).
    ///
    /// # Errors
    /// [`ModelError::Input`]: they are no whole number of patches, or the machine is out of memory.
    pub fn types(&self, patches: &[f32]) -> std::result::Result<Vec<u8>, ModelError> {
        let input = |what: String| ModelError::Input { what };
        if !patches.len().is_multiple_of(PATCH * PATCH) {
            return Err(input(format!("{} values are no patches of {PATCH} x {PATCH} px", patches.len())));
        }
        let mut types = Vec::with_capacity(patches.len() / (PATCH * PATCH));
        for patches in patches.chunks(PATCH * PATCH * MOST_AT_ONCE) {
            let answers = || -> Result<Vec<Vec<f32>>> {
                let x = Tensor::from_slice(patches, (patches.len() / (PATCH * PATCH), 1, PATCH, PATCH), &Device::Cpu)?;
                self.forward(&x, Mode::Drawing)?.answer.to_vec2()
            };
            for row in answers().map_err(|error| input(error.to_string()))? {
                types.push(row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |best| best.0 as u8));
            }
        }
        Ok(types)
    }

    /// What the network says of the patches `x` (batch, 1, 16, 16).
    ///
    /// # Errors
    /// `x` has another shape.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Strokes> {
        if x.dims4()? != (x.dim(0)?, 1, PATCH, PATCH) {
            bail!("patches are {PATCH} x {PATCH} px, not {:?}", x.dims());
        }
        let dense =
            |x: &Tensor, [one, two]: &[NormConv; 2]| Tensor::cat(&[x, &two.forward(&one.forward(x, mode)?, mode)?], 1);
        let step =
            |x: &Tensor, at: usize| avg_pool2x2(&self.transitions[at].forward(&dense(x, &self.blocks[at])?, mode)?);
        let one = step(&self.first.forward(x, Act::None)?, 0)?;
        let two = step(&one, 1)?;
        let three = step(&two, 2)?;
        let four = dense(&three, &self.blocks[3])?;
        let answer = log_softmax(&self.answer.forward(&four, mode)?.flatten_from(1)?, 1)?;
        Ok(Strokes { features: [one, two, three, four], answer })
    }
}

/// The patches of drawings `x` (batch, 1, height, width), which do not overlap, row by row: (batch · height / 16 · width / 16,
/// 1, 16, 16). What is left over at the right and lower edge is not looked at.
///
/// # Errors
/// `x` has another shape or is smaller than a patch.
pub fn patches(x: &Tensor) -> Result<Tensor> {
    let (batch, planes, height, width) = x.dims4()?;
    let (down, across) = (height / PATCH, width / PATCH);
    if planes != 1 || down == 0 || across == 0 {
        bail!("{:?} is no drawing that holds a patch of {PATCH} x {PATCH} px", x.dims());
    }
    x.narrow(2, 0, down * PATCH)?
        .narrow(3, 0, across * PATCH)?
        .contiguous()?
        .reshape((batch, down, PATCH, across, PATCH))?
        .transpose(2, 3)?
        .contiguous()?
        .reshape((batch * down * across, 1, PATCH, PATCH))
}

impl NormConv {
    /// The tensors of `names` in `vb`: an odd `kernel` with as much zero padding as keeps the size.
    fn new(vb: &VarBuilder, names: [&str; 2], inputs: usize, outputs: usize, kernel: usize) -> Result<Self> {
        let settings = Conv::padded(kernel / 2);
        Ok(Self {
            norm: BatchNorm::load(&vb.pp(names[0]), inputs)?,
            conv: Conv2d::load(&vb.pp(names[1]), inputs, outputs, kernel, settings, DEFAULT_KAIMING_NORMAL)?,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let normal = match mode {
            Mode::Learning => self.norm.forward_train(x, Act::Relu)?,
            Mode::Drawing => self.norm.forward(x, Act::Relu)?,
        };
        self.conv.forward(&normal, Act::None)
    }
}
