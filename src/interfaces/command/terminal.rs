//! The sheet on a terminal: Braille characters, two by four dots each (Unicode block U+2800), for a robot PC with no screen.

use crate::raster::Gray;

/// `paper` as lines of Braille, at most `columns` characters wide. A dot stands where ink covers enough of its cell.
pub fn braille(paper: &Gray, columns: u32) -> String {
    let (width, height) = paper.dimensions();
    if width == 0 || height == 0 || columns == 0 {
        return String::new();
    }
    let dots_x = (columns * 2).min(width);
    // Terminal cells are twice as high as wide, and hold 2 x 4 dots: the dots are square.
    let dots_y = ((u64::from(dots_x) * u64::from(height)) / u64::from(width)).max(1) as u32;
    let dark = darkest_per_dot(paper, dots_x, dots_y);
    let mut text = String::new();
    for row in 0..dots_y.div_ceil(4) {
        for column in 0..dots_x.div_ceil(2) {
            let mut cell = 0u32;
            for (bit, (dx, dy)) in DOTS.iter().enumerate() {
                let (x, y) = (column * 2 + dx, row * 4 + dy);
                if x < dots_x && y < dots_y && dark[(y * dots_x + x) as usize] {
                    cell |= 1 << bit;
                }
            }
            text.push(char::from_u32(0x2800 + cell).unwrap_or(' '));
        }
        text.truncate(text.trim_end_matches('\u{2800}').len());
        text.push('\n');
    }
    text
}

/// Braille dots in the order of their bits.
const DOTS: [(u32, u32); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
/// Share of a dot's pixels that must be ink.
const INK_SHARE: f32 = 0.22;

fn darkest_per_dot(paper: &Gray, dots_x: u32, dots_y: u32) -> Vec<bool> {
    let mut ink = vec![(0u32, 0u32); (dots_x * dots_y) as usize];
    for (x, y, pixel) in paper.enumerate_pixels() {
        let dot_x = u64::from(x) * u64::from(dots_x) / u64::from(paper.width());
        let dot_y = u64::from(y) * u64::from(dots_y) / u64::from(paper.height());
        let (inked, all) = &mut ink[(dot_y * u64::from(dots_x) + dot_x) as usize];
        *all += 1;
        *inked += u32::from(pixel.0[0] < 128);
    }
    ink.iter().map(|(inked, all)| *inked as f32 > INK_SHARE * *all as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_black_corner_is_a_full_cell() {
        let mut paper = Gray::from_pixel(40, 40, image::Luma([255]));
        for y in 0..8 {
            for x in 0..4 {
                paper.put_pixel(x, y, image::Luma([0]));
            }
        }
        let text = braille(&paper, 10);
        assert_eq!(text.lines().next(), Some("⣿"));
        assert_eq!(text.lines().count(), 5);
        assert!(text.lines().skip(1).all(str::is_empty));
    }

    #[test]
    fn an_empty_sheet_is_no_text() {
        assert_eq!(braille(&Gray::new(0, 0), 10), "");
    }
}
