//! The test card: a drawn head and shoulders, the same every time, for trying everything behind the camera without
//! one. It is nobody.

use tiny_skia::Color;
use tiny_skia::FillRule;
use tiny_skia::GradientStop;
use tiny_skia::LineCap;
use tiny_skia::LinearGradient;
use tiny_skia::Paint;
use tiny_skia::Path;
use tiny_skia::PathBuilder;
use tiny_skia::Pixmap;
use tiny_skia::Point;
use tiny_skia::RadialGradient;
use tiny_skia::Rect;
use tiny_skia::Shader;
use tiny_skia::SpreadMode;
use tiny_skia::Stroke;
use tiny_skia::Transform;

use super::Camera;
use super::CameraError;
use super::Shot;
use crate::photo::Photo;
use crate::raster::Rgb;

/// Width of the card, px.
const WIDTH: u32 = 960;
/// Height of the card, px.
const HEIGHT: u32 = 1200;

/// A camera that always takes the test card.
pub(super) struct TestCard;

impl Camera for TestCard {
    fn still(&mut self) -> Result<Shot, CameraError> {
        let origin = "the test card".to_owned();
        let blank = || CameraError::Driver { device: origin.clone(), what: "it could not be drawn".to_owned() };
        let photo = card().and_then(Photo::new).ok_or_else(blank)?;
        Ok(Shot { photo, origin })
    }
}

/// The card, drawn on a page of 960 x 1200.
fn card() -> Option<Rgb> {
    let mut page = Pixmap::new(WIDTH, HEIGHT)?;
    page.fill(Color::from_rgba8(205, 210, 214, 255));
    let mut card = Card { page };

    let shirt = card_path("M 90 1200 C 110 1010 250 950 400 910 L 560 910 C 710 950 850 1010 870 1200 Z")?;
    card.fill(&shirt, shade([62, 84, 110], [38, 52, 72], 905.0, 1200.0)?);
    let hair_behind = card_path(
        "M 270 520 C 250 250 340 150 480 150 C 620 150 710 250 690 520 C 685 640 660 700 640 720 L 320 720 C 300 700 275 640 270 520 Z",
    )?;
    card.fill(&hair_behind, flat([52, 38, 32]));
    let neck = card_path("M 405 720 L 402 912 C 430 985 530 985 558 912 L 555 720 Z")?;
    card.fill(&neck, shade([168, 124, 104], [205, 160, 136], 780.0, 950.0)?);
    let head = card_path(
        "M 300 480 C 300 300 380 230 480 230 C 580 230 660 300 660 480 C 660 600 640 690 590 760 C 555 810 520 835 480 835 C 440 835 405 810 370 760 C 320 690 300 600 300 480 Z",
    )?;
    card.fill(&head, round([236, 196, 170], [196, 148, 122], (440.0, 500.0), 360.0)?);
    let fringe = card_path(
        "M 285 500 C 290 400 330 340 400 320 C 500 350 590 330 625 300 C 655 360 672 430 675 500 C 700 330 640 170 480 165 C 320 170 260 330 285 500 Z",
    )?;
    card.fill(&fringe, shade([74, 54, 44], [48, 35, 30], 165.0, 500.0)?);

    for (x, mirror) in [(398.0, 1.0), (562.0, -1.0)] {
        card.eye(x, 512.0, mirror)?;
    }
    let nose = card_path("M 470 530 C 466 580 452 620 446 640 C 444 660 470 668 484 664 C 500 668 520 660 516 640")?;
    card.line(&nose, [150, 104, 86], 5.0);
    let mouth = card_path(
        "M 410 732 C 440 716 465 712 480 718 C 495 712 520 716 550 732 C 525 762 505 770 480 770 C 455 770 435 762 410 732 Z",
    )?;
    card.fill(&mouth, flat([178, 96, 92]));
    let lips = card_path("M 410 732 C 450 740 510 740 550 732")?;
    card.line(&lips, [104, 48, 48], 5.0);
    Some(card.into_rgb())
}

struct Card {
    page: Pixmap,
}

impl Card {
    fn fill(&mut self, path: &Path, shader: Shader<'_>) {
        let paint = Paint { shader, anti_alias: true, ..Paint::default() };
        self.page.fill_path(path, &paint, FillRule::Winding, Transform::identity(), None);
    }

    fn line(&mut self, path: &Path, colour: [u8; 3], width: f32) {
        let paint = Paint { shader: flat(colour), anti_alias: true, ..Paint::default() };
        let stroke = Stroke { width, line_cap: LineCap::Round, ..Stroke::default() };
        self.page.stroke_path(path, &paint, &stroke, Transform::identity(), None);
    }

    fn oval(&mut self, x: f32, y: f32, half_width: f32, half_height: f32, colour: [u8; 3]) -> Option<()> {
        let rect = Rect::from_xywh(x - half_width, y - half_height, half_width * 2.0, half_height * 2.0)?;
        self.fill(&PathBuilder::from_oval(rect)?, flat(colour));
        Some(())
    }

