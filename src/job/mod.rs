//! One drawing, from photo to program: the stages in their order ([`prepare`]) and what they have made ([`Job`]).
//!
//! Pure: whoever calls it keeps the clock, and may end the job between any two stages.

use std::ops::ControlFlow;

use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Px;
use crate::geom::Rect;
use crate::photo;
use crate::photo::BackdropConfig;
use crate::photo::Framing;
use crate::photo::Photo;
use crate::photo::Portrait;
use crate::plan;
use crate::plan::InTime;
use crate::plan::LeftOut;
use crate::plan::MotionPlan;
use crate::plan::PlanConfig;
use crate::plan::Program;
use crate::plan::RobotProfile;
use crate::plan::verify;
use crate::plan::verify::Proof;
use crate::sitter;
use crate::sitter::Networks;
use crate::sitter::SitterConfig;
use crate::sketch;
use crate::sketch::Anatomy;
use crate::sketch::FlowConfig;
use crate::sketch::LineDrawing;
use crate::sketch::Sketch;
use crate::sketch::StyleNetworks;
use crate::sketch::ToneConfig;
use crate::strokes;
use crate::strokes::Sheet;
use crate::strokes::StrokesConfig;
use crate::strokes::Traced;

/// The stages of a drawing, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The camera or the file gives a photo.
    Photo,
    /// Head and shoulders are composed.
    Portrait,
    /// The portrait becomes lines.
    Lines,
    /// The lines become a sketch.
    Sketch,
    /// The sketch becomes pen strokes.
    Strokes,
    /// The strokes are put in order and timed.
    Plan,
    /// The plan becomes the robot's program, which is proved from its bytes.
    Program,
    /// The robot draws.
    Paper,
}

impl Stage {
    /// All stages, in their order.
    pub const ALL: [Stage; 8] = [
        Stage::Photo,
        Stage::Portrait,
        Stage::Lines,
        Stage::Sketch,
        Stage::Strokes,
        Stage::Plan,
        Stage::Program,
        Stage::Paper,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Photo => "photo",
            Stage::Portrait => "portrait",
            Stage::Lines => "lines",
            Stage::Sketch => "sketch",
            Stage::Strokes => "strokes",
            Stage::Plan => "plan",
            Stage::Program => "program",
            Stage::Paper => "paper",
        }
    }

    /// What happens in it, for a person who waits.
    pub fn doing(self) -> &'static str {
        match self {
            Stage::Photo => "taking the photo",
            Stage::Portrait => "composing the portrait",
            Stage::Lines => "finding the lines",
            Stage::Sketch => "shading the sketch",
            Stage::Strokes => "laying the strokes",
            Stage::Plan => "planning the motion",
            Stage::Program => "writing the program",
            Stage::Paper => "drawing",
        }
    }
}

/// Who or what of a photo is drawn.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The sitter, whose face is found and read.
    Sitter {
        /// By these networks.
        networks: &'a Networks,
        /// What makes a face fit to be drawn.
        config: &'a SitterConfig,
        /// Where the face is, if a person said so; else the largest central one is drawn.
        at: Option<Rect<Px>>,
    },
    /// The photo as it is: nobody is looked for, features are guessed where a face usually has them.
    AsItIs(Framing),
}

/// Who draws.
#[derive(Debug, Clone, Copy)]
pub enum Artist<'a> {
    /// The pen artist: lines by the flow of the picture, tone by what is known of the face. Needs no weights.
    Pen,
    /// The networks of a learned style.
    Networks(&'a StyleNetworks),
}

impl Artist<'_> {
    /// The lines of `portrait`; `config` says how the pen artist finds them.
    ///
    /// # Errors
    /// The machine is out of memory.
    pub fn lines(&self, portrait: &Portrait, anatomy: &Anatomy, config: &FlowConfig) -> Result<LineDrawing, Fault> {
        match self {
            Artist::Pen => Ok(sketch::flow_lines(portrait, anatomy, config)),
            Artist::Networks(networks) => Ok(networks.lines(portrait, anatomy)?),
        }
    }

    /// The sketch upon `lines`; `config` says how much tone it gets and how that runs.
    ///
    /// # Errors
    /// The machine is out of memory.
    pub fn sketch(
        &self,
        portrait: &Portrait,
        lines: &LineDrawing,
        anatomy: &Anatomy,
        config: &ToneConfig,
    ) -> Result<Sketch, Fault> {
        let sketch = match self {
            Artist::Pen => sketch::shade(portrait, lines, anatomy, config),
            Artist::Networks(networks) => networks.sketch(portrait, lines, anatomy, config)?,
        };
        Ok(sketch::for_the_pen(sketch, portrait, anatomy))
    }
}

