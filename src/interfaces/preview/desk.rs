//! The desk: one drawing, and all that is needed to plan it in any of the ways that its viewer may choose.
//!
//! Drawing a photo takes seconds and planning a moment, so strokes are kept by style, pen and paper, and whole plans by
//! robot: moving the budget only shortens what is there. A plan or a program is shown as it is until something is asked
//! that changes it. Refused: names that are not on the lists, budgets that are none, robots that cannot reach all.

use std::ops::ControlFlow;

use super::answers::Ask;
use super::answers::Choices;
use super::answers::Missing;
use super::answers::Planned;
use super::answers::Reach;
use super::source::Source;
use crate::config;
use crate::config::Config;
use crate::config::LoadRequest;
use crate::config::Loaded;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Px;
use crate::geom::Rect;
use crate::job;
use crate::job::Artist;
use crate::job::Stage;
use crate::job::Subject;
use crate::photo::Framing;
use crate::plan;
use crate::plan::MotionPlan;
use crate::plan::PlanConfig;
use crate::plan::Program;
use crate::plan::RobotProfile;
use crate::plan::reach;
use crate::plan::verify;
use crate::preview::InkConfig;
use crate::preview::PlanOnPage;
use crate::sitter::Networks;
use crate::strokes::StrokeKind;
use crate::strokes::StrokeSet;
use crate::strokes::svg;
use crate::strokes::svg::Fit;
use crate::strokes::svg::SvgConfig;

/// Most drawings of one photo that are kept.
const MOST_KEPT: usize = 6;
/// Most robots that are looked at.
const MOST_ROBOTS: usize = 64;

/// How a source is drawn, where that leaves a choice.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Manner {
    /// Of a photo: which face, by a box in its pixels.
    pub face: Option<Rect<Px>>,
    /// Of a photo: look for no face.
    pub no_face: bool,
    /// Of an SVG: scale it to the paper.
    pub fit: bool,
}

/// A drawing on the desk.
#[derive(Debug)]
pub struct Desk {
    title: String,
    source: Source,
    manner: Manner,
    request: LoadRequest,
    base: Config,
    robots: Vec<RobotProfile>,
    choices: Choices,
    networks: Option<Networks>,
    kept: Vec<Kept>,
}

/// Strokes, by what they depend on, and the whole plans made of them.
#[derive(Debug)]
struct Kept {
    style: String,
    pen: String,
    paper: String,
    strokes: StrokeSet,
    remarks: Vec<String>,
    whole: Vec<Whole>,
}

/// All strokes planned for one robot.
#[derive(Debug, Clone)]
struct Whole {
    robot: String,
    plan: MotionPlan,
    least_secs: f64,
}

/// A plan that was made, with all that its files need.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The plan.
    pub plan: MotionPlan,
    /// Its program, proved.
    pub program: Program,
    /// How its pen and paper look.
    pub ink: InkConfig,
    /// The pen's width, mm.
    pub pen_width_mm: f64,
    /// The drawing's title.
    pub title: String,
    asked: Ask,
    full_secs: f64,
    least_secs: f64,
    left_out: Missing,
    reach: Vec<Reach>,
    remarks: Vec<String>,
}

/// What a stage is told to.
pub type Tell<'a> = &'a mut dyn FnMut(Stage);

impl Desk {
    /// `source`, called `title`, on a desk with the configuration `loaded` from `request`.
    ///
    /// # Errors
    /// A profile of the configuration that cannot be used, face networks that are not there.
    pub fn new(
        title: String,
        source: Source,
        manner: Manner,
        loaded: &Loaded,
        request: LoadRequest,
    ) -> Result<Self, Fault> {
        let base = loaded.config().clone();
        let given = match &source {
            Source::Plan(plan) => plan.robot().clone(),
            _ => base.robot.clone(),
        };
        let mut robots = vec![given];
        for name in loaded.robot_names().into_iter().take(MOST_ROBOTS) {
            if robots.iter().all(|robot| robot.name != name) {
                robots.push(named(&request, &[("robot", &name)])?.robot);
            }
        }
        let photo = matches!(source, Source::Photo(_));
        let chosen = |own: &str, mut names: Vec<String>, free: bool| {
            if !names.iter().any(|name| name == own) {
                names.insert(0, own.to_owned());
            }
            if free { names } else { Vec::new() }
        };
        let choices = Choices {
            robot: robots.iter().map(|robot| robot.name.clone()).collect(),
            pen: chosen(&base.pen.name, loaded.pen_names(), true),
            paper: chosen(&base.paper.name, loaded.paper_names(), photo || manner.fit),
            style: chosen(&base.style.name, loaded.style_names(), photo),
        };
        let networks = if photo && !manner.no_face { Some(base.models.face_networks()?) } else { None };
        Ok(Self { title, source, manner, request, base, robots, choices, networks, kept: Vec::new() })
    }

