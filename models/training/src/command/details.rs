//! `portraitist-train details`: the drawers of eyes, noses and mouths.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;
use candle_core::Device;
use candle_core::Tensor;
use clap::builder::PossibleValuesParser;
use models::detail_drawer;
use models::detail_drawer::Part;
use models::line_drawer;
use portraitist::config::ModelsConfig;
use training::checkpoint;
use training::data::Portraits;
use training::detail_frame::Sitter;
use training::details::Details;
use training::line_frame::Person;
use training::optimiser::Settings;
use training::people;
use training::recipe::Recipe;

use super::Running;

/// The largest learning rate.
const RATE: f64 = 2e-3;

/// `details`
#[derive(Debug, Clone, clap::Args)]
pub struct DetailsCommand {
    /// The portraits' folder: landmarks.jsonl, aligned/, person/, regions/.
    #[arg(long)]
    data: PathBuf,
    /// The folder of the artist's lines of them, ID.png each (`teach --artist lines`).
    #[arg(long)]
    lines: PathBuf,
    /// The line drawer whose lines are drawn upon, instead of the one that ships.
    #[arg(long)]
    line_drawer: Option<PathBuf>,
    /// A part to train and to keep, instead of all (repeatable).
    #[arg(long, value_parser = PossibleValuesParser::new(Part::ALL.map(Part::name)))]
    part: Vec<String>,
    #[command(flatten)]
    running: Running,
}

/// Trains one part after the other; afterwards the folder `detail_drawer` of the runs holds `detail_drawer.safetensors`
/// with all of them.
pub fn train(command: &DetailsCommand) -> Result<()> {
    let running = &command.running;
    let stop = super::stop()?;
    let device = running.device()?;
    let portraits = Portraits::open(&command.data, running.seed, None)?;
    let drawer = match &command.line_drawer {
        Some(path) => std::fs::read(path).with_context(|| path.display().to_string())?,
        None => ModelsConfig::default().shipped(line_drawer::NAME)?,
    };
    let folder = running.out.join(detail_drawer::NAME);
    let sitters = |part| -> Result<Vec<Sitter>> {
        let people = people::people(part, &command.lines, &[])?;
        let drawn = people::drawn_by(&drawer, &people, &folder, &stop, |line| eprintln!("{line}"))?;
        let pairs = people.into_iter().zip(drawn);
        Ok(pairs.map(|(Person { portrait, lines, .. }, drawn)| Sitter { portrait, drawn, lines }).collect())
    };
    let (training, validation) = (sitters(&portraits.training)?, sitters(&portraits.validation)?);
    eprintln!("{} people to learn from, {} to be judged on", training.len(), validation.len());
    let wanted = |part: &Part| command.part.is_empty() || command.part.iter().any(|name| name == part.name());
    let mut tensors: Vec<(String, Tensor)> = Vec::new();
    for part in Part::ALL.into_iter().filter(wanted) {
        let recipe = Details::new(part, &training, &validation, running.seed, &device)?;
        let run = running.out.join(recipe.name());
        // A run of three networks may have been stopped before it came to this one.
        let resume = running.resume && run.join(checkpoint::FILE).exists();
        Running { resume, ..running.clone() }.train(&recipe, RATE, Settings::default(), &device, &stop)?;
        if stop.load(Ordering::Relaxed) {
            bail!("stopped; the same command with --resume goes on");
        }
        let learnt = candle_core::safetensors::load_buffer(&checkpoint::result(&run)?.0, &Device::Cpu)?;
        tensors.extend(learnt.into_iter().map(|(name, tensor)| (format!("{}.{name}", part.name()), tensor)));
    }
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    running.keep(detail_drawer::NAME, &safetensors::serialize(tensors, None)?)
}
