//! The start of the sitter's process: this very program, with arguments and never by a shell.
//!
//! It gets two things and no more: the socket for pictures as its standard input, one end of a socket pair as its standard
//! output. It is killed and waited for when its value ends.

use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

/// A running sitter's process.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `program` with `arguments`; `pictures` listens for who wants to see. Gives the line to it as well.
    ///
    /// # Errors
    /// The system starts none.
    pub fn start(program: &Path, arguments: &[OsString], pictures: &TcpListener) -> io::Result<(Self, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new(program)
            .args(arguments)
            // The service manager hears the booth alone.
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::from(OwnedFd::from(pictures.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            .spawn()?;
        Ok((Self { child }, ours))
    }

    /// Kills it and waits until the system says that it is gone, and its memory with it.
    ///
    /// # Errors
    /// The system does not say so.
    pub fn end(&mut self) -> io::Result<()> {
        // One that has ended already cannot be killed.
        let _ = self.child.kill();
        self.child.wait().map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
