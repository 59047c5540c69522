//! An artist's sketches as pairs to learn from: each sketch in the canonical frame, and the line drawing F makes of it.
//!
//! Refuses folders with fewer than [`LEAST`] sketches: a style cannot be told from so few.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use models::line_drawer::LineDrawer;

use crate::data::SIDE;
use crate::page::Page;
use crate::style::Pair;

/// Fewer sketches are refused.
pub const LEAST: usize = 12;
/// Of so many sketches one is kept apart, to be judged on.
const APART: usize = 12;

/// The pairs of the folder: to learn from, and to be judged on.
///
/// # Errors
/// Too few sketches, or files that cannot be read.
pub fn pairs(folder: &Path, drawer: &LineDrawer) -> Result<(Vec<Pair>, Vec<Pair>)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("the folder of sketches {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension().is_some_and(|ending| ["png", "jpg", "jpeg"].iter().any(|e| ending.eq_ignore_ascii_case(e)))
        })
        .collect();
    paths.sort();
    ensure!(
        paths.len() >= LEAST,
        "{} holds {} sketches; a style takes {LEAST} at least, thirty make a usable one, three hundred a good one",
        folder.display(),
        paths.len()
    );
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for (at, path) in paths.iter().enumerate() {
        let sketch = Page::read(path)?;
        let lines = Page::of(&drawer.draw(&sketch.values(), SIDE, SIDE)?);
        let pair = Pair { lines, sketch };
        if at % APART == APART - 1 { validation.push(pair) } else { training.push(pair) }
    }
    Ok((training, validation))
}
