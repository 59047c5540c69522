//! Pauses, holds, stops and whatever else takes the machine away from the sender, in virtual time.

mod pair;

use std::time::Duration;

use firmware_protocol::device::Bench;
use firmware_protocol::link::Faults;
use firmware_protocol::link::Link;
use firmware_protocol::sender::Config;
use firmware_protocol::sender::Failure;
use firmware_protocol::sender::Output;
use firmware_protocol::sender::Pacing;
use firmware_protocol::sender::Phase;
use firmware_protocol::sender::Sender;
use pair::AT_MOST;
use pair::Pair;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// So many strokes of 40 mm, one above the other: the lines, and before which of them the pen is up.
fn strokes(count: usize) -> (Vec<String>, Vec<bool>) {
    let mut lines: Vec<(String, bool)> =
        ["G21", "G90", "M5", "G4P0.1"].iter().map(|line| (line.to_string(), true)).collect();
    for i in 0..count {
        lines.push((format!("G0X0Y{i}"), true));
        lines.push(("M3S90".into(), true));
        lines.push(("G4P0.1".into(), false));
        lines.extend((1..=8).map(|k| (format!("G1X{}F3000", 5 * k), false)));
        lines.push(("M5".into(), false));
        lines.push(("G4P0.1".into(), true));
    }
    lines.into_iter().unzip()
}

/// A pair that has drawn for so long, and before which lines the pen is up.
fn drawing(millis: u64) -> (Pair, Vec<bool>) {
    let (lines, up) = strokes(6);
    let mut pair = Pair::new(Pacing::Counting(128), &lines);
    pair.run(Duration::from_millis(millis));
    assert_eq!(pair.sender.phase(), Phase::Streaming);
    (pair, up)
}

/// Runs until the sender is at `phase`.
#[track_caller]
fn run_to(pair: &mut Pair, phase: Phase) {
    let until = pair.now + AT_MOST;
    while pair.sender.phase() != phase {
        assert!(pair.now < until, "still {:?}, not {phase:?}", pair.sender.phase());
        pair.run(pair.now + Duration::from_millis(10));
    }
}

/// Asks for a rest before the first line from which the pen is up and which has not been sent.
fn rest(pair: &mut Pair, up: &[bool]) -> usize {
    let sent = pair.sender.sent();
    let line = (sent..up.len()).find(|line| up[*line]).unwrap_or(up.len());
    pair.sender.rest_before(line);
    line
}

/// Whatever happened, it ends so, the pen is lifted last, and the machine stands.
#[track_caller]
fn ends(mut pair: Pair, phase: Phase) -> Pair {
    pair.run(pair.now + AT_MOST);
    assert_eq!(pair.sender.phase(), phase);
    assert_eq!(pair.last_line(), "M5");
    assert!(!pair.device.is_moving());
    pair
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_rest_comes_at_the_next_pen_up_and_nothing_moves_until_told_to(millis in 0u64..6000, waits in 0u64..30) {
        let (lines, up) = strokes(4);
        let mut pair = Pair::new(Pacing::Counting(128), &lines);
        pair.run(Duration::from_millis(100 + millis));
        if pair.sender.phase() == Phase::Streaming {
            let line = rest(&mut pair, &up);
            if line < lines.len() {
                run_to(&mut pair, Phase::Resting);
                prop_assert_eq!((pair.sender.sent(), pair.sender.accepted()), (line, line));
                prop_assert!(!pair.device.is_moving());
                let (at, written) = (pair.device.carriage(), pair.written.len());
                pair.run(pair.now + Duration::from_secs(waits));
                prop_assert!(pair.written[written..].iter().all(|byte| *byte == b'?'));
                prop_assert_eq!((pair.sender.phase(), pair.device.carriage()), (Phase::Resting, at));
                pair.sender.resume(pair.now);
            }
        }
        let now = pair.now;
        pair.run(now + AT_MOST);
        prop_assert_eq!(pair.sender.phase(), Phase::Done);
        prop_assert_eq!(pair.device.carriage(), [3200, 240, 0]);
        let program: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let written: Vec<u8> = pair.written.iter().copied().filter(|byte| *byte != b'?').collect();
        prop_assert_eq!(String::from_utf8(written).unwrap(), program, "each line once, in order");
    }
}

