//! The sender and the simulated firmware at the two ends of a cable, in virtual time.

use std::time::Duration;

use firmware_protocol::device::Device;
use firmware_protocol::device::Eeprom;
use firmware_protocol::device::Settings;
use firmware_protocol::link::Faults;
use firmware_protocol::link::Link;
use firmware_protocol::sender::Config;
use firmware_protocol::sender::Failure;
use firmware_protocol::sender::Output;
use firmware_protocol::sender::Pacing;
use firmware_protocol::sender::Phase;
use firmware_protocol::sender::Sender;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

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

/// Both ends, and what was seen on the way.
struct Pair {
    sender: Sender,
    device: Device,
    now: Duration,
    down: Link,
    up: Link,
    /// All bytes that the sender wrote.
    written: Vec<u8>,
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
        let sound = || Link::new(Faults::default(), 0);
        Self { sender, device, now, down: sound(), up: sound(), written: Vec::new(), most_in_flight: 0 }
    }

    /// Runs until the sender has come to an end, or `until`.
    fn run(&mut self, until: Duration) {
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
    fn step(&mut self, to: Duration) {
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
}

/// The same cases every time.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 16, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() }
}

fn faults() -> impl Strategy<Value = Faults> {
    let rate = || prop_oneof![3 => Just(0u32), 1 => 0u32..20_000];
    (rate(), rate(), rate(), rate(), 0u64..3000, prop::option::weighted(0.1, 0u64..2000)).prop_map(
        |(lost, doubled, garbled, delayed, millis, cut_after)| Faults {
            lost,
            doubled,
            garbled,
            delayed,
            delay: Duration::from_millis(millis),
            cut_after,
            ..Faults::default()
        },
    )
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
    #![proptest_config(config())]

    #[test]
    fn a_program_is_executed_to_its_end(points in points(), counting in any::<bool>()) {
        let pacing = if counting { Pacing::Counting(128) } else { Pacing::LineByLine };
        let lines = strokes(&points);
        let mut pair = Pair::new(pacing, &lines);
        pair.run(AT_MOST);
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
        pair.run(stop_at);
        let ended = pair.sender.phase() == Phase::Done;
        let written = pair.written.len();
        pair.sender.stop(pair.now);
        pair.run(AT_MOST);
        if !ended {
            prop_assert_eq!(pair.sender.phase(), Phase::Stopped { position_kept: true });
            // From the stop on: hold, questions, reset, and the lines that lift the pen.
            let after: Vec<u8> = pair.written[written..].iter().copied().filter(|byte| *byte != b'?').collect();
            prop_assert_eq!(after, b"!\x18M5\n");
        }
        prop_assert!(!pair.device.is_moving());
    }

    #[test]
    fn a_bad_cable_ends_in_a_named_state(points in points(), faults in faults(), back in faults(), seed in any::<u64>()) {
        let mut pair = Pair::new(Pacing::Counting(128), &strokes(&points));
        (pair.down, pair.up) = (Link::new(faults, seed), Link::new(back, seed ^ 1));
        pair.run(AT_MOST);
        if pair.sender.phase() == Phase::Paused {
            // Noise was taken for a hold: the operator gives up.
            pair.sender.stop(pair.now);
            pair.run(AT_MOST * 2);
        }
        let phase = pair.sender.phase();
        prop_assert!(matches!(phase, Phase::Done | Phase::Stopped { .. } | Phase::Failed(_)), "{phase:?}");
        prop_assert!(pair.most_in_flight <= 128);
    }
}

#[test]
fn a_cut_cable_is_noticed() {
    let mut pair = Pair::new(Pacing::Counting(128), &strokes(&[(400, 0), (0, 0), (400, 0)]));
    pair.down = Link::new(Faults { cut_after: Some(70), ..Faults::default() }, 0);
    pair.up = Link::new(Faults { cut_after: Some(60), ..Faults::default() }, 0);
    pair.run(AT_MOST);
    assert_eq!(pair.sender.phase(), Phase::Failed(Failure::Silent));
    assert!(pair.now < Duration::from_secs(4), "{:?}", pair.now);
}

#[test]
fn an_unasked_reset_ends_the_program() {
    let mut pair = Pair::new(Pacing::Counting(128), &strokes(&[(400, 0), (0, 0), (400, 0)]));
    pair.run(Duration::from_millis(400));
    pair.device = Device::new(Eeprom::new(settings())); // a brown-out: time goes on, the firmware begins anew
    let begun = pair.now;
    pair.device.advance(begun);
    pair.run(AT_MOST);
    assert_eq!(pair.sender.phase(), Phase::Failed(Failure::Restarted));
}

#[test]
fn a_refused_line_is_named() {
    let mut lines = strokes(&[(10, 10), (20, 20)]);
    lines[6] = "G99".into();
    let mut pair = Pair::new(Pacing::Counting(128), &lines);
    pair.run(AT_MOST);
    assert_eq!(pair.sender.phase(), Phase::Failed(Failure::Refused { line: 6, code: 20 }));
    assert!(pair.written.ends_with(b"\x18M5\n"), "the pen is lifted last");
}

#[test]
fn a_pause_holds_and_a_resume_goes_on() {
    let mut pair = Pair::new(Pacing::Counting(128), &strokes(&[(400, 0), (0, 0), (400, 0)]));
    pair.run(Duration::from_millis(500));
    pair.sender.pause();
    pair.run(Duration::from_millis(1500));
    assert!(!pair.device.is_moving());
    let at = pair.device.carriage();
    pair.run(Duration::from_millis(5000));
    assert_eq!(pair.device.carriage(), at);
    pair.sender.resume();
    pair.sender.pause();
    pair.sender.resume(); // so soon that the firmware still slows down, if it ever went on
    pair.run(AT_MOST);
    assert_eq!(pair.sender.phase(), Phase::Done);
    assert_eq!(pair.device.carriage(), [3200, 0, 0]);
}
