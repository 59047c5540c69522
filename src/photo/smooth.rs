//! Smoothing of number fields: Gaussian, box mean, and the edge-aware guided filter. Edges are extended outward.
//!
//! Units are pixels; every field keeps its size, and of one size must be those that go into one call. Rows are
//! shared among threads; each pixel's sum has one fixed order, so that results do not depend on their number.
//! Sources: He, Sun & Tang, "Guided Image Filtering", TPAMI 2013, equations 5-8; Kovesi, "Fast Almost-Gaussian
//! Filtering", 2010, for the three boxes.

use crate::raster::Field;
use rayon::prelude::*;

/// `field` blurred by a Gaussian of standard deviation `sigma_px`; a copy if that is not positive.
pub fn gaussian(field: &Field, sigma_px: f32) -> Field {
    if field.is_empty() || sigma_px.is_nan() || sigma_px <= 0.0 {
        return field.clone();
    }
    // Three boxes are within a few per cent of a Gaussian once they are a few pixels wide.
    const BOXES_FROM_PX: f32 = 3.0;
    if sigma_px >= BOXES_FROM_PX {
        return box_radii(sigma_px).iter().fold(field.clone(), |field, radius| box_mean(&field, *radius));
    }
    let kernel = gaussian_kernel(sigma_px);
    transposed(&along_rows(&transposed(&along_rows(field, &kernel)), &kernel))
}

/// The mean of `field` over squares of side `2 * radius + 1`.
pub fn box_mean(field: &Field, radius: usize) -> Field {
    if radius == 0 || field.is_empty() {
        return field.clone();
    }
    box_columns(&box_rows(field, radius), radius)
}

/// `input` smoothed but for the edges it shares with `guide`.
pub fn guided(guide: &Guide, input: &Field) -> Field {
    let mean_input = box_mean(input, guide.radius);
    let mean_product = box_mean(&map2(&guide.picture, input, |g, p| g * p), guide.radius);
    let mut slope = map2(&guide.mean, &mean_input, |g, p| g * p);
    for ((slope, product), spread) in slope.as_mut().iter_mut().zip(mean_product.as_raw()).zip(guide.spread.as_raw()) {
        *slope = (product - *slope) / spread;
    }
    let offset = map2(&mean_input, &map2(&slope, &guide.mean, |a, g| a * g), |p, ag| p - ag);
    let slope = box_mean(&slope, guide.radius);
    let offset = box_mean(&offset, guide.radius);
    map2(&map2(&slope, &guide.picture, |a, g| a * g), &offset, |ag, b| ag + b)
}

/// A picture whose edges guide the smoothing of others.
pub struct Guide {
    picture: Field,
    radius: usize,
    mean: Field,
    /// Variance of each window plus the variance that counts as flat.
    spread: Field,
}

impl Guide {
    /// `picture` in windows of side `2 * radius + 1`; a window whose variance is below `epsilon` counts as flat.
    pub fn new(picture: Field, radius: usize, epsilon: f32) -> Self {
        let mean = box_mean(&picture, radius);
        let mean_square = box_mean(&map(&picture, |g| g * g), radius);
        let spread = map2(&mean_square, &mean, |square, mean| (square - mean * mean).max(0.0) + epsilon);
        Self { picture, radius, mean, spread }
    }
}

/// `f` of every number.
pub fn map(field: &Field, f: impl Fn(f32) -> f32 + Sync) -> Field {
    let values = field.as_raw().par_iter().map(|v| f(*v)).collect();
    of_size(field.width(), field.height(), values)
}

/// `f` of every pair of numbers at one place.
pub fn map2(a: &Field, b: &Field, f: impl Fn(f32, f32) -> f32 + Sync) -> Field {
    assert_eq!(a.dimensions(), b.dimensions(), "fields of one call are of one size");
    let values = a.as_raw().par_iter().zip(b.as_raw().par_iter()).map(|(x, y)| f(*x, *y)).collect();
    of_size(a.width(), a.height(), values)
}

/// A field of `width` by `height` whose numbers are `values`, row by row.
pub fn of_size(width: u32, height: u32, values: Vec<f32>) -> Field {
    Field::from_raw(width, height, values).expect("as many numbers as pixels")
}

/// `field` at another size: area mean when it shrinks, bilinear when it grows; pixel centres at half-integers.
pub fn resized(field: &Field, width: u32, height: u32) -> Field {
    if field.is_empty() || field.dimensions() == (width, height) {
        return field.clone();
    }
    let rows = transposed(&resized_rows(field, width as usize));
    transposed(&resized_rows(&rows, height as usize))
}

