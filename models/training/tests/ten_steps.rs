//! Ten steps of training are PyTorch's ten steps: losses, gradient norms, weights and running statistics. Both passes of
//! the optimiser, the fused one and the one for other devices, are held to the table that `fixtures/ten_steps.py` made.

use std::collections::BTreeMap;

use anyhow::Result;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_nn::Init;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::blocks::ConvNorm;
use models::blocks::Mode;
use models::engine::Act;
use models::engine::Conv;
use models::engine::Conv2d;
use serde::Deserialize;
use training::loss;
use training::optimiser::AdamW;
use training::optimiser::Settings;
use training::recipe::named;

#[derive(Deserialize)]
struct Table {
    x: Vec<f32>,
    target: Vec<f32>,
    start: BTreeMap<String, Values>,
    losses: Vec<f32>,
    norms: Vec<f64>,
    end: BTreeMap<String, Values>,
}

#[derive(Deserialize)]
struct Values {
    shape: Vec<usize>,
    values: Vec<f32>,
}

struct Net {
    down: ConvNorm,
    refine: ConvNorm,
    answer: Conv2d,
}

impl Net {
    fn load(vb: &VarBuilder) -> candle_core::Result<Self> {
        let answer = Conv2d::load(&vb.pp("answer"), 6, 2, 1, Conv::padded(0), Init::Const(0.0))?;
        Ok(Self {
            down: ConvNorm::load(&vb.pp("down"), 3, 6, 3, 2)?,
            refine: ConvNorm::load(&vb.pp("refine"), 6, 6, 3, 1)?,
            answer: answer.with_bias(&vb.pp("answer"))?,
        })
    }

    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let x = self.down.forward(x, Mode::Learning)?;
        self.answer.forward(&self.refine.refine(&x, Mode::Learning)?, Act::None)
    }
}

fn ten_steps(fused: bool) -> Result<()> {
    let table: Table = serde_json::from_str(include_str!("fixtures/ten_steps.json"))?;
    let device = Device::Cpu;
    let map = VarMap::new();
    let net = Net::load(&VarBuilder::from_varmap(&map, DType::F32, &device))?;
    for (name, var) in named(&map) {
        let start = &table.start[&name];
        var.set(&Tensor::from_slice(&start.values, start.shape.as_slice(), &device)?)?;
    }
    let settings = Settings { decay: 0.05, clip: 0.5, ..Settings::default() };
    let weights = named(&map);
    let mut optimiser = if fused { AdamW::new(weights, settings)? } else { AdamW::with_tensors(weights, settings)? };
    let x = Tensor::from_slice(&table.x, (2, 3, 16, 16), &device)?;
    let share = vec![1.0 / table.target.len() as f32; table.target.len()];
    for step in 0..10 {
        let answer = net.forward(&x)?;
        let judged = loss::smooth(&loss::values(&answer)?, &table.target, &share, 0.4);
        let gradients = loss::pull(&answer, judged.gradient)?.backward()?;
        let taken = optimiser.step(&gradients, 0.01)?;
        // Sums run in another order than PyTorch's, and each step builds on the one before.
        let near = |found: f64, expected: f64| (found - expected).abs() < 2e-4 * expected.abs().max(0.05);
        assert!(near(f64::from(judged.value), f64::from(table.losses[step])), "step {step}: loss {}", judged.value);
        assert!(near(taken.norm, table.norms[step]), "step {step}: norm {} {}", taken.norm, table.norms[step]);
    }
    for (name, var) in named(&map) {
        let found: Vec<f32> = var.flatten_all()?.to_vec1()?;
        for (found, expected) in found.iter().zip(&table.end[&name].values) {
            assert!((found - expected).abs() < 2e-4, "{name}: {found} is not {expected}");
        }
    }
    Ok(())
}

#[test]
fn ten_fused_steps_are_pytorchs() -> Result<()> {
    ten_steps(true)
}

#[test]
fn ten_steps_by_tensors_are_pytorchs() -> Result<()> {
    ten_steps(false)
}
