//! What a person orders by signals: Ctrl-C (or SIGTERM, or the terminal's end) once asks the robot to hold and lift its
//! pen, twice to do so at once, three times ends this program; SIGUSR1 pauses at the next pen-up, SIGUSR2 goes on.

use std::thread;

use signal_hook::consts::SIGHUP;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use signal_hook::consts::SIGUSR1;
use signal_hook::consts::SIGUSR2;
use signal_hook::iterator::Signals;

use super::keyboard;
use crate::fault::Kind;
use crate::robot::Order;
use crate::robot::Orders;
use crate::robot::Stop;

/// After so many Ctrl-Cs nobody waits for the robot any more.
const PATIENCE: u8 = 3;

/// A switch that every Ctrl-C throws.
pub fn stop_on_ctrl_c() -> Stop {
    listen(&[SIGINT, SIGTERM]).stop().clone()
}

/// Orders that signals give.
pub fn orders() -> Orders {
    listen(&[SIGINT, SIGTERM, SIGUSR1, SIGUSR2])
}

fn listen(signals: &[i32]) -> Orders {
    let orders = Orders::default();
    let given = orders.clone();
    let hangup = (!hangups_are_ignored()).then_some(SIGHUP);
    // Without a handler a signal still ends the program, only less gently: not worth failing for.
    if let Ok(mut signals) = Signals::new(signals.iter().copied().chain(hangup)) {
        thread::spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGUSR1 => given.give(Order::Pause),
                    SIGUSR2 => given.give(Order::Resume),
                    _ => {
                        if given.stop().throw() >= PATIENCE {
                            keyboard::restore();
                            std::process::exit(i32::from(Kind::Cancelled.exit_code()));
                        }
                    }
                }
            }
        });
    }
    orders
}

/// Started by `nohup`, it outlives its terminal.
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map(str::trim);
    mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & (1 << (SIGHUP - 1)) != 0)
}
