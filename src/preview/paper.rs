//! The sheet as the robot inks it: `paper.png`.
//!
//! Each run of the pen is one round-capped line in slightly translucent ink on warm white paper, so that ink darkens
//! where a later line crosses an earlier one, as it does on paper, but not where a line meets itself. Lines come in mm
//! on the sheet; the picture has [`InkConfig::px_per_mm`] pixels a millimetre (fewer on sheets so large that it would
//! exceed [`MAX_PIXELS`]). [`coverage`] is the same without paper, ink and overlap: what tests compare.
//!
//! Refuses nothing: numbers that make no sense are brought to the nearest that do.

use image::Luma;
use serde::Deserialize;
use serde::Serialize;
use tiny_skia::BlendMode;
use tiny_skia::Color;
use tiny_skia::FillRule;
use tiny_skia::LineCap;
use tiny_skia::LineJoin;
use tiny_skia::Paint;
use tiny_skia::PathBuilder;
use tiny_skia::Pixmap;
use tiny_skia::Transform;

use crate::geom::Mm;
use crate::geom::Point;
use crate::plan::Act;
use crate::plan::MotionPlan;
use crate::raster::Gray;
use crate::raster::Rgb;
use crate::strokes::Sheet;

/// Most pixels of a picture: 64 MiB while it is drawn.
pub const MAX_PIXELS: f64 = 16e6;

/// Pen, ink and paper, and how finely they are shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InkConfig {
    /// Width of the line that the pen draws, mm. Default 0.4, a fine liner.
    pub pen_width_mm: f64,
    /// The ink's colour, sRGB. Default a warm black.
    pub ink: [u8; 3],
    /// How much of the paper one layer of ink hides, 0 to 1. Default 0.88.
    pub opacity: f64,
    /// The paper's colour, sRGB. Default a warm white.
    pub paper: [u8; 3],
    /// Pixels in a millimetre. Default 8: A5 becomes 1184 x 1680.
    pub px_per_mm: f64,
}

impl Default for InkConfig {
    fn default() -> Self {
        Self { pen_width_mm: 0.4, ink: [30, 27, 29], opacity: 0.88, paper: [251, 248, 241], px_per_mm: 8.0 }
    }
}

impl InkConfig {
    /// Pixels in a millimetre of a picture of `sheet`.
    fn scale(&self, sheet: &Sheet) -> f64 {
        let most = (MAX_PIXELS / (sheet.width_mm() * sheet.height_mm())).sqrt();
        finite(self.px_per_mm, 8.0).clamp(0.25, 100.0).min(most)
    }

    /// The pen's width that is drawn, mm.
    pub(super) fn pen_mm(&self) -> f64 {
        finite(self.pen_width_mm, 0.4).clamp(0.02, 50.0)
    }

    /// The opacity that is drawn.
    pub(super) fn layer_opacity(&self) -> f64 {
        finite(self.opacity, 1.0).clamp(0.0, 1.0)
    }
}

fn finite(value: f64, instead: f64) -> f64 {
    if value.is_finite() { value } else { instead }
}

/// The finished sheet of `plan`.
pub fn paper(plan: &MotionPlan, config: &InkConfig) -> Rgb {
    let lines = drawn_until(plan, f64::INFINITY);
    inked(plan.sheet(), lines.iter().map(Vec::as_slice), config)
}

/// The lines that `plan` has drawn by `secs`, in drawing order, the last perhaps in part.
pub fn drawn_until(plan: &MotionPlan, secs: f64) -> Vec<Vec<Point<Mm>>> {
    let mut lines = Vec::new();
    for motion in plan.motions().iter().filter(|m| m.act() == Act::Draw) {
        if motion.end_secs() <= secs {
            lines.push(motion.path().to_vec());
        } else if motion.start_secs() < secs {
            let so_far = motion.samples().into_iter().take_while(|(at, _)| *at <= secs).map(|(_, p)| p);
            lines.push(so_far.chain([plan.at(secs).at]).collect());
        } else {
            break;
        }
    }
    lines
}

