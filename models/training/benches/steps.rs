//! Processor milliseconds of what training and drawing consist of, the least of several: the line drawer at 512 px, and a step
//! of the generator and its discriminators under the full objective, part by part.
//!
//! `cargo bench -p training --bench steps -- [SIDE [WIDTH]]`, 256 px and width 16 if not told. Threads: `RAYON_NUM_THREADS`.

use std::time::Duration;

use anyhow::Result;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::blocks::Mode;
use models::encoder::Encoder;
use models::encoder::Plan;
use models::encoder::SLIM;
use models::generator::Generator;
use models::line_drawer::Decoder;
use models::line_drawer::LineDrawer;
use models::stroke_classifier::StrokeClassifier;
use rustix::time::ClockId;
use rustix::time::clock_gettime;
use training::discriminator::Discriminators;
use training::objective::sketch::Judges;
use training::objective::sketch::Weights;
use training::optimiser::AdamW;
use training::optimiser::Settings;
use training::recipe::named;

const ROUNDS: usize = 7;

fn main() -> Result<()> {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<usize>().ok());
    let (side, width) = (numbers.next().unwrap_or(256), numbers.next().unwrap_or(16));
    rayon::scope(|_| drawing().and_then(|()| learning(side, width)))
}

fn drawing() -> Result<()> {
    let (encoder, decoder) = (VarMap::new(), VarMap::new());
    Encoder::new(&builder(&encoder), Plan::slim())?;
    Decoder::new(&builder(&decoder), SLIM, true)?;
    let style = Tensor::ones(SLIM[3], DType::F32, &Device::Cpu)?;
    let mut tensors = vec![("style.mean".to_owned(), style.clone()), ("style.std".to_owned(), style)];
    for (prefix, map) in [("encoder", &encoder), ("decoder", &decoder)] {
        tensors
            .extend(named(map).into_iter().map(|(name, var)| (format!("{prefix}.{name}"), var.as_detached_tensor())));
    }
    let drawer = LineDrawer::read(&safetensors::serialize(tensors, None)?)?;
    let plane: Vec<f32> = (0..512 * 512).map(|at| 0.5 + 0.5 * (at as f32 * 0.01).sin()).collect();
    measure("line drawer, 512 px", || Ok(drawer.draw(&plane, 512, 512).map(|_| ())?))
}

fn learning(side: usize, width: usize) -> Result<()> {
    let (of_g, of_d) = (VarMap::new(), VarMap::new());
    let generator = Generator::new(&builder(&of_g), width)?;
    let discriminators = Discriminators::new(&builder(&of_d), 2, width)?;
    // Frozen, as files are.
    let frozen = |map: &VarMap| -> Result<Vec<u8>> {
        let tensors = named(map).into_iter().map(|(name, var)| (name, var.as_detached_tensor()));
        Ok(safetensors::serialize(tensors.collect::<Vec<_>>(), None)?)
    };
    let (of_encoder, of_strokes) = (VarMap::new(), VarMap::new());
    Encoder::new(&builder(&of_encoder), Plan::slim())?;
    StrokeClassifier::new(&builder(&of_strokes))?;
    let encoder = Encoder::read(&frozen(&of_encoder)?, &Device::Cpu)?;
    let strokes = StrokeClassifier::read(&frozen(&of_strokes)?, &Device::Cpu)?;
    let judges =
        Judges { discriminators: &discriminators, encoder: &encoder, strokes: &strokes, stroke_mode: Mode::Learning };
    let picture = |seed: f32| {
        let values: Vec<f32> = (0..side * side).map(|at| (at as f32 * seed).sin()).collect();
        Tensor::from_vec(values, (1, 1, side, side), &Device::Cpu)
    };
    let (lines, real) = (picture(0.013)?, picture(0.017)?);
    let mut players = [AdamW::new(named(&of_g), Settings::default())?, AdamW::new(named(&of_d), Settings::default())?];
    let drew = generator.forward(&lines)?;
    let bare = Weights { matching: 0.0, perceptual: 0.0, strokes: 0.0, pyramid: 0.0 };
    let lone = drew.detach();
    for (what, weights) in [
        ("adversarial", bare),
        ("and matching", Weights { matching: 10.0, ..bare }),
        ("and perceptual", Weights { perceptual: 10.0, ..bare }),
        ("and strokes", Weights { strokes: 10.0, ..bare }),
        ("and pyramid", Weights { pyramid: 10.0, ..bare }),
    ] {
        let drew = candle_core::Var::from_tensor(&lone)?;
        measure(what, || {
            judges.generator(&lines, &drew, &real, &weights)?.total.backward()?;
            Ok(())
        })?;
    }
    measure("generator, forward and backward", || {
        generator.forward(&lines)?.mean_all()?.backward()?;
        Ok(())
    })?;
    measure("discriminators, forward and backward", || {
        judges.discriminators(&lines, &lone, &real)?.total.backward()?;
        Ok(())
    })?;
    measure(&format!("a step of both, width {width}, {side} px"), || {
        let drew = generator.forward(&lines)?;
        let loss = judges.generator(&lines, &drew, &real, &Weights::RELEASED)?;
        players[0].step(&loss.total.backward()?, 2e-4)?;
        let loss = judges.discriminators(&lines, &drew, &real)?;
        players[1].step(&loss.total.backward()?, 2e-4)?;
        Ok(())
    })
}

fn builder(map: &VarMap) -> VarBuilder<'_> {
    VarBuilder::from_varmap(map, DType::F32, &Device::Cpu)
}

fn measure(what: &str, mut work: impl FnMut() -> Result<()>) -> Result<()> {
    let mut least = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = processor_time();
        work()?;
        least = least.min(processor_time() - start);
    }
    println!("{:8.1} ms  {what}", least.as_secs_f64() * 1e3);
    Ok(())
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
