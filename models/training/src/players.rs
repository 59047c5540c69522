//! Who learns a style: the pupil, which draws, and its critics, who learn to tell its sketches from the artist's.
//!
//! | networks | pupil | critics | objective |
//! |---|---|---|---|
//! | sRender's | pix2pixHD's generator G | PatchGANs at two scales | `objective::sketch` |
//! | Pix2Pix's, an ablation | `PixGenerator`, with dropout | one PatchGAN | `objective::pix2pix` |
//!
//! All drawings are (batch, 1, height, width), -1 (black) to 1 (white). A file tells by its tensors' names whose pupil it holds.

use anyhow::Context;
use anyhow::Result;
use candle_core::Device;
use candle_core::Tensor;
use candle_nn::VarBuilder;
use models::blocks::Mode;
use models::encoder::Encoder;
use models::engine::Tensors;
use models::generator::Generator;
use models::stroke_classifier::StrokeClassifier;
use rand::RngCore;

use crate::data::SIDE;
use crate::discriminator::Discriminators;
use crate::field::Field;
use crate::loss;
use crate::objective::pix2pix;
use crate::objective::sketch::Judges;
use crate::objective::sketch::Weights;
use crate::pix2pix::PixDiscriminator;
use crate::pix2pix::PixGenerator;
use crate::recipe::Loss;

/// Whose networks learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Networks {
    /// sRender's.
    Srender,
    /// Those of its ablation with Pix2Pix.
    Pix2Pix,
}

/// Fixed networks that judge.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// Of the perceptual loss.
    pub encoder: Encoder,
    /// Of the stroke loss.
    pub strokes: StrokeClassifier,
}

/// The generator.
#[derive(Debug, Clone)]
pub enum Pupil {
    /// sRender's.
    Srender(Generator),
    /// Pix2Pix's.
    Pix2Pix(PixGenerator),
}

/// The discriminators.
#[derive(Debug, Clone)]
pub enum Critics {
    /// sRender's.
    Srender(Discriminators),
    /// Pix2Pix's.
    Pix2Pix(PixDiscriminator),
}

impl Networks {
    /// What they are called: no word for sRender's.
    pub fn ablation(self) -> Option<&'static str> {
        match self {
            Self::Srender => None,
            Self::Pix2Pix => Some("pix2pix"),
        }
    }
}

impl Pupil {
    /// The network of `width` with tensors from `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(whose: Networks, vb: &VarBuilder, width: usize) -> candle_core::Result<Self> {
        Ok(match whose {
            Networks::Srender => Self::Srender(Generator::new(vb, width)?),
            Networks::Pix2Pix => Self::Pix2Pix(PixGenerator::new(vb, width)?),
        })
    }

    /// The network of the safetensors file that consists of `bytes`.
    ///
    /// # Errors
    /// It holds neither, or a tensor is missing or of another shape.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        if Generator::is_in(bytes)? {
            return Ok(Self::Srender(Generator::read(bytes)?));
        }
        let tensors = Tensors::read(bytes)?;
        let first = tensors.dims(PixGenerator::FIRST).and_then(|dims| dims.first().copied());
        let width = first.context("it holds no generator, neither sRender's nor Pix2Pix's")?;
        Ok(Self::Pix2Pix(tensors.fill(|vb| PixGenerator::new(&vb, width))?))
    }

    /// The sketch of `lines`; while it learns, what dropout takes is drawn from `lots`.
    ///
    /// # Errors
    /// `lines` has another shape.
    pub fn draw(&self, lines: &Tensor, lots: Option<&mut dyn RngCore>) -> candle_core::Result<Tensor> {
        match self {
            Self::Srender(generator) => generator.forward(lines),
            Self::Pix2Pix(generator) => generator.forward(lines, lots),
        }
    }

    /// The sketch of the whole frame `lines`, both 0 (ink) to 1 (paper), on `device`, where its weights are.
    ///
    /// # Errors
    /// Those of the device.
    pub fn draw_frame(&self, lines: &[f32], device: &Device) -> Result<Vec<f32>> {
        let values = lines.iter().map(|value| 2.0 * value - 1.0).collect();
        let lines = Tensor::from_vec(values, (1, 1, SIDE, SIDE), device)?;
        Ok(loss::values(&self.draw(&lines, None)?)?.into_iter().map(|value| 0.5 + 0.5 * value).collect())
    }
}

impl Critics {
    /// The networks of `width` with tensors from `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(whose: Networks, vb: &VarBuilder, width: usize) -> candle_core::Result<Self> {
        Ok(match whose {
            Networks::Srender => Self::Srender(Discriminators::new(vb, 2, width)?),
            Networks::Pix2Pix => Self::Pix2Pix(PixDiscriminator::new(vb, 2, width)?),
        })
    }

    fn judges<'a>(discriminators: &'a Discriminators, fixed: &'a Fixed) -> Judges<'a> {
        Judges {
            discriminators,
            encoder: &fixed.encoder,
            strokes: &fixed.strokes,
            // As in the released code: each drawing normalised by its own patches.
            stroke_mode: Mode::Learning,
        }
    }

    /// The pupil's loss for what it `drew` after `lines`, where the artist drew `real`. The fixed networks and the `weights` are
    /// sRender's; Pix2Pix's objective has none.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn of_pupil(&self, fixed: &Fixed, weights: &Weights, [lines, drew, real]: [&Tensor; 3]) -> Result<Loss> {
        match self {
            Self::Srender(networks) => Self::judges(networks, fixed).generator(lines, drew, real, weights),
            Self::Pix2Pix(network) => pix2pix::generator(network, lines, drew, real),
        }
    }

    /// Their own loss for the same, `drew` from before the pupil's step.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn of_their_own(&self, fixed: &Fixed, [lines, drew, real]: [&Tensor; 3]) -> Result<Loss> {
        match self {
            Self::Srender(networks) => Self::judges(networks, fixed).discriminators(lines, drew, real),
            Self::Pix2Pix(network) => pix2pix::discriminator(network, lines, drew, real),
        }
    }

    /// Their answers about `sketch`, drawn after `lines`, and where each looks.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn answers(&self, lines: &Tensor, sketch: &Tensor) -> candle_core::Result<Vec<(Tensor, Field)>> {
        Ok(match self {
            Self::Srender(networks) => {
                let answers = networks.judge(lines, sketch)?.into_iter().map(|verdict| verdict.answer);
                answers.zip(Discriminators::fields()).collect()
            }
            Self::Pix2Pix(network) => vec![(network.judge(lines, sketch)?, PixDiscriminator::field())],
        })
    }
}
