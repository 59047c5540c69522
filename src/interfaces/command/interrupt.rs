//! Ctrl-C: once asks the robot to hold and lift its pen, twice to do so at once, three times ends this program.

use crate::fault::Kind;
use crate::robot::Stop;

/// After so many Ctrl-Cs nobody waits for the robot any more.
const PATIENCE: u8 = 3;

/// A switch that every Ctrl-C throws.
pub fn stop_on_ctrl_c() -> Stop {
    let stop = Stop::default();
    let thrown = stop.clone();
    // Without a handler Ctrl-C still ends the program, only less gently: not worth failing for.
    let _ = ctrlc::set_handler(move || {
        if thrown.throw() >= PATIENCE {
            std::process::exit(i32::from(Kind::Cancelled.exit_code()));
        }
    });
    stop
}
