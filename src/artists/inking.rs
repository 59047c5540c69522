//! Strokes inked by a hand: the pen's line swells in its middle, thins out at its ends, and wavers a little.
//!
//! A stroke is cut into short pieces, each drawn as wide as the hand presses there. Waver and pressure are smooth noise along
//! the stroke, drawn from a seed. Lengths in millimetres of the sheet. Refuses nothing.

use image::Luma;

use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Vector;
use crate::preview;
use crate::preview::InkConfig;
use crate::raster::Gray;
use crate::sketch::mixed;
use crate::sketch::share;
use crate::strokes::Sheet;
use crate::strokes::Stroke;
use crate::strokes::StrokeKind;

/// How a hand moves the pen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Touch {
    /// Width of contours, mm.
    pub contour_mm: f64,
    /// Width of hatching, mm.
    pub hatch_mm: f64,
    /// How far a line wavers from where it is meant (standard deviation), mm.
    pub waver_mm: f64,
    /// How much the line's width follows the hand's pressure, 0 to 1.
    pub living: f64,
}

/// Widths that are told apart.
const WIDTHS: usize = 9;
/// Narrowest and widest line, as a share of the pen.
const NARROWEST: f64 = 0.45;
const WIDEST: f64 = 1.35;
/// Over how much of its length, at most, a stroke grows to its width, mm.
const SWELL_MM: f64 = 9.0;
/// Lengths of the waves of a wavering line, mm.
const WAVES_MM: [f64; 3] = [5.5, 12.0, 27.0];

/// `strokes` inked on `sheet` with `px_per_mm`: 255 paper, 0 ink.
pub fn inked(strokes: &[Stroke], sheet: &Sheet, px_per_mm: f64, touch: &Touch, seed: u64) -> Gray {
    let mut picture: Option<Gray> = None;
    for (kind, pen_mm) in [(StrokeKind::Hatch, touch.hatch_mm), (StrokeKind::Contour, touch.contour_mm)] {
        let mut by_width: Vec<Vec<Vec<Point<Mm>>>> = vec![Vec::new(); WIDTHS];
        for (i, stroke) in strokes.iter().enumerate().filter(|(_, stroke)| stroke.kind == kind) {
            let own = mixed(seed ^ mixed(i as u64));
            pieces(&wavered(stroke.path.points(), touch.waver_mm, own), touch.living, own, &mut by_width);
        }
        for (width, lines) in by_width.iter().enumerate().filter(|(_, lines)| !lines.is_empty()) {
            let part = NARROWEST + (WIDEST - NARROWEST) * width as f64 / (WIDTHS - 1) as f64;
            let ink = InkConfig { pen_width_mm: part * pen_mm, px_per_mm, ..InkConfig::default() };
            let layer = preview::coverage(sheet, lines.iter().map(Vec::as_slice), &ink);
            match &mut picture {
                None => picture = Some(layer),
                Some(picture) => {
                    picture.iter_mut().zip(layer.iter()).for_each(|(old, new)| *old = (*old).min(*new));
                }
            }
        }
    }
    let side = |mm: f64| (mm * px_per_mm).round().max(1.0) as u32;
    picture.unwrap_or_else(|| Gray::from_pixel(side(sheet.width_mm()), side(sheet.height_mm()), Luma([255])))
}

/// `points` moved aside by smooth noise.
fn wavered(points: &[Point<Mm>], waver_mm: f64, seed: u64) -> Vec<Point<Mm>> {
    let [across, down] = [Noise::new(seed), Noise::new(seed ^ 0xA5A5)];
    let mut gone = 0.0;
    let mut last = points[0];
    points
        .iter()
        .map(|p| {
            gone += (*p - last).length();
            last = *p;
            *p + Vector::new(across.at(gone), down.at(gone)) * waver_mm
        })
        .collect()
}

