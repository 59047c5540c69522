//! What visitors read, in every language: a closed list of keys, and one data file per language compiled in.
//!
//! A text asks for the values it names in braces and gets them by [`Texts::fill`]. Tests prove that each language has
//! each key with the same placeholders, that sentences are short, and that the screen's stop is never called what only
//! the hard-wired button may be called. Sentences avoid grammatical number: minutes stand beside their unit, never
//! inside a phrase that would have to bend to them. The staff's texts are English and stand with the faults.

mod keys;
#[cfg(test)]
mod lint;

use std::sync::LazyLock;

pub use keys::TextKey;

use super::config::KioskConfig;
use super::language::Language;

/// The version of the consent screen's wording. Raise it whenever its meaning changes in any language: consents are
/// counted by it.
pub const CONSENT_VERSION: u32 = 1;
/// So much more is the version of the wording where phones get links: it says how long those keep the drawing's lines.
const WITH_LINKS: u32 = 1000;

/// The version of the wording that `config` shows.
pub(super) fn consent_version(config: &KioskConfig) -> u32 {
    CONSENT_VERSION + if config.has_links() { WITH_LINKS } else { 0 }
}

/// The texts of one language.
#[derive(Debug)]
pub struct Texts(toml::Table);

static ENGLISH: LazyLock<Texts> = LazyLock::new(|| Texts::parse(include_str!("en.toml")));
static GERMAN: LazyLock<Texts> = LazyLock::new(|| Texts::parse(include_str!("de.toml")));
static FRENCH: LazyLock<Texts> = LazyLock::new(|| Texts::parse(include_str!("fr.toml")));
static SPANISH: LazyLock<Texts> = LazyLock::new(|| Texts::parse(include_str!("es.toml")));
static CHINESE: LazyLock<Texts> = LazyLock::new(|| Texts::parse(include_str!("zh-Hans.toml")));
static JAPANESE: LazyLock<Texts> = LazyLock::new(|| Texts::parse(include_str!("ja.toml")));
static ARABIC: LazyLock<Texts> = LazyLock::new(|| Texts::parse(include_str!("ar.toml")));

impl Texts {
    /// The texts of `language`.
    pub fn of(language: Language) -> &'static Texts {
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
            Language::French => &FRENCH,
            Language::Spanish => &SPANISH,
            Language::Chinese => &CHINESE,
            Language::Japanese => &JAPANESE,
            Language::Arabic => &ARABIC,
        }
    }

    fn parse(text: &str) -> Self {
        Self(text.parse().expect("a compiled-in file of texts is TOML; a test reads each"))
    }

    fn text(&self, key: TextKey) -> Option<&str> {
        let (section, name) = key.place();
        self.0.get(section)?.get(name)?.as_str()
    }

    /// The text of `key`, which asks for no value. A test proves that every key is there.
    pub fn plain(&self, key: TextKey) -> String {
        self.fill(key, &[])
    }

    /// The text of `key`, with each `{name}` replaced by its value.
    pub fn fill(&self, key: TextKey, values: &[(&str, u32)]) -> String {
        // A text is never worth a crash before a visitor: its key would stand there instead.
        let (section, name) = key.place();
        let mut text = self.text(key).map_or_else(|| format!("{section}.{name}"), str::to_owned);
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), &value.to_string());
        }
        text
    }
}
