//! The places for drawings: one under the pen, one that waits; and the orders that have been seen.
//!
//! Ink cannot be undone, so an order that comes again — a double tap, a second browser, a message delivered twice — is
//! the same order: its key finds the drawing that exists or existed. Room for keys and places is bounded.

use std::collections::VecDeque;
use std::time::Duration;

use super::accept::Table;
use super::config::KioskConfig;
use super::drawing_job::DrawingJob;
use super::drawing_job::JobCommand;
use super::drawing_job::JobEvent;
use super::drawing_job::JobResult;
use super::drawing_job::JobState;
use super::drawing_job::PlanSummary;
use super::fault_codes::FaultCode;
use super::ids::JobId;
use super::ids::OrderKey;
use super::ids::SessionId;
use super::journal::Record;
use super::journal::Stage;
use super::session::DrawingNews;

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It lies on the table; a person may start it.
    OnTable(JobId),
    /// It waits for the table.
    Waiting(JobId),
    /// It was placed before.
    Same(JobId),
    /// There is no place.
    NoPlace,
}

/// What comes of telling a drawing something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// To be done.
    Command(JobCommand),
    /// For the session whose drawing it is.
    News {
        /// Whose.
        session: SessionId,
        /// What.
        news: DrawingNews,
    },
    /// A drawing has left the desk.
    Left {
        /// Which.
        job: JobId,
        /// How it ended.
        result: JobResult,
    },
}

/// The places for drawings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    next: JobId,
    table: Option<DrawingJob>,
    waiting: Option<DrawingJob>,
    seen: VecDeque<(OrderKey, JobId)>,
    /// The number of the sheet that lies on the table.
    sheet: u32,
}

/// So many orders are remembered: a day of an exhibition, many times over.
const REMEMBERED: usize = 4096;

impl Desk {
    /// An empty desk.
    pub fn new(boot: u32) -> Self {
        Self { next: JobId::first(boot), table: None, waiting: None, seen: VecDeque::new(), sheet: 0 }
    }

    /// Takes up what a drawing's journal told after a restart; `code` says what ended the program.
    pub fn restore(&mut self, record: &Record, code: FaultCode, now: Duration) -> Vec<JobCommand> {
        let job = DrawingJob::recovered(record, code, now);
        self.remember(job.key().clone(), job.id());
        self.sheet = self.sheet.max(record.sheet);
        let mut commands = vec![JobCommand::Journal(Box::new(job.record()))];
        // Only one drawing can lie on the table, and what waited has nobody waiting for it.
        if job.state().is_over() || self.table.is_some() {
            commands.push(JobCommand::Erase { job: job.id() });
        } else {
            self.table = Some(job);
        }
        commands
    }

    /// The drawing on the table.
    pub fn table(&self) -> Option<&DrawingJob> {
        self.table.as_ref()
    }

    /// The drawing that waits.
    pub fn waiting(&self) -> Option<&DrawingJob> {
        self.waiting.as_ref()
    }

    /// The drawing of a session.
    pub fn of(&self, session: SessionId) -> Option<&DrawingJob> {
        [&self.table, &self.waiting].into_iter().flatten().find(|job| job.session() == Some(session))
    }

    /// The number of the sheet on the table.
    pub fn sheet(&self) -> u32 {
        self.sheet
    }

    /// A new sheet lies there.
    pub fn new_sheet(&mut self) {
        self.sheet = self.sheet.saturating_add(1);
    }

    /// How long until a drawing placed now could begin, seconds: what is on the table and what waits, each with the
    /// change of sheets after it.
    pub fn wait_secs(&self, config: &KioskConfig) -> u32 {
        let one = |job: &DrawingJob| match job.state() {
            JobState::Drawn { .. } => config.change_over_secs,
            _ => job.secs_left().saturating_add(config.change_over_secs),
        };
        [&self.table, &self.waiting].into_iter().flatten().map(one).fold(0, u32::saturating_add)
    }

    /// What the table means for the next visitor.
    pub fn load(&self, config: &KioskConfig) -> Table {
        let Some(job) = &self.table else { return Table::Free };
        match job.state() {
            JobState::Interrupted { .. } => Table::Interrupted,
            JobState::Pausing { .. } | JobState::Paused { .. } | JobState::Resuming { .. } | JobState::Stopping(_) => {
                Table::Held
            }
            JobState::Drawn { .. } => Table::NotTaken,
            _ => Table::Busy {
                wait_secs: self.wait_secs(config),
                place: self.waiting.is_none() && config.waiting_places > 0,
            },
        }
    }

    /// Takes an order.
    pub fn place(
        &mut self,
        key: OrderKey,
        session: Option<SessionId>,
        plan: PlanSummary,
        now: Duration,
        config: &KioskConfig,
    ) -> (Placed, Vec<Outcome>) {
        if let Some((_, job)) = self.seen.iter().find(|(seen, _)| *seen == key) {
            return (Placed::Same(*job), Vec::new());
        }
        let id = self.next;
        let job = DrawingJob::new(id, key.clone(), session, plan);
        let placed = if self.table.is_none() {
            self.table = Some(job);
            Placed::OnTable(id)
        } else if self.waiting.is_none() && config.waiting_places > 0 {
            self.waiting = Some(job);
            Placed::Waiting(id)
        } else {
            return (Placed::NoPlace, Vec::new());
        };
        self.next = id.next();
        self.remember(key, id);
        (placed, self.tell(id, JobEvent::Queue, now, config))
    }

