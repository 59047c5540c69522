//! Where a drawing stands, found from where the machine says that it *is*: answers alone only say what was queued, and
//! a bad cable (or another program on it) makes answers out of nothing.
//!
//! A line counts as reached when two reports in a row show the machine on it, or behind it. Of all lines that may be in
//! execution the first that passes the reported place is taken, so that the place told is never later than the true one.
//! Where a way crosses or repeats itself, a report's count of free planner blocks (`Bf:`) leaves few lines to choose from;
//! [`SURPLUS`] answers too many do no harm. A machine that is off its way for [`STRAYS`] reports has strayed: the cable
//! damaged a line so that it could still be read. Units: mm in the robot's field, lines counted from 0.

use firmware_protocol::gcode;
use firmware_protocol::reply::State;
use firmware_protocol::reply::Status;

/// Where a program stands.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Place {
    /// The line being executed; all before it are done. The number of lines when all is done.
    pub line: usize,
    /// How much of that line is done, 0 to 1.
    pub share: f64,
    /// How often the pen has been lowered by then.
    pub pen_downs: usize,
    /// The pen is down, or on its way.
    pub pen_down: bool,
    /// Where the machine last said it was, in work coordinates.
    pub at_mm: Option<[f64; 3]>,
}

/// So many answers too many are reckoned with; the sender notices more of them.
const SURPLUS: usize = 4;
/// Farther off than this, a reported position belongs to another line, mm.
const NEAR_MM: f64 = 0.1;
/// Farther off than this, a reported position belongs to no line, mm.
const STRAY_MM: f64 = 1.0;
/// So many reports in a row from far off are no garbled ones.
const STRAYS: u8 = 5;

/// A program's way, and how far the machine has come on it.
#[derive(Debug, Clone)]
pub(super) struct Way {
    steps: Vec<Step>,
    place: Place,
    /// Where the last report alone would have it.
    seen: Option<(usize, f64)>,
    accepted: usize,
    /// Lines sent: no later one can be in execution.
    sent: usize,
    strays: u8,
    /// The axes that the program moves.
    axes: [bool; 3],
    offset_mm: Option<[f64; 3]>,
    /// Free planner blocks of the idle machine, as far as heard.
    blocks: u16,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    from_mm: [f64; 3],
    to_mm: [f64; 3],
    moves: bool,
    /// Pens lowered before this line.
    pen_downs: usize,
    pen_down: bool,
}

/// How a program lowers its pen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PenWord {
    /// `M3` with this `S`.
    S(f64),
    /// A Z move to this height or below.
    Z(f64),
}

