//! The [`Program`]: a plan as the lines that are sent to the robot, each with the motion it belongs to.
//!
//! This is also where a plan gets its times: the lines are read back as the firmware reads them (32-bit numbers,
//! bytes on the wire) and run through the firmware's motion model, so that the estimate is about what is sent and
//! about nothing else. Coordinates are rounded to the dialect's thousandths of a millimetre before, so the path that
//! a preview shows is the path that is sent. Units: millimetres in the robot's field (y up) in the text, seconds.

use firmware_protocol::command::Command;
use firmware_protocol::dialect::Modal;
use firmware_protocol::gcode;
use firmware_protocol::motion;
use firmware_protocol::motion::Profile;
use firmware_protocol::motion::Step;
use firmware_protocol::motion::Timed;

use crate::geom::Mm;
use crate::geom::Point;
use crate::plan::motion::Act;
use crate::plan::motion::Motion;
use crate::plan::motion::MotionPlan;
use crate::plan::robot::RobotProfile;
use crate::strokes::Sheet;

/// One line of a program, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its text: printable ASCII, no longer than the dialect allows.
    pub text: String,
    /// The motion it belongs to: an index into [`MotionPlan::motions`].
    pub motion: usize,
}

/// The lines of one plan in the robot's dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    lines: Vec<Line>,
}

impl Program {
    /// `plan` as lines.
    pub fn of(plan: &MotionPlan) -> Self {
        Self::write(&plan.sheet, &plan.robot, &plan.motions)
    }

    /// Its lines, in the order they are sent.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The whole program as it goes over the wire and into a file: every line ended by one LF.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.lines.iter().map(|line| line.text.len() + 1).sum());
        for line in &self.lines {
            bytes.extend_from_slice(line.text.as_bytes());
            bytes.push(b'\n');
        }
        bytes
    }

    fn write(sheet: &Sheet, robot: &RobotProfile, motions: &[Motion]) -> Self {
        let (pen, to_field) = (robot.pen(), robot.placement(sheet));
        let (mut modal, mut texts, mut lines) = (Modal::default(), vec![], vec![]);
        for (index, motion) in motions.iter().enumerate() {
            let mut command = |command: Command| robot.dialect.write(&command, &pen, &mut modal, &mut texts);
            if index == 0 {
                command(Command::Begin);
            }
            match motion.act {
                Act::PenUp => command(Command::PenUp),
                Act::PenDown => command(Command::PenDown),
                Act::Travel => motion.path[1..].iter().for_each(|p| {
                    let to = to_field.transform_point(*p);
                    command(Command::Travel { x_mm: to.x, y_mm: to.y });
                }),
                Act::Draw => motion.path[1..].iter().for_each(|p| {
                    let to = to_field.transform_point(*p);
                    command(Command::Draw { x_mm: to.x, y_mm: to.y, feed_mm_min: robot.feed_mm_min() });
                }),
            }
            lines.extend(texts.drain(..).map(|text| Line { text, motion: index }));
        }
        Self { lines }
    }
}

/// Rounds points to what a program can say: thousandths of a millimetre in the field, given back on the sheet.
///
/// Rounding twice changes nothing, so a plan that was written to a file and read again is the same plan.
pub(super) struct Grid<'a> {
    sheet: &'a Sheet,
    robot: &'a RobotProfile,
}

impl<'a> Grid<'a> {
    pub(super) fn new(sheet: &'a Sheet, robot: &'a RobotProfile) -> Self {
        Self { sheet, robot }
    }

    pub(super) fn snap(&self, p: Point<Mm>) -> Point<Mm> {
        let field = self.robot.placement(self.sheet).transform_point(p);
        let thousandths = Point::new((field.x * 1e3).round() / 1e3, (field.y * 1e3).round() / 1e3);
        let back = self.robot.placement_back(self.sheet).transform_point(thousandths);
        // a sheet whose height is no multiple of a thousandth must not make endless decimals in the plan file
        Point::new((back.x * 1e6).round() / 1e6, (back.y * 1e6).round() / 1e6)
    }

    /// The path on the grid, neighbours distinct; a dot keeps two equal points.
    pub(super) fn snap_path(&self, path: &[Point<Mm>]) -> Vec<Point<Mm>> {
        let mut snapped: Vec<_> = path.iter().map(|p| self.snap(*p)).collect();
        snapped.dedup();
        if snapped.len() == 1 {
            snapped.push(snapped[0]);
        }
        snapped
    }

    /// Home, on the sheet (it may lie beside it).
    pub(super) fn home(&self) -> Point<Mm> {
        self.snap(self.robot.placement_back(self.sheet).transform_point(RobotProfile::HOME))
    }
}

impl MotionPlan {
    /// The plan made of `motions`, whose times are yet to be found: by the firmware's model, from the lines to send.
    pub(super) fn timed(sheet: Sheet, robot: RobotProfile, mut motions: Vec<Motion>) -> Self {
        let program = Program::write(&sheet, &robot, &motions);
        let steps = steps(&program, robot.start_mm());
        let times = motion::time(&robot.machine(), robot.start_mm(), &steps);
        let mut next = 0;
        let mut now = 0.0;
        for (index, motion) in motions.iter_mut().enumerate() {
            motion.start_secs = now;
            motion.legs.clear();
            while next < times.len() && program.lines[next].motion == index {
                if matches!(motion.act, Act::Travel | Act::Draw) {
                    motion.legs.push(times[next]);
                }
                now = times[next].end_secs;
                next += 1;
            }
            motion.end_secs = now;
            // a dot has a leg but no line: its ink flows while the pen goes down and up
            let standing = Timed { start_secs: now, end_secs: now, profile: Profile::default() };
            motion.legs.resize(motion.path.len() - 1, standing);
        }
        Self { sheet, robot, motions }
    }
}

/// What the firmware's motion planner makes of each line.
fn steps(program: &Program, start_mm: [f64; 3]) -> Vec<Step> {
    let (mut at, mut feed_mm_min, mut rapid) = (start_mm, None, false);
    let mut read = |line: &Line| {
        let bytes = line.text.len() + 1;
        let (mut moves, mut wait_secs) = (false, 0.0);
        for word in gcode::words(&line.text).expect("a dialect writes what its firmware reads") {
            let value = f64::from(word.value);
            match word.letter {
                'G' if word.value == 0.0 || word.value == 1.0 => rapid = word.value == 0.0,
                'X' => (at[0], moves) = (value, true),
                'Y' => (at[1], moves) = (value, true),
                'Z' => (at[2], moves) = (value, true),
                'F' => feed_mm_min = Some(value),
                'P' => wait_secs = value,
                _ => {}
            }
        }
        if moves {
            Step::Move { to_mm: at, feed_mm_min: feed_mm_min.filter(|_| !rapid), bytes }
        } else {
            Step::Wait { secs: wait_secs, bytes }
        }
    };
    program.lines.iter().map(&mut read).collect()
}
