//! Noise and marks: what is too little ink to be drawn is dropped.
//!
//! A mark is weighed by its ink, length times width times darkness, and not by its length: a nostril or the corner of
//! a mouth is short but heavy, a scratch of noise may be long but is faint.

use crate::strokes::follow::Line;

/// `lines` without those of less than `least` ink (square grid pixels of full ink), and how many were dropped.
pub fn weigh(mut lines: Vec<Line>, least: f64) -> (Vec<Line>, usize) {
    let before = lines.len();
    lines.retain(|line| weight(line) >= least);
    let dropped = before - lines.len();
    (lines, dropped)
}

/// The ink that `line` alone brings, square grid pixels of full ink; nothing or less if others cover it.
pub fn weight(line: &Line) -> f64 {
    let across = line.places.iter().map(|p| p.ink).sum::<f64>() / line.places.len() as f64;
    // The pen's round end adds half a width to a free end; an end on another line lies under that line's ink.
    let ends: f64 = line.attached.iter().map(|attached| if *attached { -across } else { across / 2.0 }).sum();
    across * (line.length() + ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::Point;
    use crate::strokes::graph::Trace;

    fn mark(length: usize, ink: f64) -> Line {
        let place = |x: usize| Trace { at: Point::new(x as f64, 0.0), radius: 1.0, ink, trust: 1.0 };
        Line { places: (0..=length).map(place).collect(), closed: false, attached: [false; 2] }
    }

    #[test]
    fn a_piece_between_two_lines_that_cover_it_goes() {
        let piece = Line { attached: [true, true], ..mark(7, 4.0) };
        assert_eq!(weigh(vec![piece, mark(7, 4.0)], 12.0).1, 1);
    }

    #[test]
    fn short_and_heavy_stays_long_and_faint_goes() {
        let (kept, dropped) = weigh(vec![mark(4, 5.0), mark(9, 0.8)], 12.0);
        assert_eq!(dropped, 1);
        assert_eq!(kept[0].length(), 4.0);
    }
}
