//! What the commands that train have in common: how long, where, from which seed, on which device.

pub mod details;
pub mod encoder;
pub mod face;
pub mod lines;
pub mod sketch;
pub mod strokes;
pub mod style;
pub mod teach;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use anyhow::Context;
use anyhow::Result;
use candle_core::Device;
use clap::ValueEnum;
use training::checkpoint;
use training::optimiser::AdamW;
use training::optimiser::Settings;
use training::recipe::Recipe;
use training::run;
use training::run::Length;
use training::run::Plan;

/// Options of every run.
#[derive(Debug, Clone, clap::Args)]
pub struct Running {
    /// Steps for each network, instead of those that the shipped weights took.
    #[arg(long, conflicts_with = "hours")]
    pub steps: Option<u64>,
    /// Hours for each network on this machine, instead of steps.
    #[arg(long)]
    pub hours: Option<f64>,
    /// Where the runs are kept, a folder for each network.
    #[arg(long, default_value = "runs")]
    pub out: PathBuf,
    /// Go on with the runs kept there.
    #[arg(long)]
    pub resume: bool,
    /// What all lots are drawn from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The largest learning rate, instead of the network's own.
    #[arg(long)]
    pub rate: Option<f64>,
    /// Threads that make batches.
    #[arg(long, default_value_t = 1)]
    pub loaders: usize,
    /// Steps from one trial on the people kept apart to the next.
    #[arg(long, default_value_t = 1000)]
    pub try_every: u64,
    /// Where the network runs.
    #[arg(long, value_enum, default_value_t = On::Cpu)]
    pub device: On,
}

/// Devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum On {
    Cpu,
    Cuda,
}

impl Running {
    /// The device it names.
    pub fn device(&self) -> Result<Device> {
        match self.device {
            On::Cpu => Ok(Device::Cpu),
            On::Cuda => Device::new_cuda(0).context("no CUDA device, or built without the feature cuda"),
        }
    }

    /// Trains `recipe` as its steps, its `rate` and its `settings` say unless these options say otherwise.
    pub fn train(
        &self,
        recipe: &impl Recipe,
        rate: f64,
        settings: Settings,
        device: &Device,
        stop: &AtomicBool,
    ) -> Result<Vec<AdamW>> {
        let plan = Plan {
            length: match (self.steps, self.hours) {
                (Some(steps), _) => Length::Steps(steps),
                (None, Some(hours)) => Length::Hours(hours),
                (None, None) => Length::AsMeant,
            },
            rate: self.rate.unwrap_or(rate),
            optimiser: settings,
            loaders: self.loaders,
            try_every: self.try_every,
            folder: self.out.join(recipe.name()),
            resume: self.resume,
            seed: self.seed,
        };
        let (progress, players) = run::run(recipe, &plan, device, stop)?;
        eprintln!("{}: {} of {} steps, in {}", recipe.name(), progress.step, progress.steps, plan.folder.display());
        Ok(players)
    }

    /// Writes the weights that `name` learnt beside its run, and says where.
    pub fn keep(&self, name: &str, weights: &[u8]) -> Result<()> {
        let path = self.out.join(name).join(format!("{name}.safetensors"));
        checkpoint::write(&path, weights)?;
        eprintln!("{}", path.display());
        Ok(())
    }
}

/// Set by Ctrl-C.
pub fn stop() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    ctrlc::set_handler(move || stopped.store(true, Ordering::Relaxed)).context("no signal handler")?;
    Ok(stop)
}
