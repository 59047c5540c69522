//! Where a drawing stands, found from what the machine says it has *executed*: answers alone only say what was queued.
//!
//! Every line of the program is either a wait (pen moves, dwells, modes), whose answer comes after all before it has
//! been done, or a move, whose answer comes when it is queued, at most a planner's length ahead. So the answers bound
//! the place from both sides, a report's count of free planner blocks (`Bf:`) narrows it to a line or two, and the
//! reported position decides between those. Units: mm in the robot's field, lines counted from 0.

use firmware_protocol::gcode;
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

/// The longest look-ahead of any firmware that speaks this protocol, in blocks; without `Bf:` it bounds the place.
const MOST_BLOCKS: usize = 128;
/// Farther off than this, a reported position belongs to another line, mm.
const NEAR_MM: f64 = 0.1;

/// A program's way, and how far the machine has come on it.
#[derive(Debug, Clone)]
pub(super) struct Way {
    steps: Vec<Step>,
    place: Place,
    accepted: usize,
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
        let (mut at, mut pen_downs, mut pen_down) = ([0.0; 3], 0, false);
        let steps = lines
            .into_iter()
            .map(|line| {
                let mut step = Step { from_mm: at, to_mm: at, moves: false, pen_downs, pen_down };
                let mut lowers = None;
                for word in gcode::words(line).unwrap_or_default() {
                    let value = f64::from(word.value);
                    if let Some(axis) = "XYZ".find(word.letter) {
                        step.to_mm[axis] = value;
                        step.moves = true;
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
        Self { steps, place: Place::default(), accepted: 0, offset_mm: None, blocks: 0 }
    }

    /// How often the whole program lowers its pen.
    pub fn pen_downs(&self) -> usize {
        self.steps.last().map_or(0, |last| last.pen_downs)
    }

    /// Line `line` was answered.
    pub fn accepted(&mut self, line: usize) {
        self.accepted = (line + 1).min(self.steps.len());
        if self.steps.get(line).is_some_and(|step| !step.moves) {
            self.reach(line + 1, 0.0); // a wait's answer comes when all before it is done
        } else if let Some(behind) = self.moves_back(MOST_BLOCKS + 1) {
            self.reach(behind, 0.0);
        }
    }

    /// The machine reported.
    pub fn report(&mut self, status: &Status) {
        self.offset_mm = status.offset_mm.or(self.offset_mm);
        let at_mm = status.work_mm.or_else(|| {
            let (machine, offset) = (status.machine_mm?, self.offset_mm?);
            Some([0, 1, 2].map(|i| machine[i] - offset[i]))
        });
        self.place.at_mm = at_mm.or(self.place.at_mm);
        let (mut first, mut last) = (self.place.line, self.accepted);
        if let Some((free, _)) = status.free {
            self.blocks = self.blocks.max(free);
            // The block in execution is one of the queued; one more may lie between planner and motors.
            let queued = usize::from(self.blocks - free);
            first = first.max(self.moves_back(queued + 1).unwrap_or(first));
            last = self.moves_back(queued.saturating_sub(1)).unwrap_or(last).max(first);
        }
        let Some(at) = at_mm else {
            self.reach(first, 0.0);
            return;
        };
        let near = (first..=last.min(self.steps.len().saturating_sub(1)))
            .filter(|line| self.steps.get(*line).is_some_and(|step| step.moves))
            .map(|line| (line, self.steps[line].nearest(at)))
            .find(|(_, (away, _))| *away <= NEAR_MM);
        match near {
            Some((line, (_, share))) => self.reach(line, share),
            None => self.reach(first, 0.0),
        }
    }

    /// All is done.
    pub fn finish(&mut self) {
        self.reach(self.steps.len(), 0.0);
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        let (pen_downs, pen_down) = match self.steps.get(self.place.line) {
            Some(step) => (step.pen_downs, step.pen_down),
            None => (self.pen_downs(), false),
        };
        Place { pen_downs, pen_down, ..self.place }
    }

    /// The line that is `count` moves before the last answered, if there are so many.
    fn moves_back(&self, count: usize) -> Option<usize> {
        if count == 0 {
            return Some(self.accepted);
        }
        let lines = self.steps[..self.accepted].iter().enumerate().rev();
        lines.filter(|(_, step)| step.moves).nth(count - 1).map(|(line, _)| line)
    }

    /// The place never goes back.
    fn reach(&mut self, line: usize, share: f64) {
        if (line, share) > (self.place.line, self.place.share) {
            (self.place.line, self.place.share) = (line, share);
        }
    }
}

impl Step {
    /// How far `at` is from it, and at which share of it.
    fn nearest(&self, at: [f64; 3]) -> (f64, f64) {
        let along: [f64; 3] = [0, 1, 2].map(|i| self.to_mm[i] - self.from_mm[i]);
        let away: [f64; 3] = [0, 1, 2].map(|i| at[i] - self.from_mm[i]);
        let dot = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let share = (dot(&along, &away) / dot(&along, &along).max(1e-12)).clamp(0.0, 1.0);
        let off: [f64; 3] = [0, 1, 2].map(|i| away[i] - share * along[i]);
        (dot(&off, &off).sqrt(), share)
    }
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

    #[test]
    fn an_answered_wait_is_done_and_an_answered_move_is_only_queued() {
        let mut way = Way::new(PROGRAM, PenWord::S(90.0));
        way.accepted(1);
        assert_eq!(way.place().line, 2);
        way.accepted(2);
        assert_eq!(way.place().line, 2, "the move is queued, no more");
        way.accepted(3);
        assert_eq!((way.place().line, way.place().pen_downs), (4, 1));
        assert!(way.place().pen_down);
        assert_eq!(way.pen_downs(), 1);
    }

    #[test]
    fn a_report_says_how_far_the_queue_is_done() {
        let mut way = Way::new(PROGRAM, PenWord::S(90.0));
        way.report(&status("<Idle|MPos:0.000,0.000,0.000|Bf:15,128>"));
        (0..7).for_each(|line| way.accepted(line));
        assert_eq!(way.place().line, 5);
        way.report(&status("<Run|MPos:15.000,0.000,0.000|Bf:13,100|WCO:0.000,0.000,0.000>"));
        assert_eq!((way.place().line, way.place().share), (5, 0.5));
        way.report(&status("<Run|MPos:27.500,0.000,0.000|Bf:14,128>"));
        assert_eq!((way.place().line, way.place().share), (6, 0.75));
        way.report(&status("<Run|MPos:12.000,0.000,0.000|Bf:14,128>"));
        assert_eq!((way.place().line, way.place().share), (6, 0.75), "it never goes back");
        way.accepted(7);
        way.finish();
        assert_eq!((way.place().line, way.place().pen_downs, way.place().pen_down), (8, 1, false));
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
