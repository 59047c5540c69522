//! `portraitist-train style`: a folder of an artist's sketches becomes a style of the user's own.
//!
//! Says first what it found and how long it will take; what can be refused is refused before anything is learnt. The run's
//! folder keeps the pages as they were found, so that a resumed run is the uninterrupted one whatever became of the scans.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use candle_core::Device;
use models::Manifest;
use models::encoder::Encoder;
use models::line_drawer::LineDrawer;
use models::stroke_classifier::StrokeClassifier;
use portraitist::config;
use portraitist::config::LoadRequest;
use portraitist::config::ModelsConfig;
use portraitist::sketch::Manner;
use training::apprentice;
use training::checkpoint;
use training::objective::sketch::Weights;
use training::optimiser::Settings;
use training::page::Page;
use training::players::Fixed;
use training::players::Networks;
use training::recipe::Recipe;
use training::registry;
use training::report;
use training::sketchbook;
use training::sketchbook::Sketchbook;
use training::sketchbook::eyes::Seers;
use training::style::Plan;
use training::style::Sketcher;
use training::texture;
use training::texture::Texture;

use super::Running;

/// The learning rate of both players (sRender's).
const RATE: f64 = 2e-4;
/// So many of the scans that are left out are named.
const NAMED: usize = 20;
/// Scans after which progress is told again.
const TELL_EVERY: usize = 10;
/// Pages that are enough to see how long a step takes.
const TRIED: usize = 2;
/// Fewer pages get a word of advice.
const USABLE: usize = 30;

/// `style`
#[derive(Debug, Clone, clap::Args)]
pub struct StyleCommand {
    /// The folder of sketches: scans or photographs of drawings, one portrait each, of any size.
    #[arg(long)]
    sketches: PathBuf,
    /// What the style shall be called: letters, digits, hyphens.
    #[arg(long)]
    name: String,
    /// The style to start from: a shipped one, one of your own, a file of weights, or nothing. Without it the shipped one that
    /// is nearest to the drawings.
    #[arg(long)]
    from: Option<String>,
    /// What the drawings are made of, ink or tone; without it their own look tells.
    #[arg(long, value_parser = manner)]
    manner: Option<Manner>,
    /// Scans of 512 x 512 px are in the canonical frame already, eyes at (206, 236) and (306, 236).
    #[arg(long)]
    aligned: bool,
    /// Tell what is found and how long it will take, write the pages and a sheet of them, and stop there.
    #[arg(long)]
    dry_run: bool,
    /// Leave the style in the run's folder, whatever it is called: how those that ship are learnt.
    #[arg(long)]
    unregistered: bool,
    /// Put the style in the place of your own one of that name.
    #[arg(long)]
    replace: bool,
    /// The configuration folder that the style goes into, instead of your own (~/.config/portraitist).
    #[arg(long)]
    home: Option<PathBuf>,
    /// A folder of other networks than those that ship: line_drawer, encoder, stroke_classifier. The style keeps that line drawer.
    #[arg(long)]
    networks: Option<PathBuf>,
    /// The objective's weights: ours, slide or released (sRender's).
    #[arg(long, default_value = "ours")]
    objective: String,
    /// Leave the stroke loss out: an ablation.
    #[arg(long)]
    without_strokes: bool,
    /// Learn with other networks than sRender's, an ablation: pix2pix. They start from nothing and stay unregistered.
    #[arg(long, value_name = "NETWORKS", value_parser = ablation, conflicts_with_all = ["objective", "without_strokes"])]
    ablation: Option<Networks>,
    /// A folder of drawings by others (landmarks.jsonl, aligned/, regions/) whose hair and coats the discriminators take for real,
    /// too, patch by patch; never their faces.
    #[arg(long, value_name = "DIR")]
    texture: Option<PathBuf>,
    /// Share of the steps in which squares are cut out; then come whole frames.
    #[arg(long, default_value_t = Plan::SHIPPED.cut)]
    cut: f64,
    /// Width of a generator that starts from nothing.
    #[arg(long, default_value_t = Plan::SHIPPED.width)]
    width: usize,
    #[command(flatten)]
    running: Running,
}

