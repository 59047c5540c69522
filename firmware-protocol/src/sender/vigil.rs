//! What a sender reads between the lines of reports: whether work goes on, and whether somebody else writes too.

use core::time::Duration;

use crate::reply::State;
use crate::reply::Status;

/// What reports have shown so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Vigil {
    /// Since when reports have said Idle (or Check) without a break.
    idle_since: Option<Duration>,
    /// What was reported last, and since when it has not changed.
    last: Option<(Work, Duration)>,
    /// The receive buffer's size, as far as seen.
    buffer: u16,
    /// So many reports in a row told of more bytes received than are under way.
    crowded: u8,
}

/// What changes in a report while a machine works.
type Work = (State, [Option<[f64; 3]>; 2], Option<(u16, u16)>);

/// So many reports in a row must agree: one may be garbled.
const AGREED: u8 = 2;

impl Vigil {
    /// Something new begins: what was reported before says nothing of it.
    pub fn begin(&mut self) {
        *self = Self { buffer: self.buffer, ..Self::default() };
    }

    /// A line was answered: work goes on.
    pub fn answered(&mut self) {
        self.idle_since = None;
        self.last = None;
    }

    /// A report came while `in_flight` bytes were unanswered.
    pub fn report(&mut self, status: &Status, in_flight: usize, now: Duration) {
        self.idle_since = match status.state {
            State::Idle | State::Check => self.idle_since.or(Some(now)),
            _ => None,
        };
        let work = (status.state, [status.machine_mm, status.work_mm], status.free);
        if self.last.is_none_or(|(before, _)| before != work) {
            self.last = Some((work, now));
        }
        if let Some((_, free)) = status.free {
            self.buffer = self.buffer.max(free);
            // Answers overtake no report: what was in the buffer when it was written is still unanswered.
            let crowded = usize::from(self.buffer - free) > in_flight;
            self.crowded = if crowded { self.crowded.saturating_add(1) } else { 0 };
        }
    }

    /// How long it has been idle, between the first report that said so and the last.
    pub fn idle_for(&self, now: Duration) -> Duration {
        self.idle_since.map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }

    /// How long no report has shown any change.
    pub fn unchanged_for(&self, now: Duration) -> Duration {
        self.last.map_or(Duration::ZERO, |(_, since)| now.saturating_sub(since))
    }

    /// The receive buffer holds bytes that this sender did not send.
    pub fn is_crowded(&self) -> bool {
        self.crowded >= AGREED
    }
}
