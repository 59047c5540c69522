//! Inception-v3, without its answer: a picture in, the 2048 numbers that FID and KID compare out.
//!
//! Szegedy et al., 2016; the layers' names are torchvision's. The picture, one plane of light 1 and black 0, is resized to
//! 299 × 299 px (bilinear, no antialiasing, as pytorch-fid does) and taken as 2x - 1. The file's convolutions have their batch
//! normalisations folded in, and the first one its three planes summed, which a gray picture cannot tell. There are two
//! networks of this plan, and the names of a file's tensors begin with which it is:
//!
//! | | `fid.` (ported from TensorFlow; what FID means) | `torchvision.` |
//! |---|---|---|
//! | mean pools at the edges | leave out what lies outside | count it as zero |
//! | pool of the last block | the largest | the mean |
//!
//! Widths are the file's. Refuses files that lack a layer or have another one.

use candle_core::D;
use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_core::bail;
use candle_nn::VarBuilder;

use crate::ModelError;
use crate::engine::Act;
use crate::engine::Conv;
use crate::engine::Conv2d;
use crate::engine::Tensors;
use crate::engine::resize_bilinear;

/// Side of what it is fed, px.
const SIDE: usize = 299;

/// Which of the two networks it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// That of FID: `pt_inception-2015-12-05`.
    Fid,
    /// torchvision's.
    Torchvision,
}

/// The network with its weights.
#[derive(Debug, Clone)]
pub struct Inception {
    port: Port,
    stem: Vec<Layer>,
    blocks: Vec<Vec<Branch>>,
    features: usize,
}

/// A convolution as it is named: name, kernel height and width.
pub(crate) type Step = (&'static str, usize, usize);

/// One way through a block: a pool or none, convolutions, and, if it forks, each of `fork` behind them.
struct Way {
    pool: bool,
    path: &'static [Step],
    fork: &'static [Step],
}

const fn way(path: &'static [Step]) -> Way {
    Way { pool: false, path, fork: &[] }
}

const fn pooled(path: &'static [Step]) -> Way {
    Way { pool: true, path, fork: &[] }
}

const STEM: [Step; 5] = [
    ("Conv2d_1a_3x3", 3, 3),
    ("Conv2d_2a_3x3", 3, 3),
    ("Conv2d_2b_3x3", 3, 3),
    ("Conv2d_3b_1x1", 1, 1),
    ("Conv2d_4a_3x3", 3, 3),
];
/// Behind which layers of the stem the picture is halved by the largest of 3 × 3.
const STEM_POOLS: [usize; 2] = [2, 4];
const A: &[Way] = &[
    way(&[("branch1x1", 1, 1)]),
    way(&[("branch5x5_1", 1, 1), ("branch5x5_2", 5, 5)]),
    way(&[("branch3x3dbl_1", 1, 1), ("branch3x3dbl_2", 3, 3), ("branch3x3dbl_3", 3, 3)]),
    pooled(&[("branch_pool", 1, 1)]),
];
const B: &[Way] = &[
    way(&[("branch3x3", 3, 3)]),
    way(&[("branch3x3dbl_1", 1, 1), ("branch3x3dbl_2", 3, 3), ("branch3x3dbl_3", 3, 3)]),
    pooled(&[]),
];
const C: &[Way] = &[
    way(&[("branch1x1", 1, 1)]),
    way(&[("branch7x7_1", 1, 1), ("branch7x7_2", 1, 7), ("branch7x7_3", 7, 1)]),
    way(&[
        ("branch7x7dbl_1", 1, 1),
        ("branch7x7dbl_2", 7, 1),
        ("branch7x7dbl_3", 1, 7),
        ("branch7x7dbl_4", 7, 1),
        ("branch7x7dbl_5", 1, 7),
    ]),
    pooled(&[("branch_pool", 1, 1)]),
];
const DOWN: &[Way] = &[
    way(&[("branch3x3_1", 1, 1), ("branch3x3_2", 3, 3)]),
    way(&[("branch7x7x3_1", 1, 1), ("branch7x7x3_2", 1, 7), ("branch7x7x3_3", 7, 1), ("branch7x7x3_4", 3, 3)]),
    pooled(&[]),
];
const E: &[Way] = &[
    way(&[("branch1x1", 1, 1)]),
    Way { pool: false, path: &[("branch3x3_1", 1, 1)], fork: &[("branch3x3_2a", 1, 3), ("branch3x3_2b", 3, 1)] },
    Way {
        pool: false,
        path: &[("branch3x3dbl_1", 1, 1), ("branch3x3dbl_2", 3, 3)],
        fork: &[("branch3x3dbl_3a", 1, 3), ("branch3x3dbl_3b", 3, 1)],
    },
    pooled(&[("branch_pool", 1, 1)]),
];
/// The blocks by name; those without a convolution behind their pool halve the picture.
const BLOCKS: [(&str, &[Way]); 11] = [
    ("Mixed_5b", A),
    ("Mixed_5c", A),
    ("Mixed_5d", A),
    ("Mixed_6a", B),
    ("Mixed_6b", C),
    ("Mixed_6c", C),
    ("Mixed_6d", C),
    ("Mixed_6e", C),
    ("Mixed_7a", DOWN),
    ("Mixed_7b", E),
    ("Mixed_7c", E),
];

/// A convolution, ReLU behind it.
#[derive(Debug, Clone)]
struct Layer {
    conv: Conv2d,
    outputs: usize,
    /// Zeros above and below, left and right, where the engine's own padding, the same all around, will not do.
    oblong: (usize, usize),
}

#[derive(Debug, Clone)]
struct Branch {
    pool: Option<Pool>,
    path: Vec<Layer>,
    fork: Vec<Layer>,
}

/// Of 3 × 3 px.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pool {
    /// The largest of what there is, at stride 2 without padding.
    Halving,
    Largest,
    Mean,
    MeanWithin,
}

