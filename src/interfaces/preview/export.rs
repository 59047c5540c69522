//! The files that a finished plan can be saved as: the same, by the same names, from the page and from `--out`.

use super::desk::Finished;
use crate::preview;
use crate::preview::AnimationConfig;
use crate::preview::SvgOptions;
use crate::raster;

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// The strokes in drawing order, for vector programs.
    Svg,
    /// The plan, for this program.
    Plan,
    /// The program, for the robot.
    Program,
    /// The inked sheet.
    Paper,
    /// The drawing as it comes about: an animated PNG.
    Animation,
    /// The page that plays it.
    Page,
}

impl Export {
    /// All files.
    pub const ALL: [Export; 6] =
        [Export::Svg, Export::Plan, Export::Program, Export::Paper, Export::Animation, Export::Page];

    /// The one that is called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|export| export.name() == name)
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Export::Svg => "plan.svg",
            Export::Plan => "plan.json",
            Export::Program => "program.gcode",
            Export::Paper => "paper.png",
            Export::Animation => "animation.png",
            Export::Page => "preview.html",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Export::Svg => "image/svg+xml",
            Export::Plan => "application/json",
            Export::Program => "text/x-gcode; charset=us-ascii",
            Export::Paper => "image/png",
            Export::Animation => "image/apng",
            Export::Page => "text/html; charset=utf-8",
        }
    }

    /// Its bytes. A picture takes a moment, an animation some seconds.
    pub fn bytes(self, made: &Finished) -> Vec<u8> {
        match self {
            Export::Svg => {
                let options = SvgOptions { travels: false, pen_width_mm: made.pen_width_mm };
                preview::svg(&made.plan, &options).into_bytes()
            }
            Export::Plan => made.plan.to_json(),
            Export::Program => made.program.bytes(),
            Export::Paper => raster::rgb_png(&preview::paper(&made.plan, &made.ink)),
            Export::Animation => preview::animation(&made.plan, &made.ink, &AnimationConfig::default()),
            Export::Page => preview::page(&made.plan, &made.ink, &made.title).into_bytes(),
        }
    }
}
