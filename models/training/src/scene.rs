//! Rooms for faces to stand in, and things that are no faces: made from colours, shapes, noise and scraps of portraits.
//!
//! No photo of a scene is at hand, so clutter has to teach the networks what is *not* a face: shelves, stripes, balls
//! and hands in skin colours, hair without a face, and single eyes, mouths and ears, which only together make one.
//! Scraps hold at most a third of a face.

use rand::Rng;
use rand::seq::IndexedRandom;

use crate::canvas::Canvas;
use crate::canvas::Cut;
use crate::data::Portrait;
use crate::geometry::FACE_CENTRE;
use crate::geometry::Transform;
use crate::geometry::normal;
use crate::geometry::similarity;
use crate::mosaic;

/// Probes for a pixel of a wanted class before a scrap is given up.
const PROBES: usize = 40;

/// A scene without faces, `width` × `height` px, clutter of `portraits` in it.
pub fn empty(portraits: &[Portrait], width: usize, height: usize, rng: &mut impl Rng) -> Canvas {
    let mut canvas = backdrop(portraits, width, height, rng);
    let things = if rng.random_bool(0.15) { 0 } else { rng.random_range(1..24) };
    for _ in 0..things {
        thing(&mut canvas, portraits, rng);
    }
    canvas
}

/// What lies behind everything.
fn backdrop(portraits: &[Portrait], width: usize, height: usize, rng: &mut impl Rng) -> Canvas {
    let mut canvas = Canvas::new(width, height, colour(rng));
    match rng.random_range(0..12) {
        0 => {}
        10 | 11 => mosaic::floor(&mut canvas, portraits, rng),
        1..=3 => gradient(&mut canvas, colour(rng), colour(rng), rng),
        4..=6 => clouds(&mut canvas, colour(rng), colour(rng), rng),
        _ => {
            // A strip of a portrait's own background, magnified and endless by its edges.
            let portrait = portraits.choose(rng).expect("there are portraits");
            let across = width.max(height) as f32;
            if let Some([x, y]) = spot(portrait, 0, rng) {
                let transform = similarity(
                    across / rng.random_range(30.0..90.0),
                    rng.random_range(0.0..6.3),
                    [x, y],
                    [width as f32 / 2.0, height as f32 / 2.0],
                );
                texture(&mut canvas, portrait, &transform, 0, None);
            }
        }
    }
    if rng.random_bool(0.4) {
        // A floor, a wall's other half, a window.
        let (low, high) = (height / 3, height.max(3));
        let edge = rng.random_range(low..high);
        let (upper, lower) = (colour(rng), colour(rng));
        let share = rng.random_range(0.3..1.0);
        for row in edge..height {
            let down = (row - edge) as f32 / height as f32;
            for column in 0..width {
                for channel in 0..3 {
                    let value = lower[channel] + (upper[channel] - lower[channel]) * down;
                    let under = &mut canvas.pixel(column, row)[channel];
                    *under += (value - *under) * share;
                }
            }
        }
    }
    canvas
}

/// Adds one thing that is no face.
pub fn thing(canvas: &mut Canvas, portraits: &[Portrait], rng: &mut impl Rng) {
    let least = canvas.width.min(canvas.height) as f32;
    let size = least * 2.0f32.powf(rng.random_range(-5.0..-0.5));
    let place = [rng.random::<f32>() * canvas.width as f32, rng.random::<f32>() * canvas.height as f32];
    let portrait = portraits.choose(rng).expect("there are portraits");
    match rng.random_range(0..21) {
        0..=2 => {
            let shape = Shape::Rectangle { half: [size * rng.random_range(0.2..1.5), size] };
            blob(canvas, place, rng.random_range(-0.3..0.3), shape, Fill::slope(colour(rng), colour(rng)));
        }
        3 => shelf(canvas, place, size, rng),
        4 => stripes(canvas, place, size, rng),
        5 | 6 => {
            let skin = skin_colour(rng);
            let dark = skin.map(|channel| channel * rng.random_range(0.3..0.9));
            let half = [size, size * rng.random_range(0.7..1.5)];
            blob(canvas, place, rng.random_range(0.0..6.3), Shape::Ellipse { half }, Fill::slope(skin, dark));
            if rng.random_bool(0.5) {
                eyes_of_nothing(canvas, place, size, rng);
            }
        }
        7 => hand(canvas, place, size, rng),
        8 | 9 => back_of_head(canvas, portrait, place, size, rng),
        10..=12 => scrap(canvas, portrait, place, size, rng),
        13 => {
            let half = [size, size * rng.random_range(0.3..1.0)];
            blob(canvas, place, rng.random_range(0.0..6.3), Shape::Ellipse { half }, Fill::flat(colour(rng)));
        }
        14 => writing(canvas, place, size, rng),
        15..=18 => mosaic::scrambled(canvas, portrait, place, size, rng),
        19 => {
            let transform = similarity(size / 120.0, normal(rng, 0.2), FACE_CENTRE, place);
            canvas.paste(portrait, &transform, Cut::Behind, |colour| colour);
        }
        _ => {
            let class = *[0u8, 2, 7, 7].choose(rng).expect("not empty");
            if let Some([x, y]) = spot(portrait, class, rng) {
                let transform =
                    similarity(rng.random_range(0.3..2.5) * least / 320.0, rng.random_range(0.0..6.3), [x, y], place);
                texture(canvas, portrait, &transform, class, Some((place, size)));
            }
        }
    }
}

