//! Where on a face its parts lie, drawn from its landmarks: which donor gives the lashes and which the lips.
//!
//! Masks are 0 or 255. Landmarks are numbered as in iBUG's 68, followed by the face oval.

use image::GrayImage;
use image::Luma;
use imageproc::definitions::Image;
use imageproc::distance_transform::Norm;
use imageproc::drawing::draw_polygon_mut;
use imageproc::geometry::convex_hull;
use imageproc::morphology::dilate_mut;
use imageproc::morphology::erode_mut;
use imageproc::point::Point;
use portraitist::photo::Portrait;

use crate::warp::Spot;

/// A part of the face that one donor gives in fine detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Not the inner face: hair, ears, jaw line, neck, clothes, backdrop.
    Outside,
    /// Eyes and brows.
    Eyes,
    /// The nose.
    Nose,
    /// The lips and what is between them.
    Mouth,
    /// Lower cheeks, chin and where a moustache grows.
    Chin,
    /// The rest: forehead and cheeks.
    Skin,
}

/// The part that each pixel belongs to.
pub struct Parts(Vec<Part>);

impl Parts {
    /// The parts of a face with landmarks `shape`.
    pub fn new(shape: &[Spot]) -> Self {
        let mut oval = polygon(&shape[68..104]);
        erode_mut(&mut oval, Norm::L2, RIM_PX);
        let eyes = grown(hull(shape, (17..27).chain(36..48)), 9);
        let nose = grown(hull(shape, 28..36), 7);
        let mouth = grown(hull(shape, 48..60), 7);
        let chin = hull(shape, (2..15).chain(31..36));
        let on = |mask: &GrayImage, i: usize| mask.as_raw()[i] > 0;
        let part = |i: usize| match () {
            () if !on(&oval, i) => Part::Outside,
            () if on(&mouth, i) => Part::Mouth,
            () if on(&eyes, i) => Part::Eyes,
            () if on(&nose, i) => Part::Nose,
            () if on(&chin, i) => Part::Chin,
            () => Part::Skin,
        };
        Self((0..oval.as_raw().len()).map(part).collect())
    }

    /// The part at pixel number `i`, row by row.
    pub fn at(&self, i: usize) -> Part {
        self.0[i]
    }
}

/// What lies below the head of a face with landmarks `shape`: neck, clothes and the backdrop beside them. Its edge
/// runs `gap_px` below the jaw, where every neck is in shadow.
pub fn below_the_head(shape: &[Spot], gap_px: f64) -> GrayImage {
    let last = f64::from(Portrait::SIDE - 1);
    let jaw = shape[3..14].iter().map(|s| [s[0], s[1] + gap_px]);
    let (left, right) = (shape[3][1] + gap_px, shape[13][1] + gap_px);
    let edge: Vec<Spot> =
        [[0.0, left]].into_iter().chain(jaw).chain([[last, right], [last, last], [0.0, last]]).collect();
    polygon(&edge)
}

/// Where `regions` has one of `classes`, grown by `px` pixels.
pub fn classes(regions: &GrayImage, classes: &[u8], px: u8) -> GrayImage {
    let mask = Image::from_fn(regions.width(), regions.height(), |x, y| {
        Luma([if classes.contains(&regions.get_pixel(x, y).0[0]) { 255 } else { 0 }])
    });
    grown(mask, px)
}

fn grown(mut mask: GrayImage, px: u8) -> GrayImage {
    dilate_mut(&mut mask, Norm::L2, px);
    mask
}

fn hull(shape: &[Spot], landmarks: impl Iterator<Item = usize>) -> GrayImage {
    let spots: Vec<Point<i32>> = landmarks.map(|k| pixel(&shape[k])).collect();
    filled(&convex_hull(spots))
}

fn polygon(spots: &[Spot]) -> GrayImage {
    let corners: Vec<Point<i32>> = spots.iter().map(pixel).collect();
    filled(&corners)
}

fn filled(corners: &[Point<i32>]) -> GrayImage {
    let mut mask = GrayImage::new(Portrait::SIDE, Portrait::SIDE);
    draw_polygon_mut(&mut mask, corners, Luma([255]));
    mask
}

fn pixel(spot: &Spot) -> Point<i32> {
    Point::new(spot[0].round() as i32, spot[1].round() as i32)
}

/// The inner face stops this far inside the oval, so that the jaw line and its shadow come from one donor.
const RIM_PX: u8 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    /// A face as round as a coin, its landmarks on the spots where the parts are.
    fn coin() -> Vec<Spot> {
        let middle = [256.0, 300.0];
        let on_circle = |x: f64, y: f64, radius: f64| [middle[0] + x * radius, middle[1] + y * radius];
        // Eight directions are enough of a circle; the jaw runs along its lower half, from 0 to 16.
        let round: Vec<Spot> = [(0, -5), (4, -3), (5, 0), (4, 3), (0, 5), (-4, 3), (-5, 0), (-4, -3)]
            .map(|(x, y)| on_circle(f64::from(x) / 5.0, f64::from(y) / 5.0, 120.0))
            .to_vec();
        let mut shape = vec![middle; 104];
        for (k, spot) in shape[..17].iter_mut().enumerate() {
            let x = k as f64 / 8.0 - 1.0;
            *spot = on_circle(x, (1.0 - x * x).sqrt(), 120.0);
        }
        for (k, spot) in shape[17..27].iter_mut().enumerate() {
            *spot = [206.0 + 11.0 * k as f64, 220.0];
        }
        for (k, spot) in shape[36..48].iter_mut().enumerate() {
            *spot = [206.0 + 9.0 * k as f64, 236.0 + (k % 2) as f64];
        }
        for (k, spot) in shape[48..68].iter_mut().enumerate() {
            *spot = [226.0 + 3.0 * k as f64, 350.0 + (k % 3) as f64];
        }
        for (k, spot) in shape[68..].iter_mut().enumerate() {
            *spot = round[k * 8 / 36];
        }
        shape
    }

    #[test]
    fn every_part_is_where_its_landmarks_are() {
        let parts = Parts::new(&coin());
        let at = |x: usize, y: usize| parts.at(y * Portrait::SIDE as usize + x);
        assert_eq!(at(256, 236), Part::Eyes);
        assert_eq!(at(256, 300), Part::Nose);
        assert_eq!(at(250, 351), Part::Mouth);
        assert_eq!(at(256, 400), Part::Chin);
        assert_eq!(at(256, 195), Part::Skin);
        assert_eq!(at(256, 176 + 240), Part::Outside, "the jaw line is the head's");
        assert_eq!(at(20, 20), Part::Outside);
    }

    #[test]
    fn the_body_is_below_the_jaw_and_nowhere_else() {
        let mask = below_the_head(&coin(), 10.0);
        assert_eq!(mask.get_pixel(256, 425).0[0], 0, "the shadow under the chin");
        assert_eq!(mask.get_pixel(256, 435).0[0], 255);
        assert_eq!(mask.get_pixel(5, 500).0[0], 255);
        assert_eq!(mask.get_pixel(5, 300).0[0], 0);
    }

    #[test]
    fn classes_grow_by_whole_pixels() {
        let regions = GrayImage::from_fn(9, 1, |x, _| Luma([if x == 4 { 8 } else { 1 }]));
        let lit = |px| classes(&regions, &[8, 2], px).as_raw().iter().filter(|v| **v > 0).count();
        assert_eq!((lit(0), lit(2)), (1, 5));
    }
}
