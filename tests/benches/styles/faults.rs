//! What a drawing must not have: a beard on those who have none, and eyes that are lost.
//!
//! Both are looked for where the landmarks say, in the portrait's frame. As in `eval`, ink is what is darker than middle gray.

use image::Luma;
use imageproc::distance_transform::Norm;
use imageproc::morphology::erode;
use portraitist::face::Landmarks;
use portraitist::face::Side;
use portraitist::geom::Point;
use portraitist::geom::Px;
use portraitist::photo::Portrait;
use portraitist::raster::Gray;
use portraitist::sketch::Anatomy;
use serde::Serialize;

/// Ink above this share of upper lip, chin or jaw is a moustache or a beard.
pub const BEARD: f64 = 0.15;
/// A disc that has less ink than this share is no iris: narrow lids and a highlight leave half of one.
pub const IRIS: f64 = 0.35;
/// How far inside its borders the place of a beard begins: it reaches a little beyond the jaw, whose line is no beard.
const INSIDE_PX: u8 = 17;
/// The part of an iris's radius that is looked at: its border may be soft.
const WITHIN: f64 = 0.75;
/// How far off its landmark an iris may be drawn: the program settles it by the photo's pixels.
const OFF_PX: (i32, i32) = (6, 5);

/// Where faults are looked for on one person.
pub struct Places {
    /// Upper lip, chin, jaw.
    beard: [Vec<(u32, u32)>; 3],
    irises: [(Point<Px>, f64); 2],
}

/// What was found there.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Faults {
    /// The share of ink where a moustache, a beard on the chin and one along the jaw would be.
    pub beard_parts: [f64; 3],
    /// The share of ink in the disc of each iris, right and left.
    pub irises: [f64; 2],
}

impl Faults {
    /// Whether both irises are there.
    pub fn has_eyes(&self) -> bool {
        self.irises.iter().all(|ink| *ink >= IRIS)
    }

    /// The ink of the most inked part of beard and moustache.
    pub fn beard_ink(&self) -> f64 {
        self.beard_parts.into_iter().fold(0.0, f64::max)
    }
}

impl Places {
    /// Those of the person of `anatomy` and `landmarks`.
    pub fn of(anatomy: &Anatomy, landmarks: &Landmarks) -> Self {
        let zone = Gray::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| {
            Luma([if anatomy.beard().get_pixel(x, y).0[0] > 0.5 { 255 } else { 0 }])
        });
        let free = |x: u32, y: u32| {
            [anatomy.mouth(), anatomy.nose()].iter().all(|feature| feature.get_pixel(x, y).0[0] <= 0.0)
        };
        let inner = erode(&zone, Norm::L2, INSIDE_PX);
        let lips = landmarks.outer_lips();
        let (right, left, height) = (lips[0].x, lips[6].x, (lips[0].y + lips[6].y) / 2.0);
        let mut beard = [Vec::new(), Vec::new(), Vec::new()];
        for (x, y, _) in inner.enumerate_pixels().filter(|(x, y, pixel)| pixel.0[0] > 0 && free(*x, *y)) {
            let between = (right..left).contains(&f64::from(x));
            // Beside the mouth, above its corners, are the folds of cheeks.
            match (between, f64::from(y) < height) {
                (true, true) => beard[0].push((x, y)),
                (true, false) => beard[1].push((x, y)),
                (false, false) => beard[2].push((x, y)),
                (false, true) => {}
            }
        }
        let irises = Side::BOTH.map(|side| landmarks.iris(side)).map(|iris| (iris.centre, iris.radius_px));
        Self { beard, irises }
    }

    /// What `drawing` has there.
    pub fn faults(&self, drawing: &Gray) -> Faults {
        let share = |part: &Vec<(u32, u32)>| {
            let sum: f64 = part.iter().map(|&(x, y)| ink(drawing, i64::from(x), i64::from(y))).sum();
            sum / part.len().max(1) as f64
        };
        Faults {
            beard_parts: self.beard.each_ref().map(share),
            irises: self.irises.map(|(centre, radius_px)| darkest_disc(drawing, centre, WITHIN * radius_px)),
        }
    }
}

/// The ink of the darkest disc of `radius_px` near `centre`.
fn darkest_disc(drawing: &Gray, centre: Point<Px>, radius_px: f64) -> f64 {
    let reach = radius_px.ceil() as i64;
    let inside = |dx: &i64, dy: &i64| (*dx as f64).hypot(*dy as f64) <= radius_px;
    let disc: Vec<(i64, i64)> = (-reach..=reach)
        .flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy)))
        .filter(|(dx, dy)| inside(dx, dy))
        .collect();
    let (x, y) = (centre.x.round() as i64, centre.y.round() as i64);
    let mut most = 0.0f64;
    for off_y in -OFF_PX.1..=OFF_PX.1 {
        for off_x in -OFF_PX.0..=OFF_PX.0 {
            let (x, y) = (x + i64::from(off_x), y + i64::from(off_y));
            let sum: f64 = disc.iter().map(|(dx, dy)| ink(drawing, x + dx, y + dy)).sum();
            most = most.max(sum / disc.len().max(1) as f64);
        }
    }
    most
}

/// 1 for a pixel of ink, 0 for any other and outside.
fn ink(drawing: &Gray, x: i64, y: i64) -> f64 {
    let pixel = u32::try_from(x).ok().zip(u32::try_from(y).ok()).and_then(|(x, y)| drawing.get_pixel_checked(x, y));
    f64::from(u8::from(pixel.is_some_and(|pixel| pixel.0[0] < 128)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two discs of ink with highlights; `lids` covers what is farther than that above and below their middles.
    fn eyes(lids: f64) -> Gray {
        Gray::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| {
            let dark = Portrait::EYES.iter().any(|eye| {
                let (dx, dy) = (f64::from(x) - eye.x - 3.0, f64::from(y) - eye.y - 2.0);
                dx.hypot(dy) < 9.5 && dy.abs() < lids && (dx + 3.0).hypot(dy + 3.0) > 2.5
            });
            Luma([if dark { 0 } else { 255 }])
        })
    }

    fn places() -> Places {
        let chin = vec![(256, 300), (256, 301)];
        Places { beard: [Vec::new(), chin, vec![(200, 300)]], irises: Portrait::EYES.map(|eye| (eye, 9.5)) }
    }

    #[test]
    fn eyes_are_there_between_narrow_lids_and_lost_where_only_a_line_is_left() {
        assert!(places().faults(&eyes(20.0)).has_eyes());
        assert!(places().faults(&eyes(4.0)).has_eyes(), "{:?}", places().faults(&eyes(4.0)));
        assert!(!places().faults(&eyes(1.5)).has_eyes(), "{:?}", places().faults(&eyes(1.5)));
        let mut one = eyes(20.0);
        for (x, _, pixel) in one.enumerate_pixels_mut() {
            if x > 256 {
                pixel.0 = [255];
            }
        }
        assert!(!places().faults(&one).has_eyes());
        // Hatching: a line of two pixels in every six.
        let hatched = Gray::from_fn(512, 512, |x, y| Luma([if (x + y) % 6 < 2 { 0 } else { 255 }]));
        assert!(!places().faults(&hatched).has_eyes(), "{:?}", places().faults(&hatched));
    }

    #[test]
    fn ink_in_the_place_of_a_beard_is_counted() {
        let mut drawing = Gray::from_pixel(512, 512, Luma([255]));
        assert_eq!(places().faults(&drawing).beard_ink(), 0.0);
        drawing.put_pixel(256, 301, Luma([0]));
        assert_eq!(places().faults(&drawing).beard_ink(), 0.5);
    }
}
