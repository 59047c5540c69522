//! What the numbers of `error:n` and `ALARM:n` mean and what to do about them, for Grbl 1.1, grblHAL and FluidNC.
//!
//! The texts stand as data in `codes/*.csv`: number, short name, meaning, remedy, each in quotes. Up to 38 (alarms: 10)
//! all three agree with Grbl 1.1; where a later number means different things to different firmwares, its text names
//! them. A number that is not there gets the text that no table can give: that it is unknown, and what to do then.
//! Sources: Grbl 1.1 documentation, the code lists of grblHAL and FluidNC; the wording is our own.

const ERRORS: &str = include_str!("../codes/error_codes.csv");
const ALARMS: &str = include_str!("../codes/alarm_codes.csv");

/// One error or alarm, explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Its number on the wire.
    pub number: u8,
    /// Two or three words, lower case.
    pub name: &'static str,
    /// What it means, a sentence.
    pub meaning: &'static str,
    /// What to do about it, a sentence.
    pub remedy: &'static str,
}

/// The error of that number.
pub fn error(number: u8) -> Code {
    rows(ERRORS).find(|code| code.number == number).unwrap_or(Code {
        number,
        name: "unknown error",
        meaning: "This number is in none of the lists known for Grbl, grblHAL and FluidNC.",
        remedy: "Look it up in the documentation of the robot's firmware; $I tells which firmware and version it is.",
    })
}

/// The alarm of that number.
pub fn alarm(number: u8) -> Code {
    rows(ALARMS).find(|code| code.number == number).unwrap_or(Code {
        number,
        name: "unknown alarm",
        meaning: "This number is in none of the lists known for Grbl and grblHAL.",
        remedy: "Look at the robot, reset and home it, and look the number up in the documentation of its firmware.",
    })
}

/// The rows of a table, its heading and anything malformed left out (a test finds the malformed).
fn rows(table: &'static str) -> impl Iterator<Item = Code> {
    table.lines().filter_map(|line| {
        let mut fields = line.strip_prefix('"')?.strip_suffix('"')?.split("\",\"");
        let number = fields.next()?.parse().ok()?;
        Some(Code { number, name: fields.next()?, meaning: fields.next()?, remedy: fields.next()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn the_tables_are_complete() {
        let errors: Vec<u8> = rows(ERRORS).map(|code| code.number).collect();
        let alarms: Vec<u8> = rows(ALARMS).map(|code| code.number).collect();
        let grblhal = (1..=58).chain(60..=66).chain(70..=84).chain([253]);
        assert!(grblhal.clone().all(|number| errors.contains(&number)), "{errors:?}");
        assert!(errors.is_sorted() && errors.last() == Some(&253));
        assert_eq!(alarms, (1..=21).collect::<Vec<u8>>());
        assert_eq!((error(9).name, alarm(17).name), ("locked", "motor fault"));
    }

    #[test]
    fn every_number_gets_an_answer() {
        for number in 0..=u8::MAX {
            assert_eq!((error(number).number, alarm(number).number), (number, number));
        }
        assert_eq!((error(200).name, alarm(0).name), ("unknown error", "unknown alarm"));
    }

    #[test]
    fn every_row_is_whole() {
        for table in [ERRORS, ALARMS] {
            assert_eq!(rows(table).count() + 1, table.lines().count());
            for code in rows(table) {
                assert!(!code.name.is_empty() && !code.name.ends_with('.'), "{code:?}");
                assert!(code.meaning.ends_with('.') && code.remedy.ends_with('.'), "{code:?}");
                assert!(!code.remedy.contains('"'), "too many fields: {code:?}");
            }
        }
    }
}
