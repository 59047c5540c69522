//! Runs a [`Route`] over a batch of images: cuts the output into tiles that fit a core's cache, packs each tile's part of
//! the input, sums, and writes with bias and activation. The sums' order does not depend on the number of threads.

use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use super::geometry::Route;
use super::kernel::LANES;
use super::kernel::Product;
use super::kernel::ROWS;
use super::scratch;
use super::weights::Packed;
use crate::engine::act::Act;

/// Floats a tile's input and a tile's sums may each take: half of a common second-level cache of 1 MiB.
const TILE_FLOATS: usize = 128 * 1024;
/// Pixels of a tile: fewer pack too many edges, more gain nothing.
const TILE_PIXELS: (usize, usize) = (384, 2048);
/// Tasks to cut a layer into, so that cores that are disturbed do not make the others wait.
const TASKS: usize = 16;

/// A part of the output: some rows of some channels of one image.
struct Task<'a> {
    image: usize,
    first: usize,
    rows: usize,
    /// Blocks of [`ROWS`] output channels, counted through all groups.
    blocks: Range<usize>,
    /// The rows of each channel of those blocks.
    outputs: Vec<&'a mut [f32]>,
}

/// Where a task's input is.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// In the images as they are: the task packs what it needs.
    Plain(&'a [f32]),
    /// Packed, for each image and tile all channels.
    Packed(&'a [f32]),
}

/// How a layer is cut into tasks.
struct Cut {
    /// Rows of the base of the output in a tile.
    rows: usize,
    /// Blocks of channels in a task.
    blocks: usize,
}

/// One layer at work.
struct Layer<'a> {
    route: &'a Route,
    weights: &'a Packed,
    bias: Option<&'a [f32]>,
    act: Act,
    cut: Cut,
}

/// The output for `batch` images in `input`, (batch, channels, height, width).
pub(super) fn run(
    route: &Route,
    weights: &Packed,
    batch: usize,
    input: &[f32],
    bias: Option<&[f32]>,
    act: Act,
) -> Vec<f32> {
    let cut = cut(route, batch);
    let layer = Layer { route, weights, bias, act, cut };
    let mut output = scratch::taken(batch * route.output.floats());
    let tasks = layer.tasks(&mut output);
    if layer.cut.blocks == layer.blocks() {
        tasks.into_par_iter().for_each(|task| layer.work(task, Source::Plain(input)));
        return output;
    }
    // Tasks that share an input share its packing.
    let channel = route.packed_channel(layer.cut.rows);
    let tiles = route.base().0.div_ceil(layer.cut.rows);
    let channels = route.input.channels;
    let packed_floats = batch * tiles * channels * channel;
    scratch::with(packed_floats + LANES, |packed| {
        packed[..packed_floats].par_chunks_exact_mut(channel).enumerate().for_each(|(at, packed)| {
            let (image, tile, at) = (at / channels / tiles, at / channels % tiles, at % channels);
            let plane = &input[(image * channels + at) * route.input.plane()..][..route.input.plane()];
            route.pack(plane, tile * layer.cut.rows, layer.cut.rows, packed);
        });
        let packed = &*packed;
        tasks.into_par_iter().for_each(|task| layer.work(task, Source::Packed(packed)));
    });
    output
}

fn cut(route: &Route, batch: usize) -> Cut {
    let (height, _) = route.base();
    let (inputs, outputs) = (route.input.channels / route.groups, route.output.channels / route.groups);
    let blocks = outputs.div_ceil(ROWS);
    let floats = (inputs * route.phases.len()).max(blocks * ROWS * route.taps.len());
    let (few, many) = TILE_PIXELS;
    let pixels = (TILE_FLOATS / floats).clamp(few, many);
    let least = few.div_ceil(route.pitch()).min(height);
    let rows = (pixels / route.pitch()).max(1).min((height * batch).div_ceil(TASKS).max(least)).min(height);
    let tiles = height.div_ceil(rows);
    let splits = TASKS.div_ceil(batch * tiles);
    Cut { rows: height.div_ceil(tiles), blocks: (blocks * route.groups).div_ceil(splits) }
}

