//! `portraitist-train face`, `face-eval` and `export`: the networks that find and read faces.

use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use anyhow::Result;
use clap::ValueEnum;
use models::face_finder;
use models::face_finder::FaceFinder;
use models::face_reader;
use models::face_reader::FaceReader;
use training::checkpoint;
use training::data::Portraits;
use training::evaluate::evaluate;
use training::evaluate::times;
use training::export::export;
use training::finder::Finder;
use training::optimiser::Settings;
use training::reader::Reader;

use super::Running;

/// The largest learning rate.
const RATE: f64 = 2e-3;

/// `face`
#[derive(Debug, Clone, clap::Args)]
pub struct Face {
    /// The portraits' folder: landmarks.jsonl, aligned/, person/, regions/.
    #[arg(long)]
    data: PathBuf,
    /// Which network.
    #[arg(long, value_enum, default_value_t = Which::Both)]
    which: Which,
    /// Pictures a step.
    #[arg(long, default_value_t = 8)]
    batch: usize,
    /// Learn from so many portraits only.
    #[arg(long)]
    limit: Option<usize>,
    /// Afterwards make the results the weights that ship, in this folder of models.
    #[arg(long)]
    export: Option<PathBuf>,
    #[command(flatten)]
    running: Running,
}

/// `face-eval`
#[derive(Debug, Clone, clap::Args)]
pub struct FaceEval {
    /// The portraits' folder.
    #[arg(long)]
    data: PathBuf,
    /// The runs' folder.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// What the runs' lots were drawn from: it decides who is kept apart.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// `export`
#[derive(Debug, Clone, clap::Args)]
pub struct Export {
    /// The runs' folder.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// The models' folder: weights/ and weights.toml in it are written.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// The runs whose results ship: networks, styles.
    #[arg(required = true)]
    names: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Finder,
    Reader,
    Both,
}

/// Trains.
pub fn train(face: &Face) -> Result<()> {
    let Face { running, batch, .. } = face;
    let stop = super::stop()?;
    let device = running.device()?;
    let portraits = Portraits::open(&face.data, running.seed, face.limit)?;
    eprintln!("{} portraits to learn from, {} to be judged on", portraits.training.len(), portraits.validation.len());
    if face.which != Which::Reader {
        let finder = Finder::new(&portraits, *batch, running.seed, &device)?;
        running.train(&finder, RATE, Settings::default(), &device, &stop)?;
    }
    if face.which != Which::Finder && !stop.load(Ordering::Relaxed) {
        let reader = Reader::new(&portraits, *batch, running.seed, &device)?;
        running.train(&reader, RATE, Settings::default(), &device, &stop)?;
    }
    match &face.export {
        Some(models) if !stop.load(Ordering::Relaxed) => {
            let names = [face_finder::NAME, face_reader::NAME];
            ship(&running.out, models, names.into_iter().filter(|name| running.out.join(name).exists()))
        }
        _ => Ok(()),
    }
}

/// Judges both by the program's own door.
pub fn try_out(eval: &FaceEval) -> Result<()> {
    let portraits = Portraits::open(&eval.data, eval.seed, None)?;
    let weights = |name: &str| checkpoint::result(&eval.out.join(name));
    let (finder, of_finder) = weights(face_finder::NAME)?;
    let (reader, of_reader) = weights(face_reader::NAME)?;
    println!("Finder after {} steps, reader after {} steps.\n", of_finder.step, of_reader.step);
    let (finder, reader) = (FaceFinder::load(&finder)?, FaceReader::load(&reader)?);
    println!("{}", evaluate(&finder, &reader, &portraits.validation)?);
    let [find, read] = times(&finder, &reader, &portraits.validation)?;
    println!("A photo of 1280 x 720 px: {find:.1} ms to find, {read:.1} ms to read a face, at best.");
    Ok(())
}

/// Makes results the weights that ship.
pub fn export_all(command: &Export) -> Result<()> {
    ship(&command.out, &command.models, command.names.iter().map(String::as_str))
}

/// Ships the results called `names` of `runs`.
fn ship<'a>(runs: &Path, models: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
    for name in names {
        let bytes = export(runs, models, name)?;
        eprintln!("{name}: {bytes} bytes in {}", models.join("weights").display());
    }
    Ok(())
}
