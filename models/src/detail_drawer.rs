//! The detail drawers: the crop of an eye, a nose or a mouth in, its lines out.
//!
//! AiSketcher's local branch (Gao et al., 2020): a small network for each facial part, whose lines are put into the global
//! drawing. One network serves both eyes, the sitter's left one mirrored. In: (batch, 2, height, width), the photo's gray and the
//! line drawer's lines of the same crop, light or paper 1, black or ink 0; any sides from 8 px. Out: (batch, 1, height,
//! width), paper 1 and ink 0. Crops have the pixels of the canonical frame, in which the eyes lie 100 apart.
//!
//! A U-Net (Ronneberger et al., 2015) of plain 3 × 3 convolutions with batch normalisation whose ways across are sums, as
//! the face reader is one. With width w: w, 2w, 4w, 4w channels at strides 1, 2, 4, 8; 0.19 M weights where w is 16. A file
//! holds one network a part, its tensors behind `eye.`, `nose.`, `mouth.`; parts may be missing.

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

/// Its name in the manifest.
pub const NAME: &str = "detail_drawer";
/// The four crops of a face: both eyes, nose, mouth.
pub const PLACES: [Place; 4] = [
    Place { part: Part::Eye, mirrored: false, points: &[17, 18, 19, 20, 21, 36, 37, 38, 39, 40, 41] },
    Place { part: Part::Eye, mirrored: true, points: &[22, 23, 24, 25, 26, 42, 43, 44, 45, 46, 47] },
    Place { part: Part::Nose, mirrored: false, points: &[29, 30, 31, 32, 33, 34, 35] },
    Place { part: Part::Mouth, mirrored: false, points: &[48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59] },
];
/// The crop's gray and its lines.
const PLANES: usize = 2;
/// Channels at strides 1, 2, 4 and 8, in widths.
const WIDTHS: [usize; 4] = [1, 2, 4, 4];
/// Residual convolutions at stride 8.
const DEPTH: usize = 2;
/// Over so many pixels from a crop's border its lines come in.
const FEATHER_PX: f32 = 12.0;
/// How much surer the network draws than it learns. AiSketcher binarises drawings before it fuses them; at twice the logits as few
/// pixels lie between ink and paper as an artist's soft edges need.
const SURE: f64 = 2.0;
/// The least side of a crop, px.
const LEAST: usize = 8;

/// A facial part that has a drawer of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An eye with its brow; the sitter's left one is mirrored first.
    Eye,
    /// The tip and the wings of the nose.
    Nose,
    /// The lips and what is between them.
    Mouth,
}

/// Where a face has one of its parts.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Which.
    pub part: Part,
    /// Whether the crop is mirrored before it is drawn, and the drawing after.
    pub mirrored: bool,
    /// The crop has the middle of these landmarks' bounding box in its middle; numbered as iBUG numbers them.
    points: &'static [usize],
}

/// The drawers of a file, one a part.
#[derive(Debug, Clone)]
pub struct DetailDrawers {
    parts: [Option<DetailDrawer>; Part::ALL.len()],
}

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

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Eye, Self::Nose, Self::Mouth];

    /// What files call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eye => "eye",
            Self::Nose => "nose",
            Self::Mouth => "mouth",
        }
    }

    /// Width and height of its crop: 99 of 100 faces have the part well inside.
    pub fn size_px(self) -> [usize; 2] {
        match self {
            Self::Eye => [112, 80],
            Self::Nose => [96, 72],
            Self::Mouth => [144, 80],
        }
    }

    /// How much of each pixel of its crop is the drawer's, row by row: 1 inside, falling smoothly to 0 at the border, so that
    /// lines are put into others without a seam.
    pub fn window(self) -> Vec<f32> {
        let [width, height] = self.size_px();
        let ramp = |at: usize, side: usize| {
            let inside = ((at.min(side - 1 - at) as f32 + 0.5) / FEATHER_PX).min(1.0);
            inside * inside * (3.0 - 2.0 * inside)
        };
        (0..width * height).map(|at| ramp(at % width, width) * ramp(at / width, height)).collect()
    }
}

impl Place {
    /// The column and row of the crop's first pixel where a face has these 68 `landmarks`; it may lie off the frame.
    pub fn corner(&self, landmarks: &[[f32; 2]; 68]) -> [i32; 2] {
        let size = self.part.size_px();
        std::array::from_fn(|axis| {
            let along = self.points.iter().map(|&point| landmarks[point][axis]);
            let (low, high) = along.fold((f32::MAX, f32::MIN), |(low, high), at| (low.min(at), high.max(at)));
            (0.5 * (low + high)).round() as i32 - (size[axis] / 2) as i32
        })
    }
}

impl DetailDrawers {
    /// The drawers of the safetensors file that consists of `bytes`; their widths are the file's.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read(bytes: &[u8]) -> std::result::Result<Self, ModelError> {
        let tensors = Tensors::read(bytes)?;
        let widths = Part::ALL.map(|part| width_of(&tensors, part));
        if widths.iter().all(Option::is_none) {
            let what = format!("it holds no drawer of details (\"{}\")", first(Part::Eye));
            return Err(ModelError::Tensors { what });
        }
        tensors.fill(|vb| {
            let mut parts = [const { None }; Part::ALL.len()];
            for ((part, width), drawer) in Part::ALL.into_iter().zip(widths).zip(&mut parts) {
                if let Some(width) = width {
                    *drawer = Some(DetailDrawer { net: DetailNet::new(&vb.pp(part.name()), width)?.folded()? });
                }
            }
            Ok(Self { parts })
        })
    }

    /// Whether the safetensors file that consists of `bytes` holds such drawers.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn is_in(bytes: &[u8]) -> std::result::Result<bool, ModelError> {
        let tensors = Tensors::read(bytes)?;
        Ok(Part::ALL.into_iter().any(|part| width_of(&tensors, part).is_some()))
    }

    /// The drawer of `part`, if the file has one.
    pub fn of(&self, part: Part) -> Option<&DetailDrawer> {
        self.parts[part as usize].as_ref()
    }
}

/// The lines, paper 1 and ink 0, that a network's `logits` are drawn as.
///
/// # Errors
/// None but the device's.
pub fn lines_of(logits: &Tensor) -> Result<Tensor> {
    sigmoid(&(logits * SURE)?)
}

/// The first tensor of a part's network.
fn first(part: Part) -> String {
    format!("{}.down0.conv.weight", part.name())
}

/// The width of a part's network, if the file has one.
fn width_of(tensors: &Tensors, part: Part) -> Option<usize> {
    match tensors.dims(&first(part)) {
        Some(&[width, PLANES, 3, 3]) if width > 0 => Some(width),
        _ => None,
    }
}

impl DetailDrawer {
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
            lines_of(&self.net.logits(&x, Mode::Drawing)?)?.flatten_all()?.to_vec1()
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
