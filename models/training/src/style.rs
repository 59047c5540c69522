//! The recipe of a style: the generator G learns to draw one artist's sketches from the line drawings that F makes of them,
//! against two discriminators (sRender; objective and order of steps as in its released code).
//!
//! A pair is a sketch and its line drawing, pixel on pixel, so no photo is needed. Early in a run squares of [`SMALL`] px are
//! cut out, later whole frames are shown: instance normalisation sees whole frames when drawing. A texture, if there is one, is
//! one more real example for the discriminators at every step. Tensors: (batch, 1, side, side), -1 (black) to 1 (white).

use std::sync::Arc;
use std::sync::Mutex;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use rand::Rng;

use crate::canvas::Canvas;
use crate::data::SIDE;
use crate::geometry::Transform;
use crate::geometry::mirror;
use crate::geometry::normal;
use crate::geometry::similarity;
use crate::objective::adversarial::Ought;
use crate::objective::adversarial::answered_where;
use crate::objective::sketch::Weights;
use crate::page::Page;
use crate::players::Critics;
use crate::players::Fixed;
use crate::players::Networks;
use crate::players::Pupil;
use crate::recipe::Loss;
use crate::recipe::Recipe;
use crate::recipe::Score;
use crate::recipe::draw_weights;
use crate::recipe::lot;
use crate::recipe::named;
use crate::sheet;
use crate::texture;
use crate::texture::Swatch;
use crate::texture::Texture;

/// Side of the squares that are cut out, px.
pub const SMALL: usize = 256;
/// How often a pair is only shifted and mirrored.
const STRAIGHT: f64 = 0.6;
/// Pairs of a sheet and of the scores.
const TRIALS: usize = 8;
/// How much a texture counts beside the artist's own sketches.
const TEXTURE: f64 = 0.2;
/// Of a step's lots: which pair, what dropout takes, which texture.
const LOTS: [u64; 3] = [0, 1, 2];

/// A sketch and the line drawing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What F drew of the sketch.
    pub lines: Page,
    /// The artist's sketch.
    pub sketch: Page,
}

/// What a style learns by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Whose networks learn.
    pub networks: Networks,
    /// Width of the generator.
    pub width: usize,
    /// Width of the discriminators.
    pub judges: usize,
    /// The objective.
    pub weights: Weights,
    /// Steps in all.
    pub steps: u64,
    /// Share of the steps in which squares are cut out.
    pub cut: f64,
}

impl Plan {
    /// What the shipped styles learn by.
    pub const SHIPPED: Self = Self {
        networks: Networks::Srender,
        width: 16,
        judges: 32,
        weights: Weights { pyramid: 10.0, ..Weights::RELEASED },
        steps: 4_000,
        cut: 0.85,
    };
}

/// G and its discriminators in training.
pub struct Sketcher {
    name: String,
    training: Vec<Pair>,
    validation: Vec<Pair>,
    maps: [VarMap; 2],
    pupil: Pupil,
    critics: Critics,
    fixed: Fixed,
    texture: Option<Arc<Texture>>,
    plan: Plan,
    device: Device,
    seed: u64,
    /// What G drew in its step, for the discriminators' step on the same batch.
    drew: Mutex<Option<Tensor>>,
}

/// A square of `side` px of lines and of the sketch, and the texture beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    side: usize,
    lines: Vec<f32>,
    sketches: Vec<f32>,
    swatch: Option<Swatch>,
    step: u64,
}

