//! A photo lent to the networks, and the two ways they look at it: the whole, fitted into a square, and an aligned crop.
//!
//! Eight bits a channel, red, green, blue interleaved, rows from the top; the centre of the first pixel is at (½, ½).
//! Both ways average over the pixels they leave out, so that a large photo does not alias. Refused: an empty photo and one whose bytes do not
//! match its size.

use crate::ModelError;

/// A photo of `width × height` pixels, three bytes each.
#[derive(Debug, Clone, Copy)]
pub struct Photo<'a> {
    bytes: &'a [u8],
    width: usize,
    height: usize,
}

/// A map between two pictures' px: (x, y) to (m₀ x + m₁ y + m₂, m₃ x + m₄ y + m₅).
pub type Map = [f32; 6];

/// Pixels a side that are averaged for one pixel of a crop, at most: the head of a 50-megapixel photo.
const MOST_BLOCK: usize = 32;

impl<'a> Photo<'a> {
    /// The photo whose pixels are `bytes`.
    ///
    /// # Errors
    /// [`ModelError::Input`].
    pub fn new(bytes: &'a [u8], width: usize, height: usize) -> Result<Self, ModelError> {
        if width == 0
            || height == 0
            || width.checked_mul(height).and_then(|area| area.checked_mul(3)) != Some(bytes.len())
        {
            let what = format!("{} bytes for {width} x {height} px of 3 bytes", bytes.len());
            return Err(ModelError::Input { what });
        }
        Ok(Self { bytes, width, height })
    }

    /// Its pixels, row by row, three bytes each.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Width, px.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height, px.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The photo with its longer side `side` px, at the upper left of planes whose sides are multiples of `step`, the
    /// rest gray (0): red, green, blue from -½ to ½; with the planes' width and height and the px of the photo that one of theirs is wide.
    pub(crate) fn fitted(&self, side: usize, step: usize) -> (Vec<f32>, usize, usize, f32) {
        let scale = self.width.max(self.height) as f32 / side as f32;
        let fit = |length: usize| ((length as f32 / scale).round() as usize).clamp(1, side);
        let (columns, rows) = (fit(self.width), fit(self.height));
        let (width, height) = (columns.next_multiple_of(step), rows.next_multiple_of(step));
        let across = spans(self.width, columns, scale);
        let down = spans(self.height, rows, scale);
        // Rows first: each photo row is read once, and what is kept is narrow.
        let mut narrow = vec![0.0f32; self.height * columns * 3];
        for (line, out) in self.bytes.chunks_exact(self.width * 3).zip(narrow.chunks_exact_mut(columns * 3)) {
            for (span, out) in across.iter().zip(out.chunks_exact_mut(3)) {
                for (pixel, weight) in line[span.first * 3..].chunks_exact(3).zip(&span.weights) {
                    for channel in 0..3 {
                        out[channel] += weight * f32::from(pixel[channel]);
                    }
                }
            }
        }
        let mut planes = vec![0.0f32; 3 * width * height];
        let mut line = vec![0.0f32; columns * 3];
        for (row, span) in down.iter().enumerate() {
            line.fill(0.0);
            for (narrow, weight) in narrow[span.first * columns * 3..].chunks_exact(columns * 3).zip(&span.weights) {
                line.iter_mut().zip(narrow).for_each(|(sum, value)| *sum += weight * value);
            }
            for (column, pixel) in line.chunks_exact(3).enumerate() {
                for channel in 0..3 {
                    planes[channel * width * height + row * width + column] = pixel[channel] / 255.0 - 0.5;
                }
            }
        }
        (planes, width, height, scale)
    }

