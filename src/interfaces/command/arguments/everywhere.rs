//! What every command takes, wherever it stands on the command line.
//!
//! Refuses what clap refuses.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

/// Options that every command takes.
#[derive(Debug, Args)]
pub struct Everywhere {
    /// Configuration file, laid over the built-in defaults (repeatable, later ones win)
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Vec<PathBuf>,
    /// One setting, e.g. --set pen.width_mm=0.5 (repeatable, wins over files)
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Results as JSON on standard output; errors as JSON on standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress on standard error
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// Of these there may be many, in front of the command and behind it.
const REPEATABLE: [&str; 2] = ["--config", "--set"];

/// `arguments`, those that may be repeated together in front of all others, in the order in which they came: of a list that
/// stands on both sides of a command, clap keeps the part behind it alone.
pub fn gathered(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let (mut in_front, mut others): (Vec<_>, Vec<_>) = (arguments.next().into_iter().collect(), Vec::new());
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--" {
            others.push(argument);
            others.extend(arguments);
            break;
        }
        let whole = REPEATABLE.iter().any(|name| text.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')));
        if REPEATABLE.contains(&&*text) {
            match arguments.next() {
                Some(value) => in_front.extend([argument, value]),
                None => others.push(argument),
            }
        } else if whole {
            in_front.push(argument);
        } else {
            others.push(argument);
        }
    }
    in_front.extend(others);
    in_front
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered_text(line: &str) -> String {
        let words = gathered(line.split(' ').map(OsString::from));
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_may_be_repeated_stands_together_in_its_order() {
        let line = "portraitist --set a=1 draw --json --set=b=2 photo.jpg --config mine.toml --set c=3";
        let wanted = "portraitist --set a=1 --set=b=2 --config mine.toml --set c=3 draw --json photo.jpg";
        assert_eq!(gathered_text(line), wanted);
    }

    #[test]
    fn behind_two_dashes_all_is_a_name_and_a_missing_value_stays_missing() {
        assert_eq!(gathered_text("portraitist draw -- --set"), "portraitist draw -- --set");
        assert_eq!(gathered_text("portraitist draw --set"), "portraitist draw --set");
    }
}
