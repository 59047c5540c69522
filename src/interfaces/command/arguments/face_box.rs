//! A face's box as it is typed: four numbers in photo pixels, left, top, width, height.

use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Rect;

/// A face's box in photo pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceBox {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl FaceBox {
    /// The same, for geometry.
    pub fn rect(&self) -> Rect<Px> {
        Rect::new(Point::new(self.x, self.y), Point::new(self.x + self.width, self.y + self.height))
    }
}

impl std::str::FromStr for FaceBox {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Vec<f64> = text.split(',').filter_map(|n| n.trim().parse().ok()).collect();
        match numbers[..] {
            [x, y, width, height]
                if numbers.iter().all(|n| n.is_finite())
                    && width > 0.0
                    && height > 0.0
                    && text.split(',').count() == 4 =>
            {
                Ok(Self { x, y, width, height })
            }
            _ => Err("give four numbers in photo pixels, as in 310,120,240,330 (left, top, width, height)".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_box_is_four_numbers() {
        assert_eq!("1,2,3,4".parse(), Ok(FaceBox { x: 1.0, y: 2.0, width: 3.0, height: 4.0 }));
        for bad in ["", "1,2,3", "1,2,3,x", "1,2,3,4,5", "1,2,0,4", "1,2,-3,4", "1,2,inf,4", "1,2,nan,4"] {
            assert!(bad.parse::<FaceBox>().is_err(), "{bad}");
        }
    }
}
