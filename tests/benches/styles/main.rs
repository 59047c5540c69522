//! Draws people in every style through the program's own door, and measures what comes of it: one table, or JSON.
//!
//! `cargo run --release --example styles -- (--data FOLDER [--ids FILE] | --sitters) [--style NAME]... [--drawings NAME=FOLDER]...
//! [--json] [--sheet FILE [--rows N] [--hard FILE]] [--labels] [--set KEY=VALUE]...`; README.md beside this file tells what is
//! measured and how.

mod column;
mod drawn;
mod faults;
mod hints;
#[path = "../likeness/people.rs"]
mod people;
mod request;
mod sheet;
mod table;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use anyhow::anyhow;
use anyhow::bail;
use models::encoder;
use models::encoder::Encoder;
use models::stroke_classifier;
use models::stroke_classifier::StrokeClassifier;
use portraitist::config;
use portraitist::config::Config;
use portraitist::config::LoadRequest;
use portraitist::eval;
use portraitist::photo::sitters;
use portraitist::raster::Gray;
use portraitist::sketch::Anatomy;

use column::Column;
use column::Judges;
use column::Kind;
use column::Measured;
use drawn::Drawn;
use drawn::Style;
use faults::Places;
use people::Person;
use people::Understood;
use request::Request;
use table::Table;

fn main() -> anyhow::Result<()> {
    let request = Request::read(std::env::args().skip(1))?;
    let begun = Instant::now();
    let plain = load(&request, None)?;
    let networks = plain.models.face_networks().map_err(|error| anyhow!("{error}"))?;
    let faces_secs = begun.elapsed().as_secs_f64();
    let understood = match request.labels {
        true => Understood::ByLabels,
        false => Understood::ByNetworks(Box::new(networks), plain.sitter.clone()),
    };
    let styles = styles(&request, faces_secs)?;
    let judges = Judges {
        encoder: Encoder::read_cpu(&shipped(&plain, encoder::NAME)?).map_err(|error| anyhow!("{error}"))?,
        classifier: StrokeClassifier::read_cpu(&shipped(&plain, stroke_classifier::NAME)?)
            .map_err(|error| anyhow!("{error}"))?,
    };
    let hints = match &request.data {
        Some(data) => hints::of(data)?,
        None => HashMap::new(),
    };
    let mut columns: Vec<Column> = Vec::new();
    let mut poses = HashMap::new();
    for_everyone(&request, &understood, None, |person, found_secs| {
        let anatomy = Anatomy::of_face(&person.portrait, &person.face);
        let places = Places::of(&anatomy, person.face.landmarks());
        let regions = person.face.regions().labels();
        let artists = artists(&request, &person.id)?;
        let measured = |picture: &Gray, regions: &Gray| {
            column::measured(&judges, &person.id, picture, regions, &artists, places.faults(picture))
        };
        let photo = image::imageops::grayscale(person.portrait.pixels());
        let mut add = |kind: Kind, measured: Measured| match columns.iter_mut().find(|column| column.kind == kind) {
            Some(column) => column.of.push(measured),
            None => columns.push(Column { kind, of: vec![measured] }),
        };
        add(Kind::Photo, column::bare(&judges, &person.id, &photo, &artists)?);
        let drawn: Vec<Drawn> =
            styles.iter().map(|style| style.draw(person, &anatomy, found_secs)).collect::<anyhow::Result<_>>()?;
        if let Some(lines) = drawn::f_lines(&drawn) {
            let marks = Some(eval::marks(&lines.binary()));
            add(Kind::Lines, Measured { marks, ..measured(lines.ink(), regions)? });
        }
        for (style, drawn) in styles.iter().zip(&drawn) {
            if let Some(generated) = &drawn.generated {
                add(Kind::Generated(style.name.clone()), measured(generated, regions)?);
            }
            let paper = Measured { cost: Some(drawn.cost), ..measured(&drawn.paper, regions)? };
            add(Kind::Paper(style.name.clone()), paper);
        }
        let labelled = labels_of(&request, &person.id)?;
        for ((name, _), picture) in request.drawings.iter().zip(&artists) {
            if let Some(picture) = picture {
                add(Kind::Artist(name.clone()), measured(picture, labelled.as_ref().unwrap_or(regions))?);
            }
        }
        poses.insert(person.id.clone(), hints::pose(person.face.landmarks(), &anatomy));
        Ok(())
    })?;
    let Some(photos) = columns.first() else { bail!("nobody was drawn: name people that are in the folder") };
    let protocol = judges.protocol(&request, photos.of.len())?;
    let result = Table { columns: &columns, styles: &styles, hints: &hints, protocol: &protocol };
    match request.json {
        true => println!("{}", result.json()),
        false => println!("{}", result.markdown()),
    }
    if let Some(file) = &request.sheet {
        let hard = request.hard.as_deref().map(fs::read_to_string).transpose().context("the list of hard cases")?;
        let hard: Vec<String> = hard.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect();
        let chosen = sheet::chosen(&columns, &hints, &poses, &hard, request.rows);
        let ids: Vec<String> = chosen.iter().map(|(id, _)| id.clone()).collect();
        let mut rows = HashMap::new();
        for_everyone(&request, &understood, Some(&ids), |person, found_secs| {
            let anatomy = Anatomy::of_face(&person.portrait, &person.face);
            let drawn: Vec<Drawn> =
                styles.iter().map(|style| style.draw(person, &anatomy, found_secs)).collect::<anyhow::Result<_>>()?;
            eprintln!("{} is {}", person.id, person.photo.display());
            rows.insert(person.id.clone(), sheet::row(person, &drawn));
            Ok(())
        })?;
        let told = sheet::save(file, &chosen, &rows)?;
        eprintln!("{told}");
    }
    Ok(())
}

