//! Paints a blue studio wall another colour, between the hairs too.
//!
//! At the edge of the person a pixel is part wall, part hair. How much wall it is shows in how much bluer it is than
//! it is red or green, on the way from the person to the wall beside it (after the colour difference key of Petro
//! Vlahos, US patent 3,595,987, 1971); that much of the old wall is taken out and of the new one put in. Deep inside the person nothing changes,
//! so that blue eyes and blue coats stay. It refuses nothing; a wall that is not blue keeps its colour.

use image::Luma;
use portraitist::raster::Field;

use crate::colour::mean;
use crate::donor::Picture;
use crate::pyramid::softened;
use crate::pyramid::zipped;

/// Gives the wall in `picture` the mean colour `aim` (sRGB), lit as it is. `person` is 1 where the sitter is,
/// `cloth` is 1 where the sitter's clothes are: they may be as blue as they like.
pub fn repaint(picture: &mut Picture, person: &Field, cloth: &Field, aim: [u8; 3]) {
    let behind = zipped(person, person, |p, _| (1.0 - p).clamp(0.0, 1.0));
    let sure = zipped(&behind, &behind, |b, _| if b > 0.98 { 1.0 } else { 0.0 });
    let inside = zipped(person, person, |p, _| if p > 0.98 { 1.0 } else { 0.0 });
    let (old, sitter) = (spread(picture, &sure), spread(picture, &inside));
    let light = |colour: [f32; 3]| colour.iter().sum::<f32>();
    let usual = light(mean(picture, |i| sure.as_raw()[i] > 0.0));

    let (near, close) = (softened(&behind, EDGE_OCTAVES), softened(&behind, CLOTH_OCTAVES));
    for i in 0..near.as_raw().len() {
        let (seen, from) = (colour(picture, i), colour(&old, i));
        let own = colour(&sitter, i);
        // What is darker than both wall and skin is neither, but hair: it has hardly a colour of its own.
        let dark = (light(seen) / light(own).min(light(from)).max(LEAST_BLUE)).min(1.0);
        let bare = blueness(own) * dark * dark;
        let key = ((blueness(seen) - bare) / (blueness(from) - bare).max(LEAST_BLUE)).clamp(0.0, 1.0);
        let at_the_edge = (near.as_raw()[i] * REACH).min(1.0);
        let cloth = cloth.as_raw()[i];
        let at_the_hem = (close.as_raw()[i] * CLOTH_REACH).min(1.0);
        let allowed = at_the_edge + cloth * (at_the_hem - at_the_edge);
        let apart = seen.iter().zip(from).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let share = key * allowed.max(1.0 - apart / WALL_LIKE);
        for (c, plane) in picture.iter_mut().enumerate() {
            let to = f32::from(aim[c]) / 255.0 * light(from) / usual;
            plane.as_flat_samples_mut().samples[i] += share * (to - from[c]);
        }
    }
}

/// What `picture` would be if all of it were like the part that is `sure`: that part, smoothed into the rest.
fn spread(picture: &Picture, sure: &Field) -> Picture {
    picture.each_ref().map(|plane| {
        let mut whole = Field::from_pixel(plane.width(), plane.height(), Luma([0.0]));
        let mut filled = whole.clone();
        // Near pixels first; farther ones only fill what is left.
        for octaves in SPREAD_OCTAVES {
            let weight = softened(sure, octaves);
            let colour = softened(&zipped(plane, sure, |v, s| v * s), octaves);
            let found = zipped(&colour, &weight, |v, w| if w > 0.05 { v / w } else { 0.0 });
            let room = zipped(&filled, &weight, |f, w| (1.0 - f) * (w * 4.0 - 0.2).clamp(0.0, 1.0));
            whole = zipped(&whole, &zipped(&found, &room, |v, r| v * r), |a, b| a + b);
            filled = zipped(&filled, &room, |f, r| f + r);
        }
        let rest = mean(&[plane.clone(), plane.clone(), plane.clone()], |i| sure.as_raw()[i] > 0.0)[0];
        zipped(&whole, &filled, |v, f| v + (1.0 - f) * rest)
    })
}

/// How much bluer than anything else `colour` is.
fn blueness(colour: [f32; 3]) -> f32 {
    colour[2] - colour[0].max(colour[1])
}

fn colour(picture: &Picture, i: usize) -> [f32; 3] {
    picture.each_ref().map(|plane| plane.as_raw()[i])
}

/// A wall less blue than this is not keyed.
const LEAST_BLUE: f32 = 0.1;
/// The person's edge is searched for wall over about 2^3 pixels.
const EDGE_OCTAVES: usize = 3;
/// Where a tenth of the neighbourhood is wall, a pixel may be all wall.
const REACH: f32 = 10.0;
/// Cloth has no loose hairs: its edge is narrow.
const CLOTH_OCTAVES: usize = 1;
const CLOTH_REACH: f32 = 2.0;
/// A pixel that differs from the wall by less than this in every channel may be wall wherever it is.
const WALL_LIKE: f32 = 0.5;
const SPREAD_OCTAVES: [usize; 2] = [4, 6];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_changes_between_the_hairs_and_the_blue_coat_stays() {
        // Wall left of x = 63; right of it white hair above a blue coat; column 63 is half hair, half wall above.
        let plane = |wall: f32, coat: f32| {
            Field::from_fn(128, 128, |x, y| {
                Luma([match (x, y) {
                    (..63, _) => wall,
                    (63, ..64) => (wall + 1.0) / 2.0,
                    (_, ..64) => 1.0,
                    _ => coat,
                }])
            })
        };
        let mut picture = [plane(0.3, 0.0), plane(0.4, 0.1), plane(0.9, 0.5)];
        let flag =
            |lit: &dyn Fn(u32, u32) -> bool| Field::from_fn(128, 128, |x, y| Luma([if lit(x, y) { 1.0 } else { 0.0 }]));
        repaint(&mut picture, &flag(&|x, _| x >= 63), &flag(&|x, y| x >= 63 && y >= 64), [136, 136, 136]);
        let at = |x: u32, y: u32| picture.each_ref().map(|p| p.get_pixel(x, y).0[0]);
        // 0.02: the colours of wall and person are means over their neighbourhood.
        let close = |a: [f32; 3], b: [f32; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.02);
        let new = 136.0 / 255.0;
        assert!(close(at(5, 10), [new; 3]), "{:?}", at(5, 10));
        assert!(close(at(63, 10), [(new + 1.0) / 2.0; 3]), "{:?}", at(63, 10));
        assert!(close(at(80, 10), [1.0; 3]), "{:?}", at(80, 10));
        assert!(close(at(68, 120), [0.0, 0.1, 0.5]), "{:?}", at(68, 120));
    }
}
