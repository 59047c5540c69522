//! Bad days through the whole room: whatever goes wrong with the cable or the machine, the drawing ends in a named state
//! with one clear sentence, tells the stroke at which it stood, never one that was not drawn, and lifts the pen last.

use std::time::Duration;

use super::tests::drawing;
use super::tests::job;
use super::tests::profile;
use super::*;
use crate::fault::Fault;

/// A port that remembers what was written.
struct Wire<'a> {
    robot: &'a mut Simulated,
    written: Vec<u8>,
}

impl Port for Wire<'_> {
    fn now(&self) -> Duration {
        self.robot.now()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.robot.write(bytes)?;
        self.written.extend_from_slice(bytes);
        Ok(())
    }

    fn read(&mut self, until: Duration) -> Result<Vec<u8>, PortError> {
        self.robot.read(until)
    }
}

/// How a day went.
struct Day {
    outcome: Result<Ended, Box<Broken>>,
    robot: Simulated,
    /// The last line that the wire carried.
    last_line: String,
    /// Strokes that the pen had begun when it was told where the drawing stood, and whether it was up then.
    inked: usize,
}

/// Draws nine strokes through `trouble`; a machine that is held goes on after `held_for` reports, or is given up.
fn draw(trouble: &str, seed: u64, give: &mut dyn FnMut(&News, &Orders)) -> Day {
    let robot = profile("servo");
    let (plan, program) = drawing(&robot, 8);
    let trouble = Trouble { seed, ..trouble.parse().expect("trouble") };
    let mut simulated = Simulated::in_trouble(&robot, Pace::AtOnce, &trouble);
    let mut wire = Wire { robot: &mut simulated, written: Vec::new() };
    let orders = Orders::default();
    let outcome = stream(&mut wire, job(&plan, &program), SenderConfig::default(), &orders, &mut |news| {
        give(&news, &orders);
    });
    let lines: Vec<u8> = wire.written.into_iter().filter(|byte| !matches!(byte, b'?' | b'!' | b'~' | 0x18)).collect();
    let text = String::from_utf8(lines).expect("ASCII");
    let last_line = text.lines().rfind(|line| !line.starts_with("G4")).unwrap_or_default().to_owned();
    let inked = simulated.ink(&robot, plan.sheet()).len();
    Day { outcome, robot: simulated, last_line, inked }
}

/// A person who resumes whatever is held.
fn resume(news: &News, orders: &Orders) {
    if matches!(news, News::Held(_)) {
        orders.give(Order::Resume);
    }
}

impl Day {
    /// Asserts what holds of every day; gives its sentence if it broke off.
    #[track_caller]
    fn check(&self, name: &str) -> Option<(Why, String)> {
        assert!(
            !self.robot.device().is_moving() || matches!(&self.outcome, Err(broken) if !broken.pen_lifted),
            "{name}"
        );
        match &self.outcome {
            Ok(ended) => {
                assert!(ended.place.pen_downs <= self.inked, "{name}: {ended:?}, {} inked", self.inked);
                None
            }
            Err(broken) => {
                let sentence = Fault::from(broken.clone()).to_string();
                assert!(broken.place.pen_downs <= self.inked, "{name}: {sentence}, {} inked", self.inked);
                let stood = sentence.contains("stroke ") || sentence.contains("nothing was drawn yet");
                assert!(stood && !sentence.contains('\n'), "{name}: {sentence}");
                if !matches!(broken.why, Why::Port(_)) {
                    assert_eq!(self.last_line, "M5", "{name}: {sentence}");
                }
                assert!(!broken.pen_lifted || self.robot.pen_is_up(), "{name}: {sentence}");
                Some((broken.why.clone(), sentence))
            }
        }
    }
}

#[test]
fn every_failure_that_users_report_is_named_with_its_stroke() {
    let rows: [(&str, &[&str]); 12] = [
        // Another program's line, in the midst of one of ours.
        ("line@6:G4P0.01", &["Unasked", "Refused"]),
        ("line@6:$J=G91X10F500", &["Unasked", "Refused"]),
        ("line@6:G1X1Y1F500", &["Unasked", "Refused", "Strayed"]),
        // An error of another's line, which is taken for ours.
        ("line@6:G99", &["Refused"]),
        ("restart@6", &["Restarted"]),
        ("restart@0.01", &["Restarted"]),
        ("line@6:$SLP", &["Asleep", "Refused", "Unasked"]),
        ("cut=900", &["Silent"]),
        ("cut=0", &["Silent"]),
        ("lost=1000000", &["Silent"]),
        ("delayed=20000,delay=6", &["Silent"]),
        ("gone@6", &["Gone"]),
    ];
    for (trouble, names) in rows {
        let day = draw(trouble, 1, &mut resume);
        let (why, sentence) = day.check(trouble).unwrap_or_else(|| panic!("{trouble} went well"));
        let why = format!("{why:?}");
        assert!(names.iter().any(|name| why.contains(name)), "{trouble}: {why}, {sentence}");
        println!("{trouble}: {sentence}");
    }
}

