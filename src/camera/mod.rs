//! Where photos come from: a webcam, a folder that other programs fill, a test card, or a sample sitter.
//!
//! [`open`] turns a [`CameraConfig`] into a [`Camera`]; every camera gives upright sRGB [`Photo`]s and fails with one
//! clear sentence ([`CameraError`]). To add a camera: write its file, add a variant to [`Source`] and an arm to [`open`].
//!
//! A [`webcam`] is a real one through nokhwa ([`native`] says which of its traps are stepped around) or its twin, before
//! which a sample sitter sits ([`sample`]); [`stream`] is the thread and the watchdog around it; [`frame`] turns raw
//! frames into pixels; [`format`] chooses the best format on offer.

mod error;
mod folder;
mod format;
mod frame;
mod list;
mod native;
mod sample;
mod stream;
mod test_card;
mod webcam;

use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

pub use error::CameraError;
pub use folder::is_photo;
pub use folder::read as read_photo;
pub use list::CameraInfo;
pub use list::list;

use crate::photo::Photo;

/// Something that takes photos.
pub trait Camera: Send {
    /// Takes one photo, now. It returns within a bounded time ([`CameraConfig::stall_secs`] for a webcam).
    ///
    /// # Errors
    /// [`CameraError`]; after any of them the next call tries afresh, so that a camera plugged in again works again.
    fn still(&mut self) -> Result<Shot, CameraError>;
}

/// One photo and where it came from.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The photo.
    pub photo: Photo,
    /// Its origin in words: the device and its format, the file's path, or the test card's name.
    pub origin: String,
}

/// Which kind of camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A webcam (Video4Linux).
    Webcam,
    /// A folder of photos.
    Folder,
    /// The test card: a drawn figure, the same every time.
    TestCard,
    /// A sample sitter before a simulated webcam.
    Sample,
}

impl Source {
    /// Whether it sends pictures of its own accord, many each second, and its exposure takes a while to settle.
    pub fn is_webcam(self) -> bool {
        matches!(self, Self::Webcam | Self::Sample)
    }
}

/// Which photo of the folder is the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FolderOrder {
    /// One after the other by name, and from the first again after the last.
    Next,
    /// Always the one written last (a tethered camera saves into the folder).
    Newest,
}

/// Which camera, and how it is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraConfig {
    /// Which kind of camera.
    pub source: Source,
    /// The webcam: its number (`"0"` for `/dev/video0`) or the path of its device.
    pub device: String,
    /// The folder that stands in for a camera.
    pub folder: PathBuf,
    /// Which photo of the folder is the next one.
    pub folder_order: FolderOrder,
    /// The webcam's widest picture, px; of the formats on offer the largest within these limits is taken.
    pub max_width_px: u32,
    /// The webcam's highest picture, px.
    pub max_height_px: u32,
    /// How many frames the webcam gets to find its exposure before the first photo.
    pub warm_up_frames: u32,
    /// How long the webcam may send nothing before it counts as stalled, seconds.
    pub stall_secs: f64,
}

impl Default for CameraConfig {
    /// The first webcam, at most 1920 x 1080 px, 15 frames (half a second) to find its exposure, stalled after 5 s.
    fn default() -> Self {
        Self {
            source: Source::Webcam,
            device: "0".to_owned(),
            folder: PathBuf::from("photos"),
            folder_order: FolderOrder::Next,
            max_width_px: 1920,
            max_height_px: 1080,
            warm_up_frames: 15,
            stall_secs: 5.0,
        }
    }
}

/// Opens the camera that `config` names. A webcam starts streaming at once, so that its exposure settles before the
/// first photo; a folder must exist.
///
/// # Errors
/// [`CameraError`], when there is no such camera or it cannot be used.
pub fn open(config: &CameraConfig) -> Result<Box<dyn Camera>, CameraError> {
    Ok(match config.source {
        Source::Webcam => Box::new(native::open(config)?),
        Source::Folder => Box::new(folder::Folder::open(&config.folder, config.folder_order)?),
        Source::TestCard => Box::new(test_card::TestCard),
        Source::Sample => Box::new(sample::open(config)?),
    })
}

impl CameraConfig {
    /// Whether the camera is there, as far as can be told without opening it.
    pub fn is_there(&self) -> bool {
        match self.source {
            Source::Webcam => native::find(&self.device).is_ok_and(|(_, path)| std::path::Path::new(&path).exists()),
            Source::Folder => self.folder.is_dir(),
            Source::TestCard | Source::Sample => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_card_and_a_folder_open_and_a_missing_webcam_says_so() {
        let config = CameraConfig { source: Source::TestCard, ..CameraConfig::default() };
        assert!(open(&config).and_then(|mut camera| camera.still()).is_ok());
        let config = CameraConfig { source: Source::Folder, folder: "/nowhere".into(), ..CameraConfig::default() };
        assert!(matches!(open(&config).err(), Some(CameraError::FolderMissing { .. })));
        let config = CameraConfig { device: "250".to_owned(), ..CameraConfig::default() };
        let sentence = open(&config).err().expect("no machine has 251 cameras").to_string();
        assert!(sentence.starts_with("no camera at /dev/video250"), "{sentence}");
    }
}
