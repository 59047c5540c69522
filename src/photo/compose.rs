//! From a [`Photo`] to a [`Portrait`]: head and shoulders brought into the canonical frame.
//!
//! Only this file builds a portrait. Coordinates are pixels with centres at half-integers, x right, y down; the map
//! goes from the portrait to the photo. Refuses face boxes that are no boxes, lie off the photo or hold too few pixels.
//! Resampling is Lanczos with three lobes, widened to the coarser of the two grids so that nothing aliases (Turkowski,
//! "Filters for Common Resampling Tasks", 1990). Beyond the photo's edge its last pixels go on, blurred more and more
//! with distance, so that no edge of the picture is ever drawn.

use super::Photo;
use super::Portrait;
use super::smooth;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Affine;
use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Rect;
use crate::raster::Field;
use crate::raster::Rgb;
use image::Luma;
use rayon::prelude::*;
use std::f32::consts::PI;

/// Which part of the photo becomes the portrait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Framing {
    /// The largest square: in the middle of a landscape photo, at the top of an upright one.
    Centred,
    /// Around a face: the box from forehead to chin and ear to ear, in photo pixels.
    Face(Rect<Px>),
    /// By the centres of the sitter's right and left eye, in photo pixels: the head comes upright, the eyes to
    /// [`Portrait::EYES`].
    Eyes([Point<Px>; 2]),
}

/// Why no portrait can be composed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ComposeError {
    /// The box has no area, or numbers that are none.
    #[error("the face box {width_px:.0} x {height_px:.0} is no box; give left, top, width and height in photo pixels")]
    NoBox {
        /// Its width.
        width_px: f64,
        /// Its height.
        height_px: f64,
    },
    /// The eyes are no two places on the photo.
    #[error(
        "the eyes ({:.0}, {:.0}) and ({:.0}, {:.0}) are no two places on the photo; look for the face again",
        right.x, right.y, left.x, left.y
    )]
    NoEyes {
        /// The sitter's right eye.
        right: Point<Px>,
        /// The sitter's left eye.
        left: Point<Px>,
    },
    /// The middle of the box is not on the photo.
    #[error(
        "the middle of the face box ({x_px:.0}, {y_px:.0}) is not on the {width_px} x {height_px} photo; give the box \
         in pixels of the upright photo"
    )]
    OffThePhoto {
        /// The middle's x.
        x_px: f64,
        /// The middle's y.
        y_px: f64,
        /// The photo's width.
        width_px: u32,
        /// The photo's height.
        height_px: u32,
    },
    /// Too few pixels for a likeness.
    #[error(
        "the face is only {width_px:.0} pixels wide; come closer, or give a larger photo (at least {MIN_FACE_PX} pixels)"
    )]
    FaceTooSmall {
        /// The face's width.
        width_px: f64,
    },
}

impl From<ComposeError> for Fault {
    fn from(error: ComposeError) -> Self {
        Fault::new(Kind::BadInput, error.to_string())
    }
}

/// A face box in the canonical frame: the mean of the data card's boxes (left, top, right, bottom).
const CANONICAL_FACE: [f64; 4] = [143.0, 98.0, 369.0, 426.0];
/// The narrowest face that is enlarged, in photo pixels: below it eyes are a handful of pixels.
const MIN_FACE_PX: f64 = 24.0;

/// The portrait that `framing` cuts out of `photo`. A square photo of [`Portrait::SIDE`] is itself under
/// [`Framing::Centred`], pixel by pixel.
pub fn compose(photo: &Photo, framing: &Framing) -> Result<Portrait, ComposeError> {
    let to_photo = match framing {
        Framing::Centred => centred(photo),
        Framing::Face(face) => around_face(photo, face)?,
        Framing::Eyes([right, left]) => by_eyes(photo, *right, *left)?,
    };
    let beyond = beyond(photo.pixels().dimensions(), &to_photo);
    let pixels = if to_photo == Affine::identity() && photo.pixels().dimensions() == (Portrait::SIDE, Portrait::SIDE) {
        photo.pixels().clone()
    } else {
        sampled(photo.pixels(), &to_photo, &beyond)
    };
    Ok(Portrait { pixels, to_photo, beyond })
}

