//! Keys while the pen moves: p pauses at the next pen-up and goes on, r goes on.
//!
//! Read only from a terminal, and only while this program is in its foreground: a job in the background, a service or a
//! pipe has no keys. Keys come at once and are not echoed; Ctrl-C and Ctrl-Z stay what they are. The terminal is put back
//! as it was however the program ends (but for SIGKILL).

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::termios::LocalModes;
use rustix::termios::OptionalActions;
use rustix::termios::SpecialCodeIndex;
use rustix::termios::Termios;

use crate::robot::Order;
use crate::robot::Orders;

/// Reads keys until dropped.
pub struct Keyboard {
    done: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

/// The terminal as it was.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
/// How long a reader waits for a key, in the terminal's tenths of a second.
const WAIT_TENTHS: u8 = 1;
/// In the background it looks so often whether it is back.
const BACKGROUND: Duration = Duration::from_millis(200);

impl Keyboard {
    /// Lets keys give `orders`; none if there is no terminal to read.
    pub fn listen(orders: &Orders) -> Option<Self> {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() || !in_foreground() {
            return None;
        }
        let before = rustix::termios::tcgetattr(&stdin).ok()?;
        let mut keys = before.clone();
        keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        keys.special_codes[SpecialCodeIndex::VMIN] = 0;
        keys.special_codes[SpecialCodeIndex::VTIME] = WAIT_TENTHS;
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        rustix::termios::tcsetattr(&stdin, OptionalActions::Now, &keys).ok()?;
        let done = Arc::new(AtomicBool::new(false));
        let (over, orders) = (done.clone(), orders.clone());
        let reader = thread::spawn(move || {
            let mut key = [0];
            while !over.load(Ordering::SeqCst) {
                if !in_foreground() {
                    thread::sleep(BACKGROUND);
                    continue;
                }
                match rustix::io::read(rustix::stdio::stdin(), &mut key) {
                    Ok(1) => match key[0] {
                        b'p' | b'P' => orders.give(Order::PauseOrResume),
                        b'r' | b'R' => orders.give(Order::Resume),
                        _ => {}
                    },
                    Ok(_) => {}
                    Err(rustix::io::Errno::INTR) => {}
                    Err(_) => return,
                }
            }
        });
        Some(Self { done, reader: Some(reader) })
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join(); // it cannot have panicked
        }
        restore();
    }
}

/// Puts the terminal back as it was, if keys were ever read.
pub fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        let _ = rustix::termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &before); // it may be gone
    }
}

/// Reading in the background would stop the program.
fn in_foreground() -> bool {
    rustix::termios::tcgetpgrp(rustix::stdio::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}
