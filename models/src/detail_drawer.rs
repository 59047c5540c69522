//! The detail drawer: the crop of an eye, a nose or a mouth in, its lines out.
//!
//! AiSketcher's local branch (Gao et al., 2020): a small network for each facial part, whose lines are put into the global
//! drawing. One network serves both eyes, the sitter's left one mirrored. In: (batch, 2, height, width), the photo's gray and the
//! line drawer's lines of the same crop, light or paper 1, black or ink 0; any sides from 8 px. Out: (batch, 1, height,
//! width), paper 1 and ink 0.
//!
//! A U-Net (Ronneberger et al., 2015) of plain 3 × 3 convolutions with batch normalisation whose ways across are sums, as
//! the face reader is one. With width w: w, 2w, 4w, 4w channels at strides 1, 2, 4, 8; 0.19 M weights where w is 16.

use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::Init;
use candle_nn::VarBuilder;
use candle_nn::ops::sigmoid;

use crate::ModelError;
use crate::blocks::ConvNorm;
use crate::blocks::Mode;
use crate::blocks::up_onto;
use crate::engine::Act;
use crate::engine::Conv;
use crate::engine::Conv2d;
use crate::engine::Tensors;

/// The crop's gray and its lines.
const PLANES: usize = 2;
/// Channels at strides 1, 2, 4 and 8, in widths.
const WIDTHS: [usize; 4] = [1, 2, 4, 4];
/// Residual convolutions at stride 8.
const DEPTH: usize = 2;
/// The least side of a crop, px.
const LEAST: usize = 8;

/// The drawer of one facial part, ready to draw.
#[derive(Debug, Clone)]
pub struct DetailDrawer {
    net: DetailNet,
}

/// The network's weights.
#[derive(Debug, Clone)]
pub struct DetailNet {
    down: Vec<ConvNorm>,
    refine: Vec<ConvNorm>,
    /// 1 × 1 convolutions to the width of the next finer stride, from 8, 4 and 2.
    laterals: Vec<ConvNorm>,
    merges: Vec<ConvNorm>,
    lines: Conv2d,
}

impl DetailDrawer {
    /// The drawer of the safetensors file that consists of `bytes`; its width is the file's.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read(bytes: &[u8]) -> std::result::Result<Self, ModelError> {
        let tensors = Tensors::read(bytes)?;
        let width = match tensors.dims("down0.conv.weight") {
            Some(&[width, PLANES, 3, 3]) if width > 0 => width,
            _ => {
                let what = "it holds no drawer of details (\"down0.conv.weight\")".to_owned();
                return Err(ModelError::Tensors { what });
            }
        };
        Ok(Self { net: tensors.fill(|vb| DetailNet::new(&vb, width)?.folded())? })
    }

    /// The lines of a crop of `width` × `height` px from its `gray` and the `lines` drawn so far, each row by row.
    ///
    /// # Errors
    /// [`ModelError::Input`]: a side is below 8 px, or the planes are not as large.
    pub fn draw(
        &self,
        gray: &[f32],
        lines: &[f32],
        width: usize,
        height: usize,
    ) -> std::result::Result<Vec<f32>, ModelError> {
        let area = width * height;
        if width.min(height) < LEAST || gray.len() != area || lines.len() != area {
            let what = format!(
                "{} and {} values for a crop of {width} x {height} px, which has {LEAST} px a side at least",
                gray.len(),
                lines.len()
            );
            return Err(ModelError::Input { what });
        }
        let drawn = || {
            let x = Tensor::from_vec([gray, lines].concat(), (1, PLANES, height, width), &Device::Cpu)?;
            sigmoid(&self.net.logits(&x, Mode::Drawing)?)?.flatten_all()?.to_vec1()
        };
        rayon::scope(|_| drawn()).map_err(|error| ModelError::Input { what: error.to_string() })
    }
}

impl DetailNet {
    /// The network of that width with tensors from `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(vb: &VarBuilder, width: usize) -> Result<Self> {
        let block = |name: String, inputs, outputs, kernel, stride| {
            ConvNorm::load(&vb.pp(name), inputs, outputs, kernel, stride)
        };
        let widths = WIDTHS.map(|times| times * width);
        let down = |at: usize| {
            let (inputs, stride) = if at == 0 { (PLANES, 1) } else { (widths[at - 1], 2) };
            block(format!("down{at}"), inputs, widths[at], 3, stride)
        };
        let deepest = widths[3];
        let refine = |at: usize| block(format!("refine{at}"), deepest, deepest, 3, 1);
        let lateral = |at: usize| block(format!("lateral{at}"), widths[at + 1], widths[at], 1, 1);
        let merge = |at: usize| block(format!("merge{at}"), widths[at], widths[at], 3, 1);
        let vb = vb.pp("lines");
        let small = Init::Randn { mean: 0.0, stdev: 0.01 };
        Ok(Self {
            down: (0..WIDTHS.len()).map(down).collect::<Result<_>>()?,
            refine: (0..DEPTH).map(refine).collect::<Result<_>>()?,
            laterals: [2, 1, 0].into_iter().map(lateral).collect::<Result<_>>()?,
            merges: [2, 1, 0].into_iter().map(merge).collect::<Result<_>>()?,
            lines: Conv2d::load(&vb, widths[0], 1, 3, Conv::padded(1), small)?.with_bias(&vb)?,
        })
    }

    /// The lines of the crops `x` (batch, 2, height, width) before the sigmoid: (batch, 1, height, width).
    ///
    /// # Errors
    /// `x` has another shape.
    pub fn logits(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let mut levels: Vec<Tensor> = Vec::with_capacity(WIDTHS.len());
        for down in &self.down {
            let level = down.forward(levels.last().unwrap_or(x), mode)?;
            levels.push(level);
        }
        let mut top = levels[WIDTHS.len() - 1].clone();
        for refine in &self.refine {
            top = refine.refine(&top, mode)?;
        }
        for ((lateral, merge), level) in self.laterals.iter().zip(&self.merges).zip(levels.iter().rev().skip(1)) {
            top = merge.refine(&up_onto(&lateral.forward(&top, mode)?, level)?, mode)?;
        }
        self.lines.forward(&top, Act::None)
    }

    /// The same network with its normalisations folded away: for drawing.
    ///
    /// # Errors
    /// None that a loaded network could have.
    pub fn folded(&self) -> Result<Self> {
        let all = |layers: &[ConvNorm]| layers.iter().map(ConvNorm::folded).collect::<Result<Vec<_>>>();
        Ok(Self {
            down: all(&self.down)?,
            refine: all(&self.refine)?,
            laterals: all(&self.laterals)?,
            merges: all(&self.merges)?,
            lines: self.lines.clone(),
        })
    }
}
