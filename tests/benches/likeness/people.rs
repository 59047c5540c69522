//! People with labelled faces, read from a folder of portraits in the canonical frame.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use portraitist::face::Face;
use portraitist::photo::Portrait;
use portraitist::sitter;
use portraitist::sitter::Labels;
use serde::Deserialize;

/// One person.
pub struct Person {
    /// The name of the person's files.
    pub id: String,
    /// Where the photo lies.
    pub photo: PathBuf,
    /// The photo.
    pub portrait: Portrait,
    /// Its labels.
    pub face: Face,
}

/// What is read of a line of `landmarks.jsonl`.
#[derive(Deserialize)]
struct Record {
    id: String,
    landmarks68: Vec<[f64; 2]>,
    iris: [[f64; 2]; 2],
    iris_radius: [f64; 2],
}

/// The people of folder `data` that `ids` names, in its order, or all; each is read when it is asked for and those that
/// cannot be read are told and left out.
pub fn people(data: &Path, ids: Option<&[String]>) -> anyhow::Result<impl Iterator<Item = Person>> {
    let text = fs::read_to_string(data.join("landmarks.jsonl")).context("landmarks.jsonl")?;
    let mut records: Vec<Record> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    if let Some(ids) = ids {
        let place = |record: &Record| ids.iter().position(|id| *id == record.id);
        records.retain(|record| place(record).is_some());
        records.sort_by_key(place);
    }
    let data = data.to_owned();
    Ok(records.into_iter().filter_map(move |record| {
        person(&data, &record).inspect_err(|error| eprintln!("{}: {error:#}", record.id)).ok()
    }))
}

fn person(data: &Path, record: &Record) -> anyhow::Result<Person> {
    let photo = data.join("aligned").join(format!("{}.jpg", record.id));
    let plane = |folder: &str| -> anyhow::Result<_> {
        let file = data.join(folder).join(format!("{}.png", record.id));
        Ok(image::open(&file).with_context(|| file.display().to_string())?.into_luma8())
    };
    let labels = Labels {
        landmarks: record.landmarks68.clone(),
        irises: record.iris,
        iris_radii_px: record.iris_radius,
        regions: plane("regions")?,
        person: plane("person")?,
    };
    let (portrait, face) = sitter::labelled(&fs::read(&photo)?, labels)?;
    Ok(Person { id: record.id.clone(), photo, portrait, face })
}
