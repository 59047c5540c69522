//! Paper made white: uneven light, yellowed or coloured paper and its grain are divided away, the ink's darkest is stretched
//! to black.
//!
//! Values from 0 (ink) to 1 (paper). The paper is estimated cell by cell ([`CELLS`] along the longer side): the brightness
//! that a fifth of a cell's pixels surpass, with darker cells (hair, coats) bridged from their neighbours (a morphological
//! closing), smoothed. No place counts as paper that is darker than [`LEAST_LIGHT`] of the sheet's brightest: what is
//! black and wide stays black.

use portraitist::photo::Photo;
use portraitist::photo::colour_model;
use portraitist::photo::smooth;
use portraitist::raster::Field;

/// Cells along the longer side.
const CELLS: u32 = 48;
/// Cells in a row that may hold no paper are twice this many.
const BRIDGED: i64 = 8;
/// Share of a cell's pixels that are not brighter than its paper.
const RANK: f32 = 0.8;
/// The steepest slant of light from one side of the sheet to the other, as a logarithm.
const MOST_SLANT: f32 = 0.7;
/// The darkest paper, as a share of the brightest.
const LEAST_LIGHT: f32 = 0.55;
/// From here on, in shares of the paper's brightness, all is grain and white.
const WHITE: f32 = 0.95;
/// What is darker than this share of the paper is ink.
const INK: f32 = 0.8;
/// Share of the ink that becomes black.
const BLACK_SHARE: f32 = 0.1;
/// Ink that is nowhere darker than this stays gray: a pencil's.
const BLACKEST: f32 = 0.45;

/// The drawing on the scanned sheet, its paper white.
pub fn whitened(scan: &Photo) -> Field {
    let light = colour_model::luma(scan.pixels());
    let (width, height) = light.dimensions();
    let paper = smooth::resized(&paper(&light), width, height);
    let share = smooth::map2(&light, &paper, |light, paper| light / paper.max(1e-3));
    let black = black(&share).min(BLACKEST);
    smooth::map(&share, |share| ((share - black) / (WHITE - black)).clamp(0.0, 1.0))
}

/// The paper's brightness in each cell.
fn paper(light: &Field) -> Field {
    let (width, height) = light.dimensions();
    let cell = width.max(height).div_ceil(CELLS).max(1);
    let (columns, rows) = (width.div_ceil(cell), height.div_ceil(cell));
    let bright = Field::from_fn(columns, rows, |column, row| {
        let across = column * cell..((column + 1) * cell).min(width);
        let down = row * cell..((row + 1) * cell).min(height);
        let values = down.flat_map(|y| across.clone().map(move |x| light.get_pixel(x, y).0[0]));
        image::Luma([ranked(values.collect(), RANK)])
    });
    let brightest = ranked(bright.as_raw().clone(), 0.95);
    // A closing lifts the darker edge of slanting light: it is done on cells made even.
    let slants = [slant(&bright, |x, _| x, columns), slant(&bright, |_, y| y, rows)];
    let slanting = |x: u32, y: u32| (slants[0] * x as f32 + slants[1] * y as f32).exp();
    let even = Field::from_fn(columns, rows, |x, y| image::Luma([bright.get_pixel(x, y).0[0] / slanting(x, y)]));
    let closed = spread(&spread(&even, f32::max), f32::min);
    let paper = Field::from_fn(columns, rows, |x, y| {
        image::Luma([(closed.get_pixel(x, y).0[0] * slanting(x, y)).max(LEAST_LIGHT * brightest)])
    });
    smooth::gaussian(&paper, 1.2)
}

/// How the paper's light changes from one of `count` cells to the next along an axis, as a logarithm: between the first third
/// and the last one.
fn slant(cells: &Field, along: fn(u32, u32) -> u32, count: u32) -> f32 {
    let third = count / 3;
    if third == 0 {
        return 0.0;
    }
    let light = |within: &dyn Fn(u32) -> bool| {
        let inside = cells.enumerate_pixels().filter(|(x, y, _)| within(along(*x, *y)));
        ranked(inside.map(|(.., light)| light.0[0]).collect(), RANK).max(1e-3)
    };
    let (first, last) = (light(&|at| at < third), light(&|at| at >= count - third));
    (last / first).ln().clamp(-MOST_SLANT, MOST_SLANT) / (count - third) as f32
}

/// The most extreme value within [`BRIDGED`] cells of each.
fn spread(cells: &Field, more: fn(f32, f32) -> f32) -> Field {
    let (columns, rows) = cells.dimensions();
    let near = |at: u32, count: u32| {
        let at = i64::from(at);
        (at - BRIDGED).max(0) as u32..=(at + BRIDGED).min(i64::from(count) - 1) as u32
    };
    Field::from_fn(columns, rows, |column, row| {
        let around = near(row, rows).flat_map(|y| near(column, columns).map(move |x| cells.get_pixel(x, y).0[0]));
        image::Luma([around.fold(cells.get_pixel(column, row).0[0], more)])
    })
}

/// How dark the ink's darkest is, as a share of the paper.
fn black(share: &Field) -> f32 {
    let ink: Vec<f32> = share.as_raw().iter().copied().filter(|share| *share < INK).collect();
    if ink.is_empty() { 0.0 } else { ranked(ink, BLACK_SHARE) }
}

/// The value that `share` of `values` do not surpass; 0 if there are none.
fn ranked(mut values: Vec<f32>, share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let rank = ((values.len() - 1) as f32 * share) as usize;
    *values.select_nth_unstable_by(rank, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use portraitist::raster::Rgb;

    #[test]
    fn yellowed_paper_in_slanting_light_becomes_white_and_ink_stays_black() {
        // Paper from 0.9 at the left to 0.6 at the right; a black bar 90 px wide and a gray line.
        let sheet = Rgb::from_fn(800, 600, |x, y| {
            let light = 0.9 - 0.3 * x as f32 / 800.0;
            let ink = if (300..390).contains(&x) && (100..500).contains(&y) {
                0.15
            } else if (600..604).contains(&x) {
                0.6
            } else {
                1.0
            };
            image::Rgb([250.0, 235.0, 190.0].map(|paper| (paper * light * ink) as u8))
        });
        let white = whitened(&Photo::new(sheet).expect("it has pixels"));
        let at = |x, y| white.get_pixel(x, y).0[0];
        for (x, y) in [(5, 5), (795, 5), (250, 300), (450, 300), (795, 595), (550, 300)] {
            assert!(at(x, y) > 0.98, "paper at {x}, {y} is {}", at(x, y));
        }
        assert!(at(345, 300) < 0.1, "the bar is {}", at(345, 300));
        assert!((0.3..0.8).contains(&at(602, 300)), "the line is {}", at(602, 300));
    }

    #[test]
    fn an_empty_sheet_is_white_and_a_black_one_black() {
        let of =
            |value: u8| whitened(&Photo::new(Rgb::from_pixel(90, 70, image::Rgb([value; 3]))).expect("it has pixels"));
        assert!(of(180).as_raw().iter().all(|value| *value == 1.0));
        assert!(of(0).as_raw().iter().all(|value| *value == 0.0));
    }
}
