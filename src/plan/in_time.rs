//! A drawing that is done in time: where it would take too long, the shading of hair and clothes that costs most for what
//! it shows is left out, until it does not.
//!
//! What a stroke shows is its length; what it costs is its own time, the pen's two moves and half of the way to it.
//! Lifting the pen costs the same for a short stroke as for a long one, so the short ones go first and long calm strands
//! stay. Contours and the shading of the face are never left out; the drawing then takes as long as they take. Seconds,
//! millimetres. Refuses what [`plan`] refuses.

use crate::plan::Act;
use crate::plan::MotionPlan;
use crate::plan::PlanConfig;
use crate::plan::PlanError;
use crate::plan::RobotProfile;
use crate::plan::plan;
use crate::strokes::StrokeKind;
use crate::strokes::StrokeSet;

/// A plan and the strokes that it draws.
#[derive(Debug, Clone)]
pub struct InTime {
    /// The plan.
    pub plan: MotionPlan,
    /// Its strokes: [`Motion::strokes`](crate::plan::Motion::strokes) counts in them.
    pub strokes: StrokeSet,
    /// What is missing.
    pub left_out: LeftOut,
}

/// What was left out of a drawing so that it is done in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct LeftOut {
    /// How many strokes.
    pub strokes: usize,
    /// Their length, mm.
    pub ink_mm: f64,
    /// How many seconds the drawing takes nevertheless beyond what it may; 0 if it is done in time.
    pub over_secs: f64,
}

impl LeftOut {
    /// It in words, if there is anything to say.
    pub fn remark(&self) -> Option<String> {
        let strokes = match self.strokes {
            0 => None,
            1 => Some("one stroke of shading in hair and clothes was left out".to_owned()),
            n => Some(format!("{n} short strokes of shading in hair and clothes were left out")),
        };
        let over = (self.over_secs > 0.0).then(|| format!("it still takes {:.0} s too long", self.over_secs.ceil()));
        let said: Vec<String> = strokes.into_iter().chain(over).collect();
        let remedy = "plan.most_secs says how long a drawing may take, 0 draws all";
        (!said.is_empty()).then(|| format!("{} ({remedy})", said.join("; ")))
    }
}

/// So many plans are made at most; each leaves out what the one before had too much, so three or four are enough.
const MOST_ROUNDS: usize = 8;
/// What is left out beyond the estimated excess: ways grow a little longer where strokes are missing.
const MARGIN: f64 = 1.1;

/// Plans `strokes` for `robot`, as [`plan`] does, without what cannot be drawn within `config.most_secs`.
///
/// # Errors
/// As [`plan`]'s.
pub fn plan_in_time(strokes: &StrokeSet, robot: &RobotProfile, config: &PlanConfig) -> Result<InTime, PlanError> {
    let planned = plan(strokes, robot, config)?;
    Ok(shortened(strokes, planned, config, &|| false)?.expect("nobody gave it up"))
}

/// The same, begun from `planned`, the plan of all `strokes`; `None` if `given_up` says so, asked before each round.
///
/// # Errors
/// As [`plan`]'s.
pub fn shortened(
    strokes: &StrokeSet,
    mut planned: MotionPlan,
    config: &PlanConfig,
    given_up: &dyn Fn() -> bool,
) -> Result<Option<InTime>, PlanError> {
    let robot = planned.robot().clone();
    let mut kept = strokes.clone();
    for _ in 0..MOST_ROUNDS {
        if given_up() {
            return Ok(None);
        }
        let excess_secs = planned.total_secs() - config.most_secs;
        let spared = if config.most_secs > 0.0 { spared(&kept, &planned, excess_secs) } else { vec![] };
        if !spared.contains(&true) {
            break;
        }
        kept = kept.only(|stroke| !spared[stroke]);
        planned = plan(&kept, &robot, config)?;
    }
    let over_secs = if config.most_secs > 0.0 { (planned.total_secs() - config.most_secs).max(0.0) } else { 0.0 };
    let left_out = LeftOut {
        strokes: strokes.strokes().len() - kept.strokes().len(),
        ink_mm: strokes.ink_mm() - kept.ink_mm(),
        over_secs,
    };
    Ok(Some(InTime { plan: planned, strokes: kept, left_out }))
}

/// Which of `strokes` are left out so that `plan` gets shorter by `excess_secs`: none if that is not more than 0.
fn spared(strokes: &StrokeSet, plan: &MotionPlan, excess_secs: f64) -> Vec<bool> {
    let secs = costs(strokes, plan);
    let of = |stroke: usize| &strokes.strokes()[stroke];
    let mut order: Vec<usize> = (0..secs.len()).filter(|stroke| of(*stroke).kind == StrokeKind::Shade).collect();
    let worth = |stroke: usize| of(stroke).path.length() / secs[stroke].max(1e-3);
    order.sort_by(|a, b| worth(*a).total_cmp(&worth(*b)));
    let mut spared = vec![false; secs.len()];
    let mut won_secs = 0.0;
    for stroke in order {
        if won_secs >= excess_secs * MARGIN {
            break;
        }
        spared[stroke] = true;
        won_secs += secs[stroke];
    }
    spared
}

