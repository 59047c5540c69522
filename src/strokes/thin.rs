//! Thinning: a mask of ink becomes lines one pixel wide with the same shape.
//!
//! Guo & Hall 1989, "Parallel thinning with two-subiteration algorithms" (A1), which leaves fewer spurs than Zhang &
//! Suen 1984 and does not eat lines two pixels wide; then every pixel that the shape can spare is taken away, so that
//! a pixel with three neighbours is a junction and nothing else. The centre is only pixel-true here; `refine` makes
//! it sub-pixel on the gray plane.
//!
//! ```text
//!   p9 p2 p3        bit 7 0 1
//!   p8 p1 p4            6   2
//!   p7 p6 p5            5 4 3
//! ```

use crate::raster::Gray;
use crate::strokes::binarise::PAPER;

/// The skeleton of `mask`. The mask's outermost pixels must be paper; what is there is lost.
pub fn thin(mask: &Gray) -> Gray {
    let (width, height) = mask.dimensions();
    let (w, h) = (width as usize, height as usize);
    let mut plane = mask.clone();
    let raw = plane.as_mut();
    for (i, v) in raw.iter_mut().enumerate() {
        if i % w == 0 || i % w + 1 == w || i < w || i >= w * (h - 1) {
            *v = PAPER;
        }
    }
    let mut alive: Vec<usize> = (0..raw.len()).filter(|i| raw[*i] != PAPER).collect();
    let tables = [table(|n| goes(n, 0)), table(|n| goes(n, 1))];
    let mut gone: Vec<usize> = Vec::new();
    // Each round takes a layer off; a mask has no more layers than half its shorter side.
    for _ in 0..w.max(h) {
        let before = alive.len();
        for table in &tables {
            gone.clear();
            gone.extend(alive.iter().copied().filter(|i| table[around(raw, w, *i)]));
            for i in &gone {
                raw[*i] = PAPER;
            }
            alive.retain(|i| raw[*i] != PAPER);
        }
        if alive.len() == before {
            break;
        }
    }
    let spare = table(is_spare);
    for i in alive {
        if spare[around(raw, w, i)] {
            raw[i] = PAPER;
        }
    }
    plane
}

/// The eight neighbours of pixel `i` as bits, clockwise from above.
pub fn around(raw: &[u8], w: usize, i: usize) -> usize {
    let bit = |j: usize, n: usize| usize::from(raw[j] != PAPER) << n;
    bit(i - w, 0)
        | bit(i - w + 1, 1)
        | bit(i + 1, 2)
        | bit(i + w + 1, 3)
        | bit(i + w, 4)
        | bit(i + w - 1, 5)
        | bit(i - 1, 6)
        | bit(i - w - 1, 7)
}

fn table(rule: impl Fn(usize) -> bool) -> Vec<bool> {
    (0..256).map(rule).collect()
}

/// Guo & Hall's rule for the neighbourhood `n` in sub-iteration `odd`.
fn goes(n: usize, odd: usize) -> bool {
    let p = |k: usize| n >> (k - 2) & 1 == 1;
    let pair = |a: usize, b: usize| usize::from(p(a) || p(b));
    let crossings = runs(n);
    let n1 = pair(9, 2) + pair(3, 4) + pair(5, 6) + pair(7, 8);
    let n2 = pair(2, 3) + pair(4, 5) + pair(6, 7) + pair(8, 9);
    let side = if odd == 0 { (p(6) || p(7) || !p(9)) && p(8) } else { (p(2) || p(3) || !p(5)) && p(4) };
    crossings == 1 && (2..=3).contains(&n1.min(n2)) && !side
}

/// Runs of ink around a pixel, corners joined to their sides: 1 means that the pixel separates nothing.
fn runs(n: usize) -> usize {
    let p = |k: usize| n >> (k % 8) & 1 == 1;
    [0, 2, 4, 6].iter().filter(|k| !p(**k) && (p(*k + 1) || p(*k + 2))).count()
}

/// Whether a pixel of a thin line may go: it separates nothing, is no end, and touches paper with a side.
fn is_spare(n: usize) -> bool {
    runs(n) == 1 && n.count_ones() >= 2 && n & 0b0101_0101 != 0b0101_0101
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strokes::binarise::INK;
    use image::Luma;

    fn pixels(mask: &Gray) -> usize {
        mask.as_raw().iter().filter(|v| **v != PAPER).count()
    }

    #[test]
    fn a_bar_becomes_its_middle_row() {
        let bar =
            Gray::from_fn(40, 15, |x, y| Luma([if (5..35).contains(&x) && (5..10).contains(&y) { INK } else { 0 }]));
        let thin = thin(&bar);
        assert!((22..=30).contains(&pixels(&thin)), "{} pixels", pixels(&thin));
        assert!((10..30).all(|x| thin.get_pixel(x, 7)[0] == INK));
    }

    #[test]
    fn a_ring_stays_a_ring_and_a_disc_a_dot() {
        let disc = |r: f64, x: u32, y: u32| (f64::from(x) - 20.0).hypot(f64::from(y) - 20.0) <= r;
        let ring = Gray::from_fn(41, 41, |x, y| Luma([if disc(15.0, x, y) && !disc(10.0, x, y) { INK } else { 0 }]));
        let thinned = thin(&ring);
        let raw = thinned.as_raw();
        assert!((0..raw.len()).filter(|i| raw[*i] != PAPER).all(|i| around(raw, 41, i).count_ones() == 2));
        let dot = thin(&Gray::from_fn(41, 41, |x, y| Luma([if disc(9.0, x, y) { INK } else { 0 }])));
        assert!((1..=3).contains(&pixels(&dot)));
    }
}
