//! The last look before anything moves: reads a program's *bytes* and proves that they are safe on this robot.
//!
//! It believes nothing that the planner says: it has its own idea of the machine, knows only the words that a plotter's
//! program needs, and refuses every other. It proves of a Grbl program: every line readable and short enough, no byte
//! that the firmware would act upon at once; millimetres, absolute coordinates; every target within the robot's field;
//! ink only on the sheet; no feed above the robot's drawing speed or its Z axis's; the pen lifted before the first
//! move, on every rapid, and at the end; time for the pen to move; the end at home.
//! Units: millimetres in the field (y up), mm/min. Source: Grbl 1.1's documented line protocol.

use firmware_protocol::gcode;

use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::FieldMm;
use crate::geom::Point;
use crate::geom::Rect;
use crate::plan::reach;
use crate::plan::reach::ROUNDING_MM;
use crate::plan::robot::PenLift;
use crate::plan::robot::RobotProfile;
use crate::strokes::Sheet;

/// What was proved of a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// Lines read.
    pub lines: usize,
    /// Bytes of the longest line, without its line end.
    pub longest_line: usize,
    /// Pen-up moves.
    pub travels: usize,
    /// How often the pen is lowered.
    pub pen_downs: usize,
    /// Length of ink, mm.
    pub ink_mm: f64,
    /// Length of pen-up moves, mm.
    pub travel_mm: f64,
    /// The ink's bounds in the field; `None` without ink.
    pub ink_bounds: Option<Rect<FieldMm>>,
}

/// The first line of a program that must not be sent, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the program (\"{text}\") {why}; it was not sent")]
pub struct Violation {
    /// Which line, counted from 1.
    pub line: usize,
    /// What it says (its beginning, if it is long).
    pub text: String,
    /// What is wrong with it, as the rest of a sentence.
    pub why: String,
}

impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Fault::new(Kind::PlanRejected, violation.to_string())
    }
}

/// Most bytes a program may have.
pub const MAX_PROGRAM_BYTES: usize = 256 << 20;

/// Proves `program` safe on `robot` with `sheet` in place.
///
/// # Errors
/// The first [`Violation`].
pub fn verify(program: &[u8], sheet: &Sheet, robot: &RobotProfile) -> Result<Proof, Violation> {
    Ok(read(program, sheet, robot)?.proof)
}

/// Proves `program` as [`verify`] does: where its pen goes between being lowered and being lifted, in the field.
///
/// # Errors
/// The first [`Violation`].
pub fn inked(program: &[u8], sheet: &Sheet, robot: &RobotProfile) -> Result<Vec<Vec<Point<FieldMm>>>, Violation> {
    Ok(read(program, sheet, robot)?.inked)
}

fn read<'a>(program: &[u8], sheet: &Sheet, robot: &'a RobotProfile) -> Result<Reader<'a>, Violation> {
    let refuse = |line: usize, text: &[u8], why: String| {
        let shown = &text[..text.len().min(40)];
        Violation { line, text: shown.escape_ascii().to_string(), why }
    };
    if program.len() > MAX_PROGRAM_BYTES {
        return Err(refuse(1, b"", format!("begins more than {MAX_PROGRAM_BYTES} bytes")));
    }
    let mut reader = Reader::new(sheet, robot);
    let mut lines: Vec<&[u8]> = program.split(|byte| *byte == b'\n').collect();
    let last = lines.pop().unwrap_or_default();
    if !last.is_empty() {
        return Err(refuse(lines.len() + 1, last, "has no line end".into()));
    }
    for (number, text) in (1..).zip(&lines) {
        reader.read(text).map_err(|why| refuse(number, text, why))?;
    }
    reader.finish().map_err(|why| refuse(lines.len(), lines.last().unwrap_or(&&b""[..]), why))?;
    Ok(reader)
}

/// Where the pen is, as far as the lines so far say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pen {
    Unknown,
    Up,
    Down,
    /// Told to move, but the line that waits for it has not come yet.
    Moving {
        down: bool,
    },
}

struct Reader<'a> {
    robot: &'a RobotProfile,
    field_of_sheet: Rect<FieldMm>,
    at: Point<FieldMm>,
    pen: Pen,
    rapid: Option<bool>,
    feed_mm_min: Option<f64>,
    millimetres: bool,
    absolute: bool,
    per_minute: bool,
    proof: Proof,
    inked: Vec<Vec<Point<FieldMm>>>,
}

/// The words of one line; each letter at most once but `G`.
#[derive(Default)]
struct Words {
    g: Vec<i32>,
    m: Option<i32>,
    x: Option<f64>,
    y: Option<f64>,
    z: Option<f64>,
    f: Option<f64>,
    s: Option<f64>,
    p: Option<f64>,
}