/// What each of `strokes` costs in `plan`: its share of its run of the pen, of the pen's moves around it and of half the
/// way to it.
fn costs(strokes: &StrokeSet, plan: &MotionPlan) -> Vec<f64> {
    let mut costs = vec![0.0; strokes.strokes().len()];
    let motions = plan.motions();
    let secs = |at: Option<usize>, act: Act| {
        let motion = at.and_then(|at| motions.get(at)).filter(|motion| motion.act() == act);
        motion.map_or(0.0, |motion| motion.end_secs() - motion.start_secs())
    };
    for (at, motion) in motions.iter().enumerate().filter(|(_, motion)| motion.act() == Act::Draw) {
        let around = secs(at.checked_sub(1), Act::PenDown)
            + secs(Some(at + 1), Act::PenUp)
            + secs(at.checked_sub(2), Act::Travel) / 2.0;
        let run = motion.strokes().iter();
        // A run that stays needs its pen moves whatever is taken out of it.
        let stays = run.clone().any(|stroke| strokes.strokes()[*stroke].kind != StrokeKind::Shade);
        let whole = secs(Some(at), Act::Draw) + if stays { 0.0 } else { around };
        let length = |stroke: usize| strokes.strokes()[stroke].path.length();
        let all: f64 = run.clone().map(|stroke| length(*stroke)).sum();
        for stroke in run {
            costs[*stroke] = whole * length(*stroke) / all.max(1e-9);
        }
    }
    costs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixtures::noise;
    use crate::plan::fixtures::quick;
    use crate::plan::fixtures::robot;
    use crate::plan::fixtures::set;
    use crate::plan::fixtures::stroke;
    use crate::strokes::Stroke;

    /// A face of three long lines, and shading: forty short strokes and ten long ones.
    fn drawing() -> StrokeSet {
        let face = (0..3).map(|i| stroke(&[(40.0, 60.0 + 20.0 * f64::from(i)), (100.0, 60.0 + 20.0 * f64::from(i))]));
        let shade = |x: f64, y: f64, long: f64| Stroke { kind: StrokeKind::Shade, ..stroke(&[(x, y), (x + long, y)]) };
        let short = (0..40).map(|i| shade(12.0 + 12.0 * f64::from(i % 10), 130.0 + 4.0 * f64::from(i / 10), 2.0));
        let long = (0..10).map(|i| shade(20.0, 150.0 + 3.0 * f64::from(i), 60.0));
        set(face.chain(short).chain(long).collect())
    }

    fn within(most_secs: f64) -> InTime {
        plan_in_time(&drawing(), &robot(), &PlanConfig { most_secs, ..quick() }).expect("it can be planned")
    }

    #[test]
    fn short_shading_goes_first_and_only_as_much_as_it_takes() {
        let all = within(0.0);
        assert_eq!((all.left_out, all.strokes.strokes().len()), (LeftOut::default(), 53));
        assert!(all.left_out.remark().is_none());
        let wanted = all.plan.total_secs() - 10.0;
        let some = within(wanted);
        assert!(some.plan.total_secs() <= wanted, "{} of {wanted} s", some.plan.total_secs());
        assert!(some.plan.total_secs() > wanted - 5.0, "{} of {wanted} s: too much is gone", some.plan.total_secs());
        assert_eq!(some.plan.strokes(), some.strokes.strokes().len());
        assert!(some.strokes.strokes().iter().filter(|s| s.path.length() > 50.0).count() == 13, "long ones stay");
        let remark = some.left_out.remark().expect("something is missing");
        assert!(remark.contains(&format!("{} short strokes", some.left_out.strokes)), "{remark}");
        assert!(within(all.plan.total_secs() + 1.0).left_out == LeftOut::default());
    }

    #[test]
    fn the_face_is_drawn_however_little_time_there_is() {
        let hurried = within(1.0);
        assert_eq!(hurried.strokes.strokes().len(), 3);
        assert!(hurried.left_out.over_secs > 1.0);
        assert!(hurried.left_out.remark().is_some_and(|remark| remark.contains("too long")));
        let noise = noise(40, 3);
        let all = plan_in_time(&noise, &robot(), &PlanConfig { most_secs: 5.0, ..quick() }).expect("a plan");
        assert_eq!(all.strokes, noise, "it has no shading");
    }
}
