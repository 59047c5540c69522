//! Runs the recorded programs on the simulator, streamed by character counting, and compares the times.
//!
//! The folder of recordings is named by `PORTRAITIST_RECORDINGS`; where it isn't set, the test says so and is skipped.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use firmware_protocol::device::Device;
use firmware_protocol::device::Eeprom;
use firmware_protocol::device::Executed;
use firmware_protocol::device::Settings;

const BYTE_SECS: f64 = 10.0 / 115_200.0;
const RX_BYTES: usize = 128;
/// The recorded programs start when the banner is long past.
const START_SECS: f64 = 0.1;

/// How a program went, in seconds after its first byte.
#[derive(Default)]
struct Run {
    last_step: f64,
    last_ok: f64,
    errors: usize,
    /// Step pulses of each axis.
    pulses: [u64; 3],
    position: [i32; 3],
    /// Position at 0.1 s, 0.2 s, ...
    trace: Vec<[i32; 3]>,
}

/// A host that counts characters and answers at once.
struct Host {
    device: Device,
    sent_at: f64,
    in_flight: VecDeque<usize>,
    text: String,
    run: Run,
}

impl Host {
    fn advance(&mut self, to: f64) {
        self.device.advance(Duration::from_secs_f64(to));
        while let Some((at, byte)) = self.device.sent() {
            self.text.push(char::from(byte));
            if byte == b'\n' {
                let answer = std::mem::take(&mut self.text);
                if answer.starts_with("ok") || answer.starts_with("error") {
                    self.in_flight.pop_front();
                    self.run.errors += usize::from(answer.starts_with("error"));
                    self.run.last_ok = at.as_secs_f64() - START_SECS;
                    self.sent_at = self.sent_at.max(at.as_secs_f64());
                }
            }
        }
        while let Some(executed) = self.device.executed() {
            let Executed::Steps { at, carriage } = executed else { continue };
            let at = at.as_secs_f64() - START_SECS;
            while (self.run.trace.len() + 1) as f64 * 0.1 < at {
                self.run.trace.push(self.run.position);
            }
            for (axis, at) in carriage.iter().enumerate() {
                self.run.pulses[axis] += u64::from(at.abs_diff(self.run.position[axis]));
            }
            self.run.position = carriage;
            self.run.last_step = at;
        }
    }

    fn put(&mut self, byte: u8) {
        self.sent_at += BYTE_SECS;
        let at = self.sent_at;
        self.advance(at);
        self.sent_at = at;
        self.device.receive(byte);
    }
}

fn run(settings: &str, gcode: &str, realtime: &[(f64, u8)], line_cost: Duration) -> Run {
    let mut stored = Settings::default();
    for line in settings.lines() {
        let (number, value) = line.trim_start_matches('$').split_once('=').unwrap();
        stored.store(number.parse().unwrap(), value.parse().unwrap()).unwrap();
    }
    let mut device = Device::new(Eeprom::new(stored));
    device.set_line_cost(line_cost);
    let mut host =
        Host { device, sent_at: START_SECS, in_flight: VecDeque::new(), text: String::new(), run: Run::default() };
    host.advance(START_SECS);
    let mut realtime = realtime.iter().copied().peekable();
    for line in gcode.lines() {
        let bytes = line.len() + 1;
        while host.in_flight.iter().sum::<usize>() + bytes > RX_BYTES {
            let mut next = host.device.next_at().unwrap().as_secs_f64() + 1e-6;
            if let Some((at, byte)) = realtime.next_if(|(at, _)| at + START_SECS <= next) {
                host.sent_at = host.sent_at.max(at + START_SECS);
                host.put(byte);
                next = host.sent_at;
            }
            host.advance(next);
        }
        host.in_flight.push_back(bytes);
        for byte in line.bytes().chain([b'\n']) {
            while let Some((at, byte)) = realtime.next_if(|(at, _)| at + START_SECS <= host.sent_at) {
                host.sent_at = host.sent_at.max(at + START_SECS);
                host.put(byte);
            }
            host.put(byte);
        }
    }
    for (at, byte) in realtime {
        host.sent_at = host.sent_at.max(at + START_SECS);
        host.put(byte);
    }
    while let Some(next) = host.device.next_at() {
        host.advance(next.as_secs_f64() + 1e-6);
    }
    host.run
}

/// The text that follows `key`, up to one of `ends`.
fn after<'a>(json: &'a str, key: &str, ends: &str) -> &'a str {
    let rest = &json[json.find(key).unwrap() + key.len()..];
    &rest[..rest.find(ends).unwrap()]
}

fn numbers(list: &str) -> Vec<f64> {
    let words = list.split([',', '[', ']']).filter(|word| !word.trim().is_empty());
    words.map(|word| word.trim().parse().unwrap()).collect()
}

fn compare(folder: &Path) -> bool {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let result = read("result.json");
    let realtime: Vec<(f64, u8)> = after(&result, "\"realtime_bytes\":[", "],\n\"repeat")
        .split("],[")
        .filter(|pair| !pair.trim().is_empty())
        .map(|pair| {
            let (at, byte) = pair.trim_matches(['[', ']']).split_once(',').unwrap();
            let byte = u8::from_str_radix(byte.trim().trim_matches('"').trim_start_matches("0x"), 16).unwrap();
            (at.parse().unwrap(), byte)
        })
        .collect();
    let mut agrees = true;
    for (name, cost) in [("\"zero_line_cost\"", 0), ("\"line_cost_0_6ms\"", 600)] {
        let recorded = &result[result.find(name).unwrap()..];
        let seconds: f64 = after(recorded, "\"seconds\":", ",").parse().unwrap();
        let run = run(&read("settings.txt"), &read("program.gcode"), &realtime, Duration::from_micros(cost));
        let error = (run.last_step.max(run.last_ok) / seconds - 1.0) * 100.0;
        let final_steps = numbers(after(recorded, "\"final_steps\":[", "]"));
        let pulses = numbers(after(recorded, "\"steps\":[", "]"));
        let off: f64 = (0..3).map(|i| (final_steps[i] - f64::from(run.position[i])).abs()).fold(0.0, f64::max);
        let lost: f64 = (0..3).map(|i| (pulses[i] - run.pulses[i] as f64).abs()).fold(0.0, f64::max);
        let mut apart: f64 = 0.0;
        if cost == 0 {
            let trace = numbers(after(&result, "\"trace_0_1s\":[[", "]],"));
            let axes = if pulses[2] > 0.0 { 3 } else { 2 };
            for (before, now) in trace.chunks(axes).zip(&run.trace) {
                for axis in 0..2 {
                    apart = apart.max((before[axis] - f64::from(now[axis])).abs());
                }
            }
        }
        println!(
            "{:22} {seconds:9.4} s: {error:+.4} %, end off by {off} steps, {lost} pulses more or fewer, {} errors, path at most {apart} steps apart in time",
            folder.file_name().unwrap().to_string_lossy(),
            run.errors,
        );
        agrees &= error.abs() < 0.5 && off == 0.0 && run.errors == 0;
    }
    agrees
}

#[test]
fn programs_take_as_long_as_on_the_firmware() {
    let Some(folder) = env::var_os("PORTRAITIST_RECORDINGS").map(PathBuf::from) else {
        println!("skipped: PORTRAITIST_RECORDINGS does not name the folder of recordings");
        return;
    };
    let mut folders: Vec<PathBuf> =
        fs::read_dir(folder.join("timing")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let failed: Vec<_> = folders.iter().filter(|folder| !compare(folder)).collect();
    assert!(failed.is_empty(), "{failed:?}");
}
