//! Shapes from landmarks on planes of pixels: smooth curves, filled outlines with soft borders, drawn lines.
//!
//! Lengths in portrait pixels; a pixel's centre is at whole numbers here, as landmarks are given. Curves are centripetal
//! Catmull-Rom splines' uniform kin (Catmull & Rom, 1974): through every landmark, no corner between. Refuses nothing:
//! shapes of fewer than two points are empty.

use crate::geom::Point;
use crate::geom::Px;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;
use imageproc::distance_transform::euclidean_squared_distance_transform;

/// Points of a curve between two landmarks.
const STEPS: usize = 8;

/// The smooth open curve through `points`.
pub fn smooth_line(points: &[Point<Px>]) -> Vec<Point<Px>> {
    let last = points.len().saturating_sub(1);
    let at = |i: isize| points[i.clamp(0, last as isize) as usize];
    let mut curve: Vec<_> = (0..last as isize)
        .flat_map(|i| (0..STEPS).map(move |k| (i, k as f64 / STEPS as f64)))
        .map(|(i, t)| spline([at(i - 1), at(i), at(i + 1), at(i + 2)], t))
        .collect();
    curve.extend(points.last());
    curve
}

/// The smooth closed curve through `points`.
pub fn smooth_ring(points: &[Point<Px>]) -> Vec<Point<Px>> {
    let n = points.len();
    let at = |i: usize| points[i % n];
    (0..n)
        .flat_map(|i| (0..STEPS).map(move |k| (i, k as f64 / STEPS as f64)))
        .map(|(i, t)| spline([at(i + n - 1), at(i), at(i + 1), at(i + 2)], t))
        .collect()
}

/// The place `t` between the second and the third of four points.
fn spline([a, b, c, d]: [Point<Px>; 4], t: f64) -> Point<Px> {
    let term = |a: f64, b: f64, c: f64, d: f64| {
        b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
    };
    Point::new(term(a.x, b.x, c.x, d.x), term(a.y, b.y, c.y, d.y))
}

/// Whether `p` lies inside the closed `outline` (even-odd).
pub fn inside(outline: &[Point<Px>], p: Point<Px>) -> bool {
    let mut odd = false;
    for (i, a) in outline.iter().enumerate() {
        let b = outline[(i + 1) % outline.len()];
        if (a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x) {
            odd = !odd;
        }
    }
    odd
}

/// Distance from `p` to the piece from `a` to `b`.
pub fn to_piece(p: Point<Px>, a: Point<Px>, b: Point<Px>) -> f64 {
    let along = b - a;
    let t = ((p - a).dot(along) / along.square_length().max(1e-12)).clamp(0.0, 1.0);
    (a + along * t - p).length()
}

/// Raises `field` to 1 inside the closed `outline` and up to `reach_px` around it, falling off over `soft_px` more.
pub fn patch(field: &mut Field, outline: &[Point<Px>], reach_px: f32, soft_px: f32) {
    let far = f64::from(reach_px + soft_px);
    for (x, y) in around(field.dimensions(), outline, far) {
        let p = Point::new(f64::from(x), f64::from(y));
        let outside = if inside(outline, p) {
            0.0
        } else {
            let next = |i: usize| outline[(i + 1) % outline.len()];
            outline.iter().enumerate().map(|(i, a)| to_piece(p, *a, next(i))).fold(f64::INFINITY, f64::min)
        };
        let t = 1.0 - ((outside as f32 - reach_px) / soft_px).clamp(0.0, 1.0);
        let value = &mut field.get_pixel_mut(x, y).0[0];
        *value = value.max(t * t * (3.0 - 2.0 * t));
    }
}

/// Draws `line` into `ink`, `width_px` wide; ends round, edges soft over a pixel.
pub fn draw(ink: &mut Gray, line: &[Point<Px>], width_px: f64) {
    for (x, y) in around(ink.dimensions(), line, width_px / 2.0 + 1.0) {
        let p = Point::new(f64::from(x), f64::from(y));
        let off = line.windows(2).map(|w| to_piece(p, w[0], w[1])).fold(f64::INFINITY, f64::min);
        let share = (width_px / 2.0 + 0.5 - off).clamp(0.0, 1.0);
        let pixel = &mut ink.get_pixel_mut(x, y).0[0];
        *pixel = (*pixel).min((255.0 * (1.0 - share)).round() as u8);
    }
}

/// Draws `line` into `ink`, `widest_px` wide in its middle, thinning out to `ends_px` over its last third either way.
pub fn draw_tapered(ink: &mut Gray, line: &[Point<Px>], widest_px: f64, ends_px: f64) {
    let last = line.len().saturating_sub(1).max(1) as f64;
    let width_at = |i: usize| {
        let from_end = (i as f64).min(last - i as f64) / last;
        ends_px + (widest_px - ends_px) * (3.0 * from_end).clamp(0.0, 1.0)
    };
    for (i, piece) in line.windows(2).enumerate() {
        draw(ink, piece, (width_at(i) + width_at(i + 1)) / 2.0);
    }
}

