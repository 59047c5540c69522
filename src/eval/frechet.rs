//! FID: the Fréchet distance of two sets of features, each taken for a normal distribution (Heusel et al., 2017).
//!
//! d² = |μ₁ - μ₂|² + Tr Σ₁ + Tr Σ₂ - 2 Tr (Σ₁ Σ₂)^½, covariances divided by n - 1. The last trace is the sum of the singular
//! values of A₁ᵀ A₂, where the columns of Aᵢ are the centred features over √(nᵢ - 1): Σᵢ = Aᵢ Aᵢᵀ, and Σ₁ Σ₂ has the
//! eigenvalues of (A₁ᵀ A₂)(A₁ᵀ A₂)ᵀ. So no covariance is formed, none need have full rank, and nothing is added to one.

use nalgebra::DMatrix;

use super::EvalError;
use super::Features;
use super::check;

/// The distance (d², as FID is quoted) of `real` and `drawn`, one row of features a picture.
///
/// # Errors
/// Fewer than two pictures in a set, or rows of different lengths.
pub fn frechet_distance(real: &Features, drawn: &Features) -> Result<f64, EvalError> {
    check(real, drawn)?;
    let (one, two) = (Centred::of(real), Centred::of(drawn));
    let apart: f64 = one.mean.iter().zip(&two.mean).map(|(a, b)| (a - b).powi(2)).sum();
    let spread = one.rows.norm_squared() + two.rows.norm_squared();
    let shared: f64 = (&one.rows * two.rows.transpose()).singular_values().iter().sum();
    Ok((apart + spread - 2.0 * shared).max(0.0))
}

/// Features less their mean, over √(n - 1), one row a picture.
struct Centred {
    mean: Vec<f64>,
    rows: DMatrix<f64>,
}

impl Centred {
    fn of(features: &Features) -> Self {
        let (count, size) = (features.len(), features[0].len());
        let mut mean = vec![0.0; size];
        for row in features {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / count as f64);
        }
        let root = ((count - 1) as f64).sqrt();
        let rows = DMatrix::from_fn(count, size, |row, column| (features[row][column] - mean[column]) / root);
        Self { mean, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_of_known_normal_sets_is_the_formulas() {
        // Two axes with variances 1 and 4, the other set with 9 and 1, means 3 apart: 9 + (1 - 3)² + (2 - 1)².
        let set = |x: f64, y: f64, shift: f64| -> Features {
            // Four points whose covariance (n - 1) is diag(x², y²).
            let (x, y) = (x * 1.5f64.sqrt(), y * 1.5f64.sqrt());
            vec![vec![x + shift, 0.0], vec![-x + shift, 0.0], vec![shift, y], vec![shift, -y]]
        };
        let distance = frechet_distance(&set(1.0, 2.0, 0.0), &set(3.0, 1.0, 3.0)).expect("four pictures each");
        assert!((distance - (9.0 + 4.0 + 1.0)).abs() < 1e-9, "{distance}");
        let same = frechet_distance(&set(1.0, 2.0, 0.0), &set(1.0, 2.0, 0.0)).expect("four pictures each");
        assert!(same < 1e-9, "{same}");
    }

    #[test]
    fn fewer_pictures_than_features_are_no_trouble_and_too_few_are_told() {
        let set = |seed: usize| -> Features {
            (0..5).map(|row| (0..40).map(|at| ((row * 37 + at * 11 + seed) % 17) as f64).collect()).collect()
        };
        assert!(frechet_distance(&set(1), &set(4)).expect("five pictures each").is_finite());
        assert_eq!(frechet_distance(&set(1)[..1].to_vec(), &set(2)), Err(EvalError::TooFew { real: 1, drawn: 5 }));
    }
}
