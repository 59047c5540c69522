//! One line of G-code, read as Grbl 1.1 reads it: first the line without spaces and comments, then its words.
//!
//! Reads letters and numbers only; what the words mean together (modal groups, missing feeds) is for who executes
//! them. Refuses what Grbl refuses, with Grbl's error number. No units: a number is what was written.
//! Source: Grbl 1.1's documented line protocol and its recorded answers.

use alloc::vec::Vec;

/// Characters the firmware's line buffer holds, spaces and comments not counted.
pub const MAX_LINE_LEN: usize = 79;

/// One word of a line: a letter and its number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Word {
    /// `A` to `Z`.
    pub letter: char,
    /// Its number, in the firmware's own precision.
    pub value: f32,
}

/// Why a line cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A word does not begin with a letter.
    NoLetter,
    /// A letter is not followed by a number.
    BadNumber,
    /// More than [`MAX_LINE_LEN`] characters.
    TooLong,
}

impl Refusal {
    /// The number in Grbl's `error:n`; [`codes::error`](crate::codes::error) explains it.
    pub fn code(self) -> u8 {
        match self {
            Refusal::NoLetter => 1,
            Refusal::BadNumber => 2,
            Refusal::TooLong => 11,
        }
    }
}

/// Gathers the bytes of one line as they arrive; spaces, control characters, `/` and comments never enter it.
#[derive(Debug, Clone)]
pub struct LineBuffer {
    text: [u8; MAX_LINE_LEN],
    len: usize,
    comment: Comment,
    too_long: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comment {
    None,
    /// Opened by `(`, until `)`.
    Parenthesis,
    /// Opened by `;`, until the line's end.
    Semicolon,
}

impl LineBuffer {
    /// A buffer with nothing in it.
    pub const fn new() -> Self {
        Self { text: [0; MAX_LINE_LEN], len: 0, comment: Comment::None, too_long: false }
    }

    /// Takes one byte of the line (not its CR or LF, which only the caller understands).
    pub fn push(&mut self, byte: u8) {
        match (self.comment, byte) {
            (Comment::Parenthesis, b')') => self.comment = Comment::None,
            (Comment::Parenthesis | Comment::Semicolon, _) => {}
            (Comment::None, b'(') => self.comment = Comment::Parenthesis,
            (Comment::None, b';') => self.comment = Comment::Semicolon,
            (Comment::None, b'/' | 0..=b' ') => {}
            (Comment::None, _) if self.len == MAX_LINE_LEN => self.too_long = true,
            (Comment::None, _) => {
                self.text[self.len] = byte.to_ascii_uppercase();
                self.len += 1;
            }
        }
    }

    /// The line so far, in capitals.
    ///
    /// # Errors
    /// [`Refusal::TooLong`] if it did not fit.
    pub fn line(&self) -> Result<&[u8], Refusal> {
        if self.too_long { Err(Refusal::TooLong) } else { Ok(&self.text[..self.len]) }
    }

    /// Empties it for the next line.
    pub fn clear(&mut self) {
        *self = Self::new();
    }
}

impl Default for LineBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// The words of one line of text as it would be sent (without its line end).
///
/// A line of spaces and comments has no words. Lines that begin with `$` are no G-code and are refused.
///
/// # Errors
/// The first [`Refusal`] the firmware would raise.
pub fn words(line: &str) -> Result<Vec<Word>, Refusal> {
    let mut buffer = LineBuffer::new();
    line.bytes().for_each(|byte| buffer.push(byte));
    Words::of(buffer.line()?).collect()
}

/// Reads the words of a cleaned line one after the other, as the firmware does: an error ends it.
#[derive(Debug, Clone)]
pub struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    /// Over a line as [`LineBuffer::line`] gives it.
    pub fn of(line: &'a [u8]) -> Self {
        Self { rest: line }
    }
}

impl Iterator for Words<'_> {
    type Item = Result<Word, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&letter, rest) = self.rest.split_first()?;
        self.rest = &[];
        if !letter.is_ascii_uppercase() {
            return Some(Err(Refusal::NoLetter));
        }
        let Some((value, rest)) = number(rest) else { return Some(Err(Refusal::BadNumber)) };
        self.rest = rest;
        Some(Ok(Word { letter: char::from(letter), value }))
    }
}

