//! The preview for planners: a drawing on a page, planned anew as its viewer wishes, with no robot.
//!
//! A photo, an SVG, a plan or a program ([`source`]) is planned on a desk ([`desk`]) that one thread owns ([`planner`]);
//! what it has made lies on a shelf, from where the page and the files are served ([`routes`]). The newest wish wins.
//! Nothing a caller sends becomes a path: profiles are chosen from lists, plans by number, files from a closed set.

pub mod answers;
pub mod desk;
pub mod export;
pub mod planner;
pub mod routes;
pub mod source;

pub use answers::Ask;
pub use desk::Desk;
pub use desk::Finished;
pub use export::Export;
pub use planner::Planner;
pub use routes::Preview;
pub use source::Source;
