//! The training loop: the same for every recipe, on every device, resumable at any step.

use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use anyhow::Result;
use anyhow::bail;
use candle_core::Device;

use crate::checkpoint;
use crate::checkpoint::Progress;
use crate::loader::Loader;
use crate::optimiser::AdamW;
use crate::optimiser::Settings;
use crate::recipe::Recipe;
use crate::recipe::Score;
use crate::report::Entry;
use crate::report::History;
use crate::schedule::rate;

/// Steps from one line of the record to the next.
const LINE: u64 = 20;
/// Steps after which a plan in hours becomes one in steps.
const TRIAL: u64 = 60;
/// Time from one checkpoint to the next.
const CHECKPOINT: Duration = Duration::from_secs(240);
/// Steps in a row whose gradient is no number, before the run is given up.
const FAILURES: u32 = 20;

/// When a run ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// A resumed run keeps its own; a fresh one takes the recipe's.
    AsMeant,
    /// Steps in all.
    Steps(u64),
    /// Hours on this machine, by the pace of the first steps; a resumed run keeps its own steps.
    Hours(f64),
}

/// How long and how a network is trained.
#[derive(Debug, Clone)]
pub struct Plan {
    /// When it ends.
    pub length: Length,
    /// The largest learning rate.
    pub rate: f64,
    /// The optimiser's settings.
    pub optimiser: Settings,
    /// Threads that make batches.
    pub loaders: usize,
    /// Steps from one trial on the people kept apart to the next.
    pub try_every: u64,
    /// The run's folder.
    pub folder: PathBuf,
    /// Goes on with the run in the folder.
    pub resume: bool,
    /// What all lots are drawn from.
    pub seed: u64,
}

/// Trains `recipe` until its steps are done or `stop` is set; either way the run is on disk afterwards. Gives its
/// progress and its players, whose averages are the result.
///
/// # Errors
/// The disk, the device, or gradients that stay no numbers.
pub fn run<R: Recipe>(recipe: &R, plan: &Plan, device: &Device, stop: &AtomicBool) -> Result<(Progress, Vec<AdamW>)> {
    std::fs::create_dir_all(&plan.folder)?;
    let mut players =
        recipe.players().into_iter().map(|weights| AdamW::new(weights, plan.optimiser)).collect::<Result<Vec<_>>>()?;
    let unknown = u64::MAX;
    let mut progress = if plan.resume {
        let kept = checkpoint::load(&plan.folder, &mut players, device)?;
        let steps = if let Length::Steps(steps) = plan.length { steps } else { kept.steps };
        Progress { steps, ..kept }
    } else {
        let moves = vec![0; players.len()];
        let steps = match plan.length {
            Length::AsMeant => recipe.steps(),
            Length::Steps(steps) => steps,
            Length::Hours(_) => unknown,
        };
        Progress { step: 0, steps, seed: plan.seed, seconds: 0.0, moves }
    };
    if plan.resume && progress.seed != plan.seed {
        bail!("the run in {} was begun with seed {}", plan.folder.display(), progress.seed);
    }
    let mut history = History::open(&plan.folder, progress.step)?;
    let next = AtomicU64::new(progress.step);
    std::thread::scope(|scope| {
        let mut loader = Loader::start(scope, recipe, &next, progress.steps, plan.loaders);
        let started = Instant::now();
        let (before, first) = (progress.seconds, progress.step);
        let mut saved = Instant::now();
        let mut means = Means::default();
        let mut failures = 0;
        while progress.step < progress.steps && !stop.load(Ordering::Relaxed) {
            let waited = Instant::now();
            let Some(batch) = loader.take() else { bail!("a thread that makes batches has died") };
            means.waited += waited.elapsed();
            // While a plan in hours has no steps yet, the rate is on its plateau.
            let pace = rate(plan.rate, progress.step as usize, progress.steps.min(u64::from(u32::MAX)) as usize);
            for (at, player) in players.iter_mut().enumerate() {
                let loss = recipe.judge(at, &batch)?;
                let taken = player.step(&loss.total.backward()?, pace)?;
                failures = if taken.moved { 0 } else { failures + 1 };
                if failures > FAILURES {
                    bail!("the gradient has been no number {FAILURES} times in a row");
                }
                means.add(&loss.parts);
                if taken.moved {
                    means.add(&[("gradient", taken.norm as f32)]);
                }
            }
            progress.step += 1;
            progress.seconds = before + started.elapsed().as_secs_f64();
            let done = progress.step - first;
            let per_step = started.elapsed().as_secs_f64() / done as f64;
            if let Length::Hours(hours) = plan.length
                && progress.steps == unknown
                && done == TRIAL
            {
                progress.steps = (hours * 3600.0 / per_step) as u64 + 1;
            }
            let try_now = progress.step % plan.try_every == 0 || progress.step == progress.steps;
            if progress.step % LINE == 0 || try_now {
                let losses = means.take(&progress, per_step);
                let scores = if try_now { tried(recipe, &players, &plan.folder, progress.step)? } else { Vec::new() };
                history.add(&plan.folder, Entry { step: progress.step, rate: pace, losses, scores })?;
            }
            if try_now || saved.elapsed() > CHECKPOINT {
                progress.moves = players.iter().map(AdamW::steps).collect();
                checkpoint::save(&plan.folder, &progress, &players)?;
                show(recipe.name(), &history, &plan.folder)?;
                saved = Instant::now();
            }
        }
        progress.moves = players.iter().map(AdamW::steps).collect();
        checkpoint::save(&plan.folder, &progress, &players)?;
        show(recipe.name(), &history, &plan.folder)?;
        drop(loader);
        Ok((progress, players))
    })
}

