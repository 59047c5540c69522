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
