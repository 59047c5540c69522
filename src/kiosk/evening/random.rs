//! Random evenings: visitors, staff, robot, wipes and silence played against each other, with the promises checked after
//! each step. Half of what happens is what a screen offers or what a server was asked for, so that evenings get far.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

/// What may happen at any moment, told by numbers so that proptest can shorten an evening.
#[derive(Debug, Clone)]
pub(super) enum Happens {
    /// One of the buttons that are there.
    Offered {
        which: usize,
    },
    /// The server, the driver or the robot does what it was asked for.
    Served {
        which: usize,
    },
    Touch,
    Press {
        press: Press,
        stale: bool,
    },
    Photo {
        take: u8,
        fails: bool,
    },
    /// A phone sends a photo.
    Sent {
        stale: bool,
    },
    Styles {
        take: u8,
        fails: bool,
    },
    Wiped {
        ok: bool,
        stale: bool,
    },
    Facts {
        run: u16,
        good: bool,
    },
    News {
        run: u16,
        news: RunNews,
    },
    Robot(MachineEvent),
    Staff(StaffPress),
    Stop,
    Silence {
        secs: u64,
    },
    Fault(FaultCode),
    Order {
        key: u8,
    },
    SheetTaken,
    Paper(Paper),
    Pen(Pen),
    Camera {
        lost: bool,
    },
}

