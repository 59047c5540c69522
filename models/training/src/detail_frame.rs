//! What a detail drawer is fed in training, and what it should draw: the crop of an eye, a nose or a mouth in the photo, F's
//! lines there, and an artist's.
//!
//! Crops are moved by as much as a face reader errs, some turned and scaled a little, noses and mouths mirrored half the time.
//! Photos come in all weathers; F's lines are those of the photo as it is, so that F draws each portrait once.

use models::detail_drawer::Part;
use models::detail_drawer::Place;
use rand::Rng;

use crate::data::Portrait;
use crate::geometry::FRAME;
use crate::geometry::Transform;
use crate::geometry::mirror;
use crate::geometry::normal;
use crate::geometry::similarity;
use crate::line_frame::photographed;
use crate::page::Page;

/// How often a crop is only moved by whole pixels and mirrored: sharp lines stay sharp.
const STRAIGHT: f64 = 0.6;
/// By how much crops are moved, px.
const MOVED_PX: f32 = 4.0;

/// A person: the photo, what F draws of it, what the artist drew.
#[derive(Debug, Clone)]
pub struct Sitter<'a> {
    /// The photo with its labels.
    pub portrait: &'a Portrait,
    /// F's lines.
    pub drawn: Page,
    /// The artist's lines.
    pub lines: Page,
}

/// One crop, row by row, each value from 0 (black, ink) to 1 (light, paper).
#[derive(Debug, Clone, PartialEq)]
pub struct Crop {
    /// The photo, the person on white.
    pub gray: Vec<f32>,
    /// F's lines.
    pub drawn: Vec<f32>,
    /// The artist's.
    pub lines: Vec<f32>,
}

/// The crop of `sitter` at `place`, for training.
pub fn draw(sitter: &Sitter, place: &Place, rng: &mut impl Rng) -> Crop {
    let mirrored = if place.part == Part::Eye { place.mirrored } else { rng.random_bool(0.5) };
    let straight = rng.random_bool(STRAIGHT);
    let (scale, angle) = if straight { (1.0, 0.0) } else { (normal(rng, 0.07).exp(), normal(rng, 4.0).to_radians()) };
    let moved: [f32; 2] = std::array::from_fn(|_| normal(rng, MOVED_PX));
    let moved = if straight { moved.map(f32::round) } else { moved };
    seen(sitter, place, &put(sitter, place, mirrored, scale, angle, moved), Some(rng))
}

/// The crop of `sitter` at `place` as it is.
pub fn trial(sitter: &Sitter, place: &Place) -> Crop {
    let transform = put(sitter, place, place.mirrored, 1.0, 0.0, [0.0; 2]);
    seen(sitter, place, &transform, None::<&mut rand_pcg::Pcg64Mcg>)
}

/// Canonical to crop px: the middle of the crop at `place`, moved by `moved`, in the middle.
fn put(sitter: &Sitter, place: &Place, mirrored: bool, scale: f32, angle: f32, moved: [f32; 2]) -> Transform {
    let half = place.part.size_px().map(|side| side as f32 / 2.0);
    let landmarks: [[f32; 2]; 68] = std::array::from_fn(|at| sitter.portrait.points[at]);
    let corner = place.corner(&landmarks);
    let middle: [f32; 2] = std::array::from_fn(|axis| corner[axis] as f32 + half[axis] + moved[axis]);
    if mirrored {
        mirror().then(&similarity(scale, angle, [FRAME - middle[0], middle[1]], half))
    } else {
        similarity(scale, angle, middle, half)
    }
}

fn seen(sitter: &Sitter, place: &Place, transform: &Transform, rng: Option<&mut impl Rng>) -> Crop {
    let size = place.part.size_px();
    Crop {
        gray: photographed(sitter.portrait, transform, size, rng),
        drawn: sitter.drawn.seen(transform, size),
        lines: sitter.lines.seen(transform, size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Hints;
    use crate::data::SIDE;
    use models::detail_drawer::PLACES;
    use rand::SeedableRng;
    use rand_pcg::Pcg64Mcg;

    /// A page that grows lighter from left to right.
    fn ramp() -> Vec<f32> {
        (0..SIDE * SIDE).map(|at| (at % SIDE) as f32 / 511.0).collect()
    }

    /// A photo like [`ramp`], all of it the person; every landmark at `middle`.
    fn portrait(middle: [f32; 2]) -> Portrait {
        let hints = Hints {
            glasses: false,
            beard_hint: false,
            long_hair_hint: false,
            skin_ita: 30.0,
            monochrome: false,
            label_suspect: false,
            synthetic: false,
        };
        let level = ramp().into_iter().flat_map(|value| [[(value * 255.0) as u8; 3].as_slice(), &[255]].concat());
        Portrait {
            id: "ramp".to_owned(),
            person: 1,
            hints,
            points: [middle; 70],
            levels: vec![level.collect()],
            regions: vec![1; SIDE * SIDE],
        }
    }

    #[test]
    fn a_crop_shows_photo_and_both_drawings_alike_and_the_left_eye_mirrored() {
        let portrait = portrait([300.0, 240.0]);
        let sitter = Sitter { portrait: &portrait, drawn: Page::of(&ramp()), lines: Page::of(&ramp()) };
        for place in &PLACES {
            let crop = trial(&sitter, place);
            let [width, height] = place.part.size_px();
            let first = 300 - width / 2;
            let column = if place.mirrored { first + width - 1 } else { first };
            assert!((crop.drawn[0] - column as f32 / 511.0).abs() < 3e-3, "{place:?}");
            assert_eq!(crop.drawn.len(), width * height);
            let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(apart(&crop.drawn, &crop.lines) < 1e-6 && apart(&crop.gray, &crop.drawn) < 5e-3, "{place:?}");
            // Moved, turned and mirrored they still lie upon each other.
            for seed in 0..8 {
                let crop = draw(&sitter, place, &mut Pcg64Mcg::seed_from_u64(seed));
                assert_eq!(crop, draw(&sitter, place, &mut Pcg64Mcg::seed_from_u64(seed)));
                assert!(apart(&crop.drawn, &crop.lines) < 1e-6);
                let falls = crop.drawn[0] > crop.drawn[width - 1];
                assert!(place.part != Part::Eye || falls == place.mirrored, "an eye looks its own way");
            }
        }
    }
}
