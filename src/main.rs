//! The program: arguments in, one command run, one exit code out.

fn main() {}
