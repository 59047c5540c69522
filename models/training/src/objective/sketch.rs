//! All that the generator G is asked for, and its discriminators: sRender's objective.
//!
//! ```text
//! L_G = L_adv + matching · L_FM + perceptual · L_VGG + strokes · L_str (+ pyramid · L_1)      L_D = ½ (L_real + L_drawn)
//! ```
//!
//! The slides and the released code weigh the terms differently; both are presets here. The released code lets G step first;
//! the discriminators then judge what G had drawn *before* its step.

use anyhow::Result;
use candle_core::Tensor;
use models::blocks::Mode;
use models::encoder::Encoder;
use models::stroke_classifier::StrokeClassifier;

use super::adversarial::Ought;
use super::adversarial::feature_matching;
use super::adversarial::least_squares;
use super::adversarial::telling;
use super::lines::pyramid;
use super::perceptual::perceptual;
use super::strokes::strokes;
use crate::discriminator::Discriminators;
use crate::recipe::Loss;

/// How much each term counts beside the adversarial one; a term of weight 0 is not computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Feature matching.
    pub matching: f64,
    /// The perceptual loss.
    pub perceptual: f64,
    /// The stroke loss.
    pub strokes: f64,
    /// L1 down a pyramid: not sRender's, for few drawings and short runs.
    pub pyramid: f64,
}

impl Weights {
    /// Those of the slides.
    pub const SLIDE: Self = Self { matching: 100.0, perceptual: 10.0, strokes: 0.002, pyramid: 0.0 };
    /// Those of the released code.
    pub const RELEASED: Self = Self { matching: 10.0, ..Self::SLIDE };

    /// The preset called `name`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "slide" => Some(Self::SLIDE),
            "released" => Some(Self::RELEASED),
            _ => None,
        }
    }

    /// The same without the stroke loss: an ablation.
    pub fn without_strokes(self) -> Self {
        Self { strokes: 0.0, ..self }
    }
}

/// Resolutions of the pyramid.
const LEVELS: usize = 4;

/// Who judges what G draws. All drawings are (batch, 1, height, width), -1 (black) to 1 (white).
#[derive(Debug, Clone, Copy)]
pub struct Judges<'a> {
    /// Learn in turn with G.
    pub discriminators: &'a Discriminators,
    /// Fixed; it is shown the drawings from 0 to 1.
    pub encoder: &'a Encoder,
    /// Fixed.
    pub strokes: &'a StrokeClassifier,
    /// How the stroke classifier normalises; the released code does so by the patches at hand.
    pub stroke_mode: Mode,
}

impl Judges<'_> {
    /// The generator's loss for what it `drew` after `lines`, where the artist drew `real`.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn generator(&self, lines: &Tensor, drew: &Tensor, real: &Tensor, weights: &Weights) -> Result<Loss> {
        let judges = self.discriminators.frozen();
        let verdicts = judges.judge(lines, drew)?;
        let mut total = least_squares(&verdicts, Ought::Real)?;
        let mut parts = vec![("adversarial", total.to_scalar()?)];
        let mut add = |name: &'static str, weight: f64, term: &dyn Fn() -> candle_core::Result<Tensor>| -> Result<()> {
            if weight != 0.0 {
                let term = term()?;
                parts.push((name, term.to_scalar()?));
                total = (&total + (term * weight)?)?;
            }
            Ok(())
        };
        add("matching", weights.matching, &|| feature_matching(&verdicts, &judges.judge(lines, real)?))?;
        add("perceptual", weights.perceptual, &|| perceptual(&self.features(drew)?, &self.features(real)?))?;
        add("strokes", weights.strokes, &|| strokes(self.strokes, drew, real, self.stroke_mode))?;
        add("pyramid", weights.pyramid, &|| pyramid(drew, real, LEVELS))?;
        Ok(Loss { total, parts })
    }

    /// The discriminators' loss for the same, `drew` from before the generator's step.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn discriminators(&self, lines: &Tensor, drew: &Tensor, real: &Tensor) -> Result<Loss> {
        let drawn = self.discriminators.judge(lines, &drew.detach())?;
        let total = telling(&self.discriminators.judge(lines, real)?, &drawn)?;
        let parts = vec![("telling", total.to_scalar()?)];
        Ok(Loss { total, parts })
    }

    fn features(&self, drawing: &Tensor) -> candle_core::Result<Vec<Tensor>> {
        self.encoder.forward(&drawing.affine(0.5, 0.5)?)
    }
}
