//! The loop: one thread that owns the kiosk, tells it everything that happens, and does what it says, in its order.
//!
//! It alone knows the time: a [`Duration`] since the start, of a clock that never jumps. It wakes when a letter comes or
//! the kiosk wants to be told the time. What it orders is done elsewhere, by the driver, the sitter's process, a thread
//! that ends a process; only the journal is written here, because what follows a record must wait for it. After each step
//! it shows what has changed. A view that only counts down is sent again once a second.

mod heard;
mod opening;
mod ordered;
mod tended;
mod told;
mod visit;

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use super::counts::Counts;
use super::drawing::Drawing;
use super::drawing::Progress;
use super::drive;
use super::drive::Handle;
use super::drive::Order;
use super::links::Links;
use super::notify::Loop;
use super::notify::Pulse;
use super::orders::Book;
use super::pen::PenUse;
use super::records::Records;
use super::report::Report;
use super::shown::Shown;
use super::sitter::Look;
use super::sitter::Says;
use super::sitter::Sitters;
use super::trials::Trials;
use crate::camera::CameraConfig;
use crate::kiosk::Booth;
use crate::kiosk::Command;
use crate::kiosk::Disk;
use crate::kiosk::DrawingJob;
use crate::kiosk::Event;
use crate::kiosk::FaultCode;
use crate::kiosk::JobCommand;
use crate::kiosk::JobId;
use crate::kiosk::Machine;
use crate::kiosk::MachineCommand;
use crate::kiosk::MachineEvent;
use crate::kiosk::Pen;
use crate::kiosk::PlanChecksum;
use crate::kiosk::RunNews;
use crate::kiosk::SessionId;
use crate::kiosk::VisitorView;
use crate::plan::RobotProfile;
use crate::server::Feed;

/// The house is looked at so often.
const EVERY: Duration = Duration::from_secs(1);
/// A sitter's process that ended is started again after this time.
const AGAIN: Duration = Duration::from_secs(5);
/// Less room on the disk closes the booth.
const LOW_BYTES: u64 = 256 << 20;
/// Less room is none.
const FULL_BYTES: u64 = 16 << 20;

/// What is told to the loop.
#[derive(Debug)]
pub enum Letter {
    /// Something happens.
    Happens(Event),
    /// How far the pen is.
    Progress(Progress),
    /// What a sitter's process says, by its number; nothing once it is gone.
    Sitter(u64, Option<Says>),
    /// The program ends.
    End,
}

/// The loop and its hands.
pub(super) struct Attendant {
    pub booth: Booth,
    pub begun: Instant,
    pub letters: Receiver<Letter>,
    /// For those who answer later.
    pub own_letters: SyncSender<Letter>,
    pub drive: Handle,
    pub sitters: Sitters,
    pub records: Records,
    pub robot: RobotProfile,
    pub camera: CameraConfig,
    pub orders: Arc<Book>,
    pub links: Links,
    pub pen: PenUse,
    pub report: Report,
    pub trials: Trials,
    /// Without robot and camera.
    pub safe: bool,
    pub feed: Feed,
    /// The house as the staff sees it.
    pub house: Feed,
    pub pulse: Pulse,
    /// Nobody stands at a screen.
    pub headless: bool,
    pub shown: Arc<Shown>,
    pub counts: Counts,
    /// Plays the staff's part: opens, vouches for the simulated robot, changes sheets.
    pub demonstration: bool,
    pub drawings: HashMap<PlanChecksum, Arc<Drawing>>,
    pub state: State,
}

