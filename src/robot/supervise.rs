//! When to look for a robot that is not there: again and again, for ever, at pauses that grow; and what its coming back
//! is worth.
//!
//! The pause begins at [`FIRST_PAUSE`] and doubles up to [`LONGEST_PAUSE`]; only a connection that lasted [`LASTED`]
//! makes it short again, so that a bad cable is not hammered. Whoever comes back is unhomed until a person acts: nothing
//! moves by itself. Pure: it is told the time and gives times.

use std::time::Duration;

/// The first pause after a robot was missed.
pub const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// No pause is longer.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A connection that lasted so long was sound.
pub const LASTED: Duration = Duration::from_secs(10);

/// How things stand with a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// It is not there; it is looked for at this time.
    Absent {
        /// When.
        try_at: Duration,
    },
    /// It is there, and nobody has said where it stands.
    Unhomed,
    /// A person has sent it home or said where it stands.
    Placed,
}

/// Keeps watch over one robot's cable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supervisor {
    link: Link,
    pause: Duration,
    since: Duration,
}

impl Supervisor {
    /// One that looks for its robot at once.
    pub fn new(now: Duration) -> Self {
        Self { link: Link::Absent { try_at: now }, pause: FIRST_PAUSE, since: now }
    }

    /// How things stand.
    pub fn link(&self) -> Link {
        self.link
    }

    /// It was looked for in vain, or is gone: gives when to look again.
    pub fn missed(&mut self, now: Duration) -> Duration {
        let connected = !matches!(self.link, Link::Absent { .. });
        if connected && now.saturating_sub(self.since) >= LASTED {
            self.pause = FIRST_PAUSE;
        }
        let try_at = now.saturating_add(self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.link = Link::Absent { try_at };
        try_at
    }

    /// It has been met.
    pub fn met(&mut self, now: Duration) {
        self.link = Link::Unhomed;
        self.since = now;
    }

    /// A person has sent it home or said where it stands; a robot that is not there stays so.
    pub fn placed(&mut self) {
        if self.link == Link::Unhomed {
            self.link = Link::Placed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_up_to_their_bound_and_go_on_for_ever() {
        let mut supervisor = Supervisor::new(SECOND);
        assert_eq!(supervisor.link(), Link::Absent { try_at: SECOND });
        let mut now = SECOND;
        let mut pauses = vec![];
        for _ in 0..1000 {
            let next = supervisor.missed(now);
            pauses.push((next - now).as_millis());
            now = next;
        }
        assert_eq!(pauses[..7], [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert!(pauses[7..].iter().all(|pause| *pause == 10_000));
    }

    #[test]
    fn only_a_connection_that_lasted_makes_the_pause_short_again() {
        let mut supervisor = Supervisor::new(Duration::ZERO);
        for _ in 0..4 {
            supervisor.missed(Duration::ZERO);
        }
        supervisor.met(20 * SECOND);
        assert_eq!(supervisor.missed(21 * SECOND), 29 * SECOND, "a loose plug");
        supervisor.met(40 * SECOND);
        assert_eq!(supervisor.missed(40 * SECOND + LASTED), 40 * SECOND + LASTED + FIRST_PAUSE);
    }

    #[test]
    fn whoever_comes_back_is_unhomed_until_a_person_acts() {
        let mut supervisor = Supervisor::new(Duration::ZERO);
        supervisor.placed();
        assert_eq!(supervisor.link(), Link::Absent { try_at: Duration::ZERO }, "an absent robot has no place");
        supervisor.met(SECOND);
        assert_eq!(supervisor.link(), Link::Unhomed);
        supervisor.placed();
        assert_eq!(supervisor.link(), Link::Placed);
        supervisor.missed(2 * SECOND);
        supervisor.met(3 * SECOND);
        assert_eq!(supervisor.link(), Link::Unhomed);
    }

    proptest! {
        #[test]
        fn whatever_happens_the_next_look_is_near_and_nothing_is_placed_by_itself(
            events in prop::collection::vec((0u8..2, 0u64..100_000), 0..200)
        ) {
            let (mut supervisor, mut now) = (Supervisor::new(Duration::ZERO), Duration::ZERO);
            for (event, ms) in events {
                now += Duration::from_millis(ms);
                if event == 0 {
                    supervisor.met(now);
                } else {
                    let pause = supervisor.missed(now) - now;
                    prop_assert!((FIRST_PAUSE..=LONGEST_PAUSE).contains(&pause));
                }
                prop_assert_ne!(supervisor.link(), Link::Placed);
            }
        }
    }
}
