//! One drawing as a durable machine: from the plan that was chosen to the sheet that was taken.
//!
//! ```text
//! planned → queued → preparing → drawing ⇄ (pausing → paused → resuming)
//! drawing → finishing → drawn → collected
//! any active → stopping → cancelled     any → failed(code)     power or process gone → interrupted
//! interrupted → preparing (the staff: at stroke k, or again on a new sheet) | cancelled     queued → expired
//! ```
//! A pen moves only from `preparing`, and only with the proofs of the whole checklist and after the announcement; a
//! refusal goes back to where a person must act again. A repeated start finds no `queued` job and does nothing. Paused
//! is told only when the robot has said that it stands. The first command of each step may be a hold; then comes the
//! journal, which must be durable before anything after it is done.

mod states;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::config::KioskConfig;
use super::config::secs;
use super::fault_codes::FaultCode;
use super::fault_codes::OnJob;
use super::ids::JobId;
use super::ids::OrderKey;
use super::ids::Person;
use super::ids::SessionId;
use super::journal::Record;
use super::journal::Stage;
use super::proofs::Check;
use super::proofs::Facts;
use super::proofs::Run;
use super::proofs::prove;
pub use states::JobCommand;
pub use states::JobEvent;
pub use states::JobResult;
pub use states::JobState;
pub use states::PauseCause;
pub use states::PlanSummary;
pub use states::Preparing;
pub use states::Refusal;
pub use states::RunNews;

use states::Back;
use states::On;

/// One drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawingJob {
    id: JobId,
    key: OrderKey,
    session: Option<SessionId>,
    plan: PlanSummary,
    sheet: u32,
    runs: u16,
    confirmed: u32,
    secs_left: u32,
    state: JobState,
}

impl DrawingJob {
    /// A drawing of `plan` for `session`, or for whoever ordered it by `key`.
    pub fn new(id: JobId, key: OrderKey, session: Option<SessionId>, plan: PlanSummary) -> Self {
        Self { id, key, session, plan, sheet: 0, runs: 0, confirmed: 0, secs_left: plan.secs, state: JobState::Planned }
    }

    /// What a restart makes of a drawing's last record: whatever was under way is interrupted, whoever waited has gone.
    pub fn recovered(record: &Record, code: FaultCode, now: Duration) -> Self {
        let state = match record.stage {
            Stage::Planned | Stage::Queued | Stage::Expired => JobState::Expired,
            // Nothing had moved yet; before a later run, what earlier runs drew is still there.
            Stage::Preparing if record.run <= 1 => JobState::Expired,
            Stage::Drawn => JobState::Drawn { since: now, kept: true },
            Stage::Collected => JobState::Collected,
            Stage::Cancelled => JobState::Cancelled,
            Stage::Failed => JobState::Failed(record.code.unwrap_or(code)),
            Stage::Preparing
            | Stage::Drawing
            | Stage::Pausing
            | Stage::Paused
            | Stage::Resuming
            | Stage::Finishing
            | Stage::Stopping
            | Stage::Interrupted => {
                JobState::Interrupted { code: record.code.unwrap_or(code), since: now, refused: Vec::new() }
            }
        };
        let plan = PlanSummary { checksum: record.plan, strokes: record.strokes, secs: record.plan_secs };
        Self {
            id: record.job,
            key: record.key.clone(),
            session: None,
            plan,
            sheet: record.sheet,
            runs: record.run,
            confirmed: record.confirmed,
            secs_left: record.plan_secs,
            state,
        }
    }

    /// Its name.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// What its order is known by.
    pub fn key(&self) -> &OrderKey {
        &self.key
    }

    /// For whom it is drawn.
    pub fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// What is drawn.
    pub fn plan(&self) -> &PlanSummary {
        &self.plan
    }

    /// Where it stands.
    pub fn state(&self) -> &JobState {
        &self.state
    }

    /// How many strokes are on the paper for certain.
    pub fn confirmed(&self) -> u32 {
        self.confirmed
    }

    /// How long the pen still needs, seconds.
    pub fn secs_left(&self) -> u32 {
        self.secs_left
    }

    /// All of it that a power cut must not take.
    pub fn record(&self) -> Record {
        Record {
            job: self.id,
            key: self.key.clone(),
            plan: self.plan.checksum,
            strokes: self.plan.strokes,
            plan_secs: self.plan.secs,
            sheet: self.sheet,
            run: self.runs,
            confirmed: self.confirmed,
            stage: self.state.stage(),
            code: match self.state {
                JobState::Failed(code) | JobState::Interrupted { code, .. } => Some(code),
                _ => None,
            },
        }
    }

