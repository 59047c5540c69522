//! The letters of the page's own font: no letter of a Latin text is left blank, wherever it stands.
//!
//! The font is reduced to what the texts can reach, and a letter may look otherwise beside certain others (a Q before a u).
//! So each letter is drawn as it stands before each letter that follows it in some text, and must leave ink in its place.

use std::collections::BTreeSet;

use portraitist::kiosk::Language;
use portraitist::kiosk::TextKey;
use portraitist::kiosk::Texts;
use serde_json::json;

use super::WIDE;
use super::house::House;
use super::open;
use super::stage::Stage;
use crate::browser;
use crate::browser::Page;

/// Which of the pairs leave no ink where their first letter stands: a function of the list.
const BLANK: &str = r#"(pairs) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 300, height: 160 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return pairs.filter((pair) => {
    pen.reset();
    pen.font = "80px 'Kiosk Serif'";
    pen.fillText(pair, 40, 110);
    const width = Math.max(4, Math.round(0.7 * pen.measureText([...pair][0]).width));
    return pen.getImageData(40, 0, width, 160).data.every((byte) => byte === 0);
  });
}"#;

#[test]
fn no_letter_of_a_latin_text_is_blank() {
    let Some(browser) = browser::launch("no_letter_of_a_latin_text_is_blank") else { return };
    let latin = [Language::English, Language::German, Language::French, Language::Spanish];
    let texts = latin.iter().flat_map(|language| TextKey::ALL.iter().map(|key| Texts::of(*language).plain(*key)));
    let mut pairs = BTreeSet::new();
    for text in texts {
        let letters: Vec<char> = text.chars().chain([' ']).collect();
        let before = letters.windows(2).filter(|two| !two[0].is_whitespace());
        pairs.extend(before.map(|two| two.iter().collect::<String>()));
    }
    assert!(pairs.contains("Qu") && pairs.contains("ße"), "the texts hold all that is difficult");
    let stage = Stage::of(House::opened(Language::English));
    let mut page = browser.page(WIDE.0, WIDE.1);
    open(&mut page, &stage);
    let blank = |page: &mut Page, pairs: &[String]| page.ask(&format!("({BLANK})({})", json!(pairs)));
    let pairs: Vec<String> = pairs.into_iter().collect();
    assert_eq!(blank(&mut page, &pairs), json!([]), "of {} pairs of letters", pairs.len());
    // A space is blank, and seen to be.
    assert_eq!(blank(&mut page, &[" u".into()]), json!([" u"]));
    assert_eq!(page.complaints(), [] as [String; 0]);
}
