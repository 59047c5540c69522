//! Tone: the shade that a sketch asks for becomes hatching lines along its direction, the denser the darker.
//!
//! Evenly spaced streamlines (Jobard & Lefer 1997, "Creating evenly-spaced streamlines of arbitrary density"): each new
//! line starts one spacing beside an accepted one and grows both ways until it comes too near to another, leaves the
//! shade, or is long enough; where the sketch knows strokes that are drawn already, it lies upon them. A pen `w` wide
//! reaches a mean gray `v` with lines `w * 255 / (255 - v)` apart. Lines that lie beside each other are joined end to
//! end into zigzags, as a hand does it. Where the shade is so light that lines would be lonely, the paper stays white.
//! Lengths are grid pixels.

use std::collections::VecDeque;

use image::Luma;
use imageproc::filter::gaussian_blur_f32;

use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Vector;
use crate::raster::Field;
use crate::sketch::Tone;
use crate::strokes::StrokeKind;
use crate::strokes::place::Grid;

/// How tone is hatched, in grid pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hatching {
    /// Width of the pen's line.
    pub pen: f64,
    /// Lines further apart than this are not drawn.
    pub widest: f64,
    /// Longest line.
    pub longest: f64,
    /// Shortest line.
    pub shortest: f64,
}

/// Reach over which directions are averaged, in widest spacings.
const CALM: f64 = 0.4;
/// Agreement of the directions there, 0 to 1, below which there is none to follow: hatching would crawl like worms.
const LEAST_AGREEMENT: f64 = 0.4;
/// How far beside a line a drawn stroke may lie for the line to be laid upon it, raster pixels.
const ANCHOR_PX: f64 = 1.0;
/// How much of the way to it a line goes in a step: a stroke is followed, its jags are not.
const PULL: f64 = 0.08;
/// Ink of a drawn stroke stands out from its sides by this at least.
const LEAST_RIDGE: f64 = 0.02;
/// Step along a line.
const STEP: f64 = 1.0;
/// Closest spacing, in pens: closer lines are black.
const CLOSEST_PENS: f64 = 1.3;
/// A growing line stops when another is nearer than this share of the spacing.
const NEAREST: f64 = 0.7;
/// Longest link of a zigzag, in spacings.
const LONGEST_LINK: f64 = 1.7;
/// Longest link in pens: a longer one would be seen as a line of its own, and hatching would look like a fence.
const LONGEST_LINK_PENS: f64 = 3.2;
/// A zigzag turns back at least so far, radians.
const LEAST_TURN_BACK: f64 = 2.2;
/// Side of the cells in which drawn places are looked up.
const CELL: f64 = 8.0;
/// Most lines of one drawing's tone.
const MOST_LINES: usize = 8000;

/// The hatching of `tone` over a raster on `grid`, as lines with points a step apart, and what each is for.
pub fn hatch(tone: &Tone, grid: Grid, hatching: Hatching) -> Vec<(StrokeKind, Vec<Point<Px>>)> {
    let field = Shade { tone, flow: calm(tone, CALM * hatching.widest / f64::from(grid.scale)), grid, hatching };
    let (width, height) = tone.shade().dimensions();
    let mut drawn = Drawn::new(field.to_grid(f64::from(width), f64::from(height)));
    let mut lines: Vec<Vec<Point<Px>>> = Vec::new();
    let mut beside: VecDeque<Point<Px>> = VecDeque::new();
    // Where no line has a neighbour yet, start at the raster's own places, the upper ones first.
    let every = (hatching.pen / f64::from(grid.scale)).ceil().max(1.0) as usize;
    let places = (0..height).step_by(every).flat_map(|y| (0..width).step_by(every).map(move |x| (x, y)));
    for (x, y) in places {
        beside.push_back(field.to_grid(f64::from(x) + 0.5, f64::from(y) + 0.5));
        while let Some(seed) = beside.pop_front() {
            let seed = field.anchored(seed);
            let free = |spacing: &f64| !drawn.is_near(seed, 0.98 * spacing);
            if lines.len() >= MOST_LINES || field.spacing(seed).filter(free).is_none() {
                continue;
            }
            let line = field.grow(seed, &drawn);
            if (line.len() as f64) * STEP < hatching.shortest {
                continue;
            }
            line.iter().for_each(|p| drawn.add(*p));
            for (i, p) in line.iter().enumerate().step_by(4) {
                let along = line[(i + 1).min(line.len() - 1)] - line[i.saturating_sub(1)];
                let Some(spacing) = field.spacing(*p).filter(|_| along.length() > 0.0) else {
                    continue;
                };
                let aside = Vector::new(-along.y, along.x).normalize() * spacing;
                beside.extend([*p + aside, *p - aside]);
            }
            lines.push(line);
        }
    }
    zigzags(lines, &field).into_iter().map(|line| (field.kind(&line), line)).collect()
}

