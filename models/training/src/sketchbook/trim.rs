//! What is no part of the drawing becomes paper: captions, signatures, ruled borders, stains far from the head.
//!
//! Works in the canonical frame (512 px, eyes 100 px apart), on values from 0 (ink) to 1 (paper). The drawing is what hangs
//! together with the head: marks within [`NEAR_PX`] of it, and marks within [`FAR_PX`] unless they are low and in a row, as
//! letters are. A border is a straight line along most of the frame, no steeper than [`STEEPEST_DEG`], with hardly any ink
//! beyond it; it goes with all that lies beyond.

use image::Luma;
use portraitist::photo::smooth;
use portraitist::raster::Field;
use portraitist::raster::Gray;
use portraitist::sketch::pieces;

use crate::data::SIDE;

/// Darker than this is ink.
const INK: f32 = 0.75;
/// Marks no farther apart than twice this are one: letters of a word, lines of a hatching. px.
const JOINED_PX: usize = 3;
/// Marks no farther from the drawing are part of it, px.
const NEAR_PX: usize = 16;
/// Marks farther from the drawing are none of it, px.
const FAR_PX: usize = 56;
/// Width of ink's pale edges, px.
const EDGE_PX: usize = 3;
/// Rounds of growing from the head outward; the frame is not so many [`NEAR_PX`] wide.
const ROUNDS: usize = 40;
/// Letters are no taller, px.
const LETTER_PX: u32 = 46;
/// A word is this many times as wide as it is tall, or one of [`IN_A_ROW`] marks in a row.
const WORD: f32 = 1.8;
/// So many low marks side by side are a line of text.
const IN_A_ROW: usize = 3;
/// The head: an ellipse's middle and its half axes, px.
const HEAD: [[f32; 2]; 2] = [[256.0, 262.0], [135.0, 190.0]];
/// The steepest border, against the frame's side.
const STEEPEST_DEG: i32 = 12;
/// The share of the frame that a border's line runs along, at least.
const ALONG: f32 = 0.55;
/// The share of ink beyond a border, at most.
const BEYOND: f32 = 0.06;
/// A line is no thicker, px: beyond that, and as far again, lies paper.
const THIN_PX: usize = 10;
/// The share of ink there, of the line's own.
const INSIDE: f32 = 0.3;
/// Half of a border's thickness, px.
const HALF_PX: usize = 5;
/// Borders are searched so often: two lines on each side.
const BORDERS: usize = 8;

/// `page` without what is no part of the drawing.
pub fn trimmed(page: &Field) -> Field {
    let mut page = page.clone();
    for _ in 0..BORDERS {
        let Some(border) = border(&page) else { break };
        for (x, y, value) in page.enumerate_pixels_mut() {
            if border.depth(x, y) < THIN_PX as f32 {
                value.0[0] = 1.0;
            }
        }
    }
    let strange = strange(&page);
    for (value, strange) in page.iter_mut().zip(strange.as_raw()) {
        if *strange > 0 {
            *value = 1.0;
        }
    }
    page
}

/// A straight line across the frame.
#[derive(Debug, Clone, Copy)]
struct Border {
    /// The unit normal, towards the middle of the frame.
    inward: [f32; 2],
    /// Where the line lies along the normal.
    at: f32,
}

impl Border {
    /// How far inside the line a pixel lies, px.
    fn depth(&self, x: u32, y: u32) -> f32 {
        (x as f32 + 0.5) * self.inward[0] + (y as f32 + 0.5) * self.inward[1] - self.at
    }
}

