//! The booth's side of the sitter's process: one at a time, warm before it is needed, killed to wipe.
//!
//! A process that was never told to open the camera holds nothing of anybody and lives on to the next session. Words of
//! a process that is gone are told by their number and mean nothing any more.

use std::ffi::OsString;
use std::io;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::process::Process;
use super::words;
use super::words::Says;
use super::words::Told;
use crate::server::secret::Token;

/// A booth that is told of a process that cannot take a word in this time gives it up.
const WRITE_WITHIN: Duration = Duration::from_secs(2);

/// Hears what process number `.0` says; `None` once it is gone.
type Hears = Arc<dyn Fn(u64, Option<Says>) + Send + Sync>;

/// The sitters' processes, one after the other.
pub struct Sitters {
    program: PathBuf,
    arguments: Vec<OsString>,
    pictures: TcpListener,
    phones: Option<TcpListener>,
    origin: String,
    hears: Hears,
    now: Option<Running>,
    number: u64,
}

struct Running {
    process: Process,
    line: UnixStream,
    /// It was told to open the camera.
    touched: bool,
    token: Option<String>,
}

impl Sitters {
    /// Processes of `program` with `arguments`, which answer visitors' phones at `phones`; `hears` is told what they say, with
    /// their numbers. None is started yet.
    ///
    /// # Errors
    /// No port is free for pictures.
    pub fn new(
        program: PathBuf,
        arguments: Vec<OsString>,
        phones: Option<TcpListener>,
        hears: Hears,
    ) -> io::Result<Self> {
        let pictures = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let origin = format!("http://{}", pictures.local_addr()?);
        Ok(Self { program, arguments, pictures, phones, origin, hears, now: None, number: 0 })
    }

    /// Where pictures are seen: the page's policy must allow this origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of the process that runs, or of the last one that did.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Where the pictures of this session are, once there may be any.
    pub fn pictures(&self) -> Option<String> {
        let token = self.now.as_ref()?.token.as_ref()?;
        Some(format!("{}/{token}", self.origin))
    }

    /// Whether no process runs.
    pub fn is_empty(&self) -> bool {
        self.now.is_none()
    }

    /// Starts a process, if none runs.
    ///
    /// # Errors
    /// The system starts none.
    pub fn warm_up(&mut self) -> io::Result<()> {
        if self.now.is_some() {
            return Ok(());
        }
        let (process, line) = Process::start(&self.program, &self.arguments, &self.pictures, self.phones.as_ref())?;
        line.set_write_timeout(Some(WRITE_WITHIN))?;
        self.number += 1;
        let (number, hears, mut heard) = (self.number, Arc::clone(&self.hears), line.try_clone()?);
        thread::Builder::new().name("sitter's words".into()).spawn(move || {
            while let Ok(Some(says)) = words::hear::<Says>(&mut heard) {
                hears(number, Some(says));
            }
            hears(number, None);
        })?;
        self.now = Some(Running { process, line, touched: false, token: None });
        Ok(())
    }

    /// Consent is given: tells the process to open the camera.
    ///
    /// # Errors
    /// There is no process, or it does not listen.
    pub fn open(&mut self) -> io::Result<()> {
        let (_, token) = Token::create().map_err(|e| io::Error::other(e.to_string()))?;
        if let Some(now) = &mut self.now {
            now.touched = true;
            // The same session may open it again for another photo; its address stays.
            let token = now.token.get_or_insert(token).clone();
            return words::say(&mut now.line, &Told::Open { token });
        }
        Err(io::ErrorKind::NotConnected.into())
    }

    /// Tells the process something that gives it a picture.
    ///
    /// # Errors
    /// There is no process, or it does not listen.
    pub fn touch(&mut self, told: &Told) -> io::Result<()> {
        if let Some(now) = &mut self.now {
            now.touched = true;
        }
        self.tell(told)
    }

    /// Tells the process something.
    ///
    /// # Errors
    /// There is no process, or it does not listen.
    pub fn tell(&mut self, told: &Told) -> io::Result<()> {
        match &mut self.now {
            Some(now) => words::say(&mut now.line, told),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Takes the process away to be ended, if it may hold anything of a visitor.
    pub fn take_touched(&mut self) -> Option<Process> {
        self.now.take_if(|now| now.touched).map(|now| now.process)
    }

    /// Takes the process away to be ended, whatever it holds.
    pub fn take(&mut self) -> Option<Process> {
        self.now.take().map(|now| now.process)
    }
}
