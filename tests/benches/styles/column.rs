//! What is measured on the pictures of one kind: one column of the table.

use anyhow::Context;
use anyhow::anyhow;
use models::encoder::Encoder;
use models::stroke_classifier::StrokeClassifier;
use portraitist::eval;
use portraitist::eval::Features;
use portraitist::eval::Marks;
use portraitist::eval::StrokeScore;
use portraitist::raster::Gray;
use serde::Serialize;

use crate::drawn::Cost;
use crate::faults::Faults;
use crate::request::Request;

/// The networks that judge.
pub struct Judges {
    /// Sets of pictures are compared by its features.
    pub encoder: Encoder,
    /// It tells strokes of skin, hair and so on apart.
    pub classifier: StrokeClassifier,
}

/// What pictures are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The gray photo.
    Photo,
    /// F's lines.
    Lines,
    /// What the G of a style draws of itself.
    Generated(String),
    /// What a style leaves on paper.
    Paper(String),
    /// What an artist drew.
    Artist(String),
}

/// Pictures of one kind, one a person.
pub struct Column {
    /// What they are.
    pub kind: Kind,
    /// What was measured on each.
    pub of: Vec<Measured>,
}

/// What was measured on one picture.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Whose it is.
    pub id: String,
    /// What the encoder sees.
    #[serde(skip)]
    pub features: Vec<f64>,
    /// Of drawings.
    pub marks: Option<Marks>,
    /// Patches judged and right; of drawings.
    pub strokes: Option<StrokeScore>,
    /// Against each artist's drawing of the person, where there is one.
    pub scoot: Vec<Option<f64>>,
    /// Of drawings.
    pub faults: Option<Faults>,
    /// Of what is plotted.
    pub cost: Option<Cost>,
}

impl Column {
    /// What it is called.
    pub fn title(&self) -> String {
        match &self.kind {
            Kind::Photo => "gray photo".to_owned(),
            Kind::Lines => "F's lines".to_owned(),
            Kind::Generated(style) => format!("`{style}`, G"),
            Kind::Paper(style) => format!("`{style}`, paper"),
            Kind::Artist(artist) => format!("artist {artist}"),
        }
    }

    /// One row of features a picture.
    pub fn features(&self) -> Features {
        self.of.iter().map(|measured| measured.features.clone()).collect()
    }

    /// `value` of every picture that has it.
    pub fn values(&self, value: impl Fn(&Measured) -> Option<f64>) -> Vec<f64> {
        self.of.iter().filter_map(value).collect()
    }
}

/// What `judges` see in the photo `picture` of the person called `id`, and how like `artists`' drawings it is.
pub fn bare(judges: &Judges, id: &str, picture: &Gray, artists: &[Option<Gray>]) -> anyhow::Result<Measured> {
    let plane: Vec<f32> = picture.as_raw().iter().map(|value| f32::from(*value) / 255.0).collect();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let features = judges.encoder.describe(&plane, width, height).map_err(|error| anyhow!("{error}"))?;
    Ok(Measured {
        id: id.to_owned(),
        features: features.into_iter().map(f64::from).collect(),
        marks: None,
        strokes: None,
        // A picture of one gray value, as of a drawing that is not there, has no Scoot.
        scoot: artists.iter().map(|artist| eval::scoot(artist.as_ref()?, picture).ok()).collect(),
        faults: None,
        cost: None,
    })
}

/// The same of the drawing `picture`, with what is measured on drawings; `regions` tell what each pixel is.
pub fn measured(
    judges: &Judges,
    id: &str,
    picture: &Gray,
    regions: &Gray,
    artists: &[Option<Gray>],
    faults: Faults,
) -> anyhow::Result<Measured> {
    Ok(Measured {
        marks: Some(eval::marks(picture)),
        strokes: Some(eval::stroke_score(&judges.classifier, picture, regions)?),
        faults: Some(faults),
        ..bare(judges, id, picture, artists)?
    })
}

/// How far two columns lie apart.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Distance {
    /// Fréchet distance.
    pub fid: f64,
    /// Kernel distance: mean over subsets.
    pub kid: f64,
    /// Its deviation over subsets.
    pub kid_deviation: f64,
}

/// How far `drawn` lies from the `real` drawings; none where there are too few.
pub fn distance(real: &Column, drawn: &Column) -> Option<Distance> {
    let (one, two) = (real.features(), drawn.features());
    let (kid, kid_deviation) = eval::kernel_distance(&one, &two).ok()?;
    Some(Distance { fid: eval::frechet_distance(&one, &two).ok()?, kid, kid_deviation })
}

impl Judges {
    /// How everything was measured, on `count` people.
    pub fn protocol(&self, request: &Request, count: usize) -> anyhow::Result<String> {
        let people = match &request.data {
            Some(data) => data.file_name().context("the folder has a name")?.to_string_lossy().into_owned(),
            None => "the sample sitters".to_owned(),
        };
        let seen = if request.labels { "by the folder's labels" } else { "by the program's own networks" };
        let numbers = self.encoder.plan().widths.iter().sum::<usize>();
        let settings = if request.sets.is_empty() { "none".to_owned() } else { request.sets.join(", ") };
        Ok(format!(
            "n = {count} people of {people}, faces found and read {seen}; FID and KID: portraitist's own encoder, spatial means \
             of relu1_1 to relu4_1 ({numbers} numbers), whole pictures of 512 x 512 px, KID over 100 subsets of {}, not \
             comparable with numbers of other networks; stroke accuracy: regions of the reader, of the labels for artists; paper: \
             the pen's ink in the portrait's square; intervals: bootstrap of the mean, 95 %; other settings: {settings}",
            (count / 2).clamp(2, 200),
        ))
    }
}
