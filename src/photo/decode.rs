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
        // A RIFF file says how long it is; a PNG's decoder misses the end by itself.
        ImageFormat::WebP => (bytes.len() as u64 >= riff_length(bytes), false),
        ImageFormat::Png => (true, false),
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

/// The length that the header of the RIFF file `bytes` announces; rounded down, for a last byte of padding is often lost.
fn riff_length(bytes: &[u8]) -> u64 {
    let size = bytes.get(4..8).map_or(0, |size| u32::from_le_bytes([size[0], size[1], size[2], size[3]]));
    (u64::from(size) & !1) + 8
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

#[cfg(test)]
mod tests {
    use super::*;
    use image::ImageEncoder;
    use image::codecs::jpeg::JpegEncoder;

    /// A picture with a red upper left corner on gray, as an encoder of `format` writes it.
    fn file(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
        encoded(&DynamicImage::ImageRgb8(corner(width, height)), format)
    }

    fn corner(width: u32, height: u32) -> image::RgbImage {
        image::RgbImage::from_fn(width, height, |x, y| {
            let red = x < width / 2 && y < height / 2;
            image::Rgb(if red { [220, 30, 30] } else { [128, 128, 128] })
        })
    }

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("encodes");
        bytes.into_inner()
    }

    /// A JPEG file that calls itself `width` x `height`, in a frame with the marker `frame`.
    fn jpeg_claiming(width: u16, height: u16, frame: u8) -> Vec<u8> {
        let mut bytes = file(ImageFormat::Jpeg, 64, 64);
        let at = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a baseline frame");
        bytes[at + 1] = frame;
        bytes[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
        bytes[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
        bytes
    }

    fn near(found: [u8; 3], expected: [u8; 3], tolerance: u8) -> bool {
        found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= tolerance)
    }

    #[test]
    fn every_format_gives_the_same_photo() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let photo = decode(&file(format, 120, 90)).expect("decodes");
            assert_eq!(photo.pixels().dimensions(), (120, 90));
            // JPEG keeps flat colours within a few steps.
            assert!(near(photo.pixels().get_pixel(20, 20).0, [220, 30, 30], 8), "{format:?}");
            assert!(near(photo.pixels().get_pixel(100, 70).0, [128; 3], 4), "{format:?}");
        }
    }

    #[test]
    fn every_kind_of_pixel_becomes_colour_on_white() {
        let picture = DynamicImage::ImageRgb8(corner(80, 64));
        for kind in [
            DynamicImage::ImageLuma8(picture.to_luma8()),
            DynamicImage::ImageLumaA8(picture.to_luma_alpha8()),
            DynamicImage::ImageLuma16(picture.to_luma16()),
            DynamicImage::ImageLumaA16(picture.to_luma_alpha16()),
            DynamicImage::ImageRgb16(picture.to_rgb16()),
            DynamicImage::ImageRgba8(picture.to_rgba8()),
            DynamicImage::ImageRgba16(picture.to_rgba16()),
        ] {
            let photo = decode(&encoded(&kind, ImageFormat::Png)).expect("decodes");
            assert!(near(photo.pixels().get_pixel(70, 60).0, [128; 3], 1), "{:?}", kind.color());
        }
        let mut glass = picture.to_rgba16();
        glass.pixels_mut().for_each(|pixel| pixel.0[3] = u16::MAX / 2);
        let photo = decode(&encoded(&DynamicImage::ImageRgba16(glass), ImageFormat::Png)).expect("decodes");
        assert!(near(photo.pixels().get_pixel(70, 60).0, [191; 3], 1));
        let clear = image::RgbaImage::from_pixel(64, 64, image::Rgba([10, 20, 30, 0]));
        let photo = decode(&encoded(&DynamicImage::ImageRgba8(clear), ImageFormat::Png)).expect("decodes");
        assert_eq!(photo.pixels().get_pixel(5, 5).0, [255; 3]);
    }

    #[test]
    fn a_cmyk_jpeg_is_read_as_colour() {
        // 64 x 64, no cyan, full magenta and yellow, no black, with the inversion that Adobe's marker announces.
        let hex = [
            "ffd8ffee000e41646f626500640000000000ffdb0043001b12141714111b1716171e1c1b2028422b28252528513a3d30",
            "42605565645f555d5b6a7899816a7190735b5d85b586909ea3abadab6780bcc9baa6c799a8aba4ffc000140800400040",
            "044311004d11005911004b1100ffc4001500010100000000000000000000000000000006ffc400141001000000000000",
            "00000000000000000000ffda000e0443004d0059004b00003f00a64ca654c00000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000fffd9",
        ]
        .concat();
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hexadecimal")).collect();
        let photo = decode(&bytes).expect("decodes");
        assert!(near(photo.pixels().get_pixel(30, 30).0, [255, 0, 0], 40), "{:?}", photo.pixels().get_pixel(30, 30));
    }

    #[test]
    fn orientation_is_honoured() {
        // Where EXIF's eight orientations (CIPA DC-008) take the upper left corner of the stored picture.
        let corners: [(u16, &str); 8] = [
            (1, "upper left"),
            (2, "upper right"),
            (3, "lower right"),
            (4, "lower left"),
            (5, "upper left"),
            (6, "upper right"),
            (7, "lower right"),
            (8, "lower left"),
        ];
        for (orientation, expected) in corners {
            let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
            exif.extend_from_slice(&orientation.to_le_bytes());
            exif.extend_from_slice(&[0; 6]);
            let mut bytes = Vec::new();
            let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
            encoder.set_exif_metadata(exif).expect("takes EXIF");
            encoder.encode_image(&corner(96, 64)).expect("encodes");
            let photo = decode(&bytes).expect("decodes");
            let (width, height) = photo.pixels().dimensions();
            assert_eq!((width, height), if orientation < 5 { (96, 64) } else { (64, 96) });
            let red = |x: u32, y: u32| photo.pixels().get_pixel(x, y).0[1] < 80;
            let found = match [red(8, 8), red(width - 8, 8), red(width - 8, height - 8), red(8, height - 8)] {
                [true, false, false, false] => "upper left",
                [false, true, false, false] => "upper right",
                [false, false, true, false] => "lower right",
                [false, false, false, true] => "lower left",
                _ => "nowhere",
            };
            assert_eq!(found, expected, "orientation {orientation}");
        }
    }

    #[test]
    fn large_pictures_are_shrunk_and_keep_their_shape() {
        let photo = decode(&file(ImageFormat::Png, 3000, 1000)).expect("decodes");
        assert_eq!(photo.pixels().dimensions(), (2048, 683));
        assert!(near(photo.pixels().get_pixel(100, 100).0, [220, 30, 30], 1));
    }

    #[test]
    fn what_is_no_picture_is_named_so() {
        assert!(matches!(decode(b""), Err(DecodeError::Empty)));
        for bytes in [&b"Dear robot, please draw me."[..], b"%PDF-1.7\n", b"GIF89a\x10\0\x10\0", &[0; 4096]] {
            assert!(matches!(decode(bytes), Err(DecodeError::UnknownFormat)));
        }
        assert!(matches!(decode(&vec![0; MAX_FILE_BYTES + 1]), Err(DecodeError::FileTooLarge { megabytes: 64 })));
    }

    #[test]
    fn every_cut_is_noticed() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let bytes = file(format, 200, 150);
            for percent in [10, 30, 60, 90] {
                let cut = &bytes[..bytes.len() * percent / 100];
                let error = decode(cut).expect_err("a part of a file is no photo");
                assert!(matches!(error, DecodeError::Truncated), "{format:?} cut at {percent} %: {error}");
            }
        }
    }

    #[test]
    fn damage_inside_gives_a_sentence() {
        let mut bytes = file(ImageFormat::Png, 200, 150);
        let middle = bytes.len() / 2;
        bytes[middle..middle + 20].fill(0x55);
        let sentence = decode(&bytes).expect_err("damaged").to_string();
        assert!(sentence.contains("damaged") && sentence.contains("again"), "{sentence}");
    }

    #[test]
    fn sizes_out_of_range_are_refused_before_decoding() {
        for (width, height) in [(1, 1), (63, 400), (400, 63)] {
            let error = decode(&file(ImageFormat::Png, width, height)).expect_err("too small");
            assert!(matches!(error, DecodeError::TooSmall { .. }), "{error}");
        }
        assert!(decode(&file(ImageFormat::Png, 64, 64)).is_ok());
        let error = decode(&jpeg_claiming(65_000, 65_000, 0xC0)).expect_err("too many pixels");
        assert!(matches!(error, DecodeError::TooManyPixels { width_px: 65_000, .. }), "{error}");
        let error = decode(&jpeg_claiming(9_000, 6_700, 0xC2)).expect_err("too much memory");
        assert!(matches!(error, DecodeError::TooMuchMemory { .. }), "{error}");
    }

    #[test]
    fn noise_behind_a_true_beginning_never_panics() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let good = file(format, 90, 70);
            for seed in 0..60u32 {
                let mut bytes = good.clone();
                let mut state = seed.wrapping_mul(2_654_435_761).max(1);
                for _ in 0..8 {
                    state ^= state << 13;
                    state ^= state >> 17;
                    state ^= state << 5;
                    let at = 12 + state as usize % (bytes.len() - 12);
                    bytes[at] = (state >> 24) as u8;
                }
                // Either answer will do: what counts is that there is one, and of a bounded size.
                if let Ok(photo) = decode(&bytes) {
                    assert!(photo.pixels().dimensions().0 <= WORKING_SIDE_PX);
                }
            }
        }
    }
}
