//! What each pixel of a portrait is: skin, hair, clothes and the parts of a face.
//!
//! One label a pixel, 512 px square, numbered as the training portraits are. Refuses maps of another size and labels
//! that name nothing.

use crate::fault::Fault;
use crate::fault::Kind;
use crate::photo::Portrait;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;

/// What a pixel can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Not the person.
    Background = 0,
    /// Face, nose, neck, bald scalp, beard and moustache.
    Skin = 1,
    /// Hair of the head, and mostly what covers it.
    Hair = 2,
    /// A brow.
    Eyebrow = 3,
    /// What the lids leave open.
    Eye = 4,
    /// Lips, and the mouth between them.
    Lips = 5,
    /// An ear.
    Ear = 6,
    /// Clothes, ties, jewellery.
    Clothes = 7,
    /// Frames and lenses of glasses; eyes and brows behind them stay themselves.
    Glasses = 8,
    /// Beyond the photo: nothing is known.
    Unknown = 255,
}

impl Class {
    const ALL: [Class; 10] = [
        Class::Background,
        Class::Skin,
        Class::Hair,
        Class::Eyebrow,
        Class::Eye,
        Class::Lips,
        Class::Ear,
        Class::Clothes,
        Class::Glasses,
        Class::Unknown,
    ];

    /// The class that `label` stands for.
    pub fn of_label(label: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| *class as u8 == label)
    }
}

/// The class of every pixel of one portrait.
#[derive(Debug, Clone)]
pub struct Regions(Gray);

/// Labels that make no map of regions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionsError {
    /// Another size.
    #[error("a map of regions is 512 x 512 pixels, not {width_px} x {height_px}")]
    Size {
        /// Its width.
        width_px: u32,
        /// Its height.
        height_px: u32,
    },
    /// A label without a meaning.
    #[error("label {label} at ({x_px}, {y_px}) names no region; there are 0 to 8 and 255")]
    Label {
        /// The label.
        label: u8,
        /// Its column.
        x_px: u32,
        /// Its row.
        y_px: u32,
    },
}

impl From<RegionsError> for Fault {
    fn from(error: RegionsError) -> Self {
        Fault::new(Kind::BadInput, error.to_string())
    }
}

impl Regions {
    /// The regions that `labels` name, one label a pixel.
    pub fn new(labels: Gray) -> Result<Self, RegionsError> {
        if labels.dimensions() != (Portrait::SIDE, Portrait::SIDE) {
            return Err(RegionsError::Size { width_px: labels.width(), height_px: labels.height() });
        }
        match labels.enumerate_pixels().find(|(_, _, p)| Class::of_label(p.0[0]).is_none()) {
            Some((x_px, y_px, p)) => Err(RegionsError::Label { label: p.0[0], x_px, y_px }),
            None => Ok(Self(labels)),
        }
    }

    /// The class of every pixel, as its label.
    pub fn labels(&self) -> &Gray {
        &self.0
    }

    /// 1 at the pixels of any of `classes`, 0 elsewhere.
    pub fn share(&self, classes: &[Class]) -> Field {
        let mut wanted = [0.0; 256];
        classes.iter().for_each(|class| wanted[usize::from(*class as u8)] = 1.0);
        Field::from_fn(self.0.width(), self.0.height(), |x, y| Luma([wanted[usize::from(self.0.get_pixel(x, y).0[0])]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_the_training_portraits_are_regions_and_others_are_refused() {
        let labels = Gray::from_fn(512, 512, |x, _| Luma([[0, 1, 2, 3, 4, 5, 6, 7, 8, 255][x as usize % 10]]));
        let regions = Regions::new(labels.clone()).expect("all labels are known");
        let skin: f32 = regions.share(&[Class::Skin, Class::Ear]).as_raw().iter().sum();
        assert_eq!(skin, labels.as_raw().iter().filter(|l| matches!(**l, 1 | 6)).count() as f32);
        let mut wrong = labels;
        wrong.put_pixel(3, 4, Luma([9]));
        assert_eq!(Regions::new(wrong).expect_err("9 is none"), RegionsError::Label { label: 9, x_px: 3, y_px: 4 });
        assert!(Regions::new(Gray::new(256, 256)).is_err());
    }
}