impl Sketcher {
    /// A style called `name`; its generator starts from the shipped file `from`, if given, else it is drawn from `seed`.
    ///
    /// # Errors
    /// No pair to learn from, a `from` of another width, or those of the device.
    pub fn new(
        name: &str,
        (training, validation): (Vec<Pair>, Vec<Pair>),
        fixed: Fixed,
        plan: Plan,
        from: Option<&[u8]>,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        ensure!(!training.is_empty(), "there is no sketch to learn from");
        let maps = [VarMap::new(), VarMap::new()];
        let builder = |map: &VarMap| VarBuilder::from_varmap(map, DType::F32, device);
        let pupil = Pupil::new(plan.networks, &builder(&maps[0]), plan.width)?;
        let critics = Critics::new(plan.networks, &builder(&maps[1]), plan.judges)?;
        for (map, seed) in maps.iter().zip([seed, seed ^ 0xd15c]) {
            // Every weight N(0, 0.02), as pix2pixHD starts.
            draw_weights(map, seed, &[""], device)?;
            for (_, var) in named(map) {
                if var.dims().len() == 4 {
                    var.set(&(var.as_tensor() * 2.0)?)?;
                }
            }
        }
        if let Some(from) = from {
            let tensors = candle_core::safetensors::load_buffer(from, device)?;
            for (name, var) in named(&maps[0]) {
                let tensor = tensors.get(&name).with_context(|| format!("the style to start from lacks {name}"))?;
                ensure!(
                    tensor.dims() == var.dims(),
                    "the style to start from is of another width ({name} is {:?}, not {:?})",
                    tensor.dims(),
                    var.dims()
                );
                var.set(&tensor.to_dtype(DType::F32)?)?;
            }
        }
        Ok(Self {
            name: name.to_owned(),
            training,
            validation,
            maps,
            pupil,
            critics,
            fixed,
            texture: None,
            plan,
            device: device.clone(),
            seed,
            drew: Mutex::new(None),
        })
    }

    /// The same, whose discriminators are shown `texture` too.
    #[must_use]
    pub fn textured(self, texture: Arc<Texture>) -> Self {
        Self { texture: Some(texture), ..self }
    }

    fn tensor(&self, values: &[f32], side: usize) -> Result<Tensor> {
        let count = values.len() / (side * side);
        Ok(Tensor::from_vec(
            values.iter().map(|value| 2.0 * value - 1.0).collect(),
            (count, 1, side, side),
            &self.device,
        )?)
    }

    /// What G draws of whole frames now.
    fn draw(&self, lines: &Page) -> Result<Vec<f32>> {
        self.pupil.draw_frame(&lines.values(), &self.device)
    }

    /// How far the discriminators are from taking `swatch` for an artist's, where it counts; nothing where it counts nowhere.
    fn unconvinced(&self, swatch: &Swatch) -> Result<Option<Tensor>> {
        let [lines, strokes] = [&swatch.lines, &swatch.strokes].map(|values| self.tensor(values, texture::SHOWN));
        let mut sum: Option<Tensor> = None;
        for (answer, field) in self.critics.answers(&lines?, &strokes?)? {
            let counts = Tensor::from_vec(swatch.counted(&field, answer.dim(3)?), answer.shape(), &self.device)?;
            let term = answered_where(&answer, Ought::Real, &counts)?;
            sum = match (sum, term) {
                (Some(sum), Some(term)) => Some((sum + term)?),
                (sum, term) => sum.or(term),
            };
        }
        Ok(sum)
    }

    fn tried(&self) -> &[Pair] {
        if self.validation.is_empty() { &self.training } else { &self.validation }
    }
}

impl Recipe for Sketcher {
    type Batch = Batch;

    fn name(&self) -> &str {
        &self.name
    }

    fn steps(&self) -> u64 {
        self.plan.steps
    }

    fn players(&self) -> Vec<Vec<(String, Var)>> {
        self.maps.iter().map(named).collect()
    }

    fn batch(&self, step: u64) -> Batch {
        let cut = (step as f64) < self.plan.cut * self.plan.steps as f64;
        let side = if cut { SMALL } else { SIDE };
        let mut rng = lot(self.seed, step, LOTS[0]);
        let pair = &self.training[rng.random_range(0..self.training.len())];
        let transform = jitter(side, &mut rng);
        let swatch = self.texture.as_ref().map(|texture| texture.swatch(&mut lot(self.seed, step, LOTS[2])));
        let [lines, sketches] = [&pair.lines, &pair.sketch].map(|page| page.under(&transform, side));
        Batch { side, lines, sketches, swatch, step }
    }