/// The direction of `tone` as cosine and sine of its double, which has no seam, averaged over `sigma` raster pixels:
/// neighbouring lines can only follow what neighbouring places agree on.
fn calm(tone: &Tone, sigma: f64) -> [Field; 2] {
    let (width, height) = tone.shade().dimensions();
    let shaded = |x: u32, y: u32| f32::from(u8::from(tone.shade().get_pixel(x, y)[0] < 255));
    let blurred = |of: &dyn Fn(u32, u32) -> f32| {
        let plane = Field::from_fn(width, height, |x, y| Luma([shaded(x, y) * of(x, y)]));
        gaussian_blur_f32(&plane, (sigma as f32).clamp(0.3, 50.0))
    };
    let weight = blurred(&|_, _| 1.0);
    let twice = |x: u32, y: u32| 2.0 * tone.direction().get_pixel(x, y)[0];
    [blurred(&|x, y| twice(x, y).cos()), blurred(&|x, y| twice(x, y).sin())].map(|plane| {
        Field::from_fn(width, height, |x, y| Luma([plane.get_pixel(x, y)[0] / weight.get_pixel(x, y)[0].max(1e-6)]))
    })
}

/// The tone, asked in grid pixels.
struct Shade<'a> {
    tone: &'a Tone,
    /// Cosine and sine of twice the direction.
    flow: [Field; 2],
    grid: Grid,
    hatching: Hatching,
}

