//! Many visitors, one after the other, through the running booth: nothing grows, everybody is wiped, every drawing counted.
//!
//! What a visitor does is drawn by lot, from a fixed seed: most say no or leave at some screen, some have the robot draw,
//! some of these stop it. `PORTRAITIST_SOAK=500` lets five hundred come; the suite lets [`VISITORS`]. The same through the
//! machines alone, with every kind of fault, is in `src/kiosk/evening/soak.rs`.

use std::fs;

use serde_json::Value;
use serde_json::json;

use crate::kiosk;
use crate::kiosk::press;
use crate::kiosk::screen;
use crate::kiosk::until;
use crate::kiosk::walk;
use crate::power_cut;
use crate::program::Bench;
use crate::served::Served;

/// Visitors in the suite.
const VISITORS: usize = 12;
/// Before that many have come nothing is compared: what is made once has been made then.
const SETTLED: usize = 5;

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    rss_kib: u64,
    threads: u64,
    descriptors: u64,
}

fn held(kiosk: &Served) -> Held {
    let status = fs::read_to_string(format!("/proc/{}/status", kiosk.id())).expect("it runs");
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux tells it");
        line.trim().split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
    };
    let descriptors = fs::read_dir(format!("/proc/{}/fd", kiosk.id())).expect("it runs").count() as u64;
    Held { rss_kib: number("VmRSS:"), threads: number("Threads:"), descriptors }
}

/// A fixed sequence of numbers below `below` (PCG's multiplier).
fn lot(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

/// One visitor. Gives how many drawings came to the table, and how many of these to paper.
fn visit(kiosk: &Served, chance: &mut u64) -> (usize, usize) {
    let leaves = ["intro", "consent", "consent", "framing", "review", "choosing", "watching", "watching"];
    let last = leaves[lot(chance, leaves.len() as u64) as usize];
    let now = if last == "watching" { walk(kiosk, "choosing") } else { walk(kiosk, last) };
    let over = |view: &Value| view["session"] != now["session"];
    match last {
        "watching" => {
            press(kiosk, &now, json!({ "press": "draw", "offer": 0 }));
            let collect = screen(kiosk, "collect");
            press(kiosk, &collect, json!({ "press": "taken" }));
            until(kiosk, "the end", over);
            return (1, 1);
        }
        "consent" => press(kiosk, &now, json!({ "press": "no" })),
        _ => press(kiosk, &now, json!({ "press": "cancel" })),
    }
    until(kiosk, "the end", over);
    // A stop that comes when nobody is there holds nothing up.
    if lot(chance, 4) == 0 {
        assert_eq!(kiosk.post("/api/v1/session/stop", &json!({})).status, 202);
    }
    (0, 0)
}

#[test]
fn visitor_after_visitor_nothing_grows_and_everybody_is_accounted_for() {
    let visitors = std::env::var("PORTRAITIST_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(VISITORS);
    let bench = Bench::new();
    let hurried = ["--set", "kiosk.thanks_secs=1", "--set", "kiosk.countdown_secs=1", "--set", "kiosk.announce_secs=1"];
    let kiosk = kiosk::kiosk_of(&bench, &[&["--sample", "--at-once"], &hurried[..]].concat());
    let mut chance = 20_261_123_u64;
    let (mut ordered, mut drawn) = (0, 0);
    let mut settled = None;
    for visitor in 0..visitors {
        if visitor == SETTLED {
            screen(&kiosk, "attract");
            settled = Some(held(&kiosk));
        }
        if visitor > 0 && visitor % 50 == 0 {
            eprintln!("{visitor} visitors: {:?}", held(&kiosk));
        }
        let (placed, finished) = visit(&kiosk, &mut chance);
        (ordered, drawn) = (ordered + placed, drawn + finished);
    }
    screen(&kiosk, "attract");
    let (before, after) = (settled.expect("enough came"), held(&kiosk));
    eprintln!("{visitors} visitors, {ordered} drawings: {before:?} became {after:?}");
    // Of a small process the allocator's own pages weigh; 500 visitors get no more than 20 do.
    assert!(after.rss_kib < before.rss_kib + before.rss_kib / 20 + 6144, "{before:?} became {after:?}");
    assert!(after.threads <= before.threads + 1, "{before:?} became {after:?}");
    assert!(after.descriptors <= before.descriptors + 2, "{before:?} became {after:?}");

    let metrics = String::from_utf8(kiosk.get("/metrics").body).expect("text");
    let sum = |name: &str| -> usize {
        let values = metrics.lines().filter(|line| line.starts_with(name) && !line.contains("restarted"));
        values.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
    };
    assert_eq!(sum("portraitist_sessions_total"), visitors, "{metrics}");
    assert_eq!((sum("portraitist_jobs_total"), sum("portraitist_jobs_total{by=\"completed\"}")), (ordered, drawn));
    assert_eq!(sum("portraitist_wipes_total{by=\"failed\"}"), 0, "{metrics}");
    let house = power_cut::ask(&bench, &kiosk, "GET", "/api/v1/house", &json!(null));
    let report = &house["report"];
    assert_eq!((&report["sessions"], &report["wiped"]), (&json!(visitors), &json!(visitors)), "{report}");
}
