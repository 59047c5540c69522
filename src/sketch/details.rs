//! Eyes, nose and mouth as small networks of their own draw them, put into the lines of the whole face.
//!
//! AiSketcher's local branch (Gao et al., 2020). Each part is cut out around its landmarks, photo and lines, drawn, and put back
//! through a window that falls smoothly to nothing at the crop's border, so that there is no seam; where two windows overlap,
//! their drawings are averaged. Ink that is too thick for a line, in a mouth's corners or on a frame of glasses, stays as it was,
//! since the pen would make a stain of it (irises are drawn later), and so does what grows on lips and chins. Planes are portraits', row by row, light and paper 1, black and ink 0. Beyond the portrait is
//! paper. Refuses what the networks refuse, which they do not for crops.

use models::ModelError;
use models::detail_drawer::DetailDrawers;
use models::detail_drawer::PLACES;
use models::detail_drawer::Part;
use models::detail_drawer::Place;

use super::thick::thick;
use crate::face::Landmarks;
use crate::photo::Portrait;
use crate::raster::Field;
use crate::raster::Gray;
use image::Luma;

/// Side of a plane.
const SIDE: usize = Portrait::SIDE as usize;

/// A part that was drawn anew.
#[derive(Debug)]
struct Drawn {
    part: Part,
    /// Column and row of its first pixel; it may lie off the portrait.
    corner: [i32; 2],
    lines: Vec<f32>,
}

/// The `lines` of the portrait that is `gray` with those parts of its face that `drawers` draw; as much of each pixel as is `beard`
/// stays as it was, for it is no part of a mouth.
///
/// # Errors
/// The machine is out of memory.
pub fn with_details(
    lines: &[f32],
    gray: &[f32],
    beard: &Field,
    landmarks: &Landmarks,
    drawers: &DetailDrawers,
) -> Result<Vec<f32>, ModelError> {
    let points = landmarks.points().map(|point| [point.x as f32, point.y as f32]);
    let mut parts = Vec::with_capacity(PLACES.len());
    for place in &PLACES {
        let Some(drawer) = drawers.of(place.part) else { continue };
        let corner = place.corner(&points);
        let [width, height] = place.part.size_px();
        let before = cut(lines, place, corner);
        let mut drawn = drawer.draw(&cut(gray, place, corner), &before, width, height)?;
        keep_where_thick(&mut drawn, &before, width);
        parts.push(Drawn { part: place.part, corner, lines: turned(drawn, place) });
    }
    let all = joined(lines, &parts).into_iter().zip(lines).zip(beard.as_raw());
    Ok(all.map(|((drawn, line), beard)| drawn + beard * (line - drawn)).collect())
}

/// Makes those pixels of `drawn` that are in no line as pale as `before`; both are `width` px wide.
fn keep_where_thick(drawn: &mut [f32], before: &[f32], width: usize) {
    let value = |x: u32, y: u32| Luma([(255.0 * drawn[y as usize * width + x as usize]).round() as u8]);
    let thick = thick(&Gray::from_fn(width as u32, (drawn.len() / width) as u32, value));
    for ((drawn, before), thick) in drawn.iter_mut().zip(before).zip(thick.as_raw()) {
        if *thick > 0 {
            *drawn = drawn.max(*before);
        }
    }
}

/// The crop of `plane` at `place`, as its drawer is shown it.
fn cut(plane: &[f32], place: &Place, corner: [i32; 2]) -> Vec<f32> {
    let crop = pixels(place.part, corner).map(|(_, at)| at.map_or(1.0, |at| plane[at]));
    turned(crop.collect(), place)
}

/// `crop` mirrored, if at that place it is.
fn turned(mut crop: Vec<f32>, place: &Place) -> Vec<f32> {
    if place.mirrored {
        crop.chunks_mut(place.part.size_px()[0]).for_each(<[f32]>::reverse);
    }
    crop
}

/// `lines` with `parts` put in.
fn joined(lines: &[f32], parts: &[Drawn]) -> Vec<f32> {
    let (mut shares, mut sums) = (vec![0.0f32; lines.len()], vec![0.0f32; lines.len()]);
    for part in parts {
        let window = part.part.window();
        for (of_crop, at) in pixels(part.part, part.corner) {
            let Some(at) = at else { continue };
            shares[at] += window[of_crop];
            sums[at] += window[of_crop] * part.lines[of_crop];
        }
    }
    let all = lines.iter().zip(shares).zip(sums);
    all.map(|((line, share), sum)| {
        let most = share.max(1.0);
        (line * (most - share) + sum) / most
    })
    .collect()
}

