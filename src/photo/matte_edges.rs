//! Clean hair edges: a coarse matte is fitted to the colours of its portrait.
//!
//! A network's matte has half the portrait's resolution and soft edges. Within the band where it is in doubt it becomes
//! locally a linear function of the portrait's colours (He, Sun & Tang, "Guided Image Filtering", TPAMI 2013, equations
//! 14 to 16, the guide in colour), so that strands of hair stand out against a backdrop even where only their hue
//! differs. Shares from 0 to 1, lengths in portrait pixels. Refuses nothing: values off that range are brought back.

use super::Matte;
use super::Portrait;
use super::smooth;
use crate::raster::Field;
use rayon::prelude::*;

/// Half the side of the windows in which the matte is fitted.
const RADIUS: usize = 6;
/// Variance of colour below which a window counts as flat.
const FLAT: f32 = 4e-4;
/// How far around a doubtful place the matte is fitted anew.
const BAND_PX: f32 = 4.0;

/// The matte of `portrait` that `share`, of any size over the same frame, says coarsely.
pub fn refined(portrait: &Portrait, share: &Field) -> Matte {
    let coarse = smooth::resized(share, Portrait::SIDE, Portrait::SIDE);
    let coarse = smooth::map(&coarse, |share| if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 });
    let fitted = fitted(portrait, &coarse);
    let doubt = smooth::gaussian(&smooth::map(&coarse, |share| 4.0 * share * (1.0 - share)), BAND_PX);
    let mut out = coarse;
    for ((share, fitted), doubt) in out.as_mut().iter_mut().zip(fitted.as_raw()).zip(doubt.as_raw()) {
        // The fit leaves a haze on either side: a gentle contrast curve takes it off.
        let t = ((fitted - 0.12) / 0.76).clamp(0.0, 1.0);
        let sharp = t * t * (3.0 - 2.0 * t);
        let weight = (doubt / 0.1).min(1.0);
        *share = (*share * (1.0 - weight) + sharp * weight).clamp(0.0, 1.0);
    }
    Matte::new(out).expect("a share of every pixel of a portrait, each from 0 to 1")
}

/// `coarse` as a local linear function of the portrait's colours.
fn fitted(portrait: &Portrait, coarse: &Field) -> Field {
    let pixels = portrait.pixels();
    let (width, height) = pixels.dimensions();
    let colours: [Field; 3] = [0, 1, 2].map(|channel| {
        let values = pixels.pixels().map(|p| f32::from(p.0[channel]) / 255.0).collect();
        smooth::of_size(width, height, values)
    });
    let mean = |field: &Field| smooth::box_mean(field, RADIUS);
    let product = |a: &Field, b: &Field| mean(&smooth::map2(a, b, |a, b| a * b));
    let means = colours.each_ref().map(&mean);
    let mean_share = mean(coarse);
    let with_share = colours.each_ref().map(|colour| product(colour, coarse));
    let pairs = PAIRS.map(|(a, b)| product(&colours[a], &colours[b]));
    let lines: Vec<[f32; 4]> = (0..coarse.as_raw().len())
        .into_par_iter()
        .map(|i| {
            let m = means.each_ref().map(|plane| plane.as_raw()[i]);
            let share = mean_share.as_raw()[i];
            let mut spread = [[FLAT; 3]; 3];
            for ((a, b), plane) in PAIRS.iter().zip(&pairs) {
                let value = plane.as_raw()[i] - m[*a] * m[*b];
                spread[*a][*b] = value + if a == b { FLAT } else { 0.0 };
                spread[*b][*a] = spread[*a][*b];
            }
            let together = [0, 1, 2].map(|c| with_share[c].as_raw()[i] - m[c] * share);
            let slope = solved(spread, together);
            [slope[0], slope[1], slope[2], share - slope[0] * m[0] - slope[1] * m[1] - slope[2] * m[2]]
        })
        .collect();
    let [red, green, blue, offset] =
        [0, 1, 2, 3].map(|part| mean(&smooth::of_size(width, height, lines.iter().map(|line| line[part]).collect())));
    let mut out = offset;
    for (slope, colour) in [red, green, blue].iter().zip(&colours) {
        out = smooth::map2(&out, &smooth::map2(slope, colour, |a, c| a * c), |sum, part| sum + part);
    }
    out
}

/// The entries of a symmetric 3 x 3 matrix.
const PAIRS: [(usize, usize); 6] = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];

/// The solution x of `a` x = `b`, `a` symmetric and positive definite, by its adjugate.
fn solved(a: [[f32; 3]; 3], b: [f32; 3]) -> [f32; 3] {
    let minor = |r: usize, c: usize| {
        let (r0, r1, c0, c1) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        a[r0][c0] * a[r1][c1] - a[r0][c1] * a[r1][c0]
    };
    let determinant = (0..3).map(|c| a[0][c] * minor(0, c)).sum::<f32>().max(FLAT * FLAT * FLAT);
    [0, 1, 2].map(|c| (0..3).map(|r| minor(r, c) * b[r]).sum::<f32>() / determinant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::sample;
    use image::Luma;

    /// A head of brown with strands 8 px wide, before a green of the same lightness.
    fn strands(x: u32, y: u32) -> bool {
        y > 200 || (y > 160 && x % 24 < 8)
    }

    #[test]
    fn strands_that_differ_in_hue_alone_come_back_from_a_coarse_matte() {
        let portrait = sample::portrait_of(|x, y| if strands(x, y) { [150, 90, 60] } else { [60, 126, 90] });
        let truth = Field::from_fn(512, 512, |x, y| Luma([if strands(x, y) { 1.0 } else { 0.0 }]));
        let coarse = smooth::gaussian(&smooth::resized(&truth, 256, 256), 1.2);
        let off = |share: &Field| {
            let rows = 160 * 512..206 * 512;
            share.as_raw()[rows.clone()].iter().zip(&truth.as_raw()[rows]).map(|(a, b)| (a - b).abs()).sum::<f32>()
        };
        let refined = refined(&portrait, &coarse);
        let before = off(&smooth::resized(&coarse, 512, 512));
        assert!(off(refined.share()) < 0.5 * before, "{} of {before}", off(refined.share()));
    }

    #[test]
    fn where_the_matte_is_sure_it_stays_and_nonsense_is_brought_back() {
        let portrait = sample::portrait_of(|x, y| [(x * 7) as u8, (y * 13) as u8, 90]);
        let sure = Field::from_pixel(64, 64, Luma([1.0]));
        assert!(refined(&portrait, &sure).share().as_raw().iter().all(|v| (v - 1.0).abs() < 1e-6));
        let wild = Field::from_fn(256, 256, |x, _| Luma([if x % 2 == 0 { f32::NAN } else { 7.0 }]));
        assert!(refined(&portrait, &wild).share().as_raw().iter().all(|v| (0.0..=1.0).contains(v)));
    }
}
