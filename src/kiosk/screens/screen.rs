//! The screens as one value, and what is common to them: whose, waiting for whom, with which pictures left to wipe.

use super::Attract;
use super::Choosing;
use super::Collect;
use super::Consent;
use super::Countdown;
use super::Framing;
use super::Handover;
use super::Intro;
use super::Ordered;
use super::Phase;
use super::Review;
use super::Shown;
use super::Thanks;
use super::Visit;
use super::Watching;
use super::Wiping;
use crate::kiosk::deletion::Deletion;
use crate::kiosk::language::Language;
use crate::kiosk::wait::Wait;

/// Where the screen is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described at its own type")]
pub enum Screen {
    Attract(Attract),
    Intro(Intro),
    Consent(Consent),
    Framing(Framing),
    Countdown(Countdown),
    Review(Review),
    Choosing(Choosing),
    Handover(Handover),
    Watching(Watching),
    Collect(Collect),
    Thanks(Thanks),
    Wiping(Wiping),
}

impl Screen {
    /// Who is before it.
    pub fn visit(&self) -> Option<&Visit> {
        match self {
            Screen::Attract(_) => None,
            Screen::Intro(s) => Some(&s.visit),
            Screen::Consent(s) => Some(&s.visit),
            Screen::Framing(s) => Some(&s.sitting.visit),
            Screen::Countdown(s) => Some(&s.sitting.visit),
            Screen::Review(s) => Some(&s.sitting.visit),
            Screen::Choosing(s) => Some(&s.sitting.visit),
            Screen::Handover(s) => Some(&s.ordered.visit),
            Screen::Watching(s) => Some(&s.ordered.visit),
            Screen::Collect(s) => Some(&s.ordered.visit),
            Screen::Thanks(s) => Some(&s.ordered.visit),
            Screen::Wiping(s) => Some(&s.visit),
        }
    }

    /// Whether the camera may be open: only where a visitor who said yes looks into it.
    pub fn camera_open(&self) -> bool {
        matches!(self, Screen::Framing(_) | Screen::Countdown(_))
    }

    /// Whether the drawing stands and a decision is waited for.
    pub fn is_standing(&self) -> bool {
        matches!(self, Screen::Watching(watching) if watching.is_standing())
    }

    /// Whether pictures of the visitor may be in memory.
    pub fn holds_pictures(&self) -> bool {
        match self {
            Screen::Framing(_) | Screen::Countdown(_) | Screen::Review(_) | Screen::Choosing(_) => true,
            _ => self.deletion().is_some_and(|deletion| !deletion.is_done()),
        }
    }

    /// How far the wipe of its pictures has come.
    pub fn deletion(&self) -> Option<&Deletion> {
        match self {
            Screen::Wiping(s) => Some(&s.deletion),
            _ => self.ordered().map(|ordered| &ordered.deletion),
        }
    }

    /// How long it waits for its visitor.
    pub fn wait(&self) -> Option<&Wait> {
        match self {
            Screen::Intro(s) => Some(&s.wait),
            Screen::Consent(s) => Some(&s.wait),
            Screen::Framing(s) => Some(&s.wait),
            Screen::Review(s) => Some(&s.wait),
            Screen::Choosing(Choosing { shown: Shown::Offers { wait, .. }, .. }) => Some(wait),
            Screen::Handover(Handover { phase: Phase::Visitor(wait), .. }) => Some(wait),
            Screen::Watching(s) => s.stands.as_ref(),
            Screen::Collect(s) => Some(&s.wait),
            _ => None,
        }
    }

    pub(in crate::kiosk) fn wait_mut(&mut self) -> Option<&mut Wait> {
        match self {
            Screen::Intro(s) => Some(&mut s.wait),
            Screen::Consent(s) => Some(&mut s.wait),
            Screen::Framing(s) => Some(&mut s.wait),
            Screen::Review(s) => Some(&mut s.wait),
            Screen::Choosing(Choosing { shown: Shown::Offers { wait, .. }, .. }) => Some(wait),
            Screen::Handover(Handover { phase: Phase::Visitor(wait), .. }) => Some(wait),
            Screen::Watching(s) => s.stands.as_mut(),
            Screen::Collect(s) => Some(&mut s.wait),
            _ => None,
        }
    }

    /// Speaks another language from now on.
    pub(in crate::kiosk) fn speak(&mut self, language: Language) {
        if let Some(visit) = self.visit_mut() {
            visit.language = language;
        }
    }

    fn visit_mut(&mut self) -> Option<&mut Visit> {
        match self {
            Screen::Attract(_) => None,
            Screen::Wiping(s) => Some(&mut s.visit),
            Screen::Intro(s) => Some(&mut s.visit),
            Screen::Consent(s) => Some(&mut s.visit),
            Screen::Framing(s) => Some(&mut s.sitting.visit),
            Screen::Countdown(s) => Some(&mut s.sitting.visit),
            Screen::Review(s) => Some(&mut s.sitting.visit),
            Screen::Choosing(s) => Some(&mut s.sitting.visit),
            _ => self.ordered_mut().map(|ordered| &mut ordered.visit),
        }
    }

    fn ordered(&self) -> Option<&Ordered> {
        match self {
            Screen::Handover(s) => Some(&s.ordered),
            Screen::Watching(s) => Some(&s.ordered),
            Screen::Collect(s) => Some(&s.ordered),
            Screen::Thanks(s) => Some(&s.ordered),
            _ => None,
        }
    }

    fn ordered_mut(&mut self) -> Option<&mut Ordered> {
        match self {
            Screen::Handover(s) => Some(&mut s.ordered),
            Screen::Watching(s) => Some(&mut s.ordered),
            Screen::Collect(s) => Some(&mut s.ordered),
            Screen::Thanks(s) => Some(&mut s.ordered),
            _ => None,
        }
    }

    pub(in crate::kiosk) fn deletion_mut(&mut self) -> Option<&mut Deletion> {
        match self {
            Screen::Wiping(s) => Some(&mut s.deletion),
            _ => self.ordered_mut().map(|ordered| &mut ordered.deletion),
        }
    }

    /// Whether "Cancel" is offered: up to the moment when the robot moves. From then on there is "Stop".
    pub fn may_cancel(&self) -> bool {
        !matches!(
            self,
            Screen::Attract(_) | Screen::Watching(_) | Screen::Collect(_) | Screen::Thanks(_) | Screen::Wiping(_)
        )
    }
}
