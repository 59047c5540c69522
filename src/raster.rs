//! Planes of pixels: gray and colour bytes, and fields of numbers. 255 is paper, 0 is ink.
//!
//! The planes are the `image` crate's own buffers, so that `imageproc`'s filters take them as they are; this file
//! only names them and turns them to and from bytes. It reads and writes no file. Decoding a visitor's picture,
//! with its limits and its orientation, is the photo room's.

use image::ImageBuffer;
use image::ImageEncoder;
use image::Luma;
use image::codecs::png::PngEncoder;

/// One byte a pixel: 255 paper, 0 ink.
pub type Gray = image::GrayImage;
/// Three bytes a pixel, sRGB.
pub type Rgb = image::RgbImage;
/// One number a pixel.
pub type Field = ImageBuffer<Luma<f32>, Vec<f32>>;

/// `plane` as the bytes of a PNG file.
pub fn gray_png(plane: &Gray) -> Vec<u8> {
    png(plane.as_raw(), plane.width(), plane.height(), image::ExtendedColorType::L8)
}

/// `plane` as the bytes of a PNG file.
pub fn rgb_png(plane: &Rgb) -> Vec<u8> {
    png(plane.as_raw(), plane.width(), plane.height(), image::ExtendedColorType::Rgb8)
}

fn png(raw: &[u8], width: u32, height: u32, colour: image::ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(raw, width, height, colour)
        .expect("a buffer as long as its size says is always a PNG in memory");
    bytes
}
