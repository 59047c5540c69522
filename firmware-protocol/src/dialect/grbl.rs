//! Grbl 1.1's text: compact G-code, a pen on the spindle's PWM output or on the Z axis.
//!
//! Every line fits the firmware's line buffer by construction: three numbers of at most twelve characters.
//! Why compact: at 115,200 baud a verbose line costs more time on the wire than a 0.05 mm segment takes to draw.
//! Source: Grbl 1.1 interface documentation (gnea/grbl, doc/markdown).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::Milli;
use super::Modal;
use super::Motion;
use crate::command::Command;
use crate::command::Pen;

pub(super) const NAME: &str = "grbl";

/// The line buffer holds 80 characters, the last of which ends the text.
pub(super) const MAX_LINE_LEN: usize = 79;

pub(super) fn write(command: &Command, pen: &Pen, modal: &mut Modal, out: &mut Vec<String>) {
    match *command {
        Command::Begin => {
            *modal = Modal::default();
            out.extend(["G21", "G90", "G17", "G94"].map(String::from));
        }
        Command::PenUp => pen_up(pen, modal, out),
        Command::PenDown => pen_down(pen, modal, out),
        Command::Travel { x_mm, y_mm } => go(Motion::Rapid, x_mm, y_mm, None, modal, out),
        Command::Draw { x_mm, y_mm, feed_mm_min } => go(Motion::Line, x_mm, y_mm, Some(feed_mm_min), modal, out),
    }
}

fn pen_up(pen: &Pen, modal: &mut Modal, out: &mut Vec<String>) {
    match *pen {
        Pen::Servo { up_s, up_secs, .. } => {
            let up_s = Milli::of(up_s);
            out.push(if up_s.is_zero() { String::from("M5") } else { format!("M3S{up_s}") });
            dwell(up_secs, out);
        }
        Pen::Z { up_mm, .. } => {
            modal.motion = Some(Motion::Rapid);
            out.push(format!("G0Z{}", Milli::of(up_mm)));
        }
    }
}

fn pen_down(pen: &Pen, modal: &mut Modal, out: &mut Vec<String>) {
    match *pen {
        Pen::Servo { down_s, down_secs, .. } => {
            out.push(format!("M3S{}", Milli::of(down_s)));
            dwell(down_secs, out);
        }
        Pen::Z { down_mm, feed_mm_min, .. } => {
            let feed = Milli::of(feed_mm_min);
            modal.motion = Some(Motion::Line);
            modal.feed = Some(feed);
            out.push(format!("G1Z{}F{feed}", Milli::of(down_mm)));
        }
    }
}

fn dwell(secs: f64, out: &mut Vec<String>) {
    let secs = Milli::of(secs.max(0.0));
    if !secs.is_zero() {
        out.push(format!("G4P{secs}"));
    }
}

/// One straight move; words that the firmware already knows are left out.
fn go(motion: Motion, x_mm: f64, y_mm: f64, feed_mm_min: Option<f64>, modal: &mut Modal, out: &mut Vec<String>) {
    let (x, y) = (Milli::of(x_mm), Milli::of(y_mm));
    let (new_x, new_y) = (modal.x != Some(x), modal.y != Some(y));
    if !new_x && !new_y {
        return;
    }
    let mut line = String::new();
    let mut word = |letter: char, value: Milli| {
        line.push(letter);
        let _ = write!(line, "{value}"); // writing to a String cannot fail
    };
    if modal.motion != Some(motion) {
        word('G', Milli::Value(if motion == Motion::Rapid { 0 } else { 1000 }));
    }
    if new_x {
        word('X', x);
    }
    if new_y {
        word('Y', y);
    }
    if let Some(feed) = feed_mm_min.map(Milli::of)
        && modal.feed != Some(feed)
    {
        word('F', feed);
        modal.feed = Some(feed);
    }
    modal.motion = Some(motion);
    modal.x = Some(x);
    modal.y = Some(y);
    out.push(line);
}

#[cfg(test)]
mod tests {
    use super::super::Dialect;
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    const SERVO: Pen = Pen::Servo { up_s: 0.0, down_s: 90.0, up_secs: 0.1, down_secs: 0.15 };
    const Z: Pen = Pen::Z { up_mm: 5.0, down_mm: -0.5, feed_mm_min: 600.0 };

