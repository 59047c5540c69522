//! The staff's morning and evening: the checklist with test mark and self-test, the report, a booth without its machines.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::kiosk;
use crate::kiosk::children;
use crate::kiosk::operator;
use crate::kiosk::press;
use crate::kiosk::screen;
use crate::kiosk::walk;
use crate::power_cut;
use crate::program::Bench;
use crate::served::Served;

fn house(bench: &Bench, kiosk: &Served) -> Value {
    power_cut::ask(bench, kiosk, "GET", "/api/v1/house", &json!(null))
}

fn staff(bench: &Bench, kiosk: &Served, press: &str) {
    power_cut::press(bench, kiosk, press);
}

fn done(house: &Value) -> Vec<&str> {
    let steps = house["opening"].as_array().expect("the checklist");
    steps.iter().filter(|step| step["done"] == true).map(|step| step["step"].as_str().expect("a step")).collect()
}

/// Has a drawing of the checklist drawn and taken away.
fn draws(bench: &Bench, kiosk: &Served, word: &str) {
    staff(bench, kiosk, "sheet-loaded");
    staff(bench, kiosk, word);
    let house = power_cut::until(bench, kiosk, word, |house| house["job"]["state"] == "drawn");
    assert_eq!(house["open"], false);
    staff(bench, kiosk, "sheet-taken");
    power_cut::until(bench, kiosk, "a free table", |house| house["job"].is_null());
}

#[test]
fn a_day_of_the_booth_from_its_checklist_to_its_report() {
    let bench = Bench::new();
    let kiosk = kiosk::kiosk_of(&bench, &["--sample", "--at-once", "--staffed"]);
    power_cut::until(&bench, &kiosk, "the robot and the networks", |house| {
        house["robot"] == "unhomed" && !house["reasons"].to_string().contains("model-not-loaded")
    });
    screen(&kiosk, "closed");
    assert_eq!(done(&house(&bench, &kiosk)), [] as [&str; 0]);
    staff(&bench, &kiosk, "vouch");
    power_cut::until(&bench, &kiosk, "a robot that knows where it is", |house| done(house) == ["home"]);
    draws(&bench, &kiosk, "test-mark");
    assert_eq!(done(&house(&bench, &kiosk)), ["home", "sheet"], "drawn is not yet looked at");
    staff(&bench, &kiosk, "test-mark-good");
    let with_photo = children(kiosk.id());
    staff(&bench, &kiosk, "look-at-camera");
    let look = power_cut::until(&bench, &kiosk, "what the camera sees", |house| !house["camera_look"].is_null())["camera_look"].clone();
    assert!(look["Ok"]["luma"].as_u64().is_some_and(|luma| (30..230).contains(&luma)), "{look}");
    assert_eq!(look["Ok"]["hint"], Value::Null, "a face in its place: {look}");
    power_cut::until(&bench, &kiosk, "another process", |_| {
        children(kiosk.id()).iter().all(|id| !with_photo.contains(id))
    });
    staff(&bench, &kiosk, "camera-good");
    draws(&bench, &kiosk, "self-test");
    let reference = operator(&kiosk, "GET", "/api/v1/house/self-test.svg", &json!(null));
    assert_eq!(String::from_utf8_lossy(&reference.body).matches("<path").count(), 16);
    assert_eq!(kiosk.get("/api/v1/house/self-test.svg").status, 401);
    staff(&bench, &kiosk, "self-test-good");
    let ready = power_cut::until(&bench, &kiosk, "the whole checklist", |house| done(house).len() == 5);
    let of_trials = ready["pen_use"]["metres"].as_f64().expect("a length");
    assert!(of_trials > 0.5, "{ready:#}");
    staff(&bench, &kiosk, "sheet-loaded");
    staff(&bench, &kiosk, "open");
    power_cut::until(&bench, &kiosk, "an open house", |house| house["reasons"] == json!([]));
    staff(&bench, &kiosk, "test-mark");

    let consent = walk(&kiosk, "consent");
    press(&kiosk, &consent, json!({ "press": "no" }));
    let choosing = walk(&kiosk, "choosing");
    assert_eq!(house(&bench, &kiosk)["job"], Value::Null, "no test mark is drawn while visitors may come");
    press(&kiosk, &choosing, json!({ "press": "draw", "offer": 0 }));
    let collect = screen(&kiosk, "collect");
    staff(&bench, &kiosk, "close");
    press(&kiosk, &collect, json!({ "press": "taken" }));
    let closed = power_cut::until(&bench, &kiosk, "everybody gone", |house| house["report"]["wiped"] == 2);
    let report = &closed["report"];
    for (name, count) in [("sessions", 2), ("drawn", 1), ("declined", 1), ("cancelled", 0), ("sheets", 1)] {
        assert_eq!(report[name], count, "{name}: {report}");
    }
    assert!(report["ink_metres"].as_f64() > Some(1.0), "{report}");
    assert!(closed["pen_use"]["metres"].as_f64() > Some(of_trials + 1.0), "{closed:#}");
    assert_eq!(done(&closed), ["home"], "tomorrow it begins anew");
    let told = || fs::read_to_string(bench.path().join("stderr.log")).expect("its log");
    power_cut::until(&bench, &kiosk, "the report in the log", |_| {
        told().contains("closed; {\"sessions\":2,\"wiped\":2,\"drawn\":1")
    });
    staff(&bench, &kiosk, "pen-changed");
    power_cut::until(&bench, &kiosk, "a new pen", |house| house["pen_use"]["metres"] == 0.0);
}

