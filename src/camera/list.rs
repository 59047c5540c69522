//! Which webcams this machine has: read from the kernel's own list, each asked for its formats, best effort.
//!
//! nokhwa's list reads `/dev` and panics on a device without a number, so `/sys/class/video4linux` is read here. Most
//! webcams bring a second device for data only: a second device that offers no pictures is left out. One that is busy
//! or forbidden stays in, with the sentence that says so.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use serde::Serialize;

use super::CameraError;
use super::format;
use super::native;

/// The most devices that are looked at.
const MAX_DEVICES: usize = 64;
/// How long one device may take to tell its formats.
const PATIENCE: Duration = Duration::from_secs(4);

/// A webcam, as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CameraInfo {
    /// Its number, as the key `camera.device` takes it.
    pub index: u32,
    /// Its device file.
    pub path: PathBuf,
    /// What it calls itself.
    pub name: String,
    /// Its formats that can be read, largest first, as in `1280x720 MJPEG, 30 frames/s`.
    pub formats: Vec<String>,
    /// Why it cannot be used now.
    pub problem: Option<String>,
}

impl fmt::Display for CameraInfo {
    /// One line: number, name, path, and its best format or its problem.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.index, self.name, self.path.display())?;
        match (&self.problem, self.formats.first()) {
            (Some(problem), _) => write!(f, ", cannot be used now: {problem}"),
            (None, Some(format)) => write!(f, ", up to {format}"),
            (None, None) => Ok(()),
        }
    }
}

/// The webcams of this machine, by number.
pub fn list() -> Vec<CameraInfo> {
    let devices = devices(Path::new("/sys/class/video4linux"));
    devices.into_iter().filter_map(look).collect()
}

/// A device, as the kernel lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Device {
    index: u32,
    name: String,
    /// Whether it is the first of its hardware's devices.
    first: bool,
}

/// The devices below `class`, by number.
fn devices(class: &Path) -> Vec<Device> {
    let Ok(entries) = std::fs::read_dir(class) else { return Vec::new() };
    let mut devices: Vec<_> = entries
        .flatten()
        .take(MAX_DEVICES)
        .filter_map(|entry| {
            let index = entry.file_name().to_str()?.strip_prefix("video")?.parse().ok()?;
            let text =
                |file: &str| std::fs::read_to_string(entry.path().join(file)).unwrap_or_default().trim().to_owned();
            Some(Device { index, name: text("name"), first: matches!(text("index").as_str(), "0" | "") })
        })
        .collect();
    devices.sort_unstable();
    devices
}

fn look(Device { index, name, first }: Device) -> Option<CameraInfo> {
    let device = format!("/dev/video{index}");
    let (formats, problem) = match offers_in_time(index, &device) {
        Ok(formats) => (formats, None),
        Err(CameraError::NotACamera { .. }) => return None,
        Err(CameraError::NoUsableFormat { .. }) if !first => return None,
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    Some(CameraInfo { index, path: device.into(), name, formats, problem })
}

/// Asks on a thread of its own: some drivers take for ever to answer.
fn offers_in_time(index: u32, device: &str) -> Result<Vec<String>, CameraError> {
    let (answer, answered) = mpsc::channel();
    let path = device.to_owned();
    let ask = move || {
        let offers = native::offers(index, &path).map(|formats| formats.iter().map(format::in_words).collect());
        // Nobody listens any more when it took too long; then the answer is not wanted.
        let _ = answer.send(offers);
    };
    let asked = std::thread::Builder::new().name("camera list".to_owned()).spawn(ask);
    let silent = || CameraError::Stalled { device: device.to_owned(), secs: PATIENCE.as_secs() };
    match asked {
        Ok(_) => answered.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(silent())),
        Err(error) => Err(CameraError::Driver { device: device.to_owned(), what: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_by_number_and_odd_ones_left_out() {
        let class = tempfile::tempdir().expect("a folder");
        for (folder, name) in [("video10", "Ten\n"), ("video2", "Two\n"), ("videofoo", "?"), ("v4l-subdev0", "?")] {
            std::fs::create_dir(class.path().join(folder)).expect("a folder");
            std::fs::write(class.path().join(folder).join("name"), name).expect("a file");
        }
        std::fs::create_dir(class.path().join("video3")).expect("a folder");
        for (folder, index) in [("video2", "0\n"), ("video10", "1\n")] {
            std::fs::write(class.path().join(folder).join("index"), index).expect("a file");
        }
        let device = |index, name: &str, first| Device { index, name: name.to_owned(), first };
        assert_eq!(devices(class.path()), [device(2, "Two", true), device(3, "", true), device(10, "Ten", false)]);
        assert_eq!(devices(&class.path().join("nowhere")), []);
    }

    #[test]
    fn a_device_that_is_gone_stays_in_the_list_with_its_reason() {
        let info = look(Device { index: 251, name: "Gone".to_owned(), first: true }).expect("listed");
        assert!(
            info.to_string().starts_with("251: Gone (/dev/video251), cannot be used now: no camera at /dev/video251")
        );
    }
}
