//! The webcam's twin: the first of the sample sitters (composites that ship, nobody's face) sits before it, swaying a
//! little, for trying everything behind the camera without one.
//!
//! It sends what a usual webcam sends, Motion JPEG at 30 frames a second of the largest size within the limits, through
//! the same stream, watchdog and decoder. The sitter's square portrait stands as high as the frame before a wall that
//! goes on in the colours of the portrait's edges.

use std::borrow::Cow;
use std::f64::consts::TAU;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use image::codecs::jpeg::JpegEncoder;
use image::imageops;
use image::imageops::FilterType;
use nokhwa::utils::CameraFormat;
use nokhwa::utils::FrameFormat;

use super::CameraConfig;
use super::CameraError;
use super::format;
use super::stream::Driver;
use super::webcam::Webcam;
use crate::photo;
use crate::photo::sitters;
use crate::raster::Rgb;

/// What it offers, px.
const SIZES: [(u32, u32); 3] = [(1920, 1080), (1280, 720), (640, 480)];
const FRAMES_PER_SEC: u32 = 30;
/// Different pictures of one sway, and how many frames show each of them.
const PICTURES: usize = 12;
const FRAMES_EACH: usize = 5;
/// The sitter sways by this part of the frame's height to either side.
const SWAY: f64 = 0.004;
/// Columns of the portrait's edge from which the wall beside it has its colours, and how many shades these have.
const EDGE_PX: u32 = 8;
const WALL_PX: u32 = 8;
/// JPEG quality of the frames, about a webcam's.
const QUALITY: u8 = 85;

/// Opens it, at the size that a webcam would give within the limits of `config`.
pub(super) fn open(config: &CameraConfig) -> Result<Webcam, CameraError> {
    let device = format!("the sample sitter {}", sitters::sitters()[0].name);
    let (width, height, called) = (config.max_width_px, config.max_height_px, device.clone());
    Webcam::open(config, &device, move || Sitting::start(&called, width, height))
}

/// A sitter who sits.
struct Sitting {
    format: CameraFormat,
    pictures: Vec<Vec<u8>>,
    sent: usize,
    next: Instant,
}

impl Sitting {
    fn start(device: &str, max_width: u32, max_height: u32) -> Result<Self, CameraError> {
        let broken = |what: String| CameraError::Driver { device: device.to_owned(), what };
        let offered =
            SIZES.map(|(width, height)| CameraFormat::new_from(width, height, FrameFormat::MJPEG, FRAMES_PER_SEC));
        let best = format::ranked(&offered, max_width, max_height);
        let format = *best.first().ok_or_else(|| broken("it offers nothing".to_owned()))?;
        let portrait = photo::decode(sitters::sitters()[0].jpeg).map_err(|error| broken(error.to_string()))?;
        let portrait = imageops::resize(portrait.pixels(), format.height(), format.height(), FilterType::CatmullRom);
        let wall = [0, portrait.width() - EDGE_PX].map(|at| wall(&portrait, at));
        let pictures = (0..PICTURES).map(|nth| {
            let away = SWAY * f64::from(format.height()) * (TAU * nth as f64 / PICTURES as f64).sin();
            let mut jpeg = Vec::new();
            JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
                .encode_image(&before_a_wall(&portrait, &wall, format.width(), away.round() as i64))
                .map_err(|error| broken(error.to_string()))?;
            Ok(jpeg)
        });
        Ok(Self { format, pictures: pictures.collect::<Result<_, _>>()?, sent: 0, next: Instant::now() })
    }
}

impl Driver for Sitting {
    type Format = CameraFormat;

    fn format(&self) -> CameraFormat {
        self.format
    }

    fn frame(&mut self) -> Result<Cow<'_, [u8]>, CameraError> {
        thread::sleep(self.next.saturating_duration_since(Instant::now()));
        // Frames that nobody was there to take are dropped, as a webcam drops them.
        self.next = (self.next + Duration::from_secs(1) / FRAMES_PER_SEC).max(Instant::now());
        let nth = self.sent / FRAMES_EACH % self.pictures.len();
        self.sent += 1;
        Ok(Cow::Borrowed(&self.pictures[nth]))
    }
}

/// The square `portrait` in the middle of a frame `width` px wide, `away` px to the right of it; beyond it `wall`.
fn before_a_wall(portrait: &Rgb, wall: &[Rgb; 2], width: u32, away: i64) -> Rgb {
    let left = (i64::from(width) - i64::from(portrait.width())) / 2 + away;
    Rgb::from_fn(width, portrait.height(), |x, y| match u32::try_from(i64::from(x) - left) {
        Ok(at) if at < portrait.width() => *portrait.get_pixel(at, y),
        Ok(_) => *wall[1].get_pixel(0, y),
        Err(_) => *wall[0].get_pixel(0, y),
    })
}

/// A column in the colours of the edge of `portrait` that begins `at` px from its left, all detail gone.
fn wall(portrait: &Rgb, at: u32) -> Rgb {
    let edge = imageops::crop_imm(portrait, at, 0, EDGE_PX, portrait.height()).to_image();
    imageops::resize(
        &imageops::resize(&edge, 1, WALL_PX, FilterType::Triangle),
        1,
        portrait.height(),
        FilterType::CatmullRom,
    )
}

#[cfg(test)]
mod tests {
    use super::super::Camera;
    use super::*;

    #[test]
    fn it_sends_frames_as_a_webcam_would_and_the_sitter_moves() {
        let config =
            CameraConfig { max_width_px: 1280, max_height_px: 720, warm_up_frames: 0, ..CameraConfig::default() };
        let mut camera = open(&config).expect("always there");
        let shot = camera.still().expect("a photo");
        assert_eq!(shot.photo.pixels().dimensions(), (1280, 720));
        assert_eq!(shot.origin, "the sample sitter clara, 1280x720 MJPEG, 30 frames/s");
        let moved =
            (0..4 * FRAMES_EACH).any(|_| camera.still().expect("another").photo.pixels() != shot.photo.pixels());
        assert!(moved, "it stands still");
    }

    #[test]
    fn frames_that_are_not_taken_do_not_pile_up() {
        let mut sitting = Sitting::start("the twin", 640, 480).expect("it sits");
        sitting.next = Instant::now().checked_sub(Duration::from_secs(1)).expect("a machine that is up for a second");
        let begun = Instant::now();
        for _ in 0..4 {
            sitting.frame().expect("a frame");
        }
        // One at once, then one each thirtieth of a second; sleeping is never shorter than asked.
        assert!(begun.elapsed() >= Duration::from_millis(60), "{:?}", begun.elapsed());
    }
}