/// What a style starts from.
struct Start {
    /// What to call it.
    name: String,
    /// The generator's file.
    bytes: Option<Vec<u8>>,
}

/// The networks that do not learn, as files.
struct Files {
    drawer: Vec<u8>,
    encoder: Vec<u8>,
    strokes: Vec<u8>,
}

fn manner(text: &str) -> Result<Manner, String> {
    match text {
        "ink" => Ok(Manner::Ink),
        "tone" => Ok(Manner::Tone),
        _ => Err("ink or tone".to_owned()),
    }
}

fn ablation(text: &str) -> Result<Networks, String> {
    match text {
        "pix2pix" => Ok(Networks::Pix2Pix),
        _ => Err("pix2pix".to_owned()),
    }
}

/// Learns the style and registers it.
pub fn train(command: &StyleCommand) -> Result<()> {
    let StyleCommand { name, running, .. } = command;
    let loaded = config::load(&LoadRequest::of_this_process(Vec::new(), Vec::new()))?;
    let home = command.home.as_deref().or(loaded.own_folder());
    let home = home.context("there is no home folder for the style; name a configuration folder with --home")?;
    if let Some(ablation) = command.ablation.and_then(Networks::ablation) {
        ensure!(
            command.unregistered,
            "portraitist cannot draw with the networks of {ablation}, so that they are no style: add --unregistered, and see what \
             they draw with portraitist-train sketch --run {}",
            running.out.join(name).display()
        );
        ensure!(
            command.from.as_deref() == Some("nothing"),
            "no style has the networks of {ablation}, so that they start from nothing: add --from nothing"
        );
    }
    if command.unregistered {
        registry::check_plain(name)?;
    } else {
        registry::check(name, home, command.replace)?;
    }
    let models = &loaded.config().models;
    let folder = running.out.join(name);
    let kept = folder.join(checkpoint::FILE);
    ensure!(
        running.resume || !kept.exists(),
        "{} holds a run already; --resume goes on with it, another --out begins a new one",
        folder.display()
    );
    let stop = super::stop()?;
    let device = running.device()?;
    let files = files(command, models)?;
    let pages = if running.resume { sketchbook::kept(&folder)? } else { pages(command, models, &folder, &stop)? };
    let manner = command.manner.unwrap_or_else(|| apprentice::manner(pages.iter()));
    let start = start(command, models, home, manner)?;
    let width = start.bytes.as_deref().map(apprentice::width).transpose()?.unwrap_or(command.width);
    let done = if running.resume { Some(checkpoint::result(&folder)?.1) } else { None };
    let steps = apprentice::steps(pages.len(), start.bytes.is_some());
    let steps = running.steps.or(done.as_ref().map(|done| done.steps)).unwrap_or(steps);
    let networks = command.ablation.unwrap_or(Plan::SHIPPED.networks);
    let mut plan = Plan { networks, width, steps, cut: command.cut, weights: weights(command)?, ..Plan::SHIPPED };

    let drawer = LineDrawer::read(&files.drawer)?;
    let texture = texture(command, &drawer, &folder)?;
    let fixed = Fixed {
        encoder: Encoder::read(&files.encoder, &device)?,
        strokes: StrokeClassifier::read(&files.strokes, &device)?,
    };
    let sketcher = |pages: &[Page], plan: Plan| {
        let pairs = sketchbook::pairs(pages, &drawer)?;
        let from = start.bytes.as_deref();
        let sketcher = Sketcher::new(name, pairs, fixed.clone(), plan, from, running.seed, &device)?;
        anyhow::Ok(match &texture {
            Some(texture) => sketcher.textured(Arc::clone(texture)),
            None => sketcher,
        })
    };
    let trial = sketcher(&pages[..pages.len().min(TRIED)], plan)?;
    let before = done.as_ref().map_or(0, |done| done.step);
    let mut secs = apprentice::forecast(&trial, &plan, before)?;
    if let (Some(hours), None) = (running.hours, &done) {
        plan.steps = ((plan.steps as f64 * hours * 3600.0 / secs) as u64).max(1);
        secs = hours * 3600.0;
    }
    drop(trial);
    let made_of = if manner == Manner::Tone { "tone" } else { "ink" };
    eprintln!("{name}: {} pages of {made_of}; starts from {}", pages.len(), start.name);
    if let Some(texture) = &texture {
        eprintln!("{} drawings lend the texture of their hair and coats", texture.drawings());
    }
    if pages.len() < USABLE {
        eprintln!("few pages: the hand will show, but not all that it can do; thirty are usable, three hundred good");
    }
    eprintln!("{} steps, {} on this machine", plan.steps - before.min(plan.steps), apprentice::in_words(secs));
    if command.dry_run {
        return Ok(());
    }
    eprintln!("Ctrl-C stops it, and the same command with --resume goes on");
    let recipe = sketcher(&pages, plan)?;
    learn(&recipe, running, plan.steps, &device, &stop)?;
    let (generator, progress) = checkpoint::result(&folder)?;
    if progress.step < progress.steps {
        eprintln!("stopped; the same command with --resume goes on");
        return Ok(());
    }
    if command.unregistered {
        return Ok(());
    }
    let entries = report::History::open(&folder, progress.step)?;
    let card = card(command, &pages, &start, texture.as_deref(), &progress, entries.last_scores());
    let sheet = std::fs::read(folder.join(format!("sheet-{:08}.jpg", progress.step))).ok();
    let own_drawer = command.networks.is_some().then_some(files.drawer.as_slice());
    let parent = Some(start.name.as_str());
    let style = registry::Style {
        name,
        generator: &generator,
        drawer: own_drawer,
        manner,
        parent,
        card: &card,
        sheet: sheet.as_deref(),
    };
    let profile = registry::register(&style, home)?;
    eprintln!("{}\ndraw with it: portraitist draw --style {name}", profile.display());
    Ok(())
}

