//! Weights in the order in which the inner loop reads them.

use rayon::prelude::*;

use super::geometry::Direction;
use super::geometry::Geometry;
use super::geometry::Route;
use super::geometry::Tap;
use super::kernel::ROWS;

/// A convolution's weights, packed for one direction.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    /// For each phase of the output: for each group, for each eight output channels, for each input channel and tap the
    /// eight weights.
    phases: Vec<Vec<f32>>,
}

impl Packed {
    /// Packs `weight`, (narrow channels, wide channels / groups, kernel height, kernel width).
    pub fn new(geometry: &Geometry, direction: Direction, route: &Route, weight: &[f32]) -> Self {
        let (inputs, outputs) = (route.input.channels / route.groups, route.output.channels / route.groups);
        let places = geometry.kernel.0 * geometry.kernel.1;
        let (narrow, wide) = (geometry.narrow.channels / geometry.groups, geometry.wide.channels / geometry.groups);
        let pack = |taps: &Vec<Tap>| {
            let depth = inputs * taps.len();
            let blocks = outputs.div_ceil(ROWS);
            let mut packed = vec![0.0; route.groups * blocks * depth * ROWS];
            if depth == 0 {
                return packed;
            }
            packed.par_chunks_exact_mut(depth * ROWS).enumerate().for_each(|(at, packed)| {
                let (group, block) = (at / blocks, at % blocks);
                let rows = ROWS.min(outputs - block * ROWS);
                // How far apart in `weight` two inputs and two outputs are.
                let (of_input, of_output) = match direction {
                    Direction::Down => (places, wide * places),
                    Direction::Up => (wide * places, places),
                };
                let first = group * narrow * wide * places + block * ROWS * of_output;
                for (input, packed) in packed.chunks_exact_mut(taps.len() * ROWS).enumerate() {
                    let kernels = &weight[first + input * of_input..];
                    for (packed, tap) in packed.chunks_exact_mut(ROWS).zip(taps) {
                        for (row, packed) in packed[..rows].iter_mut().enumerate() {
                            *packed = kernels[row * of_output + tap.place];
                        }
                    }
                }
            });
            packed
        };
        Self { phases: route.taps.iter().map(pack).collect() }
    }

    /// The weights of one block of eight rows of a phase of the output, `depth` = input channels · taps.
    pub fn block(&self, phase: usize, block: usize, depth: usize) -> &[f32] {
        &self.phases[phase][block * depth * ROWS..][..depth * ROWS]
    }
}
