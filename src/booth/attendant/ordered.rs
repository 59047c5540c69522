//! Orders without a screen, in the loop: one at a time its photo is made into a drawing, and that is put on the desk.
//!
//! An order's turn comes only when a visitor could be asked in: the same list of reasons gates both. Its photo is taken
//! or read by the sitter's process, which is ended before the pen moves; only strokes come back. The start is pressed for
//! whoever opened the house and said where the pen stands; what is refused is pressed again when the house is in order.

use std::mem;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Attendant;
use crate::booth::orders::OrderState;
use crate::booth::orders::PhotoFrom;
use crate::booth::sitter::Says;
use crate::booth::sitter::Told;
use crate::kiosk::CameraHealth;
use crate::kiosk::Event;
use crate::kiosk::FaultCode;
use crate::kiosk::JobId;
use crate::kiosk::JobResult;
use crate::kiosk::JobState;
use crate::kiosk::Machine;
use crate::kiosk::Operator;
use crate::kiosk::OrderKey;
use crate::kiosk::Paper;
use crate::kiosk::Placed;
use crate::kiosk::StaffPress;

/// A photo has become a drawing by then, or it never does.
const WITHIN: Duration = Duration::from_secs(180);
/// The photo of an order; a process makes one only.
const TAKE: u8 = 1;

/// An order whose photo is being made into a drawing.
#[derive(Debug)]
pub(super) struct Making {
    key: OrderKey,
    until: Duration,
    /// The camera is open and has sent nothing yet.
    opens: bool,
}

impl Attendant {
    /// Looks after the orders, once a second and whenever something has changed.
    pub(super) fn tend_orders(&mut self) {
        let now = self.now();
        if let Some(making) = &self.state.making {
            if now >= making.until {
                self.give_up(FaultCode::ModelSlow);
            }
            return;
        }
        let clean = self.state.ending.load(Ordering::SeqCst) == 0;
        if clean && self.booth.desk().table().is_none() && self.booth.reasons(now).is_empty() {
            self.take_turn(now);
        } else {
            self.press_start();
        }
    }

    fn take_turn(&mut self, now: Duration) {
        let Some(order) = self.orders.next() else { return };
        let (told, opens) = match order.from {
            Some(PhotoFrom::File(path)) => (self.sitters.touch(&Told::Photo { take: TAKE, path }), false),
            Some(PhotoFrom::Camera) => {
                self.state.camera_open = true;
                self.hear(Event::Camera(CameraHealth::Open { last_frame: now }));
                (self.sitters.open(), true)
            }
            None => return,
        };
        self.state.offers.clear();
        self.state.making = Some(Making { key: order.key, until: now + WITHIN, opens });
        if told.is_err() {
            self.give_up(FaultCode::ModelFail);
        }
    }

    /// What the sitter's process says of an order's photo.
    pub(super) fn made(&mut self, says: Says) {
        let Some(making) = &mut self.state.making else { return };
        match says {
            Says::Frame { .. } if making.opens => {
                making.opens = false;
                if self.sitters.tell(&Told::Burst { take: TAKE }).is_err() {
                    self.give_up(FaultCode::CamLost);
                }
            }
            Says::Lost if making.opens => self.give_up(FaultCode::CamLost),
            Says::Burst { take: TAKE, result: Ok(()) } => self.draw_photo(),
            Says::Burst { result: Err(code), .. } | Says::Styles { result: Err(code), .. } => self.give_up(code),
            Says::Style { take: TAKE, style, plan } => self.keep_offer(style, plan),
            Says::Styles { take: TAKE, result: Ok(()) } => self.put_on_desk(),
            _ => {}
        }
    }

    fn draw_photo(&mut self) {
        if self.sitters.tell(&Told::Styles { take: TAKE }).is_err() {
            self.give_up(FaultCode::ModelFail);
        }
    }

    /// The order that is being made comes to nothing; whatever had its photo is ended.
    pub(super) fn give_up(&mut self, code: FaultCode) {
        let Some(making) = self.state.making.take() else { return };
        self.orders.change(&making.key, |order| order.fail(code));
        self.state.offers.clear();
        self.put_away();
    }

    /// The drawing is made: its photo is put away, its strokes lie on the desk.
    fn put_on_desk(&mut self) {
        let Some(making) = self.state.making.take() else { return };
        let made = mem::take(&mut self.state.offers).into_iter().next();
        self.put_away();
        let Some((_, drawing)) = made else {
            self.orders.change(&making.key, |order| order.fail(FaultCode::ModelFail));
            return;
        };
        let plan = drawing.summary();
        self.drawings.insert(plan.checksum, drawing.clone());
        let now = self.now();
        let (placed, commands) = self.booth.order(making.key.clone(), plan, now);
        self.orders.change(&making.key, |order| match placed {
            Placed::OnTable(job) | Placed::Waiting(job) => {
                (order.state, order.job) = (OrderState::Drawing, Some(job));
                (order.strokes, order.secs, order.drawing) = (plan.strokes, plan.secs, Some(drawing));
            }
            // Another program's order of this name is on paper, or somebody was quicker.
            Placed::Same(_) => order.state = OrderState::Cancelled,
            Placed::NoPlace => order.state = OrderState::Waiting,
        });
        self.obey(commands);
        self.press_start();
    }

    /// Ends the process that had the photo, and closes its camera with it.
    pub(super) fn put_away(&mut self) {
        if mem::take(&mut self.state.camera_open) {
            self.hear(Event::Camera(CameraHealth::Closed));
        }
        self.end_process(None);
    }

    /// Presses start for an order on the table, once all that its start needs is in order.
    fn press_start(&mut self) {
        let Some(job) = self.booth.desk().table() else { return };
        // What the checklist drew was started by a person, once.
        let ours = job.session().is_none() && self.state.trial != Some(job.id());
        let ours = ours && matches!(job.state(), JobState::Queued { .. });
        let conditions = self.booth.conditions();
        let ready = conditions.open && conditions.paper == Paper::Fresh && self.booth.machine() == Machine::Ready;
        if ours && ready {
            self.hear(Event::Staff { by: Operator::vouched(), press: StaffPress::Start });
        }
    }

    /// Writes into the orders' book how far their drawings have come.
    pub(super) fn follow_orders(&self) {
        let desk = self.booth.desk();
        self.orders.follow(|id, order| {
            let Some(job) = desk.table().into_iter().chain(desk.waiting()).find(|job| job.id() == id) else { return };
            let record = job.record();
            (order.state, order.code) = (OrderState::of(record.stage), record.code);
            (order.confirmed, order.strokes, order.secs) = (record.confirmed, record.strokes, record.plan_secs);
            if order.drawing.is_none() {
                order.drawing = self.drawings.get(&record.plan).cloned();
            }
            if order.state == OrderState::Drawn {
                order.finish();
            }
        });
    }

    /// A drawing has left the desk.
    pub(super) fn order_over(&self, job: JobId, result: JobResult) {
        self.orders.follow(|id, order| {
            if id != job {
                return;
            }
            order.drawing = order.drawing.take().filter(|_| result == JobResult::Completed);
            match result {
                JobResult::Completed => order.finish(),
                JobResult::Failed => order.state = OrderState::Failed,
                JobResult::Interrupted => order.state = OrderState::Interrupted,
                JobResult::Cancelled | JobResult::Expired => order.state = OrderState::Cancelled,
            }
        });
    }
}
