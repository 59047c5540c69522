//! Hands on the page: the stop that acts on touch-down, the languages on every screen, two screens of one booth, keys; and
//! the drawing on the page beside the renderer's.

use std::collections::BTreeSet;
use std::time::Duration;

use portraitist::geom::Point;
use portraitist::geom::Polyline;
use portraitist::kiosk::Command;
use portraitist::kiosk::Event;
use portraitist::kiosk::Language;
use portraitist::kiosk::MachineCommand;
use portraitist::kiosk::Press;
use portraitist::kiosk::RunNews;
use portraitist::kiosk::SessionEvent;
use portraitist::plan;
use portraitist::plan::MotionPlan;
use portraitist::plan::PlanConfig;
use portraitist::preview;
use portraitist::preview::InkConfig;
use portraitist::strokes::Sheet;
use portraitist::strokes::Stroke;
use portraitist::strokes::StrokeKind;
use portraitist::strokes::StrokeSet;
use serde_json::json;

use super::UPRIGHT;
use super::WIDE;
use super::button;
use super::house::House;
use super::house::Step;
use super::missing;
use super::open;
use super::scenes;
use super::stage::Stage;
use crate::browser;
use crate::browser::Page;
use crate::preview::difference;

/// A finger rests on the glass for so long while nothing else may come of it.
const A_MOMENT: Duration = Duration::from_millis(150);

#[test]
fn stop_acts_when_it_is_touched_on_every_screen() {
    let Some(browser) = browser::launch("stop_acts_when_it_is_touched_on_every_screen") else { return };
    let mut stage = Stage::of(House::opened(Language::English));
    let mut page = browser.page(UPRIGHT.0, UPRIGHT.1);
    page.size(UPRIGHT.0, UPRIGHT.1, 1.0, true);
    open(&mut page, &stage);
    let mut screens = BTreeSet::new();
    for scene in scenes::all(Language::English) {
        screens.insert(scene.view.screen);
        stage.publish(&scene.view);
        assert_eq!(missing(&mut page, &scene.view), [] as [String; 0], "{}", scene.name);
        let before = stage.house.done.len();
        page.touch_down("#stop button");
        assert_eq!(stage.listen(), Event::Stop, "{}", scene.name);
        assert_eq!(stage.house.done[before..].first(), Some(&Command::Machine(MachineCommand::Hold)), "{}", scene.name);
        page.touch_up();
    }
    assert_eq!(screens.len(), 13, "all screens: {screens:?}");
    assert!(stage.listen_for(A_MOMENT).is_empty(), "letting go does nothing more");
    // Under the veil of a page that has lost its program, and under no finger but by a key.
    page.ask("document.documentElement.classList.add('stale'); document.getElementById('veil').hidden = false");
    page.touch_down("#stop button");
    assert_eq!(stage.listen(), Event::Stop);
    page.touch_up();
    page.ask("document.querySelector('#stop button').focus()");
    page.press("Enter");
    assert_eq!(stage.listen(), Event::Stop);
}