    /// What may be asked for.
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// What it is called.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Plans the drawing as `ask` says; `tell` hears each stage. `None` if `given_up` says so, asked between stages.
    ///
    /// # Errors
    /// A name that is not on the lists, a photo without a face, a drawing without lines, a robot that cannot reach.
    pub fn plan(&mut self, ask: &Ask, tell: Tell<'_>, given_up: &dyn Fn() -> bool) -> Result<Option<Finished>, Fault> {
        let mut asked = self.filled_in(ask)?;
        let config = self.config(&asked)?;
        // A style may name a pen and a paper of its own.
        (asked.pen, asked.paper) = (Some(config.pen.name.clone()), Some(config.paper.name.clone()));
        let name = asked.robot.clone().unwrap_or_default();
        let robot = self.robots.iter().find(|robot| robot.name == name).cloned().unwrap_or(config.robot.clone());
        let Some(at) = self.laid(&config, tell, given_up)? else { return Ok(None) };
        tell(Stage::Plan);
        let whole = self.whole(at, &robot, &config.plan)?;
        if given_up() {
            return Ok(None);
        }
        let kept = &self.kept[at];
        let budget_secs = asked.budget_secs.unwrap_or(0.0);
        let full_secs = whole.plan.total_secs();
        let nothing = Missing { strokes: 0, ink_mm: 0.0, over_secs: 0.0 };
        let (planned, left_out) = if budget_secs <= 0.0 || full_secs <= budget_secs {
            (whole.plan.clone(), nothing)
        } else {
            let config = PlanConfig { most_secs: budget_secs, ..config.plan.clone() };
            // A given plan's motions count in strokes that are gone: to be shortened, it is planned anew.
            let all =
                if self.is_as_given(&robot) { plan::plan(&kept.strokes, &robot, &config)? } else { whole.plan.clone() };
            let Some(shorter) = plan::shortened(&kept.strokes, all, &config, given_up)? else { return Ok(None) };
            let missing = shorter.left_out;
            let missing = Missing { strokes: missing.strokes, ink_mm: missing.ink_mm, over_secs: missing.over_secs };
            (shorter.plan, missing)
        };
        tell(Stage::Program);
        let program = Program::of(&planned);
        verify::verify(&program.bytes(), planned.sheet(), planned.robot())?;
        let reach = self.robots.iter().map(|robot| beyond(&kept.strokes, robot)).collect();
        let remarks = kept.remarks.clone();
        Ok(Some(Finished {
            plan: planned,
            program,
            ink: config.ink.clone(),
            pen_width_mm: config.pen.width_mm,
            title: self.title.clone(),
            asked,
            full_secs,
            least_secs: whole.least_secs,
            left_out,
            reach,
            remarks,
        }))
    }

    /// `ask` with what it does not say.
    fn filled_in(&self, ask: &Ask) -> Result<Ask, Fault> {
        let of = |what: &str, name: &Option<String>, names: &[String], own: &str| match name {
            Some(name) if names.contains(name) || name == own => Ok(Some(name.clone())),
            Some(name) => {
                let sentence = format!("there is no {what} \"{}\" to choose", name.escape_debug());
                Err(Fault::new(Kind::BadInput, sentence))
            }
            None => Ok(Some(own.to_owned())),
        };
        let usual = if matches!(self.source, Source::Photo(_)) { self.base.plan.most_secs } else { 0.0 };
        let budget_secs = ask.budget_secs.unwrap_or(usual);
        if !(0.0..=1e6).contains(&budget_secs) {
            return Err(Fault::new(Kind::BadInput, "a budget lies between 0 and 1000000 seconds"));
        }
        let Choices { robot, pen, paper, style } = &self.choices;
        Ok(Ask {
            budget_secs: Some(budget_secs),
            robot: of("robot", &ask.robot, robot, &self.robots[0].name)?,
            pen: of("pen", &ask.pen, pen, &self.base.pen.name)?,
            paper: of("paper", &ask.paper, paper, &self.base.paper.name)?,
            style: of("style", &ask.style, style, &self.base.style.name)?,
        })
    }

