//! An SVG document as pen strokes on its page.
//!
//! Walks the tree that `usvg` made of the lean copy, takes each shape that leaves ink, turns its curves into chords
//! (kurbo's flattening: evenly spread, within the tolerance), breaks it into its dashes, cuts it at its clip paths and
//! puts it on the sheet. A page without a size takes its viewBox's, in px; without either, the drawing's extent.
//!
//! Refuses what [`super`] lists. `usvg` computes in 32-bit floats and draws arcs as cubics: on an A3 page that is
//! 0.0001 mm and at most 0.03 % of the radius.

use std::collections::HashMap;

use kurbo::Affine;
use kurbo::BezPath;
use kurbo::PathEl;
use kurbo::Point;
use kurbo::Rect;
use usvg::tiny_skia_path::PathSegment;

use super::Fit;
use super::MAX_POINTS;
use super::SvgConfig;
use super::SvgDrawing;
use super::SvgError;
use super::SvgReport;
use super::bounds;
use super::clip;
use super::clip::Region;
use super::clip::Rule;
use super::lean::lean;
use crate::geom::Mm;
use crate::geom::Polyline;
use crate::strokes::Sheet;
use crate::strokes::Stroke;
use crate::strokes::StrokeKind;
use crate::strokes::StrokeSet;

/// Millimetres in a CSS pixel.
const MM_PER_PX: f64 = 25.4 / 96.0;
/// Farthest coordinate that is worth flattening, in sheet lengths: beyond it a chord count has no meaning.
const MAX_REACH_MM: f64 = 50.0 * Sheet::MAX_SIDE_MM;
/// A stroke that leaves the sheet by less than this only does so by rounding, mm.
const ROUNDING_MM: f64 = 0.01;
/// Colours at least this bright in every channel are white.
const WHITE: u8 = 250;

/// The strokes of the SVG in `bytes` on the sheet it describes, or on the sheet it is to fit.
pub fn read(bytes: &[u8], config: &SvgConfig) -> Result<SvgDrawing, SvgError> {
    let mut report = SvgReport::default();
    let lean = lean(&bounds::text(bytes)?, &mut report)?;
    let tree = resolved(&lean.svg)?;
    let page = (f64::from(tree.size().width()) * MM_PER_PX, f64::from(tree.size().height()) * MM_PER_PX);
    match &config.fit {
        None => {
            let sheet = Sheet::new(round(page.0), round(page.1))
                .ok_or(SvgError::PageSize { width_mm: page.0, height_mm: page.1 })?;
            let lines = Walk::through(&tree, &lean.kinds, page, 1.0, config, &mut report)?;
            on_sheet(sheet, lines)
        }
        Some(fit) => {
            let lines = fitted(&tree, &lean.kinds, page, fit, config, &mut report)?;
            on_sheet(sheet_of(fit)?, lines)
        }
    }
    .map(|strokes| SvgDrawing { strokes, report })
}

/// One stroke to be: what it is for and where it goes, in mm.
type Line = (StrokeKind, Vec<Point>);

/// The document's tree, all styles, units and repeats resolved.
///
/// `usvg` measures strokes in 32-bit floats, and its stroker panics where their squares overflow under a skewed
/// transform (tiny-skia-path 0.12, `find_quad_max_curvature`). What a transform adds up to is known to no one before
/// `usvg` has resolved it, so this one panic is caught; it says the same as the bound on coordinates further down.
fn resolved(svg: &str) -> Result<usvg::Tree, SvgError> {
    match std::panic::catch_unwind(|| usvg::Tree::from_str(svg, &offline())) {
        Ok(Ok(tree)) => Ok(tree),
        Ok(Err(usvg::Error::InvalidSize)) => Err(SvgError::NoSize),
        Ok(Err(usvg::Error::ElementsLimitReached)) => Err(SvgError::TooManyElements),
        Ok(Err(e)) => Err(SvgError::BrokenXml(e.to_string())),
        Err(_) => Err(SvgError::FarAway),
    }
}

