//! The start of the sitter's process: this very program, with arguments and never by a shell.
//!
//! It gets three things and no more: the socket for pictures as its standard input, one end of a socket pair as its standard
//! output, and over that the socket for phones, where there is one (`SCM_RIGHTS`, unix(7)). It is killed and waited for when its value ends.

use std::ffi::OsString;
use std::io;
use std::io::IoSlice;
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use rustix::net::RecvAncillaryBuffer;
use rustix::net::RecvAncillaryMessage;
use rustix::net::RecvFlags;
use rustix::net::SendAncillaryBuffer;
use rustix::net::SendAncillaryMessage;
use rustix::net::SendFlags;

/// A running sitter's process.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `program` with `arguments`; `pictures` listens for who wants to see, `phones` for visitors' phones. Gives the
    /// line to it as well.
    ///
    /// # Errors
    /// The system starts none.
    pub fn start(
        program: &Path,
        arguments: &[OsString],
        pictures: &TcpListener,
        phones: Option<&TcpListener>,
    ) -> io::Result<(Self, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new(program)
            .args(arguments)
            // The service manager hears the booth alone.
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::from(OwnedFd::from(pictures.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            .spawn()?;
        let process = Self { child };
        hand_over(&ours, phones)?;
        Ok((process, ours))
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

/// Sends the socket for phones over `line`, or that there is none.
fn hand_over(line: &UnixStream, phones: Option<&TcpListener>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let sockets: Vec<_> = phones.iter().map(|phones| phones.as_fd()).collect();
    if !sockets.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&sockets));
    }
    rustix::net::sendmsg(line, &[IoSlice::new(&[0])], &mut control, SendFlags::empty())?;
    Ok(())
}

/// Takes from `line` what [`Process::start`] sends first: the socket for phones, if there is one.
///
/// # Errors
/// Nothing comes.
pub(super) fn taken_over(line: &UnixStream) -> io::Result<Option<TcpListener>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let came =
        rustix::net::recvmsg(line, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?.bytes;
    if came == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut sockets = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
        _ => None,
    });
    Ok(sockets.next().map(TcpListener::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_goes_over_the_line_or_none_does() {
        let (ours, theirs) = UnixStream::pair().expect("a line");
        let phones = TcpListener::bind("127.0.0.1:0").expect("a port");
        hand_over(&ours, Some(&phones)).expect("sent");
        let same = taken_over(&theirs).expect("it comes").expect("a socket");
        assert_eq!(same.local_addr().expect("listens"), phones.local_addr().expect("listens"));
        hand_over(&ours, None).expect("sent");
        assert!(taken_over(&theirs).expect("it comes").is_none());
        drop(ours);
        assert!(taken_over(&theirs).is_err(), "nobody is there");
    }
}
