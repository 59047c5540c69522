//! What can go wrong with a camera, one sentence each, and how the driver's own words are read.
//!
//! nokhwa hands on the operating system's error as text; its `(os error N)` is the only part that keeps its meaning
//! from driver to driver, so that number is what is read. Numbers: `errno(3)` of Linux.

use crate::fault::Fault;
use crate::fault::Kind;

/// Why there is no photo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is documented by its sentence; fields are what the sentence names")]
pub enum CameraError {
    #[error("no camera at {device}: plug one in, or choose another (`portraitist camera list` shows them)")]
    NotFound { device: String },
    #[error("{device} is in use by another program: close that program and try again")]
    Busy { device: String },
    #[error(
        "no permission to use {device}: add this user to the group video (`sudo usermod -aG video $USER`), then log out and in"
    )]
    Permission { device: String },
    #[error("{device} was unplugged: plug it in and try again")]
    Unplugged { device: String },
    #[error("{device} has sent no picture for {secs} s: unplug it, plug it in and try again")]
    Stalled { device: String, secs: u64 },
    #[error("{device} is no webcam: choose another (`portraitist camera list` shows them)")]
    NotACamera { device: String },
    #[error(
        "{device} offers nothing that can be read (MJPEG, YUYV, NV12, RGB3 or BGR3, at a whole number of frames a second): choose another (`portraitist camera list` shows them)"
    )]
    NoUsableFormat { device: String },
    #[error(
        "{device} runs at {rate} frames a second, which is no whole number, and cannot be opened so: set another rate (`v4l2-ctl -d {device} --set-parm=30`) or use another camera"
    )]
    BrokenRate { device: String, rate: String },
    #[error("{device} refuses the very format it offers: unplug it, plug it in and try again, or use another camera")]
    FormatRefused { device: String },
    #[error("{device} sent {frames} damaged pictures in a row: try another cable or another USB port")]
    Damaged { device: String, frames: u32 },
    #[error("{device} failed: {what}")]
    Driver { device: String, what: String },
    #[error("the photo folder {folder} does not exist: create it, or name another with --camera-dir")]
    FolderMissing { folder: String },
    #[error("the photo folder {folder} cannot be read ({what}): check its permissions")]
    FolderUnreadable { folder: String, what: String },
    #[error("the photo folder {folder} holds more than {most} files: name a folder with fewer")]
    FolderTooFull { folder: String, most: usize },
    #[error("the photo folder {folder} holds no photo (JPEG, PNG or WebP): put one in and try again")]
    FolderEmpty { folder: String },
    #[error("the photo folder {folder} holds no photo that can be read; {first}")]
    NoReadablePhoto { folder: String, first: String },
}

impl From<CameraError> for Fault {
    fn from(error: CameraError) -> Self {
        let kind = match &error {
            CameraError::NotFound { .. }
            | CameraError::Unplugged { .. }
            | CameraError::NotACamera { .. }
            | CameraError::NoUsableFormat { .. }
            | CameraError::BrokenRate { .. }
            | CameraError::FormatRefused { .. }
            | CameraError::FolderMissing { .. } => Kind::DeviceNotFound,
            CameraError::Busy { .. } | CameraError::Permission { .. } | CameraError::FolderUnreadable { .. } => {
                Kind::DeviceBusy
            }
            CameraError::FolderTooFull { .. }
            | CameraError::FolderEmpty { .. }
            | CameraError::NoReadablePhoto { .. }
            | CameraError::Damaged { .. } => Kind::BadInput,
            CameraError::Stalled { .. } | CameraError::Driver { .. } => Kind::Unexpected,
        };
        Fault::new(kind, error.to_string())
    }
}

/// What the driver was asked for when it failed: the same number means different things at different times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum During {
    /// Opening the device and agreeing on a format.
    Opening,
    /// Streaming frames.
    Streaming,
}

/// The error that `words` of the driver stand for.
pub(super) fn from_driver(device: &str, words: &str, during: During) -> CameraError {
    let device = device.to_owned();
    if let Some((_, rate)) = words.split_once("Framerate not whole number: ") {
        return CameraError::BrokenRate { device, rate: rate.replace(' ', "") };
    }
    match (os_error(words), during) {
        // ENOENT, ENXIO, ENODEV: no such file, no such device (any more).
        (Some(2 | 6 | 19), During::Opening) => CameraError::NotFound { device },
        (Some(2 | 6 | 19), During::Streaming) => CameraError::Unplugged { device },
        // EIO while streaming is what USB cameras give when the cable goes; it may pass, so it keeps its words.
        (Some(16), _) => CameraError::Busy { device },
        (Some(1 | 13), _) => CameraError::Permission { device },
        // ENOTTY: it does not know what a list of formats is.
        (Some(25), During::Opening) => CameraError::NotACamera { device },
        _ if words.contains("Failed to Fufill") => CameraError::NoUsableFormat { device },
        _ if words.contains("Rejected") => CameraError::FormatRefused { device },
        _ if words.contains("property FrameFormat: unsupported") => CameraError::NoUsableFormat { device },
        _ => CameraError::Driver { device, what: words.to_owned() },
    }
}

/// The number in `(os error N)`.
fn os_error(words: &str) -> Option<u32> {
    let (_, rest) = words.rsplit_once("(os error ")?;
    rest.split_once(')')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_drivers_words_becomes_its_own_sentence() {
        let check = |words: &str, during: During, expected: &str, kind: Kind| {
            let error = from_driver("/dev/video0", words, during);
            let sentence = error.to_string();
            assert!(sentence.contains(expected), "{words} became {sentence}");
            assert_eq!(Fault::from(error).kind(), kind, "{words}");
        };
        let open = "Could not open device 0: V4L2 Error: ";
        let read = "Could not capture frame: ";
        let (opening, streaming) = (During::Opening, During::Streaming);
        check(&format!("{open}No such file or directory (os error 2)"), opening, "no camera at", Kind::DeviceNotFound);
        check(&format!("{open}Device or resource busy (os error 16)"), opening, "in use by", Kind::DeviceBusy);
        check(&format!("{open}Permission denied (os error 13)"), opening, "group video", Kind::DeviceBusy);
        check(&format!("{read}No such device (os error 19)"), streaming, "was unplugged", Kind::DeviceNotFound);
        check(&format!("{read}Input/output error (os error 5)"), streaming, "Input/output", Kind::Unexpected);
        let property = "Could not get device property ";
        check(
            &format!("{property}V4L2 FrameRate: Framerate not whole number: 30000 / 1001"),
            opening,
            "30000/1001 frames",
            Kind::DeviceNotFound,
        );
        check(
            &format!("{property}CameraFormat: Failed to Fufill"),
            opening,
            "nothing that can be read",
            Kind::DeviceNotFound,
        );
        check(
            &format!("{property}FrameFormat: unsupported"),
            opening,
            "nothing that can be read",
            Kind::DeviceNotFound,
        );
        check(
            &format!("{property}FrameFormat: Inappropriate ioctl for device (os error 25)"),
            opening,
            "no webcam",
            Kind::DeviceNotFound,
        );
        check(
            "Could not set device property CameraFormat with value : Not same/Rejected",
            opening,
            "refuses",
            Kind::DeviceNotFound,
        );
        check("what nobody expected", streaming, "what nobody expected", Kind::Unexpected);
    }

    #[test]
    fn the_last_os_error_in_the_words_counts() {
        assert_eq!(os_error("a (os error 2) b (os error 13)"), Some(13));
        assert_eq!(os_error("os error 13"), None);
        assert_eq!(os_error("(os error many)"), None);
    }
}
