//! Marks: what is known of a drawing more finely than its pixels, for the pen to draw as it is.
//!
//! Coordinates are pixels of the sketch's raster, a pixel's centre at whole numbers as landmarks are given. Refuses nothing.

use image::Luma;

use crate::geom::Point;
use crate::geom::Px;
use crate::raster::Field;
use crate::raster::Gray;

/// A shape for the pen.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line.
    Line(Vec<Point<Px>>),
    /// A black shape.
    Solid(Solid),
}

/// A black shape, by how deep each place lies in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Solid {
    depth: Field,
    corner: Point<Px>,
}

impl Solid {
    /// Samples per pixel.
    pub const FINENESS: u32 = 8;
    /// Samples of paper around it.
    const BORDER: u32 = 3;

    /// What lies within `reach_px` around `centre` where `depth_px`, the distance to the edge, is above 0.
    pub fn around(centre: Point<Px>, reach_px: f64, depth_px: impl Fn(Point<Px>) -> f64) -> Self {
        let fineness = f64::from(Self::FINENESS);
        let side = (2.0 * reach_px * fineness).ceil() as u32 + 2 * Self::BORDER;
        let middle = f64::from(side) / 2.0;
        let corner = Point::new(centre.x - middle / fineness, centre.y - middle / fineness);
        let within = |i: u32| (Self::BORDER..side - Self::BORDER).contains(&i);
        let depth = Field::from_fn(side, side, |x, y| {
            let at = Point::new(corner.x + (f64::from(x) + 0.5) / fineness, corner.y + (f64::from(y) + 0.5) / fineness);
            Luma([if within(x) && within(y) { (depth_px(at) * fineness).max(0.0) as f32 } else { 0.0 }])
        });
        Self { depth, corner }
    }

    /// The distance to the edge in samples, 0 outside; at least two samples along its border are.
    pub fn depth(&self) -> &Field {
        &self.depth
    }

    /// The place on the raster of `sample`.
    pub fn place(&self, sample: Point<Px>) -> Point<Px> {
        self.corner + sample.to_vector() / f64::from(Self::FINENESS)
    }
}

impl Mark {
    /// Draws it into `picture` as far as pixels can show it; `line_px` is the width of lines.
    pub fn show(&self, picture: &mut Gray, line_px: f64) {
        match self {
            Self::Line(points) => super::shapes::draw(picture, points, line_px),
            Self::Solid(solid) => solid.show(picture),
        }
    }
}

impl Solid {
    fn show(&self, picture: &mut Gray) {
        let (left, top) = (self.corner.x.round(), self.corner.y.round());
        let covered = self.depth.width() / Self::FINENESS + 2;
        for (dx, dy) in (0..covered).flat_map(|dy| (0..covered).map(move |dx| (dx, dy))) {
            let (x, y) = (left + f64::from(dx), top + f64::from(dy));
            if x < 0.0 || y < 0.0 || x >= f64::from(picture.width()) || y >= f64::from(picture.height()) {
                continue;
            }
            let fineness = f64::from(Self::FINENESS);
            let sample = |of: f64, corner: f64, step: u32| (of - 0.5 - corner) * fineness + f64::from(step) + 0.5;
            let samples = (0..Self::FINENESS).flat_map(|j| (0..Self::FINENESS).map(move |i| (i, j)));
            let dark = samples.filter(|(i, j)| {
                let (u, v) = (sample(x, self.corner.x, *i), sample(y, self.corner.y, *j));
                let inside = u >= 0.0 && v >= 0.0;
                inside && self.depth.get_pixel_checked(u as u32, v as u32).is_some_and(|depth| depth.0[0] > 0.0)
            });
            let share = dark.count() as f64 / f64::from(Self::FINENESS * Self::FINENESS);
            let pixel = picture.get_pixel_mut(x as u32, y as u32);
            pixel.0[0] = (f64::from(pixel.0[0]) * (1.0 - share)).round() as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_shows_as_large_as_it_is_where_it_is() {
        let centre = Point::new(20.3, 30.7);
        let disc = Solid::around(centre, 8.0, |at| 7.0 - (at - centre).length());
        let mut picture = Gray::from_pixel(64, 64, Luma([255]));
        Mark::Solid(disc).show(&mut picture, 1.0);
        let ink = |x: u32, y: u32| 1.0 - f64::from(picture.get_pixel(x, y).0[0]) / 255.0;
        let all: Vec<_> = (0..64).flat_map(|y| (0..64).map(move |x| (x, y))).collect();
        let sum: f64 = all.iter().map(|(x, y)| ink(*x, *y)).sum();
        assert!((sum - std::f64::consts::PI * 49.0).abs() < 1.5, "{sum} px");
        let middle = |f: &dyn Fn(u32, u32) -> f64| all.iter().map(|(x, y)| f(*x, *y) * ink(*x, *y)).sum::<f64>() / sum;
        let (x, y) = (middle(&|x, _| f64::from(x)), middle(&|_, y| f64::from(y)));
        assert!((x - centre.x).abs() < 0.05 && (y - centre.y).abs() < 0.05, "({x}, {y})");
    }

    #[test]
    fn what_lies_off_the_raster_is_left_out() {
        let centre = Point::new(0.0, 63.0);
        let mut picture = Gray::from_pixel(64, 64, Luma([255]));
        Mark::Solid(Solid::around(centre, 8.0, |at| 7.0 - (at - centre).length())).show(&mut picture, 1.0);
        assert_eq!(picture.get_pixel(0, 63).0[0], 0);
    }
}
