//! Quality bench: drawings with known strokes are rasterised, clean and blurred with noise, traced and scored.
//!
//! `trace_bench FOLDER` writes the rasters (PNG) and the true strokes (JSON) into FOLDER, for the peer's script, and
//! prints our table. See the README beside this file.

mod drawings;
mod score;

use std::path::PathBuf;
use std::time::Instant;

use drawings::Numbers;
use drawings::PEN;
use drawings::SIDE;
use drawings::Stroke;
use image::GrayImage;
use image::Luma;
use portraitist::strokes;
use portraitist::strokes::Sheet;
use portraitist::strokes::StrokesConfig;
use score::Score;
use tiny_skia::LineCap;
use tiny_skia::LineJoin;
use tiny_skia::Paint;
use tiny_skia::PathBuilder;
use tiny_skia::Pixmap;
use tiny_skia::Transform;

/// Raster pixels per millimetre: a 512 px portrait on A5.
const PX_PER_MM: f64 = 4.0;
/// Blur of the bad rasters, px, and the deviation of their noise, gray levels.
const BLUR: f32 = 0.9;
const NOISE: f64 = 14.0;

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or_else(|| anyhow::anyhow!("give a folder to write to"))?);
    std::fs::create_dir_all(&folder)?;
    for kind in ["clean", "noisy"] {
        println!("{kind:12} F1@1px  F1@2px  Chamfer px  strokes/true  ink ratio      ms");
        let mut all = Vec::new();
        for (name, truth) in drawings::all() {
            let mut raster = inked(&truth)?;
            if kind == "noisy" {
                spoil(&mut raster);
            }
            raster.save(folder.join(format!("{name}-{kind}.png")))?;
            std::fs::write(folder.join(format!("{name}.json")), serde_json::to_string(&truth)?)?;
            let start = Instant::now();
            let found = traced(&raster)?;
            let ms = start.elapsed().as_secs_f64() * 1e3;
            std::fs::write(folder.join(format!("{name}-{kind}-ours.json")), serde_json::to_string(&found)?)?;
            let score = score::score(&found, &truth);
            print(name, score, ms);
            all.push((score, ms));
        }
        let mean = |of: fn(&Score) -> f64| all.iter().map(|(s, _)| of(s)).sum::<f64>() / all.len() as f64;
        let means = Score {
            f1_1px: mean(|s| s.f1_1px),
            f1_2px: mean(|s| s.f1_2px),
            chamfer_px: mean(|s| s.chamfer_px),
            strokes: mean(|s| s.strokes),
            ink: mean(|s| s.ink),
        };
        print("mean", means, all.iter().map(|a| a.1).sum::<f64>() / all.len() as f64);
        println!();
    }
    Ok(())
}

fn print(name: &str, s: Score, ms: f64) {
    println!(
        "{name:12} {:6.3}  {:6.3}  {:10.2}  {:12.2}  {:9.2}  {ms:6.0}",
        s.f1_1px, s.f1_2px, s.chamfer_px, s.strokes, s.ink
    );
}

/// The strokes that we find in `raster`, back in its pixels.
fn traced(raster: &GrayImage) -> anyhow::Result<Vec<Stroke>> {
    let side = f64::from(SIDE) / PX_PER_MM;
    let sheet = Sheet::new(side, side).ok_or_else(|| anyhow::anyhow!("no sheet of {side} mm"))?;
    let config = StrokesConfig { margins_mm: 0.0, pen_width_mm: PEN / PX_PER_MM, ..StrokesConfig::default() };
    let traced = strokes::trace_raster(raster, &sheet, &config)?;
    let points = |s: &strokes::Stroke| s.path.points().iter().map(|p| [p.x * PX_PER_MM, p.y * PX_PER_MM]).collect();
    Ok(traced.set.strokes().iter().map(points).collect())
}

/// The raster of `strokes`, drawn by a round pen.
fn inked(strokes: &[Stroke]) -> anyhow::Result<GrayImage> {
    let mut paper = Pixmap::new(SIDE, SIDE).ok_or_else(|| anyhow::anyhow!("no paper of {SIDE} px"))?;
    paper.fill(tiny_skia::Color::WHITE);
    let pen = tiny_skia::Stroke {
        width: PEN as f32,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..tiny_skia::Stroke::default()
    };
    for stroke in strokes {
        let mut path = PathBuilder::new();
        path.move_to(stroke[0][0] as f32, stroke[0][1] as f32);
        stroke[1..].iter().for_each(|p| path.line_to(p[0] as f32, p[1] as f32));
        if let Some(path) = path.finish() {
            let ink = Paint { anti_alias: true, ..Paint::default() };
            paper.stroke_path(&path, &ink, &pen, Transform::identity(), None);
        }
    }
    Ok(GrayImage::from_fn(SIDE, SIDE, |x, y| Luma([paper.pixel(x, y).map_or(255, |p| p.red())])))
}

/// Blurs `raster` and adds Gaussian noise.
fn spoil(raster: &mut GrayImage) {
    *raster = imageproc::filter::gaussian_blur_f32(raster, BLUR);
    let mut numbers = Numbers(11);
    for p in raster.pixels_mut() {
        let radius = (-2.0 * numbers.next().max(1e-12).ln()).sqrt();
        let noise = NOISE * radius * (std::f64::consts::TAU * numbers.next()).cos();
        p[0] = (f64::from(p[0]) + noise).round().clamp(0.0, 255.0) as u8;
    }
}
