//! Which part of a portrait is skin, hair or clothes, softly, and where in the canonical frame a face has its features.
//!
//! The colour model of the photo room is run once more inside the person's matte. Planes are probabilities at the
//! portrait's size; backdrop, skin, hair and clothes sum to one. Skin includes everything on it, beards too. Refuses
//! nothing. A region network gives the same [`Regions`].

use crate::photo::Matte;
use crate::photo::Portrait;
use crate::photo::colour_model;
use crate::photo::position_prior;
use crate::photo::position_prior::BACKDROP;
use crate::photo::position_prior::CLOTHES;
use crate::photo::position_prior::HAIR;
use crate::photo::position_prior::SKIN;
use crate::photo::smooth;
use crate::raster::Field;

/// The probability of each region at each pixel of a portrait.
#[derive(Debug, Clone)]
pub struct Regions {
    backdrop: Field,
    skin: Field,
    hair: Field,
    clothes: Field,
}

impl Regions {
    /// Neither the person nor anything the person wears.
    pub fn backdrop(&self) -> &Field {
        &self.backdrop
    }

    /// Face, neck, ears, with brows, eyes, lips, beard and glasses.
    pub fn skin(&self) -> &Field {
        &self.skin
    }

    /// Hair of the head, and what covers it.
    pub fn hair(&self) -> &Field {
        &self.hair
    }

    /// Clothes.
    pub fn clothes(&self) -> &Field {
        &self.clothes
    }

    /// How near each pixel is to where skin borders on hair or clothes: 1 on the border, 0 some `2 * reach_px` away.
    pub fn skin_border(&self, reach_px: f32) -> Field {
        let skin = smooth::gaussian(&self.skin, reach_px);
        let covered =
            smooth::gaussian(&smooth::map2(&self.hair, &self.clothes, |hair, clothes| hair + clothes), reach_px);
        smooth::map2(&skin, &covered, |skin, covered| (4.0 * skin * covered).min(1.0))
    }
}

/// Side of the small picture on which colours are learnt.
const SMALL_SIDE: u32 = 128;
/// The least probability a class of the person has anywhere on the person.
const FLOOR: f32 = 0.01;
const ROUNDS: u32 = 3;

/// The regions of `portrait` within `matte`.
pub fn regions(portrait: &Portrait, matte: &Matte) -> Regions {
    let person = smooth::resized(matte.share(), SMALL_SIDE, SMALL_SIDE);
    let mut priors = position_prior::position_priors(SMALL_SIDE, FLOOR);
    for i in 0..person.as_raw().len() {
        let person = person.as_raw()[i].clamp(0.001, 0.999);
        let others: f32 = [SKIN, HAIR, CLOTHES].iter().map(|class| priors[*class].as_raw()[i]).sum();
        for class in [SKIN, HAIR, CLOTHES] {
            priors[class].as_mut()[i] *= person / others;
        }
        priors[BACKDROP].as_mut()[i] = 1.0 - person;
    }
    let [mut skin, mut hair, mut clothes] = colour_model::posteriors(portrait, &priors, ROUNDS, [SKIN, HAIR, CLOTHES]);
    for (i, person) in matte.share().as_raw().iter().enumerate() {
        let sum = (skin.as_raw()[i] + hair.as_raw()[i] + clothes.as_raw()[i]).max(1e-6);
        [&mut skin, &mut hair, &mut clothes].into_iter().for_each(|plane| plane.as_mut()[i] *= person / sum);
    }
    Regions { backdrop: smooth::map(matte.share(), |person| 1.0 - person), skin, hair, clothes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::BackdropConfig;
    use crate::photo::matte;
    use crate::photo::sample;

    #[test]
    fn the_samples_hair_face_and_coat_are_told_apart_and_sum_to_one() {
        let portrait = sample::sitter(|_, _| [150, 180, 220]);
        let regions = regions(&portrait, &matte(&portrait, &BackdropConfig::default()));
        let planes = [regions.backdrop(), regions.skin(), regions.hair(), regions.clothes()];
        for i in 0..planes[0].as_raw().len() {
            let sum: f32 = planes.iter().map(|plane| plane.as_raw()[i]).sum();
            assert!((sum - 1.0).abs() < 1e-3, "they sum to {sum}");
        }
        for (plane, x, y) in [(0, 40, 100), (1, 256, 290), (2, 256, 90), (2, 150, 140), (3, 100, 490)] {
            let share = planes[plane].get_pixel(x, y).0[0];
            assert!(share > 0.6, "plane {plane} at ({x}, {y}): {share}");
        }
    }
}
