//! Filling black areas with as few pen lifts as the shape allows.
//!
//! An area gets its outline, half a pen's width inside its edge, and hatching at a spacing in millimetres (lyon's
//! hatcher), whose lines are joined into zigzags wherever the way from one to the next lies inside: a lift costs as
//! much time as 15 mm of line. A small one, an iris say, is filled solid by its own outline again and again, one inside the other
//! and each begun where the last one ended, so that it is one stroke, or a few; holes stay open, which is what keeps a
//! highlight in an eye.

use lyon::algorithms::hatching::HatchSegment;
use lyon::algorithms::hatching::Hatcher;
use lyon::algorithms::hatching::HatchingOptions;
use lyon::algorithms::hatching::RegularHatchingPattern;
use lyon::geom::Angle;
use lyon::math::point;
use lyon::path::Path;

use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Vector;
use crate::raster::Field;
use crate::strokes::StrokeKind;
use crate::strokes::areas::Area;
use crate::strokes::fit::Tightness;
use crate::strokes::fit::chords;
use crate::strokes::fit::fit;
use crate::strokes::follow::Line;
use crate::strokes::graph::Trace;
use crate::strokes::outline::outlines;
use crate::strokes::refine::sample;

/// How areas are filled, in grid pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filling {
    /// Width of the pen's line.
    pub pen: f64,
    /// Distance between hatching lines.
    pub spacing: f64,
    /// Direction of the hatching lines, radians from x towards y.
    pub angle: f64,
}

impl Filling {
    /// The same on a grid `times` as fine.
    pub fn finer(self, times: f64) -> Self {
        Self { pen: self.pen * times, spacing: self.spacing * times, ..self }
    }
}

/// An area no deeper than this many pens is filled solid: the irises of a sheet of A5 are, whether the highlight makes a hole in
/// them or not, so that both eyes look alike.
const SOLID_PENS: f64 = 6.5;
/// Spacing of a solid filling, in pens: lines overlap a little, or paper would gleam through.
const SOLID_SPACING: f64 = 0.85;
/// How near the middle of a solid filling the innermost outline lies, in pens.
const CORE: f64 = 0.3;
/// Longest way from one hatching line to the next, in spacings, and from one outline to the next.
const LONGEST_LINK: f64 = 2.5;
const LONGEST_STEP: f64 = 1.6;
/// Most turns of a spiral or lines of a hatching, against a spacing far too fine.
const MOST_ROWS: usize = 2000;
/// Outlines lower than this hold no hatching line, grid pixels.
const FLAT: f64 = 0.01;
/// Depth is counted from the middle of the first pixel outside, half a pixel beyond the edge.
const EDGE: f64 = 0.5;

/// The strokes that fill `area`, in grid pixels.
pub fn fill(area: &Area, filling: Filling, tightness: Tightness) -> Vec<(StrokeKind, Vec<Point<Px>>)> {
    let depth = imageproc::filter::gaussian_blur_f32(&area.depth, 1.0);
    let deepest = f64::from(depth.as_raw().iter().copied().fold(0.0, f32::max));
    let first = filling.pen / 2.0 + EDGE;
    let mut strokes = Vec::new();
    if deepest <= SOLID_PENS * filling.pen {
        let rings = rings(&depth, first, deepest - CORE * filling.pen, SOLID_SPACING * filling.pen);
        strokes.extend(rings.into_iter().map(|ring| (StrokeKind::Hatch, chords(&ring, tightness))));
    } else {
        let rims = outlines(&depth, first as f32);
        let inner = outlines(&depth, (first + 0.6 * filling.spacing) as f32);
        strokes.extend(rims.iter().map(|rim| (StrokeKind::Contour, smooth(rim, tightness))));
        let zigzags = zigzags(rows(&inner, filling.spacing, filling.angle), &depth, first, filling.spacing);
        strokes.extend(zigzags.into_iter().map(|zigzag| (StrokeKind::Hatch, zigzag)));
    }
    let shift = Vector::new(f64::from(area.left), f64::from(area.top));
    strokes.iter_mut().for_each(|(_, points)| points.iter_mut().for_each(|p| *p += shift));
    strokes
}

/// An outline without the raster's steps.
fn smooth(rim: &[Point<Px>], tightness: Tightness) -> Vec<Point<Px>> {
    let place = |p: &Point<Px>| Trace { at: *p, radius: 0.0, ink: 0.0, trust: 1.0 };
    let places = rim[..rim.len() - 1].iter().map(place).collect();
    fit(&Line { places, closed: true, attached: [false; 2] }, tightness)
}

