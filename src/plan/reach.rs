//! Proves, before anything moves, that the pen can reach every point.
//!
//! A plotter without limit switches has no other protection than this check. It refuses the first point of a stroke
//! that lies outside the sheet or outside the robot's field, and says where. Units: millimetres; the sentence speaks
//! of the sheet (y down), since that is what the person who drew it sees.

use crate::geom::FieldMm;
use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Rect;
use crate::plan::robot::RobotProfile;
use crate::strokes::Sheet;
use crate::strokes::Stroke;

/// Half of the last decimal that a program writes, and a little for `f64`: what rounding may add to a coordinate.
pub const ROUNDING_MM: f64 = 0.000_501;

/// A stroke that the pen cannot follow.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "stroke {stroke}, point {point}, at ({x_mm:.1}, {y_mm:.1}) mm on the sheet, is beyond the {limit} \
     ({width_mm:.0} x {height_mm:.0} mm); make the drawing smaller or move the sheet"
)]
pub struct OutOfReach {
    /// Which stroke, counted from 0.
    pub stroke: usize,
    /// Which of its points, counted from 0.
    pub point: usize,
    /// Its x on the sheet.
    pub x_mm: f64,
    /// Its y on the sheet.
    pub y_mm: f64,
    /// What it is beyond: "sheet" or "robot's field".
    pub limit: &'static str,
    /// The limit's width.
    pub width_mm: f64,
    /// The limit's height.
    pub height_mm: f64,
}

/// Proves every point of `strokes` on `sheet` and within `robot`'s field.
///
/// # Errors
/// The first point that is not (one that is not a number among them).
pub fn check(strokes: &[Stroke], sheet: &Sheet, robot: &RobotProfile) -> Result<(), OutOfReach> {
    for (stroke, s) in strokes.iter().enumerate() {
        for (point, p) in s.path.points().iter().enumerate() {
            check_point(*p, sheet, robot).map_err(|e| OutOfReach { stroke, point, ..e })?;
        }
    }
    Ok(())
}

/// Proves one point on `sheet` and within `robot`'s field; the error's stroke and point are 0.
///
/// # Errors
/// If it is not.
pub fn check_point(p: Point<Mm>, sheet: &Sheet, robot: &RobotProfile) -> Result<(), OutOfReach> {
    let out = |limit: &'static str, width_mm: f64, height_mm: f64| {
        Err(OutOfReach { stroke: 0, point: 0, x_mm: p.x, y_mm: p.y, limit, width_mm, height_mm })
    };
    if !sheet.bounds().inflate(ROUNDING_MM, ROUNDING_MM).contains_inclusive(p) {
        return out("sheet", sheet.width_mm(), sheet.height_mm());
    }
    if !in_field(robot.placement(sheet).transform_point(p), robot) {
        return out("robot's field", robot.field_width_mm, robot.field_height_mm);
    }
    Ok(())
}

/// What of a drawing lies beyond a robot's field.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Beyond {
    /// How many strokes leave it.
    pub strokes: usize,
    /// How much of their length does, mm.
    pub ink_mm: f64,
}

/// What of `strokes` on `sheet` lies beyond `robot`'s field.
pub fn beyond(strokes: &[Stroke], sheet: &Sheet, robot: &RobotProfile) -> Beyond {
    let field = field_on_sheet(sheet, robot).inflate(ROUNDING_MM, ROUNDING_MM);
    let mut beyond = Beyond::default();
    for stroke in strokes {
        let points = stroke.path.points();
        if points.iter().all(|p| field.contains_inclusive(*p)) {
            continue;
        }
        beyond.strokes += 1;
        beyond.ink_mm += points
            .windows(2)
            .map(|ends| (ends[1] - ends[0]).length() * (1.0 - share_within(&field, ends)))
            .sum::<f64>();
    }
    beyond
}

/// `robot`'s field as it lies on `sheet` (which may be larger or smaller).
pub fn field_on_sheet(sheet: &Sheet, robot: &RobotProfile) -> Rect<Mm> {
    robot.placement_back(sheet).outer_transformed_box(&robot.field())
}

