//! The kiosk's own machines in virtual time, with nobody but a test to be their camera, robot and clock.
//!
//! What is virtual: the clock, the sitter's process and the robot. What is true: every decision and every word, which come
//! from `portraitist::kiosk` as they do in the program. Answers to what the machines ask are given by [`House::answer`],
//! so a test can also look at the screens that wait for them.

use std::time::Duration;

use portraitist::kiosk::Booth;
use portraitist::kiosk::CameraHealth;
use portraitist::kiosk::Command;
use portraitist::kiosk::Event;
use portraitist::kiosk::Facts;
use portraitist::kiosk::FaultCode;
use portraitist::kiosk::JobCommand;
use portraitist::kiosk::KioskConfig;
use portraitist::kiosk::Language;
use portraitist::kiosk::MachineEvent;
use portraitist::kiosk::Offer;
use portraitist::kiosk::Operator;
use portraitist::kiosk::PlanChecksum;
use portraitist::kiosk::PlanSummary;
use portraitist::kiosk::Press;
use portraitist::kiosk::RunNews;
use portraitist::kiosk::SessionCommand;
use portraitist::kiosk::SessionEvent;
use portraitist::kiosk::SessionId;
use portraitist::kiosk::StaffPress;
use portraitist::kiosk::VisitorView;

/// Every check of the list before a drawing.
pub const GOOD: Facts =
    Facts { homed: true, paper: true, pen: true, door: true, chain: true, checksum: true, bounds: true, speed: true };

/// A screen's name, and how a house leaves it or comes to it.
pub type Step = (&'static str, fn(&mut House));

/// The kiosk, without a program around it.
pub struct House {
    booth: Booth,
    now: Duration,
    asked: Vec<Command>,
    /// Everything that was commanded so far.
    pub done: Vec<Command>,
}

impl House {
    /// Just started: closed, wiping, no robot. It speaks `language` unless asked otherwise.
    pub fn started(language: Language) -> Self {
        let now = Duration::from_secs(1);
        let config = KioskConfig { default_language: language, ..KioskConfig::default() };
        let (booth, commands) = Booth::at_start(7, &[], FaultCode::Crash, now, config);
        Self { booth, now, asked: commands.clone(), done: commands }
    }

    /// Homed, with a fresh sheet, and opened by its staff.
    pub fn open(&mut self) {
        self.answer();
        for event in [MachineEvent::PortFound, MachineEvent::PortOpened, MachineEvent::Greeted] {
            self.hear(Event::Machine(event));
        }
        self.staff(StaffPress::Home);
        self.hear(Event::Machine(MachineEvent::Rests));
        self.hear(Event::Camera(CameraHealth::Closed));
        self.hear(Event::Models(true));
        self.staff(StaffPress::SheetLoaded { left: None });
        self.staff(StaffPress::Open);
        assert_eq!(self.booth.reasons(self.now), []);
    }

    /// Ready for a visitor.
    pub fn opened(language: Language) -> Self {
        let mut house = Self::started(language);
        house.open();
        house
    }

    pub fn hear(&mut self, event: Event) {
        let commands = self.booth.handle(event, self.now);
        self.asked.extend(commands.iter().cloned());
        self.done.extend(commands);
    }

    pub fn touch(&mut self) {
        self.hear(Event::Touch { language: None });
    }

    pub fn press(&mut self, press: Press) {
        let session = self.session();
        self.hear(Event::Session(SessionEvent::Press { session, press }));
    }

    pub fn staff(&mut self, press: StaffPress) {
        self.hear(Event::Staff { by: Operator::vouched(), press });
    }

    /// Lets seconds pass, each told as the program tells them.
    pub fn wait(&mut self, secs: u64) {
        for _ in 0..secs {
            self.now += Duration::from_secs(1);
            self.hear(Event::Tick);
        }
    }

    /// What the robot tells of the drawing under way.
    pub fn news(&mut self, news: RunNews) {
        let table = self.booth.desk().table().expect("a drawing");
        let (job, run) = (table.id(), table.state().run().map_or(0, |run| run.number()));
        self.hear(Event::News { job, run, news });
    }

    /// What comes of the checklist of the drawing that is to start.
    pub fn facts(&mut self, facts: Facts) {
        let asked = |command: &Command| match command {
            Command::Job(JobCommand::Prove { job, run, .. }) => Some((*job, *run)),
            _ => None,
        };
        let (job, run) = self.done.iter().rev().find_map(asked).expect("it was asked");
        self.hear(Event::Facts { job, run, facts });
    }

    /// Sitter and robot do all that was asked of them so far, and well.
    pub fn answer(&mut self) {
        for command in std::mem::take(&mut self.asked) {
            match command {
                Command::Session(SessionCommand::TakeBurst { session, take }) => {
                    self.hear(Event::Session(SessionEvent::Burst { session, take, result: Ok(()) }));
                }
                Command::Session(SessionCommand::MakeStyles { session, take }) => {
                    self.hear(Event::Session(SessionEvent::Styles { session, take, result: Ok(offers()) }));
                }
                Command::Session(SessionCommand::Wipe { .. }) => self.wiped(true),
                Command::Job(JobCommand::Prove { .. }) => self.facts(GOOD),
                _ => {}
            }
        }
    }

    /// What came of the wipe that is waited for.
    pub fn wiped(&mut self, ok: bool) {
        if let Some(deletion) = self.booth.session().screen().deletion() {
            let wipe = deletion.id();
            self.hear(Event::Session(SessionEvent::Wiped { wipe, ok }));
        }
    }

    /// From the attract screen to the one called `last`, as a visitor to whom nothing happens.
    pub fn walk(&mut self, last: &str) {
        let steps: [Step; 8] = [
            ("attract", House::touch),
            ("intro", |house| house.press(Press::Start)),
            ("consent", |house| house.press(Press::Yes)),
            ("framing", |house| house.press(Press::TakePhoto)),
            ("countdown", |house| {
                house.wait(3);
                house.answer();
            }),
            ("review", |house| house.press(Press::UseIt)),
            ("choosing", |house| {
                house.answer();
                house.press(Press::Draw { offer: 1 });
            }),
            ("handover", |house| {
                house.facts(GOOD);
                house.wait(2);
            }),
        ];
        for (screen, leave) in steps {
            assert_eq!(self.screen(), screen);
            if screen == last {
                return;
            }
            leave(self);
        }
        assert_eq!(self.screen(), last);
    }

    pub fn screen(&self) -> &'static str {
        self.view().screen
    }

    pub fn view(&self) -> VisitorView {
        self.booth.view(self.now).visitor
    }

    pub fn session(&self) -> SessionId {
        self.booth.session().id().expect("a session")
    }

    /// How many drawings were begun.
    pub fn draws(&self) -> usize {
        self.done.iter().filter(|command| matches!(command, Command::Job(JobCommand::Draw { .. }))).count()
    }

    /// Whether pictures of a visitor may be in memory, or a camera may be open.
    pub fn holds_pictures(&self) -> bool {
        let screen = self.booth.session().screen();
        screen.holds_pictures() || screen.camera_open()
    }
}

fn offers() -> Vec<Offer> {
    let offer = |(n, style): (u8, &str)| Offer {
        style: style.to_owned(),
        plan: PlanSummary { checksum: PlanChecksum([n; 32]), strokes: 412, secs: 60 + 70 * u32::from(n) },
    };
    [(1, "pen"), (0, "croquis"), (3, "charcoal"), (2, "lines")].map(offer).into()
}
