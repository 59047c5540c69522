//! A drawing as the booth keeps it: a plan, the bytes it was proved by, and what of it a run still has to draw.
//!
//! It holds strokes only, never a picture. A stroke is one run of the pen between lowering and lifting it, counted from
//! 0 in the plan's order. It refuses plans for another robot than the booth's, and programs that would leave the sheet,
//! the field or the top speed. Units: seconds, strokes.

use std::path::Path;

use sha2::Digest;
use sha2::Sha256;

use crate::fault::Fault;
use crate::fault::Kind;
use crate::kiosk::PlanChecksum;
use crate::kiosk::PlanSummary;
use crate::plan;
use crate::plan::Act;
use crate::plan::MotionPlan;
use crate::plan::Program;
use crate::plan::RobotProfile;
use crate::plan::verify;
use crate::robot::Place;
use crate::strokes::StrokeSet;

/// A plan that may be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    plan: MotionPlan,
    bytes: Vec<u8>,
    checksum: PlanChecksum,
}

/// The strokes of a drawing from one of them on, as the robot gets them.
#[derive(Debug, Clone)]
pub struct Rest {
    plan: MotionPlan,
    program: Program,
    /// How many strokes of the whole come before.
    before: u32,
}

/// How far a drawing has come, for the page that shows it in step with the pen.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Progress {
    /// Milliseconds of the whole plan that are drawn.
    pub ms: u64,
    /// Strokes that are drawn whole.
    pub stroke: u32,
    /// All strokes.
    pub strokes: u32,
    /// Whether the pen is at work.
    pub moves: bool,
}

impl Drawing {
    /// The plan of these `bytes` (a plan file), for the booth's `robot`.
    ///
    /// # Errors
    /// No plan, another robot's, or one whose program must not be sent.
    pub fn read(bytes: Vec<u8>, robot: &RobotProfile) -> Result<Self, Fault> {
        let plan = MotionPlan::from_json(&bytes)?;
        if plan.robot() != robot {
            let sentence =
                format!("the plan is for robot \"{}\", not for the booth's; plan it anew", plan.robot().name);
            return Err(Fault::new(Kind::PlanRejected, sentence));
        }
        let drawing = Self { checksum: PlanChecksum(Sha256::digest(&bytes).into()), plan, bytes };
        drawing.prove()?;
        Ok(drawing)
    }

    /// The plan in the file `path`.
    ///
    /// # Errors
    /// As [`Self::read`]'s, or it cannot be read.
    pub fn open(path: &Path, robot: &RobotProfile) -> Result<Self, Fault> {
        let unreadable = |e: std::io::Error| Fault::new(Kind::Unexpected, format!("{}: {e}", path.display()));
        Self::read(std::fs::read(path).map_err(unreadable)?, robot)
    }

    /// Proves the program's bytes once more.
    ///
    /// # Errors
    /// The first thing in them that must not be sent.
    pub fn prove(&self) -> Result<(), Fault> {
        Ok(verify::verify(&Program::of(&self.plan).bytes(), self.plan.sheet(), self.plan.robot()).map(drop)?)
    }

    /// Whether its bytes are still those that its checksum names.
    pub fn is_whole(&self) -> bool {
        self.checksum == PlanChecksum(Sha256::digest(&self.bytes).into())
    }

    /// The plan.
    pub fn plan(&self) -> &MotionPlan {
        &self.plan
    }

    /// The plan's file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the kiosk knows of it.
    pub fn summary(&self) -> PlanSummary {
        let strokes = u32::try_from(self.plan.pen_lifts()).unwrap_or(u32::MAX);
        PlanSummary { checksum: self.checksum, strokes, secs: self.plan.total_secs().ceil() as u32 }
    }

    /// Millimetres of ink in the strokes from `from` up to, and without, `to`.
    pub fn ink_mm(&self, from: u32, to: u32) -> f64 {
        let drawn = self.plan.motions().iter().filter(|motion| motion.act() == Act::Draw);
        drawn.skip(from as usize).take(to.saturating_sub(from) as usize).map(|motion| motion.length_mm()).sum()
    }

    /// What is left of it from `stroke` on, proved.
    ///
    /// # Errors
    /// Nothing is left, or the rest must not be sent.
    pub fn from_stroke(&self, stroke: u32) -> Result<Rest, Fault> {
        let plan = if stroke == 0 {
            self.plan.clone()
        } else {
            let all = plan::strokes_of(&self.plan).map_err(|e| Fault::new(Kind::PlanRejected, e.to_string()))?;
            let left = all.strokes().get(stroke as usize..).unwrap_or_default().to_vec();
            if left.is_empty() {
                return Err(Fault::new(Kind::PlanRejected, "all strokes of the drawing are drawn"));
            }
            let left = StrokeSet::new(*all.sheet(), left);
            plan::plan_as_given(&left.map_err(|e| Fault::new(Kind::PlanRejected, e.to_string()))?, self.plan.robot())?
        };
        let program = Program::of(&plan);
        verify::verify(&program.bytes(), plan.sheet(), plan.robot())?;
        Ok(Rest { plan, program, before: stroke })
    }

    /// When stroke `stroke` of the whole begins, or when the whole is done.
    fn begins_secs(&self, stroke: u32) -> f64 {
        begins(&self.plan, stroke as usize)
    }
}

