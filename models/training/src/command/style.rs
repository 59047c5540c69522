//! `portraitist-train style`: a folder of an artist's sketches becomes a style.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;
use models::encoder::Encoder;
use models::line_drawer::LineDrawer;
use models::stroke_classifier::StrokeClassifier;
use training::checkpoint;
use training::objective::sketch::Weights;
use training::optimiser::Settings;
use training::recipe::Recipe;
use training::sketchbook;
use training::style::Fixed;
use training::style::Plan;
use training::style::Sketcher;

use super::Running;

/// The learning rate of both players (sRender's).
const RATE: f64 = 2e-4;

/// `style`
#[derive(Debug, Clone, clap::Args)]
pub struct StyleCommand {
    /// The folder of sketches.
    #[arg(long)]
    sketches: PathBuf,
    /// What the style shall be called.
    #[arg(long)]
    name: String,
    /// The folder of the networks that ship: line_drawer, encoder, stroke_classifier.
    #[arg(long, default_value = "models/weights")]
    networks: PathBuf,
    /// A style's weights to start from; none begins with nothing.
    #[arg(long)]
    from: Option<PathBuf>,
    /// The objective's weights: ours, slide or released (sRender's).
    #[arg(long, default_value = "ours")]
    objective: String,
    /// Leave the stroke loss out: an ablation.
    #[arg(long)]
    without_strokes: bool,
    /// Share of the steps in which squares are cut out; then come whole frames.
    #[arg(long, default_value_t = Plan::SHIPPED.cut)]
    cut: f64,
    #[command(flatten)]
    running: Running,
}

/// Trains; afterwards the run's folder holds `NAME.safetensors`, ready to draw.
pub fn train(command: &StyleCommand) -> Result<()> {
    let running = &command.running;
    let stop = super::stop()?;
    let device = running.device()?;
    let read = |name: &str| file(&command.networks.join(format!("{name}.safetensors")));
    let drawer = LineDrawer::read(&read(models::line_drawer::NAME)?)?;
    let pairs = sketchbook::pairs(&command.sketches, &drawer)?;
    eprintln!("{} sketches to learn from, {} to be judged on", pairs.0.len(), pairs.1.len());
    let fixed = Fixed {
        encoder: Encoder::read(&read(models::encoder::NAME)?, &device)?,
        strokes: StrokeClassifier::read(&read(models::stroke_classifier::NAME)?, &device)?,
    };
    let from = command.from.as_deref().map(file).transpose()?;
    let recipe = Sketcher::new(&command.name, pairs, fixed, plan(command)?, from.as_deref(), running.seed, &device)?;
    let settings = Settings { first: 0.5, decay: 0.0, clip: f64::MAX, ..Settings::default() };
    running.train(&recipe, RATE, settings, &device, &stop)?;
    running.keep(recipe.name(), &checkpoint::result(&running.out.join(recipe.name()))?.0)
}

fn plan(command: &StyleCommand) -> Result<Plan> {
    let shipped = Plan::SHIPPED;
    let weights = match command.objective.as_str() {
        "ours" => shipped.weights,
        other => {
            Weights::named(other).with_context(|| format!("no objective is called {other}: ours, slide, released"))?
        }
    };
    let weights = if command.without_strokes { weights.without_strokes() } else { weights };
    let steps = command.running.steps.unwrap_or(shipped.steps);
    Ok(Plan { weights, steps, cut: command.cut, ..shipped })
}

fn file(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}
