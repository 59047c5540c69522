//! The recipe of the line drawer F: AiSketcher's losses (content, style, self-consistency, componential sparsity) and the
//! pen artist's lines as supervision, which style transfer alone is too noisy to do without.
//!
//! ```text
//! L = 10 · cross entropy(F(x), artist's lines) + c · content + s · style + i · |F(s, s) - s| + o · ink where none is wanted
//! ```
//!
//! The encoder starts from the shipped one and learns too; the losses see through the shipped one as it is. What is
//! drawn is a person's photo or a drawing of the person, so that F answers both with the same lines. Sources: Gao et al.,
//! 2020; Huang and Belongie, 2017 (content and style losses). Tensors: (batch, 1, side, side), paper 1 and ink 0.

use anyhow::Context;
use anyhow::Result;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::encoder::Encoder;
use models::encoder::Plan;
use models::engine::Tensors;
use models::line_drawer::Decoder;
use models::line_drawer::DrawerNet;
use models::line_drawer::Style;
use rand::Rng;

use crate::canvas::Canvas;
use crate::data::SIDE;
use crate::line_frame;
use crate::line_frame::Frame;
use crate::line_frame::Person;
use crate::line_frame::SMALL;
use crate::loss;
use crate::objective;
use crate::recipe::Loss;
use crate::recipe::Recipe;
use crate::recipe::Score;
use crate::recipe::draw_weights;
use crate::recipe::lot;
use crate::recipe::named;
use crate::sheet;

/// How much each part of the loss counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// The artist's lines.
    pub supervision: f64,
    /// Features of what is drawn against those that were asked for.
    pub content: f64,
    /// Statistics of the drawing's features against the style drawing's.
    pub style: f64,
    /// A style drawing drawn in its own style is itself.
    pub consistency: f64,
    /// Ink where neither the region nor the artist wants it.
    pub sparsity: f64,
}

impl Balance {
    /// What the shipped weights learn by.
    pub const SHIPPED: Self = Self { supervision: 10.0, content: 0.05, style: 0.5, consistency: 1.0, sparsity: 1.0 };
    /// AiSketcher's own four, for the ablation: content 1, style 10 (AdaIN's), no artist.
    pub const TRANSFER: Self = Self { supervision: 0.0, content: 1.0, style: 10.0, consistency: 5.0, sparsity: 0.5 };
}

/// How much more a pixel of ink counts than one of paper.
const INK: f32 = 2.0;
/// Every so many steps the self-consistency is asked for: it costs as much as all else.
const CONSISTENT: u64 = 3;
/// Share of a run's steps in which squares are cut out; then come whole frames.
const CUT: f64 = 0.65;
/// Squares a step; of whole frames there is one.
const SQUARES: usize = 3;
/// Drawings whose statistics become the style that ships.
const STYLES: usize = 48;
/// Trials are the same in every run.
const TRIAL_SEED: u64 = 20_261_122;

/// The line drawer in training.
pub struct Lines<'a> {
    training: Vec<Person<'a>>,
    validation: Vec<Person<'a>>,
    map: VarMap,
    net: DrawerNet,
    critic: Encoder,
    balance: Balance,
    device: Device,
    steps: u64,
    seed: u64,
}

/// Frames and the style drawing they shall look like.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    frames: Vec<Frame>,
    style: Vec<f32>,
    consistency: bool,
}

impl<'a> Lines<'a> {
    /// A network whose encoder starts as the one in `encoder` and whose decoder is drawn from `seed`; for `steps` steps.
    ///
    /// # Errors
    /// No encoder, nobody to learn from, or those of the device.
    pub fn new(
        training: Vec<Person<'a>>,
        validation: Vec<Person<'a>>,
        encoder: &[u8],
        balance: Balance,
        steps: u64,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        anyhow::ensure!(!training.is_empty(), "there is nobody to learn lines from");
        let tensors = Tensors::read(encoder)?;
        let plan = Plan::of(&tensors, "")?;
        let critic = Encoder::read(encoder, device)?;
        let map = VarMap::new();
        let vb = VarBuilder::from_varmap(&map, DType::F32, device);
        let own = Encoder::new(&vb.pp("encoder"), plan)?;
        let net = DrawerNet::new(own, Decoder::new(&vb.pp("decoder"), plan.widths, true)?);
        draw_weights(&map, seed, &["decoder.conv1_1"], device)?;
        let shipped = candle_core::safetensors::load_buffer(encoder, device)?;
        for (name, var) in named(&map) {
            if let Some(name) = name.strip_prefix("encoder.") {
                let tensor = shipped.get(name).with_context(|| format!("the encoder lacks {name}"))?;
                var.set(&tensor.to_dtype(DType::F32)?)?;
            }
        }
        Ok(Self { training, validation, map, net, critic, balance, device: device.clone(), steps, seed })
    }

