//! Draws people whose faces are already labelled, as the robot would ink them, and counts strokes, metres and seconds.
//!
//! `cargo run --release --example likeness -- --data FOLDER --out FOLDER [--ids FILE] [--set KEY=VALUE]...`
//! FOLDER holds `aligned/ID.jpg`, `person/ID.png`, `regions/ID.png` and `landmarks.jsonl`; see README.md beside this file.

mod people;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use anyhow::bail;
use image::imageops;
use portraitist::config;
use portraitist::config::Config;
use portraitist::config::LoadRequest;
use portraitist::plan;
use portraitist::preview;
use portraitist::preview::InkConfig;
use portraitist::raster::Rgb;
use portraitist::sketch;
use portraitist::sketch::Anatomy;
use portraitist::strokes;

/// What the command line asks for.
struct Request {
    data: PathBuf,
    out: PathBuf,
    ids: Option<PathBuf>,
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
    for person in people::people(&request.data, ids.as_deref())? {
        let (drawing, cost) = drawn(&person, loaded.config()).with_context(|| person.id.clone())?;
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
    let (mut data, mut out, mut ids, mut sets) = (None, None, None, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--data" => data = Some(value.into()),
            "--out" => out = Some(value.into()),
            "--ids" => ids = Some(value.into()),
            "--set" => sets.push(value),
            _ => bail!("{name} is unknown; there are --data, --out, --ids, --set"),
        }
    }
    Ok(Request {
        data: data.context("--data FOLDER is missing")?,
        out: out.context("--out FOLDER is missing")?,
        ids,
        sets,
    })
}

/// The drawing of `person`, as inked, cut to the portrait's square; and its cost.
fn drawn(person: &people::Person, config: &Config) -> anyhow::Result<(Rgb, Cost)> {
    let began = Instant::now();
    let anatomy = Anatomy::of_face(&person.portrait, &person.face);
    let lines = sketch::flow_lines(&person.portrait, &anatomy, &config.lines);
    let sketch = sketch::shade(&person.portrait, &lines, &anatomy, &config.tone);
    let traced = strokes::strokes(&sketch, &config.sheet, &config.strokes)?;
    let made_in_secs = began.elapsed().as_secs_f64();
    let plan = plan::plan(&traced.set, &config.robot, &config.plan)?;
    let ink = InkConfig { ink: [0; 3], paper: [255; 3], opacity: 1.0, px_per_mm: 8.0, ..config.ink.clone() };
    let paper = preview::paper(&plan, &ink);
    let (sheet, margin) = (&config.sheet, config.strokes.margins_mm);
    let side = sheet.width_mm().min(sheet.height_mm()) - 2.0 * margin;
    let top = margin + config.strokes.top_share * (sheet.height_mm() - 2.0 * margin - side);
    let px = |mm: f64| (mm * ink.px_per_mm).round() as u32;
    let square =
        imageops::crop_imm(&paper, px((sheet.width_mm() - side) / 2.0), px(top), px(side), px(side)).to_image();
    let cost =
        Cost { strokes: plan.strokes() as f64, metres: plan.ink_mm() / 1000.0, secs: plan.total_secs(), made_in_secs };
    Ok((square, cost))
}

fn median(costs: &[Cost], of: impl Fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
