//! The face of the photo room's sample sitter, for tests: the mean face with the sitter's own regions.

use super::Class;
use super::Face;
use super::Iris;
use super::Landmarks;
use super::Regions;
use crate::geom::Point;
use crate::geom::Px;
use crate::photo::Matte;
use crate::photo::sample;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;

/// The mean face of the canonical frame, roughly, the lips `opening_px` apart.
pub fn points(opening_px: f64) -> [Point<Px>; 68] {
    let mut points = [Point::new(0.0, 0.0); 68];
    for (i, p) in points.iter_mut().enumerate() {
        let turn = |share: f64| std::f64::consts::PI * share;
        let (x, y) = match i {
            0..=16 => {
                let angle = turn(1.0 - i as f64 / 16.0);
                (256.0 + 118.0 * angle.cos(), 240.0 + 182.0 * angle.sin())
            }
            17..=21 => (162.0 + 17.0 * (i - 17) as f64, 206.0),
            22..=26 => (282.0 + 17.0 * (i - 22) as f64, 206.0),
            27..=30 => (256.0, 230.0 + 20.0 * (i - 27) as f64),
            31..=35 => (230.0 + 13.0 * (i - 31) as f64, 308.0),
            36..=47 => {
                let middle = if i < 42 { 206.0 } else { 306.0 };
                let (dx, dy) = [(-22, 0), (-8, -7), (8, -7), (22, 0), (8, 7), (-8, 7)][(i - 36) % 6];
                (middle + f64::from(dx), 236.0 + f64::from(dy))
            }
            48..=59 => {
                let angle = turn(1.0 + (i - 48) as f64 / 6.0);
                (256.0 + 44.0 * angle.cos(), 346.0 + (8.0 + opening_px) * angle.sin())
            }
            _ => {
                let angle = turn(1.0 + (i - 60) as f64 / 4.0);
                (256.0 + 38.0 * angle.cos(), 346.0 + 0.6 * opening_px * angle.sin())
            }
        };
        *p = Point::new(x, y);
    }
    points
}

/// Two irises of `radius_px` in the middle of the eyes.
pub fn irises(radius_px: f64) -> [Iris; 2] {
    [206.0, 306.0].map(|x| Iris { centre: Point::new(x, 236.0), radius_px })
}

/// The sample sitter's face with lips `opening_px` apart; `glasses` says where glasses are.
pub fn face(opening_px: f64, glasses: impl Fn(u32, u32) -> bool) -> Face {
    let landmarks = Landmarks::new(points(opening_px), irises(9.5)).expect("a face");
    let labels = Gray::from_fn(512, 512, |x, y| {
        let head = (f64::from(x) - 256.0).hypot((f64::from(y) - 265.0) * 0.7) < 110.0;
        let class = match () {
            () if !sample::on_sitter(x, y) => Class::Background,
            () if glasses(x, y) => Class::Glasses,
            () if head && y > 150 => Class::Skin,
            () if y < 300 => Class::Hair,
            () if (200..312).contains(&x) && y < 470 => Class::Skin,
            () => Class::Clothes,
        };
        Luma([class as u8])
    });
    let share = Field::from_fn(512, 512, |x, y| Luma([if sample::on_sitter(x, y) { 1.0 } else { 0.0 }]));
    let matte = Matte::new(share).expect("a portrait's size");
    Face::new(landmarks, Regions::new(labels).expect("known labels"), matte)
}
