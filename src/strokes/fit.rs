//! Curves: each traced line becomes a smooth run of points that a plotter follows at speed.
//!
//! Corners are found and kept. Between them the line is sampled evenly and smoothed by penalised least squares with a
//! third-difference penalty (Whittaker 1923; Eilers 2003, "A perfect smoother"), the stiffest that stays within the
//! tolerance: what is minimised is the change of curvature, so arcs stay arcs, tangents carry no pixel noise, and
//! places that are not to be trusted (crossings, bridged gaps) are drawn in from what lies beside them. A Bézier fit
//! within the same tolerance (kurbo's) follows the noise up to the tolerance and bends at its joints; that is where a
//! plotter brakes. Last, chords are as long as the deviation allows, and no longer than the planner likes.

use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Vector;
use crate::strokes::follow::Line;
use crate::strokes::graph::Trace;

/// How close and how smooth, in grid pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tightness {
    /// How far the curve may leave the traced places.
    pub tolerance: f64,
    /// Longest chord.
    pub chord: f64,
    /// How far a chord may leave the curve.
    pub deviation: f64,
}

impl Tightness {
    /// The same on a grid `times` as fine.
    pub fn finer(self, times: f64) -> Self {
        Self { tolerance: self.tolerance * times, chord: self.chord * times, deviation: self.deviation * times }
    }
}

/// Distance between samples, grid pixels.
const STEP: f64 = 1.0;
/// Length to each side of a corner over which its two directions are measured, grid pixels.
const CORNER_SIGHT: usize = 9;
/// Samples next to a corner that are left out of those directions: the skeleton rounds them.
const CORNER_BLUR: usize = 3;
/// Turn from which a bend is a corner, radians.
const CORNER_TURN: f64 = 0.8;
/// Chords are never shorter than this share of the longest.
const SHORTEST_CHORD: f64 = 0.25;
/// Stiffest smoothing tried, as a power of four.
const STIFFEST: i32 = 11;
/// Trust of a sample never falls to nothing, so that the equations stay solvable.
const LEAST_TRUST: f64 = 1e-3;
/// Samples of overlap with which a ring is smoothed past its own seam.
const SEAM: usize = 60;

/// The curve of `line`, in grid pixels; at least one point if the line has a place.
pub fn fit(line: &Line, tightness: Tightness) -> Vec<Point<Px>> {
    let samples = resample(line);
    if samples.len() < 4 {
        return samples.iter().map(|s| s.at).collect();
    }
    let mut corners = corners(&samples, line.closed);
    let mut curve: Vec<Point<Px>> = Vec::new();
    if line.closed && corners.is_empty() {
        let smooth = smooth_ring(&samples, tightness.tolerance);
        curve = chords(&smooth, tightness);
        curve.push(curve[0]);
        return curve;
    }
    let n = samples.len();
    let spans: Vec<Vec<Trace>> = if line.closed {
        corners.push((corners[0].0 + n, corners[0].1));
        corners.windows(2).map(|c| span(&samples, c[0], c[1])).collect()
    } else {
        corners.insert(0, (0, samples[0].at));
        corners.push((n - 1, samples[n - 1].at));
        corners.windows(2).map(|c| span(&samples, c[0], c[1])).collect()
    };
    for span in spans {
        let smooth = smooth(&span, tightness.tolerance);
        let piece = chords(&smooth, tightness);
        curve.extend(&piece[usize::from(!curve.is_empty())..]);
    }
    if line.closed
        && let Some(first) = curve.first().copied()
        && let Some(last) = curve.last_mut()
    {
        *last = first;
    }
    curve
}

/// The samples from one corner to the next, which may lie past the ring's seam, with the corners themselves at its ends.
fn span(samples: &[Trace], from: (usize, Point<Px>), to: (usize, Point<Px>)) -> Vec<Trace> {
    let mut span: Vec<Trace> = (from.0..=to.0).map(|i| samples[i % samples.len()]).collect();
    let last = span.len() - 1;
    // A corner's own place outweighs its rounded neighbours.
    span[0].at = from.1;
    span[last].at = to.1;
    span
}

