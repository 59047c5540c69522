//! How commands of the same user reach a booth that runs: its address and a token of this run, in its own folder.
//!
//! The file may be read by the booth's user alone, is made anew at each start and removed at the end. Whoever may read it
//! could end the program as well: it lets in nobody who is not in already. The client below asks that one address only,
//! waits [`PATIENCE`] at the most, and refuses answers of more than [`MOST_BYTES`].

use std::fs;
use std::io;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::fault::Kind;

const NAME: &str = "control.json";
/// An answer takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);
/// An answer has no more bytes than this.
const MOST_BYTES: u64 = 16 << 20;

/// Where a running booth is, and by which token it knows its own user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    address: SocketAddr,
    token: String,
}

/// The file of a booth that runs; it goes with this.
#[derive(Debug)]
pub struct Told(PathBuf);

/// What a booth answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its body.
    pub body: String,
}

impl Control {
    /// Tells in `folder` that a booth listens at `address` and lets in who shows `token`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn tell(folder: &Path, address: SocketAddr, token: String) -> io::Result<Told> {
        let path = folder.join(NAME);
        let text = serde_json::to_vec(&Self { address, token })?;
        // Of an earlier run that was cut off: its permissions might be anybody's.
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?.write_all(&text)?;
        Ok(Told(path))
    }

    /// The booth that runs with `folder`, if one does.
    pub fn find(folder: &Path) -> Option<Self> {
        let mut text = Vec::new();
        fs::File::open(folder.join(NAME)).ok()?.take(4096).read_to_end(&mut text).ok()?;
        let found: Self = serde_json::from_slice(&text).ok()?;
        // One that was cut off has left its file behind.
        TcpStream::connect_timeout(&found.address, PATIENCE).is_ok().then_some(found)
    }

    /// Asks it `method` of `path`, with `body` as JSON.
    ///
    /// # Errors
    /// It does not answer, or not in HTTP.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Answer, Fault> {
        let silent = |why: String| {
            Fault::new(Kind::Unexpected, format!("the booth at {} does not answer ({why})", self.address))
        };
        let exchange = || -> io::Result<Vec<u8>> {
            let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            let (body, Self { address, token }) = (body.to_string(), self);
            write!(
                stream,
                "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )?;
            let mut answer = Vec::new();
            stream.take(MOST_BYTES).read_to_end(&mut answer)?;
            Ok(answer)
        };
        let answer = exchange().map_err(|e| silent(e.to_string()))?;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| silent("no HTTP".to_owned()))?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Answer { status: status.ok_or_else(|| silent("no HTTP".to_owned()))?, body: body.to_owned() })
    }
}

impl Answer {
    /// Its body as JSON.
    ///
    /// # Errors
    /// It refused, in its own words, or it is no JSON.
    pub fn json(&self) -> Result<Value, Fault> {
        let value: Value = serde_json::from_str(&self.body).unwrap_or_default();
        if (200..300).contains(&self.status) {
            return Ok(value);
        }
        let detail = value["detail"].as_str().unwrap_or("it refused").to_owned();
        Err(Fault::new(Kind::Unexpected, format!("the booth: {detail}")))
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        // One that is left behind leads to nobody.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_its_user_finds_it_and_only_while_it_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Control::find(folder.path()), None);
        let listens = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listens.local_addr().expect("an address");
        let told = Control::tell(folder.path(), address, "t".repeat(64)).expect("written");
        let mode = fs::metadata(folder.path().join(NAME)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let found = Control::find(folder.path()).expect("it listens");
        let answers = std::thread::spawn(move || {
            let (mut stream, _) = listens.accept().expect("the look whether it listens");
            drop(stream);
            (stream, _) = listens.accept().expect("the question");
            let mut asked = [0; 20];
            stream.read_exact(&mut asked).expect("a request");
            write!(stream, "HTTP/1.1 409 Conflict\r\nContent-Length: 15\r\n\r\n{{\"detail\":\"no\"}}")
                .expect("answered");
            stream.shutdown(std::net::Shutdown::Write).expect("open");
            stream.read_to_end(&mut Vec::new()).expect("the rest of the question");
            String::from_utf8_lossy(&asked).into_owned()
        });
        let answer = found.ask("GET", "/api/v1/house", &Value::Null).expect("it answers");
        assert_eq!((answer.status, answer.body.as_str()), (409, "{\"detail\":\"no\"}"));
        assert!(answer.json().is_err_and(|fault| fault.to_string().contains("no")));
        assert_eq!(answers.join().expect("no panic"), "GET /api/v1/house HT");
        assert_eq!(Control::find(folder.path()), None, "nobody listens any more");
        drop(told);
        assert!(!folder.path().join(NAME).exists());
    }
}
