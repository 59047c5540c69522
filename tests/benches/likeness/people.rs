//! People read from a folder of portraits in the canonical frame: understood by the networks that ship, as a photo from a
//! camera would be, or by the folder's own labels.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::anyhow;
use portraitist::face::Face;
use portraitist::face::Iris;
use portraitist::face::Landmarks;
use portraitist::face::Regions;
use portraitist::geom::Point;
use portraitist::photo;
use portraitist::photo::Framing;
use portraitist::photo::Matte;
use portraitist::photo::Portrait;
use portraitist::photo::smooth;
use portraitist::sitter;
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
    let decoded = photo::decode(&fs::read(&photo)?).map_err(|error| anyhow!("{error}"))?;
    let (portrait, face) = match understood {
        Understood::ByNetworks(networks, config) => {
            let faces = sitter::faces(&decoded, networks, config)?;
            let sitting = sitter::sit(&decoded, &faces, networks, config)?;
            (sitting.portrait, sitting.face)
        }
        Understood::ByLabels => (photo::compose(&decoded, &Framing::Centred)?, labelled(data, record)?),
    };
    Ok(Person { id: record.id.clone(), photo, portrait, face })
}

/// The face that the labels of `record` tell of.
fn labelled(data: &Path, record: &Record) -> anyhow::Result<Face> {
    let plane = |folder: &str| -> anyhow::Result<_> {
        let file = data.join(folder).join(format!("{}.png", record.id));
        Ok(image::open(&file).with_context(|| file.display().to_string())?.into_luma8())
    };
    let points: Vec<_> = record.landmarks68.iter().map(|[x, y]| Point::new(*x, *y)).collect();
    let points = points.try_into().map_err(|_| anyhow!("not 68 landmarks"))?;
    let iris =
        |i: usize| Iris { centre: Point::new(record.iris[i][0], record.iris[i][1]), radius_px: record.iris_radius[i] };
    let alpha = plane("person")?;
    let share = alpha.as_raw().iter().map(|v| f32::from(*v) / 255.0).collect();
    let matte = Matte::new(smooth::of_size(alpha.width(), alpha.height(), share)).context("a matte of 512 px")?;
    Ok(Face::new(Landmarks::new(points, [iris(0), iris(1)])?, Regions::new(plane("regions")?)?, matte))
}
