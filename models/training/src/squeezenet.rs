//! The teacher of the encoder: SqueezeNet 1.1 (Iandola et al., 2016), trained on ImageNet by others. Only training looks
//! through it, and nothing of it ships.
//!
//! In: (batch, 1, height, width), light 1 and black 0; it is shown as blue, green and red from 0 to 255, less Caffe's means.
//! Out, four features: conv1 (64 channels, stride 2), fire3 (128, stride 4), fire5 (256, stride 8), fire9 (512, stride 16).
//! The image is mirrored by a pixel at its edges and pools keep odd edges, as Caffe's do, so that sides that are multiples of
//! 16 are halved exactly; a file in the released form is read (`conv1.weight` … `fire9.expand3x3.bias`).

use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::Init;
use candle_nn::VarBuilder;
use models::ModelError;
use models::engine::Act;
use models::engine::Conv;
use models::engine::Conv2d;
use models::engine::Tensors;

/// Channels of the features.
pub const WIDTHS: [usize; 4] = [64, 128, 256, 512];
/// Caffe's means of blue, green and red.
const MEANS: [f32; 3] = [104.0, 117.0, 123.0];
/// Fires between two pools: channels before, of the squeeze, and of each half of the expansion; the first is fire2.
const FIRES: [&[(usize, usize, usize)]; 3] = [
    &[(64, 16, 64), (128, 16, 64)],
    &[(128, 32, 128), (256, 32, 128)],
    &[(256, 48, 192), (384, 48, 192), (384, 64, 256), (512, 64, 256)],
];

/// The network with its weights.
#[derive(Debug, Clone)]
pub struct Teacher {
    first: Conv2d,
    fires: Vec<Vec<Fire>>,
    means: Tensor,
}

/// A squeeze and the two halves of its expansion.
#[derive(Debug, Clone)]
struct Fire {
    squeeze: Conv2d,
    narrow: Conv2d,
    wide: Conv2d,
}

impl Teacher {
    /// The network of the safetensors file that consists of `bytes`, on `device`.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read(bytes: &[u8], device: &Device) -> std::result::Result<Self, ModelError> {
        Tensors::read(bytes)?.fill_on(device, |vb| Self::new(&vb))
    }

    /// The network with tensors from `vb`.
    ///
    /// # Errors
    /// A tensor is missing or of another shape.
    pub fn new(vb: &VarBuilder) -> Result<Self> {
        let mut number = 1;
        let mut fire = |&(inputs, squeeze, expand): &(usize, usize, usize)| {
            number += 1;
            let part = |name: &str, inputs: usize, outputs: usize, kernel: usize| {
                conv(&vb.pp(format!("fire{number}.{name}")), inputs, outputs, kernel, Conv::padded(kernel / 2))
            };
            Ok(Fire {
                squeeze: part("squeeze1x1", inputs, squeeze, 1)?,
                narrow: part("expand1x1", squeeze, expand, 1)?,
                wide: part("expand3x3", squeeze, expand, 3)?,
            })
        };
        Ok(Self {
            first: conv(&vb.pp("conv1"), 3, WIDTHS[0], 3, Conv::padded(1).stride(2).reflect())?,
            fires: FIRES.iter().map(|fires| fires.iter().map(&mut fire).collect()).collect::<Result<_>>()?,
            means: Tensor::from_slice(&MEANS, (1, 3, 1, 1), vb.device())?,
        })
    }

    /// The features of the gray pictures `x`, as the file's letter tells, without gradient.
    ///
    /// # Errors
    /// `x` has another shape.
    pub fn features(&self, x: &Tensor) -> Result<[Tensor; 4]> {
        let x = (x.detach() * 255.0)?.broadcast_sub(&self.means)?;
        let first = self.first.forward(&x, Act::Relu)?;
        let step = |x: &Tensor, fires: &[Fire]| fires.iter().try_fold(pooled(x)?, |x, fire| fire.forward(&x));
        let second = step(&first, &self.fires[0])?;
        let third = step(&second, &self.fires[1])?;
        let fourth = step(&third, &self.fires[2])?;
        Ok([first, second, third, fourth])
    }
}

impl Fire {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.squeeze.forward(x, Act::Relu)?;
        Tensor::cat(&[self.narrow.forward(&x, Act::Relu)?, self.wide.forward(&x, Act::Relu)?], 1)
    }
}

fn conv(vb: &VarBuilder, inputs: usize, outputs: usize, kernel: usize, conv: Conv) -> Result<Conv2d> {
    Conv2d::load(vb, inputs, outputs, kernel, conv, Init::Const(0.0))?.with_bias(vb)
}

/// The largest of each 3 × 3 window at stride 2, at an edge of what is there of it.
fn pooled(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    // What is repeated changes no maximum.
    let more = |size: usize| usize::from(size.is_multiple_of(2));
    let x = x.pad_with_same(2, 0, more(height))?.pad_with_same(3, 0, more(width))?;
    x.contiguous()?.max_pool2d_with_stride((3, 3), (2, 2))
}
