//! Ctrl-C: once asks the robot to hold and lift its pen, twice ends the program at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use crate::fault::Kind;

/// A switch that any thread may throw and that never goes back.
#[derive(Debug, Clone, Default)]
pub struct StopSwitch(Arc<AtomicBool>);

impl StopSwitch {
    /// A switch thrown by the first Ctrl-C; the second one ends the process with the exit code of a cancelled job.
    pub fn on_ctrl_c() -> Self {
        let switch = Self::default();
        let thrown = switch.clone();
        // Without a handler Ctrl-C still ends the program, only less gently: not worth failing for.
        let _ = ctrlc::set_handler(move || {
            if thrown.0.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(Kind::Cancelled.exit_code()));
            }
        });
        switch
    }

    /// Whether somebody asked to stop.
    pub fn is_thrown(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// The flag itself, for a room below that only watches it.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }
}