/// No fonts, no files, no data URLs.
fn offline() -> usvg::Options<'static> {
    usvg::Options {
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..usvg::Options::default()
    }
}

/// A page's side without the rounding of 32-bit floats.
fn round(mm: f64) -> f64 {
    (mm * 1000.0).round() / 1000.0
}

fn sheet_of(fit: &Fit) -> Result<Sheet, SvgError> {
    let no_room =
        SvgError::NoRoom { width_mm: fit.sheet_width_mm, height_mm: fit.sheet_height_mm, margin_mm: fit.margin_mm };
    let room = fit.sheet_width_mm.min(fit.sheet_height_mm) - 2.0 * fit.margin_mm;
    match Sheet::new(fit.sheet_width_mm, fit.sheet_height_mm) {
        Some(sheet) if room >= 1.0 && fit.margin_mm >= 0.0 => Ok(sheet),
        _ => Err(no_room),
    }
}

/// The lines scaled and moved so that they fill the sheet between its margins, flattened at their final size.
fn fitted(
    tree: &usvg::Tree,
    kinds: &HashMap<String, StrokeKind>,
    page: (f64, f64),
    fit: &Fit,
    config: &SvgConfig,
    report: &mut SvgReport,
) -> Result<Vec<Line>, SvgError> {
    let sheet = sheet_of(fit)?;
    let room = (sheet.width_mm() - 2.0 * fit.margin_mm, sheet.height_mm() - 2.0 * fit.margin_mm);
    // First as if the page were to fit; then once more if the drawing is much smaller than its page.
    let mut scale = (room.0 / page.0).min(room.1 / page.1);
    let mut trial = report.clone();
    let mut lines = Walk::through(tree, kinds, page, scale, config, &mut trial)?;
    let Some(extent) = extent(&lines) else {
        *report = trial;
        return Ok(lines);
    };
    // A single upright line has no width to scale by.
    let grow = (room.0 / extent.width().max(1e-6)).min(room.1 / extent.height().max(1e-6));
    if grow > 1.5 {
        trial = report.clone();
        scale *= grow;
        lines = Walk::through(tree, kinds, page, scale, config, &mut trial)?;
    }
    *report = trial;
    let extent = self::extent(&lines).unwrap_or(extent);
    let grow = (room.0 / extent.width().max(1e-6)).min(room.1 / extent.height().max(1e-6));
    let centre = kurbo::Vec2::new(0.5 * sheet.width_mm(), 0.5 * sheet.height_mm());
    let place = Affine::translate(centre) * Affine::scale(grow) * Affine::translate(-extent.center().to_vec2());
    for (_, points) in &mut lines {
        points.iter_mut().for_each(|p| *p = place * *p);
    }
    Ok(lines)
}

fn extent(lines: &[Line]) -> Option<Rect> {
    lines.iter().flat_map(|(_, points)| points).map(|p| Rect::from_points(*p, *p)).reduce(|a, b| a.union(b))
}

/// The lines as strokes; a hair beyond the edge is drawn on the edge, more is refused.
fn on_sheet(sheet: Sheet, lines: Vec<Line>) -> Result<StrokeSet, SvgError> {
    let (width_mm, height_mm) = (sheet.width_mm(), sheet.height_mm());
    let page = Rect::new(0.0, 0.0, width_mm, height_mm);
    let beyond = |all: Rect| SvgError::BeyondSheet {
        left: all.x0,
        top: all.y0,
        right: all.x1,
        bottom: all.y1,
        width_mm,
        height_mm,
    };
    if let Some(all) = extent(&lines)
        && page.inflate(ROUNDING_MM, ROUNDING_MM).union(all) != page.inflate(ROUNDING_MM, ROUNDING_MM)
    {
        return Err(beyond(all));
    }
    let strokes = lines
        .into_iter()
        .filter_map(|(kind, points)| {
            let on_page = |p: Point| crate::geom::Point::<Mm>::new(p.x.clamp(0.0, width_mm), p.y.clamp(0.0, height_mm));
            Some(Stroke { kind, path: Polyline::new(points.into_iter().map(on_page).collect())? })
        })
        .collect();
    StrokeSet::new(sheet, strokes).map_err(|_| beyond(page))
}