/// How far each portrait pixel lies beyond the edge of a photo of size `photo`, in portrait pixels.
fn beyond(photo: (u32, u32), to_photo: &Affine<Px, Px>) -> Field {
    let scale = to_photo.determinant().abs().sqrt();
    Field::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| {
        let at = to_photo.transform_point(Point::new(f64::from(x) + 0.5, f64::from(y) + 0.5));
        let out_x = (-at.x).max(at.x - f64::from(photo.0)).max(0.0);
        let out_y = (-at.y).max(at.y - f64::from(photo.1)).max(0.0);
        Luma([(out_x.hypot(out_y) / scale) as f32])
    })
}

fn centred(photo: &Photo) -> Affine<Px, Px> {
    let (width, height) = photo.pixels().dimensions();
    let side = f64::from(width.min(height));
    let scale = side / f64::from(Portrait::SIDE);
    // An upright photo of a person has the head at its top and the rest of the person below.
    Affine::scale(scale, scale).then_translate(((f64::from(width) - side) / 2.0, 0.0).into())
}

fn around_face(photo: &Photo, face: &Rect<Px>) -> Result<Affine<Px, Px>, ComposeError> {
    let (width_px, height_px) = photo.pixels().dimensions();
    let size = face.size();
    let middle = face.center();
    if !(face.is_finite() && size.width > 0.0 && size.height > 0.0) {
        return Err(ComposeError::NoBox { width_px: size.width, height_px: size.height });
    }
    let photo_box = Rect::<Px>::new(Point::zero(), Point::new(width_px.into(), height_px.into()));
    if !photo_box.contains_inclusive(middle) {
        return Err(ComposeError::OffThePhoto { x_px: middle.x, y_px: middle.y, width_px, height_px });
    }
    if size.width < MIN_FACE_PX {
        return Err(ComposeError::FaceTooSmall { width_px: size.width });
    }
    let [left, top, right, bottom] = CANONICAL_FACE;
    // Boxes disagree most about the forehead and about the ears: the geometric mean halves either error.
    let scale = ((size.width / (right - left)) * (size.height / (bottom - top))).sqrt();
    Ok(Affine::translation(-(left + right) / 2.0, -(top + bottom) / 2.0)
        .then_scale(scale, scale)
        .then_translate(middle.to_vector()))
}

/// The similarity that takes [`Portrait::EYES`] to the eyes `right` and `left`.
fn by_eyes(photo: &Photo, right: Point<Px>, left: Point<Px>) -> Result<Affine<Px, Px>, ComposeError> {
    let (width_px, height_px) = photo.pixels().dimensions();
    let photo_box = Rect::<Px>::new(Point::zero(), Point::new(width_px.into(), height_px.into()));
    if !(photo_box.contains_inclusive(right) && photo_box.contains_inclusive(left)) {
        return Err(ComposeError::NoEyes { right, left });
    }
    let [canonical, other] = Portrait::EYES;
    let (eyes, canonical_eyes) = (left - right, other - canonical);
    let scale = eyes.length() / canonical_eyes.length();
    let [face_left, _, face_right, _] = CANONICAL_FACE;
    let face_px = scale * (face_right - face_left);
    if face_px < MIN_FACE_PX {
        return Err(ComposeError::FaceTooSmall { width_px: face_px });
    }
    // The canonical eyes lie level: their distance turns and scales into the photo's.
    let (along, down) = (eyes.x / canonical_eyes.x, eyes.y / canonical_eyes.x);
    let turn = Affine::<Px, Px>::new(along, down, -down, along, 0.0, 0.0);
    Ok(Affine::translation(-canonical.x, -canonical.y).then(&turn).then_translate(right.to_vector()))
}

