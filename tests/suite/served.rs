//! A program that serves, as its callers meet it: started, asked over HTTP, ended.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::process::Child;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use crate::program::Bench;

/// A program that runs until it is dropped.
pub struct Served {
    process: Child,
    address: String,
    /// What it told when it was ready.
    pub told: Value,
}

/// Starts the program with `arguments`, which make it serve, and waits until it does.
pub fn serve(bench: &Bench, arguments: &[&str]) -> Served {
    let arguments = [&["--json"], arguments].concat();
    let log = File::options().create(true).append(true).open(bench.path().join("stderr.log")).expect("writable");
    let mut process = bench.command(&arguments).stdout(Stdio::piped()).stderr(log).spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("text");
    let told: Value = serde_json::from_str(&line).unwrap_or_else(|e| {
        let log = std::fs::read_to_string(bench.path().join("stderr.log")).unwrap_or_default();
        panic!("no address ({e}): {line}{log}")
    });
    let address =
        told["url"].as_str().expect("an address").trim_start_matches("http://").trim_end_matches('/').to_owned();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    Served { process, address, told }
}

/// What was answered.
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("no JSON ({e}): {}", String::from_utf8_lossy(&self.body)))
    }
}

impl Served {
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Where it listens, `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its process's number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, "", &body.to_string())
    }

    /// Asks it, with more `headers`, each ended by CR and LF.
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        ask(&self.address, method, path, headers, body)
    }

    /// The first `event` of the feed at `path`, as JSON.
    pub fn first_event(&self, path: &str, event: &str) -> Value {
        let mut stream = self.request(path);
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        let mut lines = BufReader::new(&mut stream).lines().map(|line| line.expect("text"));
        let wanted = format!("event: {event}");
        lines.find(|line| *line == wanted).expect("it comes");
        let data = lines.find_map(|line| line.strip_prefix("data: ").map(str::to_owned)).expect("data");
        serde_json::from_str::<Value>(&data).expect("JSON")["data"].clone()
    }

    /// The connection on which `path` was asked for.
    pub fn request(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let Self { address, .. } = self;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("it takes the request");
        stream
    }

    /// Ends it as a service manager would: its exit code, and how long it took.
    pub fn end(mut self) -> (Option<i32>, Duration) {
        let since = Instant::now();
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
        (self.process.wait().expect("it ends").code(), since.elapsed())
    }
}

/// Asks `address`.
pub fn ask(address: &str, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: close\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it takes the request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("headers");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: answer[end + 4..].to_vec() }
}

impl Drop for Served {
    /// As if the power were cut.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