/// Samples every [`STEP`] along the line; a ring's last sample lies one step before its first.
fn resample(line: &Line) -> Vec<Trace> {
    let mut places = line.places.clone();
    if line.closed {
        places.extend(line.places.first());
    }
    let length: f64 = places.windows(2).map(|w| (w[1].at - w[0].at).length()).sum();
    let pieces = ((length / STEP).round() as usize).max(1);
    let step = length / pieces as f64;
    let mut samples = Vec::with_capacity(pieces + 1);
    let mut walked = 0.0;
    for w in places.windows(2) {
        let piece = (w[1].at - w[0].at).length();
        while samples.len() as f64 * step < walked + piece {
            let t = (samples.len() as f64 * step - walked) / piece;
            // Between two places further apart than places are, nothing was measured.
            let trust = if piece > 2.5 { LEAST_TRUST } else { w[0].trust + (w[1].trust - w[0].trust) * t };
            samples.push(Trace { at: w[0].at.lerp(w[1].at, t), trust, ..w[0] });
        }
        walked += piece;
    }
    if !line.closed || samples.is_empty() {
        samples.truncate(pieces);
        samples.extend(places.last());
    }
    samples
}

/// Sharp bends: the sample, and where the two sides meet.
fn corners(samples: &[Trace], closed: bool) -> Vec<(usize, Point<Px>)> {
    let n = samples.len();
    let reach = CORNER_SIGHT + CORNER_BLUR;
    if n < 2 * CORNER_SIGHT || (closed && n < 3 * reach) {
        return Vec::new();
    }
    let at = |i: isize| samples[i.rem_euclid(n as isize) as usize].at;
    let turn = |i: usize| -> f64 {
        let i = i as isize;
        let (mut before, mut after) = (reach as isize, reach as isize);
        if !closed {
            before = before.min(i);
            after = after.min(n as isize - 1 - i);
        }
        if before < CORNER_SIGHT as isize / 2 + CORNER_BLUR as isize
            || after < CORNER_SIGHT as isize / 2 + CORNER_BLUR as isize
        {
            return 0.0;
        }
        let blur = CORNER_BLUR as isize;
        let (a, b) = (at(i - blur) - at(i - before), at(i + after) - at(i + blur));
        if a.length() < 0.5 || b.length() < 0.5 { 0.0 } else { a.angle_to(b).radians.abs() }
    };
    let turns: Vec<f64> = (0..n).map(turn).collect();
    let mut corners = Vec::new();
    for i in 0..n {
        let window = -(reach as isize)..=reach as isize;
        let around = window.filter_map(|d| {
            let j = i as isize + d;
            if closed { Some(j.rem_euclid(n as isize) as usize) } else { usize::try_from(j).ok().filter(|j| *j < n) }
        });
        // The greatest turn around, the first of equals.
        let peak =
            turns[i] >= CORNER_TURN && around.clone().all(|j| turns[j] < turns[i] || (turns[j] == turns[i] && j >= i));
        if peak && is_sharp(samples, i, closed) {
            corners.push((i, meeting(samples, i, closed)));
        }
    }
    corners
}

/// Whether the bend at `i` happens within a few samples, and is no tight arc: the sides must be straight.
fn is_sharp(samples: &[Trace], i: usize, closed: bool) -> bool {
    let n = samples.len() as isize;
    let at = |j: isize| {
        let j = i as isize + j;
        if closed { samples[j.rem_euclid(n) as usize].at } else { samples[j.clamp(0, n - 1) as usize].at }
    };
    let (blur, reach) = (CORNER_BLUR as isize, (CORNER_SIGHT + CORNER_BLUR) as isize);
    let bow = |from: isize, to: isize| {
        let (a, b, m) = (at(from), at(to), at((from + to) / 2));
        let chord = b - a;
        if chord.length() < 1.0 { 1.0 } else { ((m - a).cross(chord) / chord.length()).abs() }
    };
    bow(-reach, -blur).max(bow(blur, reach)) < 0.7
}

/// Where the two sides of the corner at `i` meet when drawn on; the sample itself if that is far away.
fn meeting(samples: &[Trace], i: usize, closed: bool) -> Point<Px> {
    let n = samples.len() as isize;
    let at = |j: isize| {
        let j = i as isize + j;
        if closed { samples[j.rem_euclid(n) as usize].at } else { samples[j.clamp(0, n - 1) as usize].at }
    };
    let (blur, reach) = (CORNER_BLUR as isize, (CORNER_SIGHT + CORNER_BLUR) as isize);
    let (a, da) = (at(-blur), at(-blur) - at(-reach));
    let (b, db) = (at(blur), at(blur) - at(reach));
    let cross = da.cross(db);
    let here = samples[i].at;
    if cross.abs() < 1e-6 {
        return here;
    }
    let meeting = a + da * ((b - a).cross(db) / cross);
    if (meeting - here).length() <= CORNER_BLUR as f64 { meeting } else { here }
}

/// The stiffest curve within `tolerance` of the samples; its ends stay where they are.
fn smooth(samples: &[Trace], tolerance: f64) -> Vec<Point<Px>> {
    if samples.len() < 5 {
        return samples.iter().map(|s| s.at).collect();
    }
    stiffest(samples, tolerance, 0..samples.len())
}

