//! A file's bytes as text that an XML parser can be trusted with.
//!
//! Unpacks gzip, and refuses what would cost an XML parser more than the file's size promises: an archive or an
//! entity that swells ("billion laughs", and its flat cousin of one long entity used a million times), and an element
//! with so many attributes that comparing each with each takes for ever.

use std::io::Read;

use super::MAX_BYTES;
use super::SvgError;

/// Most attributes of one element: an XML parser compares each with each.
const MAX_ATTRIBUTES_OF_ONE: usize = 4_000;
/// Most attributes in a file.
const MAX_ATTRIBUTES: usize = 6_000_000;
/// Longest text that all entities together may become, in bytes.
const MAX_EXPANSION: usize = 8 << 20;

/// The text in `bytes`, unpacked if need be.
pub(super) fn text(bytes: &[u8]) -> Result<String, SvgError> {
    if bytes.len() > MAX_BYTES {
        return Err(SvgError::TooLarge);
    }
    let text = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        let mut packed = flate2::read::MultiGzDecoder::new(bytes).take(MAX_BYTES as u64 + 1);
        packed.read_to_end(&mut unpacked).map_err(|_| SvgError::BrokenGzip)?;
        if unpacked.len() > MAX_BYTES {
            return Err(SvgError::TooLarge);
        }
        String::from_utf8(unpacked)
    } else {
        String::from_utf8(bytes.to_vec())
    }
    .map_err(|_| SvgError::NotUtf8)?;
    attributes_within_bounds(text.as_bytes())?;
    entities_within_bounds(&text)?;
    Ok(text)
}

/// Counts `=` since the last `<`: at least as many as the element there has attributes.
fn attributes_within_bounds(text: &[u8]) -> Result<(), SvgError> {
    let (mut all, mut here) = (0, 0);
    for byte in text {
        match byte {
            b'<' => here = 0,
            b'=' => {
                here += 1;
                all += 1;
                if here > MAX_ATTRIBUTES_OF_ONE || all > MAX_ATTRIBUTES {
                    return Err(SvgError::TooIntricate("attributes"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Entities may name plain text only (as Illustrator's do), and all uses of them together stay short.
fn entities_within_bounds(text: &str) -> Result<(), SvgError> {
    let mut longest = 0;
    for declaration in text.split("<!ENTITY").skip(1) {
        // The value ends at its closing quote; up to the first `>` after that is an upper bound for its length.
        let open = declaration.find(['"', '\'']).ok_or(SvgError::Entities)?;
        let quote = declaration.as_bytes()[open] as char;
        let value = declaration[open + 1..].split(quote).next().unwrap_or_default();
        if value.contains(['&', '<']) {
            return Err(SvgError::Entities);
        }
        longest = longest.max(value.len());
    }
    if longest > 0 && text.bytes().filter(|b| *b == b'&').count().saturating_mul(longest) > MAX_EXPANSION {
        return Err(SvgError::Entities);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("a vector takes all");
        encoder.finish().expect("a vector takes all")
    }

    #[test]
    fn plain_and_packed_text_come_through() {
        assert_eq!(text(b"<svg/>"), Ok("<svg/>".to_owned()));
        assert_eq!(text(&gzip(b"<svg/>")), Ok("<svg/>".to_owned()));
    }

    #[test]
    fn what_would_swell_is_refused() {
        let bomb = gzip(&vec![b' '; MAX_BYTES + 1]);
        assert!(bomb.len() < MAX_BYTES / 100);
        assert_eq!(text(&bomb), Err(SvgError::TooLarge));
        assert_eq!(text(&bomb[..bomb.len() / 2]), Err(SvgError::BrokenGzip));
        assert_eq!(text(&vec![b' '; MAX_BYTES + 1]), Err(SvgError::TooLarge));
        let laughs = "<!DOCTYPE s [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><svg>&b;</svg>";
        assert_eq!(text(laughs.as_bytes()), Err(SvgError::Entities));
        let flat = format!("<!DOCTYPE s [<!ENTITY a '{}'>]><svg>{}</svg>", "x".repeat(9_000), "&a;".repeat(1_000));
        assert_eq!(text(flat.as_bytes()), Err(SvgError::Entities));
        let namespaces = "<!DOCTYPE s [<!ENTITY ns_svg \"http://www.w3.org/2000/svg\">]><svg xmlns=\"&ns_svg;\"/>";
        assert_eq!(text(namespaces.as_bytes()), Ok(namespaces.to_owned()));
        let wide = format!("<svg {}/>", "a='' ".repeat(MAX_ATTRIBUTES_OF_ONE + 1));
        assert_eq!(text(wide.as_bytes()), Err(SvgError::TooIntricate("attributes")));
        assert_eq!(text(&[b'<', 0xff, b'>']), Err(SvgError::NotUtf8));
    }
}
