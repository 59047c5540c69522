//! Bytes of a JPEG, PNG or WebP file to a [`Photo`]: upright, in sRGB, on white, no side longer than 2048 px.
//!
//! The format is told by the content, never by a name. Refuses, before any large allocation, files and pictures past
//! the limits below, and pictures too small to draw; refuses what is broken or cut off. Colour profiles are ignored:
//! lines do not depend on them. Orientation is EXIF's (CIPA DC-008, tag 0x0112).

use super::Photo;
use super::jpeg;
use crate::fault::Fault;
use crate::fault::Kind;
use image::DynamicImage;
use image::ImageBuffer;
use image::ImageDecoder;
use image::ImageFormat;
use image::ImageReader;
use image::Limits;
use image::Pixel;
use image::Primitive;
use std::io::Cursor;

/// The largest file that is looked at, in bytes.
pub const MAX_FILE_BYTES: usize = 64 << 20;
/// The longest side a picture may have, in pixels.
const MAX_SIDE_PX: u32 = 20_000;
/// The largest number of pixels, in millions.
const MAX_MEGAPIXELS: u64 = 100;
/// The most memory that decoding may take, in bytes: 100 megapixels of three bytes, and 60 of a progressive JPEG not.
const MAX_DECODED_BYTES: u64 = 320 << 20;
/// The shortest side a picture needs: below it a face has fewer than some twenty pixels across.
const MIN_SIDE_PX: u32 = 64;
/// The longest side that later stages see: four times what a portrait needs.
const WORKING_SIDE_PX: u32 = 2048;

/// Why bytes are no photo.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No bytes.
    #[error("the picture file is empty; give a JPEG, PNG or WebP photo")]
    Empty,
    /// Too many bytes.
    #[error("the picture file has {megabytes} MB, more than the {} MB allowed; save it smaller", MAX_FILE_BYTES >> 20)]
    FileTooLarge {
        /// Its size in mebibytes.
        megabytes: usize,
    },
    /// Not one of the formats.
    #[error("the file is no JPEG, PNG or WebP picture; give one of these, or convert it first")]
    UnknownFormat,
    /// Too many pixels, by the header.
    #[error(
        "the picture is {width_px} x {height_px} pixels, more than the {MAX_MEGAPIXELS} megapixels and \
         {MAX_SIDE_PX} pixels a side allowed; save it smaller"
    )]
    TooManyPixels {
        /// Its width.
        width_px: u32,
        /// Its height.
        height_px: u32,
    },
    /// Within the pixel limits, but stored in a way that takes too much memory to decode.
    #[error(
        "decoding the picture takes {megabytes} MB, more than the {} MB allowed; save it smaller, or as a plain \
         8-bit baseline JPEG", MAX_DECODED_BYTES >> 20
    )]
    TooMuchMemory {
        /// What decoding takes, in mebibytes.
        megabytes: u64,
    },
    /// Too few pixels.
    #[error(
        "the picture is {width_px} x {height_px} pixels; a portrait needs at least {MIN_SIDE_PX} pixels on the \
         shorter side"
    )]
    TooSmall {
        /// Its width.
        width_px: u32,
        /// Its height.
        height_px: u32,
    },
    /// The file ends before the picture does.
    #[error("the picture file is cut off before its end; copy or download it again")]
    Truncated,
    /// The file contradicts its format.
    #[error("the picture file is damaged ({reason}); save or export it again")]
    Damaged {
        /// The decoder's own words.
        reason: String,
    },
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        Fault::new(Kind::BadInput, error.to_string())
    }
}

