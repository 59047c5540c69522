//! What the reader saw in its crop of the photo, brought into the portrait's frame as a [`Face`].
//!
//! Points go through the photo. Classes and the person's share, known on half the portrait's resolution, are looked up
//! between the crop's pixels: each class votes with its four nearest pixels, and the matte is fitted to the portrait's
//! own colours. Where another face is nearer than the sitter's, measured in the faces' own sizes, there is no sitter.

use models::face_reader;
use models::face_reader::FaceReading;

use super::Found;
use super::Unfit;
use crate::face::Class;
use crate::face::Face;
use crate::face::Iris;
use crate::face::Landmarks;
use crate::face::Regions;
use crate::geom::Affine;
use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Rect;
use crate::photo;
use crate::photo::Portrait;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;

/// Radius of an iris in widths of its eye's opening: the median of the training portraits.
const IRIS: f64 = 0.212;
/// Radii that irises have in the canonical frame, px.
const IRIS_PX: std::ops::RangeInclusive<f64> = 7.5..=13.0;
/// A body hangs so many face sizes below its face's middle.
const BODY: f64 = 2.5;

/// The centres of the sitter's right and left eye.
pub(super) fn eyes(read: &FaceReading) -> [Point<Px>; 2] {
    face_reader::eye_centres(&read.points).map(point)
}

/// The face that was `read`, in the frame of `portrait`.
pub(super) fn face(portrait: &Portrait, read: &FaceReading, chosen: &Found, others: &[Found]) -> Result<Face, Unfit> {
    let [a, b, c, d, e, f] = read.to_photo.map(f64::from);
    // The reader's pixel centres are half-integers, as ours are.
    let crop_to_photo = Affine::<Px, Px>::new(a, d, b, e, c, f);
    let (Some(to_portrait), Some(to_crop)) = (portrait.to_photo().inverse(), crop_to_photo.inverse()) else {
        return Err(Unfit::NoFace);
    };
    let to_crop = portrait.to_photo().then(&to_crop);
    let landmarks = landmarks(read, &to_portrait)?;
    let theirs = theirs(portrait, chosen, others);
    let share = Field::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| {
        let at = to_crop.transform_point(centre(x, y));
        let mut sum = 0.0;
        for (index, weight) in around(at) {
            sum += weight * read.person[index];
        }
        Luma([if theirs(x, y) { 0.0 } else { sum }])
    });
    let labels = Gray::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| {
        let class = if portrait.beyond().get_pixel(x, y).0[0] > 0.0 {
            Class::Unknown as u8
        } else if theirs(x, y) {
            Class::Background as u8
        } else {
            let mut votes = [0.0f32; face_reader::CLASSES.len()];
            for (index, weight) in around(to_crop.transform_point(centre(x, y))) {
                votes[usize::from(read.classes[index])] += weight;
            }
            (0..votes.len()).max_by(|i, j| votes[*i].total_cmp(&votes[*j])).unwrap_or(0) as u8
        };
        Luma([class])
    });
    Ok(Face::new(landmarks, Regions::new(without_specks_of_glasses(labels))?, photo::refined_matte(portrait, &share)))
}

/// Whether there are lips where the landmarks have a mouth: a face that stands on its head looks like one at first sight,
/// but has a forehead there.
pub(super) fn has_mouth(face: &Face) -> bool {
    /// The least share of lips in the box around the mouth.
    const LEAST: f32 = 0.35;
    let mouth = Rect::from_points(face.landmarks().outer_lips().iter().copied());
    let lips = face.regions().share(&[Class::Lips]);
    let inside = |x: u32, y: u32| mouth.contains(centre(x, y));
    let inside: Vec<f32> = lips.enumerate_pixels().filter(|(x, y, _)| inside(*x, *y)).map(|(.., p)| p.0[0]).collect();
    !inside.is_empty() && inside.iter().sum::<f32>() >= LEAST * inside.len() as f32
}

/// `labels` with what is too little to be glasses as the skin that it is: bags under eyes look like the edge of a lens.
fn without_specks_of_glasses(mut labels: Gray) -> Gray {
    /// The least area of glasses in the portrait's frame, square pixels. Of 32 people wearers had 8400 and more, others
    /// 1300 at most.
    const LEAST_AREA_PX: usize = 3000;
    let is_glasses = |pixel: &Luma<u8>| pixel.0[0] == Class::Glasses as u8;
    if labels.pixels().filter(|pixel| is_glasses(pixel)).count() < LEAST_AREA_PX {
        labels.pixels_mut().filter(|pixel| is_glasses(pixel)).for_each(|pixel| pixel.0[0] = Class::Skin as u8);
    }
    labels
}