impl Way {
    /// The way of `lines`; a line that cannot be read counts as a wait.
    pub fn new<'a>(lines: impl IntoIterator<Item = &'a str>, pen: PenWord) -> Self {
        let (mut at, mut pen_downs, mut pen_down, mut axes) = ([0.0; 3], 0, false, [false; 3]);
        let steps: Vec<Step> = lines
            .into_iter()
            .map(|line| {
                let mut step = Step { from_mm: at, to_mm: at, moves: false, pen_downs, pen_down };
                let mut lowers = None;
                for word in gcode::words(line).unwrap_or_default() {
                    let value = f64::from(word.value);
                    if let Some(axis) = "XYZ".find(word.letter) {
                        step.to_mm[axis] = value;
                        step.moves = true;
                        axes[axis] = true;
                    }
                    match (word.letter, pen) {
                        ('Z', PenWord::Z(down)) => lowers = Some(value <= down + 0.001),
                        ('M', PenWord::S(_)) if word.value == 5.0 => lowers = Some(false),
                        ('S', PenWord::S(down)) => lowers = Some((value - down).abs() < 0.001),
                        _ => {}
                    }
                }
                at = step.to_mm;
                if let Some(lowers) = lowers {
                    pen_downs += usize::from(lowers && !pen_down);
                    pen_down = lowers;
                }
                step
            })
            .collect();
        Self {
            steps,
            place: Place::default(),
            seen: None,
            accepted: 0,
            sent: 0,
            strays: 0,
            axes,
            offset_mm: None,
            blocks: 0,
        }
    }

    /// How often the whole program lowers its pen.
    pub fn pen_downs(&self) -> usize {
        self.steps.last().map_or(0, |last| last.pen_downs)
    }

    /// The first line from `line` on before which the pen is up; the number of lines if there is none.
    pub fn next_pen_up(&self, line: usize) -> usize {
        self.steps.iter().skip(line).position(|step| !step.pen_down).map_or(self.steps.len(), |more| line + more)
    }

    /// How often the pen has been lowered before `line`.
    pub fn pen_downs_before(&self, line: usize) -> usize {
        self.steps.get(line).map_or(self.pen_downs(), |step| step.pen_downs)
    }

    /// Line `line` was answered.
    pub fn accepted(&mut self, line: usize) {
        self.accepted = (line + 1).min(self.steps.len());
    }

    /// So many lines have been sent.
    pub fn sent(&mut self, lines: usize) {
        self.sent = lines.min(self.steps.len());
    }

    /// The machine reported.
    pub fn report(&mut self, status: &Status) {
        self.offset_mm = status.offset_mm.or(self.offset_mm);
        let at_mm = status.work_mm.or_else(|| {
            let (machine, offset) = (status.machine_mm?, self.offset_mm?);
            Some([0, 1, 2].map(|i| machine[i] - offset[i]))
        });
        self.place.at_mm = at_mm.or(self.place.at_mm);
        // Some firmware tells of its offset only when that changes: mostly there is none.
        let perhaps_at_mm = at_mm.or(status.machine_mm.filter(|_| self.offset_mm.is_none()));
        if let Some((free, _)) = status.free {
            self.blocks = self.blocks.max(free);
        }
        let first = self.place.line.max(self.surely_done(status.free));
        let window = first..self.sent.max(self.accepted).max(first);
        let near = |at: [f64; 3], mm: f64| {
            let moves = window.clone().filter(|line| self.steps[*line].moves);
            moves.map(|line| (line, self.steps[line].nearest(at, self.axes))).find(|(_, (away, _))| *away <= mm)
        };
        let seen = perhaps_at_mm.and_then(|at| near(at, NEAR_MM)).map(|(line, (_, share))| (line, share));
        // The way to the first place is not known, and a machine held by its door may park.
        let on_its_way = self.steps[..self.place.line.min(self.steps.len())].iter().any(|step| step.moves);
        let works = matches!(status.state, State::Run | State::Idle) && on_its_way && !window.is_empty();
        let strayed = works && at_mm.is_some_and(|at| near(at, STRAY_MM).is_none());
        self.strays = if strayed { self.strays.saturating_add(1) } else { 0 };
        if let (Some(before), Some(now)) = (self.seen, seen) {
            let (line, share) = if before < now { before } else { now };
            self.reach(line, share);
        }
        self.seen = seen;
    }

    /// The machine is somewhere else than its program would have it.
    pub fn has_strayed(&self) -> bool {
        self.strays >= STRAYS
    }

    /// All lines before `line` are done and the machine stands: whether it does so where it should, as far as is known.
    pub fn stands_before(&mut self, line: usize) -> bool {
        let last = self.steps[..line].iter().rfind(|step| step.moves);
        let right = match (last, self.place.at_mm) {
            (Some(step), Some(at)) => step.ends_at(at, self.axes),
            _ => true,
        };
        if right {
            self.reach(line, 0.0);
        }
        right
    }

    /// Lines before this one are done, by the count of answers and of blocks that wait.
    fn surely_done(&self, free: Option<(u16, u16)>) -> usize {
        let Some((free, _)) = free else { return 0 };
        // The block in execution is one of the queued; one more may lie between planner and motors.
        let queued = usize::from(self.blocks - free.min(self.blocks));
        let moves = self.steps[..self.accepted].iter().enumerate().rev().filter(|(_, step)| step.moves);
        moves.map(|(line, _)| line).nth(queued + SURPLUS).unwrap_or(0)
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        let (pen_downs, pen_down) = match self.steps.get(self.place.line) {
            Some(step) => (step.pen_downs, step.pen_down),
            None => (self.pen_downs(), false),
        };
        Place { pen_downs, pen_down, ..self.place }
    }

    /// The place never goes back.
    fn reach(&mut self, line: usize, share: f64) {
        if (line, share) > (self.place.line, self.place.share) {
            (self.place.line, self.place.share) = (line, share);
        }
    }
}

impl Step {
    /// How far `at` is from it along these axes, and at which share of it.
    fn nearest(&self, at: [f64; 3], axes: [bool; 3]) -> (f64, f64) {
        let of = |values: [f64; 3]| [0, 1, 2].map(|i| if axes[i] { values[i] } else { 0.0 });
        let along = of([0, 1, 2].map(|i| self.to_mm[i] - self.from_mm[i]));
        let away = of([0, 1, 2].map(|i| at[i] - self.from_mm[i]));
        let share = (dot(along, away) / dot(along, along).max(1e-12)).clamp(0.0, 1.0);
        let off = [0, 1, 2].map(|i| away[i] - share * along[i]);
        (dot(off, off).sqrt(), share)
    }

