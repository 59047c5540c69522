//! Profiles: named sets of values for the robot, the pen, the paper and the style.
//!
//! The shipped ones are files in `config/` and compiled in; to ship another, write its file and add its line here (a
//! test finds a forgotten one). A user's own lie in `robots/`, `pens/`, `papers/`, `styles/` beside a configuration
//! file or in the user's own folder (`~/.config/portraitist`), where they come before the shipped ones, or anywhere, named
//! by path.

use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::sketch::Manner;

/// What a profile is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProfileKind {
    /// How the portrait is drawn. It comes first: its file may name a pen and a paper.
    Style,
    /// The machine.
    Robot,
    /// The pen.
    Pen,
    /// The sheet.
    Paper,
}

/// A pen: what it leaves on paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PenProfile {
    /// What a person calls it.
    pub name: String,
    /// Width of its line, mm.
    pub width_mm: f64,
    /// Colour of its ink.
    pub colour: Colour,
    /// Share of the paper that one line covers, 0 to 1.
    pub opacity: f64,
}

/// A sheet of paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperProfile {
    /// What a person calls it.
    pub name: String,
    /// Width as it lies in the robot, mm.
    pub width_mm: f64,
    /// Height as it lies in the robot, mm.
    pub height_mm: f64,
    /// White border kept on every side, mm.
    pub margin_mm: f64,
    /// Colour of the paper.
    pub colour: Colour,
}

/// A style: how the portrait is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StyleProfile {
    /// What a person calls it.
    pub name: String,
    /// The networks it draws by: names in `models/weights.toml`, or paths of own files; none is the pen artist.
    pub weights: Vec<String>,
    /// What its generator's drawings are made of.
    #[serde(default)]
    pub manner: Manner,
}

/// An sRGB colour, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour(pub [u8; 3]);

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii());
        let number = digits
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, red, green, blue] =
            number.ok_or_else(|| format!("\"{text}\" is no colour: write #rrggbb"))?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl From<Colour> for String {
    fn from(Colour([red, green, blue]): Colour) -> Self {
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

macro_rules! shipped {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../config/", $folder, "/", $name, ".toml")))),*]
    };
}

const PENS: &[(&str, &str)] = shipped!("pens": "ballpoint", "brush", "fineliner-0.3", "fineliner-0.4", "fineliner-0.5");
const PAPERS: &[(&str, &str)] = shipped!("papers": "a4", "a5", "a6", "letter", "square-200");
const STYLES: &[(&str, &str)] = shipped!("styles": "charcoal", "croquis", "flow", "lines", "pen");
const ROBOTS: &[(&str, &str)] = shipped!("robots": "a3-fast", "a4-servo", "a4-z");

/// The text of a profile and where it stands.
pub(super) enum Found {
    /// Compiled in.
    Shipped(&'static str),
    /// In this file.
    File(PathBuf),
}

impl ProfileKind {
    /// All, in the order in which they are applied.
    pub(super) const ALL: [Self; 4] = [Self::Style, Self::Robot, Self::Pen, Self::Paper];

    /// The section it fills.
    pub(super) fn section(self) -> &'static str {
        match self {
            Self::Style => "style",
            Self::Robot => "robot",
            Self::Pen => "pen",
            Self::Paper => "paper",
        }
    }

    /// The folder its files lie in.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Style => "styles",
            Self::Robot => "robots",
            Self::Pen => "pens",
            Self::Paper => "papers",
        }
    }

    /// The shipped ones: name and text, by name.
    pub(super) fn shipped(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Style => STYLES,
            Self::Robot => ROBOTS,
            Self::Pen => PENS,
            Self::Paper => PAPERS,
        }
    }

    /// The names of the shipped ones, then of those in `folders`, each once.
    pub(super) fn names(self, folders: &[PathBuf]) -> Vec<String> {
        let mut names: Vec<String> = self.shipped().iter().map(|(name, _)| (*name).to_owned()).collect();
        for folder in folders {
            let entries = std::fs::read_dir(folder.join(self.folder())).into_iter().flatten().flatten();
            let mut own: Vec<String> = entries
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
                .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
                .filter(|name| !names.contains(name))
                .collect();
            own.sort();
            names.extend(own);
        }
        names
    }

    /// The profile called `name`: a path (with a `/` or ending in `.toml`) from `base`, or a name, looked for in
    /// `beside` (the last first) and then among the shipped ones.
    ///
    /// # Errors
    /// What to tell the person who asked for it: `; did you mean "brush"?` or the names there are.
    pub(super) fn find(self, name: &str, base: &Path, beside: &[PathBuf]) -> Result<Found, String> {
        if name.contains('/') || name.ends_with(".toml") {
            return Ok(Found::File(base.join(name)));
        }
        let own = beside.iter().rev().map(|folder| folder.join(self.folder()).join(format!("{name}.toml")));
        // A name that leads out of the folder is no name; `/` was seen above.
        if let Some(file) = own.into_iter().find(|file| !name.is_empty() && file.is_file()) {
            return Ok(Found::File(file));
        }
        let shipped = self.shipped();
        shipped.iter().find(|(its, _)| *its == name).map(|(_, text)| Found::Shipped(text)).ok_or_else(|| {
            let alike = |its: &str| strsim::normalized_damerau_levenshtein(its, name);
            let nearest = shipped.iter().map(|(its, _)| *its).max_by(|a, b| alike(a).total_cmp(&alike(b)));
            match nearest.filter(|its| alike(its) >= 0.5) {
                Some(nearest) => format!("; did you mean \"{nearest}\"?"),
                None => format!("; there are {}", shipped.iter().map(|(its, _)| *its).collect::<Vec<_>>().join(", ")),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_file_is_shipped_under_its_own_name() {
        for kind in ProfileKind::ALL {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(kind.folder());
            let mut files: Vec<_> = std::fs::read_dir(&folder)
                .expect("a folder of the project")
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            files.sort_unstable();
            let shipped: Vec<_> = kind.shipped().iter().map(|(name, _)| format!("{name}.toml")).collect();
            assert_eq!(files, shipped, "add the missing line for config/{} to src/config/profiles.rs", kind.folder());
            for (name, text) in kind.shipped() {
                let table: toml::Table = text.parse().expect("TOML");
                assert_eq!(table.get("name").and_then(toml::Value::as_str), Some(*name), "the name in {name}.toml");
            }
        }
    }

    #[test]
    fn colours_are_read_and_written_alike_and_nonsense_is_refused() {
        for text in ["#000000", "#12abef"] {
            assert_eq!(Colour::try_from(text.to_owned()).map(String::from), Ok(text.to_owned()));
        }
        for text in ["", "#", "red", "#12345", "#1234567", "123456", "#12345g", "#äöü", "#+12345"] {
            assert!(Colour::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_is_looked_for_beside_the_file_first_and_a_slip_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let beside = [folder.path().to_owned()];
        let find = |name: &str| ProfileKind::Pen.find(name, Path::new("/base"), &beside);
        assert!(matches!(find("brush"), Ok(Found::Shipped(_))));
        std::fs::create_dir(folder.path().join("pens")).expect("a folder");
        std::fs::write(folder.path().join("pens/brush.toml"), "").expect("a file");
        assert!(matches!(find("brush"), Ok(Found::File(_))));
        assert!(matches!(find("mine/x"), Ok(Found::File(path)) if path == Path::new("/base/mine/x")));
        assert_eq!(find("brsh").err().as_deref(), Some("; did you mean \"brush\"?"));
        assert!(find("").err().is_some_and(|hint| hint.contains("ballpoint")));
    }
}
