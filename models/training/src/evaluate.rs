//! How good the face networks are, by the same door that the program uses, on people kept apart.
//!
//! Finding: every portrait pasted into a made room of 1280 × 720 px, its face from a size of 47 px (a box of 60) to the whole frame, half of them
//! tilted by up to 40°; and rooms without people. Reading: the aligned portrait as the photo, its eyes found by the finder;
//! points against the card's, classes and person on the photo's own pixels, where they are known.

use std::fmt;
use std::time::Instant;

use anyhow::Result;
use models::face_finder::FaceFinder;
use models::face_finder::Spotted;
use models::face_reader::CLASSES;
use models::face_reader::FaceReader;
use models::face_reader::FaceReading;
use models::face_reader::SIDE;
use models::photo::Photo;
use portraitist::sitter;
use rayon::prelude::*;

use crate::data;
use crate::data::Hints;
use crate::data::Portrait;
use crate::finder::is_hit;
use crate::finder_scene;
use crate::recipe::lot;
use crate::scene;

/// The room's size, px.
const ROOM: [usize; 2] = [1280, 720];
/// The smallest face, px: mean of width and height of its points; its box is 60 px.
const LEAST: f32 = 47.0;
/// Rooms without people.
const EMPTY: u64 = 200;
/// Rooms each portrait is pasted into.
const ROOMS: u64 = 2;
/// The scores that are tried as thresholds.
pub const THRESHOLDS: [f32; 5] = [0.2, 0.3, 0.4, 0.5, 0.6];
/// Evaluations are the same in every run.
const SEED: u64 = 77;

/// What was measured.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// For each of [`THRESHOLDS`]: the share of pasted faces found, and of those found that the reader takes for faces too; other faces
    /// found beside them, and faces found in [`EMPTY`] empty rooms; the last number is of those that the reader takes for faces.
    pub finding: Vec<[f64; 5]>,
    /// The portraits that were not found at the middle threshold, with the size of the face, px.
    pub missed: Vec<String>,
    /// One for each portrait that was read.
    pub readings: Vec<Read>,
    /// Portraits whose face was not found in the portrait itself.
    pub unread: Vec<String>,
}

/// How well one portrait was read.
#[derive(Debug, Clone)]
pub struct Read {
    /// Its name.
    pub id: String,
    /// Its hints.
    pub hints: Hints,
    /// Mean distance of the 68 points, % of the distance of the outer eye corners.
    pub points: f64,
    /// Pixels that are and are said to be of a class, then pixels that are or are said to be; the person last.
    pub pixels: [[f64; 2]; CLASSES.len() + 1],
    /// The reader's certainty that it is a face.
    pub face: f32,
}

/// Tries both networks on `portraits`.
///
/// # Errors
/// The machine is out of memory.
pub fn evaluate(finder: &FaceFinder, reader: &FaceReader, portraits: &[Portrait]) -> Result<Evaluation> {
    let least = THRESHOLDS[0];
    let rooms: Vec<(usize, u64)> = (0..portraits.len()).flat_map(|at| (0..ROOMS).map(move |room| (at, room))).collect();
    let pasted = rooms
        .par_iter()
        .map(|&(at, room)| {
            let mut rng = lot(SEED, room, at as u64);
            let scene = finder_scene::trial(&portraits[at], portraits, ROOM, LEAST, &mut rng);
            let picture = scene.canvas.to_rgb8();
            let found = find(finder, &picture, least)?;
            let hit = match found.iter().find(|face| is_hit(face, &scene.faces[0])) {
                Some(face) => (face.score, is_face(finder, reader, &picture, face)?),
                None => (0.0, false),
            };
            let others: Vec<f32> =
                found.iter().filter(|face| !is_hit(face, &scene.faces[0])).map(|face| face.score).collect();
            Ok((hit, others, scene.faces[0].size))
        })
        .collect::<Result<Vec<_>>>()?;
    let empty = (0..EMPTY)
        .into_par_iter()
        .map(|at| {
            let picture = scene::empty(portraits, ROOM[0], ROOM[1], &mut lot(SEED, 10, at)).to_rgb8();
            find(finder, &picture, least)?
                .into_iter()
                .map(|face| Ok((face.score, is_face(finder, reader, &picture, &face)?)))
                .collect::<Result<Vec<_>>>()
        })
        .collect::<Result<Vec<_>>>()?;
    let count = |flags: &mut dyn Iterator<Item = bool>| flags.filter(|&flag| flag).count() as f64;
    let finding = THRESHOLDS
        .iter()
        .map(|&least| {
            [
                count(&mut pasted.iter().map(|room| room.0.0 >= least)) / pasted.len().max(1) as f64,
                count(&mut pasted.iter().map(|room| room.0.0 >= least && room.0.1)) / pasted.len().max(1) as f64,
                count(&mut pasted.iter().flat_map(|room| &room.1).map(|&score| score >= least)),
                count(&mut empty.iter().flatten().map(|face| face.0 >= least)),
                count(&mut empty.iter().flatten().map(|face| face.0 >= least && face.1)),
            ]
        })
        .collect();
    let missed = rooms.iter().zip(&pasted).filter(|(_, room)| room.0.0 < THRESHOLDS[2]);
    let missed = missed.map(|((at, _), room)| format!("{} ({:.0} px)", portraits[*at].id, room.2)).collect();
    let read = portraits.par_iter().map(|portrait| one(finder, reader, portrait)).collect::<Result<Vec<_>>>()?;
    let unread = portraits.iter().zip(&read).filter(|(_, read)| read.is_none()).map(|(p, _)| p.id.clone()).collect();
    Ok(Evaluation { finding, missed, readings: read.into_iter().flatten().collect(), unread })
}

