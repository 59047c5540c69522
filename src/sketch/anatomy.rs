//! Which part of a portrait is skin, hair or clothes, softly, and where eyes, brows, nose, mouth and beard are.
//!
//! Read from a [`Face`] where one was found; guessed from colours and the mean face where none was. Planes have the
//! portrait's size and hold shares from 0 to 1; backdrop, skin, hair and clothes sum to one. Skin includes everything on
//! it, beards too. Lengths in portrait pixels. Refuses nothing.

use super::face_map;
use super::shapes;
use crate::face::Class;
use crate::face::Face;
use crate::face::Landmarks;
use crate::face::Side;
use crate::geom::Point;
use crate::geom::Px;
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

/// What the artist knows of the person in one portrait.
#[derive(Debug, Clone)]
pub struct Anatomy {
    backdrop: Field,
    skin: Field,
    hair: Field,
    clothes: Field,
    features: Features,
    room: Field,
    landmarks: Option<Landmarks>,
}

/// Where a face has its features.
#[derive(Debug, Clone)]
struct Features {
    eyes: Field,
    brows: Field,
    nose: Field,
    mouth: Field,
    lips: Field,
    beard: Field,
    bridge: Field,
    ears: Field,
    glasses: Field,
}

impl Anatomy {
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

    /// The eyes with their lids.
    pub fn eyes(&self) -> &Field {
        &self.features.eyes
    }

    /// The brows.
    pub fn brows(&self) -> &Field {
        &self.features.brows
    }

    /// The tip and the wings of the nose.
    pub fn nose(&self) -> &Field {
        &self.features.nose
    }

    /// The bridge of the nose, which is never shaded.
    pub fn bridge(&self) -> &Field {
        &self.features.bridge
    }

    /// The lips and what is between them.
    pub fn mouth(&self) -> &Field {
        &self.features.mouth
    }

    /// The lips themselves, without what is between them; nothing where no face was read.
    pub fn lips(&self) -> &Field {
        &self.features.lips
    }

    /// Where moustache and beard grow on those who have them.
    pub fn beard(&self) -> &Field {
        &self.features.beard
    }

    /// The ears; nothing where no face was read.
    pub fn ears(&self) -> &Field {
        &self.features.ears
    }

    /// Frames and lenses of glasses; nothing where no face was read.
    pub fn glasses(&self) -> &Field {
        &self.features.glasses
    }

    /// How far each pixel is from where the picture ends, in pixels: 0 beyond the photo.
    pub fn room(&self) -> &Field {
        &self.room
    }

    /// The landmarks, where a face was read.
    pub fn landmarks(&self) -> Option<&Landmarks> {
        self.landmarks.as_ref()
    }

    /// How much of a child the sitter is, 0 to 1: children have large irises for the distance of their eyes, and
    /// little face below them. 0 where no face was read.
    pub fn youth(&self) -> f32 {
        let Some(landmarks) = &self.landmarks else { return 0.0 };
        let iris = Side::BOTH.map(|side| landmarks.iris(side).radius_px).iter().sum::<f64>() / 2.0;
        let chin = landmarks.jaw()[8].y - Portrait::EYES[0].y;
        // Grown people: 9.3 px and 186 px; children of five: 11.5 px and 155 px.
        let (by_iris, by_chin) = ((iris - 10.2) / 1.5, (172.0 - chin) / 22.0);
        ((by_iris + by_chin) / 2.0).clamp(0.0, 1.0) as f32
    }

    /// How near each pixel is to where skin borders on hair or clothes: 1 on the border, 0 some `2 * reach_px` away.
    pub fn skin_border(&self, reach_px: f32) -> Field {
        let skin = smooth::gaussian(&self.skin, reach_px);
        let covered =
            smooth::gaussian(&smooth::map2(&self.hair, &self.clothes, |hair, clothes| hair + clothes), reach_px);
        smooth::map2(&skin, &covered, |skin, covered| (4.0 * skin * covered).min(1.0))
    }