impl Rest {
    /// The lines to be sent.
    pub fn lines(&self) -> Vec<String> {
        self.program.lines().iter().map(|line| line.text.clone()).collect()
    }

    /// How many strokes of the whole are on the paper for certain at `place`.
    pub fn confirmed(&self, place: &Place) -> u32 {
        let lowered = u32::try_from(place.pen_downs).unwrap_or(u32::MAX);
        self.before + lowered.saturating_sub(u32::from(place.pen_down))
    }

    /// How long what is left takes at `place`.
    pub fn secs_left(&self, place: &Place) -> u32 {
        (self.plan.total_secs() - self.secs_at(place)).max(0.0).ceil() as u32
    }

    /// How far `drawing` has come at `place`.
    pub fn progress(&self, drawing: &Drawing, place: &Place, moves: bool) -> Progress {
        let stroke = self.confirmed(place);
        let strokes = drawing.summary().strokes;
        // Between the strokes the two plans travel different ways, and never for long.
        let within = self.secs_at(place) - begins(&self.plan, (stroke - self.before) as usize);
        let secs = (drawing.begins_secs(stroke) + within).clamp(0.0, drawing.plan.total_secs());
        Progress { ms: (secs * 1e3) as u64, stroke: stroke.min(strokes), strokes, moves }
    }

    /// The rest's own time at `place`; within a motion by the share of its lines.
    fn secs_at(&self, place: &Place) -> f64 {
        let lines = self.program.lines();
        let Some(line) = lines.get(place.line) else { return self.plan.total_secs() };
        let motion = &self.plan.motions()[line.motion];
        let first = lines.partition_point(|other| other.motion < line.motion);
        let count = lines.partition_point(|other| other.motion <= line.motion) - first;
        let share = ((place.line - first) as f64 + place.share) / count as f64;
        motion.start_secs() + share * (motion.end_secs() - motion.start_secs())
    }
}

fn begins(plan: &MotionPlan, stroke: usize) -> f64 {
    let mut drawn = plan.motions().iter().filter(|motion| motion.act() == Act::Draw);
    drawn.nth(stroke).map_or(plan.total_secs(), |motion| motion.start_secs())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::geom::Point;
    use crate::geom::Polyline;
    use crate::plan::PlanConfig;
    use crate::strokes::Sheet;
    use crate::strokes::Stroke;
    use crate::strokes::StrokeKind;

    /// The robot of the tests.
    pub fn robot() -> RobotProfile {
        toml::from_str(include_str!("../../config/robots/a4-servo.toml")).expect("a shipped profile")
    }

    /// A drawing of `count` short strokes, in their order.
    pub fn hatching(count: usize) -> Drawing {
        let stroke = |n: usize| {
            let (x, y) = (20.0 + 4.0 * (n % 25) as f64, 30.0 + 6.0 * (n / 25) as f64);
            let path = Polyline::new(vec![Point::new(x, y), Point::new(x + 2.0, y + 4.0)]).expect("a line");
            Stroke { kind: StrokeKind::Contour, path }
        };
        let sheet = Sheet::new(148.0, 210.0).expect("A5");
        let strokes = StrokeSet::new(sheet, (0..count).map(stroke).collect()).expect("on the sheet");
        let planned = plan::plan(&strokes, &robot(), &PlanConfig::default()).expect("within reach");
        Drawing::read(planned.to_json(), &robot()).expect("our own plan")
    }

    #[test]
    fn what_is_left_is_the_same_strokes_and_counts_as_the_whole() {
        let drawing = hatching(12);
        assert_eq!(drawing.summary().strokes, 12);
        let all = drawing.from_stroke(0).expect("all of it");
        assert_eq!((all.confirmed(&Place::default()), all.secs_left(&Place::default())), (0, drawing.summary().secs));
        let rest = drawing.from_stroke(7).expect("five are left");
        assert_eq!((rest.plan.pen_lifts(), rest.confirmed(&Place::default())), (5, 7));
        let ways = |plan: &MotionPlan| -> Vec<_> {
            plan.motions().iter().filter(|m| m.act() == Act::Draw).map(|m| m.path().to_vec()).collect()
        };
        assert_eq!(ways(&rest.plan), ways(drawing.plan())[7..]);
        let third = Place { pen_downs: 3, pen_down: true, ..Place::default() };
        assert_eq!(rest.confirmed(&third), 9, "the one under the pen is not on the paper for certain");
        assert!(drawing.from_stroke(12).is_err(), "nothing is left");
    }

    #[test]
    fn ink_is_counted_by_the_stroke() {
        let drawing = hatching(10);
        let stroke_mm = 2.0_f64.hypot(4.0);
        assert!((drawing.ink_mm(0, 10) - 10.0 * stroke_mm).abs() < 0.1);
        assert!((drawing.ink_mm(4, 7) - 3.0 * stroke_mm).abs() < 0.05);
        assert!(drawing.ink_mm(7, 4) + drawing.ink_mm(10, 99) < f64::EPSILON);
    }

    #[test]
    fn another_robots_plan_and_other_bytes_are_refused() {
        let drawing = hatching(2);
        assert!(drawing.is_whole());
        let other = RobotProfile { name: "other".into(), ..robot() };
        assert!(Drawing::read(drawing.bytes().to_vec(), &other).is_err());
        assert!(Drawing::read(b"{}".to_vec(), &robot()).is_err());
    }
}