#[test]
fn a_worn_pen_closes_the_door_until_it_is_changed() {
    let bench = Bench::new();
    let kiosk = kiosk::kiosk_of(&bench, &["--sample", "--at-once", "--set", "booth.pen_most_metres=1"]);
    let choosing = walk(&kiosk, "choosing");
    press(&kiosk, &choosing, json!({ "press": "draw", "offer": 0 }));
    let collect = screen(&kiosk, "collect");
    press(&kiosk, &collect, json!({ "press": "taken" }));
    kiosk::until(&kiosk, "a word about the pen", |view| view["lines"] == json!(["The robot changes its pen."]));
    assert!(kiosk.get("/readyz").json().to_string().contains("PEN_WORN"));
    drop(kiosk);
    let kiosk = kiosk::kiosk_of(&bench, &["--sample", "--at-once", "--set", "booth.pen_most_metres=1"]);
    power_cut::until(&bench, &kiosk, "the pen's count", |house| house["pen"] == "worn");
    staff(&bench, &kiosk, "pen-changed");
    screen(&kiosk, "attract");
}

#[test]
fn a_safe_booth_has_neither_robot_nor_camera() {
    let bench = Bench::new();
    let kiosk = kiosk::kiosk_of(&bench, &["--safe"]);
    screen(&kiosk, "closed");
    assert_eq!(kiosk.get("/readyz").json()["reasons"][0]["code"], "SAFE_MODE");
    for press in ["home", "vouch", "sheet-loaded", "test-mark", "look-at-camera", "open"] {
        staff(&bench, &kiosk, press);
    }
    std::thread::sleep(Duration::from_secs(2));
    let house = house(&bench, &kiosk);
    assert_eq!((&house["robot"], &house["safe"]), (&json!("absent"), &json!(true)), "{house:#}");
    assert_eq!(children(kiosk.id()), [] as [u32; 0], "no process has a camera");
    assert_eq!(kiosk.get("/operator").status, 401, "its page is there for who knows the PIN");
    assert_eq!(operator(&kiosk, "GET", "/operator", &json!(null)).status, 200);
    let (code, _) = kiosk.end();
    assert_eq!(code, Some(0));
    let both = bench.run(&["kiosk", "--safe", "--sample"]);
    assert_eq!(both.code, 2, "{}", both.stderr);
    assert!(["--safe", "--sample"].iter().all(|word| both.stderr.contains(word)), "{}", both.stderr);
}
