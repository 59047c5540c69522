//! The recipe of a detail drawer: an artist's lines of eyes, noses or mouths, from the photo and F's lines of it.
//!
//! ```text
//! L = ½ · cross entropy(D(photo, F's lines), artist's lines) + mean |D - artist's lines| + ½ · (1 - Dice coefficient of the ink)
//! ```
//!
//! Ink counts double in the first two, since lines that break off are worse than lines too many. Cross entropy alone draws what it
//! is unsure of in gray, which is a smudge and no stroke; the other two ask for a decision: the likelier of ink and paper is the
//! nearer in the mean, and the overlap knows how thin lines are. Scores stand beside those of F alone on the same crops, both as
//! they are put into the drawing.

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use candle_nn::ops::sigmoid;
use models::blocks::Mode;
use models::detail_drawer;
use models::detail_drawer::DetailNet;
use models::detail_drawer::PLACES;
use models::detail_drawer::Part;
use models::detail_drawer::Place;
use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;

use crate::canvas::Canvas;
use crate::detail_frame;
use crate::detail_frame::Crop;
use crate::detail_frame::Sitter;
use crate::loss;
use crate::objective::lines::consistency;
use crate::recipe::Loss;
use crate::recipe::Recipe;
use crate::recipe::Score;
use crate::recipe::draw_weights;
use crate::recipe::lot;
use crate::recipe::named;
use crate::sheet;

/// The network's width.
pub const WIDTH: usize = 16;
/// Crops a step.
const BATCH: u64 = 8;
/// How much more a pixel of ink counts than one of paper.
const INK: f32 = 2.0;
/// How much the cross entropy and the overlap count beside the distance.
const ENTROPY: f32 = 0.5;
const OVERLAP: f32 = 0.5;
/// Crops judged at once when trying.
const TRIAL_BATCH: usize = 16;
/// Trials are the same in every run.
const TRIAL_SEED: u64 = 20_261_122;
/// Crops on a sheet, and how many stand beside each other.
const SHEET: [usize; 2] = [24, 2];

/// The drawer of one part in training.
pub struct Details<'a> {
    part: Part,
    name: String,
    training: &'a [Sitter<'a>],
    validation: &'a [Sitter<'a>],
    lots: WeightedIndex<f32>,
    map: VarMap,
    net: DetailNet,
    device: Device,
    seed: u64,
}

/// Crops to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch(Vec<Crop>);

impl<'a> Details<'a> {
    /// A fresh drawer of `part`, drawn from `seed`; the rarer kinds of people are shown more often.
    ///
    /// # Errors
    /// Nobody to learn from or to be judged on, or those of the device.
    pub fn new(
        part: Part,
        training: &'a [Sitter<'a>],
        validation: &'a [Sitter<'a>],
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        ensure!(!validation.is_empty(), "there is nobody to judge details on");
        let rarity = training.iter().map(|sitter| sitter.portrait.hints.rarity());
        let lots = WeightedIndex::new(rarity).context("there is nobody to learn details from")?;
        let map = VarMap::new();
        let net = DetailNet::new(&VarBuilder::from_varmap(&map, DType::F32, device), WIDTH)?;
        draw_weights(&map, seed, &["lines"], device)?;
        let name = format!("{}_{}", detail_drawer::NAME, part.name());
        Ok(Self { part, name, training, validation, lots, map, net, device: device.clone(), seed })
    }

    /// The network's answers before the sigmoid.
    fn logits(&self, crops: &[Crop], mode: Mode) -> Result<Tensor> {
        let [width, height] = self.part.size_px();
        let planes: Vec<f32> = crops.iter().flat_map(|crop| crop.gray.iter().chain(&crop.drawn).copied()).collect();
        let x = Tensor::from_vec(planes, (crops.len(), 2, height, width), &self.device)?;
        Ok(self.net.logits(&x, mode)?)
    }

    /// F's lines of each crop with the drawer's put into them.
    fn fused(&self, crops: &[Crop]) -> Result<Vec<Vec<f32>>> {
        let window = self.part.window();
        let mut all = Vec::with_capacity(crops.len());
        for crops in crops.chunks(TRIAL_BATCH) {
            let lines = loss::values(&detail_drawer::lines_of(&self.logits(crops, Mode::Drawing)?)?)?;
            for (crop, lines) in crops.iter().zip(lines.chunks(window.len())) {
                let pixels = crop.drawn.iter().zip(lines).zip(&window);
                all.push(pixels.map(|((drawn, line), share)| drawn + share * (line - drawn)).collect());
            }
        }
        Ok(all)
    }

    fn places(&self) -> impl Iterator<Item = &'static Place> + Clone {
        let part = self.part;
        PLACES.iter().filter(move |place| place.part == part)
    }
}

