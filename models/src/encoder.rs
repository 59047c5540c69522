//! The encoder: a picture in, its features at four or five depths out. It is what the line drawer looks through and what
//! perceptual losses compare by.
//!
//! VGG-19's plan up to relu4_1, or relu5_1 if the file goes so deep (Simonyan and Zisserman, 2015), as AdaIN's released code
//! has it (Huang and Belongie, 2017): 3 × 3 convolutions with mirrored edges, ReLU, 2 × 2 maximum pools that keep odd edges.
//! In: (batch, planes, height, width), planes 1 or 3, paper or light 1, black 0; a single plane is shown to all. Out, with
//! widths w₁..w₄ and sides halved by each pool:
//!
//! | feature | shape |
//! |---|---|
//! | relu1_1 | (batch, w₁, height, width) |
//! | relu2_1 | (batch, w₂, height / 2, width / 2) |
//! | relu3_1 | (batch, w₃, height / 4, width / 4) |
//! | relu4_1 | (batch, w₄, height / 8, width / 8) |
//! | relu5_1 | (batch, w₄, height / 16, width / 16) |
//!
//! VGG-19's widths are 64, 128, 256, 512, the shipped encoder's 16, 32, 64, 128. Tensors: `conv1_1.weight`, `conv1_1.bias` …
//! `conv5_1.bias`, and `conv0` for the 1 × 1 convolution in front that some files have. Files whose network was trained with
//! zeros around the image give other features along the edges.

use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;
use candle_nn::init::DEFAULT_KAIMING_NORMAL;

use crate::ModelError;
use crate::engine::Act;
use crate::engine::Conv;
use crate::engine::Conv2d;
use crate::engine::Tensors;
use crate::engine::max_pool2x2_ceil;
use crate::engine::recycle;

/// Its name in the manifest.
pub const NAME: &str = "encoder";
/// Widths of the encoder that ships.
pub const SLIM: [usize; 4] = [16, 32, 64, 128];
/// The least side of a picture that is described, px.
const LEAST: usize = 32;
/// Convolutions between two pools.
const DEPTHS: [usize; 4] = [2, 2, 4, 4];

/// Which layers an encoder has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Planes of the picture, 1 or 3.
    pub planes: usize,
    /// Channels of each depth; the fifth is as wide as the fourth.
    pub widths: [usize; 4],
    /// Whether a 1 × 1 convolution over the planes stands in front.
    pub mixes: bool,
    /// Whether it goes down to relu5_1.
    pub deep: bool,
}

/// The network with its weights.
#[derive(Debug, Clone)]
pub struct Encoder {
    plan: Plan,
    mix: Option<Conv2d>,
    /// The first convolution of each depth, whose output is a feature.
    heads: Vec<Conv2d>,
    /// The other convolutions of each depth but the last.
    rests: Vec<Vec<Conv2d>>,
}

impl Plan {
    /// The plan of the shipped encoder, over one plane.
    pub const fn slim() -> Self {
        Self { planes: 1, widths: SLIM, mixes: false, deep: false }
    }

    /// The plan of the encoder whose tensors in `tensors` begin with `prefix`.
    ///
    /// # Errors
    /// [`ModelError::Tensors`]: there is none.
    pub fn of(tensors: &Tensors, prefix: &str) -> std::result::Result<Self, ModelError> {
        let outputs = |name: &str| match tensors.dims(&format!("{prefix}{name}.weight")) {
            Some(&[outputs, inputs, 3, 3]) if outputs > 0 => Ok((outputs, inputs)),
            _ => Err(ModelError::Tensors { what: format!("it holds no encoder (\"{prefix}{name}.weight\")") }),
        };
        let (first, planes) = outputs("conv1_1")?;
        if planes != 1 && planes != 3 {
            return Err(ModelError::Tensors { what: format!("its encoder takes {planes} planes, not 1 or 3") });
        }
        let has = |name: &str| tensors.dims(&format!("{prefix}{name}.weight")).is_some();
        Ok(Self {
            planes,
            widths: [first, outputs("conv2_1")?.0, outputs("conv3_1")?.0, outputs("conv4_1")?.0],
            mixes: has("conv0"),
            deep: has("conv5_1"),
        })
    }
}