    /// When it wants to be told the time, if it waits for that.
    pub fn timer(&self, now: Duration, config: &KioskConfig) -> Option<Duration> {
        match &self.state {
            JobState::Queued { since, .. } => Some(*since + secs(config.longest_wait_secs)),
            JobState::Preparing(preparing) => Some(match preparing.proven {
                Some((_, announced)) => announced + secs(config.announce_secs),
                None => preparing.asked + secs(config.prepare_secs),
            }),
            // Nothing happens then but that "Continue" goes from the visitor's screen.
            JobState::Paused { since, cause: PauseCause::Stop, .. } => {
                Some(*since + secs(config.continue_secs)).filter(|at| now < *at)
            }
            JobState::Interrupted { since, .. } => Some(*since + secs(config.recovery_secs)),
            JobState::Drawn { since, kept: true } => Some(*since + secs(config.strokes_secs)),
            _ => None,
        }
    }

    /// Whether `by` may let a paused drawing go on now.
    pub fn may_continue(&self, by: Person, now: Duration, config: &KioskConfig) -> bool {
        let JobState::Paused { cause, since, .. } = &self.state else { return false };
        match (by, cause) {
            (Person::Operator(_), _) => true,
            (Person::Visitor(_), _) if !self.is_for(by) => false,
            (Person::Visitor(_), PauseCause::Stop) => now < *since + secs(config.continue_secs),
            (Person::Visitor(_), PauseCause::Fault(code)) => *code == FaultCode::Door,
            (Person::Visitor(_), PauseCause::Staff) => false,
        }
    }

    /// What comes of `event`.
    #[must_use]
    pub fn step(mut self, event: JobEvent, now: Duration, config: &KioskConfig) -> (Self, Vec<JobCommand>) {
        let (before, was_over) = (self.record(), self.state.is_over());
        let mut commands = self.apply(event, now, config);
        let after = self.record();
        if after != before {
            // A hold does not wait for a disk.
            let holds = commands.iter().take_while(|command| matches!(command, JobCommand::Hold { .. })).count();
            commands.insert(holds, JobCommand::Journal(Box::new(after)));
        }
        if self.state.is_over() && !was_over {
            commands.push(JobCommand::Erase { job: self.id });
        }
        (self, commands)
    }

    fn is_for(&self, person: Person) -> bool {
        match person {
            Person::Operator(_) => true,
            Person::Visitor(session) => self.session == Some(session),
        }
    }

