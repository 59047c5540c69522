//! What the line drawer is fed in training, and what it should draw: a person on white, photographed or drawn, and the
//! lines that an artist found in the photo.
//!
//! Photos come in all weathers before their background turns white, as the program does it; drawings come as they are,
//! sometimes as a bad scan. Early in a run squares of [`SMALL`] px are cut out, later whole frames are shown, as when
//! drawing: statistics over the whole picture are part of the network.

use rand::Rng;
use rand::seq::IndexedRandom;

use crate::canvas::Canvas;
use crate::canvas::Cut;
use crate::data::Portrait;
use crate::data::SIDE;
use crate::geometry::FRAME;
use crate::geometry::Transform;
use crate::geometry::mirror;
use crate::geometry::normal;
use crate::geometry::place;
use crate::geometry::similarity;
use crate::light;
use crate::light::Weather;
use crate::page::Page;

/// Side of the squares that are cut out, px.
pub const SMALL: usize = 256;
/// What photos go through.
const WEATHER: Weather = Weather { side_light: 0.25, blur: 0.25, most_blur_px: 1.6, noise: 0.35, jpeg: 0.3, gray: 0.2 };
/// How often a drawing is shown instead of the photo, where there is one.
const DRAWN: f64 = 0.4;
/// How often a frame is only shifted: sharp lines stay sharp.
const STRAIGHT: f64 = 0.5;

/// A person: the photo, the lines found in it, and drawings of it.
#[derive(Debug, Clone)]
pub struct Person<'a> {
    /// The photo with its labels.
    pub portrait: &'a Portrait,
    /// The artist's lines.
    pub lines: Page,
    /// The same person as other artists drew it.
    pub drawings: Vec<Page>,
}

/// One picture and its lines, `side` × `side` values each, 0 (ink) to 1 (paper).
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Width and height, px.
    pub side: usize,
    /// The person on white.
    pub content: Vec<f32>,
    /// The artist's lines.
    pub lines: Vec<f32>,
    /// 1 where strokes are unwanted unless the artist has one: skin, hair, clothes, backdrop.
    pub calm: Vec<f32>,
}

/// A frame of `person`, `side` px wide, for training.
pub fn draw(person: &Person, side: usize, rng: &mut impl Rng) -> Frame {
    let straight = rng.random_bool(STRAIGHT);
    let (scale, angle) = if straight { (1.0, 0.0) } else { (normal(rng, 0.1).exp(), normal(rng, 5.0).to_radians()) };
    let half = side as f32 / 2.0;
    let from = if side < SIDE {
        // Faces more often than collars.
        [256.0 + normal(rng, 60.0), 260.0 + normal(rng, 75.0)]
    } else {
        [256.0 + normal(rng, 6.0), 256.0 + normal(rng, 6.0)]
    };
    let from = if straight { from.map(f32::round) } else { from };
    let jitter = similarity(scale, angle, from, [half; 2]);
    let transform = if rng.random_bool(0.5) { mirror().then(&jitter) } else { jitter };
    let content = match person.drawings.choose(rng) {
        Some(drawing) if rng.random_bool(DRAWN) => scanned(drawing, &transform, side, rng),
        _ => photographed(person.portrait, &transform, [side; 2], Some(rng)),
    };
    framed(person, &transform, side, content)
}

/// The whole frame of `person` as it is: the photo, or the drawing `drawing`.
pub fn trial(person: &Person, drawing: Option<usize>) -> Frame {
    let transform = Transform::identity();
    let content = match drawing.and_then(|at| person.drawings.get(at)) {
        Some(drawing) => drawing.values(),
        None => photographed(person.portrait, &transform, [SIDE; 2], None::<&mut rand_pcg::Pcg64Mcg>),
    };
    framed(person, &transform, SIDE, content)
}

fn framed(person: &Person, transform: &Transform, side: usize, content: Vec<f32>) -> Frame {
    let lines = person.lines.under(transform, side);
    let mut calm = vec![0.0; side * side];
    if let Some(back) = transform.inverse() {
        for row in 0..side {
            for column in 0..side {
                let [x, y] = place(&back, [column as f32 + 0.5, row as f32 + 0.5]);
                // Background, skin, hair, clothes; beyond the photo nothing is known, and nothing wanted.
                calm[row * side + column] =
                    f32::from(u8::from(matches!(person.portrait.region(x, y), 0..=2 | 7 | 255)));
            }
        }
    }
    Frame { side, content, lines, calm }
}

/// What `width` × `height` px show of the person of `portrait`, on white, gray, in a weather drawn from `rng` if there is one.
pub(crate) fn photographed(
    portrait: &Portrait,
    transform: &Transform,
    [width, height]: [usize; 2],
    rng: Option<&mut impl Rng>,
) -> Vec<f32> {
    let mut canvas = Canvas::new(width, height, [1.0; 3]);
    canvas.paste(portrait, transform, Cut::Endless, |colour| colour);
    if let Some(rng) = rng {
        WEATHER.apply(&mut canvas, rng);
    }
    let back = transform.inverse().unwrap_or_default();
    let level = Portrait::level_for(crate::geometry::scale_of(transform));
    let inside = |axis: f32| (0.0..FRAME).contains(&axis);
    let pixels = canvas.rgb.chunks_exact(3).enumerate();
    pixels
        .map(|(at, rgb)| {
            let [x, y] = place(&back, [(at % width) as f32 + 0.5, (at / width) as f32 + 0.5]);
            let person = if inside(x) && inside(y) { portrait.pixel(level, x, y)[3] / 255.0 } else { 0.0 };
            1.0 + (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] - 1.0) * person
        })
        .collect()
}

/// A drawing as a scanner may see it: softer, grayer, on yellowed paper made white again.
fn scanned(drawing: &Page, transform: &Transform, side: usize, rng: &mut impl Rng) -> Vec<f32> {
    let values = drawing.under(transform, side);
    if rng.random_bool(0.5) {
        return values;
    }
    let mut canvas = Canvas { width: side, height: side, rgb: values.iter().flat_map(|&value| [value; 3]).collect() };
    light::blur(&mut canvas, rng.random_range(0.0..1.2), rng.random_range(0.0..1.2));
    light::noise(&mut canvas, 0.04 * rng.random::<f32>(), rng);
    let black = rng.random_range(0.0..0.3);
    canvas.rgb.chunks_exact(3).map(|rgb| (black + (1.0 - black) * rgb[0]).clamp(0.0, 1.0)).collect()
}
