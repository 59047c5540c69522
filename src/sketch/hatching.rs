//! What of a pen drawing is hatched: where strokes lie close beside each other, how dark they make the paper, and which
//! way they run.
//!
//! Hatched is what grows together when gaps between strokes are closed, and is then wider than any one line (a closing,
//! then an opening), and wherever the reader says so. Its darkness is the mean ink there, its direction that of the
//! structure tensor of its own strokes (as in `flow`), trusted as far as they agree. Lines are told beforehand and are
//! neither counted nor asked. Ink is 0 to 255 in planes, 0 to 1 in fields; lengths are pixels of the drawing, angles
//! radians from x towards y (down). Refuses nothing.

use image::Luma;
use imageproc::distance_transform::Norm;
use imageproc::morphology::close;
use imageproc::morphology::dilate;
use imageproc::morphology::erode;
use imageproc::morphology::open;

use super::Tone;
use super::flow::Flow;
use super::flow::edge_flow_of;
use super::lines;
use super::specks::PALE;
use super::tone;
use super::tone::step;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;

/// The hatching of one drawing.
#[derive(Debug, Clone)]
pub struct Hatching {
    area: Gray,
    cover: Field,
    grain: Field,
    flow: Flow,
}

/// Ink from which a pixel belongs to a stroke.
const STROKE: f32 = 0.35;
/// Strokes this far apart at most, twice over, hatch the paper between them.
const GAP_PX: u8 = 2;
/// Half the width of the narrowest hatching: one stroke is narrower.
const LEAST_HALF_PX: u8 = 2;
/// What is this close to a line may be the line's own.
const BESIDE_PX: u8 = 2;
/// Half the width of the widest line: hatching on both its sides goes on across it.
const LINE_HALF_PX: u8 = 4;
/// How soft the border of hatching is.
const SOFT_PX: f32 = 1.5;
/// Mean ink from which a place is black, not hatched.
const BLACK: f32 = 0.8;
/// Smoothing of strokes before their edges are taken: a network's strokes have jags of a pixel.
const JAGS_PX: f32 = 1.0;
/// Reach over which strokes agree on a direction.
const ALONG_PX: f32 = 5.0;
/// Reach along a stroke over which it must stay one.
const STROKE_PX: f32 = 8.0;
/// Coherence up to which the strokes' direction says nothing, and from which it says all.
const TRUST: (f32, f32) = (0.15, 0.45);
/// The same for where each stroke lies: texture has a direction long before its strokes are clean.
const CLEAN: (f32, f32) = (0.72, 0.9);

