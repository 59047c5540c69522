//! The one integration binary: the house's own rules, the built program, the whole journey.

mod house_rules;
mod webcam;