impl Encoder {
    /// The encoder of the safetensors file that consists of `bytes`, on `device`; its plan is the file's, its weights do not
    /// learn.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read(bytes: &[u8], device: &Device) -> std::result::Result<Self, ModelError> {
        let tensors = Tensors::read(bytes)?;
        let plan = Plan::of(&tensors, "")?;
        tensors.fill_on(device, |vb| Self::new(&vb, plan))
    }

    /// The same on the CPU.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read_cpu(bytes: &[u8]) -> std::result::Result<Self, ModelError> {
        Self::read(bytes, &Device::Cpu)
    }

    /// What it sees in the picture `plane` (`width` × `height` values row by row, paper or light 1, black 0), without where: the
    /// spatial means of its features, the shallowest first.
    ///
    /// # Errors
    /// [`ModelError::Input`]: sides below 32 px, or a plane of another size.
    pub fn describe(&self, plane: &[f32], width: usize, height: usize) -> std::result::Result<Vec<f32>, ModelError> {
        let input = |what: String| ModelError::Input { what };
        if width.min(height) < LEAST || plane.len() != width * height {
            return Err(input(format!(
                "{} values for {width} x {height} px; a side has {LEAST} px at least",
                plane.len()
            )));
        }
        let means = || -> Result<Vec<f32>> {
            let x = Tensor::from_slice(plane, (1, 1, height, width), &Device::Cpu)?;
            let mut means = Vec::new();
            for feature in self.forward(&x)? {
                means.extend(feature.mean((2, 3))?.flatten_all()?.to_vec1::<f32>()?);
            }
            Ok(means)
        };
        means().map_err(|error| input(error.to_string()))
    }

    /// The encoder of that plan with tensors from `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(vb: &VarBuilder, plan: Plan) -> Result<Self> {
        let conv = |name: &str, inputs: usize, outputs: usize, kernel: usize| {
            let vb = vb.pp(name);
            let settings = Conv::padded(kernel / 2).reflect();
            Conv2d::load(&vb, inputs, outputs, kernel, settings, DEFAULT_KAIMING_NORMAL)?.with_bias(&vb)
        };
        let mix = plan.mixes.then(|| conv("conv0", plan.planes, plan.planes, 1)).transpose()?;
        let [one, two, three, four] = plan.widths;
        let widths = [plan.planes, one, two, three, four, four];
        let depths = if plan.deep { 5 } else { 4 };
        let head = |at: usize| conv(&format!("conv{}_1", at + 1), widths[at], widths[at + 1], 3);
        let rest = |at: usize| {
            let layer = |layer: usize| conv(&format!("conv{}_{layer}", at + 1), widths[at + 1], widths[at + 1], 3);
            (2..=DEPTHS[at]).map(layer).collect::<Result<_>>()
        };
        Ok(Self {
            plan,
            mix,
            heads: (0..depths).map(head).collect::<Result<_>>()?,
            rests: (0..depths - 1).map(rest).collect::<Result<_>>()?,
        })
    }

    /// Which layers it has.
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// The features of `x` (batch, 1 or planes, height, width), the shallowest first, as the file's letter tells.
    ///
    /// # Errors
    /// `x` has another number of planes or is too small to be mirrored at its edges: 16 px a side are enough, 32 for relu5_1.
    pub fn forward(&self, x: &Tensor) -> Result<Vec<Tensor>> {
        let (batch, planes, height, width) = x.dims4()?;
        let mut x = x.clone();
        if planes == 1 && self.plan.planes > 1 {
            x = x.broadcast_as((batch, self.plan.planes, height, width))?.contiguous()?;
        }
        if let Some(mix) = &self.mix {
            x = mix.forward(&x, Act::None)?;
        }
        let mut features = vec![self.heads[0].forward(&x, Act::Relu)?];
        for (rest, head) in self.rests.iter().zip(&self.heads[1..]) {
            let mut way: Option<Tensor> = None;
            for conv in rest {
                let y = conv.forward(way.as_ref().unwrap_or(&features[features.len() - 1]), Act::Relu)?;
                way.replace(y).map_or(Ok(()), recycle)?;
            }
            let pooled = max_pool2x2_ceil(way.as_ref().unwrap_or(&features[features.len() - 1]))?;
            way.map_or(Ok(()), recycle)?;
            features.push(head.forward(&pooled, Act::Relu)?);
            recycle(pooled)?;
        }
        Ok(features)
    }
}