    fn apply(&mut self, event: JobEvent, now: Duration, config: &KioskConfig) -> Vec<JobCommand> {
        match event {
            JobEvent::Queue if self.state == JobState::Planned => {
                self.state = JobState::Queued { since: now, refused: Vec::new() };
                Vec::new()
            }
            JobEvent::Start { by, sheet } if self.is_for(by) => match self.state {
                JobState::Queued { .. } => self.prepare(Back::Queue, On::New(sheet), now),
                _ => Vec::new(),
            },
            JobEvent::Resume(_) => match self.state {
                // Only the way back was left: whoever stands there has seen that it is whole, and nothing moves.
                JobState::Interrupted { .. } if self.confirmed >= self.plan.strokes => {
                    self.secs_left = 0;
                    self.state = JobState::Drawn { since: now, kept: true };
                    Vec::new()
                }
                JobState::Interrupted { code, since, .. } => {
                    self.prepare(Back::Interrupted { code, since }, On::ItsOwn, now)
                }
                _ => Vec::new(),
            },
            JobEvent::StartAgain { sheet, .. } => match self.state {
                JobState::Interrupted { code, since, .. } => {
                    self.prepare(Back::Interrupted { code, since }, On::New(sheet), now)
                }
                _ => Vec::new(),
            },
            JobEvent::Facts { run, facts } if run == self.runs => self.proved(&facts, now),
            JobEvent::Tick => self.tick(now, config),
            JobEvent::News { run, news } if run == self.runs => self.hear(news, now),
            JobEvent::Stop => self.hold(PauseCause::Stop, now),
            JobEvent::Pause(_) => match self.state {
                JobState::Drawing(run) => {
                    self.state = JobState::Pausing { run, cause: PauseCause::Staff };
                    vec![JobCommand::PauseAtStrokeEnd { job: self.id, run: run.number() }]
                }
                _ => Vec::new(),
            },
            JobEvent::Fault(code) => self.befall(code, now),
            JobEvent::Continue { by, possible } if self.may_continue(by, now, config) => match self.state {
                JobState::Paused { run, cause, .. } => {
                    self.state = JobState::Resuming { run, cause, told: false };
                    if possible { self.tell() } else { Vec::new() }
                }
                _ => Vec::new(),
            },
            JobEvent::Possible(true) => self.tell(),
            JobEvent::Possible(false) => {
                if let JobState::Resuming { run, cause, told: false } = self.state {
                    self.state = JobState::Paused { run, cause, since: now };
                }
                Vec::new()
            }
            JobEvent::Cancel(by) if self.is_for(by) => self.cancel(by),
            JobEvent::VisitorGone => {
                // What has been begun is finished; what only waited for its visitor is not.
                let waits = matches!(self.state, JobState::Planned | JobState::Queued { .. });
                let first = matches!(self.state, JobState::Preparing(Preparing { back: Back::Queue, .. }));
                if waits || first {
                    self.state = JobState::Cancelled;
                }
                self.session = None;
                Vec::new()
            }
            JobEvent::Taken => {
                if let JobState::Drawn { .. } = self.state {
                    self.state = JobState::Collected;
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn prepare(&mut self, back: Back, on: On, now: Duration) -> Vec<JobCommand> {
        self.runs = self.runs.saturating_add(1);
        self.state = JobState::Preparing(Preparing { back, on, asked: now, proven: None });
        vec![JobCommand::Prove { job: self.id, run: self.runs }]
    }

    fn refuse(&mut self, preparing: &Preparing, refused: Vec<Refusal>, now: Duration) {
        let condemned = |refusal: &Refusal| matches!(refusal, Refusal::Missing(check) if check.condemns_the_plan());
        self.state = if refused.iter().any(condemned) {
            JobState::Failed(FaultCode::PlanBounds)
        } else {
            match preparing.back {
                // A person was here just now: the wait for them begins anew.
                Back::Queue => JobState::Queued { since: now, refused },
                Back::Interrupted { code, since } => JobState::Interrupted { code, since, refused },
            }
        };
    }

    fn proved(&mut self, facts: &Facts, now: Duration) -> Vec<JobCommand> {
        let JobState::Preparing(preparing) = self.state else { return Vec::new() };
        match prove(facts) {
            Ok(_) if preparing.proven.is_some() => Vec::new(),
            Ok(proven) => {
                // Not before the new sheet is known to lie there: a refused start must not lose what is on the old one.
                if let On::New(sheet) = preparing.on {
                    (self.sheet, self.confirmed, self.secs_left) = (sheet, 0, self.plan.secs);
                }
                self.state = JobState::Preparing(Preparing { proven: Some((proven, now)), ..preparing });
                vec![JobCommand::Announce { job: self.id, run: self.runs }]
            }
            // Also while it is being announced: a gate that opens now is in time.
            Err(missing) => {
                self.refuse(&preparing, missing.into_iter().map(Refusal::Missing).collect(), now);
                Vec::new()
            }
        }
    }

    fn tick(&mut self, now: Duration, config: &KioskConfig) -> Vec<JobCommand> {
        if self.timer(now, config).is_none_or(|at| now < at) {
            return Vec::new();
        }
        match self.state {
            JobState::Queued { .. } | JobState::Interrupted { .. } => self.state = JobState::Expired,
            // Nobody took it; its sheet still lies there, but its strokes need not.
            JobState::Drawn { since, .. } => {
                self.state = JobState::Drawn { since, kept: false };
                return vec![JobCommand::Erase { job: self.id }];
            }
            JobState::Preparing(preparing) => match preparing.proven {
                None => self.refuse(&preparing, vec![Refusal::NoAnswer], now),
                Some((proven, _)) => {
                    let run = Run::begin(proven, self.runs, self.confirmed);
                    self.state = JobState::Drawing(run);
                    let (job, plan) = (self.id, self.plan.checksum);
                    return vec![JobCommand::Draw { job, run: run.number(), plan, from_stroke: run.from_stroke() }];
                }
            },
            _ => {}
        }
        Vec::new()
    }

    fn hear(&mut self, news: RunNews, now: Duration) -> Vec<JobCommand> {
        let Some(run) = self.state.run() else { return Vec::new() };
        match (news, &self.state) {
            (RunNews::Confirmed { strokes, secs_left }, _) => {
                // A count never goes back: the ink does not.
                self.confirmed = strokes.clamp(self.confirmed, self.plan.strokes);
                self.secs_left = secs_left;
            }
            (RunNews::Held, JobState::Pausing { cause, .. }) => {
                self.state = JobState::Paused { run, cause: *cause, since: now };
            }
            (RunNews::Held, JobState::Drawing(_) | JobState::Finishing(_)) => {
                // Somebody pressed the hold on the machine itself.
                self.state = JobState::Paused { run, cause: PauseCause::Staff, since: now };
            }
            (RunNews::GoesOn, JobState::Resuming { told: true, .. }) => self.state = JobState::Drawing(run),
            (RunNews::AllDrawn, JobState::Drawing(_)) => {
                self.confirmed = self.plan.strokes;
                self.state = JobState::Finishing(run);
            }
            (RunNews::Parked | RunNews::Ended | RunNews::LineRefused, JobState::Stopping(_)) => {
                self.state = JobState::Cancelled;
            }
            // Also where the end overtook a pause.
            (RunNews::Parked, _) => {
                self.confirmed = self.plan.strokes;
                self.secs_left = 0;
                self.state = JobState::Drawn { since: now, kept: true };
            }
            (RunNews::LineRefused, _) => self.state = JobState::Failed(FaultCode::LineRefused),
            _ => {}
        }
        Vec::new()
    }

    /// Holds what moves; what is only being prepared goes back to where a person must start it again.
    fn hold(&mut self, cause: PauseCause, now: Duration) -> Vec<JobCommand> {
        match self.state {
            JobState::Preparing(preparing) => {
                self.refuse(&preparing, vec![Refusal::Stopped], now);
                Vec::new()
            }
            JobState::Drawing(run) | JobState::Finishing(run) => {
                self.state = JobState::Pausing { run, cause };
                vec![JobCommand::Hold { job: self.id, run: run.number() }]
            }
            JobState::Pausing { run, cause: first } | JobState::Resuming { run, cause: first, told: true } => {
                self.state = JobState::Pausing { run, cause: first.and(cause) };
                vec![JobCommand::Hold { job: self.id, run: run.number() }]
            }
            // It stands; a second hold does no harm and may be what is needed.
            JobState::Paused { run, cause: first, .. } | JobState::Resuming { run, cause: first, told: false } => {
                self.state = JobState::Paused { run, cause: first.and(cause), since: now };
                vec![JobCommand::Hold { job: self.id, run: run.number() }]
            }
            JobState::Stopping(run) => vec![JobCommand::Hold { job: self.id, run: run.number() }],
            _ => Vec::new(),
        }
    }

    fn befall(&mut self, code: FaultCode, now: Duration) -> Vec<JobCommand> {
        let effect = code.row().job;
        match (effect, &self.state) {
            (OnJob::Nothing | OnJob::Refused, _) => {}
            (_, JobState::Preparing(preparing)) => {
                let preparing = *preparing;
                let check = match code {
                    FaultCode::Door => Check::Door,
                    FaultCode::Estop => Check::Chain,
                    FaultCode::PaperMoved => Check::Paper,
                    FaultCode::PenWorn | FaultCode::PenDry => Check::Pen,
                    _ => Check::Homed,
                };
                self.refuse(&preparing, vec![Refusal::Missing(check)], now);
            }
            (OnJob::Held, _) => return self.hold(PauseCause::Fault(code), now),
            (_, JobState::Stopping(_)) => self.state = JobState::Cancelled,
            (OnJob::Interrupted, state) if state.run().is_some() => {
                self.state = JobState::Interrupted { code, since: now, refused: Vec::new() };
            }
            (OnJob::Failed, state) if state.run().is_some() => self.state = JobState::Failed(code),
            _ => {}
        }
        Vec::new()
    }

    fn tell(&mut self) -> Vec<JobCommand> {
        match &mut self.state {
            JobState::Resuming { run, told, .. } if !*told => {
                *told = true;
                vec![JobCommand::Continue { job: self.id, run: run.number() }]
            }
            _ => Vec::new(),
        }
    }

    fn cancel(&mut self, by: Person) -> Vec<JobCommand> {
        match self.state {
            JobState::Planned | JobState::Queued { .. } => self.state = JobState::Cancelled,
            JobState::Preparing(Preparing { back: Back::Queue, .. }) => self.state = JobState::Cancelled,
            JobState::Preparing(_) | JobState::Interrupted { .. } if matches!(by, Person::Operator(_)) => {
                self.state = JobState::Cancelled;
            }
            _ => {
                if let Some(run) = self.state.run() {
                    self.state = JobState::Stopping(run);
                    return vec![JobCommand::End { job: self.id, run: run.number() }];
                }
            }
        }
        Vec::new()
    }
}
