//! Evenings at the kiosk in virtual time: the journeys that must work, and random ones in which nothing may go wrong.
//!
//! The random evening plays visitors, staff, robot, wipes and silence against each other for thousands of steps and
//! checks, after each, the promises that no single machine can keep alone.

use std::time::Duration;

use proptest::prelude::*;

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
        let mut evening = Self::closed();
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

    fn closed() -> Self {
        let now = Duration::from_secs(1);
        let (booth, done) = Booth::at_start(7, &[], FaultCode::Crash, now, KioskConfig::default());
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

#[test]
fn a_visitor_goes_home_with_a_drawing_and_without_a_trace() {
    let mut evening = Evening::open();
    evening.begin();
    evening.answer_wipes(true);
    evening.news(RunNews::Confirmed { strokes: 25, secs_left: 90 });
    let view = evening.booth.view(evening.now).visitor;
    assert_eq!(
        view.progress.map(|progress| (progress.text, progress.left)),
        Some(("Stroke 25 of 50".into(), "About 2 min left".into()))
    );
    evening.wait(3600);
    assert_eq!(evening.screen(), "watching", "nobody is hurried while their portrait is drawn");
    evening.news(RunNews::AllDrawn);
    evening.news(RunNews::Parked);
    assert_eq!(evening.screen(), "collect");
    assert!(evening.booth.view(evening.now).visitor.lines.contains(&"Your photo has been deleted.".to_owned()));
    evening.press(Press::Taken);
    assert_eq!(evening.screen(), "thanks");
    evening.wait(8);
    assert_eq!(evening.screen(), "wiping");
    evening.answer_wipes(true);
    assert_eq!(evening.screen(), "closed", "no fresh sheet yet");
    assert_eq!(evening.booth.reasons(evening.now), [Reason::NoPaper]);
    evening.press_staff(StaffPress::SheetLoaded { left: Some(8) });
    assert_eq!(evening.screen(), "attract");
    assert_eq!(evening.draws(), 1);
    let erased = evening.done.iter().any(|command| matches!(command, Command::Job(JobCommand::Erase { .. })));
    assert!(erased, "its strokes go with its sheet");
}

#[test]
fn silence_on_every_screen_discards_and_nothing_is_drawn() {
    let steps: [(&str, u64, &[Press]); 5] = [
        ("intro", 30, &[]),
        ("consent", 60, &[Press::Start]),
        ("framing", 60, &[Press::Start, Press::Yes]),
        ("review", 45, &[Press::Start, Press::Yes, Press::TakePhoto]),
        ("choosing", 60, &[Press::Start, Press::Yes, Press::TakePhoto, Press::UseIt]),
    ];
    for (screen, patience, presses) in steps {
        let mut evening = Evening::open();
        evening.hear(Event::Touch { language: Some(Language::German) });
        for press in presses {
            evening.press(*press);
            let session = evening.session();
            if *press == Press::TakePhoto {
                evening.wait(3);
                evening.hear(Event::Session(SessionEvent::Burst { session, take: 1, result: Ok(()) }));
            }
            if *press == Press::UseIt {
                evening.hear(Event::Session(SessionEvent::Styles { session, take: 1, result: Ok(offers()) }));
            }
        }
        assert_eq!(evening.screen(), screen);
        evening.wait(patience - 21);
        assert_eq!(evening.booth.view(evening.now).visitor.wait.unwrap().warning, None);
        evening.wait(1);
        let asked = evening.booth.view(evening.now).visitor.wait.unwrap().warning.unwrap();
        assert_eq!((asked.title.as_str(), asked.more.is_some()), ("Sind Sie noch da?", true));
        for _ in 0..10 {
            evening.press(Press::MoreTime);
            evening.wait(patience - 1);
            assert_eq!(evening.screen(), screen, "more time was given");
        }
        evening.press(Press::MoreTime);
        evening.wait(1);
        assert_eq!(evening.screen(), "wiping", "{screen}");
        evening.answer_wipes(true);
        assert_eq!(evening.screen(), "attract");
        assert_eq!(evening.booth.view(evening.now).visitor.language, Language::English, "the next visitor's own");
        assert_eq!((evening.draws(), evening.booth.desk().table()), (0, None), "{screen}");
    }
}

#[test]
fn the_next_visitor_waits_and_is_asked_when_the_turn_comes() {
    let mut evening = Evening::open();
    evening.begin();
    let first = evening.session();
    evening.answer_wipes(true);
    evening.news(RunNews::Confirmed { strokes: 5, secs_left: 170 });
    evening.press(Press::PassOn);
    evening.answer_wipes(true);
    assert_eq!(evening.screen(), "attract");
    let lines = evening.booth.view(evening.now).visitor.lines;
    assert_eq!(lines, ["The robot is drawing. About 3 min left.", "You would wait about 4 min."]);

    evening.choose();
    assert_ne!(evening.session(), first);
    evening.press(Press::Draw { offer: 0 });
    assert_eq!(evening.screen(), "handover");
    evening.wait(400);
    assert_eq!(evening.screen(), "handover", "the place is kept while the robot draws for another");
    evening.news(RunNews::AllDrawn);
    evening.news(RunNews::Parked);
    let view = evening.booth.view(evening.now).visitor;
    assert_eq!(view.lines[0], "Please take the finished drawing first.");
    assert!(view.aside.is_some());
    evening.hear(Event::SheetTaken);
    let view = evening.booth.view(evening.now).visitor;
    assert_eq!(view.lines, ["It is your turn."]);
    assert_eq!(view.buttons[0].act, Act::Press(Press::StartDrawing));
    assert_eq!(evening.draws(), 1, "nothing starts before the visitor says so");

    evening.press(Press::StartDrawing);
    let job = evening.job();
    evening.hear(Event::Facts { job, run: 1, facts: good() });
    let view = evening.booth.view(evening.now).visitor;
    assert_eq!(view.notice.as_deref(), Some("New paper, please wait."), "the old sheet is gone and no new one there");
    evening.press_staff(StaffPress::SheetLoaded { left: None });
    evening.wait(5);
    assert_eq!(evening.draws(), 1, "what comes true starts nothing");
    evening.press(Press::StartDrawing);
    evening.hear(Event::Facts { job, run: 2, facts: good() });
    evening.wait(2);
    assert_eq!((evening.draws(), evening.screen()), (2, "watching"));
}

#[test]
fn a_waiting_visitor_who_has_left_gives_up_the_place() {
    let mut evening = Evening::open();
    evening.begin();
    evening.press(Press::PassOn);
    evening.answer_wipes(true);
    evening.choose();
    evening.press(Press::Draw { offer: 0 });
    evening.news(RunNews::Parked);
    evening.hear(Event::SheetTaken);
    evening.wait(60);
    assert_eq!(evening.screen(), "wiping");
    assert_eq!((evening.draws(), evening.booth.desk().table()), (1, None));
}

#[test]
fn a_failed_deletion_is_never_called_done_and_closes_the_door() {
    let mut evening = Evening::open();
    evening.begin();
    evening.answer_wipes(false);
    evening.news(RunNews::Parked);
    let lines = evening.booth.view(evening.now).visitor.lines;
    assert!(lines.iter().any(|line| line.starts_with("Your photo is not deleted yet.")), "{lines:?}");
    assert!(evening.booth.reasons(evening.now).contains(&Reason::NotWiped));
    evening.press(Press::Taken);
    evening.wait(8);
    for _ in 0..50 {
        evening.wait(5);
        evening.answer_wipes(false);
        assert_eq!(evening.screen(), "wiping", "only success leads out");
    }
    evening.wait(5);
    evening.answer_wipes(true);
    assert_eq!(evening.screen(), "closed");
    assert!(!evening.booth.reasons(evening.now).contains(&Reason::NotWiped));
}

#[test]
fn a_visitors_stop_is_theirs_for_ten_seconds_and_then_the_staffs() {
    let mut evening = Evening::open();
    evening.begin();
    let commands = evening.hear(Event::Stop);
    assert_eq!(commands[0], Command::Machine(MachineCommand::Hold));
    evening.news(RunNews::Held);
    let acts = |evening: &Evening| -> Vec<Act> {
        evening.booth.view(evening.now).visitor.buttons.into_iter().map(|button| button.act).collect()
    };
    assert_eq!(acts(&evening), [Act::Press(Press::Continue), Act::Press(Press::Finish)]);
    evening.wait(10);
    assert_eq!(acts(&evening), [Act::Press(Press::Finish)]);
    let commands = evening.press(Press::Continue);
    assert_eq!(commands, [], "too late for the visitor");
    let commands = evening.press_staff(StaffPress::Continue);
    assert!(commands.iter().any(|command| matches!(command, Command::Job(JobCommand::Continue { .. }))));
    evening.news(RunNews::GoesOn);
    evening.hear(Event::Stop);
    evening.news(RunNews::Held);
    evening.press(Press::Finish);
    evening.news(RunNews::Ended);
    assert_eq!(evening.screen(), "wiping");
    assert_eq!(evening.booth.desk().table(), None);
    assert_eq!(evening.booth.machine(), Machine::Ready);
}

#[test]
fn a_gate_that_closes_resumes_nothing_and_one_press_does() {
    let mut evening = Evening::open();
    evening.begin();
    let commands = evening.hear(Event::Machine(MachineEvent::DoorOpened));
    assert_eq!(commands[0], Command::Machine(MachineCommand::Hold));
    evening.news(RunNews::Held);
    evening.hear(Event::Machine(MachineEvent::Reported(Report::Door { closed: true })));
    let view = evening.booth.view(evening.now).visitor;
    assert_eq!(view.notice.as_deref(), Some("Please step back. Close the gate, then touch Continue."));
    let continues =
        |commands: &[Command]| commands.iter().any(|c| matches!(c, Command::Job(JobCommand::Continue { .. })));
    assert!(!continues(&evening.wait(50)));
    let commands = evening.press(Press::Continue);
    assert!(commands.contains(&Command::Machine(MachineCommand::Verify)) && !continues(&commands));
    let commands = evening.hear(Event::Machine(MachineEvent::Verified(false)));
    assert!(!continues(&commands), "it was still open");
    evening.press(Press::Continue);
    assert!(continues(&evening.hear(Event::Machine(MachineEvent::Verified(true)))));
    evening.news(RunNews::GoesOn);
    assert_eq!(evening.booth.view(evening.now).visitor.notice, None);
}

#[test]
fn after_a_power_cut_nothing_moves_until_the_staff_resumes_at_the_right_stroke() {
    let mut before = Evening::open();
    before.begin();
    before.news(RunNews::Confirmed { strokes: 41, secs_left: 20 });
    // The journal as it lies on the disk, its tail torn.
    let mut bytes: Vec<u8> = Vec::new();
    for command in &before.done {
        if let Command::Job(JobCommand::Journal(record)) = command {
            bytes.extend(encode(record));
        }
    }
    bytes.truncate(bytes.len() - 1);
    let journal = decode(&bytes);
    assert_eq!(journal.last().map(|record| record.confirmed), Some(0), "never later than what is durable");
    let record = Record { confirmed: 41, ..journal.last().unwrap().clone() };

    let now = Duration::from_secs(1);
    let (booth, done) = Booth::at_start(8, &[record], FaultCode::Power, now, KioskConfig::default());
    assert_eq!(done[0], Command::Machine(MachineCommand::Hold), "the first word to a robot is to hold");
    let mut evening = Evening { booth, now, done };
    evening.answer_wipes(true);
    assert_eq!(evening.screen(), "closed");
    for event in [MachineEvent::PortFound, MachineEvent::PortOpened, MachineEvent::Greeted] {
        evening.hear(Event::Machine(event));
    }
    evening.wait(600);
    evening.press_staff(StaffPress::Resume);
    let job = evening.job();
    let facts = |run| Event::Facts { job, run, facts: good() };
    evening.hear(facts(2));
    assert_eq!(evening.draws(), 0, "not homed");
    evening.press_staff(StaffPress::Home);
    evening.hear(Event::Machine(MachineEvent::Rests));
    evening.press_staff(StaffPress::Resume);
    evening.hear(facts(3));
    evening.wait(2);
    let from = evening.done.iter().find_map(|command| match command {
        Command::Job(JobCommand::Draw { from_stroke, .. }) => Some(*from_stroke),
        _ => None,
    });
    assert_eq!(from, Some(41));
}

#[test]
fn a_retake_is_had_three_times() {
    let mut evening = Evening::open();
    evening.hear(Event::Touch { language: None });
    evening.press(Press::Start);
    evening.press(Press::Yes);
    for take in 1..=4 {
        evening.press(Press::TakePhoto);
        evening.wait(3);
        let session = evening.session();
        evening.hear(Event::Session(SessionEvent::Burst { session, take, result: Ok(()) }));
        evening.press(Press::Again);
        assert_eq!(evening.screen(), if take < 4 { "framing" } else { "review" });
    }
    let acts: Vec<Act> = evening.booth.view(evening.now).visitor.buttons.into_iter().map(|b| b.act).collect();
    assert_eq!(acts, [Act::Press(Press::UseIt), Act::Press(Press::Cancel)]);
}

/// What may happen at any moment, told by numbers so that proptest can shorten an evening.
#[derive(Debug, Clone)]
enum Happens {
    Touch,
    Press { press: Press, stale: bool },
    Photo { take: u8, fails: bool },
    Styles { take: u8, fails: bool },
    Wiped { ok: bool, stale: bool },
    Facts { run: u16, good: bool },
    News { run: u16, news: RunNews },
    Robot(MachineEvent),
    Staff(StaffPress),
    Stop,
    Silence { secs: u64 },
    Fault(FaultCode),
    Order { key: u8 },
    SheetTaken,
    Paper(Paper),
    Pen(Pen),
    Camera { lost: bool },
}

fn happens() -> impl Strategy<Value = Happens> {
    let presses = vec![
        Press::Start,
        Press::Yes,
        Press::TakePhoto,
        Press::UseIt,
        Press::Draw { offer: 0 },
        Press::StartDrawing,
        Press::Start,
        Press::Yes,
        Press::TakePhoto,
        Press::UseIt,
        Press::Draw { offer: 1 },
        Press::StartDrawing,
        Press::No,
        Press::Touch,
        Press::Again,
        Press::Continue,
        Press::Finish,
        Press::PassOn,
        Press::Taken,
        Press::Cancel,
        Press::MoreTime,
        Press::Language { language: Language::Arabic },
        Press::Draw { offer: 9 },
    ];
    let robot = vec![
        MachineEvent::PortFound,
        MachineEvent::PortOpened,
        MachineEvent::Greeted,
        MachineEvent::Stranger,
        MachineEvent::LinkLost,
        MachineEvent::Stalled,
        MachineEvent::Alarm(1),
        MachineEvent::Alarm(2),
        MachineEvent::DoorOpened,
        MachineEvent::ChainOpened,
        MachineEvent::Rests,
        MachineEvent::Verified(true),
        MachineEvent::Verified(true),
        MachineEvent::Verified(false),
        MachineEvent::Reported(Report::Idle),
        MachineEvent::Reported(Report::Run),
        MachineEvent::Reported(Report::Held),
        MachineEvent::Reported(Report::Door { closed: true }),
        MachineEvent::Reported(Report::Alarm),
    ];
    let press_staff = vec![
        StaffPress::Open,
        StaffPress::Close,
        StaffPress::Home,
        StaffPress::Vouch,
        StaffPress::Acknowledge,
        StaffPress::Start,
        StaffPress::Pause,
        StaffPress::Continue,
        StaffPress::Cancel,
        StaffPress::Resume,
        StaffPress::StartAgain,
        StaffPress::SheetLoaded { left: None },
        StaffPress::PenChanged,
        StaffPress::EndSession,
    ];
    let news = vec![
        RunNews::Confirmed { strokes: 9, secs_left: 60 },
        RunNews::Confirmed { strokes: 30, secs_left: 20 },
        RunNews::Held,
        RunNews::GoesOn,
        RunNews::AllDrawn,
        RunNews::Parked,
        RunNews::Ended,
        RunNews::LineRefused,
    ];
    let pick = proptest::sample::select::<RunNews>;
    prop_oneof![
        6 => Just(Happens::Touch),
        40 => (proptest::sample::select(presses), prop::bool::weighted(0.1))
            .prop_map(|(press, stale)| Happens::Press { press, stale }),
        8 => (1..4_u8, prop::bool::weighted(0.2)).prop_map(|(take, fails)| Happens::Photo { take, fails }),
        8 => (1..4_u8, prop::bool::weighted(0.2)).prop_map(|(take, fails)| Happens::Styles { take, fails }),
        8 => (prop::bool::weighted(0.7), prop::bool::weighted(0.2)).prop_map(|(ok, stale)| Happens::Wiped { ok, stale }),
        8 => (0..3_u16, prop::bool::weighted(0.8)).prop_map(|(run, good)| Happens::Facts { run, good }),
        8 => (0..3_u16, pick(news)).prop_map(|(run, news)| Happens::News { run, news }),
        6 => proptest::sample::select(robot).prop_map(Happens::Robot),
        10 => proptest::sample::select(press_staff).prop_map(Happens::Staff),
        2 => Just(Happens::Stop),
        14 => prop_oneof![4 => 0..4_u64, 1 => 4..90_u64, 1 => Just(1000_u64)].prop_map(|secs| Happens::Silence { secs }),
        1 => proptest::sample::select(FaultCode::ALL.to_vec()).prop_map(Happens::Fault),
        1 => (0..3_u8).prop_map(|key| Happens::Order { key }),
        2 => Just(Happens::SheetTaken),
        1 => proptest::sample::select(vec![Paper::Fresh, Paper::Used, Paper::Missing]).prop_map(Happens::Paper),
        1 => proptest::sample::select(vec![Pen::Good, Pen::Good, Pen::Worn, Pen::Dry]).prop_map(Happens::Pen),
        1 => prop::bool::weighted(0.3).prop_map(|lost| Happens::Camera { lost }),
    ]
}

impl Evening {
    /// Lets it happen; gives the commands that came of it.
    fn let_happen(&mut self, happens: &Happens, stale: SessionId) -> Vec<Command> {
        let session = self.booth.session().id().unwrap_or(stale);
        let table = self.booth.desk().table();
        let job = table.map_or(JobId::first(1), DrawingJob::id);
        // Runs counted back from the one that is current: 0 is it, 1 is stale.
        let run = |back: u16| table.map_or(0, |job| job.record().run.saturating_sub(back));
        let event = match happens {
            Happens::Touch => Event::Touch { language: None },
            Happens::Press { press, stale: true } => {
                Event::Session(SessionEvent::Press { session: stale, press: *press })
            }
            Happens::Press { press, .. } => Event::Session(SessionEvent::Press { session, press: *press }),
            Happens::Photo { take, fails } => {
                let result = if *fails { Err(FaultCode::NoFace) } else { Ok(()) };
                Event::Session(SessionEvent::Burst { session, take: *take, result })
            }
            Happens::Styles { take, fails } => {
                let result = if *fails { Err(FaultCode::ModelFail) } else { Ok(offers()) };
                Event::Session(SessionEvent::Styles { session, take: *take, result })
            }
            Happens::Wiped { ok, stale } => {
                let asked: Vec<WipeId> = self.wipes();
                let wipe = if *stale { asked[0] } else { asked[asked.len() - 1] };
                Event::Session(SessionEvent::Wiped { wipe, ok: *ok })
            }
            Happens::Facts { run: back, good: whole } => {
                let facts = Facts { door: *whole, ..good() };
                Event::Facts { job, run: run(*back), facts }
            }
            Happens::News { run: back, news } => Event::News { job, run: run(*back), news: *news },
            Happens::Robot(event) => Event::Machine(*event),
            Happens::Staff(press) => Event::Staff { by: staff(), press: *press },
            Happens::Stop => Event::Stop,
            Happens::Silence { secs } => return self.wait(*secs),
            Happens::Fault(code) => Event::Fault(*code),
            Happens::Order { key } => {
                let key = OrderKey::try_from(format!("order-{key}")).unwrap();
                let commands = self.booth.order(key, plan(60), self.now).1;
                self.done.extend(commands.clone());
                return commands;
            }
            Happens::SheetTaken => Event::SheetTaken,
            Happens::Paper(paper) => Event::Paper(*paper),
            Happens::Pen(pen) => Event::Pen(*pen),
            Happens::Camera { lost: true } => Event::Camera(CameraHealth::Lost { since: self.now }),
            Happens::Camera { lost: false } => Event::Camera(CameraHealth::Closed),
        };
        self.hear(event)
    }

    fn wipes(&self) -> Vec<WipeId> {
        self.done
            .iter()
            .filter_map(|command| match command {
                Command::Session(SessionCommand::Wipe { wipe, .. }) => Some(*wipe),
                _ => None,
            })
            .collect()
    }
}

/// All that can be pressed, but for the language that is spoken already.
fn acts(view: &VisitorView) -> Vec<Act> {
    let more = view.wait.iter().filter_map(|wait| wait.warning.as_ref()?.more.as_ref());
    let offers = view.offers.iter().map(|offer| &offer.draw);
    let aside = view.aside.iter().map(|aside| &aside.taken);
    let buttons = view.buttons.iter().chain([&view.stop]).chain(more).chain(offers).chain(aside).map(|b| b.act);
    let languages = view.languages.iter().filter(|other| other.language != view.language).map(|other| other.act);
    buttons.chain(languages).collect()
}

/// The program ends here and starts again: nothing moves, everything is wiped, and no stroke is offered too late.
fn restart(evening: &Evening) -> Result<(), TestCaseError> {
    let mut journals: Vec<Record> = Vec::new();
    for command in &evening.done {
        match command {
            Command::Job(JobCommand::Journal(record)) => {
                journals.retain(|other| other.job != record.job);
                journals.push(decode(&encode(record)).last().expect("what was written").clone());
            }
            Command::Job(JobCommand::Erase { job }) => journals.retain(|other| other.job != *job),
            _ => {}
        }
    }
    let config = KioskConfig::default();
    let (mut booth, mut commands) = Booth::at_start(8, &journals, FaultCode::Crash, evening.now, config);
    prop_assert_eq!(&commands[0], &Command::Machine(MachineCommand::Hold));
    let wiped = commands.iter().any(|command| matches!(command, Command::Session(SessionCommand::Wipe { .. })));
    prop_assert!(wiped, "a start without its wipe");
    if let Some(job) = booth.desk().table() {
        let old = evening.booth.desk().table().expect("it lay on the table");
        prop_assert_eq!((job.id(), job.confirmed(), job.record().sheet), (old.id(), old.confirmed(), old.record().sheet));
    }
    for event in [MachineEvent::PortFound, MachineEvent::PortOpened, MachineEvent::Greeted, MachineEvent::Rests] {
        commands.extend(booth.handle(Event::Machine(event), evening.now));
    }
    for secs in [1, 10, 100, 1000, 50_000] {
        commands.extend(booth.handle(Event::Tick, evening.now + Duration::from_secs(secs)));
    }
    let moves = commands.iter().any(|command| match command {
        Command::Job(command) => !matches!(command, JobCommand::Journal(_) | JobCommand::Erase { .. }),
        Command::Machine(command) => *command != MachineCommand::Hold,
        _ => false,
    });
    prop_assert!(!moves, "something moved after a restart");
    prop_assert_eq!(booth.machine(), Machine::Unhomed);
    Ok(())
}

/// Whether a person at the machine or at a screen has acted.
fn is_human(happens: &Happens) -> bool {
    matches!(happens, Happens::Press { .. } | Happens::Staff(_) | Happens::Touch)
}

/// The promises after one step.
fn promises(before: &Booth, evening: &Evening, happens: &Happens, commands: &[Command]) -> Result<(), TestCaseError> {
    let booth = &evening.booth;
    let (was, is) = (before.session().screen(), booth.session().screen());

    // P8, P1: nothing but a visitor's own press consents, orders or starts; the camera is closed without consent.
    let pressed =
        |wanted: &[Press]| matches!(happens, Happens::Press { press, stale: false } if wanted.contains(press));
    if is.camera_open() && !was.camera_open() {
        let retake = was.holds_pictures();
        prop_assert!(pressed(&[Press::Yes]) || retake, "{happens:?} opened the camera");
    }
    for command in commands {
        match command {
            Command::Session(SessionCommand::CountConsent { .. }) => prop_assert!(pressed(&[Press::Yes])),
            Command::Session(SessionCommand::OpenCamera { .. }) => prop_assert!(is.camera_open() || was.camera_open()),
            Command::Session(SessionCommand::Wish { .. }) => prop_assert!(false, "a wish came out"),
            Command::Job(JobCommand::Prove { .. }) => {
                let visitor = pressed(&[Press::StartDrawing, Press::Draw { offer: 0 }, Press::Draw { offer: 1 }]);
                prop_assert!(visitor || matches!(happens, Happens::Staff(_)), "{happens:?} started a drawing");
            }
            Command::Job(JobCommand::Draw { .. }) => {
                prop_assert_eq!(before.machine(), Machine::Ready, "drawn by a robot that is not ready");
            }
            Command::Job(JobCommand::Continue { .. }) => {
                let asked = matches!(happens, Happens::Robot(MachineEvent::Verified(true)));
                prop_assert!(is_human(happens) || asked, "{happens:?} let a drawing go on");
            }
            Command::Machine(MachineCommand::Home) => prop_assert!(matches!(happens, Happens::Staff(_))),
            _ => {}
        }
    }

    // A new order on the desk of a session comes of its visitor's choice.
    if let Some(session) = before.session().id()
        && before.desk().of(session).is_none()
        && booth.desk().of(session).is_some()
    {
        prop_assert!(pressed(&[Press::Draw { offer: 0 }, Press::Draw { offer: 1 }]), "{happens:?} ordered");
    }

    // Whatever ended a session asked for its wipe, and only the wipe's success leads to the attract screen.
    if matches!(is, Screen::Wiping(_)) && !matches!(was, Screen::Wiping(_)) {
        let asked = commands
            .iter()
            .any(|c| matches!(c, Command::Session(SessionCommand::Wipe { scope: Scope::Everything, .. })));
        prop_assert!(asked, "{happens:?} ended a session without its wipe");
    }
    if matches!(is, Screen::Attract(_)) && !matches!(was, Screen::Attract(_)) {
        prop_assert!(matches!((was, happens), (Screen::Wiping(_), Happens::Wiped { ok: true, .. })), "{happens:?}");
    }
    if !matches!(was, Screen::Attract(_)) && before.session().id() != booth.session().id() {
        prop_assert!(matches!(is, Screen::Attract(_)), "a session followed a session");
    }

    // P5: the sentence stands only where the deletion has succeeded.
    let view = booth.view(evening.now);
    let deleted = Texts::of(view.visitor.language).plain(TextKey::CollectDeleted);
    if view.visitor.lines.contains(&deleted) {
        prop_assert!(is.deletion().is_some_and(|deletion| deletion.is_done()));
    }

    // A latched robot needs a person; a stop is answered by a hold, first.
    if let (Machine::Latched(latched), false) = (before.machine(), matches!(booth.machine(), Machine::Latched(_))) {
        prop_assert!(latched.is_checking(), "{happens:?} unlatched what nobody had acknowledged");
        prop_assert!(matches!(happens, Happens::Robot(MachineEvent::Verified(true))));
        prop_assert!(!latched.position_lost() || booth.machine() == Machine::Unhomed);
    }
    if matches!(happens, Happens::Stop) {
        prop_assert_eq!(&commands[0], &Command::Machine(MachineCommand::Hold));
        prop_assert!(
            !booth
                .desk()
                .table()
                .is_some_and(|job| matches!(job.state(), JobState::Drawing(_) | JobState::Finishing(_)))
        );
    }

    // Nothing is offered that does nothing.
    for act in acts(&view.visitor) {
        let event = match act {
            Act::Touch { language } => Event::Touch { language },
            Act::Press(press) => {
                let session = booth.session().id().expect("a press has a session");
                Event::Session(SessionEvent::Press { session, press })
            }
            Act::SheetTaken => Event::SheetTaken,
            Act::Stop => Event::Stop,
        };
        let mut pressed = booth.clone();
        let commands = pressed.handle(event, evening.now);
        prop_assert!(pressed != *booth || !commands.is_empty(), "{act:?} is offered on {}", view.visitor.screen);
    }

    // What the pages are told is whole: it can be written, a page without a visitor names no session, and the booth
    // never waits for a moment that has passed.
    prop_assert!(serde_json::to_string(&view).is_ok());
    prop_assert!(!view.visitor.title.is_empty());
    prop_assert_eq!(view.house.reasons.is_empty() && view.visitor.session.is_none(), view.visitor.screen == "attract");
    prop_assert!(booth.wake_at(evening.now).is_none_or(|at| at > evening.now), "it would spin");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_in_an_evening_the_promises_hold(
        story in proptest::collection::vec(happens(), 1..160)
    ) {
        let mut evening = Evening::open();
        let stale = evening.wipes()[0].session();
        let mut drawn = Vec::new();
        for happens in &story {
            let before = evening.booth.clone();
            let commands = evening.let_happen(happens, stale);
            promises(&before, &evening, happens, &commands)?;
            for command in &commands {
                if let Command::Job(JobCommand::Draw { job, run, .. }) = command {
                    prop_assert!(!drawn.contains(&(*job, *run)), "a run was begun twice");
                    drawn.push((*job, *run));
                }
            }
            // A stale press does nothing but let time show.
            if matches!(happens, Happens::Press { stale: true, .. }) && before.session().id() != Some(stale) {
                prop_assert_eq!(&before, &evening.booth, "a session of the past spoke");
            }
            // The same event again at the same moment starts nothing again.
            if let Happens::Press { press: Press::Draw { .. } | Press::StartDrawing, .. } = happens {
                let again = evening.let_happen(happens, stale);
                let starts = again.iter().any(|command| matches!(command, Command::Job(JobCommand::Prove { .. })));
                prop_assert!(!starts, "a double tap started twice");
            }
        }
        restart(&evening)?;
    }

    #[test]
    fn left_alone_at_any_moment_it_wipes_and_draws_nothing_more(
        story in proptest::collection::vec(happens(), 1..80)
    ) {
        let mut evening = Evening::open();
        let stale = evening.wipes()[0].session();
        for happens in &story {
            evening.let_happen(happens, stale);
        }
        let under_way = evening.booth.desk().table().is_some_and(|job| job.state().run().is_some());
        let waits = evening.booth.desk().waiting().is_some();
        let prepared = matches!(evening.booth.desk().table().map(DrawingJob::state), Some(JobState::Preparing(p)) if p.is_announcing());
        let draws = evening.draws();
        for _ in 0..400 {
            evening.wait(10);
            let wiping = matches!(evening.booth.session().screen(), Screen::Wiping(_));
            if wiping {
                // The wiper works; every visitor who left is forgotten.
                evening.answer_wipes(true);
                evening.wait(6);
                evening.answer_wipes(true);
            }
        }
        // Only what a person had already started, and what was already proved, may still begin.
        prop_assert!(evening.draws() - draws <= usize::from(prepared));
        if !under_way && !waits && !prepared {
            let screen = evening.booth.session().screen();
            prop_assert!(matches!(screen, Screen::Attract(_)), "{} after an hour of silence", evening.screen());
        }
    }
}
