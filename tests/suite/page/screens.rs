//! Every screen there is, in every language, upright and wide: what it says, where its targets are, whether it can be
//! read, and what axe-core says of it.

use std::time::Instant;

use portraitist::kiosk::FaultCode;
use portraitist::kiosk::Language;
use serde_json::json;

use super::UPRIGHT;
use super::WIDE;
use super::check;
use super::complaints;
use super::house::House;
use super::missing;
use super::open;
use super::scenes;
use super::scenes::Scene;
use super::stage::Stage;
use crate::browser;
use crate::browser::Page;

/// What axe-core is asked for (WCAG 2.2 A and AA), and how its answer is told.
const AXE: &str = "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], \
                   resultTypes: ['violations'] }).then((told) => told.violations.flatMap((broken) => \
                   broken.nodes.map((node) => `${broken.id}: ${node.target}: ${node.failureSummary}`)))";

/// Shows each scene and asks `look` what is wrong with it.
fn tour(
    page: &mut Page,
    stage: &Stage,
    scenes: &[Scene],
    mut look: impl FnMut(&mut Page, &Scene) -> Vec<String>,
) -> Vec<String> {
    let mut all = Vec::new();
    for scene in scenes {
        stage.publish(&scene.view);
        let wrong = [missing(page, &scene.view), look(page, scene)].concat();
        all.extend(wrong.into_iter().map(|wrong| format!("{:?} {}: {wrong}", scene.view.language, scene.name)));
    }
    all
}

/// A page of a stage that shows nothing of a visitor yet; drawings stand there finished.
fn still(browser: &browser::Browser, stage: &Stage, (width, height): (u32, u32)) -> Page {
    let mut page = browser.page(width, height);
    page.prefer("prefers-reduced-motion", "reduce");
    open(&mut page, stage);
    page
}

/// Also the leaf that the page itself turns.
fn check_with_details(page: &mut Page, scene: &Scene) -> Vec<String> {
    let mut wrong = check(page);
    if scene.name == "consent" {
        page.ask("document.getElementById('unfold').click()");
        wrong.extend(check(page).into_iter().map(|wrong| format!("details: {wrong}")));
        page.ask("document.getElementById('unfold').click()");
    }
    wrong
}

#[test]
fn every_screen_in_every_language_keeps_what_a_screen_must() {
    let Some(browser) = browser::launch("every_screen_in_every_language_keeps_what_a_screen_must") else { return };
    let stage = Stage::of(House::started(Language::English));
    let mut page = still(&browser, &stage, UPRIGHT);
    let (since, mut wrong, mut shown) = (Instant::now(), Vec::new(), 0);
    for (width, height) in [UPRIGHT, WIDE] {
        page.size(width, height, 1.0, false);
        for language in Language::ALL {
            let scenes = scenes::all(language);
            shown += scenes.len();
            let here = tour(&mut page, &stage, &scenes, check_with_details);
            wrong.extend(here.into_iter().map(|wrong| format!("{width} x {height} {wrong}")));
        }
    }
    println!("{shown} screens shown and checked in {:.1} s", since.elapsed().as_secs_f64());
    assert_eq!(wrong, [] as [String; 0], "{} complaints", wrong.len());
    assert_eq!(page.complaints(), [] as [String; 0]);
}

#[test]
fn letters_half_as_large_again_are_neither_clipped_nor_in_the_way() {
    let Some(browser) = browser::launch("letters_half_as_large_again") else { return };
    let stage = Stage::of(House::started(Language::English));
    let mut wrong = Vec::new();
    for size in [UPRIGHT, WIDE] {
        let mut page = still(&browser, &stage, size);
        page.ask("document.documentElement.style.setProperty('--text-scale', '1.5')");
        for language in [Language::German, Language::Arabic] {
            wrong.extend(tour(&mut page, &stage, &scenes::all(language), check_with_details));
        }
    }
    assert_eq!(wrong, [] as [String; 0], "{} complaints", wrong.len());
}

