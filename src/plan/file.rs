//! The plan's file form, `plan.json`: written for people and programs to read, read back with suspicion.
//!
//! The file says what is drawn and where; it also says when, for whoever wants to know, but a plan that is read gets
//! its times anew from the firmware's rules, and its reach is proved again. Refused, with one sentence: files of
//! another schema, unknown keys, numbers that are none, counts beyond the bounds, and every sequence of motions that
//! [`plan`](crate::plan::plan) could not have made. Units: millimetres on the sheet (y down), seconds.

use serde::Deserialize;
use serde::Serialize;

use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Point;
use crate::plan::MAX_POINTS;
use crate::plan::MAX_STROKES;
use crate::plan::motion::Act;
use crate::plan::motion::Motion;
use crate::plan::motion::MotionPlan;
use crate::plan::motions;
use crate::plan::program::Grid;
use crate::plan::reach;
use crate::plan::reach::OutOfReach;
use crate::plan::robot::RobotError;
use crate::plan::robot::RobotProfile;
use crate::strokes::Sheet;
use crate::strokes::StrokeKind;

/// The schema that is written and read.
pub const SCHEMA: &str = "portraitist.plan/1";

/// Most bytes a plan file may have.
pub const MAX_FILE_BYTES: usize = 256 << 20;

/// Why a plan file cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanFileError {
    /// Larger than any plan.
    #[error("the plan file has {bytes} bytes, but at most {MAX_FILE_BYTES} are read; plan the drawing again")]
    TooBig {
        /// Its size.
        bytes: usize,
    },
    /// Not JSON, or not of this shape.
    #[error("this is no plan file: {why}")]
    Shape {
        /// What the reader says, with line and column.
        why: String,
    },
    /// Written by another version.
    #[error("the plan file's schema is \"{found}\", but this program reads \"{SCHEMA}\"; plan the drawing again")]
    Schema {
        /// What the file says.
        found: String,
    },
    /// A sheet that cannot be.
    #[error("the plan file's sheet of {width_mm} x {height_mm} mm is no sheet; plan the drawing again")]
    Sheet {
        /// Its width.
        width_mm: f64,
        /// Its height.
        height_mm: f64,
    },
    /// A robot that cannot be.
    #[error(transparent)]
    Robot(#[from] RobotError),
    /// Motions that no plan has.
    #[error("motion {motion} of the plan file {why}; plan the drawing again")]
    Motion {
        /// Which motion, counted from 0.
        motion: usize,
        /// What is wrong with it, as the rest of a sentence.
        why: &'static str,
    },
    /// A point beyond the sheet or the robot's field.
    #[error(transparent)]
    OutOfReach(#[from] OutOfReach),
}

impl From<PlanFileError> for Fault {
    fn from(error: PlanFileError) -> Self {
        let kind = if matches!(error, PlanFileError::OutOfReach(_)) { Kind::PlanRejected } else { Kind::BadInput };
        Fault::new(kind, error.to_string())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    schema: String,
    sheet: SheetFile,
    robot: RobotProfile,
    total_secs: f64,
    motions: Vec<MotionFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SheetFile {
    width_mm: f64,
    height_mm: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MotionFile {
    act: ActFile,
    start_secs: f64,
    end_secs: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    strokes: Vec<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<KindFile>,
    path_mm: Vec<[f64; 2]>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ActFile {
    Travel,
    PenDown,
    Draw,
    PenUp,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindFile {
    Contour,
    Hatch,
    Shade,
}

impl MotionPlan {
    /// The plan as a file of schema [`SCHEMA`], ended by a line end.
    pub fn to_json(&self) -> Vec<u8> {
        let file = PlanFile {
            schema: SCHEMA.into(),
            sheet: SheetFile { width_mm: self.sheet.width_mm(), height_mm: self.sheet.height_mm() },
            robot: self.robot.clone(),
            total_secs: micros(self.total_secs()),
            motions: self.motions.iter().map(motion_file).collect(),
        };
        let mut json = serde_json::to_vec(&file).expect("a plan holds finite numbers and plain text");
        json.push(b'\n');
        json
    }

    /// The plan that a file holds, timed anew.
    ///
    /// # Errors
    /// [`PlanFileError`], on the first thing that no plan of this program says.
    pub fn from_json(bytes: &[u8]) -> Result<Self, PlanFileError> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(PlanFileError::TooBig { bytes: bytes.len() });
        }
        // the schema first: a file of another version should say so, not which of its keys is strange
        #[derive(Deserialize)]
        struct SchemaOnly {
            schema: String,
        }
        let shape = |e: serde_json::Error| PlanFileError::Shape { why: e.to_string() };
        let SchemaOnly { schema } = serde_json::from_slice(bytes).map_err(shape)?;
        if schema != SCHEMA {
            return Err(PlanFileError::Schema { found: schema.chars().take(60).collect() });
        }
        let file: PlanFile = serde_json::from_slice(bytes).map_err(shape)?;
        let SheetFile { width_mm, height_mm } = file.sheet;
        let sheet = Sheet::new(width_mm, height_mm).ok_or(PlanFileError::Sheet { width_mm, height_mm })?;
        file.robot.check()?;
        counted(&file.motions)?;
        let grid = Grid::new(&sheet, &file.robot);
        let runs = file.motions.iter().filter(|m| m.act == ActFile::Draw).map(|m| run(m, &grid)).collect();
        let motions = motions(runs, &grid);
        same(&motions, &file.motions, &grid)?;
        for (motion, read) in motions.iter().enumerate() {
            if read.act == Act::Draw {
                for (point, p) in read.path.iter().enumerate() {
                    let stroke = read.strokes[0];
                    reach::check_point(*p, &sheet, &file.robot).map_err(|e| OutOfReach { stroke, point, ..e })?;
                }
                if read.kind.is_none() {
                    return Err(PlanFileError::Motion { motion, why: "draws, but does not say what kind of line" });
                }
            }
        }
        Ok(Self::timed(sheet, file.robot, motions))
    }
}

/// Proves that each stroke is drawn once and nothing is counted beyond its bounds.
fn counted(motions: &[MotionFile]) -> Result<(), PlanFileError> {
    let strokes: usize = motions.iter().map(|m| m.strokes.len()).sum();
    let points: usize = motions.iter().map(|m| m.path_mm.len()).sum();
    let refuse = |motion: usize, why: &'static str| Err(PlanFileError::Motion { motion, why });
    if strokes > MAX_STROKES || points > MAX_POINTS + 5 * MAX_STROKES {
        return refuse(motions.len() - 1, "is one of too many for one plan");
    }
    let mut drawn = vec![false; strokes];
    for (motion, m) in motions.iter().enumerate() {
        if (m.act == ActFile::Draw) == m.strokes.is_empty() {
            return refuse(motion, "draws no stroke, or has strokes and does not draw");
        }
        for stroke in &m.strokes {
            match drawn.get_mut(*stroke) {
                Some(done) if !*done => *done = true,
                _ => return refuse(motion, "draws a stroke that is drawn twice or does not exist"),
            }
        }
        if m.path_mm.is_empty() || (m.act == ActFile::Draw && m.path_mm.len() < 2) {
            return refuse(motion, "has too few points");
        }
        // beyond this no sheet and no field reaches; it keeps all later arithmetic finite
        if m.path_mm.iter().flatten().any(|v| !v.is_finite() || v.abs() > 100_000.0) {
            return refuse(motion, "has a coordinate that is on no sheet");
        }
    }
    Ok(())
}

fn run(file: &MotionFile, grid: &Grid<'_>) -> Motion {
    let kind = file.kind.map(|kind| match kind {
        KindFile::Contour => StrokeKind::Contour,
        KindFile::Hatch => StrokeKind::Hatch,
        KindFile::Shade => StrokeKind::Shade,
    });
    Motion { strokes: file.strokes.clone(), kind, ..Motion::untimed(Act::Draw, grid.snap_path(&points(file))) }
}

/// Proves that the file says just what a plan with these runs of the pen does.
fn same(motions: &[Motion], file: &[MotionFile], grid: &Grid<'_>) -> Result<(), PlanFileError> {
    let refuse = |motion: usize| {
        Err(PlanFileError::Motion { motion, why: "does not follow from those before it (pen, place or end)" })
    };
    for (motion, (made, read)) in motions.iter().zip(file).enumerate() {
        let path: Vec<_> = points(read).iter().map(|p| grid.snap(*p)).collect();
        if act_file(made.act) != read.act || made.path != path {
            return refuse(motion);
        }
    }
    if motions.len() == file.len() { Ok(()) } else { refuse(motions.len().min(file.len())) }
}

fn points(file: &MotionFile) -> Vec<Point<crate::geom::Mm>> {
    file.path_mm.iter().map(|p| Point::new(p[0], p[1])).collect()
}

fn motion_file(motion: &Motion) -> MotionFile {
    MotionFile {
        act: act_file(motion.act),
        start_secs: micros(motion.start_secs),
        end_secs: micros(motion.end_secs),
        strokes: motion.strokes.clone(),
        kind: motion.kind.map(|kind| match kind {
            StrokeKind::Contour => KindFile::Contour,
            StrokeKind::Hatch => KindFile::Hatch,
            StrokeKind::Shade => KindFile::Shade,
        }),
        path_mm: motion.path.iter().map(|p| [p.x, p.y]).collect(),
    }
}

fn act_file(act: Act) -> ActFile {
    match act {
        Act::Travel => ActFile::Travel,
        Act::PenDown => ActFile::PenDown,
        Act::Draw => ActFile::Draw,
        Act::PenUp => ActFile::PenUp,
    }
}

/// Seconds to the microsecond: what a reader needs, without endless decimals.
fn micros(secs: f64) -> f64 {
    (secs * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixtures::noise;
    use crate::plan::fixtures::quick;
    use crate::plan::fixtures::robot;
    use crate::plan::fixtures::z_robot;
    use crate::plan::plan;

    fn example() -> MotionPlan {
        plan(&noise(25, 4), &robot(), &quick()).unwrap()
    }

    #[test]
    fn a_plan_survives_its_file() {
        for seed in 0..20 {
            let robot = if seed % 2 == 0 { robot() } else { z_robot() };
            let plan = plan(&noise(seed as usize * 9, seed), &robot, &quick()).unwrap();
            assert_eq!(MotionPlan::from_json(&plan.to_json()).unwrap(), plan);
        }
    }

    #[test]
    fn times_are_not_believed() {
        let plan = example();
        let text = String::from_utf8(plan.to_json()).unwrap();
        let total = format!("\"total_secs\":{}", micros(plan.total_secs()));
        assert!(text.contains(&total));
        let lying = text.replace(&total, "\"total_secs\":3.5");
        assert_eq!(MotionPlan::from_json(lying.as_bytes()).unwrap(), plan);
    }

    #[test]
    fn what_no_plan_says_is_refused_in_one_sentence() {
        let text = String::from_utf8(example().to_json()).unwrap();
        let with = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        };
        let cases = [
            (String::new(), "no plan file"),
            ("[]".into(), "no plan file"),
            ("{\"schema\":\"portraitist.plan/2\"}".into(), "plan/2"),
            (with("\"sheet\":", "\"paper\":1,\"sheet\":"), "paper"),
            (with("\"width_mm\":148.0", "\"width_mm\":-148.0"), "no sheet"),
            (with("\"width_mm\":148.0", "\"width_mm\":1e999"), "no plan file"),
            (with("\"width_mm\":148.0", "\"width_mm\":NaN"), "no plan file"),
            (with("\"width_mm\":148.0", "\"width_mm\":14.0"), "beyond the sheet"),
            (with("\"field_width_mm\":300.0", "\"field_width_mm\":50.0"), "beyond the robot's field"),
            (with("\"draw_speed_mm_s\":50.0", "\"draw_speed_mm_s\":0.0"), "draw_speed_mm_s"),
            (with("\"strokes\":[", "\"strokes\":[77,"), "drawn twice or does not exist"),
            (with("\"strokes\":[", "\"strokes\":[-1,"), "no plan file"),
            (with("\"act\":\"pen-up\"", "\"act\":\"pen-down\""), "does not follow"),
            (with("\"act\":\"draw\"", "\"act\":\"travel\""), "has strokes and does not draw"),
            (with("\"kind\":\"contour\",", ""), "kind of line"),
            (text.replace("\"path_mm\":[[", "\"path_mm\":[[1e7,0.0],["), "on no sheet"),
            (text.replace("\"path_mm\":[[", "\"path_mm\":[[1.0,0.0],["), "does not follow"),
        ];
        for (broken, why) in cases {
            let sentence = MotionPlan::from_json(broken.as_bytes()).expect_err(why).to_string();
            assert!(sentence.contains(why), "{why}: {sentence}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let json = plan(&noise(5, 2), &robot(), &quick()).unwrap().to_json();
        for length in (0..json.len() - 1).step_by(17) {
            assert!(MotionPlan::from_json(&json[..length]).is_err());
        }
    }
}
