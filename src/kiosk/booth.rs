//! The whole kiosk as one machine: the screen, the drawings, the robot and what is known of the house, wired together.
//!
//! A server hands every happening to [`Booth::handle`] with the time, does the commands that come back in their order,
//! sends [`Booth::view`] to its pages, and calls again at [`Booth::wake_at`]. That is all it has to do.
//!
//! What the wiring promises: a stop is always answered with a hold, first and in every state, whoever asks; the front
//! door opens only for an [`Admission`](super::accept::Admission); what the robot does befalls the drawing, and what
//! becomes of the drawing reaches only the session it belongs to; who leaves takes a drawing that was not begun along.

use std::collections::VecDeque;
use std::time::Duration;

use super::accept::CameraHealth;
use super::accept::Conditions;
use super::accept::Disk;
use super::accept::House;
use super::accept::Paper;
use super::accept::Pen;
use super::accept::Reason;
use super::accept::admit;
use super::accept::can_accept_visitor;
use super::config::KioskConfig;
use super::desk::Desk;
use super::desk::Outcome;
use super::desk::Placed;
use super::drawing_job::DrawingJob;
use super::drawing_job::JobCommand;
use super::drawing_job::JobEvent;
use super::drawing_job::JobResult;
use super::drawing_job::JobState;
use super::drawing_job::PlanSummary;
use super::drawing_job::RunNews;
use super::fault_codes::FaultCode;
use super::ids::JobId;
use super::ids::Operator;
use super::ids::OrderKey;
use super::ids::Person;
use super::ids::SessionId;
use super::journal::Record;
use super::language::Language;
use super::machine::Latched;
use super::machine::Machine;
use super::machine::MachineCommand;
use super::machine::MachineEvent;
use super::machine::Report;
use super::opening::Opening;
use super::opening::OpeningCommand;
use super::proofs::Facts;
use super::screens::Screen;
use super::session::DrawingNews;
use super::session::Session;
use super::session::SessionCommand;
use super::session::SessionEvent;
use super::session::Wish;
use super::staff::StaffPress;

/// What happens to the kiosk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they are")]
pub enum Event {
    /// Somebody pressed stop: any screen, any role, any session or none.
    Stop,
    /// Time passes.
    Tick,
    /// Somebody touched the attract screen, or one of the language buttons of that or of the closed door.
    Touch { language: Option<Language> },
    /// Something of the session on the screen.
    Session(SessionEvent),
    /// Whoever stands there says that the finished sheet is taken, or a sensor does.
    SheetTaken,
    /// The robot tells something.
    Machine(MachineEvent),
    /// The driver tells of a run.
    News { job: JobId, run: u16, news: RunNews },
    /// The checklist of a run was looked at.
    Facts { job: JobId, run: u16, facts: Facts },
    /// A fault that only a sensor or a supervisor can see befalls the drawing on the table.
    Fault(FaultCode),
    /// The camera's supervisor tells.
    Camera(CameraHealth),
    /// A paper sensor tells.
    Paper(Paper),
    /// The counters of the pen tell.
    Pen(Pen),
    /// The disk's level.
    Disk(Disk),
    /// Whether the networks are loaded.
    Models(bool),
    /// The staff.
    Staff { by: Operator, press: StaffPress },
}

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// For the robot itself.
    Machine(MachineCommand),
    /// For a drawing.
    Job(JobCommand),
    /// For a session; never a [`SessionCommand::Wish`].
    Session(SessionCommand),
    /// Count one drawing, which has left the desk, by how it ended.
    #[expect(missing_docs, reason = "the fields are named after what they are")]
    CountDrawing { job: JobId, result: JobResult },
    /// For the morning's checklist.
    Opening(OpeningCommand),
}

/// The whole kiosk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booth {
    config: KioskConfig,
    session: Session,
    desk: Desk,
    machine: Machine,
    conditions: Conditions,
    opening: Opening,
}

/// What is still to be heard within one step.
enum Inner {
    Session(SessionEvent),
    Machine(MachineEvent),
    Job(JobId, JobEvent),
}

impl Booth {
    /// The kiosk after its program's start: closed, robot absent, wiping. `boot` is drawn at random; `records` are the
    /// last records of the journals that were found, and `code` says what ended the program before (crash or power).
    pub fn at_start(
        boot: u32,
        records: &[Record],
        code: FaultCode,
        now: Duration,
        config: KioskConfig,
    ) -> (Self, Vec<Command>) {
        let (session, wipe) = Session::at_start(boot, now, &config);
        let mut desk = Desk::new(boot);
        // Whatever a robot still does of an earlier life, it is to hold: before anything else is read or written.
        let mut commands = vec![Command::Machine(MachineCommand::Hold)];
        commands.extend(records.iter().flat_map(|record| desk.restore(record, code, now)).map(Command::Job));
        commands.extend(wipe.into_iter().map(Command::Session));
        let mut conditions = Conditions::at_start(now);
        if desk.table().is_some() {
            conditions.paper = Paper::Used;
        }
        (Self { config, session, desk, machine: Machine::Absent, conditions, opening: Opening::default() }, commands)
    }

