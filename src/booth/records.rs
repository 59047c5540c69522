//! The journal on disk: what a power cut must not take of a drawing, in a folder of the booth's own.
//!
//! Of each drawing there are two files: its plan, written once and before anything else, and its journal, to which each
//! record is added and made durable (fsync) before what follows it is done. Both are erased at the drawing's end. One
//! program at a time may hold the folder. It holds strokes and counts, never a picture or a word about a person.

use std::collections::HashMap;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use crate::fault::Fault;
use crate::fault::Kind;
use crate::kiosk;
use crate::kiosk::JobId;
use crate::kiosk::Record;

use super::drawing::Drawing;

/// A journal longer than this is none: a record has some 300 bytes, a drawing some thousand strokes.
const MOST_BYTES: u64 = 64 << 20;
/// So many drawings are taken up after a restart at the most; there are two places for them.
const MOST_FOUND: usize = 64;

/// The folder.
#[derive(Debug)]
pub struct Records {
    folder: PathBuf,
    open: HashMap<JobId, File>,
    _lock: File,
}

/// A drawing that an earlier program left.
#[derive(Debug)]
pub struct Found {
    /// The last that is known of it.
    pub record: Record,
    /// Where its plan should be.
    pub plan: PathBuf,
}

impl Records {
    /// The folder at `folder`, made if it is not there, held by nobody else.
    ///
    /// # Errors
    /// It cannot be made or written, or another program holds it.
    pub fn open(folder: &Path) -> Result<Self, Fault> {
        let refused = |e: io::Error| {
            let words = format!("the folder {} cannot be used ({e}); set booth.state_folder", folder.display());
            Fault::new(Kind::Config, words)
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(refused)?;
        let lock = options().create(true).truncate(false).write(true).open(folder.join("lock")).map_err(refused)?;
        lock.try_lock().map_err(|_| {
            let words = format!("another kiosk runs with the folder {}; end it first", folder.display());
            Fault::new(Kind::DeviceBusy, words)
        })?;
        Ok(Self { folder: folder.to_owned(), open: HashMap::new(), _lock: lock })
    }

    /// What an earlier program left. Journals in which nothing proves itself are erased, and plans without a journal.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn found(&mut self) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)?.take(4 * MOST_FOUND) {
            let path = entry?.path();
            let Some(job) = job_of(&path, "journal") else { continue };
            let mut bytes = Vec::new();
            File::open(&path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
            match kiosk::decode(&bytes).last() {
                Some(record) if record.job == job && found.len() < MOST_FOUND => {
                    found.push(Found { record: record.clone(), plan: self.path(job, "plan") });
                }
                _ => self.erase(job)?,
            }
        }
        for entry in fs::read_dir(&self.folder)?.take(4 * MOST_FOUND) {
            let path = entry?.path();
            let Some(job) = job_of(&path, "plan").or_else(|| job_of(&path, "part")) else { continue };
            if found.iter().all(|found| found.record.job != job) {
                self.erase(job)?;
            }
        }
        found.sort_by_key(|found| found.record.job);
        Ok(found)
    }

    /// Adds `record` and makes it durable; `drawing`'s plan is written first, if it is not there yet.
    ///
    /// # Errors
    /// The disk is full or gone: what follows the record must not be done.
    pub fn append(&mut self, record: &Record, drawing: Option<&Drawing>) -> io::Result<()> {
        let plan = self.path(record.job, "plan");
        if let Some(drawing) = drawing.filter(|_| !plan.exists()) {
            // Whole or not at all: a plan that is torn would be one that cannot be resumed.
            let part = self.path(record.job, "part");
            let mut file = options().create(true).write(true).truncate(true).open(&part)?;
            file.write_all(drawing.bytes())?;
            file.sync_all()?;
            fs::rename(&part, &plan)?;
        }
        let known = self.open.contains_key(&record.job);
        if !known {
            let file = options().create(true).append(true).open(self.path(record.job, "journal"))?;
            self.open.insert(record.job, file);
        }
        if let Some(file) = self.open.get_mut(&record.job) {
            file.write_all(&kiosk::encode(record))?;
            file.sync_data()?;
        }
        if known { Ok(()) } else { self.sync_folder() }
    }