/// What the loop remembers from one step to the next.
#[derive(Debug)]
pub(super) struct State {
    /// The drawings of this session's photo, as they come.
    offers: Vec<(String, Arc<Drawing>)>,
    /// What a visitor waits for of the sitter's process.
    awaited: Option<(SessionId, Awaited)>,
    /// The order whose photo is being made into a drawing.
    making: Option<ordered::Making>,
    /// The drawing that a session chose, for its screen.
    own: Option<(SessionId, Arc<Drawing>)>,
    /// What is still to be told to the kiosk.
    happened: VecDeque<Event>,
    /// It is being told, or its words are being done.
    obeys: bool,
    /// Processes that may have held pictures and are not gone for certain.
    ending: Arc<AtomicU32>,
    camera_open: bool,
    looked: Option<Duration>,
    start_at: Duration,
    view: Option<VisitorView>,
    house: Value,
    sent: Duration,
    machine: Machine,
    strokes: u32,
    /// This run's own number.
    boot: u32,
    /// The drawing of the checklist that was put on the table last.
    trial: Option<JobId>,
    /// What the camera saw when the staff asked.
    look: Option<Result<Look, FaultCode>>,
    /// What the kiosk was last told of the pen.
    pen_told: Pen,
    /// It was open, or not all had left.
    at_work: bool,
}

