//! Lets an artist of our own draw the data card's portraits, for drawing networks to learn from.
//!
//! Faces are read from the labels (landmarks, regions, matte), so that drawings do not repeat a network's mistakes.
//! `OUT/ID.png` is 8-bit gray, 512 px square, in the canonical frame; `OUT/drawings.jsonl` has a line for each: id, artist,
//! hand, seed. What is listed and present is not drawn again. Portraits whose labels are suspect are left out; one that
//! cannot be drawn is told and left out. Refused: an OUT with drawings by another artist, an artist without such a hand.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use portraitist::artists::Artist;
use portraitist::face::Face;
use portraitist::photo::Portrait;
use portraitist::raster;
use portraitist::raster::Gray;
use portraitist::sitter;
use portraitist::sitter::Labels;
use rand::Rng;
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use serde::Deserialize;
use serde::Serialize;

use crate::data::Listed;
use crate::data::kept_apart;
use crate::data::listed;

/// What is to be drawn.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// The portraits' folder.
    pub data: PathBuf,
    /// Who draws.
    pub artist: Artist,
    /// In which hand, an index of [`Artist::hands`]; none lets all of them draw, each portrait in one.
    pub hand: Option<usize>,
    /// Where the drawings go.
    pub out: PathBuf,
    /// Whom.
    pub whom: Whom,
    /// What all lots are drawn from.
    pub seed: u64,
}

/// Who is drawn.
#[derive(Debug, Clone)]
pub enum Whom {
    /// These, whoever they are.
    Named(Vec<String>),
    /// Everyone but the people kept for validation by this seed, if there is one; no more than so many, chosen by lot,
    /// the rarer kinds and the sharper photos more often.
    Lot {
        /// The seed by which people are kept for validation.
        without: Option<u64>,
        /// Most portraits.
        limit: Option<usize>,
    },
}

/// A line of `drawings.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    /// The portrait's name.
    pub id: String,
    /// Who drew it.
    pub artist: String,
    /// In which hand.
    pub hand: String,
    /// What its chance was drawn from.
    pub seed: u64,
}

/// How a lesson went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Drawn now.
    pub drawn: usize,
    /// There already.
    pub kept: usize,
    /// Could not be drawn.
    pub failed: usize,
}

/// Time between two lines of progress.
const TELL_EVERY: Duration = Duration::from_secs(15);
/// Photos upscaled by more than this are soft at 512 px.
const SOFT_FROM: f32 = 1.8;

/// Draws, until done or `stop` is set; `tell` gets a line now and then.
///
/// # Errors
/// What the file's letter says is refused, and whatever the disk refuses.
pub fn teach(lesson: &Lesson, stop: &AtomicBool, tell: impl Fn(&str) + Sync) -> Result<Outcome> {
    let hands = lesson.artist.hands();
    if let Some(hand) = lesson.hand {
        ensure!(hand < hands.len(), "{} has the hands {}", lesson.artist.name(), numbered(&hands));
    }
    let list = listed(&lesson.data)?;
    let sitters = chosen(&list, &lesson.whom, lesson.seed)?;
    fs::create_dir_all(&lesson.out).with_context(|| lesson.out.display().to_string())?;
    let record = lesson.out.join("drawings.jsonl");
    let before = drawn_before(&record, lesson.artist)?;
    let done = |listed: &&Listed| before.contains_key(&listed.id) && picture(&lesson.out, &listed.id).exists();
    let (kept, open): (Vec<&Listed>, Vec<&Listed>) = sitters.into_iter().partition(done);
    let file = fs::OpenOptions::new().create(true).append(true).open(&record)?;
    let progress = Mutex::new((file, Outcome { kept: kept.len(), ..Outcome::default() }, Instant::now()));
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let one = |listed: &Listed| -> Result<()> {
        let result = draw(lesson, listed, hands.len());
        let mut progress = progress.lock().expect("no holder of the lock panics");
        let (file, outcome, told) = &mut *progress;
        match result {
            Ok((drawing, line)) => {
                write_whole(&picture(&lesson.out, &listed.id), &raster::gray_png(&drawing))?;
                writeln!(file, "{}", serde_json::to_string(&line)?)?;
                outcome.drawn += 1;
            }
            Err(error) => {
                tell(&format!("{}: left out: {error:#}", listed.id));
                outcome.failed += 1;
            }
        }
        let gone = outcome.drawn + outcome.failed;
        if told.elapsed() > TELL_EVERY || gone == open.len() {
            *told = Instant::now();
            let each = began.elapsed().as_secs_f64() / gone as f64;
            let left = each * (open.len() - gone) as f64;
            tell(&format!("{gone} of {} drawn, {each:.2} s each, {:.0} min left", open.len(), left / 60.0));
        }
        Ok(())
    };
    // A drawing to a thread: drawings that share their threads would all be done at the very end.
    let alone = || -> Result<()> {
        let thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
        while let Some(listed) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            thread.install(|| one(listed))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..rayon::current_num_threads()).map(|_| scope.spawn(alone)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a panic has been told by its thread"))
    })?;
    Ok(progress.into_inner().expect("no holder of the lock panics").1)
}

