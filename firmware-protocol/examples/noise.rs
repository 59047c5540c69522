//! Runs random executions of one kind by the million, and says how many and how long.
//!
//! ```text
//! cargo run --release -p firmware-protocol --example noise -- reply|device|sender COUNT [FIRST_SEED]
//! ```
//! Seeds count up from the first; one that breaks a promise is named, and given as FIRST_SEED with a COUNT of 1 shows
//! it again.

#[path = "../tests/executions/mod.rs"]
mod executions;

use std::env;
use std::panic;
use std::process::ExitCode;
use std::time::Duration;
use std::time::Instant;

use executions::KINDS;

const PROGRESS_EVERY: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |i: usize, otherwise: u64| arguments.get(i).map_or(Some(otherwise), |text| text.parse().ok());
    let kind = arguments.first().and_then(|name| KINDS.iter().find(|kind| kind.name == *name));
    let (Some(kind), Some(count), Some(first)) = (kind, number(1, 100_000), number(2, 0)) else {
        eprintln!("usage: noise reply|device|sender [COUNT [FIRST_SEED]]");
        return ExitCode::from(2);
    };
    let begun = Instant::now();
    let mut told = begun;
    let seeds = count.div_ceil(kind.per_seed);
    for i in 0..seeds {
        let seed = first.wrapping_add(i);
        if panic::catch_unwind(|| (kind.run)(seed)).is_err() {
            eprintln!("{}: seed {seed} breaks a promise", kind.name);
            return ExitCode::FAILURE;
        }
        if told.elapsed() >= PROGRESS_EVERY {
            told = Instant::now();
            eprintln!("{}: {} of {count}", kind.name, i * kind.per_seed);
        }
    }
    println!("{}: {} executions in {:.1} s", kind.name, seeds * kind.per_seed, begun.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}