    /// The screen's machine.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The drawings.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The robot.
    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// What is known of the house.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// What is done of the morning's checklist.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Times and limits.
    pub fn config(&self) -> &KioskConfig {
        &self.config
    }

    /// Every reason why no visitor can be accepted now.
    pub fn reasons(&self, now: Duration) -> Vec<Reason> {
        can_accept_visitor(&self.house(now))
    }

    /// When it wants to be told the time at the latest.
    pub fn wake_at(&self, now: Duration) -> Option<Duration> {
        let session = self.session.timer(now, &self.config).map(|timer| timer.at);
        session.into_iter().chain(self.session.forgets_at(now)).chain(self.desk.timer(now, &self.config)).min()
    }

    /// What comes of `event` at `now`.
    #[must_use]
    pub fn handle(&mut self, event: Event, now: Duration) -> Vec<Command> {
        let mut commands = Vec::new();
        if event == Event::Stop {
            commands.push(Command::Machine(MachineCommand::Hold));
        }
        // What has run out has run out, whatever comes now; and what comes of it may have run out as well.
        self.pass(now, &mut commands);
        if let Event::Staff { press, .. } = event {
            let asked = self.opening.press(press, self.is_quiet());
            commands.extend(asked.map(Command::Opening));
        }
        let inner = self.meaning(event, now);
        self.settle(inner, now, &mut commands);
        self.pass(now, &mut commands);
        commands
    }

    /// Closed, with nobody at the screen and nothing on the table.
    fn is_quiet(&self) -> bool {
        !self.conditions.open && self.desk.table().is_none() && matches!(self.session.screen(), Screen::Attract(_))
    }

    /// Lets time pass.
    fn pass(&mut self, now: Duration, commands: &mut Vec<Command>) {
        let mut inner = VecDeque::from([Inner::Session(SessionEvent::Tick)]);
        let ticked = self.desk.tell_all(JobEvent::Tick, now, &self.config);
        self.take(ticked, &mut inner, commands);
        self.settle(inner, now, commands);
    }

    /// Takes an order that comes from no screen: the API's, a watched folder's. The same key is the same order. It waits
    /// for the staff, or for whoever holds their proof, to start it.
    pub fn order(&mut self, key: OrderKey, plan: PlanSummary, now: Duration) -> (Placed, Vec<Command>) {
        let mut commands = self.handle(Event::Tick, now);
        let (placed, outcomes) = self.desk.place(key, None, plan, now, &self.config);
        let mut inner = VecDeque::new();
        self.take(outcomes, &mut inner, &mut commands);
        self.settle(inner, now, &mut commands);
        (placed, commands)
    }

