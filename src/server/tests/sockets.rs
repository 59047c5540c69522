//! The shell over real sockets: addresses, slow and greedy callers, followers, the end.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::oneshot;

use super::World;
use super::stand_with;
use crate::server::Limits;
use crate::server::Listening;
use crate::server::ServeError;
use crate::server::serve;

/// A shell that listens until it is dropped.
struct Served {
    address: std::net::SocketAddr,
    world: World,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<usize>>,
}

fn served(limits: Limits) -> Served {
    let listening = Listening::bind("127.0.0.1:0", false).expect("a free port");
    let address = listening.address();
    let stand = stand_with(limits, None);
    let world = stand.world.clone();
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let stop = async move {
                let _ = stopped.await;
            };
            serve(listening, stand.shell, stop).await.expect("it served");
            tokio::runtime::Handle::current().metrics().num_alive_tasks()
        })
    });
    Served { address, world, stop: Some(stop), thread: Some(thread) }
}

impl Served {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        stream
    }

    /// Stops it; how many tasks were left, and how long it took.
    fn stop(mut self) -> (usize, Duration) {
        let since = Instant::now();
        self.stop.take().map(|stop| stop.send(()));
        let left = self.thread.take().expect("it runs").join().expect("no panic");
        (left, since.elapsed())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        self.thread.take().map(JoinHandle::join);
    }
}

fn exchange(stream: &mut TcpStream, text: &str) -> String {
    stream.write_all(text.as_bytes()).expect("it takes the request");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

const CLOSE: &str = "Host: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn both_loopback_addresses_answer_and_others_need_a_secret() {
    let served = served(Limits::default());
    assert!(exchange(&mut served.connect(), &format!("GET /healthz HTTP/1.1\r\n{CLOSE}")).ends_with("alive\n"));
    if let Ok(mut six) = TcpStream::connect((std::net::Ipv6Addr::LOCALHOST, served.address.port())) {
        assert!(exchange(&mut six, &format!("GET / HTTP/1.1\r\n{CLOSE}")).starts_with("HTTP/1.1 200"));
    }
    for open in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let error = Listening::bind(open, false).expect_err("nobody could prove anything");
        assert!(matches!(error, ServeError::NoSecret(_)), "{open}: {error}");
        assert_eq!(crate::fault::Fault::from(error).kind().exit_code(), 3);
    }
    assert!(Listening::bind("0.0.0.0:0", true).is_ok());
    assert!(matches!(Listening::bind("localhost", false), Err(ServeError::Address(_))));
    assert!(matches!(Listening::bind(&served.address.to_string(), false), Err(ServeError::InUse(_))));
}