#[test]
fn every_language_is_one_touch_away_on_every_screen_and_none_outlives_its_visitor() {
    let Some(browser) = browser::launch("every_language_is_one_touch_away") else { return };
    let to: [Step; 13] = [
        ("wiping", |house| *house = House::started(Language::English)),
        ("closed", |house| {
            *house = House::started(Language::English);
            house.answer();
        }),
        ("attract", |_| {}),
        ("intro", |house| house.walk("intro")),
        ("consent", |house| house.walk("consent")),
        ("framing", |house| house.walk("framing")),
        ("countdown", |house| house.walk("countdown")),
        ("review", |house| house.walk("review")),
        ("choosing", |house| house.walk("choosing")),
        ("handover", |house| house.walk("handover")),
        ("watching", |house| house.walk("watching")),
        ("collect", |house| {
            house.walk("watching");
            house.news(RunNews::Parked);
        }),
        ("thanks", |house| {
            house.walk("watching");
            house.news(RunNews::Parked);
            house.press(Press::Taken);
        }),
    ];
    let mut stage = Stage::of(House::opened(Language::English));
    let mut page = browser.page(WIDE.0, WIDE.1);
    page.size(WIDE.0, WIDE.1, 1.0, true);
    open(&mut page, &stage);
    for ((screen, arrive), language) in to.into_iter().zip(Language::ALL.into_iter().skip(1).cycle()) {
        stage.house = House::opened(Language::English);
        arrive(&mut stage.house);
        assert_eq!(stage.house.screen(), screen);
        stage.show();
        assert_eq!(missing(&mut page, &stage.house.view()), [] as [String; 0], "{screen}");
        let button = format!("#languages [data-language=\"{}\"]", language.tag());
        if page.ask(&format!("document.querySelector('{button}').checkVisibility()")) != json!(true) {
            assert!(!browser::required(), "no font on this machine writes {language:?}");
            println!("skipped {screen} in {language:?}: no font on this machine writes it");
            continue;
        }
        page.touch(&button);
        stage.listen();
        let view = stage.house.view();
        assert_eq!(view.language, language, "{screen}");
        // A touch of the first screen's languages also begins.
        assert_eq!(view.screen, if screen == "attract" { "intro" } else { screen });
        assert_eq!(missing(&mut page, &view), [] as [String; 0], "{screen}");
        // Nobody does anything more; whoever comes next is greeted in the house's language.
        for _ in 0..600 {
            stage.house.wait(1);
            stage.house.wiped(true);
        }
        if screen != "watching" {
            let view = stage.house.view();
            assert_eq!((view.language, view.session), (Language::English, None), "after {screen}");
            stage.show();
            assert_eq!(missing(&mut page, &view), [] as [String; 0], "after {screen}");
        }
    }
    assert_eq!(page.complaints(), [] as [String; 0]);
}

#[test]
fn two_screens_of_one_booth_touched_twice_begin_one_drawing() {
    let Some(browser) = browser::launch("two_screens_of_one_booth_touched_twice_begin_one_drawing") else { return };
    let mut house = House::opened(Language::English);
    house.walk("choosing");
    house.answer();
    let mut stage = Stage::of(house);
    let mut pages = [browser.page(UPRIGHT.0, UPRIGHT.1), browser.page(WIDE.0, WIDE.1)];
    for page in &mut pages {
        open(page, &stage);
        assert_eq!(missing(page, &stage.house.view()), [] as [String; 0]);
    }
    // Both twice before the house has heard any of it.
    let draw = json!(button("draw"));
    for page in &mut pages {
        page.ask(&format!(
            "(() => {{ const draw = document.querySelector({draw}); draw.click(); \
             setTimeout(() => draw.click(), 60); }})()"
        ));
    }
    let events = stage.listen_for(Duration::from_secs(2));
    let draws = |event: &Event| matches!(event, Event::Session(SessionEvent::Press { press: Press::Draw { .. }, .. }));
    let pressed = events.iter().filter(|event| draws(event)).count();
    assert!(pressed >= 2, "each page sends its own: {events:?}");
    assert_eq!(stage.house.screen(), "handover");
    stage.house.answer();
    stage.house.wait(2);
    assert_eq!((stage.house.draws(), stage.house.screen()), (1, "watching"));
    for page in &mut pages {
        stage.show();
        assert_eq!(missing(page, &stage.house.view()), [] as [String; 0]);
    }
}

/// A rosette whose lines cross each other but never themselves within a stroke.
fn rosette() -> MotionPlan {
    let petal = |i: i32| {
        let at = |k: i32| {
            let (turn, far) = (f64::from(i) * 0.449 + f64::from(k) * 0.02, f64::from(k) / 70.0 * std::f64::consts::PI);
            let far = 18.0 + 34.0 * far.sin();
            Point::new(74.0 + far * turn.cos(), 105.0 + far * turn.sin())
        };
        Stroke { kind: StrokeKind::Contour, path: Polyline::new((0..=70).map(at).collect()).expect("a line") }
    };
    let strokes = StrokeSet::new(Sheet::new(148.0, 210.0).expect("A5"), (0..14).map(petal).collect());
    let robot = toml::from_str(include_str!("../../../config/robots/a4-servo.toml")).expect("a profile");
    plan::plan(&strokes.expect("on the sheet"), &robot, &PlanConfig::default()).expect("within reach")
}