impl Layer<'_> {
    /// Blocks of channels in a group.
    fn group_blocks(&self) -> usize {
        (self.route.output.channels / self.route.groups).div_ceil(ROWS)
    }

    fn blocks(&self) -> usize {
        self.group_blocks() * self.route.groups
    }

    /// The output cut into tasks.
    fn tasks<'o>(&self, output: &'o mut [f32]) -> Vec<Task<'o>> {
        let Self { route, cut, .. } = self;
        let (height, _) = route.base();
        let (tiles, splits) = (height.div_ceil(cut.rows), self.blocks().div_ceil(cut.blocks));
        let per_group = route.output.channels / route.groups;
        let tile_floats = cut.rows * route.output_stride * route.output.width;
        let mut tasks = Vec::new();
        for (image, output) in output.chunks_exact_mut(route.output.floats()).enumerate() {
            let start = tasks.len();
            for at in 0..tiles * splits {
                let (first, split) = (at / splits * cut.rows, at % splits * cut.blocks);
                let rows = cut.rows.min(height - first);
                let blocks = split..(split + cut.blocks).min(self.blocks());
                tasks.push(Task { image, first, rows, blocks, outputs: Vec::new() });
            }
            for (channel, plane) in output.chunks_exact_mut(route.output.plane()).enumerate() {
                let block = channel / per_group * self.group_blocks() + channel % per_group / ROWS;
                for (tile, rows) in plane.chunks_mut(tile_floats).enumerate() {
                    tasks[start + tile * splits + block / cut.blocks].outputs.push(rows);
                }
            }
        }
        tasks
    }

    /// Computes `task`.
    fn work(&self, mut task: Task, source: Source) {
        let route = self.route;
        let (inputs, outputs) = (route.input.channels / route.groups, route.output.channels / route.groups);
        let channel = route.packed_channel(self.cut.rows);
        let step = (TILE_FLOATS / channel).clamp(1, inputs);
        let (row, count) = self.row(task.rows);
        let pitch = count.next_multiple_of(LANES);
        let offsets: Vec<_> = route.taps.iter().map(|taps| route.offsets(taps, step, self.cut.rows)).collect();
        let group_blocks = self.group_blocks();
        let phase_floats = group_blocks.min(task.blocks.len()) * ROWS * pitch;
        let mut written = 0;
        let own = if matches!(source, Source::Plain(_)) { step * channel + LANES } else { 0 };
        scratch::with2(own, route.taps.len() * phase_floats, |own, sums| {
            for group in task.blocks.start / group_blocks..task.blocks.end.div_ceil(group_blocks) {
                let blocks =
                    task.blocks.start.max(group * group_blocks)..task.blocks.end.min((group + 1) * group_blocks);
                let first_row = blocks.start % group_blocks * ROWS;
                let rows = outputs.min(first_row + blocks.len() * ROWS) - first_row;
                for from in (0..inputs).step_by(step) {
                    let channels = step.min(inputs - from);
                    let image = self.channels(&task, source, group * inputs + from, channels, own);
                    for (phase, taps) in route.taps.iter().enumerate() {
                        let depth = inputs * taps.len();
                        for (at, block) in blocks.clone().enumerate() {
                            let weights = self.weights.block(phase, block, depth);
                            Product {
                                weights: &weights[from * taps.len() * ROWS..][..channels * taps.len() * ROWS],
                                offsets: &offsets[phase][..channels * taps.len()],
                                image,
                                sums: &mut sums[phase * phase_floats + at * ROWS * pitch..][..ROWS * pitch],
                                rows: ROWS.min(rows - at * ROWS),
                                pitch,
                                count,
                                row,
                                row_pitch: route.pitch(),
                                add: from > 0,
                            }
                            .run();
                        }
                    }
                }
                let rows = &mut task.outputs[written..written + rows];
                written += rows.len();
                let first = group * outputs + first_row;
                Arch::new().dispatch(|| self.write(rows, first, sums, phase_floats, pitch, row.min(route.pitch())));
            }
        });
    }

    /// How many pixels are summed before some are left out, and how many in all, for so many rows.
    ///
    /// Where rows are made of whole vectors the pixels that the taps reach beyond them are left out; else the sums run
    /// through them, and what comes of it is not written.
    fn row(&self, rows: usize) -> (usize, usize) {
        let (_, width) = self.route.base();
        if width.is_multiple_of(LANES) {
            (width, rows * width)
        } else {
            let count = (rows - 1) * self.route.pitch() + width;
            (count.next_multiple_of(LANES), count)
        }
    }

    /// The input's `channels` from `first` on, packed; perhaps in `own`.
    fn channels<'a>(
        &self,
        task: &Task,
        source: Source<'a>,
        first: usize,
        channels: usize,
        own: &'a mut [f32],
    ) -> &'a [f32] {
        let route = self.route;
        let channel = route.packed_channel(self.cut.rows);
        match source {
            Source::Packed(packed) => {
                let tiles = route.base().0.div_ceil(self.cut.rows);
                let tile = task.image * tiles + task.first / self.cut.rows;
                &packed[(tile * route.input.channels + first) * channel..]
            }
            Source::Plain(images) => {
                let planes = &images[(task.image * route.input.channels + first) * route.input.plane()..];
                let planes = planes.chunks_exact(route.input.plane());
                for (packed, plane) in own.chunks_exact_mut(channel).zip(planes.take(channels)) {
                    route.pack(plane, task.first, self.cut.rows, packed);
                }
                own
            }
        }
    }

    /// Writes the sums of the channels from `first` on.
    #[inline(always)]
    fn write(
        &self,
        outputs: &mut [&mut [f32]],
        first: usize,
        sums: &[f32],
        phase_floats: usize,
        pitch: usize,
        row: usize,
    ) {
        let route = self.route;
        let (stride, width) = (route.output_stride, route.output.width);
        for (at, output) in outputs.iter_mut().enumerate() {
            let bias = self.bias.map_or(0.0, |bias| bias[first + at]);
            for phase in 0..stride * stride {
                let (down, right) = (phase / stride, phase % stride);
                let sums = &sums[phase * phase_floats + at * pitch..][..pitch];
                let rows = output.chunks_exact_mut(width).skip(down).step_by(stride);
                for (output, sums) in rows.zip(sums.chunks(row)) {
                    if stride == 1 {
                        for (output, sum) in output.iter_mut().zip(sums) {
                            *output = sum + bias;
                        }
                    } else {
                        for (output, sum) in output.iter_mut().skip(right).step_by(stride).zip(sums) {
                            *output = sum + bias;
                        }
                    }
                }
            }
            self.act.apply(output);
        }
    }
}
