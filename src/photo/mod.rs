//! A picture as the camera gave it ([`Photo`]), and the person in it, composed for drawing ([`Portrait`]), with the
//! backdrop told apart ([`Matte`]).

pub mod smooth;
pub mod colour_model;
pub mod position_prior;
mod jpeg;
mod decode;
mod compose;
mod backdrop;
mod matte_edges;
pub mod sitters;
#[cfg(test)]
pub mod sample;

pub use backdrop::BackdropConfig;
pub use backdrop::Matte;
pub use backdrop::matte;
pub use compose::ComposeError;
pub use compose::Framing;
pub use compose::compose;
pub use decode::DecodeError;
pub use decode::MAX_FILE_BYTES;
pub use decode::decode;
pub use matte_edges::refined as refined_matte;

use crate::geom::Affine;
use crate::geom::Point;
use crate::geom::Px;
use crate::raster::Field;
use crate::raster::Rgb;

/// A picture as the camera or the file gave it, upright, in sRGB.
#[derive(Debug, Clone)]
pub struct Photo {
    pixels: Rgb,
}

impl Photo {
    /// A photo of `pixels`; `None` if it has no pixel.
    pub fn new(pixels: Rgb) -> Option<Self> {
        (pixels.width() > 0 && pixels.height() > 0).then_some(Self { pixels })
    }

    /// Its pixels.
    pub fn pixels(&self) -> &Rgb {
        &self.pixels
    }
}

/// Head and shoulders in the canonical frame: [`Portrait::SIDE`] pixels square, the eyes at [`Portrait::EYES`].
#[derive(Debug, Clone)]
pub struct Portrait {
    pixels: Rgb,
    to_photo: Affine<Px, Px>,
    beyond: Field,
}

impl Portrait {
    /// Width and height, in pixels.
    pub const SIDE: u32 = 512;
    /// Where the sitter's right and left eye centres lie, in portrait pixels (data card: 100 px apart, at 46 % of the height).
    pub const EYES: [Point<Px>; 2] = [Point::new(206.0, 236.0), Point::new(306.0, 236.0)];

    /// The composed picture.
    pub fn pixels(&self) -> &Rgb {
        &self.pixels
    }

    /// How far each pixel lies beyond the photo's edge, in portrait pixels; 0 on the photo. What lies beyond is made up.
    pub fn beyond(&self) -> &Field {
        &self.beyond
    }

    /// The map from portrait pixels back to photo pixels.
    pub fn to_photo(&self) -> &Affine<Px, Px> {
        &self.to_photo
    }
}