/// Scores and a sheet by the averaged weights.
fn tried<R: Recipe>(recipe: &R, players: &[AdamW], folder: &Path, step: u64) -> Result<Vec<Score>> {
    averaged(players, &mut || {
        let scores = recipe.scores()?;
        for score in &scores {
            eprintln!("    {:<28} {:.4}", score.name, score.value);
        }
        let mut bytes = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 85);
        recipe.sheet()?.write_with_encoder(encoder)?;
        checkpoint::write(&folder.join(format!("sheet-{step:08}.jpg")), &bytes)?;
        Ok(scores)
    })
}

/// Does `work` with every player's averaged weights.
///
/// # Errors
/// Those of `work`.
pub fn averaged<T>(players: &[AdamW], work: &mut dyn FnMut() -> Result<T>) -> Result<T> {
    match players.split_first() {
        None => work(),
        Some((first, rest)) => first.with_average(|| averaged(rest, work)),
    }
}

fn show(name: &str, history: &History, folder: &Path) -> Result<()> {
    checkpoint::write(&folder.join("report.html"), history.page(name, folder)?.as_bytes())
}

/// Means of the losses since the last line.
#[derive(Debug, Default)]
struct Means {
    sums: Vec<(&'static str, f64, u32)>,
    waited: Duration,
}

impl Means {
    fn add(&mut self, parts: &[(&'static str, f32)]) {
        for &(name, value) in parts {
            match self.sums.iter_mut().find(|sum| sum.0 == name) {
                Some(sum) => {
                    sum.1 += f64::from(value);
                    sum.2 += 1;
                }
                None => self.sums.push((name, f64::from(value), 1)),
            }
        }
    }

    /// The means, which begin anew; one line about them for whoever watches.
    fn take(&mut self, progress: &Progress, per_step: f64) -> Vec<(String, f64)> {
        let means: Vec<(String, f64)> =
            self.sums.drain(..).map(|(name, sum, count)| (name.to_owned(), sum / f64::from(count))).collect();
        let line: String = means.iter().map(|(name, mean)| format!("  {name} {mean:.4}")).collect();
        let left = (progress.steps - progress.step) as f64 * per_step;
        let left = if progress.steps == u64::MAX {
            "time left unknown yet".to_owned()
        } else {
            format!("{}:{:02} h left of {} steps", left as u64 / 3600, left as u64 / 60 % 60, progress.steps)
        };
        let waited = std::mem::take(&mut self.waited).as_secs_f64();
        eprintln!("{:>7}{line}  ({per_step:.2} s a step, {waited:.1} s waited, {left})", progress.step);
        means
    }
}