    /// An eye and its brow around (`x`, `y`); `mirror` is -1 for the one on the right.
    fn eye(&mut self, x: f32, y: f32, mirror: f32) -> Option<()> {
        let at = |dx: f32, dy: f32| (x + dx * mirror, y + dy);
        let mut white = PathBuilder::new();
        let mut lid = PathBuilder::new();
        let mut brow = PathBuilder::new();
        let curve = |path: &mut PathBuilder, a: (f32, f32), b: (f32, f32), c: (f32, f32)| {
            let (a, b, c) = (at(a.0, a.1), at(b.0, b.1), at(c.0, c.1));
            path.cubic_to(a.0, a.1, b.0, b.1, c.0, c.1);
        };
        let corner = at(-48.0, 4.0);
        white.move_to(corner.0, corner.1);
        curve(&mut white, (-24.0, -28.0), (24.0, -28.0), (48.0, 4.0));
        curve(&mut white, (24.0, 24.0), (-24.0, 24.0), (-48.0, 4.0));
        self.fill(&white.finish()?, flat([244, 240, 236]));
        self.oval(x, y, 21.0, 21.0, [92, 74, 52])?;
        self.oval(x, y, 10.0, 10.0, [22, 18, 16])?;
        self.oval(x + 7.0, y - 8.0, 4.0, 4.0, [255, 255, 255])?;
        lid.move_to(corner.0, corner.1);
        curve(&mut lid, (-24.0, -30.0), (24.0, -30.0), (50.0, 4.0));
        self.line(&lid.finish()?, [44, 30, 26], 7.0);
        let start = at(-62.0, -48.0);
        brow.move_to(start.0, start.1);
        curve(&mut brow, (-30.0, -72.0), (20.0, -70.0), (58.0, -54.0));
        self.line(&brow.finish()?, [62, 44, 36], 13.0);
        Some(())
    }

    fn into_rgb(self) -> Rgb {
        let page = self.page;
        Rgb::from_fn(WIDTH, HEIGHT, |x, y| {
            let at = (y * WIDTH + x) as usize;
            page.pixels().get(at).map_or(image::Rgb([0; 3]), |p| image::Rgb([p.red(), p.green(), p.blue()]))
        })
    }
}

fn flat(colour: [u8; 3]) -> Shader<'static> {
    Shader::SolidColor(opaque(colour))
}

fn opaque([red, green, blue]: [u8; 3]) -> Color {
    Color::from_rgba8(red, green, blue, 255)
}

fn stops(from: [u8; 3], to: [u8; 3]) -> Vec<GradientStop> {
    vec![GradientStop::new(0.0, opaque(from)), GradientStop::new(1.0, opaque(to))]
}

/// From one colour at the height `top` to another at `bottom`.
fn shade(from: [u8; 3], to: [u8; 3], top: f32, bottom: f32) -> Option<Shader<'static>> {
    let (start, end) = (Point::from_xy(0.0, top), Point::from_xy(0.0, bottom));
    LinearGradient::new(start, end, stops(from, to), SpreadMode::Pad, Transform::identity())
}

/// From one colour at `centre` to another at `radius` around it.
fn round(from: [u8; 3], to: [u8; 3], centre: (f32, f32), radius: f32) -> Option<Shader<'static>> {
    let centre = Point::from_xy(centre.0, centre.1);
    RadialGradient::new(centre, 0.0, centre, radius, stops(from, to), SpreadMode::Pad, Transform::identity())
}

/// A path in SVG's words, for `M`, `L`, `C` and `Z`.
fn card_path(words: &str) -> Option<Path> {
    let mut path = PathBuilder::new();
    for element in kurbo::BezPath::from_svg(words).ok()? {
        let xy = |p: kurbo::Point| (p.x as f32, p.y as f32);
        match element {
            kurbo::PathEl::MoveTo(p) => path.move_to(xy(p).0, xy(p).1),
            kurbo::PathEl::LineTo(p) => path.line_to(xy(p).0, xy(p).1),
            kurbo::PathEl::QuadTo(a, p) => path.quad_to(xy(a).0, xy(a).1, xy(p).0, xy(p).1),
            kurbo::PathEl::CurveTo(a, b, p) => path.cubic_to(xy(a).0, xy(a).1, xy(b).0, xy(b).1, xy(p).0, xy(p).1),
            kurbo::PathEl::ClosePath => path.close(),
        }
    }
    path.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_shows_a_face_on_a_quiet_background() {
        let shot = TestCard.still().expect("always there");
        let pixels = shot.photo.pixels();
        assert_eq!(pixels.dimensions(), (WIDTH, HEIGHT));
        let background = pixels.get_pixel(10, 10);
        assert!((0..WIDTH).all(|x| pixels.get_pixel(x, 20) == background), "nothing above the head");
        for pupil in [(398, 512), (562, 512)] {
            assert!(pixels.get_pixel(pupil.0, pupil.1).0[0] < 40, "a pupil at {pupil:?}");
        }
        assert_eq!(pixels.as_raw(), TestCard.still().expect("again").photo.pixels().as_raw(), "always the same");
    }
}
