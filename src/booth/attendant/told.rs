//! What is shown of each step: the view for the screen, the house for the staff, and what others may look at.

use std::sync::Arc;

use super::Attendant;
use super::EVERY;
use crate::booth::shown;
use crate::booth::shown::Now;
use crate::kiosk::VisitorView;
use crate::server;

impl Attendant {
    /// Tells the sitter's process which links phones may use, and how.
    pub(super) fn tend_links(&mut self) {
        let invitation = self.booth.session().invitation(self.booth.config());
        let session = invitation.map(|invitation| invitation.session);
        let own = self.state.own.as_ref().filter(|(whose, _)| Some(*whose) == session);
        self.links.follow(invitation, own.map(|(_, drawing)| drawing), self.now());
        if self.booth.conditions().model_loaded {
            for told in self.links.news(self.sitters.number()) {
                // The next process hears everything anew.
                let _ = self.sitters.tell(&told);
            }
        }
    }

    /// Shows what has changed.
    pub(super) fn show(&mut self) {
        let now = self.now();
        let view = self.booth.view(now);
        let pictures = view.house.pictures_in_memory;
        self.counts.now(self.state.machine, self.booth.machine(), pictures);
        self.state.machine = self.booth.machine();
        let session = self.booth.session().id();
        let own = self.state.own.as_ref().filter(|(whose, _)| Some(*whose) == session);
        for code in self.report.faults(&view.house.faults) {
            self.counts.fault(code);
        }
        let mut house = serde_json::to_value(&view.house).unwrap_or_default();
        house["report"] = serde_json::to_value(&self.report).unwrap_or_default();
        house["pen_use"] = serde_json::to_value(self.pen.view()).unwrap_or_default();
        house["camera_look"] = serde_json::to_value(self.state.look).unwrap_or_default();
        house["safe"] = self.safe.into();
        let safe = self.safe.then(|| server::Reason {
            code: "SAFE_MODE",
            detail: "it was started with --safe: without robot and camera".to_owned(),
        });
        self.shown.write(Now {
            session,
            pictures: self.sitters.pictures().filter(|_| pictures),
            offers: self.state.offers.clone(),
            link: session.and_then(|session| self.links.address(session)),
            own: own.map(|(_, drawing)| Arc::clone(drawing)),
            house: house.clone(),
            reasons: safe.into_iter().chain(view.house.reasons.iter().map(shown::reason)).collect(),
        });
        if house != self.state.house {
            self.house.publish("house", &house, &house);
            self.state.house = house;
        }
        let visitor = view.visitor;
        let runs = visitor.wait.is_some() || visitor.countdown_ms.is_some();
        let changed = self.state.view.as_ref().is_none_or(|before| still(before) != still(&visitor));
        if changed || (runs && now - self.state.sent >= EVERY) {
            self.feed.publish("view", &visitor, &visitor);
            (self.state.view, self.state.sent) = (Some(visitor), now);
        }
    }
}

/// The view without what only counts down.
fn still(view: &VisitorView) -> VisitorView {
    let mut still = view.clone();
    still.countdown_ms = still.countdown_ms.map(|ms| u64::from(ms > 0));
    if let Some(wait) = &mut still.wait {
        wait.left_ms = 0;
        if let Some(warning) = &mut wait.warning {
            warning.text.clear();
        }
    }
    still
}
