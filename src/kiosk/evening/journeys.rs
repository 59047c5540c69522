//! The journeys that must work, told step by step.

use super::*;

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
    let mut evening = after_a_power_cut(&record);
    assert_eq!(evening.done[0], Command::Machine(MachineCommand::Hold), "the first word to a robot is to hold");
    assert_eq!(evening.screen(), "closed");
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

/// A booth that was started again with `record` as its journal, and has met its robot.
fn after_a_power_cut(record: &Record) -> Evening {
    let now = Duration::from_secs(1);
    let records = [record.clone()];
    let (booth, done) = Booth::at_start(8, &records, FaultCode::Power, now, KioskConfig::default());
    let mut evening = Evening { booth, now, done };
    evening.answer_wipes(true);
    for event in [MachineEvent::PortFound, MachineEvent::PortOpened, MachineEvent::Greeted] {
        evening.hear(Event::Machine(event));
    }
    evening
}

#[test]
fn a_drawing_is_resumed_on_its_own_sheet_begun_again_on_a_new_one_and_no_refusal_loses_its_place() {
    for confirmed in [0, 41] {
        let mut before = Evening::open();
        before.begin();
        let record = Record { confirmed, ..before.booth.desk().table().expect("it draws").record() };
        let answered = |evening: &mut Evening, run| {
            let job = evening.job();
            evening.hear(Event::Facts { job, run, facts: good() });
            evening.wait(2);
            let begun = evening.done.iter().rev().find_map(|command| match command {
                Command::Job(JobCommand::Draw { from_stroke, run, .. }) => Some((*from_stroke, *run)),
                _ => None,
            });
            (
                begun.filter(|(_, begun)| *begun == run).map(|(from, _)| from),
                evening.booth.desk().table().unwrap().confirmed(),
            )
        };
        let homed = |record: &Record| {
            let mut evening = after_a_power_cut(record);
            evening.press_staff(StaffPress::Home);
            evening.hear(Event::Machine(MachineEvent::Rests));
            evening
        };
        let mut evening = homed(&record);
        evening.press_staff(StaffPress::StartAgain);
        assert_eq!(answered(&mut evening, 2), (None, confirmed), "no new sheet was loaded");
        evening.press_staff(StaffPress::Resume);
        assert_eq!(answered(&mut evening, 3), (Some(confirmed), confirmed), "its own sheet lies there");

        let mut evening = homed(&record);
        evening.press_staff(StaffPress::SheetLoaded { left: None });
        evening.press_staff(StaffPress::Resume);
        assert_eq!(answered(&mut evening, 2), (None, confirmed), "what was drawn is not on the new sheet");
        evening.press_staff(StaffPress::StartAgain);
        assert_eq!(answered(&mut evening, 3), (Some(0), 0));
    }
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

#[test]
fn what_a_stalled_computer_missed_is_made_up_for_in_order() {
    let mut evening = Evening::open();
    evening.hear(Event::Touch { language: None });
    evening.press(Press::Start);
    evening.press(Press::Yes);
    evening.press(Press::TakePhoto);
    evening.now += Duration::from_secs(40);
    let session = evening.session();
    let commands = evening.hear(Event::Session(SessionEvent::Press { session, press: Press::Touch }));
    let fires = |command: &Command| matches!(command, Command::Session(SessionCommand::TakeBurst { take: 1, .. }));
    assert!(commands.iter().any(fires), "the shutter was due before the touch");
    assert_eq!(evening.screen(), "countdown", "and the burst has its whole time");
    evening.wait(5);
    let view = evening.booth.view(evening.now).visitor;
    assert_eq!(view.notice.as_deref(), Some("One moment, the camera is waking up."));

    // A tap that comes after its screen has timed out finds the wipe.
    evening.now += Duration::from_secs(60);
    let commands = evening.hear(Event::Session(SessionEvent::Press { session, press: Press::TakePhoto }));
    assert_eq!(evening.screen(), "wiping");
    assert!(commands.contains(&Command::Session(SessionCommand::CountEnding { ending: Ending::TimedOut })));
}

#[test]
fn a_robot_sent_home_while_its_start_is_announced_does_not_draw() {
    let mut evening = Evening::open();
    evening.choose();
    evening.press(Press::Draw { offer: 0 });
    let (job, facts) = (evening.job(), good());
    evening.hear(Event::Facts { job, run: 1, facts });
    evening.press_staff(StaffPress::Home);
    evening.wait(30);
    assert_eq!((evening.draws(), evening.screen()), (0, "handover"));
    let notice = evening.booth.view(evening.now).visitor.notice;
    assert_eq!(notice.as_deref(), Some("The robot cannot start yet."));
}

#[test]
fn a_closed_door_is_read_in_ones_own_language_for_a_while() {
    let mut evening = Evening::closed(KioskConfig::default());
    let speaks = |evening: &Evening| (evening.screen(), evening.booth.view(evening.now).visitor.language);
    evening.press(Press::Language { language: Language::Arabic });
    assert_eq!(speaks(&evening), ("wiping", Language::Arabic));
    evening.answer_wipes(true);
    assert_eq!(speaks(&evening), ("closed", Language::English), "whoever stands there next");
    let begun = evening.hear(Event::Touch { language: Some(Language::French) });
    assert_eq!((begun, speaks(&evening)), (Vec::new(), ("closed", Language::French)));
    evening.wait(29);
    assert_eq!(speaks(&evening), ("closed", Language::French));
    assert_eq!(evening.booth.wake_at(evening.now), Some(evening.now + Duration::from_secs(1)));
    evening.wait(1);
    assert_eq!(speaks(&evening), ("closed", Language::English));
    evening.hear(Event::Touch { language: None });
    assert_eq!(speaks(&evening), ("closed", Language::English), "a touch that names none changes nothing");
}

#[test]
fn why_a_photo_did_not_come_about_stands_there_until_something_else_is_in_the_way() {
    let mut evening = Evening::open();
    evening.hear(Event::Touch { language: None });
    evening.press(Press::Start);
    evening.press(Press::Yes);
    evening.press(Press::TakePhoto);
    evening.wait(4);
    let session = evening.booth.session().id().expect("somebody is there");
    let result = Err(FaultCode::FaceTurned);
    evening.hear(Event::Session(SessionEvent::Burst { session, take: 1, result }));
    let notice = |evening: &Evening| evening.booth.view(evening.now).visitor.notice;
    let turned = notice(&evening);
    assert_eq!((evening.screen(), turned.is_some()), ("framing", true));
    let mut sees = |hint: Option<FaultCode>| {
        evening.hear(Event::Session(SessionEvent::Seen { session, hint }));
        notice(&evening)
    };
    assert_eq!(sees(None), turned, "the next good picture is no answer");
    let small = sees(Some(FaultCode::FaceSmall));
    assert!(small.is_some() && small != turned);
    assert_eq!(sees(None), None);
}
