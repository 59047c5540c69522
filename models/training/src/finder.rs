//! The recipe of the face finder: what a scene's faces ask of the network's cells, its losses, its scores.

use anyhow::Result;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::blocks::Mode;
use models::face_finder::CELL;
use models::face_finder::FinderNet;
use models::face_finder::OUTPUTS;
use models::face_finder::REFERENCE_SIZE;
use models::face_finder::SIDE;
use models::face_finder::Spotted;
use models::face_finder::spotted;

use crate::canvas::Canvas;
use crate::data::Portrait;
use crate::data::Portraits;
use crate::finder_scene;
use crate::finder_scene::Scene;
use crate::finder_scene::SceneFace;
use crate::loss;
use crate::recipe::Loss;
use crate::recipe::Recipe;
use crate::recipe::Score;
use crate::recipe::draw_weights;
use crate::recipe::lot;
use crate::recipe::named;
use crate::sheet;

/// Cells along a side.
const CELLS: usize = SIDE / CELL;
/// Cells of a scene.
const AREA: usize = CELLS * CELLS;
/// How much each channel's distance counts: logit (not by distance), size, four eye coordinates, turn.
const CHANNEL_WEIGHTS: [f32; OUTPUTS] = [0.0, 1.0, 3.0, 3.0, 3.0, 3.0, 0.5];
/// Up to here a distance counts by its square.
const KNEE: f32 = 0.05;
/// Cells whose heat is at least this answer for the face's properties.
const ANSWERING: f32 = 0.6;
/// Scenes without people that the finder is tried on.
pub const EMPTY_SCENES: u64 = 200;
/// The score from which on a face is found.
pub const FOUND: f32 = 0.4;
/// Scenes judged at once when trying.
const TRIAL_BATCH: usize = 8;

/// The finder in training.
#[derive(Clone)]
pub struct Finder<'a> {
    portraits: &'a Portraits,
    map: VarMap,
    net: FinderNet,
    device: Device,
    batch: usize,
    seed: u64,
}

/// Scenes as planes, and what their cells should answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    images: Vec<f32>,
    heat: Vec<f32>,
    targets: Vec<f32>,
    weights: Vec<f32>,
}

impl<'a> Finder<'a> {
    /// A fresh network, drawn from `seed`, to be fed `batch` scenes a step.
    ///
    /// # Errors
    /// Those of the device.
    pub fn new(portraits: &'a Portraits, batch: usize, seed: u64, device: &Device) -> Result<Self> {
        let map = VarMap::new();
        let net = FinderNet::load(&VarBuilder::from_varmap(&map, DType::F32, device))?;
        draw_weights(&map, seed, &["answer"], device)?;
        for (name, var) in named(&map) {
            if name == "answer.bias" {
                // A face is rare: without this the first steps only push every cell down.
                let mut bias = vec![0.0f32; OUTPUTS];
                bias[0] = -4.0;
                var.set(&Tensor::from_vec(bias, OUTPUTS, device)?)?;
            }
        }
        Ok(Self { portraits, map, net, device: device.clone(), batch, seed })
    }

    /// The faces that the network finds in each of `canvases`, all of [`SIDE`] × [`SIDE`] px, with a score of `least` and more.
    ///
    /// # Errors
    /// Those of the device.
    pub fn find(&self, canvases: &[&Canvas], least: f32) -> Result<Vec<Vec<Spotted>>> {
        let mut found = Vec::new();
        for canvases in canvases.chunks(TRIAL_BATCH) {
            let images = canvases.iter().flat_map(|canvas| canvas.planes()).collect();
            let x = Tensor::from_vec(images, (canvases.len(), 3, SIDE, SIDE), &self.device)?;
            let answer = loss::values(&self.net.forward(&x, Mode::Drawing)?)?;
            found.extend(answer.chunks_exact(OUTPUTS * AREA).map(|answer| spotted(answer, CELLS, CELLS, least)));
        }
        Ok(found)
    }

    /// The scenes on which scores are taken: each validation portrait once.
    pub fn trials(&self) -> Vec<(&'a Portrait, Scene)> {
        let portraits = &self.portraits.validation;
        (0u64..)
            .zip(portraits)
            .map(|(at, portrait)| {
                let mut rng = lot(TRIAL_SEED, 0, at);
                (portrait, finder_scene::trial(portrait, portraits, [SIDE; 2], 12.0, &mut rng))
            })
            .collect()
    }