fn resized_rows(field: &Field, to: usize) -> Field {
    let from = field.width() as usize;
    let ratio = from as f32 / to as f32;
    let mut out = vec![0.0f32; to * field.height() as usize];
    out.par_chunks_mut(to).zip(field.as_raw().par_chunks(from)).for_each(|(target, source)| {
        for (x, value) in target.iter_mut().enumerate() {
            if ratio > 1.0 {
                let (begin, end) = (x as f32 * ratio, (x + 1) as f32 * ratio);
                let mut sum = 0.0;
                for (i, v) in source.iter().enumerate().take((end.ceil() as usize).min(from)).skip(begin as usize) {
                    sum += v * (((i + 1) as f32).min(end) - (i as f32).max(begin)).max(0.0);
                }
                *value = sum / (end - begin);
            } else {
                let place = ((x as f32 + 0.5) * ratio - 0.5).clamp(0.0, (from - 1) as f32);
                let left = place as usize;
                let right = (left + 1).min(from - 1);
                let t = place - left as f32;
                *value = source[left] * (1.0 - t) + source[right] * t;
            }
        }
    });
    of_size(to as u32, field.height(), out)
}

/// The radii of three boxes whose variances sum to that of the Gaussian as nearly as odd widths allow.
fn box_radii(sigma_px: f32) -> [usize; 3] {
    let wanted = 12.0 * sigma_px * sigma_px;
    let narrow = (((wanted / 3.0 + 1.0).sqrt() - 1.0) / 2.0).floor();
    let variance = |radius: f32| (2.0 * radius + 1.0).powi(2) - 1.0;
    // How many of the three stay narrow; the others are the next wider.
    let step = variance(narrow + 1.0) - variance(narrow);
    let narrow_ones = ((3.0 * variance(narrow + 1.0) - wanted) / step).round() as usize;
    [0, 1, 2].map(|pass| narrow as usize + usize::from(pass >= narrow_ones))
}

