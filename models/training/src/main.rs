//! `portraitist-train`: arguments to runs. Prints, and picks the exit code; nothing else happens here.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use anyhow::Context;
use anyhow::Result;
use candle_core::Device;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use models::face_finder;
use models::face_finder::FaceFinder;
use models::face_reader;
use models::face_reader::FaceReader;
use portraitist::artists::Artist;
use training::checkpoint;
use training::data::Portraits;
use training::evaluate::evaluate;
use training::evaluate::times;
use training::export::export;
use training::finder::Finder;
use training::optimiser::Settings;
use training::reader::Reader;
use training::recipe::Recipe;
use training::run;
use training::run::Length;
use training::run::Plan;
use training::teach::Lesson;
use training::teach::Whom;

/// Trains the networks of portraitist.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Trains the networks that find and read faces.
    Face(Face),
    /// Tries the face networks on the people kept apart, by the program's own door.
    FaceEval(FaceEval),
    /// Makes the results of runs the weights that ship.
    Export(Export),
    /// Lets an artist of our own draw the portraits, for drawing networks to learn from.
    Teach(Teach),
}

#[derive(Debug, Clone, clap::Args)]
struct Teach {
    /// The portraits' folder.
    #[arg(long)]
    data: PathBuf,
    /// Who draws: lines, pen or charcoal.
    #[arg(long, value_parser = artist)]
    artist: Artist,
    /// In which hand: its number, or `all` to let the hands take turns by lot.
    #[arg(long, default_value = "all", value_parser = hand)]
    hand: Hand,
    /// Where the drawings go.
    #[arg(long)]
    out: PathBuf,
    /// Draw those whose names stand in this file, and no one else.
    #[arg(long, conflicts_with_all = ["limit", "validation"])]
    ids: Option<PathBuf>,
    /// Leave out the people whom runs of this seed keep for validation.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    skip_validation_of_seed: u64,
    /// Draw the people kept for validation, too.
    #[arg(long)]
    validation: bool,
    /// Draw so many portraits only, chosen by lot, rarer kinds of people and sharper photos more often.
    #[arg(long)]
    limit: Option<usize>,
    /// What all lots are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One hand, or all.
#[derive(Debug, Clone, Copy)]
struct Hand(Option<usize>);

fn hand(text: &str) -> Result<Hand, String> {
    match text {
        "all" => Ok(Hand(None)),
        number => number.parse().map(|hand| Hand(Some(hand))).map_err(|_| "give a number, or all".to_owned()),
    }
}

fn artist(name: &str) -> Result<Artist, String> {
    let names = Artist::ALL.map(Artist::name);
    Artist::ALL.into_iter().find(|artist| artist.name() == name).ok_or_else(|| format!("one of {}", names.join(", ")))
}

#[derive(Debug, Clone, clap::Args)]
struct FaceEval {
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

#[derive(Debug, Clone, clap::Args)]
struct Export {
    /// The runs' folder.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// The models' folder: weights/ and weights.toml in it are written.
    #[arg(long, default_value = "models")]
    models: PathBuf,
}

#[derive(Debug, Clone, clap::Args)]
struct Face {
    /// The portraits' folder: landmarks.jsonl, aligned/, person/, regions/.
    #[arg(long)]
    data: PathBuf,
    /// Which network.
    #[arg(long, value_enum, default_value_t = Which::Both)]
    which: Which,
    /// Steps for each network, instead of those that the shipped weights took.
    #[arg(long, conflicts_with = "hours")]
    steps: Option<u64>,
    /// Hours for each network on this machine, instead of steps.
    #[arg(long)]
    hours: Option<f64>,
    /// Where the runs are kept, a folder for each network.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// Go on with the runs kept there.
    #[arg(long)]
    resume: bool,
    /// What all lots are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Pictures a step.
    #[arg(long, default_value_t = 8)]
    batch: usize,
    /// The largest learning rate.
    #[arg(long, default_value_t = 2e-3)]
    rate: f64,
    /// Threads that make batches.
    #[arg(long, default_value_t = 1)]
    loaders: usize,
    /// Steps from one trial on the people kept apart to the next.
    #[arg(long, default_value_t = 1000)]
    try_every: u64,
    /// Learn from so many portraits only.
    #[arg(long)]
    limit: Option<usize>,
    /// Afterwards make the results the weights that ship, in this folder of models.
    #[arg(long)]
    export: Option<PathBuf>,
    /// Where the network runs.
    #[arg(long, value_enum, default_value_t = On::Cpu)]
    device: On,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Finder,
    Reader,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum On {
    Cpu,
    Cuda,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Face(face) => train(&face),
        Command::FaceEval(eval) => try_out(&eval),
        Command::Export(Export { out, models }) => ship(&out, &models),
        Command::Teach(teach) => drawings(&teach),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Set by Ctrl-C.
fn stopped_by_hand() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    ctrlc::set_handler(move || stopped.store(true, Ordering::Relaxed)).context("no signal handler")?;
    Ok(stop)
}

fn drawings(teach: &Teach) -> Result<()> {
    let whom = match &teach.ids {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            Whom::Named(text.split_whitespace().map(str::to_owned).collect())
        }
        None => Whom::Lot { without: (!teach.validation).then_some(teach.skip_validation_of_seed), limit: teach.limit },
    };
    let lesson = Lesson {
        data: teach.data.clone(),
        artist: teach.artist,
        hand: teach.hand.0,
        out: teach.out.clone(),
        whom,
        seed: teach.seed,
    };
    let stop = stopped_by_hand()?;
    let outcome = training::teach::teach(&lesson, &stop, |line| eprintln!("{line}"))?;
    eprintln!("{} drawn, {} were there, {} left out", outcome.drawn, outcome.kept, outcome.failed);
    Ok(())
}

fn train(face: &Face) -> Result<()> {
    let stop = stopped_by_hand()?;
    let device = match face.device {
        On::Cpu => Device::Cpu,
        On::Cuda => Device::new_cuda(0).context("no CUDA device, or built without the feature cuda")?,
    };
    let portraits = Portraits::open(&face.data, face.seed, face.limit)?;
    eprintln!("{} portraits to learn from, {} to be judged on", portraits.training.len(), portraits.validation.len());
    if face.which != Which::Reader {
        one(&Finder::new(&portraits, face.batch, face.seed, &device)?, face, &device, &stop)?;
    }
    if face.which != Which::Finder && !stop.load(Ordering::Relaxed) {
        one(&Reader::new(&portraits, face.batch, face.seed, &device)?, face, &device, &stop)?;
    }
    match &face.export {
        Some(models) if !stop.load(Ordering::Relaxed) => ship(&face.out, models),
        _ => Ok(()),
    }
}

fn try_out(eval: &FaceEval) -> Result<()> {
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

/// Ships every face network that `runs` holds.
fn ship(runs: &Path, models: &Path) -> Result<()> {
    for (name, side) in [(face_finder::NAME, face_finder::SIDE), (face_reader::NAME, face_reader::SIDE)] {
        if runs.join(name).exists() {
            let bytes = export(&runs.join(name), models, name, side)?;
            eprintln!("{name}: {bytes} bytes in {}", models.join("weights").display());
        }
    }
    Ok(())
}

fn one(recipe: &impl Recipe, face: &Face, device: &Device, stop: &AtomicBool) -> Result<()> {
    let plan = Plan {
        length: match (face.steps, face.hours) {
            (Some(steps), _) => Length::Steps(steps),
            (None, Some(hours)) => Length::Hours(hours),
            (None, None) => Length::AsMeant,
        },
        rate: face.rate,
        optimiser: Settings::default(),
        loaders: face.loaders,
        try_every: face.try_every,
        folder: face.out.join(recipe.name()),
        resume: face.resume,
        seed: face.seed,
    };
    let (progress, _) = run::run(recipe, &plan, device, stop)?;
    eprintln!("{}: {} of {} steps, in {}", recipe.name(), progress.step, progress.steps, plan.folder.display());
    Ok(())
}
