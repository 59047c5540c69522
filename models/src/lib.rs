//! The networks of portraitist: which weights ship, whether the files on this machine are those, and the engine that
//! runs networks.
//!
//! - [`Manifest`], [`Entry`], [`verify`]: the shipped weights and their proof ([`weights`] reads the files).
//! - [`engine`]: convolutions and what goes with them, for the networks of this crate and for their training. It is the
//!   only module whose functions take and give tensors; a network's own door takes planes and gives plain values.
//! - [`face_finder`]: a photo in, faces out; [`face_reader`]: a face in, its points, regions and matte out.
//! - [`line_drawer`]: a photo in, a line drawing out; [`encoder`] is what it sees through; [`detail_drawer`]: an eye, nose or
//!   mouth in, its lines out.
//! - [`generator`]: a line drawing in, a sketch out; [`stroke_classifier`] tells what a sketch's strokes belong to.
//! - [`inception`]: a picture in, the features that FID compares out.
//! - [`import`]: a checkpoint of PyTorch's in, one of these networks' files out.
//!
//! Pure but for `weights.rs`, which reads files.

pub mod blocks;
pub mod detail_drawer;
pub mod encoder;
pub mod engine;
pub mod face_finder;
pub mod face_reader;
pub mod generator;
pub mod import;
pub mod inception;
pub mod line_drawer;
pub mod photo;
pub mod stroke_classifier;
pub mod stroke_types;
mod manifest;
pub mod weights;

pub use manifest::Entry;
pub use manifest::Manifest;
pub use manifest::ModelError;
pub use manifest::verify;
