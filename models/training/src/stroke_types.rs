//! The recipe of the stroke classifier ψ: patches of drawings, and the part of the portrait whose strokes each holds.
//!
//! The types of patches are those of [`models::stroke_types`]; patches without ink are not judged.

use anyhow::Result;
use anyhow::ensure;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::blocks::Mode;
use models::stroke_classifier;
use models::stroke_classifier::PATCH;
use models::stroke_classifier::StrokeClassifier;
use models::stroke_classifier::TYPES;
use models::stroke_types::has_strokes;
use models::stroke_types::stroke_type;
use rand::Rng;
use rayon::iter::IndexedParallelIterator;
use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;

use crate::canvas::Canvas;
use crate::data::SIDE;
use crate::loss;
use crate::objective::strokes::likelihood;
use crate::page::Page;
use crate::recipe::Loss;
use crate::recipe::Recipe;
use crate::recipe::Score;
use crate::recipe::draw_weights;
use crate::recipe::lot;
use crate::recipe::named;
use crate::sheet;

/// Patches lie on a grid of so many px.
const GRID: usize = 4;
/// All types count alike: they come equally often.
const EVEN: [f32; TYPES.len()] = [1.0; TYPES.len()];
/// Trials are the same in every run.
const TRIAL_SEED: u64 = 20_261_122;
/// Patches of each type in a trial.
const TRIAL_PATCHES: u64 = 200;

/// A drawing whose regions are known.
#[derive(Debug, Clone)]
pub struct Labelled<'a> {
    /// The drawing.
    pub page: Page,
    /// Class of each pixel, as the data card names them.
    pub regions: &'a [u8],
}

/// Drawings, and where in them patches of each type lie.
#[derive(Debug, Clone)]
struct Patches<'a> {
    drawings: Vec<Labelled<'a>>,
    places: [Vec<Place>; TYPES.len()],
}

/// A patch's upper left corner in one of the drawings.
#[derive(Debug, Clone, Copy)]
struct Place {
    drawing: u32,
    x: u16,
    y: u16,
}

/// ψ in training.
pub struct StrokeTypes<'a> {
    training: Patches<'a>,
    validation: Patches<'a>,
    map: VarMap,
    net: StrokeClassifier,
    device: Device,
    batch: usize,
    seed: u64,
}

/// Patches (-1 to 1) and their types.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    patches: Vec<f32>,
    types: Vec<u8>,
}

impl<'a> StrokeTypes<'a> {
    /// A fresh network, drawn from `seed`, to be shown `batch` patches a step.
    ///
    /// # Errors
    /// No drawing, or those of the device.
    pub fn new(
        training: Vec<Labelled<'a>>,
        validation: Vec<Labelled<'a>>,
        batch: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        ensure!(!training.is_empty() && !validation.is_empty(), "there is no drawing to learn stroke types from");
        let (training, validation) = (Patches::of(training), Patches::of(validation));
        let map = VarMap::new();
        let net = StrokeClassifier::new(&VarBuilder::from_varmap(&map, DType::F32, device))?;
        draw_weights(&map, seed, &[], device)?;
        Ok(Self { training, validation, map, net, device: device.clone(), batch, seed })
    }

    /// The types of the patches, most likely first.
    fn answers(&self, batch: &Batch) -> Result<Vec<u8>> {
        let x = Tensor::from_slice(&batch.patches, (batch.types.len(), 1, PATCH, PATCH), &self.device)?;
        let answers = loss::values(&self.net.forward(&x, Mode::Drawing)?.answer)?;
        let best =
            |row: &[f32]| row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |best| best.0 as u8);
        Ok(answers.chunks_exact(TYPES.len()).map(best).collect())
    }

    fn trial(&self) -> Batch {
        let mut batch = Batch { patches: Vec::new(), types: Vec::new() };
        for index in 0..TRIAL_PATCHES * TYPES.len() as u64 {
            batch.add(&self.validation, (index % TYPES.len() as u64) as u8, &mut lot(TRIAL_SEED, 6, index));
        }
        batch
    }
}

