//! Convolutions and transposed convolutions as candle's custom operations, forward and backward.

use std::sync::Arc;
use std::sync::OnceLock;

use candle_core::CpuStorage;
use candle_core::CustomOp2;
use candle_core::CustomOp3;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Shape;
use candle_core::Tensor;
use candle_core::bail;
use rayon::prelude::*;

use super::floats;
use super::geometry::Direction;
use super::geometry::Extent;
use super::geometry::Geometry;
use super::image;
use super::run::run;
use super::slope::weight_gradient;
use super::sum;
use super::weights::Packed;
use super::with_floats;
use crate::engine::act::Act;
use crate::engine::conv::Conv;
use crate::engine::conv::ConvTranspose;
use crate::engine::conv::Edge;
use crate::engine::resize::mirrored;

/// Numbers of an image that one task takes, where every number is treated alike.
const PART: usize = 64 * 1024;

/// Where a layer whose weights do not change keeps them packed.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Packing(Arc<OnceLock<Packed>>);

/// A convolution (down) or a transposed one (up) of known shapes.
struct Convolve {
    geometry: Geometry,
    direction: Direction,
    act: Act,
    packing: Option<Packing>,
}

pub(in crate::engine) fn conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    conv: &Conv,
    act: Act,
    packing: Option<&Packing>,
) -> Result<Tensor> {
    let (batch, channels, height, width) = image(x)?;
    let (outputs, inputs, kernel_height, kernel_width) = weight.dims4()?;
    let &Conv { stride, padding, edge, groups } = conv;
    let fits = groups > 0 && stride > 0 && inputs * groups == channels && outputs % groups == 0;
    let (tall, broad) = (height + 2 * padding, width + 2 * padding);
    let mirrors = edge == Edge::Zero || padding < height.min(width);
    if !fits || !mirrors || tall < kernel_height || broad < kernel_width || inputs * kernel_height * kernel_width == 0 {
        bail!("a convolution {conv:?} with weights {:?} does not fit an image {:?}", weight.dims(), x.dims());
    }
    let geometry = Geometry {
        batch,
        wide: Extent { channels, height, width },
        narrow: Extent {
            channels: outputs,
            height: (tall - kernel_height) / stride + 1,
            width: (broad - kernel_width) / stride + 1,
        },
        kernel: (kernel_height, kernel_width),
        stride,
        padding,
        edge,
        groups,
    };
    Convolve { geometry, direction: Direction::Down, act, packing: packing.cloned() }.apply(x, weight, bias)
}

pub(in crate::engine) fn conv_transpose2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    conv: &ConvTranspose,
    act: Act,
    packing: Option<&Packing>,
) -> Result<Tensor> {
    let (batch, channels, height, width) = image(x)?;
    let (inputs, outputs, kernel_height, kernel_width) = weight.dims4()?;
    let &ConvTranspose { stride, padding, output_padding } = conv;
    let size = |narrow: usize, kernel: usize| {
        (narrow.checked_sub(1)? * stride + kernel + output_padding).checked_sub(2 * padding).filter(|&size| size > 0)
    };
    let (Some(tall), Some(broad), true) = (
        size(height, kernel_height),
        size(width, kernel_width),
        inputs == channels && stride > output_padding && outputs * kernel_height * kernel_width > 0,
    ) else {
        bail!("a transposed convolution {conv:?} with weights {:?} does not fit {:?}", weight.dims(), x.dims());
    };
    let geometry = Geometry {
        batch,
        wide: Extent { channels: outputs, height: tall, width: broad },
        narrow: Extent { channels, height, width },
        kernel: (kernel_height, kernel_width),
        stride,
        padding,
        edge: Edge::Zero,
        groups: 1,
    };
    Convolve { geometry, direction: Direction::Up, act, packing: packing.cloned() }.apply(x, weight, bias)
}

