//! The gradient of a convolution's weights: how much each place of the kernel, from each wide to each narrow channel,
//! finds its wide pixels in step with the narrow side's.
//!
//! Each task owns some places of some wide channels and goes through all pixels of all images in order, so the result
//! does not depend on the number of threads.

use rayon::prelude::*;

use super::geometry::Direction;
use super::geometry::Geometry;
use super::geometry::Route;
use super::kernel::Correlate;
use super::kernel::LANES;
use super::kernel::PANEL;
use super::kernel::ROWS;
use super::scratch;

/// Pixels summed at a stretch: as many as keep a panel of channels in a first-level cache of 48 KiB.
const STRETCH: usize = 256;
/// Tasks to cut a layer into.
const TASKS: usize = 16;
/// Most rows of sums a task holds.
const MOST_ROWS: usize = 128;

/// Σ over images and pixels of `narrow` · `wide`, as (narrow channels, wide channels / groups, kernel height, width).
pub(super) fn weight_gradient(geometry: &Geometry, wide: &[f32], narrow: &[f32]) -> Vec<f32> {
    let route = geometry.route(Direction::Down);
    let (height, width) = route.base();
    let count = (height - 1) * route.pitch() + width;
    let (inputs, outputs) = (route.input.channels / route.groups, route.output.channels / route.groups);
    let channel = route.packed_channel(height);
    let mut packed = vec![0.0; geometry.batch * route.input.channels * channel];
    packed
        .par_chunks_exact_mut(channel)
        .zip(wide.par_chunks_exact(route.input.plane()))
        .for_each(|(packed, plane)| route.pack(plane, 0, height, packed));
    let padded = outputs.next_multiple_of(LANES);
    let turned = turn(&route, geometry.batch, narrow, padded, count);

    let depth = inputs * route.taps[0].len();
    let rows = (depth * route.groups).div_ceil(TASKS).next_multiple_of(ROWS).clamp(ROWS, MOST_ROWS).min(depth);
    let mut gradient = vec![0.0; route.output.channels * depth];
    let mut tasks = Vec::new();
    for (group, gradient) in gradient.chunks_exact_mut(outputs * depth).enumerate() {
        let start = tasks.len();
        tasks.extend((0..depth).step_by(rows).map(|first| (group, first, Vec::new())));
        for of_output in gradient.chunks_exact_mut(depth) {
            for (at, part) in of_output.chunks_mut(rows).enumerate() {
                tasks[start + at].2.push(part);
            }
        }
    }
    let offsets = route.offsets(&route.taps[0], inputs, height);
    tasks.into_par_iter().for_each(|(group, first, mut parts)| {
        let rows = rows.min(depth - first);
        scratch::with(rows * padded, |sums| {
            sums.fill(0.0);
            for left in (0..padded).step_by(PANEL) {
                let panel = PANEL.min(padded - left);
                for image in 0..geometry.batch {
                    let wide = &packed[(image * route.groups + group) * inputs * channel..][..inputs * channel];
                    let others = &turned[((image * route.groups + group) * padded + left) * count..][..panel * count];
                    for from in (0..count).step_by(STRETCH) {
                        let stretch = STRETCH.min(count - from);
                        Correlate {
                            image: &wide[from..],
                            offsets: &offsets[first..first + rows],
                            others: &others[from * panel..][..stretch * panel],
                            width: panel,
                            sums: &mut sums[left..],
                            pitch: padded,
                            count: stretch,
                        }
                        .run();
                    }
                }
            }
            for (output, part) in parts.iter_mut().enumerate() {
                for (to, sums) in part.iter_mut().zip(sums.chunks_exact(padded)) {
                    *to = sums[output];
                }
            }
        });
    });
    gradient
}

/// `narrow` with its channels beside each other, in panels, at the packed input's pitch; zero between rows and past the
/// last channel.
fn turn(route: &Route, batch: usize, narrow: &[f32], padded: usize, count: usize) -> Vec<f32> {
    let outputs = route.output.channels / route.groups;
    let width = route.output.width;
    let mut turned = vec![0.0; batch * route.groups * padded * count];
    let panels: Vec<_> = turned
        .chunks_exact_mut(padded * count)
        .enumerate()
        .flat_map(|(group, turned)| turned.chunks_mut(PANEL * count).enumerate().map(move |(at, to)| (group, at, to)))
        .collect();
    panels.into_par_iter().for_each(|(group, at, panel)| {
        let channels = panel.len() / count;
        let first = at * PANEL;
        for row in 0..route.output.height {
            let to = &mut panel[row * route.pitch() * channels..];
            for channel in 0..channels.min(outputs - first) {
                let plane = (group * outputs + first + channel) * route.output.plane();
                let from = &narrow[plane + row * width..][..width];
                for (to, from) in to[channel..].iter_mut().step_by(channels).zip(from) {
                    *to = *from;
                }
            }
        }
    });
    turned
}
