//! What the service manager is told: ready, ending, and that both loops still turn.
//!
//! The watchdog is fed only while the robot's loop, the booth's loop and the server's loop have all turned within
//! [`STALL`]: a program that answers but drives nothing, or drives and hears nobody, is ended and started again, and a
//! robot in motion is told to hold by that. Without systemd nothing is told. Sources: `sd_notify(3)`, `sd_watchdog_enabled(3)`.

use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

/// A loop that has not turned for so long stands still.
const STALL: Duration = Duration::from_secs(10);

/// The loops that must turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// The robot's driver.
    Driver,
    /// The booth's own.
    Attendant,
    /// The server's.
    Server,
}

/// When each loop turned last.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<Turned>);

#[derive(Debug)]
struct Turned {
    begun: Instant,
    /// Milliseconds since then.
    last: [AtomicU64; 3],
}

impl Default for Pulse {
    /// All turn now.
    fn default() -> Self {
        Self(Arc::new(Turned { begun: Instant::now(), last: Default::default() }))
    }
}

impl Pulse {
    /// A loop turns.
    pub fn beat(&self, which: Loop) {
        let now = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last[which as usize].store(now, Ordering::Relaxed);
    }

    /// Whether every loop has turned within [`STALL`] before now.
    pub fn is_well(&self) -> bool {
        self.is_well_at(self.0.begun.elapsed())
    }

    fn is_well_at(&self, now: Duration) -> bool {
        let turned = |last: &AtomicU64| Duration::from_millis(last.load(Ordering::Relaxed));
        self.0.last.iter().all(|last| now.saturating_sub(turned(last)) < STALL)
    }
}

/// The line to the service manager; "stopping" is told when it ends.
#[derive(Debug)]
pub struct Notify {
    socket: UnixDatagram,
    ends: Option<SyncSender<()>>,
    watchdog: Option<JoinHandle<()>>,
}

impl Notify {
    /// Tells the service manager, if there is one, that the program is ready, and feeds its watchdog by `pulse`.
    ///
    /// # Errors
    /// There is one, and it cannot be told.
    pub fn ready(pulse: &Pulse) -> io::Result<Option<Self>> {
        let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else { return Ok(None) };
        let socket = UnixDatagram::unbound()?;
        let name = name.as_encoded_bytes();
        let address = match name.strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(std::ffi::OsStr::new(&*String::from_utf8_lossy(name)))?,
        };
        socket.connect_addr(&address)?;
        socket.send(b"READY=1\n")?;
        let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
        let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let mut notify = Self { socket, ends: None, watchdog: None };
        if let Some(micros) = number("WATCHDOG_USEC").filter(|micros| ours && *micros > 0) {
            notify.feed(pulse.clone(), Duration::from_micros(micros) / 3)?;
        }
        Ok(Some(notify))
    }

    fn feed(&mut self, pulse: Pulse, every: Duration) -> io::Result<()> {
        let (ends, ended) = sync_channel::<()>(1);
        let socket = self.socket.try_clone()?;
        let run = move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(every) {
                if pulse.is_well() {
                    // A manager that does not hear will end us, as it should.
                    let _ = socket.send(b"WATCHDOG=1\n");
                }
            }
        };
        self.watchdog = Some(thread::Builder::new().name("watchdog".into()).spawn(run)?);
        self.ends = Some(ends);
        Ok(())
    }
}

impl Drop for Notify {
    fn drop(&mut self) {
        // One that does not hear it sees us end.
        let _ = self.socket.send(b"STOPPING=1\n");
        self.ends.take();
        let _ = self.watchdog.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_loop_that_stands_still_is_enough() {
        let pulse = Pulse::default();
        assert!(pulse.is_well_at(STALL / 2));
        let late = STALL + Duration::from_secs(5);
        assert!(!pulse.is_well_at(late));
        for last in &pulse.0.last {
            last.store(u64::try_from(late.as_millis()).expect("seconds"), Ordering::Relaxed);
        }
        assert!(pulse.is_well_at(late + STALL / 2));
        pulse.0.last[Loop::Driver as usize].store(0, Ordering::Relaxed);
        assert!(!pulse.is_well_at(late + STALL / 2), "the others turn, and that is not enough");
    }
}
