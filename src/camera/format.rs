//! Which of a webcam's formats to ask for: the largest picture within the limits, fast enough, cleanly coded.
//!
//! nokhwa's own `Closest` needs a listed format of exactly the wanted size, so the choice is made here and asked for
//! as `Exact`. Refuses nothing: an empty offer gives an empty ranking.

use nokhwa::utils::CameraFormat;
use nokhwa::utils::FrameFormat;

/// Every encoding that [`super::frame::to_rgb`] reads.
pub(super) const READABLE: [FrameFormat; 6] = [
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::YUYV,
    FrameFormat::NV12,
    FrameFormat::MJPEG,
    FrameFormat::GRAY,
];

/// Frames a second that a live picture needs; more than this is not worth a worse encoding.
const FAST_ENOUGH_FPS: u32 = 15;
/// Frames a second below which warming up takes visibly long; such formats come last.
const TOO_SLOW_FPS: u32 = 5;

/// `offered`, best first: within `max_width` by `max_height` px if any is, not too slow, as large as can be, fast
/// enough for a live picture, colour before gray, uncompressed before MJPEG, then the rate nearest to 30 a second.
/// A webcam too large for the limits gives its smallest picture.
pub(super) fn ranked(offered: &[CameraFormat], max_width: u32, max_height: u32) -> Vec<CameraFormat> {
    let mut formats = offered.to_vec();
    formats.sort_by_key(|format| {
        let fits = format.width() <= max_width && format.height() <= max_height;
        let area = u64::from(format.width()) * u64::from(format.height());
        (
            !fits,
            format.frame_rate() < TOO_SLOW_FPS,
            if fits { u64::MAX - area } else { area },
            format.frame_rate() < FAST_ENOUGH_FPS,
            READABLE.iter().position(|readable| *readable == format.format()),
            format.frame_rate().abs_diff(30),
            format.frame_rate(),
        )
    });
    formats.dedup();
    formats
}

/// `format` in words, as in `1280x720 MJPEG, 30 frames/s`.
pub(super) fn in_words(format: &CameraFormat) -> String {
    format!("{}x{} {}, {} frames/s", format.width(), format.height(), format.format(), format.frame_rate())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(offered: &[(u32, u32, FrameFormat, u32)], width: u32, height: u32) -> Option<String> {
        let offered: Vec<_> = offered.iter().map(|&(w, h, f, fps)| CameraFormat::new_from(w, h, f, fps)).collect();
        ranked(&offered, width, height).first().map(in_words)
    }

    #[test]
    fn a_usual_webcam_gives_its_largest_fast_picture() {
        // A Logitech C920's list, shortened: YUYV is slow when large, as USB 2 cannot carry it.
        let offered = [
            (640, 480, FrameFormat::YUYV, 30),
            (1280, 720, FrameFormat::YUYV, 10),
            (1920, 1080, FrameFormat::YUYV, 5),
            (640, 480, FrameFormat::MJPEG, 30),
            (1280, 720, FrameFormat::MJPEG, 60),
            (1280, 720, FrameFormat::MJPEG, 30),
            (1920, 1080, FrameFormat::MJPEG, 30),
            (2304, 1536, FrameFormat::YUYV, 2),
        ];
        assert_eq!(best(&offered, 1920, 1080).as_deref(), Some("1920x1080 MJPEG, 30 frames/s"));
        assert_eq!(best(&offered, 1300, 1080).as_deref(), Some("1280x720 MJPEG, 30 frames/s"));
        assert_eq!(best(&offered, 640, 480).as_deref(), Some("640x480 YUYV, 30 frames/s"));
        assert_eq!(best(&offered, 100, 100).as_deref(), Some("640x480 YUYV, 30 frames/s"), "nothing is so small");
        assert_eq!(best(&[], 640, 480), None);
    }

    #[test]
    fn a_slide_show_loses_to_a_smaller_live_picture_but_beats_nothing() {
        let offered = [(1920, 1080, FrameFormat::YUYV, 2), (640, 480, FrameFormat::YUYV, 30)];
        assert_eq!(best(&offered, 1920, 1080).as_deref(), Some("640x480 YUYV, 30 frames/s"));
        assert_eq!(best(&offered[..1], 1920, 1080).as_deref(), Some("1920x1080 YUYV, 2 frames/s"));
    }

    #[test]
    fn colour_comes_before_gray_of_the_same_size() {
        let offered = [(640, 480, FrameFormat::GRAY, 30), (640, 480, FrameFormat::MJPEG, 30)];
        assert_eq!(best(&offered, 640, 480).as_deref(), Some("640x480 MJPEG, 30 frames/s"));
    }
}
