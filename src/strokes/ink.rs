//! How dark each place is: the raster as a plane of ink from 0 (paper) to 1 (full ink) on the working grid.
//!
//! Paper and ink levels are read from the picture itself (a scan's paper is no 255), noise is measured (Immerkær
//! 1996, "Fast noise variance estimation", with a median so that lines do not count as noise) and smoothed just as
//! much as it needs, and the plane is made finer than the raster so that lines one pixel apart stay two lines.
//! Refuses to see ink in a picture without contrast.

use image::Luma;
use image::imageops;
use image::imageops::FilterType;
use imageproc::contrast::otsu_level;
use imageproc::filter::gaussian_blur_f32;

use crate::raster::Field;
use crate::raster::Gray;
use crate::strokes::place::Grid;

/// Least difference of gray between paper and ink, of 255: below it a picture holds noise, not lines.
pub const LEAST_CONTRAST: f32 = 40.0;

/// Darkest gray that may still be paper.
const DARKEST_PAPER: u8 = 128;

/// The ink of `raster` on `grid`, 0 paper to 1 full ink.
pub fn ink(raster: &Gray, grid: Grid) -> Field {
    let (width, height) = raster.dimensions();
    let (scale, border) = (grid.scale, grid.border);
    let mut plane = Field::new(width * scale + 2 * border, height * scale + 2 * border);
    let Some((paper, full)) = levels(raster) else {
        return plane;
    };
    let noise = noise(raster) / (paper - full);
    let darkness = Field::from_fn(width, height, |x, y| {
        Luma([((paper - f32::from(raster.get_pixel(x, y)[0])) / (paper - full)).clamp(0.0, 1.0)])
    });
    // 0.5 px takes the staircase off a clean picture; 1 px takes the noise off a bad one.
    let sigma = 0.5 + 0.5 * (noise / 0.04).min(1.0);
    let smooth = gaussian_blur_f32(&darkness, sigma);
    let fine = if scale == 1 {
        smooth
    } else {
        imageops::resize(&smooth, width * scale, height * scale, FilterType::CatmullRom)
    };
    imageops::replace(&mut plane, &fine, i64::from(border), i64::from(border));
    plane
}

/// Gray of the paper and of full ink, or `None` where there is no contrast.
fn levels(raster: &Gray) -> Option<(f32, f32)> {
    let mut histogram = [0u64; 256];
    for p in raster.pixels() {
        histogram[usize::from(p[0])] += 1;
    }
    let split = usize::from(otsu_level(raster)).max(usize::from(DARKEST_PAPER) - 1);
    let paper = quantile(&histogram[split + 1..], 0.5).map_or(255.0, |v| (v + split + 1) as f32);
    let dark = (paper - LEAST_CONTRAST).max(0.0) as usize;
    let full = quantile(&histogram[..=dark], 0.1)? as f32;
    (paper - full >= LEAST_CONTRAST).then_some((paper, full))
}

fn quantile(histogram: &[u64], share: f64) -> Option<usize> {
    let total: u64 = histogram.iter().sum();
    let wanted = (total as f64 * share).ceil().max(1.0) as u64;
    let mut seen = 0;
    histogram.iter().position(|count| {
        seen += count;
        total > 0 && seen >= wanted
    })
}

/// Standard deviation of the picture's noise, in gray levels.
fn noise(raster: &Gray) -> f32 {
    let (width, height) = raster.dimensions();
    let at = |x: u32, y: u32| i32::from(raster.get_pixel(x, y)[0]);
    let mut histogram = vec![0u64; 8 * 255 + 1];
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let corners = at(x - 1, y - 1) + at(x + 1, y - 1) + at(x - 1, y + 1) + at(x + 1, y + 1);
            let sides = at(x, y - 1) + at(x - 1, y) + at(x + 1, y) + at(x, y + 1);
            histogram[(corners - 2 * sides + 4 * at(x, y)).unsigned_abs() as usize] += 1;
        }
    }
    // The mask has norm 6, and the median of |N(0, s)| is 0.6745 s.
    quantile(&histogram, 0.5).unwrap_or(0) as f32 / (6.0 * 0.6745)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { scale: 2, border: 4 };

    #[test]
    fn flat_pictures_hold_no_ink_and_black_ones_only_ink() {
        assert!(ink(&Gray::from_pixel(9, 9, Luma([230])), GRID).as_raw().iter().all(|v| *v == 0.0));
        assert!(ink(&Gray::from_pixel(9, 9, Luma([0])), GRID).get_pixel(13, 13)[0] > 0.99);
    }

    #[test]
    fn gray_paper_is_paper() {
        let mut raster = Gray::from_pixel(40, 40, Luma([180]));
        for y in 0..40 {
            raster.put_pixel(20, y, Luma([60]));
            raster.put_pixel(21, y, Luma([60]));
        }
        let plane = ink(&raster, GRID);
        assert_eq!(plane.get_pixel(20, 40)[0], 0.0);
        assert!(plane.get_pixel(46, 40)[0] > 0.7);
    }
}
