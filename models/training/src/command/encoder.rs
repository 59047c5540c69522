//! `portraitist-train encoder`: what the line drawer looks through.

use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;
use training::checkpoint;
use training::data::Portraits;
use training::drawings::Drawing;
use training::encoder_recipe;
use training::encoder_recipe::EncoderRecipe;
use training::optimiser::Settings;
use training::recipe::Recipe;
use training::squeezenet::Teacher;

use super::Running;

/// The largest learning rate.
const RATE: f64 = 2e-3;

/// `encoder`
#[derive(Debug, Clone, clap::Args)]
pub struct EncoderCommand {
    /// The portraits' folder: landmarks.jsonl, aligned/, person/, regions/.
    #[arg(long)]
    data: PathBuf,
    /// A folder of drawings to learn from beside them (repeatable).
    #[arg(long)]
    drawings: Vec<PathBuf>,
    /// The teacher's weights: SqueezeNet 1.1, safetensors.
    #[arg(long)]
    teacher: PathBuf,
    /// Pictures a step.
    #[arg(long, default_value_t = 4)]
    batch: usize,
    #[command(flatten)]
    running: Running,
}

/// Trains; afterwards the run's folder holds `encoder.safetensors`.
pub fn train(command: &EncoderCommand) -> Result<()> {
    let running = &command.running;
    let stop = super::stop()?;
    let device = running.device()?;
    let file = || command.teacher.display().to_string();
    let teacher = Teacher::read(&std::fs::read(&command.teacher).with_context(file)?, &device).with_context(file)?;
    let portraits = Portraits::open(&command.data, running.seed, None)?;
    let drawings = command.drawings.iter().map(|folder| Drawing::all(folder)).collect::<Result<Vec<_>>>()?.concat();
    eprintln!("{} portraits and {} drawings to learn from", portraits.training.len(), drawings.len());
    let recipe = EncoderRecipe::new(&portraits, drawings, teacher, command.batch, running.seed, &device)?;
    running.train(&recipe, RATE, Settings::default(), &device, &stop)?;
    let folder = running.out.join(recipe.name());
    let path = folder.join(format!("{}.safetensors", recipe.name()));
    checkpoint::write(&path, &encoder_recipe::result(&folder)?)?;
    eprintln!("{}", path.display());
    Ok(())
}
