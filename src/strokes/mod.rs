//! Pen strokes on a sheet, in millimetres: what the pen draws, before anyone asks in which order.
//!
//! [`strokes`] traces a [`Sketch`] and [`trace_raster`] any gray raster, by the same passes in the same order
//! ([`Pass::ALL`], the recipe). Before [`Pass::Place`] everything is in pixels of a working grid, after it in
//! millimetres. Refuses rasters larger than [`MOST_SIDE_PX`], settings out of range and margins without room; a raster
//! without ink is no error, it gives no strokes.
//!
//! Read first: [`recipe`], then the passes in its order.

pub mod config;
pub mod place;
pub mod ink;
pub mod binarise;
pub mod areas;
pub mod thin;
pub mod graph;
pub mod prune;
pub mod refine;
pub mod crossing;
pub mod follow;
pub mod bridge;
pub mod weigh;
pub mod fit;
pub mod restate;
pub mod outline;
pub mod fill;
pub mod marks;
pub mod tone;
pub mod recipe;
pub mod svg;

pub use config::StrokesConfig;
pub use recipe::Pass;
pub use recipe::Report;

use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Polyline;
use crate::geom::Rect;
use crate::raster::Gray;
use crate::sketch::Sketch;
use crate::strokes::config::SettingOutOfRange;
use crate::strokes::place::NoRoom;
use crate::strokes::recipe::Tracing;

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
    /// One of the lines that fill a dark area or shade a face.
    Hatch,
    /// One of the lines of tone that a drawing can spare: in hair and clothes.
    Shade,
}

impl StrokeKind {
    /// All kinds, what matters most first.
    pub const ALL: [Self; 3] = [Self::Contour, Self::Hatch, Self::Shade];
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

    /// Those of the strokes, counted from 0, that are `wanted`.
    pub fn only(&self, wanted: impl Fn(usize) -> bool) -> Self {
        let kept = self.strokes.iter().enumerate().filter(|(stroke, _)| wanted(*stroke));
        Self { sheet: self.sheet, strokes: kept.map(|(_, s)| s.clone()).collect() }
    }

    /// Length of all strokes, in millimetres.
    pub fn ink_mm(&self) -> f64 {
        self.strokes.iter().map(|s| s.path.length()).sum()
    }
}

/// Longest side of a raster that can be traced, in pixels: larger ones hold no more than the pen can draw.
pub const MOST_SIDE_PX: u32 = 4096;

/// What was traced.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// The strokes.
    pub set: StrokeSet,
    /// What the passes did on the way.
    pub report: Report,
}

/// A raster that cannot be traced.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StrokesError {
    /// Too many pixels.
    #[error(
        "a raster of {width_px} x {height_px} pixels is too large to trace: scale it to at most {MOST_SIDE_PX} pixels a side"
    )]
    TooLarge {
        /// Its width.
        width_px: u32,
        /// Its height.
        height_px: u32,
    },
    /// No pixels.
    #[error("a raster without pixels cannot be traced")]
    Empty,
    /// A setting out of range.
    #[error(transparent)]
    Setting(#[from] SettingOutOfRange),
    /// Margins without room.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// A stroke off the sheet.
    #[error(transparent)]
    OffTheSheet(#[from] OffTheSheet),
}

impl From<StrokesError> for Fault {
    fn from(error: StrokesError) -> Self {
        let kind = match error {
            StrokesError::TooLarge { .. } | StrokesError::Empty => Kind::BadInput,
            StrokesError::Setting(_) | StrokesError::NoRoom(_) => Kind::Config,
            StrokesError::OffTheSheet(_) => Kind::Unexpected,
        };
        Fault::new(kind, error.to_string())
    }
}

/// The strokes of `sketch` on `sheet`: its ink, its marks, and its tone if it has any.
pub fn strokes(sketch: &Sketch, sheet: &Sheet, config: &StrokesConfig) -> Result<Traced, StrokesError> {
    trace(Tracing::new(sketch.ink(), sketch.tone(), sketch.marks(), sheet, config)?)
}

/// The strokes of any gray raster (255 paper, 0 ink) on `sheet`.
pub fn trace_raster(raster: &Gray, sheet: &Sheet, config: &StrokesConfig) -> Result<Traced, StrokesError> {
    trace(Tracing::new(raster, None, &[], sheet, config)?)
}

fn trace(mut tracing: Tracing) -> Result<Traced, StrokesError> {
    for pass in Pass::ALL {
        pass.run(&mut tracing);
    }
    tracing.finish()
}
