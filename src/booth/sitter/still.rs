//! Pictures as the sitter's process shows and judges them: small JPEGs for the screen, and how sharp a photo is.

use std::borrow::Cow;

use image::imageops;
use image::imageops::FilterType;
use jpeg_encoder::ColorType;
use jpeg_encoder::Encoder;

use crate::raster::Rgb;

/// The height of the live view and of the shown photo, px; a smaller picture stays as it is.
const SHOWN_PX: u32 = 1080;
/// Pictures are judged at this height, px.
const JUDGED_PX: u32 = 360;

/// A picture of the live view.
pub fn live(pixels: &Rgb) -> Vec<u8> {
    jpeg(&at_most(pixels, SHOWN_PX), 75)
}

/// The photo as it is shown.
pub fn shown(pixels: &Rgb) -> Vec<u8> {
    jpeg(&at_most(pixels, SHOWN_PX), 88)
}

/// A picture small enough to be judged many times each second.
pub fn judged(pixels: &Rgb) -> Rgb {
    at_most(pixels, JUDGED_PX).into_owned()
}

/// What is shown while no camera sends any: an empty, dark field with a soft light in its middle.
pub fn placeholder() -> Vec<u8> {
    let (width, height) = (640_u32, 480_u32);
    let field = Rgb::from_fn(width, height, |x, y| {
        let (dx, dy) = (f64::from(x) / f64::from(width) - 0.5, f64::from(y) / f64::from(height) - 0.5);
        let light = 58.0 - 34.0 * (dx * dx + dy * dy).sqrt() / 0.71;
        image::Rgb([light as u8, light as u8, (light * 0.96) as u8])
    });
    jpeg(&field, 75)
}

/// How sharp a photo is: the mean square of its luma's gradients (Tenengrad; Krotkov 1988), at one size for all.
pub fn sharpness(pixels: &Rgb) -> f64 {
    let gray = imageops::grayscale(&*at_most(pixels, JUDGED_PX));
    let (width, height) = gray.dimensions();
    let at = |x: u32, y: u32| f64::from(gray.get_pixel(x, y).0[0]);
    let mut sum = 0.0;
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let (gx, gy) = (at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1));
            sum += gx * gx + gy * gy;
        }
    }
    sum / f64::from(width.max(1)) / f64::from(height.max(1))
}

/// How light a picture is on the average, and how many parts of a hundred of it are as light as can be.
pub fn exposure(pixels: &Rgb) -> (u8, u8) {
    let gray = imageops::grayscale(&*at_most(pixels, JUDGED_PX));
    let count = (gray.len() as u64).max(1);
    let sum: u64 = gray.iter().map(|luma| u64::from(*luma)).sum();
    let burnt = gray.iter().filter(|luma| **luma >= 254).count() as u64;
    ((sum / count) as u8, (burnt * 100 / count) as u8)
}

/// `pixels`, made smaller by a triangle's weights if they are higher than `height` px.
fn at_most(pixels: &Rgb, height: u32) -> Cow<'_, Rgb> {
    if pixels.height() <= height {
        return Cow::Borrowed(pixels);
    }
    let width = (u64::from(pixels.width()) * u64::from(height) / u64::from(pixels.height())).max(1) as u32;
    Cow::Owned(imageops::resize(pixels, width, height, FilterType::Triangle))
}

fn jpeg(pixels: &Rgb, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    // No photo has a side of more than 20,000 px (`photo::decode`), and no frame of more than 16,384.
    if let (Ok(width), Ok(height)) = (u16::try_from(pixels.width()), u16::try_from(pixels.height())) {
        // Writing into a vector fails only for pictures without pixels, of which there are none.
        let _ = Encoder::new(&mut bytes, quality).encode(pixels.as_raw(), width, height, ColorType::Rgb);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blurred_photo_is_less_sharp_and_large_ones_are_made_small() {
        let sharp = Rgb::from_fn(800, 1200, |x, y| image::Rgb([if (x / 8 + y / 8) % 2 == 0 { 30 } else { 220 }; 3]));
        let blurred = imageops::blur(&sharp, 6.0);
        assert!(sharpness(&sharp) > 2.0 * sharpness(&blurred));
        let live = image::load_from_memory(&live(&sharp)).expect("a JPEG");
        assert_eq!((live.width(), live.height()), (720, 1080));
        assert!(image::load_from_memory(&placeholder()).is_ok());
        let half = Rgb::from_fn(100, 100, |x, _| image::Rgb([if x < 50 { 255 } else { 55 }; 3]));
        assert_eq!(exposure(&half), (155, 50));
    }
}