/// Goes through the tree and gathers lines.
struct Walk<'a> {
    kinds: &'a HashMap<String, StrokeKind>,
    config: &'a SvgConfig,
    report: &'a mut SvgReport,
    /// From px on the page to mm.
    to_mm: Affine,
    /// The page, mm.
    page: Rect,
    lines: Vec<Line>,
    points: usize,
    /// The clip paths of the groups around, outermost first.
    clips: Vec<Region>,
    clip_tests: usize,
}

/// How a shape is inked.
enum Ink<'a> {
    Stroke(Option<(&'a [f32], f32)>),
    Outline,
    Nothing,
}

impl<'a> Walk<'a> {
    fn through(
        tree: &usvg::Tree,
        kinds: &'a HashMap<String, StrokeKind>,
        page: (f64, f64),
        scale: f64,
        config: &'a SvgConfig,
        report: &'a mut SvgReport,
    ) -> Result<Vec<Line>, SvgError> {
        let mut walk = Walk {
            kinds,
            config,
            report,
            to_mm: Affine::scale(MM_PER_PX * scale),
            page: Rect::new(0.0, 0.0, page.0 * scale, page.1 * scale),
            lines: Vec::new(),
            points: 0,
            clips: Vec::new(),
            clip_tests: clip::MAX_TESTS,
        };
        walk.group(tree.root(), StrokeKind::Contour)?;
        Ok(walk.lines)
    }

    /// Nesting has been bounded by the lean copy.
    fn group(&mut self, group: &usvg::Group, kind: StrokeKind) -> Result<(), SvgError> {
        let kind = self.kinds.get(group.id()).copied().unwrap_or(kind);
        if group.opacity().get() == 0.0 {
            self.report.invisible += 1;
            return Ok(());
        }
        if let Some(clip_path) = group.clip_path() {
            let mut region = Region::default();
            let around = self.to_mm * affine(group.abs_transform()) * affine(clip_path.transform());
            self.clip_region(clip_path.root(), around, &mut region)?;
            self.clips.push(region);
        }
        for node in group.children() {
            match node {
                usvg::Node::Group(inner) => self.group(inner, kind)?,
                usvg::Node::Path(path) => self.path(path, kind)?,
                usvg::Node::Image(_) | usvg::Node::Text(_) => {}
            }
        }
        if group.clip_path().is_some() {
            self.clips.pop();
        }
        Ok(())
    }

    fn clip_region(&mut self, group: &usvg::Group, around: Affine, region: &mut Region) -> Result<(), SvgError> {
        for node in group.children() {
            match node {
                usvg::Node::Group(inner) => self.clip_region(inner, around, region)?,
                usvg::Node::Path(path) => {
                    let outline = around * (affine(path.abs_transform()) * bez_path(path.data()));
                    let rule = match path.fill().map(|f| f.rule()) {
                        Some(usvg::FillRule::EvenOdd) => Rule::EvenOdd,
                        _ => Rule::NonZero,
                    };
                    region.add(rule, &self.flattened(&outline)?);
                }
                usvg::Node::Image(_) | usvg::Node::Text(_) => {}
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &usvg::Path, kind: StrokeKind) -> Result<(), SvgError> {
        let ink = self.ink(path);
        let to_mm = self.to_mm * affine(path.abs_transform());
        let curves = bez_path(path.data());
        if let Ink::Nothing = ink {
            return Ok(());
        }
        let mut lines = self.flattened(&(to_mm * curves))?;
        if let Ink::Stroke(Some((dashes, offset))) = ink {
            lines = self.dashed(to_mm, lines, dashes, offset)?;
        }
        if let Ink::Outline = ink {
            if let [only] = &lines[..]
                && self.is_background(only)
            {
                self.report.backgrounds += 1;
                return Ok(());
            }
            self.report.outlined += 1;
            // A fill closes what is open.
            lines.iter_mut().filter(|l| l.first() != l.last()).for_each(|l| l.push(l[0]));
        }
        for line in lines {
            self.line(kind, line)?;
        }
        Ok(())
    }

    fn ink<'p>(&mut self, path: &'p usvg::Path) -> Ink<'p> {
        let mut white = false;
        let mut inked = |paint: &usvg::Paint, opacity: f32| match paint {
            _ if opacity == 0.0 => false,
            usvg::Paint::Color(c) if self.config.white_is_paper && c.red.min(c.green).min(c.blue) >= WHITE => {
                white = true;
                false
            }
            _ => true,
        };
        let stroke = path.stroke().filter(|s| inked(s.paint(), s.opacity().get()));
        let fill = path.fill().filter(|f| inked(f.paint(), f.opacity().get()));
        match (path.is_visible(), stroke, fill) {
            (true, Some(stroke), _) => Ink::Stroke(stroke.dasharray().map(|d| (d, stroke.dashoffset()))),
            (true, None, Some(_)) => Ink::Outline,
            _ => {
                self.report.white += usize::from(white && path.is_visible());
                self.report.invisible += usize::from(!white || !path.is_visible());
                Ink::Nothing
            }
        }
    }

    /// Whether `outline` is a rectangle that covers the whole page.
    fn is_background(&self, outline: &[Point]) -> bool {
        let corner = |p: &Point| {
            let covers = |v: f64, low: f64, high: f64| v <= low + 0.1 || v >= high - 0.1;
            covers(p.x, 0.0, self.page.x1) && covers(p.y, 0.0, self.page.y1)
        };
        let around = outline.iter().map(|p| Rect::from_points(*p, *p)).reduce(|a, b| a.union(b));
        outline.len() <= 5
            && outline.iter().all(corner)
            && around.is_some_and(|a| a.inflate(0.1, 0.1).union(self.page) == a.inflate(0.1, 0.1))
    }

    /// `lines` (mm) broken into dashes, whose lengths are in the shape's own units.
    fn dashed(
        &mut self,
        to_mm: Affine,
        lines: Vec<Vec<Point>>,
        dashes: &[f32],
        offset: f32,
    ) -> Result<Vec<Vec<Point>>, SvgError> {
        if to_mm.determinant().abs() < 1e-12 {
            return Ok(lines);
        }
        let dashes: Vec<f64> = dashes.iter().map(|d| f64::from(*d)).collect();
        let period: f64 = dashes.iter().sum();
        let mut broken = Vec::new();
        // Lines and not curves: kurbo finds its place on a line exactly, on an extreme curve perhaps not at all.
        for line in lines {
            let el = |(i, p)| if i == 0 { PathEl::MoveTo(p) } else { PathEl::LineTo(p) };
            let mut own = BezPath::from_vec(line.into_iter().enumerate().map(el).collect());
            own.apply_affine(to_mm.inverse());
            let length: f64 = own.segments().map(|s| kurbo::ParamCurveArclen::arclen(&s, 0.1)).sum();
            let more = length / period * dashes.len() as f64;
            if more.is_nan() || more > (MAX_POINTS - self.points) as f64 {
                return Err(SvgError::TooManyPoints);
            }
            let pieces: BezPath = kurbo::dash(own.into_iter(), f64::from(offset), &dashes).collect();
            broken.append(&mut self.flattened(&(to_mm * pieces))?);
        }
        Ok(broken)
    }

    /// The subpaths of `curves` as polylines, closed ones ending where they begin.
    fn flattened(&mut self, curves: &BezPath) -> Result<Vec<Vec<Point>>, SvgError> {
        let mut lines: Vec<Vec<Point>> = Vec::new();
        let mut line: Vec<Point> = Vec::new();
        let mut last = Point::ORIGIN;
        within_reach(curves)?;
        for el in curves.elements() {
            match el {
                PathEl::MoveTo(p) => {
                    lines.push(std::mem::take(&mut line));
                    line.push(*p);
                }
                PathEl::ClosePath => {
                    let first = line.first().copied().unwrap_or(last);
                    line.push(first);
                    lines.push(std::mem::replace(&mut line, vec![first]));
                }
                PathEl::LineTo(p) => line.push(*p),
                _ => kurbo::flatten([PathEl::MoveTo(last), *el], self.config.tolerance_mm, |chord| {
                    if let PathEl::LineTo(p) = chord {
                        line.push(p);
                    }
                }),
            }
            last = line.last().copied().unwrap_or(last);
            if self.points + line.len() > MAX_POINTS {
                return Err(SvgError::TooManyPoints);
            }
            if matches!(el, PathEl::MoveTo(_) | PathEl::ClosePath) {
                self.points += lines.last().map_or(0, Vec::len);
            }
        }
        self.points += line.len();
        lines.push(line);
        lines.retain(|l| l.len() >= 2);
        Ok(lines)
    }

    /// Takes `line` in, cut at the clip paths around it; one of no length becomes a tick.
    fn line(&mut self, kind: StrokeKind, line: Vec<Point>) -> Result<(), SvgError> {
        let mut pieces = vec![line];
        for region in &self.clips {
            let mut inside = Vec::new();
            for piece in pieces {
                let cut = region.cut(&piece, &mut self.clip_tests)?;
                self.report.clipped += usize::from(cut.len() != 1 || cut[0] != piece);
                inside.extend(cut);
            }
            pieces = inside;
        }
        for mut piece in pieces {
            let at = piece[0];
            if piece.iter().all(|p| (*p - at).hypot() < 1e-6) {
                self.report.dots += 1;
                let half = kurbo::Vec2::new(0.5 * self.config.dot_mm, 0.0);
                // A dot on the very edge stays on the page.
                let at = Point::new(at.x.clamp(half.x, (self.page.x1 - half.x).max(half.x)), at.y);
                piece = vec![at - half, at + half];
            }
            self.lines.push((kind, piece));
        }
        Ok(())
    }
}

/// Refuses curves with a point so far off, or so little of a number, that chords through it have no meaning.
fn within_reach(curves: &BezPath) -> Result<(), SvgError> {
    let points = curves.elements().iter().flat_map(|el| match el {
        PathEl::MoveTo(p) | PathEl::LineTo(p) => [Some(*p), None, None],
        PathEl::QuadTo(p, q) => [Some(*p), Some(*q), None],
        PathEl::CurveTo(p, q, r) => [Some(*p), Some(*q), Some(*r)],
        PathEl::ClosePath => [None; 3],
    });
    // Written so that NaN is refused as well.
    match points.flatten().all(|p| p.x.abs() <= MAX_REACH_MM && p.y.abs() <= MAX_REACH_MM) {
        true => Ok(()),
        false => Err(SvgError::FarAway),
    }
}

fn affine(t: usvg::Transform) -> Affine {
    Affine::new([t.sx, t.ky, t.kx, t.sy, t.tx, t.ty].map(f64::from))
}

fn bez_path(path: &usvg::tiny_skia_path::Path) -> BezPath {
    let point = |p: usvg::tiny_skia_path::Point| Point::new(f64::from(p.x), f64::from(p.y));
    path.segments()
        .map(|segment| match segment {
            PathSegment::MoveTo(p) => PathEl::MoveTo(point(p)),
            PathSegment::LineTo(p) => PathEl::LineTo(point(p)),
            PathSegment::QuadTo(p, q) => PathEl::QuadTo(point(p), point(q)),
            PathSegment::CubicTo(p, q, r) => PathEl::CurveTo(point(p), point(q), point(r)),
            PathSegment::Close => PathEl::ClosePath,
        })
        .collect()
}
