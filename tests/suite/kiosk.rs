//! `kiosk`, as its visitors and their robot meet it: the program, its HTTP API, its processes, the simulated robot.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use crate::browser;
use crate::browser::Page;
use crate::program::Bench;
use crate::served;
use crate::served::Served;

/// A busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(240);

/// A button that does nothing for so many presses is broken.
const MOST_PRESSES: u32 = 20;

/// Screens that wait for slow machines.
const PATIENT: [&str; 8] = [
    "kiosk.intro_secs=600",
    "kiosk.consent_secs=600",
    "kiosk.framing_secs=600",
    "kiosk.burst_secs=30",
    "kiosk.review_secs=600",
    "kiosk.styles_secs=600",
    "kiosk.choosing_secs=600",
    "kiosk.your_turn_secs=600",
];

/// A kiosk in its demonstration, with a sample sitter, patient with slow machines.
pub fn kiosk(bench: &Bench, arguments: &[&str]) -> Served {
    kiosk_of(bench, &[&["--sample"], arguments].concat())
}

/// The same with a camera of the test's own.
pub fn kiosk_of(bench: &Bench, arguments: &[&str]) -> Served {
    let state = format!("booth.state_folder={}", bench.path().join("state").display());
    let lock_out = format!("security.lock_out_file={}", bench.path().join("lock-out.json").display());
    let mut all = vec!["kiosk", "--no-open", "--set", &lock_out, "--set", &state, "--set", "booth.styles=[\"flow\"]"];
    all.extend(PATIENT.iter().flat_map(|set| ["--set", *set]));
    all.extend(arguments);
    served::serve(bench, &all)
}

fn view(kiosk: &Served) -> Value {
    kiosk.first_event("/api/v1/events", "snapshot")
}

/// Waits until the view is as `wanted`.
pub fn until(kiosk: &Served, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Value {
    let since = Instant::now();
    loop {
        let view = view(kiosk);
        if wanted(&view) {
            return view;
        }
        assert!(since.elapsed() < PATIENCE, "{what} never came; it shows {view:#}");
        std::thread::sleep(Duration::from_millis(150));
    }
}

pub fn screen(kiosk: &Served, name: &str) -> Value {
    until(kiosk, name, |view| view["screen"] == name)
}

pub fn press(kiosk: &Served, view: &Value, press: Value) {
    let answer = kiosk.post("/api/v1/session/press", &json!({ "session": view["session"], "press": press }));
    assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
}

/// From the attract screen to `last`, pressing what leads there.
pub fn walk(kiosk: &Served, last: &str) -> Value {
    let mut now = screen(kiosk, "attract");
    if last == "attract" {
        return now;
    }
    assert_eq!(kiosk.post("/api/v1/session/touch", &json!({ "language": "de" })).status, 202);
    for (name, leads) in [
        ("intro", json!({ "press": "start" })),
        ("consent", json!({ "press": "yes" })),
        ("framing", json!({ "press": "take-photo" })),
        ("review", json!({ "press": "use-it" })),
        // The robot is free: the tap that chooses a drawing also starts it.
        ("choosing", json!({ "press": "draw", "offer": 0 })),
        ("watching", json!(null)),
    ] {
        let buttons = |view: &Value| view["buttons"].as_array().is_some_and(|all| !all.is_empty());
        let mut photo_again = 0;
        now = until(kiosk, name, |view| {
            // A photo that did not come about is explained, and whoever reads that tries again.
            if name == "review" && view["screen"] == "framing" && view["notice"].is_string() {
                photo_again += 1;
                assert!(photo_again < MOST_PRESSES, "no photo comes about: {view:#}");
                eprintln!("the photo is taken again: {}", view["notice"]);
                press(kiosk, view, json!({ "press": "take-photo" }));
            }
            let ready = match name {
                "choosing" => view["offers"].as_array().is_some_and(|offers| !offers.is_empty()),
                // While it draws there is only the stop, which is on every screen.
                "watching" => true,
                _ => buttons(view),
            };
            view["screen"] == name && ready
        });
        if name == last {
            return now;
        }
        press(kiosk, &now, leads);
    }
    panic!("no press leads to {last}");
}

/// The processes whose parent is `parent`.
pub fn children(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("Linux").flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let of = |id: &u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
        let (state, parent) = (rest.next()?, rest.next()?);
        (state != "Z").then(|| parent.parse().ok())?
    };
    numbers.filter(|id| of(id) == Some(parent)).collect()
}

