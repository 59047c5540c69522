//! People read from a folder of portraits in the canonical frame: understood by the networks that ship, as a photo from a
//! camera would be, or by the folder's own labels.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::anyhow;
use portraitist::face::Face;
use portraitist::photo;
use portraitist::photo::Portrait;
use portraitist::sitter;
use portraitist::sitter::Labels;
use portraitist::sitter::Networks;
use portraitist::sitter::SitterConfig;
use serde::Deserialize;

/// One person.
pub struct Person {
    /// The name of the person's files.
    pub id: String,
    /// Where the photo lies.
    pub photo: PathBuf,
    /// The photo.
    pub portrait: Portrait,
    /// What is known of its face.
    pub face: Face,
}

/// By whom faces are found and read.
pub enum Understood {
    /// By the networks, which know nothing of where the face is.
    ByNetworks(Box<Networks>, SitterConfig),
    /// By the folder's labels, so that the drawing is judged and not the networks.
    ByLabels,
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
pub fn people<'a>(
    data: &Path,
    ids: Option<&[String]>,
    understood: &'a Understood,
) -> anyhow::Result<impl Iterator<Item = Person> + use<'a>> {
    let text = fs::read_to_string(data.join("landmarks.jsonl")).context("landmarks.jsonl")?;
    let mut records: Vec<Record> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    if let Some(ids) = ids {
        let place = |record: &Record| ids.iter().position(|id| *id == record.id);
        records.retain(|record| place(record).is_some());
        records.sort_by_key(place);
    }
    let data = data.to_owned();
    Ok(records.into_iter().filter_map(move |record| {
        person(&data, &record, understood).inspect_err(|error| eprintln!("{}: {error:#}", record.id)).ok()
    }))
}

fn person(data: &Path, record: &Record, understood: &Understood) -> anyhow::Result<Person> {
    let photo = data.join("aligned").join(format!("{}.jpg", record.id));
    let bytes = fs::read(&photo)?;
    let (portrait, face) = match understood {
        Understood::ByNetworks(networks, config) => seen(&bytes, networks, config)?,
        Understood::ByLabels => sitter::labelled(&bytes, labels(data, record)?)?,
    };
    Ok(Person { id: record.id.clone(), photo, portrait, face })
}

/// The portrait and the face that `networks` see in the photo file `bytes`.
pub fn seen(bytes: &[u8], networks: &Networks, config: &SitterConfig) -> anyhow::Result<(Portrait, Face)> {
    let decoded = photo::decode(bytes).map_err(|error| anyhow!("{error}"))?;
    let faces = sitter::faces(&decoded, networks, config)?;
    let sitting = sitter::sit(&decoded, &faces, networks, config)?;
    Ok((sitting.portrait, sitting.face))
}

/// What the labels of `record` say.
fn labels(data: &Path, record: &Record) -> anyhow::Result<Labels> {
    let plane = |folder: &str| -> anyhow::Result<_> {
        let file = data.join(folder).join(format!("{}.png", record.id));
        Ok(image::open(&file).with_context(|| file.display().to_string())?.into_luma8())
    };
    Ok(Labels {
        landmarks: record.landmarks68.clone(),
        irises: record.iris,
        iris_radii_px: record.iris_radius,
        regions: plane("regions")?,
        person: plane("person")?,
    })
}
