//! The shell on which every web use of the house stands: it listens, proves who asks, answers, and stops cleanly.
//!
//! A use (the preview, a kiosk, a robot PC without a screen) gives its [`Route`]s in one table; this room adds health,
//! metrics, the API's description and the operator's door, and puts its guard before all of them. The guard refuses
//! hosts that are not ours, pages that are not ours, callers that may not, and anything larger or slower than
//! [`Limits`]. A GET changes nothing: the table has no place for one that does. Nothing a caller sends becomes a path.
//!
//! Read first: [`route`] (the table), [`guard`] (what stands before it), [`access`] (who is who), [`listen`] (sockets).
//! Sources: RFC 9110 and 9112 (HTTP), RFC 9457 (problems), WHATWG HTML §9.2 (server-sent events), W3C CSP 3 and Fetch
//! Metadata, OpenAPI 3.1, the Prometheus text format.

pub mod access;
mod back_off;
pub mod events;
pub mod guard;
pub mod hosts;
pub mod limits;
pub mod listen;
pub mod metrics;
mod openapi;
mod operator;
mod patient;
mod places;
pub mod problem;
pub mod route;
pub mod secret;
mod sessions;
pub mod shell;
pub mod stop;

pub use access::Access;
pub use access::Caller;
pub use access::Role;
pub use events::Feed;
pub use guard::Pictures;
pub use hosts::Hosts;
pub use limits::Limits;
pub use listen::Listening;
pub use listen::Local;
pub use listen::Peer;
pub use listen::ServeError;
pub use listen::serve;
pub use metrics::Metrics;
pub use problem::Problem;
pub use route::Body;
pub use route::Effect;
pub use route::Route;
pub use route::Verb;
pub use shell::App;
pub use shell::Reason;
pub use shell::Shell;
pub use shell::describe;

#[cfg(test)]
mod tests;