impl Hatching {
    /// The hatching of `drawing`, of whose marks those on `lines` (255 paper) are lines, and the others where `strands`
    /// is not 0 are hatching, however far apart. All planes are of one size.
    pub fn read(drawing: &Gray, lines: &Gray, strands: &Gray) -> Self {
        let (width, height) = drawing.dimensions();
        let mask = |marked: &dyn Fn(u32, u32) -> bool| {
            Gray::from_fn(width, height, |x, y| Luma([u8::from(marked(x, y)) * 255]))
        };
        let dark = Field::from_fn(width, height, |x, y| Luma([1.0 - f32::from(drawing.get_pixel(x, y).0[0]) / 255.0]));
        let near = dilate(&mask(&|x, y| lines.get_pixel(x, y).0[0] < PALE), Norm::L2, BESIDE_PX);
        let free = |x: u32, y: u32| near.get_pixel(x, y).0[0] == 0;
        let strokes = mask(&|x, y| free(x, y) && dark.get_pixel(x, y).0[0] > STROKE);
        let grown = open(&close(&strokes, Norm::L2, GAP_PX), Norm::L2, LEAST_HALF_PX);
        // Where there is hatching on both sides of a line it goes on across it.
        let across = erode(&dilate(&grown, Norm::L2, LINE_HALF_PX), Norm::L2, LINE_HALF_PX);
        let across = mask(&|x, y| across.get_pixel(x, y).0[0] > 0 || strands.get_pixel(x, y).0[0] > 0);
        let known = |within: &Gray| {
            Field::from_fn(width, height, |x, y| {
                Luma([if within.get_pixel(x, y).0[0] > 0 && free(x, y) { 1.0 } else { 0.0 }])
            })
        };
        let inside = tone::mean_beside_lines(&dark, &known(&across));
        let area = mask(&|x, y| across.get_pixel(x, y).0[0] > 0 && inside.get_pixel(x, y).0[0] < BLACK);
        // Hatching ends softly: beyond its border the paper counts, too.
        let cover = smooth::map2(&inside, &smooth::gaussian(&share_of(&area), SOFT_PX), |ink, area| ink * area);
        let calm = smooth::gaussian(&dark, JAGS_PX);
        let flow = edge_flow_of(&calm, &known(&dilate(&area, Norm::L2, GAP_PX)), ALONG_PX);
        // Along its own direction a stroke stays what it is; a texture of dashes is smoothed away.
        let drawn = lines::along(&calm, &flow, STROKE_PX, &|x, y| area.get_pixel(x as u32, y as u32).0[0] > 0);
        let grain = Field::from_fn(width, height, |x, y| {
            let trust = step(flow.coherence(x as usize, y as usize), CLEAN.0, CLEAN.1);
            Luma([drawn.get_pixel(x, y).0[0] * if area.get_pixel(x, y).0[0] > 0 { trust } else { 0.0 }])
        });
        Self { area, cover, grain, flow }
    }

    /// Where the drawing is hatched: 255.
    pub fn area(&self) -> &Gray {
        &self.area
    }

    /// The mean ink of the hatching, 0 where there is none.
    pub fn cover(&self) -> &Field {
        &self.cover
    }

    /// Which way the strokes run: as far as they do not agree among themselves as `form` does.
    pub fn direction(&self, form: &Field) -> Field {
        Field::from_fn(form.width(), form.height(), |x, y| {
            let [tx, ty] = self.flow.tangent(x as usize, y as usize);
            let trust = step(self.flow.coherence(x as usize, y as usize), TRUST.0, TRUST.1);
            // Doubled angles have no seam.
            let (own, other) = (2.0 * ty.atan2(tx), 2.0 * form.get_pixel(x, y).0[0]);
            let sin = trust * own.sin() + (1.0 - trust) * other.sin();
            let cos = trust * own.cos() + (1.0 - trust) * other.cos();
            Luma([(0.5 * sin.atan2(cos)).rem_euclid(std::f32::consts::PI)])
        })
    }

    /// The hatching as tone of `cover`, with strokes upon the drawing's own where those are clear and along `form`
    /// where they are not; `None` unless all planes are of one size.
    pub fn tone(&self, cover: &Field, form: &Field) -> Option<Tone> {
        let (width, height) = self.area.dimensions();
        if cover.dimensions() != (width, height) || form.dimensions() != (width, height) {
            return None;
        }
        Tone::new(tone::shade_of(cover), self.direction(form))?.upon(self.grain.clone())
    }
}

