//! Reads the portraits of the data card's folder into memory and parts them into people to learn from and people to
//! be judged on.
//!
//! The folder holds `landmarks.jsonl` (a line a portrait), `aligned/ID.jpg` (512 × 512), `person/ID.png` (8-bit alpha)
//! and `regions/ID.png` (index of class, 255 unknown). Refused: a missing or misshaped file, a line without its keys, more portraits
//! than [`MOST`]. Source of classes and axes: `data/README.md`.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use rand::Rng;
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;
use serde::Deserialize;

use crate::geometry::POINTS;
use crate::geometry::Points;

/// Side of an aligned portrait, px.
pub const SIDE: usize = 512;
/// No folder may list more portraits: all are held in memory, 2.6 MB each.
pub const MOST: usize = 20_000;
/// Mark of a pixel whose class is unknown.
pub const UNKNOWN: u8 = 255;
/// Names of the classes of `regions/`, by index.
pub const CLASSES: [&str; 9] = ["background", "skin", "hair", "brow", "eye", "lips", "ear", "clothes", "glasses"];
/// Portraits kept for validation, at least (whole people).
const VALIDATION: usize = 160;
/// Levels of a portrait's pyramid: 512, 256, 128, 64, 32 px.
const LEVELS: usize = 5;

/// One portrait, aligned to the canonical frame.
#[derive(Debug, Clone)]
pub struct Portrait {
    /// Its name in the folder.
    pub id: String,
    /// The person's number: portraits of one person share it.
    pub person: u64,
    /// What the data card hints about it.
    pub hints: Hints,
    /// Its points, canonical px.
    pub points: Points,
    /// Red, green, blue, person (all 0..=255), interleaved; each level half as wide as the one before.
    pub levels: Vec<Vec<u8>>,
    /// Class of each pixel of the first level.
    pub regions: Vec<u8>,
}

/// Properties of a portrait that scores are told apart by. Hints, not truth.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Hints {
    /// Wears glasses (listed by eye).
    pub glasses: bool,
    /// Computed.
    pub beard_hint: bool,
    /// Computed.
    pub long_hair_hint: bool,
    /// Individual typology angle of the skin, degrees: below 5 dark, above 60 pale.
    pub skin_ita: f32,
    /// A photo without colours.
    pub monochrome: bool,
    /// Labels with a visible fault.
    pub label_suspect: bool,
    /// Made by a network, not by a camera.
    #[serde(skip)]
    pub synthetic: bool,
}

impl Hints {
    /// How often such a portrait is drawn to be learned from, beside an everyday one (1): the fewer there are of its kind,
    /// the more.
    pub fn rarity(&self) -> f32 {
        let Self { glasses, beard_hint, long_hair_hint, skin_ita, synthetic, .. } = *self;
        let kinds = [(synthetic, 1.0), (glasses, 1.2), (beard_hint, 0.7), (skin_ita < 5.0, 1.2), (long_hair_hint, 0.3)];
        let more: f32 = kinds.iter().filter(|kind| kind.0).map(|kind| kind.1).sum();
        (1.0 + more).min(RAREST)
    }
}

/// All portraits, in two parts that share no person.
#[derive(Debug)]
pub struct Portraits {
    /// To learn from.
    pub training: Vec<Portrait>,
    /// To be judged on.
    pub validation: Vec<Portrait>,
}

/// What the list says of one portrait.
#[derive(Debug, Clone, Deserialize)]
pub struct Listed {
    /// Its name in the folder.
    pub id: String,
    /// iBUG's 68 points, canonical px.
    pub landmarks68: Vec<[f32; 2]>,
    /// Centres of the sitter's right and left iris.
    pub iris: Vec<[f32; 2]>,
    /// Their radii, px; may be missing.
    #[serde(default)]
    pub iris_radius: Vec<f32>,
    /// How much larger the portrait is than its source; 1 where the list does not say.
    #[serde(default = "one")]
    pub scale: f32,
    /// The person's number: portraits of one person share it.
    pub person_group: u64,
    /// What the data card hints about it.
    #[serde(flatten)]
    pub hints: Hints,
}

