//! The drawing as it comes about, as an animated PNG: `animation.png`.
//!
//! Every frame shows the sheet at an equal step of the plan's own time, drawn by the same pen as `paper.png`; the last
//! one, which stands for a while, is that picture to the pixel. Only what has changed is in a frame, so the whole is
//! little larger than a still. Viewers that know no animation show the finished sheet, which is no frame of its own. Seconds, millimetres, pixels. Refuses nothing; numbers that make no sense are brought to
//! the nearest that do. Source: PNG 3rd edition (W3C 2025), chunks acTL, fcTL, fdAT.

use png::BlendOp;
use png::DisposeOp;
use serde::Deserialize;
use serde::Serialize;

use super::paper::Easel;
use super::paper::InkConfig;
use super::paper::drawn_until;
use super::paper::inked;
use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Rect;
use crate::plan::Act;
use crate::plan::MotionPlan;

/// How the animation runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnimationConfig {
    /// How long it runs, s. Default 12.
    pub secs: f64,
    /// How long the finished sheet stands, s. Default 4.
    pub stands_secs: f64,
    /// Frames in a second. Default 20.
    pub frames_per_sec: f64,
    /// Pixels in a millimetre. Default 4: A5 becomes 592 x 840.
    pub px_per_mm: f64,
}

impl Default for AnimationConfig {
    fn default() -> Self {
        Self { secs: 12.0, stands_secs: 4.0, frames_per_sec: 20.0, px_per_mm: 4.0 }
    }
}

/// Most frames of one animation.
const MOST_FRAMES: f64 = 2_000.0;

/// `plan` as an animated PNG in the pen, ink and paper of `ink`.
pub fn animation(plan: &MotionPlan, ink: &InkConfig, config: &AnimationConfig) -> Vec<u8> {
    let ink = InkConfig { px_per_mm: config.px_per_mm, ..ink.clone() };
    let per_sec = finite(config.frames_per_sec, 20.0).clamp(1.0, 60.0);
    let frames = (finite(config.secs, 12.0) * per_sec).round().clamp(2.0, MOST_FRAMES) as u32;
    let easel = Easel::coloured(plan.sheet(), &ink);
    let mut film = Film { whole: easel.clone(), shown: easel, plan, motion: 0, dirty: None };
    let mut bytes = Vec::new();
    // Writing into memory fails only if a frame is no part of the picture, and every frame is cut out of it.
    film.encode(&mut bytes, frames, per_sec, finite(config.stands_secs, 4.0), &ink).unwrap_or_default();
    bytes
}

fn finite(value: f64, instead: f64) -> f64 {
    if value.is_finite() { value } else { instead }
}

/// A rectangle of pixels: left, top, width, height.
type Cut = (u32, u32, u32, u32);

struct Film<'a> {
    /// With the motions that are done.
    whole: Easel,
    /// With the one under the pen too.
    shown: Easel,
    plan: &'a MotionPlan,
    /// The first motion that is not done.
    motion: usize,
    /// What of the picture was drawn by the motion under the pen, and must be drawn anew.
    dirty: Option<Rect<Mm>>,
}

impl Film<'_> {
    fn encode(
        &mut self,
        bytes: &mut Vec<u8>,
        frames: u32,
        per_sec: f64,
        stands_secs: f64,
        ink: &InkConfig,
    ) -> Result<(), png::EncodingError> {
        let (width, height) = (self.whole.picture.width(), self.whole.picture.height());
        let mut encoder = png::Encoder::new(bytes, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        encoder.set_source_gamma(png::ScaledFloat::new(1.0 / 2.2));
        encoder.set_animated(frames, 0)?;
        encoder.set_sep_def_img(true)?;
        encoder.set_frame_delay((1000.0 / per_sec).round() as u16, 1000)?;
        encoder.set_dispose_op(DisposeOp::None)?;
        encoder.set_blend_op(BlendOp::Source)?;
        let mut writer = encoder.write_header()?;
        let finished = inked(self.plan.sheet(), drawn_until(self.plan, f64::INFINITY).iter().map(Vec::as_slice), ink);
        writer.write_image_data(&finished)?;
        let total = self.plan.total_secs();
        for frame in 0..frames {
            let secs =
                if frame + 1 == frames { f64::INFINITY } else { total * f64::from(frame) / f64::from(frames - 1) };
            let changed = self.advance(secs);
            // The first frame is the whole picture; one without a change is a single pixel.
            let (x, y, w, h) = if frame == 0 { (0, 0, width, height) } else { changed.unwrap_or((0, 0, 1, 1)) };
            if frame + 1 == frames {
                let stands = (stands_secs.clamp(0.05, 600.0) * 100.0).round() as u16;
                writer.set_frame_delay(stands, 100)?;
            }
            if frame > 0 {
                writer.reset_frame_position()?;
                writer.set_frame_dimension(w, h)?;
                writer.set_frame_position(x, y)?;
            }
            writer.write_image_data(&self.pixels((x, y, w, h)))?;
        }
        writer.finish()
    }

    /// Brings the picture to where it stands at `secs`: what has changed.
    fn advance(&mut self, secs: f64) -> Option<Cut> {
        let mut changed = self.dirty.take();
        let motions = self.plan.motions();
        while let Some(motion) = motions.get(self.motion).filter(|motion| motion.end_secs() <= secs) {
            if motion.act() == Act::Draw {
                self.whole.ink(motion.path());
                changed = joined(changed, motion.path());
            }
            self.motion += 1;
        }
        self.shown.picture.data_mut().copy_from_slice(self.whole.picture.data());
        if let Some(motion) = motions.get(self.motion).filter(|m| m.act() == Act::Draw && m.start_secs() < secs) {
            let mut line: Vec<_> =
                motion.samples().into_iter().take_while(|(at, _)| *at <= secs).map(|(_, p)| p).collect();
            line.push(self.plan.at(secs).at);
            self.shown.ink(&line);
            changed = joined(changed, &line);
            self.dirty = joined(None, &line);
        }
        self.cut(&changed?)
    }

    /// The pixels that lines within `rect` touch.
    fn cut(&self, rect: &Rect<Mm>) -> Option<Cut> {
        let reach = self.whole.reach_mm();
        let (scale, picture) = (self.whole.scale(), &self.whole.picture);
        let least = |mm: f64| ((mm - reach) * scale - 1.0).floor().max(0.0) as u32;
        let most = |mm: f64, side: u32| (((mm + reach) * scale + 1.0).ceil().max(0.0) as u32).min(side);
        let (x, y) = (least(rect.min.x), least(rect.min.y));
        let (right, bottom) = (most(rect.max.x, picture.width()), most(rect.max.y, picture.height()));
        (right > x && bottom > y).then(|| (x, y, right - x, bottom - y))
    }

    fn pixels(&self, (x, y, width, height): Cut) -> Vec<u8> {
        let (data, row) = (self.shown.picture.data(), self.shown.picture.width() as usize);
        let mut pixels = Vec::with_capacity(3 * width as usize * height as usize);
        for line in y as usize..(y + height) as usize {
            let from = 4 * (line * row + x as usize);
            // The paper is opaque, so premultiplied and plain colours are the same.
            data[from..from + 4 * width as usize].chunks_exact(4).for_each(|p| pixels.extend_from_slice(&p[..3]));
        }
        pixels
    }
}