    /// Whether `at` is its end, along these axes.
    fn ends_at(&self, at: [f64; 3], axes: [bool; 3]) -> bool {
        (0..3).all(|i| !axes[i] || (self.to_mm[i] - at[i]).abs() <= STRAY_MM)
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use firmware_protocol::reply::Reply;

    const PROGRAM: [&str; 8] = ["G21", "M5", "G0X10", "M3S90", "G4P0.1", "G1X20F3000", "X30", "M5"];

    fn status(text: &str) -> Status {
        match Reply::parse(text) {
            Reply::Status(status) => status,
            other => panic!("{other:?}"),
        }
    }

    /// The way of the program above, sent and answered so far.
    fn way(sent: usize, accepted: usize) -> Way {
        let mut way = Way::new(PROGRAM, PenWord::S(90.0));
        way.report(&status("<Idle|MPos:0.000,0.000,0.000|Bf:15,128|WCO:0.000,0.000,0.000>"));
        way.sent(sent);
        (0..accepted).for_each(|line| way.accepted(line));
        way
    }

    fn standing(way: &Way) -> (usize, f64, usize, bool) {
        let place = way.place();
        (place.line, place.share, place.pen_downs, place.pen_down)
    }

    #[test]
    fn answers_alone_reach_nothing() {
        let way = way(8, 7);
        assert_eq!(standing(&way), (0, 0.0, 0, false));
        assert_eq!(way.pen_downs(), 1);
    }

    #[test]
    fn a_line_is_reached_when_two_reports_show_it() {
        let mut way = way(8, 7);
        way.report(&status("<Run|MPos:15.000,0.000,0.000|Bf:13,100>"));
        assert_eq!(standing(&way), (0, 0.0, 0, false), "one report may be garbled");
        way.report(&status("<Run|MPos:17.500,0.000,0.000|Bf:13,100>"));
        assert_eq!(standing(&way), (5, 0.5, 1, true));
        way.report(&status("<Run|MPos:27.500,0.000,0.000|Bf:14,128>"));
        assert_eq!(standing(&way), (5, 0.75, 1, true));
        way.report(&status("<Run|MPos:12.000,0.000,0.000|Bf:14,128>"));
        way.report(&status("<Run|MPos:12.000,0.000,0.000|Bf:14,128>"));
        assert_eq!(standing(&way), (5, 0.75, 1, true), "it never goes back");
        assert!(!way.stands_before(8), "12 mm is not the end");
        way.report(&status("<Idle|MPos:30.000,0.000,0.000|Bf:15,128>"));
        assert!(way.stands_before(8));
        assert_eq!(standing(&way), (8, 0.0, 1, false));
    }

    #[test]
    fn a_machine_off_its_way_has_strayed() {
        let mut way = way(8, 7);
        for _ in 0..2 {
            way.report(&status("<Run|MPos:15.000,0.000,0.000|Bf:13,100>"));
        }
        for _ in 0..STRAYS {
            assert!(!way.has_strayed());
            way.report(&status("<Run|MPos:42.000,0.000,0.000|Bf:13,100>"));
        }
        assert!(way.has_strayed());
    }

    #[test]
    fn the_pen_is_up_before_and_behind_a_stroke() {
        let way = way(0, 0);
        assert_eq!([0, 3, 4, 7, 8, 99].map(|line| way.next_pen_up(line)), [0, 3, 8, 8, 8, 8]);
        assert_eq!([3, 4, 8].map(|line| way.pen_downs_before(line)), [0, 1, 1]);
    }

    #[test]
    fn a_height_that_a_servo_program_never_names_is_no_matter() {
        let mut way = way(8, 7);
        for _ in 0..2 {
            way.report(&status("<Run|MPos:15.000,0.000,-7.000|Bf:13,100>"));
        }
        assert_eq!(way.place().line, 5);
    }

    #[test]
    fn a_pen_on_the_z_axis_is_counted_too() {
        let way = Way::new(["G0Z5", "G0X1", "G1Z0F600", "X5", "G0Z5", "G0X9", "G1Z0", "Y3", "G0Z5"], PenWord::Z(0.0));
        assert_eq!(way.pen_downs(), 2);
    }

    #[test]
    fn nonsense_from_the_cable_moves_nothing_out_of_bounds() {
        let mut way = Way::new(["X1"], PenWord::S(1.0));
        way.accepted(500);
        way.report(&status("<Run|MPos:999999999,0,0|Bf:65535,0|WCO:0,0,0>"));
        way.report(&status("<Run|MPos:0,0,0|Bf:0,0>"));
        assert!(way.place().line <= 1);
    }
}