/// The points that were read, in the portrait's frame; irises have the size that is usual for their eyes.
fn landmarks(read: &FaceReading, to_portrait: &Affine<Px, Px>) -> Result<Landmarks, Unfit> {
    let placed: Vec<Point<Px>> = read.points.iter().map(|p| to_portrait.transform_point(point(*p))).collect();
    let (Some(points), [.., right, left]) = (placed.first_chunk::<68>(), placed.as_slice()) else {
        return Err(Unfit::NoFace);
    };
    let opening = ((points[39] - points[36]).length() + (points[45] - points[42]).length()) / 2.0;
    let radius_px = (IRIS * opening).clamp(*IRIS_PX.start(), *IRIS_PX.end());
    Ok(Landmarks::new(*points, [*right, *left].map(|centre| Iris { centre, radius_px }))?)
}

/// Whether a portrait's pixel belongs to another person than the one who is drawn.
fn theirs(portrait: &Portrait, chosen: &Found, others: &[Found]) -> impl Fn(u32, u32) -> bool {
    let map = *portrait.to_photo();
    let (chosen, others) = (*chosen, others.to_vec());
    move |x, y| {
        if others.is_empty() {
            return false;
        }
        let at = map.transform_point(centre(x, y));
        let mine = from_body(&chosen, at);
        others.iter().any(|other| from_body(other, at) < mine)
    }
}

/// How far `at` is from a person's middle line, face to waist, in sizes of the face.
fn from_body(face: &Found, at: Point<Px>) -> f64 {
    let (size, middle) = (face.frame.width().max(1.0), face.frame.center());
    let below = (at.y - middle.y).clamp(0.0, BODY * size);
    (at - Point::new(middle.x, middle.y + below)).length() / size
}

/// The crop's four pixels nearest to `at`, each with its weight; the border's go on beyond it.
fn around(at: Point<Px>) -> [(usize, f32); 4] {
    let last = face_reader::SIDE - 1;
    let (x, y) = ((at.x - 0.5).clamp(0.0, last as f64), (at.y - 0.5).clamp(0.0, last as f64));
    let (left, up) = (x as usize, y as usize);
    let (right, down) = ((left + 1).min(last), (up + 1).min(last));
    let (u, v) = ((x - left as f64) as f32, (y - up as f64) as f32);
    let index = |x: usize, y: usize| y * face_reader::SIDE + x;
    [
        (index(left, up), (1.0 - u) * (1.0 - v)),
        (index(right, up), u * (1.0 - v)),
        (index(left, down), (1.0 - u) * v),
        (index(right, down), u * v),
    ]
}

fn centre(x: u32, y: u32) -> Point<Px> {
    Point::new(f64::from(x) + 0.5, f64::from(y) + 0.5)
}

fn point([x, y]: [f32; 2]) -> Point<Px> {
    Point::new(f64::from(x), f64::from(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lips_are_looked_for_where_the_mouth_is() {
        let face = |lips: std::ops::Range<u32>| {
            let label = |_, y| if lips.contains(&y) { Class::Lips } else { Class::Skin };
            let labels = Gray::from_fn(512, 512, |x, y| Luma([label(x, y) as u8]));
            let sample = crate::face::sample::face(8.0, |_, _| false);
            let regions = Regions::new(labels).expect("classes");
            has_mouth(&Face::new(sample.landmarks().clone(), regions, sample.matte().clone()))
        };
        assert!(face(338..354));
        assert!(!face(60..120));
    }

    #[test]
    fn specks_of_glasses_are_skin_and_glasses_stay() {
        let worn = |side: u32| {
            let inside = move |x, y| x < side && y < side;
            let label = move |x, y| if inside(x, y) { Class::Glasses } else { Class::Hair };
            let labels = without_specks_of_glasses(Gray::from_fn(512, 512, |x, y| Luma([label(x, y) as u8])));
            (labels.get_pixel(4, 4).0[0], labels.get_pixel(400, 400).0[0])
        };
        assert_eq!(worn(30), (Class::Skin as u8, Class::Hair as u8));
        assert_eq!(worn(80), (Class::Glasses as u8, Class::Hair as u8));
    }
}
