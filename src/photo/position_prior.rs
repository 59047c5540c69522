//! Where backdrop, skin, hair and clothes usually lie in the canonical frame.
//!
//! Shares of 255, on a grid of 16 x 16 cells of 32 px, the left eight columns (the right half mirrors them), rows from
//! the top. Measured: the mean of the region maps of 1,778 aligned portraits, mirrored, areas outside the source
//! photos left out. Skin includes everything on it: brows, eyes, lips, ears, glasses, beards.

use super::smooth;
use crate::raster::Field;

/// How many classes there are.
pub const CLASSES: usize = 4;
/// Index of the backdrop's plane.
pub const BACKDROP: usize = 0;
/// Index of the skin's plane.
pub const SKIN: usize = 1;
/// Index of the hair's plane.
pub const HAIR: usize = 2;
/// Index of the clothes' plane.
pub const CLOTHES: usize = 3;

/// For each class its probability at every pixel of a `side` x `side` canonical frame; at each pixel they sum to one,
/// and none is below `floor`, so that no evidence is shut out.
pub fn position_priors(side: u32, floor: f32) -> [Field; CLASSES] {
    let mut planes = SHARES.map(|rows| {
        let grid = Field::from_fn(16, 16, |x, y| {
            image::Luma([f32::from(rows[y as usize][x.min(15 - x) as usize]) / 255.0 + floor])
        });
        smooth::resized(&grid, side, side)
    });
    let pixels = side as usize * side as usize;
    for i in 0..pixels {
        let sum: f32 = planes.iter().map(|plane| plane.as_raw()[i]).sum();
        planes.iter_mut().for_each(|plane| plane.as_mut()[i] /= sum);
    }
    planes
}

#[rustfmt::skip]
const SHARES: [[[u8; 8]; 16]; CLASSES] = [
    [
        [255, 254, 254, 254, 252, 244, 231, 219],
        [255, 254, 253, 250, 235, 196, 140, 101],
        [254, 254, 251, 235, 179, 87, 28, 11],
        [254, 253, 245, 206, 101, 18, 2, 0],
        [254, 252, 238, 173, 51, 3, 0, 0],
        [253, 251, 232, 154, 35, 1, 0, 0],
        [253, 249, 226, 145, 34, 1, 0, 0],
        [253, 248, 220, 137, 34, 2, 0, 0],
        [252, 247, 222, 150, 45, 2, 0, 0],
        [253, 246, 226, 176, 73, 4, 0, 0],
        [252, 244, 227, 196, 119, 13, 0, 0],
        [249, 240, 219, 185, 129, 37, 1, 0],
        [237, 220, 187, 141, 93, 46, 5, 0],
        [195, 161, 119, 78, 48, 25, 6, 0],
        [115, 78, 52, 31, 17, 8, 2, 0],
        [51, 28, 17, 9, 4, 2, 1, 0],
    ],
    [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 2, 4],
        [0, 0, 0, 0, 1, 21, 67, 90],
        [0, 0, 0, 0, 12, 115, 198, 215],
        [0, 0, 0, 1, 35, 200, 246, 251],
        [0, 0, 1, 7, 83, 239, 255, 255],
        [0, 0, 4, 39, 143, 250, 255, 255],
        [0, 0, 5, 52, 166, 251, 255, 255],
        [0, 0, 2, 32, 139, 246, 255, 255],
        [0, 0, 1, 10, 82, 231, 254, 255],
        [0, 0, 0, 5, 47, 181, 250, 255],
        [0, 0, 0, 2, 26, 126, 231, 251],
        [0, 0, 0, 1, 10, 74, 181, 225],
        [0, 0, 0, 0, 2, 23, 92, 170],
        [0, 0, 0, 0, 0, 5, 20, 48],
    ],
    [
        [0, 1, 1, 1, 3, 11, 24, 36],
        [0, 1, 2, 5, 20, 58, 115, 154],
        [1, 1, 4, 20, 76, 168, 225, 240],
        [1, 2, 10, 49, 153, 216, 186, 164],
        [1, 3, 17, 82, 192, 138, 57, 40],
        [2, 4, 23, 101, 184, 54, 9, 4],
        [2, 6, 29, 103, 138, 15, 0, 0],
        [2, 7, 30, 79, 78, 3, 0, 0],
        [3, 8, 28, 53, 44, 2, 0, 0],
        [2, 9, 27, 47, 43, 4, 0, 0],
        [3, 11, 27, 48, 53, 11, 0, 0],
        [5, 12, 28, 46, 56, 28, 3, 0],
        [6, 12, 23, 34, 40, 27, 5, 0],
        [5, 8, 14, 18, 18, 8, 1, 0],
        [2, 3, 4, 5, 4, 1, 0, 0],
        [0, 1, 1, 1, 0, 0, 0, 0],
    ],
    [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 1, 0, 0, 0],
        [2, 3, 8, 19, 24, 9, 1, 0],
        [12, 23, 45, 77, 96, 56, 13, 4],
        [55, 87, 122, 158, 180, 148, 67, 29],
        [137, 174, 199, 218, 232, 223, 161, 84],
        [204, 227, 238, 245, 250, 248, 235, 207],
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priors_sum_to_one_and_know_a_head_from_a_wall() {
        let planes = position_priors(64, 0.01);
        for i in 0..64 * 64 {
            let sum: f32 = planes.iter().map(|plane| plane.as_raw()[i]).sum();
            assert!((sum - 1.0).abs() < 1e-5);
        }
        let likeliest = |x, y| {
            (0..CLASSES).max_by(|a, b| planes[*a].get_pixel(x, y).0[0].total_cmp(&planes[*b].get_pixel(x, y).0[0]))
        };
        assert_eq!(likeliest(2, 2), Some(BACKDROP));
        assert_eq!(likeliest(32, 36), Some(SKIN));
        assert_eq!(likeliest(32, 9), Some(HAIR));
        assert_eq!(likeliest(10, 62), Some(CLOTHES));
    }
}
