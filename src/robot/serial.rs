//! A real serial port: opened by its path for this program alone, its errors told apart.
//!
//! Read errors EIO, ENODEV and end of file all mean that the device is gone. Opening one raises DTR, upon which many
//! boards start anew; [`connect`](super::connect) reckons with that. 8 data bits, no parity, one stop bit, no flow
//! control, as Grbl speaks it.

use std::io;
use std::io::Read;
use std::io::Write;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serialport::ErrorKind;
use serialport::SerialPort;
use serialport::TTYPort;

use super::Port;
use super::PortError;
use super::ports;

/// A serial port of this computer.
#[derive(Debug)]
pub struct Serial {
    tty: TTYPort,
    path: String,
    opened: Instant,
}

/// A reader is let go so often, to look at the stop switch.
const NAP: Duration = Duration::from_millis(2);
/// A port that takes no byte for so long is gone.
const WRITE_WITHIN: Duration = Duration::from_secs(2);
/// Bytes taken at a time.
const READ_BYTES: usize = 1024;

impl Serial {
    /// Opens the port at `path` for this program alone.
    ///
    /// # Errors
    /// [`PortError`]: not there, busy, not allowed, no serial port.
    pub fn open(path: &str, baud: u32) -> Result<Self, PortError> {
        let port = || path.to_owned();
        let tty = serialport::new(path, baud).timeout(NAP).open_native().map_err(|e| {
            let words = e.description.to_lowercase();
            match e.kind {
                ErrorKind::Io(io::ErrorKind::NotFound) => {
                    PortError::NotFound { port: port(), others: ports::sentence(&ports::list()) }
                }
                ErrorKind::Io(io::ErrorKind::PermissionDenied) => PortError::NotAllowed { port: port() },
                _ if words.contains("permission denied") => PortError::NotAllowed { port: port() },
                ErrorKind::NoDevice | ErrorKind::Io(io::ErrorKind::WouldBlock) => PortError::Busy { port: port() },
                _ if words.contains("exclusive") || words.contains("busy") => PortError::Busy { port: port() },
                _ => PortError::Unusable { port: port(), why: e.description },
            }
        })?;
        Ok(Self { tty, path: port(), opened: Instant::now() })
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

fn waits(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