impl<'a> Reader<'a> {
    fn new(sheet: &Sheet, robot: &'a RobotProfile) -> Self {
        let corners = [Point::new(0.0, 0.0), Point::new(sheet.width_mm(), sheet.height_mm())];
        let field_of_sheet = Rect::from_points(corners.map(|p| robot.placement(sheet).transform_point(p)));
        Self {
            robot,
            field_of_sheet: field_of_sheet.inflate(ROUNDING_MM, ROUNDING_MM),
            at: RobotProfile::HOME,
            pen: Pen::Unknown,
            rapid: None,
            feed_mm_min: None,
            millimetres: false,
            absolute: false,
            per_minute: false,
            proof: Proof {
                lines: 0,
                longest_line: 0,
                travels: 0,
                pen_downs: 0,
                ink_mm: 0.0,
                travel_mm: 0.0,
                ink_bounds: None,
            },
            inked: Vec::new(),
        }
    }

    fn read(&mut self, text: &[u8]) -> Result<(), String> {
        self.proof.lines += 1;
        self.proof.longest_line = self.proof.longest_line.max(text.len());
        let longest = self.robot.dialect.max_line_len();
        if text.len() > longest {
            return Err(format!("is longer than the {longest} bytes that the firmware takes"));
        }
        let words = words(text)?;
        self.modes(&words)?;
        let moves = words.x.is_some() || words.y.is_some() || words.z.is_some();
        let dwells = words.g.contains(&4);
        if words.p.is_some() != dwells {
            return Err("waits without saying how long, or says how long without waiting".into());
        }
        if usize::from(moves) + usize::from(dwells) + usize::from(words.m.is_some()) > 1 {
            return Err("does two things at once".into());
        }
        if let Pen::Moving { down } = self.pen {
            return self.wait_for_pen(&words, down);
        }
        match (words.z, words.m) {
            (Some(z), _) => self.z_move(&words, z),
            (None, Some(m)) => self.servo(&words, m),
            (None, None) if words.s.is_some() => Err("sets S without M3".into()),
            (None, None) if moves => self.xy_move(&words),
            (None, None) => Ok(()),
        }
    }

    fn modes(&mut self, words: &Words) -> Result<(), String> {
        for g in &words.g {
            match g {
                0 | 1 => self.rapid = Some(*g == 0),
                4 | 17 => {}
                21 => self.millimetres = true,
                90 => self.absolute = true,
                94 => self.per_minute = true,
                other => return Err(format!("says G{other}, which no drawing needs")),
            }
        }
        if let Some(f) = words.f {
            if f.is_nan() || f <= 0.0 {
                return Err("has a feed that is not positive".into());
            }
            self.feed_mm_min = Some(f);
        }
        Ok(())
    }

    /// A move's feed, `None` for a rapid, once all that a move needs has been said.
    fn feed(&self) -> Result<Option<f64>, String> {
        if !(self.millimetres && self.absolute && self.per_minute) {
            return Err("moves before G21, G90 and G94 are said".into());
        }
        match (self.rapid, self.feed_mm_min) {
            (None, _) => Err("moves before G0 or G1 is said".into()),
            (Some(true), _) => Ok(None),
            (Some(false), None) => Err("draws without a feed".into()),
            (Some(false), feed) => Ok(feed),
        }
    }

    fn xy_move(&mut self, words: &Words) -> Result<(), String> {
        let feed = self.feed()?;
        let to = Point::new(words.x.unwrap_or(self.at.x), words.y.unwrap_or(self.at.y));
        if !reach::in_field(to, self.robot) {
            return Err(format!("leaves the robot's field at ({:.3}, {:.3}) mm", to.x, to.y));
        }
        let length_mm = (to - self.at).length();
        match (feed, self.pen) {
            (None, Pen::Up) => {
                self.proof.travels += 1;
                self.proof.travel_mm += length_mm;
            }
            (None, _) => return Err("travels with the pen not lifted".into()),
            (Some(feed), Pen::Down) => {
                let top = self.robot.feed_mm_min();
                if feed > top + 0.001 {
                    return Err(format!("draws at F{feed}, faster than the robot's {top}"));
                }
                self.ink(to)?;
                self.proof.ink_mm += length_mm;
                if let Some(line) = self.inked.last_mut() {
                    line.push(to);
                }
            }
            (Some(_), _) => return Err("draws with the pen not lowered".into()),
        }
        self.at = to;
        Ok(())
    }

