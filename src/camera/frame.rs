//! A webcam's raw frame as pixels: MJPEG, YUYV, NV12, RGB, BGR and gray, decoded here and not by nokhwa, whose
//! decoder takes the program down on a damaged JPEG.
//!
//! A driver hands over its whole buffer, so a frame is followed by the rests of older ones: an MJPEG frame is cut at
//! its own end, found by walking the markers (ITU-T T.81, annex B), not by looking for the last end mark. A frame too
//! short, damaged, or of another size than agreed gives `None`, and the caller takes the next one.
//! Colour: BT.601, limited range, which UVC cameras use unless they say otherwise (UVC 1.5, 3.9.2.6).

use std::borrow::Cow;
use std::io::Cursor;

use image::ImageFormat;
use image::ImageReader;
use image::Limits;
use nokhwa::utils::FrameFormat;

use crate::raster::Rgb;

/// The largest side of a frame, px; no webcam comes near it, damaged headers do.
const MAX_SIDE_PX: u32 = 16_384;
/// The most memory that decoding one frame may take, bytes.
const MAX_DECODED_BYTES: u64 = 1 << 30;

/// The picture in `bytes`, which hold a frame of `width` by `height` px, or `None` if it is damaged.
pub(super) fn to_rgb(encoding: FrameFormat, width: u32, height: u32, bytes: &[u8]) -> Option<Rgb> {
    if width == 0 || height == 0 || width > MAX_SIDE_PX || height > MAX_SIDE_PX {
        return None;
    }
    let (w, h) = (width as usize, height as usize);
    let raw = match encoding {
        FrameFormat::MJPEG => return mjpeg(bytes),
        FrameFormat::YUYV => yuyv(bytes, w, h)?,
        FrameFormat::NV12 => nv12(bytes, w, h)?,
        FrameFormat::GRAY => bytes.get(..w * h)?.iter().flat_map(|gray| [*gray; 3]).collect(),
        FrameFormat::RAWRGB => bytes.get(..w * h * 3)?.to_vec(),
        FrameFormat::RAWBGR => bytes.get(..w * h * 3)?.chunks_exact(3).flat_map(|p| [p[2], p[1], p[0]]).collect(),
    };
    Rgb::from_raw(width, height, raw)
}

/// Two pixels in four bytes: Y0 U Y1 V. An odd last column has no partner and borrows the colour of its own quad.
fn yuyv(bytes: &[u8], width: usize, height: usize) -> Option<Vec<u8>> {
    let row_bytes = width.div_ceil(2) * 4;
    let mut rgb = Vec::with_capacity(width * height * 3);
    for row in bytes.get(..row_bytes * height)?.chunks_exact(row_bytes) {
        for x in 0..width {
            let quad = &row[x / 2 * 4..x / 2 * 4 + 4];
            rgb.extend(bt601(quad[x % 2 * 2], quad[1], quad[3]));
        }
    }
    Some(rgb)
}

/// A plane of Y, then one of U and V side by side at half the size.
fn nv12(bytes: &[u8], width: usize, height: usize) -> Option<Vec<u8>> {
    let chroma_row = width.div_ceil(2) * 2;
    let chroma = bytes.get(width * height..width * height + chroma_row * height.div_ceil(2))?;
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let at = y / 2 * chroma_row + x / 2 * 2;
            rgb.extend(bt601(bytes[y * width + x], chroma[at], chroma[at + 1]));
        }
    }
    Some(rgb)
}

/// BT.601 limited range to sRGB bytes, in 1/256 (the coefficients 1.164, 1.596, 0.391, 0.813, 2.018).
fn bt601(y: u8, u: u8, v: u8) -> [u8; 3] {
    let (y, u, v) = (298 * (i32::from(y) - 16) + 128, i32::from(u) - 128, i32::from(v) - 128);
    [y + 409 * v, y - 100 * u - 208 * v, y + 516 * u].map(|sum| (sum >> 8).clamp(0, 255) as u8)
}