impl Shade<'_> {
    fn to_grid(&self, x: f64, y: f64) -> Point<Px> {
        let (scale, border) = (f64::from(self.grid.scale), f64::from(self.grid.border));
        Point::new(x * scale + border, y * scale + border)
    }

    /// The raster pixel under `p`.
    fn pixel(&self, p: Point<Px>) -> Option<(u32, u32)> {
        let (x, y) = (self.raster(p).x.floor(), self.raster(p).y.floor());
        let (width, height) = self.tone.shade().dimensions();
        let inside = x >= 0.0 && y >= 0.0 && x < f64::from(width) && y < f64::from(height);
        inside.then_some((x as u32, y as u32))
    }

    /// Distance between lines at `p`, if there are any.
    fn spacing(&self, p: Point<Px>) -> Option<f64> {
        let (x, y) = self.pixel(p)?;
        let light = f64::from(self.tone.shade().get_pixel(x, y)[0]);
        let spacing = self.hatching.pen * 255.0 / (255.0 - light).max(1.0);
        (spacing <= self.hatching.widest).then_some(spacing.max(CLOSEST_PENS * self.hatching.pen))
    }

    /// What `line` is for: what lies mostly where the tone can be spared can be spared.
    fn kind(&self, line: &[Point<Px>]) -> StrokeKind {
        let spare = |p: &&Point<Px>| self.pixel(**p).is_some_and(|(x, y)| self.tone.is_spare(x, y));
        if 2 * line.iter().filter(spare).count() > line.len() { StrokeKind::Shade } else { StrokeKind::Hatch }
    }

    /// Unit direction at `p`, the one of the two nearer to `heading`.
    fn direction(&self, p: Point<Px>, heading: Vector<Px>) -> Option<Vector<Px>> {
        let (x, y) = self.pixel(p)?;
        let [cos, sin] = self.flow.each_ref().map(|plane| f64::from(plane.get_pixel(x, y)[0]));
        if cos.hypot(sin) < LEAST_AGREEMENT {
            return None;
        }
        let (sin, cos) = (0.5 * sin.atan2(cos)).sin_cos();
        let along = Vector::new(cos, sin);
        Some(if along.dot(heading) < 0.0 { -along } else { along })
    }

    /// How far beside `p` the ridge of a drawn stroke that runs `along` lies, at most [`ANCHOR_PX`] either way; nothing
    /// where there is none.
    fn beside_ridge(&self, p: Point<Px>, along: Vector<Px>) -> Option<Vector<Px>> {
        let grain = self.tone.grain()?;
        let reach = ANCHOR_PX * f64::from(self.grid.scale);
        let aside = Vector::new(-along.y, along.x);
        let at = |side: f64| Some(between(grain, self.raster(p + aside * (side * reach))));
        let (left, middle, right) = (at(-1.0)?, at(0.0)?, at(1.0)?);
        let bend = left + right - 2.0 * middle;
        let highest = left.max(middle).max(right);
        if highest - left.min(right) < LEAST_RIDGE {
            return None;
        }
        // The parabola through the three; on a slope, up the slope.
        let shift = if bend < 0.0 { (0.5 * (left - right) / bend).clamp(-1.0, 1.0) } else { (right - left).signum() };
        Some(aside * (shift * reach))
    }

    /// Where `p` lies on the raster.
    fn raster(&self, p: Point<Px>) -> Point<Px> {
        let (scale, border) = (f64::from(self.grid.scale), f64::from(self.grid.border));
        Point::new((p.x - border) / scale, (p.y - border) / scale)
    }

    /// `seed`, moved onto the drawn stroke beside it if there is one.
    fn anchored(&self, seed: Point<Px>) -> Point<Px> {
        let along = self.direction(seed, Vector::new(1e-3, 1.0));
        seed + along.and_then(|along| self.beside_ridge(seed, along)).unwrap_or_default()
    }

    /// The line through `seed`, grown both ways.
    fn grow(&self, seed: Point<Px>, drawn: &Drawn) -> Vec<Point<Px>> {
        let most = (self.hatching.longest / 2.0 / STEP) as usize;
        let half = |sign: f64| {
            let mut points = Vec::new();
            let (mut at, mut heading) = (seed, Vector::new(sign * 1e-3, sign));
            for _ in 0..most {
                // Midpoint rule: half a step to see where the flow turns.
                let Some(first) = self.direction(at, heading) else { break };
                let Some(along) = self.direction(at + first * (STEP / 2.0), first) else { break };
                // A flow that turns back on itself has no direction there.
                if !points.is_empty() && along.dot(heading) < 0.5 {
                    break;
                }
                let next = at + along * STEP;
                let next = next + self.beside_ridge(next, along).unwrap_or_default() * PULL;
                let free = |spacing: &f64| !drawn.is_near(next, NEAREST * spacing);
                if self.spacing(next).filter(free).is_none() {
                    break;
                }
                (at, heading) = (next, along);
                points.push(at);
            }
            points
        };
        let mut line = half(-1.0);
        line.reverse();
        line.push(seed);
        line.extend(half(1.0));
        line
    }
}

/// The value of `field` at `p`, whose pixels' centres are at halves: between the four around it.
fn between(field: &Field, p: Point<Px>) -> f64 {
    let (x, y) = (p.x - 0.5, p.y - 0.5);
    let at = |x: f64, y: f64| {
        let clip = |v: f64, n: u32| v.clamp(0.0, f64::from(n - 1)) as u32;
        f64::from(field.get_pixel(clip(x, field.width()), clip(y, field.height()))[0])
    };
    let (left, top) = (x.floor(), y.floor());
    let (u, v) = (x - left, y - top);
    let row = |y: f64| at(left, y) * (1.0 - u) + at(left + 1.0, y) * u;
    row(top) * (1.0 - v) + row(top + 1.0) * v
}

/// Places already drawn, in cells.
struct Drawn {
    columns: usize,
    rows: usize,
    cells: Vec<Vec<Point<Px>>>,
}

impl Drawn {
    fn new(corner: Point<Px>) -> Self {
        let (columns, rows) = ((corner.x / CELL) as usize + 1, (corner.y / CELL) as usize + 1);
        Self { columns, rows, cells: vec![Vec::new(); columns * rows] }
    }

    fn cell(&self, p: Point<Px>) -> (usize, usize) {
        let bound = |v: f64, n: usize| ((v / CELL).max(0.0) as usize).min(n - 1);
        (bound(p.x, self.columns), bound(p.y, self.rows))
    }

    fn add(&mut self, p: Point<Px>) {
        let (column, row) = self.cell(p);
        self.cells[row * self.columns + column].push(p);
    }

    fn is_near(&self, p: Point<Px>, reach: f64) -> bool {
        let (low, high) = (self.cell(p - Vector::splat(reach)), self.cell(p + Vector::splat(reach)));
        (low.1..=high.1).any(|row| {
            let cells = &self.cells[row * self.columns + low.0..=row * self.columns + high.0];
            cells.iter().flatten().any(|q| (*q - p).square_length() < reach * reach)
        })
    }
}