    /// The configuration that `asked` names: that of the command line, with other profiles where others are asked for.
    fn config(&self, asked: &Ask) -> Result<Config, Fault> {
        let own = [&self.base.style.name, &self.base.pen.name, &self.base.paper.name];
        let wanted = [("style", &asked.style), ("pen", &asked.pen), ("paper", &asked.paper)];
        let others = wanted
            .into_iter()
            .zip(own)
            .filter_map(|((kind, name), own)| name.as_deref().filter(|name| name != own).map(|name| (kind, name)));
        let others: Vec<(&str, &str)> = others.collect();
        if others.is_empty() { Ok(self.base.clone()) } else { named(&self.request, &others) }
    }

    /// Where among the kept ones the strokes are that `config` gives.
    fn laid(&mut self, config: &Config, tell: Tell<'_>, given_up: &dyn Fn() -> bool) -> Result<Option<usize>, Fault> {
        let photo = matches!(self.source, Source::Photo(_));
        let free = |name: &str, matters: bool| if matters { name.to_owned() } else { String::new() };
        let (style, pen) = (free(&config.style.name, photo), free(&config.pen.name, photo));
        let paper = free(&config.paper.name, photo || self.manner.fit);
        if let Some(at) = self.kept.iter().position(|k| k.style == style && k.pen == pen && k.paper == paper) {
            return Ok(Some(at));
        }
        let Some((strokes, remarks)) = self.strokes(config, tell, given_up)? else { return Ok(None) };
        if self.kept.len() >= MOST_KEPT {
            self.kept.remove(0);
        }
        self.kept.push(Kept { style, pen, paper, strokes, remarks, whole: Vec::new() });
        Ok(Some(self.kept.len() - 1))
    }

