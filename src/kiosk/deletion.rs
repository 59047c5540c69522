//! The wiping of what belongs to a session: asked, answered, tried again, and never called done before it is.
//!
//! No answer in time counts as a failure, and a failure is tried again until it succeeds. Each attempt has its own
//! name, so that the answer to an earlier one proves nothing about a later one.

use std::time::Duration;

use super::config::KioskConfig;
use super::config::secs;
use super::ids::SessionId;

/// One attempt at wiping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WipeId {
    session: SessionId,
    attempt: u32,
}

impl WipeId {
    /// Whose traces.
    pub fn session(&self) -> SessionId {
        self.session
    }
}

/// What is wiped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The photo and every picture made from it. The strokes stay: they are being drawn.
    Pictures,
    /// All that the session has left anywhere but in a drawing that was begun.
    Everything,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Asked { answer_by: Duration },
    Failed { again_at: Duration },
    Done,
}

/// How far a deletion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    id: WipeId,
    scope: Scope,
    stand: Stand,
    failures: u32,
}

impl Deletion {
    /// Asks for it the first time.
    pub(super) fn ask(session: SessionId, scope: Scope, now: Duration, config: &KioskConfig) -> Self {
        let id = WipeId { session, attempt: 1 };
        let stand = Stand::Asked { answer_by: now + secs(config.wipe_secs) };
        Self { id, scope, stand, failures: 0 }
    }

    /// Asks for a wider one; answers to this one prove nothing about it.
    pub(super) fn widen(self, scope: Scope, now: Duration, config: &KioskConfig) -> Self {
        let id = WipeId { attempt: self.id.attempt.wrapping_add(1), ..self.id };
        let stand = Stand::Asked { answer_by: now + secs(config.wipe_secs) };
        Self { id, scope, stand, failures: self.failures }
    }

    /// Takes the answer to attempt `id`.
    pub(super) fn answered(mut self, id: WipeId, ok: bool, now: Duration, config: &KioskConfig) -> Self {
        if id == self.id && matches!(self.stand, Stand::Asked { .. }) {
            if ok {
                self.stand = Stand::Done;
            } else {
                self = self.fail(now, config);
            }
        }
        self
    }

    /// Lets time pass: a missing answer is a failure, and a failure is tried again. Gives whether it asks anew.
    pub(super) fn tick(self, now: Duration, config: &KioskConfig) -> (Self, bool) {
        match self.stand {
            Stand::Asked { answer_by } if answer_by <= now => (self.fail(now, config), false),
            Stand::Failed { again_at } if again_at <= now => (self.widen(self.scope, now, config), true),
            _ => (self, false),
        }
    }

    fn fail(self, now: Duration, config: &KioskConfig) -> Self {
        let again_at = now + secs(config.wipe_retry_secs);
        Self { stand: Stand::Failed { again_at }, failures: self.failures.saturating_add(1), ..self }
    }

    /// When it wants to be told the time.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.stand {
            Stand::Asked { answer_by } => Some(answer_by),
            Stand::Failed { again_at } => Some(again_at),
            Stand::Done => None,
        }
    }

    /// The attempt under way or the last one.
    pub fn id(&self) -> WipeId {
        self.id
    }

    /// What it wipes.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether it has succeeded: only then may the screen say so.
    pub fn is_done(&self) -> bool {
        self.stand == Stand::Done
    }

    /// Whether it has failed at least once and has not succeeded since.
    pub fn is_failing(&self) -> bool {
        self.failures > 0 && !self.is_done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_answer_makes_it_done_and_silence_is_a_failure() {
        let (config, session) = (KioskConfig::default(), SessionId::first(1));
        let first = Deletion::ask(session, Scope::Pictures, secs(0), &config);
        let wider = first.widen(Scope::Everything, secs(1), &config);
        assert!(first.answered(first.id(), true, secs(1), &config).is_done());
        assert!(!wider.answered(first.id(), true, secs(2), &config).is_done(), "the answer to an earlier attempt");

        let (silent, asks) = wider.tick(secs(6), &config);
        assert!(silent.is_failing() && !asks);
        assert!(!silent.answered(wider.id(), true, secs(7), &config).is_done(), "too late to be believed");
        let (again, asks) = silent.tick(secs(11), &config);
        assert!(asks && again.id() != wider.id());
        let done = again.answered(again.id(), true, secs(12), &config);
        assert!(done.is_done() && !done.is_failing());
    }
}