/// A number at the head of `text`, and what follows it: a sign or none, digits, at most one point among them; no
/// exponent. Digits after the eighth only shift the point, as in the firmware, which counts in 32 bits.
pub fn number(text: &[u8]) -> Option<(f32, &[u8])> {
    const MAX_DIGITS: usize = 8;
    let (negative, unsigned) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let (mut digits, mut whole, mut exponent, mut point, mut end) = (0, 0u32, 0i32, false, 0);
    for &byte in unsigned {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                if digits <= MAX_DIGITS {
                    whole = whole * 10 + u32::from(byte - b'0');
                    exponent -= i32::from(point);
                } else {
                    exponent += i32::from(!point);
                }
            }
            b'.' if !point => point = true,
            _ => break,
        }
        end += 1;
    }
    if digits == 0 {
        return None;
    }
    let magnitude = scaled(whole, exponent);
    Some((if negative { -magnitude } else { magnitude }, &unsigned[end..]))
}

/// `whole · 10^exponent` by the multiplications the firmware does: its roundings decide single steps of the motors.
fn scaled(whole: u32, mut exponent: i32) -> f32 {
    let mut value = whole as f32;
    if whole == 0 {
        return value;
    }
    while exponent <= -2 {
        value = (f64::from(value) * 0.01) as f32;
        exponent += 2;
    }
    if exponent < 0 {
        value = (f64::from(value) * 0.1) as f32;
    }
    while exponent > 0 {
        value *= 10.0;
        exponent -= 1;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    #[track_caller]
    fn check(line: &str, expected: Result<&[(char, f32)], Refusal>) {
        let found = words(line).map(|words| words.iter().map(|w| (w.letter, w.value)).collect::<Vec<_>>());
        assert_eq!(found, expected.map(<[_]>::to_vec), "{line:?}");
    }

    #[test]
    fn spaces_case_and_comments_do_not_matter() {
        let g1 = Ok(&[('G', 1.0), ('X', 10.5), ('Y', -2.0)][..]);
        check("G1X10.5Y-2", g1);
        check("  g 1\tx 1 0 . 5 y - 2 ", g1);
        check("(a (nested) G1X10.5Y-2 ; and the rest ) G0", g1);
        check("/G1 (skipped: ;) X10.5Y-2", g1);
        check("G1X10.5Y-2(never closed", g1);
        check("", Ok(&[]));
        check("; nothing", Ok(&[]));
    }

    #[test]
    fn numbers_as_the_firmware_reads_them() {
        check("X.5", Ok(&[('X', 0.5)]));
        check("X5.", Ok(&[('X', 5.0)]));
        check("X+5", Ok(&[('X', 5.0)]));
        check("X-0", Ok(&[('X', 0.0)]));
        check("X1E3", Ok(&[('X', 1.0), ('E', 3.0)]));
        check("X123456789", Ok(&[('X', 123_456_780.0)]));
        // Not the nearest single to 0.12345678, but the one that the firmware's multiplications end at.
        check("X0.123456789", Ok(&[('X', 0.123_456_694)]));
    }

    #[test]
    fn what_grbl_refuses() {
        check("5", Err(Refusal::NoLetter));
        check("G1)", Err(Refusal::NoLetter));
        check("$H", Err(Refusal::NoLetter));
        check("X1.2.3", Err(Refusal::NoLetter));
        check("X1é", Err(Refusal::NoLetter));
        check("G", Err(Refusal::BadNumber));
        check("X.", Err(Refusal::BadNumber));
        check("X--1", Err(Refusal::BadNumber));
        check("XY1", Err(Refusal::BadNumber));
    }

    #[test]
    fn the_buffer_holds_79_characters_after_cleaning() {
        let line = format!("G1X{}", "0".repeat(76));
        check(&line, Ok(&[('G', 1.0), ('X', 0.0)]));
        check(&format!("{line}0"), Err(Refusal::TooLong));
        check(&format!("{line} (a comment takes no room)"), Ok(&[('G', 1.0), ('X', 0.0)]));
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in "\\PC{0,120}") {
            let _ = words(&line);
        }

        #[test]
        fn three_decimals_survive(milli in -9_999_999i32..9_999_999) {
            let value = f64::from(milli) / 1000.0;
            let read = words(&format!("X{value:.3}")).unwrap();
            // Single precision keeps 24 bits: at 10,000 mm that is half a thousandth.
            prop_assert!((f64::from(read[0].value) - value).abs() <= 0.001, "{read:?}");
            prop_assert_eq!(read.len(), 1);
        }
    }
}
