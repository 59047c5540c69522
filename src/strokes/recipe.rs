//! The recipe from raster to strokes: a closed list of passes over one working state.
//!
//! Each pass is a pure function in its own file; this file only names them, orders them, and turns millimetres into
//! pixels of the working grid for them. The list is closed so that contract tests can run over all of it.

use rayon::prelude::*;
use serde::Serialize;

use crate::geom::Point;
use crate::geom::Px;
use crate::raster::Field;
use crate::raster::Gray;
use crate::sketch::Mark;
use crate::sketch::Tone;
use crate::strokes::MOST_SIDE_PX;
use crate::strokes::Sheet;
use crate::strokes::Stroke;
use crate::strokes::StrokeKind;
use crate::strokes::StrokeSet;
use crate::strokes::StrokesError;
use crate::strokes::Traced;
use crate::strokes::areas;
use crate::strokes::areas::Area;
use crate::strokes::binarise;
use crate::strokes::bridge;
use crate::strokes::config::StrokesConfig;
use crate::strokes::fill;
use crate::strokes::fill::Filling;
use crate::strokes::fit;
use crate::strokes::fit::Tightness;
use crate::strokes::follow;
use crate::strokes::follow::Line;
use crate::strokes::graph;
use crate::strokes::graph::Graph;
use crate::strokes::ink;
use crate::strokes::marks;
use crate::strokes::place::Grid;
use crate::strokes::place::Placement;
use crate::strokes::prune;
use crate::strokes::refine;
use crate::strokes::restate;
use crate::strokes::restate::Restating;
use crate::strokes::thin;
use crate::strokes::tone;
use crate::strokes::tone::Hatching;
use crate::strokes::weigh;

/// Rasters up to this many pixels a side are traced on a grid twice as fine.
pub const FINE_SIDE_PX: u32 = 1024;

/// Most strokes of one drawing: a pen that lifts in 0.3 s would lift for over an hour and a half.
pub const MOST_STROKES: usize = 20_000;

/// Grid pixels of paper around the raster, so that every place of ink has neighbours.
const BORDER: u32 = 4;

/// One step from raster to strokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// The raster as a plane of ink: see [`ink`].
    Ink,
    /// Ink or paper: see [`binarise`].
    Binarise,
    /// Black areas set apart: see [`areas`].
    Areas,
    /// Lines one pixel wide: see [`thin`].
    Thin,
    /// Junctions and runs: see [`graph`].
    Trace,
    /// Without spurs: see [`prune`].
    Prune,
    /// Sub-pixel centre lines: see [`refine`].
    Refine,
    /// On across junctions: see [`follow`].
    Follow,
    /// On over gaps: see [`bridge`].
    Bridge,
    /// Without noise: see [`weigh`].
    Weigh,
    /// Smooth curves, gone over again where they are wide: see [`fit`] and [`restate`].
    Fit,
    /// Black areas filled: see [`fill`].
    Fill,
    /// Marks of the sketch drawn: see [`marks`].
    Marks,
    /// Shade hatched: see [`tone`].
    Tone,
    /// Onto the sheet: see [`Placement`].
    Place,
}

impl Pass {
    /// The recipe: every pass, in order.
    pub const ALL: [Pass; 15] = [
        Pass::Ink,
        Pass::Binarise,
        Pass::Areas,
        Pass::Thin,
        Pass::Trace,
        Pass::Prune,
        Pass::Refine,
        Pass::Follow,
        Pass::Bridge,
        Pass::Weigh,
        Pass::Fit,
        Pass::Fill,
        Pass::Marks,
        Pass::Tone,
        Pass::Place,
    ];

