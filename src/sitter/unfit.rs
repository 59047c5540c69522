//! Why a photo cannot become a likeness, in words for the sitter; and whether there is light and focus enough.
//!
//! Light is that of the brightest twentieth of the face, so that dark skin in good light passes and any skin in the dark
//! does not. Focus compares edges at two scales (σ 1 and 4 px of the canonical frame): blur takes the fine ones first,
//! whatever the contrast. On aligned portraits of the training data the share is 1.58 or more for 99 of 100, and
//! 1.30 at the median after a blur of σ 4 px.

use models::ModelError;

use super::SitterConfig;
use crate::face::Class;
use crate::face::Face;
use crate::face::LandmarksError;
use crate::face::RegionsError;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::photo::ComposeError;
use crate::photo::Portrait;
use crate::photo::smooth;
use crate::raster::Field;

/// Why nobody can be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Nobody there.
    #[error(
        "there is no face in the photo; stand before the camera and look at it (--no-face draws the photo as it is)"
    )]
    NoFace,
    /// Too far away.
    #[error("the face is only {width_px:.0} pixels wide, and {least_px:.0} are needed; come closer")]
    TooSmall {
        /// Its width.
        width_px: f64,
        /// The least width.
        least_px: f64,
    },
    /// In profile, or nearly.
    #[error("the face is turned away too far; look towards the camera")]
    TurnedAway,
    /// Taken in the dark.
    #[error("the face is too dark to be seen; step into the light")]
    TooDark,
    /// Out of focus, or moved.
    #[error("the face is blurred; hold still, and look whether the lens is clean")]
    Blurred,
    /// The face lies where no portrait can be cut out.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// What was read is no face.
    #[error(transparent)]
    Landmarks(#[from] LandmarksError),
    /// What was read are no regions.
    #[error(transparent)]
    Regions(#[from] RegionsError),
    /// The network itself.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl Unfit {
    /// Its name for programs: `no-face`, `too-small`, `turned-away`, `too-dark`, `blurred` or `unreadable`.
    pub fn code(&self) -> &'static str {
        match self {
            Unfit::NoFace => "no-face",
            Unfit::TooSmall { .. } => "too-small",
            Unfit::TurnedAway => "turned-away",
            Unfit::TooDark => "too-dark",
            Unfit::Blurred => "blurred",
            Unfit::Compose(_) | Unfit::Landmarks(_) | Unfit::Regions(_) | Unfit::Model(_) => "unreadable",
        }
    }
}

impl From<Unfit> for Fault {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Model(error) => error.into(),
            other => Fault::new(Kind::BadInput, other.to_string()),
        }
    }
}

/// What may be brighter and sharper than the rest of a face is left out of it.
const FACE: [Class; 5] = [Class::Skin, Class::Eyebrow, Class::Eye, Class::Lips, Class::Glasses];
/// The share of the face's pixels that are darker, or flatter, than what is looked at.
const LOW_SHARE: f64 = 0.95;
/// Scales of fine and of coarse edges, px of the canonical frame.
const FINE_PX: f32 = 1.0;
const COARSE_PX: f32 = 4.0;

/// Whether `face` of `portrait` has light and focus enough.
pub(super) fn check_light(portrait: &Portrait, face: &Face, config: &SitterConfig) -> Result<(), Unfit> {
    let gray = smooth::of_size(
        Portrait::SIDE,
        Portrait::SIDE,
        portrait
            .pixels()
            .pixels()
            .map(|p| (0.299 * f32::from(p.0[0]) + 0.587 * f32::from(p.0[1]) + 0.114 * f32::from(p.0[2])) / 255.0)
            .collect(),
    );
    let inside = face.regions().share(&FACE);
    let bright = high(&gray, &inside);
    if bright < config.least_light {
        return Err(Unfit::TooDark);
    }
    let steep = |sigma_px| high(&steepness(&smooth::gaussian(&gray, sigma_px)), &inside);
    if steep(FINE_PX) < config.least_sharpness * steep(COARSE_PX) {
        return Err(Unfit::Blurred);
    }
    Ok(())
}

/// The value of `field` that [`LOW_SHARE`] of the pixels `inside` do not reach; 0 if there are none.
fn high(field: &Field, inside: &Field) -> f32 {
    let mut values: Vec<f32> = field
        .as_raw()
        .iter()
        .zip(inside.as_raw())
        .filter(|(_, inside)| **inside > 0.5)
        .map(|(value, _)| *value)
        .collect();
    if values.is_empty() {
        return 0.0;
    }
    let rank = ((values.len() - 1) as f64 * LOW_SHARE) as usize;
    *values.select_nth_unstable_by(rank, f32::total_cmp).1
}

/// The length of the gradient of `field`, by central differences.
fn steepness(field: &Field) -> Field {
    let (width, height) = field.dimensions();
    let at = |x: u32, y: u32| field.get_pixel(x.min(width - 1), y.min(height - 1)).0[0];
    Field::from_fn(width, height, |x, y| {
        let dx = at(x + 1, y) - at(x.saturating_sub(1), y);
        let dy = at(x, y + 1) - at(x, y.saturating_sub(1));
        image::Luma([dx.hypot(dy) / 2.0])
    })
}
