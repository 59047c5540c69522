//! The connected pieces of a mask and their areas. Pixels touch by side or corner; areas are in square pixels.

use crate::raster::Gray;
use image::Luma;
use imageproc::region_labelling::Connectivity;
use imageproc::region_labelling::connected_components;

/// The pieces of one mask: label 0 is what is not marked.
pub struct Pieces {
    labels: Vec<u32>,
    areas: Vec<u32>,
}

impl Pieces {
    /// The label of each pixel, row by row.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// How many pixels have `label`; 0 for a label that does not occur.
    pub fn area(&self, label: u32) -> u32 {
        self.areas.get(label as usize).copied().unwrap_or(0)
    }

    /// One more than the largest label.
    pub fn count(&self) -> usize {
        self.areas.len()
    }
}

/// The pieces of `mask`, whose marked pixels are not 0.
pub fn pieces(mask: &Gray) -> Pieces {
    let labels = connected_components(mask, Connectivity::Eight, Luma([0])).into_raw();
    let mut areas = vec![0; labels.iter().max().map_or(1, |most| *most as usize + 1)];
    for label in &labels {
        areas[*label as usize] += 1;
    }
    Pieces { labels, areas }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_touch_by_corners_and_know_their_areas() {
        let marked = [(1, 1), (2, 2), (6, 1)];
        let mask = Gray::from_fn(8, 4, |x, y| Luma([if marked.contains(&(x, y)) { 255 } else { 0 }]));
        let pieces = pieces(&mask);
        assert_eq!(pieces.count(), 3);
        let mut areas: Vec<u32> = (1..3).map(|label| pieces.area(label)).collect();
        areas.sort_unstable();
        assert_eq!(areas, [1, 2]);
        assert_eq!(pieces.labels()[8 + 1], pieces.labels()[16 + 2]);
        assert_eq!(pieces.area(99), 0);
    }
}