/// The canonical frame's pixels, looked up in `photo` through `to_photo`.
fn sampled(photo: &Rgb, to_photo: &Affine<Px, Px>, beyond: &Field) -> Rgb {
    // Photo pixels per portrait pixel. Halving first keeps the kernel below a dozen pixels wide.
    let mut step = to_photo.determinant().abs().sqrt();
    let mut map = *to_photo;
    let mut source = Planes::new(photo);
    while step >= 2.0 && source.width.min(source.height) >= 2 {
        source = source.halved();
        map = map.then_scale(0.5, 0.5);
        step /= 2.0;
    }
    let side = Portrait::SIDE as usize;
    let kernel = Lanczos::new(step.max(1.0) as f32);
    let mut planes = vec![[0.0f32; 3]; side * side];
    planes.par_chunks_mut(side).enumerate().for_each(|(y, row)| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let at = map.transform_point(Point::new(x as f64 + 0.5, y as f64 + 0.5));
            *pixel = source.at(at.x as f32 - 0.5, at.y as f32 - 0.5, &kernel);
        }
    });
    soften_beyond(&mut planes, beyond);
    Rgb::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| {
        image::Rgb(planes[y as usize * side + x as usize].map(|v| v.round().clamp(0.0, 255.0) as u8))
    })
}

/// Blurs what lies beyond the photo's edge, the more the farther: over `SOFT_PX` it goes from sharp to a wide blur.
fn soften_beyond(planes: &mut [[f32; 3]], beyond: &Field) {
    const SOFT_PX: f32 = 48.0;
    if beyond.as_raw().iter().all(|v| *v <= 0.0) {
        return;
    }
    for channel in 0..3 {
        let plane = smooth::of_size(Portrait::SIDE, Portrait::SIDE, planes.iter().map(|p| p[channel]).collect());
        let blurred = [smooth::gaussian(&plane, 4.0), smooth::gaussian(&plane, 12.0), smooth::gaussian(&plane, 32.0)];
        let steps: Vec<&[f32]> = std::iter::once(plane.as_raw().as_slice())
            .chain(blurred.iter().map(|field| field.as_raw().as_slice()))
            .collect();
        for (i, pixel) in planes.iter_mut().enumerate() {
            let place = (beyond.as_raw()[i] / SOFT_PX * 3.0).min(2.999);
            let (level, t) = (place as usize, place.fract());
            pixel[channel] = steps[level][i] * (1.0 - t) + steps[level + 1][i] * t;
        }
    }
}

/// A photo's pixels as numbers, 0 to 255.
struct Planes {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 3]>,
}

impl Planes {
    fn new(photo: &Rgb) -> Self {
        Self {
            width: photo.width() as usize,
            height: photo.height() as usize,
            pixels: photo.pixels().map(|p| p.0.map(f32::from)).collect(),
        }
    }

    /// Half the size, each pixel the mean of four; an odd last row or column is dropped from the mean's far side.
    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let pixels = (0..width * height)
            .into_par_iter()
            .map(|i| {
                let corner = i / width * 2 * self.width + i % width * 2;
                let four = [corner, corner + 1, corner + self.width, corner + self.width + 1];
                [0, 1, 2].map(|c| four.iter().map(|at| self.pixels[*at][c]).sum::<f32>() / 4.0)
            })
            .collect();
        Self { width, height, pixels }
    }

    /// The picture at (`x`, `y`), where whole numbers are pixel centres; beyond its edge the last pixels go on.
    fn at(&self, x: f32, y: f32, kernel: &Lanczos) -> [f32; 3] {
        let (first_x, weights_x) = kernel.weights(x);
        let (first_y, weights_y) = kernel.weights(y);
        let mut sum = [0.0f32; 3];
        for (j, wy) in weights_y.iter().take(kernel.taps).enumerate() {
            let row = (first_y + j as i64).clamp(0, self.height as i64 - 1) as usize * self.width;
            let mut part = [0.0f32; 3];
            for (i, wx) in weights_x.iter().take(kernel.taps).enumerate() {
                let column = (first_x + i as i64).clamp(0, self.width as i64 - 1) as usize;
                let pixel = &self.pixels[row + column];
                for c in 0..3 {
                    part[c] += wx * pixel[c];
                }
            }
            for c in 0..3 {
                sum[c] += wy * part[c];
            }
        }
        sum
    }
}