#[test]
fn a_rest_that_is_taken_back_in_time_is_none() {
    let (mut pair, up) = drawing(2000);
    rest(&mut pair, &up);
    pair.run(pair.now + Duration::from_millis(100));
    pair.sender.resume(pair.now);
    run_to(&mut pair, Phase::Done);
    assert!(!pair.written.contains(&b'~'), "nothing was held");
}

#[test]
fn a_rest_behind_the_last_stroke_is_the_end() {
    let (mut pair, up) = drawing(2000);
    pair.run(Duration::from_secs(8));
    while pair.sender.phase() == Phase::Streaming && rest(&mut pair, &up) < up.len() {
        pair.sender.resume(pair.now);
        pair.run(pair.now + Duration::from_millis(20));
    }
    run_to(&mut pair, Phase::Done);
}

#[test]
fn a_stop_ends_a_rest_with_the_pen_lifted() {
    let (mut pair, up) = drawing(2000);
    rest(&mut pair, &up);
    run_to(&mut pair, Phase::Resting);
    pair.sender.stop(pair.now);
    ends(pair, Phase::Stopped { position_kept: true });
}

#[test]
fn a_stop_overtakes_a_rest_and_a_hold() {
    let (mut pair, up) = drawing(2000);
    rest(&mut pair, &up);
    pair.sender.stop(pair.now);
    ends(pair, Phase::Stopped { position_kept: true });
    let (mut pair, _) = drawing(2000);
    pair.device.set_bench(Bench { hold_button: true, ..Bench::default() });
    run_to(&mut pair, Phase::Paused);
    pair.sender.stop(pair.now);
    ends(pair, Phase::Stopped { position_kept: true });
}

#[test]
fn the_button_on_the_machine_resumes_too() {
    let (mut pair, _) = drawing(2000);
    pair.device.set_bench(Bench { hold_button: true, ..Bench::default() });
    run_to(&mut pair, Phase::Paused);
    pair.device.set_bench(Bench::default());
    pair.run(pair.now + Duration::from_secs(20));
    assert_eq!(pair.sender.phase(), Phase::Paused, "releasing the hold button alone moves nothing");
    pair.device.set_bench(Bench { start_button: true, ..Bench::default() });
    run_to(&mut pair, Phase::Done);
}

#[test]
fn a_hold_in_a_rest_is_told_and_one_resume_ends_both() {
    let (mut pair, up) = drawing(2000);
    rest(&mut pair, &up);
    run_to(&mut pair, Phase::Resting);
    pair.device.receive(0x84);
    run_to(&mut pair, Phase::Paused);
    let at = pair.device.carriage();
    pair.run(pair.now + Duration::from_secs(5));
    assert_eq!(pair.device.carriage(), at);
    pair.sender.resume(pair.now);
    run_to(&mut pair, Phase::Done);
}

#[test]
fn another_programs_jog_in_a_rest_is_told() {
    let (mut pair, up) = drawing(2000);
    rest(&mut pair, &up);
    run_to(&mut pair, Phase::Resting);
    pair.run(pair.now + Duration::from_millis(50));
    for byte in *b"$J=G91X90F2000\n" {
        pair.down.send(byte, pair.now);
    }
    let pair = ends(pair, Phase::Failed(Failure::Unasked)); // its answer comes before any report of it
    assert!(pair.device.carriage()[0] < 3200 + 7200, "it was stopped on its way");
}

