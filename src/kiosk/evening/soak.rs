//! Five hundred visitors with every kind of fault, through the machines alone, in virtual time.
//!
//! The same random happenings as in `random`, on one booth that is never started anew: what is lost, counted twice or
//! never let go in the long run is found here. Visitors' phones may send photos.

use std::collections::BTreeSet;

use proptest::strategy::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::random::happens;
use super::*;

/// Visitors who come.
const VISITORS: usize = 500;
/// They have all come by then.
const MOST_STEPS: usize = 400_000;

#[test]
fn five_hundred_visitors_are_wiped_and_every_drawing_is_accounted_for() {
    let mut evening = Evening::with_links();
    let stale = evening.session_of_the_start();
    let (mut chance, stories) = (TestRunner::deterministic(), happens());
    let (mut left, mut wiped, mut jobs, mut counted) = (0, 0, BTreeSet::new(), BTreeSet::new());
    for step in 0.. {
        if left >= VISITORS {
            break;
        }
        assert!(step < MOST_STEPS, "{left} visitors have come after {step} steps");
        let was_wiping = matches!(evening.booth.session().screen(), Screen::Wiping(_));
        let happens = evening.plainly(&stories.new_tree(&mut chance).expect("something").current());
        for command in evening.let_happen(&happens, stale) {
            match command {
                Command::Session(SessionCommand::CountEnding { .. }) => left += 1,
                Command::Job(JobCommand::Journal(record)) => drop(jobs.insert(record.job)),
                Command::CountDrawing { job, .. } => assert!(counted.insert(job), "{job} is counted twice"),
                _ => {}
            }
        }
        wiped += usize::from(was_wiping && matches!(evening.booth.session().screen(), Screen::Attract(_)));
        // What was done is needed no more, but for the start's wipe and those that may still be answered.
        if evening.done.len() > 4096 {
            evening.done.drain(2..2048);
        }
        if !evening.booth.conditions().open {
            evening.press_staff(StaffPress::Open);
        }
    }
    assert!(left - wiped <= 1, "{left} left, {wiped} are wiped");
    let on_desk: BTreeSet<JobId> = [evening.booth.desk().table(), evening.booth.desk().waiting()]
        .into_iter()
        .flatten()
        .map(DrawingJob::id)
        .collect();
    let open: BTreeSet<JobId> = jobs.difference(&counted).copied().collect();
    assert!(open.is_subset(&on_desk), "{open:?} are nowhere, {on_desk:?} lie on the desk");
    assert!(jobs.len() > VISITORS / 20, "only {} drawings were ordered", jobs.len());
}
