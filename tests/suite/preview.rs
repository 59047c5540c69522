//! `preview`, as its users and their browsers meet it: the program, its HTTP API, its page in a real browser.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use portraitist::geom::Point;
use portraitist::geom::Polyline;
use portraitist::interfaces::preview::Export;
use portraitist::interfaces::preview::routes::routes;
use portraitist::plan::MotionPlan;
use portraitist::plan::verify;
use portraitist::preview;
use portraitist::preview::InkConfig;
use portraitist::server::Effect;
use portraitist::strokes::Sheet;
use portraitist::strokes::Stroke;
use portraitist::strokes::StrokeKind;
use portraitist::strokes::StrokeSet;
use portraitist::strokes::svg;
use portraitist::strokes::svg::Layers;
use serde_json::Value;
use serde_json::json;

use crate::browser;
use crate::browser::Page;
use crate::program::Bench;
use crate::served;
use crate::served::Answer;
use crate::served::Served;

/// A drawing with contours and with shading that can be spared: a rosette over rows of short strokes.
fn rosette() -> Vec<u8> {
    let sheet = Sheet::new(148.0, 210.0).expect("A5");
    let stroke = |kind, points: Vec<(f64, f64)>| {
        let points = points.into_iter().map(|(x, y)| Point::new(x, y)).collect();
        Stroke { kind, path: Polyline::new(points).expect("a line") }
    };
    let petal = |i: i32| {
        let at = |k: i32| {
            let turn = f64::from(i) * 0.449 + f64::from(k) * 0.02;
            let far = 18.0 + 34.0 * (f64::from(k) / 70.0 * std::f64::consts::PI).sin();
            (74.0 + far * turn.cos(), 105.0 + far * turn.sin())
        };
        stroke(StrokeKind::Contour, (0..=70).map(at).collect())
    };
    let blade = |i: i32| {
        let (x, y) = (20.0 + f64::from(i % 24) * 4.5, 170.0 + f64::from(i / 24) * 5.0);
        stroke(StrokeKind::Shade, vec![(x, y), (x + 3.0, y - 4.0 - f64::from(i % 3))])
    };
    let strokes = (0..14).map(petal).chain((0..120).map(blade)).collect();
    svg::write(&StrokeSet::new(sheet, strokes).expect("on the sheet"), 0.4, Layers::ByKind).into_bytes()
}

fn running(bench: &Bench, arguments: &[&str]) -> Served {
    let preview = served::serve(bench, &[&["preview", "--no-open"], arguments].concat());
    assert_eq!(preview.told["schema"], "portraitist.preview/1");
    preview
}

fn plan(preview: &Served, ask: &Value) -> Answer {
    preview.post("/api/v1/preview/plan", ask)
}

