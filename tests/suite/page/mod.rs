//! The kiosk's page in a real browser, shown every screen there is: see `stage` for what is true and what is played.

mod evening;
mod hands;
mod house;
mod letters;
mod program;
mod scenes;
mod screens;
mod sheet;
mod stage;

use serde_json::Value;

use crate::browser::Page;
use portraitist::kiosk::VisitorView;

/// What a screen must keep: an expression that gives a list of complaints.
const CHECK: &str = include_str!("../../kiosk/check.js");
/// Waits until a view is shown as it was sent: gives a list of what is missing after ten seconds.
const SHOWN: &str = include_str!("../../kiosk/shown.js");

/// An upright and a wide screen.
const UPRIGHT: (u32, u32) = (1080, 1920);
const WIDE: (u32, u32) = (1920, 1080);

/// Waits until `page` shows `view`; what of it is missing.
fn missing(page: &mut Page, view: &VisitorView) -> Vec<String> {
    let view = serde_json::to_string(view).expect("JSON");
    complaints(&page.ask(&format!("({SHOWN})({view})")))
}

/// What the shown screen does not keep.
fn check(page: &mut Page) -> Vec<String> {
    complaints(&page.ask(CHECK))
}

fn complaints(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list of complaints");
    list.iter().map(|text| text.as_str().expect("a complaint is a text").to_owned()).collect()
}

/// Opens the page of `stage` in `page` and waits until its letters are there.
fn open(page: &mut Page, stage: &stage::Stage) {
    page.go(stage.url());
    page.until("document.documentElement.dataset.screen !== 'loading'");
    page.ask("document.fonts.ready.then(() => true)");
}

/// The selector of the button of the shown screen that does `act`.
fn button(act: &str) -> String {
    format!(".screen:not([hidden]) .controls [data-act=\"{act}\"]")
}