impl Recipe for StrokeTypes<'_> {
    type Batch = Batch;

    fn name(&self) -> &str {
        stroke_classifier::NAME
    }

    fn steps(&self) -> u64 {
        6_000
    }

    fn players(&self) -> Vec<Vec<(String, Var)>> {
        vec![named(&self.map)]
    }

    fn batch(&self, step: u64) -> Batch {
        let mut batch = Batch { patches: Vec::new(), types: Vec::new() };
        for index in 0..self.batch as u64 {
            batch.add(&self.training, (index % TYPES.len() as u64) as u8, &mut lot(self.seed, step, index));
        }
        batch
    }

    fn judge(&self, _player: usize, batch: &Batch) -> Result<Loss> {
        let x = Tensor::from_slice(&batch.patches, (batch.types.len(), 1, PATCH, PATCH), &self.device)?;
        let total = likelihood(&self.net.forward(&x, Mode::Learning)?.answer, &batch.types, &EVEN)?;
        let parts = vec![("likelihood", total.to_scalar()?)];
        Ok(Loss { total, parts })
    }

    fn scores(&self) -> Result<Vec<Score>> {
        let batch = self.trial();
        let answers = self.answers(&batch)?;
        let right = |kind: Option<u8>| {
            let pairs = batch.types.iter().zip(&answers).filter(|pair| kind.is_none_or(|kind| kind == *pair.0));
            let (hits, all) = pairs.fold((0, 0), |(hits, all), (a, b)| (hits + usize::from(a == b), all + 1));
            hits as f64 / f64::from(all.max(1))
        };
        let of_type =
            (0u8..).zip(TYPES).map(|(kind, name)| Score::new(format!("{name}, share right"), right(Some(kind))));
        Ok(std::iter::once(Score::new("all types, share right", right(None))).chain(of_type).collect())
    }

    fn sheet(&self) -> Result<image::RgbImage> {
        let batch = self.trial();
        let answers = self.answers(&batch)?;
        let tile = |at: usize| {
            let patch = &batch.patches[at * PATCH * PATCH..(at + 1) * PATCH * PATCH];
            let wrong = answers[at] != batch.types[at];
            let tint = |value: f32| if wrong { [value, value * 0.6, value * 0.6] } else { [value; 3] };
            let rgb = patch.iter().flat_map(|value| tint(0.5 + 0.5 * value)).collect();
            Canvas { width: PATCH, height: PATCH, rgb }
        };
        // A column a type.
        let tiles: Vec<Canvas> = (0..TYPES.len() * SHEET_ROWS).map(tile).collect();
        Ok(sheet::tiled(&tiles, TYPES.len()))
    }
}

/// Patches of each type on a sheet.
const SHEET_ROWS: usize = 24;

impl<'a> Patches<'a> {
    fn of(drawings: Vec<Labelled<'a>>) -> Self {
        let of_each: Vec<[Vec<Place>; TYPES.len()]> = drawings.par_iter().enumerate().map(places).collect();
        let mut places: [Vec<Place>; TYPES.len()] = Default::default();
        for found in of_each {
            for (all, some) in places.iter_mut().zip(found) {
                all.extend(some);
            }
        }
        Self { drawings, places }
    }
}

/// Where the patches of each type lie in a drawing.
fn places((number, drawing): (usize, &Labelled)) -> [Vec<Place>; TYPES.len()] {
    let mut places: [Vec<Place>; TYPES.len()] = Default::default();
    for y in (0..=SIDE - PATCH).step_by(GRID) {
        for x in (0..=SIDE - PATCH).step_by(GRID) {
            let Some(kind) = stroke_type(drawing.regions, SIDE, x, y) else { continue };
            if has_strokes(&drawing.page.square(x, y, PATCH)) {
                places[usize::from(kind)].push(Place { drawing: number as u32, x: x as u16, y: y as u16 });
            }
        }
    }
    places
}

impl Batch {
    /// Adds a patch of type `wanted`, if there is any.
    fn add(&mut self, patches: &Patches, wanted: u8, rng: &mut impl Rng) {
        let places = &patches.places[usize::from(wanted)];
        if places.is_empty() {
            return;
        }
        let Place { drawing, x, y } = places[rng.random_range(0..places.len())];
        let patch = patches.drawings[drawing as usize].page.square(x.into(), y.into(), PATCH);
        self.patches.extend(patch.into_iter().map(|value| 2.0 * value - 1.0));
        self.types.push(wanted);
    }
}