/// The configuration that is asked for, in `style` if one is named.
fn load(request: &Request, style: Option<&str>) -> anyhow::Result<Config> {
    let sets = style.map(|style| format!("style.profile={style}")).into_iter().chain(request.sets.clone()).collect();
    let loaded = config::load(&LoadRequest { sets, ..LoadRequest::default() });
    Ok(loaded.map_err(|error| anyhow!("{error}"))?.config().clone())
}

fn shipped(config: &Config, name: &str) -> anyhow::Result<Vec<u8>> {
    config.models.shipped(name).map_err(|error| anyhow!("{error}"))
}

/// The styles that are asked for, or all that ship; `faces_secs` is what loading the face networks took.
fn styles(request: &Request, faces_secs: f64) -> anyhow::Result<Vec<Style>> {
    let all = || config::shipped_styles().iter().map(|(name, _)| (*name).to_owned()).collect();
    let names: Vec<String> = if request.styles.is_empty() { all() } else { request.styles.clone() };
    let read = |name: &String| {
        let config = load(request, Some(name))?;
        let begun = Instant::now();
        let networks = config.models.style_networks(&config.style).map_err(|error| anyhow!("{name}: {error}"))?;
        let load_secs = faces_secs + begun.elapsed().as_secs_f64();
        Ok(Style { name: config.style.name.clone(), config, networks, load_secs })
    };
    names.iter().map(read).collect()
}

/// Calls `then` for each person that is asked for, or for those of `ids`, with the seconds that it took to see them.
fn for_everyone(
    request: &Request,
    understood: &Understood,
    ids: Option<&[String]>,
    mut then: impl FnMut(&Person, f64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut person = |person: &Person, secs: f64| then(person, secs).with_context(|| person.id.clone());
    let Some(data) = &request.data else {
        let Understood::ByNetworks(networks, config) = understood else { bail!("the sample sitters have no labels") };
        for sitter in
            sitters::sitters().iter().filter(|sitter| ids.is_none_or(|ids| ids.iter().any(|id| id == sitter.name)))
        {
            let begun = Instant::now();
            let (portrait, face) = people::seen(sitter.jpeg, networks, config)?;
            let id = sitter.name.to_owned();
            let sitter = Person { id, photo: format!("{}, who ships", sitter.about).into(), portrait, face };
            person(&sitter, begun.elapsed().as_secs_f64())?;
        }
        return Ok(());
    };
    let listed = request.ids.as_ref().map(fs::read_to_string).transpose().context("the list of people")?;
    let listed: Option<Vec<String>> = listed.map(|text| text.split_whitespace().map(str::to_owned).collect());
    let mut people = people::people(data, ids.or(listed.as_deref()), understood)?;
    loop {
        let begun = Instant::now();
        let Some(next) = people.next() else { return Ok(()) };
        person(&next, begun.elapsed().as_secs_f64())?;
    }
}

/// What each artist has drawn of the person called `id`.
fn artists(request: &Request, id: &str) -> anyhow::Result<Vec<Option<Gray>>> {
    request.drawings.iter().map(|(_, folder)| picture(&folder.join(format!("{id}.png")))).collect()
}

/// The labels' regions of the person called `id`.
fn labels_of(request: &Request, id: &str) -> anyhow::Result<Option<Gray>> {
    request.data.as_ref().map_or(Ok(None), |data| picture(&data.join("regions").join(format!("{id}.png"))))
}

/// The gray picture in `path`, if there is one.
fn picture(path: &Path) -> anyhow::Result<Option<Gray>> {
    path.exists().then(|| Ok(image::open(path).with_context(|| path.display().to_string())?.into_luma8())).transpose()
}