pub(super) fn happens() -> impl Strategy<Value = Happens> {
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
        MachineEvent::Reported(Report::Holding),
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
        250 => (0..40_usize).prop_map(|which| Happens::Offered { which }),
        250 => (0..40_usize).prop_map(|which| Happens::Served { which }),
        6 => Just(Happens::Touch),
        20 => (proptest::sample::select(presses), prop::bool::weighted(0.1))
            .prop_map(|(press, stale)| Happens::Press { press, stale }),
        8 => (1..4_u8, prop::bool::weighted(0.2)).prop_map(|(take, fails)| Happens::Photo { take, fails }),
        6 => prop::bool::weighted(0.2).prop_map(|stale| Happens::Sent { stale }),
        8 => (1..4_u8, prop::bool::weighted(0.2)).prop_map(|(take, fails)| Happens::Styles { take, fails }),
        8 => (prop::bool::weighted(0.7), prop::bool::weighted(0.2)).prop_map(|(ok, stale)| Happens::Wiped { ok, stale }),
        8 => (0..3_u16, prop::bool::weighted(0.8)).prop_map(|(run, good)| Happens::Facts { run, good }),
        24 => (0..3_u16, pick(news)).prop_map(|(run, news)| Happens::News { run, news }),
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
    /// Says in plain words what an offered button or a server's answer is just now.
    pub(super) fn plainly(&self, happens: &Happens) -> Happens {
        let view = self.booth.view(self.now);
        match happens {
            Happens::Offered { which } => {
                // Languages are many and lead nowhere; the stop ends what is to be seen.
                let all = acts(&view.visitor);
                let buttons: Vec<Act> = all.iter().copied().filter(|act| !is_aside(act)).collect();
                let from = if buttons.is_empty() || which % 10 == 9 { all } else { buttons };
                match from[which % from.len()] {
                    Act::Touch { .. } => Happens::Touch,
                    Act::Press(press) => Happens::Press { press, stale: false },
                    Act::Stop => Happens::Stop,
                    Act::SheetTaken => Happens::SheetTaken,
                }
            }
            Happens::Served { which } => {
                let asked = self.asked();
                if asked.is_empty() { Happens::Silence { secs: 1 } } else { asked[which % asked.len()].clone() }
            }
            other => other.clone(),
        }
    }

    /// What somebody has been asked for and may answer now.
    fn asked(&self) -> Vec<Happens> {
        let mut asked = Vec::new();
        match self.booth.session().screen() {
            Screen::Countdown(c) if c.fired() => asked.push(Happens::Photo { take: c.sitting().take(), fails: false }),
            Screen::Choosing(c) if c.offers().is_empty() => {
                asked.push(Happens::Styles { take: c.sitting().take(), fails: false });
            }
            screen => {
                if screen.deletion().is_some_and(|deletion| !deletion.is_done()) {
                    asked.push(Happens::Wiped { ok: true, stale: false });
                }
            }
        }
        let news = |news: RunNews| Happens::News { run: 0, news };
        match self.booth.desk().table().map(DrawingJob::state) {
            Some(JobState::Preparing(_)) => asked.push(Happens::Facts { run: 0, good: true }),
            Some(JobState::Drawing(_)) => {
                asked.push(news(RunNews::Confirmed { strokes: 9, secs_left: 60 }));
                asked.push(news(RunNews::Confirmed { strokes: 30, secs_left: 20 }));
                asked.push(news(RunNews::AllDrawn));
                asked.push(news(RunNews::LineRefused));
                asked.push(Happens::Robot(MachineEvent::Reported(Report::Holding)));
            }
            Some(JobState::Pausing { .. }) => asked.push(news(RunNews::Held)),
            Some(JobState::Resuming { told: true, .. }) => asked.push(news(RunNews::GoesOn)),
            Some(JobState::Finishing(_)) => asked.push(news(RunNews::Parked)),
            Some(JobState::Stopping(_)) => asked.push(news(RunNews::Ended)),
            Some(JobState::Drawn { .. }) => asked.push(Happens::SheetTaken),
            Some(JobState::Interrupted { .. }) => asked.push(Happens::Staff(StaffPress::Resume)),
            _ => {}
        }
        if self.booth.conditions().paper != Paper::Fresh && self.booth.desk().table().is_none() {
            asked.push(Happens::Staff(StaffPress::SheetLoaded { left: None }));
        }
        let robot = match self.booth.machine() {
            Machine::Absent => Some(MachineEvent::PortFound),
            Machine::Connecting => Some(MachineEvent::PortOpened),
            Machine::Identifying => Some(MachineEvent::Greeted),
            Machine::Homing => Some(MachineEvent::Rests),
            Machine::Latched(latched) if latched.is_checking() => Some(MachineEvent::Verified(true)),
            _ => None,
        };
        asked.extend(robot.map(Happens::Robot));
        match self.booth.machine() {
            Machine::Unhomed => asked.push(Happens::Staff(StaffPress::Home)),
            Machine::Latched(_) => asked.push(Happens::Staff(StaffPress::Acknowledge)),
            _ => {}
        }
        asked
    }

    /// Lets it happen; gives the commands that came of it.
    pub(super) fn let_happen(&mut self, happens: &Happens, stale: SessionId) -> Vec<Command> {
        let session = self.booth.session().id().unwrap_or(stale);
        let table = self.booth.desk().table();
        let job = table.map_or(JobId::first(1), DrawingJob::id);
        // Runs counted back from the one that is current: 0 is it, 1 is stale.
        let run = |back: u16| table.map_or(0, |job| job.record().run.saturating_sub(back));
        let event = match happens {
            Happens::Offered { .. } | Happens::Served { .. } => unreachable!("they have been said plainly"),
            Happens::Touch => Event::Touch { language: None },
            Happens::Press { press, stale: true } => {
                Event::Session(SessionEvent::Press { session: stale, press: *press })
            }
            Happens::Press { press, .. } => Event::Session(SessionEvent::Press { session, press: *press }),
            Happens::Photo { take, fails } => {
                let result = if *fails { Err(FaultCode::NoFace) } else { Ok(()) };
                Event::Session(SessionEvent::Burst { session, take: *take, result })
            }
            Happens::Sent { stale: old } => {
                Event::Session(SessionEvent::Sent { session: if *old { stale } else { session } })
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

    /// Whose wipe the start asked for: a session of the past.
    pub(super) fn session_of_the_start(&self) -> SessionId {
        self.wipes()[0].session()
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

fn is_aside(act: &Act) -> bool {
    matches!(act, Act::Stop | Act::Press(Press::Language { .. } | Press::Cancel | Press::MoreTime | Press::PassOn))
        || matches!(act, Act::Touch { language: Some(_) })
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
        prop_assert_eq!(
            (job.id(), job.confirmed(), job.record().sheet),
            (old.id(), old.confirmed(), old.record().sheet)
        );
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
        let mut evening = Evening::with_links();
        let stale = evening.session_of_the_start();
        let mut drawn = Vec::new();
        for happens in &story {
            let before = evening.booth.clone();
            let happens = &evening.plainly(happens);
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
        let mut evening = Evening::with_links();
        let stale = evening.session_of_the_start();
        for happens in &story {
            let happens = evening.plainly(happens);
            evening.let_happen(&happens, stale);
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

#[test]
fn the_random_evenings_get_everywhere() {
    // What is never reached is never proved.
    let (mut screens, mut stages, mut robots) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut chance = TestRunner::deterministic();
    let stories = proptest::collection::vec(happens(), 100..160);
    for _ in 0..400 {
        let story = stories.new_tree(&mut chance).expect("a story").current();
        let mut evening = Evening::with_links();
        let stale = evening.session_of_the_start();
        for happens in &story {
            let happens = evening.plainly(happens);
            for command in evening.let_happen(&happens, stale) {
                if let Command::Job(JobCommand::Journal(record)) = command {
                    stages.insert(serde_json::to_string(&record.stage).unwrap());
                }
            }
            screens.insert(evening.screen());
            robots.insert(evening.booth.machine().name());
        }
    }
    // All thirteen screens; all states of a drawing but the first, which lasts no step; all of the robot.
    assert_eq!((screens.len(), stages.len(), robots.len()), (13, 14, 13), "{screens:?} {stages:?} {robots:?}");
}
