//! One portrait of the data card as the composites need it: pixels, landmarks, regions and the person's matte.
//!
//! Refuses pictures that are not in the canonical frame and any whose licence class is not A. Landmarks are in
//! pixels of the aligned picture, y down.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use anyhow::ensure;
use image::GrayImage;
use image::Luma;
use portraitist::photo::Portrait;
use portraitist::raster::Field;
use portraitist::raster::Rgb;
use serde::Deserialize;

use crate::warp::Spot;
use crate::warp::Warp;

/// Red, green and blue, each from 0 to 1.
pub type Picture = [Field; 3];

/// What `landmarks.jsonl` says of one portrait.
#[derive(Debug, Clone, Deserialize)]
pub struct Marks {
    id: String,
    licence_class: String,
    landmarks68: Vec<Spot>,
    face_oval: Vec<Spot>,
    iris: Vec<Spot>,
}

/// Reads the line of every portrait under `data`.
pub fn read_marks(data: &Path) -> anyhow::Result<HashMap<String, Marks>> {
    let path = data.join("landmarks.jsonl");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let marks = text.lines().map(serde_json::from_str::<Marks>).collect::<Result<Vec<_>, _>>()?;
    Ok(marks.into_iter().map(|m| (m.id.clone(), m)).collect())
}

/// One portrait.
pub struct Donor {
    /// Its pixels.
    pub picture: Picture,
    /// Region classes of the data card.
    pub regions: GrayImage,
    /// 1 where the person is, 0 where the backdrop is.
    pub person: Field,
    /// [`LANDMARKS`] points: iBUG's 68, the face oval from the top clockwise, the irises.
    pub shape: Vec<Spot>,
}

impl Donor {
    /// Reads the portrait that `marks` describes.
    pub fn read(data: &Path, marks: &Marks) -> anyhow::Result<Self> {
        let id = &marks.id;
        ensure!(marks.licence_class == "A", "{id} has licence class {}: take one of class A", marks.licence_class);
        let open = |folder: &str, ending: &str| {
            let path = data.join(folder).join(format!("{id}.{ending}"));
            image::open(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let rgb = open("aligned", "jpg")?.into_rgb8();
        let regions = open("regions", "png")?.into_luma8();
        let person = open("person", "png")?.into_luma8();
        let frame = (Portrait::SIDE, Portrait::SIDE);
        ensure!(
            [rgb.dimensions(), regions.dimensions(), person.dimensions()] == [frame; 3],
            "{id} is not {0}x{0} pixels",
            Portrait::SIDE
        );
        let shape = [&marks.landmarks68[..], &marks.face_oval[..], &marks.iris[..]].concat();
        ensure!(shape.len() == LANDMARKS, "{id} has {} landmarks, not {LANDMARKS}", shape.len());
        Ok(Self { picture: split(&rgb), regions, person: unit(&person), shape })
    }

    /// The same person with their landmarks on `shape`, and the edge of what was photographed on that of the frame:
    /// beyond it the data card only has a blur.
    pub fn bent_to(&self, shape: &[Spot]) -> Self {
        let inside: Vec<Spot> = border().iter().map(|&spot| self.photographed(spot)).collect();
        let from = [&self.shape[..], &inside].concat();
        let warp = Warp::new(Portrait::SIDE, &from, &[shape, &border()].concat());
        Self {
            picture: self.picture.each_ref().map(|plane| warp.field(plane)),
            regions: warp.labels(&self.regions),
            person: warp.field(&self.person),
            shape: shape.to_vec(),
        }
    }

    /// The place nearest `spot`, towards the middle of the frame, that the camera saw.
    fn photographed(&self, spot: Spot) -> Spot {
        let middle = f64::from(Portrait::SIDE / 2);
        let at = |t: f64| spot.map(|v| v + (middle - v) * t);
        let seen = |t: &f64| {
            let [x, y] = at(*t).map(|v| v.round() as u32);
            self.regions.get_pixel(x, y).0[0] != UNSEEN
        };
        (0..SEARCH_STEPS).map(|k| f64::from(k) / f64::from(SEARCH_STEPS)).find(seen).map_or(spot, at)
    }
}

/// `picture` in bytes.
pub fn joined(picture: &Picture) -> Rgb {
    Rgb::from_fn(Portrait::SIDE, Portrait::SIDE, |x, y| {
        let byte = |plane: &Field| (plane.get_pixel(x, y).0[0] * 255.0).round().clamp(0.0, 255.0) as u8;
        image::Rgb(picture.each_ref().map(byte))
    })
}

fn split(rgb: &Rgb) -> Picture {
    [0, 1, 2]
        .map(|c| Field::from_fn(rgb.width(), rgb.height(), |x, y| Luma([f32::from(rgb.get_pixel(x, y).0[c]) / 255.0])))
}

fn unit(plane: &GrayImage) -> Field {
    Field::from_fn(plane.width(), plane.height(), |x, y| Luma([f32::from(plane.get_pixel(x, y).0[0]) / 255.0]))
}

/// Points along the frame, for every warp to hold.
fn border() -> Vec<Spot> {
    let last = f64::from(Portrait::SIDE - 1);
    let along = (0..FRAME_POINTS).map(|k| last * f64::from(k) / f64::from(FRAME_POINTS));
    along.flat_map(|t| [[t, 0.0], [last, t], [last - t, last], [0.0, last - t]]).collect()
}

/// How many landmarks a face has here.
pub const LANDMARKS: usize = 68 + OVAL + 2;
const OVAL: usize = 36;
/// Points held on each side of the frame.
const FRAME_POINTS: u32 = 12;
/// The region class of pixels that the camera did not see.
const UNSEEN: u8 = 255;
/// From the frame to its middle in steps of about 1 px.
const SEARCH_STEPS: u32 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_is_held_where_the_camera_saw_it() {
        let side = Portrait::SIDE;
        let plane = Field::new(side, side);
        let donor = Donor {
            picture: [plane.clone(), plane.clone(), plane.clone()],
            regions: GrayImage::from_fn(side, side, |_, y| Luma([if y < 40 { UNSEEN } else { 0 }])),
            person: plane,
            shape: Vec::new(),
        };
        for spot in border() {
            let [_, y] = donor.photographed(spot);
            // Below the unseen strip nothing moves; above it points go to its edge, to the pixel.
            assert!(if spot[1] < 40.0 { (39.0..42.0).contains(&y) } else { y == spot[1] }, "{spot:?} goes to {y}");
        }
    }
}
