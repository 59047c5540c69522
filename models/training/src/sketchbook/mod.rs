//! An artist's sketches as pairs to learn from: scans of any size become pages in the canonical frame, and each page has the
//! line drawing that F makes of it.
//!
//! A scan is read, its paper whitened, the face on it found and brought upright to the canonical eyes, captions and
//! borders taken off. One that lies in the canonical frame already (512 px square, its eyes within [`IN_PLACE_PX`] of
//! their places) stays as it is, pixel by pixel. Left out, each with a sentence: what cannot be read, what shows no face,
//! faces of too few pixels, and photos, through whose faces no paper shows ([`kind`]).
//! Refused: folders without scans, with more than [`MOST`] of them, and fewer than [`LEAST`] pages: a style cannot be told from so few.

pub mod eyes;
pub mod kind;
pub mod paper;
pub mod scan;
pub mod trim;

use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use image::DynamicImage;
use image::imageops::FilterType;
use models::line_drawer::LineDrawer;
use portraitist::photo;
use portraitist::photo::Framing;
use portraitist::photo::Photo;
use portraitist::photo::Portrait;
use portraitist::photo::colour_model;
use portraitist::raster;
use portraitist::raster::Field;
use rayon::prelude::*;

use crate::canvas::Canvas;
use crate::checkpoint;
use crate::data::SIDE;
use crate::page::Page;
use crate::sheet;
use crate::style::Pair;
use eyes::Seers;

/// The sheet of all pages, in the run's folder.
pub const SHEET: &str = "pages.jpg";
/// The folder of the pages, in the run's folder.
const PAGES: &str = "pages";
/// Pages of a row of the sheet.
const COLUMNS: usize = 8;
/// A page's side on the sheet, px.
const SMALL_PX: u32 = 192;
/// The most pages on the sheet.
const SHOWN: usize = 400;
/// Fewer pages are refused.
pub const LEAST: usize = 12;
/// More files are refused: all pages and their lines are held in memory, half a megabyte each.
pub const MOST: usize = 5_000;
/// Of so many pages one is kept apart, to be judged on.
const APART: usize = 12;
/// Eyes so near to their canonical places are in place, px: about what the networks' eyes are off on drawings at most.
const IN_PLACE_PX: f64 = 12.0;
/// Scans that are worked on at once: each takes up to some hundred megabytes.
const AT_ONCE: usize = 4;

/// The pages of a folder of scans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketchbook {
    /// The files' names and their pages, by name.
    pub pages: Vec<(String, Page)>,
    /// What is not used, by name.
    pub left_out: Vec<LeftOut>,
    /// Files that are no pictures by their endings.
    pub others: usize,
}

/// A scan that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The file's name.
    pub name: String,
    /// Why, in one sentence.
    pub why: String,
}

/// The sketchbook in `folder`; `tell` hears how many scans of how many are done. Scans of 512 × 512 px are taken as they are
/// if they are said to be `aligned`.
///
/// # Errors
/// The folder cannot be read, holds no or too many scans, `stop` was set, or the machine is out of memory.
pub fn open(
    folder: &Path,
    seers: &Seers,
    aligned: bool,
    stop: &AtomicBool,
    tell: impl Fn(usize, usize) + Sync,
) -> Result<Sketchbook> {
    let (scans, others) = scans(folder)?;
    let done = AtomicUsize::new(0);
    let one = |path: &PathBuf| {
        ensure!(!stop.load(Ordering::Relaxed), "stopped");
        let page = page(path, seers, aligned);
        tell(done.fetch_add(1, Ordering::Relaxed) + 1, scans.len());
        Ok((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), page))
    };
    let threads = rayon::ThreadPoolBuilder::new().num_threads(rayon::current_num_threads().min(AT_ONCE)).build()?;
    let all: Vec<(String, Result<Page>)> = threads.install(|| scans.par_iter().map(one).collect::<Result<_>>())?;
    let mut book = Sketchbook { pages: Vec::new(), left_out: Vec::new(), others };
    for (name, page) in all {
        match page {
            Ok(page) => book.pages.push((name, page)),
            Err(error) => book.left_out.push(LeftOut { name, why: format!("{error:#}") }),
        }
    }
    Ok(book)
}