#[test]
fn the_last_frame_is_the_renderers_picture() {
    let Some(browser) = browser::launch("the_last_frame_is_the_renderers_picture") else { return };
    let plan = rosette();
    // The page's ink is opaque; so is this.
    let ink = InkConfig { opacity: 1.0, ..InkConfig::default() };
    let playable = serde_json::to_value(preview::playable(&plan, &ink)).expect("JSON");
    let mut house = House::opened(Language::English);
    house.walk("watching");
    let mut stage = Stage::with_plan(house, playable);
    let mut page = browser.page(UPRIGHT.0, UPRIGHT.1);
    // As finely as the renderer draws by default: about eight pixels a millimetre.
    page.size(UPRIGHT.0, UPRIGHT.1, 2.0, false);
    open(&mut page, &stage);
    let strokes = 14;
    page.until("document.querySelector('[data-follow]').width > 300");
    // In step with the pen, stroke by stroke, up to the last.
    let total_ms = (1000.0 * plan.total_secs()).ceil();
    let pen_at = |stroke: u32| {
        let ms = (total_ms * f64::from(stroke) / f64::from(strokes)).round();
        json!({ "ms": ms, "stroke": stroke, "strokes": strokes, "moves": true })
    };
    for stroke in 0..=strokes {
        stage.progress(&pen_at(stroke));
        page.until(&format!("document.querySelector('.screen:not([hidden]) progress').value === {stroke} / {strokes}"));
    }
    let compare = |page: &mut Page| {
        let shown = page.canvas("document.querySelector('.screen:not([hidden]) canvas')", "'rgb(251, 248, 241)'");
        let (width, height) = (f64::from(shown.width()), f64::from(shown.height()));
        let px_per_mm = (width / plan.sheet().width_mm()).min(height / plan.sheet().height_mm());
        let rendered = preview::paper(&plan, &InkConfig { px_per_mm, ..ink.clone() });
        (difference(&shown, &rendered), px_per_mm)
    };
    let right = |(mean, share): (f64, f64)| mean <= MEAN && share <= SHARE;
    // The pen on the page follows softly; it is gone when all is drawn.
    page.until("document.querySelector('.screen:not([hidden]) .tip').hidden");
    let (watched, px_per_mm) = compare(&mut page);
    println!("kiosk's page against renderer at {px_per_mm:.2} px/mm: {watched:?}");
    assert!(right(watched), "{watched:?}");
    stage.house.news(RunNews::Parked);
    stage.show();
    assert_eq!(missing(&mut page, &stage.house.view()), [] as [String; 0]);
    page.until("document.querySelector('[data-done]').width > 300");
    let (collected, _) = compare(&mut page);
    assert!(right(collected), "{collected:?}");
    // And the comparison can fail: one stroke short is another picture.
    let mut house = House::opened(Language::English);
    house.walk("watching");
    stage.house = house;
    stage.show();
    page.until("document.querySelector('[data-follow]').width > 300");
    stage.progress(&pen_at(strokes - 1));
    page.until("document.querySelector('.screen:not([hidden]) progress').value > 0.9");
    let (short, _) = compare(&mut page);
    println!("one stroke short: {short:?}");
    assert!(!right(short), "{short:?}");
}

/// What canvas and renderer may differ by on average, levels of 255: two programs smooth edges differently.
const MEAN: f64 = 0.3;
/// The share of pixels that may differ by more than a quarter of full ink.
const SHARE: f64 = 0.000_2;

#[test]
fn a_language_in_boxes_is_left_out() {
    const LATIN: &[u8] = b"LibertinusSerif-Regular";
    let latin = typst_assets::fonts().find(|font| font.windows(LATIN.len()).any(|name| name == LATIN));
    let font = latin.expect("a font of Latin letters");
    let Some(browser) = browser::launch_with_one_font("a_language_in_boxes_is_left_out", font) else { return };
    let offered = |page: &mut Page| {
        page.ask(
            "[...document.querySelectorAll('#languages button')].filter((b) => b.checkVisibility()).map((b) => b.lang)",
        )
    };
    for (language, left) in [
        (Language::English, json!(["en", "de", "fr", "es"])),
        // Whoever has set this house to Japanese has asked for it, and the others can be found from there.
        (Language::Japanese, json!(["en", "de", "fr", "es", "ja"])),
    ] {
        let stage = Stage::of(House::opened(language));
        let mut page = browser.page(WIDE.0, WIDE.1);
        open(&mut page, &stage);
        page.until("document.querySelector('#languages [lang=ar]').hidden");
        assert_eq!(offered(&mut page), left);
        assert_eq!(page.complaints(), [] as [String; 0]);
    }
}