/// The outermost border there is.
fn border(page: &Field) -> Option<Border> {
    let ink: Vec<[f32; 2]> = page
        .enumerate_pixels()
        .filter(|(.., value)| value.0[0] < INK)
        .map(|(x, y, _)| [x as f32 + 0.5, y as f32 + 0.5])
        .collect();
    let side = SIDE as f32;
    let mut best: Option<(f32, Border)> = None;
    for (quarter, half_degrees) in (0..4).flat_map(|q| (-2 * STEEPEST_DEG..=2 * STEEPEST_DEG).map(move |d| (q, d))) {
        let angle = (quarter as f32 * 90.0 + half_degrees as f32 / 2.0).to_radians();
        let inward = [angle.cos(), angle.sin()];
        let along = [-inward[1], inward[0]];
        // From the frame's middle; what lies deeper than the head's edge is no border.
        let place = |[x, y]: [f32; 2], axis: [f32; 2]| (x - side / 2.0) * axis[0] + (y - side / 2.0) * axis[1];
        let reach = (side * 0.75) as usize;
        // For each line of px across the normal, which of its places hold ink.
        let mut lines = vec![[0u64; 13]; reach];
        let mut counts = vec![0usize; reach];
        for point in &ink {
            let (depth, along) = (place(*point, inward) + reach as f32, place(*point, along) + reach as f32);
            let (line, bit) = (depth as usize, along as usize);
            if line < reach && bit < 13 * 64 {
                lines[line][bit / 64] |= 1 << (bit % 64);
                counts[line] += 1;
            }
        }
        let mut sum = 0;
        let outside: Vec<usize> = counts
            .iter()
            .map(|count| {
                sum += count;
                sum
            })
            .collect();
        for line in 1..reach.saturating_sub(1) {
            let depth = line as f32 + 0.5 - reach as f32;
            if -depth < head_reach(inward) {
                break;
            }
            // Two neighbours with it: a line is rarely as straight as its pixels.
            let run: u32 =
                (0..13).map(|at| (lines[line - 1][at] | lines[line][at] | lines[line + 1][at]).count_ones()).sum();
            let beyond = outside[line.saturating_sub(HALF_PX)] as f32;
            let area = ((side / 2.0 + depth).max(0.0) * side).max(1.0);
            let alone = beyond <= BEYOND * area;
            // Where hair or a coat ends at a straight edge, it goes on behind it.
            let deeper = &counts[(line + THIN_PX).min(reach)..(line + 2 * THIN_PX).min(reach)];
            let thin = deeper.iter().sum::<usize>() as f32 <= INSIDE * (run as usize * deeper.len()) as f32;
            if alone && thin && run as f32 >= ALONG * side && best.is_none_or(|best| run as f32 > best.0) {
                let at = depth + side / 2.0 * (inward[0] + inward[1]);
                best = Some((run as f32, Border { inward, at }));
            }
        }
    }
    best.map(|(_, border)| border)
}

/// How far the head reaches from the frame's middle against `inward`.
fn head_reach(inward: [f32; 2]) -> f32 {
    let [middle, half] = HEAD;
    let off = (middle[0] - 256.0) * inward[0] + (middle[1] - 256.0) * inward[1];
    (half[0] * inward[0]).hypot(half[1] * inward[1]) - off
}

/// What does not belong to the drawing: 255, else 0.
fn strange(page: &Field) -> Gray {
    let mask =
        Gray::from_fn(page.width(), page.height(), |x, y| Luma([u8::from(page.get_pixel(x, y).0[0] < INK) * 255]));
    let pieces = pieces(&grown(&mask, JOINED_PX));
    let boxes = boxes(pieces.labels(), pieces.count(), page.width());
    let mut kept = vec![false; pieces.count()];
    let [middle, half] = HEAD;
    for (at, label) in pieces.labels().iter().enumerate() {
        let (x, y) = ((at % SIDE) as f32, (at / SIDE) as f32);
        kept[*label as usize] |= ((x - middle[0]) / half[0]).hypot((y - middle[1]) / half[1]) < 1.0;
    }
    kept[0] = false;
    let shown = |kept: &[bool]| {
        let value = |label: &u32| u8::from(kept[*label as usize]) * 255;
        Gray::from_raw(page.width(), page.height(), pieces.labels().iter().map(value).collect())
            .expect("a label a pixel")
    };
    let letters: Vec<bool> = boxes.iter().map(|own| is_text(own, &boxes)).collect();
    for _ in 0..ROUNDS {
        let drawn = shown(&kept);
        let (near, far) = (grown(&drawn, NEAR_PX), grown(&drawn, FAR_PX));
        let mut more = false;
        for ((label, near), far) in pieces.labels().iter().zip(near.as_raw()).zip(far.as_raw()) {
            let label = *label as usize;
            if label != 0 && !kept[label] && (*near > 0 || (*far > 0 && !letters[label])) {
                kept[label] = true;
                more = true;
            }
        }
        if !more {
            break;
        }
    }
    // Ink's pale edges belong to it; pale tone that is nobody's ink stays.
    let own = grown(&shown(&kept), EDGE_PX);
    let dropped: Vec<bool> = kept.iter().enumerate().map(|(label, kept)| label != 0 && !kept).collect();
    let mut strange = grown(&shown(&dropped), EDGE_PX);
    for (strange, own) in strange.iter_mut().zip(own.as_raw()) {
        *strange = strange.saturating_sub(*own);
    }
    strange
}

