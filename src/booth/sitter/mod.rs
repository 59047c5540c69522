//! The sitter's process: camera and pixels of one session, in a process of their own that ends with the session.
//!
//! ```text
//! booth's process                         sitter's process (this program, started again)
//!   sitters ──── Told ── socket pair ───▶ serve: camera, artist
//!           ◀─── Says ───────────────────        (health, hints, finished plans: strokes, never a pixel)
//!   page's <img> ── 127.0.0.1:PORT/TOKEN/live, /photo ──▶ pictures
//!   a visitor's phone ── phone.listen/TOKEN, if there are links ──▶ phone
//! ```
//! To wipe is to kill that process and wait until the kernel says that it is gone: there is no second copy to forget.
//! The booth's own process never holds a picture. The process opens the camera only when it is told to, which is after
//! consent; it leaves no core, may not be looked into, ends with its parent, and keeps its memory from being swapped where
//! it may. Read first: `words` (what is said), `serve` (the process), `sitters` (the booth's side).

mod artist;
mod camera_watch;
mod harden;
mod phone;
mod pictures;
mod process;
mod serve;
mod sitters;
mod still;
mod words;

use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

pub use process::Process;
pub use serve::serve;
pub use sitters::Sitters;
pub use words::Link;
pub use words::Look;
pub use words::Says;
pub use words::Told;

use crate::fault::Fault;
use crate::fault::Kind;
use crate::server;
use crate::server::Listening;
use crate::server::Shell;

/// Serves `shell` at `socket` for as long as this process lives.
fn serve_here(socket: TcpListener, shell: Shell) -> Result<(), Fault> {
    let unexpected = |e: std::io::Error| Fault::new(Kind::Unexpected, format!("nothing can be served ({e})"));
    let listening = Listening::handed_over(socket).map_err(unexpected)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unexpected)?;
    Ok(runtime.block_on(server::serve(listening, shell, std::future::pending()))?)
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
