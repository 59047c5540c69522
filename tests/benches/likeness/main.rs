//! Draws a folder of people as the robot would ink them, and counts strokes, metres and seconds.
//!
//! `cargo run --release --example likeness -- --data FOLDER --out FOLDER [--ids FILE] [--labels] [--set KEY=VALUE]...`
//! FOLDER holds `aligned/ID.jpg` and `landmarks.jsonl`, for `--labels` also `person/ID.png` and `regions/ID.png`; see
//! README.md beside this file.

mod people;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use anyhow::bail;
use image::Rgb;
use image::RgbImage;
use imageproc::geometric_transformations::Border;
use imageproc::geometric_transformations::Interpolation;
use imageproc::geometric_transformations::Projection;
use imageproc::geometric_transformations::warp_into;
use portraitist::config;
use portraitist::config::Config;
use portraitist::config::LoadRequest;
use portraitist::job::Artist;
use portraitist::photo::Portrait;
use portraitist::plan;
use portraitist::preview;
use portraitist::preview::InkConfig;
use portraitist::sketch::Anatomy;
use portraitist::strokes;

use people::Understood;

/// What the command line asks for.
struct Request {
    data: PathBuf,
    out: PathBuf,
    ids: Option<PathBuf>,
    labels: bool,
    sets: Vec<String>,
}

/// What one drawing costs.
struct Cost {
    strokes: f64,
    metres: f64,
    secs: f64,
    made_in_secs: f64,
}

fn main() -> anyhow::Result<()> {
    let request = request()?;
    let load = LoadRequest { sets: request.sets.clone(), ..LoadRequest::default() };
    let loaded = config::load(&load).map_err(|error| anyhow::anyhow!("{error}"))?;
    let wanted = request.ids.as_ref().map(fs::read_to_string).transpose().context("the list of people")?;
    let ids = wanted.as_deref().map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    fs::create_dir_all(&request.out)?;
    let (mut costs, mut pairs) = (Vec::new(), String::new());
    let understood = if request.labels {
        Understood::ByLabels
    } else {
        Understood::ByNetworks(
            Box::new(loaded.config().models.face_networks().map_err(|error| anyhow::anyhow!("{error}"))?),
            loaded.config().sitter.clone(),
        )
    };
    let style = loaded.config().models.style_networks(&loaded.config().style);
    let style = style.map_err(|error| anyhow::anyhow!("{error}"))?;
    let artist = style.as_ref().map_or(Artist::Pen, Artist::Networks);
    for person in people::people(&request.data, ids.as_deref(), &understood)? {
        let (drawing, cost) = drawn(&person, &artist, loaded.config()).with_context(|| person.id.clone())?;
        let file = request.out.join(format!("{}.png", person.id));
        drawing.save(&file)?;
        println!("{}\t{:.0} strokes\t{:.2} m\t{:.0} s", person.id, cost.strokes, cost.metres, cost.secs);
        pairs += &format!("{}\t{}\n", person.photo.display(), file.display());
        costs.push(cost);
    }
    fs::write(request.out.join("pairs.tsv"), pairs)?;
    println!(
        "{} people, medians: {:.0} strokes, {:.2} m, {:.0} s to draw, {:.2} s to make",
        costs.len(),
        median(&costs, |cost| cost.strokes),
        median(&costs, |cost| cost.metres),
        median(&costs, |cost| cost.secs),
        median(&costs, |cost| cost.made_in_secs)
    );
    Ok(())
}

fn request() -> anyhow::Result<Request> {
    let (mut data, mut out, mut ids, mut labels, mut sets) = (None, None, None, false, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--labels" {
            labels = true;
            continue;
        }
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--data" => data = Some(value.into()),
            "--out" => out = Some(value.into()),
            "--ids" => ids = Some(value.into()),
            "--set" => sets.push(value),
            _ => bail!("{name} is unknown; there are --data, --out, --ids, --labels, --set"),
        }
    }
    Ok(Request {
        data: data.context("--data FOLDER is missing")?,
        out: out.context("--out FOLDER is missing")?,
        ids,
        labels,
        sets,
    })
}

/// The drawing of `person`, as inked, in the photo's own square; and its cost.
fn drawn(person: &people::Person, artist: &Artist, config: &Config) -> anyhow::Result<(RgbImage, Cost)> {
    let began = Instant::now();
    let anatomy = Anatomy::of_face(&person.portrait, &person.face);
    let lines = artist.lines(&person.portrait, &anatomy, &config.lines)?;
    let sketch = artist.sketch(&person.portrait, &lines, &anatomy, &config.tone)?;
    let traced = strokes::strokes(&sketch, &config.sheet, &config.strokes)?;
    let made_in_secs = began.elapsed().as_secs_f64();
    let plan = plan::plan_in_time(&traced.set, &config.robot, &config.plan)?.plan;
    let cost =
        Cost { strokes: plan.strokes() as f64, metres: plan.ink_mm() / 1000.0, secs: plan.total_secs(), made_in_secs };
    let ink = InkConfig { ink: [0; 3], paper: [255; 3], opacity: 1.0, px_per_mm: 8.0, ..config.ink.clone() };
    Ok((in_the_photo(&preview::paper(&plan, &ink), &person.portrait, config, ink.px_per_mm)?, cost))
}

/// What of the drawing on `paper` lies in the photo's square, each place where the photo has it.
fn in_the_photo(paper: &RgbImage, portrait: &Portrait, config: &Config, px_per_mm: f64) -> anyhow::Result<RgbImage> {
    /// Of a photo pixel, so that a line of the pen stays as sharp as on paper.
    const FINER: f64 = 2.0;
    let (sheet, margin) = (&config.sheet, config.strokes.margins_mm);
    let side_mm = sheet.width_mm().min(sheet.height_mm()) - 2.0 * margin;
    let left_mm = (sheet.width_mm() - side_mm) / 2.0;
    let top_mm = margin + config.strokes.top_share * (sheet.height_mm() - 2.0 * margin - side_mm);
    let scale = side_mm * px_per_mm / f64::from(Portrait::SIDE);
    let map = portrait.to_photo().inverse().context("a portrait's map can be undone")?;
    // Photo to portrait to paper.
    let (across, down) = ([map.m11, map.m21, map.m31], [map.m12, map.m22, map.m32]);
    let row = |[a, b, c]: [f64; 3], off_mm: f64| {
        [a / FINER * scale, b / FINER * scale, c * scale + off_mm * px_per_mm].map(|v| v as f32)
    };
    let ([a, b, c], [d, e, f]) = (row(across, left_mm), row(down, top_mm));
    let to_paper = Projection::from_matrix([a, b, c, d, e, f, 0.0, 0.0, 1.0]).context("a map that can be undone")?;
    let side = (FINER * f64::from(Portrait::SIDE)) as u32;
    let mut square = RgbImage::new(side, side);
    warp_into(paper, to_paper.invert(), Interpolation::Bilinear, Border::Constant(Rgb([255; 3])), &mut square);
    Ok(square)
}

fn median(costs: &[Cost], of: impl Fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
