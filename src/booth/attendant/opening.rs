//! The morning's checklist and the evening's report, done: trials put on the table, the camera looked through once, pen,
//! sheets and sessions counted.

use std::sync::Arc;

use super::Attendant;
use super::EVERY;
use crate::booth::drawing::Drawing;
use crate::booth::sitter::Told;
use crate::kiosk::Event;
use crate::kiosk::FaultCode;
use crate::kiosk::OpeningCommand;
use crate::kiosk::Operator;
use crate::kiosk::OrderKey;
use crate::kiosk::Placed;
use crate::kiosk::Screen;
use crate::kiosk::StaffPress;

impl Attendant {
    /// Does what the checklist asks for.
    pub(super) fn opening(&mut self, command: OpeningCommand) {
        match command {
            OpeningCommand::TestMark => self.try_pen(Arc::clone(&self.trials.mark)),
            OpeningCommand::SelfTest => self.try_pen(Arc::clone(&self.trials.test)),
            OpeningCommand::LookAtCamera => {
                let told = self.sitters.touch(&Told::Look);
                self.state.look = told.is_err().then_some(Err(FaultCode::CamLost));
            }
        }
    }

    /// Puts a drawing of our own on the table and starts it: a person has just asked for it.
    fn try_pen(&mut self, drawing: Arc<Drawing>) {
        let (now, plan) = (self.now(), drawing.summary());
        let Ok(key) = OrderKey::try_from(format!("trial-{}-{}", self.state.boot, now.as_nanos())) else { return };
        self.drawings.insert(plan.checksum, drawing);
        let (placed, commands) = self.booth.order(key, plan, now);
        if let Placed::OnTable(job) = placed {
            self.state.trial = Some(job);
        }
        self.do_all(commands);
        self.hear(Event::Staff { by: Operator::vouched(), press: StaffPress::Start });
    }

    /// Counts what an event means to pen and report, before the kiosk hears it.
    pub(super) fn count(&mut self, event: &Event) {
        match event {
            Event::Staff { press: StaffPress::Open, .. } if !self.booth.conditions().open => self.report.begin(),
            Event::Staff { press: StaffPress::PenChanged, .. } => self.durable(|at| at.pen.changed()),
            // Whoever wipes wants nothing of anybody left, no lines either.
            Event::Staff { press: StaffPress::EndSession, .. } => self.links.end_all(self.now()),
            _ => {}
        }
    }

    /// Counts the wipes that have succeeded.
    pub(super) fn count_wipe(&mut self, before: &Screen) {
        if let (Screen::Wiping(wiping), Screen::Attract(_)) = (before, self.booth.session().screen()) {
            self.report.wiped(wiping.why());
        }
    }

    /// Counts the ink since the last time, stroke by stroke.
    pub(super) fn count_ink(&mut self, from: u32, to: u32) {
        let Some(drawing) = self.booth.desk().table().and_then(|job| self.drawings.get(&job.plan().checksum)) else {
            return;
        };
        let mm = drawing.ink_mm(from, to);
        self.pen.drew(mm);
        self.report.drew(mm);
        self.counts.drew(mm);
    }

    /// Looks after pen and report, once a second.
    pub(super) fn tend_pen(&mut self) {
        let open = self.booth.conditions().open;
        if open {
            self.durable(|at| at.pen.stood_open(EVERY));
        }
        let pen = self.pen.state();
        // A person who says that the pen is good knows better than a count, until it says something new.
        if pen != self.state.pen_told {
            self.state.pen_told = pen;
            self.hear(Event::Pen(pen));
        }
        let at_work = open || self.booth.desk().table().is_some() || self.booth.session().id().is_some();
        if self.state.at_work && !at_work {
            self.tell_report();
        }
        self.state.at_work = at_work;
    }

    /// Tells the report on the console, where the service's log keeps it.
    pub(super) fn tell_report(&mut self) {
        self.durable(|at| at.pen.write());
        if let Ok(report) = serde_json::to_string(&self.report) {
            eprintln!("portraitist: closed; {report}");
        }
    }

    pub(super) fn durable(&mut self, write: impl FnOnce(&mut Self) -> std::io::Result<()>) {
        if write(self).is_err() {
            self.counts.not_durable();
        }
    }
}
