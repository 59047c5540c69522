//! The face finder: where faces are in a photo, how large, and where their eyes are.
//!
//! In: (batch, 3, height, width), red, green, blue from 0 to 1 less 0.5, both sizes multiples of 32; the photo fits into
//! [`SIDE`] × [`SIDE`] px. Out: (batch, [`OUTPUTS`], height / 8, width / 8), for each cell of [`CELL`] px
//!
//! | channel | is |
//! |---|---|
//! | 0 | logit: a face's middle lies in this cell |
//! | 1 | ln(size / [`REFERENCE_SIZE`]), size the mean of width and height of the face's 68 landmarks, px |
//! | 2, 3 | the eye on the image's left less the cell's middle, in sizes, x and y |
//! | 4, 5 | the same of the other eye |
//! | 6 | turn of the head: the nose's way from the middle of the outer eye corners, in halves of their distance |
//!
//! The middle of a face is that of its landmarks' bounding box. A face as a point with properties is CenterNet's idea
//! (Zhou, Wang, Krähenbühl, "Objects as Points", 2019); the way down to stride 64 and up again is a feature pyramid
//! (Lin et al., 2017) of plain 3 × 3 convolutions. 0.76 M weights, 0.33 G multiplications at 320 × 320.

use candle_core::Device;
use candle_core::Tensor;
use candle_nn::Init;
use candle_nn::VarBuilder;

use crate::ModelError;
use crate::blocks::ConvNorm;
use crate::blocks::Mode;
use crate::blocks::up_onto;
use crate::engine::Act;
use crate::engine::Conv;
use crate::engine::Conv2d;
use crate::engine::Tensors;
use crate::photo::Photo;

/// Width and height a photo is fitted into, px.
pub const SIDE: usize = 320;
/// Its name in the manifest.
pub const NAME: &str = "face_finder";
/// Both sides of the input are multiples of this, px.
const STEP: usize = 32;
/// Channels of the network's answer.
pub const OUTPUTS: usize = 7;
/// px of the input from one cell of the answer to the next.
pub const CELL: usize = 8;
/// The size of a face whose channel 1 is zero, px.
pub const REFERENCE_SIZE: f32 = 40.0;

/// Channels at strides 2, 4, 8, 16, 32 and 64.
const WIDTHS: [usize; 6] = [16, 24, 48, 64, 96, 96];
/// Residual convolutions at these strides.
const DEPTHS: [usize; 6] = [0, 1, 2, 2, 2, 1];

/// A face that was found; px of the network's input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spotted {
    /// How sure the network is, 0 to 1.
    pub score: f32,
    /// The middle of the face.
    pub centre: [f32; 2],
    /// The mean of width and height of the face, brows to chin and jaw to jaw.
    pub size: f32,
    /// The eyes' centres, the image's left first.
    pub eyes: [[f32; 2]; 2],
    /// How far the head is turned: 0 frontal, beyond ±0.6 too far for a drawing.
    pub turn: f32,
}

/// The finder, ready to look at photos.
#[derive(Debug, Clone)]
pub struct FaceFinder {
    net: FinderNet,
}

/// The network's weights.
#[derive(Debug, Clone)]
pub struct FinderNet {
    stages: Vec<Stage>,
    /// 1 × 1 convolutions to the width of the next finer stage: from stride 64, 32 and 16.
    laterals: Vec<ConvNorm>,
    /// What smooths each sum.
    merges: Vec<ConvNorm>,
    head: [ConvNorm; 2],
    answer: Conv2d,
}

#[derive(Debug, Clone)]
struct Stage {
    down: ConvNorm,
    refine: Vec<ConvNorm>,
}

