//! The engine and the networks against PyTorch's numbers, which the scripts in `fixtures/` made.

mod engine;
mod faces;
#[path = "../numbers/mod.rs"]
mod numbers;
mod prints;
