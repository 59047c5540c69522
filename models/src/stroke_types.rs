//! Which of the seven stroke types a patch of a drawing holds, by the regions of the portrait.
//!
//! A patch of 16 × 16 px takes the type of the region that fills at least three fifths of it, or of brow, eye or lips if they
//! fill a third; one that straddles the border of skin or hair to what lies beyond (cloth, backdrop, hair to skin) is a
//! boundary. Others have no type. The rule is this project's own: none is published. Regions are classes of the data card: 0
//! background, 1 skin, 2 hair, 3 brow, 4 eye, 5 lips, 6 ear, 7 clothes, 8 glasses, others unknown.

use crate::stroke_classifier::PATCH;

/// The share of a patch that one region has to fill.
const MAJORITY: f32 = 0.6;
/// The share that a brow, an eye or the lips have to fill.
const SMALL: f32 = 0.33;
/// The share that each side of a boundary fills at least.
const BOTH_SIDES: f32 = 0.15;
/// The least ink of a judged patch, in black pixels.
const LEAST_INK_PX: f32 = 3.0;
/// Index of the boundary among the types.
const BOUNDARY: u8 = 2;

/// Whether a patch (0 ink to 1 paper) has any strokes to be told by.
pub fn has_strokes(patch: &[f32]) -> bool {
    patch.iter().map(|value| 1.0 - value).sum::<f32>() >= LEAST_INK_PX
}

/// The type of the strokes in the patch whose first pixel is `x`, `y`, by the file's rule: an index of
/// [`TYPES`](crate::stroke_classifier::TYPES). `regions` are rows of `width` px; the patch lies inside.
pub fn stroke_type(regions: &[u8], width: usize, x: usize, y: usize) -> Option<u8> {
    let mut counts = [0.0f32; 9];
    for row in y..y + PATCH {
        for &class in &regions[row * width + x..row * width + x + PATCH] {
            if let Some(count) = counts.get_mut(usize::from(class)) {
                *count += 1.0 / (PATCH * PATCH) as f32;
            }
        }
    }
    let [backdrop, skin, hair, brow, eye, lips, ear, clothes, glasses] = counts;
    let skin = skin + glasses;
    let shares = [skin, hair, 0.0, brow, eye, lips, ear];
    // Brows and eyes are small: a patch with a third of one is of it.
    let small = [brow, eye, lips].map(|share| share > SMALL);
    if let Some(at) = small.iter().position(|&is| is) {
        return Some(3 + at as u8);
    }
    if let Some(kind) = (0u8..).zip(shares).find(|(_, share)| *share >= MAJORITY).map(|(kind, _)| kind) {
        return Some(kind);
    }
    let sides = [skin + ear, hair, backdrop + clothes];
    (sides.iter().filter(|&&share| share >= BOTH_SIDES).count() >= 2).then_some(BOUNDARY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 512;

    #[test]
    fn a_patch_takes_the_type_of_what_fills_it_and_is_a_boundary_between_two() {
        // Skin on the left half, hair on the right, an eye in the upper left corner, backdrop far below.
        let regions: Vec<u8> = (0..SIDE * SIDE)
            .map(|at| match (at % SIDE, at / SIDE) {
                (0..16, 0..16) => 4,
                (_, 400..) => 0,
                (0..256, _) => 1,
                _ => 2,
            })
            .collect();
        let at = |x: usize, y: usize| stroke_type(&regions, SIDE, x, y);
        assert_eq!(
            [at(0, 0), at(100, 100), at(300, 100), at(248, 100), at(100, 392), at(100, 450), at(8, 4)],
            [Some(4), Some(0), Some(1), Some(2), Some(2), None, Some(4)]
        );
    }
}
