//! Points with a unit, and the polyline every other room draws with.
//!
//! Spaces: [`Px`] is a picture's pixels (x right, y down, pixel centres at half-integers); [`Mm`] is the sheet in
//! millimetres (origin at the sheet's top left corner, x right, y down, as on a screen); [`FieldMm`] is the robot's
//! field in millimetres (origin at its machine zero, x right, y up). A point cannot pass from one space to another
//! but through an [`Affine`]. Refuses nothing but polylines that are no line.

use euclid::{Box2D, Point2D, Transform2D, Vector2D};

/// Unit tag: pixels of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Px;
/// Unit tag: millimetres on the sheet, y down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mm;
/// Unit tag: millimetres in the robot's field, y up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldMm;

/// A point in unit `U`.
pub type Point<U> = Point2D<f64, U>;
/// A displacement in unit `U`.
pub type Vector<U> = Vector2D<f64, U>;
/// An axis-aligned rectangle in unit `U`.
pub type Rect<U> = Box2D<f64, U>;
/// An affine map from space `A` to space `B`.
pub type Affine<A, B> = Transform2D<f64, A, B>;

/// An open or closed run of straight pieces: at least two points, all finite, no two neighbours equal.
#[derive(Debug, Clone, PartialEq)]
pub struct Polyline<U>(Vec<Point<U>>);

impl<U> Polyline<U> {
    /// The line through `points`, with repeated neighbours dropped; `None` if a coordinate is not finite or fewer
    /// than two distinct points remain.
    pub fn new(mut points: Vec<Point<U>>) -> Option<Self> {
        if points.iter().any(|p| !p.x.is_finite() || !p.y.is_finite()) {
            return None;
        }
        points.dedup();
        (points.len() >= 2).then_some(Self(points))
    }

    /// Its points, in order.
    pub fn points(&self) -> &[Point<U>] {
        &self.0
    }

    /// The points themselves, given away.
    pub fn into_points(self) -> Vec<Point<U>> {
        self.0
    }

    /// Where the line begins.
    pub fn first(&self) -> Point<U> {
        self.0[0]
    }

    /// Where the line ends.
    pub fn last(&self) -> Point<U> {
        self.0[self.0.len() - 1]
    }

    /// Whether it ends where it began.
    pub fn is_closed(&self) -> bool {
        self.0.len() > 2 && self.first() == self.last()
    }

    /// Length along the line, in `U`.
    pub fn length(&self) -> f64 {
        self.0.windows(2).map(|w| (w[1] - w[0]).length()).sum()
    }

    /// The smallest rectangle around it.
    pub fn bounds(&self) -> Rect<U> {
        Rect::from_points(self.0.iter().copied())
    }

    /// The same line drawn the other way.
    pub fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    /// The line under `map`; `None` if the map takes all its points to one, or off to infinity.
    pub fn mapped<V>(&self, map: &Affine<U, V>) -> Option<Polyline<V>> {
        Polyline::new(self.0.iter().map(|p| map.transform_point(*p)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polyline_needs_two_distinct_finite_points() {
        let p = |x, y| Point::<Mm>::new(x, y);
        assert!(Polyline::<Mm>::new(vec![]).is_none());
        assert!(Polyline::new(vec![p(1.0, 1.0), p(1.0, 1.0)]).is_none());
        assert!(Polyline::new(vec![p(1.0, f64::NAN), p(1.0, 1.0)]).is_none());
        let line = Polyline::new(vec![p(0.0, 0.0), p(0.0, 0.0), p(3.0, 4.0)]).expect("two distinct points");
        assert_eq!(line.points().len(), 2);
        assert_eq!(line.length(), 5.0);
        assert_eq!(line.reversed().first(), p(3.0, 4.0));
    }
}