#[test]
fn a_pendant_that_jogs_behind_the_cable_is_told() {
    let (mut pair, up) = drawing(2000);
    rest(&mut pair, &up);
    run_to(&mut pair, Phase::Resting);
    // Its answer goes to the pendant.
    for byte in *b"$J=G91X90F2000\n" {
        pair.device.receive(byte);
    }
    pair.device.advance(pair.now + Duration::from_millis(5));
    while pair.device.sent().is_some() {}
    ends(pair, Phase::Failed(Failure::Taken));
}

#[test]
fn check_mode_and_sleep_end_the_program() {
    for (line, failure) in [("$C\n", Failure::Checking), ("$SLP\n", Failure::Asleep)] {
        let (mut pair, up) = drawing(2000);
        rest(&mut pair, &up);
        run_to(&mut pair, Phase::Resting);
        line.bytes().for_each(|byte| pair.device.receive(byte));
        pair.device.advance(pair.now + Duration::from_millis(5));
        while pair.device.sent().is_some() {}
        ends(pair, Phase::Failed(failure));
    }
}

#[test]
fn an_answer_that_nobody_waited_for_is_told() {
    let (lines, _) = strokes(6);
    // What a sender that ends its lines with CR and LF would get.
    let mut pair = Pair::new(Pacing::LineByLine, &lines);
    pair.run(Duration::from_millis(2000));
    pair.down.send(b'\n', pair.now);
    ends(pair, Phase::Failed(Failure::Unasked));
}

/// A firmware that says the same for ever, until it is reset: when the sender gave up, and why.
fn stuck(report: &str) -> (Duration, Phase) {
    let mut sender = Sender::new(Config::default());
    sender.start(vec!["X1".into(), "X2".into()], vec!["M5".into()], Duration::ZERO);
    let (mut now, mut gave_up) = (Duration::ZERO, None);
    while now < AT_MOST {
        match sender.poll(now) {
            Output::Transmit(bytes) => {
                let answer = match &bytes[..] {
                    b"?" => format!("{report}\r\n"),
                    [0x18] => "Grbl 1.1h ['$' for help]\r\n".into(),
                    b"M5\n" => "ok\r\n".into(),
                    _ => String::new(),
                };
                sender.receive(answer.as_bytes(), now);
            }
            Output::Wait(Duration::MAX) => break,
            Output::Wait(until) => now = until,
            Output::Accepted(_) | Output::Status(_) => {}
        }
        if !matches!(sender.phase(), Phase::Streaming | Phase::Draining) {
            gave_up.get_or_insert(now);
        }
    }
    (gave_up.unwrap_or(now), sender.phase())
}

#[test]
fn a_machine_that_gets_nowhere_is_a_stall() {
    let within = Config::default().stall_within + Duration::from_secs(1);
    for (report, failure) in [
        ("<Run|MPos:9.925,0.000,0.000|Bf:12,100|FS:0,0>", Failure::Stalled),
        ("<Run|MPos:9.925,0.000,0.000|FS:0,0>", Failure::Stalled),
        ("<Tool|MPos:9.925,0.000,0.000|FS:0,0>", Failure::Stalled),
        ("<Idle|MPos:9.925,0.000,0.000|FS:0,0>", Failure::AnswersLost),
    ] {
        let (gave_up, phase) = stuck(report);
        assert_eq!(phase, Phase::Failed(failure), "{report}");
        assert!(gave_up < within, "{report}: {gave_up:?}");
    }
}

#[test]
fn the_pen_is_lifted_though_the_first_line_that_does_is_lost() {
    let (mut pair, _) = drawing(2000);
    pair.sender.stop(pair.now);
    run_to(&mut pair, Phase::Parting);
    let sound = pair.down.clone();
    pair.down = Link::new(Faults { lost: 1_000_000, ..Faults::default() }, 1);
    pair.run(pair.now + Duration::from_millis(500));
    pair.down = sound;
    let pair = ends(pair, Phase::Stopped { position_kept: true });
    assert!(pair.sender.pen_lifted());
}
