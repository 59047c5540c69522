//! Whatever is sent to the simulator, it neither panics nor hangs, and a reset brings it back; and some thousands of
//! the random executions that `examples/noise.rs` runs by the million.

mod executions;

use std::time::Duration;

use firmware_protocol::device::Bench;
use firmware_protocol::device::Device;
use firmware_protocol::device::Eeprom;
use firmware_protocol::device::Settings;
use firmware_protocol::device::Switch;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Something that happens to the machine.
#[derive(Debug, Clone)]
enum Event {
    Line(String),
    Bytes(Vec<u8>),
    Wait(u64),
    Limits(bool),
    Probe(bool),
}

fn word() -> impl Strategy<Value = String> {
    let codes = prop::sample::select(vec![
        "G0", "G1", "G2", "G3", "G4", "G10", "L2", "L20", "G17", "G18", "G19", "G20", "G21", "G28", "G28.1", "G30",
        "G38.2", "G38.5", "G43.1", "G49", "G53", "G54", "G59", "G80", "G90", "G91", "G92", "G92.1", "G93", "G94", "M0",
        "M2", "M3", "M5", "M8", "T1",
    ]);
    let letters = prop::sample::select(vec!["X", "Y", "Z", "I", "J", "K", "R", "F", "P", "S", "N"]);
    let numbers = prop_oneof![(-300i32..300).prop_map(|n| format!("{}", f64::from(n) * 0.1)), "-?[0-9.]{0,12}"];
    prop_oneof![
        codes.prop_map(str::to_string),
        (letters, numbers).prop_map(|(letter, number)| format!("{letter}{number}"))
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let commands = prop::sample::select(vec![
        "$$",
        "$#",
        "$G",
        "$I",
        "$N",
        "$C",
        "$X",
        "$H",
        "$SLP",
        "$",
        "$J=G91X5F600",
        "$J=X1",
        "$N0=G0X1",
        "$N0=",
        "$RST=$",
        "$20=1",
        "$21=1",
        "$22=1",
        "$22=0",
        "$100=0",
        "$100=80",
        "$110=6000",
        "$110=0",
        "$120=0",
        "$120=500",
        "$11=0",
        "$12=0",
        "$1=255",
    ]);
    prop_oneof![
        6 => prop::collection::vec(word(), 1..5).prop_map(|words| Event::Line(words.concat())),
        2 => commands.prop_map(|line| Event::Line(line.to_string())),
        1 => prop::collection::vec(any::<u8>(), 1..8).prop_map(Event::Bytes),
        1 => prop::sample::select(vec![b'?', b'!', b'~', 0x18, 0x84, 0x85, 0x91, 0x97, 0x9E, 0xA0]).prop_map(|b| Event::Bytes(vec![b])),
        4 => (0u64..2_000).prop_map(Event::Wait),
        1 => any::<bool>().prop_map(Event::Limits),
        1 => any::<bool>().prop_map(Event::Probe),
    ]
}

fn happen(device: &mut Device, event: &Event) {
    let mut send = |bytes: &[u8]| {
        for byte in bytes {
            device.advance(device.now() + Duration::from_micros(87));
            device.receive(*byte);
        }
    };
    let switch = |closed: bool| if closed { Switch::Closed } else { Switch::Open };
    match event {
        Event::Line(line) => send(format!("{line}\n").as_bytes()),
        Event::Bytes(bytes) => send(bytes),
        Event::Wait(millis) => device.advance(device.now() + Duration::from_millis(*millis)),
        Event::Limits(closed) => {
            let bench = device.bench();
            device.set_bench(Bench { limits: [switch(*closed); 3], ..bench });
        }
        Event::Probe(closed) => {
            let bench = device.bench();
            device.set_bench(Bench { probe: switch(*closed), ..bench });
        }
    }
    while device.sent().is_some() || device.executed().is_some() {}
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_breaks_the_firmware(events in prop::collection::vec(event(), 1..60)) {
        let mut device = Device::new(Eeprom::new(Settings::default()));
        for event in &events {
            happen(&mut device, event);
        }
        // Twice: during an alarm the first is thrown away.
        for _ in 0..2 {
            device.advance(device.now() + Duration::from_secs(1));
            device.receive(0x18);
        }
        device.advance(device.now() + Duration::from_secs(2));
        let text: Vec<u8> = std::iter::from_fn(|| device.sent()).map(|(_, byte)| byte).collect();
        let text = String::from_utf8_lossy(&text).into_owned();
        prop_assert!(text.contains("Grbl 1.1h"), "{text:?}");
        prop_assert!(!device.is_moving() || text.contains('>'), "only a startup line may move it: {text:?}");
    }
}

/// As many executions of a kind, always the same.
fn execute(name: &str, count: u64) {
    let kind = executions::KINDS.iter().find(|kind| kind.name == name).unwrap();
    for seed in 0..count / kind.per_seed {
        println!("seed {seed}"); // shown only if it fails
        (kind.run)(seed);
    }
}

#[test]
fn only_exact_lines_are_taken_for_answers() {
    execute("reply", 50_000);
}

#[test]
fn every_line_is_answered_once() {
    execute("device", 20_000);
}

#[test]
fn the_sender_keeps_its_promises() {
    execute("sender", 20_000);
}
