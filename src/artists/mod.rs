//! Artists of our own: they draw labelled portraits as pictures, for drawing networks to learn from.
//!
//! A style that ships is learnt from drawings by these artists, since people of every kind sat for them. Each has several
//! hands, named settings kept in one place ([`pen::hands`], [`charcoal_hands`]). A drawing is a raster in the canonical
//! frame, 512 px square, 255 paper and 0 ink, the same for the same portrait, hand and seed. Refuses nothing but a hand that an artist does not have.

mod inking;
pub mod pen;

use crate::face::Face;
use crate::photo::Portrait;
use crate::raster::Gray;
use crate::sketch::Anatomy;
use crate::sketch::charcoal;
use crate::sketch::charcoal_hands;

/// One of our artists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Artist {
    /// Lines alone: the [line study](crate::sketch::line_study), inked with one steady pen.
    Lines,
    /// Pen and ink: contours of living weight, hatching along the form.
    Pen,
    /// Tone rubbed along the form.
    Charcoal,
}

impl Artist {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Lines, Self::Pen, Self::Charcoal];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Pen => "pen",
            Self::Charcoal => "charcoal",
        }
    }

    /// The names of its hands.
    pub fn hands(self) -> Vec<&'static str> {
        match self {
            Self::Lines => vec!["study"],
            Self::Pen => pen::hands().iter().map(|hand| hand.name).collect(),
            Self::Charcoal => charcoal_hands().iter().map(|hand| hand.name).collect(),
        }
    }

    /// `portrait` drawn in `hand` (an index of [`Artist::hands`]), its chance decided by `seed`; `None` if there is no
    /// such hand.
    pub fn draw(self, hand: usize, seed: u64, portrait: &Portrait, face: &Face) -> Option<Gray> {
        let anatomy = Anatomy::of_face(portrait, face);
        match self {
            Self::Lines => (hand == 0).then(|| pen::lines(portrait, &anatomy)),
            Self::Pen => Some(pen::draw(portrait, &anatomy, pen::hands().get(hand)?, seed)),
            Self::Charcoal => Some(charcoal(portrait, &anatomy, charcoal_hands().get(hand)?, seed)),
        }
    }
}
