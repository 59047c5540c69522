//! A face understood: its landmarks, the regions of the portrait it belongs to, and the person's matte.
//!
//! Everything lies in the canonical frame of [`Portrait`](crate::photo::Portrait): 512 px square, eye centres at
//! (206, 236) and (306, 236), x right, y down; "right" is the sitter's right, which is the picture's left. The values
//! refuse what no face has (landmarks far off the frame, labels that name no region); who read them from a photo, a
//! network or a person, they do not know.

mod landmarks;
mod regions;
#[cfg(test)]
pub mod sample;

pub use landmarks::Iris;
pub use landmarks::Landmarks;
pub use landmarks::LandmarksError;
pub use landmarks::Side;
pub use regions::Class;
pub use regions::Regions;
pub use regions::RegionsError;

use crate::photo::Matte;

/// What is known of the sitter of one portrait.
#[derive(Debug, Clone)]
pub struct Face {
    landmarks: Landmarks,
    regions: Regions,
    matte: Matte,
}

impl Face {
    /// The face with `landmarks`, on a portrait of `regions`, before a backdrop that `matte` takes away.
    pub fn new(landmarks: Landmarks, regions: Regions, matte: Matte) -> Self {
        Self { landmarks, regions, matte }
    }

    /// Where its features lie.
    pub fn landmarks(&self) -> &Landmarks {
        &self.landmarks
    }

    /// What each pixel of the portrait is.
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// The person's share of each pixel.
    pub fn matte(&self) -> &Matte {
        &self.matte
    }
}