/// Where pictures are, without what stands before the host.
pub fn pictures(kiosk: &Served, view: &Value, what: &str) -> (String, String) {
    let path = format!("/api/v1/sessions/{}/{what}", view["session"].as_str().expect("a session"));
    let answer = kiosk.get(&path);
    assert_eq!(answer.status, 307, "{path}");
    let location = answer.headers["location"].strip_prefix("http://").expect("an address").to_owned();
    let (address, path) = location.split_once('/').expect("a path");
    (address.to_owned(), format!("/{path}"))
}

fn state(bench: &Bench) -> Vec<PathBuf> {
    let files = fs::read_dir(bench.path().join("state")).expect("the state's folder").flatten();
    let own = ["lock", "control.json", "pen.json"];
    files.map(|entry| entry.path()).filter(|path| !own.iter().any(|own| path.ends_with(own))).collect()
}

fn holds(folder: &Path, ending: &str) -> bool {
    fs::read_dir(folder).expect("a folder").flatten().any(|e| e.path().extension().is_some_and(|have| have == ending))
}

#[test]
fn a_visitor_takes_a_drawing_home_and_leaves_nothing() {
    let bench = Bench::new();
    let kiosk = kiosk(&bench, &["--at-once"]);
    let framing = walk(&kiosk, "framing");
    assert_eq!((framing["language"].as_str(), framing["live_view"].as_bool()), (Some("de"), Some(true)));
    let (address, path) = pictures(&kiosk, &framing, "live");
    // The sitter's process opens its camera while the screen comes up: until then there is nothing there.
    let since = Instant::now();
    let text = loop {
        let mut live = TcpStream::connect(&address).expect("the sitter's process listens");
        write!(live, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("it takes the request");
        let mut first = Vec::new();
        live.take(2000).read_to_end(&mut first).expect("a picture");
        let text = String::from_utf8_lossy(&first).into_owned();
        if text.starts_with("HTTP/1.1 200") || since.elapsed() > PATIENCE {
            break text;
        }
    };
    assert!(text.contains("multipart/x-mixed-replace") && text.contains("--frame"), "{text}");
    assert_eq!(served::ask(&address, "GET", "/0123456789abcdef0123456789abcdef/live", "", "").status, 404);

    press(&kiosk, &framing, json!({ "press": "take-photo" }));
    let review = screen(&kiosk, "review");
    let (address, path) = pictures(&kiosk, &review, "photo");
    assert!(served::ask(&address, "GET", &path, "", "").body.starts_with(&[0xff, 0xd8]), "a JPEG");
    let processes = children(kiosk.id());
    assert_eq!(processes.len(), 1, "one process has the photo");
    press(&kiosk, &review, json!({ "press": "use-it" }));
    let choosing = until(&kiosk, "offers", |view| view["offers"].as_array().is_some_and(|offers| !offers.is_empty()));
    let style = choosing["offers"][0]["style"].as_str().expect("a name");
    let plan = format!("/api/v1/sessions/{}/plans/{style}", choosing["session"].as_str().expect("a session"));
    assert!(kiosk.get(&plan).json()["timeline"].as_str().is_some_and(|line| line.len() > 1000));
    press(&kiosk, &choosing, json!({ "press": "draw", "offer": 0 }));
    let collect = until(&kiosk, "the sheet and the wipe", |view| {
        view["screen"] == "collect" && view["lines"].to_string().contains("gelöscht")
    });
    assert!(!children(kiosk.id()).contains(&processes[0]), "the process that had the photo is gone");
    assert_eq!(kiosk.get(&plan.replace("plans/flow", "photo")).status, 404, "nobody knows the way to it");
    press(&kiosk, &collect, json!({ "press": "taken" }));
    screen(&kiosk, "thanks");
    screen(&kiosk, "attract");
    assert_eq!(state(&bench), [] as [PathBuf; 0], "no stroke is left");
    let metrics = String::from_utf8(kiosk.get("/metrics").body).expect("text");
    for counted in ["portraitist_jobs_total{by=\"completed\"} 1", "portraitist_sessions_total{by=\"finished\"} 1"] {
        assert!(metrics.contains(counted), "{counted} in {metrics}");
    }
    let (code, _) = kiosk.end();
    assert_eq!(code, Some(0));
}

#[test]
fn who_cancels_after_the_photo_leaves_no_process_that_had_it() {
    let bench = Bench::new();
    let kiosk = kiosk(&bench, &["--at-once"]);
    for last in ["framing", "review", "choosing"] {
        let now = walk(&kiosk, last);
        let processes = children(kiosk.id());
        press(&kiosk, &now, json!({ "press": "cancel" }));
        until(&kiosk, "the end", |view| view["session"] != now["session"]);
        let left: Vec<u32> = children(kiosk.id()).into_iter().filter(|id| processes.contains(id)).collect();
        assert_eq!(left, [] as [u32; 0], "cancelled at {last}");
    }
    assert_eq!(state(&bench), [] as [PathBuf; 0]);
}

/// Logs in as the operator and asks.
pub fn operator(kiosk: &Served, method: &str, path: &str, body: &Value) -> served::Answer {
    let login = kiosk.post("/api/v1/operator/session", &json!({ "pin": kiosk.told["operator_pin"] }));
    assert_eq!(login.status, 204);
    let cookie = login.headers["set-cookie"].split(';').next().expect("a cookie").to_owned();
    kiosk.ask(method, path, &format!("Cookie: {cookie}\r\n"), &body.to_string())
}

pub fn house(kiosk: &Served) -> Value {
    operator(kiosk, "GET", "/api/v1/house", &json!(null)).json()
}

#[test]
fn a_stop_holds_the_pen_and_who_pressed_it_lets_it_go_on() {
    let bench = Bench::new();
    let kiosk = kiosk(&bench, &[]);
    let attract = screen(&kiosk, "attract");
    assert_eq!(kiosk.post("/api/v1/session/stop", &json!({})).status, 202, "stop is heard on every screen");
    assert_eq!(attract["stop"]["act"]["act"], "stop");
    walk(&kiosk, "watching");
    until(&kiosk, "ink", |view| view["progress"]["stroke"].as_u64() > Some(0));
    assert_eq!(kiosk.post("/api/v1/session/stop", &json!({})).status, 202);
    let stands = until(&kiosk, "the hold", |view| view["buttons"].to_string().contains("\"continue\""));
    assert_eq!(house(&kiosk)["robot"], "held");
    let stroke = stands["progress"]["stroke"].clone();
    press(&kiosk, &stands, json!({ "press": "continue" }));
    let goes = until(&kiosk, "more ink", |view| view["progress"]["stroke"].as_u64() > stroke.as_u64());
    assert_eq!(goes["session"], stands["session"]);
    assert_eq!(kiosk.post("/api/v1/session/stop", &json!({})).status, 202);
    let stands = until(&kiosk, "the hold", |view| view["buttons"].to_string().contains("\"finish\""));
    press(&kiosk, &stands, json!({ "press": "finish" }));
    until(&kiosk, "the end", |view| view["session"] != stands["session"]);
    assert_eq!(state(&bench), [] as [PathBuf; 0]);
}

#[test]
fn after_a_crash_nothing_moves_and_the_right_stroke_is_offered() {
    let bench = Bench::new();
    let first = kiosk(&bench, &[]);
    walk(&first, "watching");
    until(&first, "ink", |view| view["progress"]["stroke"].as_u64() > Some(2));
    let drawn = house(&first)["job"]["confirmed"].as_u64().expect("a count");
    let sitters = children(first.id());
    drop(first); // killed
    assert!(holds(&bench.path().join("state"), "journal") && holds(&bench.path().join("state"), "plan"));
    let gone = |id: &u32| !Path::new(&format!("/proc/{id}/fd")).exists();
    let since = Instant::now();
    while !sitters.iter().all(gone) {
        assert!(since.elapsed() < PATIENCE, "the sitter's process ends with its parent");
        std::thread::sleep(Duration::from_millis(30));
    }

    let second = kiosk(&bench, &["--staffed"]);
    let closed = screen(&second, "closed");
    assert_eq!(closed["session"], Value::Null);
    let job = house(&second)["job"].clone();
    assert_eq!((&job["state"], &job["code"]), (&json!("interrupted"), &json!("CRASH")));
    let offered = job["confirmed"].as_u64().expect("a count");
    assert!(offered >= drawn && offered < job["strokes"].as_u64().expect("a count"), "{job}");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(house(&second)["job"], job, "nothing moves by itself");
    assert_eq!(second.get("/readyz").status, 503);
    let staff = |press: &str| operator(&second, "POST", "/api/v1/house/press", &json!({ "press": press })).status;
    assert_eq!(staff("resume"), 202);
    let since = Instant::now();
    while house(&second)["job"]["refused"].as_array().is_none_or(Vec::is_empty) {
        assert!(since.elapsed() < PATIENCE, "an unhomed robot is refused: {}", house(&second));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(house(&second)["job"]["state"], "interrupted", "an unhomed robot draws nothing");
    assert_eq!((staff("vouch"), staff("resume")), (202, 202));
    let since = Instant::now();
    while house(&second)["job"]["confirmed"].as_u64() <= Some(offered) {
        assert!(since.elapsed() < PATIENCE, "it goes on: {}", house(&second));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(staff("cancel"), 202);
}

#[test]
fn two_touches_and_two_presses_draw_once() {
    let bench = Bench::new();
    let kiosk = kiosk(&bench, &["--at-once"]);
    let choosing = walk(&kiosk, "choosing");
    let again = || press(&kiosk, &choosing, json!({ "press": "draw", "offer": 0 }));
    (0..3).for_each(|_| again());
    let collect = screen(&kiosk, "collect");
    again();
    press(&kiosk, &collect, json!({ "press": "taken" }));
    screen(&kiosk, "attract");
    again();
    let metrics = String::from_utf8(kiosk.get("/metrics").body).expect("text");
    assert!(metrics.contains("portraitist_jobs_total{by=\"completed\"} 1"), "{metrics}");
}

/// Keeps a picture of the page if somebody wants to look (`PORTRAITIST_SCREENSHOTS`).
fn keep(page: &mut Page, name: &str) {
    if let Some(folder) = std::env::var_os("PORTRAITIST_SCREENSHOTS") {
        // A screen fades in.
        std::thread::sleep(Duration::from_millis(1200));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(PathBuf::from(folder).join(format!("kiosk-{name}.png")), page.picture()).expect("writable");
    }
}

/// Touches the button of the shown screen that does `act`, once it is there.
fn touch(page: &mut Page, screen: &str, act: &str) {
    let button = format!(".screen[data-screen=\"{screen}\"]:not([hidden]) .controls [data-act=\"{act}\"]");
    page.until(&format!("document.querySelector({button:?})"));
    keep(page, screen);
    page.touch(&button);
}

#[test]
fn the_whole_journey_in_a_real_browser() {
    let Some(browser) = browser::launch("the_whole_journey_in_a_real_browser") else { return };
    let bench = Bench::new();
    let kiosk = kiosk(&bench, &["--at-once"]);
    let mut page = browser.page(1080, 1920);
    page.size(1080, 1920, 1.0, true);
    page.go(&kiosk.url());
    let shown = |name: &str| format!("document.documentElement.dataset.screen === {name:?}");
    page.until(&shown("attract"));
    touch(&mut page, "attract", "touch");
    touch(&mut page, "intro", "start");
    touch(&mut page, "consent", "yes");
    let seen =
        |what: &str| format!("document.querySelector('.screen:not([hidden]) [data-{what}]')?.naturalWidth > 100");
    page.until(&seen("live"));
    touch(&mut page, "framing", "take-photo");
    page.until(&shown("countdown"));
    keep(&mut page, "countdown");
    page.until(&shown("review"));
    page.until(&seen("photo"));
    touch(&mut page, "review", "use-it");
    touch(&mut page, "choosing", "draw");
    page.until(&shown("handover"));
    keep(&mut page, "handover");
    page.until(&shown("watching"));
    keep(&mut page, "watching");
    page.until(&shown("collect"));
    touch(&mut page, "collect", "taken");
    page.until(&shown("thanks"));
    keep(&mut page, "thanks");
    page.until(&shown("attract"));
    let (own, pictures) = (kiosk.url(), "http://127.0.0.1:");
    for asked in page.asked_for() {
        let picture = asked.starts_with(pictures) && (asked.ends_with("/live") || asked.ends_with("/photo"));
        assert!(asked.starts_with(&own) || picture || asked == "about:blank", "a foreign request: {asked}");
    }
    let complaints = page.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn a_stop_acts_when_it_is_touched() {
    let Some(browser) = browser::launch("a_stop_acts_when_it_is_touched") else { return };
    let bench = Bench::new();
    let kiosk = kiosk(&bench, &[]);
    let watching = walk(&kiosk, "watching");
    let mut page = browser.page(1920, 1080);
    page.size(1920, 1080, 1.0, true);
    page.go(&kiosk.url());
    page.until("document.documentElement.dataset.screen === 'watching'");
    until(&kiosk, "ink", |view| view["progress"]["stroke"].as_u64() > Some(8));
    page.until("Number(document.querySelector('progress').value) > 0");
    keep(&mut page, "watching");
    // A finger that only comes down: what lifts it may never happen.
    page.touch_down("#stop button");
    let stands = until(&kiosk, "the hold", |view| view["buttons"].to_string().contains("\"continue\""));
    assert_eq!(stands["session"], watching["session"]);
    assert_eq!(house(&kiosk)["robot"], "held", "the hold was heard by the robot, and it says so");
    page.touch_up();
    keep(&mut page, "stopped");
}