/// Outlines one inside the other, `first` to `last` deep and at most `spacing` apart, joined where the way from one to the next
/// is short.
fn rings(depth: &Field, first: f64, last: f64, spacing: f64) -> Vec<Vec<Point<Px>>> {
    let steps = ((last - first) / spacing).ceil().clamp(0.0, MOST_ROWS as f64);
    let level = |step: f64| if steps > 0.0 { first + (last - first) * step / steps } else { first };
    let mut rings: Vec<_> = (0..=steps as usize).flat_map(|step| outlines(depth, level(step as f64) as f32)).collect();
    let mut strokes = Vec::new();
    while !rings.is_empty() {
        let mut stroke = rings.remove(0);
        // On from where it ended, or else by the way there and back from where a ring is near.
        while let Some(way) = nearest(&rings, &stroke[stroke.len() - 1..], LONGEST_STEP * spacing)
            .map(|way| Way { at: stroke.len() - 1, ..way })
            .or_else(|| nearest(&rings, &stroke, LONGEST_STEP * spacing))
        {
            let mut ring = rings.remove(way.ring);
            ring.pop();
            ring.rotate_left(way.from);
            ring.push(ring[0]);
            if way.at + 1 < stroke.len() {
                ring.push(stroke[way.at]);
            }
            stroke.splice(way.at + 1..way.at + 1, ring);
        }
        strokes.push(stroke);
    }
    strokes
}

/// From which point of a stroke to which point of which ring.
struct Way {
    at: usize,
    ring: usize,
    from: usize,
}

/// The shortest way from `stroke` to one of `rings`, if it is no longer than `most`.
fn nearest(rings: &[Vec<Point<Px>>], stroke: &[Point<Px>], most: f64) -> Option<Way> {
    let mut best = (most, None);
    for (ring, points) in rings.iter().enumerate() {
        for (from, to) in points[..points.len() - 1].iter().enumerate() {
            for (at, place) in stroke.iter().enumerate() {
                let length = (*to - *place).length();
                if length <= best.0 {
                    best = (length, Some(Way { at, ring, from }));
                }
            }
        }
    }
    best.1
}

/// Hatching lines inside `outlines`, row by row, each from left to right in the hatching's own frame.
fn rows(outlines: &[Vec<Point<Px>>], spacing: f64, angle: f64) -> Vec<(u32, [Point<Px>; 2])> {
    let mut path = Path::builder();
    let across = Vector::new(-angle.sin(), angle.cos());
    let mut empty = true;
    for outline in outlines {
        let heights = outline.iter().map(|p| p.to_vector().dot(across));
        let (low, high) = heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        // The hatcher panics on a path without a slope.
        if high - low < FLAT {
            continue;
        }
        empty = false;
        let mut points = outline.iter().map(|p| point(p.x as f32, p.y as f32));
        let Some(start) = points.next() else {
            continue;
        };
        path.begin(start);
        points.for_each(|p| {
            path.line_to(p);
        });
        path.end(true);
    }
    let mut rows = Vec::new();
    if empty {
        return rows;
    }
    let mut keep = |s: &HatchSegment| {
        let end = |p: lyon::math::Point| Point::new(f64::from(p.x), f64::from(p.y));
        rows.push((s.row, [end(s.a.position), end(s.b.position)]));
    };
    let options = HatchingOptions::angle(Angle::radians(angle as f32)).with_tangents(false);
    let mut pattern = RegularHatchingPattern { interval: spacing as f32, callback: &mut keep };
    Hatcher::new().hatch_path(path.build().iter(), &options, &mut pattern);
    rows.retain(|(row, [a, b])| (*row as usize) < MOST_ROWS && a.is_finite() && b.is_finite() && a != b);
    rows
}

