//! Who sits before the camera: the faces in a photo, the one that is drawn, and that face understood.
//!
//! [`faces`] finds, [`sit`] chooses, reads and composes: a [`Sitting`] is a portrait in the canonical frame with its
//! [`Face`]. What cannot become a likeness is refused with a sentence that a visitor understands ([`Unfit`]): no face,
//! one that is too small, turned away too far, too dark or blurred. The networks come from crate `models`; their weights
//! are read by whoever calls, so this room opens no file. Lengths in photo pixels unless a name says otherwise.

mod choice;
mod labelled;
mod reading;
mod unfit;

pub use labelled::Labels;
pub use labelled::LabelsError;
pub use labelled::labelled;
pub use unfit::Unfit;

use models::ModelError;
use models::face_finder::FaceFinder;
use models::face_reader::FaceReader;
use serde::Deserialize;
use serde::Serialize;

use crate::face::Face;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Point;
use crate::geom::Px;
use crate::geom::Rect;
use crate::photo;
use crate::photo::Framing;
use crate::photo::Photo;
use crate::photo::Portrait;

/// The two networks that find and read faces.
#[derive(Debug, Clone)]
pub struct Networks {
    finder: FaceFinder,
    reader: FaceReader,
}

/// What makes a face fit to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SitterConfig {
    /// How sure the finder has to be that something is a face, 0 to 1.
    pub least_score: f32,
    /// The smallest face that is drawn, brows to chin and ear to ear, in photo pixels.
    pub smallest_px: f64,
    /// How far a head may be turned: 0 frontal, 1 when the nose stands before an outer corner of an eye.
    pub most_turn: f32,
    /// The brightest twentieth of a face is at least this bright, 0 black to 1 white. Dark skin has highlights, too; a
    /// photo taken in the dark has none.
    pub least_light: f32,
    /// A face's finest edges are at least so many times as steep as its coarse ones (1.0 is fog, 1.6 and more a sharp
    /// photo).
    pub least_sharpness: f32,
}

impl Default for SitterConfig {
    fn default() -> Self {
        Self { least_score: 0.2, smallest_px: 40.0, most_turn: 0.6, least_light: 0.2, least_sharpness: 1.22 }
    }
}

/// A face in a photo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// How sure the finder is, 0 to 1.
    pub score: f32,
    /// The square around it whose side is the mean of its width and its height, brows to chin and ear to ear.
    pub frame: Rect<Px>,
    /// The centres of the sitter's right eye (the picture's left) and left eye.
    pub eyes: [Point<Px>; 2],
    /// How far the head is turned, as in [`SitterConfig::most_turn`]; negative to the picture's left.
    pub turn: f32,
}

/// So many faces are read in search of one that is none by mistake.
const MOST_TRIED: usize = 4;
/// How sure the reader has to be that what the finder found is a face.
pub const LEAST_FACE: f32 = 0.3;
/// Faces that the finder is so sure of are faces, even where no mouth is seen.
pub const SURE: f32 = 0.65;
/// Faces that the finder is so sure of stand upright: of 161 portraits upside down it is no surer than 0.88 of any, and upright
/// surer than that of nearly all.
pub const UPRIGHT: f32 = 0.9;

/// The sitter, composed and understood.
#[derive(Debug, Clone)]
pub struct Sitting {
    /// Where in the photo.
    pub found: Found,
    /// Head and shoulders in the canonical frame.
    pub portrait: Portrait,
    /// What was read of the face, in the portrait's frame.
    pub face: Face,
}

impl Networks {
    /// The networks whose weights are the safetensors files `finder` and `reader`.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn load(finder: &[u8], reader: &[u8]) -> Result<Self, ModelError> {
        Ok(Self { finder: FaceFinder::load(finder)?, reader: FaceReader::load(reader)? })
    }
}

impl From<ModelError> for Fault {
    fn from(error: ModelError) -> Self {
        Fault::new(Kind::Config, error.to_string())
    }
}

/// The faces of `photo`: first the one to draw, the largest and most central, then the others by the same measure.
///
/// # Errors
/// [`ModelError::Input`], if the machine is out of memory.
pub fn faces(photo: &Photo, networks: &Networks, config: &SitterConfig) -> Result<Vec<Found>, ModelError> {
    let spotted = networks.finder.find(&lent(photo)?, config.least_score)?;
    let mut found: Vec<Found> = spotted.iter().map(choice::found).collect();
    choice::order(&mut found, photo.pixels().dimensions());
    Ok(found)
}

/// Puts the face that a person points at first: the one whose middle lies in the box `at`, or else the box itself, with
/// eyes where a face has them.
pub fn put_first(faces: &mut Vec<Found>, at: &Rect<Px>) {
    match faces.iter().position(|face| at.contains_inclusive(face.frame.center())) {
        Some(index) => faces[..=index].rotate_right(1),
        None => faces.insert(0, choice::pointed_at(at)),
    }
}

/// The sitting of the first of `faces` in `photo` that the reader, too, takes for one; the others are kept out of the
/// picture.
///
/// # Errors
/// [`Unfit`], in words for the sitter.
pub fn sit(photo: &Photo, faces: &[Found], networks: &Networks, config: &SitterConfig) -> Result<Sitting, Unfit> {
    let lent = lent(photo)?;
    for (index, chosen) in faces.iter().enumerate().take(MOST_TRIED) {
        let read = networks.reader.read(&lent, chosen.eyes.map(|eye| [eye.x as f32, eye.y as f32]))?;
        if read.face < LEAST_FACE {
            continue;
        }
        if chosen.score < UPRIGHT && !networks.finder.stands(&lent, &choice::spotted(chosen), SURE)? {
            continue;
        }
        if chosen.frame.width() < config.smallest_px {
            return Err(Unfit::TooSmall { width_px: chosen.frame.width(), least_px: config.smallest_px });
        }
        if chosen.turn.abs() > config.most_turn {
            return Err(Unfit::TurnedAway);
        }
        // What is hardly a face keeps nothing out of the picture.
        let beside = faces.iter().enumerate().filter(|(i, face)| *i != index && face.score >= SURE);
        let others: Vec<Found> = beside.map(|(_, face)| *face).collect();
        let portrait = photo::compose(photo, &Framing::Eyes(reading::eyes(&read)))?;
        let face = reading::face(&portrait, &read, chosen, &others)?;
        if chosen.score < SURE && !reading::has_mouth(&face) {
            continue;
        }
        unfit::check_light(&portrait, &face, config)?;
        return Ok(Sitting { found: *chosen, portrait, face });
    }
    Err(Unfit::NoFace)
}

/// `photo` as the networks borrow it.
fn lent(photo: &Photo) -> Result<models::photo::Photo<'_>, ModelError> {
    let (width, height) = photo.pixels().dimensions();
    models::photo::Photo::new(photo.pixels().as_raw(), width as usize, height as usize)
}
