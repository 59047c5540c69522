//! The picture that is being made for a network: pasting parts of portraits into it, and turning it into planes.
//!
//! Interleaved red, green, blue from 0 to 1, rows from the top. A paste goes backwards from each pixel of the canvas
//! to the portrait, so that scale, rotation, mirror and anti-aliasing (by the portrait's pyramid) are one pass.

use crate::data::Portrait;
use crate::data::SIDE;
use crate::data::UNKNOWN;
use crate::geometry::Transform;
use crate::geometry::scale_of;

/// A picture in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct Canvas {
    /// px.
    pub width: usize,
    /// px.
    pub height: usize,
    /// `width × height × 3` values from 0 to 1.
    pub rgb: Vec<f32>,
}

/// Which part of an aligned portrait is pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The person without the background. Clothes go on below the portrait's lower edge for `body` canonical px.
    Person {
        /// Canonical px.
        body: u16,
    },
    /// The rectangle that the camera saw.
    Photo,
    /// The whole square with its blurred margins.
    Square,
    /// Everything; beyond the square its edge goes on.
    Endless,
    /// What lies behind the person: the square with a hole in the person's outline.
    Behind,
    /// A square by its first corner.
    Tile {
        /// Canonical px.
        x: u16,
        /// Canonical px.
        y: u16,
        /// Canonical px.
        side: u16,
    },
    /// A circle about a canonical point, with soft edge.
    Disc {
        /// Canonical px.
        x: u16,
        /// Canonical px.
        y: u16,
        /// Canonical px.
        radius: u16,
    },
}

impl Canvas {
    /// A picture of one colour.
    pub fn new(width: usize, height: usize, colour: [f32; 3]) -> Self {
        Self { width, height, rgb: colour.iter().copied().cycle().take(width * height * 3).collect() }
    }

    /// The pixel in `column` of `row`.
    pub fn pixel(&mut self, column: usize, row: usize) -> &mut [f32] {
        let at = (row * self.width + column) * 3;
        &mut self.rgb[at..at + 3]
    }

    /// Pastes `cut` of `portrait` where `transform` (canonical to canvas px) puts it, its colours changed by `tint`.
    pub fn paste(&mut self, portrait: &Portrait, transform: &Transform, cut: Cut, tint: impl Fn([f32; 3]) -> [f32; 3]) {
        let Some(back) = transform.inverse() else { return };
        let level = Portrait::level_for(scale_of(transform));
        let (columns, rows) = self.covered(transform, cut);
        let across = [back.m11, back.m12];
        for row in rows {
            let start =
                back.transform_point(euclid::default::Point2D::new(columns.start as f32 + 0.5, row as f32 + 0.5));
            let (mut x, mut y) = (start.x, start.y);
            for column in columns.clone() {
                let (share, [r, g, b]) = cut.look(portrait, level, x, y);
                if share > 0.0 {
                    let colour = tint([r, g, b]);
                    for (under, over) in self.pixel(column, row).iter_mut().zip(colour) {
                        *under += (over - *under) * share;
                    }
                }
                x += across[0];
                y += across[1];
            }
        }
    }

    /// Columns and rows that a paste may touch.
    fn covered(&self, transform: &Transform, cut: Cut) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let side = SIDE as f32;
        let rect = match cut {
            Cut::Endless => return (0..self.width, 0..self.height),
            Cut::Person { body } => [0.0, 0.0, side, side + f32::from(body)],
            Cut::Photo | Cut::Square | Cut::Behind => [0.0, 0.0, side, side],
            Cut::Tile { x, y, side } => {
                let [x, y, side] = [x, y, side].map(f32::from);
                [x, y, x + side, y + side]
            }
            Cut::Disc { x, y, radius } => {
                let [x, y, radius] = [x, y, radius].map(f32::from);
                [x - radius, y - radius, x + radius, y + radius]
            }
        };
        let corners = euclid::default::Box2D::new(
            euclid::default::Point2D::new(rect[0], rect[1]),
            euclid::default::Point2D::new(rect[2], rect[3]),
        );
        let place = transform.outer_transformed_box(&corners);
        let within = |low: f32, high: f32, most: usize| {
            let low = low.floor().clamp(0.0, most as f32) as usize;
            low..(high.ceil().clamp(0.0, most as f32) as usize).max(low)
        };
        (within(place.min.x, place.max.x, self.width), within(place.min.y, place.max.y, self.height))
    }

    /// Red, green and blue planes, one after the other, from -½ to ½: what the face networks are fed.
    pub fn planes(&self) -> Vec<f32> {
        (0..3).flat_map(|channel| self.rgb.iter().skip(channel).step_by(3).map(|value| value - 0.5)).collect()
    }

    /// Eight bits a channel.
    pub fn to_rgb8(&self) -> image::RgbImage {
        let bytes = self.rgb.iter().map(|value| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8).collect();
        image::RgbImage::from_raw(self.width as u32, self.height as u32, bytes).expect("three bytes a pixel")
    }

    /// The canvas that holds `picture`.
    pub fn from_rgb8(picture: &image::RgbImage) -> Self {
        Self {
            width: picture.width() as usize,
            height: picture.height() as usize,
            rgb: picture.as_raw().iter().map(|&byte| f32::from(byte) / 255.0).collect(),
        }
    }
}

impl Cut {
    /// Whether the canonical point `x`, `y` of `portrait` is pasted, more than half.
    pub fn covers(self, portrait: &Portrait, x: f32, y: f32) -> bool {
        self.look(portrait, 0, x, y).0 > 0.5
    }

    /// How much of canonical `x`, `y` is pasted (0 to 1), and its colour.
    fn look(self, portrait: &Portrait, level: usize, x: f32, y: f32) -> (f32, [f32; 3]) {
        let side = SIDE as f32;
        // A soft step one picture pixel wide keeps pasted edges from being stair-cased.
        let soft = (1u32 << level) as f32;
        let edge = |distance: f32| (distance / soft + 0.5).clamp(0.0, 1.0);
        let inside = x.min(side - x).min(y).min(side - y);
        let share = match self {
            Self::Endless => 1.0,
            Self::Square | Self::Behind => edge(inside),
            Self::Tile { x: left, y: top, side } => {
                let (dx, dy) = (x - f32::from(left), y - f32::from(top));
                let side = f32::from(side);
                f32::from(u8::from((0.0..side).contains(&dx) && (0.0..side).contains(&dy)))
            }
            Self::Photo => edge(inside) * f32::from(u8::from(portrait.region(x, y) != UNKNOWN)),
            Self::Person { body } => edge(x.min(side - x).min(y).min(side + f32::from(body) - y)),
            Self::Disc { x: cx, y: cy, radius } => {
                let (dx, dy) = (x - f32::from(cx), y - f32::from(cy));
                let far = (dx * dx + dy * dy).sqrt();
                ((f32::from(radius) - far) / (0.15 * f32::from(radius))).clamp(0.0, 1.0)
            }
        };
        if share <= 0.0 {
            return (0.0, [0.0; 3]);
        }
        let [r, g, b, person] = portrait.pixel(level, x, y);
        let share = match self {
            Self::Person { .. } => share * person / 255.0,
            Self::Behind => share * (1.0 - person / 255.0),
            _ => share,
        };
        (share, [r, g, b].map(|channel| channel / 255.0))
    }
}
