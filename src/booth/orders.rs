//! Orders that come from no screen: a trigger's, a watched folder's; what is asked for, and how far each has come.
//!
//! The same key is the same order, however often it comes. At most [`MOST_WAITING`] wait; of those that are over the
//! newest [`MOST_KNOWN`] are remembered. A drawing's strokes are kept until whoever wants them has them, and for an order
//! that nobody fetches no longer than it lies on the desk. It holds no picture: of a photo it knows the file's path.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use serde::Serialize;
use utoipa::ToSchema;

use super::drawing::Drawing;
use crate::kiosk::FaultCode;
use crate::kiosk::JobId;
use crate::kiosk::OrderKey;
use crate::kiosk::Stage;

/// So many orders wait at the most; whoever comes then is told so.
const MOST_WAITING: usize = 256;
/// So many orders are remembered at the most: a long day, many times over.
const MOST_KNOWN: usize = 4096;

/// Where the photo comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhotoFrom {
    /// The camera, now.
    Camera,
    /// This file.
    File(PathBuf),
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderState {
    /// It waits for its turn.
    Waiting,
    /// The photo is taken or read, and drawn on screen.
    Making,
    /// The drawing lies on the desk: it is about to be drawn, drawn or held.
    Drawing,
    /// It broke off; the staff may resume it or throw it away.
    Interrupted,
    /// It is on paper.
    Drawn,
    /// It cannot be drawn.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

impl OrderState {
    /// Whether nothing more will come of it.
    pub fn is_over(self) -> bool {
        matches!(self, OrderState::Drawn | OrderState::Failed | OrderState::Cancelled)
    }

    /// What the stage of its drawing means for it.
    pub fn of(stage: Stage) -> Self {
        match stage {
            Stage::Planned
            | Stage::Queued
            | Stage::Preparing
            | Stage::Drawing
            | Stage::Pausing
            | Stage::Paused
            | Stage::Resuming
            | Stage::Finishing
            | Stage::Stopping => OrderState::Drawing,
            Stage::Drawn | Stage::Collected => OrderState::Drawn,
            Stage::Interrupted => OrderState::Interrupted,
            Stage::Failed => OrderState::Failed,
            Stage::Cancelled | Stage::Expired => OrderState::Cancelled,
        }
    }
}

/// One order.
#[derive(Debug, Clone)]
pub struct Order {
    /// What makes it the same.
    pub key: OrderKey,
    /// Where its photo comes from; unknown of those that an earlier program took.
    pub from: Option<PhotoFrom>,
    /// How far it has come.
    pub state: OrderState,
    /// Why it failed or broke off.
    pub code: Option<FaultCode>,
    /// Its drawing's name, once there is one.
    pub job: Option<JobId>,
    /// Strokes that are on the paper for certain.
    pub confirmed: u32,
    /// All strokes.
    pub strokes: u32,
    /// Seconds that the pen needs for all of it.
    pub secs: u32,
    /// Its drawing, as long as somebody wants it.
    pub drawing: Option<Arc<Drawing>>,
}

/// An order as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderView {
    /// What makes it the same.
    pub key: String,
    /// How far it has come.
    pub state: OrderState,
    /// Why it failed or broke off, as in the table of faults.
    pub code: Option<&'static str>,
    /// Strokes that are on the paper for certain.
    pub confirmed: u32,
    /// All strokes; 0 until they are known.
    pub strokes: u32,
    /// Seconds that the pen needs for all of it; 0 until that is known.
    pub secs: u32,
}

impl Order {
    fn new(key: OrderKey, from: Option<PhotoFrom>) -> Self {
        let state = OrderState::Waiting;
        Self { key, from, state, code: None, job: None, confirmed: 0, strokes: 0, secs: 0, drawing: None }
    }

    /// As it is told.
    pub fn view(&self) -> OrderView {
        let Self { state, confirmed, strokes, secs, .. } = *self;
        let code = self.code.map(|code| code.row().code);
        OrderView { key: self.key.clone().into(), state, code, confirmed, strokes, secs }
    }

    /// It is on paper. Only who has a folder for its strokes still wants them.
    pub fn finish(&mut self) {
        (self.state, self.confirmed) = (OrderState::Drawn, self.strokes);
        if !matches!(self.from, Some(PhotoFrom::File(_))) {
            self.drawing = None;
        }
    }

    /// It has come to nothing.
    pub fn fail(&mut self, code: FaultCode) {
        (self.state, self.code, self.drawing) = (OrderState::Failed, Some(code), None);
    }
}

/// What became of an order that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It waits.
    New(OrderView),
    /// It came before.
    Same(OrderView),
    /// Too many wait.
    Full,
}

