//! Drawing or photo: through a drawn face the paper shows, a photographed one is shaded all over.
//!
//! Looked at is the face's rectangle in the canonical frame, before its paper is whitened: the share of pixels nearly as light
//! as its lightest, and how colourful it is against those. Of 240 portraits of the training
//! photos 238 are told to be photos; of 325 drawings (pen and charcoal, clean and on yellowed paper, engravings) none is.

use anyhow::Result;
use anyhow::bail;
use portraitist::raster::Rgb;

/// The face in the canonical frame: left, top, right, bottom, px.
const FACE: [u32; 4] = [156, 180, 356, 420];
/// Of the face's pixels so many are no lighter than its paper.
const RANK: f32 = 0.97;
/// From this share of the paper's light on a pixel is paper.
const NEARLY: f32 = 0.92;
/// Where less than this share is paper, it is a photo.
const LEAST_PAPER: f32 = 0.2;
/// Where less than this share is paper and it is [`COLOURFUL`], it is a photo, too.
const LEAST_PAPER_IN_COLOUR: f32 = 0.35;
/// Mean difference of a pixel's colours, in shares of the paper's.
const COLOURFUL: f32 = 0.06;

/// Whether `frame`, a picture in the canonical frame as it was scanned, is a drawing.
///
/// # Errors
/// It is a photo.
pub fn drawing(frame: &Rgb) -> Result<()> {
    let [left, top, right, bottom] = FACE;
    let face: Vec<[f32; 3]> =
        (top..bottom).flat_map(|y| (left..right).map(move |x| frame.get_pixel(x, y).0.map(f32::from))).collect();
    let light = |[red, green, blue]: [f32; 3]| 0.299 * red + 0.587 * green + 0.114 * blue;
    let mut lights: Vec<f32> = face.iter().map(|pixel| light(*pixel)).collect();
    let rank = ((lights.len() - 1) as f32 * RANK) as usize;
    let brightest = *lights.select_nth_unstable_by(rank, f32::total_cmp).1;
    let paper: Vec<[f32; 3]> = face.iter().copied().filter(|pixel| light(*pixel) >= NEARLY * brightest).collect();
    let share = paper.len() as f32 / face.len() as f32;
    let tint = [0, 1, 2].map(|at| (paper.iter().map(|pixel| pixel[at]).sum::<f32>() / paper.len() as f32).max(1.0));
    let difference = |pixel: &[f32; 3]| {
        let [red, green, blue] = [0, 1, 2].map(|at| pixel[at] / tint[at]);
        red.max(green).max(blue) - red.min(green).min(blue)
    };
    let colour = face.iter().map(difference).sum::<f32>() / face.len() as f32;
    if share < LEAST_PAPER || (share < LEAST_PAPER_IN_COLOUR && colour > COLOURFUL) {
        bail!("it looks like a photo, not a drawing: no paper shows through the face");
    }
    Ok(())
}