    fn travel(x_mm: f64, y_mm: f64) -> Command {
        Command::Travel { x_mm, y_mm }
    }

    fn draw(x_mm: f64, y_mm: f64) -> Command {
        Command::Draw { x_mm, y_mm, feed_mm_min: 3000.0 }
    }

    fn lines(pen: &Pen, commands: &[Command]) -> Vec<String> {
        let mut modal = Modal::default();
        let mut out = vec![];
        for command in commands {
            Dialect::Grbl.write(command, pen, &mut modal, &mut out);
        }
        out
    }

    #[test]
    fn a_stroke_with_a_servo() {
        let commands = [
            Command::Begin,
            Command::PenUp,
            travel(69.72, 67.503),
            Command::PenDown,
            draw(70.0, 67.503),
            draw(70.0, 68.0),
            draw(70.0, 68.0),
            Command::PenUp,
            travel(0.0, -0.0001),
        ];
        let expected = [
            "G21",
            "G90",
            "G17",
            "G94",
            "M5",
            "G4P0.1",
            "G0X69.72Y67.503",
            "M3S90",
            "G4P0.15",
            "G1X70F3000",
            "Y68",
            "M5",
            "G4P0.1",
            "G0X0Y0",
        ];
        assert_eq!(lines(&SERVO, &commands), expected);
    }

    #[test]
    fn a_servo_that_stays_powered_and_needs_no_wait() {
        let pen = Pen::Servo { up_s: 30.0, down_s: 90.5, up_secs: 0.0, down_secs: 0.0 };
        assert_eq!(lines(&pen, &[Command::PenDown, Command::PenUp]), ["M3S90.5", "M3S30"]);
    }

    #[test]
    fn a_pen_on_the_z_axis_changes_feed_and_motion_mode() {
        let commands = [travel(1.0, 2.0), Command::PenDown, draw(3.0, 2.0), Command::PenUp, draw(4.0, 2.0)];
        assert_eq!(lines(&Z, &commands), ["G0X1Y2", "G1Z-0.5F600", "X3F3000", "G0Z5", "G1X4"]);
    }

    #[test]
    fn begin_forgets_what_the_firmware_may_have_lost() {
        let commands = [travel(1.0, 2.0), Command::Begin, travel(1.0, 2.0)];
        assert_eq!(lines(&Z, &commands).last().unwrap(), "G0X1Y2");
    }

    #[test]
    fn what_is_no_number_is_refused_by_the_firmware_too() {
        let out = lines(&SERVO, &[travel(f64::NAN, 1.0)]);
        assert_eq!(crate::gcode::words(&out[0]).unwrap_err(), crate::gcode::Refusal::BadNumber);
    }

    proptest! {
        #[test]
        fn every_line_fits_the_buffer(
            x in any::<f64>(), y in any::<f64>(), feed in any::<f64>(), secs in any::<f64>(), s in any::<f64>(),
        ) {
            let commands = [
                Command::Begin,
                Command::PenUp,
                travel(x, y),
                Command::PenDown,
                Command::Draw { x_mm: y, y_mm: x, feed_mm_min: feed },
                Command::PenUp,
            ];
            let servo = Pen::Servo { up_s: s, down_s: x, up_secs: secs, down_secs: secs };
            let z = Pen::Z { up_mm: s, down_mm: y, feed_mm_min: feed };
            for line in lines(&servo, &commands).iter().chain(&lines(&z, &commands)) {
                prop_assert!(!line.is_empty() && line.len() <= Dialect::Grbl.max_line_len(), "{line}");
                prop_assert!(line.bytes().all(|byte| byte.is_ascii_graphic()), "{line}");
            }
        }

        #[test]
        fn a_reader_finds_the_coordinates_again(points in prop::collection::vec((-500.0..500.0, -500.0..500.0), 1..30)) {
            let commands: Vec<_> = points.iter().map(|&(x, y)| draw(x, y)).collect();
            let (mut x, mut y) = (0.0, 0.0);
            for line in lines(&SERVO, &commands) {
                for word in crate::gcode::words(&line).unwrap() {
                    match word.letter {
                        'X' => x = f64::from(word.value),
                        'Y' => y = f64::from(word.value),
                        _ => {}
                    }
                }
            }
            let last = points.last().unwrap();
            prop_assert!((x - last.0).abs() < 0.000_6 && (y - last.1).abs() < 0.000_6);
        }
    }
}