/// `sheet` with `lines` inked on it, one layer of ink for each.
pub fn inked<'a>(sheet: &Sheet, lines: impl IntoIterator<Item = &'a [Point<Mm>]>, config: &InkConfig) -> Rgb {
    let mut easel = Easel::coloured(sheet, config);
    lines.into_iter().for_each(|line| easel.ink(line));
    let picture = easel.picture;
    Rgb::from_fn(picture.width(), picture.height(), |x, y| {
        // The paper is opaque, so premultiplied and plain colours are the same.
        let i = 4 * (y as usize * picture.width() as usize + x as usize);
        image::Rgb([picture.data()[i], picture.data()[i + 1], picture.data()[i + 2]])
    })
}

/// Where `lines` cover `sheet`: 0 where a pixel is all ink, 255 where it is all paper.
pub fn coverage<'a>(sheet: &Sheet, lines: impl IntoIterator<Item = &'a [Point<Mm>]>, config: &InkConfig) -> Gray {
    let picture = draw(sheet, lines, config, Color::WHITE, Color::BLACK);
    Gray::from_fn(picture.width(), picture.height(), |x, y| {
        Luma([picture.data()[4 * (y as usize * picture.width() as usize + x as usize)]])
    })
}

fn draw<'a>(
    sheet: &Sheet,
    lines: impl IntoIterator<Item = &'a [Point<Mm>]>,
    config: &InkConfig,
    paper: Color,
    ink: Color,
) -> Pixmap {
    let mut easel = Easel::new(sheet, config, paper, ink);
    lines.into_iter().for_each(|line| easel.ink(line));
    easel.picture
}

/// A picture of a sheet that is being inked, line by line.
#[derive(Debug, Clone)]
pub(super) struct Easel {
    /// As far as it is inked.
    pub picture: Pixmap,
    scale: f32,
    pen_mm: f32,
    ink: Color,
}

impl Easel {
    /// An empty `sheet` of the colours of `config`.
    pub fn coloured(sheet: &Sheet, config: &InkConfig) -> Self {
        let ([r, g, b], opacity) = (config.ink, (255.0 * config.layer_opacity()).round() as u8);
        let ink = Color::from_rgba8(r, g, b, opacity);
        let [r, g, b] = config.paper;
        Self::new(sheet, config, Color::from_rgba8(r, g, b, 255), ink)
    }

    fn new(sheet: &Sheet, config: &InkConfig, paper: Color, ink: Color) -> Self {
        let scale = config.scale(sheet);
        let side = |mm: f64| (mm * scale).round().max(1.0) as u32;
        let mut picture = Pixmap::new(side(sheet.width_mm()), side(sheet.height_mm()))
            .expect("a sheet's sides and MAX_PIXELS keep the picture within what memory addresses");
        picture.fill(paper);
        Self { picture, scale: scale as f32, pen_mm: config.pen_mm() as f32, ink }
    }

    /// Pixels in a millimetre.
    pub fn scale(&self) -> f64 {
        f64::from(self.scale)
    }

    /// How far ink reaches beside the middle of its line, mm.
    pub fn reach_mm(&self) -> f64 {
        0.5 * f64::from(self.pen_mm)
    }