    /// Erases all of a drawing; one that is gone already stays so.
    ///
    /// # Errors
    /// A file cannot be erased.
    pub fn erase(&mut self, job: JobId) -> io::Result<()> {
        self.open.remove(&job);
        for ending in ["journal", "plan", "part"] {
            match fs::remove_file(self.path(job, ending)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        self.sync_folder()
    }

    /// How many bytes are free beside it.
    ///
    /// # Errors
    /// The folder is gone.
    pub fn free_bytes(&self) -> io::Result<u64> {
        let disk = rustix::fs::statvfs(&self.folder)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self, job: JobId, ending: &str) -> PathBuf {
        self.folder.join(format!("{job}.{ending}"))
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// The drawing whose file `path` is, if it ends so.
fn job_of(path: &Path, ending: &str) -> Option<JobId> {
    let name = path.file_name()?.to_str()?.strip_suffix(ending)?.strip_suffix('.')?;
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booth::drawing::tests::hatching;
    use crate::booth::drawing::tests::robot;
    use crate::kiosk::SessionId;
    use crate::kiosk::Stage;

    fn record(drawing: &Drawing, job: JobId, stage: Stage, confirmed: u32) -> Record {
        let plan = drawing.summary();
        Record {
            job,
            key: SessionId::first(7).into(),
            plan: plan.checksum,
            strokes: plan.strokes,
            plan_secs: plan.secs,
            sheet: 1,
            run: 1,
            confirmed,
            stage,
            code: None,
        }
    }

    #[test]
    fn a_drawing_is_found_again_with_its_plan_and_erased_at_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let (drawing, job) = (hatching(5), JobId::first(3));
        let mut records = Records::open(folder.path()).expect("ours");
        assert!(Records::open(folder.path()).is_err(), "one program at a time");
        records.append(&record(&drawing, job, Stage::Preparing, 0), Some(&drawing)).expect("room");
        records.append(&record(&drawing, job, Stage::Drawing, 2), Some(&drawing)).expect("room");
        drop(records);

        let mut records = Records::open(folder.path()).expect("ours");
        let found = records.found().expect("readable");
        assert_eq!((found.len(), found[0].record.confirmed), (1, 2));
        assert_eq!(Drawing::open(&found[0].plan, &robot()).expect("its plan"), drawing);
        records.erase(job).expect("erased");
        records.erase(job).expect("and stays so");
        assert_eq!(records.found().expect("readable").len(), 0);
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 1, "the lock alone is left");
    }

    #[test]
    fn a_torn_end_is_passed_over_and_noise_is_erased() {
        let folder = tempfile::tempdir().expect("a folder");
        let (drawing, job) = (hatching(5), JobId::first(3));
        let mut records = Records::open(folder.path()).expect("ours");
        records.append(&record(&drawing, job, Stage::Drawing, 3), None).expect("room");
        let path = records.path(job, "journal");
        let torn = kiosk::encode(&record(&drawing, job, Stage::Drawing, 4));
        OpenOptions::new().append(true).open(&path).and_then(|mut f| f.write_all(&torn[..20])).expect("torn");
        fs::write(records.path(job.next(), "journal"), b"noise").expect("written");
        fs::write(records.path(job.next().next(), "plan"), b"nobody's").expect("written");
        let found = records.found().expect("readable");
        assert_eq!((found.len(), found[0].record.confirmed), (1, 3));
        assert!(!records.path(job.next(), "journal").exists());
        assert!(!records.path(job.next().next(), "plan").exists(), "a plan without a journal is nobody's");
    }
}
