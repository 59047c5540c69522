//! `serve`, as its callers, its folder and its staff meet it: the program, its HTTP API, the simulated robot.

use std::fs;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use portraitist::photo::sitters;
use serde_json::Value;
use serde_json::json;

use crate::program::Bench;
use crate::served;
use crate::served::Answer;
use crate::served::Served;

/// A busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(240);

fn serve(bench: &Bench, arguments: &[&str]) -> Served {
    let sets = sets(bench);
    let mut all: Vec<&str> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    all.extend(["serve", "--style", "flow"]);
    all.extend(arguments);
    served::serve(bench, &all)
}

/// Where this bench's booth keeps what is its own.
fn sets(bench: &Bench) -> [String; 2] {
    let path = |name: &str| bench.path().join(name).display().to_string();
    [format!("booth.state_folder={}", path("state")), format!("security.lock_out_file={}", path("lock-out.json"))]
}

/// A command of the same user.
fn command(bench: &Bench, arguments: &[&str]) -> crate::program::Run {
    let sets = sets(bench);
    let mut all: Vec<&str> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    all.extend(arguments);
    bench.run(&all)
}

fn order(serve: &Served, key: &str) -> Answer {
    serve.ask("POST", "/api/v1/orders", &format!("Idempotency-Key: {key}\r\n"), "{}")
}

/// Waits until `found` gives something.
fn until<T>(what: &str, found: impl Fn() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(since.elapsed() < PATIENCE, "{what} never came");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn ready(serve: &Served) {
    until("readiness", || (serve.get("/readyz").status == 200).then_some(()));
}

fn over(serve: &Served, key: &str) -> Value {
    until("the end of the order", || {
        let order = serve.get(&format!("/api/v1/orders/{key}")).json();
        ["drawn", "failed", "cancelled"].contains(&order["state"].as_str()?).then_some(order)
    })
}

#[test]
fn a_trigger_draws_once_however_often_it_comes() {
    let bench = Bench::new();
    let serve = serve(&bench, &["--sample", "--at-once"]);
    assert_eq!(serve.post("/api/v1/orders", &json!({})).json()["code"], "KEY_MISSING");
    ready(&serve);
    let first = order(&serve, "button-1");
    assert_eq!((first.status, first.json()["state"].as_str()), (202, Some("waiting")));
    let again = order(&serve, "button-1");
    assert_eq!((again.status, again.json()["key"].as_str()), (200, Some("button-1")));
    let other = order(&serve, "button-2");
    assert!([409, 429].contains(&other.status), "one after the other");
    let drawn = over(&serve, "button-1");
    assert_eq!((drawn["state"].as_str(), &drawn["confirmed"]), (Some("drawn"), &drawn["strokes"]), "{drawn}");
    assert!(drawn["strokes"].as_u64() > Some(100));
    assert_eq!(order(&serve, "button-1").json()["state"], "drawn", "a message delivered late draws nothing");
    ready(&serve);
    let metrics = String::from_utf8(serve.get("/metrics").body).expect("text");
    assert!(metrics.contains("portraitist_jobs_total{by=\"completed\"} 1"), "{metrics}");
    assert_eq!(serve.get("/api/v1/orders").status, 401, "others' orders are the staff's");
    let (code, _) = serve.end();
    assert_eq!(code, Some(0));
}

fn beside(folder: &Path, name: &str) -> Option<Value> {
    serde_json::from_slice(&fs::read(folder.join(name)).ok()?).ok()
}

#[test]
fn photos_of_a_watched_folder_are_drawn_and_told_beside() {
    let bench = Bench::new();
    let folder = bench.path().join("photos");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("anna.jpg"), sitters::sitter("clara").expect("shipped").jpeg).expect("written");
    fs::write(folder.join("broken.jpg"), b"\xff\xd8\xff no photo").expect("written");
    let serve = serve(&bench, &["--watch", "photos", "--at-once"]);
    let told = |name: &'static str, state: &'static str| {
        until(name, || beside(&folder, name).filter(|told| told["state"] == state))
    };
    let drawn = told("anna.jpg.json", "drawn");
    assert_eq!((&drawn["schema"], &drawn["confirmed"]), (&json!("portraitist.order/1"), &drawn["strokes"]));
    let svg = fs::read_to_string(folder.join("anna.jpg.svg")).expect("its strokes");
    assert_eq!(svg.matches("<path").count() as u64, drawn["strokes"].as_u64().expect("a number"));
    let failed = told("broken.jpg.json", "failed");
    assert_eq!(failed["code"], "PHOTO_UNREADABLE");
    assert_eq!(order(&serve, "button").json()["code"], "NO_CAMERA");
    drop(serve);
    let key = drawn["key"].clone();
    let serve = self::serve(&bench, &["--watch", "photos", "--at-once"]);
    ready(&serve);
    std::thread::sleep(Duration::from_secs(3));
    let now = beside(&folder, "anna.jpg.json").expect("still there");
    assert_eq!((&now["key"], &now["state"]), (&key, &json!("drawn")), "what is on paper is not drawn again");
    let metrics = String::from_utf8(serve.get("/metrics").body).expect("text");
    assert!(metrics.contains("portraitist_strokes_drawn_total 0"), "{metrics}");
}