    /// The mean style of some of the artist's drawings: what is kept for drawing, by name.
    ///
    /// # Errors
    /// Those of the device.
    pub fn style(&self) -> Result<Style> {
        let mut sums: Option<(Tensor, Tensor)> = None;
        let people: Vec<_> = self.training.iter().take(STYLES).collect();
        for person in &people {
            let features = self.net.encoder().forward(&self.tensor(person.lines.values(), SIDE)?)?;
            let Style { mean, std } = Style::of(&features[3])?;
            sums = Some(match sums {
                None => (mean.detach(), std.detach()),
                Some((means, stds)) => ((means + mean.detach())?, (stds + std.detach())?),
            });
        }
        let (mean, std) = sums.context("there is nobody to learn lines from")?;
        Ok(Style { mean: (mean / people.len() as f64)?, std: (std / people.len() as f64)? })
    }

    /// The lines of whole frames, `SIDE` × `SIDE` values each.
    ///
    /// # Errors
    /// Those of the device.
    pub fn draw(&self, contents: &[&[f32]]) -> Result<Vec<Vec<f32>>> {
        let style = self.style()?;
        let draw = |content: &&[f32]| -> Result<Vec<f32>> {
            let x = self.tensor(content.to_vec(), SIDE)?;
            Ok(loss::values(&self.net.forward(&x, &style)?.lines)?)
        };
        contents.iter().map(draw).collect()
    }

    fn tensor(&self, values: Vec<f32>, side: usize) -> Result<Tensor> {
        let count = values.len() / (side * side);
        Ok(Tensor::from_vec(values, (count, 1, side, side), &self.device)?)
    }
}