    /// The pen marks the paper at `to`.
    fn ink(&mut self, to: Point<FieldMm>) -> Result<(), String> {
        if !self.field_of_sheet.contains_inclusive(to) {
            return Err(format!("draws beside the sheet at ({:.3}, {:.3}) mm", to.x, to.y));
        }
        let bounds = self.proof.ink_bounds.unwrap_or(Rect::new(to, to));
        self.proof.ink_bounds = Some(Rect::new(bounds.min.min(to), bounds.max.max(to)));
        Ok(())
    }

    fn lowered(&mut self) -> Result<(), String> {
        self.proof.pen_downs += 1;
        self.inked.push(vec![self.at]);
        self.ink(self.at)
    }

    fn z_move(&mut self, words: &Words, z: f64) -> Result<(), String> {
        let PenLift::Z { up_mm, down_mm, down_speed_mm_s } = self.robot.pen else {
            return Err("moves a Z axis that the robot does not have".into());
        };
        if words.x.is_some() || words.y.is_some() {
            return Err("moves sideways while the pen moves".into());
        }
        let feed = self.feed()?;
        if (z - up_mm).abs() <= ROUNDING_MM {
            self.pen = Pen::Up;
            return Ok(());
        }
        if (z - down_mm).abs() > ROUNDING_MM {
            return Err(format!("moves the pen to {z} mm, neither up ({up_mm}) nor down ({down_mm})"));
        }
        if self.pen != Pen::Up {
            return Err("lowers a pen that was not lifted".into());
        }
        if feed.is_none_or(|feed| feed > down_speed_mm_s * 60.0 + 0.001) {
            return Err("lowers the pen too fast".into());
        }
        self.pen = Pen::Down;
        self.lowered()
    }

    fn servo(&mut self, words: &Words, m: i32) -> Result<(), String> {
        let PenLift::Servo { up_s, down_s, up_secs, down_secs } = self.robot.pen else {
            return Err("moves a servo that the robot does not have".into());
        };
        let s = match (m, words.s) {
            (3, Some(s)) => s,
            (5, None) => 0.0,
            _ => return Err("is no pen move: M3 with S, or M5, is".into()),
        };
        let down = if (s - up_s).abs() <= 0.001 {
            false
        } else if (s - down_s).abs() <= 0.001 {
            true
        } else {
            return Err(format!("sends the pen to S{s}, neither up ({up_s}) nor down ({down_s})"));
        };
        if down && self.pen != Pen::Up {
            return Err("lowers a pen that was not lifted".into());
        }
        let waits = if down { down_secs } else { up_secs } >= 0.0005;
        self.pen = match (waits, down) {
            (true, _) => Pen::Moving { down },
            (false, true) => Pen::Down,
            (false, false) => Pen::Up,
        };
        if down { self.lowered() } else { Ok(()) }
    }

    /// The line after a servo's move must wait for it, and do nothing else.
    fn wait_for_pen(&mut self, words: &Words, down: bool) -> Result<(), String> {
        let PenLift::Servo { up_secs, down_secs, .. } = self.robot.pen else {
            return Err("waits for a servo that the robot does not have".into());
        };
        let needed = if down { down_secs } else { up_secs };
        if words.p.is_none_or(|secs| secs + 0.000_6 < needed) {
            return Err(format!("does not give the pen the {needed} s it needs"));
        }
        self.pen = if down { Pen::Down } else { Pen::Up };
        Ok(())
    }

    fn finish(&self) -> Result<(), String> {
        if self.pen != Pen::Up {
            return Err("is the last and leaves the pen not lifted".into());
        }
        if (self.at - RobotProfile::HOME).length() > 2.0 * ROUNDING_MM {
            return Err("is the last and leaves the pen away from home".into());
        }
        Ok(())
    }
}

