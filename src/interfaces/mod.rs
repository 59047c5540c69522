//! The uses of the house: the command line ([`command`]) and the page on which plans are looked at ([`preview`]).
//!
//! Presentation only: arguments and requests in, values and files out. Everything that draws, plans or drives lives
//! below.

pub mod command;
pub mod preview;
