//! Brings skins and backdrops of different photographs to one colour.
//!
//! The tone curve is k v / (1 + (k - 1) v): black stays black, white stays white (teeth, eyes, collars), and one
//! value in between goes where it is told. Values run from 0 to 1, per colour channel.

use portraitist::raster::Field;

use crate::donor::Picture;

/// One curve per channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curves([f32; 3]);

impl Curves {
    /// The curves that take the colour `from` to the colour `to`.
    pub fn new(from: [f32; 3], to: [f32; 3]) -> Self {
        Self([0, 1, 2].map(|c| {
            let (a, b) = (from[c].clamp(DARKEST, 1.0 - DARKEST), to[c].clamp(DARKEST, 1.0 - DARKEST));
            b * (1.0 - a) / (a * (1.0 - b))
        }))
    }

    /// What the curves make of `picture` where `amount` is 1, nothing where it is 0.
    pub fn apply(&self, picture: &mut Picture, amount: &Field) {
        for (plane, k) in picture.iter_mut().zip(self.0) {
            for (v, a) in plane.pixels_mut().zip(amount.pixels()) {
                let x = v.0[0].clamp(0.0, 1.0);
                v.0[0] += a.0[0] * (k * x / (1.0 + (k - 1.0) * x) - x);
            }
        }
    }
}

/// The mean colour of `picture` over the pixels that `counts` (by number, row by row); middle gray if there is none.
pub fn mean(picture: &Picture, counts: impl Fn(usize) -> bool) -> [f32; 3] {
    picture.each_ref().map(|plane| {
        let values: Vec<f64> =
            plane.as_raw().iter().enumerate().filter(|(i, _)| counts(*i)).map(|(_, v)| f64::from(*v)).collect();
        if values.is_empty() { 0.5 } else { (values.iter().sum::<f64>() / values.len() as f64) as f32 }
    })
}

/// Colours nearer than this to black or white are moved as if they were this far from it.
const DARKEST: f32 = 0.02;

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    #[test]
    fn the_named_colour_arrives_and_black_and_white_stay() {
        let ramp = || Field::from_fn(4, 1, |x, _| Luma([[0.0, 0.4, 0.7, 1.0][x as usize]]));
        let mut picture = [ramp(), ramp(), ramp()];
        let all = Field::from_pixel(4, 1, Luma([1.0]));
        Curves::new([0.4, 0.4, 0.7], [0.5, 0.3, 0.7]).apply(&mut picture, &all);
        let close = |a: f32, b: f32| (a - b).abs() < 1e-6;
        assert!(close(picture[0].as_raw()[1], 0.5) && close(picture[1].as_raw()[1], 0.3));
        assert!(picture.iter().all(|p| p.as_raw()[0] == 0.0 && close(p.as_raw()[3], 1.0)));
        assert!(close(picture[2].as_raw()[1], 0.4), "the third channel is left as it is");
    }

    #[test]
    fn the_mean_counts_only_what_it_is_asked_to() {
        let plane = Field::from_fn(2, 1, |x, _| Luma([x as f32]));
        let picture = [plane.clone(), plane.clone(), plane];
        assert_eq!(mean(&picture, |i| i == 1), [1.0; 3]);
        assert_eq!(mean(&picture, |_| false), [0.5; 3]);
    }
}