/// Lines joined end to end where one turns back beside the other.
fn zigzags(lines: Vec<Vec<Point<Px>>>, field: &Shade) -> Vec<Vec<Point<Px>>> {
    let mut zigzags: Vec<Vec<Point<Px>>> = Vec::new();
    let mut rest: Vec<Option<Vec<Point<Px>>>> = lines.into_iter().map(Some).collect();
    let widest = LONGEST_LINK * field.hatching.widest;
    // Ends by cell, so that each search is local; a line's two ends share its number.
    let corner = field.to_grid(f64::from(field.tone.shade().width()), f64::from(field.tone.shade().height()));
    let (columns, rows) = ((corner.x / widest) as usize + 1, (corner.y / widest) as usize + 1);
    let cell = |p: Point<Px>| {
        let bound = |v: f64, n: usize| ((v / widest).max(0.0) as usize).min(n - 1);
        (bound(p.x, columns), bound(p.y, rows))
    };
    let mut ends: Vec<Vec<usize>> = vec![Vec::new(); columns * rows];
    for (l, line) in rest.iter().enumerate() {
        for p in line.iter().flat_map(|line| [line[0], line[line.len() - 1]]) {
            let (column, row) = cell(p);
            ends[row * columns + column].push(l);
        }
    }
    for l in 0..rest.len() {
        let Some(mut zigzag) = rest[l].take() else { continue };
        // From either end: on with the nearest line that lies beside the last one.
        for _ in 0..2 {
            while let Some((next, reversed)) = beside(&zigzag, &rest, field, |p| {
                let (column, row) = cell(p);
                let around = (row.saturating_sub(1)..=(row + 1).min(rows - 1)).flat_map(move |row| {
                    (column.saturating_sub(1)..=(column + 1).min(columns - 1)).map(move |column| row * columns + column)
                });
                around.flat_map(|cell| ends[cell].iter().copied()).collect()
            }) {
                let Some(mut line) = rest[next].take() else { break };
                if reversed {
                    line.reverse();
                }
                zigzag.extend(line);
            }
            zigzag.reverse();
        }
        zigzags.push(zigzag);
    }
    zigzags
}