impl Convolve {
    fn apply(self, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let (x, weight) = (x.contiguous()?, weight.contiguous()?);
        match bias {
            Some(bias) if bias.dims() != [self.output().channels] => {
                bail!("a bias {:?} does not fit {} channels", bias.dims(), self.output().channels)
            }
            Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, self),
            None => x.apply_op2(&weight, self),
        }
    }

    fn output(&self) -> Extent {
        match self.direction {
            Direction::Down => self.geometry.narrow,
            Direction::Up => self.geometry.wide,
        }
    }

    fn forward(&self, x: &[f32], weight: &[f32], bias: Option<&[f32]>) -> (CpuStorage, Shape) {
        let route = self.geometry.route(self.direction);
        let pack = || Packed::new(&self.geometry, self.direction, &route, weight);
        let own;
        let packed = match &self.packing {
            Some(Packing(kept)) => kept.get_or_init(pack),
            None => {
                own = pack();
                &own
            }
        };
        let y = run(&route, packed, self.geometry.batch, x, bias, self.act);
        let Extent { channels, height, width } = self.output();
        (CpuStorage::F32(y), Shape::from((self.geometry.batch, channels, height, width)))
    }

    /// The gradients of the input, the weights and the bias, those that are wanted.
    fn backward(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = slopes(self.act, y, grad)?;
        let of_x = x.track_op().then(|| {
            let gradient = with_floats(weight, |weight| with_floats(&grad, |grad| Ok(self.of_input(weight, grad))))?;
            Tensor::from_vec(gradient, x.shape(), x.device())
        });
        let of_weight = weight.track_op().then(|| {
            let (wide, narrow) = match self.direction {
                Direction::Down => (x, &grad),
                Direction::Up => (&grad, x),
            };
            let gradient = with_floats(wide, |wide| {
                with_floats(narrow, |narrow| Ok(weight_gradient(&self.geometry, wide, narrow)))
            })?;
            Tensor::from_vec(gradient, weight.shape(), weight.device())
        });
        let of_bias = bias.filter(|bias| bias.track_op()).map(|bias| {
            let sums = with_floats(&grad, |grad| Ok(channel_sums(grad, self.output())))?;
            Tensor::from_vec(sums, bias.shape(), bias.device())
        });
        Ok((of_x.transpose()?, of_weight.transpose()?, of_bias.transpose()?))
    }

    fn of_input(&self, weight: &[f32], grad: &[f32]) -> Vec<f32> {
        let batch = self.geometry.batch;
        let through = |geometry: &Geometry, direction: Direction| {
            let route = geometry.route(direction);
            run(&route, &Packed::new(geometry, direction, &route, weight), batch, grad, None, Act::None)
        };
        match (self.direction, self.geometry.edge) {
            (Direction::Up, _) => through(&self.geometry, Direction::Down),
            (Direction::Down, Edge::Zero) => through(&self.geometry, Direction::Up),
            (Direction::Down, Edge::Reflect) => {
                let (wide, padding) = (self.geometry.wide, self.geometry.padding);
                let padded = Extent { height: wide.height + 2 * padding, width: wide.width + 2 * padding, ..wide };
                let geometry = Geometry { wide: padded, padding: 0, edge: Edge::Zero, ..self.geometry };
                folded(&through(&geometry, Direction::Up), padded, padding)
            }
        }
    }
}

/// `grad` times the activation's slope.
fn slopes(act: Act, y: &Tensor, grad: &Tensor) -> Result<Tensor> {
    if act == Act::None {
        return Ok(grad.clone());
    }
    let mut out = vec![0.0; grad.elem_count()];
    with_floats(y, |y| {
        with_floats(grad, |grad| {
            let parts = out.par_chunks_mut(PART).zip(y.par_chunks(PART)).zip(grad.par_chunks(PART));
            parts.for_each(|((out, y), grad)| act.slopes(y, grad, out));
            Ok(())
        })
    })?;
    Tensor::from_vec(out, grad.shape(), grad.device())
}

/// The gradient of a mirrored image's pixels, added to those they mirror.
fn folded(padded: &[f32], extent: Extent, padding: usize) -> Vec<f32> {
    let (height, width) = (extent.height - 2 * padding, extent.width - 2 * padding);
    let mut out = vec![0.0; padded.len() / extent.plane() * height * width];
    out.par_chunks_exact_mut(height * width).zip(padded.par_chunks_exact(extent.plane())).for_each(|(out, padded)| {
        for (row, from) in padded.chunks_exact(extent.width).enumerate() {
            let to = &mut out[mirrored(row, padding, height) * width..][..width];
            for (to, from) in to.iter_mut().zip(&from[padding..]) {
                *to += from;
            }
            for at in (0..padding).chain(padding + width..extent.width) {
                to[mirrored(at, padding, width)] += from[at];
            }
        }
    });
    out
}

/// Each channel's sum over all images.
fn channel_sums(values: &[f32], extent: Extent) -> Vec<f32> {
    let batch = values.len() / extent.floats();
    let of_channel = |channel: usize| {
        let plane = |image: usize| &values[(image * extent.channels + channel) * extent.plane()..][..extent.plane()];
        (0..batch).map(|image| sum(plane(image), |value| value)).sum::<f64>() as f32
    };
    (0..extent.channels).into_par_iter().map(of_channel).collect()
}

impl CustomOp2 for Convolve {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, weight: &CpuStorage, lw: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(self.forward(floats(x, lx)?, floats(weight, lw)?, None))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, y: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (of_x, of_weight, _) = self.backward(x, weight, None, y, grad)?;
        Ok((of_x, of_weight))
    }
}

impl CustomOp3 for Convolve {
    fn name(&self) -> &'static str {
        "convolution with bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        weight: &CpuStorage,
        lw: &Layout,
        bias: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok(self.forward(floats(x, lx)?, floats(weight, lw)?, Some(floats(bias, lb)?)))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        self.backward(x, weight, Some(bias), y, grad)
    }
}
