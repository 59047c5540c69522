//! `portraitist-train sketch`: what a run of a style draws, as files for `portraitist eval`.

use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;
use models::line_drawer;
use models::line_drawer::LineDrawer;
use portraitist::config;
use portraitist::config::LoadRequest;
use training::checkpoint;
use training::exhibit;
use training::exhibit::Given;
use training::players::Pupil;

/// Drawings after which progress is told again.
const TELL_EVERY: usize = 20;

/// `sketch`
#[derive(Debug, Clone, clap::Args)]
pub struct SketchCommand {
    /// The folder of a style's run (runs/NAME), whose averaged weights draw; without it the line drawer's lines are kept.
    #[arg(long)]
    run: Option<PathBuf>,
    #[command(flatten)]
    given: Sources,
    /// The names of the portraits to be drawn, in a file.
    #[arg(long, requires = "photos")]
    ids: Option<PathBuf>,
    /// A folder of other networks than those that ship: line_drawer.
    #[arg(long)]
    networks: Option<PathBuf>,
    /// Where the drawings go, NAME.png each.
    #[arg(long)]
    out: PathBuf,
}

/// Of what drawings are made.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
struct Sources {
    /// A folder of sketches in the canonical frame, 512 px square, PNG: the line drawer's lines of them are drawn over.
    #[arg(long)]
    sketches: Option<PathBuf>,
    /// A folder of line drawings in that frame.
    #[arg(long)]
    lines: Option<PathBuf>,
    /// The portraits' folder (landmarks.jsonl, aligned/, person/, regions/), with --ids.
    #[arg(long, requires = "ids")]
    photos: Option<PathBuf>,
}

/// Draws.
pub fn draw(command: &SketchCommand) -> Result<()> {
    let given = match (&command.given, &command.ids) {
        (Sources { sketches: Some(folder), .. }, _) => Given::Sketches(folder.clone()),
        (Sources { lines: Some(folder), .. }, _) => Given::Lines(folder.clone()),
        (Sources { photos: Some(data), .. }, Some(ids)) => {
            let text = std::fs::read_to_string(ids).with_context(|| ids.display().to_string())?;
            Given::Photos { data: data.clone(), names: text.split_whitespace().map(str::to_owned).collect() }
        }
        _ => anyhow::bail!("name what is to be drawn: --sketches, --lines, or --photos with --ids"),
    };
    let drawer = match &command.networks {
        Some(folder) => {
            let path = folder.join(format!("{}.safetensors", line_drawer::NAME));
            std::fs::read(&path).with_context(|| path.display().to_string())?
        }
        None => {
            let loaded = config::load(&LoadRequest::of_this_process(Vec::new(), Vec::new()))?;
            loaded.config().models.shipped(line_drawer::NAME)?
        }
    };
    let pupil = match &command.run {
        Some(run) => Some(Pupil::read(&checkpoint::result(run)?.0).with_context(|| run.display().to_string())?),
        None => None,
    };
    let stop = super::stop()?;
    let tell = |done: usize, all: usize| {
        if done.is_multiple_of(TELL_EVERY) || done == all {
            eprintln!("{done} of {all} drawn");
        }
    };
    exhibit::exhibit(&given, &LineDrawer::read(&drawer)?, pupil.as_ref(), &command.out, &stop, tell)?;
    eprintln!("{}", command.out.display());
    Ok(())
}
