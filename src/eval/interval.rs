//! What chance leaves of a mean: the percentile bootstrap (Efron, 1979), with fixed lots.

use rand::Rng;
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use serde::Serialize;

/// Samples drawn.
const SAMPLES: usize = 1000;
/// Samples are the same every time.
const SEED: u64 = 20_261_122;

/// A mean, and between which numbers it lies in 95 of 100 samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The mean of all.
    pub mean: f64,
    /// The 2.5th percentile.
    pub low: f64,
    /// The 97.5th percentile.
    pub high: f64,
    /// How many numbers there were.
    pub count: usize,
}

/// The mean of `values` and its interval; `None` of none.
pub fn interval(values: &[f64]) -> Option<Interval> {
    if values.is_empty() {
        return None;
    }
    let count = values.len();
    let mean = values.iter().sum::<f64>() / count as f64;
    let mut rng = Pcg64Mcg::seed_from_u64(SEED);
    let mut means: Vec<f64> = (0..SAMPLES)
        .map(|_| (0..count).map(|_| values[rng.random_range(0..count)]).sum::<f64>() / count as f64)
        .collect();
    means.sort_by(f64::total_cmp);
    Some(Interval { mean, low: means[SAMPLES / 40], high: means[SAMPLES - 1 - SAMPLES / 40], count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_about_four_standard_errors_wide_and_holds_the_mean() {
        let values: Vec<f64> = (0..400).map(|at| f64::from(at % 20)).collect();
        let Interval { mean, low, high, count } = interval(&values).expect("there are values");
        let error = (399.0f64 / 12.0).sqrt() / 20.0;
        assert_eq!((mean, count), (9.5, 400));
        assert!(low < mean && mean < high);
        assert!(((high - low) / error - 3.92).abs() < 0.5, "{} standard errors", (high - low) / error);
        assert_eq!(interval(&[]), None);
    }
}
