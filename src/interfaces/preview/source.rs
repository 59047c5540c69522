//! What is previewed: a photo, an SVG, a plan or a program, told apart by its first bytes, whatever its file is called.

use crate::fault::Fault;
use crate::fault::Kind;
use crate::photo;
use crate::photo::Photo;
use crate::plan::MotionPlan;
use crate::plan::file;
use crate::plan::verify;
use crate::strokes::svg;

/// Most bytes of a file that can be previewed: a plan's.
pub const MAX_BYTES: u64 = file::MAX_FILE_BYTES as u64;

/// A drawing as it was given.
#[derive(Debug)]
pub enum Source {
    /// A photo, to be drawn first.
    Photo(Box<Photo>),
    /// A drawing to be planned.
    Svg(Vec<u8>),
    /// A plan.
    Plan(Box<MotionPlan>),
    /// A program in the configured robot's dialect.
    Program(Vec<u8>),
}

impl Source {
    /// What `bytes` are.
    ///
    /// # Errors
    /// They are nothing of these, or something of these that cannot be read.
    pub fn read(bytes: Vec<u8>) -> Result<Self, Fault> {
        let text = bytes.trim_ascii_start();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
        // Gzip is how SVG files are packed (.svgz).
        if text.starts_with(b"<") || bytes.starts_with(&[0x1f, 0x8b]) {
            return within(bytes, svg::MAX_BYTES, "drawing").map(Source::Svg);
        }
        if text.starts_with(b"{") {
            return Ok(Source::Plan(Box::new(MotionPlan::from_json(&bytes)?)));
        }
        // A program's line begins with the letter of a word; no picture's first byte is one of these and then a digit.
        if matches!(text, [b'G' | b'M' | b'X' | b'Y' | b'Z' | b'F' | b'S', b'0'..=b'9', ..]) {
            return within(bytes, verify::MAX_PROGRAM_BYTES, "program").map(Source::Program);
        }
        if bytes.is_empty() {
            return Err(Fault::new(Kind::BadInput, "the file is empty; name a photo, an SVG, a plan or a program"));
        }
        Ok(Source::Photo(Box::new(photo::decode(&within(bytes, photo::MAX_FILE_BYTES, "photo")?)?)))
    }
}

fn within(bytes: Vec<u8>, most: usize, what: &str) -> Result<Vec<u8>, Fault> {
    if bytes.len() <= most {
        return Ok(bytes);
    }
    Err(Fault::new(Kind::BadInput, format!("the {what} is larger than {} MB; use a smaller one", most / 1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::sitters;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        let kind = |bytes: &[u8]| match Source::read(bytes.to_vec()) {
            Ok(Source::Photo(_)) => "photo",
            Ok(Source::Svg(_)) => "svg",
            Ok(Source::Plan(_)) => "plan",
            Ok(Source::Program(_)) => "program",
            Err(fault) => {
                assert_eq!(fault.kind(), Kind::BadInput);
                "nothing"
            }
        };
        assert_eq!(kind(sitters::sitters()[0].jpeg), "photo");
        for svg in ["<svg/>", "\u{feff}<?xml?>", "  \n<!-- x --><svg/>"] {
            assert_eq!(kind(svg.as_bytes()), "svg");
        }
        assert_eq!(kind(&[0x1f, 0x8b, 8]), "svg");
        assert_eq!(kind(b"G21\nG90\n"), "program");
        for nothing in ["", "{}", "{\"schema\":1}", "hello", "G", "\0\0\0\0"] {
            assert_eq!(kind(nothing.as_bytes()), "nothing", "{nothing:?}");
        }
    }
}
