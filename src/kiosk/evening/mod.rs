//! Evenings at the kiosk in virtual time: the journeys that must work, and random ones in which nothing may go wrong.
//!
//! The random evening plays visitors, staff, robot, wipes and silence against each other for thousands of steps and
//! checks, after each, the promises that no single machine can keep alone.

mod journeys;
mod random;
mod soak;

use std::time::Duration;

use super::*;

/// A booth with a server that does what it is told, at once or never.
struct Evening {
    booth: Booth,
    now: Duration,
    /// Every command so far.
    done: Vec<Command>,
}

fn staff() -> Operator {
    Operator::vouched()
}

fn good() -> Facts {
    Facts { homed: true, paper: true, pen: true, door: true, chain: true, checksum: true, bounds: true, speed: true }
}

fn plan(secs: u32) -> PlanSummary {
    PlanSummary { checksum: PlanChecksum([3; 32]), strokes: 50, secs }
}

fn offers() -> Vec<Offer> {
    [90, 180, 900].map(|secs| Offer { style: format!("style-{secs}"), plan: plan(secs) }).into()
}

impl Evening {
    /// Started, wiped, homed, opened: ready for the first visitor.
    fn open() -> Self {
        Self::opened(KioskConfig::default())
    }

    /// The same, whose visitors may send photos by phone.
    fn with_links() -> Self {
        Self::opened(KioskConfig { phone_secs: 600, ..KioskConfig::default() })
    }

    fn opened(config: KioskConfig) -> Self {
        let mut evening = Self::closed(config);
        evening.answer_wipes(true);
        for event in [MachineEvent::PortFound, MachineEvent::PortOpened, MachineEvent::Greeted] {
            evening.hear(Event::Machine(event));
        }
        evening.press_staff(StaffPress::Home);
        evening.hear(Event::Machine(MachineEvent::Rests));
        evening.hear(Event::Camera(CameraHealth::Closed));
        evening.hear(Event::Models(true));
        evening.press_staff(StaffPress::SheetLoaded { left: Some(9) });
        evening.press_staff(StaffPress::Open);
        assert_eq!(evening.booth.reasons(evening.now), []);
        evening
    }

    fn closed(config: KioskConfig) -> Self {
        let now = Duration::from_secs(1);
        let (booth, done) = Booth::at_start(7, &[], FaultCode::Crash, now, config);
        Self { booth, now, done }
    }

    fn hear(&mut self, event: Event) -> Vec<Command> {
        let commands = self.booth.handle(event, self.now);
        self.done.extend(commands.clone());
        commands
    }

    fn press(&mut self, press: Press) -> Vec<Command> {
        let session = self.booth.session().id().expect("a session");
        self.hear(Event::Session(SessionEvent::Press { session, press }))
    }

    fn press_staff(&mut self, press: StaffPress) -> Vec<Command> {
        self.hear(Event::Staff { by: staff(), press })
    }

    fn wait(&mut self, secs: u64) -> Vec<Command> {
        self.now += Duration::from_secs(secs);
        self.hear(Event::Tick)
    }

    /// Answers every wipe asked so far that is still waited for.
    fn answer_wipes(&mut self, ok: bool) {
        if let Some(deletion) = self.booth.session().screen().deletion() {
            let wipe = deletion.id();
            self.hear(Event::Session(SessionEvent::Wiped { wipe, ok }));
        }
    }

    fn screen(&self) -> &'static str {
        self.booth.view(self.now).visitor.screen
    }

    fn session(&self) -> SessionId {
        self.booth.session().id().expect("a session")
    }

    fn job(&self) -> JobId {
        self.booth.desk().table().expect("a drawing").id()
    }

    /// From the touch to the choice.
    fn choose(&mut self) {
        self.hear(Event::Touch { language: None });
        assert_eq!(self.screen(), "intro");
        self.press(Press::Start);
        self.press(Press::Yes);
        self.press(Press::TakePhoto);
        self.wait(3);
        let session = self.session();
        self.hear(Event::Session(SessionEvent::Burst { session, take: 1, result: Ok(()) }));
        self.press(Press::UseIt);
        self.hear(Event::Session(SessionEvent::Styles { session, take: 1, result: Ok(offers()) }));
        assert_eq!(self.screen(), "choosing");
    }

    /// From the choice until the pen moves.
    fn begin(&mut self) {
        self.choose();
        self.press(Press::Draw { offer: 1 });
        let (job, run) = (self.job(), 1);
        self.hear(Event::Facts { job, run, facts: good() });
        self.wait(2);
        assert_eq!(self.screen(), "watching");
    }

    fn news(&mut self, news: RunNews) -> Vec<Command> {
        let job = self.job();
        let run = self.booth.desk().table().and_then(|job| job.state().run()).map_or(0, |run| run.number());
        self.hear(Event::News { job, run, news })
    }

    fn draws(&self) -> usize {
        self.done.iter().filter(|command| matches!(command, Command::Job(JobCommand::Draw { .. }))).count()
    }
}