    /// Draws one line; nothing if it has no point.
    pub fn ink(&mut self, line: &[Point<Mm>]) {
        let Some(first) = line.first() else { return };
        let mut paint = Paint { anti_alias: true, blend_mode: BlendMode::SourceOver, ..Paint::default() };
        paint.set_color(self.ink);
        let pen = tiny_skia::Stroke {
            width: self.pen_mm,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..tiny_skia::Stroke::default()
        };
        let to_px = Transform::from_scale(self.scale, self.scale);
        let mut path = PathBuilder::with_capacity(line.len(), line.len());
        if line.iter().all(|p| p == first) {
            // A pen that only touches the paper leaves a dot of its own width.
            path.push_circle(first.x as f32, first.y as f32, 0.5 * pen.width);
            if let Some(dot) = path.finish() {
                self.picture.fill_path(&dot, &paint, FillRule::Winding, to_px, None);
            }
            return;
        }
        path.move_to(first.x as f32, first.y as f32);
        line[1..].iter().for_each(|p| path.line_to(p.x as f32, p.y as f32));
        if let Some(path) = path.finish() {
            self.picture.stroke_path(&path, &paint, &pen, to_px, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview::page::tests::plan_of;

    fn sheet() -> Sheet {
        Sheet::new(20.0, 10.0).expect("a small sheet")
    }

    fn line(points: &[(f64, f64)]) -> Vec<Point<Mm>> {
        points.iter().map(|p| Point::new(p.0, p.1)).collect()
    }

    fn ink(lines: &[Vec<Point<Mm>>], config: &InkConfig) -> Rgb {
        inked(&sheet(), lines.iter().map(Vec::as_slice), config)
    }

    #[test]
    fn ink_lies_where_the_line_is_and_darker_where_lines_cross() {
        let config = InkConfig { pen_width_mm: 1.0, px_per_mm: 10.0, ..InkConfig::default() };
        let picture = ink(
            &[line(&[(2.0, 5.0), (18.0, 5.0)]), line(&[(10.0, 1.0), (10.0, 9.0)]), line(&[(15.0, 2.0); 2])],
            &config,
        );
        assert_eq!(picture.dimensions(), (200, 100));
        let at = |x_mm: f64, y_mm: f64| picture.get_pixel((x_mm * 10.0) as u32, (y_mm * 10.0) as u32).0;
        assert_eq!(at(1.0, 1.0), config.paper);
        let (once, twice) = (at(5.0, 5.0), at(10.0, 5.0));
        let expected = 251.0 + (30.0 - 251.0) * 0.88;
        assert!((f64::from(once[0]) - expected).abs() < 2.0, "{once:?}");
        assert!(twice[0] < once[0] - 15, "{once:?} {twice:?}");
        assert_eq!(at(15.0, 2.0), once, "a dot is ink as well");
        // As wide as the pen, with round ends.
        let column: Vec<u8> = (0..100).map(|y| picture.get_pixel(50, y).0[0]).collect();
        assert_eq!(column.iter().filter(|v| **v < 150).count(), 10);
        assert_ne!(at(1.6, 5.0), config.paper);
        assert_eq!(at(1.55, 4.6), config.paper);
    }

    #[test]
    fn a_line_over_itself_is_one_layer() {
        let config = InkConfig { pen_width_mm: 1.0, px_per_mm: 10.0, ..InkConfig::default() };
        let back = ink(&[line(&[(2.0, 5.0), (18.0, 5.0), (2.0, 5.0)])], &config);
        let once = ink(&[line(&[(2.0, 5.0), (18.0, 5.0)])], &config);
        assert_eq!(back.get_pixel(100, 50), once.get_pixel(100, 50));
    }

    #[test]
    fn huge_sheets_and_senseless_numbers_stay_within_bounds() {
        let vast = Sheet::new(2400.0, 2400.0).expect("the largest");
        let nothing = std::iter::empty::<&[Point<Mm>]>;
        let picture = coverage(&vast, nothing(), &InkConfig { px_per_mm: f64::INFINITY, ..InkConfig::default() });
        assert!(f64::from(picture.width()) * f64::from(picture.height()) <= MAX_PIXELS * 1.01);
        for odd in [f64::NAN, -1.0, 0.0, 1e300, f64::NEG_INFINITY] {
            let config = InkConfig { px_per_mm: odd, pen_width_mm: odd, opacity: odd, ..InkConfig::default() };
            ink(&[line(&[(2.0, 5.0), (18.0, 5.0)]), vec![]], &config);
        }
    }

    #[test]
    fn a_partial_sheet_grows_into_the_whole() {
        let plan = plan_of(40);
        let length = |lines: &[Vec<Point<Mm>>]| -> f64 {
            lines.iter().flat_map(|l| l.windows(2)).map(|w| (w[1] - w[0]).length()).sum()
        };
        assert!(drawn_until(&plan, 0.0).is_empty());
        let mut before = 0.0;
        for part in 1..=20 {
            let now = length(&drawn_until(&plan, plan.total_secs() * f64::from(part) / 20.0));
            assert!(now >= before - 1e-6);
            before = now;
        }
        assert!((before - plan.ink_mm()).abs() < 1e-6 * plan.ink_mm());
        let config = InkConfig::default();
        let picture = paper(&plan, &config);
        assert_eq!(picture.dimensions(), (1184, 1680));
        assert!(picture.pixels().filter(|p| p.0 != config.paper).count() > 1000);
    }
}
