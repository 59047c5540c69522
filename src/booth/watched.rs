//! A watched folder: every photo that is laid into it is an order, and what becomes of it is written beside it.
//!
//! `anna.jpg` gets `anna.jpg.json` (how far it has come) and, once it is on paper, `anna.jpg.svg` (its strokes, mm). The
//! photo itself is left alone and read by the sitter's process only. A photo is taken when it has not changed from one
//! look to the next; whoever wants it drawn again removes its `.json`. Ink cannot be undone: what had begun before a crash
//! is told as interrupted and never begun again by itself. Files are written whole or not at all. Refused: what does not
//! end as a photo does; more than [`MOST_PHOTOS`] photos at a time are looked at later.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::SystemTime;

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;

use super::orders::Book;
use super::orders::Order;
use super::orders::OrderState;
use super::orders::OrderView;
use super::orders::PhotoFrom;
use super::orders::Taken;
use crate::camera;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::kiosk::FaultCode;
use crate::kiosk::OrderKey;
use crate::plan;
use crate::strokes::svg;
use crate::strokes::svg::Layers;

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// So many photos are looked at in one look.
const MOST_PHOTOS: usize = 4096;
/// A result longer than this is none of ours.
const MOST_RESULT_BYTES: u64 = 64 << 10;

/// The thread that looks; it ends with this.
#[derive(Debug)]
pub struct Watched {
    ends: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What lies beside a photo.
#[derive(Debug, Serialize)]
struct Beside<'a> {
    schema: &'static str,
    #[serde(flatten)]
    order: &'a OrderView,
}

/// What of it is read back.
#[derive(Debug, Deserialize)]
struct Before {
    state: String,
}

/// What is known of one photo.
#[derive(Debug)]
struct Known {
    /// Its size and when it was written, at the last look.
    stamp: (u64, SystemTime),
    /// Its order's name, once it is one.
    key: Option<OrderKey>,
    /// What was written beside it last.
    told: Option<OrderView>,
    /// How often it was ordered in this run.
    times: u32,
}

/// The folder, and what is known of it.
struct Folder {
    path: PathBuf,
    orders: Arc<Book>,
    pen_mm: f64,
    known: HashMap<PathBuf, Known>,
}

