//! Makes one sitter: bends all donors to the mean of the faces, brings them to one colour, and joins them.
//!
//! The head's donor gives hair, ears and jaw line, the body's donor what is below, and the inner face is mixed: its
//! shape and shade are the mean of several people, its fine detail comes part by part from different ones.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use image::GrayImage;
use image::Luma;
use portraitist::photo::Portrait;
use portraitist::raster::Field;
use portraitist::raster::Rgb;

use crate::backdrop::repaint;
use crate::colour::Curves;
use crate::colour::mean;
use crate::donor::Donor;
use crate::donor::LANDMARKS;
use crate::donor::Marks;
use crate::donor::joined;
use crate::parts::Part;
use crate::parts::Parts;
use crate::parts::below_the_head;
use crate::parts::classes;
use crate::pyramid::Share;
use crate::pyramid::Split;
use crate::pyramid::blend;
use crate::pyramid::softened;
use crate::pyramid::zipped;
use crate::recipe::Sitter;
use crate::warp::Spot;

/// The picture that `recipe` makes of the portraits under `data`.
pub fn compose(data: &Path, marks: &HashMap<String, Marks>, recipe: &Sitter) -> anyhow::Result<Rgb> {
    let read = |id: &String| {
        let line = marks.get(id).with_context(|| format!("landmarks.jsonl has no portrait named {id}"))?;
        Donor::read(data, line)
    };
    let faces = recipe.face.iter().map(|s| read(&s.id)).collect::<Result<Vec<_>, _>>()?;
    let head = read(&recipe.head)?;
    let body = recipe.body.as_ref().map(read).transpose()?;

    let shape = mean_shape(&faces, recipe);
    let parts = Parts::new(&shape);
    let mut cast: Vec<Donor> = faces.iter().chain([&head]).chain(&body).map(|d| d.bent_to(&shape)).collect();
    match_skins(&mut cast, faces.len(), &parts);
    for donor in &mut cast {
        let cloth = softened(&unit(&classes(&donor.regions, &[7], 0)), 1);
        repaint(&mut donor.picture, &donor.person, &cloth, recipe.backdrop);
    }
    let shares = shares(&cast, recipe, &parts, &shape);
    let mut picture = [0, 1, 2].map(|c| {
        let planes: Vec<&Field> = cast.iter().map(|d| &d.picture[c]).collect();
        blend(&planes, &shares, &SPLIT)
    });
    for plane in &mut picture {
        *plane = sharpened(plane);
    }
    Ok(joined(&picture))
}

fn mean_shape(faces: &[Donor], recipe: &Sitter) -> Vec<Spot> {
    let mean = |point: usize, axis: usize| {
        faces.iter().zip(&recipe.face).map(|(d, s)| d.shape[point][axis] * f64::from(s.weight)).sum::<f64>()
    };
    (0..LANDMARKS).map(|i| [mean(i, 0), mean(i, 1)]).collect()
}

/// Brings all skins to that of the head's donor (number `head`), measured on forehead and cheeks.
fn match_skins(cast: &mut [Donor], head: usize, parts: &Parts) {
    let skin = |d: &Donor| mean(&d.picture, |i| parts.at(i) == Part::Skin && d.regions.as_raw()[i] == 1);
    let aim = skin(&cast[head]);
    for (n, donor) in cast.iter_mut().enumerate() {
        let curves = Curves::new(skin(donor), aim);
        // A face is used inside its skin only, a body also has clothes: those keep their colour.
        let amount = if n < head { full() } else { softened(&unit(&classes(&donor.regions, &[1], 0)), 2) };
        curves.apply(&mut donor.picture, &amount);
    }
}

/// Who counts how much where; in the order of `cast`: faces, head, body.
fn shares(cast: &[Donor], recipe: &Sitter, parts: &Parts, shape: &[Spot]) -> Vec<Share> {
    let masks = Masks::new(cast, recipe, shape);
    let pixels = (Portrait::SIDE * Portrait::SIDE) as usize;
    let mut fine = vec![vec![0.0; pixels]; cast.len()];
    let mut coarse = fine.clone();
    for i in 0..pixels {
        match masks.giver(i, parts.at(i), recipe) {
            Giver::Alone(n) => {
                fine[n][i] = 1.0;
                coarse[n][i] = 1.0;
            }
            Giver::Among(n, faces) => {
                fine[n][i] = 1.0;
                faces.into_iter().for_each(|face| coarse[face][i] = recipe.face[face].weight);
            }
        }
    }
    let plane = |values: Vec<f32>| {
        Field::from_raw(Portrait::SIDE, Portrait::SIDE, values).expect("one weight for every pixel of the frame")
    };
    fine.into_iter().zip(coarse).map(|(f, c)| Share { fine: plane(f), coarse: plane(c) }).collect()
}