impl FaceFinder {
    /// The finder whose weights are `bytes`, a safetensors file.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn load(bytes: &[u8]) -> Result<Self, ModelError> {
        Ok(Self { net: Tensors::read(bytes)?.fill(|vb| FinderNet::load(&vb)?.folded())? })
    }

    /// Whether `face` stands upright in `photo`: in the photo turned by half there is no clearly surer face at its place, of a
    /// score of at least `sure`. A head upside down is a little of a face at first sight.
    ///
    /// # Errors
    /// [`ModelError::Input`], if the machine is out of memory.
    pub fn stands(&self, photo: &Photo, face: &Spotted, sure: f32) -> Result<bool, ModelError> {
        /// Two faces are at one place if their middles are within this share of the larger one's size: upside down, a
        /// forehead is taken for the lower half of a face.
        const NEAR: f32 = 0.75;
        /// Of 161 portraits 160 have a score higher by more than this when they stand upright, the other one a lower one.
        const CLEARLY: f32 = 0.05;
        let bytes: Vec<u8> = photo.bytes().rchunks_exact(3).flatten().copied().collect();
        let turned = self.find(&Photo::new(&bytes, photo.width(), photo.height())?, sure)?;
        let middle = [photo.width() as f32 - face.centre[0], photo.height() as f32 - face.centre[1]];
        let off = |other: &Spotted| (other.centre[0] - middle[0]).hypot(other.centre[1] - middle[1]);
        let surer = |other: &Spotted| other.score > face.score + CLEARLY;
        Ok(!turned.iter().any(|other| surer(other) && off(other) < NEAR * face.size.max(other.size)))
    }

    /// The faces of `photo` with a score of at least `least`, the surest first; all lengths in px of the photo.
    ///
    /// # Errors
    /// [`ModelError::Input`], if the machine is out of memory.
    pub fn find(&self, photo: &Photo, least: f32) -> Result<Vec<Spotted>, ModelError> {
        let (planes, width, height, scale) = photo.fitted(SIDE, STEP);
        let answer = || -> candle_core::Result<Vec<f32>> {
            let x = Tensor::from_vec(planes, (1, 3, height, width), &Device::Cpu)?;
            self.net.forward(&x, Mode::Drawing)?.flatten_all()?.to_vec1()
        };
        let failed = |error: candle_core::Error| ModelError::Input { what: error.to_string() };
        let found = spotted(&answer().map_err(failed)?, height / CELL, width / CELL, least);
        let enlarged = |face: Spotted| Spotted {
            centre: face.centre.map(|axis| axis * scale),
            size: face.size * scale,
            eyes: face.eyes.map(|eye| eye.map(|axis| axis * scale)),
            ..face
        };
        Ok(found.into_iter().map(enlarged).collect())
    }
}

impl FinderNet {
    /// The network's tensors of `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn load(vb: &VarBuilder) -> candle_core::Result<Self> {
        let mut stages = Vec::new();
        let mut inputs = 3;
        for (at, (&width, depth)) in WIDTHS.iter().zip(DEPTHS).enumerate() {
            let vb = vb.pp(format!("stage{at}"));
            let down = ConvNorm::load(&vb.pp("down"), inputs, width, 3, 2)?;
            let refine = (0..depth)
                .map(|at| ConvNorm::load(&vb.pp(format!("refine{at}")), width, width, 3, 1))
                .collect::<candle_core::Result<_>>()?;
            stages.push(Stage { down, refine });
            inputs = width;
        }
        let mut laterals = Vec::new();
        let mut merges = Vec::new();
        for (coarse, fine) in [(5, 4), (4, 3), (3, 2)] {
            laterals.push(ConvNorm::load(&vb.pp(format!("lateral{fine}")), WIDTHS[coarse], WIDTHS[fine], 1, 1)?);
            merges.push(ConvNorm::load(&vb.pp(format!("merge{fine}")), WIDTHS[fine], WIDTHS[fine], 3, 1)?);
        }
        let width = WIDTHS[2];
        let head =
            [ConvNorm::load(&vb.pp("head0"), width, width, 3, 1)?, ConvNorm::load(&vb.pp("head1"), width, 64, 3, 1)?];
        let small = Init::Randn { mean: 0.0, stdev: 0.01 };
        let vb = vb.pp("answer");
        let answer = Conv2d::load(&vb, 64, OUTPUTS, 1, Conv::padded(0), small)?.with_bias(&vb)?;
        Ok(Self { stages, laterals, merges, head, answer })
    }

    /// The answer's channels, as the file's letter names them.
    ///
    /// # Errors
    /// `x` is not of the shape it should be.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> candle_core::Result<Tensor> {
        let mut levels: Vec<Tensor> = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let mut level = stage.down.forward(levels.last().unwrap_or(x), mode)?;
            for refine in &stage.refine {
                level = refine.refine(&level, mode)?;
            }
            levels.push(level);
        }
        let mut top = levels[5].clone();
        for (step, fine) in [4, 3, 2].into_iter().enumerate() {
            let sum = up_onto(&self.laterals[step].forward(&top, mode)?, &levels[fine])?;
            top = self.merges[step].refine(&sum, mode)?;
        }
        let top = self.head[0].refine(&top, mode)?;
        self.answer.forward(&self.head[1].forward(&top, mode)?, Act::None)
    }

    /// The same network with its normalisations folded away: for drawing.
    ///
    /// # Errors
    /// None that a loaded network could have.
    pub fn folded(&self) -> candle_core::Result<Self> {
        let all = |layers: &[ConvNorm]| layers.iter().map(ConvNorm::folded).collect::<candle_core::Result<Vec<_>>>();
        let stages = self
            .stages
            .iter()
            .map(|stage| Ok(Stage { down: stage.down.folded()?, refine: all(&stage.refine)? }))
            .collect::<candle_core::Result<_>>()?;
        Ok(Self {
            stages,
            laterals: all(&self.laterals)?,
            merges: all(&self.merges)?,
            head: [self.head[0].folded()?, self.head[1].folded()?],
            answer: self.answer.clone(),
        })
    }
}

