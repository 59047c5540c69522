//! Portraits joined with what artists drew of them: folders of drawings, one `ID.png` a portrait.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Result;
use anyhow::ensure;
use rayon::prelude::*;

use crate::data::Portrait;
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