/// Draws those parts of `line` that no ink of `ink` accompanies within `near_px`, if they are at least `least_px` long.
pub fn close(ink: &mut Gray, line: &[Point<Px>], width_px: f64, near_px: u8, least_px: f64) {
    let marked =
        Gray::from_fn(ink.width(), ink.height(), |x, y| Luma([if ink.get_pixel(x, y).0[0] < 128 { 255 } else { 0 }]));
    let near = imageproc::morphology::dilate(&marked, imageproc::distance_transform::Norm::L2, near_px);
    let free = |p: &Point<Px>| {
        let on = p.x >= 0.0 && p.y >= 0.0 && p.x < f64::from(ink.width()) && p.y < f64::from(ink.height());
        on && near.get_pixel(p.x as u32, p.y as u32).0[0] == 0
    };
    let runs: Vec<Vec<Point<Px>>> = runs(line, free);
    for run in runs {
        if run.windows(2).map(|w| (w[1] - w[0]).length()).sum::<f64>() >= least_px {
            draw(ink, &run, width_px);
        }
    }
}

/// The unbroken runs of points of `line` that `wanted` takes.
pub fn runs(line: &[Point<Px>], wanted: impl Fn(&Point<Px>) -> bool) -> Vec<Vec<Point<Px>>> {
    line.split(|p| !wanted(p)).filter(|run| run.len() >= 2).map(<[_]>::to_vec).collect()
}

/// The value of `field` at the pixel nearest to `p`; beyond its edge the last pixels go on.
pub fn value(field: &Field, p: Point<Px>) -> f32 {
    let clip = |v: f64, side: u32| v.round().clamp(0.0, f64::from(side - 1)) as u32;
    field.get_pixel(clip(p.x, field.width()), clip(p.y, field.height())).0[0]
}

/// How far each pixel is from where the picture ends, in pixels: from what is not `known` (0) and from the frame.
pub fn room(known: &Field) -> Field {
    let (width, height) = known.dimensions();
    // One pixel of frame around, so that the picture ends at its edge, too.
    let ends = Gray::from_fn(width + 2, height + 2, |x, y| {
        let on = (1..=width).contains(&x) && (1..=height).contains(&y);
        Luma([if on && known.get_pixel(x - 1, y - 1).0[0] > 0.0 { 0 } else { 255 }])
    });
    let squared = euclidean_squared_distance_transform(&ends);
    smooth::of_size(
        width,
        height,
        (0..width * height).map(|i| squared.get_pixel(i % width + 1, i / width + 1).0[0].sqrt() as f32).collect(),
    )
}

/// The pixels of a plane of `size` within `reach` of the bounds of `points`.
fn around(size: (u32, u32), points: &[Point<Px>], reach: f64) -> impl Iterator<Item = (u32, u32)> + use<> {
    let bounds = crate::geom::Rect::from_points(points.iter().copied()).inflate(reach, reach);
    let clip = |v: f64, most: u32| v.clamp(0.0, f64::from(most)) as u32;
    let (left, right) = (clip(bounds.min.x, size.0), clip(bounds.max.x + 1.0, size.0));
    let (above, below) = (clip(bounds.min.y, size.1), clip(bounds.max.y + 1.0, size.1));
    let empty = points.is_empty();
    (above..below).flat_map(move |y| (left..right).map(move |x| (x, y))).filter(move |_| !empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Vec<Point<Px>> {
        [(20.0, 20.0), (40.0, 20.0), (40.0, 40.0), (20.0, 40.0)].map(|(x, y)| Point::new(x, y)).to_vec()
    }

    #[test]
    fn a_patch_is_full_inside_and_falls_off_outside() {
        let mut field = Field::new(64, 64);
        patch(&mut field, &square(), 2.0, 4.0);
        let at = |x, y| field.get_pixel(x, y).0[0];
        assert_eq!((at(30, 30), at(42, 30), at(46, 30)), (1.0, 1.0, 0.0));
        assert!((at(44, 30) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn curves_pass_through_their_landmarks() {
        let ring = smooth_ring(&square());
        assert!(square().iter().all(|p| ring.contains(p)));
        assert_eq!(smooth_line(&square()).first(), square().first());
        assert_eq!(smooth_line(&square()).last(), square().last());
    }

    #[test]
    fn only_what_is_missing_of_a_line_is_drawn() {
        let mut ink = Gray::from_pixel(64, 64, Luma([255]));
        draw(&mut ink, &[Point::new(4.0, 30.0), Point::new(30.0, 30.0)], 2.0);
        let line: Vec<_> = (4..60).map(|x| Point::new(f64::from(x), 32.0)).collect();
        close(&mut ink, &line, 2.0, 4, 5.0);
        assert_eq!((ink.get_pixel(20, 32).0[0], ink.get_pixel(50, 32).0[0]), (255, 0));
    }

    #[test]
    fn room_ends_at_the_frame_and_where_nothing_is_known() {
        let known = Field::from_fn(40, 40, |x, _| Luma([if x < 30 { 1.0 } else { 0.0 }]));
        let room = room(&known);
        let at = |x, y| room.get_pixel(x, y).0[0];
        assert_eq!((at(0, 20), at(29, 20), at(35, 20), at(20, 20)), (1.0, 1.0, 0.0, 10.0));
    }
}
