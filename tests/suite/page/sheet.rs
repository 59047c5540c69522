//! The eleven screens for people to look at: single pictures, and README's contact sheet.
//!
//! `PORTRAITIST_SCREENSHOTS=DIR` writes every scene, upright and wide (in English all turns of a screen); `UPDATE_SHEET=1` makes
//! `tests/kiosk/screens.jpg` anew, `UPDATE_ATTRACT=1` the drawing of the attract screen, which the program carries (build
//! again before the next sheet). It judges nothing but that each picture is one.

use std::path::Path;
use std::path::PathBuf;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops;
use image::imageops::FilterType;
use portraitist::booth::page::SITTER;
use portraitist::kiosk::Language;
use portraitist::plan::MotionPlan;
use portraitist::preview;
use portraitist::preview::InkConfig;
use serde_json::Value;

use super::UPRIGHT;
use super::WIDE;
use super::house::House;
use super::missing;
use super::open;
use super::scenes;
use super::scenes::Scene;
use super::stage::Stage;
use crate::browser;
use crate::browser::Page;
use crate::program::Bench;

/// The eleven screens of a visit, each by its best scene, in its order.
const ELEVEN: [&str; 11] = [
    "attract",
    "intro",
    "consent",
    "framing",
    "countdown",
    "review",
    "choosing",
    "handover",
    "watching",
    "collect",
    "thanks",
];
/// Columns of the contact sheet, and the size of a screen on it.
const COLUMNS: u32 = 6;
const SMALL: (u32, u32) = (270, 480);
/// Paper between them.
const GAP: u32 = 14;

/// Shows `scene` and waits until its pictures stand.
fn show(page: &mut Page, stage: &Stage, scene: &Scene) {
    stage.publish(&scene.view);
    assert_eq!(missing(page, &scene.view), [] as [String; 0], "{}", scene.name);
    page.until(
        "[...document.querySelectorAll('.screen:not([hidden]) img:not([hidden])')].every((img) => img.complete) && \
         [...document.querySelectorAll('.screen:not([hidden]) canvas:not([data-chosen])')].every((canvas) => canvas.width > 40)",
    );
    page.ask("new Promise((done) => setTimeout(done, 250))");
}

fn picture(page: &mut Page) -> RgbImage {
    image::load_from_memory(&page.picture()).expect("a PNG").into_rgb8()
}

#[test]
fn pictures_of_every_screen_for_people() {
    let folder = std::env::var_os("PORTRAITIST_SCREENSHOTS").map(PathBuf::from);
    let sheet = std::env::var_os("UPDATE_SHEET").is_some();
    if folder.is_none() && !sheet {
        return;
    }
    let Some(browser) = browser::launch("pictures_of_every_screen_for_people") else { return };
    let stage = Stage::of(House::started(Language::English));
    let mut page = browser.page(UPRIGHT.0, UPRIGHT.1);
    page.prefer("prefers-reduced-motion", "reduce");
    open(&mut page, &stage);
    if sheet {
        make_sheet(&mut page, &stage);
    }
    let Some(folder) = folder else { return };
    std::fs::create_dir_all(&folder).expect("a folder");
    for language in Language::ALL {
        // Every turn of every screen in the house's language, the visit itself in all.
        let wanted = |scene: &Scene| language == Language::English || ELEVEN.contains(&scene.name.as_str());
        for (name, (width, height)) in [("upright", UPRIGHT), ("wide", WIDE)] {
            page.size(width, height, 1.0, false);
            for scene in scenes::all(language).into_iter().filter(wanted) {
                show(&mut page, &stage, &scene);
                let small = imageops::resize(&picture(&mut page), width / 2, height / 2, FilterType::Triangle);
                let file = format!("{}-{name}-{}.png", language.tag(), scene.name);
                small.save(folder.join(file)).expect("writable");
            }
        }
    }
}

/// The sitter of the attract screen as the built program draws it in `style`.
fn drawn(style: &str) -> Value {
    let bench = Bench::new();
    let run = bench.run(&["draw", "--sitter", SITTER, "--style", style, "--out", "drawn"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let plan = std::fs::read(bench.path().join("drawn/plan.json")).expect("written");
    let plan = MotionPlan::from_json(&plan).expect("our own plan");
    serde_json::to_value(preview::playable(&plan, &InkConfig::default())).expect("JSON")
}

#[test]
fn the_attract_screens_drawing_is_made_anew() {
    if std::env::var_os("UPDATE_ATTRACT").is_none() {
        return;
    }
    let json = serde_json::to_vec(&drawn("croquis")).expect("JSON");
    assert!(json.len() < 60_000, "the page carries it: {} bytes", json.len());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/booth/page/attract.json");
    std::fs::write(path, json).expect("writable");
}

fn make_sheet(page: &mut Page, stage: &Stage) {
    for style in ["pen", "croquis", "charcoal", "lines"] {
        stage.draws(style, drawn(style));
    }
    let scenes = scenes::all(Language::English);
    let rows = (ELEVEN.len() as u32).div_ceil(COLUMNS);
    let size = |count: u32, one: u32| count * (one + GAP) + GAP;
    // A darker sheet than the screens' paper, so that their edges are seen.
    let mut all = RgbImage::from_pixel(size(COLUMNS, SMALL.0), size(rows, SMALL.1), image::Rgb([214, 208, 197]));
    for (name, n) in ELEVEN.into_iter().zip(0_u32..) {
        let scene = scenes.iter().find(|scene| scene.name == name).expect("a scene");
        show(page, stage, scene);
        let small = imageops::resize(&picture(page), SMALL.0, SMALL.1, FilterType::Lanczos3);
        let at = (size(n % COLUMNS, SMALL.0), size(n / COLUMNS, SMALL.1));
        imageops::replace(&mut all, &small, i64::from(at.0), i64::from(at.1));
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 74).encode_image(&all).expect("a JPEG");
    assert!(jpeg.len() < 250_000, "the sheet weighs {} bytes", jpeg.len());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kiosk/screens.jpg");
    std::fs::write(path, jpeg).expect("writable");
}
