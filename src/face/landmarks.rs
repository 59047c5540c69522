//! The 68 landmarks of a face and its two irises, in portrait pixels.
//!
//! The numbering is iBUG's (Sagonas et al., "300 Faces in-the-Wild Challenge", 2013): 0-16 jaw from the right ear over the
//! chin to the left one, 17-21 and 22-26 brows, 27-30 bridge of the nose, 31-35 its base, 36-41 and 42-47 lids (outer
//! corner first for the right eye, inner for the left, upper lid before the lower), 48-59 outer and 60-67 inner border
//! of the lips, both from the right corner over the upper lip. Refuses points that are no numbers or lie far off the
//! frame, and irises larger than eyes are.

use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Point;
use crate::geom::Px;

/// A side of the sitter: the right one is the picture's left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The sitter's right.
    Right,
    /// The sitter's left.
    Left,
}

impl Side {
    /// Both, the right one first.
    pub const BOTH: [Side; 2] = [Side::Right, Side::Left];
}

/// One iris.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iris {
    /// Its centre.
    pub centre: Point<Px>,
    /// Its radius, in pixels.
    pub radius_px: f64,
}

/// The landmarks of one face.
#[derive(Debug, Clone, PartialEq)]
pub struct Landmarks {
    points: [Point<Px>; 68],
    irises: [Iris; 2],
}

/// Landmarks that no face has.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LandmarksError {
    /// A point is no number, or far off the frame.
    #[error("landmark {index} lies at ({x_px:.0}, {y_px:.0}), far off the portrait; look for the face again")]
    OffTheFrame {
        /// Which, by iBUG's numbering; 68 and 69 are the irises.
        index: usize,
        /// Its x.
        x_px: f64,
        /// Its y.
        y_px: f64,
    },
    /// An iris of impossible size.
    #[error("an iris of radius {radius_px:.1} px cannot be where the eyes are 100 px apart; look for the face again")]
    IrisSize {
        /// Its radius.
        radius_px: f64,
    },
}

impl From<LandmarksError> for Fault {
    fn from(error: LandmarksError) -> Self {
        Fault::new(Kind::BadInput, error.to_string())
    }
}

/// How far off the frame a landmark may lie, in pixels: a jaw half out of the picture is still a jaw.
const MOST_OFF_PX: f64 = 256.0;
/// Radii that an iris can have where the eyes are 100 px apart: grown people have 9 or 10, infants 13.
const RADII_PX: std::ops::RangeInclusive<f64> = 4.0..=20.0;

impl Landmarks {
    /// The landmarks at `points` with `irises` (right, left), or why no face has them.
    pub fn new(points: [Point<Px>; 68], irises: [Iris; 2]) -> Result<Self, LandmarksError> {
        let frame = -MOST_OFF_PX..=512.0 + MOST_OFF_PX;
        let all = points.iter().chain(irises.iter().map(|iris| &iris.centre));
        for (index, p) in all.enumerate() {
            if !(frame.contains(&p.x) && frame.contains(&p.y)) {
                return Err(LandmarksError::OffTheFrame { index, x_px: p.x, y_px: p.y });
            }
        }
        match irises.iter().find(|iris| !RADII_PX.contains(&iris.radius_px)) {
            Some(iris) => Err(LandmarksError::IrisSize { radius_px: iris.radius_px }),
            None => Ok(Self { points, irises }),
        }
    }

    /// All 68 points.
    pub fn points(&self) -> &[Point<Px>; 68] {
        &self.points
    }

    /// The iris of one eye.
    pub fn iris(&self, side: Side) -> &Iris {
        match side {
            Side::Right => &self.irises[0],
            Side::Left => &self.irises[1],
        }
    }

    /// The jaw from the right ear over the chin to the left one.
    pub fn jaw(&self) -> &[Point<Px>] {
        &self.points[0..17]
    }

    /// One brow, from the picture's left to its right.
    pub fn brow(&self, side: Side) -> &[Point<Px>] {
        match side {
            Side::Right => &self.points[17..22],
            Side::Left => &self.points[22..27],
        }
    }

    /// The nose: its bridge from above, the last point its tip.
    pub fn bridge(&self) -> &[Point<Px>] {
        &self.points[27..31]
    }

    /// The base of the nose from its right wing to its left one.
    pub fn nose_base(&self) -> &[Point<Px>] {
        &self.points[31..36]
    }

    /// The border of one eye's opening: four points of the upper lid from the picture's left, then two of the lower.
    pub fn lids(&self, side: Side) -> &[Point<Px>] {
        match side {
            Side::Right => &self.points[36..42],
            Side::Left => &self.points[42..48],
        }
    }

    /// The upper lid of one eye, from the picture's left to its right.
    pub fn upper_lid(&self, side: Side) -> &[Point<Px>] {
        &self.lids(side)[0..4]
    }

    /// The outer border of the lips, from the right corner over the upper lip.
    pub fn outer_lips(&self) -> &[Point<Px>] {
        &self.points[48..60]
    }

    /// The inner border of the lips, from the right corner over the upper lip.
    pub fn inner_lips(&self) -> &[Point<Px>] {
        &self.points[60..68]
    }

    /// How far the mouth is open: the mean distance of the lips' inner borders, in pixels.
    pub fn mouth_opening_px(&self) -> f64 {
        let inner = self.inner_lips();
        [(1, 7), (2, 6), (3, 5)].iter().map(|(upper, lower)| (inner[*lower] - inner[*upper]).length()).sum::<f64>()
            / 3.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample::irises;
    use crate::face::sample::points;

    #[test]
    fn parts_lie_where_the_frame_has_them() {
        let face = Landmarks::new(points(10.0), irises(9.5)).expect("a face");
        assert!((face.jaw()[8].y - 422.0).abs() < 1e-9);
        assert!((face.lids(Side::Left)[0].x - 284.0).abs() < 1e-9);
        assert!((8.0..12.0).contains(&face.mouth_opening_px()), "{}", face.mouth_opening_px());
    }

    #[test]
    fn what_no_face_has_is_refused() {
        let mut without = points(4.0);
        without[30].x = f64::NAN;
        let error = Landmarks::new(without, irises(9.5)).expect_err("no number");
        assert!(matches!(error, LandmarksError::OffTheFrame { index: 30, .. }));
        let error = Landmarks::new(points(4.0), irises(60.0)).expect_err("an eye like a plate");
        assert_eq!(error, LandmarksError::IrisSize { radius_px: 60.0 });
    }
}