/// A piece of a face that is none: one eye, a mouth, a nose, an ear, a cheek, a collar.
pub fn scrap(canvas: &mut Canvas, portrait: &Portrait, place: [f32; 2], size: f32, rng: &mut impl Rng) {
    let points = &portrait.points;
    let (centre, radius) = match rng.random_range(0..7) {
        0 => (points[68], 40.0),
        1 => (points[69], 40.0),
        2 => (points[62], 55.0),
        3 => (points[30], 38.0),
        4 => (points[2], 45.0),
        5 => ([256.0, 470.0], 60.0),
        _ => ([256.0, 110.0], 55.0),
    };
    let transform = similarity(size / radius, normal(rng, 0.8), centre, place);
    let gain = normal(rng, 0.2).exp();
    let [x, y] = centre.map(|axis| axis.clamp(0.0, 511.0) as u16);
    canvas.paste(portrait, &transform, Cut::Disc { x, y, radius: radius as u16 }, |c| c.map(|v| v * gain));
}

/// Any colour, dull ones more often.
pub fn colour(rng: &mut impl Rng) -> [f32; 3] {
    let gray = rng.random::<f32>();
    let strength = rng.random::<f32>().powi(2);
    std::array::from_fn(|_| (gray + (rng.random::<f32>() - gray) * strength).clamp(0.0, 1.0))
}

/// A colour that skin has somewhere.
pub fn skin_colour(rng: &mut impl Rng) -> [f32; 3] {
    let light: f32 = rng.random_range(0.2..1.0);
    [light, light * rng.random_range(0.6..0.85), light * rng.random_range(0.4..0.75)]
}

/// A canonical spot of `class` in `portrait`, if one is found by lot.
fn spot(portrait: &Portrait, class: u8, rng: &mut impl Rng) -> Option<[f32; 2]> {
    (0..PROBES)
        .map(|_| [rng.random_range(0.0..512.0f32), rng.random_range(0.0..512.0f32)])
        .find(|&[x, y]| portrait.region(x, y) == class)
}

/// `portrait`'s pixels of `class` (folded back at its borders) over a circle, or over everything.
fn texture(
    canvas: &mut Canvas,
    portrait: &Portrait,
    transform: &Transform,
    class: u8,
    circle: Option<([f32; 2], f32)>,
) {
    let Some(back) = transform.inverse() else { return };
    let level = Portrait::level_for(crate::geometry::scale_of(transform));
    for row in 0..canvas.height {
        for column in 0..canvas.width {
            let at = [column as f32 + 0.5, row as f32 + 0.5];
            if let Some((middle, radius)) = circle
                && length(at[0] - middle[0], at[1] - middle[1]) > radius
            {
                continue;
            }
            let from = crate::geometry::place(&back, at);
            if portrait.region(from[0], from[1]) == class {
                let [r, g, b, _] = portrait.pixel(level, from[0], from[1]);
                canvas.pixel(column, row).copy_from_slice(&[r / 255.0, g / 255.0, b / 255.0]);
            }
        }
    }
}

/// From one colour to another along a random direction.
fn gradient(canvas: &mut Canvas, from: [f32; 3], to: [f32; 3], rng: &mut impl Rng) {
    let (sine, cosine) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
    let size = (canvas.width + canvas.height) as f32;
    for row in 0..canvas.height {
        for column in 0..canvas.width {
            let share = (0.5
                + (column as f32 - canvas.width as f32 / 2.0) * cosine / size
                + (row as f32 - canvas.height as f32 / 2.0) * sine / size)
                .clamp(0.0, 1.0);
            for (channel, value) in canvas.pixel(column, row).iter_mut().enumerate() {
                *value = from[channel] + (to[channel] - from[channel]) * share;
            }
        }
    }
}

