//! The page with the program behind it: the program ends in mid-drawing and is started again.

use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use serde_json::json;

use super::UPRIGHT;
use super::button;
use crate::browser;
use crate::browser::Page;
use crate::kiosk;
use crate::program::Bench;

/// A page that has not heard from its program says so by then (R8).
const VEIL: Duration = Duration::from_secs(3);
/// And it shows the truth so soon after the program serves again (R8).
const TRUTH: Duration = Duration::from_secs(5);
/// The page's clock looks four times a second, and a busy machine's thirty tests may hold it up.
const BUSY: Duration = Duration::from_millis(700);

/// Long enough for two pages to be told when to press.
const A_MOMENT: Duration = Duration::from_secs(3);

/// Writes down, by the page itself, when it covers what it shows and when it shows another screen.
const DIARY: &str = "window.diary = {}; new MutationObserver(() => { \
                     if (!document.getElementById('veil').hidden) diary.veil ??= Date.now(); \
                     else if (diary.veil) diary.truth ??= Date.now(); \
                     }).observe(document.documentElement, { attributes: true, subtree: true }); true";

fn since(page: &mut Page, what: &str, from: SystemTime) -> Duration {
    page.until(&format!("diary.{what}"));
    let at = page.ask(&format!("diary.{what}")).as_u64().expect("a time");
    let from = from.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
    Duration::from_millis(u64::try_from(u128::from(at).saturating_sub(from)).expect("not so long"))
}

#[test]
fn the_program_is_killed_in_mid_drawing_and_the_page_tells_the_truth() {
    let Some(browser) = browser::launch("the_program_is_killed_in_mid_drawing") else { return };
    let bench = Bench::new();
    let first = kiosk::kiosk(&bench, &[]);
    let address = first.address().to_owned();
    kiosk::walk(&first, "watching");
    let mut page = browser.page(UPRIGHT.0, UPRIGHT.1);
    page.size(UPRIGHT.0, UPRIGHT.1, 1.0, true);
    page.go(&first.url());
    kiosk::until(&first, "ink", |view| view["progress"]["stroke"].as_u64() > Some(4));
    page.until("document.documentElement.dataset.screen === 'watching'");
    page.ask(DIARY);
    let killed = SystemTime::now();
    drop(first);
    let veiled = since(&mut page, "veil", killed);
    assert!(veiled <= VEIL + BUSY, "veiled after {veiled:?}");

    let started = Instant::now();
    let second = kiosk::kiosk(&bench, &["--staffed", "--listen", &address]);
    let serves = SystemTime::now();
    println!("veiled {veiled:?} after the end; served again {:?} after the start", started.elapsed());
    let told = since(&mut page, "truth", serves);
    println!("and the truth {told:?} after that");
    assert!(told <= TRUTH, "the truth after {told:?}");
    page.until("document.documentElement.dataset.screen === 'closed'");
    let closed = kiosk::screen(&second, "closed");
    assert_eq!(page.ask("document.querySelector('.screen:not([hidden]) h1').textContent"), closed["title"]);
    assert_eq!(kiosk::house(&second)["job"]["state"], "interrupted", "nothing goes on by itself");
}

#[test]
fn two_pages_touched_twice_draw_once_on_the_robot() {
    let Some(browser) = browser::launch("two_pages_touched_twice_draw_once_on_the_robot") else { return };
    let bench = Bench::new();
    let kiosk = kiosk::kiosk(&bench, &["--at-once"]);
    kiosk::walk(&kiosk, "choosing");
    let mut pages = [browser.page(UPRIGHT.0, UPRIGHT.1), browser.page(UPRIGHT.1, UPRIGHT.0)];
    let draw = button("draw");
    for page in &mut pages {
        page.go(&kiosk.url());
        page.until(&format!("document.querySelector({draw:?})"));
    }
    // Both at the same moment, and each twice. One of them is a hidden tab, whose timers are late: so both wait awake.
    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970") + A_MOMENT;
    for page in &mut pages {
        page.ask(&format!(
            "(() => {{ const draw = document.querySelector({draw:?}); \
             setTimeout(() => {{ while (Date.now() < {}); draw.click(); draw.click(); }}); }})()",
            at.as_millis()
        ));
    }
    let collect = kiosk::screen(&kiosk, "collect");
    for page in &mut pages {
        let presses = page.asked_for().into_iter().filter(|url| url.ends_with("/session/press")).count();
        assert_eq!(presses, 1, "a page sends a press once, however often it is touched");
    }
    kiosk::press(&kiosk, &collect, json!({ "press": "taken" }));
    kiosk::screen(&kiosk, "attract");
    let metrics = String::from_utf8(kiosk.get("/metrics").body).expect("text");
    assert!(metrics.contains("portraitist_jobs_total{by=\"completed\"} 1"), "{metrics}");
}

#[test]
fn who_is_let_in_comes_to_the_page_that_was_asked_for() {
    let Some(browser) = browser::launch("who_is_let_in_comes_to_the_page_that_was_asked_for") else { return };
    let bench = Bench::new();
    let kiosk = kiosk::kiosk(&bench, &["--staffed"]);
    let pin = kiosk.told["operator_pin"].as_str().expect("one for this run");
    let mut page = browser.page(1280, 900);
    page.go(&format!("{}operator", kiosk.url()));
    page.until("location.pathname === '/operator/door' && document.getElementById('pin') !== null");
    page.ask(&format!(
        "document.getElementById('pin').value = '{pin}'; document.getElementById('form').requestSubmit()"
    ));
    page.until("location.pathname === '/operator' && document.getElementById('machine').textContent.includes('robot')");
    // A door that somebody's link sends elsewhere leads home.
    page.go(&format!("{}operator/door#//example.org/", kiosk.url()));
    page.ask(&format!(
        "document.getElementById('pin').value = '{pin}'; document.getElementById('form').requestSubmit()"
    ));
    page.until("location.pathname === '/' && document.documentElement.dataset.screen !== undefined");
    assert_eq!(page.complaints(), [] as [String; 0]);
}
