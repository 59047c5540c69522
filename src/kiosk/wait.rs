//! How long a screen waits for a person: a deadline that warns before it ends and that the person can put off.
//!
//! A wait lives inside the screen it belongs to and dies with it: there is no timer outside that could fire into the
//! next session. Units: `Duration` since the program's start, of a clock that never jumps.

use std::time::Duration;

use super::config::KioskConfig;
use super::config::secs;
use super::ids::SessionId;

/// When the machines want to be told the time again, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// Whose timer it is.
    pub session: SessionId,
    /// When.
    pub at: Duration,
}

/// The patience of one screen of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    session: SessionId,
    full: Duration,
    warning: Duration,
    ends: Duration,
    more_left: u8,
}

impl Wait {
    /// A wait of `length_secs` that begins now.
    pub(super) fn new(session: SessionId, length_secs: u32, config: &KioskConfig, now: Duration) -> Self {
        let full = secs(length_secs);
        Self { session, full, warning: secs(config.still_there_secs), ends: now + full, more_left: config.more_times }
    }

    /// Begins anew, if it may; whether it did.
    pub(super) fn more(&mut self, now: Duration) -> bool {
        let Some(left) = self.more_left.checked_sub(1) else { return false };
        self.more_left = left;
        self.ends = now + self.full;
        true
    }

    /// How often it may still be put off.
    pub fn more_left(&self) -> u8 {
        self.more_left
    }

    /// How long it still lasts.
    pub fn left(&self, now: Duration) -> Duration {
        self.ends.saturating_sub(now)
    }

    /// Whether "Still there?" is asked.
    pub fn warns(&self, now: Duration) -> bool {
        self.left(now) <= self.warning
    }

    /// Whether it is over.
    pub fn is_over(&self, now: Duration) -> bool {
        self.ends <= now
    }

    /// When something changes next: the warning, then the end.
    pub fn timer(&self, now: Duration) -> Timer {
        let warns_at = self.ends.saturating_sub(self.warning);
        Timer { session: self.session, at: if warns_at > now { warns_at } else { self.ends } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_warns_then_ends_and_can_be_put_off_ten_times() {
        let config = KioskConfig::default();
        let mut wait = Wait::new(SessionId::first(1), 60, &config, secs(100));
        assert_eq!(wait.timer(secs(100)).at, secs(140));
        assert!(!wait.warns(secs(139)) && wait.warns(secs(140)));
        assert_eq!(wait.timer(secs(140)).at, secs(160));
        assert!(!wait.is_over(secs(159)) && wait.is_over(secs(160)));
        for n in 0..10 {
            assert!(wait.more(secs(150 + 50 * n)), "{n}");
        }
        assert_eq!(wait.left(secs(600)), secs(60));
        assert!(!wait.more(secs(650)), "the eleventh time");
        assert!(wait.is_over(secs(660)));
    }
}
