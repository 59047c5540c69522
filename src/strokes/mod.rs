//! Pen strokes on a sheet, in millimetres: what the pen draws, before anyone asks in which order.

pub mod svg;

use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Polyline;
use crate::geom::Rect;

/// The sheet of paper: origin at its top left corner, y down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sheet {
    width_mm: f64,
    height_mm: f64,
}

impl Sheet {
    /// The largest side a sheet may have, in millimetres (a bound for all that follows, twice A0's long side).
    pub const MAX_SIDE_MM: f64 = 2400.0;

    /// A sheet of `width_mm` by `height_mm`; `None` unless both lie between 1 mm and [`Sheet::MAX_SIDE_MM`].
    pub fn new(width_mm: f64, height_mm: f64) -> Option<Self> {
        let fits = |side: f64| (1.0..=Self::MAX_SIDE_MM).contains(&side);
        (fits(width_mm) && fits(height_mm)).then_some(Self { width_mm, height_mm })
    }

    /// Its width in millimetres.
    pub fn width_mm(&self) -> f64 {
        self.width_mm
    }

    /// Its height in millimetres.
    pub fn height_mm(&self) -> f64 {
        self.height_mm
    }

    /// Its surface.
    pub fn bounds(&self) -> Rect<Mm> {
        Rect::new(Point::new(0.0, 0.0), Point::new(self.width_mm, self.height_mm))
    }
}

/// What a stroke is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StrokeKind {
    /// A line of the drawing.
    Contour,
    /// One of the lines that fill a dark area.
    Hatch,
}

/// One mark of the pen, from pen down to pen up.
#[derive(Debug, Clone, PartialEq)]
pub struct Stroke {
    /// What it is for.
    pub kind: StrokeKind,
    /// Where the pen goes, in millimetres on the sheet.
    pub path: Polyline<Mm>,
}

/// All strokes of one drawing: each finite and wholly on the sheet. Their order means nothing yet.
#[derive(Debug, Clone, PartialEq)]
pub struct StrokeSet {
    sheet: Sheet,
    strokes: Vec<Stroke>,
}

/// A stroke that leaves the sheet.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("stroke {stroke} leaves the {width_mm:.0} x {height_mm:.0} mm sheet at ({x_mm:.1}, {y_mm:.1}) mm")]
pub struct OffTheSheet {
    /// Which stroke, counted from 0.
    pub stroke: usize,
    /// The point's x.
    pub x_mm: f64,
    /// The point's y.
    pub y_mm: f64,
    /// The sheet's width.
    pub width_mm: f64,
    /// The sheet's height.
    pub height_mm: f64,
}

impl StrokeSet {
    /// The strokes on their sheet, or the first point that is not on it.
    pub fn new(sheet: Sheet, strokes: Vec<Stroke>) -> Result<Self, OffTheSheet> {
        let bounds = sheet.bounds();
        for (stroke, s) in strokes.iter().enumerate() {
            if let Some(p) = s.path.points().iter().find(|p| !bounds.contains_inclusive(**p)) {
                return Err(OffTheSheet {
                    stroke,
                    x_mm: p.x,
                    y_mm: p.y,
                    width_mm: sheet.width_mm,
                    height_mm: sheet.height_mm,
                });
            }
        }
        Ok(Self { sheet, strokes })
    }

    /// The sheet they lie on.
    pub fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// The strokes.
    pub fn strokes(&self) -> &[Stroke] {
        &self.strokes
    }

    /// Length of all strokes, in millimetres.
    pub fn ink_mm(&self) -> f64 {
        self.strokes.iter().map(|s| s.path.length()).sum()
    }
}