impl Recipe for Lines<'_> {
    type Batch = Batch;

    fn name(&self) -> &str {
        models::line_drawer::NAME
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn players(&self) -> Vec<Vec<(String, Var)>> {
        vec![named(&self.map)]
    }

    fn batch(&self, step: u64) -> Batch {
        let cut = (step as f64) < CUT * self.steps as f64;
        let (side, count) = if cut { (SMALL, SQUARES) } else { (SIDE, 1) };
        let frames = (0..count as u64)
            .map(|index| {
                let mut rng = lot(self.seed, step, index);
                let person = &self.training[rng.random_range(0..self.training.len())];
                line_frame::draw(person, side, &mut rng)
            })
            .collect();
        let mut rng = lot(self.seed, step, u64::MAX);
        let other = &self.training[rng.random_range(0..self.training.len())];
        let style = line_frame::draw(other, side, &mut rng).lines;
        Batch { frames, style, consistency: step.is_multiple_of(CONSISTENT) }
    }

    fn judge(&self, _player: usize, batch: &Batch) -> Result<Loss> {
        let side = batch.frames[0].side;
        let all = |plane: fn(&Frame) -> &Vec<f32>| batch.frames.iter().flat_map(|frame| plane(frame).clone()).collect();
        let (content, wanted): (Vec<f32>, Vec<f32>) = (all(|frame| &frame.content), all(|frame| &frame.lines));
        let calm: Vec<f32> = all(|frame| &frame.calm);
        let x = self.tensor(content, side)?;
        let s = self.tensor(batch.style.clone(), side)?;
        let drawn = self.net.forward_with(&x, &s)?;
        let mut parts = Vec::new();
        let mut total = Vec::new();
        let Balance { supervision, content, style, consistency, sparsity } = self.balance;
        if supervision > 0.0 {
            let weights: Vec<f32> = wanted.iter().map(|&value| 1.0 + (INK - 1.0) * (1.0 - value)).collect();
            let judged = loss::binary(&loss::values(&drawn.logits)?, &wanted, &weights);
            parts.push(("supervision", judged.value));
            total.push((loss::pull(&drawn.logits, judged.gradient)? * supervision)?);
        }
        let seen = self.critic.forward(&drawn.lines)?;
        let style_seen = self.critic.forward(&s)?;
        if content > 0.0 {
            // What the fixed encoder sees of the content in the style asked for: the learning one could make it easy for itself.
            let asked = Style::of(&style_seen[3])?.imposed(&self.critic.forward(&x)?[3])?;
            let term = objective::perceptual::content(&seen, &asked)?;
            parts.push(("content", term.to_scalar()?));
            total.push((term * content)?);
        }
        if style > 0.0 {
            let term = objective::perceptual::style(&seen, &style_seen)?;
            parts.push(("style", term.to_scalar()?));
            total.push((term * style)?);
        }
        if consistency > 0.0 && batch.consistency {
            let again = self.net.forward_with(&s, &s)?;
            let term = objective::lines::consistency(&again.lines, &s)?;
            parts.push(("consistency", term.to_scalar()?));
            total.push((term * consistency)?);
        }
        if sparsity > 0.0 {
            // Where the artist has a line it is wanted, wherever it is.
            let unwanted = calm.iter().zip(&wanted).map(|(calm, wanted)| calm * wanted).collect();
            let term = objective::lines::sparsity(&drawn.lines, &self.tensor(unwanted, side)?)?;
            parts.push(("sparsity", term.to_scalar()?));
            total.push((term * sparsity)?);
        }
        let mut sum = total.pop().context("no part of the loss counts")?;
        for term in total {
            sum = (sum + term)?;
        }
        Ok(Loss { total: sum, parts })
    }

    fn scores(&self) -> Result<Vec<Score>> {
        let frames: Vec<Frame> =
            self.validation.iter().take(TRIALS).map(|person| line_frame::trial(person, None)).collect();
        let contents: Vec<&[f32]> = frames.iter().map(|frame| frame.content.as_slice()).collect();
        let drawn = self.draw(&contents)?;
        let ink = |values: &[f32]| values.iter().filter(|&&value| value < 0.5).count() as f64;
        let (mut hits, mut of_drawn, mut of_artist) = (0.0, 0.0, 0.0);
        for (drawn, frame) in drawn.iter().zip(&frames) {
            hits += drawn.iter().zip(&frame.lines).filter(|(a, b)| **a < 0.5 && **b < 0.5).count() as f64;
            of_drawn += ink(drawn);
            of_artist += ink(&frame.lines);
        }
        let area = (frames.len() * SIDE * SIDE).max(1) as f64;
        Ok(vec![
            Score::new("ink in common with the artist, F1", 2.0 * hits / (of_drawn + of_artist).max(1.0)),
            Score::new("ink, % of the frame", 100.0 * of_drawn / area),
            Score::new("the artist's ink, %", 100.0 * of_artist / area),
        ])
    }

    fn sheet(&self) -> Result<image::RgbImage> {
        let mut rng = lot(TRIAL_SEED, 5, 0);
        let mut tiles = Vec::new();
        for _ in 0..SHEET {
            let person = &self.validation[rng.random_range(0..self.validation.len().max(1))];
            for drawing in std::iter::once(None).chain((0..person.drawings.len().min(1)).map(Some)) {
                let frame = line_frame::trial(person, drawing);
                let drawn = self.draw(&[&frame.content])?.remove(0);
                tiles.extend([frame.content, drawn, frame.lines].map(|values| gray(&values)));
            }
        }
        Ok(sheet::tiled(&tiles, 6))
    }
}

/// Validation people on whom scores are taken.
const TRIALS: usize = 40;
/// People on a sheet.
const SHEET: usize = 6;

/// `values` as a picture of half the size.
fn gray(values: &[f32]) -> Canvas {
    let half = SIDE / 2;
    let mut canvas = Canvas::new(half, half, [1.0; 3]);
    for row in 0..half {
        for column in 0..half {
            let at = 2 * row * SIDE + 2 * column;
            let mean = (values[at] + values[at + 1] + values[at + SIDE] + values[at + SIDE + 1]) / 4.0;
            canvas.pixel(column, row).fill(mean);
        }
    }
    canvas
}
