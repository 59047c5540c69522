//! portraitist draws a person's portrait in ink.
//!
//! The rooms, bottom first. This order is the law: a room imports only from rooms above its own line
//! (`tests/suite/house_rules.rs` reads the list and names the remedy). The whole journey is told in `src/README.md`.

pub mod geom;
pub mod raster;
pub mod fault;
pub mod photo;
pub mod face;
pub mod sitter;
pub mod sketch;
pub mod strokes;
pub mod eval;
pub mod plan;
pub mod preview;
pub mod artists;
pub mod kiosk;
pub mod camera;
pub mod robot;
pub mod job;
pub mod config;
pub mod server;
pub mod booth;
pub mod interfaces;
