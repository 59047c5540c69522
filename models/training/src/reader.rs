//! The recipe of the face reader: its batches, its losses, its scores.

use anyhow::Result;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::blocks::Mode;
use models::face_reader::CLASSES;
use models::face_reader::HEAT_SIDE;
use models::face_reader::MAPS;
use models::face_reader::ReaderNet;
use models::face_reader::SIDE;
use models::face_reader::located;
use models::face_reader::parted;
use rand::Rng;
use rand::seq::IndexedRandom;
use rayon::prelude::*;

use crate::canvas::Canvas;
use crate::data;
use crate::data::Hints;
use crate::data::Portrait;
use crate::data::Portraits;
use crate::geometry::extent;
use crate::loss;
use crate::loss::ClassWeights;
use crate::loss::Truth;
use crate::reader_crop;
use crate::reader_crop::Crop;
use crate::recipe::Loss;
use crate::recipe::Recipe;
use crate::recipe::Score;
use crate::recipe::draw_weights;
use crate::recipe::lot;
use crate::recipe::named;
use crate::sheet;

/// How much each class counts: the small ones are few pixels, and are what a portrait is recognised by.
const WEIGHTS: ClassWeights = ClassWeights {
    entropy: &[0.7, 1.0, 1.0, 2.0, 4.0, 2.5, 1.5, 1.0, 2.0],
    overlap: &[0.0, 0.5, 1.0, 1.0, 2.0, 1.0, 1.0, 0.5, 1.0],
};
/// How much the points count beside the regions.
const POINT_WEIGHT: f32 = 1.5;
/// How much the heats' spread counts beside the points' distance.
const SPREAD: f32 = 0.15;
/// How much the presence of a face counts.
const FACE_WEIGHT: f32 = 0.2;
/// The share of crops without a face.
const FACELESS: f64 = 0.15;
/// px of a crop a cell of the heats is wide.
const HEAT_CELL: f32 = (SIDE / HEAT_SIDE) as f32;
/// The most often drawn portraits, beside everyday ones.
const HARDEST: f32 = 5.0;
/// Crops judged at once when trying.
const TRIAL_BATCH: usize = 8;
/// Trials are the same in every run.
const TRIAL_SEED: u64 = 20_261_122;

/// The reader in training.
#[derive(Clone)]
pub struct Reader<'a> {
    portraits: &'a Portraits,
    map: VarMap,
    net: ReaderNet,
    device: Device,
    batch: usize,
    seed: u64,
}

/// How often a portrait is drawn: hair on dark skin and skin behind glasses are the hardest to tell, so that those count
/// more than they are rare.
fn hardness(hints: &Hints) -> f32 {
    let more = [(hints.skin_ita < 5.0, 2.0), (hints.glasses, 1.0)];
    let more: f32 = more.iter().filter(|kind| kind.0).map(|kind| kind.1).sum();
    (hints.rarity() + more).min(HARDEST)
}

/// Crops and their planes.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    crops: Vec<Crop>,
    images: Vec<f32>,
}

impl Batch {
    /// What `crops` show and are.
    pub fn of(crops: Vec<Crop>) -> Self {
        let images = crops.iter().flat_map(|crop| crop.canvas.planes()).collect();
        Self { crops, images }
    }
}

/// What the reader says of one crop, in plain values.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Class of each pixel.
    pub classes: Vec<u8>,
    /// How much of each pixel is the person.
    pub person: Vec<f32>,
    /// Crop px.
    pub points: Vec<[f32; 2]>,
    /// Probability that there is a face.
    pub face: f32,
}

impl<'a> Reader<'a> {
    /// A fresh network, drawn from `seed`, to be fed `batch` crops a step.
    ///
    /// # Errors
    /// Those of the device.
    pub fn new(portraits: &'a Portraits, batch: usize, seed: u64, device: &Device) -> Result<Self> {
        let map = VarMap::new();
        let net = ReaderNet::load(&VarBuilder::from_varmap(&map, DType::F32, device))?;
        draw_weights(&map, seed, &["maps", "heats", "face"], device)?;
        Ok(Self { portraits, map, net, device: device.clone(), batch, seed })
    }

    /// What the network says of `canvases`, all of [`SIDE`] × [`SIDE`] px.
    ///
    /// # Errors
    /// Those of the device.
    pub fn read(&self, canvases: &[&Canvas]) -> Result<Vec<Answer>> {
        let mut answers = Vec::new();
        for canvases in canvases.chunks(TRIAL_BATCH) {
            let images: Vec<f32> = canvases.iter().flat_map(|canvas| canvas.planes()).collect();
            let x = Tensor::from_vec(images, (canvases.len(), 3, SIDE, SIDE), &self.device)?;
            let reading = self.net.forward(&x, Mode::Drawing)?;
            let maps = loss::values(&reading.maps)?;
            let heats = loss::values(&reading.heats)?;
            let faces = loss::values(&reading.face)?;
            for (at, face) in faces.into_iter().enumerate() {
                let part = |all: &[f32]| {
                    let length = all.len() / canvases.len();
                    all[at * length..(at + 1) * length].to_vec()
                };
                let (classes, person) = parted(&part(&maps));
                let points = located(&part(&heats));
                answers.push(Answer { classes, person, points, face: loss::sigmoid(face) });
            }
        }
        Ok(answers)
    }

