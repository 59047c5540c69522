//! What a person orders while a program is drawn: stop, hold, pause, go on. Any thread may give an order.
//!
//! A stop wins over everything and is never taken back; a hold wins over what was ordered before it. Of the others the
//! last one given counts: they are no queue.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;

use super::stop::Stop;

/// The switches that a person has at hand.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    stop: Stop,
    hold: Arc<AtomicBool>,
    last: Arc<AtomicU8>,
}

/// What may be ordered besides a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Rest as soon as the pen is up.
    Pause,
    /// Go on, after a pause or a hold.
    Resume,
    /// Pause what runs, go on with what is paused or held.
    PauseOrResume,
}

const NONE: u8 = 0;
const ALL: [(u8, Order); 3] = [(1, Order::Pause), (2, Order::Resume), (3, Order::PauseOrResume)];

impl Orders {
    /// Orders that obey this stop switch.
    pub fn new(stop: &Stop) -> Self {
        Self { stop: stop.clone(), hold: Arc::default(), last: Arc::default() }
    }

    /// The stop switch.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Holds the machine at once, wherever its pen is; [`Order::Resume`] lets it go on. An order that has not been taken
    /// yet is forgotten.
    pub fn hold(&self) {
        self.last.store(NONE, Ordering::SeqCst);
        self.hold.store(true, Ordering::SeqCst);
    }

    /// Whether a hold was asked for since this was last asked.
    pub(super) fn take_hold(&self) -> bool {
        self.hold.swap(false, Ordering::SeqCst)
    }

    /// Gives an order; one that has not been taken yet is forgotten.
    pub fn give(&self, order: Order) {
        let number = ALL.iter().find(|(_, of)| *of == order).map_or(NONE, |(number, _)| *number);
        self.last.store(number, Ordering::SeqCst);
    }

    /// The last order given since this was last asked.
    pub(super) fn take(&self) -> Option<Order> {
        let number = self.last.swap(NONE, Ordering::SeqCst);
        ALL.iter().find(|(of, _)| *of == number).map(|(_, order)| *order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_order_counts_once() {
        let orders = Orders::default();
        assert_eq!(orders.take(), None);
        orders.give(Order::Pause);
        orders.clone().give(Order::Resume);
        assert_eq!((orders.take(), orders.take()), (Some(Order::Resume), None));
    }

    #[test]
    fn a_hold_forgets_what_was_ordered_before_it() {
        let orders = Orders::default();
        orders.give(Order::Resume);
        orders.clone().hold();
        assert_eq!((orders.take_hold(), orders.take(), orders.take_hold()), (true, None, false));
    }

    #[test]
    fn the_stop_is_the_one_that_was_given() {
        let stop = Stop::default();
        let orders = Orders::new(&stop);
        stop.throw();
        assert!(orders.stop().is_thrown());
    }
}