fn find(finder: &FaceFinder, picture: &image::RgbImage, least: f32) -> Result<Vec<Spotted>> {
    let photo = Photo::new(picture.as_raw(), picture.width() as usize, picture.height() as usize)?;
    Ok(finder.find(&photo, least)?)
}

fn read(reader: &FaceReader, picture: &image::RgbImage, face: &Spotted) -> Result<FaceReading> {
    let photo = Photo::new(picture.as_raw(), picture.width() as usize, picture.height() as usize)?;
    Ok(reader.read(&photo, face.eyes)?)
}

/// Whether the program would draw `face`: the reader, too, takes it for one and, where the finder is not sure, it stands upright.
fn is_face(finder: &FaceFinder, reader: &FaceReader, picture: &image::RgbImage, face: &Spotted) -> Result<bool> {
    let photo = Photo::new(picture.as_raw(), picture.width() as usize, picture.height() as usize)?;
    Ok(reader.read(&photo, face.eyes)?.face >= sitter::LEAST_FACE
        && (face.score >= sitter::UPRIGHT || finder.stands(&photo, face, sitter::SURE)?))
}

/// Reads one aligned portrait.
fn one(finder: &FaceFinder, reader: &FaceReader, portrait: &Portrait) -> Result<Option<Read>> {
    let side = data::SIDE;
    let bytes = portrait.levels[0].chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let picture = image::RgbImage::from_raw(side as u32, side as u32, bytes).expect("three bytes a pixel");
    let found = find(finder, &picture, THRESHOLDS[0])?;
    let Some(face) = found.first() else { return Ok(None) };
    let reading = read(reader, &picture, face)?;
    let distance = |a: [f32; 2], b: [f32; 2]| f64::from((a[0] - b[0]).hypot(a[1] - b[1]));
    let apart = distance(portrait.points[36], portrait.points[45]);
    let off: f64 = (0..68).map(|at| distance(portrait.points[at], reading.points[at])).sum();
    let mut pixels = [[0.0; 2]; CLASSES.len() + 1];
    let [a, b, dx, c, d, dy] = reading.to_photo;
    let determinant = a * d - b * c;
    for at in 0..side * side {
        let class = usize::from(portrait.regions[at]);
        if class >= CLASSES.len() {
            continue;
        }
        let (x, y) = ((at % side) as f32 + 0.5 - dx, (at / side) as f32 + 0.5 - dy);
        let (column, row) = ((d * x - b * y) / determinant, (a * y - c * x) / determinant);
        let inside = (0.0..SIDE as f32).contains(&column) && (0.0..SIDE as f32).contains(&row);
        if !inside {
            continue;
        }
        let from = row as usize * SIDE + column as usize;
        let said = usize::from(reading.classes[from]);
        pixels[class][1] += 1.0;
        if said == class {
            pixels[class][0] += 1.0;
        } else {
            pixels[said][1] += 1.0;
        }
        let (is, said) = (portrait.levels[0][at * 4 + 3] > 127, reading.person[from] > 0.5);
        pixels[CLASSES.len()][0] += f64::from(u8::from(is && said));
        pixels[CLASSES.len()][1] += f64::from(u8::from(is || said));
    }
    let (id, hints) = (portrait.id.clone(), portrait.hints);
    Ok(Some(Read { id, hints, points: 100.0 * off / (68.0 * apart), pixels, face: reading.face }))
}