/// Lanczos' windowed sinc with three lobes, from a table.
struct Lanczos {
    /// Source pixels per lobe: 1 when enlarging.
    stretch: f32,
    taps: usize,
    table: Vec<f32>,
}

impl Lanczos {
    const LOBES: f32 = 3.0;
    const PER_LOBE: f32 = 512.0;
    /// Two taps for each of six lobes, of less than two pixels each.
    const MAX_TAPS: usize = 14;

    fn new(stretch: f32) -> Self {
        let sinc = |t: f32| if t == 0.0 { 1.0 } else { (PI * t).sin() / (PI * t) };
        let entries = (Self::LOBES * Self::PER_LOBE) as usize;
        let table = (0..=entries).map(|i| i as f32 / Self::PER_LOBE).map(|t| sinc(t) * sinc(t / Self::LOBES)).collect();
        let stretch = stretch.clamp(1.0, 2.0);
        Self { stretch, taps: ((2.0 * Self::LOBES * stretch).ceil() as usize + 1).min(Self::MAX_TAPS), table }
    }

    /// The first source pixel that counts at `place`, and the weights from there on, their sum 1.
    fn weights(&self, place: f32) -> (i64, [f32; Self::MAX_TAPS]) {
        let first = (place - Self::LOBES * self.stretch).ceil();
        let mut weights = [0.0; Self::MAX_TAPS];
        let mut sum = 0.0;
        for (i, weight) in weights.iter_mut().take(self.taps).enumerate() {
            let t = ((first + i as f32 - place) / self.stretch).abs() * Self::PER_LOBE;
            *weight = self.table.get(t.round() as usize).copied().unwrap_or(0.0);
            sum += *weight;
        }
        weights.iter_mut().for_each(|weight| *weight /= sum);
        (first as i64, weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(width: u32, height: u32, f: impl Fn(u32, u32) -> [u8; 3]) -> Photo {
        Photo::new(Rgb::from_fn(width, height, |x, y| image::Rgb(f(x, y)))).expect("has pixels")
    }

    fn face(left: f64, top: f64, width: f64, height: f64) -> Framing {
        Framing::Face(Rect::new(Point::new(left, top), Point::new(left + width, top + height)))
    }

    #[test]
    fn a_square_photo_of_the_canonical_size_is_its_own_portrait() {
        let photo = photo(512, 512, |x, y| [x as u8, y as u8, (x ^ y) as u8]);
        let portrait = compose(&photo, &Framing::Centred).expect("composes");
        assert_eq!(portrait.pixels(), photo.pixels());
        assert_eq!(portrait.to_photo(), &Affine::identity());
    }

    #[test]
    fn the_square_is_in_the_middle_of_a_landscape_and_at_the_top_of_an_upright_photo() {
        let corner = |width, height| {
            let portrait = compose(&photo(width, height, |_, _| [9, 9, 9]), &Framing::Centred).expect("composes");
            portrait.to_photo().transform_point(Point::zero())
        };
        assert_eq!(corner(800, 600), Point::new(100.0, 0.0));
        assert_eq!(corner(600, 800), Point::new(0.0, 0.0));
    }

    #[test]
    fn eyes_of_a_tilted_head_come_to_their_canonical_places() {
        let photo = photo(900, 700, |_, _| [80, 80, 80]);
        let eyes = [Point::new(300.0, 420.0), Point::new(420.0, 330.0)];
        let portrait = compose(&photo, &Framing::Eyes(eyes)).expect("composes");
        for (canonical, eye) in Portrait::EYES.iter().zip(eyes) {
            assert!((portrait.to_photo().transform_point(*canonical) - eye).length() < 1e-9);
        }
        assert!((portrait.to_photo().determinant() - 1.5f64.powi(2)).abs() < 1e-9, "no mirror image, one scale");
        for eyes in [[(f64::NAN, 1.0), (5.0, 5.0)], [(-4.0, 10.0), (200.0, 10.0)]] {
            let error = compose(&photo, &Framing::Eyes(eyes.map(|(x, y)| Point::new(x, y)))).expect_err("no eyes");
            assert!(matches!(error, ComposeError::NoEyes { .. }));
        }
        let near = [Point::new(300.0, 300.0), Point::new(303.0, 300.0)];
        assert!(matches!(compose(&photo, &Framing::Eyes(near)), Err(ComposeError::FaceTooSmall { .. })));
    }

    #[test]
    fn the_canonical_face_box_on_a_scaled_photo_maps_back_by_that_scale() {
        let photo = photo(1536, 1536, |_, _| [80, 80, 80]);
        let portrait = compose(&photo, &face(143.0 * 3.0, 98.0 * 3.0, 226.0 * 3.0, 328.0 * 3.0)).expect("composes");
        let eye = portrait.to_photo().transform_point(Portrait::EYES[0]);
        assert!((eye - Point::new(618.0, 708.0)).length() < 1e-6, "eye at {eye:?}");
    }

    #[test]
    fn fine_stripes_shrink_to_gray_and_not_to_moire() {
        let photo = photo(1900, 1900, |x, _| if x % 2 == 0 { [0; 3] } else { [255; 3] });
        let portrait = compose(&photo, &Framing::Centred).expect("composes");
        let off = portrait.pixels().pixels().map(|p| (i32::from(p.0[0]) - 127).abs()).max().unwrap_or(0);
        assert!(off <= 6, "stripes show through by {off} of 255");
    }

    #[test]
    fn a_ramp_keeps_its_place_when_enlarged() {
        let photo = photo(128, 128, |x, _| [(x * 2) as u8; 3]);
        let portrait = compose(&photo, &Framing::Centred).expect("composes");
        for x in [100u32, 256, 400] {
            let expected = (f64::from(x) + 0.5) / 4.0 * 2.0 - 1.0;
            let found = f64::from(portrait.pixels().get_pixel(x, 200).0[0]);
            assert!((found - expected).abs() <= 1.0, "{found} for {expected} at {x}");
        }
    }

    #[test]
    fn beyond_the_edge_the_picture_goes_on_without_an_edge() {
        let photo = photo(200, 200, |x, y| if (x / 8 + y / 8) % 2 == 0 { [30; 3] } else { [220; 3] });
        let portrait = compose(&photo, &face(60.0, 20.0, 113.0, 164.0)).expect("composes");
        let bottom: Vec<u8> = (200..300).map(|x| portrait.pixels().get_pixel(x, 511).0[0]).collect();
        let range = bottom.iter().max().unwrap_or(&0) - bottom.iter().min().unwrap_or(&0);
        assert!(range < 60, "far outside the photo the checks still show by {range}");
    }

    #[test]
    fn boxes_that_are_none_are_refused() {
        let photo = photo(300, 300, |_, _| [1, 2, 3]);
        assert!(matches!(compose(&photo, &face(10.0, 10.0, 0.0, 50.0)), Err(ComposeError::NoBox { .. })));
        assert!(matches!(compose(&photo, &face(f64::NAN, 10.0, 50.0, 50.0)), Err(ComposeError::NoBox { .. })));
        assert!(matches!(compose(&photo, &face(400.0, 10.0, 50.0, 50.0)), Err(ComposeError::OffThePhoto { .. })));
        assert!(matches!(compose(&photo, &face(40.0, 10.0, 8.0, 12.0)), Err(ComposeError::FaceTooSmall { .. })));
    }
}
