//! Contours that a portrait needs whether or not its pixels show them: the person's outline, and, where a face was read,
//! the jaw and the upper lids. Each is drawn only where no line is near it. Lengths in portrait pixels. Refuses nothing.

use super::anatomy::Anatomy;
use super::shapes;
use crate::face::Landmarks;
use crate::face::Side;
use crate::geom::Point;
use crate::geom::Px;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::smooth;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;

/// Width of a contour.
const WIDTH_PX: f64 = 2.4;

/// `ink` with the contours of `anatomy` where they are missing.
pub fn with_contours(ink: Gray, portrait: &Portrait, anatomy: &Anatomy) -> Gray {
    let mut ink = with_outline(ink, anatomy);
    if let Some(landmarks) = anatomy.landmarks() {
        ink = with_hairline(ink, portrait, anatomy);
        close_jaw(&mut ink, anatomy, landmarks);
        for side in Side::BOTH {
            let lid = shapes::smooth_line(landmarks.upper_lid(side));
            shapes::close(&mut ink, &lid, WIDTH_PX, 3, 4.0);
            thicken(&mut ink, &lid);
        }
    }
    ink
}

/// `ink` with the jaw where it is missing; for lines that need no other contour.
pub fn with_jaw(mut ink: Gray, anatomy: &Anatomy) -> Gray {
    if let Some(landmarks) = anatomy.landmarks() {
        close_jaw(&mut ink, anatomy, landmarks);
    }
    ink
}

/// The jaw where skin lies on either side of it: hair, clothes and the backdrop end at lines of their own.
fn close_jaw(ink: &mut Gray, anatomy: &Anatomy, landmarks: &Landmarks) {
    const NEAR_PX: u8 = 8;
    const LEAST_PX: f64 = 12.0;
    let jaw = shapes::smooth_line(&landmarks.jaw()[1..16]);
    let bare = |p: &Point<Px>| shapes::value(anatomy.skin(), *p) > 0.6;
    for run in shapes::runs(&jaw, bare) {
        shapes::close(ink, &run, WIDTH_PX, NEAR_PX, LEAST_PX);
    }
}

/// Widens what is inked along `lid` by a pixel to each side: lashes make the upper lid the darkest line of a face.
fn thicken(ink: &mut Gray, lid: &[Point<Px>]) {
    const BESIDE_PX: f64 = 4.0;
    let mut beside = Gray::from_pixel(ink.width(), ink.height(), Luma([255]));
    shapes::draw(&mut beside, lid, 2.0 * BESIDE_PX);
    let before = ink.clone();
    for (x, y, pixel) in ink.enumerate_pixels_mut() {
        let inner = (1..before.width() - 1).contains(&x) && (1..before.height() - 1).contains(&y);
        if inner && beside.get_pixel(x, y).0[0] < 128 {
            let around = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)];
            pixel.0[0] = around.iter().map(|(x, y)| before.get_pixel(*x, *y).0[0]).fold(pixel.0[0], u8::min);
        }
    }
}

/// `ink` with the hairline where no line is near it: pale hair would fade into the skin.
fn with_hairline(ink: Gray, portrait: &Portrait, anatomy: &Anatomy) -> Gray {
    /// Where skin's share and hair's sum to less, something else lies between.
    const MEETING: f32 = 0.9;
    /// Least change of lightness a pixel: on a bald head no hairline is seen, whatever the map of regions says.
    const LEAST_SLOPE: f32 = 0.009;
    /// The same of red less blue: white hair is as light as skin, but cooler.
    const LEAST_TINT_SLOPE: f32 = 0.007;
    /// Wide enough that a wrinkle is no change.
    const CALM_PX: f32 = 3.0;
    let calm = |field: &Field| smooth::gaussian(field, 2.5);
    let (skin, hair) = (calm(anatomy.skin()), calm(anatomy.hair()));
    let pixels = portrait.pixels();
    let warmth = pixels.pixels().map(|p| (f32::from(p.0[0]) - f32::from(p.0[2])) / 255.0).collect();
    let light = slope(&smooth::gaussian(&colour_model::luma(pixels), CALM_PX));
    let tint = slope(&smooth::gaussian(&smooth::of_size(pixels.width(), pixels.height(), warmth), CALM_PX));
    let meets = Field::from_fn(skin.width(), skin.height(), |x, y| {
        let at = |field: &Field| field.get_pixel(x, y).0[0];
        let shows = at(&light) > LEAST_SLOPE || at(&tint) > LEAST_TINT_SLOPE;
        Luma([if shows && at(&skin) + at(&hair) > MEETING { 1.0 } else { 0.0 }])
    });
    with_level(ink, &smooth::map2(&hair, &skin, |hair, skin| hair / (hair + skin).max(0.1)), &meets, 6)
}

/// How much `field` changes at each pixel, a pixel on.
fn slope(field: &Field) -> Field {
    Field::from_fn(field.width(), field.height(), |x, y| {
        let at = |x: u32, y: u32| field.get_pixel(x.min(field.width() - 1), y.min(field.height() - 1)).0[0];
        let (dx, dy) = (at(x + 1, y) - at(x.saturating_sub(1), y), at(x, y + 1) - at(x, y.saturating_sub(1)));
        Luma([dx.hypot(dy) / 2.0])
    })
}

/// `ink` with the person's outline where no line is near it.
fn with_outline(ink: Gray, anatomy: &Anatomy) -> Gray {
    /// It ends this far from where the picture ends.
    const FRAME_PX: f32 = 3.0;
    let person = smooth::map(&smooth::gaussian(anatomy.backdrop(), 2.5), |backdrop| 1.0 - backdrop);
    with_level(ink, &person, &smooth::map(anatomy.room(), |room| if room < FRAME_PX { 0.0 } else { 1.0 }), 4)
}

/// `ink` with the contour along which `share` is one half, where `wanted` is 1 and no line is within `near_px`.
fn with_level(ink: Gray, share: &Field, wanted: &Field, near_px: u8) -> Gray {
    const HALF_WIDTH_PX: f32 = 1.2;
    let lines =
        Gray::from_fn(ink.width(), ink.height(), |x, y| Luma([if ink.get_pixel(x, y).0[0] < 128 { 255 } else { 0 }]));
    let near = imageproc::morphology::dilate(&lines, imageproc::distance_transform::Norm::L2, near_px);
    let (width, height) = ink.dimensions();
    Gray::from_fn(width, height, |x, y| {
        let old = ink.get_pixel(x, y).0[0];
        let at_frame = x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        if at_frame || near.get_pixel(x, y).0[0] > 0 || wanted.get_pixel(x, y).0[0] < 0.5 {
            return Luma([old]);
        }
        let at = |x: u32, y: u32| share.get_pixel(x, y).0[0];
        let slope = ((at(x + 1, y) - at(x - 1, y)) / 2.0).hypot((at(x, y + 1) - at(x, y - 1)) / 2.0);
        let off_px = (at(x, y) - 0.5).abs() / slope.max(1e-3);
        let inked = (HALF_WIDTH_PX + 0.5 - off_px).clamp(0.0, 1.0);
        Luma([old.min((255.0 * (1.0 - inked)).round() as u8)])
    })
}
