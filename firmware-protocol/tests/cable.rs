//! The sender and the simulated firmware at the two ends of a cable, in virtual time.

mod pair;

use std::time::Duration;

use firmware_protocol::device::Device;
use firmware_protocol::device::Eeprom;
use firmware_protocol::device::Settings;
use firmware_protocol::link::Faults;
use firmware_protocol::link::Link;
use firmware_protocol::sender::Failure;
use firmware_protocol::sender::Pacing;
use firmware_protocol::sender::Phase;
use pair::AT_MOST;
use pair::Pair;
use pair::settings;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

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

/// The firmware starts anew, as after a dip of its supply.
fn restart(pair: &mut Pair, settings: Settings) {
    pair.device = Device::new(Eeprom::new(settings));
    pair.device.advance(pair.now);
}

/// One stroke through `points`, in tenths of a millimetre.
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
            prop_assert!(pair.sender.pen_lifted());
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
        if phase != Phase::Done {
            prop_assert_eq!(pair.last_line(), "M5");
        }
    }
}

#[test]
fn a_cut_cable_is_noticed() {
    let mut pair = Pair::new(Pacing::Counting(128), &strokes(&[(400, 0), (0, 0), (400, 0)]));
    pair.down = Link::new(Faults { cut_after: Some(70), ..Faults::default() }, 0);
    pair.up = Link::new(Faults { cut_after: Some(60), ..Faults::default() }, 0);
    pair.run(AT_MOST);
    assert_eq!(pair.sender.phase(), Phase::Failed(Failure::Silent));
    assert!(pair.now < Duration::from_secs(8), "{:?}", pair.now);
}

#[test]
fn an_unasked_reset_ends_the_program() {
    let mut pair = Pair::new(Pacing::Counting(128), &strokes(&[(400, 0), (0, 0), (400, 0)]));
    pair.run(Duration::from_millis(400));
    restart(&mut pair, settings());
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
    assert_eq!(pair.last_line(), "M5");
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
    pair.sender.resume(pair.now);
    pair.sender.pause();
    pair.sender.resume(pair.now); // so soon that the firmware still slows down, if it ever went on
    pair.run(AT_MOST);
    assert_eq!(pair.sender.phase(), Phase::Done);
    assert_eq!(pair.device.carriage(), [3200, 0, 0]);
}

/// Failures that senders' users report of real cables, each brought about at the same moment every time: each ends in
/// a named phase, and the line at which the program stood is known, which is what a resume begins from.
mod reported_failures {
    use super::*;
    use firmware_protocol::device::Bench;

    /// The moment things go wrong.
    const THEN: Duration = Duration::from_millis(700);

    fn program() -> Vec<String> {
        let points: Vec<(i16, i16)> = (0..60).map(|i| (if i % 2 == 0 { 100 } else { 0 }, i * 2)).collect();
        strokes(&points)
    }

    /// A pair in the midst of its program.
    fn drawing(pacing: Pacing) -> Pair {
        let mut pair = Pair::new(pacing, &program());
        pair.run(THEN);
        assert_eq!(pair.sender.phase(), Phase::Streaming);
        assert!(pair.device.is_moving());
        pair
    }

    /// How it ended, and the line at which the program stood.
    #[track_caller]
    fn ends(mut pair: Pair, phase: Phase, line: usize) -> Pair {
        pair.run(pair.now + AT_MOST);
        assert_eq!((pair.sender.phase(), pair.sender.accepted()), (phase, line));
        assert!(pair.most_in_flight <= 128);
        // With the cable cut it still executes what it has received.
        let mut later = pair.device.clone();
        later.advance(pair.now + Duration::from_secs(10));
        assert!(!later.is_moving(), "whatever happened, the machine stands");
        if matches!(phase, Phase::Failed(_)) {
            assert_eq!(pair.last_line(), "M5", "the pen is lifted last");
        }
        pair
    }

    /// For a tenth of a second every byte has this fault, then the cable is sound again.
    fn disturb(pair: &mut Pair, down: Faults, up: Faults) {
        (pair.down, pair.up) = (Link::new(down, 1), Link::new(up, 1));
        pair.run(THEN + Duration::from_millis(100));
        (pair.down, pair.up) = (Link::new(Faults::default(), 0), Link::new(Faults::default(), 0));
    }

