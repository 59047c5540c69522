//! Runs the generator, or a training step of it, once for every line on standard input, and answers with the seconds of
//! wall time and of processor time that it took; `peer.py` beside it asks, in turn with PyTorch and ONNX Runtime.
//!
//! `networks WEIGHTS.safetensors SIDE [train]`. Threads: `RAYON_NUM_THREADS`.

use std::io::BufRead;
use std::time::Duration;
use std::time::Instant;

use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::engine::Tensors;
use models::generator::Generator;
use rustix::time::ClockId;
use rustix::time::clock_gettime;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
type Step = Box<dyn FnMut() -> Outcome<f32> + Send>;

fn main() -> Outcome<()> {
    // Cargo itself appends "--bench".
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let [weights, side, rest @ ..] = arguments.as_slice() else {
        println!("usage: networks WEIGHTS.safetensors SIDE [train]; peer.py beside it calls this");
        return Ok(());
    };
    let side: usize = side.parse()?;
    let bytes = std::fs::read(weights)?;
    let plane: Vec<f32> = (0..side * side).map(|at| (at as f32 * 0.01).sin()).collect();
    let mut step: Step = if rest.iter().any(|a| a == "train") {
        training(&bytes, plane, side)?
    } else {
        let generator = Generator::read(&bytes)?;
        Box::new(move || Ok(generator.draw(&plane, side, side)?[0]))
    };
    for line in std::io::stdin().lock().lines() {
        line?;
        let (wall, cpu) = (Instant::now(), processor_time());
        // On one of the threads that share the work, as `draw` does by itself.
        let value = rayon::scope(|_| step())?;
        println!("{} {} {value}", wall.elapsed().as_secs_f64(), (processor_time() - cpu).as_secs_f64());
    }
    Ok(())
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Forward, L1 against a plane, backward, AdamW; gives the loss.
fn training(bytes: &[u8], plane: Vec<f32>, side: usize) -> Outcome<Step> {
    let tensors = Tensors::read(bytes)?;
    let width = tensors.dims("model.1.weight").ok_or("no generator")?[0];
    let map = VarMap::new();
    // The same weights as variables: the constructor asks the map, which makes each by its name and shape.
    let generator = Generator::new(&VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu), width)?;
    let mut variables: Vec<(String, Var)> =
        map.data().lock().map_err(|_| "a poisoned lock")?.iter().map(|(n, v)| (n.clone(), v.clone())).collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, variable) in &variables {
        variable.set(&tensors.builder().get(variable.shape(), name)?)?;
    }
    let x = Tensor::from_vec(plane, (1, 1, side, side), &Device::Cpu)?;
    let target = (&x * 0.5)?;
    let mut optimiser = adamw::Adamw::new(variables.into_iter().map(|(_, variable)| variable).collect());
    Ok(Box::new(move || {
        let loss = (generator.forward(&x)? - &target)?.abs()?.mean_all()?;
        optimiser.step(&loss.backward()?)?;
        Ok(loss.to_scalar()?)
    }))
}

mod adamw;