/// The same for a ring, smoothed past its seam on both sides.
fn smooth_ring(samples: &[Trace], tolerance: f64) -> Vec<Point<Px>> {
    let n = samples.len();
    let seam = SEAM.min(n);
    let longer: Vec<Trace> = (0..n + 2 * seam).map(|i| samples[(i + n - seam) % n]).collect();
    stiffest(&longer, tolerance, seam..seam + n)
}

fn stiffest(samples: &[Trace], tolerance: f64, kept: std::ops::Range<usize>) -> Vec<Point<Px>> {
    let within = |curve: &[Point<Px>]| {
        let trusted = kept.clone().filter(|i| samples[*i].trust >= 0.5);
        trusted.map(|i| (curve[i] - samples[i].at).length()).fold(0.0, f64::max) <= tolerance
    };
    // Deviation grows with stiffness: halve the range of powers.
    let (mut low, mut high) = (-4, STIFFEST);
    let mut best = whittaker(samples, 4f64.powi(low));
    while low < high {
        let middle = (low + high + 1).div_euclid(2);
        let curve = whittaker(samples, 4f64.powi(middle));
        if within(&curve) {
            low = middle;
            best = curve;
        } else {
            high = middle - 1;
        }
    }
    best[kept].to_vec()
}

/// Minimises Σ trust·|z−y|² + stiffness·Σ|Δ³z|², the ends held: a banded Cholesky (LDLᵀ) of half-width 3.
fn whittaker(samples: &[Trace], stiffness: f64) -> Vec<Point<Px>> {
    const D: [f64; 4] = [-1.0, 3.0, -3.0, 1.0];
    const HELD: f64 = 1e6;
    let n = samples.len();
    // band[i][k] is the matrix at (i, i + k).
    let mut band = vec![[0.0f64; 4]; n];
    let mut right: Vec<Vector<Px>> = Vec::with_capacity(n);
    for (i, s) in samples.iter().enumerate() {
        let trust = if i == 0 || i + 1 == n { HELD } else { s.trust.max(LEAST_TRUST) };
        band[i][0] = trust;
        right.push(s.at.to_vector() * trust);
    }
    for row in 0..n.saturating_sub(3) {
        for a in 0..4 {
            for b in a..4 {
                band[row + a][b - a] += stiffness * D[a] * D[b];
            }
        }
    }
    for i in 0..n {
        let pivot = band[i][0];
        for a in 1..4.min(n - i) {
            let factor = band[i][a] / pivot;
            for b in a..4.min(n - i) {
                band[i + a][b - a] -= factor * band[i][b];
            }
            let pull = right[i] * factor;
            right[i + a] -= pull;
        }
    }
    for i in (0..n).rev() {
        let mut v = right[i];
        for a in 1..4.min(n - i) {
            v -= right[i + a] * band[i][a];
        }
        right[i] = v / band[i][0];
    }
    right.into_iter().map(|v| v.to_point()).collect()
}

/// Points of `curve` at chords as long as its bend allows, evenly changing; both its ends are kept.
pub fn chords(curve: &[Point<Px>], tightness: Tightness) -> Vec<Point<Px>> {
    let n = curve.len();
    if n < 3 {
        return curve.to_vec();
    }
    // A chord c of an arc with curvature k leaves it by c²k/8.
    let longest = |i: usize| {
        let (a, b, c) = (curve[i.saturating_sub(1)], curve[i], curve[(i + 1).min(n - 1)]);
        let (u, v) = (b - a, c - b);
        let bend = if u.length() > 1e-9 && v.length() > 1e-9 { u.angle_to(v).radians.abs() / v.length() } else { 0.0 };
        let chord = (8.0 * tightness.deviation / bend.max(1e-9)).sqrt();
        chord.clamp(SHORTEST_CHORD * tightness.chord, tightness.chord)
    };
    // Length in units of the local chord: points are spread evenly over it.
    let mut units = vec![0.0; n];
    for i in 1..n {
        let local = longest(i - 1).min(longest(i));
        units[i] = units[i - 1] + (curve[i] - curve[i - 1]).length() / local;
    }
    let pieces = (units[n - 1].ceil() as usize).clamp(1, 16 * n);
    let mut points = Vec::with_capacity(pieces + 1);
    let mut i = 0;
    for k in 0..=pieces {
        let wanted = units[n - 1] * k as f64 / pieces as f64;
        while i + 2 < n && units[i + 1] < wanted {
            i += 1;
        }
        let t = ((wanted - units[i]) / (units[i + 1] - units[i]).max(1e-12)).clamp(0.0, 1.0);
        points.push(between(curve, i, t));
    }
    points[0] = curve[0];
    points[pieces] = curve[n - 1];
    points
}

