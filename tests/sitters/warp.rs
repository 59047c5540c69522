//! Bends a picture so that its landmarks come to lie on given places: moving least squares with similarities.
//!
//! Each pixel looks at all landmark pairs, near ones counting most, and takes the turn, scale and shift that fits
//! them best (Schaefer, McPhail and Warren, "Image deformation using moving least squares", SIGGRAPH 2006, §2.2).
//! It uses only sums, products and quotients, so that every machine computes the same bytes. Units are pixels with
//! their centres at whole numbers, as in `landmarks.jsonl`; y points down. Places outside the picture repeat its edge.

use image::GrayImage;
use image::Luma;
use portraitist::raster::Field;

/// A landmark, in pixels.
pub type Spot = [f64; 2];

/// Where each pixel of a bent square picture comes from.
pub struct Warp {
    side: u32,
    nodes: Vec<[f32; 2]>,
}

impl Warp {
    /// The warp of a square picture of `side` pixels that carries each of `from` to its partner in `to`. The lists
    /// are as long as each other; landmarks without a partner are not used.
    pub fn new(side: u32, from: &[Spot], to: &[Spot]) -> Self {
        let across = side.div_ceil(STEP) + 1;
        let node = |n: u32| source_of([f64::from(n % across * STEP), f64::from(n / across * STEP)], from, to);
        Self { side, nodes: (0..across * across).map(|n| node(n).map(|x| x as f32)).collect() }
    }

    /// The place in the unbent picture that comes to lie on pixel (`x`, `y`).
    fn source(&self, x: u32, y: u32) -> [f32; 2] {
        let across = (self.side.div_ceil(STEP) + 1) as usize;
        let at = (y / STEP) as usize * across + (x / STEP) as usize;
        let (u, v) = ((x % STEP) as f32 / STEP as f32, (y % STEP) as f32 / STEP as f32);
        let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
        [0, 1].map(|axis| {
            let corner = |k: usize| self.nodes[at + k][axis];
            mix(mix(corner(0), corner(1), u), mix(corner(across), corner(across + 1), u), v)
        })
    }

    /// `plane`, bent; read by Catmull-Rom cubics, which keep hair and lashes crisp.
    pub fn field(&self, plane: &Field) -> Field {
        Field::from_fn(self.side, self.side, |x, y| {
            let [sx, sy] = self.source(x, y);
            let (left, top) = (sx.floor(), sy.floor());
            let (across, down) = (cubic(sx - left), cubic(sy - top));
            let mut sum = 0.0;
            for (j, wy) in down.iter().enumerate() {
                for (i, wx) in across.iter().enumerate() {
                    let at = |base: f32, k: usize| (base as i32 + k as i32 - 1).clamp(0, self.side as i32 - 1) as u32;
                    sum += wx * wy * plane.get_pixel(at(left, i), at(top, j)).0[0];
                }
            }
            Luma([sum])
        })
    }

    /// An index map, bent; read at the nearest pixel.
    pub fn labels(&self, map: &GrayImage) -> GrayImage {
        GrayImage::from_fn(self.side, self.side, |x, y| {
            let at = self.source(x, y).map(|s| s.round().clamp(0.0, (self.side - 1) as f32) as u32);
            *map.get_pixel(at[0], at[1])
        })
    }
}

/// The place that the pairs carry to `at`: similarities as complex numbers, z -> a (z - p) + q.
fn source_of(at: Spot, from: &[Spot], to: &[Spot]) -> Spot {
    let weights: Vec<f64> = to
        .iter()
        .map(|t| {
            let squared = (t[0] - at[0]) * (t[0] - at[0]) + (t[1] - at[1]) * (t[1] - at[1]) + SOFTNESS_PX * SOFTNESS_PX;
            1.0 / (squared * squared)
        })
        .collect();
    let total: f64 = weights.iter().sum();
    let centre = |spots: &[Spot]| {
        let sum = |axis: usize| weights.iter().zip(spots).map(|(w, s)| w * s[axis]).sum::<f64>() / total;
        [sum(0), sum(1)]
    };
    let (p, q) = (centre(to), centre(from));
    let (mut real, mut imaginary, mut size) = (0.0, 0.0, 0.0);
    for ((w, t), f) in weights.iter().zip(to).zip(from) {
        let (tx, ty, fx, fy) = (t[0] - p[0], t[1] - p[1], f[0] - q[0], f[1] - q[1]);
        real += w * (tx * fx + ty * fy);
        imaginary += w * (tx * fy - ty * fx);
        size += w * (tx * tx + ty * ty);
    }
    let (a, b) = (real / size, imaginary / size);
    let (x, y) = (at[0] - p[0], at[1] - p[1]);
    [a * x - b * y + q[0], b * x + a * y + q[1]]
}

fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [-0.5 * t + t2 - 0.5 * t3, 1.0 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2.0 * t2 - 1.5 * t3, -0.5 * t2 + 0.5 * t3]
}

/// The warp is computed at every fourth pixel and is straight between: it has no feature finer than landmarks lie.
const STEP: u32 = 4;
/// Landmarks closer than this pull together, so that one misplaced by a pixel makes no wrinkle.
const SOFTNESS_PX: f64 = 5.0;

#[cfg(test)]
mod tests {
    use super::*;

    const SPOTS: [Spot; 5] = [[0.0, 0.0], [63.0, 0.0], [0.0, 63.0], [63.0, 63.0], [30.0, 24.0]];

    fn checks(x: u32, y: u32) -> Luma<f32> {
        Luma([((x / 5 + y / 7) % 2) as f32 * 0.8 + 0.1])
    }

    #[test]
    fn same_landmarks_change_nothing() {
        let plane = Field::from_fn(64, 64, checks);
        let bent = Warp::new(64, &SPOTS, &SPOTS).field(&plane);
        // 1e-4 of full white: rounding of the places read, nothing more.
        assert!(plane.pixels().zip(bent.pixels()).all(|(a, b)| (a.0[0] - b.0[0]).abs() < 1e-4));
    }

    #[test]
    fn a_shift_of_all_landmarks_shifts_the_picture() {
        let plane = Field::from_fn(64, 64, checks);
        let bent = Warp::new(64, &SPOTS, &SPOTS.map(|s| [s[0] + 3.0, s[1] + 2.0])).field(&plane);
        for (x, y) in [(10, 10), (33, 50), (60, 5)] {
            assert!((bent.get_pixel(x, y).0[0] - plane.get_pixel(x - 3, y - 2).0[0]).abs() < 1e-4);
        }
    }

    #[test]
    fn a_landmark_goes_where_it_is_told() {
        let mut to = SPOTS;
        to[4] = [36.0, 30.0];
        let found = source_of(to[4], &SPOTS, &to);
        // The softness lets its far neighbours pull a little.
        assert!((found[0] - 30.0).abs() < 0.5 && (found[1] - 24.0).abs() < 0.5, "{found:?}");
    }
}
