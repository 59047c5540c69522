//! Proofs of the drawing's machine: what draws once, what never draws, and what is offered after a crash.

use proptest::prelude::*;

use super::*;
use crate::kiosk::ids::Operator;
use crate::kiosk::journal::PlanChecksum;

const CONFIG: fn() -> KioskConfig = KioskConfig::default;
const STROKES: u32 = 20;

fn staff() -> Operator {
    Operator::vouched()
}

fn visitor() -> Person {
    Person::Visitor(SessionId::first(1))
}

fn start() -> JobEvent {
    JobEvent::Start { by: visitor(), sheet: 1 }
}

fn all_true() -> Facts {
    Facts { homed: true, paper: true, pen: true, door: true, chain: true, checksum: true, bounds: true, speed: true }
}

fn planned() -> DrawingJob {
    let session = SessionId::first(1);
    let plan = PlanSummary { checksum: PlanChecksum([7; 32]), strokes: STROKES, secs: 120 };
    DrawingJob::new(JobId::first(1), session.into(), Some(session), plan)
}

/// The job after `events`, one a second, and all commands.
fn after(mut job: DrawingJob, events: &[JobEvent]) -> (DrawingJob, Vec<JobCommand>) {
    let mut all = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let commands;
        (job, commands) = job.step(*event, Duration::from_secs(at as u64), &CONFIG());
        all.extend(commands);
    }
    (job, all)
}

fn drawing() -> DrawingJob {
    use JobEvent::*;
    let facts = Facts { run: 1, facts: all_true() };
    after(planned(), &[Queue, start(), facts, Tick, Tick]).0
}

fn news(news: RunNews) -> JobEvent {
    JobEvent::News { run: 1, news }
}

#[test]
fn a_start_is_proved_announced_and_drawn_and_each_step_is_journalled_first() {
    use JobEvent::*;
    let facts = Facts { run: 1, facts: all_true() };
    let (job, commands) = after(planned(), &[Queue, start(), facts, Tick, Tick]);
    let names: Vec<String> = commands
        .iter()
        .map(|command| match command {
            JobCommand::Journal(record) => format!("{:?} {}", record.stage, record.run),
            other => format!("{other:?}").split(' ').next().unwrap_or_default().to_owned(),
        })
        .collect();
    // The second record of preparing names the sheet, which is known to lie there only then.
    assert_eq!(names, ["Queued 0", "Preparing 1", "Prove", "Preparing 1", "Announce", "Drawing 1", "Draw"]);
    assert_eq!(job.state().stage(), Stage::Drawing);
    let late = [RunNews::Confirmed { strokes: 7, secs_left: 60 }, RunNews::Confirmed { strokes: 3, secs_left: 80 }];
    assert_eq!(after(job.clone(), &late.map(news)).0.confirmed(), 7, "ink does not go back");
    let told = [RunNews::Confirmed { strokes: 7, secs_left: 60 }, RunNews::AllDrawn, RunNews::Parked];
    let (job, _) = after(job, &told.map(news));
    assert_eq!((job.state().stage(), job.confirmed()), (Stage::Drawn, STROKES));
    let (_, commands) = job.clone().step(JobEvent::Tick, secs(4000), &CONFIG());
    assert_eq!(commands, [JobCommand::Erase { job: job.id() }], "strokes do not wait for ever to be fetched");
    let (job, commands) = after(job, &[Taken, Taken]);
    assert_eq!(job.state(), &JobState::Collected);
    let erased = commands.iter().filter(|command| matches!(command, JobCommand::Erase { .. })).count();
    assert_eq!(erased, 1, "its strokes go with its sheet");
}

#[test]
fn every_gap_in_the_checklist_refuses_and_a_person_must_start_again() {
    use JobEvent::*;
    for check in Check::ALL {
        let mut facts = all_true();
        match check {
            Check::Homed => facts.homed = false,
            Check::Paper => facts.paper = false,
            Check::Pen => facts.pen = false,
            Check::Door => facts.door = false,
            Check::Chain => facts.chain = false,
            Check::Checksum => facts.checksum = false,
            Check::Bounds => facts.bounds = false,
            Check::Speed => facts.speed = false,
        }
        // While it is asked, and again while it is announced.
        for early in [true, false] {
            let first = Facts { run: 1, facts: if early { facts } else { all_true() } };
            let events = [Queue, start(), first, Facts { run: 1, facts }];
            let (job, _) = after(planned(), &events);
            let (job, commands) = after(job, &[Facts { run: 1, facts: all_true() }, Tick, Tick, Tick]);
            assert_eq!(commands, [], "{check:?}: what comes true later starts nothing");
            match job.state() {
                JobState::Queued { refused, .. } => assert_eq!(refused, &[Refusal::Missing(check)]),
                state => {
                    assert_eq!(state, &JobState::Failed(FaultCode::PlanBounds));
                    assert!(check.condemns_the_plan(), "{check:?}");
                }
            }
        }
    }
}