#[test]
fn every_fault_is_told_in_every_language() {
    let Some(browser) = browser::launch("every_fault_is_told_in_every_language") else { return };
    let stage = Stage::of(House::started(Language::English));
    let mut page = still(&browser, &stage, UPRIGHT);
    let axe = browser::axe("every_fault_is_told_in_every_language, its part with axe-core");
    axe.iter().for_each(|script| drop(page.ask(script)));
    let mut wrong = Vec::new();
    for language in Language::ALL {
        let scenes: Vec<Scene> = FaultCode::ALL.into_iter().flat_map(|code| scenes::of_fault(code, language)).collect();
        wrong.extend(tour(&mut page, &stage, &scenes, |page, scene| {
            let mut wrong = check(page);
            // The sentences differ, the screens do not: axe looks at one language of each way of reading.
            if axe.is_some() && [Language::English, Language::Arabic].contains(&scene.view.language) {
                wrong.extend(complaints(&page.ask(AXE)));
            }
            wrong
        }));
    }
    let silent: Vec<FaultCode> = FaultCode::ALL.into_iter().filter(|code| code.row().visitor.is_none()).collect();
    assert_eq!(silent, [FaultCode::PhotoUnreadable, FaultCode::PlanTooLong, FaultCode::Clock], "the staff's alone");
    assert_eq!(wrong, [] as [String; 0], "{} complaints", wrong.len());
}

#[test]
fn axe_finds_nothing_on_any_screen_in_any_language() {
    let name = "axe_finds_nothing_on_any_screen_in_any_language";
    let Some(browser) = browser::launch(name) else { return };
    let Some(script) = browser::axe(name) else { return };
    let stage = Stage::of(House::started(Language::English));
    let (since, mut wrong, mut shown) = (Instant::now(), Vec::new(), 0);
    for (size, languages) in [(UPRIGHT, &Language::ALL[..]), (WIDE, &[Language::English, Language::Arabic])] {
        let mut page = still(&browser, &stage, size);
        page.ask(&script);
        for language in languages {
            let scenes = scenes::all(*language);
            shown += scenes.len();
            wrong.extend(tour(&mut page, &stage, &scenes, |page, _| complaints(&page.ask(AXE))));
        }
    }
    println!("axe-core looked at {shown} screens in {:.1} s", since.elapsed().as_secs_f64());
    assert_eq!(wrong, [] as [String; 0], "{} complaints", wrong.len());
}

#[test]
fn what_is_wrong_is_seen() {
    let Some(browser) = browser::launch("what_is_wrong_is_seen") else { return };
    let stage = Stage::of(House::opened(Language::English));
    let mut page = still(&browser, &stage, UPRIGHT);
    let mut house = House::opened(Language::English);
    house.walk("review");
    stage.publish(&house.view());
    assert_eq!((missing(&mut page, &house.view()), check(&mut page)), (Vec::new(), Vec::new()));
    // Each of these, done to the page by a style of its own, must be complained of in these words.
    for (style, words) in [
        (".controls button { min-height: 0 !important; height: 60px; padding: 0 !important }", "use-it is "),
        (".controls { gap: 4px !important }", "apart"),
        (".controls { transform: translateY(-1200px) }", "upper 40 %"),
        ("h1 { color: #999 !important }", "contrast"),
        ("h1 { transform: translateX(700px) }", "leaves the screen"),
        (".controls button { font-size: 300px !important; white-space: nowrap }", "higher than its button"),
        (".words { transform: translateY(200px) }", "overlap"),
        ("#languages button:first-child { display: none }", "of the languages only"),
        (".screen { width: 1500px }", "on a screen of"),
    ] {
        let put = format!(
            "(() => {{ const sheet = new CSSStyleSheet(); sheet.replaceSync({}); \
             document.adoptedStyleSheets = [sheet]; }})()",
            json!(style)
        );
        page.ask(&put);
        let wrong = check(&mut page);
        assert!(wrong.iter().any(|wrong| wrong.contains(words)), "{style}: {wrong:#?}");
        page.ask("document.adoptedStyleSheets = []");
    }
    let mut other = house.view();
    other.title.push('!');
    assert!(!missing(&mut page, &other).is_empty());
    if let Some(script) = browser::axe("what_is_wrong_is_seen, its part with axe-core") {
        page.ask(&script);
        assert_eq!(complaints(&page.ask(AXE)), [] as [String; 0]);
        page.ask("document.querySelector('.screen:not([hidden]) .controls button').textContent = ''");
        page.ask("document.documentElement.removeAttribute('lang')");
        let wrong = complaints(&page.ask(AXE)).concat();
        assert!(wrong.contains("button-name") && wrong.contains("html-has-lang"), "{wrong}");
    }
}
