//! What every convolution here is about: a wide image, a narrow one, and the places of a kernel that tie them.
//!
//! A convolution goes *down* from the wide image to the narrow one, a transposed one *up*; each is the other's gradient
//! with respect to its input, and both share the gradient of their weights:
//!
//! ```text
//! narrow[o][y] = Σ weight[o][i][k] · wide[i][y · stride + k - padding]
//! ```
//!
//! Both are brought to one form, in which all images are read and written at stride 1: a strided image is taken apart
//! into its *phases* (every stride-th row and column), and [`Route`] says which place of the kernel reads which phase
//! of the input, how far shifted, for each phase of the output.

use crate::engine::conv::Edge;

/// Channels, height and width of one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

impl Extent {
    pub fn plane(&self) -> usize {
        self.height * self.width
    }

    pub fn floats(&self) -> usize {
        self.channels * self.plane()
    }
}

/// A convolution's shapes and settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    pub batch: usize,
    /// The side that a convolution reads and a transposed one writes.
    pub wide: Extent,
    /// The other side.
    pub narrow: Extent,
    /// Height and width of the kernel.
    pub kernel: (usize, usize),
    pub stride: usize,
    pub padding: usize,
    pub edge: Edge,
    pub groups: usize,
}

/// Which way the numbers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// From wide to narrow.
    Down,
    /// From narrow to wide.
    Up,
}

/// One place of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tap {
    /// Row · kernel width + column.
    pub place: usize,
    /// Which of the route's phases of the input it reads.
    pub phase: usize,
    /// By how many rows of that phase it is shifted.
    pub row: usize,
    /// By how many columns.
    pub column: usize,
}

/// How the output's phases are made of the input's.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub input: Extent,
    pub output: Extent,
    pub groups: usize,
    pub edge: Edge,
    /// Rows and columns of the input from one of a phase to the next.
    pub input_stride: usize,
    /// The first row and column of each phase of the input; before it lies the origin.
    pub phases: Vec<(usize, usize)>,
    /// Row and column of the input at which the phases' first pixel would lie without their own shift.
    pub origin: (isize, isize),
    /// By how much the taps shift at most.
    pub reach: (usize, usize),
    /// Rows and columns of the output from one of a phase to the next.
    pub output_stride: usize,
    /// The taps of each phase of the output, row by row.
    pub taps: Vec<Vec<Tap>>,
}

impl Geometry {
    /// The route in `direction`.
    pub fn route(&self, direction: Direction) -> Route {
        match direction {
            Direction::Down => self.down(),
            Direction::Up => self.up(),
        }
    }

    fn down(&self) -> Route {
        let (height, width) = self.kernel;
        let mut phases = Vec::new();
        let mut taps = Vec::new();
        for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
            let first = (row % self.stride, column % self.stride);
            let phase = phases.iter().position(|&phase| phase == first).unwrap_or_else(|| {
                phases.push(first);
                phases.len() - 1
            });
            taps.push(Tap { place: row * width + column, phase, row: row / self.stride, column: column / self.stride });
        }
        let origin = -(self.padding as isize);
        Route {
            input: self.wide,
            output: self.narrow,
            groups: self.groups,
            edge: self.edge,
            input_stride: self.stride,
            phases,
            origin: (origin, origin),
            reach: ((height - 1) / self.stride, (width - 1) / self.stride),
            output_stride: 1,
            taps: vec![taps],
        }
    }

    /// The edge must be zero.
    fn up(&self) -> Route {
        let (rows, columns) = (self.shifts(self.kernel.0), self.shifts(self.kernel.1));
        let ends = |shifts: &[Vec<(usize, isize)>]| {
            let all = || shifts.iter().flatten().map(|&(_, shift)| shift);
            (all().min().unwrap_or(0), all().max().unwrap_or(0))
        };
        let ((top, bottom), (left, right)) = (ends(&rows), ends(&columns));
        let mut taps = Vec::new();
        for rows in &rows {
            for columns in &columns {
                let tap = |&(row, down): &(usize, isize), &(column, across): &(usize, isize)| Tap {
                    place: row * self.kernel.1 + column,
                    phase: 0,
                    row: (down - top) as usize,
                    column: (across - left) as usize,
                };
                taps.push(rows.iter().flat_map(|row| columns.iter().map(move |column| tap(row, column))).collect());
            }
        }
        Route {
            input: self.narrow,
            output: self.wide,
            groups: self.groups,
            edge: Edge::Zero,
            input_stride: 1,
            phases: vec![(0, 0)],
            origin: (top, left),
            reach: ((bottom - top) as usize, (right - left) as usize),
            output_stride: self.stride,
            taps,
        }
    }

    /// On one axis, for each phase of the wide side: which places of a kernel `size` long reach it, and from how many
    /// pixels of the narrow side further on.
    fn shifts(&self, size: usize) -> Vec<Vec<(usize, isize)>> {
        let of_phase = |phase: usize| {
            let from = phase + self.padding;
            let shift = |place: usize| (place, (from as isize - place as isize) / self.stride as isize);
            (from % self.stride..size).step_by(self.stride).map(shift).collect()
        };
        (0..self.stride).map(of_phase).collect()
    }
}