    /// The anatomy that colours and the mean face suggest, where no face was read.
    pub fn guessed(portrait: &Portrait, matte: &Matte) -> Self {
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
        let parts = colour_model::posteriors(portrait, &priors, ROUNDS, [SKIN, HAIR, CLOTHES]);
        let none = Field::new(Portrait::SIDE, Portrait::SIDE);
        let features = Features {
            eyes: face_map::eyes(),
            brows: face_map::brows(),
            nose: face_map::nose(),
            mouth: face_map::mouth(),
            lips: none.clone(),
            beard: face_map::beard(),
            bridge: none.clone(),
            ears: none.clone(),
            glasses: none,
        };
        let known = smooth::map(portrait.beyond(), |beyond_px| if beyond_px > 0.0 { 0.0 } else { 1.0 });
        Self::of_parts(parts, matte, features, &known, None)
    }

    /// The anatomy of `portrait`'s sitter, whose `face` was read.
    pub fn of_face(portrait: &Portrait, face: &Face) -> Self {
        const SKIN_CLASSES: [Class; 6] =
            [Class::Skin, Class::Eyebrow, Class::Eye, Class::Lips, Class::Ear, Class::Glasses];
        let regions = face.regions();
        // A trace of every class goes far, so that a person's pixel that the map calls background has a neighbour's.
        let soft = |classes: &[Class]| {
            let share = regions.share(classes);
            let far = smooth::gaussian(&share, FAR_PX);
            smooth::map2(&smooth::gaussian(&share, SOFT_PX), &far, |near, far| near + 1e-3 * far)
        };
        let parts = [soft(&SKIN_CLASSES), soft(&[Class::Hair]), soft(&[Class::Clothes])];
        let landmarks = face.landmarks();
        let known = smooth::map2(&regions.share(&[Class::Unknown]), portrait.beyond(), |unknown, beyond_px| {
            if unknown > 0.0 || beyond_px > 0.0 { 0.0 } else { 1.0 }
        });
        let ears = smooth::gaussian(&regions.share(&[Class::Ear]), 2.0);
        let glasses = smooth::gaussian(&regions.share(&[Class::Glasses]), 1.0);
        Self::of_parts(parts, face.matte(), features(landmarks, ears, glasses), &known, Some(landmarks.clone()))
    }

    fn of_parts(
        parts: [Field; 3],
        matte: &Matte,
        features: Features,
        known: &Field,
        landmarks: Option<Landmarks>,
    ) -> Self {
        let [mut skin, mut hair, mut clothes] = parts;
        for (i, person) in matte.share().as_raw().iter().enumerate() {
            let sum = (skin.as_raw()[i] + hair.as_raw()[i] + clothes.as_raw()[i]).max(1e-6);
            [&mut skin, &mut hair, &mut clothes].into_iter().for_each(|plane| plane.as_mut()[i] *= person / sum);
        }
        let backdrop = smooth::map(matte.share(), |person| 1.0 - person);
        Self { backdrop, skin, hair, clothes, features, room: shapes::room(known), landmarks }
    }
}

/// Side of the small picture on which colours are learnt.
const SMALL_SIDE: u32 = 128;
/// The least probability a class of the person has anywhere on the person.
const FLOOR: f32 = 0.01;
const ROUNDS: u32 = 3;
/// How soft the borders of a map of regions are made: it is right to a pixel or two.
const SOFT_PX: f32 = 1.5;
/// How far a region goes on where no other one is known.
const FAR_PX: f32 = 12.0;