#[test]
fn a_stop_holds_at_once_and_its_visitor_has_ten_seconds() {
    let (job, commands) = drawing().step(JobEvent::Stop, secs(20), &CONFIG());
    assert!(matches!(commands[0], JobCommand::Hold { .. }), "before the journal: {commands:?}");
    assert_eq!(job.state().stage(), Stage::Pausing, "paused is told only by the robot");
    let (job, _) = job.step(news(RunNews::Held), secs(21), &CONFIG());
    assert!(job.may_continue(visitor(), secs(30), &CONFIG()));
    assert!(!job.may_continue(visitor(), secs(31), &CONFIG()), "ten seconds");
    assert!(!job.may_continue(Person::Visitor(SessionId::first(1).next()), secs(22), &CONFIG()), "another visitor");
    assert!(job.may_continue(Person::Operator(staff()), secs(9999), &CONFIG()));
    let go = JobEvent::Continue { by: visitor(), possible: true };
    let (job, commands) = job.step(go, secs(25), &CONFIG());
    assert!(matches!(commands.last(), Some(JobCommand::Continue { .. })));
    let (job, _) = job.step(news(RunNews::GoesOn), secs(26), &CONFIG());
    assert_eq!(job.state().stage(), Stage::Drawing);
}

#[test]
fn a_stop_takes_nobody_elses_pause_away() {
    use JobEvent::*;
    for first in [Pause(staff()), Fault(FaultCode::PaperMoved)] {
        let events = [first, Stop, news(RunNews::Held), Stop];
        let (job, _) = after(drawing(), &events);
        assert_eq!(job.state().stage(), Stage::Paused);
        assert!(!job.may_continue(visitor(), secs(4), &CONFIG()), "{first:?}");
    }
}

#[test]
fn interrupted_drawings_are_resumed_by_the_staff_at_the_first_unconfirmed_stroke() {
    use JobEvent::*;
    let told = news(RunNews::Confirmed { strokes: 12, secs_left: 40 });
    let (job, _) = after(drawing(), &[told, Fault(FaultCode::LinkLost)]);
    assert_eq!(job.state().stage(), Stage::Interrupted);
    let (same, commands) = after(job.clone(), &[start(), Tick, Cancel(visitor()), VisitorGone]);
    assert_eq!((same.state(), commands), (job.state(), vec![]), "nothing but the staff moves it");
    let again = |event: JobEvent| {
        let facts = Facts { run: 2, facts: all_true() };
        after(job.clone(), &[event, facts, Tick, Tick]).1.into_iter().find_map(|command| match command {
            JobCommand::Draw { from_stroke, run, .. } => Some((from_stroke, run)),
            _ => None,
        })
    };
    assert_eq!(again(Resume(staff())), Some((12, 2)));
    assert_eq!(again(StartAgain { by: staff(), sheet: 2 }), Some((0, 2)));
}

#[test]
fn interrupted_on_the_way_back_a_drawing_is_whole_once_the_staff_says_so() {
    use JobEvent::*;
    let (job, _) = after(drawing(), &[news(RunNews::AllDrawn), Fault(FaultCode::LinkLost)]);
    assert_eq!((job.state().stage(), job.confirmed()), (Stage::Interrupted, STROKES));
    let (job, commands) = after(job, &[Tick, Resume(staff())]);
    assert_eq!((job.state().stage(), job.secs_left()), (Stage::Drawn, 0));
    assert!(commands.iter().all(|command| matches!(command, JobCommand::Journal(_))), "nothing moves: {commands:?}");
}

