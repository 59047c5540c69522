//! Drawings of the sample sitters, and the sheets they are scanned on.

use std::sync::OnceLock;

use image::GrayImage;
use image::Luma;
use image::Rgb;
use image::RgbImage;
use models::Manifest;
use models::weights;
use portraitist::artists::Artist;
use portraitist::config::ModelsConfig;
use portraitist::photo;
use portraitist::photo::sitters;
use portraitist::sitter;
use portraitist::sitter::SitterConfig;
use training::sketchbook::eyes::Seers;

/// What the pen artist drew of each of the sample sitters, 512 px, in the canonical frame.
pub fn drawings() -> &'static [GrayImage] {
    static DRAWINGS: OnceLock<Vec<GrayImage>> = OnceLock::new();
    DRAWINGS.get_or_init(|| {
        let networks = ModelsConfig::default().face_networks().expect("they ship");
        let config = SitterConfig::default();
        let draw = |sitter: &sitters::Sitter| {
            let photo = photo::decode(sitter.jpeg).expect("a photo");
            let faces = sitter::faces(&photo, &networks, &config).expect("memory");
            let sitting = sitter::sit(&photo, &faces, &networks, &config).expect("a face");
            Artist::Pen.draw(0, 1, &sitting.portrait, &sitting.face).expect("a hand")
        };
        sitters::sitters().iter().map(draw).collect()
    })
}

/// The networks that find faces on drawings.
pub fn seers() -> Seers {
    let folder = ModelsConfig::default().folder();
    let read =
        |name: &str| weights::read(Manifest::shipped().named(name).expect("it ships"), &folder).expect("it is there");
    Seers::load(&read(models::face_finder::NAME), &read(models::face_reader::NAME)).expect("they fit")
}

/// How a drawing lies on its sheet.
#[derive(Debug, Clone, Copy)]
pub struct Lie {
    /// Its size, in px of the sheet for one of its own.
    pub scale: f32,
    /// How far it is turned, degrees.
    pub turned: f32,
    /// Its middle, px of the sheet.
    pub middle: [f32; 2],
}

/// `drawing` on a yellowed sheet of `width` × `height` px in slanting light, with a ruled border and a caption below.
pub fn sheet(drawing: &GrayImage, width: u32, height: u32, lie: Lie) -> RgbImage {
    let Lie { scale, turned, middle } = lie;
    let (sin, cos) = turned.to_radians().sin_cos();
    let ink = |x: u32, y: u32| {
        let (dx, dy) = ((x as f32 + 0.5 - middle[0]) / scale, (y as f32 + 0.5 - middle[1]) / scale);
        let at = [256.0 + cos * dx + sin * dy, 256.0 - sin * dx + cos * dy];
        let rule = 12;
        let near = |at: u32, edge: u32| at.abs_diff(edge) < 3;
        let ruled = near(x, rule) || near(x, width - rule) || near(y, rule) || near(y, height - rule);
        // Letters: posts and bars, 16 px wide.
        let from = (middle[1] + 285.0 * scale) as u32;
        let letters = (from..from + 24).contains(&y)
            && (x as f32 - middle[0]).abs() < 150.0
            && x % 20 < 14
            && (x % 5 < 3 || y % 9 < 3);
        if ruled || letters { 0.9 } else { 1.0 - paper(drawing, at) }
    };
    RgbImage::from_fn(width, height, |x, y| {
        let light = 1.0 - 0.25 * x as f32 / width as f32;
        let grain = 1.0 - 0.015 * ((x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)) % 7) as f32 / 6.0;
        let dark = 1.0 - 0.85 * ink(x, y);
        Rgb([240.0, 226.0, 190.0].map(|paper: f32| (paper * light * grain * dark) as u8))
    })
}

/// The drawing's value between its pixels' middles; paper beyond.
fn paper(drawing: &GrayImage, [x, y]: [f32; 2]) -> f32 {
    let (x, y) = (x - 0.5, y - 0.5);
    if x < 0.0 || y < 0.0 || x >= 511.0 || y >= 511.0 {
        return 1.0;
    }
    let (column, row) = (x as u32, y as u32);
    let value = |dx: u32, dy: u32| f32::from(drawing.get_pixel(column + dx, row + dy).0[0]);
    let (right, down) = (x.fract(), y.fract());
    let above = value(0, 0) + (value(1, 0) - value(0, 0)) * right;
    let below = value(0, 1) + (value(1, 1) - value(0, 1)) * right;
    (above + (below - above) * down) / 255.0
}

/// `drawing` without what lies below its row `end`.
pub fn cut(drawing: &GrayImage, end: u32) -> GrayImage {
    GrayImage::from_fn(512, 512, |x, y| if y < end { *drawing.get_pixel(x, y) } else { Luma([255]) })
}
