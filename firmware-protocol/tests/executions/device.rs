//! A hundred executions: as many lines are sent to one simulated firmware, which then must come back by a reset.
//!
//! In check mode every line without real-time bytes is answered exactly once, and one that cannot be read as G-code is
//! refused; with the motors on the machine may do what it likes, but neither panic nor hang.

use std::time::Duration;

use firmware_protocol::device::Device;
use firmware_protocol::device::Eeprom;
use firmware_protocol::device::Settings;
use firmware_protocol::gcode;

use super::Random;

/// Lines of one seed.
pub const LINES: u64 = 100;

/// Ten bits at 115,200 baud.
const BYTE: Duration = Duration::from_micros(87);
/// Any line in check mode is answered by then: the longest answer, `$$`, is half as long on the wire.
const ANSWERED_WITHIN: Duration = Duration::from_millis(200);

const WRITTEN: [&str; 28] = [
    "G1X10.5Y-2F1500",
    "X1.25Y3",
    "G0X0Y0Z5",
    "G2X10Y0I5J0F900",
    "G3X10Y10R-8",
    "G18G2X1Z1I1",
    "G91X-3",
    "G93X1F30",
    "G38.2Z-5F50",
    "G43.1Z1",
    "G10L20P1X0Y0",
    "G10L2P3X1",
    "G28.1",
    "G92X3",
    "G53G0X-1",
    "G59X1",
    "G4P0.01",
    "M3S90",
    "M8",
    "M2",
    "N12G1X1(remark)Y2;rest",
    "$$",
    "$#",
    "$G",
    "$N",
    "$J=G91X5F600",
    "$100=80",
    "$N0=G21",
];
/// After so many lines a machine with its motors on is reset: by then it is mostly locked, asleep or held.
const RESET_EVERY: u64 = 10;

/// Lines that end the check mode, lock the machine or change what others do.
const WILD: [&str; 20] = [
    "!",
    "~",
    "?",
    "$110=6000",
    "$120=500",
    "$111=6000",
    "$C",
    "$X",
    "$H",
    "$SLP",
    "$22=1",
    "$20=1",
    "$21=1",
    "$12=0",
    "$11=0",
    "$110=0",
    "$120=0",
    "$100=0",
    "$RST=*",
    "$N0=G0X1",
];
const ALPHABET: &[u8] = b"GXYZIJKRFPSNMTL0123456789.-+$=(); gx";

pub fn run(seed: u64) {
    let mut random = Random(seed);
    let checked = random.once_in(2);
    let mut device = Device::new(Eeprom::new(Settings::default()));
    device.advance(Duration::from_millis(50));
    if checked {
        send(&mut device, b"$C\n");
        device.advance(device.now() + ANSWERED_WITHIN);
    }
    said(&mut device);
    for i in 0..LINES {
        if !checked && i % RESET_EVERY == 0 {
            recover(&mut device);
        }
        let line = line(&mut random, checked);
        send(&mut device, &line);
        send(&mut device, b"\n");
        let wait = if checked { ANSWERED_WITHIN } else { Duration::from_millis(random.pick(&[0, 1, 5, 20, 60])) };
        device.advance(device.now() + wait);
        let said = said(&mut device);
        if checked {
            answered_once(&line, &said);
        }
    }
    recover(&mut device);
    let said = said(&mut device);
    assert!(said.contains("Grbl 1.1h"), "no banner after a reset: {said:?}");
}

/// Resets and unlocks it.
fn recover(device: &mut Device) {
    // Twice: during an alarm the first is thrown away.
    for _ in 0..2 {
        device.advance(device.now() + Duration::from_secs(1));
        device.receive(0x18);
    }
    device.advance(device.now() + Duration::from_secs(2));
    send(device, b"$X\n");
    device.advance(device.now() + ANSWERED_WITHIN);
}

fn line(random: &mut Random, checked: bool) -> Vec<u8> {
    let mut line: Vec<u8> = match random.below(8) {
        0 => (0..random.below(120)).map(|_| random.byte(ALPHABET)).collect(),
        1 if !checked => random.pick(&WILD).into(),
        _ => random.pick(&WRITTEN).into(),
    };
    let other = random.pick(&WRITTEN);
    random.mutate(&mut line, other.as_bytes(), ALPHABET);
    if checked {
        // What is answered more than once, or not at all, is left to the executions that do not count answers.
        line.retain(|byte| !matches!(byte, b'\n' | b'\r' | b'!' | b'~' | b'?' | 0x18 | 0x80..));
        line.truncate(120);
        let command: Vec<u8> = line.iter().filter(|byte| **byte > b' ').map(u8::to_ascii_uppercase).collect();
        if [&b"$C"[..], b"$RST", b"/$C", b"/$RST"].iter().any(|leaves| command.starts_with(leaves)) {
            line.clear();
        }
    }
    line
}

fn send(device: &mut Device, bytes: &[u8]) {
    for byte in bytes {
        device.advance(device.now() + BYTE);
        device.receive(*byte);
    }
}

fn said(device: &mut Device) -> String {
    while device.executed().is_some() {}
    let bytes: Vec<u8> = std::iter::from_fn(|| device.sent()).map(|(_, byte)| byte).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn answered_once(line: &[u8], said: &str) {
    let text = String::from_utf8_lossy(line);
    let answers: Vec<&str> =
        said.split("\r\n").filter(|answer| *answer == "ok" || answer.starts_with("error:")).collect();
    assert_eq!(answers.len(), 1, "{text:?} was answered {said:?}");
    // Only a `$` at the head of the cleaned line makes it a command.
    if let Err(refusal) = gcode::words(&text)
        && !said.contains("error:11")
        && !text.contains('$')
    {
        assert_ne!(answers[0], "ok", "{text:?} cannot be read ({refusal:?})");
    }
}
