//! Proofs of the phones' listener, over its socket: what there is, to whom, and that all else is one and the same nothing.

use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::channel;
use std::thread;

use super::*;
use crate::booth::drawing::tests::hatching;
use crate::config;
use crate::config::LoadRequest;
use crate::photo::sitters;

const TOKEN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

struct Bench {
    phone: Arc<Phone>,
    address: SocketAddr,
    said: Receiver<Says>,
}

fn bench() -> Bench {
    let mut config = config::load(&LoadRequest::default()).expect("the defaults").config().clone();
    config.kiosk.phone_secs = 1800;
    let (say, said) = channel();
    let phone = Arc::new(Phone::new(&config, move |word| say.send(word).expect("somebody hears")));
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("it listens");
    let serves = Arc::clone(&phone);
    thread::spawn(move || serves.serve(socket));
    Bench { phone, address, said }
}

fn link(take: Option<u8>) -> Link {
    Link { token: TOKEN.into(), language: Language::Arabic, take, again: false, drawing: None }
}

/// Its status, its headers but for the date, its body.
type Answer = (u16, Vec<String>, Vec<u8>);

impl Bench {
    fn ask(&self, method: &str, path: &str, more: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let address = self.address;
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{more}");
        write!(stream, "{head}Content-Length: {}\r\n\r\n", body.len()).expect("it takes the request");
        // Who is refused early closes before all is sent.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("headers");
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let mut lines = head.lines().filter(|line| !line.starts_with("date:")).map(str::to_owned);
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        (status, lines.collect(), answer[end + 4..].to_vec())
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", b"")
    }

    fn post(&self, token: &str, photo: &[u8]) -> Answer {
        let from_page = format!("Origin: http://{}\r\nContent-Type: image/jpeg\r\n", self.address);
        self.ask("POST", &format!("/{token}/photo"), &from_page, photo)
    }
}

#[test]
fn one_photo_is_taken_and_then_the_drawing_given_and_never_the_photo() {
    let bench = bench();
    bench.phone.link(link(Some(1)));
    let (status, headers, page) = bench.get(&format!("/{TOKEN}"));
    let page = String::from_utf8(page).expect("text");
    assert_eq!((status, bench.said.try_recv()), (200, Ok(Says::LinkOpened { token: TOKEN.into() })));
    assert!(page.contains("lang=\"ar\" dir=\"rtl\" data-state=\"send\"") && !page.contains('{'), "{page}");
    assert!(!page.contains("http"), "nobody else is asked");
    assert!(headers.iter().any(|line| line.starts_with("content-security-policy: default-src 'self'")), "{headers:?}");
    let photo = sitters::sitter("clara").expect("shipped").jpeg;
    assert_eq!(bench.post(TOKEN, b"no photo").0, 422);
    assert_eq!(bench.post(TOKEN, photo).0, 202, "who sent nonsense may try again");
    assert_eq!(bench.said.try_recv(), Ok(Says::Sent { token: TOKEN.into() }));
    assert!(bench.phone.take().is_some() && bench.phone.take().is_none());
    assert_eq!(bench.post(TOKEN, photo).0, 404, "one photo was asked for");
    assert!(String::from_utf8_lossy(&bench.get(&format!("/{TOKEN}/state")).2).contains("\"sent\""));
    for file in ["photo", "drawing.svg", "drawing.png"] {
        let (status, ..) = bench.get(&format!("/{TOKEN}/{file}"));
        assert_eq!(status, 404, "{file}");
    }
    let drawing = hatching(6);
    let plan = String::from_utf8(drawing.bytes().to_vec()).expect("a plan is text");
    bench.phone.link(Link { drawing: Some(plan), ..link(None) });
    let (status, _, svg) = bench.get(&format!("/{TOKEN}/drawing.svg"));
    assert_eq!((status, String::from_utf8_lossy(&svg).matches("<path").count()), (200, 6));
    let (status, _, png) = bench.get(&format!("/{TOKEN}/drawing.png"));
    let picture = image::load_from_memory(&png).expect("a picture");
    assert!(status == 200 && picture.width() > 400 && picture.height() > picture.width());
    assert_eq!(bench.get(&format!("/{TOKEN}/photo")).0, 404);
}

