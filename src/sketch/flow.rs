//! The edge tangent flow of a picture: at every pixel the direction along which its edges run.
//!
//! It is the minor eigenvector of the smoothed structure tensor (Kyprianidis & Kang, "Image and Video Abstraction by
//! Coherence-Enhancing Filtering", 2011, section 3.1), which turns as smoothly as the edge tangent flow of Kang, Lee &
//! Chui ("Coherent Line Drawing", 2007, section 2.1) without its iterations. Directions are unit vectors, x right, y
//! down, their sign meaningless. Refuses nothing: a flat picture flows along x.

use crate::photo::smooth;
use crate::raster::Field;
use rayon::prelude::*;

/// Edge directions of one picture.
#[derive(Debug, Clone)]
pub struct Flow {
    width: usize,
    height: usize,
    tangents: Vec<[f32; 2]>,
    coherence: Vec<f32>,
}

impl Flow {
    /// Width and height, in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The direction of the edges at pixel (`x`, `y`): a unit vector, up to its sign.
    pub fn tangent(&self, x: usize, y: usize) -> [f32; 2] {
        self.tangents[y * self.width + x]
    }

    /// How far the edges around pixel (`x`, `y`) run one way: 1 all of them, 0 as many any other way, or none at all.
    pub fn coherence(&self, x: usize, y: usize) -> f32 {
        self.coherence[y * self.width + x]
    }
}

/// The flow of `picture` (lightness, 0 to 1), its tensor smoothed by a Gaussian of `sigma_px`.
pub fn edge_flow(picture: &Field, sigma_px: f32) -> Flow {
    flow(picture, |_| 1.0, sigma_px)
}

/// The flow of those edges of `picture` that `counted` (0 to 1, of its size) counts, however many lie beside them.
pub fn edge_flow_of(picture: &Field, counted: &Field, sigma_px: f32) -> Flow {
    flow(picture, |i| counted.as_raw()[i], sigma_px)
}

fn flow(picture: &Field, counted: impl Fn(usize) -> f32 + Sync, sigma_px: f32) -> Flow {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let source = picture.as_raw();
    let tensor: Vec<[f32; 3]> = (0..width * height)
        .into_par_iter()
        .map(|i| {
            let (x, y) = (i % width, i / width);
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
            let at = |x: usize, y: usize| source[y * width + x];
            // Scharr's 3 x 3 derivative, the most isotropic of its size.
            let row = |y: usize| at(right, y) - at(left, y);
            let column = |x: usize| at(x, below) - at(x, above);
            let dx = (3.0 * row(above) + 10.0 * row(y) + 3.0 * row(below)) / 32.0;
            let dy = (3.0 * column(left) + 10.0 * column(x) + 3.0 * column(right)) / 32.0;
            [dx * dx, dx * dy, dy * dy].map(|part| part * counted(i))
        })
        .collect();
    let [xx, xy, yy] = [0, 1, 2].map(|part| {
        let plane = smooth::of_size(picture.width(), picture.height(), tensor.iter().map(|t| t[part]).collect());
        smooth::gaussian(&plane, sigma_px)
    });
    let (tangents, coherence) = (0..width * height)
        .into_par_iter()
        .map(|i| {
            let (xx, xy, yy) = (xx.as_raw()[i], xy.as_raw()[i], yy.as_raw()[i]);
            if xx + yy < 1e-9 {
                return ([1.0, 0.0], 0.0);
            }
            // Half the angle of the doubled-angle gradient, turned by a right angle.
            let angle = 0.5 * (2.0 * xy).atan2(xx - yy) + std::f32::consts::FRAC_PI_2;
            ([angle.cos(), angle.sin()], ((xx - yy).hypot(2.0 * xy) / (xx + yy)).min(1.0))
        })
        .unzip();
    Flow { width, height, tangents, coherence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn around_a_disc_the_flow_is_its_tangent_within_degrees() {
        let (cx, cy, radius) = (64.0f32, 60.0, 34.0);
        let disc = Field::from_fn(128, 128, |x, y| {
            let r = (x as f32 - cx).hypot(y as f32 - cy);
            image::Luma([0.2 + 0.6 / (1.0 + (radius - r).exp())])
        });
        let flow = edge_flow(&disc, 2.2);
        for step in 0..72 {
            let angle = step as f32 * 5.0f32.to_radians();
            let (x, y) = (cx + radius * angle.cos(), cy + radius * angle.sin());
            let [tx, ty] = flow.tangent(x.round() as usize, y.round() as usize);
            let along = (-angle.sin() * tx + angle.cos() * ty).abs().min(1.0);
            let off = along.acos().to_degrees();
            // Rounding to a whole pixel at this radius alone turns it by one degree.
            assert!(off < 3.0, "{off} degrees off at {} degrees", step * 5);
        }
    }

    #[test]
    fn a_flat_picture_flows_along_x() {
        let flow = edge_flow(&Field::from_pixel(9, 5, image::Luma([0.5])), 2.0);
        assert_eq!(flow.size(), (9, 5));
        assert_eq!((flow.tangent(4, 2), flow.coherence(4, 2)), ([1.0, 0.0], 0.0));
    }

    #[test]
    fn edges_that_agree_are_coherent_and_those_not_counted_say_nothing() {
        // Stripes along x on the left, a fine checkerboard on the right.
        let picture = Field::from_fn(96, 48, |x, y| {
            let dark = if x < 48 { y % 6 < 3 } else { (x % 6 < 3) != (y % 6 < 3) };
            image::Luma([f32::from(u8::from(dark))])
        });
        let all = edge_flow(&picture, 4.0);
        assert!(all.coherence(20, 24) > 0.9 && all.coherence(76, 24) < 0.2);
        let left = Field::from_fn(96, 48, |x, _| image::Luma([f32::from(u8::from(x < 40))]));
        let left = edge_flow_of(&picture, &left, 4.0);
        assert!(left.coherence(20, 24) > 0.9 && left.tangent(20, 24)[0].abs() > 0.99);
        assert_eq!(left.coherence(90, 24), 0.0);
    }

    #[test]
    fn an_empty_picture_has_an_empty_flow() {
        assert_eq!(edge_flow(&Field::new(0, 0), 2.0).size(), (0, 0));
    }
}