    /// The crops on which scores are taken: each validation portrait once.
    pub fn trials(&self) -> Vec<(&'a Portrait, Crop)> {
        let trial = |(at, portrait)| (portrait, reader_crop::trial(portrait, &mut lot(TRIAL_SEED, 3, at)));
        (0u64..).zip(&self.portraits.validation).map(trial).collect()
    }
}

impl Recipe for Reader<'_> {
    type Batch = Batch;

    fn name(&self) -> &str {
        "face_reader"
    }

    fn steps(&self) -> u64 {
        10_000
    }

    fn players(&self) -> Vec<Vec<(String, Var)>> {
        vec![named(&self.map)]
    }

    fn batch(&self, step: u64) -> Batch {
        let portraits = &self.portraits.training;
        let crop = |index| {
            let mut rng = lot(self.seed, step, index);
            if rng.random_bool(FACELESS) {
                reader_crop::faceless(portraits, &mut rng)
            } else {
                let portrait = data::choose_by(portraits, hardness, HARDEST, &mut rng);
                reader_crop::draw(portrait, portraits, &mut rng)
            }
        };
        Batch::of((0..self.batch as u64).map(crop).collect())
    }

    fn judge(&self, _player: usize, batch: &Batch) -> Result<Loss> {
        let crops = &batch.crops;
        let count = crops.len() as f32;
        let x = Tensor::from_slice(&batch.images, (crops.len(), 3, SIDE, SIDE), &self.device)?;
        let reading = self.net.forward(&x, Mode::Learning)?;
        let (maps, heats, faces) =
            (loss::values(&reading.maps)?, loss::values(&reading.heats)?, loss::values(&reading.face)?);
        let length = 4 * MAPS * (SIDE / 2) * (SIDE / 2);
        let judged: Vec<_> = maps
            .par_chunks_exact(length)
            .zip(crops)
            .map(|(maps, crop)| {
                let Crop { classes, person, person_weights, trust, .. } = crop;
                let truth = Truth { classes, person, person_weights };
                let (judged, parts) = loss::regions(maps, SIDE, &truth, &WEIGHTS, count);
                (judged.times(*trust), parts.map(|part| part * trust))
            })
            .collect();
        let part = |at: usize| judged.iter().map(|(_, parts)| parts[at]).sum::<f32>();
        let parts = [part(0), part(1), part(2)];
        let gradient: Vec<f32> = judged.into_iter().flat_map(|(judged, _)| judged.gradient).collect();

        let targets: Vec<_> =
            crops.iter().flat_map(|crop| crop.points.map(|p| p.map(|axis| axis / HEAT_CELL))).collect();
        let weights: Vec<f32> = crops.iter().flat_map(|crop| crop.point_weights).collect();
        let total = weights.iter().sum::<f32>().max(1.0);
        let points = loss::points(&heats, HEAT_SIDE, &targets, &weights, SPREAD, total);
        let point_loss = points.value;

        let present: Vec<f32> = crops.iter().map(|crop| f32::from(u8::from(crop.face))).collect();
        let face = loss::binary(&faces, &present, &vec![1.0; crops.len()]);
        let face_loss = face.value;

        let total = ((loss::pull(&reading.maps, gradient)?
            + loss::pull(&reading.heats, points.times(POINT_WEIGHT).gradient)?)?
            + loss::pull(&reading.face, face.times(FACE_WEIGHT).gradient)?)?;
        let parts = vec![
            ("entropy", parts[0]),
            ("overlap", parts[1]),
            ("matte", parts[2]),
            ("points", point_loss),
            ("face", face_loss),
        ];
        Ok(Loss { total, parts })
    }

    fn scores(&self) -> Result<Vec<Score>> {
        let trials = self.trials();
        let canvases: Vec<&Canvas> = trials.iter().map(|trial| &trial.1.canvas).collect();
        let answers = self.read(&canvases)?;
        let mut all = Tally::default();
        let mut points = Vec::new();
        for ((_, crop), answer) in trials.iter().zip(&answers) {
            all.add(crop, answer);
            points.push(f64::from(point_error(crop, answer)));
        }
        points.sort_by(f64::total_cmp);
        let mut scores = vec![
            Score::new("points off, median %", points.get(points.len() / 2).copied().unwrap_or(f64::NAN)),
            Score::new("points off, 95th %", points.get(points.len() * 95 / 100).copied().unwrap_or(f64::NAN)),
            Score::new("person IoU", all.person()),
        ];
        scores.extend(
            CLASSES.iter().enumerate().map(|(class, name)| Score::new(format!("{name} IoU"), all.class(class))),
        );
        let faces = answers.iter().filter(|answer| answer.face > 0.5).count();
        scores.push(Score::new("faces known as faces, share", faces as f64 / answers.len().max(1) as f64));
        Ok(scores)
    }

    fn sheet(&self) -> Result<image::RgbImage> {
        let portraits = &self.portraits.validation;
        let crops: Vec<Crop> = (0..10u64)
            .map(|at| {
                let mut rng = lot(TRIAL_SEED, 4, at);
                let portrait = portraits.choose(&mut rng).expect("there are portraits");
                reader_crop::draw(portrait, portraits, &mut rng)
            })
            .collect();
        let canvases: Vec<&Canvas> = crops.iter().map(|crop| &crop.canvas).collect();
        let answers = self.read(&canvases)?;
        let rows: [fn(&Crop, &Answer) -> Canvas; 4] = [with_points, truth, parts, matte];
        let tiles: Vec<Canvas> =
            rows.iter().flat_map(|row| crops.iter().zip(&answers).map(|(crop, answer)| row(crop, answer))).collect();
        Ok(sheet::tiled(&tiles, crops.len()))
    }
}

