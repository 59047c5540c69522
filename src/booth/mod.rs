//! The kiosk's booth, at work: everything around `kiosk`, which decides, that does what it decides.
//!
//! ```text
//! page ── routes ──▶ letters ──▶ attendant (one thread: the kiosk's Booth, its clock, its timers) ──▶ Feed ──▶ page
//!            │stop                  │ Order ▲ Event        │ Told ▲ Says              │ fsync
//!            └──────── hold ──────▶ drive (the robot)     sitter (its own process)   records (journal on disk)
//! ```
//! Read first: `attendant` (the loop), then `drive`, `sitter` and `records` (its hands), `routes` and `site` (its ears),
//! `page` (what visitors see). Photos never live in this process ([`sitter`]). A stop goes straight to the robot's switch
//! and is told to the loop afterwards. Whatever waits has a bound; whoever finds a letter box full is told so.

mod attendant;
pub mod control;
mod code;
mod counts;
pub mod drawing;
pub mod drive;
mod links;
pub mod notify;
pub mod order_routes;
pub mod orders;
pub mod page;
mod pen;
mod records;
mod report;
pub mod routes;
pub mod runtime;
mod shown;
pub mod sitter;
pub mod trials;
pub mod watched;

pub use attendant::Letter;
pub use drawing::Drawing;
pub use drawing::Progress;
pub use drive::Cable;
pub use records::Records;
pub use routes::Site;
pub use runtime::Runtime;
pub use runtime::Setting;
pub use runtime::Use;
