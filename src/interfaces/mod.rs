//! The uses of the house: for now the command line ([`command`]).
//!
//! Presentation only: arguments in, values and files out. Everything that draws, plans or drives lives below.

pub mod command;