impl Recipe for Details<'_> {
    type Batch = Batch;

    fn name(&self) -> &str {
        &self.name
    }

    fn steps(&self) -> u64 {
        2_000
    }

    fn players(&self) -> Vec<Vec<(String, Var)>> {
        vec![named(&self.map)]
    }

    fn batch(&self, step: u64) -> Batch {
        let places: Vec<_> = self.places().collect();
        let crop = |index| {
            let mut rng = lot(self.seed, step, index);
            let sitter = &self.training[self.lots.sample(&mut rng)];
            let place = places[rng.random_range(0..places.len())];
            detail_frame::draw(sitter, place, &mut rng)
        };
        Batch((0..BATCH).map(crop).collect())
    }

    fn judge(&self, _player: usize, batch: &Batch) -> Result<Loss> {
        let wanted: Vec<f32> = batch.0.iter().flat_map(|crop| crop.lines.iter().copied()).collect();
        asked(&self.logits(&batch.0, Mode::Learning)?, &wanted)
    }

    fn scores(&self) -> Result<Vec<Score>> {
        let sitters = self.validation.iter();
        let crops: Vec<Crop> =
            sitters.flat_map(|sitter| self.places().map(|place| detail_frame::trial(sitter, place))).collect();
        let fused = self.fused(&crops)?;
        let width = self.part.size_px()[0];
        let (mut with, mut without) = (Tally::default(), Tally::default());
        for (crop, fused) in crops.iter().zip(&fused) {
            with.add(fused, &crop.lines, width);
            without.add(&crop.drawn, &crop.lines, width);
        }
        let area = (crops.len() * self.part.window().len()) as f64;
        Ok(vec![
            Score::new("ink in common with the artist, F1", with.f1()),
            Score::new("the same of F alone", without.f1()),
            Score::new("F1 where a pixel off is no error", with.near_f1()),
            Score::new("the same of F alone, a pixel off", without.near_f1()),
            Score::new("ink, % of the crops", 100.0 * with.drawn / area),
            Score::new("F's ink, %", 100.0 * without.drawn / area),
            Score::new("the artist's ink, %", 100.0 * with.artists / area),
            Score::new("neither ink nor paper, % of the crops", 100.0 * with.gray / area),
            Score::new("the same of F alone, %", 100.0 * without.gray / area),
        ])
    }

    fn sheet(&self) -> Result<image::RgbImage> {
        let mut rng = lot(TRIAL_SEED, 7, 0);
        let places: Vec<_> = self.places().collect();
        let chosen: Vec<Crop> = (0..SHEET[0])
            .map(|at| {
                let sitter = &self.validation[rng.random_range(0..self.validation.len())];
                detail_frame::trial(sitter, places[at % places.len()])
            })
            .collect();
        let [width, height] = self.part.size_px();
        let tile = |values: &[f32]| {
            let rgb = values.iter().flat_map(|&value| [value; 3]).collect();
            Canvas { width, height, rgb }
        };
        let fused = self.fused(&chosen)?;
        let rows = chosen.iter().zip(&fused);
        let tiles: Vec<Canvas> = rows
            .flat_map(|(crop, fused)| [&crop.gray, &crop.drawn, fused, &crop.lines].map(|values| tile(values)))
            .collect();
        Ok(sheet::tiled(&tiles, 4 * SHEET[1]))
    }
}

