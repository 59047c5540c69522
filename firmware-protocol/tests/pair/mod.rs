//! A sender and the simulated firmware at the two ends of a cable, in virtual time, and what the wire carried.

use std::time::Duration;

use firmware_protocol::device::Device;
use firmware_protocol::device::Eeprom;
use firmware_protocol::device::Settings;
use firmware_protocol::link::Faults;
use firmware_protocol::link::Link;
use firmware_protocol::sender::Config;
use firmware_protocol::sender::Output;
use firmware_protocol::sender::Pacing;
use firmware_protocol::sender::Sender;

/// No program of these tests takes longer.
pub const AT_MOST: Duration = Duration::from_secs(600);

pub fn settings() -> Settings {
    let mut settings = Settings::default();
    for (number, value) in
        [(1, 255.0), (10, 3.0), (100, 80.0), (101, 80.0), (102, 80.0), (110, 6000.0), (111, 6000.0), (112, 3000.0)]
    {
        settings.store(number, value).unwrap();
    }
    for axis in 120..=122 {
        settings.store(axis, 500.0).unwrap();
    }
    settings
}

/// Both ends, and what was seen on the way.
pub struct Pair {
    pub sender: Sender,
    pub device: Device,
    pub now: Duration,
    pub down: Link,
    pub up: Link,
    /// All bytes that the sender wrote.
    pub written: Vec<u8>,
    pub most_in_flight: usize,
}

impl Pair {
    pub fn new(pacing: Pacing, lines: &[String]) -> Self {
        let mut device = Device::new(Eeprom::new(settings()));
        let now = Duration::from_millis(100);
        device.advance(now);
        while device.sent().is_some() {}
        let mut sender = Sender::new(Config { pacing, ..Config::default() });
        sender.start(lines.to_vec(), vec!["M5".into()], now);
        let sound = || Link::new(Faults::default(), 0);
        Self { sender, device, now, down: sound(), up: sound(), written: Vec::new(), most_in_flight: 0 }
    }

    /// Runs until the sender has come to an end, or `until`.
    pub fn run(&mut self, until: Duration) {
        while self.now < until {
            match self.sender.poll(self.now) {
                Output::Transmit(bytes) => {
                    self.most_in_flight = self.most_in_flight.max(self.sender.bytes_in_flight());
                    for byte in bytes {
                        self.written.push(byte);
                        self.down.send(byte, self.now);
                    }
                }
                Output::Accepted(_) | Output::Status(_) => {}
                Output::Wait(wait) => {
                    if wait == Duration::MAX && self.down.next_at().is_none() {
                        return;
                    }
                    let events =
                        [Some(wait), Some(until), self.device.next_at(), self.down.next_at(), self.up.next_at()];
                    let next = events.into_iter().flatten().min().unwrap_or(until);
                    self.step(next.max(self.now + Duration::from_nanos(100)));
                }
            }
        }
    }

    /// Lets time pass up to `to`.
    pub fn step(&mut self, to: Duration) {
        while let Some((at, byte)) = self.down.receive(to) {
            self.device.advance(at.max(self.now));
            self.device.receive(byte);
        }
        self.now = to;
        self.device.advance(to);
        while let Some((at, byte)) = self.device.sent() {
            // The simulator has had the byte on its own wire already.
            self.up.send(byte, at.saturating_sub(Faults::default().byte));
        }
        while let Some((at, byte)) = self.up.receive(to) {
            self.sender.receive(&[byte], at);
        }
    }

    /// The last line that the wire carried, real-time bytes left out.
    pub fn last_line(&self) -> String {
        let lines: Vec<u8> = self.written.iter().copied().filter(|b| !matches!(b, b'?' | b'!' | b'~' | 0x18)).collect();
        let text = String::from_utf8(lines).expect("ASCII");
        text.strip_suffix('\n').and_then(|text| text.rsplit('\n').next()).unwrap_or("").to_owned()
    }
}
