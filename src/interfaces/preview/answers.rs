//! What the page asks and what it is answered, as JSON. Millimetres, seconds.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::preview::PlanOnPage;

/// How the drawing shall be planned; what is not said is as it was given on the command line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// How long it may take on the robot, s; 0 for as long as it takes.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub budget_secs: Option<f64>,
    /// The robot's profile, one of the choices.
    pub robot: Option<String>,
    /// The pen's profile.
    pub pen: Option<String>,
    /// The paper's profile; for photos, and for drawings that are fitted to the paper.
    pub paper: Option<String>,
    /// The style; for photos.
    pub style: Option<String>,
}

/// What an [`Ask`] may name. Where there is nothing to choose, a list is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Choices {
    /// Robots.
    pub robot: Vec<String>,
    /// Pens.
    pub pen: Vec<String>,
    /// Papers.
    pub paper: Vec<String>,
    /// Styles.
    pub style: Vec<String>,
}

/// A plan, as the page shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Planned {
    /// Its number: newer ones have larger numbers.
    pub id: u64,
    /// What was asked, with what was not said filled in.
    pub asked: Ask,
    /// All that is shown of it.
    pub plan: PlanOnPage,
    /// How long the whole drawing would take, s.
    pub full_secs: f64,
    /// How long it would take without all that may be left out, s.
    pub least_secs: f64,
    /// What is left out.
    pub left_out: Missing,
    /// What of the whole drawing each robot could not reach.
    pub reach: Vec<Reach>,
    /// What a person should know, a sentence each.
    pub remarks: Vec<String>,
}

/// What was left out so that the drawing is done in time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Missing {
    /// How many strokes.
    pub strokes: usize,
    /// Their length, mm.
    pub ink_mm: f64,
    /// How much too long it takes nevertheless, s.
    pub over_secs: f64,
}

/// What of the whole drawing lies beyond a robot's field.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Reach {
    /// The robot's profile.
    pub robot: String,
    /// How many strokes leave its field; none if it can draw all.
    pub strokes: usize,
    /// How much of their length does, mm.
    pub ink_mm: f64,
    /// Its field on the sheet: left, top, right, bottom, mm.
    pub field_mm: [f64; 4],
}

/// What there is to choose, and the plan that was made last.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Overview {
    /// What may be asked for.
    pub choices: Choices,
    /// The newest plan.
    pub plan: Planned,
}

/// What the feed's whole says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct News {
    /// What is being done, in words, if anything is.
    pub doing: Option<&'static str>,
    /// The number of the newest plan.
    pub plan: u64,
}