#[test]
fn whatever_is_not_there_is_one_and_the_same_nothing() {
    let bench = bench();
    bench.phone.link(link(Some(1)));
    let nothing = bench.get("/AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH");
    assert_eq!(nothing.0, 404);
    for language in Language::ALL {
        let told = Texts::of(language).plain(TextKey::PhoneEnded);
        assert!(String::from_utf8_lossy(&nothing.2).contains(&told), "{language:?}");
    }
    let others = [
        "/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/openapi.json",
        "/operator",
        "/icon.svg",
        "/index.html",
        "/api/v1/events",
        "/api/v1/house",
        "/abc",
        "/abc/state",
        "/%ff",
        "/..%2f..%2fetc%2fpasswd",
        "/x/drawing.svg",
    ];
    for path in others {
        assert_eq!(bench.get(path), nothing, "{path}");
    }
    // The token with any one letter changed, cut, longer, in small letters.
    let near = (0..TOKEN.len()).map(|n| format!("{}2{}", &TOKEN[..n], &TOKEN[n + 1..])).filter(|near| near != TOKEN);
    let others = [TOKEN[..31].to_owned(), format!("{TOKEN}A"), TOKEN.to_lowercase()];
    for token in near.chain(others) {
        assert_eq!(bench.get(&format!("/{token}")), nothing, "{token}");
        assert_eq!(bench.get(&format!("/{token}/state")), nothing, "{token}");
    }
    let wrong = bench.post("AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH", b"x");
    assert_eq!(wrong, nothing, "a wrong token is told no more by what it sends");
    bench.phone.link(link(None));
    assert_eq!(bench.post(TOKEN, b"x"), nothing, "used");
    bench.phone.unlink(TOKEN);
    assert_eq!(bench.get(&format!("/{TOKEN}")), nothing, "over");
    bench.phone.link(link(Some(1)));
    let delete = |token: &str| {
        let origin = format!("Origin: http://{}\r\n", bench.address);
        bench.ask("DELETE", &format!("/{token}/state"), &origin, b"")
    };
    assert_eq!(delete(TOKEN), delete("AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH"), "what is not done so tells nothing either");
}

#[test]
fn too_much_is_refused_and_too_many_tries_are() {
    let bench = bench();
    bench.phone.link(link(Some(1)));
    // Told by its length alone: who is refused sends no more.
    let head = format!(
        "POST /{TOKEN}/photo HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nContent-Type: image/jpeg\r\nConnection: close\r\n",
        bench.address
    );
    let mut stream = TcpStream::connect(bench.address).expect("it listens");
    write!(stream, "{head}Content-Length: {}\r\n\r\n", MOST_BYTES + 1).expect("it takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // A PNG of 100 000 x 100 000 pixels, by its header.
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01\x86\xa0\0\x01\x86\xa0\x08\x06\0\0\0".to_vec();
    let crc = crc32fast::hash(&bomb[12..]);
    bomb.extend(crc.to_be_bytes());
    for _ in 0..MOST_TRIES {
        assert_eq!(bench.post(TOKEN, &bomb).0, 422);
    }
    assert_eq!(bench.post(TOKEN, &bomb).0, 404, "that was enough");
    let foreign = "Origin: http://evil.test\r\nContent-Type: image/jpeg\r\n";
    assert_eq!(bench.ask("POST", &format!("/{TOKEN}/photo"), foreign, b"x").0, 403);
    let form = format!("Origin: http://{}\r\nContent-Type: multipart/form-data\r\n", bench.address);
    assert_eq!(bench.ask("POST", &format!("/{TOKEN}/photo"), &form, b"x").0, 415);
}
