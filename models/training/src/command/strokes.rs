//! `portraitist-train strokes`: the stroke classifier ψ.

use std::path::PathBuf;

use anyhow::Result;
use training::checkpoint;
use training::data::Portrait;
use training::data::Portraits;
use training::optimiser::Settings;
use training::page::Page;
use training::recipe::Recipe;
use training::stroke_types::Labelled;
use training::stroke_types::StrokeTypes;

use super::Running;

/// The largest learning rate.
const RATE: f64 = 3e-3;

/// `strokes`
#[derive(Debug, Clone, clap::Args)]
pub struct StrokesCommand {
    /// The portraits' folder, for the regions.
    #[arg(long)]
    data: PathBuf,
    /// A folder of drawings of them, ID.png each (repeatable).
    #[arg(long, required = true)]
    drawings: Vec<PathBuf>,
    /// Patches a step.
    #[arg(long, default_value_t = 224)]
    batch: usize,
    #[command(flatten)]
    running: Running,
}

/// Trains; afterwards the run's folder holds `stroke_classifier.safetensors`.
pub fn train(command: &StrokesCommand) -> Result<()> {
    let running = &command.running;
    let stop = super::stop()?;
    let device = running.device()?;
    let portraits = Portraits::open(&command.data, running.seed, None)?;
    let (training, validation) = (labelled(&portraits.training, command)?, labelled(&portraits.validation, command)?);
    // Drawings of the people kept apart may not have been made: then some of the others are kept apart.
    let (training, validation) = if validation.is_empty() { parted(training) } else { (training, validation) };
    eprintln!("{} drawings to learn from, {} to be judged on", training.len(), validation.len());
    let recipe = StrokeTypes::new(training, validation, command.batch, running.seed, &device)?;
    running.train(&recipe, RATE, Settings::default(), &device, &stop)?;
    running.keep(recipe.name(), &checkpoint::result(&running.out.join(recipe.name()))?.0)
}

/// The drawings that there are of `portraits`.
fn labelled<'a>(portraits: &'a [Portrait], command: &StrokesCommand) -> Result<Vec<Labelled<'a>>> {
    let mut all = Vec::new();
    for folder in &command.drawings {
        for portrait in portraits.iter().filter(|portrait| !portrait.hints.label_suspect) {
            let path = folder.join(format!("{}.png", portrait.id));
            if path.exists() {
                all.push(Labelled { page: Page::read(&path)?, regions: &portrait.regions });
            }
        }
    }
    Ok(all)
}

/// Nine tenths, and every tenth apart.
fn parted<T>(all: Vec<T>) -> (Vec<T>, Vec<T>) {
    let (some, most): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(at, _)| at % 10 == 9);
    let bare = |list: Vec<(usize, T)>| list.into_iter().map(|(_, item)| item).collect();
    (bare(most), bare(some))
}