/// The point at share `t` between `curve[i]` and the next, on the cubic through their neighbours (Catmull & Rom 1974).
fn between(curve: &[Point<Px>], i: usize, t: f64) -> Point<Px> {
    let p = |k: usize| curve[k.min(curve.len() - 1)].to_vector();
    let (a, b, c, d) = (p(i.saturating_sub(1)), p(i), p(i + 1), p(i + 2));
    let cubic =
        b * 2.0 + (c - a) * t + (a * 2.0 - b * 5.0 + c * 4.0 - d) * (t * t) + (b * 3.0 - a - c * 3.0 + d) * (t * t * t);
    (cubic * 0.5).to_point()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIGHT: Tightness = Tightness { tolerance: 0.8, chord: 4.0, deviation: 0.16 };

    fn line(points: impl IntoIterator<Item = (f64, f64)>, closed: bool) -> Line {
        let place = |(x, y)| Trace { at: Point::new(x, y), radius: 2.0, ink: 4.0, trust: 1.0 };
        Line { places: points.into_iter().map(place).collect(), closed, attached: [false; 2] }
    }

    /// Largest turn between neighbouring chords, radians.
    fn sharpest(curve: &[Point<Px>]) -> f64 {
        curve.windows(3).map(|w| (w[1] - w[0]).angle_to(w[2] - w[1]).radians.abs()).fold(0.0, f64::max)
    }

    #[test]
    fn a_staircase_becomes_a_straight_line() {
        let curve = fit(&line((0..100).map(|x| (f64::from(x), f64::from(x / 3))), false), TIGHT);
        assert!(sharpest(&curve[2..curve.len() - 2]) < 0.06, "turns by {:.3}", sharpest(&curve));
    }

    #[test]
    fn a_ring_stays_closed_and_round() {
        let ring = (0..240).map(|k| f64::from(k) * std::f64::consts::TAU / 240.0);
        let curve = fit(&line(ring.map(|t| ((40.0 * t.cos()).round(), (40.0 * t.sin()).round())), true), TIGHT);
        assert_eq!(curve.first(), curve.last());
        for p in &curve {
            assert!((p.to_vector().length() - 40.0).abs() < 0.7, "radius {:.2}", p.to_vector().length());
        }
        assert!(sharpest(&curve) < 0.25);
    }

    #[test]
    fn a_corner_stays_a_corner() {
        let ell = (0..40).map(|x| (f64::from(x), 0.0)).chain((1..40).map(|y| (39.0, f64::from(y))));
        let curve = fit(&line(ell, false), TIGHT);
        let nearest = curve.iter().map(|p| (*p - Point::new(39.0, 0.0)).length()).fold(f64::INFINITY, f64::min);
        assert!(nearest < 0.3, "nearest point {nearest:.2} px from the corner");
        assert!(sharpest(&curve) > 1.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Every trusted place stays within the tolerance and a chord's deviation of the curve, whatever the line.
        #[test]
        fn the_curve_stays_within_the_tolerance(
            steps in prop::collection::vec(-0.35f64..0.35, 5..150),
            noise in prop::collection::vec((-0.5f64..0.5, -0.5f64..0.5), 150),
        ) {
            let (mut at, mut heading) = (Point::<Px>::zero(), 0.0);
            let mut points = Vec::new();
            for (turn, (nx, ny)) in steps.iter().zip(noise) {
                points.push((at.x + nx * 0.5, at.y + ny * 0.5));
                heading += turn;
                at += Vector::new(heading.cos(), heading.sin()) * 1.2;
            }
            let line = line(points, false);
            let curve = fit(&line, TIGHT);
            prop_assert!(curve.iter().all(|p| p.is_finite()));
            for place in &line.places {
                let off = curve.windows(2).map(|w| distance(place.at, w[0], w[1])).fold(f64::INFINITY, f64::min);
                // A corner moves to where its sides meet: that adds up to its blur.
                prop_assert!(off <= TIGHT.tolerance + TIGHT.deviation + CORNER_BLUR as f64, "off by {off:.2}");
            }
        }
    }

    fn distance(p: Point<Px>, a: Point<Px>, b: Point<Px>) -> f64 {
        let d = b - a;
        let t = if d.square_length() > 0.0 { ((p - a).dot(d) / d.square_length()).clamp(0.0, 1.0) } else { 0.0 };
        (p - (a + d * t)).length()
    }
}
