//! The stop switch: thrown once it asks for a stop in order, thrown twice for one at once. It never goes back.
//!
//! It is no message in a queue: the driver reads it before every write, so nothing can stand in front of it.

use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;

/// A switch that any thread may throw.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicU8>);

/// How a stop is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// Nobody asked.
    No,
    /// Slow down in order, so that the position stays known, then lift the pen.
    InOrder,
    /// Reset at once: the position is lost; the pen is lifted still.
    AtOnce,
}

impl Stop {
    /// Throws it; gives how often it has been thrown by now.
    pub fn throw(&self) -> u8 {
        // A person who leans on the key must not wrap it round.
        let before =
            self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |times| Some(times.saturating_add(1))).unwrap_or(0);
        before.saturating_add(1)
    }

    /// What is wanted.
    pub fn wanted(&self) -> Wanted {
        match self.0.load(Ordering::SeqCst) {
            0 => Wanted::No,
            1 => Wanted::InOrder,
            _ => Wanted::AtOnce,
        }
    }

    /// Whether anybody asked for a stop.
    pub fn is_thrown(&self) -> bool {
        self.wanted() != Wanted::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thrown_twice_is_at_once_and_never_goes_back() {
        let stop = Stop::default();
        assert_eq!(stop.wanted(), Wanted::No);
        assert_eq!((stop.throw(), stop.wanted()), (1, Wanted::InOrder));
        for _ in 0..1000 {
            stop.throw();
        }
        assert_eq!((stop.throw(), stop.wanted()), (255, Wanted::AtOnce));
    }
}