/// The features around `landmarks`.
fn features(landmarks: &Landmarks, ears: Field, glasses: Field) -> Features {
    let patches = |shapes: &[(Vec<Point<Px>>, f32, f32)]| {
        let mut out = Field::new(Portrait::SIDE, Portrait::SIDE);
        shapes.iter().for_each(|(outline, reach_px, soft_px)| shapes::patch(&mut out, outline, *reach_px, *soft_px));
        out
    };
    let eyes = Side::BOTH.map(|side| (shapes::smooth_ring(landmarks.lids(side)), 7.0, 5.0));
    let brows = Side::BOTH.map(|side| {
        // Landmarks run along a brow's upper border: its body lies a little below.
        let brow = landmarks.brow(side);
        let below = brow.iter().rev().map(|p| Point::new(p.x, p.y + 9.0));
        (brow.iter().copied().chain(below).collect(), 5.0, 4.0)
    });
    let base = landmarks.nose_base();
    let tip = landmarks.bridge()[3];
    let nose = [
        Point::new(base[0].x - 4.0, base[0].y - 16.0),
        Point::new(base[0].x - 4.0, base[0].y + 2.0),
        Point::new(base[2].x, base[2].y + 4.0),
        Point::new(base[4].x + 4.0, base[4].y + 2.0),
        Point::new(base[4].x + 4.0, base[4].y - 16.0),
        Point::new(tip.x, tip.y - 12.0),
    ];
    let beside = |sign: f64| {
        let widths = [7.0, 7.0, 8.0, 9.0];
        landmarks.bridge().iter().zip(widths).map(move |(p, width)| Point::new(p.x + sign * width, p.y))
    };
    let bridge = beside(-1.0).chain(beside(1.0).rev()).collect();
    let lips = shapes::smooth_ring(landmarks.outer_lips());
    let beard: Vec<_> = landmarks.jaw()[2..15].iter().copied().chain(base.iter().rev().copied()).collect();
    let between = patches(&[(shapes::smooth_ring(landmarks.inner_lips()), 1.0, 2.0)]);
    let red = smooth::map2(&patches(&[(lips.clone(), 0.0, 2.0)]), &between, |lips, between| lips * (1.0 - between));
    let mouth = patches(&[(lips, 6.0, 5.0)]);
    Features {
        eyes: patches(&eyes),
        brows: patches(&brows),
        nose: patches(&[(nose.to_vec(), 5.0, 5.0)]),
        beard: patches(&[(beard, 8.0, 10.0)]),
        bridge: patches(&[(bridge, 0.0, 4.0)]),
        mouth,
        lips: red,
        ears,
        glasses,
    }
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
        let anatomy = Anatomy::guessed(&portrait, &matte(&portrait, &BackdropConfig::default()));
        let planes = [anatomy.backdrop(), anatomy.skin(), anatomy.hair(), anatomy.clothes()];
        for i in 0..planes[0].as_raw().len() {
            let sum: f32 = planes.iter().map(|plane| plane.as_raw()[i]).sum();
            assert!((sum - 1.0).abs() < 1e-3, "they sum to {sum}");
        }
        for (plane, x, y) in [(0, 40, 100), (1, 256, 290), (2, 256, 90), (2, 150, 140), (3, 100, 490)] {
            let share = planes[plane].get_pixel(x, y).0[0];
            assert!(share > 0.6, "plane {plane} at ({x}, {y}): {share}");
        }
    }

    #[test]
    fn a_face_that_was_read_says_what_is_what_and_how_old() {
        let portrait = sample::sitter(|_, _| [150, 180, 220]);
        let anatomy = Anatomy::of_face(&portrait, &crate::face::sample::face(8.0, |_, _| false));
        let planes = [anatomy.backdrop(), anatomy.skin(), anatomy.hair(), anatomy.clothes()];
        for i in 0..planes[0].as_raw().len() {
            let sum: f32 = planes.iter().map(|plane| plane.as_raw()[i]).sum();
            assert!((sum - 1.0).abs() < 1e-3, "they sum to {sum}");
        }
        for (plane, x, y) in [(0, 40, 100), (1, 256, 290), (2, 256, 90), (3, 100, 490)] {
            assert!(planes[plane].get_pixel(x, y).0[0] > 0.9, "plane {plane} at ({x}, {y})");
        }
        let at = |field: &Field, x, y| field.get_pixel(x, y).0[0];
        assert_eq!(
            (at(anatomy.eyes(), 206, 236), at(anatomy.mouth(), 256, 346), at(anatomy.eyes(), 256, 300)),
            (1.0, 1.0, 0.0)
        );
        assert_eq!(anatomy.youth(), 0.0, "a chin 186 px below the eyes is grown up");
    }
}
