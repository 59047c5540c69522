//! How each firmware writes a [`Command`].
//!
//! A dialect writes text and nothing else: it opens no port, keeps no time and checks no limit of the machine. What
//! it must remember from line to line stands in [`Modal`], which the caller keeps.
//! Units: millimetres, mm/min, seconds. Lines carry no line end, only printable ASCII.
//!
//! To add a dialect: a file beside this one with `NAME`, `MAX_LINE_LEN` and `write`, its `mod` line, and one line in
//! the list below.

use alloc::string::String;
use alloc::vec::Vec;

use crate::command::Command;
use crate::command::Pen;

mod grbl;

macro_rules! dialects {
    ($($(#[$doc:meta])* $variant:ident in $module:ident),+ $(,)?) => {
        /// The firmwares this crate can write for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Dialect {
            $($(#[$doc])* $variant),+
        }

        impl Dialect {
            /// Every dialect there is.
            pub const ALL: &'static [Dialect] = &[$(Dialect::$variant),+];

            /// Its name in configuration files.
            pub fn name(self) -> &'static str {
                match self {
                    $(Dialect::$variant => $module::NAME),+
                }
            }

            /// The longest line its firmware accepts, in bytes without the line end.
            pub fn max_line_len(self) -> usize {
                match self {
                    $(Dialect::$variant => $module::MAX_LINE_LEN),+
                }
            }

            /// Appends the lines of one `command` to `out` and brings `modal` up to date.
            ///
            /// A move of no length (to a thousandth of a millimetre) writes nothing. A number that is not finite is
            /// written as `NaN`, which no firmware accepts; a program must be verified before it is sent.
            pub fn write(self, command: &Command, pen: &Pen, modal: &mut Modal, out: &mut Vec<String>) {
                match self {
                    $(Dialect::$variant => $module::write(command, pen, modal, out)),+
                }
            }
        }
    };
}

dialects! {
    /// Grbl 1.1 and what speaks like it (grblHAL, FluidNC).
    Grbl in grbl,
}

impl Dialect {
    /// The dialect of that name.
    pub fn named(name: &str) -> Option<Dialect> {
        Self::ALL.iter().copied().find(|dialect| dialect.name() == name)
    }
}

/// What the firmware remembers from the lines before, so that the next line need not repeat it.
///
/// Coordinates and feeds are kept as they were written, in thousandths. The default knows nothing: the next line
/// states everything, as it must after a reset, a homing or a line of someone else's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modal {
    motion: Option<Motion>,
    feed: Option<Milli>,
    x: Option<Milli>,
    y: Option<Milli>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Motion {
    Rapid,
    Line,
}

/// A number as it is written: in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Milli {
    Value(i64),
    /// Not a number, or infinite: written so that every firmware refuses it.
    Refused,
}

impl Milli {
    /// `value` rounded to thousandths (half away from zero) and kept within ±9,999,999.999, far beyond any plotter.
    fn of(value: f64) -> Self {
        if !value.is_finite() {
            return Milli::Refused;
        }
        let milli = (value * 1000.0).clamp(-9_999_999_999.0, 9_999_999_999.0);
        Milli::Value((milli + 0.5f64.copysign(milli)) as i64)
    }

    fn is_zero(self) -> bool {
        self == Milli::Value(0)
    }
}

/// At most three decimals, no trailing zeros, never `-0`.
impl core::fmt::Display for Milli {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Milli::Value(milli) = *self else { return f.write_str("NaN") };
        let (whole, mut rest) = (milli.unsigned_abs() / 1000, milli.unsigned_abs() % 1000);
        if milli < 0 {
            f.write_str("-")?;
        }
        write!(f, "{whole}")?;
        if rest == 0 {
            return Ok(());
        }
        let mut places = 3;
        while rest % 10 == 0 {
            rest /= 10;
            places -= 1;
        }
        write!(f, ".{rest:0places$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn numbers_are_short_and_never_negative_zero() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (-0.0004, "0"),
            (0.0005, "0.001"),
            (-0.0005, "-0.001"),
            (69.72, "69.72"),
            (67.503, "67.503"),
            (0.05, "0.05"),
            (-1.5, "-1.5"),
            (100.0, "100"),
            (1e300, "9999999.999"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "NaN"),
        ] {
            assert_eq!(Milli::of(value).to_string(), text, "{value}");
        }
    }

    #[test]
    fn dialects_are_found_by_their_name() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::named(dialect.name()), Some(*dialect));
        }
        assert_eq!(Dialect::named("klingon"), None);
    }
}
