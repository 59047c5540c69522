//! What a booth costs and how quick it is: start, page, idle, live view, and a stop under load. `cargo bench --bench booth`
//!
//! It starts the built program with the simulated webcam and the simulated robot and asks it as pages do. CPU is that of the
//! booth's process and its children, from `/proc`. The stop is timed from its request to its answer, by when the robot's
//! switch is thrown; from the switch to the wire it is timed by `--example stream`.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use portraitist::booth::page;
use serde_json::Value;
use serde_json::json;

/// Starts that are timed.
const STARTS: usize = 5;
/// Heights of the webcam's picture.
const HEIGHTS_PX: [u32; 2] = [720, 1080];
/// How long idling and the live view are watched.
const WATCHED: Duration = Duration::from_secs(10);
/// Followers that read nothing, and callers that never finish their request.
const SLOW_FOLLOWERS: usize = 200;
const SLOW_CALLERS: usize = 100;
/// Stops that are timed under that load.
const STOPS: usize = 200;

struct Booth {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Booth {
    /// One whose camera is the simulated webcam at `height_px`.
    fn start(height_px: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let set = |key: &str, name: &str| format!("{key}={}", folder.path().join(name).display());
        let sets = [set("booth.state_folder", "state"), set("security.lock_out_file", "lock-out.json")];
        let mut process = Command::new(env!("CARGO_BIN_EXE_portraitist"))
            .args(["--json", "--set", &sets[0], "--set", &sets[1], "--set", "kiosk.framing_secs=600"])
            .args(["--set", &format!("camera.max_height_px={height_px}")])
            .args(["kiosk", "--sample", "--no-open", "--at-once"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("text");
        let told: Value = serde_json::from_str(&line).expect("its address");
        let url = told["url"].as_str().expect("an address");
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { process, address, _folder: folder }
    }

    fn open(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address).expect("it takes the request");
        stream
    }

    /// The view, as a page gets it first.
    fn view(&self) -> Value {
        let lines = BufReader::new(self.open("/api/v1/events")).lines();
        let data = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("data: ").map(str::to_owned));
        serde_json::from_str::<Value>(&data.expect("a snapshot")).expect("JSON")["data"].clone()
    }

