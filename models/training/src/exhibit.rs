//! What a run draws of people it never saw, as files beside the artist's own: what `portraitist eval` measures.
//!
//! Any run of a style can be shown, ablations too, whose networks the program itself does not know. F makes lines of what is given,
//! unless it is lines already; without a run the lines themselves are the drawings. `OUT/NAME.png`, 8-bit gray, as the network
//! answers: nothing is cleaned up. Refused: pictures that are not 512 px square in the canonical frame, names not in the list.

use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use candle_core::Device;
use models::line_drawer::LineDrawer;
use portraitist::raster;
use portraitist::sketch;
use portraitist::sketch::Anatomy;

use crate::checkpoint;
use crate::data::Listed;
use crate::data::SIDE;
use crate::data::listed;
use crate::page::Page;
use crate::players::Pupil;
use crate::teach;

/// No folder may hold more pictures.
const MOST: usize = 20_000;

/// Of what drawings are made.
#[derive(Debug, Clone)]
pub enum Given {
    /// A folder of sketches, PNG.
    Sketches(PathBuf),
    /// A folder of line drawings, PNG.
    Lines(PathBuf),
    /// Photos of the portraits' folder, as their labels set them before white: these names.
    Photos {
        /// The portraits' folder.
        data: PathBuf,
        /// Whom.
        names: Vec<String>,
    },
}

/// Draws all that is `given` into `out`, or until `stop` is set; `tell` hears how many of how many are done.
///
/// # Errors
/// What the file's letter says is refused, and whatever the disk refuses.
pub fn exhibit(
    given: &Given,
    drawer: &LineDrawer,
    pupil: Option<&Pupil>,
    out: &Path,
    stop: &AtomicBool,
    tell: impl Fn(usize, usize),
) -> Result<usize> {
    let names = names(given)?;
    let list = match given {
        Given::Photos { data, .. } => listed(data)?,
        Given::Sketches(_) | Given::Lines(_) => Vec::new(),
    };
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    for (at, name) in names.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return Ok(at);
        }
        let lines = lines(given, &list, name, drawer)?;
        let drawn = match pupil {
            Some(pupil) => Page::of(&pupil.draw_frame(&lines, &Device::Cpu)?),
            None => Page::of(&lines),
        };
        checkpoint::write(&out.join(format!("{name}.png")), &raster::gray_png(&drawn.picture()))?;
        tell(at + 1, names.len());
    }
    Ok(names.len())
}

fn names(given: &Given) -> Result<Vec<String>> {
    let folder = match given {
        Given::Photos { names, .. } => return Ok(names.clone()),
        Given::Sketches(folder) | Given::Lines(folder) => folder,
    };
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut names = Vec::new();
    for entry in entries.take(2 * MOST) {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "png") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    ensure!(!names.is_empty(), "{} holds no drawing (NAME.png)", folder.display());
    ensure!(names.len() <= MOST, "{} holds more than {MOST} drawings", folder.display());
    names.sort();
    Ok(names)
}

fn lines(given: &Given, list: &[Listed], name: &str, drawer: &LineDrawer) -> Result<Vec<f32>> {
    let file = |folder: &Path| folder.join(format!("{name}.png"));
    let content = match given {
        Given::Lines(folder) => return Ok(Page::read(&file(folder))?.values()),
        Given::Sketches(folder) => Page::read(&file(folder))?.values(),
        Given::Photos { data, .. } => {
            let of_name = list.iter().find(|listed| listed.id == name);
            let of_name = of_name.with_context(|| format!("there is no portrait {name} in the list"))?;
            let (portrait, face) = teach::sat(data, of_name).with_context(|| name.to_owned())?;
            sketch::content(&portrait, &Anatomy::of_face(&portrait, &face)).as_raw().clone()
        }
    };
    Ok(drawer.draw(&content, SIDE, SIDE)?)
}