/// The pixels of a crop, row by row, each with its index in the portrait, if it lies there.
fn pixels(part: Part, corner: [i32; 2]) -> impl Iterator<Item = (usize, Option<usize>)> {
    let [width, height] = part.size_px();
    let along =
        move |at: usize, axis: usize| usize::try_from(corner[axis] + at as i32).ok().filter(|along| *along < SIDE);
    (0..width * height).map(move |at| {
        let place = along(at % width, 0).zip(along(at / width, 1));
        (at, place.map(|(x, y)| y * SIDE + x))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both eyes, nose and mouth where faces have them, drawn as `value` all over.
    fn parts(value: f32) -> Vec<Drawn> {
        let corners = [[147, 183], [257, 183], [208, 257], [184, 307]];
        let drawn = |(place, corner): (&Place, [i32; 2])| {
            let [width, height] = place.part.size_px();
            Drawn { part: place.part, corner, lines: vec![value; width * height] }
        };
        PLACES.iter().zip(corners).map(drawn).collect()
    }

    #[test]
    fn paper_put_into_ink_stays_in_its_windows_and_has_no_seam() {
        let joined = joined(&vec![0.0; SIDE * SIDE], &parts(1.0));
        let at = |x: usize, y: usize| joined[y * SIDE + x];
        let mut inside = vec![false; SIDE * SIDE];
        for part in parts(1.0) {
            pixels(part.part, part.corner).filter_map(|(_, at)| at).for_each(|at| inside[at] = true);
        }
        assert!(joined.iter().zip(&inside).all(|(value, inside)| *inside || *value == 0.0), "nothing outside");
        for (x, y) in [(203, 223), (313, 223), (256, 293), (256, 347), (256, 318)] {
            assert_eq!(at(x, y), 1.0, "({x}, {y}) is a part's own");
        }
        // The steepest step of a smooth ramp over 12 px is an eighth.
        for y in 0..SIDE - 1 {
            for x in 0..SIDE - 1 {
                let steps = [at(x + 1, y) - at(x, y), at(x, y + 1) - at(x, y)];
                assert!(steps.iter().all(|step| step.abs() < 0.15), "a seam at ({x}, {y}): {steps:?}");
            }
        }
    }

    #[test]
    fn a_stain_stays_as_pale_as_it_was_and_a_line_is_drawn() {
        let (width, height) = (60, 40);
        let (mut drawn, mut before) = (vec![1.0f32; width * height], vec![1.0f32; width * height]);
        for (at, (drawn, before)) in drawn.iter_mut().zip(&mut before).enumerate() {
            let (x, y) = (at % width, at / width);
            let stain = x >= 40 && (12..28).contains(&y);
            *drawn = if stain || (19..22).contains(&y) { 0.0 } else { 1.0 };
            *before = if y == 20 { 0.1 } else { 0.8 };
        }
        keep_where_thick(&mut drawn, &before, width);
        let at = |x: usize, y: usize| drawn[y * width + x];
        assert_eq!([at(10, 20), at(10, 21), at(10, 10), at(50, 14), at(50, 20)], [0.0, 0.0, 1.0, 0.8, 0.1]);
    }

    #[test]
    fn what_a_drawer_repeats_stays_as_it_is() {
        let lines: Vec<f32> = (0..SIDE * SIDE).map(|at| (at % 7) as f32 / 6.0).collect();
        let mut parts = parts(0.0);
        for (part, place) in parts.iter_mut().zip(&PLACES) {
            part.lines = turned(cut(&lines, place, part.corner), place);
        }
        let joined = joined(&lines, &parts);
        assert!(joined.iter().zip(&lines).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn the_left_eye_is_shown_mirrored_and_beyond_the_portrait_is_paper() {
        let plane: Vec<f32> = (0..SIDE * SIDE).map(|at| (at % SIDE) as f32 / 1024.0).collect();
        let [right, left] = [0, 1].map(|at| cut(&plane, &PLACES[at], [-40, 500]));
        let width = Part::Eye.size_px()[0];
        assert_eq!((right[0], right[39], right[40], right[41]), (1.0, 1.0, 0.0, 1.0 / 1024.0));
        assert_eq!(left[width - 1 - 41], 1.0 / 1024.0);
        assert!(right[12 * width..].iter().all(|value| *value == 1.0));
    }
}
