//! What was found in a photo, drawn over it: every face's box, and of the sitter the regions, the landmarks, the irises
//! and what is backdrop.
//!
//! Photo pixels. The box of the face that is drawn is green, others are orange; regions are tinted, the backdrop fades.

use tiny_skia::Color;
use tiny_skia::Paint;
use tiny_skia::PathBuilder;
use tiny_skia::Pixmap;
use tiny_skia::Rect as Box;
use tiny_skia::Stroke;
use tiny_skia::Transform;

use crate::face::Class;
use crate::face::Side;
use crate::geom::Point;
use crate::geom::Px;
use crate::photo::Photo;
use crate::photo::Portrait;
use crate::raster::Rgb;
use crate::sitter::Found;
use crate::sitter::Sitting;

/// How strongly a region's colour shows.
const TINT: f32 = 0.4;
/// How much of the backdrop is left.
const FADED: f32 = 0.35;

/// `photo` with its `faces`, and with what was read of the one that is drawn.
pub fn overlay(photo: &Photo, faces: &[Found], sitting: Option<&Sitting>) -> Rgb {
    let mut pixels = photo.pixels().clone();
    if let Some(sitting) = sitting {
        tint(&mut pixels, sitting);
    }
    // A pixmap of this size is refused only if the photo has no pixel, and no photo is without one.
    let Some(mut marks) = Pixmap::new(pixels.width(), pixels.height()) else { return pixels };
    let thick = (pixels.width().max(pixels.height()) as f32 / 500.0).max(1.0);
    for (index, face) in faces.iter().enumerate() {
        let colour =
            if index == 0 { Color::from_rgba8(40, 220, 80, 255) } else { Color::from_rgba8(255, 150, 30, 255) };
        frame(&mut marks, face, colour, 2.0 * thick);
    }
    if let Some(sitting) = sitting {
        points(&mut marks, sitting, thick);
    }
    laid_over(&mut pixels, &marks);
    pixels
}

/// The colour of a region; `None` leaves the photo as it is.
fn colour(class: Class) -> Option<[f32; 3]> {
    Some(match class {
        Class::Background | Class::Unknown => return None,
        Class::Skin => [255.0, 190.0, 150.0],
        Class::Hair => [150.0, 70.0, 220.0],
        Class::Eyebrow => [90.0, 40.0, 20.0],
        Class::Eye => [40.0, 120.0, 255.0],
        Class::Lips => [255.0, 30.0, 80.0],
        Class::Ear => [255.0, 230.0, 40.0],
        Class::Clothes => [30.0, 170.0, 160.0],
        Class::Glasses => [0.0, 230.0, 255.0],
    })
}

fn tint(pixels: &mut Rgb, sitting: &Sitting) {
    let Some(to_portrait) = sitting.portrait.to_photo().inverse() else { return };
    let (labels, share) = (sitting.face.regions().labels(), sitting.face.matte().share());
    let inside = 0.0..f64::from(Portrait::SIDE);
    for (x, y, pixel) in pixels.enumerate_pixels_mut() {
        let at = to_portrait.transform_point(Point::<Px>::new(f64::from(x) + 0.5, f64::from(y) + 0.5));
        if !(inside.contains(&at.x) && inside.contains(&at.y)) {
            continue;
        }
        let (column, row) = (at.x as u32, at.y as u32);
        let person = share.get_pixel(column, row).0[0];
        let tinted = Class::of_label(labels.get_pixel(column, row).0[0]).and_then(colour);
        for channel in 0..3 {
            let was = f32::from(pixel.0[channel]);
            let is = tinted.map_or(was, |colour| was + TINT * (colour[channel] - was));
            let faded = 255.0 + (was - 255.0) * FADED;
            pixel.0[channel] = (faded + (is - faded) * person).round().clamp(0.0, 255.0) as u8;
        }
    }
}

fn frame(marks: &mut Pixmap, face: &Found, colour: Color, thick: f32) {
    let size = face.frame.size();
    let at = face.frame.min;
    let Some(frame) = Box::from_xywh(at.x as f32, at.y as f32, size.width as f32, size.height as f32) else { return };
    let mut paint = Paint::default();
    paint.set_color(colour);
    let stroke = Stroke { width: thick, ..Stroke::default() };
    marks.stroke_path(&PathBuilder::from_rect(frame), &paint, &stroke, Transform::identity(), None);
}

fn points(marks: &mut Pixmap, sitting: &Sitting, thick: f32) {
    let map = sitting.portrait.to_photo();
    let scale = map.determinant().abs().sqrt() as f32;
    let landmarks = sitting.face.landmarks();
    let mut dots = PathBuilder::new();
    for point in landmarks.points() {
        let at = map.transform_point(*point);
        dots.push_circle(at.x as f32, at.y as f32, (1.6 * scale).max(0.7 * thick));
    }
    let mut rings = PathBuilder::new();
    for side in Side::BOTH {
        let iris = landmarks.iris(side);
        let at = map.transform_point(iris.centre);
        rings.push_circle(at.x as f32, at.y as f32, (iris.radius_px as f32 * scale).max(0.7 * thick));
    }
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(Color::WHITE);
    if let Some(dots) = dots.finish() {
        marks.fill_path(&dots, &paint, tiny_skia::FillRule::Winding, Transform::identity(), None);
    }
    paint.set_color(Color::from_rgba8(40, 220, 80, 255));
    if let Some(rings) = rings.finish() {
        let stroke = Stroke { width: thick, ..Stroke::default() };
        marks.stroke_path(&rings, &paint, &stroke, Transform::identity(), None);
    }
}

fn laid_over(pixels: &mut Rgb, marks: &Pixmap) {
    for (pixel, mark) in pixels.pixels_mut().zip(marks.pixels()) {
        let rest = 255 - u16::from(mark.alpha());
        let mark = [mark.red(), mark.green(), mark.blue()];
        for (channel, mark) in pixel.0.iter_mut().zip(mark) {
            *channel = (u16::from(*channel) * rest / 255 + u16::from(mark)).min(255) as u8;
        }
    }
}
