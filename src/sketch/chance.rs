//! Numbers without pattern from numbers: what looks like chance in a drawing is decided by its seed. Refuses nothing.

use image::Luma;

use crate::photo::smooth;
use crate::raster::Field;

/// The finaliser of Steele, Lea & Flood's SplitMix64 (2014): every bit of `x` decides every bit of the result.
pub fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A number from 0 to 1 (less than 1) that `x` decides.
pub fn share(x: u64) -> f64 {
    (mixed(x) >> 11) as f64 / 2f64.powi(53)
}

/// A plane of `side` pixels square of smooth noise, grains about `grain_px` in radius; mean 0, standard deviation 1.
pub fn noise(side: u32, grain_px: f32, seed: u64) -> Field {
    let white = Field::from_fn(side, side, |x, y| {
        let place = u64::from(y) * u64::from(side) + u64::from(x);
        Luma([share(seed ^ mixed(place)) as f32 - 0.5])
    });
    unit(&smooth::gaussian(&white, grain_px))
}

/// `field` less its mean, over its standard deviation.
pub fn unit(field: &Field) -> Field {
    let n = field.as_raw().len().max(1) as f64;
    let sum = |f: &dyn Fn(f64) -> f64| field.as_raw().iter().map(|v| f(f64::from(*v))).sum::<f64>() / n;
    let mean = sum(&|v| v);
    let spread = sum(&|v| (v - mean) * (v - mean)).sqrt().max(1e-9);
    smooth::map(field, |v| ((f64::from(v) - mean) / spread) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_even_and_decided_by_its_seed() {
        let own = noise(64, 1.0, 5);
        assert_eq!(own, noise(64, 1.0, 5));
        assert_ne!(own, noise(64, 1.0, 6));
        let beyond = own.as_raw().iter().filter(|v| v.abs() > 2.0).count();
        assert!((60..400).contains(&beyond), "{beyond} of 4096 are beyond two deviations");
    }
}