fn mjpeg(bytes: &[u8]) -> Option<Rgb> {
    let (end, has_tables) = walk_jpeg(bytes)?;
    let jpeg = if has_tables { Cow::Borrowed(&bytes[..end]) } else { Cow::Owned(with_avi_mark(&bytes[..end])) };
    let mut reader = ImageReader::with_format(Cursor::new(jpeg.as_ref()), ImageFormat::Jpeg);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PX);
    limits.max_image_height = Some(MAX_SIDE_PX);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    Some(reader.decode().ok()?.into_rgb8())
}

/// Walks the markers from the first to the end mark: where the JPEG at the start of `bytes` ends, and whether it brings
/// Huffman tables. `None` if it is no whole JPEG.
fn walk_jpeg(bytes: &[u8]) -> Option<(usize, bool)> {
    const SOI: u8 = 0xD8;
    const EOI: u8 = 0xD9;
    const DHT: u8 = 0xC4;
    const SOS: u8 = 0xDA;
    if bytes.get(..2)? != [0xFF, SOI] {
        return None;
    }
    let mut at = 2;
    let mut has_tables = false;
    // Each turn moves `at` forward by two bytes at least, so the buffer's length bounds it.
    loop {
        if *bytes.get(at)? != 0xFF {
            return None;
        }
        match *bytes.get(at + 1)? {
            0xFF => at += 1,
            EOI => return Some((at + 2, has_tables)),
            marker => {
                has_tables |= marker == DHT;
                let length = usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]));
                at += 2 + length.max(2);
                if marker == SOS {
                    at += scan_length(bytes.get(at..)?)?;
                }
            }
        }
    }
}

/// Bytes of entropy-coded data up to the next marker; `FF 00` is data, `FF D0` to `FF D7` restart it.
fn scan_length(data: &[u8]) -> Option<usize> {
    data.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF))
}