/// The page that the scan in the file `path` becomes.
///
/// # Errors
/// Why it is left out.
pub fn page(path: &Path, seers: &Seers, aligned: bool) -> Result<Page> {
    let scan = scan::read(path)?;
    let in_frame = scan.pixels().dimensions() == (Portrait::SIDE, Portrait::SIDE);
    let as_it_is = || -> Result<Page> {
        kind::drawing(scan.pixels())?;
        Ok(Page::of(colour_model::luma(scan.pixels()).as_raw()))
    };
    if aligned && in_frame {
        return as_it_is();
    }
    let sheet = paper::whitened(&scan);
    let eyes = seers.eyes(&sheet)?.context(
        "no face is found on it; a style is learnt from portraits, from the front or turned a little, one on each scan",
    )?;
    let in_place = eyes.at.iter().zip(Portrait::EYES).all(|(eye, place)| (*eye - place).length() <= IN_PLACE_PX);
    if in_frame && in_place {
        return as_it_is();
    }
    let framing = Framing::Eyes(eyes.at);
    kind::drawing(photo::compose(&scan, &framing)?.pixels())?;
    let white = Photo::new(DynamicImage::ImageLuma8(bytes(&sheet)).into_rgb8()).context("it has no pixels")?;
    let portrait = photo::compose(&white, &framing)?;
    // Beyond the sheet lies paper.
    let values = colour_model::luma(portrait.pixels());
    let page = photo::smooth::map2(&values, portrait.beyond(), |value, beyond| if beyond > 0.0 { 1.0 } else { value });
    Ok(Page::of(trim::trimmed(&page).as_raw()))
}

fn bytes(sheet: &Field) -> image::GrayImage {
    let value = |value: &f32| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    image::GrayImage::from_raw(sheet.width(), sheet.height(), sheet.as_raw().iter().map(value).collect())
        .expect("a byte a pixel")
}

/// The scans in `folder` by name, and how many other files there are.
fn scans(folder: &Path) -> Result<(Vec<PathBuf>, usize)> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("the folder of sketches {}", folder.display()))?;
    let (mut scans, mut others) = (Vec::new(), 0);
    for entry in entries.take(2 * MOST) {
        let path = entry?.path();
        if !path.is_file() {
            continue;
        }
        let is_scan = |ending: &std::ffi::OsStr| scan::ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
        if path.extension().is_some_and(is_scan) { scans.push(path) } else { others += 1 }
    }
    ensure!(
        !scans.is_empty(),
        "{} holds no scans ({}); name the folder that the drawings themselves lie in",
        folder.display(),
        scan::ENDINGS.join(", ")
    );
    ensure!(scans.len() <= MOST, "{} holds more than {MOST} scans; keep the best there", folder.display());
    scans.sort();
    Ok((scans, others))
}

impl Sketchbook {
    /// Whether there are pages enough.
    ///
    /// # Errors
    /// There are fewer than [`LEAST`], with what to do.
    pub fn enough(&self) -> Result<()> {
        let (usable, files) = (self.pages.len(), self.pages.len() + self.left_out.len());
        ensure!(
            usable >= LEAST,
            "{usable} of {files} scans can be used, and a style takes {LEAST} at least; thirty make a usable one, three \
             hundred a good one: add portraits by the same hand (several drawings of one person count, and each drawing of a \
             larger sheet scanned by itself){}",
            if self.left_out.is_empty() { "" } else { ", and see above what was wrong with those left out" }
        );
        Ok(())
    }

    /// Writes the pages into `folder`, in the place of former ones, and a sheet of them to look at.
    ///
    /// # Errors
    /// The disk is full, or the folder cannot be written.
    pub fn keep(&self, folder: &Path) -> Result<()> {
        let into = folder.join(PAGES);
        std::fs::create_dir_all(&into).with_context(|| into.display().to_string())?;
        for former in page_files(&into)? {
            std::fs::remove_file(&former).with_context(|| former.display().to_string())?;
        }
        let mut tiles = Vec::new();
        for (at, (name, page)) in self.pages.iter().enumerate() {
            let picture = page.picture();
            if at < SHOWN {
                let small = image::imageops::resize(&picture, SMALL_PX, SMALL_PX, FilterType::Triangle);
                tiles.push(Canvas::from_rgb8(&DynamicImage::ImageLuma8(small).into_rgb8()));
            }
            checkpoint::write(&into.join(format!("{at:04}-{name}.png")), &raster::gray_png(&picture))?;
        }
        let mut bytes = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 85);
        sheet::tiled(&tiles, COLUMNS).write_with_encoder(encoder)?;
        checkpoint::write(&folder.join(SHEET), &bytes)
    }
}

/// The pages that [`Sketchbook::keep`] wrote into `folder`.
///
/// # Errors
/// There are none, or they cannot be read.
pub fn kept(folder: &Path) -> Result<Vec<Page>> {
    let none = || format!("{} holds no pages of a run that could be resumed", folder.display());
    let files = page_files(&folder.join(PAGES)).with_context(none)?;
    ensure!(!files.is_empty(), none());
    files.iter().map(|path| Page::read(path)).collect()
}

fn page_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "png"))
        .collect();
    files.sort();
    Ok(files)
}

/// `pages` with what `drawer` draws of each: to learn from, and to be judged on.
///
/// # Errors
/// The machine is out of memory.
pub fn pairs(pages: &[Page], drawer: &LineDrawer) -> Result<(Vec<Pair>, Vec<Pair>)> {
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for (at, sketch) in pages.iter().cloned().enumerate() {
        let lines = Page::of(&drawer.draw(&sketch.values(), SIDE, SIDE)?);
        let pair = Pair { lines, sketch };
        if at % APART == APART - 1 { validation.push(pair) } else { training.push(pair) }
    }
    Ok((training, validation))
}