#[test]
fn no_bad_cable_makes_a_drawing_look_further_than_it_is() {
    let mut named = std::collections::BTreeMap::new();
    let mut finished = 0;
    for faults in
        ["lost=600", "doubled=900", "garbled=600", "delayed=3000,delay=0.4", "lost=200,doubled=300,garbled=300"]
    {
        for seed in 0..8 {
            let day = draw(faults, seed, &mut resume);
            match day.check(&format!("{faults} {seed}")) {
                Some((why, _)) => {
                    *named.entry(format!("{why:?}").split(' ').next().unwrap_or("").to_owned()).or_insert(0) += 1
                }
                None => finished += 1,
            }
        }
    }
    println!("{finished} finished, {named:?}");
    assert!(finished > 0 && named.len() > 3, "{finished} finished, {named:?}");
}

#[test]
fn a_hold_and_a_door_are_told_and_wait_for_a_person() {
    for (trouble, held) in [("hold@6", Held::Button { pressed: false }), ("door@6", Held::Door { open: false })] {
        let mut told = Vec::new();
        let day = draw(trouble, 0, &mut |news, orders| {
            match news {
                News::Held(by) => told.push(*by),
                News::At(_, status) if !told.is_empty() && status.pins == 0 => {
                    // After ten reports of waiting a person comes.
                    told.push(told[0]);
                    if told.len() == 10 {
                        orders.give(Order::Resume);
                    }
                }
                _ => {}
            }
        });
        assert!(day.check(trouble).is_none(), "{trouble}");
        assert!(matches!(told[0], Held::Door { .. }) == matches!(held, Held::Door { .. }), "{told:?}");
        // The door switches the spindle off: a servo pen is lifted and lowered again.
        assert!((9..=10).contains(&day.inked), "{}", day.inked);
    }
}

#[test]
fn a_pause_comes_at_the_end_of_a_stroke_and_everything_is_drawn_after_it() {
    for at in [1, 7, 15, 25, 35] {
        let (mut reports, mut paused, mut waited, mut places) = (0, None, 0, Vec::new());
        let day = draw("seed=0", 0, &mut |news, orders| match news {
            News::At(place, status) => {
                reports += 1;
                if reports == at {
                    orders.give(Order::PauseOrResume);
                }
                if paused.is_some() && waited < 20 {
                    waited += 1;
                    places.push((place.pen_downs, place.pen_down, status.machine_mm));
                    if waited == 20 {
                        orders.give(Order::PauseOrResume);
                    }
                }
            }
            News::Paused { after } => paused = Some(*after),
            _ => {}
        });
        assert!(day.check("pause").is_none());
        assert_eq!((day.inked, day.robot.pen_is_up()), (9, true));
        let paused = paused.expect("paused");
        assert!(places.iter().all(|place| *place == (paused, false, places[0].2)), "{places:?}");
    }
}

#[test]
fn every_ending_lifts_the_pen_last() {
    for throws in [1, 2] {
        for pause in [None, Some(Order::Pause)] {
            for at in [1, 10, 40, 41, 42, 43, 44, 60] {
                let mut reports = 0;
                let day = draw("seed=0", 0, &mut |news, orders| {
                    let News::At(..) = news else { return };
                    reports += 1;
                    if reports == at {
                        pause.into_iter().for_each(|order| orders.give(order));
                    }
                    // Paused in between, or not yet.
                    if reports == at + 8 {
                        for _ in 0..throws {
                            orders.stop().throw();
                        }
                    }
                });
                let ended = day.outcome.as_ref().expect("a sound cable");
                assert_eq!((ended.finished, ended.position_kept), (false, throws == 1), "{throws} {pause:?} {at}");
                assert_eq!(day.last_line, "M5");
                assert!(day.robot.pen_is_up() && !day.robot.device().is_moving());
                day.check("stop");
            }
        }
    }
}

#[test]
fn a_z_pen_is_up_when_a_stop_is_over() {
    let robot = profile("z");
    let (plan, program) = drawing(&robot, 8);
    for throws in [1, 2] {
        let mut simulated = Simulated::new(&robot, Pace::AtOnce);
        let orders = Orders::default();
        let ended = stream(&mut simulated, job(&plan, &program), SenderConfig::default(), &orders, &mut |news| {
            if matches!(news, News::At(place, _) if place.pen_down) && !orders.stop().is_thrown() {
                for _ in 0..throws {
                    orders.stop().throw();
                }
            }
        });
        assert!(!ended.expect("a sound cable").finished);
        if throws == 2 {
            simulated.read(simulated.now() + Duration::from_secs(2)).expect("there"); // the lift takes a moment
        }
        assert!(simulated.pen_is_up(), "{throws}");
    }
}
