//! Portraits joined with what artists, and the line drawer, drew of them: folders of drawings, one `ID.png` a portrait.

use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use anyhow::Result;
use anyhow::bail;
use anyhow::ensure;
use models::line_drawer::LineDrawer;
use rayon::prelude::*;
use sha2::Digest;
use sha2::Sha256;

use crate::checkpoint;
use crate::data::Portrait;
use crate::data::SIDE;
use crate::line_frame;
use crate::line_frame::Person;
use crate::page::Page;

/// The portraits of which `lines` holds a drawing, with those in the folders `drawings`.
///
/// # Errors
/// A drawing cannot be read, or there is none at all.
pub fn people<'a>(portraits: &'a [Portrait], lines: &Path, drawings: &[PathBuf]) -> Result<Vec<Person<'a>>> {
    let file = |folder: &Path, portrait: &Portrait| folder.join(format!("{}.png", portrait.id));
    let person = |portrait: &'a Portrait| -> Result<Person<'a>> {
        let others = drawings.iter().map(|folder| file(folder, portrait)).filter(|path| path.exists());
        Ok(Person {
            portrait,
            lines: Page::read(&file(lines, portrait))?,
            drawings: others.map(|path| Page::read(&path)).collect::<Result<_>>()?,
        })
    };
    let drawn: Vec<_> = portraits.iter().filter(|portrait| file(lines, portrait).exists()).collect();
    ensure!(!drawn.is_empty(), "{} holds no drawing of these portraits (ID.png)", lines.display());
    drawn.into_par_iter().map(person).collect()
}

/// Drawings from one line of progress to the next.
const TELL_EVERY: usize = 100;

/// What the line drawer of the file that consists of `drawer` draws of each of `people`'s photos. Drawings are kept in a folder of
/// that drawer's own in `folder`, and what is there is not drawn again; `tell` gets a line now and then.
///
/// # Errors
/// The file is no line drawer, `stop` was set, or the disk refuses.
pub fn drawn_by(
    drawer: &[u8],
    people: &[Person],
    folder: &Path,
    stop: &AtomicBool,
    tell: impl Fn(&str),
) -> Result<Vec<Page>> {
    let hash: String = Sha256::digest(drawer)[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = folder.join(format!("lines-{hash}"));
    std::fs::create_dir_all(&folder)?;
    let drawer = LineDrawer::read(drawer)?;
    let mut pages = Vec::with_capacity(people.len());
    let mut drawn = 0;
    for person in people {
        let path = folder.join(format!("{}.png", person.portrait.id));
        if !path.exists() {
            if stop.load(Ordering::Relaxed) {
                bail!("stopped; the same command goes on");
            }
            let lines = drawer.draw(&line_frame::trial(person, None).content, SIDE, SIDE)?;
            checkpoint::write(&path, &portraitist::raster::gray_png(&Page::of(&lines).picture()))?;
            drawn += 1;
            if drawn % TELL_EVERY == 0 {
                tell(&format!("the line drawer has drawn {} of {} people", pages.len() + 1, people.len()));
            }
        }
        pages.push(Page::read(&path)?);
    }
    Ok(pages)
}