    fn judge(&self, player: usize, batch: &Batch) -> Result<Loss> {
        let lines = self.tensor(&batch.lines, batch.side)?;
        let real = self.tensor(&batch.sketches, batch.side)?;
        let mut kept = self.drew.lock().map_err(|_| anyhow::anyhow!("a thread died while drawing"))?;
        if player == 0 {
            let mut dropped = lot(self.seed, batch.step, LOTS[1]);
            let drew = self.pupil.draw(&lines, Some(&mut dropped))?;
            *kept = Some(drew.detach());
            return self.critics.of_pupil(&self.fixed, &self.plan.weights, [&lines, &drew, &real]);
        }
        let drew = kept.take().context("the generator moves first")?;
        let mut loss = self.critics.of_their_own(&self.fixed, [&lines, &drew, &real])?;
        if let Some(swatch) = &batch.swatch
            && let Some(unconvinced) = self.unconvinced(swatch)?
        {
            loss.parts.push(("texture", unconvinced.to_scalar()?));
            // Half, as their own two terms.
            loss.total = (loss.total + (unconvinced * (0.5 * TEXTURE))?)?;
        }
        Ok(loss)
    }

    fn scores(&self) -> Result<Vec<Score>> {
        let pairs: Vec<_> = self.tried().iter().take(TRIALS).collect();
        let (mut apart, mut ink, mut artist) = (0.0, 0.0, 0.0);
        for pair in &pairs {
            let (drawn, real) = (self.draw(&pair.lines)?, pair.sketch.values());
            let mean = |values: &mut dyn Iterator<Item = f32>| {
                f64::from(values.sum::<f32>()) / (SIDE * SIDE * pairs.len()) as f64
            };
            // Blurred by 8 px: where strokes lie exactly is the artist's affair, how dark each place is not.
            apart += mean(&mut soft(&drawn).iter().zip(soft(&real)).map(|(a, b)| (a - b).abs() * 64.0));
            ink += mean(&mut drawn.iter().map(|value| 1.0 - value));
            artist += mean(&mut real.iter().map(|value| 1.0 - value));
        }
        Ok(vec![
            Score::new("tone off, % of black", 100.0 * apart),
            Score::new("ink, %", 100.0 * ink),
            Score::new("the artist's ink, %", 100.0 * artist),
        ])
    }

    fn sheet(&self) -> Result<image::RgbImage> {
        let mut tiles = Vec::new();
        for pair in self.tried().iter().take(TRIALS) {
            let drawn = self.draw(&pair.lines)?;
            tiles.extend([pair.lines.values(), drawn, pair.sketch.values()].map(|values| gray(&values)));
        }
        Ok(sheet::tiled(&tiles, 6))
    }
}

/// Means of squares of 8 × 8 px.
fn soft(values: &[f32]) -> Vec<f32> {
    let cells = SIDE / 8;
    let mut sums = vec![0.0; cells * cells];
    for (at, value) in values.iter().enumerate() {
        sums[at / SIDE / 8 * cells + at % SIDE / 8] += value / 64.0;
    }
    sums
}

/// Where a pair is put for training: mirrored or not, sometimes a little larger and turned.
fn jitter(side: usize, rng: &mut impl Rng) -> Transform {
    let straight = rng.random_bool(STRAIGHT);
    let (scale, angle) = if straight { (1.0, 0.0) } else { (normal(rng, 0.06).exp(), normal(rng, 3.0).to_radians()) };
    let from = if side < SIDE {
        let half = side as f32 / 2.0;
        [0, 1].map(|_| rng.random_range(half..SIDE as f32 - half).round())
    } else {
        [0, 1].map(|_| (256.0 + normal(rng, 6.0)).round())
    };
    let placed = similarity(scale, angle, from, [side as f32 / 2.0; 2]);
    if rng.random_bool(0.5) { mirror().then(&placed) } else { placed }
}

/// `values` as a picture.
fn gray(values: &[f32]) -> Canvas {
    Canvas { width: SIDE, height: SIDE, rgb: values.iter().flat_map(|&value| [value; 3]).collect() }
}