impl Port {
    /// What the names of the file's tensors begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Fid => "fid.",
            Self::Torchvision => "torchvision.",
        }
    }

    fn mean(self) -> Pool {
        match self {
            Self::Fid => Pool::MeanWithin,
            Self::Torchvision => Pool::Mean,
        }
    }
}

/// Every convolution: its name and its kernel's height and width.
pub(crate) fn layers() -> impl Iterator<Item = (String, usize, usize)> {
    let stem = STEM.into_iter().map(|(name, height, width)| (name.to_owned(), height, width));
    let of_way = |way: &'static Way| way.path.iter().chain(way.fork);
    let of_block = move |(block, ways): (&'static str, &'static [Way])| {
        let steps = ways.iter().flat_map(of_way);
        steps.map(move |&(name, height, width)| (format!("{block}.{name}"), height, width))
    };
    stem.chain(BLOCKS.into_iter().flat_map(of_block))
}

impl Inception {
    /// The network of the safetensors file that consists of `bytes`.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read(bytes: &[u8]) -> std::result::Result<Self, ModelError> {
        let tensors = Tensors::read(bytes)?;
        let port = port_of(&tensors).ok_or_else(|| ModelError::Tensors {
            what: format!("it holds no Inception-v3 (\"fid.{}.weight\")", STEM[0].0),
        })?;
        tensors.fill(|vb| Self::new(&tensors, &vb, port))
    }

    /// Whether the safetensors file that consists of `bytes` holds one.
    ///
    /// # Errors
    /// [`ModelError::Tensors`]: it is no safetensors file.
    pub fn is_in(bytes: &[u8]) -> std::result::Result<bool, ModelError> {
        Ok(port_of(&Tensors::read(bytes)?).is_some())
    }

    /// Which of the two networks it is.
    pub fn port(&self) -> Port {
        self.port
    }

    /// How many numbers [`describe`](Self::describe) gives: 2048 of the published networks.
    pub fn features(&self) -> usize {
        self.features
    }

    fn new(tensors: &Tensors, vb: &VarBuilder, port: Port) -> Result<Self> {
        let load = |name: &str, (height, width): (usize, usize), inputs: usize, stride: usize, same: bool| {
            let full = format!("{}{name}", port.prefix());
            let outputs = tensors.dims(&format!("{full}.bias")).map_or(0, |dims| dims.iter().product());
            let weight = vb.get((outputs, inputs, height, width), &format!("{full}.weight"))?;
            let bias = vb.get(outputs, &format!("{full}.bias"))?;
            let (square, oblong) = match (same, height == width) {
                (false, _) => (0, (0, 0)),
                (true, true) => (height / 2, (0, 0)),
                (true, false) => (0, (height / 2, width / 2)),
            };
            Ok::<_, candle_core::Error>(Layer {
                conv: Conv2d::of(weight, bias, Conv::padded(square).stride(stride)),
                outputs,
                oblong,
            })
        };
        let mut channels = 1;
        let mut stem = Vec::new();
        for (at, (name, height, width)) in STEM.into_iter().enumerate() {
            let layer = load(name, (height, width), channels, if at == 0 { 2 } else { 1 }, at == 2)?;
            channels = layer.outputs;
            stem.push(layer);
        }
        let mut blocks = Vec::new();
        for (at, (block, ways)) in BLOCKS.into_iter().enumerate() {
            let halves = ways.iter().any(|way| way.pool && way.path.is_empty());
            let is_last = at + 1 == BLOCKS.len();
            let pool = match (halves, is_last && port == Port::Fid) {
                (true, _) => Pool::Halving,
                (false, true) => Pool::Largest,
                (false, false) => port.mean(),
            };
            let (mut branches, mut sum) = (Vec::new(), 0);
            for way in ways {
                let mut inputs = channels;
                let mut path = Vec::new();
                for (at, &(name, height, width)) in way.path.iter().enumerate() {
                    let halving = halves && at + 1 == way.path.len();
                    let stride = if halving { 2 } else { 1 };
                    let layer = load(&format!("{block}.{name}"), (height, width), inputs, stride, !halving)?;
                    inputs = layer.outputs;
                    path.push(layer);
                }
                let fork = way
                    .fork
                    .iter()
                    .map(|&(name, height, width)| load(&format!("{block}.{name}"), (height, width), inputs, 1, true));
                let fork: Vec<Layer> = fork.collect::<Result<_>>()?;
                sum += if fork.is_empty() { inputs } else { fork.iter().map(|layer| layer.outputs).sum() };
                branches.push(Branch { pool: way.pool.then_some(pool), path, fork });
            }
            channels = sum;
            blocks.push(branches);
        }
        Ok(Self { port, stem, blocks, features: channels })
    }

    /// What it sees in the picture `plane`, `width` × `height` values row by row, light 1 and black 0.
    ///
    /// # Errors
    /// [`ModelError::Input`]: a plane of another size, or none.
    pub fn describe(&self, plane: &[f32], width: usize, height: usize) -> std::result::Result<Vec<f32>, ModelError> {
        if plane.is_empty() || plane.len() != width * height {
            return Err(ModelError::Input { what: format!("{} values for {width} x {height} px", plane.len()) });
        }
        let features = || -> Result<Vec<f32>> {
            let x = Tensor::from_slice(plane, (1, 1, height, width), &Device::Cpu)?;
            self.forward(&x)?.flatten_all()?.to_vec1()
        };
        features().map_err(|error| ModelError::Input { what: error.to_string() })
    }

    /// The features, (batch, [`features`](Self::features)), of `x` (batch, 1, height, width).
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = resize_bilinear(x, SIDE, SIDE)?.affine(2.0, -1.0)?;
        for (at, layer) in self.stem.iter().enumerate() {
            x = layer.forward(&x)?;
            if STEM_POOLS.contains(&at) {
                x = Pool::Halving.of(&x)?;
            }
        }
        for branches in &self.blocks {
            let mut parts = Vec::new();
            for branch in branches {
                let mut y = match branch.pool {
                    Some(pool) => pool.of(&x)?,
                    None => x.clone(),
                };
                for layer in &branch.path {
                    y = layer.forward(&y)?;
                }
                match &branch.fork[..] {
                    [] => parts.push(y),
                    fork => fork.iter().try_for_each(|layer| layer.forward(&y).map(|part| parts.push(part)))?,
                }
            }
            x = Tensor::cat(&parts, 1)?;
        }
        x.mean(D::Minus1)?.mean(D::Minus1)
    }
}