fn learn(recipe: &Sketcher, running: &Running, steps: u64, device: &Device, stop: &AtomicBool) -> Result<()> {
    let settings = Settings { first: 0.5, decay: 0.0, clip: f64::MAX, ..Settings::default() };
    // What was planned is the recipe's own length by now.
    let running = Running { steps: Some(steps), hours: None, ..running.clone() };
    running.train(recipe, RATE, settings, device, stop)?;
    running.keep(recipe.name(), &checkpoint::result(&running.out.join(recipe.name()))?.0)
}

/// The pages of the folder of sketches, with what is left out told; they and a sheet of them are in `folder` afterwards.
fn pages(command: &StyleCommand, models: &ModelsConfig, folder: &Path, stop: &AtomicBool) -> Result<Vec<Page>> {
    let read = |name: &str| models.shipped(name);
    let seers = Seers::load(&read(models::face_finder::NAME)?, &read(models::face_reader::NAME)?)?;
    let book = sketchbook::open(&command.sketches, &seers, command.aligned, stop, |done, all| {
        if done % TELL_EVERY == 0 || done == all {
            eprintln!("{done} of {all} scans looked at");
        }
    })?;
    tell(&book);
    book.enough()?;
    book.keep(folder)?;
    eprintln!("the pages as they will be learnt from: {}", folder.join(sketchbook::SHEET).display());
    Ok(book.pages.into_iter().map(|(_, page)| page).collect())
}

/// The texture that the run in `folder` learns from, kept there from its beginning on.
fn texture(command: &StyleCommand, drawer: &LineDrawer, folder: &Path) -> Result<Option<Arc<Texture>>> {
    if command.running.resume {
        let kept = Texture::kept(folder)?;
        let (begun, now) = if kept.is_some() { ("with", "add") } else { ("without", "leave out") };
        ensure!(
            kept.is_some() == command.texture.is_some(),
            "the run in {} was begun {begun} a texture: {now} --texture",
            folder.display()
        );
        return Ok(kept.map(Arc::new));
    }
    let Some(drawings) = &command.texture else {
        texture::forget(folder)?;
        return Ok(None);
    };
    let texture = Texture::open(drawings, drawer)?;
    texture.keep(folder)?;
    Ok(Some(Arc::new(texture)))
}

