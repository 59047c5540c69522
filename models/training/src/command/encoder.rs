//! `portraitist-train encoder`: what the line drawer looks through.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use training::data::Portraits;
use training::encoder_recipe;
use training::encoder_recipe::EncoderRecipe;
use training::optimiser::Settings;
use training::page::Page;
use training::recipe::Recipe;
use training::squeezenet::Teacher;

use super::Running;

/// The largest learning rate.
const RATE: f64 = 2e-3;
/// No folder may hold more drawings: all are held in memory, a quarter of a megabyte each.
const MOST: usize = 10_000;

/// `encoder`
#[derive(Debug, Clone, clap::Args)]
pub struct EncoderCommand {
    /// The portraits' folder: landmarks.jsonl, aligned/, person/, regions/.
    #[arg(long)]
    data: PathBuf,
    /// A folder of aligned drawings, 512 px PNG files, to learn from beside them (repeatable).
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
    let drawings = command.drawings.iter().map(|folder| pages(folder)).collect::<Result<Vec<_>>>()?.concat();
    eprintln!("{} portraits and {} drawings to learn from", portraits.training.len(), drawings.len());
    let recipe = EncoderRecipe::new(&portraits, drawings, teacher, command.batch, running.seed, &device)?;
    running.train(&recipe, RATE, Settings::default(), &device, &stop)?;
    running.keep(recipe.name(), &encoder_recipe::result(&running.out.join(recipe.name()))?)
}

/// The drawings in `folder`, in the order of their names.
fn pages(folder: &Path) -> Result<Vec<Page>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "png"));
    files.sort();
    ensure!(!files.is_empty() && files.len() <= MOST, "{} holds no drawing or more than {MOST}", folder.display());
    files.iter().map(|path| Page::read(path)).collect()
}
