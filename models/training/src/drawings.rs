//! Reads a folder of drawings (PNG or JPEG, any size from 64 px) as squares of the portraits' size, for recipes that learn
//! from pictures and ask for no landmarks.
//!
//! Files are taken in the order of their names; more than [`MOST`], one that cannot be read or is smaller is refused by its name.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use image::imageops::FilterType;
use rayon::prelude::*;

use crate::canvas::Canvas;
use crate::data::SIDE;
use crate::geometry::Transform;

/// No folder may hold more drawings: all are held in memory, 1 MB each.
pub const MOST: usize = 5_000;
/// The least side, px.
const LEAST: u32 = 64;

/// A drawing's grays, [`SIDE`] × [`SIDE`], rows from the top.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing(Vec<u8>);

impl Drawing {
    /// The drawings in `folder`; what sticks out of a square is cut off.
    ///
    /// # Errors
    /// What the file's letter says is refused.
    pub fn all(folder: &Path) -> Result<Vec<Self>> {
        let entries =
            std::fs::read_dir(folder).with_context(|| format!("the drawings' folder {}", folder.display()))?;
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
        files.retain(|path| path.extension().is_some_and(|ending| ["png", "jpg", "jpeg"].iter().any(|e| ending == *e)));
        files.sort();
        ensure!(!files.is_empty(), "{} holds no PNG or JPEG file", folder.display());
        ensure!(files.len() <= MOST, "{} holds more than {MOST} drawings", folder.display());
        files.par_iter().map(|path| read(path)).collect()
    }

    /// The drawing where `transform` (its px to the canvas's) puts it, on a canvas of `side` × `side` px; its edge goes on.
    pub fn placed(&self, transform: &Transform, side: usize) -> Canvas {
        let mut canvas = Canvas::new(side, side, [1.0; 3]);
        let Some(back) = transform.inverse() else { return canvas };
        let most = (SIDE - 1) as f32;
        for (at, pixel) in canvas.rgb.chunks_exact_mut(3).enumerate() {
            let (column, row) = (at % side, at / side);
            let from = back.transform_point(euclid::default::Point2D::new(column as f32 + 0.5, row as f32 + 0.5));
            let (x, y) = ((from.x - 0.5).clamp(0.0, most), (from.y - 0.5).clamp(0.0, most));
            let (left, top) = ((x as usize).min(SIDE - 2), (y as usize).min(SIDE - 2));
            let (right, down) = (x - left as f32, y - top as f32);
            let gray = |dx: usize, dy: usize| f32::from(self.0[(top + dy) * SIDE + left + dx]) / 255.0;
            let line = |dy: usize| gray(0, dy) * (1.0 - right) + gray(1, dy) * right;
            pixel.fill(line(0) * (1.0 - down) + line(1) * down);
        }
        canvas
    }
}

fn read(path: &Path) -> Result<Drawing> {
    let picture = image::open(path).with_context(|| path.display().to_string())?;
    let least = picture.width().min(picture.height());
    ensure!(least >= LEAST, "{} is smaller than {LEAST} px", path.display());
    let side = SIDE as u32;
    Ok(Drawing(picture.resize_to_fill(side, side, FilterType::CatmullRom).into_luma8().into_raw()))
}
