//! Which weights ship ([`Manifest`]) and whether given bytes are those ([`verify`]).
//!
//! Pure. Refuses a manifest with unknown keys, two entries of one name, a file name that leads out of the folder, or a
//! malformed hash.

use serde::Deserialize;
use sha2::Digest;
use sha2::Sha256;

/// `models/weights.toml`.
const SHIPPED: &str = include_str!("../weights.toml");
/// The version of the manifest's form.
const VERSION: u32 = 1;

/// The weights that ship with the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    entries: Vec<Entry>,
}

/// One file of weights.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What styles call it.
    pub name: String,
    /// Its name in the weights folder.
    pub file: String,
    /// SHA-256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Its licence, an SPDX expression.
    pub licence: String,
    /// Which network it fills.
    pub net: String,
    /// Width of what the network is fed, px.
    pub input_width_px: u32,
    /// Height of what the network is fed, px.
    pub input_height_px: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    weights: Vec<Entry>,
}

/// What is wrong with a manifest or with a file of weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is documented by its sentence; fields are what the sentence names")]
pub enum ModelError {
    #[error("the manifest of weights is wrong: {what}")]
    Manifest { what: String },
    #[error("no weights are called \"{name}\"; models/weights.toml lists {known}")]
    Unknown { name: String, known: String },
    #[error("the weights \"{name}\" are missing ({path}): copy the file there from the release it belongs to")]
    Missing { name: String, path: String },
    #[error("the weights \"{name}\" ({path}) cannot be read: {what}; make it readable or copy it again")]
    Unreadable { name: String, path: String, what: String },
    #[error(
        "the weights \"{name}\" are {found} bytes long, not {expected}: the file is cut off or another one; copy it again"
    )]
    WrongSize { name: String, found: u64, expected: u64 },
    #[error(
        "the weights \"{name}\" are not the file that belongs to this release (SHA-256 {found}, not {expected}): copy it again"
    )]
    WrongHash { name: String, found: String, expected: String },
    #[error("the weights do not fit their network: {what}; copy the file again from the release it belongs to")]
    Tensors { what: String },
    #[error("a network cannot take this: {what}")]
    Input { what: String },
}

impl Manifest {
    /// The manifest that is compiled in.
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).expect("a test reads the same text, so it cannot fail here")
    }

    /// The manifest in `text`, as `models/weights.toml` is written.
    ///
    /// # Errors
    /// [`ModelError::Manifest`].
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let wrong = |what: String| ModelError::Manifest { what };
        let File { version, weights } =
            toml::from_str(text).map_err(|error: toml::de::Error| wrong(error.message().replace('\n', ", ")))?;
        if version != VERSION {
            return Err(wrong(format!("it is of version {version}, not {VERSION}")));
        }
        for (at, entry) in weights.iter().enumerate() {
            let name = &entry.name;
            if weights[..at].iter().any(|earlier| earlier.name == *name) {
                return Err(wrong(format!("two entries are called \"{name}\"")));
            }
            if entry.file.is_empty() || entry.file.starts_with('.') || entry.file.contains(['/', '\\']) {
                return Err(wrong(format!("\"{name}\": \"{}\" is no plain file name", entry.file)));
            }
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            if entry.sha256.len() != 64 || !entry.sha256.bytes().all(is_digit) {
                return Err(wrong(format!("\"{name}\": sha256 has 64 lower-case hexadecimal digits")));
            }
        }
        Ok(Self { entries: weights })
    }

    /// Its entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry called `name`.
    ///
    /// # Errors
    /// [`ModelError::Unknown`], with the names there are.
    pub fn named(&self, name: &str) -> Result<&Entry, ModelError> {
        self.entries.iter().find(|entry| entry.name == name).ok_or_else(|| {
            let known: Vec<_> = self.entries.iter().map(|entry| entry.name.as_str()).collect();
            let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
            ModelError::Unknown { name: name.to_owned(), known }
        })
    }
}

/// Whether `bytes` are the file that `entry` describes: the right length, the right SHA-256.
///
/// # Errors
/// [`ModelError::WrongSize`] or [`ModelError::WrongHash`].
pub fn verify(entry: &Entry, bytes: &[u8]) -> Result<(), ModelError> {
    let name = entry.name.clone();
    let found = bytes.len() as u64;
    if found != entry.bytes {
        return Err(ModelError::WrongSize { name, found, expected: entry.bytes });
    }
    let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found == entry.sha256 {
        Ok(())
    } else {
        Err(ModelError::WrongHash { name, found, expected: entry.sha256.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of "abc" (FIPS 180-4's example).
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn manifest(name: &str, file: &str, sha256: &str) -> String {
        format!(
            "[[weights]]\nname = \"{name}\"\nfile = \"{file}\"\nsha256 = \"{sha256}\"\nbytes = 3\nlicence = \"MIT\"\n\
             net = \"n\"\ninput_width_px = 512\ninput_height_px = 512\n"
        )
    }

    fn parse(entries: &str) -> Result<Manifest, ModelError> {
        Manifest::parse(&format!("version = 1\n{entries}"))
    }

    #[test]
    fn the_shipped_manifest_names_the_face_networks_and_knows_no_other_names() {
        let shipped = Manifest::parse(SHIPPED).expect("it is right");
        for name in [crate::face_finder::NAME, crate::face_reader::NAME] {
            assert_eq!(shipped.named(name).expect("it ships").net, name);
        }
        let error = shipped.named("face").expect_err("there is none").to_string();
        assert!(error.starts_with("no weights are called \"face\"; models/weights.toml lists "), "{error}");
        assert!(error.contains("face_finder, face_reader"), "{error}");
        let error = Manifest { entries: Vec::new() }.named("face").expect_err("there is none").to_string();
        assert!(error.ends_with("lists none yet"), "{error}");
    }

    #[test]
    fn a_wrong_manifest_is_refused_in_words() {
        let check = |entries: &str, expected: &str| {
            let sentence = parse(entries).expect_err("it is wrong").to_string();
            assert!(sentence.contains(expected), "{sentence}");
        };
        let good = manifest("a", "a.safetensors", ABC);
        assert!(parse(&good).is_ok());
        check(&good.repeat(2), "two entries are called \"a\"");
        for file in ["", "../a", "a/b", "a\\\\b", ".hidden"] {
            check(&manifest("a", file, ABC), "no plain file name");
        }
        check(&manifest("a", "a", &ABC.to_uppercase()), "64 lower-case");
        check(&manifest("a", "a", "ab"), "64 lower-case");
        check(&good.replace("licence", "license"), "unknown field `license`");
        check("", "missing field `weights`");
        let version = Manifest::parse("version = 2\nweights = []").expect_err("newer").to_string();
        assert!(version.contains("version 2, not 1"), "{version}");
    }

    #[test]
    fn bytes_are_told_by_length_and_hash() {
        let manifest = parse(&manifest("a", "a.safetensors", ABC)).expect("it is right");
        let entry = manifest.named("a").expect("it is there");
        assert_eq!(verify(entry, b"abc"), Ok(()));
        assert!(matches!(verify(entry, b"ab"), Err(ModelError::WrongSize { found: 2, expected: 3, .. })));
        assert!(matches!(verify(entry, b"abd"), Err(ModelError::WrongHash { .. })));
    }
}