/// Which share of the line between two `ends` lies within `rect` (Liang and Barsky, 1984).
fn share_within(rect: &Rect<Mm>, ends: &[Point<Mm>]) -> f64 {
    let way = ends[1] - ends[0];
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (step, least, most) in [
        (way.x, rect.min.x - ends[0].x, rect.max.x - ends[0].x),
        (way.y, rect.min.y - ends[0].y, rect.max.y - ends[0].y),
    ] {
        if step == 0.0 {
            if least > 0.0 || most < 0.0 {
                return 0.0;
            }
            continue;
        }
        let (enters, leaves) = if step > 0.0 { (least / step, most / step) } else { (most / step, least / step) };
        from = from.max(enters);
        to = to.min(leaves);
    }
    (to - from).max(0.0)
}

/// Whether the pen can stand at `p`.
pub fn in_field(p: Point<FieldMm>, robot: &RobotProfile) -> bool {
    robot.field().inflate(ROUNDING_MM, ROUNDING_MM).contains_inclusive(p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::Polyline;
    use crate::plan::fixtures::robot;
    use crate::strokes::StrokeKind;

    #[test]
    fn the_first_point_out_of_reach_is_named() {
        let sheet = Sheet::new(210.0, 297.0).unwrap();
        let line = |points: &[(f64, f64)]| Stroke {
            kind: StrokeKind::Contour,
            path: Polyline::new(points.iter().map(|p| Point::new(p.0, p.1)).collect()).unwrap(),
        };
        let inside = line(&[(0.0, 0.0), (210.0, 297.0)]);
        assert_eq!(check(std::slice::from_ref(&inside), &sheet, &robot()), Ok(()));
        let small = RobotProfile { field_width_mm: 200.0, ..robot() };
        let error = check(&[line(&[(1.0, 1.0), (2.0, 2.0)]), inside], &sheet, &small).unwrap_err();
        assert_eq!((error.stroke, error.point, error.limit), (1, 1, "robot's field"));
        let off = line(&[(1.0, 1.0), (1.0, -0.1)]);
        assert_eq!(check(&[off], &sheet, &robot()).unwrap_err().limit, "sheet");
    }

    #[test]
    fn what_lies_beyond_a_field_is_measured() {
        let sheet = Sheet::new(210.0, 297.0).unwrap();
        let line = |points: &[(f64, f64)]| Stroke {
            kind: StrokeKind::Contour,
            path: Polyline::new(points.iter().map(|p| Point::new(p.0, p.1)).collect()).unwrap(),
        };
        let strokes = [
            line(&[(10.0, 287.0), (110.0, 287.0)]),
            line(&[(10.0, 200.0), (10.0, 190.0)]),
            line(&[(150.0, 10.0), (160.0, 10.0)]),
            line(&[(0.0, 290.0), (200.0, 290.0), (0.0, 290.0)]),
        ];
        assert_eq!(beyond(&strokes, &sheet, &robot()), Beyond::default());
        // The field's origin is the sheet's lower left corner: its upper edge is at y = 197 on the sheet.
        let small = RobotProfile { field_width_mm: 100.0, field_height_mm: 100.0, ..robot() };
        let field = field_on_sheet(&sheet, &small);
        assert!((field.min.y - 197.0).abs() < 1e-9 && (field.max.x - 100.0).abs() < 1e-9);
        let found = beyond(&strokes, &sheet, &small);
        assert_eq!(found.strokes, 4);
        assert!((found.ink_mm - (10.0 + 7.0 + 10.0 + 200.0)).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn what_is_not_a_number_is_out_of_reach() {
        let sheet = Sheet::new(210.0, 297.0).unwrap();
        assert!(check_point(Point::new(f64::NAN, 1.0), &sheet, &robot()).is_err());
        assert!(check_point(Point::new(1.0, f64::INFINITY), &sheet, &robot()).is_err());
    }
}