    /// Its answers are counted for ours; the receive buffer is seen to hold more than was sent.
    #[test]
    fn another_program_writes_into_a_full_receive_buffer() {
        let mut pair = drawing(Pacing::Counting(128));
        for byte in *b"G1X1Y1F500\nG1X2Y2F500\nG1X3Y3F500\nG1X4Y4F500\n" {
            pair.down.send(byte, pair.now);
        }
        ends(pair, Phase::Failed(Failure::Unasked), 23);
    }

    #[test]
    fn an_answer_is_lost() {
        for (pacing, line) in [(Pacing::Counting(128), 66), (Pacing::LineByLine, 21)] {
            let mut pair = drawing(pacing);
            disturb(&mut pair, Faults::default(), Faults { lost: 1_000_000, ..Faults::default() });
            ends(pair, Phase::Failed(Failure::AnswersLost), line);
        }
    }

    #[test]
    fn an_answer_is_garbled() {
        let mut pair = drawing(Pacing::Counting(128));
        disturb(&mut pair, Faults::default(), Faults { garbled: 300_000, ..Faults::default() });
        ends(pair, Phase::Failed(Failure::AnswersLost), 66);
    }

    /// If the damage leaves a line that can be read, nobody notices: Grbl's lines have no checksum.
    #[test]
    fn a_line_is_garbled() {
        let mut pair = drawing(Pacing::Counting(128));
        disturb(&mut pair, Faults { garbled: 1_000_000, ..Faults::default() }, Faults::default());
        ends(pair, Phase::Failed(Failure::Refused { line: 34, code: 25 }), 34);
    }

    #[test]
    fn a_line_feed_is_lost_and_the_machine_stalls() {
        let mut pair = drawing(Pacing::LineByLine);
        disturb(&mut pair, Faults { lost: 1_000_000, ..Faults::default() }, Faults::default());
        ends(pair, Phase::Failed(Failure::AnswersLost), 22);
    }

    #[test]
    fn an_error_in_mid_stream() {
        let mut lines = program();
        lines[20] = "G1X".into();
        let pair = Pair::new(Pacing::Counting(128), &lines);
        let pair = ends(pair, Phase::Failed(Failure::Refused { line: 20, code: 2 }), 20);
        assert_eq!(pair.last_line(), "M5");
    }

    #[test]
    fn a_reset_as_the_port_is_opened() {
        let mut pair = Pair::new(Pacing::Counting(128), &program());
        pair.run(Duration::from_millis(102));
        restart(&mut pair, settings());
        ends(pair, Phase::Failed(Failure::Restarted), 0);
    }

    #[test]
    fn a_reset_in_mid_job() {
        let mut pair = drawing(Pacing::Counting(128));
        restart(&mut pair, settings());
        ends(pair, Phase::Failed(Failure::Restarted), 21);
    }

    #[test]
    fn a_reset_in_mid_job_whose_banner_is_lost() {
        for (homing, failure) in [(0.0, Failure::AnswersLost), (1.0, Failure::Locked)] {
            let mut pair = drawing(Pacing::Counting(128));
            let mut settings = settings();
            settings.store(22, homing).unwrap();
            restart(&mut pair, settings);
            disturb(&mut pair, Faults::default(), Faults { lost: 1_000_000, ..Faults::default() });
            ends(pair, Phase::Failed(failure), 21);
        }
    }

    #[test]
    fn the_port_vanishes() {
        let mut pair = drawing(Pacing::Counting(128));
        pair.down = Link::new(Faults { cut_after: Some(0), ..Faults::default() }, 0);
        pair.up = Link::new(Faults { cut_after: Some(0), ..Faults::default() }, 0);
        let pair = ends(pair, Phase::Failed(Failure::Silent), 21);
        assert!(pair.now < THEN + Duration::from_secs(8), "{:?}", pair.now);
    }

    #[test]
    fn noise_on_a_pin_holds_the_machine() {
        let mut pair = drawing(Pacing::Counting(128));
        pair.device.set_bench(Bench { hold_button: true, ..Bench::default() });
        pair.device.set_bench(Bench::default());
        let mut pair = ends(pair, Phase::Paused, 22);
        pair.sender.resume(pair.now);
        ends(pair, Phase::Done, 67);
    }

    #[test]
    fn a_door_opens() {
        let mut pair = drawing(Pacing::Counting(128));
        pair.device.receive(0x84);
        let mut pair = ends(pair, Phase::Paused, 21);
        pair.sender.resume(pair.now);
        ends(pair, Phase::Done, 67);
    }
}
