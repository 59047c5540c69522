//! What the numbers of `error:n` and `ALARM:n` mean and what to do about them, for Grbl 1.1.
//!
//! The texts stand as data in `codes/*.csv`: number, short name, meaning, remedy, each in quotes. Numbers that the
//! firmware never gives (18, 19) are not there. Source: Grbl 1.1 documentation; the wording is our own.

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

/// The error of that number, if the firmware has it.
pub fn error(number: u8) -> Option<Code> {
    rows(ERRORS).find(|code| code.number == number)
}

/// The alarm of that number, if the firmware has it.
pub fn alarm(number: u8) -> Option<Code> {
    rows(ALARMS).find(|code| code.number == number)
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
        assert_eq!(errors, (1..=17).chain(20..=38).collect::<Vec<u8>>());
        assert_eq!(alarms, (1..=10).collect::<Vec<u8>>());
        assert_eq!(error(18), None);
        assert_eq!(alarm(0), None);
        assert_eq!(error(9).unwrap().name, "locked");
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
