//! Silence on every screen, in virtual time, with the page before it: it asks whether somebody is still there, gives more
//! time to whoever touches that, and else goes back to the first screen with nothing of the visitor left on it.
//!
//! Virtual is the house's clock; what the page is told in a second of it is what the program tells in a second. That
//! pictures are wiped from memory is proved elsewhere (`canary`); here it is that the page keeps none.

use portraitist::kiosk::Event;
use portraitist::kiosk::Facts;
use portraitist::kiosk::Language;
use portraitist::kiosk::Press;
use portraitist::kiosk::RunNews;
use portraitist::kiosk::SessionEvent;

use super::UPRIGHT;
use super::house::GOOD;
use super::house::House;
use super::missing;
use super::open;
use super::stage::Stage;
use crate::browser;
use crate::browser::Page;

/// Whatever of a visitor could still be on the page: addresses that name a session, drawings in hidden canvases.
const LEFT: &str = "[...document.querySelectorAll('img[src*=\"session\"]')].map((img) => img.src).concat(\
                    [...document.querySelectorAll('[data-follow], [data-done], [data-chosen], .offer canvas')]\
                    .filter((canvas) => canvas.width * canvas.height > 0 && canvas.closest('[hidden]') \
                    && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean))\
                    .map((canvas) => canvas.outerHTML))";

/// How a house comes to a screen that waits; how long that waits, seconds.
type Waits = (&'static str, u64, fn(&mut House));

const WAITS: [Waits; 8] = [
    ("intro", 30, |house| house.walk("intro")),
    ("consent", 60, |house| house.walk("consent")),
    ("framing", 60, |house| house.walk("framing")),
    ("review", 45, |house| house.walk("review")),
    ("choosing", 60, |house| {
        house.walk("choosing");
        house.answer();
    }),
    ("handover", 60, |house| {
        house.walk("handover");
        house.facts(Facts { paper: false, ..GOOD });
    }),
    ("watching", 60, |house| {
        house.walk("watching");
        house.hear(Event::Stop);
        house.news(RunNews::Held);
    }),
    ("collect", 120, |house| {
        house.walk("watching");
        house.news(RunNews::Parked);
    }),
];

/// The page shows what the house does.
fn shows(page: &mut Page, stage: &Stage) {
    stage.show();
    assert_eq!(missing(page, &stage.house.view()), [] as [String; 0]);
}

fn warned(stage: &Stage) -> bool {
    stage.house.view().wait.is_some_and(|wait| wait.warning.is_some())
}

/// Lets a second pass for house and page.
fn second(stage: &mut Stage) {
    stage.house.wait(1);
    stage.show();
}

/// Until the first screen is back, as the next visitor finds it.
fn ends(page: &mut Page, stage: &mut Stage, screen: &str) {
    assert_eq!(stage.house.screen(), "wiping", "after {screen}");
    shows(page, stage);
    stage.house.answer();
    let view = stage.house.view();
    // Where a drawing was begun its sheet must be changed before the next visitor comes.
    assert!(["attract", "closed"].contains(&view.screen), "{} after {screen}", view.screen);
    assert_eq!((view.language, view.session), (Language::English, None), "after {screen}");
    assert!(!stage.house.holds_pictures());
    shows(page, stage);
    assert_eq!(page.ask(LEFT), serde_json::json!([]), "left after {screen}");
}

#[test]
fn silence_on_every_screen_is_asked_about_and_then_wiped() {
    let Some(browser) = browser::launch("silence_on_every_screen_is_asked_about_and_then_wiped") else { return };
    for (screen, patience, arrive) in WAITS {
        let mut house = House::opened(Language::English);
        arrive(&mut house);
        house.press(Press::Language { language: Language::German });
        let draws = house.draws();
        let mut stage = Stage::of(house);
        let mut page = browser.page(UPRIGHT.0, UPRIGHT.1);
        open(&mut page, &stage);
        assert_eq!(stage.house.screen(), screen);
        shows(&mut page, &stage);
        for _ in 0..patience - 21 {
            second(&mut stage);
            assert!(!warned(&stage), "{screen} hurries");
        }
        second(&mut stage);
        assert!(warned(&stage), "{screen} asks 20 s before its end");
        shows(&mut page, &stage);

        page.touch("#still-there button");
        assert!(matches!(stage.listen(), Event::Session(SessionEvent::Press { press: Press::MoreTime, .. })));
        shows(&mut page, &stage);
        assert!(!warned(&stage), "{screen}: more time was given");
        for _ in 0..patience - 1 {
            second(&mut stage);
        }
        assert_eq!(stage.house.screen(), screen, "the whole time anew");
        shows(&mut page, &stage);
        second(&mut stage);
        ends(&mut page, &mut stage, screen);
        assert_eq!(stage.house.draws(), draws, "silence on {screen} began a drawing");
        assert_eq!(page.complaints(), [] as [String; 0], "{screen}");
    }
}

#[test]
fn what_nobody_is_waited_for_also_ends() {
    let Some(browser) = browser::launch("what_nobody_is_waited_for_also_ends") else { return };
    let mut stage = Stage::of(House::opened(Language::English));
    let mut page = browser.page(UPRIGHT.0, UPRIGHT.1);
    open(&mut page, &stage);
    let framing = |stage: &mut Stage, page: &mut Page, words: &str| {
        let view = stage.house.view();
        assert_eq!((view.screen, view.notice.as_deref()), ("framing", Some(words)));
        shows(page, stage);
    };
    // The camera's burst that never comes: five seconds after the shutter.
    stage.house.walk("countdown");
    shows(&mut page, &stage);
    (0..8).for_each(|_| second(&mut stage));
    framing(&mut stage, &mut page, "One moment, the camera is waking up.");
    // Drawings that are never made: sixty seconds.
    stage.house.press(Press::TakePhoto);
    stage.house.wait(3);
    stage.house.answer();
    stage.house.press(Press::UseIt);
    shows(&mut page, &stage);
    (0..60).for_each(|_| second(&mut stage));
    framing(&mut stage, &mut page, "That took too long. Let us try again.");
    stage.house.press(Press::Cancel);
    stage.house.answer();
    // The thanks: eight seconds.
    stage.house.walk("watching");
    stage.house.news(RunNews::Parked);
    stage.house.press(Press::Taken);
    assert_eq!(stage.house.screen(), "thanks");
    shows(&mut page, &stage);
    (0..8).for_each(|_| second(&mut stage));
    ends(&mut page, &mut stage, "thanks");
    // While the robot draws, nobody is hurried: an hour.
    stage.house.staff(portraitist::kiosk::StaffPress::SheetLoaded { left: None });
    stage.house.walk("watching");
    stage.house.wait(3600);
    assert_eq!(stage.house.screen(), "watching");
    shows(&mut page, &stage);
    assert_eq!(page.complaints(), [] as [String; 0]);
}
