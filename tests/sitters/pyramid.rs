//! Joins pictures without a seam: each octave of detail is mixed on its own (Burt and Adelson, "A multiresolution
//! spline with application to image mosaics", ACM Transactions on Graphics 2 (4), 1983).
//!
//! Fine octaves follow one set of weights (who gives the lashes, the pores, the hairs), coarse ones another (how
//! much of whom is in the shape and shade of the face): so several faces average into a new one and it stays sharp.
//! Planes are squares of numbers whose side is a power of two.

use image::Luma;
use portraitist::raster::Field;

/// How much each source counts, pixel by pixel, in fine and in coarse octaves. Weights need not sum to one.
pub struct Share {
    /// In the [`Split::fine`] finest octaves.
    pub fine: Field,
    /// In all the others.
    pub coarse: Field,
}

/// Where fine ends and coarse begins.
pub struct Split {
    /// How many octaves are fine.
    pub fine: usize,
    /// How many octaves there are, before what remains is mixed as coarse.
    pub octaves: usize,
}

/// The `sources` (one plane each) mixed by their `shares`. At a pixel where nobody has a share the result is 0.
pub fn blend(sources: &[&Field], shares: &[Share], split: &Split) -> Field {
    let mut rest: Vec<Field> = sources.iter().map(|s| (*s).clone()).collect();
    let mut fine: Vec<Field> = shares.iter().map(|s| s.fine.clone()).collect();
    let mut coarse: Vec<Field> = shares.iter().map(|s| s.coarse.clone()).collect();
    let mut bands = Vec::with_capacity(split.octaves);
    for octave in 0..split.octaves {
        let smaller: Vec<Field> = rest.iter().map(reduced).collect();
        let detail: Vec<Field> =
            rest.iter().zip(&smaller).map(|(full, small)| zipped(full, &expanded(small), |a, b| a - b)).collect();
        bands.push(mixed(&detail, if octave < split.fine { &fine } else { &coarse }));
        rest = smaller;
        fine = fine.iter().map(reduced).collect();
        coarse = coarse.iter().map(reduced).collect();
    }
    let whole = mixed(&rest, &coarse);
    bands.iter().rev().fold(whole, |sum, band| zipped(band, &expanded(&sum), |a, b| a + b))
}

/// `plane` smoothed by going down `octaves` octaves and up again: a soft edge about 2^octaves pixels wide.
pub fn softened(plane: &Field, octaves: usize) -> Field {
    let small = (0..octaves).fold(plane.clone(), |p, _| reduced(&p));
    (0..octaves).fold(small, |p, _| expanded(&p))
}

/// Two planes of one size, pixel by pixel.
pub fn zipped(a: &Field, b: &Field, f: impl Fn(f32, f32) -> f32) -> Field {
    Field::from_fn(a.width(), a.height(), |x, y| Luma([f(a.get_pixel(x, y).0[0], b.get_pixel(x, y).0[0])]))
}

fn mixed(planes: &[Field], weights: &[Field]) -> Field {
    Field::from_fn(planes[0].width(), planes[0].height(), |x, y| {
        let (mut sum, mut total) = (0.0, 0.0);
        for (plane, weight) in planes.iter().zip(weights) {
            let w = weight.get_pixel(x, y).0[0];
            sum += w * plane.get_pixel(x, y).0[0];
            total += w;
        }
        Luma([if total > 0.0 { sum / total } else { 0.0 }])
    })
}

/// Half the side, after a binomial blur.
fn reduced(plane: &Field) -> Field {
    let side = plane.width();
    let at = |i: i32| i.clamp(0, side as i32 - 1) as u32;
    let rows = Field::from_fn(side / 2, side, |x, y| {
        Luma([(0..5).map(|k| BINOMIAL[k] * plane.get_pixel(at(2 * x as i32 + k as i32 - 2), y).0[0]).sum()])
    });
    Field::from_fn(side / 2, side / 2, |x, y| {
        Luma([(0..5).map(|k| BINOMIAL[k] * rows.get_pixel(x, at(2 * y as i32 + k as i32 - 2)).0[0]).sum()])
    })
}

/// Twice the side, smooth between.
fn expanded(plane: &Field) -> Field {
    let side = plane.width();
    let at = |i: u32| i.min(side - 1);
    // Even pixels lie on a small one (1/8, 6/8, 1/8), odd ones between two.
    let between = |x: u32, read: &dyn Fn(u32) -> f32| {
        let here = x / 2;
        if x.is_multiple_of(2) {
            0.125 * read(here.saturating_sub(1)) + 0.75 * read(here) + 0.125 * read(at(here + 1))
        } else {
            0.5 * (read(here) + read(at(here + 1)))
        }
    };
    let wide = Field::from_fn(side * 2, side, |x, y| Luma([between(x, &|i| plane.get_pixel(i, y).0[0])]));
    Field::from_fn(side * 2, side * 2, |x, y| Luma([between(y, &|i| wide.get_pixel(x, i).0[0])]))
}

const BINOMIAL: [f32; 5] = [0.0625, 0.25, 0.375, 0.25, 0.0625];

#[cfg(test)]
mod tests {
    use super::*;

    const SPLIT: Split = Split { fine: 2, octaves: 4 };

    fn even(value: f32) -> Field {
        Field::from_pixel(64, 64, Luma([value]))
    }

    fn share(fine: f32, coarse: f32) -> Share {
        Share { fine: even(fine), coarse: even(coarse) }
    }

    #[test]
    fn one_source_comes_out_as_it_went_in() {
        let plane = Field::from_fn(64, 64, |x, y| Luma([((x * 7 + y * 13) % 32) as f32 / 32.0]));
        let out = blend(&[&plane], &[share(0.3, 0.7)], &SPLIT);
        // 1e-5 of full white: the rounding of taking apart and adding up.
        assert!(plane.pixels().zip(out.pixels()).all(|(a, b)| (a.0[0] - b.0[0]).abs() < 1e-5));
    }

    #[test]
    fn shade_follows_the_coarse_share_and_detail_the_fine_one() {
        let flat = even(0.2);
        let busy = Field::from_fn(64, 64, |x, _| Luma([0.6 + if x % 2 == 0 { 0.1 } else { -0.1 }]));
        let out = blend(&[&flat, &busy], &[share(0.0, 0.5), share(1.0, 0.5)], &SPLIT);
        let at = |x: u32| out.get_pixel(x, 32).0[0];
        assert!(((at(30) + at(31)) / 2.0 - 0.4).abs() < 0.02, "the shade is the mean of both");
        assert!((at(30) - at(31)).abs() > 0.15, "the stripes are all there");
    }

    #[test]
    fn a_soft_edge_stays_between_its_ends() {
        let edge = Field::from_fn(64, 64, |x, _| Luma([if x < 32 { 0.0 } else { 1.0 }]));
        let soft = softened(&edge, 3);
        assert!(soft.pixels().all(|p| (0.0..=1.0).contains(&p.0[0])));
        assert!((0.2..0.8).contains(&soft.get_pixel(32, 32).0[0]));
    }
}