impl Watched {
    /// Watches the folder at `path` for `orders`; `tell` hears a sentence when something cannot be done.
    ///
    /// # Errors
    /// There is no such folder, or the machine gives no thread.
    pub fn start(
        path: PathBuf,
        orders: Arc<Book>,
        pen_mm: f64,
        tell: impl Fn(&str) + Send + 'static,
    ) -> Result<Self, Fault> {
        if !path.is_dir() {
            let sentence = format!("{} is no folder; make it, or name another", path.display());
            return Err(Fault::new(Kind::BadInput, sentence));
        }
        let (ends, ended) = sync_channel(1);
        let mut folder = Folder { path, orders, pen_mm, known: HashMap::new() };
        let run = move || {
            let mut said = String::new();
            loop {
                // The same trouble is told once.
                let trouble = folder.look().err().map(|e| format!("{}: {e}", folder.path.display()));
                let trouble = trouble.unwrap_or_default();
                if trouble != said && !trouble.is_empty() {
                    tell(&trouble);
                }
                said = trouble;
                match ended.recv_timeout(EVERY) {
                    Err(RecvTimeoutError::Timeout) => {}
                    _ => return,
                }
            }
        };
        let unexpected = |e: io::Error| Fault::new(Kind::Unexpected, format!("no folder can be watched ({e})"));
        let thread = thread::Builder::new().name("watched folder".into()).spawn(run).map_err(unexpected)?;
        Ok(Self { ends: Some(ends), thread: Some(thread) })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.ends.take();
        // A thread that panicked has said so already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Folder {
    /// Orders what is new, and writes what has become of the rest. What goes wrong with one photo stops no other.
    fn look(&mut self) -> io::Result<()> {
        let mut photos = Vec::new();
        for entry in fs::read_dir(&self.path)?.take(4 * MOST_PHOTOS) {
            let path = entry?.path();
            let Ok(data) = fs::metadata(&path) else { continue };
            if data.is_file() && camera::is_photo(&path) {
                photos.push((data.modified().unwrap_or(SystemTime::UNIX_EPOCH), data.len(), path));
            }
        }
        // Whoever came first is drawn first.
        photos.sort();
        photos.truncate(MOST_PHOTOS);
        self.known.retain(|path, _| photos.iter().any(|(_, _, there)| there == path));
        let mut first = Ok(());
        for (written, bytes, path) in photos {
            let done = self.photo(&path, (bytes, written));
            first = first.and(done);
        }
        first
    }

    fn photo(&mut self, path: &Path, stamp: (u64, SystemTime)) -> io::Result<()> {
        let fresh = Known { stamp, key: None, told: None, times: 0 };
        let known = match self.known.get_mut(path) {
            Some(known) if known.stamp == stamp || known.key.is_some() => known,
            _ => {
                // Somebody may still be writing it.
                self.known.insert(path.to_owned(), fresh);
                return Ok(());
            }
        };
        if known.key.is_some() && known.told.is_some() && !beside(path, "json").exists() {
            // Somebody took the result away: the photo is to be drawn again.
            let times = known.times;
            *known = Known { times, ..fresh };
        }
        if known.key.is_none() {
            let key = key_of(path, stamp, known.times)?;
            match before(path)?.as_deref() {
                None | Some("waiting" | "making") => {}
                Some("drawing" | "interrupted") => {
                    if self.orders.find(&key).is_none() {
                        let over = OrderView {
                            key: key.into(),
                            state: OrderState::Interrupted,
                            code: Some(FaultCode::Crash.row().code),
                            confirmed: 0,
                            strokes: 0,
                            secs: 0,
                        };
                        return write(path, &over);
                    }
                }
                Some(_) => return Ok(()),
            }
            let (Taken::New(view) | Taken::Same(view)) =
                self.orders.take(key.clone(), PhotoFrom::File(path.to_owned()))
            else {
                return Ok(());
            };
            (known.key, known.times) = (Some(key), known.times + 1);
            write(path, &view)?;
            known.told = Some(view);
        }
        let Some(order) = known.key.as_ref().and_then(|key| self.orders.find(key)) else { return Ok(()) };
        let view = order.view();
        if known.told.as_ref() != Some(&view) {
            finish(path, &order, self.pen_mm)?;
            write(path, &view)?;
            known.told = Some(view);
            if order.state.is_over() {
                self.orders.change(&order.key, |order| order.drawing = None);
            }
        }
        Ok(())
    }
}

/// The strokes of a drawing that is on paper, beside its photo.
fn finish(path: &Path, order: &Order, pen_mm: f64) -> io::Result<()> {
    let (OrderState::Drawn, Some(drawing)) = (order.state, &order.drawing) else { return Ok(()) };
    let Ok(strokes) = plan::strokes_of(drawing.plan()) else { return Ok(()) };
    whole(&beside(path, "svg"), svg::write(&strokes, pen_mm, Layers::InOrder).as_bytes())
}

fn write(path: &Path, order: &OrderView) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(&Beside { schema: "portraitist.order/1", order })?;
    text.push(b'\n');
    whole(&beside(path, "json"), &text)
}

/// Writes a file whole or not at all, and so that it lasts.
fn whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.part"));
    let mut file = fs::File::create(&part)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)
}

/// `anna.jpg.json` of `anna.jpg`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    path.with_file_name(name)
}

/// The state that an earlier look, perhaps of an earlier program, wrote beside the photo.
fn before(path: &Path) -> io::Result<Option<String>> {
    let mut text = Vec::new();
    match fs::File::open(beside(path, "json")) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
        Ok(file) => io::Read::read_to_end(&mut io::Read::take(file, MOST_RESULT_BYTES), &mut text)?,
    };
    // A file of somebody else's is left alone, and so is its photo.
    Ok(Some(serde_json::from_slice::<Before>(&text).map_or_else(|_| String::new(), |before| before.state)))
}