/// The portrait of `listed` and its face by its labels.
///
/// # Errors
/// Files that are missing or do not decode, labels that do not fit.
pub fn sat(data: &Path, listed: &Listed) -> Result<(Portrait, Face)> {
    let plane = |part: &str| -> Result<Gray> {
        let path = data.join(part).join(format!("{}.png", listed.id));
        Ok(image::open(&path).with_context(|| path.display().to_string())?.into_luma8())
    };
    let wide = |[x, y]: [f32; 2]| [f64::from(x), f64::from(y)];
    ensure!(listed.iris.len() == 2 && listed.iris_radius.len() == 2, "not two irises with their radii");
    let labels = Labels {
        landmarks: listed.landmarks68.iter().copied().map(wide).collect(),
        irises: [0, 1].map(|i| wide(listed.iris[i])),
        iris_radii_px: [0, 1].map(|i| f64::from(listed.iris_radius[i])),
        regions: plane("regions")?,
        person: plane("person")?,
    };
    let photo = data.join("aligned").join(format!("{}.jpg", listed.id));
    let bytes = fs::read(&photo).with_context(|| photo.display().to_string())?;
    Ok(sitter::labelled(&bytes, labels)?)
}

fn draw(lesson: &Lesson, listed: &Listed, hands: usize) -> Result<(Gray, Drawn)> {
    let (portrait, face) = sat(&lesson.data, listed)?;
    let seed = lot(lesson.seed, &listed.id);
    // Another lot than the one that makes lines waver, so that hand and waver have nothing to do with each other.
    let hand = lesson.hand.unwrap_or_else(|| Pcg64Mcg::seed_from_u64(!seed).random_range(0..hands));
    let drawing = lesson.artist.draw(hand, seed, &portrait, &face).context("no such hand")?;
    let artist = lesson.artist.name().to_owned();
    let hand = lesson.artist.hands()[hand].to_owned();
    Ok((drawing, Drawn { id: listed.id.clone(), artist, hand, seed }))
}

/// Those of `list` who are drawn, in its order.
fn chosen<'a>(list: &'a [Listed], whom: &Whom, seed: u64) -> Result<Vec<&'a Listed>> {
    let (without, limit) = match whom {
        Whom::Named(names) => {
            let find = |name: &String| {
                let found = list.iter().find(|listed| listed.id == *name);
                found.with_context(|| format!("there is no portrait {name} in the list"))
            };
            return names.iter().map(find).collect();
        }
        Whom::Lot { without, limit } => (without, limit),
    };
    let apart = without.map(|seed| kept_apart(list, seed)).unwrap_or_default();
    let mut lots: Vec<(f64, usize)> = list
        .iter()
        .enumerate()
        .filter(|(_, listed)| !listed.hints.label_suspect && !apart.contains(&listed.person_group))
        .map(|(at, listed)| {
            let soft = if listed.scale > SOFT_FROM { 0.5 } else { 1.0 };
            let weight = f64::from(listed.hints.rarity() * soft);
            // Efraimidis & Spirakis (2006): the largest u^(1/w) are a weighted sample without repetition.
            let chance: f64 = Pcg64Mcg::seed_from_u64(lot(seed, &listed.id)).random();
            (chance.powf(1.0 / weight), at)
        })
        .collect();
    lots.sort_by(|a, b| b.0.total_cmp(&a.0));
    lots.truncate(limit.unwrap_or(lots.len()));
    lots.sort_by_key(|(_, at)| *at);
    Ok(lots.into_iter().map(|(_, at)| &list[at]).collect())
}

/// A number that `seed` and `id` decide: FNV-1a over the name, stirred by the seed.
fn lot(seed: u64, id: &str) -> u64 {
    id.bytes().fold(0xCBF2_9CE4_8422_2325 ^ seed.rotate_left(17), |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// What `record` says was drawn, by name.
fn drawn_before(record: &Path, artist: Artist) -> Result<BTreeMap<String, Drawn>> {
    if !record.exists() {
        return Ok(BTreeMap::new());
    }
    let text = fs::read_to_string(record).with_context(|| record.display().to_string())?;
    // A last line cut short by a crash is drawn again.
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Drawn>(line).ok());
    let drawn: BTreeMap<_, _> = lines.map(|line| (line.id.clone(), line)).collect();
    if let Some(other) = drawn.values().find(|line| line.artist != artist.name()) {
        anyhow::bail!(
            "{} holds drawings by the artist {}: give another folder for {}",
            record.display(),
            other.artist,
            artist.name()
        );
    }
    Ok(drawn)
}

fn picture(out: &Path, id: &str) -> PathBuf {
    out.join(format!("{id}.png"))
}

/// Writes the file whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("part");
    fs::write(&beside, bytes).with_context(|| beside.display().to_string())?;
    fs::rename(&beside, path).with_context(|| path.display().to_string())
}

fn numbered(hands: &[&str]) -> String {
    let named: Vec<String> = hands.iter().enumerate().map(|(at, name)| format!("{at} ({name})")).collect();
    named.join(", ")
}
