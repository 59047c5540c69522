//! Sheets to look at: tiles beside each other, squares and dots on pictures, classes as colours.

use crate::canvas::Canvas;

/// Colours of the classes, by index.
pub const PALETTE: [[f32; 3]; 9] = [
    [0.35, 0.35, 0.35],
    [0.94, 0.72, 0.6],
    [0.45, 0.25, 0.12],
    [0.0, 0.0, 0.0],
    [0.1, 0.1, 1.0],
    [1.0, 0.1, 0.1],
    [1.0, 1.0, 0.0],
    [0.0, 0.6, 0.1],
    [1.0, 0.0, 1.0],
];

/// `tiles` in rows of `columns`, all as large as the first.
pub fn tiled(tiles: &[Canvas], columns: usize) -> image::RgbImage {
    let Some(first) = tiles.first() else { return image::RgbImage::new(1, 1) };
    let (width, height) = (first.width as u32, first.height as u32);
    let rows = tiles.len().div_ceil(columns) as u32;
    let mut sheet = image::RgbImage::new(width * columns as u32, height * rows);
    for (at, tile) in tiles.iter().enumerate() {
        let (x, y) = ((at % columns) as u32 * width, (at / columns) as u32 * height);
        image::imageops::replace(&mut sheet, &tile.to_rgb8(), i64::from(x), i64::from(y));
    }
    sheet
}

/// The outline of a square with `half` its side, one px wide.
pub fn square(canvas: &mut Canvas, centre: [f32; 2], half: f32, colour: [f32; 3]) {
    let steps = (2.0 * half).ceil().max(1.0) as usize;
    for step in 0..=steps {
        let along = -half + step as f32;
        for [x, y] in [[along, -half], [along, half], [-half, along], [half, along]] {
            put(canvas, centre[0] + x, centre[1] + y, colour);
        }
    }
}

/// A filled square dot.
pub fn dot(canvas: &mut Canvas, at: [f32; 2], half: f32, colour: [f32; 3]) {
    let reach = half as i32;
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            put(canvas, at[0] + dx as f32, at[1] + dy as f32, colour);
        }
    }
}

fn put(canvas: &mut Canvas, x: f32, y: f32, colour: [f32; 3]) {
    if x >= 0.0 && y >= 0.0 && x < canvas.width as f32 && y < canvas.height as f32 {
        canvas.pixel(x as usize, y as usize).copy_from_slice(&colour);
    }
}
