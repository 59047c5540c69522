//! A webcam, through nokhwa and Video4Linux.
//!
//! nokhwa's traps and what is done about them (nokhwa 0.10.11, bindings 0.1.4): `frame` blocks for ever when the
//! camera stalls (so [`super::stream`]); `Closest` finds nothing (so [`super::format`] and `Exact`); drivers round what
//! they are asked for (so the next best is tried, and at last what the driver chose is taken); its JPEG decoder can
//! end the process, and it hands over whole buffers (so [`super::frame`]); a rate such as 30000/1001 or a gray camera
//! (`GREY`) cannot be opened at all (so a sentence says what to do); it never reconnects (so [`super::webcam`] opens
//! it anew); its list of devices panics on a device called `/dev/videofoo` (so
//! [`super::list`]).

use std::borrow::Cow;
use std::path::Path;

use nokhwa::utils::CameraFormat;
use nokhwa::utils::CameraIndex;
use nokhwa::utils::RequestedFormat;
use nokhwa::utils::RequestedFormatType;

use super::CameraConfig;
use super::CameraError;
use super::error::During;
use super::error::from_driver;
use super::format;
use super::stream::Driver;
use super::webcam::Webcam;

/// How many of a camera's formats are tried before its driver's own choice is taken.
const MAX_FORMATS_TRIED: usize = 6;
/// Opens the webcam that `config.device` names and starts its stream.
pub(super) fn open(config: &CameraConfig) -> Result<Webcam, CameraError> {
    let (index, device) = find(&config.device)?;
    let (width, height) = (config.max_width_px, config.max_height_px);
    let called = device.clone();
    Webcam::open(config, &device, move || Streaming::start(index, called.clone(), width, height))
}

/// The formats that the webcam offers and this program reads, best first.
pub(super) fn offers(index: u32, device: &str) -> Result<Vec<CameraFormat>, CameraError> {
    let camera = open_any(index, device)?;
    offered(camera, device).map(|(_, formats)| format::ranked(&formats, u32::MAX, u32::MAX))
}

/// The index and path of the webcam called `name`: a number, or the path of a device or of a link to one.
pub(super) fn find(name: &str) -> Result<(u32, String), CameraError> {
    if let Ok(index) = name.parse() {
        return Ok((index, format!("/dev/video{index}")));
    }
    let device = || name.to_owned();
    let real = Path::new(name).canonicalize().map_err(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => CameraError::Permission { device: device() },
        _ => CameraError::NotFound { device: device() },
    })?;
    let index = real.strip_prefix("/dev/").ok().and_then(Path::to_str).and_then(|file| file.strip_prefix("video"));
    let index = index.and_then(|number| number.parse().ok());
    index.map(|index| (index, device())).ok_or_else(|| CameraError::NotACamera { device: device() })
}

/// A camera that streams, for as long as this lives.
struct Streaming {
    camera: nokhwa::Camera,
    format: CameraFormat,
    device: String,
}

impl Streaming {
    fn start(index: u32, device: String, max_width: u32, max_height: u32) -> Result<Self, CameraError> {
        let (mut camera, formats) = offered(open_any(index, &device)?, &device)?;
        let best = format::ranked(&formats, max_width, max_height);
        let agreed = best
            .into_iter()
            .take(MAX_FORMATS_TRIED)
            .any(|format| camera.set_camera_requset(exactly(format)).is_ok_and(|_| camera.camera_format() == format));
        if !agreed {
            camera
                .refresh_camera_format()
                .map_err(|error| from_driver(&device, &error.to_string(), During::Opening))?;
        }
        camera.open_stream().map_err(|error| from_driver(&device, &error.to_string(), During::Opening))?;
        Ok(Self { format: camera.camera_format(), camera, device })
    }
}

impl Driver for Streaming {
    type Format = CameraFormat;

    fn format(&self) -> CameraFormat {
        self.format
    }

    fn frame(&mut self) -> Result<Cow<'_, [u8]>, CameraError> {
        self.camera.frame_raw().map_err(|error| from_driver(&self.device, &error.to_string(), During::Streaming))
    }
}

/// The device, open with the first readable format it offers.
fn open_any(index: u32, device: &str) -> Result<nokhwa::Camera, CameraError> {
    let any = RequestedFormat::with_formats(RequestedFormatType::None, &format::READABLE);
    nokhwa::Camera::new(CameraIndex::Index(index), any)
        .map_err(|error| from_driver(device, &error.to_string(), During::Opening))
}

fn offered(mut camera: nokhwa::Camera, device: &str) -> Result<(nokhwa::Camera, Vec<CameraFormat>), CameraError> {
    let formats =
        camera.compatible_camera_formats().map_err(|error| from_driver(device, &error.to_string(), During::Opening))?;
    Ok((camera, formats))
}

fn exactly(format: CameraFormat) -> RequestedFormat<'static> {
    RequestedFormat::with_formats(RequestedFormatType::Exact(format), &format::READABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webcam_is_named_by_number_or_by_path() {
        assert_eq!(find("3"), Ok((3, "/dev/video3".to_owned())));
        assert_eq!(find("/dev/video251"), Err(CameraError::NotFound { device: "/dev/video251".to_owned() }));
        assert_eq!(find("/dev/null"), Err(CameraError::NotACamera { device: "/dev/null".to_owned() }));
        assert!(find("").is_err());
        assert!(find("-1").is_err());
    }
}
