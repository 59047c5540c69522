//! Scoot, the structure co-occurrence texture measure for face sketches (Fan et al., ICCV 2019), exactly as its authors'
//! `ScootMeasure.m` computes it.
//!
//! Both pictures in eight bits, one size, cut into 4 × 4 blocks. A block's gray-level co-occurrence matrix has six levels
//! (MATLAB's rule for eight bits) and is the rounded mean over four directions at distance 1; contrast and energy of its
//! normalised form for all blocks make a vector of 32 numbers. The measure is 1 / (1 + distance of the two vectors): 1 is
//! identical.

use super::EvalError;
use crate::raster::Gray;

/// Blocks along a side.
const BLOCKS: u32 = 4;
/// Levels of gray.
const LEVELS: usize = 6;
/// The neighbours, as (across, down): 0°, 45°, 90° and 135°.
const OFFSETS: [(i64, i64); 4] = [(1, 0), (1, -1), (0, -1), (-1, -1)];

/// The measure of `drawn` against `real`, 0 to 1.
///
/// # Errors
/// Pictures of two sizes, smaller than 8 × 8 px, or of one gray value.
pub fn scoot(real: &Gray, drawn: &Gray) -> Result<f64, EvalError> {
    if real.dimensions() != drawn.dimensions() || real.width() < 2 * BLOCKS || real.height() < 2 * BLOCKS {
        return Err(EvalError::Sizes { real: real.dimensions(), drawn: drawn.dimensions() });
    }
    let constant = |picture: &Gray| picture.as_raw().iter().all(|value| *value == picture.as_raw()[0]);
    if constant(real) || constant(drawn) {
        return Err(EvalError::Constant);
    }
    let (one, two) = (structure(real), structure(drawn));
    let square: f64 = one.iter().zip(&two).map(|(a, b)| (a - b).powi(2)).sum();
    Ok(1.0 / (1.0 + square.sqrt()))
}

/// Contrast and energy of every block.
fn structure(picture: &Gray) -> Vec<f64> {
    let (width, height) = picture.dimensions();
    let edge = |size: u32, at: u32| size * at / BLOCKS;
    let mut out = Vec::new();
    for row in 0..BLOCKS {
        for column in 0..BLOCKS {
            let across = edge(width, column)..edge(width, column + 1);
            let down = edge(height, row)..edge(height, row + 1);
            out.extend(contrast_and_energy(&co_occurrences(picture, across, down)));
        }
    }
    out
}

/// The rounded mean of the four directions' counts of pairs of levels.
fn co_occurrences(picture: &Gray, across: std::ops::Range<u32>, down: std::ops::Range<u32>) -> [[f64; LEVELS]; LEVELS] {
    let mut counts = [[0u32; LEVELS]; LEVELS];
    for y in down.clone() {
        for x in across.clone() {
            for (dx, dy) in OFFSETS {
                let (nx, ny) = (i64::from(x) + dx, i64::from(y) + dy);
                let inside = (i64::from(across.start)..i64::from(across.end)).contains(&nx)
                    && (i64::from(down.start)..i64::from(down.end)).contains(&ny);
                if inside {
                    counts[level(picture, x, y)][level(picture, nx as u32, ny as u32)] += 1;
                }
            }
        }
    }
    counts.map(|row| row.map(|count| (f64::from(count) / OFFSETS.len() as f64).round()))
}

/// MATLAB's `graycomatrix` with limits 0 and 255: floor(value · levels / 255 + 1), at most the last.
fn level(picture: &Gray, x: u32, y: u32) -> usize {
    (usize::from(picture.get_pixel(x, y).0[0]) * LEVELS / 255).min(LEVELS - 1)
}

fn contrast_and_energy(matrix: &[[f64; LEVELS]; LEVELS]) -> [f64; 2] {
    let sum: f64 = matrix.iter().flatten().sum();
    let (mut contrast, mut energy) = (0.0, 0.0);
    for (a, row) in matrix.iter().enumerate() {
        for (b, count) in row.iter().enumerate() {
            let share = if sum > 0.0 { count / sum } else { 0.0 };
            contrast += (a as f64 - b as f64).powi(2) * share;
            energy += share * share;
        }
    }
    [contrast, energy]
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    fn stripes(width: u32) -> Gray {
        Gray::from_fn(64, 64, |x, _| Luma([if (x / width).is_multiple_of(2) { 0 } else { 255 }]))
    }

    #[test]
    fn a_picture_is_itself_and_another_texture_is_less() {
        assert_eq!(scoot(&stripes(2), &stripes(2)), Ok(1.0));
        let other = scoot(&stripes(2), &stripes(8)).expect("stripes");
        assert!(other < 0.2, "{other}");
        assert_eq!(scoot(&stripes(2), &Gray::new(64, 64)), Err(EvalError::Constant));
        assert!(matches!(scoot(&stripes(2), &Gray::new(32, 64)), Err(EvalError::Sizes { .. })));
    }

    #[test]
    fn stripes_of_one_pixel_have_the_contrast_and_energy_of_the_formula() {
        // In a block of 16 × 16 with 8 columns of each level: 0-5 has 8 × 16 pairs at 0°, 8 × 15 at 45°, 7 × 15 at 135°, in all 353,
        // of which a quarter is 88.25; 5-0 has 7 × 16, 7 × 15 and 8 × 15: 84.25; equal levels have 8 × 15 each at 90°: 30.
        let matrix = co_occurrences(&stripes(1), 0..16, 0..16);
        assert_eq!([matrix[0][0], matrix[5][5], matrix[0][5], matrix[5][0]], [30.0, 30.0, 88.0, 84.0]);
        let [contrast, energy] = contrast_and_energy(&matrix);
        assert!((contrast - 25.0 * 172.0 / 232.0).abs() < 1e-12);
        assert!(
            (energy - (2.0 * 30.0f64.powi(2) + 88.0f64.powi(2) + 84.0f64.powi(2)) / 232.0f64.powi(2)).abs() < 1e-12
        );
    }

    #[test]
    fn levels_are_matlabs() {
        let ramp = Gray::from_fn(256, 1, |x, _| Luma([x as u8]));
        let levels: Vec<usize> = [0, 42, 43, 84, 85, 254, 255].map(|x| level(&ramp, x, 0)).to_vec();
        assert_eq!(levels, [0, 0, 1, 1, 2, 5, 5]);
    }
}
