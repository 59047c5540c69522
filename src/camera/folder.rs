//! A folder as camera: each photo taken is the folder's next one by name, or the one written last.
//!
//! The folder is read anew for each photo, so that files may come and go. Files that are no photo (JPEG, PNG, WebP by
//! their name's ending), hidden ones, and photos that cannot be read, because they are damaged or still being written,
//! are passed over.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use super::Camera;
use super::CameraError;
use super::FolderOrder;
use super::Shot;
use crate::photo;
use crate::photo::Photo;

/// The most files a photo folder may hold.
const MAX_FILES: usize = 100_000;
/// The most unreadable photos that are passed over for one that can be read.
const MAX_PASSED_OVER: usize = 100;

/// A folder of photos.
pub(super) struct Folder {
    folder: PathBuf,
    order: FolderOrder,
    last: Option<PathBuf>,
}

impl Folder {
    /// The folder at `folder`, which must exist and be readable; it may still be empty.
    pub(super) fn open(folder: &Path, order: FolderOrder) -> Result<Self, CameraError> {
        let camera = Self { folder: folder.to_owned(), order, last: None };
        camera.photos()?;
        Ok(camera)
    }

    /// The paths of its photos, the next one first.
    fn photos(&self) -> Result<Vec<PathBuf>, CameraError> {
        let folder = || self.folder.display().to_string();
        let unreadable = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => CameraError::FolderMissing { folder: folder() },
            _ => CameraError::FolderUnreadable { folder: folder(), what: error.to_string() },
        };
        let mut photos = Vec::new();
        for (count, entry) in std::fs::read_dir(&self.folder).map_err(unreadable)?.enumerate() {
            if count == MAX_FILES {
                return Err(CameraError::FolderTooFull { folder: folder(), most: MAX_FILES });
            }
            let path = entry.map_err(unreadable)?.path();
            if is_photo(&path) {
                photos.push(path);
            }
        }
        photos.sort_unstable();
        match self.order {
            FolderOrder::Next => {
                let given = self.last.as_ref().map_or(0, |last| photos.partition_point(|path| path <= last));
                photos.rotate_left(given);
            }
            FolderOrder::Newest => {
                photos.sort_by_cached_key(|path| std::cmp::Reverse(written(path)));
            }
        }
        Ok(photos)
    }
}

impl Camera for Folder {
    fn still(&mut self) -> Result<Shot, CameraError> {
        let mut first_problem = None;
        for path in self.photos()?.into_iter().take(MAX_PASSED_OVER) {
            match read(&path) {
                Ok(photo) => {
                    let origin = path.display().to_string();
                    self.last = Some(path);
                    return Ok(Shot { photo, origin });
                }
                Err(problem) => first_problem = first_problem.or(Some(format!("{}: {problem}", path.display()))),
            }
        }
        let folder = self.folder.display().to_string();
        Err(match first_problem {
            None => CameraError::FolderEmpty { folder },
            Some(first) => CameraError::NoReadablePhoto { folder, first },
        })
    }
}

/// Whether the name is a photo's: not hidden, and ending as one. Whether it is one shows when it is read.
pub fn is_photo(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    !hidden && ["jpg", "jpeg", "png", "webp"].iter().any(|photo| ending.eq_ignore_ascii_case(photo))
}

/// When the file was written; one that tells nothing counts as oldest. Equal times fall back to the name.
fn written(path: &Path) -> (SystemTime, PathBuf) {
    let time = std::fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    (time, path.to_owned())
}

/// The photo in the file `path`.
///
/// # Errors
/// It cannot be read, or is none; in words.
pub fn read(path: &Path) -> Result<Photo, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    // One byte more than a photo may have is enough for its decoder to say that it is too large.
    file.take(photo::MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    photo::decode(&bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::Rgb;
    use crate::raster::rgb_png;
    use image::codecs::jpeg::JpegEncoder;

    /// A photo that is `shade` all over.
    fn shade(shade: u8) -> Rgb {
        Rgb::from_pixel(64, 64, image::Rgb([shade; 3]))
    }

    fn taken(camera: &mut Folder) -> u8 {
        camera.still().expect("a photo").photo.pixels().get_pixel(5, 5).0[0]
    }

    #[test]
    fn each_photo_is_the_next_by_name_and_the_first_follows_the_last() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).expect("a file");
        write("b.png", &rgb_png(&shade(20)));
        write("a.PNG", &rgb_png(&shade(10)));
        write(".hidden.png", &rgb_png(&shade(1)));
        write("notes.txt", b"no photo");
        write("a2.png", b"not yet a photo");
        let mut jpeg = Vec::new();
        JpegEncoder::new(&mut jpeg).encode_image(&shade(30)).expect("a JPEG in memory");
        write("a1.jpg", &jpeg[..jpeg.len() - 2]);
        let mut camera = Folder::open(folder.path(), FolderOrder::Next).expect("a folder");
        assert_eq!([taken(&mut camera), taken(&mut camera), taken(&mut camera)], [10, 20, 10]);
        write("a1.jpg", &jpeg);
        assert_eq!([taken(&mut camera), taken(&mut camera)], [30, 20]);
        std::fs::remove_file(folder.path().join("b.png")).expect("there it is");
        assert_eq!(taken(&mut camera), 10, "the last photo may be gone by now");
    }

    #[test]
    fn the_newest_is_the_one_written_last_whatever_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, value: u8, secs: u64| {
            let path = folder.path().join(name);
            std::fs::write(&path, rgb_png(&shade(value))).expect("a file");
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(secs);
            File::options().write(true).open(path).and_then(|file| file.set_modified(time)).expect("its time");
        };
        write("b.png", 20, 2000);
        write("a.png", 10, 3000);
        let mut camera = Folder::open(folder.path(), FolderOrder::Newest).expect("a folder");
        assert_eq!([taken(&mut camera), taken(&mut camera)], [10, 10]);
        write("0.png", 5, 4000);
        assert_eq!(taken(&mut camera), 5);
    }

    #[test]
    fn a_missing_an_empty_and_an_unreadable_folder_each_say_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = |path: &Path| Folder::open(path, FolderOrder::Next);
        let missing = open(&folder.path().join("nowhere")).err().expect("missing");
        assert!(matches!(missing, CameraError::FolderMissing { .. }), "{missing}");
        let file = folder.path().join("a.png");
        std::fs::write(&file, b"").expect("a file");
        let no_folder = open(&file).err().expect("a file is no folder");
        assert!(matches!(no_folder, CameraError::FolderUnreadable { .. }), "{no_folder}");
        let error = open(folder.path()).and_then(|mut camera| camera.still()).expect_err("an empty file");
        assert!(matches!(&error, CameraError::NoReadablePhoto { first, .. } if first.contains("a.png")), "{error}");
        std::fs::remove_file(&file).expect("there it is");
        let error = open(folder.path()).and_then(|mut camera| camera.still()).expect_err("empty");
        assert!(matches!(error, CameraError::FolderEmpty { .. }), "{error}");
    }
}
