//! One run of the pen: the rest of a drawing streamed to the robot, and what is told of it.
//!
//! Strokes count as drawn when the machine has been where they end, never when they were sent. A hold is told when the
//! machine says that it stands. After an end that a person ordered the pen is lifted and goes back to where drawings
//! begin; after a failure nothing is sent any more.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use firmware_protocol::reply::Status;
use firmware_protocol::sender::Failure;

use super::Doing;
use super::Told;
use super::Worker;
use super::attend::Robot;
use super::attend::report;
use crate::kiosk::Event;
use crate::kiosk::JobId;
use crate::kiosk::MachineEvent;
use crate::kiosk::Report;
use crate::kiosk::RunNews;
use crate::robot;
use crate::robot::ConnectError;
use crate::robot::Job;
use crate::robot::News;
use crate::robot::Orders;
use crate::robot::Place;
use crate::robot::Stop;
use crate::robot::Talk;
use crate::robot::Why;

use super::super::drawing::Drawing;
use super::super::drawing::Rest;

/// The pen's place is told so often at the most.
const TELL_EVERY: Duration = Duration::from_millis(120);
/// The way back to where drawings begin is over by then.
const MOVE: Duration = Duration::from_secs(120);
/// Any other answer.
const ANSWER: Duration = Duration::from_secs(5);

/// What has been told of a run.
struct Telling<'a> {
    worker: &'a Worker,
    job: JobId,
    run: u16,
    drawing: &'a Drawing,
    rest: &'a Rest,
    confirmed: Option<u32>,
    at: Instant,
    report: Option<Report>,
    /// It was let go on, and no report has shown that it does.
    let_go: bool,
    done: bool,
}

impl Worker {
    pub(super) fn draw(
        &mut self,
        robot: &mut Robot,
        job: JobId,
        run: u16,
        drawing: &Arc<Drawing>,
        from_stroke: u32,
    ) -> Result<(), MachineEvent> {
        let news = |news: RunNews| self.happens(Event::News { job, run, news });
        let Ok(rest) = drawing.from_stroke(from_stroke) else {
            news(RunNews::LineRefused);
            return Ok(());
        };
        let orders = Orders::default();
        self.now_doing(Doing::Drawing(orders.clone()));
        if self.switches.hold.swap(false, Ordering::SeqCst) {
            orders.hold();
        }
        if self.ends() {
            orders.stop().throw();
        }
        let mut telling = Telling {
            worker: self,
            job,
            run,
            drawing,
            rest: &rest,
            confirmed: None,
            at: Instant::now(),
            report: None,
            let_go: false,
            done: false,
        };
        let program = Job::new(rest.lines(), &self.which.profile);
        let ended = robot::stream(robot.port.as_mut(), program, robot.sender, &orders, &mut |news| telling.hear(news));
        self.now_doing(Doing::Nothing);
        self.switches.verify.store(false, Ordering::SeqCst);
        match ended {
            Ok(ended) if ended.finished => {
                news(RunNews::AllDrawn);
                news(RunNews::Parked);
            }
            Ok(ended) => {
                let place = ended.place;
                news(RunNews::Confirmed { strokes: rest.confirmed(&place), secs_left: rest.secs_left(&place) });
                // A program that ends moves nothing more.
                let back = if ended.position_kept && !self.ends() { self.go_back(robot) } else { Err(()) };
                news(RunNews::Ended);
                if back.is_err() {
                    self.machine(MachineEvent::Greeted);
                }
            }
            Err(broken) => {
                let place = broken.place;
                news(RunNews::Confirmed { strokes: rest.confirmed(&place), secs_left: rest.secs_left(&place) });
                match broken.why {
                    Why::Port(_) => return Err(MachineEvent::LinkLost),
                    Why::Firmware(Failure::Refused { .. }) => news(RunNews::LineRefused),
                    Why::Firmware(Failure::Alarm { code }) => self.machine(MachineEvent::Alarm(code)),
                    Why::Firmware(Failure::Locked) => self.machine(MachineEvent::Reported(Report::Alarm)),
                    Why::Firmware(Failure::Restarted) => self.machine(MachineEvent::Greeted),
                    Why::Firmware(_) => self.machine(MachineEvent::Stalled),
                }
            }
        }
        Ok(())
    }

    /// Goes back to where drawings begin, its pen lifted.
    fn go_back(&self, robot: &mut Robot) -> Result<(), ()> {
        let stop = Stop::default();
        self.now_doing(Doing::Homing(stop.clone()));
        let profile = &self.which.profile;
        let mut talk = Talk::new(robot.port.as_mut(), &stop);
        let mut go = || -> Result<(), ConnectError> {
            for line in robot::parting(profile) {
                talk.ask(&line, ANSWER)?;
            }
            talk.at_rest(MOVE)?;
            talk.ask(&format!("$J=G90G21X0Y0F{:.0}", profile.feed_mm_min()), ANSWER)?;
            talk.at_rest(MOVE).map(drop)
        };
        let gone = go();
        self.now_doing(Doing::Nothing);
        gone.map_err(drop)
    }
}

impl Telling<'_> {
    fn hear(&mut self, news: News) {
        match news {
            News::At(place, status) => self.place(place, status),
            News::Paused { .. } => self.news(RunNews::Held),
            // A report from before may still say that it is held: only a change is news.
            News::GoingOn => {
                self.let_go = true;
                self.news(RunNews::GoesOn);
            }
            News::Held(_) if self.let_go => {
                self.let_go = false;
                self.news(RunNews::Held);
            }
            // Told by the report itself, once it stands.
            News::Held(_) | News::Pausing { .. } => {}
        }
    }

    fn place(&mut self, place: &Place, status: &Status) {
        let is = report(status);
        if self.worker.switches.verify.swap(false, Ordering::SeqCst) {
            let well = matches!(is, Report::Idle | Report::Held | Report::Door { closed: true });
            self.worker.machine(MachineEvent::Verified(well));
        }
        if self.report != Some(is) {
            (self.report, self.let_go) = (Some(is), false);
            match is {
                Report::Held => self.news(RunNews::Held),
                Report::Door { closed } => {
                    if !closed {
                        self.worker.machine(MachineEvent::DoorOpened);
                    }
                    self.news(RunNews::Held);
                }
                Report::Holding => self.worker.machine(MachineEvent::Reported(Report::Holding)),
                Report::Idle | Report::Run | Report::Home | Report::Alarm => {}
            }
        }
        let confirmed = self.rest.confirmed(place);
        if self.at.elapsed() < TELL_EVERY {
            return;
        }
        self.at = Instant::now();
        if self.confirmed != Some(confirmed) {
            self.confirmed = Some(confirmed);
            self.news(RunNews::Confirmed { strokes: confirmed, secs_left: self.rest.secs_left(place) });
            if confirmed == self.drawing.summary().strokes && !self.done {
                self.done = true;
                self.news(RunNews::AllDrawn);
            }
        }
        let progress = self.rest.progress(self.drawing, place, is == Report::Run);
        (self.worker.tell)(Told::Progress(progress));
    }

    fn news(&self, news: RunNews) {
        self.worker.happens(Event::News { job: self.job, run: self.run, news });
    }
}
