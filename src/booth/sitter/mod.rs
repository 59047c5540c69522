//! The sitter's process: camera and pixels of one session, in a process of their own that ends with the session.
//!
//! ```text
//! booth's process                         sitter's process (this program, started again)
//!   sitters ──── Told ── socket pair ───▶ serve: camera, artist
//!           ◀─── Says ───────────────────        (health, hints, finished plans: strokes, never a pixel)
//!   page's <img> ── 127.0.0.1:PORT/TOKEN/live, /photo ──▶ pictures
//! ```
//! To wipe is to kill that process and wait until the kernel says that it is gone: there is no second copy to forget.
//! The booth's own process never holds a picture. The process opens the camera only when it is told to, which is after
//! consent; it leaves no core, may not be looked into, ends with its parent, and keeps its memory from being swapped where
//! it may. Read first: `words` (what is said), `serve` (the process), `sitters` (the booth's side).

mod artist;
mod camera_watch;
mod harden;
mod pictures;
mod process;
mod serve;
mod sitters;
mod still;
mod words;

pub use process::Process;
pub use serve::serve;
pub use sitters::Sitters;
pub use words::Says;
pub use words::Told;
