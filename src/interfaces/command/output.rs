//! Results on disk and on standard output: files written whole or not at all, JSON with a schema's name.

use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use crate::fault::Fault;
use crate::fault::Kind;

/// A folder that a command fills.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// What of its path was not there before, the deepest first.
    made: Vec<PathBuf>,
}

impl Folder {
    /// The folder at `path`, made if it isn't there.
    pub fn create(path: &Path) -> Result<Self, Fault> {
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let made = path.ancestors().take_while(missing).map(Path::to_owned).collect();
        fs::create_dir_all(path).map_err(|e| unwritable(path, &e))?;
        let folder = Self { path: path.to_owned(), made };
        // Told before an hour's work, not after it.
        let probe = folder.path.join(".portraitist-probe");
        fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe)).map_err(|e| unwritable(path, &e))?;
        Ok(folder)
    }

    /// Takes back what [`Folder::create`] made, as far as it is empty: whoever fails leaves nothing behind.
    pub fn unmake(self) {
        for folder in self.made {
            // A folder that holds something stays, and those above it with it.
            let _ = fs::remove_dir(folder);
        }
    }

    /// A new folder `parent/name`, or `parent/name-2` and so on where that is taken.
    pub fn create_numbered(parent: &Path, name: &str) -> Result<Self, Fault> {
        let free = (1..=MAX_NUMBERED)
            .map(|n| parent.join(if n == 1 { name.to_owned() } else { format!("{name}-{n}") }))
            .find(|path| !path.exists());
        match free {
            Some(path) => Self::create(&path),
            None => Err(Fault::new(
                Kind::BadInput,
                format!(
                    "{}: {MAX_NUMBERED} drawings named {name} are there already; name a folder with --out",
                    parent.display()
                ),
            )),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `bytes` as `name`, whole or not at all; what had that name before is replaced.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Fault> {
        let path = self.path.join(name);
        write_file(&path, bytes)?;
        Ok(path)
    }
}

/// How many drawings of one name a folder may hold.
const MAX_NUMBERED: u32 = 10_000;

/// Writes `bytes` to `path` through a neighbour that is renamed, so that a full disk leaves the old file as it was.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = fs::write(&partial, bytes).and_then(|()| fs::rename(&partial, path));
    written.map_err(|e| {
        let _ = fs::remove_file(&partial);
        unwritable(path, &e)
    })
}

/// Reads a file a person named, up to `max_bytes`; `-` is standard input.
pub fn read_input(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::Read::read_to_end(&mut io::Read::take(io::stdin().lock(), max_bytes + 1), &mut bytes)
    } else {
        fs::File::open(path)
            .and_then(|file| io::Read::read_to_end(&mut io::Read::take(file, max_bytes + 1), &mut bytes))
    };
    read.map_err(|e| {
        let sentence = match e.kind() {
            io::ErrorKind::NotFound => "no such file; check the name".to_owned(),
            io::ErrorKind::PermissionDenied => "this user may not read it; check its permissions".to_owned(),
            io::ErrorKind::IsADirectory => "this is a folder; name a file in it".to_owned(),
            _ => format!("cannot be read ({e})"),
        };
        Fault::new(Kind::BadInput, sentence).at(path.display())
    })?;
    if bytes.len() as u64 > max_bytes {
        return Err(Fault::new(
            Kind::BadInput,
            format!("larger than {} MB; use a smaller file", max_bytes / 1_000_000),
        )
        .at(path.display()));
    }
    Ok(bytes)
}

/// Prints a command's result as JSON on standard output.
pub fn print_json(schema: &str, mut result: Value) -> Result<(), Fault> {
    if let Value::Object(fields) = &mut result {
        fields.insert("schema".into(), format!("portraitist.{schema}/1").into());
    }
    print_line(&result.to_string())
}

/// Prints one line of result. A reader that has gone away (`| head`) is no fault.
pub fn print_line(line: &str) -> Result<(), Fault> {
    match writeln!(io::stdout().lock(), "{line}") {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Fault::new(Kind::Unexpected, format!("standard output cannot be written ({e})")))
        }
        _ => Ok(()),
    }
}

fn unwritable(path: &Path, e: &io::Error) -> Fault {
    let remedy = match e.kind() {
        io::ErrorKind::PermissionDenied => "this user may not write there; choose another folder with --out".to_owned(),
        io::ErrorKind::StorageFull => {
            "the disk is full; free some space or choose another folder with --out".to_owned()
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file stands where a folder is needed; choose another folder with --out".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => "this disk is read-only; choose another folder with --out".to_owned(),
        _ => format!("cannot be written ({e}); choose another place"),
    };
    Fault::new(Kind::BadInput, remedy).at(path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_folders_never_touch_an_older_one() {
        let parent = tempfile::tempdir().expect("a scratch folder");
        let first = Folder::create_numbered(parent.path(), "ada").expect("free");
        first.write("a.txt", b"old").expect("writable");
        let second = Folder::create_numbered(parent.path(), "ada").expect("free");
        assert!(second.path().ends_with("ada-2"));
        assert_eq!(fs::read(first.path().join("a.txt")).expect("still there"), b"old");
    }

    #[test]
    fn what_was_made_in_vain_is_taken_back_and_nothing_else() {
        let parent = tempfile::tempdir().expect("a scratch folder");
        let deep = parent.path().join("a/b/c");
        Folder::create(&deep).expect("free").unmake();
        assert!(!parent.path().join("a").exists() && parent.path().exists());
        let folder = Folder::create(&deep).expect("free");
        fs::write(parent.path().join("a/b/kept"), b"").expect("writable");
        folder.unmake();
        assert!(!deep.exists() && parent.path().join("a/b/kept").exists());
        let there = Folder::create(&parent.path().join("a/b")).expect("it is there");
        fs::remove_file(parent.path().join("a/b/kept")).expect("it is there");
        there.unmake();
        assert!(parent.path().join("a/b").exists(), "an empty folder of somebody else stays");
    }

    #[test]
    fn a_file_in_the_way_is_one_sentence() {
        let parent = tempfile::tempdir().expect("a scratch folder");
        let file = parent.path().join("file");
        fs::write(&file, b"").expect("writable");
        let fault = Folder::create(&file.join("inside")).expect_err("a file is no folder");
        assert_eq!(fault.kind(), Kind::BadInput);
        assert!(fault.to_string().contains("choose another folder"), "{fault}");
    }

    #[test]
    fn input_is_bounded() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("big");
        fs::write(&path, vec![0; 100]).expect("writable");
        assert_eq!(read_input(&path, 100).expect("just fits").len(), 100);
        assert!(read_input(&path, 99).is_err());
        assert!(read_input(folder.path(), 99).is_err());
        assert!(read_input(&folder.path().join("none"), 99).expect_err("missing").to_string().contains("no such file"));
    }
}