fn one() -> f32 {
    1.0
}

/// The list of `folder`.
///
/// # Errors
/// No list, a line without its keys, a portrait without a plain name, none at all or more than [`MOST`].
pub fn listed(folder: &Path) -> Result<Vec<Listed>> {
    let list = folder.join("landmarks.jsonl");
    let text = std::fs::read_to_string(&list).with_context(|| format!("the portraits' list {}", list.display()))?;
    let lines: Vec<Listed> = text
        .lines()
        .take(MOST + 1)
        .enumerate()
        .map(|(at, line)| {
            let mut listed: Listed =
                serde_json::from_str(line).with_context(|| format!("{}, line {}", list.display(), at + 1))?;
            ensure!(!listed.id.contains(['/', '\\']), "portrait {}: no plain name", listed.id);
            listed.hints.synthetic = listed.id.starts_with("sfhq_");
            Ok(listed)
        })
        .collect::<Result<_>>()?;
    ensure!(lines.len() <= MOST, "{} lists more than {MOST} portraits", list.display());
    ensure!(!lines.is_empty(), "{} lists no portrait", list.display());
    Ok(lines)
}

/// The people (by [`Listed::person_group`]) of `list` who are kept for validation where lots are drawn from `seed`.
pub fn kept_apart(list: &[Listed], seed: u64) -> HashSet<u64> {
    judged_people(list.iter().map(|line| line.person_group), seed)
}

impl Portraits {
    /// Reads `folder`; at most `limit` portraits (all if none), parted by `seed`.
    ///
    /// # Errors
    /// What the file's letter says is refused.
    pub fn open(folder: &Path, seed: u64, limit: Option<usize>) -> Result<Self> {
        let lines = listed(folder)?;
        let judged = kept_apart(&lines, seed);
        let taken = limit.unwrap_or(lines.len()).min(lines.len());
        let portraits = lines[..taken].par_iter().map(|line| read(folder, line)).collect::<Result<Vec<_>>>()?;
        let (validation, training) = portraits.into_iter().partition(|portrait| judged.contains(&portrait.person));
        Ok(Self { training, validation })
    }
}

impl Portrait {
    /// Red, green, blue and person (0..=255) at canonical `x`, `y` of pyramid level `level`; beyond the edge the edge.
    pub fn pixel(&self, level: usize, x: f32, y: f32) -> [f32; 4] {
        let side = SIDE >> level;
        let scale = 1.0 / (1u32 << level) as f32;
        let most = (side - 1) as f32;
        let (x, y) = ((x * scale - 0.5).clamp(0.0, most), (y * scale - 0.5).clamp(0.0, most));
        let (column, row) = ((x as usize).min(side - 2), (y as usize).min(side - 2));
        let (right, down) = (x - column as f32, y - row as f32);
        let pixels = &self.levels[level];
        let upper = &pixels[(row * side + column) * 4..][..8];
        let lower = &pixels[((row + 1) * side + column) * 4..][..8];
        std::array::from_fn(|channel| {
            let above = f32::from(upper[channel]) * (1.0 - right) + f32::from(upper[channel + 4]) * right;
            let below = f32::from(lower[channel]) * (1.0 - right) + f32::from(lower[channel + 4]) * right;
            above * (1.0 - down) + below * down
        })
    }

    /// Class at canonical `x`, `y`; [`UNKNOWN`] outside.
    pub fn region(&self, x: f32, y: f32) -> u8 {
        let inside = |axis: f32| (0.0..SIDE as f32).contains(&axis);
        if inside(x) && inside(y) { self.regions[y as usize * SIDE + x as usize] } else { UNKNOWN }
    }