/// The photo in `bytes`, the content of a JPEG, PNG or WebP file.
///
/// 16-bit, gray, palette and CMYK pictures become 8-bit sRGB, transparent parts become white, an animation gives its
/// first frame. At its peak it holds the bytes, the decoded picture (at most `MAX_DECODED_BYTES`) and the photo.
pub fn decode(bytes: &[u8]) -> Result<Photo, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    if bytes.len() > MAX_FILE_BYTES {
        return Err(DecodeError::FileTooLarge { megabytes: bytes.len() >> 20 });
    }
    let format = image::guess_format(bytes).map_err(|_| DecodeError::UnknownFormat)?;
    let (complete, progressive) = match format {
        ImageFormat::Jpeg => {
            let outline = jpeg::outline(bytes);
            (outline.complete, outline.progressive)
        }
        ImageFormat::Png | ImageFormat::WebP => (true, false),
        _ => return Err(DecodeError::UnknownFormat),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let mut decoder =
        reader.into_decoder().map_err(|error| if complete { broken(error) } else { DecodeError::Truncated })?;

    let (width_px, height_px) = decoder.dimensions();
    if width_px.max(height_px) > MAX_SIDE_PX || u64::from(width_px) * u64::from(height_px) > MAX_MEGAPIXELS * 1_000_000
    {
        return Err(DecodeError::TooManyPixels { width_px, height_px });
    }
    if width_px.min(height_px) < MIN_SIDE_PX {
        return Err(DecodeError::TooSmall { width_px, height_px });
    }
    // A progressive JPEG's coefficients are two bytes each, and all of them wait in memory for the last scan.
    let decoded_bytes = decoder.total_bytes() * if progressive { 3 } else { 1 };
    if decoded_bytes > MAX_DECODED_BYTES {
        return Err(DecodeError::TooMuchMemory { megabytes: decoded_bytes >> 20 });
    }
    if !complete {
        return Err(DecodeError::Truncated);
    }

    // A picture whose orientation cannot be read is taken as upright, as every viewer does.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    lay_on_white(&mut picture);
    if width_px.max(height_px) > WORKING_SIDE_PX {
        picture = picture.thumbnail(WORKING_SIDE_PX, WORKING_SIDE_PX);
    }
    picture.apply_orientation(orientation);
    Photo::new(picture.into_rgb8()).ok_or(DecodeError::TooSmall { width_px, height_px })
}

/// The decoder's error in our words.
fn broken(error: image::ImageError) -> DecodeError {
    match error {
        image::ImageError::IoError(_) => DecodeError::Truncated,
        image::ImageError::Limits(_) => DecodeError::TooMuchMemory { megabytes: MAX_DECODED_BYTES >> 20 },
        other => {
            let words = other.to_string();
            // Some decoders report a missing end as a format error of their own.
            if ["unexpected end", "UnexpectedEof", "end of file", "not enough"].iter().any(|sign| words.contains(sign))
            {
                DecodeError::Truncated
            } else {
                DecodeError::Damaged { reason: words.lines().next().unwrap_or_default().trim().to_owned() }
            }
        }
    }
}

/// Blends transparent pixels with white, in place, so that no second full-size picture is held.
fn lay_on_white(picture: &mut DynamicImage) {
    match picture {
        DynamicImage::ImageLumaA8(pixels) => blend_white(pixels, |v| v as u8),
        DynamicImage::ImageRgba8(pixels) => blend_white(pixels, |v| v as u8),
        DynamicImage::ImageLumaA16(pixels) => blend_white(pixels, |v| v as u16),
        DynamicImage::ImageRgba16(pixels) => blend_white(pixels, |v| v as u16),
        _ => {}
    }
}

fn blend_white<P>(pixels: &mut ImageBuffer<P, Vec<P::Subpixel>>, rounded: fn(f32) -> P::Subpixel)
where
    P: Pixel,
    P::Subpixel: Into<f32>,
{
    let white: f32 = P::Subpixel::DEFAULT_MAX_VALUE.into();
    for pixel in pixels.pixels_mut() {
        let Some((alpha, colours)) = pixel.channels_mut().split_last_mut() else { return };
        let opacity = (*alpha).into() / white;
        for colour in colours {
            *colour = rounded(white + ((*colour).into() - white) * opacity + 0.5);
        }
        *alpha = P::Subpixel::DEFAULT_MAX_VALUE;
    }
}
