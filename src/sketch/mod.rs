//! From the [`Portrait`](crate::photo::Portrait) to a [`LineDrawing`] and from there to a [`Sketch`]: gray planes of ink on paper.

mod anatomy;
mod shapes;
mod even_light;
mod face_map;
mod flow;
mod pieces;
mod thick;
mod marks;
mod irises;
mod read_irises;
mod contours;
mod details;
mod glasses;
mod mouth;
mod nostrils;
mod lines;
mod beard;
mod tone;
mod form;
mod specks;
mod untold;
mod hatching;
mod penned;
mod rubbed;
mod learned;
mod strands;
mod study;
mod chance;
mod charcoal;

pub use anatomy::Anatomy;
pub use chance::mixed;
pub use chance::share;
pub use charcoal::CharcoalHand;
pub use charcoal::charcoal;
pub use charcoal::charcoal_hands;
pub use form::along_the_form;
pub use irises::for_the_pen;
pub use learned::Manner;
pub use learned::StyleNetworks;
pub use learned::content;
pub use lines::FlowConfig;
pub use lines::flow_lines;
pub use marks::Mark;
pub use marks::Solid;
pub use pieces::pieces;
pub use study::line_study;
pub use study::study_contours;
pub use tone::ToneConfig;
pub use tone::shade;

use crate::raster::Field;
use crate::raster::Gray;

/// Lines on paper, as a raster of the portrait's size: 255 paper, 0 ink, gray between.
#[derive(Debug, Clone)]
pub struct LineDrawing(Gray);

/// How dark hatching shall make each place of a drawing, and which way its strokes run.
///
/// `shade` is the mean gray that hatching alone shall leave on the paper, averaged over a few stroke spacings: 255 means
/// no hatching, and a pen `w` wide reaches a value `v` with strokes `w * 255 / (255 - v)` apart. `direction` is the
/// angle of the strokes in radians, from the x axis towards the y axis (which points down), modulo pi; it is constant
/// over cloth and skin and follows the strands in hair, so that hatching is a family of streamlines of it.
/// Shade never stands for lines: those are the sketch's ink, and are drawn whatever the shade. Where somebody has hatched
/// already, `grain` is the ink of those strokes, and the pen's lie upon them.
#[derive(Debug, Clone)]
pub struct Tone {
    shade: Gray,
    direction: Field,
    spare: Option<Gray>,
    grain: Option<Field>,
}

/// What the robot shall put on paper, still as rasters of the portrait's size: the ink of lines and solid blacks, and
/// the tone to be hatched where the style has it; and beside them what is known more finely, as marks.
#[derive(Debug, Clone)]
pub struct Sketch {
    ink: Gray,
    tone: Option<Tone>,
    marks: Vec<Mark>,
}

impl LineDrawing {
    /// A line drawing of any raster.
    pub fn new(ink: Gray) -> Self {
        Self(ink)
    }

    /// Its ink.
    pub fn ink(&self) -> &Gray {
        &self.0
    }

    /// It in black and white: 0 where it is darker than [`BINARY_BELOW`], else 255.
    pub fn binary(&self) -> Gray {
        let mut binary = self.0.clone();
        binary.iter_mut().for_each(|ink| *ink = if *ink < BINARY_BELOW { 0 } else { 255 });
        binary
    }
}

/// Paler ink is paper in black and white. There F covers as much as the artist whose lines it learnt (4.4 % at the median),
/// and there, at a darkness of 0.38, the pen is sure of a line.
pub const BINARY_BELOW: u8 = 158;

impl Tone {
    /// Tone of `shade` with strokes along `direction`; `None` unless the two planes are of one size and every
    /// direction is finite.
    pub fn new(shade: Gray, direction: Field) -> Option<Self> {
        (shade.dimensions() == direction.dimensions() && direction.as_raw().iter().all(|angle| angle.is_finite()))
            .then_some(Self { shade, direction, spare: None, grain: None })
    }

    /// This tone, of which whoever is in a hurry can leave out what lies where `spare` is not 0; `None` unless the
    /// planes are of one size.
    pub fn sparing(self, spare: Gray) -> Option<Self> {
        (spare.dimensions() == self.shade.dimensions()).then_some(Self { spare: Some(spare), ..self })
    }

    /// This tone, whose strokes lie on the ridges of `grain` (ink from 0 to 1, 0 where there are none to follow); `None`
    /// unless the planes are of one size and every value is finite.
    pub fn upon(self, grain: Field) -> Option<Self> {
        let fits = grain.dimensions() == self.shade.dimensions() && grain.as_raw().iter().all(|ink| ink.is_finite());
        fits.then_some(Self { grain: Some(grain), ..self })
    }

    /// The strokes that somebody has drawn already, where there are any: ink from 0 to 1.
    pub fn grain(&self) -> Option<&Field> {
        self.grain.as_ref()
    }

    /// Whether the tone at pixel (`x`, `y`) can be left out.
    pub fn is_spare(&self, x: u32, y: u32) -> bool {
        self.spare.as_ref().and_then(|spare| spare.get_pixel_checked(x, y)).is_some_and(|pixel| pixel.0[0] > 0)
    }

    /// The mean gray that hatching shall leave, 255 for none.
    pub fn shade(&self) -> &Gray {
        &self.shade
    }

    /// The angle of the strokes, in radians from x towards y (down), modulo pi.
    pub fn direction(&self) -> &Field {
        &self.direction
    }
}

impl Sketch {
    /// A sketch of any raster, without tone.
    pub fn new(ink: Gray) -> Self {
        Self { ink, tone: None, marks: Vec::new() }
    }

    /// A sketch of `ink` with `tone` to be hatched; `None` if the two are not of one size.
    pub fn with_tone(ink: Gray, tone: Tone) -> Option<Self> {
        (ink.dimensions() == tone.shade.dimensions()).then_some(Self { ink, tone: Some(tone), marks: Vec::new() })
    }

    /// This sketch with `marks` in the place of what `clear` takes out of its ink.
    pub fn with_marks(mut self, marks: Vec<Mark>, clear: impl FnOnce(&mut Gray)) -> Self {
        clear(&mut self.ink);
        self.marks.extend(marks);
        self
    }

    /// What the pen draws as it is.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Its ink, without its marks: 255 paper, 0 ink.
    pub fn ink(&self) -> &Gray {
        &self.ink
    }

    /// All of it as one picture: ink and marks upon the gray that hatching shall leave.
    pub fn flattened(&self) -> Gray {
        /// About as wide as F's lines.
        const LINE_PX: f64 = 2.0;
        let mut picture = self.ink.clone();
        self.marks.iter().for_each(|mark| mark.show(&mut picture, LINE_PX));
        if let Some(tone) = &self.tone {
            for (pixel, shade) in picture.pixels_mut().zip(tone.shade.pixels()) {
                pixel.0[0] = pixel.0[0].min(shade.0[0]);
            }
        }
        picture
    }

    /// The tone to be hatched, where the style has any.
    pub fn tone(&self) -> Option<&Tone> {
        self.tone.as_ref()
    }
}
