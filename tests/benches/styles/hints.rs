//! What a folder's labels hint at of its people, and what is read of how they hold their heads: for groups and for the sheet.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use portraitist::face::Landmarks;
use portraitist::face::Side;
use portraitist::sketch::Anatomy;
use serde::Deserialize;
use serde::Serialize;

/// Skin darker than this (individual typology angle, degrees) is told of by itself.
const DARK_ITA: f64 = 5.0;

/// What `landmarks.jsonl` says of one person; computed, not seen by anybody.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Hints {
    #[serde(skip_serializing)]
    id: String,
    /// A beard or a moustache.
    pub beard_hint: bool,
    /// Glasses.
    pub glasses: bool,
    /// Hair to the shoulders.
    pub long_hair_hint: bool,
    /// A black-and-white photo.
    pub monochrome: bool,
    /// How light the skin is: the individual typology angle, degrees; depends on the photo's light.
    pub skin_ita: Option<f64>,
}

impl Hints {
    /// Whether the skin is dark.
    pub fn is_dark(&self) -> bool {
        !self.monochrome && self.skin_ita.is_some_and(|ita| ita < DARK_ITA)
    }
}

/// How a head is held, and how young it is.
#[derive(Debug, Clone, Copy)]
pub struct Pose {
    /// How far the nose stands off the middle between the cheeks, as a share of half their distance.
    pub turn: f64,
    /// How much of a child, 0 to 1.
    pub youth: f64,
}

/// The hints of folder `data`, by id.
pub fn of(data: &Path) -> anyhow::Result<HashMap<String, Hints>> {
    let text = fs::read_to_string(data.join("landmarks.jsonl")).context("landmarks.jsonl")?;
    let records: Vec<Hints> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    Ok(records.into_iter().map(|hints| (hints.id.clone(), hints)).collect())
}

/// The pose that `landmarks` show.
pub fn pose(landmarks: &Landmarks, anatomy: &Anatomy) -> Pose {
    let (right, left) = (landmarks.jaw()[1].x, landmarks.jaw()[15].x);
    let eyes = Side::BOTH.map(|side| landmarks.iris(side).centre);
    // The heads stand upright in the portrait, whose eyes are level.
    let tip = landmarks.bridge()[3].x - (eyes[0].x + eyes[1].x) / 2.0;
    let cheeks = (right + left - eyes[0].x - eyes[1].x) / 2.0;
    Pose { turn: (tip - cheeks).abs() / ((left - right) / 2.0).max(1.0), youth: f64::from(anatomy.youth()) }
}
