//! What both ends of a plotter's cable must agree on.
//!
//! [`command`]: what a plotter can be asked to do; [`dialect`]: how each firmware writes it; [`motion`]: how long the
//! firmware takes over it. No clock, no port, no thread, no dependency: time comes in as numbers, bytes as slices.
//! Units: millimetres, seconds; `_mm_min` where the firmware itself counts in minutes.
#![no_std]

extern crate alloc;

pub mod command;
pub mod dialect;
pub mod motion;