/// `mask` as shares.
fn share_of(mask: &Gray) -> Field {
    Field::from_fn(mask.width(), mask.height(), |x, y| Luma([f32::from(mask.get_pixel(x, y).0[0]) / 255.0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strokes `width_px` wide, `apart_px` from each other, at `degrees`.
    fn hatched(degrees: f32, apart_px: f32, width_px: f32) -> impl Fn(u32, u32) -> u8 {
        let (sin, cos) = degrees.to_radians().sin_cos();
        move |x, y| {
            let aside = (y as f32 * cos - x as f32 * sin).rem_euclid(apart_px);
            let off = aside.min(apart_px - aside);
            (255.0 * (1.0 - (width_px / 2.0 + 0.5 - off).clamp(0.0, 1.0))) as u8
        }
    }

    fn in_disc(x: u32, y: u32) -> bool {
        (x as f32 - 60.0).hypot(y as f32 - 60.0) < 40.0
    }

    fn read(ink: impl Fn(u32, u32) -> u8, lines: impl Fn(u32, u32) -> bool) -> Hatching {
        let drawing = Gray::from_fn(160, 120, |x, y| Luma([ink(x, y)]));
        let lines = Gray::from_fn(160, 120, |x, y| Luma([if lines(x, y) { 0 } else { 255 }]));
        Hatching::read(&drawing, &lines, &Gray::new(160, 120))
    }

    #[test]
    fn hatching_is_known_by_its_place_its_darkness_and_its_direction() {
        for (degrees, apart_px) in [(30.0, 4.0), (100.0, 4.0), (0.0, 3.0), (135.0, 4.0)] {
            let strokes = hatched(degrees, apart_px, 1.5);
            let hatching = read(|x, y| if in_disc(x, y) { strokes(x, y) } else { 255 }, |_, _| false);
            let right = hatching.area().enumerate_pixels().filter(|(x, y, p)| (p[0] > 0) == in_disc(*x, *y)).count();
            assert!(right > 160 * 120 * 96 / 100, "{right} pixels are told right at {degrees} degrees");
            let cover = hatching.cover().get_pixel(60, 60)[0];
            assert!((cover - 1.5 / apart_px).abs() < 0.06, "{cover} at {degrees} degrees");
            assert_eq!(hatching.cover().get_pixel(130, 60)[0], 0.0);
            // Along the form at a right angle to it, were it not for the strokes.
            let form = Field::from_pixel(160, 120, Luma([(degrees + 90.0).to_radians()]));
            let off = hatching.direction(&form).get_pixel(60, 60)[0] - degrees.to_radians();
            assert!(off.sin().abs() < 5.0f32.to_radians().sin(), "{} degrees off", off.to_degrees());
        }
    }

    #[test]
    fn a_line_alone_is_not_hatched_nor_is_a_black_place_nor_what_is_known_to_be_lines() {
        let line = read(|x, y| if x.abs_diff(y) < 3 { 0 } else { 255 }, |_, _| false);
        let black = read(|x, y| if in_disc(x, y) { 0 } else { 255 }, |_, _| false);
        let told = read(hatched(30.0, 4.0, 1.5), |_, y| y < 118);
        for hatching in [line, black, told] {
            assert!(hatching.area().iter().all(|area| *area == 0));
            assert!(hatching.cover().iter().all(|cover| *cover == 0.0));
        }
    }

    #[test]
    fn strokes_that_do_not_agree_run_along_the_form() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state >> 24 < 110 { 0 } else { 255 }
        };
        let drawing = Gray::from_fn(160, 120, |_, _| Luma([noise()]));
        let hatching = Hatching::read(&drawing, &Gray::from_pixel(160, 120, Luma([255])), &Gray::new(160, 120));
        let form = Field::from_pixel(160, 120, Luma([0.7]));
        let direction = hatching.direction(&form);
        let near = direction.iter().filter(|angle| (**angle - 0.7).sin().abs() < 0.3).count();
        assert!(near > 160 * 120 * 3 / 4, "{near}");
        assert!(hatching.tone(hatching.cover(), &form).is_some());
        assert!(hatching.tone(&Field::new(3, 3), &form).is_none());
    }

    #[test]
    fn strands_are_hatching_however_far_apart() {
        let drawing = Gray::from_fn(160, 120, |x, y| Luma([hatched(60.0, 12.0, 1.5)(x, y)]));
        let none = Gray::from_pixel(160, 120, Luma([255]));
        let strands = Gray::from_fn(160, 120, |x, _| Luma([u8::from(x < 80) * 255]));
        let hatching = Hatching::read(&drawing, &none, &strands);
        assert!(hatching.area().enumerate_pixels().all(|(x, _, area)| (area[0] > 0) == (x < 80)));
        assert!(hatching.cover().get_pixel(40, 60)[0] > 0.05);
    }
}