impl Route {
    /// Rows and columns of one phase of the output (the first, which is largest).
    pub fn base(&self) -> (usize, usize) {
        (self.output.height.div_ceil(self.output_stride), self.output.width.div_ceil(self.output_stride))
    }

    /// Floats from row to row of a packed phase of the input.
    pub fn pitch(&self) -> usize {
        self.base().1 + self.reach.1
    }

    /// Floats of one channel of the input, packed for so many rows of the output.
    pub fn packed_channel(&self, rows: usize) -> usize {
        self.phases.len() * (rows + self.reach.0) * self.pitch()
    }

    /// For each channel of `channels` and each of `taps`: where its pixels begin in an input packed for `rows`.
    pub fn offsets(&self, taps: &[Tap], channels: usize, rows: usize) -> Vec<usize> {
        let (pitch, channel) = (self.pitch(), self.packed_channel(rows));
        let phase = (rows + self.reach.0) * pitch;
        let of_tap = |tap: &Tap| tap.phase * phase + tap.row * pitch + tap.column;
        (0..channels).flat_map(|at| taps.iter().map(move |tap| at * channel + of_tap(tap))).collect()
    }

    /// Takes `plane`, one channel of the input, apart into its phases for the rows from `first` on of the output, as
    /// many as `packed` holds, edges added.
    pub fn pack(&self, plane: &[f32], first: usize, rows: usize, packed: &mut [f32]) {
        let (pitch, stride) = (self.pitch(), self.input_stride);
        let (height, width) = (self.input.height, self.input.width);
        let rows = rows + self.reach.0;
        for (phase, packed) in self.phases.iter().zip(packed.chunks_exact_mut(rows * pitch)) {
            let left = self.origin.1 + phase.1 as isize;
            for (row, packed) in packed.chunks_exact_mut(pitch).enumerate() {
                let from = ((first + row) * stride + phase.0) as isize + self.origin.0;
                match self.inside(from, height) {
                    Some(from) => self.pack_row(&plane[from * width..][..width], left, packed),
                    None => packed.fill(0.0),
                }
            }
        }
    }

    fn pack_row(&self, row: &[f32], left: isize, packed: &mut [f32]) {
        let stride = self.input_stride;
        // Columns that lie in the image: from the first at or after 0 to the last before the width.
        let before = left.min(0).unsigned_abs().div_ceil(stride).min(packed.len());
        let start = (left + (before * stride) as isize) as usize;
        let after = before + row.len().saturating_sub(start).div_ceil(stride).min(packed.len() - before);
        if stride == 1 {
            packed[before..after].copy_from_slice(&row[start..start + after - before]);
        } else if after > before {
            for (to, from) in packed[before..after].iter_mut().zip(row[start..].chunks(stride)) {
                *to = from[0];
            }
        }
        for column in (0..before).chain(after..packed.len()) {
            let from = self.inside(left + (column * stride) as isize, row.len());
            packed[column] = from.map_or(0.0, |from| row[from]);
        }
    }

    /// The row or column of an image `size` long that stands for `at`, which may lie beyond the edge.
    fn inside(&self, at: isize, size: usize) -> Option<usize> {
        let last = size as isize - 1;
        let mirrored = match self.edge {
            Edge::Zero => at,
            Edge::Reflect => {
                if at < 0 {
                    -at
                } else if at > last {
                    2 * last - at
                } else {
                    at
                }
            }
        };
        // What lies even farther out belongs to sums that are thrown away.
        (0..=last).contains(&mirrored).then_some(mirrored as usize)
    }
}