/// The box around a piece: first column and row, last column and row.
type Around = [u32; 4];

fn boxes(labels: &[u32], count: usize, width: u32) -> Vec<Around> {
    let mut boxes = vec![[u32::MAX, u32::MAX, 0, 0]; count];
    for (at, label) in labels.iter().enumerate() {
        let (x, y) = (at as u32 % width, at as u32 / width);
        let own = &mut boxes[*label as usize];
        *own = [own[0].min(x), own[1].min(y), own[2].max(x), own[3].max(y)];
    }
    boxes
}

/// Whether a mark in its box `own` is a word or a letter of a line.
fn is_text(own: &Around, all: &[Around]) -> bool {
    let height = |around: &Around| around[3].saturating_sub(around[1]) + 1;
    let middle = |around: &Around| f32::midpoint(around[1] as f32, around[3] as f32);
    if height(own) > LETTER_PX {
        return false;
    }
    let wide = (own[2].saturating_sub(own[0]) + 1) as f32 >= WORD * height(own) as f32;
    let beside =
        |other: &&Around| height(other) <= LETTER_PX && (middle(other) - middle(own)).abs() < 0.5 * LETTER_PX as f32;
    wide || all.iter().skip(1).filter(beside).count() >= IN_A_ROW
}

/// `mask` grown by a square of `by` px to each side.
fn grown(mask: &Gray, by: usize) -> Gray {
    let field = Field::from_fn(mask.width(), mask.height(), |x, y| Luma([f32::from(mask.get_pixel(x, y).0[0])]));
    let sums = smooth::box_mean(&field, by);
    // A single pixel's share of the square; less is rounding.
    let least = 0.5 * 255.0 / ((2 * by + 1) * (2 * by + 1)) as f32;
    Gray::from_fn(mask.width(), mask.height(), |x, y| Luma([u8::from(sums.get_pixel(x, y).0[0] > least) * 255]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A head with a shoulder beside it, and `more`.
    fn page(more: impl Fn(u32, u32) -> bool) -> Field {
        let head = |x: u32, y: u32| {
            let from = ((x as f32 - 256.0) / 110.0).hypot((y as f32 - 260.0) / 150.0);
            (0.96..1.02).contains(&from)
        };
        let shoulder = |x: u32, y: u32| (100..140).contains(&x) && (430..500).contains(&y) && (x + y) % 9 < 3;
        Field::from_fn(512, 512, |x, y| Luma([if head(x, y) || shoulder(x, y) || more(x, y) { 0.1 } else { 1.0 }]))
    }

    #[test]
    fn a_drawing_alone_stays_as_it_is() {
        let page = page(|_, _| false);
        assert_eq!(trimmed(&page), page);
    }

    #[test]
    fn a_caption_and_a_signature_go_and_shoulders_stay() {
        // Letters 6 px wide and 16 tall under the head, smaller ones in the corner.
        let caption = |x: u32, y: u32| (470..486).contains(&y) && (200..330).contains(&x) && x % 11 < 6;
        let signature = |x: u32, y: u32| (490..500).contains(&y) && (440..500).contains(&x) && x % 7 < 4;
        assert_eq!(trimmed(&page(|x, y| caption(x, y) || signature(x, y))), page(|_, _| false));
    }

    #[test]
    fn hair_that_ends_at_the_sheets_edge_is_no_border() {
        let page = page(|x, y| (100..150).contains(&x) && (60..480).contains(&y));
        assert_eq!(trimmed(&page), page);
    }

    #[test]
    fn a_slanting_border_goes_with_what_lies_beyond() {
        let frame = |x: u32, y: u32| {
            let (x, y) = (x as f32, y as f32);
            let (left, low) = (40.0 + 0.07 * y, 506.0);
            (x - left).abs() < 1.6 || (y - low).abs() < 1.6
        };
        let stain = |x: u32, y: u32| x < 20 && (200..260).contains(&y);
        let (trimmed, clean) = (trimmed(&page(|x, y| frame(x, y) || stain(x, y))), page(|_, _| false));
        let off = trimmed.as_raw().iter().zip(clean.as_raw()).filter(|(a, b)| a != b).count();
        assert!(off <= 60, "{off} px differ");
    }
}
