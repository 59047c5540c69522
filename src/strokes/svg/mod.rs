//! Strokes to and from SVG files, whoever made them.
//!
//! [`read`] takes what a person brings (Inkscape, Illustrator, vpype, a text editor; plain or gzipped) and gives the
//! pen strokes on a sheet as large as the document says, with a [`SvgReport`] of what was left out. [`write`] gives
//! the file that this program leaves behind. Units: a document's `px` is 1/96 inch (CSS Values 4, §6.2); everything
//! that comes out is in millimetres, origin at the page's top left corner, y down.
//!
//! The way in has three steps, each in its own file: `lean` bounds the document and copies what can put ink on paper;
//! the `usvg` crate resolves units, transforms, styles and `use`; `read` walks its tree, `clip` cuts at clip paths.
//!
//! Refuses files over [`MAX_BYTES`], more than [`MAX_ELEMENTS`] or [`MAX_POINTS`], groups nested deeper than
//! [`MAX_NESTING`], entities that swell, circular `use`, and strokes beyond the page unless asked to fit them.

mod bounds;
mod clip;
mod lean;
mod read;
mod write;

pub use read::read;
pub use write::Layers;
pub use write::path_data;
pub use write::write;

use serde::Deserialize;
use serde::Serialize;

use crate::fault::Fault;
use crate::fault::Kind;
use crate::strokes::Sheet;
use crate::strokes::StrokeSet;

/// Largest file that is read, in bytes, before and after unpacking.
pub const MAX_BYTES: usize = 64 << 20;
/// Most elements, `use` counted as often as it draws.
pub const MAX_ELEMENTS: usize = 500_000;
/// Deepest nesting of elements, `use` included. (Inkscape drawings stay under 20.)
pub const MAX_NESTING: usize = 96;
/// Most points over all strokes; some 30 km of ink.
pub const MAX_POINTS: usize = 4_000_000;

/// How an SVG becomes strokes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SvgConfig {
    /// How far a chord may stray from its curve, mm. Default 0.01, a fortieth of a fine pen's width.
    pub tolerance_mm: f64,
    /// Length of the tick that stands for a dot, mm. Default 0.1.
    pub dot_mm: f64,
    /// Whether white strokes and white fills are paper and draw nothing. Default true.
    pub white_is_paper: bool,
    /// Scale the drawing onto this sheet; without it the document's own page is the sheet. Default none.
    pub fit: Option<Fit>,
}

impl Default for SvgConfig {
    fn default() -> Self {
        Self { tolerance_mm: 0.01, dot_mm: 0.1, white_is_paper: true, fit: None }
    }
}

/// The sheet that a drawing is scaled onto, as large as the margins allow, and centred.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// Width of the sheet, mm.
    pub sheet_width_mm: f64,
    /// Height of the sheet, mm.
    pub sheet_height_mm: f64,
    /// Paper left free on all four sides, mm.
    pub margin_mm: f64,
}

/// A document read: its strokes, in the document's own order, and what was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct SvgDrawing {
    /// The strokes on their sheet.
    pub strokes: StrokeSet,
    /// What became of the rest.
    pub report: SvgReport,
}

/// What a document held that is not drawn, or is drawn otherwise than a screen shows it. All are counts of elements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SvgReport {
    /// Texts: not drawn.
    pub texts: usize,
    /// Pictures: not drawn.
    pub images: usize,
    /// References to other files: not followed.
    pub external: usize,
    /// Shapes hidden, fully transparent, or with neither stroke nor fill: not drawn.
    pub invisible: usize,
    /// Shapes in white only: not drawn.
    pub white: usize,
    /// Filled rectangles as large as the page: not drawn.
    pub backgrounds: usize,
    /// Shapes with a fill and no stroke: drawn as their outline.
    pub outlined: usize,
    /// Strokes of no length: drawn as short ticks.
    pub dots: usize,
    /// Strokes cut at a clip path.
    pub clipped: usize,
    /// Masks, filters and markers: ignored.
    pub effects: usize,
    /// Shapes with a number that cannot be read: drawn up to there.
    pub unreadable: usize,
}