#[test]
fn its_user_runs_the_house_from_a_terminal() {
    let bench = Bench::new();
    command(&bench, &["house"]).refused(4, &["no booth of this user runs"]);
    let serve = serve(&bench, &["--sample", "--at-once", "--staffed"]);
    let house = || command(&bench, &["house"]).stdout;
    until("the robot", || house().contains("robot unhomed").then_some(()));
    assert!(house().starts_with("closed: "), "{}", house());
    assert_eq!(order(&serve, "early").json()["code"], "CLOSED", "nobody is drawn while the house is closed");
    for press in ["vouch", "sheet-loaded", "open"] {
        assert_eq!(command(&bench, &["house", press]).code, 0, "{press}");
    }
    until("an open house", || house().starts_with("open and ready").then_some(()));
    assert_eq!(order(&serve, "button").status, 202);
    assert_eq!(over(&serve, "button")["state"], "drawn");
    assert!(house().contains("drawing drawn"), "it waits until somebody takes it: {}", house());
    assert_eq!(order(&serve, "button-2").json()["code"], "DRAWING_NOT_TAKEN");
    assert_eq!(command(&bench, &["house", "sheet-taken"]).code, 0);

    let proof = command(&bench, &["--json", "wipe", "--prove"]).json();
    assert_eq!((&proof["running"], &proof["left"]), (&json!(true), &json!([])), "{proof}");
    // Other tests' booths have processes of their own.
    assert!(proof["wipes"]["failed"] == 0 && proof["sitters"].as_u64() >= Some(1), "{proof}");
    bench.run(&["support-bundle", "--out", "no-booth.json"]);
    assert_eq!(command(&bench, &["support-bundle", "--out", "bundle.json"]).code, 0);
    let bundle = fs::read_to_string(bench.path().join("bundle.json")).expect("written");
    let told: Value = serde_json::from_str(&bundle).expect("JSON");
    assert!(told["metrics"].as_str().is_some_and(|text| text.contains("portraitist_build")), "{bundle}");
    assert_eq!(told["house"]["robot"], "ready");
    assert!(!bundle.contains("operator_pin") && !bundle.contains("button"), "{bundle}");
    let (code, _) = serve.end();
    assert_eq!(code, Some(0));
    assert_eq!(command(&bench, &["house"]).code, 4, "it has gone, and its address with it");
    let proof = command(&bench, &["--json", "wipe", "--prove"]).json();
    assert_eq!((&proof["running"], &proof["files"]), (&json!(false), &json!(["lock", "pen.json"])), "{proof}");
}