    /// Does this step to `t`.
    pub fn run(self, t: &mut Tracing) {
        let config = t.config;
        let px_per_mm = t.placement.px_per_mm();
        match self {
            Pass::Ink => t.ink = ink::ink(t.raster, t.placement.grid()),
            Pass::Binarise => t.mask = binarise::binarise(&t.ink, config.strong_ink, config.weak_ink),
            Pass::Areas => {
                let least = (config.fill_from_mm / 2.0 * px_per_mm).max(LEAST_AREA_PX);
                (t.areas, t.mask) = areas::areas(&t.mask, &t.ink, least);
                t.report.areas = t.areas.len();
            }
            Pass::Thin => t.skeleton = thin::thin(&t.mask),
            Pass::Trace => t.graph = graph::trace(&t.skeleton, |i| areas::depth(&t.mask, i, areas::MOST_DEPTH)),
            Pass::Prune => (t.graph, t.report.pruned) = prune::prune(std::mem::take(&mut t.graph)),
            Pass::Refine => t.graph.edges.par_iter_mut().for_each(|edge| refine::refine(edge, &t.ink)),
            Pass::Follow => (t.lines, t.report.joined) = follow::follow(&t.graph),
            Pass::Bridge => {
                let widest = config.bridge_mm * px_per_mm;
                (t.lines, t.report.bridged) = bridge::bridge(std::mem::take(&mut t.lines), widest);
            }
            Pass::Weigh => {
                let least = config.min_ink_mm2 * px_per_mm * px_per_mm;
                (t.lines, t.report.dropped) = weigh::weigh(std::mem::take(&mut t.lines), least);
            }
            Pass::Fit => {
                let tightness = tightness(config, px_per_mm);
                let pen = config.pen_width_mm * px_per_mm;
                let restating = Restating { pen, from: config.restate_from * pen };
                let curve =
                    |line: &Line| (StrokeKind::Contour, restate::restated(fit::fit(line, tightness), line, restating));
                t.curves = t.lines.par_iter().map(curve).collect();
            }
            Pass::Fill => {
                let filling = filling(config, px_per_mm);
                let tightness = tightness(config, px_per_mm);
                let filled: Vec<_> =
                    t.areas.par_iter().flat_map_iter(|area| fill::fill(area, filling, tightness)).collect();
                t.curves.extend(filled);
            }
            Pass::Marks => {
                let (filling, tightness) = (filling(config, px_per_mm), tightness(config, px_per_mm));
                let grid = t.placement.grid();
                t.curves.extend(t.marks.iter().flat_map(|mark| marks::strokes(mark, grid, filling, tightness)));
            }
            Pass::Tone => {
                let hatching = Hatching {
                    pen: config.pen_width_mm * px_per_mm,
                    widest: config.tone_widest_mm * px_per_mm,
                    longest: config.tone_longest_mm * px_per_mm,
                    shortest: config.tone_shortest_mm * px_per_mm,
                };
                let tightness = tightness(config, px_per_mm);
                let lines = t.tone.map(|tone| tone::hatch(tone, t.placement.grid(), hatching)).unwrap_or_default();
                t.curves.extend(lines.iter().map(|(kind, line)| (*kind, fit::chords(line, tightness))));
            }
            Pass::Place => {
                let place = |(kind, points): &(StrokeKind, Vec<Point<Px>>)| {
                    Some(Stroke { kind: *kind, path: t.placement.place(points)? })
                };
                t.strokes = t.curves.iter().filter_map(place).collect();
                t.report.over = t.strokes.len().saturating_sub(MOST_STROKES);
                t.strokes.truncate(MOST_STROKES);
            }
        }
    }
}

/// Areas are at least this wide to each side, grid pixels: below it a line cannot be told from an area.
const LEAST_AREA_PX: f64 = 2.5;

fn tightness(config: &StrokesConfig, px_per_mm: f64) -> Tightness {
    Tightness {
        tolerance: config.tolerance_mm * px_per_mm,
        chord: config.chord_mm * px_per_mm,
        deviation: config.deviation_mm * px_per_mm,
    }
}

fn filling(config: &StrokesConfig, px_per_mm: f64) -> Filling {
    Filling {
        pen: config.pen_width_mm * px_per_mm,
        spacing: (config.hatch_spacing_mm * px_per_mm).max(1.0),
        angle: config.hatch_angle_deg.to_radians(),
    }
}

/// What the passes did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Black areas that were outlined and filled.
    pub areas: usize,
    /// Spurs taken off.
    pub pruned: usize,
    /// Pairs of arms joined across junctions.
    pub joined: usize,
    /// Gaps bridged.
    pub bridged: usize,
    /// Marks dropped for too little ink.
    pub dropped: usize,
    /// Strokes beyond [`MOST_STROKES`], left out.
    pub over: usize,
}

/// A raster on its way to strokes. Each pass reads what those before it left here.
#[derive(Debug, Clone)]
pub struct Tracing<'a> {
    raster: &'a Gray,
    tone: Option<&'a Tone>,
    marks: &'a [Mark],
    config: &'a StrokesConfig,
    placement: Placement,
    ink: Field,
    mask: Gray,
    areas: Vec<Area>,
    skeleton: Gray,
    graph: Graph,
    lines: Vec<Line>,
    curves: Vec<(StrokeKind, Vec<Point<Px>>)>,
    strokes: Vec<Stroke>,
    report: Report,
}

impl<'a> Tracing<'a> {
    /// The state before the first pass, or why `raster` cannot be traced so.
    pub fn new(
        raster: &'a Gray,
        tone: Option<&'a Tone>,
        marks: &'a [Mark],
        sheet: &Sheet,
        config: &'a StrokesConfig,
    ) -> Result<Self, StrokesError> {
        config.check()?;
        let (width_px, height_px) = raster.dimensions();
        if width_px == 0 || height_px == 0 {
            return Err(StrokesError::Empty);
        }
        if width_px.max(height_px) > MOST_SIDE_PX {
            return Err(StrokesError::TooLarge { width_px, height_px });
        }
        let scale = if width_px.max(height_px) <= FINE_SIDE_PX { 2 } else { 1 };
        let grid = Grid { scale, border: BORDER };
        Ok(Self {
            raster,
            tone,
            marks,
            config,
            placement: Placement::new((width_px, height_px), grid, sheet, config.margins_mm, config.top_share)?,
            ink: Field::default(),
            mask: Gray::default(),
            areas: Vec::new(),
            skeleton: Gray::default(),
            graph: Graph::default(),
            lines: Vec::new(),
            curves: Vec::new(),
            strokes: Vec::new(),
            report: Report::default(),
        })
    }