    fn until(&self, screen: &str) -> Value {
        loop {
            let view = self.view();
            if view["screen"] == screen {
                return view;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn post(&self, path: &str, body: &Value) {
        let (mut stream, body) = (TcpStream::connect(&self.address).expect("it listens"), body.to_string());
        let host = &self.address;
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("it takes the request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    }

    fn press(&self, view: &Value, press: &str) {
        self.post("/api/v1/session/press", &json!({ "session": view["session"], "press": { "press": press } }));
    }

    /// Seconds of CPU of the booth and of the sitter's process.
    fn cpu_secs(&self) -> f64 {
        let ticks = |id: u32| -> Option<(u32, f64)> {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            Some((fields[1].parse().ok()?, fields[11].parse::<f64>().ok()? + fields[12].parse::<f64>().ok()?))
        };
        let ids = fs::read_dir("/proc").expect("Linux").flatten();
        let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let own = self.process.id();
        let used = ids.filter_map(|id| ticks(id).filter(|(parent, _)| id == own || *parent == own));
        // A tick is a hundredth of a second on every Linux that we know.
        used.map(|(_, ticks)| ticks / 100.0).sum()
    }

    /// The share of one core that it uses while `watch` lasts.
    fn share<T>(&self, watch: impl FnOnce() -> T) -> (f64, T) {
        let (before, since) = (self.cpu_secs(), Instant::now());
        let seen = watch();
        ((self.cpu_secs() - before) / since.elapsed().as_secs_f64(), seen)
    }
}

impl Drop for Booth {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn main() {
    start();
    weight();
    let booth = Booth::start(HEIGHTS_PX[0]);
    booth.until("attract");
    idle(&booth);
    load(&booth);
    drop(booth);
    for height_px in HEIGHTS_PX {
        live(height_px);
    }
}

fn start() {
    let mut took: Vec<f64> = (0..STARTS)
        .map(|_| {
            let since = Instant::now();
            let booth = Booth::start(HEIGHTS_PX[0]);
            booth.until("attract");
            since.elapsed().as_secs_f64()
        })
        .collect();
    took.sort_by(f64::total_cmp);
    println!("start to attract: {:.2} s (median of {STARTS}), slowest {:.2} s", took[STARTS / 2], took[STARTS - 1]);
}

fn weight() {
    let (fonts, rest): (Vec<_>, Vec<_>) = page::assets().partition(|asset| asset.path.ends_with(".woff"));
    let kilobytes = |assets: &[page::Asset]| assets.iter().map(|asset| asset.bytes.len()).sum::<usize>() as f64 / 1e3;
    println!("page: {:.0} kB, of which font {:.0} kB", kilobytes(&fonts) + kilobytes(&rest), kilobytes(&fonts));
}

fn idle(booth: &Booth) {
    let _page = booth.open("/api/v1/events");
    thread::sleep(Duration::from_secs(2));
    let (share, ()) = booth.share(|| thread::sleep(WATCHED));
    println!("idle, one page open, live view off: {:.1} % of one core", 100.0 * share);
}

fn live(height_px: u32) {
    let booth = Booth::start(height_px);
    booth.until("attract");
    booth.post("/api/v1/session/touch", &json!({}));
    booth.press(&booth.until("intro"), "start");
    booth.press(&booth.until("consent"), "yes");
    let view = booth.until("framing");
    let path = format!("/api/v1/sessions/{}/live", view["session"].as_str().expect("a session"));
    let mut redirect = BufReader::new(booth.open(&path));
    let location = loop {
        let mut line = String::new();
        assert!(redirect.read_line(&mut line).expect("headers") > 2, "no address of the live view");
        if let Some(location) = line.strip_prefix("location: http://") {
            break location.trim().to_owned();
        }
    };
    let (host, path) = location.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("the sitter's process listens");
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("it takes the request");
    stream.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
    let (share, pictures) = booth.share(|| {
        let (since, mut pictures, mut piece, mut tail) = (Instant::now(), 0_usize, vec![0; 1 << 16], Vec::new());
        while since.elapsed() < WATCHED {
            let Ok(count @ 1..) = stream.read(&mut piece) else { continue };
            tail.extend_from_slice(&piece[..count]);
            pictures += tail.windows(7).filter(|window| window == b"--frame").count();
            // A boundary may lie across two pieces, and none is counted twice.
            tail.drain(..tail.len().saturating_sub(6));
        }
        pictures
    });
    let per_sec = pictures as f64 / WATCHED.as_secs_f64();
    println!(
        "live view of a webcam at {height_px} px, Motion JPEG: {per_sec:.1} pictures/s, {:.0} % of one core, the simulated camera included",
        100.0 * share
    );
}

fn load(booth: &Booth) {
    let mut slow: Vec<TcpStream> = (0..SLOW_FOLLOWERS).map(|_| booth.open("/api/v1/events")).collect();
    for _ in 0..SLOW_CALLERS {
        let mut caller = TcpStream::connect(&booth.address).expect("it listens");
        caller.write_all(b"POST /api/v1/session/touch HTTP/1.1\r\nHost: ").expect("a beginning");
        slow.push(caller);
    }
    let mut took: Vec<f64> = (0..STOPS)
        .map(|_| {
            let since = Instant::now();
            booth.post("/api/v1/session/stop", &json!({}));
            since.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let at = |part: f64| took[((STOPS - 1) as f64 * part) as usize];
    println!(
        "stop beside {SLOW_FOLLOWERS} slow followers and {SLOW_CALLERS} callers that never finish: p50 {:.1} ms, p99 {:.1} ms",
        at(0.5),
        at(0.99)
    );
    drop(slow);
}
