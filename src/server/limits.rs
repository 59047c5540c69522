//! Every bound of the shell in one value: how much, how many, how long. Bytes, counts, [`Duration`]s.

use std::time::Duration;

/// What a caller may take of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long the headers of a request may take to arrive, and how long a kept connection may stay silent.
    pub header: Duration,
    /// How long a request's body may take.
    pub body: Duration,
    /// How long a caller may leave an answer unread before the connection is closed.
    pub unread: Duration,
    /// How long open answers get to end when the program stops.
    pub farewell: Duration,
    /// Most bytes of a request's line and headers.
    pub header_bytes: usize,
    /// Most header fields.
    pub headers: usize,
    /// Most bytes of a body, where a route allows no more.
    pub body_bytes: usize,
    /// Most connections at once; one more takes the place of the oldest whose answer has an end.
    pub connections: usize,
    /// Most of them from one address that is not this machine's own.
    pub connections_per_address: usize,
    /// Most followers of one feed.
    pub followers: usize,
    /// Most events that wait for a slow follower; one more and it is dropped.
    pub waiting_events: usize,
    /// Most events kept for followers who come back.
    pub kept_events: usize,
}

impl Default for Limits {
    /// Room for an exhibition's screens and a few phones, on a PC that has a robot to attend to.
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            body: Duration::from_secs(10),
            unread: Duration::from_secs(10),
            farewell: Duration::from_secs(2),
            header_bytes: 16 << 10,
            headers: 64,
            body_bytes: 64 << 10,
            connections: 256,
            connections_per_address: 32,
            followers: 32,
            waiting_events: 64,
            kept_events: 256,
        }
    }
}