/// The loss of the letter above: of a drawer's `logits` that should be the lines `wanted`.
///
/// # Errors
/// Those of the device.
pub fn asked(logits: &Tensor, wanted: &[f32]) -> Result<Loss> {
    let answers = loss::values(logits)?;
    let weights: Vec<f32> = wanted.iter().map(|&value| 1.0 + (INK - 1.0) * (1.0 - value)).collect();
    let entropy = loss::binary(&answers, wanted, &weights);
    let overlap = loss::ink_overlap(&answers, wanted, &vec![1.0; wanted.len()]);
    let like = |values: &[f32]| Tensor::from_slice(values, logits.shape(), logits.device());
    let (weights, wanted) = (like(&weights)?, like(wanted)?);
    let distance = consistency(&(sigmoid(logits)? * &weights)?, &(wanted * &weights)?)?;
    let parts = vec![("entropy", entropy.value), ("overlap", overlap.value), ("distance", distance.to_scalar()?)];
    let (entropy, overlap) = (entropy.times(ENTROPY).gradient, overlap.times(OVERLAP).gradient);
    let gradient = entropy.iter().zip(overlap).map(|(entropy, overlap)| entropy + overlap).collect();
    Ok(Loss { total: (loss::pull(logits, gradient)? + distance)?, parts })
}

/// What is neither ink nor paper.
const GRAY: std::ops::Range<f32> = 0.25..0.75;

/// Pixels of ink, darker than half, in drawings and in the artist's.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    gray: f64,
    drawn: f64,
    artists: f64,
    both: f64,
    /// Of the drawn ones those with one of the artist's on them or beside them, and the other way round.
    drawn_near: f64,
    artists_near: f64,
}

impl Tally {
    fn add(&mut self, drawn: &[f32], artists: &[f32], width: usize) {
        let inked = |values: &[f32], x: isize, y: isize| {
            let inside = (0..width as isize).contains(&x) && y >= 0;
            inside && values.get(y as usize * width + x as usize).is_some_and(|&value| value < 0.5)
        };
        let near =
            |values: &[f32], x: isize, y: isize| (-1..=1).any(|dy| (-1..=1).any(|dx| inked(values, x + dx, y + dy)));
        let one = |is: bool| f64::from(u8::from(is));
        for at in 0..drawn.len() {
            let (x, y) = ((at % width) as isize, (at / width) as isize);
            let (ours, theirs) = (drawn[at] < 0.5, artists[at] < 0.5);
            self.gray += one(GRAY.contains(&drawn[at]));
            self.drawn += one(ours);
            self.artists += one(theirs);
            self.both += one(ours && theirs);
            self.drawn_near += one(ours && near(artists, x, y));
            self.artists_near += one(theirs && near(drawn, x, y));
        }
    }

    /// The harmonic mean of the shares of drawn and of wanted ink that are both.
    fn f1(&self) -> f64 {
        2.0 * self.both / (self.drawn + self.artists).max(1.0)
    }

    /// The same where ink a pixel beside is as good.
    fn near_f1(&self) -> f64 {
        let (precision, recall) = (self.drawn_near / self.drawn.max(1.0), self.artists_near / self.artists.max(1.0));
        2.0 * precision * recall / (precision + recall).max(1e-9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_pixel_off_is_no_ink_in_common_but_near() {
        let column = |at: usize| -> Vec<f32> { (0..60).map(|i| if i % 10 == at { 0.0 } else { 1.0 }).collect() };
        let mut tally = Tally::default();
        tally.add(&column(4), &column(4), 10);
        assert_eq!((tally.f1(), tally.near_f1()), (1.0, 1.0));
        let mut tally = Tally::default();
        tally.add(&column(9), &column(8), 10);
        assert_eq!((tally.f1(), tally.near_f1()), (0.0, 1.0));
        // Beyond a row's end lies no pixel of the next.
        let mut tally = Tally::default();
        tally.add(&column(9), &column(0), 10);
        assert_eq!((tally.f1(), tally.near_f1()), (0.0, 0.0));
    }
}
