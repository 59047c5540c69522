//! The engine and the networks against PyTorch's numbers, which the scripts in `fixtures/` made.

mod engine;
mod faces;
mod numbers;
