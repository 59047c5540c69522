//! KID: the squared maximum mean discrepancy of two sets of features under the kernel (x · y / size + 1)³ (Bińkowski et al.,
//! 2018), unbiased, over random subsets: its mean and deviation. Unlike FID it is not too large for small sets. A subset is half
//! of the smaller set at most: one that were the whole set would be the same each time, and its deviation 0.

use rand::SeedableRng;
use rand::seq::index;
use rand_pcg::Pcg64Mcg;

use super::EvalError;
use super::Features;
use super::check;

/// Subsets drawn.
const SUBSETS: usize = 100;
/// Most pictures of a subset.
const MOST: usize = 200;
/// Least pictures of a subset: one alone has no other to be compared with.
const LEAST: usize = 2;
/// Subsets are the same every time.
const SEED: u64 = 20_261_122;

/// Mean and standard deviation of the distance of `real` and `drawn`, one row of features a picture, over 100 random subsets
/// of up to 200 pictures each, half of the smaller set at most.
///
/// # Errors
/// Fewer than two pictures in a set, or rows of different lengths.
pub fn kernel_distance(real: &Features, drawn: &Features) -> Result<(f64, f64), EvalError> {
    check(real, drawn)?;
    let size = (real.len().min(drawn.len()) / 2).clamp(LEAST, MOST);
    let mut rng = Pcg64Mcg::seed_from_u64(SEED);
    let distances: Vec<f64> = (0..SUBSETS)
        .map(|_| {
            let mut choose = |set: &Features| -> Vec<usize> { index::sample(&mut rng, set.len(), size).into_vec() };
            let (one, two) = (choose(real), choose(drawn));
            let within = |set: &Features, chosen: &[usize]| {
                let mut sum = 0.0;
                for (at, &a) in chosen.iter().enumerate() {
                    sum += chosen[at + 1..].iter().map(|&b| 2.0 * kernel(&set[a], &set[b])).sum::<f64>();
                }
                sum / (size * (size - 1)) as f64
            };
            let across: f64 = one
                .iter()
                .flat_map(|&a| two.iter().map(move |&b| (a, b)))
                .map(|(a, b)| kernel(&real[a], &drawn[b]))
                .sum();
            within(real, &one) + within(drawn, &two) - 2.0 * across / (size * size) as f64
        })
        .collect();
    let mean = distances.iter().sum::<f64>() / SUBSETS as f64;
    let variance = distances.iter().map(|distance| (distance - mean).powi(2)).sum::<f64>() / (SUBSETS - 1) as f64;
    Ok((mean, variance.sqrt()))
}

fn kernel(a: &[f64], b: &[f64]) -> f64 {
    let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    (dot / a.len().max(1) as f64 + 1.0).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_one_kind_are_near_zero_and_others_are_not() {
        let set = |seed: usize, shift: f64| -> Features {
            let value =
                |row: usize, at: usize| ((row * 7919 + at * 104_729 + seed * 31) % 1009) as f64 / 1009.0 + shift;
            (0..60).map(|row| (0..8).map(|at| value(row, at)).collect()).collect()
        };
        let (same, _) = kernel_distance(&set(1, 0.0), &set(2, 0.0)).expect("sixty pictures each");
        let (other, deviation) = kernel_distance(&set(1, 0.0), &set(2, 0.5)).expect("sixty pictures each");
        assert!(same.abs() < 0.05 && other > 0.3, "{same} {other}");
        assert!(deviation > 0.0 && deviation < 0.2, "subsets differ, so that chance is seen: {deviation}");
    }

    #[test]
    fn two_pictures_each_give_the_formulas_number() {
        // k(x, x') = (1 · 3 + 1)³ = 64 and (2 · 2 + 1)³ = 125; across (2+1)³, (2+1)³, (6+1)³, (6+1)³.
        let (mean, deviation) =
            kernel_distance(&vec![vec![1.0], vec![3.0]], &vec![vec![2.0], vec![2.0]]).expect("two each");
        let expected = 64.0 + 125.0 - 2.0 * (27.0 + 27.0 + 343.0 + 343.0) / 4.0;
        assert!((mean - expected).abs() < 1e-9 && deviation < 1e-9, "{mean}, not {expected}");
    }
}