impl State {
    /// Of the run that is called `boot`, before anything has happened.
    pub fn new(boot: u32) -> Self {
        Self {
            offers: Vec::new(),
            awaited: None,
            making: None,
            own: None,
            happened: VecDeque::new(),
            obeys: false,
            ending: Arc::default(),
            camera_open: false,
            looked: None,
            start_at: Duration::ZERO,
            view: None,
            house: Value::Null,
            sent: Duration::ZERO,
            machine: Machine::default(),
            strokes: 0,
            boot,
            trial: None,
            look: None,
            pen_told: Pen::Good,
            at_work: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Burst(u8),
    Styles(u8),
}

impl Attendant {
    /// Does `first`, then attends until it is told that the program ends.
    pub fn run(mut self, first: Vec<Command>) {
        // What an earlier program drew is not drawn again.
        self.state.strokes = self.booth.desk().table().map_or(0, DrawingJob::confirmed);
        self.obey(first);
        loop {
            self.pulse.beat(Loop::Attendant);
            self.look();
            self.tend_links();
            self.show();
            let now = self.now();
            let wake = self.booth.wake_at(now).unwrap_or(now + EVERY).clamp(now, now + EVERY);
            match self.letters.recv_timeout(wake - now) {
                Ok(Letter::Happens(event)) => self.hear(event),
                Ok(Letter::Progress(progress)) => {
                    if let Some(view) = &self.state.view {
                        self.feed.publish("progress", &progress, view);
                    }
                }
                Ok(Letter::Sitter(number, says)) if number == self.sitters.number() => self.sitter(says),
                Ok(Letter::Sitter(..)) => {}
                Err(RecvTimeoutError::Timeout) => self.hear(Event::Tick),
                Ok(Letter::End) | Err(RecvTimeoutError::Disconnected) => {
                    if self.state.at_work {
                        self.tell_report();
                    }
                    return;
                }
            }
        }
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Tells the kiosk `event`, once all that it said before is done.
    fn hear(&mut self, event: Event) {
        self.state.happened.push_back(event);
        if !self.state.obeys {
            self.obey(Vec::new());
        }
    }

    /// Does what the kiosk says, then what it says to all that came of it.
    fn obey(&mut self, first: Vec<Command>) {
        self.state.obeys = true;
        self.do_all(first);
        while let Some(event) = self.state.happened.pop_front() {
            if event == Event::Machine(MachineEvent::Greeted) {
                self.counts.met();
            }
            self.count(&event);
            let before = self.booth.session().screen().clone();
            let commands = self.booth.handle(event, self.now());
            self.count_wipe(&before);
            self.do_all(commands);
        }
        self.state.obeys = false;
        self.forget();
    }

    fn do_all(&mut self, commands: Vec<Command>) {
        let mut durable = true;
        for command in commands {
            match command {
                Command::Machine(command) => self.machine(command),
                Command::Job(JobCommand::Journal(record)) => {
                    let drawing = self.drawings.get(&record.plan).cloned();
                    durable = self.records.append(&record, drawing.as_deref()).is_ok();
                    if !durable {
                        self.counts.not_durable();
                        self.hear(Event::Disk(Disk::Full));
                    }
                }
                Command::Job(JobCommand::Draw { .. }) if !durable => {
                    // Ink of which nothing is remembered is not begun.
                    self.hear(Event::Fault(FaultCode::Crash));
                }
                Command::Job(command) => self.job(command),
                Command::Session(command) => self.session(command),
                Command::Opening(command) => self.opening(command),
                Command::CountDrawing { job, result } => {
                    self.counts.drawing(result);
                    self.durable(|at| at.pen.write());
                    if self.state.trial != Some(job) {
                        self.report.drawing(result);
                    }
                    self.order_over(job, result);
                }
            }
        }
    }

    fn machine(&mut self, command: MachineCommand) {
        match command {
            MachineCommand::Hold => self.drive.hold(),
            MachineCommand::Home => self.order(Order::Home),
            MachineCommand::Verify => self.order(Order::Verify),
        }
    }

    /// An order for which there is no room is a driver that hangs.
    fn order(&mut self, order: Order) {
        if !self.drive.give(order) {
            self.hear(Event::Machine(MachineEvent::Stalled));
        }
    }

    fn job(&mut self, command: JobCommand) {
        match command {
            JobCommand::Prove { job, run } => {
                let drawing = self.job_of(job).and_then(|job| self.drawings.get(&job.plan().checksum)).cloned();
                self.order(Order::Prove { job, run, drawing });
            }
            JobCommand::Draw { job, run, plan, from_stroke } => {
                if from_stroke == 0 {
                    self.report.sheet();
                }
                match self.drawings.get(&plan).cloned() {
                    Some(drawing) => self.order(Order::Draw { job, run, drawing, from_stroke }),
                    None => self.hear(Event::News { job, run, news: RunNews::LineRefused }),
                }
            }
            JobCommand::PauseAtStrokeEnd { .. } => self.drive.pause(),
            JobCommand::Hold { .. } => self.drive.hold(),
            JobCommand::Continue { .. } => self.drive.go_on(),
            JobCommand::End { .. } => self.drive.end_drawing(),
            JobCommand::Erase { job } => {
                if self.records.erase(job).is_err() {
                    self.counts.not_durable();
                }
            }
            // The view tells it; the journal is written where its order counts.
            JobCommand::Announce { .. } | JobCommand::Journal(_) => {}
        }
    }

    fn job_of(&self, job: JobId) -> Option<&DrawingJob> {
        let desk = self.booth.desk();
        desk.table().into_iter().chain(desk.waiting()).find(|on| on.id() == job)
    }

    /// Forgets drawings that nobody offers and that lie on no desk.
    fn forget(&mut self) {
        let desk = self.booth.desk();
        if let Some(session) = self.booth.session().id()
            && let Some(own) = desk.of(session).and_then(|job| self.drawings.get(&job.plan().checksum))
        {
            self.state.own = Some((session, Arc::clone(own)));
        }
        let kept: Vec<PlanChecksum> = desk
            .table()
            .into_iter()
            .chain(desk.waiting())
            .map(|job| job.plan().checksum)
            .chain(self.state.offers.iter().map(|(_, drawing)| drawing.summary().checksum))
            .collect();
        self.drawings.retain(|checksum, _| kept.contains(checksum));
        self.follow_orders();
        let confirmed = desk.table().map_or(0, DrawingJob::confirmed);
        self.counts.drawn(confirmed.saturating_sub(self.state.strokes));
        self.count_ink(self.state.strokes, confirmed);
        self.state.strokes = confirmed;
    }
}

/// What the driver tells, as a letter.
pub(super) fn letter(told: drive::Told) -> Letter {
    match told {
        drive::Told::Happens(event) => Letter::Happens(event),
        drive::Told::Progress(progress) => Letter::Progress(progress),
    }
}
