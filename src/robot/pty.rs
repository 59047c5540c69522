//! The simulated robot on a pseudo-terminal, for any program that speaks to a serial port.
//!
//! Bytes go through the simulator's wire at the profile's baud rate, in real time, so a sender that counts wrongly
//! loses here what it would lose on a desk. Opening the port does not reset the robot (as with native USB) unless that
//! is asked for (as with an Arduino Uno, whose DTR line does).
//! It refuses nothing; the robot keeps its settings while senders come and go, and its position if it is not reset.

use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Write;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::OFlags;
use rustix::fs::inotify;
use rustix::fs::inotify::CreateFlags;
use rustix::fs::inotify::ReadFlags;
use rustix::fs::inotify::WatchFlags;
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::OptionalActions;

use super::Port;
use super::Simulated;
use super::Stop;
use crate::fault::Fault;
use crate::fault::Kind;

/// A pseudo-terminal with the simulated robot behind it.
#[derive(Debug)]
pub struct Pty {
    master: File,
    /// Held open, so that a sender's leaving does not close the line.
    slave: OwnedFd,
    /// Tells who opens the terminal and who closes it.
    visits: OwnedFd,
    senders: usize,
    reset_on_open: bool,
    path: PathBuf,
    link: Option<PathBuf>,
}

/// Bytes taken at a time.
const READ_BYTES: usize = 256;
/// Room for some openings and closings...
const EVENT_BYTES: usize = 1024;
/// ... and so many are looked at before the robot goes on.
const MOST_EVENTS: usize = 1000;

impl Pty {
    /// Opens one; `link` (if given) becomes a symbolic link to it until it is dropped. With `reset_on_open` the robot
    /// starts anew whenever a sender opens it.
    ///
    /// # Errors
    /// The system has no pseudo-terminals, or something that is no link stands where the link should be.
    pub fn open(link: Option<&Path>, reset_on_open: bool) -> Result<Self, Fault> {
        let fault = |e: io::Error| Fault::new(Kind::Unexpected, format!("no pseudo-terminal can be had ({e})"));
        let (master, slave, path) = open().map_err(|e| fault(e.into()))?;
        if let Some(link) = link {
            let stale = link.symlink_metadata().is_ok_and(|found| found.file_type().is_symlink());
            let placed = if stale { std::fs::remove_file(link) } else { Ok(()) }.and_then(|()| symlink(&path, link));
            placed.map_err(|e| {
                Fault::new(
                    Kind::BadInput,
                    format!("{}: no link can be made there ({e}); choose another path", link.display()),
                )
            })?;
        }
        let visits = watch(&path).map_err(|e| fault(e.into()))?;
        Ok(Self { master, slave, visits, senders: 0, reset_on_open, path, link: link.map(Path::to_owned) })
    }

    /// Its path, as in `/dev/pts/7`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Carries bytes between the terminal and `robot` until `stop` is thrown.
    ///
    /// # Errors
    /// The terminal fails.
    pub fn serve(&mut self, robot: &mut Simulated, stop: &Stop) -> Result<(), Fault> {
        let fault = |e: io::Error| Fault::new(Kind::Unexpected, format!("the pseudo-terminal failed ({e})"));
        let mut bytes = [0; READ_BYTES];
        while !stop.is_thrown() {
            if self.visited().map_err(|e| fault(e.into()))? && self.reset_on_open {
                robot.restart();
            }
            match self.master.read(&mut bytes) {
                Ok(read) => robot.write(&bytes[..read])?,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock || e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(fault(e)),
            }
            let said = robot.read(std::time::Duration::MAX)?;
            match self.master.write_all(&said) {
                // Nobody reads: what does not fit is lost, as on a real line.
                Err(e) if e.kind() != io::ErrorKind::WouldBlock => return Err(fault(e)),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Pty {
    /// Whether a sender has come where none was. A sender that was killed leaves its claim to the terminal, which a real
    /// port forgets when it is closed: it is dropped here.
    fn visited(&mut self) -> rustix::io::Result<bool> {
        let mut buffer = [MaybeUninit::uninit(); EVENT_BYTES];
        let mut events = inotify::Reader::new(&self.visits, &mut buffer);
        let mut first = false;
        for _ in 0..MOST_EVENTS {
            match events.next() {
                Ok(event) if event.events().contains(ReadFlags::OPEN) => {
                    first |= self.senders == 0;
                    self.senders += 1;
                }
                Ok(_) => {
                    self.senders = self.senders.saturating_sub(1);
                    rustix::termios::ioctl_tiocnxcl(&self.slave)?;
                }
                Err(Errno::AGAIN | Errno::INTR) => break,
                Err(e) => return Err(e),
            }
        }
        Ok(first)
    }
}

fn watch(path: &Path) -> rustix::io::Result<OwnedFd> {
    let visits = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
    inotify::add_watch(&visits, path, WatchFlags::OPEN | WatchFlags::CLOSE_WRITE | WatchFlags::CLOSE_NOWRITE)?;
    Ok(visits)
}

fn open() -> rustix::io::Result<(File, OwnedFd, PathBuf)> {
    let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::pty::grantpt(&master)?;
    rustix::pty::unlockpt(&master)?;
    let path = PathBuf::from(rustix::pty::ptsname(&master, Vec::new())?.to_string_lossy().into_owned());
    let slave = rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, rustix::fs::Mode::empty())?;
    // Raw from the start: no echo, no line ends changed, whoever opens it.
    let mut modes = rustix::termios::tcgetattr(&slave)?;
    modes.make_raw();
    rustix::termios::tcsetattr(&slave, OptionalActions::Now, &modes)?;
    rustix::fs::fcntl_setfl(&master, OFlags::NONBLOCK)?;
    Ok((File::from(master), slave, path))
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            let _ = std::fs::remove_file(link); // gone already: as well
        }
    }
}