    /// Scenes without people, scraps of validation portraits in them.
    pub fn empties(&self) -> Vec<Canvas> {
        let scene = |at| crate::scene::empty(&self.portraits.validation, SIDE, SIDE, &mut lot(TRIAL_SEED, 1, at));
        (0..EMPTY_SCENES).map(scene).collect()
    }
}

/// Trials are the same in every run.
const TRIAL_SEED: u64 = 20_261_122;

impl Recipe for Finder<'_> {
    type Batch = Batch;

    fn name(&self) -> &str {
        "face_finder"
    }

    fn steps(&self) -> u64 {
        10_000
    }

    fn players(&self) -> Vec<Vec<(String, Var)>> {
        vec![named(&self.map)]
    }

    fn batch(&self, step: u64) -> Batch {
        let scene = |index| finder_scene::draw(&self.portraits.training, SIDE, &mut lot(self.seed, step, index));
        Batch::of((0..self.batch as u64).map(scene))
    }

    fn judge(&self, _player: usize, batch: &Batch) -> Result<Loss> {
        let x = Tensor::from_slice(&batch.images, (self.batch, 3, SIDE, SIDE), &self.device)?;
        let answer = self.net.forward(&x, Mode::Learning)?;
        let values = loss::values(&answer)?;
        let logits: Vec<f32> = values.chunks_exact(OUTPUTS * AREA).flat_map(|all| all[..AREA].to_vec()).collect();
        let heat = loss::focal(&logits, &batch.heat);
        let faces = (batch.weights.iter().sum::<f32>() / CHANNEL_WEIGHTS.iter().sum::<f32>()).max(1.0);
        let place = loss::smooth(&values, &batch.targets, &batch.weights, KNEE).times(1.0 / faces);
        let mut gradient = place.gradient;
        for (all, heat) in gradient.chunks_exact_mut(OUTPUTS * AREA).zip(heat.gradient.chunks_exact(AREA)) {
            all[..AREA].copy_from_slice(heat);
        }
        let parts = vec![("heat", heat.value), ("place", place.value)];
        Ok(Loss { total: loss::pull(&answer, gradient)?, parts })
    }

    fn scores(&self) -> Result<Vec<Score>> {
        let trials = self.trials();
        let canvases: Vec<&Canvas> = trials.iter().map(|trial| &trial.1.canvas).collect();
        let found = self.find(&canvases, FOUND)?;
        let mut hits = 0;
        let mut wrong = 0;
        let mut eyes = Vec::new();
        for ((_, scene), found) in trials.iter().zip(&found) {
            let hit = found.iter().find(|spotted| is_hit(spotted, &scene.faces[0]));
            hits += usize::from(hit.is_some());
            wrong += found.len() - usize::from(hit.is_some());
            eyes.extend(hit.map(|hit| eye_error(hit, &scene.faces[0])));
        }
        let empties = self.empties();
        let empties: Vec<&Canvas> = empties.iter().collect();
        let false_faces: usize = self.find(&empties, FOUND)?.iter().map(Vec::len).sum();
        eyes.sort_by(f32::total_cmp);
        let at = |share: f64| eyes.get((eyes.len() as f64 * share) as usize).map_or(f64::NAN, |&eye| f64::from(eye));
        Ok(vec![
            Score::new("found, share", hits as f64 / trials.len().max(1) as f64),
            Score::new("false in these scenes", wrong as f64),
            Score::new("false in 200 empty scenes", false_faces as f64),
            Score::new("eyes off, median %", at(0.5)),
            Score::new("eyes off, 95th %", at(0.95)),
        ])
    }

    fn sheet(&self) -> Result<image::RgbImage> {
        let scenes: Vec<Scene> = (0..20)
            .map(|at| finder_scene::draw(&self.portraits.validation, SIDE, &mut lot(TRIAL_SEED, 2, at)))
            .collect();
        let canvases: Vec<&Canvas> = scenes.iter().map(|scene| &scene.canvas).collect();
        let found = self.find(&canvases, 0.2)?;
        let tiles = scenes.iter().zip(found).map(|(scene, found)| drawn(scene, &found)).collect::<Vec<_>>();
        Ok(sheet::tiled(&tiles, 5))
    }
}