/// The least of many times (ms) that the finder takes for a photo of 1280 × 720 px, and the reader for a face in it.
///
/// # Errors
/// The machine is out of memory.
pub fn times(finder: &FaceFinder, reader: &FaceReader, portraits: &[Portrait]) -> Result<[f64; 2]> {
    let mut rng = lot(SEED, 20, 0);
    let scene = finder_scene::trial(&portraits[0], portraits, ROOM, 300.0, &mut rng);
    let (picture, eyes) = (scene.canvas.to_rgb8(), scene.faces[0].eyes);
    let photo = Photo::new(picture.as_raw(), ROOM[0], ROOM[1])?;
    let mut least = [f64::MAX; 2];
    for _ in 0..TIMES {
        let start = Instant::now();
        finder.find(&photo, THRESHOLDS[2])?;
        let middle = Instant::now();
        reader.read(&photo, eyes)?;
        least[0] = least[0].min((middle - start).as_secs_f64() * 1e3);
        least[1] = least[1].min(middle.elapsed().as_secs_f64() * 1e3);
    }
    Ok(least)
}

/// How often both networks are timed.
const TIMES: usize = 40;

/// A group's name and who belongs to it.
type Group = (&'static str, fn(&Hints) -> bool);

/// The groups whose scores are compared.
const GROUPS: [Group; 9] = [
    ("everyone", |_| true),
    ("glasses", |hints| hints.glasses),
    ("beard", |hints| hints.beard_hint),
    ("long hair", |hints| hints.long_hair_hint),
    ("dark skin (ITA below 5)", |hints| hints.skin_ita < 5.0),
    ("medium skin (5 to 28)", |hints| (5.0..28.0).contains(&hints.skin_ita)),
    ("pale skin (above 60)", |hints| hints.skin_ita > 60.0),
    ("synthetic", |hints| hints.synthetic),
    ("photographed", |hints| !hints.synthetic),
];

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| threshold | faces found | and read as faces | others beside them | in {EMPTY} empty rooms | of these, read as faces |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for (threshold, [share, both, beside, empty, read]) in THRESHOLDS.iter().zip(&self.finding) {
            writeln!(
                f,
                "| {threshold} | {:.2} % | {:.2} % | {beside} | {empty} | {read} |",
                100.0 * share,
                100.0 * both
            )?;
        }
        writeln!(
            f,
            "\nNot found: {}. Not found in the portrait itself: {}.\n",
            list(&self.missed),
            list(&self.unread)
        )?;
        write!(f, "| group | portraits | points, median % | points, 95th % | person")?;
        CLASSES.iter().try_for_each(|class| write!(f, " | {class}"))?;
        writeln!(f, " |\n|---|---|---|---|---{}|", "|---".repeat(CLASSES.len()))?;
        for (name, belongs) in GROUPS {
            let members: Vec<&Read> = self.readings.iter().filter(|read| belongs(&read.hints)).collect();
            let mut points: Vec<f64> = members.iter().map(|read| read.points).collect();
            points.sort_by(f64::total_cmp);
            let rank = |share: f64| points.get((points.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
            write!(f, "| {name} | {} | {:.2} | {:.2}", members.len(), rank(0.5), rank(0.95))?;
            for class in [CLASSES.len()].into_iter().chain(0..CLASSES.len()) {
                let sum = |which: usize| members.iter().map(|read| read.pixels[class][which]).sum::<f64>();
                write!(f, " | {:.3}", sum(0) / sum(1).max(1.0))?;
            }
            writeln!(f, " |")?;
        }
        let mut worst: Vec<&Read> = self.readings.iter().collect();
        worst.sort_by(|a, b| b.points.total_cmp(&a.points));
        write!(f, "\nPoints worst:")?;
        worst.iter().take(8).try_for_each(|read| write!(f, " {} {:.1} %", read.id, read.points))?;
        writeln!(f)
    }
}

fn list(ids: &[String]) -> String {
    if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
}
