//! From the [`Portrait`](crate::photo::Portrait) to a [`LineDrawing`] and from there to a [`Sketch`]: gray planes of ink on paper.

use crate::raster::Gray;

/// Lines on paper, as a raster of the portrait's size: 255 paper, 0 ink.
#[derive(Debug, Clone)]
pub struct LineDrawing(Gray);

/// What the robot shall put on paper, still as a raster of the portrait's size: lines, and tone where the style has it.
#[derive(Debug, Clone)]
pub struct Sketch(Gray);

impl LineDrawing {
    /// A line drawing of any raster.
    pub fn new(ink: Gray) -> Self {
        Self(ink)
    }

    /// Its ink.
    pub fn ink(&self) -> &Gray {
        &self.0
    }
}

impl Sketch {
    /// A sketch of any raster.
    pub fn new(ink: Gray) -> Self {
        Self(ink)
    }

    /// Its ink.
    pub fn ink(&self) -> &Gray {
        &self.0
    }
}
