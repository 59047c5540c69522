//! The plan made visible before a robot moves: a still drawing, the inked sheet, an animation, a page that plays it, and
//! what another page needs to play it.
//!
//! All come from one [`MotionPlan`](crate::plan::MotionPlan) value, the same that becomes the program, so that
//! what is shown is what will be drawn, in that order and at that speed. Nothing here needs a robot. Units: mm on the
//! sheet (y down), seconds of the plan.

mod animation;
mod overlay;
mod page;
mod paper;
mod playable;
mod svg;
mod timeline;

pub use animation::AnimationConfig;
pub use animation::animation;
pub use overlay::overlay;
pub use page::PAGE_SCRIPT;
pub use page::PAGE_STYLE;
pub use page::PLANNER_SCRIPT;
pub use page::PlanOnPage;
pub use page::VARINTS_SCRIPT;
pub use page::page;
pub use page::served_page;
pub use paper::InkConfig;
pub use paper::coverage;
pub use paper::drawn_until;
pub use paper::inked;
pub use paper::paper;
pub use playable::Playable;
pub use playable::playable;
pub use svg::SvgOptions;
pub use svg::svg;