#[test]
fn out_leaves_every_file_and_shows_no_page() {
    let bench = Bench::new();
    bench.file("rosette.svg", &rosette());
    let run = bench.run(&["preview", "rosette.svg", "--out", "one"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("134 strokes") && run.stdout.lines().count() == 1, "{}", run.stdout);
    for export in Export::ALL {
        let file = bench.path().join("one").join(export.name());
        assert!(fs::metadata(&file).is_ok_and(|m| m.len() > 200), "{}", export.name());
    }
    let program = fs::read(bench.path().join("one/program.gcode")).expect("written");
    // A plan and a program are shown as they are: what comes out is what went in.
    for (given, folder) in [("one/plan.json", "two"), ("one/program.gcode", "three")] {
        let again = bench.run(&["preview", given, "--out", folder]);
        assert_eq!(again.code, 0, "{}", again.stderr);
        assert_eq!(fs::read(bench.path().join(folder).join("program.gcode")).expect("written"), program, "{given}");
    }
    let page = fs::read_to_string(bench.path().join("three/preview.html")).expect("written");
    assert!(page.contains("\"title\":\"program\""));
}

#[test]
fn what_cannot_be_previewed_or_served_is_refused_in_a_sentence() {
    let bench = Bench::new();
    bench.file("rosette.svg", &rosette());
    bench.file("empty.svg", b"<svg xmlns='http://www.w3.org/2000/svg' width='10mm' height='10mm'/>");
    bench.file("noise.bin", &[7; 100]);
    bench.file("bad.gcode", b"G21\nG90\nG94\nG0X9999\n");
    bench.run(&["preview", "none.svg"]).refused(10, &["none.svg", "no such file"]);
    bench.run(&["preview", "empty.svg"]).refused(10, &["empty.svg", "nothing in this SVG"]);
    bench.run(&["preview", "noise.bin"]).refused(10, &["noise.bin"]);
    bench.run(&["preview", "bad.gcode"]).refused(9, &["line 4"]);
    bench.run(&["preview", "rosette.svg", "--listen", "0.0.0.0:0"]).refused(3, &["0.0.0.0", "operator"]);
    bench.run(&["preview", "rosette.svg", "--listen", "here"]).refused(3, &["address"]);
    let short = "security.operator_pin_hash=abc";
    bench.run(&["preview", "rosette.svg", "--set", short]).refused(3, &["operator_pin_hash", "portraitist pin"]);
    let small = "robot.field_width_mm=50";
    bench.run(&["preview", "rosette.svg", "--set", small]).refused(9, &["robot's field"]);
}

#[test]
fn a_drawing_is_planned_anew_as_asked() {
    let bench = Bench::new();
    bench.file("rosette.svg", &rosette());
    let preview = running(&bench, &["rosette.svg"]);
    let all = preview.get("/api/v1/preview").json();
    let full = all["plan"]["full_secs"].as_f64().expect("a number");
    let least = all["plan"]["least_secs"].as_f64().expect("a number");
    assert!(least < 0.7 * full, "shading can be spared: {least} of {full}");
    assert_eq!(all["choices"]["robot"], json!(["a4-servo", "a3-fast", "a4-z"]));
    assert_eq!((&all["choices"]["style"], &all["choices"]["paper"]), (&json!([]), &json!([])), "an SVG has its own");

    let budget = 0.5 * (full + least);
    let short = plan(&preview, &json!({ "budget_secs": budget })).json();
    assert!(short["plan"]["total_secs"].as_f64() <= Some(budget), "{}", short["plan"]["total_secs"]);
    assert!(short["left_out"]["strokes"].as_u64() > Some(0) && short["left_out"]["over_secs"] == 0.0);
    let hopeless = plan(&preview, &json!({ "budget_secs": 1 })).json();
    assert_eq!(hopeless["left_out"]["strokes"], 120, "contours stay");
    assert!(hopeless["left_out"]["over_secs"].as_f64() > Some(1.0));

    let other = plan(&preview, &json!({ "robot": "a3-fast", "pen": "brush" })).json();
    assert_eq!((&other["plan"]["robot"], &other["plan"]["pen_mm"]), (&json!("a3-fast"), &json!(1.2)));
    assert!(other["plan"]["total_secs"].as_f64() < Some(full), "a faster robot");
    let id = other["id"].as_u64().expect("a number");
    let file = |name: &str| preview.get(&format!("/api/v1/preview/plans/{id}/{name}"));
    for export in Export::ALL {
        let answer = file(export.name());
        assert_eq!(answer.status, 200, "{}", export.name());
        assert_eq!(answer.headers["content-type"], export.media_type());
        assert!(answer.headers["content-disposition"].contains(export.name()));
    }
    let plan = MotionPlan::from_json(&file("plan.json").body).expect("our own plan");
    verify::verify(&file("program.gcode").body, plan.sheet(), plan.robot()).expect("our own program");
    assert_eq!(preview.get("/api/v1/preview").json()["plan"]["id"], id, "the newest is shown to everyone");
}

#[test]
fn what_is_no_choice_is_refused_and_no_path_leads_out() {
    let bench = Bench::new();
    bench.file("rosette.svg", &rosette());
    fs::create_dir(bench.path().join("robots")).expect("writable");
    bench.file("robots/mine.toml", b"");
    let preview = running(&bench, &["rosette.svg"]);
    for (ask, status, code) in [
        (json!({ "robot": "nobody" }), 422, "BAD_INPUT"),
        (json!({ "robot": "../robots/mine.toml" }), 422, "BAD_INPUT"),
        (json!({ "robot": "./robots/mine.toml" }), 422, "BAD_INPUT"),
        (json!({ "style": "/etc/passwd" }), 422, "BAD_INPUT"),
        (json!({ "paper": "a4\u{0}" }), 422, "BAD_INPUT"),
        (json!({ "budget_secs": -1 }), 422, "BAD_INPUT"),
        (json!({ "budget_secs": 1e300 }), 422, "BAD_INPUT"),
        (json!({ "budget_secs": "1" }), 422, "BAD_JSON"),
        (json!({ "budget": 1 }), 422, "BAD_JSON"),
        (json!([]), 422, "BAD_JSON"),
    ] {
        let answer = plan(&preview, &ask);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{ask}");
    }
    let nothing = preview.get("/nothing").body;
    for path in [
        "/api/v1/preview/plans/1/../../../../etc/passwd",
        "/api/v1/preview/plans/1/..%2f..%2fCargo.toml",
        "/api/v1/preview/plans/1/plan.svg%00.png",
        "/api/v1/preview/plans/99/plan.svg",
        "/api/v1/preview/plans/-1/plan.svg",
        "/api/v1/preview/plans/1e0",
        "/api/v1/preview/plans/%ff/plan.svg",
        "//etc/passwd",
        "/page.css/",
    ] {
        let answer = preview.get(path);
        assert_eq!((answer.status, &answer.body), (404, &nothing), "{path}");
    }
}

#[test]
fn reading_changes_nothing_and_everything_is_described() {
    let bench = Bench::new();
    bench.file("rosette.svg", &rosette());
    let preview = running(&bench, &["rosette.svg"]);
    let before = preview.get("/api/v1/preview").body;
    let api = preview.get("/api/v1/openapi.json").json();
    for route in routes() {
        let described = &api["paths"][route.path()][route.verb().name().to_ascii_lowercase()];
        assert!(described["summary"].is_string(), "{}", route.path());
        // A feed never ends; the shell's own tests follow one.
        if route.effect() == Effect::Reads && !route.path().ends_with("/events") {
            let path = route.path().replace("{id}", "1").replace("{file}", "plan.svg");
            for _ in 0..2 {
                assert_eq!(preview.get(&path).status, 200, "{path}");
            }
            assert_eq!(preview.get("/api/v1/preview").body, before, "GET {path} changed something");
        }
    }
    assert_eq!(bench.run(&["openapi"]).json(), api, "the command tells what the server does");
}

#[test]
fn of_many_wishes_the_newest_is_shown() {
    let bench = Bench::new();
    bench.file("rosette.svg", &rosette());
    let preview = running(&bench, &["rosette.svg"]);
    let budgets: Vec<u32> = (20..36).collect();
    let answers: Vec<(u16, u64)> = std::thread::scope(|scope| {
        let asked: Vec<_> = budgets
            .iter()
            .map(|budget| {
                std::thread::sleep(Duration::from_millis(3));
                let preview = &preview;
                scope.spawn(move || {
                    let answer = plan(preview, &json!({ "budget_secs": budget }));
                    (answer.status, answer.json()["id"].as_u64().unwrap_or(0))
                })
            })
            .collect();
        asked.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(answers.iter().all(|(status, _)| [200, 409].contains(status)), "{answers:?}");
    let newest = answers.iter().map(|(_, id)| *id).max().expect("some");
    let shown = preview.get("/api/v1/preview").json();
    assert_eq!(shown["plan"]["id"], newest);
    assert!(answers.iter().any(|(status, _)| *status == 200));
}

#[test]
fn a_service_manager_ends_it_at_once_and_cleanly() {
    let bench = Bench::new();
    bench.file("rosette.svg", &rosette());
    let preview = running(&bench, &["rosette.svg"]);
    let address = preview.address().to_owned();
    let mut follower = preview.request("/api/v1/preview/events");
    let mut first = [0; 64];
    assert!(follower.read(&mut first).is_ok_and(|bytes| bytes > 0));
    let (code, took) = preview.end();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn pins_become_hashes_and_weak_ones_are_refused() {
    let bench = Bench::new();
    let run = |pin: &str| {
        let mut child = bench
            .command(&["pin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        child.stdin.take().expect("piped").write_all(pin.as_bytes()).expect("it reads");
        child.wait_with_output().expect("it ends")
    };
    let good = run("271828\n");
    let hash = String::from_utf8(good.stdout).expect("text").trim().to_owned();
    assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
    assert!(!hash.contains("271828"));
    let set = format!("security.operator_pin_hash={hash}");
    bench.run(&["config", "check", "--set", &set]);
    for weak in ["1234\n", "123456\n", "", "secret\n"] {
        assert_eq!(run(weak).status.code(), Some(10), "{weak:?}");
    }
    assert_eq!(bench.run(&["pin", "--token"]).stdout.trim().len(), 64);
}

// --- in a browser -----------------------------------------------------------------------------------------------------

/// The sheet as the page shows it: its paper and its ink, without marks that are not ink.
fn sheet_of(page: &mut Page) -> image::RgbImage {
    page.canvas(
        "document.getElementById('ink')",
        "getComputedStyle(document.documentElement).getPropertyValue('--paper')",
    )
}

/// Mean difference of two pictures in levels of 255, and the share of pixels that differ by more than [`FAR`].
pub fn difference(a: &image::RgbImage, b: &image::RgbImage) -> (f64, f64) {
    let (width, height) = (a.width().min(b.width()), a.height().min(b.height()));
    let (mut sum, mut far) = (0.0, 0.0);
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        let apart = |k: usize| f64::from(a.get_pixel(x, y).0[k].abs_diff(b.get_pixel(x, y).0[k]));
        let most = apart(0).max(apart(1)).max(apart(2));
        sum += most;
        far += f64::from(u8::from(most > FAR));
    }
    let count = f64::from(width) * f64::from(height);
    (sum / count, far / count)
}

/// Beyond this a pixel is not the same one drawn by another hand's anti-aliasing: a quarter of full ink.
const FAR: f64 = 56.0;
/// What the page's canvas and the renderer may differ by, on average over the sheet, levels of 255. (The page's places are
/// hundredths of a millimetre, thinned to a fiftieth, and two programs smooth edges differently.)
const MEAN: f64 = 0.6;
/// The share of pixels that may differ by more than [`FAR`].
const SHARE: f64 = 0.000_1;

#[test]
fn the_pages_last_frame_is_the_renderers_picture() {
    let Some(browser) = browser::launch("the_pages_last_frame_is_the_renderers_picture") else { return };
    let bench = Bench::new();
    bench.file("rosette.svg", &rosette());
    let served = running(&bench, &["rosette.svg"]);
    let mut page = browser.page(1000, 1300);
    page.go(&served.url());
    page.until("document.getElementById('planner').dataset.plan");
    page.ask("drawing.seek(0)");
    // Played to its end, not only set there.
    page.ask(
        "document.querySelector('input[name=speed][value=\"60\"]').click(); document.getElementById('play').click()",
    );
    page.until("document.getElementById('strokes').textContent === '134'");
    page.until("!document.getElementById('play').classList.contains('playing')");
    let shown = sheet_of(&mut page);
    let plan = MotionPlan::from_json(&served.get("/api/v1/preview/plans/1/plan.json").body).expect("our own plan");
    let px_per_mm = f64::from(shown.width()) / plan.sheet().width_mm();
    let ink = InkConfig { px_per_mm, ..InkConfig::default() };
    let rendered = preview::paper(&plan, &ink);
    let (mean, share) = difference(&shown, &rendered);
    println!("page against renderer at {px_per_mm:.2} px/mm: mean {mean:.3} levels, {:.4} % far", 100.0 * share);
    assert!(mean <= MEAN && share <= SHARE, "mean {mean}, share {share}");
    // And the comparison can fail: a twentieth of the drawing short is another picture.
    page.ask(&format!("drawing.seek({})", 0.95 * plan.total_secs()));
    let (mean, share) = difference(&sheet_of(&mut page), &rendered);
    assert!(mean > MEAN || share > SHARE, "mean {mean}, share {share}");
    // The page that stands alone shows the same.
    let alone = bench.path().join("alone.html");
    fs::write(&alone, served.get("/api/v1/preview/plans/1/preview.html").body).expect("writable");
    let mut page = browser.page(1000, 1300);
    page.go(&format!("file://{}#t=1e9", alone.display()));
    let (mean, share) = difference(
        &sheet_of(&mut page),
        &preview::paper(
            &plan,
            &InkConfig {
                px_per_mm: f64::from(sheet_of(&mut page).width()) / plan.sheet().width_mm(),
                ..InkConfig::default()
            },
        ),
    );
    assert!(mean <= MEAN && share <= SHARE, "alone: mean {mean}, share {share}");
    assert_eq!(page.complaints(), [] as [String; 0]);
}

#[test]
fn the_page_plans_anew_by_hand_and_by_keys_and_asks_for_nothing_else() {
    let Some(browser) = browser::launch("the_page_plans_anew_by_hand_and_by_keys_and_asks_for_nothing_else") else {
        return;
    };
    let bench = Bench::new();
    bench.file("rosette.svg", &rosette());
    let served = running(&bench, &["rosette.svg"]);
    let mut page = browser.page(1920, 1080);
    page.go(&served.url());
    let plan = "Number(document.getElementById('planner').dataset.plan)";
    page.until(plan);
    let text = |page: &mut Page, id: &str| {
        page.ask(&format!("document.getElementById('{id}').textContent")).as_str().map(str::to_owned)
    };
    assert_eq!(text(&mut page, "title").as_deref(), Some("rosette"));
    assert_eq!(text(&mut page, "strokes").as_deref(), Some("134"));
    // The time slider by keys.
    page.press("Home");
    assert_eq!(text(&mut page, "elapsed").as_deref(), Some("0:00"));
    page.press("ArrowRight");
    assert_eq!(text(&mut page, "elapsed").as_deref(), Some("0:05"));
    page.press("o");
    assert_eq!(page.ask("document.getElementById('show-order').checked"), true);
    page.press("End");
    // The budget by keys: they move its slider, not the time.
    page.ask("document.getElementById('budget').focus()");
    let before = text(&mut page, "elapsed");
    page.press("Home");
    assert_eq!(text(&mut page, "elapsed"), before);
    page.until(&format!("{plan} > 1 && !document.getElementById('planner').classList.contains('busy')"));
    assert!(text(&mut page, "note").is_some_and(|note| note.contains("left out")), "{:?}", text(&mut page, "note"));
    assert!(page.ask("Number(document.getElementById('strokes').textContent)").as_u64() < Some(134));
    // A second page shows what the first has planned, and the first what the second plans.
    let mut other = browser.page(390, 844);
    other.size(390, 844, 2.0, true);
    other.go(&served.url());
    other.until(&format!("{plan} > 1"));
    let seen = other.ask(plan).as_u64();
    other.ask("const r = document.getElementById('robot'); r.value = 'a3-fast'; r.dispatchEvent(new Event('change'))");
    other.until(&format!("{plan} > {}", seen.expect("a number")));
    page.until("document.getElementById('medium').textContent.includes('a3-fast')");
    // By touch.
    other.touch("#play");
    other.until("document.getElementById('play').classList.contains('playing')");
    // Every target is large enough for a finger, and nothing sticks out sideways.
    let small = other.ask(
        "[...document.querySelectorAll('button, select, .exports a, input[type=range], .speeds label, .toggles label')]\
         .filter((e) => e.offsetParent && (e.getBoundingClientRect().height < 44 || e.getBoundingClientRect().width < 44))\
         .map((e) => e.outerHTML)",
    );
    assert_eq!(small, json!([]));
    assert_eq!(other.ask("document.documentElement.scrollWidth <= innerWidth"), true);
    for page in [&mut page, &mut other] {
        let own = served.url();
        let foreign: Vec<String> = page.asked_for().into_iter().filter(|url| !url.starts_with(&own)).collect();
        assert_eq!(foreign, [] as [String; 0], "the page works without a network");
        assert_eq!(page.complaints(), [] as [String; 0]);
    }
    // The program ends: the page says so, and nothing can be asked any more.
    served.end();
    page.until("document.body.classList.contains('alone')");
}

/// Pictures of the page for people to look at, where `PORTRAITIST_SCREENSHOTS` names a folder; made of a real portrait.
#[test]
fn pictures_of_the_page_for_people() {
    let Some(folder) = std::env::var_os("PORTRAITIST_SCREENSHOTS").map(PathBuf::from) else { return };
    let Some(browser) = browser::launch("pictures_of_the_page_for_people") else { return };
    let bench = Bench::new();
    bench.file("Clara.jpg", portraitist::photo::sitters::sitters()[0].jpeg);
    let served = running(&bench, &["Clara.jpg"]);
    for (name, width, height, ratio, scheme, hash) in [
        ("wide", 1920, 1080, 1.0, "light", ""),
        ("wide-dark", 1920, 1080, 1.0, "dark", "#t=70&travel"),
        ("wide-order", 1920, 1080, 1.0, "light", "#order"),
        ("tall", 1080, 1920, 1.0, "light", "#t=90"),
        ("tall-dark", 1080, 1920, 1.0, "dark", ""),
        ("phone", 390, 844, 2.0, "light", "#t=80"),
        ("laptop", 1280, 720, 1.0, "light", "#t=40&order"),
    ] {
        let mut page = browser.page(width, height);
        page.size(width, height, ratio, name == "phone");
        page.prefer("prefers-color-scheme", scheme);
        page.go(&format!("{}{hash}", served.url()));
        page.until("document.getElementById('planner').dataset.plan");
        std::thread::sleep(Duration::from_millis(800));
        fs::write(folder.join(format!("{name}.png")), page.picture()).expect("the folder is writable");
        if name == "phone" {
            page.ask("scrollTo(0, 1e5)");
            std::thread::sleep(Duration::from_millis(300));
            fs::write(folder.join("phone-below.png"), page.picture()).expect("the folder is writable");
        }
    }
}
