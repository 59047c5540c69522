//! Who is connected: so many at once, so many from one address, and always room for one who comes with a request.
//!
//! When all places are taken the oldest connection goes whose answer has an end: it is idle, still telling its request, or
//! leaves its answer unread. Answers without end (events, pictures of the live view) keep their places; their number is
//! bounded where they begin. So nobody can keep a stop out by holding connections open. Refuses a connection beyond the
//! bound of its address, and any while every place has an endless answer.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio::sync::Notify;

use super::access::held;
use super::limits::Limits;

/// The connections there are.
#[derive(Debug, Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<Taken>>,
    most: usize,
    most_by_address: usize,
}

/// Connections by age.
#[derive(Debug, Default)]
struct Taken {
    by_age: BTreeMap<u64, Arc<Seat>>,
    next: u64,
}

#[derive(Debug)]
struct Seat {
    address: IpAddr,
    endless: AtomicBool,
    leave: Notify,
}

/// A connection's place, given back when it ends.
#[derive(Debug)]
pub(super) struct Place {
    age: u64,
    seat: Arc<Seat>,
    taken: Arc<Mutex<Taken>>,
}

impl Places {
    pub fn new(limits: &Limits) -> Self {
        Self { taken: Arc::default(), most: limits.connections, most_by_address: limits.connections_per_address }
    }

    /// A place for a connection from `address`, an older one's if need be.
    pub fn take(&self, address: IpAddr) -> Option<Place> {
        let mut taken = held(&self.taken);
        let here = taken.by_age.values().filter(|seat| seat.address == address).count();
        if here >= self.most_by_address && !address.is_loopback() {
            return None;
        }
        if taken.by_age.len() >= self.most {
            let oldest =
                taken.by_age.iter().find(|(_, seat)| !seat.endless.load(Ordering::Relaxed)).map(|(age, _)| *age)?;
            taken.by_age.remove(&oldest)?.leave.notify_one();
        }
        let age = taken.next;
        taken.next += 1;
        let seat = Arc::new(Seat { address, endless: AtomicBool::new(false), leave: Notify::new() });
        taken.by_age.insert(age, Arc::clone(&seat));
        Some(Place { age, seat, taken: Arc::clone(&self.taken) })
    }
}

impl Place {
    /// The answer under way has no end: nobody else gets the place.
    pub fn keep(&self) {
        self.seat.endless.store(true, Ordering::Relaxed);
    }

    /// Done when the place is another's.
    pub async fn lost(&self) {
        self.seat.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        held(&self.taken).by_age.remove(&self.age);
    }
}
