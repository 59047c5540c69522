//! A real serial port: found by its name, opened for this program alone, its errors told apart.
//!
//! Read errors EIO, ENODEV and end of file all mean that the device is gone. Opening one raises DTR, upon which many
//! boards start anew; [`connect`](super::connect) reckons with that. 8 data bits, no parity, one stop bit, no flow
//! control, as Grbl speaks it.

use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serialport::ErrorKind;
use serialport::SerialPort;
use serialport::TTYPort;

use super::Port;
use super::PortError;
use super::identity::Identity;
use super::ports;
use super::ports::Holder;

/// A serial port of this computer.
#[derive(Debug)]
pub struct Serial {
    tty: TTYPort,
    path: String,
    opened: Instant,
}

/// A reader is let go so often, to look at the stop switch.
const NAP: Duration = Duration::from_millis(1);
/// A port that takes no byte for so long is gone.
const WRITE_WITHIN: Duration = Duration::from_secs(2);
/// Bytes taken at a time.
const READ_BYTES: usize = 1024;

impl Serial {
    /// Opens the port that `name` leads to now ([`Identity`]), for this program alone.
    ///
    /// # Errors
    /// [`PortError`]: not there, not the only one, busy, not allowed, no serial port.
    pub fn open(name: &str, baud: u32) -> Result<Self, PortError> {
        let found = ports::list();
        let path = name.parse::<Identity>()?.path(&found)?;
        let tty = serialport::new(&path, baud).timeout(NAP).open_native();
        let tty = tty.map_err(|e| match refusal(e.kind, &e.description) {
            Refusal::NotFound => PortError::NotFound { port: name.into(), others: ports::sentence(&found) },
            Refusal::NotAllowed => PortError::NotAllowed { port: name.into() },
            Refusal::Busy => PortError::Busy { port: name.into(), by: who(&ports::holders(Path::new(&path))) },
            Refusal::Unusable => PortError::Unusable { port: name.into(), why: e.description },
        })?;
        Ok(Self { tty, path: name.into(), opened: Instant::now() })
    }

    fn gone(&self) -> PortError {
        PortError::Gone { port: self.path.clone() }
    }
}

impl Port for Serial {
    fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        let begun = Instant::now();
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.tty.write(rest) {
                Ok(0) => return Err(self.gone()),
                Ok(written) => rest = &rest[written..],
                Err(e) if waits(&e) && begun.elapsed() < WRITE_WITHIN => thread::sleep(NAP),
                Err(_) => return Err(self.gone()),
            }
        }
        Ok(())
    }

    fn read(&mut self, until: Duration) -> Result<Vec<u8>, PortError> {
        let wait = until.saturating_sub(self.now()).clamp(Duration::from_millis(1), NAP);
        if self.tty.timeout() != wait {
            self.tty.set_timeout(wait).map_err(|_| self.gone())?;
        }
        let mut bytes = vec![0; READ_BYTES];
        match self.tty.read(&mut bytes) {
            Ok(0) => Err(self.gone()),
            Ok(read) => {
                bytes.truncate(read);
                Ok(bytes)
            }
            Err(e) if waits(&e) => Ok(Vec::new()),
            Err(_) => Err(self.gone()),
        }
    }
}

/// Why the system did not open a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    NotFound,
    NotAllowed,
    Busy,
    Unusable,
}

/// The serial port library gives some of the system's refusals as a kind, and others only in the system's words.
fn refusal(kind: ErrorKind, words: &str) -> Refusal {
    let words = words.to_lowercase();
    let says = |part: &str| words.contains(part);
    match kind {
        ErrorKind::Io(io::ErrorKind::NotFound) => Refusal::NotFound,
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => Refusal::NotAllowed,
        _ if says("permission denied") || says("operation not permitted") => Refusal::NotAllowed,
        ErrorKind::NoDevice | ErrorKind::Io(io::ErrorKind::WouldBlock) => Refusal::Busy,
        _ if says("exclusive") || says("busy") => Refusal::Busy,
        // The device file is there still, but what it stood for has been unplugged.
        _ if says("no such device") || says("i/o error") => Refusal::NotFound,
        _ => Refusal::Unusable,
    }
}

/// The programs that have a port, as a part of a sentence.
fn who(holders: &[Holder]) -> String {
    let names: Vec<String> = holders.iter().map(ToString::to_string).collect();
    if names.is_empty() { "another program".into() } else { names.join(" and ") }
}

fn waits(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;
    use crate::fault::Kind;

    #[test]
    fn what_the_system_says_is_told_apart() {
        use io::ErrorKind as Io;
        for (kind, words, expected) in [
            (ErrorKind::Io(Io::PermissionDenied), "Permission denied", Refusal::NotAllowed),
            (ErrorKind::Unknown, "Operation not permitted", Refusal::NotAllowed),
            (ErrorKind::Io(Io::NotFound), "No such file or directory", Refusal::NotFound),
            (ErrorKind::Unknown, "No such device or address", Refusal::NotFound),
            (ErrorKind::Unknown, "I/O error", Refusal::NotFound),
            (ErrorKind::NoDevice, "Device or resource busy", Refusal::Busy),
            (ErrorKind::NoDevice, "Unable to acquire exclusive lock on serial port", Refusal::Busy),
            (ErrorKind::Unknown, "Not a typewriter", Refusal::Unusable),
        ] {
            assert_eq!(refusal(kind, words), expected, "{words}");
        }
    }

    #[test]
    fn each_refusal_has_its_remedy_and_its_exit_code() {
        let port = || "/dev/ttyUSB0".to_owned();
        let holder = Holder { process: 12, program: "candle".into(), locked: true };
        for (error, kind, words) in [
            (PortError::NotAllowed { port: port() }, Kind::DeviceBusy, ["dialout", "udev rule"]),
            (PortError::Busy { port: port(), by: who(&[holder]) }, Kind::DeviceBusy, ["candle (process 12)", "close"]),
            (PortError::Busy { port: port(), by: who(&[]) }, Kind::DeviceBusy, ["another program", "ModemManager"]),
            (
                PortError::Ambiguous { port: port(), which: "a, b".into() },
                Kind::DeviceNotFound,
                ["a, b", "name one of them"],
            ),
            (PortError::Gone { port: port() }, Kind::Interrupted, ["unplugged", "plug it in again"]),
        ] {
            let fault = Fault::from(error);
            assert_eq!(fault.kind(), kind);
            assert!(words.iter().all(|word| fault.to_string().contains(word)), "{fault}");
        }
    }
}
