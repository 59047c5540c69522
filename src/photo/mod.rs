//! A picture as the camera gave it ([`Photo`]), and the person in it, composed for drawing ([`Portrait`]).

use crate::geom::Affine;
use crate::geom::Point;
use crate::geom::Px;
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

    /// The map from portrait pixels back to photo pixels.
    pub fn to_photo(&self) -> &Affine<Px, Px> {
        &self.to_photo
    }
}