impl SvgReport {
    /// What a person should know, a sentence each; empty if the drawing came through whole.
    pub fn remarks(&self) -> Vec<String> {
        let said = [
            (self.texts, "text", "not drawn: turn text into paths (in Inkscape: Path, Object to Path)"),
            (self.images, "picture", "not drawn: trace pictures first (`portraitist strokes IMAGE`)"),
            (self.external, "reference to another file", "not followed: embed what it names"),
            (self.invisible, "invisible shape", "not drawn: give it a stroke if it should be"),
            (self.white, "white shape", "not drawn: white is paper"),
            (self.backgrounds, "background", "not drawn"),
            (self.outlined, "shape with a fill but no stroke", "drawn as its outline"),
            (self.dots, "dot", "drawn as a short tick"),
            (self.clipped, "stroke", "cut at a clip path"),
            (self.effects, "mask, filter or marker", "ignored"),
            (self.unreadable, "shape with a broken number", "drawn only up to there"),
        ];
        said.iter()
            .filter(|(count, _, _)| *count > 0)
            .map(|(count, what, done)| format!("{count} x {what}: {done}"))
            .collect()
    }
}

/// Why an SVG cannot be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SvgError {
    /// Over [`MAX_BYTES`].
    #[error("the SVG is larger than {} MB; split it or simplify its paths", MAX_BYTES >> 20)]
    TooLarge,
    /// Begins like gzip, but is not.
    #[error("the compressed SVG (svgz) is damaged; save it again, best as plain SVG")]
    BrokenGzip,
    /// Not UTF-8.
    #[error("the file is not an SVG in UTF-8; save it as plain SVG with UTF-8 encoding")]
    NotUtf8,
    /// Not XML, or cut off.
    #[error("the file is not well-formed SVG: {0}")]
    BrokenXml(String),
    /// XML, but something else.
    #[error("the file is XML, but its root is <{0}> where <svg> is expected")]
    NotSvg(String),
    /// Entities that would swell when replaced.
    #[error("the SVG's entities (<!ENTITY>) expand too far; save it as plain SVG")]
    Entities,
    /// Over [`MAX_ELEMENTS`].
    #[error("the SVG has more than {MAX_ELEMENTS} elements, repeats by <use> included; simplify it")]
    TooManyElements,
    /// Deeper than [`MAX_NESTING`].
    #[error(
        "the SVG's groups are nested more than {MAX_NESTING} deep, or an element repeats itself by <use>; ungroup them"
    )]
    TooDeep,
    /// Too much to style or clip in reasonable time.
    #[error("the SVG's {0} are too intricate to work through; simplify them, or export without them")]
    TooIntricate(&'static str),
    /// Over [`MAX_POINTS`].
    #[error("the SVG's strokes have more than {MAX_POINTS} points; simplify its paths")]
    TooManyPoints,
    /// No page to draw on.
    #[error("the SVG's page has no usable size; give its <svg> a width and height, such as 148mm and 210mm")]
    NoSize,
    /// A page that no sheet can be.
    #[error(
        "the SVG's page is {width_mm:.1} x {height_mm:.1} mm, but a sheet's sides lie between 1 and {:.0} mm; \
         change its width and height, or ask to fit it onto the sheet",
        Sheet::MAX_SIDE_MM
    )]
    PageSize {
        /// The page's width.
        width_mm: f64,
        /// The page's height.
        height_mm: f64,
    },
    /// Strokes beyond the page.
    #[error(
        "the drawing is larger than the sheet: it reaches from ({left:.1}, {top:.1}) to ({right:.1}, {bottom:.1}) mm, \
         the sheet is {width_mm:.1} x {height_mm:.1} mm; move or scale it, or ask to fit it onto the sheet"
    )]
    BeyondSheet {
        /// Smallest x, mm.
        left: f64,
        /// Smallest y, mm.
        top: f64,
        /// Largest x, mm.
        right: f64,
        /// Largest y, mm.
        bottom: f64,
        /// The sheet's width.
        width_mm: f64,
        /// The sheet's height.
        height_mm: f64,
    },
    /// Numbers no page can hold.
    #[error("the SVG draws at coordinates beyond all bounds; check its transforms and viewBox")]
    FarAway,
    /// A sheet to fit onto that is none.
    #[error("there is nothing left to draw on: margins of {margin_mm} mm on a {width_mm} x {height_mm} mm sheet")]
    NoRoom {
        /// The sheet's width.
        width_mm: f64,
        /// The sheet's height.
        height_mm: f64,
        /// The margin.
        margin_mm: f64,
    },
}

impl From<SvgError> for Fault {
    fn from(error: SvgError) -> Self {
        let kind = match error {
            SvgError::BeyondSheet { .. } | SvgError::PageSize { .. } => Kind::PlanRejected,
            SvgError::NoRoom { .. } => Kind::Config,
            _ => Kind::BadInput,
        };
        Fault::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests;