    /// Tells the drawing `id` something; one that is not here hears nothing.
    pub fn tell(&mut self, id: JobId, event: JobEvent, now: Duration, config: &KioskConfig) -> Vec<Outcome> {
        let place =
            [&mut self.table, &mut self.waiting].into_iter().find(|job| job.as_ref().is_some_and(|j| j.id() == id));
        let Some(place) = place else { return Vec::new() };
        let Some(job) = place.take() else { return Vec::new() };
        let (before, session) = (job.state().stage(), job.session());
        let (job, commands) = job.step(event, now, config);
        let after = job.state().stage();
        let mut outcomes: Vec<Outcome> = commands.into_iter().map(Outcome::Command).collect();
        if let (Some(session), Some(news)) = (session, news(before, after)) {
            outcomes.push(Outcome::News { session, news });
        }
        if let (true, Some(result)) = (job.state().is_over(), after.result()) {
            outcomes.push(Outcome::Left { job: id, result });
        } else {
            *place = Some(job);
        }
        outcomes.extend(self.move_up());
        outcomes
    }

    /// Tells all drawings something.
    pub fn tell_all(&mut self, event: JobEvent, now: Duration, config: &KioskConfig) -> Vec<Outcome> {
        let ids: Vec<JobId> = [&self.table, &self.waiting].into_iter().flatten().map(DrawingJob::id).collect();
        ids.into_iter().flat_map(|id| self.tell(id, event, now, config)).collect()
    }

    /// When a drawing wants to be told the time.
    pub fn timer(&self, now: Duration, config: &KioskConfig) -> Option<Duration> {
        [&self.table, &self.waiting].into_iter().flatten().filter_map(|job| job.timer(now, config)).min()
    }

    /// Whoever waits has the table when it is free.
    fn move_up(&mut self) -> Option<Outcome> {
        if self.table.is_some() {
            return None;
        }
        self.table = self.waiting.take();
        let session = self.table.as_ref()?.session()?;
        Some(Outcome::News { session, news: DrawingNews::Turn })
    }

    fn remember(&mut self, key: OrderKey, job: JobId) {
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back((key, job));
    }
}

/// What a change of state means to the visitor whose drawing it is.
fn news(before: Stage, after: Stage) -> Option<DrawingNews> {
    match (before, after) {
        (before, after) if before == after => None,
        (Stage::Preparing, Stage::Queued) => Some(DrawingNews::StartRefused),
        (Stage::Preparing, Stage::Drawing) => Some(DrawingNews::Began),
        (_, Stage::Paused) => Some(DrawingNews::Stands),
        (_, Stage::Drawing) => Some(DrawingNews::GoesOn),
        (_, Stage::Drawn) => Some(DrawingNews::Drawn),
        (_, Stage::Collected) => Some(DrawingNews::Taken),
        (_, after) => after.result().map(DrawingNews::Over),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kiosk::journal::PlanChecksum;

    fn key(text: &str) -> OrderKey {
        OrderKey::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn one_draws_one_waits_and_the_same_order_is_the_same_drawing() {
        let config = KioskConfig::default();
        let plan = PlanSummary { checksum: PlanChecksum([1; 32]), strokes: 9, secs: 100 };
        let mut desk = Desk::new(5);
        let place = |desk: &mut Desk, text: &str| desk.place(key(text), None, plan, Duration::ZERO, &config).0;
        let first = JobId::first(5);
        assert_eq!(place(&mut desk, "a"), Placed::OnTable(first));
        assert_eq!(place(&mut desk, "a"), Placed::Same(first));
        assert_eq!(place(&mut desk, "b"), Placed::Waiting(first.next()));
        assert_eq!(place(&mut desk, "c"), Placed::NoPlace);
        assert_eq!(place(&mut desk, "b"), Placed::Same(first.next()));
        assert_eq!(desk.wait_secs(&config), 2 * (100 + 60), "both, each with its change of sheets");

        let cancel = JobEvent::Cancel(crate::kiosk::ids::Person::Operator(crate::kiosk::ids::Operator::vouched()));
        let outcomes = desk.tell(first, cancel, Duration::ZERO, &config);
        assert!(outcomes.contains(&Outcome::Left { job: first, result: JobResult::Cancelled }));
        assert_eq!(desk.table().map(DrawingJob::id), Some(first.next()), "who waited has the table");
        assert_eq!(place(&mut desk, "a"), Placed::Same(first), "a message delivered late draws nothing");
        assert_eq!(place(&mut desk, "c"), Placed::Waiting(first.next().next()), "there is a place again");
    }

    #[test]
    fn orders_are_remembered_over_a_restart() {
        let config = KioskConfig::default();
        let plan = PlanSummary { checksum: PlanChecksum([1; 32]), strokes: 9, secs: 100 };
        let mut before = Desk::new(5);
        before.place(key("a"), None, plan, Duration::ZERO, &config);
        let record = before.table().unwrap().record();
        let mut after = Desk::new(6);
        let commands = after.restore(&record, FaultCode::Crash, Duration::ZERO);
        assert!(matches!(commands[1], JobCommand::Erase { .. }), "nobody waits for it any more");
        assert_eq!(after.place(key("a"), None, plan, Duration::ZERO, &config).0, Placed::Same(JobId::first(5)));
    }
}