fn tell(book: &Sketchbook) {
    for left_out in book.left_out.iter().take(NAMED) {
        eprintln!("left out: {}: {}", left_out.name, left_out.why);
    }
    if book.left_out.len() > NAMED {
        eprintln!("left out: {} more", book.left_out.len() - NAMED);
    }
    if book.others > 0 {
        eprintln!("{} files are no pictures by their names", book.others);
    }
}

fn files(command: &StyleCommand, models: &ModelsConfig) -> Result<Files> {
    let read = |name: &str| match &command.networks {
        Some(folder) => file(&folder.join(format!("{name}.safetensors"))),
        None => Ok(models.shipped(name)?),
    };
    Ok(Files {
        drawer: read(models::line_drawer::NAME)?,
        encoder: read(models::encoder::NAME)?,
        strokes: read(models::stroke_classifier::NAME)?,
    })
}

/// What to start from: what `--from` names, or the nearest that ships.
fn start(command: &StyleCommand, models: &ModelsConfig, home: &Path, manner: Manner) -> Result<Start> {
    let ships = |name: &str| Manifest::shipped().named(name).is_ok();
    let nothing = |name: &str| Start { name: name.to_owned(), bytes: None };
    let shipped = |name: &str| Ok(Start { name: name.to_owned(), bytes: Some(models.shipped(name)?) });
    let Some(from) = command.from.as_deref() else {
        let nearest = apprentice::nearest(manner);
        return match [nearest, apprentice::nearest(Manner::Ink)].into_iter().find(|name| ships(name)) {
            Some(name) => shipped(name),
            None => Ok(nothing("nothing, since no style ships that it could start from")),
        };
    };
    let own = home.join("styles").join(format!("{from}.safetensors"));
    match from {
        "nothing" => Ok(nothing(from)),
        _ if ships(from) => shipped(from),
        _ if own.is_file() => Ok(Start { name: from.to_owned(), bytes: Some(file(&own)?) }),
        _ => {
            let bytes = file(Path::new(from)).with_context(|| format!("there is no style \"{from}\" to start from"))?;
            Ok(Start { name: from.to_owned(), bytes: Some(bytes) })
        }
    }
}

fn weights(command: &StyleCommand) -> Result<Weights> {
    let weights = match command.objective.as_str() {
        "ours" => Plan::SHIPPED.weights,
        other => {
            Weights::named(other).with_context(|| format!("no objective is called {other}: ours, slide, released"))?
        }
    };
    Ok(if command.without_strokes { weights.without_strokes() } else { weights })
}

/// What there is to know about the style.
fn card(
    command: &StyleCommand,
    pages: &[Page],
    start: &Start,
    texture: Option<&Texture>,
    progress: &checkpoint::Progress,
    scores: &[training::recipe::Score],
) -> String {
    let StyleCommand { name, objective, .. } = command;
    let strokes = if command.without_strokes { ", without the stroke loss" } else { "" };
    let drawer = if command.networks.is_some() { "a line drawer of its own" } else { "the shipped line drawer" };
    let texture = texture.map_or(String::new(), |texture| {
        let drawings = texture.drawings();
        format!("- {drawings} drawings by others lent the texture of their hair and coats, never their faces.\n")
    });
    let scores: String = scores.iter().map(|score| format!("- {}: {:.2}\n", score.name, score.value)).collect();
    format!(
        "# {name}\n\n- Learnt from {} sketches, beginning with {}; lines by {drawer}.\n- {} steps in {}, objective \
         {objective}{strokes}, seed {}.\n{texture}{scores}\nScores are of sketches kept apart, if there were {} and more. The style is as \
         free as the drawings it was learnt from: ask their artist before you give it away.\n",
        pages.len(),
        start.name,
        progress.step,
        apprentice::in_words(progress.seconds),
        progress.seed,
        sketchbook::LEAST,
    )
}

fn file(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}
