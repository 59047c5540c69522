//! A scan of a drawing, read from its file: upright, in colour, on white, no side longer than [`WORKING_SIDE_PX`].
//!
//! JPEG, PNG and WebP go through the program's own door for photos, with its limits and its orientation; TIFF, BMP and GIF
//! come from scanners and go through this one. Refused, each in a sentence: what is no picture, files of more than
//! [`MOST_BYTES`], pictures of more than [`MOST_MEGAPIXELS`], and what is damaged or cut off.

use std::fs::File;
use std::io::Cursor;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;
use anyhow::ensure;
use image::DynamicImage;
use image::ImageDecoder;
use image::ImageFormat;
use image::ImageReader;
use image::Limits;
use portraitist::photo;
use portraitist::photo::Photo;

/// Endings of files that are taken for scans.
pub const ENDINGS: [&str; 8] = ["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif"];
/// The largest file, bytes: an A3 sheet at 600 dpi in 8-bit colour, not compressed, has 210 million.
pub const MOST_BYTES: u64 = 320 << 20;
/// The largest scan, in millions of pixels: an A3 sheet at 600 dpi has 70.
pub const MOST_MEGAPIXELS: u64 = 100;
/// The longest side that is looked at.
const WORKING_SIDE_PX: u32 = 2048;
/// The most memory that a decoder may take, bytes.
const MOST_DECODED_BYTES: u64 = 640 << 20;

/// The scan in the file `path`.
///
/// # Errors
/// What the file's letter says is refused.
pub fn read(path: &Path) -> Result<Photo> {
    let mut bytes = Vec::new();
    let file = File::open(path).context("it cannot be opened")?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).context("it cannot be read")?;
    ensure!(!bytes.is_empty(), "the file is empty");
    ensure!(
        bytes.len() as u64 <= MOST_BYTES,
        "the file is larger than {} MB; scan at 300 dpi, or save it as PNG",
        MOST_BYTES >> 20
    );
    match image::guess_format(&bytes) {
        Ok(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) => Ok(photo::decode(&bytes)?),
        Ok(format @ (ImageFormat::Tiff | ImageFormat::Bmp | ImageFormat::Gif)) => decoded(&bytes, format),
        _ => bail!("it is no picture that can be read; save it as PNG, JPEG, WebP, TIFF, BMP or GIF"),
    }
}

fn decoded(bytes: &[u8], format: ImageFormat) -> Result<Photo> {
    let damaged = "the picture is damaged or cut off; save or scan it again";
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_DECODED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().context(damaged)?;
    let (width, height) = decoder.dimensions();
    ensure!(
        u64::from(width) * u64::from(height) <= MOST_MEGAPIXELS * 1_000_000,
        "the scan is {width} x {height} px, more than {MOST_MEGAPIXELS} megapixels; scan at 300 dpi, or save it smaller"
    );
    ensure!(
        decoder.total_bytes() <= MOST_DECODED_BYTES,
        "the scan takes too much memory; save it with 8 bits a colour"
    );
    // A picture whose orientation cannot be read is taken as upright, as every viewer does.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).context(damaged)?;
    if width.max(height) > WORKING_SIDE_PX {
        picture = picture.thumbnail(WORKING_SIDE_PX, WORKING_SIDE_PX);
    }
    picture.apply_orientation(orientation);
    let mut pixels = picture.into_rgba8();
    for pixel in pixels.pixels_mut() {
        let [.., alpha] = pixel.0;
        for value in &mut pixel.0[..3] {
            *value = 255 - ((255 - u32::from(*value)) * u32::from(alpha) / 255) as u8;
        }
    }
    Photo::new(DynamicImage::ImageRgba8(pixels).into_rgb8()).context("the picture has no pixels")
}