    /// `side` × `side` px, red, green, blue planes from -½ to ½, whose pixels lie where `map` (crop to photo px) says; beyond the photo
    /// its edge goes on.
    pub(crate) fn crop(&self, side: usize, map: &Map) -> Vec<f32> {
        let stride = map[0].hypot(map[3]).max(map[1].hypot(map[4]));
        let block = ((stride + 0.25) as usize).clamp(1, MOST_BLOCK).min(self.width).min(self.height);
        let (bytes, width, height, corner) = self.averaged(block, self.bounds(side, map, block));
        let reduced = Photo { bytes: &bytes, width, height };
        let area = side * side;
        let mut planes = vec![0.0f32; 3 * area];
        for at in 0..area {
            let (x, y) = ((at % side) as f32 + 0.5, (at / side) as f32 + 0.5);
            let from = [map[0] * x + map[1] * y + map[2], map[3] * x + map[4] * y + map[5]];
            let [x, y] = [0, 1].map(|axis| (from[axis] - corner[axis] as f32) / block as f32);
            for (channel, value) in reduced.at(x, y).into_iter().enumerate() {
                planes[channel * area + at] = value / 255.0 - 0.5;
            }
        }
        planes
    }

    /// The part of the photo that a crop sees, with a margin of two blocks: first column and row, and those after the last.
    fn bounds(&self, side: usize, map: &Map, block: usize) -> [[usize; 2]; 2] {
        let side = side as f32;
        let corners = [[0.0, 0.0], [side, 0.0], [0.0, side], [side, side]];
        let place = |axis: usize, [x, y]: [f32; 2]| map[3 * axis] * x + map[3 * axis + 1] * y + map[3 * axis + 2];
        let margin = 2.0 * block as f32;
        let edge = |axis: usize, length: usize| {
            let places = corners.map(|corner| place(axis, corner));
            let low = places.into_iter().fold(f32::MAX, f32::min) - margin;
            let high = places.into_iter().fold(f32::MIN, f32::max) + margin;
            // A block at least, also of a photo that the crop does not touch.
            let first = (low.max(0.0) as usize).min(length - block);
            [first, (high.max(0.0) as usize).clamp(first + block, length)]
        };
        let (across, down) = (edge(0, self.width), edge(1, self.height));
        [[across[0], down[0]], [across[1], down[1]]]
    }

    /// Means of `block` × `block` pixels between two corners, with their width and height and the first corner.
    fn averaged(&self, block: usize, [first, end]: [[usize; 2]; 2]) -> (Vec<u8>, usize, usize, [usize; 2]) {
        let (columns, rows) = ((end[0] - first[0]) / block, (end[1] - first[1]) / block);
        let mut bytes = Vec::with_capacity(columns * rows * 3);
        let area = (block * block) as u32;
        let mut sums = vec![0u32; columns * 3];
        for row in 0..rows {
            sums.fill(0);
            for line in 0..block {
                let start = ((first[1] + row * block + line) * self.width + first[0]) * 3;
                let line = &self.bytes[start..start + columns * block * 3];
                for (sum, block) in sums.chunks_exact_mut(3).zip(line.chunks_exact(3 * block)) {
                    for pixel in block.chunks_exact(3) {
                        sum.iter_mut().zip(pixel).for_each(|(sum, &value)| *sum += u32::from(value));
                    }
                }
            }
            bytes.extend(sums.iter().map(|sum| ((sum + area / 2) / area) as u8));
        }
        (bytes, columns, rows, first)
    }

    /// The bilinear mean of the four pixels about (x, y).
    fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let inside = |axis: f32, length: usize| {
            let axis = (axis - 0.5).clamp(0.0, (length - 1) as f32);
            let first = axis as usize;
            (first, (first + 1).min(length - 1), axis - first as f32)
        };
        let (left, right, across) = inside(x, self.width);
        let (above, below, down) = inside(y, self.height);
        let pixel = |column: usize, row: usize| &self.bytes[(row * self.width + column) * 3..][..3];
        let corners = [pixel(left, above), pixel(right, above), pixel(left, below), pixel(right, below)];
        std::array::from_fn(|channel| {
            let [a, b, c, d] = corners.map(|corner| f32::from(corner[channel]));
            let upper = a + (b - a) * across;
            upper + (c + (d - c) * across - upper) * down
        })
    }
}

/// The pixels that one pixel of a smaller picture covers, and their shares.
struct Span {
    first: usize,
    weights: Vec<f32>,
}

