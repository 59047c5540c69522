//! The two inner loops every convolution runs in, written once over vectors of any width: AVX-512 or AVX2 where the
//! processor has it (asked at run time), NEON, or plain numbers.
//!
//! Both keep a block of sums in registers and multiply one broadcast number with neighbouring ones:
//!
//! ```text
//! product:    sums[row][n]  += Σ_k  weights[k][row] · image[offsets[k] + n]     (n: pixels)
//! correlate:  sums[row][v]  += Σ_n  image[offsets[row] + n] · others[n][v]      (v: channels)
//! ```
//!
//! As in Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008), but the image is read where
//! it lies, at an offset for each place of the kernel, instead of being copied out once per place.

use pulp::Arch;
use pulp::Simd;
use pulp::WithSimd;

/// Rows that are summed at once; packed weights come in blocks of so many.
pub(super) const ROWS: usize = 8;
/// Floats of the widest vector: rows of sums are padded to multiples of it, and images may be read so far past the end.
pub(super) const LANES: usize = 16;
/// Channels that [`Correlate`] sums at once; what it reads comes in panels so wide, the last one rounded to [`LANES`].
pub(super) const PANEL: usize = 48;

/// sums\[row]\[n] = (sums\[row]\[n] +) Σ_k weights\[row / 8]\[k]\[row % 8] · image\[offsets\[k] + n + gaps before n].
pub(super) struct Product<'a> {
    /// Blocks of eight rows, in each the eight weights of each k.
    pub weights: &'a [f32],
    /// Where each k's pixels begin.
    pub offsets: &'a [usize],
    /// The pixels; every offset plus all pixels' places rounded up to [`LANES`] lies in it.
    pub image: &'a [f32],
    /// Rows of `pitch`; those past `rows` stay.
    pub sums: &'a mut [f32],
    /// How many rows.
    pub rows: usize,
    /// Floats from row to row, a multiple of [`LANES`].
    pub pitch: usize,
    /// How many n.
    pub count: usize,
    /// After so many n, a multiple of [`LANES`] if there are more, the image goes on...
    pub row: usize,
    /// ...so many floats after where they began.
    pub row_pitch: usize,
    /// Whether to add to what is there.
    pub add: bool,
}

/// sums\[row]\[v] += Σ_n image\[offsets\[row] + n] · others\[n]\[v].
pub(super) struct Correlate<'a> {
    /// The pixels; every offset plus `count` lies in it.
    pub image: &'a [f32],
    /// Where each row's pixels begin.
    pub offsets: &'a [usize],
    /// `width` floats for each of `count` n.
    pub others: &'a [f32],
    /// Up to [`PANEL`], a multiple of [`LANES`].
    pub width: usize,
    /// Rows of `pitch`.
    pub sums: &'a mut [f32],
    /// Floats from row to row.
    pub pitch: usize,
    /// How many n.
    pub count: usize,
}

impl Product<'_> {
    /// Does it.
    pub fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl Correlate<'_> {
    /// Does it.
    pub fn run(self) {
        Arch::new().dispatch(self);
    }
}

const fn lanes<S: Simd>() -> usize {
    size_of::<S::f32s>() / size_of::<f32>()
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for block in 0..self.rows.div_ceil(ROWS) {
            match (self.rows - block * ROWS, S::REGISTER_COUNT >= 32) {
                (1, _) => self.rows_of::<S, 1, 6, 0>(simd, block),
                (2..=4, _) => self.rows_of::<S, 4, 3, 0>(simd, block),
                (_, true) => self.rows_of::<S, 8, 3, 0>(simd, block),
                (_, false) => {
                    self.rows_of::<S, 4, 3, 0>(simd, block);
                    self.rows_of::<S, 4, 3, 4>(simd, block);
                }
            }
        }
    }
}