#[test]
fn who_sends_headers_drop_by_drop_is_cut_off_and_others_are_served_meanwhile() {
    let served = served(Limits { header: Duration::from_millis(400), ..Limits::default() });
    let mut slow = served.connect();
    let mut silent = served.connect();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n").expect("open");
    let since = Instant::now();
    let mut cut = None;
    for i in 0..60 {
        if slow.write_all(format!("X-{i}: y\r\n").as_bytes()).is_err() {
            cut = Some(since.elapsed());
            break;
        }
        let asked = Instant::now();
        assert!(exchange(&mut served.connect(), &format!("GET /healthz HTTP/1.1\r\n{CLOSE}")).contains("alive"));
        assert!(asked.elapsed() < Duration::from_secs(1), "a slow caller delays nobody");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(cut.is_some_and(|after| after < Duration::from_millis(2500)), "{cut:?}");
    let mut nothing = Vec::new();
    assert!(silent.read_to_end(&mut nothing).is_ok_and(|bytes| bytes == 0), "who says nothing is cut off as well");
}

#[test]
fn headers_bodies_and_connections_are_bounded() {
    let limits = Limits { body: Duration::from_millis(300), connections: 6, ..Limits::default() };
    let served = served(limits);
    let many: String = (0..100).map(|i| format!("X-{i}: y\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "y".repeat(40_000));
    for heavy in [many, long] {
        let answer = exchange(&mut served.connect(), &format!("GET / HTTP/1.1\r\n{heavy}{CLOSE}"));
        assert!(answer.starts_with("HTTP/1.1 431"), "{}", answer.lines().next().unwrap_or_default());
    }
    let post = "POST /api/v1/things HTTP/1.1\r\nOrigin: http://localhost\r\nContent-Type: application/json\r\n";
    let declared = exchange(&mut served.connect(), &format!("{post}Content-Length: 999999999\r\n{CLOSE}"));
    assert!(declared.starts_with("HTTP/1.1 413"), "{declared}");
    let slow = exchange(&mut served.connect(), &format!("{post}Content-Length: 100\r\n{CLOSE}{{"));
    assert!(slow.starts_with("HTTP/1.1 408"), "{slow}");
    for nonsense in ["\r\n\r\n\0\0\0", "GET\r\n\r\n", "\x16\x03\x01\x02\x00", "GET / HTTP/9.9\r\n\r\n", "{}\r\n\r\n"] {
        let answer = exchange(&mut served.connect(), nonsense);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    std::thread::sleep(Duration::from_millis(100));
    let held: Vec<TcpStream> = (0..6).map(|_| served.connect()).collect();
    std::thread::sleep(Duration::from_millis(200));
    let mut seventh = served.connect();
    assert!(
        exchange(&mut seventh, &format!("GET /healthz HTTP/1.1\r\n{CLOSE}")).contains("alive"),
        "a request gets in"
    );
    let mut held = held.into_iter();
    let mut nothing = Vec::new();
    let mut oldest = held.next().expect("six");
    assert!(oldest.read_to_end(&mut nothing).is_ok_and(|bytes| bytes == 0), "in the oldest one's place");
    let mut second = held.next().expect("six");
    assert!(
        exchange(&mut second, &format!("GET /healthz HTTP/1.1\r\n{CLOSE}")).contains("alive"),
        "and only in its place"
    );
    drop(held);
    std::thread::sleep(Duration::from_millis(200));
    assert!(exchange(&mut served.connect(), &format!("GET /healthz HTTP/1.1\r\n{CLOSE}")).contains("alive"));
}

#[test]
fn followers_keep_their_places_and_beyond_them_nobody_gets_in() {
    let served = served(Limits { connections: 2, ..Limits::default() });
    let follow = || {
        let mut follower = served.connect();
        follower.write_all(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("open");
        read_until(&mut follower, "event: snapshot");
        follower
    };
    let mut followers = [follow(), follow()];
    assert!(
        exchange(&mut served.connect(), &format!("GET /healthz HTTP/1.1\r\n{CLOSE}")).is_empty(),
        "one too many is closed"
    );
    served.world.feed.publish("made", &1, &1);
    followers.iter_mut().for_each(|follower| drop(read_until(follower, "event: made")));
}

/// Reads events until one contains `wanted`.
fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    while !text.contains(wanted) {
        let count = stream.read(&mut bytes).expect("the line is alive");
        assert!(count > 0, "the line ended before {wanted}: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    text
}

#[test]
fn followers_hear_the_whole_then_changes_then_pings() {
    let served = served(Limits { followers: 2, ..Limits::default() });
    let mut follower = served.connect();
    follower.write_all(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("open");
    let first = read_until(&mut follower, "event: snapshot");
    assert!(first.contains("content-type: text/event-stream") && first.contains("cache-control: no-store"), "{first}");
    served.world.feed.publish("made", &1, &1);
    let id = read_until(&mut follower, "event: made").lines().find_map(|l| l.strip_prefix("id: ").map(str::to_owned));
    read_until(&mut follower, "event: ping");
    served.world.feed.publish("made", &2, &2);
    let mut back = served.connect();
    let seen = id.expect("an id");
    write!(back, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: {seen}\r\n\r\n").expect("open");
    assert!(!read_until(&mut back, "\"data\":2}").contains("snapshot"));
    let third = exchange(&mut served.connect(), &format!("GET /api/v1/events HTTP/1.1\r\n{CLOSE}"));
    assert!(third.starts_with("HTTP/1.1 503"), "{third}");
    let foreign =
        exchange(&mut served.connect(), "GET /api/v1/events HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n");
    assert!(foreign.starts_with("HTTP/1.1 421"), "{foreign}");
}

#[test]
fn a_follower_who_never_reads_holds_nobody_up_and_is_cut_off() {
    let served = served(Limits { unread: Duration::from_millis(300), waiting_events: 8, ..Limits::default() });
    let mut deaf = served.connect();
    deaf.write_all(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("open");
    read_until(&mut deaf, "event: snapshot");
    let much = "x".repeat(200_000);
    let since = Instant::now();
    for _ in 0..100 {
        served.world.feed.publish("made", &much, &0);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(since.elapsed() < Duration::from_secs(5), "publishing waits for nobody");
    assert_eq!(served.world.feed.followers(), 0);
    // Its connection is closed too, not only forgotten: what was sent can be read, then it ends.
    std::thread::sleep(Duration::from_millis(800));
    let mut rest = Vec::new();
    let _ = deaf.read_to_end(&mut rest);
    assert!(rest.len() < 100 * much.len());
}

#[test]
fn it_stops_with_followers_and_idle_connections_and_leaves_no_task() {
    let served = served(Limits::default());
    let mut follower = served.connect();
    follower.write_all(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("open");
    read_until(&mut follower, "event: snapshot");
    let _idle = served.connect();
    let mut half = served.connect();
    half.write_all(b"GET / HTTP/1.1\r\n").expect("open");
    std::thread::sleep(Duration::from_millis(100));
    let (left, took) = served.stop();
    assert_eq!(left, 0);
    assert!(took < Limits::default().farewell + Duration::from_secs(1), "{took:?}");
}