fn spans(from: usize, to: usize, scale: f32) -> Vec<Span> {
    let span = |at: usize| {
        // At least two pixels wide: enlarging is then linear, not blocks.
        let half = (scale / 2.0).max(1.0);
        let middle = (at as f32 + 0.5) * scale;
        let first = (middle - half).floor().max(0.0) as usize;
        let last = ((middle + half).ceil() as usize).clamp(first + 1, from.max(first + 1));
        let weight = |pixel: usize| {
            let place = pixel as f32 + 0.5;
            if scale > 2.0 {
                ((place + 0.5).min(middle + half) - (place - 0.5).max(middle - half)).max(0.0)
            } else {
                (1.0 - (place - middle).abs() / half).max(0.0)
            }
        };
        let last = last.min(from);
        let first = first.min(last - 1);
        let mut weights: Vec<f32> = (first..last).map(weight).collect();
        let sum: f32 = weights.iter().sum();
        if sum > 0.0 {
            weights.iter_mut().for_each(|weight| *weight /= sum);
        } else {
            weights[0] = 1.0;
        }
        Span { first, weights }
    };
    (0..to).map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_is_as_long_as_it_says() {
        assert!(Photo::new(&[0; 12], 2, 2).is_ok());
        for (bytes, width, height) in [(11, 2, 2), (0, 0, 4), (12, usize::MAX, 2)] {
            let sentence = Photo::new(&vec![0; bytes], width, height).expect_err("wrong").to_string();
            assert!(sentence.contains("of 3 bytes"), "{sentence}");
        }
    }

    #[test]
    fn a_fitted_photo_keeps_its_mean_and_its_ramp() {
        // A ramp of 8 px columns, 1000 × 400 px, into 320 × 128.
        let bytes: Vec<u8> = (0..400 * 1000).flat_map(|at| [((at % 1000) / 8) as u8, 100, 200]).collect();
        let photo = Photo::new(&bytes, 1000, 400).expect("right");
        let (planes, width, height, scale) = photo.fitted(320, 32);
        assert_eq!((width, height), (320, 128));
        assert!((scale - 3.125).abs() < 1e-6);
        for column in [0, 100, 319] {
            let middle = (column as f32 + 0.5) * scale / 8.0 - 0.5;
            let found = (planes[50 * 320 + column] + 0.5) * 255.0;
            assert!((found - middle).abs() < 0.6, "{found} {middle}");
        }
        assert!((planes[320 * 128] + 0.5 - 100.0 / 255.0).abs() < 1e-4);
        let small = Photo::new(&bytes[..40 * 3], 40, 1).expect("right").fitted(320, 32);
        assert_eq!((small.1, small.2), (320, 32));
        assert_eq!(small.0[31 * 320], 0.0, "what lies beyond the photo is gray");
    }

    #[test]
    fn a_crop_takes_pixels_from_where_its_map_says() {
        let bytes: Vec<u8> = (0..64 * 64).flat_map(|at| [(at % 64 * 4) as u8, (at / 64 * 4) as u8, 0]).collect();
        let photo = Photo::new(&bytes, 64, 64).expect("right");
        // A quarter turn about the photo's middle, at half size.
        let crop = photo.crop(32, &[0.0, -2.0, 64.0, 2.0, 0.0, 0.0]);
        let red = |column: usize, row: usize| (crop[row * 32 + column] + 0.5) * 255.0;
        // Crop (10.5, 3.5) lies at photo (57, 21): red 4 (57 - ½).
        assert!((red(10, 3) - 226.0).abs() < 0.1, "{}", red(10, 3));
        // Beyond the photo its edge goes on, and eyes far outside are no panic.
        assert!((photo.crop(32, &[1.0, 0.0, -500.0, 0.0, 1.0, 0.0])[0] + 0.5).abs() < 1e-6);
        for map in [[1e9, 0.0, 0.0, 0.0, 1e9, 0.0], [f32::NAN; 6], [0.0; 6], [3.0, 0.0, 9e9, 0.0, 3.0, -9e9]] {
            assert_eq!(photo.crop(32, &map).len(), 3 * 32 * 32);
        }
    }
}
