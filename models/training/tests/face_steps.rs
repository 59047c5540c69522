//! Ten steps of the face networks' recipes are PyTorch's ten steps: what the losses' parts are, how large the gradient is, and
//! where every weight, its running average and the running statistics go. `fixtures/face_steps.py` made the numbers.

#[path = "../../tests/numbers/mod.rs"]
mod numbers;
#[path = "../../tests/parity/prints.rs"]
mod prints;

use anyhow::Result;
use candle_core::Device;
use candle_core::Tensor;
use models::face_finder;
use models::face_reader;
use models::face_reader::POINTS;
use training::canvas::Canvas;
use training::data::Portraits;
use training::data::UNKNOWN;
use training::finder;
use training::finder::Finder;
use training::finder_scene::Scene;
use training::finder_scene::SceneFace;
use training::optimiser::AdamW;
use training::optimiser::Settings;
use training::reader;
use training::reader::Reader;
use training::reader_crop::Crop;
use training::recipe::Recipe;
use training::schedule::rate;

use crate::numbers::apart;
use crate::numbers::fixture;
use crate::numbers::floats;
use crate::numbers::noise;
use crate::prints::apart_in_print;
use crate::prints::filling;
use crate::prints::row;

/// The learning rate's peak, which a run's first steps rise to.
const PEAK: f64 = 2e-3;
/// How far a loss may be, relative to its largest of the ten steps: each step builds on those before it.
const LOSS: f32 = 2e-4;
/// The same of the gradient's norm, in which every ReLU counts that rounding has switched.
const NORM: f32 = 3e-3;
/// How far a weight's way may be, in parts of the usual way. AdamW makes steps of one size, so that a gradient that is nearly
/// nothing may send its weight the other way by rounding alone.
const WAY: f64 = 0.1;

const NOBODY: Portraits = Portraits { training: Vec::new(), validation: Vec::new() };

/// `count` pictures of noise, from 0 to 1.
fn canvases(count: usize, side: usize) -> Vec<Canvas> {
    let rgb: Vec<f32> = floats(&noise(1, (count, side, side, 3))).into_iter().map(|value| value * 0.5 + 0.5).collect();
    rgb.chunks_exact(side * side * 3).map(|rgb| Canvas { width: side, height: side, rgb: rgb.to_vec() }).collect()
}

fn scenes() -> Vec<Scene> {
    let faces = &fixture(include_bytes!("fixtures/face_steps.safetensors"))["faces"];
    let rows: Vec<Vec<f32>> = faces.to_vec2().expect("rows of floats");
    let of = |scene: usize, asked: f32| {
        let chosen = rows.iter().filter(move |row| row[0] == scene as f32 && row[1] == asked);
        chosen.map(|row| SceneFace {
            centre: [row[2], row[3]],
            size: row[4],
            eyes: [[row[5], row[6]], [row[7], row[8]]],
            turn: row[9],
        })
    };
    let scene = |(at, canvas)| Scene { canvas, faces: of(at, 1.0).collect(), unasked: of(at, 0.0).collect() };
    canvases(2, face_finder::SIDE).into_iter().enumerate().map(scene).collect()
}

/// Two planes of the crop's size, constant over blocks.
fn blown(seed: u32, blocks: usize) -> [Vec<f32>; 2] {
    let side = face_reader::SIDE;
    let values = floats(&noise(seed, (2, blocks, blocks)));
    [0, 1].map(|plane| {
        let at = |pixel: usize| {
            let (x, y) = (pixel % side * blocks / side, pixel / side * blocks / side);
            values[(plane * blocks + y) * blocks + x]
        };
        (0..side * side).map(at).collect()
    })
}

fn crops() -> Vec<Crop> {
    let planes = [blown(3, 8), blown(4, 64), blown(5, 8)];
    let points = floats(&noise(6, (2 * POINTS, 2)));
    let weights = floats(&noise(7, 2 * POINTS));
    let class = |value: &f32| Some(((value + 1.0) * 5.0) as u8).filter(|&class| class < 9).unwrap_or(UNKNOWN);
    let crop = |(at, canvas): (usize, Canvas)| Crop {
        canvas,
        classes: planes[0][at].iter().map(class).collect(),
        person: planes[1][at].iter().map(|value| ((value + 1.0) * 0.7 - 0.2).clamp(0.0, 1.0)).collect(),
        person_weights: planes[2][at].iter().map(|value| (value + 0.8).clamp(0.0, 1.0)).collect(),
        points: std::array::from_fn(|point| {
            [0, 1].map(|axis| points[2 * (at * POINTS + point) + axis] * 100.0 + 128.0)
        }),
        point_weights: std::array::from_fn(|point| f32::from(u8::from(weights[at * POINTS + point] > -0.7))),
        trust: [1.0, 0.3][at],
        face: at == 0,
    };
    canvases(2, face_reader::SIDE).into_iter().enumerate().map(crop).collect()
}

fn ten_steps<R: Recipe>(name: &str, recipe: &R, batch: &R::Batch) -> Result<()> {
    let theirs = fixture(include_bytes!("fixtures/face_steps.safetensors"));
    let weights = recipe.players().remove(0);
    let mut start = Vec::new();
    for (at, (name, var)) in weights.iter().enumerate() {
        start.push(filling(at, name, var.shape())?);
        var.set(&start[at])?;
    }
    let mut optimiser = AdamW::new(weights.clone(), Settings::default())?;
    let mut table = Vec::new();
    for step in 0..10 {
        let loss = recipe.judge(0, batch)?;
        let taken = optimiser.step(&loss.total.backward()?, rate(PEAK, step, recipe.steps() as usize))?;
        table.extend(loss.parts.iter().map(|part| part.1));
        table.push(taken.norm as f32);
    }
    let expected = &theirs[&format!("{name}.table")];
    let table = Tensor::from_vec(table, expected.shape(), &Device::Cpu)?;
    for column in 0..expected.dim(1)? {
        let of = |table: &Tensor| table.narrow(1, column, 1)?.contiguous();
        let apart = apart(&of(&table)?, &of(expected)?);
        let tolerance = if column + 1 == expected.dim(1)? { NORM } else { LOSS };
        assert!(apart < tolerance, "{name}: column {column} is {apart} apart\n{table}\n{expected}");
    }
    let compare = |kind: &str| -> Result<()> {
        let expected = &theirs[&format!("{name}.{kind}")];
        assert_eq!(weights.len(), expected.dim(0)?, "as many tensors as PyTorch's twin has");
        for (at, (tensor, var)) in weights.iter().enumerate() {
            // No softmax knows of its heats' bias: its gradient is rounding alone.
            if tensor == "heats.bias" {
                continue;
            }
            let moved = (var.as_detached_tensor() - &start[at])?;
            let apart = apart_in_print(&moved, &row(expected, at));
            assert!(apart < WAY, "{name}, {kind}: {tensor} is {apart} apart");
        }
        Ok(())
    };
    compare("moved")?;
    optimiser.with_average(|| compare("averaged"))
}

#[test]
fn ten_steps_of_the_finder_are_pytorchs() -> Result<()> {
    ten_steps("finder", &Finder::new(&NOBODY, 2, 1, &Device::Cpu)?, &finder::Batch::of(scenes()))
}

#[test]
fn ten_steps_of_the_reader_are_pytorchs() -> Result<()> {
    ten_steps("reader", &Reader::new(&NOBODY, 2, 1, &Device::Cpu)?, &reader::Batch::of(crops()))
}