/// Noise with as much power in every octave (1/f), between two colours: foliage, plaster, crowds out of focus.
fn clouds(canvas: &mut Canvas, from: [f32; 3], to: [f32; 3], rng: &mut impl Rng) {
    let (width, height) = (canvas.width, canvas.height);
    let mut field = vec![0.0f32; width * height];
    let rough: f32 = rng.random_range(0.4..0.85);
    let first: f32 = rng.random_range(1.5..4.0);
    for octave in 0..6 {
        let cells = (first * (1u32 << octave) as f32).ceil() as usize;
        let strength = rough.powi(octave);
        let side = cells + 2;
        let grid: Vec<f32> = (0..side * side).map(|_| rng.random_range(-1.0..1.0)).collect();
        let scale = cells as f32 / width.max(height) as f32;
        for row in 0..height {
            let y = row as f32 * scale;
            let (above, down) = (y as usize, y.fract());
            for column in 0..width {
                let x = column as f32 * scale;
                let (before, right) = (x as usize, x.fract());
                let at = above * side + before;
                let upper = grid[at] + (grid[at + 1] - grid[at]) * right;
                let lower = grid[at + side] + (grid[at + side + 1] - grid[at + side]) * right;
                field[row * width + column] += strength * (upper + (lower - upper) * down);
            }
        }
    }
    let contrast = rng.random_range(0.4..1.5);
    for (pixel, value) in canvas.rgb.chunks_exact_mut(3).zip(field) {
        let share = (0.5 + value * contrast * 0.5).clamp(0.0, 1.0);
        for channel in 0..3 {
            pixel[channel] = from[channel] + (to[channel] - from[channel]) * share;
        }
    }
}

/// Outlines that can be filled.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Half width and half height, px.
    Rectangle {
        /// px.
        half: [f32; 2],
    },
    /// Half axes, px.
    Ellipse {
        /// px.
        half: [f32; 2],
    },
}

/// What a shape is filled with: one colour at its top, another at its bottom.
#[derive(Debug, Clone, Copy)]
pub struct Fill {
    top: [f32; 3],
    bottom: [f32; 3],
}

impl Fill {
    /// One colour.
    pub fn flat(colour: [f32; 3]) -> Self {
        Self { top: colour, bottom: colour }
    }

    /// Two.
    pub fn slope(top: [f32; 3], bottom: [f32; 3]) -> Self {
        Self { top, bottom }
    }
}

/// Fills `shape`, turned by `angle` radians about its middle at `place`.
pub fn blob(canvas: &mut Canvas, place: [f32; 2], angle: f32, shape: Shape, fill: Fill) {
    let (sine, cosine) = angle.sin_cos();
    let half = match shape {
        Shape::Rectangle { half } | Shape::Ellipse { half } => half,
    };
    let reach = half[0].hypot(half[1]) + 1.0;
    let range = |middle: f32, most: usize| {
        let low = (middle - reach).clamp(0.0, most as f32) as usize;
        low..((middle + reach).clamp(0.0, most as f32) as usize).max(low)
    };
    for row in range(place[1], canvas.height) {
        for column in range(place[0], canvas.width) {
            let (dx, dy) = (column as f32 + 0.5 - place[0], row as f32 + 0.5 - place[1]);
            let (x, y) = (dx * cosine + dy * sine, dy * cosine - dx * sine);
            let inside = match shape {
                Shape::Rectangle { .. } => (half[0] - x.abs()).min(half[1] - y.abs()),
                Shape::Ellipse { .. } => (1.0 - length(x / half[0], y / half[1])) * half[0].min(half[1]),
            };
            let share = (inside + 0.5).clamp(0.0, 1.0);
            if share > 0.0 {
                let down = (y / half[1] * 0.5 + 0.5).clamp(0.0, 1.0);
                for (channel, value) in canvas.pixel(column, row).iter_mut().enumerate() {
                    let over = fill.top[channel] + (fill.bottom[channel] - fill.top[channel]) * down;
                    *value += (over - *value) * share;
                }
            }
        }
    }
}

/// `hypot` guards against overflow, at a third of the time a scene takes.
fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

/// Boards with things of many colours on them.
fn shelf(canvas: &mut Canvas, place: [f32; 2], size: f32, rng: &mut impl Rng) {
    let wood = colour(rng);
    let rows = rng.random_range(1..4);
    let books = rng.random_range(4..14);
    for row in 0..rows {
        let top = place[1] + row as f32 * size * 0.8;
        for book in 0..books {
            let half = [size * 0.9 / books as f32, size * rng.random_range(0.2..0.38)];
            let middle = [place[0] + (book as f32 * 2.0 + 1.0) * half[0], top + size * 0.38 - half[1]];
            blob(canvas, middle, 0.0, Shape::Rectangle { half }, Fill::flat(colour(rng)));
        }
        let board = [place[0] + size * 0.9, top + size * 0.4];
        blob(canvas, board, 0.0, Shape::Rectangle { half: [size, size * 0.03] }, Fill::flat(wood));
    }
}