    fn house(&self, now: Duration) -> House<'_> {
        House {
            conditions: &self.conditions,
            machine: self.machine,
            table: self.desk.load(&self.config),
            wipe_fails: self.session.screen().deletion().is_some_and(|deletion| deletion.is_failing()),
            now,
            config: &self.config,
        }
    }

    /// What the machines are to hear of an event.
    fn meaning(&mut self, event: Event, now: Duration) -> VecDeque<Inner> {
        let table = self.desk.table().map(DrawingJob::id);
        let for_table = |event: JobEvent| table.map(|job| Inner::Job(job, event));
        let mut inner = VecDeque::new();
        match event {
            Event::Stop => inner.extend(for_table(JobEvent::Stop)),
            Event::Tick => {}
            Event::Touch { language } => {
                inner.extend(match admit(&self.house(now)) {
                    Ok(admission) => Some(Inner::Session(SessionEvent::Begin { admission, language })),
                    // A closed door is read in one's own language too.
                    Err(_) => language.map(|language| Inner::Session(SessionEvent::Speak { language })),
                });
            }
            Event::Session(event) => inner.push_back(Inner::Session(event)),
            Event::SheetTaken => inner.extend(for_table(JobEvent::Taken)),
            Event::Machine(event) => inner.push_back(Inner::Machine(event)),
            Event::News { job, run, news } => {
                inner.push_back(Inner::Job(job, JobEvent::News { run, news }));
                // Of a run that is not this table's the robot's state says nothing.
                let current = self.desk.table().filter(|on| on.id() == job).and_then(|on| on.state().run());
                if current.is_some_and(|current| current.number() == run) {
                    inner.extend(machine_of(news).map(Inner::Machine));
                }
            }
            Event::Facts { job, run, facts } => {
                let facts = self.known(job, facts);
                inner.push_back(Inner::Job(job, JobEvent::Facts { run, facts }));
            }
            Event::Fault(code) => inner.extend(for_table(JobEvent::Fault(code))),
            Event::Camera(camera) => self.conditions.camera = camera,
            Event::Paper(paper) => {
                self.conditions.paper = paper;
                if paper == Paper::Missing {
                    // A finished sheet that is gone was taken; any other was pulled from under the pen.
                    inner.extend(for_table(JobEvent::Taken));
                    inner.extend(for_table(JobEvent::Fault(FaultCode::PaperMoved)));
                }
            }
            Event::Pen(pen) => self.conditions.pen = pen,
            Event::Disk(disk) => self.conditions.disk = disk,
            Event::Models(loaded) => self.conditions.model_loaded = loaded,
            Event::Staff { by, press } => self.staff(by, press, now, &mut inner),
        }
        inner
    }

    fn staff(&mut self, by: Operator, press: StaffPress, now: Duration, inner: &mut VecDeque<Inner>) {
        let Some(event) = (match press {
            StaffPress::Start => Some(JobEvent::Start { by: Person::Operator(by), sheet: self.desk.sheet() }),
            StaffPress::Pause => Some(JobEvent::Pause(by)),
            StaffPress::Cancel => Some(JobEvent::Cancel(Person::Operator(by))),
            StaffPress::Resume => Some(JobEvent::Resume(by)),
            StaffPress::SheetTaken => Some(JobEvent::Taken),
            StaffPress::StartAgain => Some(JobEvent::StartAgain { by, sheet: self.desk.sheet() }),
            _ => None,
        }) else {
            match press {
                StaffPress::Open => self.conditions.open = true,
                StaffPress::Close => self.conditions.open = false,
                StaffPress::Home => inner.push_back(Inner::Machine(MachineEvent::Home(by))),
                StaffPress::Vouch => inner.push_back(Inner::Machine(MachineEvent::Vouch(by))),
                StaffPress::Acknowledge => {
                    inner.push_back(Inner::Machine(MachineEvent::Acknowledge(Person::Operator(by))));
                }
                StaffPress::Continue => self.go_on(Person::Operator(by), now, inner),
                StaffPress::SheetLoaded { left } => {
                    (self.conditions.paper, self.conditions.sheets_left) = (Paper::Fresh, left);
                    self.desk.new_sheet();
                }
                StaffPress::PenChanged => self.conditions.pen = Pen::Good,
                StaffPress::EndSession => inner.push_back(Inner::Session(SessionEvent::EndedByStaff)),
                _ => {}
            }
            return;
        };
        inner.extend(self.desk.table().map(|job| Inner::Job(job.id(), event)));
    }

    /// A person lets the drawing on the table go on; a robot latched by its gate is asked first.
    fn go_on(&self, by: Person, now: Duration, inner: &mut VecDeque<Inner>) {
        let Some(job) = self.desk.table().filter(|job| job.may_continue(by, now, &self.config)) else { return };
        let possible = self.machine == Machine::Held;
        inner.push_back(Inner::Job(job.id(), JobEvent::Continue { by, possible }));
        if !possible {
            inner.push_back(Inner::Machine(MachineEvent::Acknowledge(by)));
        }
    }

    /// Facts as they were found, less what is known here to be otherwise.
    fn known(&self, job: JobId, facts: Facts) -> Facts {
        let on_the_table = self.desk.table().filter(|on| on.id() == job).map(DrawingJob::state);
        let resumes = matches!(on_the_table, Some(JobState::Preparing(preparing)) if preparing.resumes());
        let right = if resumes { Paper::Used } else { Paper::Fresh };
        Facts {
            homed: facts.homed && self.machine == Machine::Ready,
            paper: facts.paper && self.conditions.paper == right,
            pen: facts.pen && self.conditions.pen == Pen::Good,
            ..facts
        }
    }

    /// Lets the machines hear until nothing is left to say.
    fn settle(&mut self, mut inner: VecDeque<Inner>, now: Duration, commands: &mut Vec<Command>) {
        while let Some(next) = inner.pop_front() {
            match next {
                Inner::Session(event) => {
                    let (before, was_wiping) = (self.session.id(), self.is_wiping());
                    let (session, todo) = self.session.clone().step(event, now, &self.config);
                    self.session = session;
                    for command in todo {
                        match command {
                            SessionCommand::Wish { session, wish } => {
                                self.wished(session, wish, now, &mut inner, commands);
                            }
                            command => commands.push(Command::Session(command)),
                        }
                    }
                    if let (Some(gone), false, true) = (before, was_wiping, self.is_wiping()) {
                        inner.extend(self.desk.of(gone).map(|job| Inner::Job(job.id(), JobEvent::VisitorGone)));
                    }
                }
                Inner::Machine(event) => {
                    let before = self.machine;
                    let (machine, todo) = before.step(event);
                    self.machine = machine;
                    commands.extend(todo.into_iter().map(Command::Machine));
                    if let Some(job) = self.desk.table() {
                        inner.extend(befalls(before, machine).map(|event| Inner::Job(job.id(), event)));
                    }
                }
                Inner::Job(job, event) => {
                    let outcomes = self.desk.tell(job, event, now, &self.config);
                    self.take(outcomes, &mut inner, commands);
                }
            }
        }
    }

    fn is_wiping(&self) -> bool {
        matches!(self.session.screen(), Screen::Wiping(_))
    }

    /// What a visitor wishes of the drawing.
    fn wished(
        &mut self,
        session: SessionId,
        wish: Wish,
        now: Duration,
        inner: &mut VecDeque<Inner>,
        commands: &mut Vec<Command>,
    ) {
        let by = Person::Visitor(session);
        if let Wish::Order(offer) = wish {
            let (placed, outcomes) = self.desk.place(session.into(), Some(session), offer.plan, now, &self.config);
            self.take(outcomes, inner, commands);
            let news = match placed {
                Placed::OnTable(_) => DrawingNews::Turn,
                Placed::Waiting(_) => DrawingNews::Waits,
                Placed::Same(_) | Placed::NoPlace => DrawingNews::NoPlace,
            };
            inner.push_back(Inner::Session(SessionEvent::Drawing { session, news }));
            return;
        }
        let Some(job) = self.desk.of(session).map(DrawingJob::id) else { return };
        match wish {
            Wish::Start => {
                inner.push_back(Inner::Job(job, JobEvent::Start { by, sheet: self.desk.sheet() }));
            }
            Wish::Continue => self.go_on(by, now, inner),
            Wish::Finish => inner.push_back(Inner::Job(job, JobEvent::Cancel(by))),
            Wish::Taken => inner.push_back(Inner::Job(job, JobEvent::Taken)),
            Wish::Order(_) => {}
        }
    }

    /// Passes on what came of telling a drawing something.
    fn take(&mut self, outcomes: Vec<Outcome>, inner: &mut VecDeque<Inner>, commands: &mut Vec<Command>) {
        for outcome in outcomes {
            match outcome {
                Outcome::Command(command) => {
                    if let JobCommand::Draw { .. } | JobCommand::Continue { .. } = command {
                        inner.push_back(Inner::Machine(MachineEvent::Moves));
                        self.conditions.paper = Paper::Used;
                    }
                    commands.push(Command::Job(command));
                }
                Outcome::News { session, news } => {
                    inner.push_back(Inner::Session(SessionEvent::Drawing { session, news }));
                }
                Outcome::Left { job, result } => {
                    if result == JobResult::Completed && self.conditions.paper == Paper::Used {
                        self.conditions.paper = Paper::Missing;
                    }
                    commands.push(Command::CountDrawing { job, result });
                }
            }
        }
    }
}