/// All orders.
#[derive(Debug, Default)]
pub struct Book(Mutex<VecDeque<Order>>);

impl Book {
    /// Takes an order.
    pub fn take(&self, key: OrderKey, from: PhotoFrom) -> Taken {
        let mut orders = self.orders();
        if let Some(known) = orders.iter_mut().find(|order| order.key == key) {
            // Of one that an earlier program took the photo's place was not known.
            known.from.get_or_insert(from);
            return Taken::Same(known.view());
        }
        if orders.iter().filter(|order| order.state == OrderState::Waiting).count() >= MOST_WAITING {
            return Taken::Full;
        }
        let order = Order::new(key, Some(from));
        let view = order.view();
        remember(&mut orders, order);
        Taken::New(view)
    }

    /// Takes up an order whose drawing an earlier program left.
    pub fn restore(&self, key: OrderKey, job: JobId) {
        let mut order = Order::new(key, None);
        (order.state, order.job) = (OrderState::Interrupted, Some(job));
        remember(&mut self.orders(), order);
    }

    /// The first that waits: from now on it is being made.
    pub fn next(&self) -> Option<Order> {
        let mut orders = self.orders();
        let next = orders.iter_mut().find(|order| order.state == OrderState::Waiting)?;
        next.state = OrderState::Making;
        Some(next.clone())
    }

    /// Whether one waits or is being made.
    pub fn is_busy(&self) -> bool {
        self.orders().iter().any(|order| matches!(order.state, OrderState::Waiting | OrderState::Making))
    }

    /// Changes the order called `key`, if it is known.
    pub fn change(&self, key: &OrderKey, how: impl FnOnce(&mut Order)) {
        if let Some(order) = self.orders().iter_mut().find(|order| order.key == *key) {
            how(order);
        }
    }

    /// Changes every order that is not over and has a drawing.
    pub fn follow(&self, mut how: impl FnMut(JobId, &mut Order)) {
        for order in self.orders().iter_mut().filter(|order| !order.state.is_over()) {
            if let Some(job) = order.job {
                how(job, order);
            }
        }
    }

    /// The order called `key`.
    pub fn find(&self, key: &OrderKey) -> Option<Order> {
        self.orders().iter().find(|order| order.key == *key).cloned()
    }

    /// All that are known, the newest last.
    pub fn views(&self) -> Vec<OrderView> {
        self.orders().iter().map(Order::view).collect()
    }

    fn orders(&self) -> MutexGuard<'_, VecDeque<Order>> {
        // Nothing is left half-changed by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds `order`; the oldest that is over is forgotten for it.
fn remember(orders: &mut VecDeque<Order>, order: Order) {
    if orders.len() >= MOST_KNOWN
        && let Some(oldest) = orders.iter().position(|order| order.state.is_over())
    {
        orders.remove(oldest);
    }
    orders.push_back(order);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> OrderKey {
        OrderKey::try_from(text.to_owned()).expect("a key")
    }

    #[test]
    fn the_same_key_is_the_same_order_and_turns_are_taken() {
        let book = Book::default();
        assert!(matches!(book.take(key("a"), PhotoFrom::Camera), Taken::New(_)));
        assert!(matches!(book.take(key("b"), PhotoFrom::File("b.jpg".into())), Taken::New(_)));
        let first = book.next().expect("it waits");
        assert_eq!(first.key, key("a"));
        let Taken::Same(again) = book.take(key("a"), PhotoFrom::Camera) else { panic!("it came before") };
        assert_eq!(again.state, OrderState::Making);
        book.change(&key("a"), |order| order.fail(FaultCode::NoFace));
        let failed = book.find(&key("a")).expect("remembered").view();
        assert_eq!((failed.state, failed.code), (OrderState::Failed, Some("NO_FACE")));
        assert_eq!(book.next().map(|order| order.key), Some(key("b")));
        assert!(book.next().is_none(), "no turn twice");
    }

    #[test]
    fn too_many_are_refused_and_old_ones_forgotten() {
        let book = Book::default();
        for n in 0..MOST_WAITING {
            assert!(matches!(book.take(key(&format!("k{n}")), PhotoFrom::Camera), Taken::New(_)));
        }
        assert_eq!(book.take(key("one-more"), PhotoFrom::Camera), Taken::Full);
        while let Some(order) = book.next() {
            book.change(&order.key, |order| order.fail(FaultCode::NoFace));
        }
        for n in 0..MOST_KNOWN {
            book.take(key(&format!("l{n}")), PhotoFrom::Camera);
            let order = book.next().expect("it waits");
            book.change(&order.key, |order| order.fail(FaultCode::NoFace));
        }
        assert_eq!(book.views().len(), MOST_KNOWN);
        assert!(book.find(&key("k0")).is_none());
    }
}
