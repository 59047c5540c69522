//! Proofs over all texts: complete in every language, short, with the right placeholders, and never a word that belongs
//! to the hard-wired button alone (ISO 13850: a stop in software is no emergency stop).

use std::collections::BTreeSet;

use super::*;

/// What the screen's stop must not be called, in lower case.
const HARD_WIRED_ONLY: [&str; 19] = [
    "emergency",
    "e-stop",
    "estop",
    "not-aus",
    "notaus",
    "not-halt",
    "nothalt",
    "notfall",
    "urgence",
    "emergencia",
    "紧急",
    "急停",
    "緊急",
    "非常停止",
    "急停止",
    "طوارئ",
    "طارئ",
    "panic",
    "panik",
];
/// The most words of a sentence, where a language puts spaces between them.
const MOST_WORDS: usize = 12;
/// The most characters of a sentence where it does not.
const MOST_CHARACTERS: usize = 32;

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = ['.', '!', '?', '。', '！', '？', '؟'];
    text.split_inclusive(ends).map(str::trim).filter(|sentence| sentence.chars().any(char::is_alphanumeric))
}

/// What is wrong with a text's length.
fn too_long(language: Language, text: &str) -> Option<String> {
    sentences(text).find_map(|sentence| match language {
        Language::Chinese | Language::Japanese => {
            let count = sentence.chars().count();
            (count > MOST_CHARACTERS).then(|| format!("{count} characters: {sentence}"))
        }
        _ => {
            let words = sentence.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
            (words > MOST_WORDS).then(|| format!("{words} words: {sentence}"))
        }
    })
}

/// The names in braces, or `None` where a brace is open.
fn placeholders(text: &str) -> Option<BTreeSet<&str>> {
    let mut names = BTreeSet::new();
    for part in text.split('{').skip(1) {
        names.insert(part.split_once('}')?.0);
    }
    (text.matches('{').count() == text.matches('}').count()).then_some(names)
}

fn forbidden(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    HARD_WIRED_ONLY.into_iter().find(|word| text.contains(word))
}

#[test]
fn every_language_has_every_text_and_no_other() {
    for language in Language::ALL {
        let texts = Texts::of(language);
        for key in TextKey::ALL {
            let text = texts.text(key).unwrap_or_else(|| panic!("{language:?} lacks {key:?}"));
            assert_eq!(text.trim(), text, "{language:?} {key:?}");
            let expected: BTreeSet<&str> = key.values().iter().copied().collect();
            assert_eq!(placeholders(text), Some(expected), "{language:?} {key:?}: {text}");
            assert_eq!(too_long(language, text), None, "{language:?} {key:?}");
            assert_eq!(forbidden(text), None, "{language:?} {key:?}: {text}");
        }
        let entries: usize = texts.0.values().map(|section| section.as_table().map_or(0, toml::Table::len)).sum();
        assert_eq!(entries, TextKey::ALL.len(), "{language:?} has a text that nobody shows");
    }
}

#[test]
fn no_language_shows_anothers_words() {
    // A line forgotten in translation reads as English does; names and signs may be the same.
    let english = Texts::of(Language::English);
    for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
        for key in TextKey::ALL {
            let (own, theirs) = (Texts::of(language).text(key), english.text(key));
            assert_ne!(own, theirs, "{language:?} {key:?}");
        }
    }
}

#[test]
fn the_door_names_the_button_that_is_there() {
    for language in Language::ALL {
        let texts = Texts::of(language);
        let (door, button) = (texts.plain(TextKey::FaultDoor), texts.plain(TextKey::WatchingGoOn));
        assert!(door.contains(&button), "{language:?}: {door} / {button}");
    }
}

#[test]
fn values_are_put_in() {
    let english = Texts::of(Language::English);
    let progress = english.fill(TextKey::WatchingProgress, &[("stroke", 412), ("strokes", 900)]);
    assert_eq!(progress, "Stroke 412 of 900");
    for language in Language::ALL {
        for key in TextKey::ALL {
            let values: Vec<(&str, u32)> = key.values().iter().map(|name| (*name, 7)).collect();
            assert!(!Texts::of(language).fill(key, &values).contains(['{', '}']), "{language:?} {key:?}");
        }
    }
}

#[test]
fn the_lint_can_fail() {
    let long = "one two three four five six seven eight nine ten eleven twelve";
    assert_eq!(too_long(Language::English, long), None);
    assert!(too_long(Language::English, &format!("Fine. {long} thirteen.")).is_some());
    assert!(too_long(Language::Chinese, &"字".repeat(33)).is_some());
    assert_eq!(placeholders("{a} and {b}"), Some(BTreeSet::from(["a", "b"])));
    assert_eq!(placeholders("{a and b"), None);
    assert_eq!(placeholders("a} and b"), None);
    assert_eq!(forbidden("Press the Emergency stop"), Some("emergency"));
    assert_eq!(forbidden("非常停止"), Some("非常停止"));
    assert_eq!(forbidden("Stop the robot"), None);
}
