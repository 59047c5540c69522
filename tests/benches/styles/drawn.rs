//! One person drawn in one style through all stages, as the robot would ink them.

use std::time::Instant;

use anyhow::Context;
use image::imageops;
use portraitist::config::Config;
use portraitist::geom::Point;
use portraitist::job::Artist;
use portraitist::photo::Portrait;
use portraitist::plan;
use portraitist::plan::MotionPlan;
use portraitist::preview;
use portraitist::preview::InkConfig;
use portraitist::raster::Gray;
use portraitist::sketch::Anatomy;
use portraitist::sketch::LineDrawing;
use portraitist::sketch::StyleNetworks;
use portraitist::strokes;
use portraitist::strokes::place::Grid;
use portraitist::strokes::place::Placement;
use serde::Serialize;

use crate::people::Person;

/// A style that people are drawn in.
pub struct Style {
    /// What it is called.
    pub name: String,
    /// The whole configuration in this style.
    pub config: Config,
    /// Its networks, if it has any.
    pub networks: Option<StyleNetworks>,
    /// How long they and the face networks took to load.
    pub load_secs: f64,
}

/// What a drawing costs.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cost {
    /// Strokes of the pen.
    pub strokes: usize,
    /// Ink, in metres.
    pub metres: f64,
    /// On the robot.
    pub secs: f64,
    /// From the photo to the sketch, the face's finding and reading included.
    pub sketch_secs: f64,
}

/// One drawing in all its stages, each in the portrait's frame.
pub struct Drawn {
    /// F's lines, or the pen artist's.
    lines: LineDrawing,
    /// Whether they are F's.
    by_f: bool,
    /// What G draws of itself, if there is one.
    pub generated: Option<Gray>,
    /// What the pen leaves on paper: 0 ink, 255 paper.
    pub paper: Gray,
    /// The same, twice as fine.
    pub fine_paper: Gray,
    /// What it costs.
    pub cost: Cost,
}

impl Style {
    /// `person`, whom it took `found_secs` to find and read, in this style.
    pub fn draw(&self, person: &Person, anatomy: &Anatomy, found_secs: f64) -> anyhow::Result<Drawn> {
        let config = &self.config;
        let artist = self.networks.as_ref().map_or(Artist::Pen, Artist::Networks);
        let begun = Instant::now();
        let lines = artist.lines(&person.portrait, anatomy, &config.lines)?;
        let sketch = artist.sketch(&person.portrait, &lines, anatomy, &config.tone)?;
        let sketch_secs = found_secs + begun.elapsed().as_secs_f64();
        let generated = self.networks.as_ref().map(|networks| networks.generated(&lines)).transpose();
        let generated = generated.map_err(|error| anyhow::anyhow!("{error}"))?.flatten().map(|(drawn, _)| drawn);
        let traced = strokes::strokes(&sketch, &config.sheet, &config.strokes)?;
        let plan = plan::plan_in_time(&traced.set, &config.robot, &config.plan)?.plan;
        let cost =
            Cost { strokes: plan.strokes(), metres: plan.ink_mm() / 1000.0, secs: plan.total_secs(), sketch_secs };
        let (paper, fine_paper) = (on_paper(&plan, config, 1)?, on_paper(&plan, config, 2)?);
        Ok(Drawn { lines, by_f: self.networks.is_some(), generated, paper, fine_paper, cost })
    }
}

/// F's lines, which are the same in every style that has F.
pub fn f_lines(drawn: &[Drawn]) -> Option<&LineDrawing> {
    drawn.iter().find(|drawn| drawn.by_f).map(|drawn| &drawn.lines)
}

/// What `plan` leaves on paper in the portrait's square, at `finer` times its pixels.
fn on_paper(plan: &MotionPlan, config: &Config, finer: u32) -> anyhow::Result<Gray> {
    let side = finer * Portrait::SIDE;
    let grid = Grid { scale: 1, border: 0 };
    let (margins, top_share) = (config.strokes.margins_mm, config.strokes.top_share);
    let placement = Placement::new((side, side), grid, &config.sheet, margins, top_share)?;
    let px_per_mm = placement.px_per_mm();
    let corners = [Point::new(0.0, 0.0), Point::new(f64::from(side), f64::from(side))];
    let corner = placement.place(&corners).context("a square has two corners")?.first();
    let (left, top) = ((corner.x * px_per_mm).round() as u32, (corner.y * px_per_mm).round() as u32);
    let ink = InkConfig { px_per_mm, ..config.ink.clone() };
    let lines = preview::drawn_until(plan, f64::INFINITY);
    let sheet = preview::coverage(plan.sheet(), lines.iter().map(Vec::as_slice), &ink);
    Ok(imageops::crop_imm(&sheet, left, top, side, side).to_image())
}
