//! The recipe of the encoder: it learns to see what a larger network of others sees (distillation; Romero et al., "FitNets",
//! 2015), on gray portraits and drawings.
//!
//! Each of its features goes through a 1 × 1 convolution, dropped afterwards, to the teacher's feature of its stride (means of 2 × 2
//! first where ours is the finer), and is held by its mean square to the teacher's, each channel of which is brought to mean 0
//! and deviation 1 over the batch. So a loss of 1 is knowing nothing, and one minus it is the share that is explained.

use std::path::Path;

use anyhow::Context;
use anyhow::Result;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::Init;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::encoder::Encoder;
use models::encoder::Plan;
use models::engine::Act;
use models::engine::Conv;
use models::engine::Conv2d;
use models::engine::Statistics;
use models::engine::avg_pool2x2;
use models::engine::batch_norm_act;
use models::engine::mean_square;
use rand::Rng;
use rand_pcg::Pcg64Mcg;

use crate::canvas::Canvas;
use crate::canvas::Cut;
use crate::checkpoint;
use crate::data;
use crate::data::Portraits;
use crate::geometry::FRAME;
use crate::geometry::Transform;
use crate::geometry::mirror;
use crate::geometry::normal;
use crate::geometry::similarity;
use crate::light::Weather;
use crate::page::Page;
use crate::recipe::Loss;
use crate::recipe::Recipe;
use crate::recipe::Score;
use crate::recipe::draw_weights;
use crate::recipe::lot;
use crate::recipe::named;
use crate::sheet;
use crate::squeezenet;
use crate::squeezenet::Teacher;

/// Width and height of a crop, px.
pub const SIDE: usize = 256;
/// Which of our features is held to which of the teacher's, and whether it is the finer by half.
const PAIRS: [(&str, usize, usize, bool); 5] = [
    ("relu1_1", 0, 0, true),
    ("relu2_1", 1, 0, false),
    ("relu3_1", 2, 1, false),
    ("relu4_1", 3, 2, false),
    ("relu4_1, wider", 3, 3, true),
];
/// The share of crops that are of drawings, if there are any.
const DRAWN: f64 = 0.4;
/// One drawing in so many is kept apart for judging.
const APART: usize = 10;
/// What crops go through.
const WEATHER: Weather = Weather { side_light: 0.2, blur: 0.25, most_blur_px: 2.0, noise: 0.3, jpeg: 0.2, gray: 1.0 };
/// Crops that scores are taken on.
const TRIALS: u64 = 32;
/// What trials are drawn from.
const TRIAL_SEED: u64 = 0x0e0c;

/// The encoder in training.
#[derive(Clone)]
pub struct EncoderRecipe<'a> {
    portraits: &'a Portraits,
    drawings: [Vec<Page>; 2],
    teacher: Teacher,
    map: VarMap,
    net: Encoder,
    projections: Vec<Conv2d>,
    device: Device,
    batch: usize,
    seed: u64,
}

impl<'a> EncoderRecipe<'a> {
    /// A fresh encoder, drawn from `seed`, to learn from `teacher` by `batch` crops a step of portraits and `drawings`.
    ///
    /// # Errors
    /// Those of the device.
    pub fn new(
        portraits: &'a Portraits,
        drawings: Vec<Page>,
        teacher: Teacher,
        batch: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        let map = VarMap::new();
        let vb = VarBuilder::from_varmap(&map, DType::F32, device);
        let plan = Plan::slim();
        let net = Encoder::new(&vb.pp("encoder"), plan)?;
        let projections = PAIRS
            .iter()
            .enumerate()
            .map(|(at, &(_, ours, theirs, _))| {
                let vb = vb.pp(format!("projection{at}"));
                let (inputs, outputs) = (plan.widths[ours], squeezenet::WIDTHS[theirs]);
                Conv2d::load(&vb, inputs, outputs, 1, Conv::padded(0), Init::Const(0.0))?.with_bias(&vb)
            })
            .collect::<candle_core::Result<_>>()?;
        draw_weights(&map, seed, &["projection"], device)?;
        let (apart, learnt) = drawings.into_iter().enumerate().partition::<Vec<_>, _>(|(at, _)| at % APART == 0);
        let drawings = [learnt, apart].map(|part| part.into_iter().map(|(_, drawing)| drawing).collect());
        Ok(Self { portraits, drawings, teacher, map, net, projections, device: device.clone(), batch, seed })
    }

    /// The unexplained share of each of the teacher's features, in the order of [`PAIRS`], for gray crops `x`.
    fn unexplained(&self, x: &[f32]) -> Result<Vec<Tensor>> {
        let (ours, theirs) = self.compared(x)?;
        ours.iter().zip(&theirs).map(|(ours, theirs)| Ok(mean_square(ours, theirs)?)).collect()
    }

    /// Our projected features and the teacher's, normalised.
    fn compared(&self, x: &[f32]) -> Result<(Vec<Tensor>, Vec<Tensor>)> {
        let x = Tensor::from_slice(x, (x.len() / (SIDE * SIDE), 1, SIDE, SIDE), &self.device)?;
        let theirs = self.teacher.features(&x)?;
        let ours = self.net.forward(&x)?;
        let compared = PAIRS.iter().zip(&self.projections).map(|(&(_, of_ours, of_theirs, finer), projection)| {
            let ours = if finer { avg_pool2x2(&ours[of_ours])? } else { ours[of_ours].clone() };
            let theirs = &theirs[of_theirs];
            let (one, zero) = (Tensor::ones(theirs.dim(1)?, DType::F32, &self.device)?, theirs.dim(1)?);
            let zero = Tensor::zeros(zero, DType::F32, &self.device)?;
            let (theirs, _, _) = batch_norm_act(theirs, &one, &zero, Statistics::Batch, Act::None)?;
            Ok((projection.forward(&ours, Act::None)?, theirs))
        });
        Ok(compared.collect::<candle_core::Result<Vec<_>>>()?.into_iter().unzip())
    }

