//! Contours that a portrait needs whether or not its pixels show them: the person's outline, and, where a face was read,
//! the jaw and the upper lids. Each is drawn only where no line is near it. Lengths in portrait pixels. Refuses nothing.

use super::anatomy::Anatomy;
use super::shapes;
use crate::face::Landmarks;
use crate::face::Side;
use crate::geom::Point;
use crate::geom::Px;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;

/// Width of a contour.
const WIDTH_PX: f64 = 2.4;

/// `ink` with the contours of `anatomy` where they are missing.
pub fn with_contours(ink: Gray, anatomy: &Anatomy) -> Gray {
    let mut ink = with_outline(ink, anatomy);
    if let Some(landmarks) = anatomy.landmarks() {
        close_jaw(&mut ink, anatomy, landmarks);
        for side in Side::BOTH {
            shapes::close(&mut ink, &shapes::smooth_line(landmarks.upper_lid(side)), WIDTH_PX, 3, 4.0);
        }
    }
    ink
}

/// The jaw where skin lies on either side of it: hair, clothes and the backdrop end at lines of their own.
fn close_jaw(ink: &mut Gray, anatomy: &Anatomy, landmarks: &Landmarks) {
    const NEAR_PX: u8 = 8;
    const LEAST_PX: f64 = 12.0;
    let jaw = shapes::smooth_line(&landmarks.jaw()[1..16]);
    let at = |field: &Field, p: &Point<Px>| {
        let clip = |v: f64, side: u32| v.round().clamp(0.0, f64::from(side - 1)) as u32;
        field.get_pixel(clip(p.x, field.width()), clip(p.y, field.height())).0[0]
    };
    let bare = |p: &Point<Px>| at(anatomy.skin(), p) > 0.6;
    for run in shapes::runs(&jaw, bare) {
        shapes::close(ink, &run, WIDTH_PX, NEAR_PX, LEAST_PX);
    }
}

/// `ink` with the person's outline where no line is near it.
fn with_outline(ink: Gray, anatomy: &Anatomy) -> Gray {
    /// An outline this close to a line is that line.
    const NEAR_PX: u8 = 4;
    const HALF_WIDTH_PX: f32 = 1.2;
    /// It ends this far from where the picture ends.
    const FRAME_PX: f32 = 3.0;
    let person = smooth::map(&smooth::gaussian(anatomy.backdrop(), 2.5), |backdrop| 1.0 - backdrop);
    let lines =
        Gray::from_fn(ink.width(), ink.height(), |x, y| Luma([if ink.get_pixel(x, y).0[0] < 128 { 255 } else { 0 }]));
    let near = imageproc::morphology::dilate(&lines, imageproc::distance_transform::Norm::L2, NEAR_PX);
    let (width, height) = ink.dimensions();
    Gray::from_fn(width, height, |x, y| {
        let old = ink.get_pixel(x, y).0[0];
        if near.get_pixel(x, y).0[0] > 0 || anatomy.room().get_pixel(x, y).0[0] < FRAME_PX {
            return Luma([old]);
        }
        let at = |x: u32, y: u32| person.get_pixel(x, y).0[0];
        let slope = ((at(x + 1, y) - at(x - 1, y)) / 2.0).hypot((at(x, y + 1) - at(x, y - 1)) / 2.0);
        let off_px = (at(x, y) - 0.5).abs() / slope.max(1e-3);
        let share = (HALF_WIDTH_PX + 0.5 - off_px).clamp(0.0, 1.0);
        Luma([old.min((255.0 * (1.0 - share)).round() as u8)])
    })
}