/// Joins hatching lines of neighbouring rows where the way between them lies at least `least` deep.
fn zigzags(rows: Vec<(u32, [Point<Px>; 2])>, depth: &Field, least: f64, spacing: f64) -> Vec<Vec<Point<Px>>> {
    let mut done: Vec<Vec<Point<Px>>> = Vec::new();
    let mut open: Vec<(u32, Vec<Point<Px>>)> = Vec::new();
    for (row, [a, b]) in rows {
        let (live, stale): (Vec<_>, Vec<_>) = open.into_iter().partition(|(last, _)| *last + 1 >= row);
        open = live;
        done.extend(stale.into_iter().map(|(_, chain)| chain));
        let link = |chain: &(u32, Vec<Point<Px>>)| -> Option<(f64, bool)> {
            let last = *chain.1.last()?;
            let reversed = (b - last).length() < (a - last).length();
            let to = if reversed { b } else { a };
            let fits = chain.0 + 1 == row && (to - last).length() <= LONGEST_LINK * spacing;
            (fits && lies_inside(depth, last, to, least)).then_some(((to - last).length(), reversed))
        };
        let best = (0..open.len())
            .filter_map(|k| link(&open[k]).map(|(length, reversed)| (length, k, reversed)))
            .min_by(|p, q| p.0.total_cmp(&q.0).then(p.1.cmp(&q.1)));
        match best {
            Some((_, k, reversed)) => {
                open[k].0 = row;
                open[k].1.extend(if reversed { [b, a] } else { [a, b] });
            }
            None => open.push((row, vec![a, b])),
        }
    }
    done.extend(open.into_iter().map(|(_, chain)| chain));
    done
}

fn lies_inside(depth: &Field, a: Point<Px>, b: Point<Px>, least: f64) -> bool {
    let samples = ((b - a).length().ceil() as usize).clamp(1, MOST_ROWS);
    (0..=samples).all(|k| sample(depth, a.lerp(b, k as f64 / samples as f64)) >= least - EDGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::Gray;
    use crate::strokes::areas::radius;
    use crate::strokes::binarise::INK;
    use image::Luma;

    const TIGHT: Tightness = Tightness { tolerance: 0.8, chord: 4.0, deviation: 0.16 };
    const FILLING: Filling = Filling { pen: 3.2, spacing: 5.0, angle: -0.9 };

    fn area(size: u32, inside: impl Fn(f64, f64) -> bool) -> Area {
        let mask = Gray::from_fn(size, size, |x, y| Luma([if inside(f64::from(x), f64::from(y)) { INK } else { 0 }]));
        Area { depth: radius(&mask), left: 0, top: 0 }
    }

    #[test]
    fn a_pupil_is_one_stroke() {
        let strokes = fill(&area(40, |x, y| (x - 20.0).hypot(y - 20.0) < 9.0), FILLING, TIGHT);
        assert_eq!(strokes.len(), 1);
    }

    #[test]
    fn an_iris_is_as_black_with_its_highlight_as_without() {
        let iris = |lit: bool| {
            area(60, move |x, y| (x - 30.0).hypot(y - 30.0) < 15.0 && !(lit && (x - 25.0).hypot(y - 25.0) < 4.0))
        };
        for lit in [false, true] {
            let iris = iris(lit);
            let black = iris.depth.as_raw().iter().filter(|depth| **depth > 0.0).count() as f64;
            let strokes = fill(&iris, FILLING, TIGHT);
            let length: f64 = strokes.iter().flat_map(|s| s.1.windows(2)).map(|w| (w[1] - w[0]).length()).sum();
            assert!(length * FILLING.pen > 0.9 * black, "{lit}: {length} px of line for {black} px");
        }
    }

    #[test]
    fn a_pupil_with_a_highlight_leaves_it_open() {
        let light = Point::new(23.0, 17.0);
        let ring = |x: f64, y: f64| (x - 20.0).hypot(y - 20.0) < 12.0 && (x - light.x).hypot(y - light.y) > 4.0;
        for (_, points) in fill(&area(40, ring), FILLING, TIGHT) {
            assert!(points.iter().all(|p| (*p - light).length() > 4.0));
        }
    }

    #[test]
    fn a_square_is_an_outline_and_one_zigzag() {
        let strokes = fill(&area(120, |x, y| (10.0..110.0).contains(&x) && (10.0..110.0).contains(&y)), FILLING, TIGHT);
        let kinds: Vec<StrokeKind> = strokes.iter().map(|s| s.0).collect();
        assert_eq!(kinds, [StrokeKind::Contour, StrokeKind::Hatch]);
    }

    #[test]
    fn a_zigzag_never_leaves_a_horseshoe() {
        let horseshoe = |x: f64, y: f64| {
            let r = (x - 60.0).hypot(y - 60.0);
            r < 50.0 && !(r < 22.0 || (y > 60.0 && (x - 60.0).abs() < 22.0))
        };
        let area = area(120, horseshoe);
        for (_, points) in fill(&area, FILLING, TIGHT) {
            for w in points.windows(2) {
                assert!(lies_inside(&area.depth, w[0], w[1], 1.0), "{:?} to {:?}", w[0], w[1]);
            }
        }
    }
}
