//! What is pulled out and put back in while the kiosk runs: the camera, and the robot's cable, which returns as another tty.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;
use std::time::Instant;

use portraitist::photo::sitters;
use serde_json::json;

use crate::kiosk;
use crate::kiosk::press;
use crate::kiosk::screen;
use crate::kiosk::until;
use crate::kiosk::walk;
use crate::power_cut;
use crate::program::Bench;
use crate::robot::Sim;

/// A camera is there again after this time, says the study (R1); a busy machine gets twice as long.
const BACK_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn a_camera_that_vanishes_comes_back_by_itself_again_and_again() {
    let bench = Bench::new();
    let (folder, away) = (bench.path().join("camera"), bench.path().join("away"));
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("sitter.jpg"), sitters::sitter("clara").expect("shipped").jpeg).expect("written");
    let kiosk = kiosk::kiosk_of(&bench, &["--camera-dir", "camera", "--at-once"]);
    screen(&kiosk, "attract");
    let back = |since: Instant, what: &str| {
        assert!(since.elapsed() < BACK_WITHIN, "{what} after {:?}", since.elapsed());
    };
    for _ in 0..2 {
        fs::rename(&folder, &away).expect("unplugged");
        let closed = screen(&kiosk, "closed");
        assert_eq!(closed["session"], json!(null));
        fs::rename(&away, &folder).expect("plugged in");
        let since = Instant::now();
        screen(&kiosk, "attract");
        back(since, "the attract screen");
    }
    let framing = walk(&kiosk, "framing");
    for absence in [1, 5] {
        fs::rename(&folder, &away).expect("unplugged");
        let lost = until(&kiosk, "a calm word", |view| view["notice"].as_str().is_some_and(|n| n.contains("Kamera")));
        assert_eq!(lost["session"], framing["session"], "nobody is sent away");
        std::thread::sleep(Duration::from_secs(absence));
        fs::rename(&away, &folder).expect("plugged in");
        let since = Instant::now();
        let seen = until(&kiosk, "the live view", |view| !view["notice"].to_string().contains("Kamera"));
        back(since, "the live view");
        assert_eq!((&seen["session"], &seen["screen"]), (&framing["session"], &json!("framing")));
    }
    press(&kiosk, &framing, json!({ "press": "take-photo" }));
    screen(&kiosk, "review");
}

#[test]
fn a_cable_that_is_pulled_interrupts_and_another_tty_resumes_only_when_a_person_says_so() {
    let bench = Bench::new();
    let profile = include_str!("../../config/robots/a4-servo.toml").replace("homing = false", "homing = true");
    let profile = bench.file("homing.toml", profile.as_bytes());
    let link = bench.path().join("robot");
    let first = Sim::with(&bench, &["--robot", profile]);
    symlink(&first.port, &link).expect("a name that stays");
    let port = link.to_str().expect("a path");
    let kiosk = kiosk::kiosk_of(&bench, &["--sample", "--robot", profile, "--port", port]);
    power_cut::until(&bench, &kiosk, "the robot", |house| house["robot"] == "unhomed");
    power_cut::home(&bench, &kiosk);
    for word in ["sheet-loaded", "open"] {
        power_cut::press(&bench, &kiosk, word);
    }
    let watching = walk(&kiosk, "watching");
    until(&kiosk, "ink", |view| view["progress"]["stroke"].as_u64() > Some(2));
    let old = first.port.clone();
    drop(first); // the plug is out
    let job = |house: &serde_json::Value| house["job"].clone();
    let broken = power_cut::until(&bench, &kiosk, "the interruption", |house| house["job"]["state"] == "interrupted");
    assert_eq!(job(&broken)["code"], "LINK_LOST", "{broken:#}");
    let offered = job(&broken)["confirmed"].as_u64().expect("a count");
    assert!(offered > 2 && kiosk.get("/readyz").status == 503);
    until(&kiosk, "an end for the visitor", |view| view["session"] != watching["session"]);

    // Held, so that the next one cannot be given the same name.
    let held = Sim::with(&bench, &["--robot", profile]);
    let second = Sim::with(&bench, &["--robot", profile]);
    assert_ne!(second.port, old, "another tty");
    fs::remove_file(&link).expect("the name is free");
    symlink(&second.port, &link).expect("the same name for another tty");
    power_cut::until(&bench, &kiosk, "the same robot", |house| house["robot"] == "unhomed");
    std::thread::sleep(Duration::from_secs(2));
    let still = power_cut::until(&bench, &kiosk, "the same drawing", |_| true);
    assert_eq!((job(&still), &still["robot"]), (job(&broken), &json!("unhomed")), "nothing moves by itself");
    power_cut::press(&bench, &kiosk, "resume");
    let refused = power_cut::until(&bench, &kiosk, "a refusal", |house| house["job"]["refused"] != json!([]));
    assert_eq!(job(&refused)["state"], "interrupted", "an unhomed robot draws nothing");
    power_cut::home(&bench, &kiosk);
    power_cut::press(&bench, &kiosk, "resume");
    power_cut::until(&bench, &kiosk, "more ink", |house| house["job"]["confirmed"].as_u64() > Some(offered + 1));
    power_cut::press(&bench, &kiosk, "cancel");
    power_cut::until(&bench, &kiosk, "the end", |house| house["job"].is_null());
    drop(kiosk);
    drop(held);
    let end = second.end();
    assert!(end["strokes"].as_u64() >= Some(2), "it was this one that drew: {end}");
}
