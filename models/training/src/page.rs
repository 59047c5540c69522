//! A gray drawing of the canonical frame, 512 × 512 px, and its pixels under a similarity.
//!
//! Values from 0 (ink) to 1 (paper); beyond the frame lies paper. Refuses pictures of another size.

use std::path::Path;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;

use crate::data::SIDE;
use crate::geometry::Transform;
use crate::geometry::place;

/// A drawing in memory, a byte a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page(Vec<u8>);

impl Page {
    /// The page of these [`SIDE`] × [`SIDE`] values, 0 to 1.
    pub fn of(values: &[f32]) -> Self {
        debug_assert_eq!(values.len(), SIDE * SIDE);
        Self(values.iter().map(|value| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8).collect())
    }

    /// The picture at `path`, made gray.
    ///
    /// # Errors
    /// It cannot be read or is not [`SIDE`] × [`SIDE`] px.
    pub fn read(path: &Path) -> Result<Self> {
        let picture = image::open(path).with_context(|| path.display().to_string())?.into_luma8();
        ensure!(
            picture.width() as usize == SIDE && picture.height() as usize == SIDE,
            "{} is {} × {} px, not {SIDE} × {SIDE}",
            path.display(),
            picture.width(),
            picture.height()
        );
        Ok(Self(picture.into_raw()))
    }

    /// Its pixels, 0 to 1, rows from the top.
    pub fn values(&self) -> Vec<f32> {
        self.0.iter().map(|&byte| f32::from(byte) / 255.0).collect()
    }

    /// The same as bytes: what a map of classes is read for.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The same as a picture.
    pub fn picture(&self) -> image::GrayImage {
        image::GrayImage::from_raw(SIDE as u32, SIDE as u32, self.0.clone()).expect("a byte a pixel")
    }

    /// The square of `side` px whose first pixel is `x`, `y`, inside the page.
    pub fn square(&self, x: usize, y: usize, side: usize) -> Vec<f32> {
        let row = |row: usize| self.0[row * SIDE + x..row * SIDE + x + side].iter();
        (y..y + side).flat_map(row).map(|&byte| f32::from(byte) / 255.0).collect()
    }

    /// What `side` × `side` px show of it when `transform` (canonical to picture px) puts it there.
    pub fn under(&self, transform: &Transform, side: usize) -> Vec<f32> {
        self.seen(transform, [side; 2])
    }

    /// The same of `width` × `height` px.
    pub fn seen(&self, transform: &Transform, [width, height]: [usize; 2]) -> Vec<f32> {
        let Some(back) = transform.inverse() else { return vec![1.0; width * height] };
        let mut out = Vec::with_capacity(width * height);
        for row in 0..height {
            let [mut x, mut y] = place(&back, [0.5, row as f32 + 0.5]);
            for _ in 0..width {
                out.push(self.at(x, y));
                x += back.m11;
                y += back.m12;
            }
        }
        out
    }

    /// The value at canonical `x`, `y`, between pixels' middles linearly.
    fn at(&self, x: f32, y: f32) -> f32 {
        let inside = 0.0..SIDE as f32;
        if !inside.contains(&x) || !inside.contains(&y) {
            return 1.0;
        }
        let most = (SIDE - 1) as f32;
        let (x, y) = ((x - 0.5).clamp(0.0, most), (y - 0.5).clamp(0.0, most));
        let (column, row) = ((x as usize).min(SIDE - 2), (y as usize).min(SIDE - 2));
        let (right, down) = (x - column as f32, y - row as f32);
        let value = |dx: usize, dy: usize| f32::from(self.0[(row + dy) * SIDE + column + dx]);
        let above = value(0, 0) + (value(1, 0) - value(0, 0)) * right;
        let below = value(0, 1) + (value(1, 1) - value(0, 1)) * right;
        (above + (below - above) * down) / 255.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::mirror;
    use crate::geometry::similarity;

    #[test]
    fn a_page_is_itself_in_place_mirrored_by_a_mirror_and_paper_beyond() {
        let values: Vec<f32> = (0..SIDE * SIDE).map(|at| (at % SIDE) as f32 / 511.0).collect();
        let page = Page::of(&values);
        assert_eq!(page.under(&Transform::identity(), SIDE), page.values());
        let mirrored = page.under(&mirror(), SIDE);
        assert!(
            mirrored
                .iter()
                .zip(page.values().chunks(SIDE).flat_map(|row| row.iter().rev()))
                .all(|(a, b)| { (a - b).abs() < 1e-5 })
        );
        let moved = page.under(&similarity(1.0, 0.0, [0.0, 0.0], [100.0, 0.0]), 128);
        assert_eq!((moved[50], moved[100]), (1.0, 0.0));
    }
}
