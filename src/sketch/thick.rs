//! Which ink is too thick to be a line. Lengths in portrait pixels. Refuses nothing.

use crate::raster::Gray;
use image::Luma;
use imageproc::distance_transform::Norm;
use imageproc::morphology::open;

/// Half of the widest line.
const LINE_PX: u8 = 3;
/// Ink is darker: what is paler is paper's soft edge.
const PALE: u8 = 200;

/// 255 where `ink`, 0 black to 255 paper, is wider than any line, 0 elsewhere: the opening of the ink by a line's disc.
pub fn thick(ink: &Gray) -> Gray {
    let mask = Gray::from_fn(ink.width(), ink.height(), |x, y| Luma([u8::from(ink.get_pixel(x, y).0[0] < PALE) * 255]));
    open(&mask, Norm::L2, LINE_PX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_thin_and_a_disc_upon_it_thick() {
        let disc = |x: f64, y: f64| (x - 30.0).hypot(y - 30.0) < 6.0;
        let inked = |x: u32, y: u32| (28..33).contains(&y) || disc(f64::from(x), f64::from(y));
        let thick = thick(&Gray::from_fn(60, 60, |x, y| Luma([if inked(x, y) { 0 } else { 255 }])));
        let at = |x, y| thick.get_pixel(x, y).0[0];
        assert_eq!((at(30, 30), at(30, 26), at(10, 30), at(50, 30), at(30, 10)), (255, 255, 0, 0, 0));
    }
}
