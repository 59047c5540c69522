//! The driver on the simulated robot: looked at, drawn with, held, let go on, ended.

use std::sync::mpsc;

use super::*;
use crate::booth::drawing::tests::hatching;
use crate::booth::drawing::tests::robot;
use crate::kiosk::Report;
use crate::kiosk::RunNews;

const PATIENCE: Duration = Duration::from_secs(60);

struct Bench {
    drive: Drive,
    told: mpsc::Receiver<Told>,
}

fn bench(pace: Pace) -> Bench {
    let (tell, told) = mpsc::channel();
    let which = Which { profile: robot(), cable: Cable::Simulated(pace), pulse: Pulse::default() };
    let drive = Drive::start(which, move |news| drop(tell.send(news))).expect("a thread");
    let bench = Bench { drive, told };
    bench.until(|event| *event == Event::Machine(MachineEvent::Reported(Report::Idle)));
    bench
}

impl Bench {
    /// Everything that happens up to what `wanted` names, and that.
    fn until(&self, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            match self.told.recv_timeout(PATIENCE).expect("it comes in time") {
                Told::Happens(event) => {
                    let is = wanted(&event);
                    events.push(event);
                    if is {
                        return events;
                    }
                }
                Told::Progress(_) => {}
            }
        }
    }

    fn draw(&self, strokes: usize, from_stroke: u32) {
        let drawing = Arc::new(hatching(strokes));
        assert!(self.drive.handle().give(Order::Draw { job: JobId::first(1), run: 1, drawing, from_stroke }));
    }
}

fn news(event: &Event) -> Option<RunNews> {
    match event {
        Event::News { news, .. } => Some(*news),
        _ => None,
    }
}

#[test]
fn it_is_met_and_looked_at_and_nothing_moves() {
    let bench = bench(Pace::AtOnce);
    let (job, run) = (JobId::first(1), 1);
    let drawing = Some(Arc::new(hatching(3)));
    assert!(bench.drive.handle().give(Order::Prove { job, run, drawing }));
    let events = bench.until(|event| matches!(event, Event::Facts { .. }));
    let Some(Event::Facts { facts, .. }) = events.last() else { panic!("{events:?}") };
    let all = Facts {
        homed: true,
        paper: true,
        pen: true,
        door: true,
        chain: true,
        checksum: true,
        bounds: true,
        speed: true,
    };
    assert_eq!(*facts, all);
    assert!(bench.drive.handle().give(Order::Prove { job, run, drawing: None }));
    let events = bench.until(|event| matches!(event, Event::Facts { .. }));
    let lost = Facts { checksum: false, bounds: false, speed: false, ..all };
    assert_eq!(events.last(), Some(&Event::Facts { job, run, facts: lost }), "strokes that are lost are not drawn");
}

#[test]
fn a_drawing_is_drawn_to_its_end_and_the_rest_of_one_too() {
    let bench = bench(Pace::AtOnce);
    for from in [0, 9] {
        bench.draw(12, from);
        let events = bench.until(|event| news(event) == Some(RunNews::Parked));
        let counts: Vec<u32> = events
            .iter()
            .filter_map(|event| match news(event) {
                Some(RunNews::Confirmed { strokes, .. }) => Some(strokes),
                _ => None,
            })
            .collect();
        assert!(counts.is_sorted() && counts.iter().all(|n| (from..=12).contains(n)), "{counts:?}");
    }
}

#[test]
fn a_hold_stands_goes_on_and_ends_where_drawings_begin() {
    let bench = bench(Pace::REAL_TIME);
    let handle = bench.drive.handle();
    bench.draw(60, 0);
    bench.until(|event| matches!(news(event), Some(RunNews::Confirmed { strokes: 1.., .. })));
    let pressed = Instant::now();
    handle.hold();
    bench.until(|event| news(event) == Some(RunNews::Held));
    assert!(pressed.elapsed() < Duration::from_secs(10), "{:?}", pressed.elapsed());
    handle.go_on();
    bench.until(|event| news(event) == Some(RunNews::GoesOn));
    handle.end_drawing();
    bench.until(|event| news(event) == Some(RunNews::Ended));
    handle.give(Order::Prove { job: JobId::first(1), run: 2, drawing: None });
    let events = bench.until(|event| matches!(event, Event::Facts { .. }));
    assert!(matches!(events.last(), Some(Event::Facts { facts, .. }) if facts.homed), "{events:?}");
}

#[test]
fn a_hold_while_nothing_moves_leaves_nothing_held() {
    let bench = bench(Pace::AtOnce);
    bench.drive.handle().hold();
    // The reset is over when the next order is done.
    bench.drive.handle().give(Order::Verify);
    let events = bench.until(|event| matches!(event, Event::Machine(MachineEvent::Verified(_))));
    assert_eq!(events.last(), Some(&Event::Machine(MachineEvent::Verified(true))));
    bench.draw(3, 0);
    bench.until(|event| news(event) == Some(RunNews::Parked));
}

#[test]
fn whoever_is_at_the_cable_is_only_asked() {
    use std::io::Read;
    let master = rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY).expect("a pty");
    rustix::pty::grantpt(&master).expect("granted");
    rustix::pty::unlockpt(&master).expect("unlocked");
    let path = rustix::pty::ptsname(&master, Vec::new()).expect("a name").into_string().expect("text");
    let which = Which { profile: robot(), cable: Cable::Serial(path), pulse: Pulse::default() };
    let drive = Drive::start(which, |_| {}).expect("a thread");
    let (tell, told) = mpsc::channel();
    let mut cable = std::fs::File::from(master);
    thread::spawn(move || {
        let mut byte = [0];
        while cable.read_exact(&mut byte).is_ok() && tell.send(byte[0]).is_ok() {}
    });
    drive.handle().hold();
    let first = told.recv_timeout(PATIENCE).expect("it asks");
    assert_eq!(first, b'?', "the first byte asks");
    let until = Instant::now() + Duration::from_secs(8);
    while let Ok(byte) = told.recv_timeout(until.saturating_duration_since(Instant::now())) {
        assert!(matches!(byte, b'?' | b'!' | b'\n' | 0x18), "{byte:#x} could move it");
    }
}
