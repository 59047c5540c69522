//! The learning rate by step: a short rise, a long plateau, and a cosine down to a twentieth at the end.
//!
//! The plateau makes a run extendable: one that is resumed with more steps goes on as if it had been meant to be that
//! long, as long as it has not begun to come down (Hägele et al., "Scaling laws and compute-optimal training beyond
//! fixed training durations", 2024).

/// Steps of the rise.
const RISE: usize = 300;
/// The share of all steps on which the rate comes down.
const FALL: f64 = 0.3;
/// The last step's rate, in peaks.
const REST: f64 = 0.05;

/// The learning rate at `step` of `steps`, for a largest rate of `peak`.
pub fn rate(peak: f64, step: usize, steps: usize) -> f64 {
    let rise = ((step + 1) as f64 / RISE.min(steps / 10 + 1) as f64).min(1.0);
    let start = steps as f64 * (1.0 - FALL);
    let fallen = ((step as f64 - start) / (steps as f64 * FALL).max(1.0)).clamp(0.0, 1.0);
    let cosine = REST + (1.0 - REST) * 0.5 * (1.0 + (std::f64::consts::PI * fallen).cos());
    peak * rise.min(cosine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_stays_and_comes_down() {
        let at = |step| rate(1e-3, step, 10_000);
        assert!(at(0) > 0.0 && at(0) < 1e-5);
        assert_eq!(at(299), 1e-3);
        assert_eq!(at(6_999), 1e-3);
        assert!(at(8_500) < 0.6e-3 && at(8_500) > 0.4e-3);
        assert!((at(10_000) - 0.05e-3).abs() < 1e-9);
        assert_eq!(rate(1e-3, 6_000, 10_000), rate(1e-3, 6_000, 20_000), "a longer run does not change the plateau");
    }
}