    /// The level whose pixels are just finer than a picture's in which a canonical px is `scale` px wide.
    pub fn level_for(scale: f32) -> usize {
        ((1.0 / scale.max(1e-3)).log2() + 0.25).floor().clamp(0.0, (LEVELS - 1) as f32) as usize
    }
}

/// One of `portraits`, the rare ones more often.
pub fn choose<'a>(portraits: &'a [Portrait], rng: &mut impl Rng) -> &'a Portrait {
    choose_by(portraits, Hints::rarity, RAREST, rng)
}

/// One of `portraits`, those of more `weight` more often. Weights are 1 to `most`.
pub fn choose_by<'a>(
    portraits: &'a [Portrait],
    weight: impl Fn(&Hints) -> f32,
    most: f32,
    rng: &mut impl Rng,
) -> &'a Portrait {
    loop {
        // One in `most` at least is kept, so this ends.
        let portrait = &portraits[rng.random_range(0..portraits.len())];
        if rng.random_range(0.0..most) < weight(&portrait.hints) {
            return portrait;
        }
    }
}

/// The most often drawn portraits, beside everyday ones.
const RAREST: f32 = 3.0;

/// Whole people, drawn by lot until they have [`VALIDATION`] portraits.
fn judged_people(people: impl Iterator<Item = u64>, seed: u64) -> HashSet<u64> {
    let mut counts = std::collections::BTreeMap::<u64, usize>::new();
    people.for_each(|person| *counts.entry(person).or_default() += 1);
    let mut lots: Vec<(u64, u64, usize)> = counts
        .into_iter()
        .map(|(person, count)| (Pcg64Mcg::seed_from_u64(seed ^ person.rotate_left(32)).random(), person, count))
        .collect();
    lots.sort_unstable();
    let wanted = VALIDATION.min(lots.iter().map(|lot| lot.2).sum::<usize>() / 5);
    let mut taken = 0;
    lots.into_iter()
        .take_while(|lot| {
            let open = taken < wanted;
            taken += lot.2;
            open
        })
        .map(|lot| lot.1)
        .collect()
}

fn read(folder: &Path, line: &Listed) -> Result<Portrait> {
    let id = &line.id;
    ensure!(line.landmarks68.len() == 68 && line.iris.len() == 2, "portrait {id}: not 68 landmarks and 2 irises");
    let open = |part: &str, ending: &str| -> Result<image::DynamicImage> {
        let path = folder.join(part).join(format!("{id}.{ending}"));
        let picture = image::open(&path).with_context(|| path.display().to_string())?;
        ensure!(
            picture.width() as usize == SIDE && picture.height() as usize == SIDE,
            "{} is not {SIDE} × {SIDE} px",
            path.display()
        );
        Ok(picture)
    };
    let colours = open("aligned", "jpg")?.into_rgb8();
    let person = open("person", "png")?.into_luma8();
    let regions = open("regions", "png")?.into_luma8().into_raw();
    let first: Vec<u8> = colours.pixels().zip(person.pixels()).flat_map(|(c, p)| [c[0], c[1], c[2], p[0]]).collect();
    let mut levels = vec![first];
    for level in 1..LEVELS {
        levels.push(halved(&levels[level - 1], SIDE >> (level - 1)));
    }
    let mut points = [[0.0; 2]; POINTS];
    points[..68].copy_from_slice(&line.landmarks68);
    points[68..].copy_from_slice(&line.iris);
    Ok(Portrait { id: id.clone(), person: line.person_group, hints: line.hints, points, levels, regions })
}

/// Means of 2 × 2 pixels.
pub(crate) fn halved(pixels: &[u8], side: usize) -> Vec<u8> {
    let half = side / 2;
    let mut out = Vec::with_capacity(half * half * 4);
    for row in 0..half {
        for column in 0..half {
            for channel in 0..4 {
                let at =
                    |dx: usize, dy: usize| u16::from(pixels[((2 * row + dy) * side + 2 * column + dx) * 4 + channel]);
                out.push(((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4) as u8);
            }
        }
    }
    out
}