/// Cuts `points` into pieces and sorts them by the width that the hand gives them.
fn pieces(points: &[Point<Mm>], living: f64, seed: u64, by_width: &mut [Vec<Vec<Point<Mm>>>]) {
    let total: f64 = points.windows(2).map(|w| (w[1] - w[0]).length()).sum();
    let closed = (points[points.len() - 1] - points[0]).length() < 0.5;
    let pressure = Noise::new(seed ^ 0x5A5A);
    let mut gone = 0.0;
    let mut open: Option<(usize, Vec<Point<Mm>>)> = None;
    for pair in points.windows(2) {
        let middle = gone + (pair[1] - pair[0]).length() / 2.0;
        gone += (pair[1] - pair[0]).length();
        let swell = SWELL_MM.min(total / 2.5);
        let from_end = if closed { 1.0 } else { (middle.min(total - middle) / swell.max(1e-6)).clamp(0.0, 1.0) };
        let thin = living * (1.0 - from_end * (2.0 - from_end)) * (1.0 - NARROWEST);
        let part = (1.0 - thin + 0.16 * living * pressure.at(middle)).clamp(NARROWEST, WIDEST);
        let width = ((part - NARROWEST) / (WIDEST - NARROWEST) * (WIDTHS - 1) as f64).round() as usize;
        match &mut open {
            Some((same, piece)) if *same == width => piece.push(pair[1]),
            _ => {
                if let Some((width, piece)) = open.replace((width, pair.to_vec())) {
                    by_width[width].push(piece);
                }
            }
        }
    }
    if let Some((width, piece)) = open {
        by_width[width].push(piece);
    }
}

/// Smooth noise along a line: three waves of random phase, standard deviation 1.
struct Noise {
    phases: [f64; 3],
}

impl Noise {
    fn new(seed: u64) -> Self {
        Self { phases: [1, 2, 3].map(|i| std::f64::consts::TAU * share(seed ^ mixed(i))) }
    }

    fn at(&self, mm: f64) -> f64 {
        let waves = self.phases.iter().zip(WAVES_MM);
        let sum: f64 = waves.map(|(phase, length)| (std::f64::consts::TAU * mm / length + phase).sin()).sum();
        sum / 1.5f64.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::Polyline;

    fn level(y_mm: f64) -> Stroke {
        let points = (0..=100).map(|x| Point::new(10.0 + f64::from(x), y_mm)).collect();
        Stroke { kind: StrokeKind::Contour, path: Polyline::new(points).expect("a line") }
    }

    fn drawn(touch: &Touch, seed: u64) -> Gray {
        let sheet = Sheet::new(120.0, 40.0).expect("a sheet");
        inked(&[level(20.0)], &sheet, 4.0, touch, seed)
    }

    const STEADY: Touch = Touch { contour_mm: 1.0, hatch_mm: 0.5, waver_mm: 0.0, living: 0.0 };

    fn ink_in_column(picture: &Gray, x: u32) -> f64 {
        (0..picture.height()).map(|y| 1.0 - f64::from(picture.get_pixel(x, y).0[0]) / 255.0).sum()
    }

    #[test]
    fn a_living_line_is_thin_at_its_ends_and_a_steady_one_is_not() {
        let living = drawn(&Touch { living: 1.0, ..STEADY }, 1);
        let steady = drawn(&STEADY, 1);
        assert!(ink_in_column(&living, 44) < 0.7 * ink_in_column(&steady, 44));
        assert!(ink_in_column(&living, 240) > 0.7 * ink_in_column(&steady, 240));
    }

    #[test]
    fn a_seed_decides_how_a_line_wavers() {
        let loose = Touch { waver_mm: 0.5, ..STEADY };
        assert_eq!(drawn(&loose, 3), drawn(&loose, 3));
        assert_ne!(drawn(&loose, 3), drawn(&loose, 4));
        assert_eq!(drawn(&STEADY, 3), drawn(&STEADY, 4));
    }
}
