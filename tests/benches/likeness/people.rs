//! People with labelled faces, read from a folder of portraits in the canonical frame.

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
    let decoded = photo::decode(&fs::read(&photo)?).map_err(|error| anyhow!("{error}"))?;
    let portrait = photo::compose(&decoded, &Framing::Centred)?;
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
    let face = Face::new(Landmarks::new(points, [iris(0), iris(1)])?, Regions::new(plane("regions")?)?, matte);
    Ok(Person { id: record.id.clone(), photo, portrait, face })
}