    /// What the passes made.
    pub fn finish(self) -> Result<Traced, StrokesError> {
        Ok(Traced { set: StrokeSet::new(*self.placement.sheet(), self.strokes)?, report: self.report })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::Sketch;
    use crate::sketch::Solid;
    use image::Luma;

    /// Small rasters that every pass must live with.
    fn rasters() -> Vec<(&'static str, Gray)> {
        let ink = |f: fn(f64, f64) -> bool| {
            Gray::from_fn(64, 48, move |x, y| Luma([if f(f64::from(x), f64::from(y)) { 0 } else { 255 }]))
        };
        let mut state = 1u32;
        let noise = Gray::from_fn(64, 48, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Luma([(state >> 24) as u8])
        });
        vec![
            ("nothing", ink(|_, _| false)),
            ("a dot", ink(|x, y| x == 30.0 && y == 20.0)),
            ("one line", ink(|x, y| (y - x / 2.0).abs() < 2.0 && x > 5.0 && x < 60.0)),
            ("a loop", ink(|x, y| ((x - 30.0).hypot(y - 24.0) - 15.0).abs() < 1.5)),
            ("noise", noise),
            ("all ink", ink(|_, _| true)),
            ("one pixel", Gray::from_pixel(1, 1, Luma([0]))),
            ("a column", Gray::from_pixel(1, 48, Luma([0]))),
            ("a checkerboard", ink(|x, y| (x as u32 + y as u32).is_multiple_of(2))),
        ]
    }

    #[test]
    fn every_pass_leaves_finite_places_on_its_grid_whatever_comes() {
        let sheet = Sheet::new(148.0, 210.0).expect("A5");
        let config = StrokesConfig::default();
        for (name, raster) in rasters() {
            let (w, h) = raster.dimensions();
            let angles = Field::from_fn(w, h, |x, y| Luma([0.1 * x as f32 + 0.3 * y as f32]));
            let tone = Tone::new(raster.clone(), angles).expect("planes of one size");
            let middle = Point::new(f64::from(w - 1) / 2.0, f64::from(h - 1) / 2.0);
            let radius = f64::from(w.min(h)) / 8.0;
            let disc = Solid::around(middle, radius, |at| radius - (at - middle).length());
            let marks = [Mark::Solid(disc), Mark::Line(vec![Point::new(0.0, 0.0), middle])];
            let mut t = Tracing::new(&raster, Some(&tone), &marks, &sheet, &config).expect("a small raster");
            for pass in Pass::ALL {
                pass.run(&mut t);
                let (w, h) = (f64::from(t.ink.width()), f64::from(t.ink.height()));
                let on_grid = |p: &Point<Px>| (-1.0..=w + 1.0).contains(&p.x) && (-1.0..=h + 1.0).contains(&p.y);
                assert!(t.ink.as_raw().iter().all(|v| v.is_finite()), "{name}: ink after {pass:?}");
                let edges = t.graph.edges.iter().flat_map(|e| &e.places);
                let lines = t.lines.iter().flat_map(|l| &l.places);
                for place in edges.chain(lines) {
                    assert!(on_grid(&place.at) && place.ink.is_finite(), "{name}: {place:?} after {pass:?}");
                }
                assert!(t.graph.edges.iter().all(|e| !e.places.is_empty()), "{name}: empty edge after {pass:?}");
                assert!(t.lines.iter().all(|l| !l.places.is_empty()), "{name}: empty line after {pass:?}");
                assert!(t.curves.iter().flat_map(|c| &c.1).all(on_grid), "{name}: curve off the grid after {pass:?}");
            }
            let traced = t.finish().unwrap_or_else(|e| panic!("{name}: {e}"));
            let sketch = Sketch::with_tone(raster.clone(), tone.clone()).expect("planes of one size");
            let sketch = sketch.with_marks(marks.to_vec(), |_| ());
            let again = crate::strokes::strokes(&sketch, &sheet, &config).expect("the same raster");
            assert_eq!(traced, again, "{name}: not the same twice");
        }
    }

    #[test]
    fn a_line_is_one_stroke_a_loop_a_closed_one_and_nothing_none() {
        let sheet = Sheet::new(148.0, 210.0).expect("A5");
        let strokes = |name: &str| {
            let raster = rasters().into_iter().find(|r| r.0 == name).expect("one of the rasters").1;
            crate::strokes::trace_raster(&raster, &sheet, &StrokesConfig { fill_from_mm: 12.0, ..Default::default() })
                .expect("a small raster")
                .set
        };
        assert_eq!(strokes("nothing").strokes().len(), 0);
        let line = strokes("one line");
        assert_eq!(line.strokes().len(), 1);
        assert!((line.ink_mm() - 54.0 * 1.25f64.sqrt() * 2.0).abs() < 8.0, "{:.1} mm", line.ink_mm());
        let ring = strokes("a loop");
        assert_eq!(ring.strokes().len(), 1);
        assert!(ring.strokes()[0].path.is_closed());
        assert!((ring.ink_mm() - 30.0 * std::f64::consts::PI * 2.0).abs() < 6.0, "{:.1} mm", ring.ink_mm());
    }
}