/// Which network's tensors they are.
fn port_of(tensors: &Tensors) -> Option<Port> {
    let is = |port: &Port| tensors.dims(&format!("{}{}.weight", port.prefix(), STEM[0].0)).is_some();
    [Port::Fid, Port::Torchvision].into_iter().find(is)
}

impl Layer {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (rows, columns) = self.oblong;
        let x = if rows > 0 { &x.pad_with_zeros(2, rows, rows)? } else { x };
        let x = if columns > 0 { &x.pad_with_zeros(3, columns, columns)? } else { x };
        self.conv.forward(x, Act::Relu)
    }
}

impl Pool {
    /// Of `x`, none of whose numbers is below 0: each lies behind a ReLU, so a zero around it is never the largest.
    fn of(self, x: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = x.dims4()?;
        if height < 3 || width < 3 {
            bail!("a pool of 3 x 3 px does not fit {height} x {width}");
        }
        let border = usize::from(self != Self::Halving);
        let stride = 2 - border;
        let (tall, broad) = ((height + 2 * border - 3) / stride + 1, (width + 2 * border - 3) / stride + 1);
        let x = x.contiguous()?.flatten_all()?.to_vec1::<f32>()?;
        let mut y = Vec::with_capacity(batch * channels * tall * broad);
        for plane in x.chunks_exact(height * width) {
            for row in 0..tall {
                let rows = (row * stride).saturating_sub(border)..(row * stride + 3 - border).min(height);
                for column in 0..broad {
                    let columns = (column * stride).saturating_sub(border)..(column * stride + 3 - border).min(width);
                    let near = rows.clone().flat_map(|row| &plane[row * width..][columns.clone()]);
                    y.push(match self {
                        Self::Halving | Self::Largest => near.fold(0f32, |largest, &value| largest.max(value)),
                        Self::Mean => near.sum::<f32>() / 9.0,
                        Self::MeanWithin => near.sum::<f32>() / (rows.len() * columns.len()) as f32,
                    });
                }
            }
        }
        Tensor::from_vec(y, (batch, channels, tall, broad), &Device::Cpu)
    }
}