/// The smallest rectangle around `rect` and `line`.
fn joined(rect: Option<Rect<Mm>>, line: &[Point<Mm>]) -> Option<Rect<Mm>> {
    let Some(first) = line.first() else { return rect };
    let start = rect.unwrap_or(Rect::new(*first, *first));
    Some(line.iter().fold(start, |all, p| Rect::new(all.min.min(*p), all.max.max(*p))))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::preview::page::tests::plan_of;
    use crate::preview::paper::paper;

    /// Every frame as a viewer composes them, and how long each stands.
    fn played(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<f64>) {
        let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().expect("a PNG");
        let (width, height) = (reader.info().width as usize, reader.info().height as usize);
        let count = reader.info().animation_control().expect("animated").num_frames;
        let mut canvas = vec![0; 3 * width * height];
        let mut frames = Vec::new();
        let mut secs = Vec::new();
        let mut buffer = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut buffer).expect("the still");
        let still = buffer.clone();
        for _ in 0..count {
            let frame = reader.next_frame(&mut buffer).expect("a frame");
            let control = *reader.info().frame_control().expect("a frame control");
            let row = 3 * frame.width as usize;
            for y in 0..frame.height as usize {
                let at = 3 * ((y + control.y_offset as usize) * width + control.x_offset as usize);
                canvas[at..at + row].copy_from_slice(&buffer[y * row..(y + 1) * row]);
            }
            frames.push(canvas.clone());
            secs.push(f64::from(control.delay_num) / f64::from(control.delay_den));
        }
        assert_eq!(frames.last(), Some(&still), "the still is the finished sheet");
        (frames, secs)
    }

    #[test]
    fn it_begins_empty_grows_and_ends_as_the_sheet_to_the_pixel() {
        let plan = plan_of(40);
        let ink = InkConfig { px_per_mm: 2.0, ..InkConfig::default() };
        let config = AnimationConfig { px_per_mm: 2.0, secs: 1.5, ..AnimationConfig::default() };
        let (frames, secs) = played(&animation(&plan, &ink, &config));
        assert_eq!(frames.len(), 30);
        assert!(frames[0].chunks_exact(3).all(|p| p == ink.paper), "the sheet is empty at first");
        let dark = |frame: &[u8]| frame.iter().map(|v| u64::from(255 - *v)).sum::<u64>();
        assert!(frames.windows(2).all(|pair| dark(&pair[0]) <= dark(&pair[1])), "ink only grows");
        assert_eq!(frames[29], paper(&plan, &ink).into_raw());
        let middle =
            inked(plan.sheet(), drawn_until(&plan, plan.total_secs() * 14.0 / 29.0).iter().map(Vec::as_slice), &ink);
        assert_eq!(frames[14], middle.into_raw(), "each frame is the sheet at its time");
        assert!((secs[..29].iter().sum::<f64>() - 1.45).abs() < 0.01 && (secs[29] - 4.0).abs() < 1e-9);
    }

    #[test]
    fn an_empty_plan_and_senseless_numbers_make_an_animation_too() {
        let odd = AnimationConfig { secs: f64::NAN, stands_secs: -1.0, frames_per_sec: f64::INFINITY, px_per_mm: 0.0 };
        let (frames, _) = played(&animation(&plan_of(0), &InkConfig::default(), &odd));
        assert_eq!(frames.len(), 240);
        let endless = AnimationConfig { secs: 1e300, px_per_mm: 0.5, ..AnimationConfig::default() };
        assert_eq!(played(&animation(&plan_of(1), &InkConfig::default(), &endless)).0.len(), MOST_FRAMES as usize);
    }
}
