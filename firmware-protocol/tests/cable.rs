//! The sender and the simulated firmware at the two ends of a cable, in virtual time.

use std::time::Duration;

use firmware_protocol::device::Device;
use firmware_protocol::device::Eeprom;
use firmware_protocol::device::Settings;
use firmware_protocol::sender::Config;
use firmware_protocol::sender::Failure;
use firmware_protocol::sender::Output;
use firmware_protocol::sender::Pacing;
use firmware_protocol::sender::Phase;
use firmware_protocol::sender::Sender;
use proptest::prelude::*;

const BYTE: Duration = Duration::from_nanos(86_806);
/// No program of these tests takes longer.
const AT_MOST: Duration = Duration::from_secs(600);

fn settings() -> Settings {
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

/// What the cable does to a byte.
type Cable<'a> = &'a mut dyn FnMut(usize, u8) -> Option<u8>;

/// Both ends, and what was seen on the way.
struct Pair {
    sender: Sender,
    device: Device,
    now: Duration,
    wire_free: Duration,
    /// All bytes that the sender wrote.
    written: Vec<u8>,
    received: usize,
    most_in_flight: usize,
}

impl Pair {
    fn new(pacing: Pacing, lines: &[String]) -> Self {
        let mut device = Device::new(Eeprom::new(settings()));
        let now = Duration::from_millis(100);
        device.advance(now);
        while device.sent().is_some() {}
        let mut sender = Sender::new(Config { pacing, ..Config::default() });
        sender.start(lines.to_vec(), vec!["M5".into()], now);
        Self { sender, device, now, wire_free: now, written: Vec::new(), received: 0, most_in_flight: 0 }
    }

    /// Runs until the sender has come to an end, or `until`.
    fn run(&mut self, until: Duration, to_device: Cable, to_host: Cable) {
        while self.now < until {
            match self.sender.poll(self.now) {
                Output::Transmit(bytes) => {
                    self.most_in_flight = self.most_in_flight.max(self.sender.bytes_in_flight());
                    for byte in bytes {
                        self.wire_free = self.wire_free.max(self.now) + BYTE;
                        self.listen(self.wire_free, to_host);
                        self.written.push(byte);
                        if let Some(byte) = to_device(self.written.len(), byte) {
                            self.device.receive(byte);
                        }
                    }
                }
                Output::Accepted(_) | Output::Status(_) => {}
                Output::Wait(Duration::MAX) => return,
                Output::Wait(wait) => {
                    let next = self.device.next_at().unwrap_or(wait).min(wait).min(until);
                    self.listen(next.max(self.now + Duration::from_nanos(100)), to_host);
                }
            }
        }
    }

    fn listen(&mut self, until: Duration, to_host: Cable) {
        self.now = self.now.max(until);
        self.device.advance(self.now);
        while let Some((at, byte)) = self.device.sent() {
            self.received += 1;
            if let Some(byte) = to_host(self.received, byte) {
                self.sender.receive(&[byte], at);
            }
        }
    }
}

fn sound(_: usize, byte: u8) -> Option<u8> {
    Some(byte)
}

fn strokes(points: &[(i16, i16)]) -> Vec<String> {
    let mut lines = vec!["G21".to_string(), "G90".into(), "M3S90".into(), "G4P0.05".into(), "G1F3000".into()];
    lines.extend(points.iter().map(|(x, y)| format!("X{:.1}Y{:.1}", f32::from(*x) * 0.1, f32::from(*y) * 0.1)));
    lines.extend(["M5".into(), "G4P0.05".into()]);
    lines
}

fn points() -> impl Strategy<Value = Vec<(i16, i16)>> {
    prop::collection::vec((-500i16..500, -500i16..500), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_program_is_executed_to_its_end(points in points(), counting in any::<bool>()) {
        let pacing = if counting { Pacing::Counting(128) } else { Pacing::LineByLine };
        let lines = strokes(&points);
        let mut pair = Pair::new(pacing, &lines);
        pair.run(AT_MOST, &mut sound, &mut sound);
        prop_assert_eq!(pair.sender.phase(), Phase::Done);
        prop_assert_eq!(pair.sender.accepted(), lines.len());
        prop_assert!(pair.most_in_flight <= 128);
        prop_assert!(!pair.device.is_moving());
        let (x, y) = points[points.len() - 1];
        prop_assert_eq!(pair.device.carriage(), [i32::from(x) * 8, i32::from(y) * 8, 0]);
    }

    #[test]
    fn a_stop_keeps_the_position_and_sends_no_line_more(points in points(), millis in 0u64..3000) {
        let mut pair = Pair::new(Pacing::Counting(128), &strokes(&points));
        let stop_at = pair.now + Duration::from_millis(millis);
        pair.run(stop_at, &mut sound, &mut sound);
        let ended = pair.sender.phase() == Phase::Done;
        let written = pair.written.len();
        pair.sender.stop(pair.now);
        pair.run(AT_MOST, &mut sound, &mut sound);
        if !ended {
            prop_assert_eq!(pair.sender.phase(), Phase::Stopped { position_kept: true });
            // From the stop on: hold, questions, reset, and the lines that lift the pen.
            let after: Vec<u8> = pair.written[written..].iter().copied().filter(|byte| *byte != b'?').collect();
            prop_assert_eq!(after, b"!\x18M5\n");
        }
        prop_assert!(!pair.device.is_moving());
    }

    #[test]
    fn a_bad_cable_ends_in_a_named_state(points in points(), at in 1usize..400, kind in 0u8..4, seed in any::<u8>()) {
        let mut pair = Pair::new(Pacing::Counting(128), &strokes(&points));
        let spoil = |n: usize, byte: u8| match kind {
            _ if n != at => Some(byte),
            0 | 1 => None,
            _ => Some(byte ^ (1 << (seed % 7))),
        };
        let (mut down, mut up) = (|n: usize, byte: u8| if kind % 2 == 0 { spoil(n, byte) } else { Some(byte) },
            |n: usize, byte: u8| if kind % 2 == 1 { spoil(n, byte) } else { Some(byte) });
        pair.run(AT_MOST, &mut down, &mut up);
        let phase = pair.sender.phase();
        prop_assert!(matches!(phase, Phase::Done | Phase::Failed(_)), "{phase:?}");
    }
}

#[test]
fn a_cut_cable_is_noticed() {
    let mut pair = Pair::new(Pacing::Counting(128), &strokes(&[(400, 0), (0, 0), (400, 0)]));
    pair.run(AT_MOST, &mut |n, byte| (n < 70).then_some(byte), &mut |n, byte| (n < 60).then_some(byte));
    assert_eq!(pair.sender.phase(), Phase::Failed(Failure::Silent));
    assert!(pair.now < Duration::from_secs(4), "{:?}", pair.now);
}

#[test]
fn an_unasked_reset_ends_the_program() {
    let mut pair = Pair::new(Pacing::Counting(128), &strokes(&[(400, 0), (0, 0), (400, 0)]));
    pair.run(Duration::from_millis(400), &mut sound, &mut sound);
    pair.device = Device::new(Eeprom::new(settings())); // a brown-out: time goes on, the firmware begins anew
    let begun = pair.now;
    pair.device.advance(begun);
    pair.run(AT_MOST, &mut sound, &mut sound);
    assert_eq!(pair.sender.phase(), Phase::Failed(Failure::Restarted));
}

#[test]
fn a_refused_line_is_named() {
    let mut lines = strokes(&[(10, 10), (20, 20)]);
    lines[6] = "G99".into();
    let mut pair = Pair::new(Pacing::Counting(128), &lines);
    pair.run(AT_MOST, &mut sound, &mut sound);
    assert_eq!(pair.sender.phase(), Phase::Failed(Failure::Refused { line: 6, code: 20 }));
}

#[test]
fn a_pause_holds_and_a_resume_goes_on() {
    let mut pair = Pair::new(Pacing::Counting(128), &strokes(&[(400, 0), (0, 0), (400, 0)]));
    pair.run(Duration::from_millis(500), &mut sound, &mut sound);
    pair.sender.pause();
    pair.run(Duration::from_millis(1500), &mut sound, &mut sound);
    assert!(!pair.device.is_moving());
    let at = pair.device.carriage();
    pair.run(Duration::from_millis(5000), &mut sound, &mut sound);
    assert_eq!(pair.device.carriage(), at);
    pair.sender.resume();
    pair.run(AT_MOST, &mut sound, &mut sound);
    assert_eq!(pair.sender.phase(), Phase::Done);
    assert_eq!(pair.device.carriage(), [3200, 0, 0]);
}