impl Product<'_> {
    /// `M` rows from the `FIRST` of a block, `V` vectors of pixels at a time.
    #[inline(always)]
    fn rows_of<S: Simd, const M: usize, const V: usize, const FIRST: usize>(&mut self, simd: S, block: usize) {
        let step = lanes::<S>();
        let mut at = 0;
        while at < self.count {
            let left = (self.count - at).div_ceil(step);
            // Two halves are faster than a whole and a thin rest.
            let vectors = if left == V + 1 { left.div_ceil(2) } else { left.min(V) };
            match vectors {
                1 => self.tile::<S, M, 1, FIRST>(simd, block, at),
                2 => self.tile::<S, M, 2, FIRST>(simd, block, at),
                3 => self.tile::<S, M, 3, FIRST>(simd, block, at),
                4 if V > 3 => self.tile::<S, M, 4, FIRST>(simd, block, at),
                5 if V > 3 => self.tile::<S, M, 5, FIRST>(simd, block, at),
                _ => self.tile::<S, M, V, FIRST>(simd, block, at),
            }
            at += vectors * step;
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const M: usize, const V: usize, const FIRST: usize>(&mut self, simd: S, block: usize, at: usize) {
        let depth = self.offsets.len();
        let (weights, _) = self.weights[block * ROWS * depth..][..ROWS * depth].as_chunks::<ROWS>();
        let step = lanes::<S>();
        // Seen from the first vector, so that each k needs one check of bounds.
        let first = at / self.row * self.row_pitch + at % self.row;
        let mut vectors = [0; V];
        for (vector, place) in vectors.iter_mut().enumerate() {
            let at = at + vector * step;
            *place = at / self.row * self.row_pitch + at % self.row - first;
        }
        let image = &self.image[first..];
        let reach = vectors[V - 1] + step;
        let mut sums = [[simd.splat_f32s(0.0); V]; M];
        for (weights, &offset) in weights.iter().zip(self.offsets) {
            let image = &image[offset..][..reach];
            let mut pixels = [simd.splat_f32s(0.0); V];
            for (pixel, &vector) in pixels.iter_mut().zip(&vectors) {
                let (loaded, _) = S::as_simd_f32s(&image[vector..vector + step]);
                *pixel = loaded[0];
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let weight = simd.splat_f32s(weights[FIRST + row]);
                for (sum, &pixel) in sums.iter_mut().zip(&pixels) {
                    *sum = simd.mul_add_e_f32s(weight, pixel, *sum);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let start = (block * ROWS + FIRST + row) * self.pitch + at;
            let (out, _) = S::as_mut_simd_f32s(&mut self.sums[start..start + V * lanes::<S>()]);
            for (out, &sum) in out.iter_mut().zip(sums) {
                *out = if self.add { simd.add_f32s(*out, sum) } else { sum };
            }
        }
    }
}

impl WithSimd for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let step = lanes::<S>();
        let mut row = 0;
        while row < self.offsets.len() {
            let left = self.offsets.len() - row;
            let rows = if left >= ROWS && S::REGISTER_COUNT >= 32 {
                ROWS
            } else if left >= 4 {
                4
            } else {
                1
            };
            let mut column = 0;
            while column < self.width {
                let vectors = ((self.width - column) / step).min(3);
                match (rows, vectors) {
                    (ROWS, 3) => self.tile::<S, ROWS, 3>(simd, row, column),
                    (ROWS, 2) => self.tile::<S, ROWS, 2>(simd, row, column),
                    (ROWS, _) => self.tile::<S, ROWS, 1>(simd, row, column),
                    (4, 3) => self.tile::<S, 4, 3>(simd, row, column),
                    (4, 2) => self.tile::<S, 4, 2>(simd, row, column),
                    (4, _) => self.tile::<S, 4, 1>(simd, row, column),
                    (_, 3) => self.tile::<S, 1, 3>(simd, row, column),
                    (_, 2) => self.tile::<S, 1, 2>(simd, row, column),
                    (_, _) => self.tile::<S, 1, 1>(simd, row, column),
                }
                column += vectors * step;
            }
            row += rows;
        }
    }
}

impl Correlate<'_> {
    #[inline(always)]
    fn tile<S: Simd, const M: usize, const V: usize>(&mut self, simd: S, row: usize, column: usize) {
        let count = self.count;
        let image = self.image;
        let offsets = &self.offsets[row..];
        let streams: [&[f32]; M] = std::array::from_fn(|row| &image[offsets[row]..][..count]);
        let mut sums = [[simd.splat_f32s(0.0); V]; M];
        for (at, others) in self.others.chunks_exact(self.width).take(count).enumerate() {
            let (others, _) = S::as_simd_f32s(&others[column..column + V * lanes::<S>()]);
            for (sums, stream) in sums.iter_mut().zip(&streams) {
                let pixel = simd.splat_f32s(stream[at]);
                for (sum, &other) in sums.iter_mut().zip(others) {
                    *sum = simd.mul_add_e_f32s(pixel, other, *sum);
                }
            }
        }
        for (at, sums) in sums.iter().enumerate() {
            let start = (row + at) * self.pitch + column;
            let (out, _) = S::as_mut_simd_f32s(&mut self.sums[start..start + V * lanes::<S>()]);
            for (out, &sum) in out.iter_mut().zip(sums) {
                *out = simd.add_f32s(*out, sum);
            }
        }
    }
}