/// The same file at the same size and time is the same order, also after a restart.
fn key_of(path: &Path, (bytes, written): (u64, SystemTime), times: u32) -> io::Result<OrderKey> {
    let since = written.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mut hash = Sha256::new();
    hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
    hash.update(bytes.to_le_bytes());
    hash.update(since.to_le_bytes());
    let name: String = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let text = if times == 0 { format!("file-{name}") } else { format!("file-{name}-{}", times + 1) };
    OrderKey::try_from(text).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booth::drawing::tests::hatching;

    struct Bench {
        at: tempfile::TempDir,
        folder: Folder,
    }

    fn bench() -> Bench {
        let at = tempfile::tempdir().expect("a folder");
        let folder = again(at.path());
        Bench { at, folder }
    }

    fn again(path: &Path) -> Folder {
        Folder { path: path.to_owned(), orders: Arc::default(), pen_mm: 0.4, known: HashMap::new() }
    }

    impl Bench {
        fn look(&mut self) {
            self.folder.look().expect("readable");
        }

        fn state(&self) -> Option<String> {
            before(&self.at.path().join("anna.jpg")).expect("readable")
        }
    }

    #[test]
    fn a_photo_is_ordered_once_and_its_result_lies_beside_it() {
        let mut bench = bench();
        fs::write(bench.at.path().join("anna.jpg"), b"half").expect("written");
        fs::write(bench.at.path().join("notes.txt"), b"no photo").expect("written");
        bench.look();
        assert_eq!((bench.state(), bench.folder.orders.is_busy()), (None, false), "it may still be written");
        fs::write(bench.at.path().join("anna.jpg"), b"the whole").expect("written");
        bench.look();
        bench.look();
        assert_eq!(bench.state().as_deref(), Some("waiting"));
        let order = bench.folder.orders.next().expect("an order");
        bench.look();
        bench.look();
        assert!(bench.folder.orders.next().is_none(), "one photo, one order");
        let drawing = Arc::new(hatching(4));
        bench.folder.orders.change(&order.key, |order| {
            (order.state, order.strokes, order.drawing) = (OrderState::Drawn, 4, Some(drawing));
        });
        bench.look();
        assert_eq!(bench.state().as_deref(), Some("drawn"));
        let svg = fs::read_to_string(bench.at.path().join("anna.jpg.svg")).expect("its strokes");
        assert_eq!(svg.matches("<path").count(), 4);
        assert!(bench.folder.orders.find(&order.key).expect("remembered").drawing.is_none(), "kept once is enough");
        fs::remove_file(bench.at.path().join("anna.jpg.json")).expect("there");
        bench.look();
        bench.look();
        assert!(bench.folder.orders.next().is_some_and(|other| other.key != order.key), "to be drawn again");
    }

    #[test]
    fn after_a_crash_what_had_begun_is_not_begun_again() {
        let mut bench = bench();
        fs::write(bench.at.path().join("anna.jpg"), b"the whole").expect("written");
        bench.look();
        bench.look();
        let order = bench.folder.orders.next().expect("an order");
        for (state, told, again_ordered) in [
            (OrderState::Making, "waiting", true),
            (OrderState::Drawing, "interrupted", false),
            (OrderState::Drawn, "drawn", false),
        ] {
            bench.folder.orders.change(&order.key, |order| order.state = state);
            (0..3).for_each(|_| bench.look());
            let mut after = again(bench.at.path());
            after.look().expect("readable");
            after.look().expect("readable");
            assert_eq!(after.orders.next().is_some(), again_ordered, "{state:?}");
            assert_eq!(bench.state().as_deref(), Some(told), "{state:?}");
            bench.folder.known.clear();
        }
    }
}
