//! Proofs of the view: every fault speaks every language, and the page gets what it was promised.

use super::*;
use crate::kiosk::accept::Reason;
use crate::kiosk::config::KioskConfig;
use crate::kiosk::fault_codes::FaultCode;

#[test]
fn every_fault_that_visitors_see_speaks_every_language() {
    for code in FaultCode::ALL {
        let Some(key) = code.row().visitor else { continue };
        for language in Language::ALL {
            let texts = Texts::of(language);
            assert!(texts.plain(key).chars().count() > 3, "{code:?} {language:?}");
            let line = closed_line(texts, &[Reason::Latched { code }]);
            assert_eq!(line, texts.plain(key), "{code:?} {language:?}");
        }
    }
}

#[test]
fn a_closed_door_says_the_most_telling_reason() {
    let texts = Texts::of(Language::English);
    assert_eq!(closed_line(texts, &[Reason::ModelNotLoaded, Reason::NoPaper]), "New paper, please wait.");
    assert_eq!(closed_line(texts, &[Reason::ModelNotLoaded]), "Sorry, we take a short break.");
    let busy = Reason::Busy { minutes: 7 };
    assert_eq!(closed_line(texts, &[busy]), "The robot is busy. Please come back in about 7 min.");
}

#[test]
fn the_page_gets_json_it_can_send_back() {
    let now = Duration::from_secs(1);
    let (booth, _) = Booth::at_start(7, &[], FaultCode::Crash, now, KioskConfig::default());
    let json = serde_json::to_value(booth.view(now)).unwrap();
    assert_eq!(json["visitor"]["screen"], "wiping");
    assert_eq!(json["visitor"]["stop"]["act"]["act"], "stop");
    assert_eq!(json["visitor"]["language"], "en");
    assert_eq!(json["visitor"]["direction"], "ltr");
    assert_eq!(json["house"]["robot"], "absent");
    assert_eq!(json["house"]["reasons"][0]["reason"], "closed");
    assert_eq!(json["house"]["pictures_in_memory"], true, "nobody knows before the wipe");

    let presses = [
        (Press::Yes, r#"{"act":"press","press":"yes"}"#),
        (Press::Draw { offer: 1 }, r#"{"act":"press","press":"draw","offer":1}"#),
        (Press::Language { language: Language::Chinese }, r#"{"act":"press","press":"language","language":"zh-Hans"}"#),
    ];
    for (press, expected) in presses {
        assert_eq!(serde_json::to_string(&Act::Press(press)).unwrap(), expected);
        let back: Press = serde_json::from_str(&expected.replace(r#""act":"press","#, "")).unwrap();
        assert_eq!(back, press);
    }
    for nonsense in [r#"{"press":"wish"}"#, r#"{"press":"draw"}"#, r#"{"press":"draw","offer":300}"#, "{}"] {
        assert!(serde_json::from_str::<Press>(nonsense).is_err(), "{nonsense}");
    }
}
