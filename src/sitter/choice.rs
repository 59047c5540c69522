//! Which face is drawn: the largest central one.
//!
//! A face counts for its side length, less the farther it is from the photo's middle: one at a corner counts for half.
//! Photo pixels.

use models::face_finder::Spotted;

use super::Found;
use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Rect;

/// What a face at a corner of the photo counts, against the same face in its middle.
const CORNER: f64 = 0.5;

/// What the network spotted, in the house's own words.
pub(super) fn found(spotted: &Spotted) -> Found {
    let point = |[x, y]: [f32; 2]| Point::new(f64::from(x), f64::from(y));
    let half = f64::from(spotted.size) / 2.0;
    let centre = point(spotted.centre);
    Found {
        score: spotted.score,
        frame: Rect::new(Point::new(centre.x - half, centre.y - half), Point::new(centre.x + half, centre.y + half)),
        eyes: spotted.eyes.map(point),
        turn: spotted.turn,
    }
}

/// The face in the network's words.
pub(super) fn spotted(found: &Found) -> Spotted {
    let plain = |point: Point<Px>| [point.x as f32, point.y as f32];
    Spotted {
        score: found.score,
        centre: plain(found.frame.center()),
        size: found.frame.width() as f32,
        eyes: found.eyes.map(plain),
        turn: found.turn,
    }
}

/// Where a face's box, forehead to chin and ear to ear, has its eyes, in widths and heights of the box.
const EYES: [[f64; 2]; 2] = [[0.28, 0.42], [0.72, 0.42]];

/// The face of which only a `frame` is known, frontal and upright.
pub(super) fn pointed_at(frame: &Rect<Px>) -> Found {
    let size = frame.size();
    let eyes = EYES.map(|[x, y]| Point::new(frame.min.x + x * size.width, frame.min.y + y * size.height));
    Found { score: 1.0, frame: *frame, eyes, turn: 0.0 }
}

/// Puts the face to draw first; equal ones stay in the order of their scores.
pub(super) fn order(found: &mut [Found], photo: (u32, u32)) {
    let middle = Point::new(f64::from(photo.0) / 2.0, f64::from(photo.1) / 2.0);
    let corner = middle.x.hypot(middle.y).max(1.0);
    let counts = |face: &Found| {
        let off = (face.frame.center() - middle).length() / corner;
        face.frame.width() * (1.0 - (1.0 - CORNER) * off.min(1.0))
    };
    found.sort_by(|a, b| counts(b).total_cmp(&counts(a)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, y: f32, size: f32) -> Found {
        let eyes = [[x - size / 4.0, y], [x + size / 4.0, y]];
        found(&Spotted { score: 0.9, centre: [x, y], size, eyes, turn: 0.0 })
    }

    #[test]
    fn the_largest_central_face_is_drawn() {
        let side = |found: &[Found]| found[0].frame.width();
        let mut near_and_far = [face(640.0, 200.0, 80.0), face(400.0, 400.0, 200.0), face(1000.0, 300.0, 120.0)];
        order(&mut near_and_far, (1280, 720));
        assert_eq!(side(&near_and_far), 200.0);
        let mut alike = [face(40.0, 40.0, 110.0), face(640.0, 360.0, 100.0)];
        order(&mut alike, (1280, 720));
        assert_eq!(side(&alike), 100.0, "a face at the corner is somebody who passes by");
    }
}