/// What the driver's news of a run mean for the robot's state.
fn machine_of(news: RunNews) -> Option<MachineEvent> {
    match news {
        RunNews::Held => Some(MachineEvent::Reported(Report::Held)),
        RunNews::Parked | RunNews::Ended | RunNews::LineRefused => Some(MachineEvent::Rests),
        RunNews::Confirmed { .. } | RunNews::GoesOn | RunNews::AllDrawn => None,
    }
}

/// What a change of the robot does to the drawing on the table.
fn befalls(before: Machine, after: Machine) -> Option<JobEvent> {
    let cause = |machine: Machine| match machine {
        Machine::Latched(latched) => Some(Latched::cause(&latched)),
        _ => None,
    };
    match (before, after) {
        (before, after) if before == after => None,
        (Machine::Latched(was), Machine::Latched(is)) => {
            if was.cause() != is.cause() || was.position_lost() != is.position_lost() {
                // A gate whose robot has lost its place holds nothing any more.
                let code = if is.position_lost() { lost(is.cause().code()) } else { is.cause().code() };
                Some(JobEvent::Fault(code))
            } else {
                (was.is_checking() && !is.is_checking()).then_some(JobEvent::Possible(false))
            }
        }
        (_, Machine::Latched(is)) => cause(after)
            .map(|cause| JobEvent::Fault(if is.position_lost() { lost(cause.code()) } else { cause.code() })),
        (Machine::Latched(_), Machine::Held) => Some(JobEvent::Possible(true)),
        (_, Machine::Absent | Machine::Unhomed | Machine::Homing) => Some(JobEvent::Fault(FaultCode::LinkLost)),
        _ => None,
    }
}

/// The fault of a robot that has lost its place: a gate alone would only hold the drawing.
fn lost(code: FaultCode) -> FaultCode {
    if code == FaultCode::Door { FaultCode::LinkLost } else { code }
}