/// Pixels of answers and truths, class by class.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    both: [f64; MAPS],
    either: [f64; MAPS],
}

impl Tally {
    /// Adds a crop's known pixels.
    pub fn add(&mut self, crop: &Crop, answer: &Answer) {
        for (at, &class) in crop.classes.iter().enumerate() {
            if usize::from(class) >= CLASSES.len() {
                continue;
            }
            let said = answer.classes[at];
            self.either[usize::from(class)] += 1.0;
            if said == class {
                self.both[usize::from(class)] += 1.0;
            } else {
                self.either[usize::from(said)] += 1.0;
            }
            let (is, said) = (crop.person[at] > 0.5, answer.person[at] > 0.5);
            self.both[MAPS - 1] += f64::from(u8::from(is && said));
            self.either[MAPS - 1] += f64::from(u8::from(is || said));
        }
    }

    /// Intersection over union of a class.
    pub fn class(&self, class: usize) -> f64 {
        self.both[class] / self.either[class].max(1.0)
    }

    /// Intersection over union of the person.
    pub fn person(&self) -> f64 {
        self.class(MAPS - 1)
    }
}

/// The mean distance of the 68 points that lie in the crop, in % of the distance of the outer eye corners.
pub fn point_error(crop: &Crop, answer: &Answer) -> f32 {
    let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let apart = distance(crop.points[36], crop.points[45]).max(1e-3);
    let off: Vec<f32> = (0..68)
        .filter(|&at| crop.point_weights[at] > 0.0)
        .map(|at| distance(crop.points[at], answer.points[at]))
        .collect();
    100.0 * off.iter().sum::<f32>() / (off.len().max(1) as f32 * apart)
}

fn with_points(crop: &Crop, answer: &Answer) -> Canvas {
    let mut canvas = crop.canvas.clone();
    let half = extent(&crop.points).1 / 200.0;
    crop.points.iter().for_each(|&point| sheet::dot(&mut canvas, point, half.min(0.0), [0.0, 1.0, 0.0]));
    answer.points.iter().for_each(|&point| sheet::dot(&mut canvas, point, 1.0, [1.0, 0.2, 0.2]));
    canvas
}

fn truth(crop: &Crop, _: &Answer) -> Canvas {
    coloured(&crop.classes)
}

fn parts(_: &Crop, answer: &Answer) -> Canvas {
    coloured(&answer.classes)
}

/// The person as answered, before white.
fn matte(crop: &Crop, answer: &Answer) -> Canvas {
    let mut canvas = crop.canvas.clone();
    for (pixel, share) in canvas.rgb.chunks_exact_mut(3).zip(&answer.person) {
        pixel.iter_mut().for_each(|value| *value = 1.0 + (*value - 1.0) * share);
    }
    canvas
}

fn coloured(classes: &[u8]) -> Canvas {
    let mut canvas = Canvas::new(SIDE, SIDE, [1.0; 3]);
    for (pixel, &class) in canvas.rgb.chunks_exact_mut(3).zip(classes) {
        if let Some(colour) = sheet::PALETTE.get(usize::from(class)) {
            pixel.copy_from_slice(colour);
        }
    }
    canvas
}
