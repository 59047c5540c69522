//! The one integration binary: the house's own rules, the built program, the whole journey.

mod artists;
mod bad_input;
#[path = "../browser/mod.rs"]
mod browser;
mod canary;
mod commands;
mod connecting;
mod details;
mod face;
mod fuzzed;
mod house_rules;
mod ink;
mod journey;
mod kiosk;
mod models;
mod odd_sitters;
mod opening;
mod phone;
mod page;
mod picture;
mod power_cut;
mod preview;
mod program;
mod robot;
mod serve;
mod served;
mod service;
mod soak;
mod unplugged;
mod webcam;
mod weights;
