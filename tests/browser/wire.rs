//! The debugging socket: commands with numbers, answers with the same numbers, events in between.

use std::net::TcpStream;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use tungstenite::Message;
use tungstenite::WebSocket;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection to a browser.
pub struct Wire {
    socket: WebSocket<TcpStream>,
    number: u64,
    session: Option<String>,
    events: Vec<Value>,
}

impl Wire {
    /// To the browser at this `ws://` address.
    pub fn connect(address: &str) -> Self {
        let host = address.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).expect("ws://HOST:PORT/...");
        let stream = TcpStream::connect(host).expect("the browser listens");
        // The handshake is waited for; afterwards nobody waits long for an event that may not come.
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let (socket, _) = tungstenite::client(address, stream).unwrap_or_else(|e| panic!("{address}: {e}"));
        socket.get_ref().set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        Self { socket, number: 0, session: None, events: Vec::new() }
    }

    /// From now on commands go to the page of this session.
    pub fn attach(&mut self, session: String) {
        self.session = Some(session);
    }

    /// The answer to a command.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut command = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = session.clone().into();
        }
        self.socket.send(Message::text(command.to_string())).expect("the browser hears");
        let since = Instant::now();
        loop {
            assert!(since.elapsed() < PATIENCE, "{method} is not answered");
            let Some(message) = self.receive() else { continue };
            if message["id"] == self.number {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    /// Events called `method` so far, each once.
    pub fn take(&mut self, method: &str) -> Vec<Value> {
        while let Some(event) = self.receive() {
            self.events.push(event);
        }
        let (wanted, rest) = std::mem::take(&mut self.events).into_iter().partition(|event| event["method"] == method);
        self.events = rest;
        wanted
    }

    /// The next message, if one comes within the socket's timeout.
    fn receive(&mut self) -> Option<Value> {
        match self.socket.read() {
            Ok(Message::Text(text)) => Some(serde_json::from_str(&text).expect("the browser speaks JSON")),
            Ok(_) => None,
            Err(tungstenite::Error::Io(e))
                if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                None
            }
            Err(e) => panic!("the browser has gone: {e}"),
        }
    }
}