/// Whether `found` is the face `truth`: its middle within a third of the size, its size within half as much again.
pub fn is_hit(found: &Spotted, truth: &SceneFace) -> bool {
    let off = (found.centre[0] - truth.centre[0]).hypot(found.centre[1] - truth.centre[1]);
    off < 0.33 * truth.size && (found.size / truth.size).ln().abs() < 1.5f32.ln()
}

/// The eyes' mean distance from where they should be, in % of the distance of the two.
fn eye_error(found: &Spotted, truth: &SceneFace) -> f32 {
    let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let apart = distance(truth.eyes[0], truth.eyes[1]).max(1e-3);
    50.0 * (distance(found.eyes[0], truth.eyes[0]) + distance(found.eyes[1], truth.eyes[1])) / apart
}

/// What was asked in green, what may be found in gray, what was found in red (pale where it would not count).
fn drawn(scene: &Scene, found: &[Spotted]) -> Canvas {
    let mut canvas = scene.canvas.clone();
    for (faces, colour) in [(&scene.faces, [0.0, 1.0, 0.0]), (&scene.unasked, [0.5; 3])] {
        for face in faces {
            sheet::square(&mut canvas, face.centre, face.size / 2.0, colour);
        }
    }
    for face in found {
        let colour = if face.score < FOUND { [1.0, 0.6, 0.6] } else { [1.0, 0.0, 0.0] };
        sheet::square(&mut canvas, face.centre, face.size / 2.0 + 1.0, colour);
        face.eyes.iter().for_each(|&eye| sheet::dot(&mut canvas, eye, 1.0, [1.0, 1.0, 0.0]));
    }
    canvas
}

impl Batch {
    /// What `scenes`, all of [`SIDE`] × [`SIDE`] px, show and ask.
    pub fn of(scenes: impl IntoIterator<Item = Scene>) -> Self {
        let mut batch = Self { images: vec![], heat: vec![], targets: vec![], weights: vec![] };
        for scene in scenes {
            batch.images.extend(scene.canvas.planes());
            batch.ask(&scene);
        }
        batch
    }

    /// Adds what `scene` asks of its cells.
    fn ask(&mut self, scene: &Scene) {
        let mut heat = vec![0.0f32; AREA];
        let mut targets = vec![0.0f32; OUTPUTS * AREA];
        let mut weights = vec![0.0f32; OUTPUTS * AREA];
        let mut owner = vec![0.0f32; AREA];
        for face in &scene.faces {
            let answering = bell(face);
            let peak =
                answering.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |best| best.0);
            let sum: f32 = answering.iter().filter(|&&share| share >= ANSWERING).sum();
            for (cell, &share) in answering.iter().enumerate() {
                heat[cell] = heat[cell].max(share.min(0.999));
                if share < ANSWERING || share <= owner[cell] {
                    continue;
                }
                owner[cell] = share;
                let middle = [(cell % CELLS) as f32 + 0.5, (cell / CELLS) as f32 + 0.5].map(|at| at * CELL as f32);
                let eye = |at: usize, axis: usize| (face.eyes[at][axis] - middle[axis]) / face.size;
                let wanted =
                    [0.0, (face.size / REFERENCE_SIZE).ln(), eye(0, 0), eye(0, 1), eye(1, 0), eye(1, 1), face.turn];
                for channel in 1..OUTPUTS {
                    targets[channel * AREA + cell] = wanted[channel];
                    weights[channel * AREA + cell] = CHANNEL_WEIGHTS[channel] * share / sum;
                }
            }
            heat[peak] = 1.0;
        }
        for face in &scene.unasked {
            for (cell, share) in bell(face).into_iter().enumerate() {
                if share > 0.2 && heat[cell] < ANSWERING {
                    heat[cell] = -1.0;
                }
            }
        }
        self.heat.extend(heat);
        self.targets.extend(targets);
        self.weights.extend(weights);
    }
}

/// A bell about the cell that holds the face's middle, 1 there; it grows with the face.
fn bell(face: &SceneFace) -> Vec<f32> {
    let middle = face.centre.map(|at| (at / CELL as f32).floor().clamp(0.0, CELLS as f32 - 1.0));
    let sigma = (0.09 * face.size / CELL as f32).max(0.6);
    let share = |cell: usize| {
        let (x, y) = ((cell % CELLS) as f32 - middle[0], (cell / CELLS) as f32 - middle[1]);
        (-(x * x + y * y) / (2.0 * sigma * sigma)).exp()
    };
    (0..AREA).map(share).collect()
}
