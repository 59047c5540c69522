//! A webcam, whoever drives it: a stream of coded frames, opened again when it has ended, and read into photos.
//!
//! [`super::native`] drives real ones, [`super::sample`] their twin. A frame that arrives damaged is passed over.

use std::time::Duration;

use nokhwa::utils::CameraFormat;

use super::Camera;
use super::CameraConfig;
use super::CameraError;
use super::Shot;
use super::format;
use super::frame;
use super::stream::Driver;
use super::stream::Stream;
use crate::photo::Photo;

/// How many damaged frames in a row are passed over before the photo is given up. USB cameras drop one now and then.
const MAX_DAMAGED_FRAMES: u32 = 10;

/// Opens the device once more.
type Start = Box<dyn Fn() -> Result<Stream<CameraFormat>, CameraError> + Send>;

/// A webcam.
pub(super) struct Webcam {
    device: String,
    start: Start,
    stream: Option<Stream<CameraFormat>>,
}

impl Webcam {
    /// Opens the webcam called `device`, which `open` does on the thread of its stream, now and whenever it has ended.
    ///
    /// # Errors
    /// What `open` gives, or that it did not come back within [`CameraConfig::stall_secs`].
    pub(super) fn open<D: Driver<Format = CameraFormat>>(
        config: &CameraConfig,
        device: &str,
        open: impl Fn() -> Result<D, CameraError> + Clone + Send + 'static,
    ) -> Result<Self, CameraError> {
        let stall = Duration::from_secs_f64(config.stall_secs.clamp(0.1, 3600.0));
        let (device, called, warm_up_frames) = (device.to_owned(), device.to_owned(), config.warm_up_frames);
        let start: Start = Box::new(move || Stream::start(&called, stall, warm_up_frames, open.clone()));
        let stream = Some(start()?);
        Ok(Self { device, start, stream })
    }
}

impl Camera for Webcam {
    fn still(&mut self) -> Result<Shot, CameraError> {
        let stream = match self.stream.take() {
            Some(stream) if !stream.has_ended() => stream,
            // It was there once, so it is not that there is no camera.
            _ => (self.start)().map_err(|error| match error {
                CameraError::NotFound { device } => CameraError::Unplugged { device },
                error => error,
            })?,
        };
        let stream = self.stream.insert(stream);
        for _ in 0..MAX_DAMAGED_FRAMES {
            let (format, bytes) = stream.next()?;
            let pixels = frame::to_rgb(format.format(), format.width(), format.height(), &bytes);
            if let Some(photo) = pixels.and_then(Photo::new) {
                return Ok(Shot { photo, origin: format!("{}, {}", self.device, format::in_words(&format)) });
            }
        }
        Err(CameraError::Damaged { device: self.device.clone(), frames: MAX_DAMAGED_FRAMES })
    }
}
