//! What both ends of a plotter's cable must agree on.
//!
//! [`command`]: what a plotter can be asked to do; [`dialect`]: how each firmware writes it; [`gcode`]: how the firmware
//! reads it; [`codes`]: what its complaints mean; [`motion`]: how long it takes; [`sender`]: streams a program; [`reply`]:
//! understands the answers; [`device`]: a simulated firmware to stream to; [`link`]: a bad cable between the two.
//! No clock, no port, no thread, no dependency: time comes in as numbers, bytes as slices.
//! Units: millimetres, seconds; `_mm_min` where the firmware itself counts in minutes.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod codes;
pub mod command;
pub mod gcode;
pub mod dialect;
mod math;
mod planner;
mod segments;
pub mod motion;
pub mod device;
pub mod reply;
pub mod sender;
pub mod link;
#[cfg(test)]
#[path = "../tests/recordings/mod.rs"]
mod recordings;