/// A Gaussian's weights, from -r to r with r = 3 sigma, their sum 1.
fn gaussian_kernel(sigma_px: f32) -> Vec<f32> {
    let radius = (3.0 * sigma_px).ceil() as i32;
    let weights: Vec<f32> =
        (-radius..=radius).map(|i| (-((i * i) as f32) / (2.0 * sigma_px * sigma_px)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}

fn along_rows(field: &Field, kernel: &[f32]) -> Field {
    let width = field.width() as usize;
    let radius = kernel.len() / 2;
    let mut out = vec![0.0f32; width * field.height() as usize];
    out.par_chunks_mut(width).zip(field.as_raw().par_chunks(width)).for_each(|(target, source)| {
        let padded = extended(source, radius);
        for (k, weight) in kernel.iter().enumerate() {
            for (value, v) in target.iter_mut().zip(&padded[k..]) {
                *value += weight * v;
            }
        }
    });
    of_size(field.width(), field.height(), out)
}

fn box_rows(field: &Field, radius: usize) -> Field {
    let width = field.width() as usize;
    let mut out = vec![0.0f32; width * field.height() as usize];
    let scale = 1.0 / (2 * radius + 1) as f64;
    out.par_chunks_mut(width).zip(field.as_raw().par_chunks(width)).for_each(|(target, source)| {
        let padded = extended(source, radius);
        // In double precision a running sum over a row loses nothing that shows.
        let mut sum: f64 = padded[..2 * radius].iter().map(|v| f64::from(*v)).sum();
        for (x, value) in target.iter_mut().enumerate() {
            sum += f64::from(padded[x + 2 * radius]);
            *value = (sum * scale) as f32;
            sum -= f64::from(padded[x]);
        }
    });
    of_size(field.width(), field.height(), out)
}

fn box_columns(field: &Field, radius: usize) -> Field {
    /// Rows that share one running sum: a fixed number, so that rounding does not depend on the threads.
    const BAND: usize = 128;
    let (width, height) = (field.width() as usize, field.height() as usize);
    let scale = 1.0 / (2 * radius + 1) as f64;
    let row = |y: isize| {
        let y = y.clamp(0, height as isize - 1) as usize;
        &field.as_raw()[y * width..(y + 1) * width]
    };
    let mut out = vec![0.0f32; width * height];
    out.par_chunks_mut(width * BAND).enumerate().for_each(|(band, rows)| {
        let first = (band * BAND) as isize;
        let reach = radius as isize;
        let mut sums = vec![0.0f64; width];
        for y in first - reach..first + reach {
            sums.iter_mut().zip(row(y)).for_each(|(sum, v)| *sum += f64::from(*v));
        }
        for (y, target) in rows.chunks_mut(width).enumerate() {
            let y = first + y as isize;
            let (enters, leaves) = (row(y + reach), row(y - reach));
            for (((value, sum), enters), leaves) in target.iter_mut().zip(&mut sums).zip(enters).zip(leaves) {
                *sum += f64::from(*enters);
                *value = (*sum * scale) as f32;
                *sum -= f64::from(*leaves);
            }
        }
    });
    of_size(field.width(), field.height(), out)
}

/// `row` with its first and last value repeated `radius` times outward.
fn extended(row: &[f32], radius: usize) -> Vec<f32> {
    let mut padded = Vec::with_capacity(row.len() + 2 * radius);
    padded.resize(radius, row[0]);
    padded.extend_from_slice(row);
    padded.resize(row.len() + 2 * radius, row[row.len() - 1]);
    padded
}

/// Rows become columns. In blocks, so that both sides stay in the cache.
fn transposed(field: &Field) -> Field {
    const BLOCK: usize = 16;
    let (width, height) = (field.width() as usize, field.height() as usize);
    let source = field.as_raw();
    let mut out = vec![0.0f32; width * height];
    out.par_chunks_mut(height * BLOCK).enumerate().for_each(|(block, rows)| {
        let first = block * BLOCK;
        for y0 in (0..height).step_by(BLOCK) {
            for (x, row) in rows.chunks_mut(height).enumerate() {
                for y in y0..(y0 + BLOCK).min(height) {
                    row[y] = source[y * width + first + x];
                }
            }
        }
    });
    of_size(field.height(), field.width(), out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impulse() -> Field {
        Field::from_fn(61, 41, |x, y| image::Luma([if (x, y) == (30, 20) { 1.0 } else { 0.0 }]))
    }

    /// Standard deviation along x of the mass in `field`.
    fn spread(field: &Field) -> f32 {
        let mass: f32 = field.as_raw().iter().sum();
        let mean: f32 = field.enumerate_pixels().map(|(x, _, p)| x as f32 * p.0[0]).sum::<f32>() / mass;
        (field.enumerate_pixels().map(|(x, _, p)| (x as f32 - mean).powi(2) * p.0[0]).sum::<f32>() / mass).sqrt()
    }

    #[test]
    fn a_gaussian_keeps_the_sum_and_spreads_by_its_sigma() {
        for sigma in [0.8, 1.5, 2.9, 3.0, 4.5] {
            let out = gaussian(&impulse(), sigma);
            let sum: f32 = out.as_raw().iter().sum();
            assert!((sum - 1.0).abs() < 1e-4, "sum {sum} at sigma {sigma}");
            // The box radius is rounded to whole pixels, the kernel cut at three sigma.
            assert!((spread(&out) - sigma).abs() < 0.09 * sigma, "spread {} at sigma {sigma}", spread(&out));
        }
    }

    #[test]
    fn a_flat_field_stays_flat_under_every_filter() {
        let flat = Field::from_pixel(37, 23, image::Luma([0.25]));
        for out in [
            gaussian(&flat, 1.0),
            gaussian(&flat, 9.0),
            box_mean(&flat, 50),
            guided(&Guide::new(flat.clone(), 4, 1e-4), &flat),
        ] {
            assert!(out.as_raw().iter().all(|v| (v - 0.25).abs() < 1e-5));
        }
        let small = resized(&flat, 5, 9);
        assert_eq!(small.dimensions(), (5, 9));
        assert!(small.as_raw().iter().all(|v| (v - 0.25).abs() < 1e-5));
        assert!(resized(&small, 40, 64).as_raw().iter().all(|v| (v - 0.25).abs() < 1e-5));
    }

    #[test]
    fn the_guided_filter_moves_a_blurred_step_onto_the_guides_edge() {
        let guide = Field::from_fn(64, 32, |x, _| image::Luma([if x < 32 { 0.2 } else { 0.8 }]));
        let vague = Field::from_fn(64, 32, |x, _| image::Luma([((x as f32 - 20.0) / 24.0).clamp(0.0, 1.0)]));
        let out = guided(&Guide::new(guide, 8, 1e-4), &vague);
        let step = |field: &Field| field.get_pixel(32, 16).0[0] - field.get_pixel(31, 16).0[0];
        assert!(step(&out) > 5.0 * step(&vague), "step {} from {}", step(&out), step(&vague));
    }

    #[test]
    fn tiny_and_empty_fields_pass() {
        for (width, height) in [(0, 0), (1, 1), (1, 7), (7, 1)] {
            let field = Field::from_pixel(width, height, image::Luma([0.5]));
            assert_eq!(gaussian(&field, 2.0).dimensions(), (width, height));
            assert_eq!(gaussian(&field, 12.0).dimensions(), (width, height));
            assert_eq!(guided(&Guide::new(field.clone(), 3, 1e-3), &field).dimensions(), (width, height));
        }
    }
}