    fn strokes(
        &mut self,
        config: &Config,
        tell: Tell<'_>,
        given_up: &dyn Fn() -> bool,
    ) -> Result<Option<(StrokeSet, Vec<String>)>, Fault> {
        let as_given =
            |plan: &MotionPlan| plan::strokes_of(plan).map_err(|e| Fault::new(Kind::BadInput, e.to_string()));
        match &self.source {
            Source::Plan(plan) => Ok(Some((as_given(plan)?, Vec::new()))),
            Source::Program(bytes) => {
                let plan = plan::of_program(bytes, &self.base.sheet, &self.robots[0])?;
                Ok(Some((as_given(&plan)?, Vec::new())))
            }
            Source::Svg(bytes) => {
                tell(Stage::Strokes);
                let drawing = svg::read(bytes, &reading(config, self.manner.fit))?;
                let remarks = drawing.report.remarks();
                if drawing.strokes.strokes().is_empty() {
                    let why = if remarks.is_empty() { "it has no shapes".to_owned() } else { remarks.join("; ") };
                    return Err(Fault::new(Kind::BadInput, format!("nothing in this SVG can be drawn: {why}")));
                }
                Ok(Some((drawing.strokes, remarks)))
            }
            Source::Photo(photo) => {
                let at = self.manner.face;
                let subject = match &self.networks {
                    Some(networks) => Subject::Sitter { networks, config: &config.sitter, at },
                    None => Subject::AsItIs(at.map_or(Framing::Centred, Framing::Face)),
                };
                let style = config.models.style_networks(&config.style)?;
                let artist = style.as_ref().map_or(Artist::Pen, Artist::Networks);
                let traced = job::traced(photo, &config.recipe(subject, artist), &mut |stage| {
                    tell(stage);
                    if given_up() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
                match traced {
                    Ok(traced) => Ok(Some((traced.set, Vec::new()))),
                    Err(fault) if fault.kind() == Kind::Cancelled => Ok(None),
                    Err(fault) => Err(fault),
                }
            }
        }
    }

    /// All strokes of `self.kept[at]` planned for `robot`.
    fn whole(&mut self, at: usize, robot: &RobotProfile, config: &PlanConfig) -> Result<Whole, Fault> {
        if let Some(whole) = self.kept[at].whole.iter().find(|whole| whole.robot == robot.name) {
            return Ok(whole.clone());
        }
        let strokes = &self.kept[at].strokes;
        let all = match &self.source {
            Source::Plan(plan) if self.is_as_given(robot) => (**plan).clone(),
            Source::Program(bytes) if self.is_as_given(robot) => plan::of_program(bytes, &self.base.sheet, robot)?,
            _ => plan::plan(strokes, robot, config)?,
        };
        let needed = strokes.only(|stroke| strokes.strokes()[stroke].kind != StrokeKind::Shade);
        let least_secs = if needed.strokes().len() == strokes.strokes().len() {
            all.total_secs()
        } else {
            // An estimate for the slider's end: a short search is enough.
            plan::plan(&needed, robot, &PlanConfig { effort: config.effort.min(1.0), ..config.clone() })?.total_secs()
        };
        let whole = Whole { robot: robot.name.clone(), least_secs: least_secs.min(all.total_secs()), plan: all };
        self.kept[at].whole.push(whole.clone());
        Ok(whole)
    }

    /// Whether for `robot` the plan that was given is the plan.
    fn is_as_given(&self, robot: &RobotProfile) -> bool {
        matches!(self.source, Source::Plan(_) | Source::Program(_)) && *robot == self.robots[0]
    }
}

impl Finished {
    /// As the page shows it, under the number `id`.
    pub fn on_page(&self, id: u64) -> Planned {
        Planned {
            id,
            asked: self.asked.clone(),
            plan: PlanOnPage::new(&self.plan, &self.ink, &self.title),
            full_secs: self.full_secs,
            least_secs: self.least_secs,
            left_out: self.left_out,
            reach: self.reach.clone(),
            remarks: self.remarks.clone(),
        }
    }
}

/// How an SVG is read: as large as it says, or fitted onto the configured paper.
pub fn reading(config: &Config, fit: bool) -> SvgConfig {
    let fit = fit.then_some(Fit {
        sheet_width_mm: config.paper.width_mm,
        sheet_height_mm: config.paper.height_mm,
        margin_mm: config.paper.margin_mm,
    });
    SvgConfig { fit: fit.or(config.svg.fit), ..config.svg.clone() }
}

/// The configuration of `request` with these profiles (kind and name) named last.
fn named(request: &LoadRequest, profiles: &[(&str, &str)]) -> Result<Config, Fault> {
    let mut request = request.clone();
    // What was said of the machine at the start holds for whichever is chosen: where its sheet lies, how fast it may go.
    let said: Vec<String> = request.sets.iter().filter(|set| is_of_robot(set)).cloned().collect();
    request.sets.extend(profiles.iter().map(|(kind, name)| format!("{kind}={name}")));
    request.sets.extend(said);
    Ok(config::load(&request)?.config().clone())
}

/// Whether `set` corrects a key of the robot, and does not name one.
fn is_of_robot(set: &str) -> bool {
    set.trim_start().strip_prefix("robot.").is_some_and(|rest| !rest.starts_with("profile"))
}

fn beyond(strokes: &StrokeSet, robot: &RobotProfile) -> Reach {
    let beyond = reach::beyond(strokes.strokes(), strokes.sheet(), robot);
    let field = reach::field_on_sheet(strokes.sheet(), robot);
    let field_mm = [field.min.x, field.min.y, field.max.x, field.max.y];
    Reach { robot: robot.name.clone(), strokes: beyond.strokes, ink_mm: beyond.ink_mm, field_mm }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_of_the_robot_holds_for_each_that_is_chosen() {
        let sets = ["robot=a4-servo", "robot.sheet_x_mm=17", "pen.width_mm=0.9"].map(str::to_owned).to_vec();
        let request = LoadRequest { sets, ..LoadRequest::default() };
        let config = named(&request, &[("robot", "a4-z"), ("pen", "brush")]).expect("shipped profiles");
        assert_eq!((config.robot.name.as_str(), config.robot.sheet_x_mm), ("a4-z", 17.0));
        assert!((config.pen.width_mm - 0.9).abs() > 0.01, "a pen that is chosen is that pen");
    }
}
