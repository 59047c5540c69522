//! `portraitist-train lines`: the line drawer F.

use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;
use candle_core::DType;
use candle_core::Tensor;
use training::checkpoint;
use training::data::Portraits;
use training::lines::Balance;
use training::lines::Lines;
use training::optimiser::Settings;
use training::people::people;
use training::recipe::Recipe;
use training::run::averaged;

use super::Running;

/// The largest learning rate.
const RATE: f64 = 1e-3;
/// Steps of the run that ships.
const STEPS: u64 = 4_000;

/// `lines`
#[derive(Debug, Clone, clap::Args)]
pub struct LinesCommand {
    /// The portraits' folder: landmarks.jsonl, aligned/, person/, regions/.
    #[arg(long)]
    data: PathBuf,
    /// The folder of the artist's lines of them, ID.png each (`teach --artist lines`).
    #[arg(long)]
    lines: PathBuf,
    /// A folder of drawings of them by other artists, to be answered with the same lines (repeatable).
    #[arg(long)]
    drawings: Vec<PathBuf>,
    /// The encoder's weights (`encoder`).
    #[arg(long)]
    encoder: PathBuf,
    /// Style transfer alone, without the artist's lines: an ablation.
    #[arg(long)]
    transfer_only: bool,
    #[command(flatten)]
    running: Running,
}

/// Trains; afterwards the run's folder holds `line_drawer.safetensors`, ready to draw.
pub fn train(command: &LinesCommand) -> Result<()> {
    let running = &command.running;
    let stop = super::stop()?;
    let device = running.device()?;
    let portraits = Portraits::open(&command.data, running.seed, None)?;
    let drawn = |part| people(part, &command.lines, &command.drawings);
    let (training, validation) = (drawn(&portraits.training)?, drawn(&portraits.validation)?);
    let drawings: usize = training.iter().map(|person| person.drawings.len()).sum();
    eprintln!(
        "{} people to learn from, {drawings} drawings of them; {} to be judged on",
        training.len(),
        validation.len()
    );
    let encoder = std::fs::read(&command.encoder).with_context(|| command.encoder.display().to_string())?;
    let balance = if command.transfer_only { Balance::TRANSFER } else { Balance::SHIPPED };
    let steps = running.steps.unwrap_or(STEPS);
    let lines = Lines::new(training, validation, &encoder, balance, steps, running.seed, &device)?;
    let players = running.train(&lines, RATE, Settings::default(), &device, &stop)?;

    let style = averaged(&players, &mut || lines.style())?;
    let folder = running.out.join(lines.name());
    let (bytes, _) = checkpoint::result(&folder)?;
    let mut tensors: Vec<(String, Tensor)> =
        candle_core::safetensors::load_buffer(&bytes, &candle_core::Device::Cpu)?.into_iter().collect();
    for (name, value) in [("style.mean", style.mean), ("style.std", style.std)] {
        tensors
            .push((name.to_owned(), value.flatten_all()?.to_device(&candle_core::Device::Cpu)?.to_dtype(DType::F16)?));
    }
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    running.keep(lines.name(), &safetensors::serialize(tensors, None)?)
}
