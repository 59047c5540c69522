//! The outline of a JPEG file: is all of it there, and will decoding it take the memory of a progressive picture?
//!
//! The decoder fills what is missing with gray and says nothing; half a face would then be drawn. This file walks the
//! markers (ITU-T T.81, annex B) without decoding anything. Refuses nothing itself.

/// What the markers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline {
    /// The end-of-image marker was reached.
    pub complete: bool,
    /// Some frame is progressive: its decoder keeps every coefficient of the picture until the end.
    pub progressive: bool,
}

/// The outline of the JPEG file `bytes`. Each step consumes at least one byte, so the walk is bounded by the file.
pub fn outline(bytes: &[u8]) -> Outline {
    const START_OF_PROGRESSIVE: [u8; 4] = [0xC2, 0xC6, 0xCA, 0xCE];
    const START_OF_SCAN: u8 = 0xDA;
    const END_OF_IMAGE: u8 = 0xD9;
    let mut progressive = false;
    let mut at = 2;
    while let Some((marker, after)) = next_marker(bytes, at) {
        match marker {
            END_OF_IMAGE => return Outline { complete: true, progressive },
            // Restart markers, start of image and TEM have no length.
            0x01 | 0xD0..=0xD8 => at = after,
            _ => {
                progressive |= START_OF_PROGRESSIVE.contains(&marker);
                let Some(length) = bytes.get(after..after + 2) else { break };
                at = after + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
                if marker == START_OF_SCAN {
                    at = at.min(bytes.len());
                }
            }
        }
    }
    Outline { complete: false, progressive }
}

/// The next marker at or after `from` and the place after it; skips entropy-coded bytes and their stuffing.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let rest = bytes.get(from..)?;
    let found = rest.windows(2).position(|pair| pair[0] == 0xFF && pair[1] != 0x00 && pair[1] != 0xFF)?;
    Some((rest[found + 1], from + found + 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;

    fn sample() -> Vec<u8> {
        let picture = image::RgbImage::from_fn(80, 70, |x, y| image::Rgb([(x * 3) as u8, (y * 3) as u8, 90]));
        let mut bytes = Vec::new();
        JpegEncoder::new(&mut bytes).encode_image(&picture).expect("encodes");
        bytes
    }

    #[test]
    fn a_whole_file_is_complete_even_with_bytes_behind_it() {
        let mut bytes = sample();
        assert_eq!(outline(&bytes), Outline { complete: true, progressive: false });
        bytes.extend_from_slice(b"a phone appends its film here");
        assert!(outline(&bytes).complete);
    }

    #[test]
    fn no_prefix_of_a_file_is_complete() {
        let bytes = sample();
        for length in 0..bytes.len() - 1 {
            assert!(!outline(&bytes[..length]).complete, "the first {length} bytes pass for a whole picture");
        }
    }

    #[test]
    fn a_progressive_frame_is_seen() {
        let mut bytes = sample();
        let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a baseline frame");
        bytes[frame + 1] = 0xC2;
        assert!(outline(&bytes).progressive);
    }
}