/// The nearest line in `rest` whose first point (last, if reversed) a zigzag may turn to.
fn beside(
    zigzag: &[Point<Px>],
    rest: &[Option<Vec<Point<Px>>>],
    field: &Shade,
    near: impl Fn(Point<Px>) -> Vec<usize>,
) -> Option<(usize, bool)> {
    let last = zigzag[zigzag.len() - 1];
    let along = last - zigzag[zigzag.len().saturating_sub(4)];
    let link = (LONGEST_LINK * field.spacing(last)?).min(LONGEST_LINK_PENS * field.hatching.pen);
    let mut best: Option<(f64, usize, bool)> = None;
    for l in near(last) {
        let Some(line) = &rest[l] else { continue };
        for reversed in [false, true] {
            let n = line.len() - 1;
            let (a, b) = if reversed { (line[n], line[n.saturating_sub(3)]) } else { (line[0], line[3.min(n)]) };
            let distance = (a - last).length();
            let back = along.length() > 0.0
                && (b - a).length() > 0.0
                && along.angle_to(b - a).radians.abs() >= LEAST_TURN_BACK
                && field.spacing(last.lerp(a, 0.5)).is_some();
            if back && distance <= link && best.is_none_or(|(d, ..)| distance < d) {
                best = Some((distance, l, reversed));
            }
        }
    }
    best.map(|(_, l, reversed)| (l, reversed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::Gray;

    const HATCHING: Hatching = Hatching { pen: 3.2, widest: 30.0, longest: 240.0, shortest: 16.0 };
    const GRID: Grid = Grid { scale: 2, border: 4 };

    fn tone(shade: impl Fn(u32, u32) -> u8, angle: f32) -> Tone {
        let shade = Gray::from_fn(100, 100, |x, y| Luma([shade(x, y)]));
        Tone::new(shade, Field::from_pixel(100, 100, Luma([angle]))).expect("two planes of one size")
    }

    /// The lines alone.
    fn lines(tone: &Tone) -> Vec<Vec<Point<Px>>> {
        hatch(tone, GRID, HATCHING).into_iter().map(|(_, line)| line).collect()
    }

    fn length(lines: &[Vec<Point<Px>>]) -> f64 {
        lines.iter().flat_map(|l| l.windows(2)).map(|w| (w[1] - w[0]).length()).sum()
    }

    #[test]
    fn hatching_leaves_the_gray_that_was_asked_for() {
        for light in [120u8, 180, 210] {
            let lines = lines(&tone(|_, _| light, 0.6));
            let gray = 255.0 * (1.0 - length(&lines) * HATCHING.pen / (200.0 * 200.0));
            assert!((gray - f64::from(light)).abs() < 20.0, "{gray:.0} instead of {light}");
        }
    }

    #[test]
    fn white_paper_stays_white_and_shade_ends_at_its_edge() {
        assert!(hatch(&tone(|_, _| 255, 0.0), GRID, HATCHING).is_empty());
        let lines = lines(&tone(|x, _| if x < 50 { 150 } else { 255 }, 0.3));
        assert!(!lines.is_empty());
        assert!(lines.iter().flatten().all(|p| p.x <= 104.0));
    }

    #[test]
    fn neighbours_become_zigzags() {
        let lines = lines(&tone(|x, y| if (20..80).contains(&x) && (20..80).contains(&y) { 160 } else { 255 }, 0.0));
        assert!(lines.len() <= 2, "{} strokes", lines.len());
    }

    #[test]
    fn directions_that_do_not_agree_give_no_lines() {
        let shade = Gray::from_pixel(100, 100, Luma([150]));
        let angles = Field::from_fn(100, 100, |x, y| Luma([if (x + y) % 2 == 0 { 0.0 } else { 1.57 }]));
        let tone = Tone::new(shade, angles).expect("two planes of one size");
        assert!(hatch(&tone, GRID, HATCHING).is_empty());
    }

    #[test]
    fn drawn_strokes_are_drawn_again_where_they_lie() {
        const APART_PX: f64 = 4.0;
        const PEN_PX: f64 = 1.6;
        let angle = 30.0f64.to_radians();
        // How far a place is from the middle of the nearest drawn stroke.
        let off = |x: f64, y: f64| {
            let off = (y * angle.cos() - x * angle.sin()).rem_euclid(APART_PX);
            off.min(APART_PX - off)
        };
        let within = |x: u32, y: u32| (f64::from(x) - 80.0).hypot(f64::from(y) - 80.0) < 60.0;
        let shade = Gray::from_fn(160, 160, |x, y| {
            Luma([if within(x, y) { (255.0 * (1.0 - PEN_PX / APART_PX)) as u8 } else { 255 }])
        });
        let grain = Field::from_fn(160, 160, |x, y| {
            let ink = PEN_PX / 2.0 + 0.5 - off(f64::from(x) + 0.5, f64::from(y) + 0.5);
            Luma([if within(x, y) { ink.clamp(0.0, 1.0) as f32 } else { 0.0 }])
        });
        let tone = Tone::new(shade, Field::from_pixel(160, 160, Luma([angle as f32]))).expect("planes of one size");
        let scale = f64::from(GRID.scale);
        // Half of the places of all lines are nearer to a drawn stroke.
        let half = |tone: &Tone| {
            let lines = hatch(tone, GRID, Hatching { pen: PEN_PX * scale, ..HATCHING });
            let place = |p: &Point<Px>| off((p.x - 4.0) / scale, (p.y - 4.0) / scale);
            let mut away: Vec<f64> = lines.iter().flat_map(|(_, line)| line.iter().map(place)).collect();
            away.sort_by(f64::total_cmp);
            away[away.len() / 2]
        };
        let (upon, free) = (half(&tone.clone().upon(grain).expect("planes of one size")), half(&tone));
        assert!(upon < 0.4, "half of the strokes are {upon:.2} px off");
        assert!(free > 1.5 * upon, "without the strokes {free:.2} px");
    }

    #[test]
    fn lines_where_tone_can_be_spared_are_shade() {
        let spare = Gray::from_fn(100, 100, |x, _| Luma([if x < 50 { 255 } else { 0 }]));
        let tone = tone(|x, _| if (48..52).contains(&x) { 255 } else { 160 }, 1.57).sparing(spare).expect("one size");
        for (kind, line) in hatch(&tone, GRID, HATCHING) {
            assert_eq!(kind, if line[0].x < 104.0 { StrokeKind::Shade } else { StrokeKind::Hatch });
        }
    }
}