/// Bars or a chequered pattern.
fn stripes(canvas: &mut Canvas, place: [f32; 2], size: f32, rng: &mut impl Rng) {
    let colours = [colour(rng), colour(rng)];
    let count = rng.random_range(3..12);
    let chequered = rng.random_bool(0.3);
    let angle: f32 = rng.random_range(-0.5..0.5);
    let (sine, cosine) = angle.sin_cos();
    let half = size / count as f32;
    for bar in 0..count {
        for cell in 0..if chequered { count } else { 1 } {
            let x = (2 * bar - count + 1) as f32 * half;
            let y = if chequered { (2 * cell - count + 1) as f32 * half } else { 0.0 };
            let middle = [place[0] + x * cosine - y * sine, place[1] + x * sine + y * cosine];
            let reach = if chequered { half } else { size };
            let fill = Fill::flat(colours[((bar + cell) % 2) as usize]);
            blob(canvas, middle, angle, Shape::Rectangle { half: [half, reach] }, fill);
        }
    }
}

/// Dark dots where eyes might be: a bowling ball, a socket, a button.
fn eyes_of_nothing(canvas: &mut Canvas, place: [f32; 2], size: f32, rng: &mut impl Rng) {
    for _ in 0..rng.random_range(1..4) {
        let middle = [place[0] + normal(rng, 0.4) * size, place[1] + normal(rng, 0.4) * size];
        let half = [size * rng.random_range(0.04..0.2), size * rng.random_range(0.04..0.2)];
        let dark = colour(rng).map(|channel| channel * 0.4);
        blob(canvas, middle, rng.random_range(0.0..3.0), Shape::Ellipse { half }, Fill::flat(dark));
    }
}

/// A palm with fingers.
pub fn hand(canvas: &mut Canvas, place: [f32; 2], size: f32, rng: &mut impl Rng) {
    let skin = skin_colour(rng);
    let shade = skin.map(|channel| channel * rng.random_range(0.55..0.95));
    let angle: f32 = rng.random_range(0.0..std::f32::consts::TAU);
    blob(canvas, place, angle, Shape::Ellipse { half: [size * 0.5, size * 0.6] }, Fill::slope(skin, shade));
    for finger in 0..5 {
        let spread = angle + (finger as f32 - 2.0) * rng.random_range(0.18..0.4) - std::f32::consts::FRAC_PI_2;
        let length = size * rng.random_range(0.35..0.6);
        let middle = [
            place[0] + spread.cos() * (size * 0.45 + length * 0.6),
            place[1] + spread.sin() * (size * 0.45 + length * 0.6),
        ];
        let turned = spread + std::f32::consts::FRAC_PI_2;
        blob(canvas, middle, turned, Shape::Ellipse { half: [size * 0.12, length] }, Fill::slope(shade, skin));
    }
}

/// A head seen from behind: hair's own pixels in a head's outline over a neck and shoulders.
fn back_of_head(canvas: &mut Canvas, portrait: &Portrait, place: [f32; 2], size: f32, rng: &mut impl Rng) {
    let (cloth, skin) = (colour(rng), skin_colour(rng));
    let below = |down: f32| [place[0], place[1] + size * down];
    let wide = rng.random_range(1.3..2.0);
    blob(canvas, below(2.0), 0.0, Shape::Ellipse { half: [size * wide, size * 0.9] }, Fill::flat(cloth));
    blob(canvas, below(0.9), 0.0, Shape::Rectangle { half: [size * 0.45, size * 0.5] }, Fill::flat(skin));
    let tone = colour(rng).map(|channel| channel * 0.7);
    let half = [size * 0.85, size * 1.1];
    blob(canvas, place, 0.0, Shape::Ellipse { half }, Fill::slope(tone, tone.map(|channel| channel * 0.6)));
    if let Some([x, y]) = spot(portrait, 2, rng) {
        let transform = similarity(size / rng.random_range(25.0..70.0), rng.random_range(0.0..6.3), [x, y], place);
        texture(canvas, portrait, &transform, 2, Some((place, size * 0.85)));
    }
}

/// Rows of short dark strokes.
fn writing(canvas: &mut Canvas, place: [f32; 2], size: f32, rng: &mut impl Rng) {
    let ink = colour(rng).map(|channel| channel * 0.5);
    if rng.random_bool(0.6) {
        let paper = colour(rng).map(|channel| 0.6 + 0.4 * channel);
        blob(canvas, place, 0.0, Shape::Rectangle { half: [size, size * 0.8] }, Fill::flat(paper));
    }
    for row in 0..6 {
        let mut x = place[0] - size * 0.9;
        while x < place[0] + size * 0.9 {
            let half = size * rng.random_range(0.02..0.1);
            let middle = [x + half, place[1] + size * (row as f32 - 2.5) * 0.25];
            blob(canvas, middle, 0.0, Shape::Rectangle { half: [half, size * 0.05] }, Fill::flat(ink));
            x += 2.0 * half + size * rng.random_range(0.03..0.08);
        }
    }
}
