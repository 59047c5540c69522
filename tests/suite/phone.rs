//! A visitor's phone, as the kiosk meets it: the code on the screen, the link behind it, a photo in, the drawing out.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;

use portraitist::photo::sitters;
use serde_json::json;

use crate::kiosk;
use crate::kiosk::press;
use crate::kiosk::screen;
use crate::kiosk::until;
use crate::kiosk::walk;
use crate::program::Bench;
use crate::served;
use crate::served::Answer;
use crate::served::Served;

/// A kiosk that gives links.
fn with_links(bench: &Bench, arguments: &[&str]) -> Served {
    let sets = ["--set", "kiosk.phone_secs=600", "--set", "phone.listen=127.0.0.1:0"];
    kiosk::kiosk_of(bench, &[&["--sample", "--at-once"], &sets[..], arguments].concat())
}

/// What the screen's code says, read as a phone reads it: host and path.
fn scanned(kiosk: &Served, view: &serde_json::Value) -> (String, String) {
    assert_eq!(view["code"], true, "{view}");
    let session = view["session"].as_str().expect("a session");
    let answer = kiosk.get(&format!("/api/v1/sessions/{session}/code"));
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "image/svg+xml"));
    let svg = String::from_utf8(answer.body).expect("text");
    let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse::<u32>().ok());
    let side = svg.split("viewBox=\"0 0 ").nth(1).and_then(number).expect("a side");
    let mut dark = std::collections::HashSet::new();
    for module in svg.split('M').skip(1) {
        let (x, y) = module.split_once('h').and_then(|(at, _)| at.split_once(' ')).expect("a place");
        dark.insert((number(x).expect("a number"), number(y).expect("a number")));
    }
    let px = 8 * side as usize;
    let shade = |x: usize, y: usize| if dark.contains(&(x as u32 / 8, y as u32 / 8)) { 0 } else { 255 };
    let mut found = rqrr::PreparedImage::prepare_from_greyscale(px, px, shade);
    let text = found.detect_grids().first().expect("a code").decode().expect("it reads").1;
    let (host, token) = text.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
    (host.to_owned(), format!("/{token}"))
}

fn send(host: &str, link: &str, photo: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(
        stream,
        "POST {link}/photo HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: close\r\n\
         Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
        photo.len()
    )
    .expect("it takes the request");
    stream.write_all(photo).expect("it takes the photo");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer { status: status.expect("a status"), headers: Default::default(), body: answer }
}

fn get(host: &str, path: &str) -> Answer {
    served::ask(host, "GET", path, "", "")
}

#[test]
fn a_phone_sends_the_photo_and_takes_the_drawing_home() {
    let bench = Bench::new();
    let kiosk = with_links(&bench, &[]);
    let consent = walk(&kiosk, "consent");
    assert_eq!(consent["code"], false, "nobody has a link before they said yes");
    assert!(consent["details"].to_string().contains("Link"), "what it keeps is said before the yes");
    press(&kiosk, &consent, json!({ "press": "yes" }));
    let framing = screen(&kiosk, "framing");
    let (host, link) = scanned(&kiosk, &framing);
    assert_ne!(host, kiosk.address());
    let page = until_status(&host, &link, 200);
    assert!(String::from_utf8_lossy(&page.body).contains("lang=\"de\""));

    assert_eq!(send(&host, &link, sitters::sitter("clara").expect("shipped").jpeg).status, 202);
    let review = screen(&kiosk, "review");
    assert_eq!(send(&host, &link, b"again").status, 404, "one photo was asked for");
    let (address, path) = kiosk::pictures(&kiosk, &review, "photo");
    assert!(served::ask(&address, "GET", &path, "", "").body.starts_with(&[0xff, 0xd8]), "its visitor sees it");
    press(&kiosk, &review, json!({ "press": "use-it" }));
    let choosing = until(&kiosk, "offers", |view| view["offers"].as_array().is_some_and(|offers| !offers.is_empty()));
    press(&kiosk, &choosing, json!({ "press": "draw", "offer": 0 }));
    let collect = screen(&kiosk, "collect");
    assert_eq!(scanned(&kiosk, &collect), (host.clone(), link.clone()), "the same link");
    let svg = until_status(&host, &format!("{link}/drawing.svg"), 200);
    assert!(String::from_utf8_lossy(&svg.body).matches("<path").count() > 50);
    assert_eq!(get(&host, &format!("{link}/photo")).status, 404, "never the photo");
    press(&kiosk, &collect, json!({ "press": "taken" }));
    screen(&kiosk, "attract");
    let png = until_status(&host, &format!("{link}/drawing.png"), 200);
    assert!(png.body.starts_with(b"\x89PNG"), "after the visit too, for who opened it");
    let (code, _) = kiosk.end();
    assert_eq!(code, Some(0));
}

/// Asks until the answer has `status`: between two sitters the next one is still loading.
fn until_status(host: &str, path: &str, status: u16) -> Answer {
    for _ in 0..200 {
        let answer = get(host, path);
        if answer.status == status {
            return answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{path} never answers {status}");
}

#[test]
fn a_link_ends_with_a_session_that_is_cancelled_or_that_nobody_opened() {
    let bench = Bench::new();
    let kiosk = with_links(&bench, &[]);
    let framing = walk(&kiosk, "framing");
    let (host, opened) = scanned(&kiosk, &framing);
    until_status(&host, &opened, 200);
    press(&kiosk, &framing, json!({ "press": "cancel" }));
    let collect = {
        let choosing = walk(&kiosk, "choosing");
        press(&kiosk, &choosing, json!({ "press": "draw", "offer": 0 }));
        screen(&kiosk, "collect")
    };
    let (_, unopened) = scanned(&kiosk, &collect);
    assert_ne!(opened, unopened);
    assert_eq!(get(&host, &opened).status, 404, "cancelled");
    press(&kiosk, &collect, json!({ "press": "taken" }));
    screen(&kiosk, "attract");
    let nothing = get(&host, "/metrics");
    assert_eq!((get(&host, &unopened).body, get(&host, &opened).body), (nothing.body.clone(), nothing.body));
    assert_eq!(nothing.status, 404, "nothing of the kiosk's own is served to phones");
}

#[test]
fn without_an_address_for_phones_there_is_no_kiosk_with_links() {
    let bench = Bench::new();
    let state = format!("booth.state_folder={}", bench.path().join("state").display());
    let kiosk = ["--set", &state, "--set", "kiosk.phone_secs=600", "kiosk", "--no-open", "--sample"];
    bench.run(&kiosk).refused(3, &["phone.listen", "kiosk.phone_secs"]);
    let everywhere = [&["--set", "phone.listen=0.0.0.0:0"][..], &kiosk].concat();
    bench.run(&everywhere).refused(3, &["set phone.url"]);
}
