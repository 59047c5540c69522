//! A portrait whose face is known from labels instead of networks: what people are taught and judged with.
//!
//! The labels of one portrait, all in the canonical frame of [`Portrait`]: 68 landmarks and two irises (px), the index map
//! of its regions, and the person's share of each pixel. Whoever calls reads the files; here bytes become values. Refused:
//! pictures that do not decode, planes that are not 512 px square, landmarks that no face has.

use thiserror::Error;

use crate::face::Face;
use crate::face::Iris;
use crate::face::Landmarks;
use crate::face::LandmarksError;
use crate::face::Regions;
use crate::face::RegionsError;
use crate::geom::Point;
use crate::photo;
use crate::photo::Framing;
use crate::photo::Matte;
use crate::photo::Portrait;
use crate::photo::smooth;
use crate::raster::Gray;

/// What is known of the face in one portrait.
#[derive(Debug, Clone)]
pub struct Labels {
    /// iBUG's 68 points, px.
    pub landmarks: Vec<[f64; 2]>,
    /// Centres of the sitter's right and left iris, px.
    pub irises: [[f64; 2]; 2],
    /// Their radii, px.
    pub iris_radii_px: [f64; 2],
    /// Index of each pixel's class, as [`Regions`] numbers them, 255 unknown.
    pub regions: Gray,
    /// The person's share of each pixel, 255 for all.
    pub person: Gray,
}

/// Labels that do not fit a portrait.
#[derive(Debug, Error)]
pub enum LabelsError {
    /// The photo cannot be read.
    #[error("the photo cannot be read: {0}")]
    Photo(#[from] photo::DecodeError),
    /// The photo is no portrait.
    #[error(transparent)]
    Portrait(#[from] photo::ComposeError),
    /// Not 68 points.
    #[error("{0} landmarks, not 68: give iBUG's 68 points")]
    Count(usize),
    /// Points that no face has.
    #[error(transparent)]
    Landmarks(#[from] LandmarksError),
    /// No map of regions.
    #[error(transparent)]
    Regions(#[from] RegionsError),
    /// No matte.
    #[error("the person's plane is not {side} px square: align it with the portrait", side = Portrait::SIDE)]
    Person,
}

/// The portrait in `photo` (the bytes of a JPEG, PNG or WebP file in the canonical frame), and its face by `labels`.
pub fn labelled(photo: &[u8], labels: Labels) -> Result<(Portrait, Face), LabelsError> {
    let portrait = photo::compose(&photo::decode(photo)?, &Framing::Centred)?;
    let count = labels.landmarks.len();
    let points: Vec<_> = labels.landmarks.iter().map(|[x, y]| Point::new(*x, *y)).collect();
    let points = points.try_into().map_err(|_| LabelsError::Count(count))?;
    let iris = |i: usize| {
        let [x, y] = labels.irises[i];
        Iris { centre: Point::new(x, y), radius_px: labels.iris_radii_px[i] }
    };
    let landmarks = Landmarks::new(points, [iris(0), iris(1)])?;
    let share = labels.person.as_raw().iter().map(|v| f32::from(*v) / 255.0).collect();
    let matte = Matte::new(smooth::of_size(labels.person.width(), labels.person.height(), share));
    Ok((portrait, Face::new(landmarks, Regions::new(labels.regions)?, matte.ok_or(LabelsError::Person)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::sample;
    use image::Luma;

    fn labels(landmarks: usize, side: u32) -> Labels {
        let points: Vec<[f64; 2]> = sample::points(0.0).iter().map(|p| [p.x, p.y]).collect();
        Labels {
            landmarks: points[..landmarks].to_vec(),
            irises: sample::irises(9.5).map(|iris| [iris.centre.x, iris.centre.y]),
            iris_radii_px: [9.5; 2],
            regions: Gray::from_pixel(512, 512, Luma([1])),
            person: Gray::from_pixel(side, side, Luma([255])),
        }
    }

    #[test]
    fn labels_become_a_face_in_the_frame_of_the_portrait() {
        let photo = photo::sitters::sitters()[0].jpeg;
        let (_, face) = labelled(photo, labels(68, 512)).expect("whole labels");
        assert_eq!(face.landmarks().jaw()[8], sample::points(0.0)[8]);
        assert_eq!(face.matte().share().get_pixel(9, 9).0[0], 1.0);
    }

    #[test]
    fn labels_that_do_not_fit_are_refused_by_name() {
        let photo = photo::sitters::sitters()[0].jpeg;
        assert!(matches!(labelled(photo, labels(67, 512)), Err(LabelsError::Count(67))));
        assert!(matches!(labelled(photo, labels(68, 64)), Err(LabelsError::Person)));
        assert!(matches!(labelled(b"no photo", labels(68, 512)), Err(LabelsError::Photo(_))));
    }
}
