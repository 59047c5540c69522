//! What the screens show, as one value: whole, never a delta, so that a page that arrives late is right at once.
//!
//! [`Booth::view`] derives it from the machines alone, in the visitor's language. A page draws it and sends back the
//! [`Act`] of the button that was pressed; it decides nothing. [`VisitorView`] holds nothing of the house's inside;
//! [`HouseView`] is for the staff and for readiness, and holds nothing of a person. Times are milliseconds from now,
//! because a page's clock is another one; a server sends the view again each second while something runs down.

mod house;
mod page;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Serialize;

pub use house::FaultView;
pub use house::HouseView;
pub use house::JobView;

use super::accept::Reason;
use super::accept::minutes;
use super::booth::Booth;
use super::ids::SessionId;
use super::language::Direction;
use super::language::Language;
use super::session::Press;
use super::texts::TextKey;
use super::texts::Texts;

/// What is sent to a page when it connects and whenever something has changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct View {
    /// For the screen.
    pub visitor: VisitorView,
    /// For the staff.
    pub house: HouseView,
}

/// The screen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VisitorView {
    /// Whose session it is. Every press sends it back.
    pub session: Option<SessionId>,
    /// Which screen: `attract`, `closed`, `intro`, `consent`, `framing`, `countdown`, `review`, `choosing`, `handover`,
    /// `watching`, `collect`, `thanks` or `wiping`.
    pub screen: &'static str,
    /// Its language, for the page's `lang`.
    pub language: Language,
    /// Which way that is read, for the page's `dir`.
    pub direction: Direction,
    /// Its heading.
    pub title: String,
    /// What it says, a paragraph each.
    pub lines: Vec<String>,
    /// What is behind "more about this", a paragraph each.
    pub details: Option<Details>,
    /// What is not as it should be, calmly.
    pub notice: Option<String>,
    /// What can be pressed, the first one foremost.
    pub buttons: Vec<Button>,
    /// The stop: on every screen, acting when it is touched, without a question.
    pub stop: Button,
    /// The languages to choose from.
    pub languages: Vec<LanguageButton>,
    /// How long the screen waits.
    pub wait: Option<WaitView>,
    /// Until the shutter, milliseconds.
    pub countdown_ms: Option<u64>,
    /// Whether the live view is shown.
    pub live_view: bool,
    /// Whether the photo is shown.
    pub photo: bool,
    /// Whether a code is shown by which a phone finds this session's link.
    pub code: bool,
    /// The drawings to choose from.
    pub offers: Vec<OfferView>,
    /// How far the drawing has come.
    pub progress: Option<Progress>,
    /// About the drawing of somebody who has left the screen.
    pub aside: Option<Aside>,
    /// What a page says that has not heard from the program for three seconds.
    pub veil: String,
}

/// A heading and what opens under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Details {
    /// The heading.
    pub label: String,
    /// The paragraphs.
    pub lines: Vec<String>,
}

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act {
    /// Begin a session, in this language if one is named.
    Touch {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        language: Option<Language>,
    },
    /// Press this, with the session's name.
    Press(Press),
    /// Stop the robot. It needs no session.
    Stop,
    /// Say that the finished sheet is taken.
    SheetTaken,
}

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// What most will press; of a yes and a no neither weighs more.
    Main,
    /// Also there.
    Quiet,
    /// The stop.
    Stop,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Button {
    /// What it does.
    pub act: Act,
    /// What it says.
    pub label: String,
    /// How it looks.
    pub weight: Weight,
}

/// A button of the language choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LanguageButton {
    /// What it does.
    pub act: Act,
    /// The language's own name.
    pub label: &'static str,
    /// The language of that name.
    pub language: Language,
}

/// How long a screen waits for its visitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitView {
    /// Until it ends, milliseconds.
    pub left_ms: u64,
    /// How often it may still be put off.
    pub more_left: u8,
    /// "Still there?", once that is asked.
    pub warning: Option<Warning>,
}

/// "Still there?"
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The question.
    pub title: String,
    /// What happens without an answer.
    pub text: String,
    /// More time, while it may be had.
    pub more: Option<Button>,
}

/// One drawing to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfferView {
    /// The style's name, for fetching its picture and its plan.
    pub style: String,
    /// Its heading.
    pub title: String,
    /// How long it takes on paper.
    pub minutes: String,
    /// Shows how it is drawn.
    pub play: String,
    /// Chooses it.
    pub draw: Button,
}

/// How far a drawing has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Strokes on the paper for certain.
    pub stroke: u32,
    /// All strokes.
    pub strokes: u32,
    /// That in words.
    pub text: String,
    /// Minutes left, in words.
    pub left: String,
}

/// About another drawing than this session's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aside {
    /// What.
    pub text: String,
    /// It has been taken.
    pub taken: Button,
}

impl Booth {
    /// What the screens show at `now`.
    pub fn view(&self, now: Duration) -> View {
        View { visitor: page::visitor(self, now), house: house::house(self, now) }
    }
}

/// What a visitor reads of the reasons why nobody is asked in: the first that says more than that there is a break.
fn closed_line(texts: &Texts, reasons: &[Reason]) -> String {
    let telling = reasons.iter().find(|reason| reason.text().0 != TextKey::ClosedBreak).or(reasons.first());
    match telling.map(|reason| reason.text()) {
        Some((key, Some(count))) => texts.fill(key, &[("minutes", count)]),
        Some((key, None)) => texts.plain(key),
        None => texts.plain(TextKey::ClosedBreak),
    }
}

fn about(texts: &Texts, key: TextKey, secs: u32) -> String {
    texts.fill(key, &[("minutes", minutes(secs))])
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
