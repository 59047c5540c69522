//! The loop: one thread that owns the kiosk, tells it everything that happens, and does what it says, in its order.
//!
//! It alone knows the time: a [`Duration`] since the start, of a clock that never jumps. It wakes when a letter comes or
//! the kiosk wants to be told the time. What it orders is done elsewhere, by the driver, the sitter's process, a thread
//! that ends a process; only the journal is written here, because what follows a record must wait for it. After each step
//! it shows what has changed. A view that only counts down is sent again once a second.

mod ordered;

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use super::counts::Counts;
use super::drawing::Drawing;
use super::drawing::Progress;
use super::drive;
use super::drive::Handle;
use super::drive::Order;
use super::notify::Loop;
use super::notify::Pulse;
use super::orders::Book;
use super::records::Records;
use super::shown;
use super::shown::Now;
use super::shown::Shown;
use super::sitter::Says;
use super::sitter::Sitters;
use super::sitter::Told;
use crate::camera::CameraConfig;
use crate::kiosk::Booth;
use crate::kiosk::CameraHealth;
use crate::kiosk::Command;
use crate::kiosk::Disk;
use crate::kiosk::DrawingJob;
use crate::kiosk::Event;
use crate::kiosk::FaultCode;
use crate::kiosk::JobCommand;
use crate::kiosk::JobId;
use crate::kiosk::JobState;
use crate::kiosk::Machine;
use crate::kiosk::MachineCommand;
use crate::kiosk::MachineEvent;
use crate::kiosk::Offer;
use crate::kiosk::Operator;
use crate::kiosk::Paper;
use crate::kiosk::PlanChecksum;
use crate::kiosk::RunNews;
use crate::kiosk::Scope;
use crate::kiosk::SessionCommand;
use crate::kiosk::SessionEvent;
use crate::kiosk::SessionId;
use crate::kiosk::StaffPress;
use crate::kiosk::VisitorView;
use crate::kiosk::WipeId;
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
#[derive(Debug, Default)]
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
                Ok(Letter::End) | Err(RecvTimeoutError::Disconnected) => return,
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
            let commands = self.booth.handle(event, self.now());
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
                Command::CountDrawing { job, result } => {
                    self.counts.drawing(result);
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
            JobCommand::Draw { job, run, plan, from_stroke } => match self.drawings.get(&plan).cloned() {
                Some(drawing) => self.order(Order::Draw { job, run, drawing, from_stroke }),
                None => self.hear(Event::News { job, run, news: RunNews::LineRefused }),
            },
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

    fn session(&mut self, command: SessionCommand) {
        match command {
            SessionCommand::OpenCamera { .. } => {
                self.state.camera_open = true;
                let now = self.now();
                let open = self.sitters.open().is_ok();
                let health =
                    if open { CameraHealth::Open { last_frame: now } } else { CameraHealth::Lost { since: now } };
                self.hear(Event::Camera(health));
            }
            SessionCommand::CloseCamera { .. } => {
                self.state.camera_open = false;
                // A process that is gone has closed it.
                let _ = self.sitters.tell(&Told::Close);
                self.hear(Event::Camera(CameraHealth::Closed));
            }
            SessionCommand::TakeBurst { session, take } => {
                self.state.offers.clear();
                self.state.awaited = Some((session, Awaited::Burst(take)));
                if self.sitters.tell(&Told::Burst { take }).is_err() {
                    self.failed(FaultCode::CamLost);
                }
            }
            SessionCommand::MakeStyles { session, take } => {
                self.state.offers.clear();
                self.state.awaited = Some((session, Awaited::Styles(take)));
                if self.sitters.tell(&Told::Styles { take }).is_err() {
                    self.failed(FaultCode::ModelFail);
                }
            }
            SessionCommand::Wipe { wipe, scope } => self.wipe(wipe, scope),
            SessionCommand::CountConsent { version, language } => self.counts.consent(version, language),
            SessionCommand::CountEnding { ending } => self.counts.session(ending),
            // Wishes are for the kiosk itself.
            SessionCommand::Wish { .. } => {}
        }
    }

    /// What a visitor waits for does not come.
    fn failed(&mut self, code: FaultCode) {
        let Some((session, awaited)) = self.state.awaited.take() else { return };
        self.hear(Event::Session(match awaited {
            Awaited::Burst(take) => SessionEvent::Burst { session, take, result: Err(code) },
            Awaited::Styles(take) => SessionEvent::Styles { session, take, result: Err(code) },
        }));
    }

    /// Ends the process that may hold pictures, and answers once the system says that it is gone.
    fn wipe(&mut self, wipe: WipeId, scope: Scope) {
        (self.state.camera_open, self.state.awaited) = (false, None);
        self.state.offers.clear();
        if scope == Scope::Everything {
            self.state.own = None;
        }
        self.end_process(Some(wipe));
    }

    /// Ends the process that may hold pictures and warms up the next; `wipe` is told what came of it.
    fn end_process(&mut self, wipe: Option<WipeId>) {
        let Some(mut process) = self.sitters.take_touched() else {
            // One that would not end in time may still be there: then nothing is wiped yet.
            self.wiped(wipe, self.state.ending.load(Ordering::SeqCst) == 0);
            return;
        };
        self.hear(Event::Models(false));
        let (letters, counts, ending) = (self.own_letters.clone(), self.counts.clone(), Arc::clone(&self.state.ending));
        ending.fetch_add(1, Ordering::SeqCst);
        let ends = thread::Builder::new().name("wipe".into()).spawn(move || {
            let ok = process.end().is_ok();
            if ok {
                ending.fetch_sub(1, Ordering::SeqCst);
            }
            counts.wipe(ok);
            let told = wipe.map_or(Event::Tick, |wipe| Event::Session(SessionEvent::Wiped { wipe, ok }));
            // A loop that is gone has nobody left to tell.
            let _ = letters.send(Letter::Happens(told));
        });
        if ends.is_err() {
            self.wiped(wipe, false);
        }
        self.start_process();
    }

    fn wiped(&mut self, wipe: Option<WipeId>, ok: bool) {
        self.counts.wipe(ok);
        if let Some(wipe) = wipe {
            self.hear(Event::Session(SessionEvent::Wiped { wipe, ok }));
        }
    }

    fn start_process(&mut self) {
        if self.sitters.warm_up().is_err() {
            self.state.start_at = self.now() + AGAIN;
        }
    }

    /// What the sitter's process says.
    fn sitter(&mut self, says: Option<Says>) {
        let session = self.booth.session().id();
        match says {
            Some(Says::Warm { locked }) => {
                self.counts.locked(locked);
                self.hear(Event::Models(true));
            }
            Some(Says::Unable { .. }) => self.hear(Event::Models(false)),
            Some(Says::Frame { hint }) if self.state.camera_open => {
                let last_frame = self.now();
                self.hear(Event::Camera(CameraHealth::Open { last_frame }));
                self.made(Says::Frame { hint });
                if let Some(session) = session {
                    self.hear(Event::Session(SessionEvent::Seen { session, hint }));
                }
            }
            Some(says) if self.state.making.is_some() && !matches!(says, Says::Closed | Says::Frame { .. }) => {
                self.made(says);
            }
            Some(Says::Lost) if self.state.camera_open => {
                if !matches!(self.booth.conditions().camera, CameraHealth::Lost { .. }) {
                    let since = self.now();
                    self.hear(Event::Camera(CameraHealth::Lost { since }));
                }
            }
            Some(Says::Frame { .. } | Says::Lost | Says::Closed) => {}
            Some(Says::Burst { take, result }) => {
                if let Some((session, Awaited::Burst(of))) = self.state.awaited
                    && of == take
                {
                    self.state.awaited = None;
                    self.hear(Event::Session(SessionEvent::Burst { session, take, result }));
                }
            }
            Some(Says::Style { take, style, plan }) => {
                if !matches!(self.state.awaited, Some((_, Awaited::Styles(of))) if of == take) {
                    return;
                }
                self.keep_offer(style, plan);
            }
            Some(Says::Styles { take, result }) => {
                if let Some((session, Awaited::Styles(of))) = self.state.awaited
                    && of == take
                {
                    self.state.awaited = None;
                    self.offer(session, take, result);
                }
            }
            None => self.gone(),
        }
    }

    /// Keeps a drawing that may be offered; one that must not be sent to the robot is none.
    fn keep_offer(&mut self, style: String, plan: String) {
        if let Ok(drawing) = Drawing::read(plan.into_bytes(), &self.robot) {
            self.state.offers.push((style, Arc::new(drawing)));
        }
    }

    fn offer(&mut self, session: SessionId, take: u8, result: Result<(), FaultCode>) {
        for (_, drawing) in &self.state.offers {
            self.drawings.insert(drawing.summary().checksum, Arc::clone(drawing));
        }
        let offers: Vec<Offer> = self
            .state
            .offers
            .iter()
            .map(|(style, drawing)| Offer { style: style.clone(), plan: drawing.summary() })
            .collect();
        let result = match result {
            Ok(()) if offers.is_empty() => Err(FaultCode::ModelFail),
            Ok(()) => Ok(offers),
            Err(code) => Err(code),
        };
        self.hear(Event::Session(SessionEvent::Styles { session, take, result }));
    }

    /// The sitter's process has ended by itself.
    fn gone(&mut self) {
        drop(self.sitters.take());
        self.hear(Event::Models(false));
        if self.state.camera_open {
            let since = self.now();
            self.hear(Event::Camera(CameraHealth::Lost { since }));
        }
        self.failed(FaultCode::ModelFail);
        self.give_up(FaultCode::ModelFail);
        self.state.start_at = self.now() + AGAIN;
    }

    /// Looks after the house, once a second.
    fn look(&mut self) {
        let now = self.now();
        if self.state.looked.is_some_and(|looked| now - looked < EVERY) {
            return;
        }
        self.state.looked = Some(now);
        if self.sitters.is_empty() && now >= self.state.start_at {
            self.start_process();
        }
        if !self.state.camera_open {
            let there = self.camera.is_there();
            let was = self.booth.conditions().camera;
            match was {
                CameraHealth::Lost { .. } if !there => {}
                _ if !there => self.hear(Event::Camera(CameraHealth::Lost { since: now })),
                CameraHealth::Closed => {}
                _ => self.hear(Event::Camera(CameraHealth::Closed)),
            }
        }
        let disk = match self.records.free_bytes() {
            Ok(LOW_BYTES..) => Disk::Roomy,
            Ok(FULL_BYTES..) => Disk::Low,
            _ => Disk::Full,
        };
        if disk != self.booth.conditions().disk {
            self.hear(Event::Disk(disk));
        }
        if self.demonstration {
            self.demonstrate();
        }
        self.tend_orders();
    }

    /// The staff's part, where there is none.
    fn demonstrate(&mut self) {
        let by = Operator::vouched();
        let conditions = *self.booth.conditions();
        let press = |press: StaffPress| Event::Staff { by, press };
        if self.booth.machine() == Machine::Unhomed {
            self.hear(press(StaffPress::Vouch));
        }
        let drawn = |job: &DrawingJob| matches!(job.state(), JobState::Drawn { .. });
        if self.headless && self.booth.desk().table().is_some_and(drawn) {
            self.hear(Event::SheetTaken);
        }
        if conditions.paper != Paper::Fresh && self.booth.desk().table().is_none() {
            self.hear(press(StaffPress::SheetLoaded { left: None }));
        }
        if !conditions.open {
            self.hear(press(StaffPress::Open));
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
        self.state.strokes = confirmed;
    }

    /// Shows what has changed.
    fn show(&mut self) {
        let now = self.now();
        let view = self.booth.view(now);
        let pictures = view.house.pictures_in_memory;
        self.counts.now(self.state.machine, self.booth.machine(), pictures);
        self.state.machine = self.booth.machine();
        let session = self.booth.session().id();
        let own = self.state.own.as_ref().filter(|(whose, _)| Some(*whose) == session);
        let house = serde_json::to_value(&view.house).unwrap_or_default();
        self.shown.write(Now {
            session,
            pictures: self.sitters.pictures().filter(|_| pictures),
            offers: self.state.offers.clone(),
            own: own.map(|(_, drawing)| Arc::clone(drawing)),
            house: house.clone(),
            reasons: view.house.reasons.iter().map(shown::reason).collect(),
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

/// What the driver tells, as a letter.
pub(super) fn letter(told: drive::Told) -> Letter {
    match told {
        drive::Told::Happens(event) => Letter::Happens(event),
        drive::Told::Progress(progress) => Letter::Progress(progress),
    }
}