/// What a job needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Recipe<'a> {
    /// Who or what of the photo is drawn.
    pub subject: Subject<'a>,
    /// What is the person and what the backdrop.
    pub backdrop: &'a BackdropConfig,
    /// Who draws.
    pub artist: Artist<'a>,
    /// How lines are found, if by the flow of the picture.
    pub lines: &'a FlowConfig,
    /// How much tone the sketch gets, and how it runs.
    pub tone: &'a ToneConfig,
    /// How the sketch becomes strokes.
    pub strokes: &'a StrokesConfig,
    /// On which sheet.
    pub sheet: Sheet,
    /// How the strokes are put in order.
    pub plan: &'a PlanConfig,
    /// By which robot.
    pub robot: &'a RobotProfile,
}

/// All that a drawing has become on its way to the robot.
#[derive(Debug, Clone)]
pub struct Job {
    /// Head and shoulders.
    pub portrait: Portrait,
    /// As lines.
    pub lines: LineDrawing,
    /// As a sketch.
    pub sketch: Sketch,
    /// As the pen strokes that are drawn.
    pub traced: Traced,
    /// What is not drawn, for want of time.
    pub left_out: LeftOut,
    /// In order, with times.
    pub plan: MotionPlan,
    /// As the robot's program.
    pub program: Program,
    /// What was proved of the program's bytes.
    pub proof: Proof,
}

/// What a photo has become when its strokes are laid.
struct Laid {
    portrait: Portrait,
    lines: LineDrawing,
    sketch: Sketch,
    traced: Traced,
}

/// Takes `photo` through all stages up to the program.
///
/// `enter` hears each stage as it begins and may break the job off there; that is a fault of kind
/// [`Kind::Cancelled`]. Any stage's own error comes back as its fault, and so does a photo in which no line is found.
pub fn prepare(photo: &Photo, recipe: &Recipe, enter: &mut dyn FnMut(Stage) -> ControlFlow<()>) -> Result<Job, Fault> {
    let Laid { portrait, lines, sketch, traced } = lay(photo, recipe, enter)?;
    begin(Stage::Plan, enter)?;
    let InTime { plan, strokes, left_out } = plan::plan_in_time(&traced.set, recipe.robot, recipe.plan)?;
    let traced = Traced { set: strokes, ..traced };
    begin(Stage::Program, enter)?;
    let program = Program::of(&plan);
    let proof = verify::verify(&program.bytes(), plan.sheet(), plan.robot())?;
    Ok(Job { portrait, lines, sketch, traced, left_out, plan, program, proof })
}

/// Takes `photo` as far as its strokes, all of them: for whoever plans them in more than one way.
///
/// # Errors
/// As [`prepare`]'s.
pub fn traced(
    photo: &Photo,
    recipe: &Recipe,
    enter: &mut dyn FnMut(Stage) -> ControlFlow<()>,
) -> Result<Traced, Fault> {
    Ok(lay(photo, recipe, enter)?.traced)
}

fn lay(photo: &Photo, recipe: &Recipe, enter: &mut dyn FnMut(Stage) -> ControlFlow<()>) -> Result<Laid, Fault> {
    begin(Stage::Portrait, enter)?;
    match &recipe.subject {
        Subject::Sitter { networks, config, at } => {
            let mut faces = sitter::faces(photo, networks, config)?;
            if let Some(at) = at {
                sitter::put_first(&mut faces, at);
            }
            let sitting = sitter::sit(photo, &faces, networks, config)?;
            begin(Stage::Lines, enter)?;
            let anatomy = Anatomy::of_face(&sitting.portrait, &sitting.face);
            drawn(sitting.portrait, &anatomy, recipe, enter)
        }
        Subject::AsItIs(framing) => {
            let portrait = photo::compose(photo, framing)?;
            begin(Stage::Lines, enter)?;
            let anatomy = Anatomy::guessed(&portrait, &photo::matte(&portrait, recipe.backdrop));
            drawn(portrait, &anatomy, recipe, enter)
        }
    }
}

/// Tells that `stage` begins, and ends the job if it shall not.
fn begin(stage: Stage, enter: &mut dyn FnMut(Stage) -> ControlFlow<()>) -> Result<(), Fault> {
    match enter(stage) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => {
            Err(Fault::new(Kind::Cancelled, format!("stopped before the {} stage; nothing was drawn", stage.name())))
        }
    }
}

/// The strokes of `portrait`, whose sitter's `anatomy` is known.
fn drawn(
    portrait: Portrait,
    anatomy: &Anatomy,
    recipe: &Recipe,
    enter: &mut dyn FnMut(Stage) -> ControlFlow<()>,
) -> Result<Laid, Fault> {
    let lines = recipe.artist.lines(&portrait, anatomy, recipe.lines)?;
    begin(Stage::Sketch, enter)?;
    let sketch = recipe.artist.sketch(&portrait, &lines, anatomy, recipe.tone)?;
    begin(Stage::Strokes, enter)?;
    let traced = strokes::strokes(&sketch, &recipe.sheet, recipe.strokes)?;
    if traced.set.strokes().is_empty() {
        let sentence = "no lines were found in the photo; take one with a face in good light";
        return Err(Fault::new(Kind::BadInput, sentence));
    }
    Ok(Laid { portrait, lines, sketch, traced })
}