    /// A gray crop of a portrait or a drawing of the part that is learnt from (0) or kept apart (1).
    fn crop(&self, part: usize, rng: &mut Pcg64Mcg) -> Vec<f32> {
        let scale = 2f32.powf(rng.random_range(-1.2..0.3));
        let middle = [0, 1].map(|_| rng.random_range(0.2 * FRAME..0.8 * FRAME));
        let jitter = similarity(scale, normal(rng, 0.15), middle, [SIDE as f32 / 2.0; 2]);
        let transform: Transform = if rng.random_bool(0.5) { mirror().then(&jitter) } else { jitter };
        let drawings = &self.drawings[part];
        let mut canvas = if !drawings.is_empty() && rng.random_bool(DRAWN) {
            gray(&drawings[rng.random_range(0..drawings.len())].under(&transform, SIDE))
        } else {
            let mut canvas = Canvas::new(SIDE, SIDE, [1.0; 3]);
            let portraits = [&self.portraits.training, &self.portraits.validation][part];
            canvas.paste(data::choose(portraits, rng), &transform, Cut::Endless, |colour| colour);
            canvas
        };
        WEATHER.apply(&mut canvas, rng);
        canvas.rgb.chunks_exact(3).map(|pixel| 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]).collect()
    }

    fn trials(&self) -> impl Iterator<Item = Vec<f32>> {
        (0..TRIALS).map(|at| self.crop(1, &mut lot(TRIAL_SEED, 0, at)))
    }
}

impl Recipe for EncoderRecipe<'_> {
    type Batch = Vec<f32>;

    fn name(&self) -> &'static str {
        models::encoder::NAME
    }

    fn steps(&self) -> u64 {
        4_000
    }

    fn players(&self) -> Vec<Vec<(String, Var)>> {
        vec![named(&self.map)]
    }

    fn batch(&self, step: u64) -> Vec<f32> {
        (0..self.batch as u64).flat_map(|index| self.crop(0, &mut lot(self.seed, step, index))).collect()
    }

    fn judge(&self, _player: usize, batch: &Vec<f32>) -> Result<Loss> {
        let terms = self.unexplained(batch)?;
        let parts =
            PAIRS.iter().zip(&terms).map(|(pair, term)| Ok((pair.0, term.to_scalar()?))).collect::<Result<_>>()?;
        Ok(Loss { total: Tensor::stack(&terms, 0)?.sum_all()?, parts })
    }

    fn scores(&self) -> Result<Vec<Score>> {
        let crops: Vec<Vec<f32>> = self.trials().collect();
        let mut sums = [0.0; PAIRS.len()];
        for crops in crops.chunks(self.batch) {
            for (sum, term) in sums.iter_mut().zip(self.unexplained(&crops.concat())?) {
                *sum += f64::from(term.to_scalar::<f32>()?) * crops.len() as f64;
            }
        }
        let score = |(pair, sum): (&(&str, _, _, _), &f64)| {
            Score::new(format!("{} explains", pair.0), 1.0 - sum / crops.len() as f64)
        };
        Ok(PAIRS.iter().zip(&sums).map(score).collect())
    }

    /// Crops, and below each, by turns, three channels of what the teacher sees and of what we make of it.
    fn sheet(&self) -> Result<image::RgbImage> {
        let crops: Vec<Vec<f32>> = self.trials().take(8).collect();
        let (ours, theirs) = self.compared(&crops.concat())?;
        let mut tiles: Vec<Canvas> = crops.iter().map(|crop| gray(crop)).collect();
        for (ours, theirs) in ours.iter().zip(&theirs).skip(1) {
            for features in [theirs, ours] {
                for at in 0..crops.len() {
                    tiles.push(coloured(&features.get(at)?)?);
                }
            }
        }
        Ok(sheet::tiled(&tiles, crops.len()))
    }
}

/// A crop's grays.
fn gray(values: &[f32]) -> Canvas {
    Canvas { width: SIDE, height: SIDE, rgb: values.iter().flat_map(|&value| [value; 3]).collect() }
}

/// The first three channels of `feature` (channels, height, width) as red, green and blue, as large as a crop.
fn coloured(feature: &Tensor) -> Result<Canvas> {
    let (_, _, width) = feature.dims3()?;
    let planes: Vec<Vec<f32>> = feature.narrow(0, 0, 3)?.flatten_from(1)?.to_vec2()?;
    let cell = SIDE / width;
    let rgb = (0..SIDE * SIDE).flat_map(|at| {
        let from = at / SIDE / cell * width + at % SIDE / cell;
        [0, 1, 2].map(|channel: usize| 0.5 + 0.2 * planes[channel][from])
    });
    Ok(Canvas { width: SIDE, height: SIDE, rgb: rgb.collect() })
}

/// The encoder that the run in `folder` has made, as a safetensors file: averaged weights, without projections.
///
/// # Errors
/// There is no run, or it is damaged.
pub fn result(folder: &Path) -> Result<Vec<u8>> {
    let (bytes, _) = checkpoint::result(folder)?;
    let all = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)?;
    let mut mine: Vec<(String, Tensor)> = all
        .into_iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix("encoder.")?.to_owned(), tensor)))
        .collect();
    mine.sort_by(|a, b| a.0.cmp(&b.0));
    safetensors::serialize(mine, None).with_context(|| folder.display().to_string())
}