fn words(text: &[u8]) -> Result<Words, String> {
    if !text.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b".-".contains(byte)) {
        return Err("has a byte that no program needs".into()); // `?`, `!`, `~` would act at once
    }
    let text = str::from_utf8(text).map_err(|e| e.to_string())?;
    let mut words = Words::default();
    for word in gcode::words(text).map_err(|e| format!("is not readable (error {})", e.code()))? {
        let value = f64::from(word.value);
        let whole = || {
            if value.fract() == 0.0 && value.abs() < 1e4 { Ok(value as i32) } else { Err("has a broken code number") }
        };
        let slot = match word.letter {
            'G' => {
                words.g.push(whole()?);
                continue;
            }
            'M' => {
                if words.m.replace(whole()?).is_some() {
                    return Err("says M twice".into());
                }
                continue;
            }
            'X' => &mut words.x,
            'Y' => &mut words.y,
            'Z' => &mut words.z,
            'F' => &mut words.f,
            'S' => &mut words.s,
            'P' => &mut words.p,
            other => return Err(format!("says {other}, which no drawing needs")),
        };
        if slot.replace(value).is_some() {
            return Err(format!("says {} twice", word.letter));
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PlanConfig;
    use crate::plan::Program;
    use crate::plan::fixtures::a5;
    use crate::plan::fixtures::noise;
    use crate::plan::fixtures::quick;
    use crate::plan::fixtures::robot;
    use crate::plan::fixtures::z_robot;
    use crate::plan::plan;
    use crate::plan::tour::Random;

    const HEAD: &str = "G21\nG90\nG17\nG94\nM5\nG4P0.15\n";

    #[test]
    fn thousands_of_random_plans_are_safe() {
        for seed in 0..2000 {
            let strokes = noise(1 + seed as usize % 23, seed);
            let robot = if seed % 3 == 0 { z_robot() } else { robot() };
            let config = PlanConfig { effort: 0.05, seed, ..quick() };
            let plan = plan(&strokes, &robot, &config).unwrap();
            let proof = verify(&Program::of(&plan).bytes(), plan.sheet(), &robot).unwrap();
            assert_eq!(proof.pen_downs, plan.pen_lifts());
            assert!((proof.ink_mm - plan.ink_mm()).abs() < 1e-3 * plan.ink_mm() + 0.01, "seed {seed}");
            assert!((proof.travel_mm - plan.travel_mm()).abs() < 0.01, "seed {seed}");
        }
    }

    #[test]
    fn each_danger_is_refused_with_its_line() {
        let cases = [
            ("M3S90\nG4P0.15\n", 0, "beside the sheet"), // home lies beside this sheet
            ("G0X10Y10\nM3S90\nG0X20\n", 3, "give the pen"),
            ("G0X10Y10\nM3S90\nG4P0.15\nG0X20\n", 4, "pen not lifted"),
            ("G0X10Y10\nG1X20F3000\n", 2, "pen not lowered"),
            ("G0X10Y10\nM3S90\nG4P0.15\nG1X20F3001\n", 4, "faster"),
            ("G0X10Y10\nM3S90\nG4P0.15\nG1X20\n", 4, "without a feed"),
            ("G0X301\n", 1, "field"),
            ("G0X-1\n", 1, "field"),
            ("G0X10Y10\nM3S90\nG4P0.15\nG1X250F3000\n", 4, "beside the sheet"),
            ("G0X10Y10\nM3S90\nG4P0.1\n", 3, "give the pen"),
            ("G0X10Y10\nM3S90\nG4P0.15\n", 3, "last and leaves the pen not lifted"),
            ("G0X10Y10\n", 1, "away from home"),
            ("M3S45\n", 1, "neither"),
            ("G91\n", 1, "G91"),
            ("G2X1Y1I1\n", 1, "no drawing needs"),
            ("G0X1?\n", 1, "byte"),
            ("G0X1X2\n", 1, "twice"),
            ("G0XF\n", 1, "not readable"),
            ("G0X1", 1, "line end"),
            ("G0X1Z2\n", 1, "Z axis"),
            ("G0X0000000000000000000000000000000000000000000000000000000000000000000000000000000000001\n", 1, "longer"),
            ("G0X10M5\n", 1, "two things"),
            ("X10\n", 1, "before G0"),
        ];
        let robot = RobotProfile { sheet_x_mm: 5.0, ..robot() };
        for (body, line, why) in cases {
            let program = format!("{HEAD}{body}");
            let violation = verify(program.as_bytes(), &a5(), &robot).expect_err(body);
            assert!(violation.why.contains(why), "{body:?}: {violation}");
            assert!(line == 0 || violation.line == 6 + line, "{body:?}: {violation}");
        }
        assert!(verify(b"G0X10\n", &a5(), &robot).unwrap_err().why.contains("G21"));
        assert!(verify(b"", &a5(), &robot).unwrap_err().why.contains("not lifted"));
        assert!(verify(HEAD.as_bytes(), &a5(), &robot).is_ok());
    }

    #[test]
    fn a_changed_byte_is_refused_or_harmless() {
        let plan = plan(&noise(12, 5), &robot(), &quick()).unwrap();
        let program = Program::of(&plan).bytes();
        let mut random = Random(9);
        let mut refused = 0;
        for _ in 0..3000 {
            let mut broken = program.clone();
            broken[random.below(program.len())] = random.below(256) as u8;
            match verify(&broken, plan.sheet(), plan.robot()) {
                Err(_) => refused += 1,
                Ok(proof) => assert!(proof.ink_bounds.unwrap().max.x <= 148.001),
            }
        }
        assert!(refused > 1500, "{refused}");
    }
}