/// Many webcams leave the Huffman tables out, as Motion JPEG in AVI files does: the standard ones are meant (T.81
/// K.3). The decoder knows them and uses them for a JPEG that carries AVI's mark, so the mark is put in.
fn with_avi_mark(jpeg: &[u8]) -> Vec<u8> {
    const MARK: [u8; 18] = *b"\xFF\xE0\x00\x10AVI1\0\0\0\0\0\0\0\0\0\0";
    [&jpeg[..2], &MARK, &jpeg[2..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;

    fn picture() -> Rgb {
        Rgb::from_fn(48, 32, |x, y| image::Rgb([(x * 5) as u8, (y * 7) as u8, 90]))
    }

    fn jpeg(picture: &Rgb) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 92).encode_image(picture).expect("a picture in memory");
        bytes
    }

    fn without_tables(jpeg: &[u8]) -> Vec<u8> {
        let mut kept = jpeg[..2].to_vec();
        let mut at = 2;
        while jpeg[at + 1] != 0xDA {
            let next = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
            if jpeg[at + 1] != 0xC4 {
                kept.extend(&jpeg[at..next]);
            }
            at = next;
        }
        kept.extend(&jpeg[at..]);
        kept
    }

    #[test]
    fn a_frame_ends_at_its_own_end_mark_whatever_lies_behind() {
        let whole = jpeg(&picture());
        let older = [&whole[..], &[7; 999], &whole[..]].concat();
        assert_eq!(walk_jpeg(&older), Some((whole.len(), true)));
        let from_whole = to_rgb(FrameFormat::MJPEG, 48, 32, &whole).expect("a whole JPEG");
        assert_eq!(to_rgb(FrameFormat::MJPEG, 48, 32, &older).expect("with rests behind"), from_whole);
        // A thumbnail in a comment has an end mark of its own.
        let thumbnail = [&whole[..2], b"\xFF\xFE\x00\x06\xFF\xD8\xFF\xD9", &whole[2..]].concat();
        assert_eq!(walk_jpeg(&thumbnail), Some((thumbnail.len(), true)));
    }

    #[test]
    fn a_truncated_jpeg_is_damaged_wherever_it_is_cut() {
        let whole = jpeg(&picture());
        for length in 0..whole.len() {
            assert_eq!(to_rgb(FrameFormat::MJPEG, 48, 32, &whole[..length]), None, "cut at {length}");
        }
    }

    #[test]
    fn noise_is_damaged_and_never_a_panic() {
        let mut seed = 1_u32;
        let mut byte = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let whole = jpeg(&picture());
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..6 {
                let at = (usize::from(byte()) << 8 | usize::from(byte())) % bytes.len();
                bytes[at] = byte();
            }
            // Either is right, a picture or none; what matters is that it comes back.
            let _ = to_rgb(FrameFormat::MJPEG, 48, 32, &bytes);
        }
        assert_eq!(to_rgb(FrameFormat::MJPEG, 48, 32, &[0; 4096]), None);
    }

    #[test]
    fn missing_huffman_tables_are_the_standard_ones() {
        let whole = jpeg(&picture());
        let bare = without_tables(&whole);
        assert!(bare.len() < whole.len() - 400, "the tables are gone");
        let expected = to_rgb(FrameFormat::MJPEG, 48, 32, &whole).expect("a whole JPEG");
        assert_eq!(to_rgb(FrameFormat::MJPEG, 48, 32, &bare).expect("tables supplied"), expected);
    }

    #[test]
    fn yuv_becomes_the_colours_of_bt601() {
        let check = |yuv: [u8; 3], rgb: [u8; 3]| {
            let got = bt601(yuv[0], yuv[1], yuv[2]);
            assert!(got.iter().zip(rgb).all(|(a, b)| a.abs_diff(b) <= 1), "{yuv:?} gave {got:?}, not {rgb:?}");
        };
        // 75 % colour bars of BT.601.
        check([16, 128, 128], [0, 0, 0]);
        check([235, 128, 128], [255, 255, 255]);
        check([162, 44, 142], [191, 191, 0]);
        check([65, 100, 212], [191, 0, 0]);
        check([112, 72, 58], [0, 191, 0]);
        check([35, 212, 114], [0, 0, 191]);
    }

    #[test]
    fn planes_are_read_in_their_own_order_and_short_ones_refused() {
        let red = [191, 0, 0];
        let near = |rgb: &Rgb| rgb.pixels().all(|p| p.0.iter().zip(red).all(|(a, b)| a.abs_diff(b) <= 1));
        let quad = [65, 100, 65, 212];
        let yuyv: Vec<u8> = quad.repeat(2 * 3);
        assert!(near(&to_rgb(FrameFormat::YUYV, 4, 3, &yuyv).expect("exactly long enough")));
        assert!(near(&to_rgb(FrameFormat::YUYV, 3, 3, &yuyv).expect("an odd width is padded")));
        assert_eq!(to_rgb(FrameFormat::YUYV, 4, 3, &yuyv[1..]), None);
        let nv12 = [vec![65; 5 * 3], [100, 212].repeat(3 * 2)].concat();
        assert!(near(&to_rgb(FrameFormat::NV12, 5, 3, &nv12).expect("odd sizes round the colour plane up")));
        assert_eq!(to_rgb(FrameFormat::NV12, 5, 3, &nv12[1..]), None);
        let bgr = to_rgb(FrameFormat::RAWBGR, 1, 1, &[1, 2, 3, 99]).expect("a longer buffer is fine");
        assert_eq!(bgr.get_pixel(0, 0).0, [3, 2, 1]);
        assert_eq!(to_rgb(FrameFormat::RAWRGB, 1, 1, &[1, 2, 3]).expect("one pixel").get_pixel(0, 0).0, [1, 2, 3]);
        assert_eq!(to_rgb(FrameFormat::GRAY, 1, 1, &[7]).expect("one pixel").get_pixel(0, 0).0, [7, 7, 7]);
        assert_eq!(to_rgb(FrameFormat::GRAY, 0, 1, &[7]), None);
        assert_eq!(to_rgb(FrameFormat::GRAY, u32::MAX, u32::MAX, &[7]), None);
    }
}