#[test]
fn a_restart_moves_nothing_and_offers_what_was_confirmed() {
    let (job, _) = after(drawing(), &[news(RunNews::Confirmed { strokes: 12, secs_left: 40 })]);
    let recovered = DrawingJob::recovered(&job.record(), FaultCode::Crash, secs(0));
    assert_eq!(recovered.state().stage(), Stage::Interrupted);
    assert_eq!((recovered.confirmed(), recovered.session()), (12, None));
    let (queued, _) = after(planned(), &[JobEvent::Queue]);
    assert_eq!(DrawingJob::recovered(&queued.record(), FaultCode::Crash, secs(0)).state(), &JobState::Expired);
    let (_, commands) = recovered.step(JobEvent::Tick, secs(43_200), &CONFIG());
    assert!(matches!(commands.last(), Some(JobCommand::Erase { .. })), "strokes do not stay for ever");
}

fn events() -> impl Strategy<Value = JobEvent> {
    let person =
        prop_oneof![Just(visitor()), Just(Person::Visitor(SessionId::first(9))), Just(Person::Operator(staff()))];
    let run = 0..4_u16;
    let facts = prop_oneof![4 => Just(all_true()), 1 => Just(Facts { door: false, ..all_true() })];
    let told = prop_oneof![
        (0..30_u32).prop_map(|strokes| RunNews::Confirmed { strokes, secs_left: 9 }),
        Just(RunNews::Held),
        Just(RunNews::GoesOn),
        Just(RunNews::AllDrawn),
        Just(RunNews::Parked),
        Just(RunNews::Ended),
        Just(RunNews::LineRefused),
    ];
    let code = proptest::sample::select(FaultCode::ALL.to_vec());
    prop_oneof![
        1 => Just(JobEvent::Queue),
        4 => person.clone().prop_map(|by| JobEvent::Start { by, sheet: 1 }),
        4 => (run.clone(), facts).prop_map(|(run, facts)| JobEvent::Facts { run, facts }),
        4 => Just(JobEvent::Tick),
        8 => (run, told).prop_map(|(run, news)| JobEvent::News { run, news }),
        1 => Just(JobEvent::Stop),
        1 => Just(JobEvent::Pause(staff())),
        1 => code.prop_map(JobEvent::Fault),
        1 => (person.clone(), any::<bool>()).prop_map(|(by, possible)| JobEvent::Continue { by, possible }),
        1 => any::<bool>().prop_map(JobEvent::Possible),
        1 => person.prop_map(JobEvent::Cancel),
        1 => Just(JobEvent::VisitorGone),
        1 => Just(JobEvent::Resume(staff())),
        1 => Just(JobEvent::StartAgain { by: staff(), sheet: 2 }),
        1 => Just(JobEvent::Taken),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_each_run_is_proved_begun_once_and_never_past_an_unconfirmed_stroke(
        story in proptest::collection::vec((events(), 0..4_u64), 1..80)
    ) {
        let (mut job, mut now) = (planned(), Duration::ZERO);
        let (mut proven, mut begun, mut asked) = (None, 0, 0_u16);
        for (event, secs) in story {
            now += Duration::from_secs(secs);
            let (before, commands);
            before = job.clone();
            (job, commands) = job.step(event, now, &CONFIG());
            if let JobEvent::Facts { run, facts } = event {
                proven = (run == before.runs && prove(&facts).is_ok()).then_some(run).or(proven);
            }
            for command in &commands {
                match command {
                    JobCommand::Prove { .. } => {
                        let human = matches!(event, JobEvent::Start { .. } | JobEvent::Resume(_) | JobEvent::StartAgain { .. });
                        prop_assert!(human, "{event:?} started a run");
                        asked += 1;
                    }
                    JobCommand::Draw { run, from_stroke, .. } => {
                        prop_assert_eq!(proven, Some(*run), "a run without its proofs");
                        prop_assert!(*run > begun, "run {run} begun twice");
                        begun = *run;
                        prop_assert!(*from_stroke <= before.confirmed);
                    }
                    JobCommand::Continue { .. } => {
                        let human = matches!(event, JobEvent::Continue { .. } | JobEvent::Possible(true));
                        prop_assert!(human, "{event:?} let it go on");
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(asked, job.runs);
            if before.state.run().is_some() && event == JobEvent::Stop {
                prop_assert!(matches!(commands.first(), Some(JobCommand::Hold { .. })), "a stop without its hold");
            }
            if before.state.is_over() {
                prop_assert_eq!(&job.state, &before.state, "what is over stays over");
            }
            prop_assert!(job.confirmed <= STROKES);
            if job.record() != before.record() {
                let journalled = commands.iter().any(|command| *command == JobCommand::Journal(Box::new(job.record())));
                prop_assert!(journalled, "a state that a power cut would lose");
            }
        }
    }
}