/// Whose a pixel is, as numbers into the cast.
enum Giver {
    /// One donor's, fine and coarse.
    Alone(usize),
    /// One donor's in detail, several faces' in shade.
    Among(usize, Vec<usize>),
}

/// What the bent donors show where.
struct Masks {
    /// The glasses that the sitter wears, and a little around them.
    glasses: Option<GrayImage>,
    /// The head's hair, fringe and all.
    hair: GrayImage,
    /// Where the head's donor has no neck.
    neckless: GrayImage,
    /// Neck, clothes and what is beside them.
    below: GrayImage,
    /// The same, from the shadow under the jaw on.
    shadow: GrayImage,
    /// For each face, what of it may not show: hair, ears, and glasses that are not the sitter's.
    barred: Vec<GrayImage>,
}

impl Masks {
    fn new(cast: &[Donor], recipe: &Sitter, shape: &[Spot]) -> Self {
        let faces = &cast[..recipe.face.len()];
        let head = &cast[recipe.face.len()];
        let barred = |(n, face): (usize, &Donor)| {
            let foreign: &[u8] = if recipe.glasses == Some(n) { &[0, 2, 6, 7] } else { &[0, 2, 6, 7, 8] };
            classes(&face.regions, foreign, 4)
        };
        Self {
            glasses: recipe.glasses.map(|n| classes(&faces[n].regions, &[8], LENS_RIM_PX)),
            hair: classes(&head.regions, &[2], 2),
            neckless: classes(&head.regions, &[0, 7], 2),
            below: below_the_head(shape, 0.0),
            shadow: below_the_head(shape, JAW_GAP_PX),
            barred: faces.iter().enumerate().map(barred).collect(),
        }
    }

    /// Whose pixel number `i` is, which belongs to `part` of the face.
    fn giver(&self, i: usize, part: Part, recipe: &Sitter) -> Giver {
        let on = |mask: &GrayImage| mask.as_raw()[i] > 0;
        let head = recipe.face.len();
        if let (Some(n), Some(true)) = (recipe.glasses, self.glasses.as_ref().map(on)) {
            return Giver::Alone(n);
        }
        let detail = match part {
            Part::Outside => {
                let body = recipe.body.is_some() && on(&self.below) && (on(&self.shadow) || on(&self.neckless));
                return Giver::Alone(if body { head + 1 } else { head });
            }
            Part::Eyes => recipe.detail.eyes,
            Part::Nose => recipe.detail.nose,
            Part::Mouth => recipe.detail.mouth,
            Part::Chin => recipe.detail.chin,
            Part::Skin => recipe.detail.skin,
        };
        let fit: Vec<usize> = (0..head).filter(|&n| !on(&self.barred[n])).collect();
        if on(&self.hair) || fit.is_empty() {
            return Giver::Alone(head);
        }
        let heavier = |a: &usize, b: &usize| recipe.face[*a].weight.total_cmp(&recipe.face[*b].weight);
        let heaviest = fit.iter().copied().max_by(heavier).unwrap_or(head);
        let first = if fit.contains(&detail) { detail } else { heaviest };
        if part == Part::Mouth && recipe.whole_mouth { Giver::Alone(first) } else { Giver::Among(first, fit) }
    }
}

/// A little more contrast in the finest octaves: the sources were enlarged by about 1.4.
fn sharpened(plane: &Field) -> Field {
    zipped(plane, &softened(plane, 1), |v, soft| v + SHARPENING * (v - soft))
}

fn full() -> Field {
    Field::from_pixel(Portrait::SIDE, Portrait::SIDE, Luma([1.0]))
}

fn unit(mask: &GrayImage) -> Field {
    Field::from_fn(mask.width(), mask.height(), |x, y| Luma([f32::from(mask.get_pixel(x, y).0[0]) / 255.0]))
}

/// Three octaves (detail up to about 8 px: lashes, pores, wrinkles) come from one donor, coarser ones from all.
const SPLIT: Split = Split { fine: 3, octaves: 6 };
/// The body begins this far below the jaw.
const JAW_GAP_PX: f64 = 9.0;
/// Glasses are taken with this much of what is around their frame.
const LENS_RIM_PX: u8 = 4;
/// Share of the finest detail that is added again.
const SHARPENING: f32 = 0.35;