/// The faces of one photo's answer ([`OUTPUTS`] planes of `rows` × `columns` cells) with a score of at least `least`, the
/// surest first. Of answers closer than half a face's size, the surest stays.
pub fn spotted(answer: &[f32], rows: usize, columns: usize, least: f32) -> Vec<Spotted> {
    let area = rows * columns;
    let mut candidates = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let logit = answer[row * columns + column];
            let score = 1.0 / (1.0 + (-logit).exp());
            let peak = (row.saturating_sub(1)..(row + 2).min(rows)).all(|y| {
                (column.saturating_sub(1)..(column + 2).min(columns)).all(|x| answer[y * columns + x] <= logit)
            });
            // Written so that an answer that is no number is no face.
            if peak && score >= least {
                let value = |channel: usize| answer[channel * area + row * columns + column];
                candidates.push(at_cell(row, column, score, value));
            }
        }
    }
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut found: Vec<Spotted> = Vec::new();
    for face in candidates {
        let near = |other: &Spotted| {
            let distance = (face.centre[0] - other.centre[0]).hypot(face.centre[1] - other.centre[1]);
            distance < 0.5 * face.size.max(other.size)
        };
        if !found.iter().any(near) {
            found.push(face);
        }
    }
    found
}

/// How far below the middle of the eyes a face's middle lies, in sizes: the mean of the training portraits.
const MIDDLE_BELOW_EYES: f32 = 0.34;

fn at_cell(row: usize, column: usize, score: f32, value: impl Fn(usize) -> f32) -> Spotted {
    // Beyond these an answer is no face's; they keep every number finite.
    let size = REFERENCE_SIZE * value(1).clamp(-3.0, 3.0).exp();
    let middle = [(column as f32 + 0.5) * CELL as f32, (row as f32 + 0.5) * CELL as f32];
    let eye = |channel: usize| {
        [middle[0] + value(channel).clamp(-2.0, 2.0) * size, middle[1] + value(channel + 1).clamp(-2.0, 2.0) * size]
    };
    let eyes = [eye(2), eye(4)];
    let across = [eyes[1][0] - eyes[0][0], eyes[1][1] - eyes[0][1]];
    let length = across[0].hypot(across[1]).max(1e-3);
    let down = MIDDLE_BELOW_EYES * size / length;
    let centre =
        [(eyes[0][0] + eyes[1][0]) / 2.0 - across[1] * down, (eyes[0][1] + eyes[1][1]) / 2.0 + across[0] * down];
    Spotted { score, centre, size, eyes, turn: value(6).clamp(-2.0, 2.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_becomes_a_face_and_its_shoulder_does_not() {
        let (rows, columns) = (6, 8);
        let mut answer = vec![0.0f32; OUTPUTS * rows * columns];
        answer[..48].fill(-9.0);
        // Logits 3 and 2.5 three cells apart: 24 px, less than half of 64 px.
        let size = (64.0f32 / REFERENCE_SIZE).ln();
        for (at, logit) in [(2 * columns + 2, 3.0), (2 * columns + 5, 2.5)] {
            answer[at] = logit;
            for (channel, value) in [(1, size), (2, -0.25), (3, -0.34), (4, 0.25), (5, -0.34), (6, 0.1)] {
                answer[channel * 48 + at] = value;
            }
        }
        let found = spotted(&answer, rows, columns, 0.5);
        assert_eq!(found.len(), 1);
        let face = found[0];
        assert!((face.score - 0.9526).abs() < 1e-3);
        assert!((face.size - 64.0).abs() < 1e-3);
        assert_eq!(face.eyes[0], [20.0 - 16.0, 20.0 - 0.34 * 64.0]);
        assert!((face.centre[0] - 20.0).abs() < 1e-3 && (face.centre[1] - 20.0).abs() < 1e-3, "{:?}", face.centre);
        assert!(spotted(&vec![f32::NAN; OUTPUTS * 48], rows, columns, 0.5).is_empty());
    }
}
