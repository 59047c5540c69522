//! The engine's door: convolutions, normalisations, pooling and resizing over candle tensors, forward and backward.
//!
//! For this crate's networks and for their training only; nothing outside should meet a tensor. Tensors are planar:
//! (batch, channels, height, width). Every function is differentiable by candle's `backward`. What runs is chosen by the
//! tensor's device; nothing above the engine knows.
//!
//! candle's known faults are worked around here and nowhere else: its max-pool backward is wrong by 1/k², bilinear
//! resizing and overlapping average pooling have no backward, a strided convolution's backward fails where height and
//! width leave different remainders, and reflection padding is missing.

mod act;
mod add;
#[cfg(test)]
mod agreement;
mod conv;
mod cpu;
mod distance;
mod layer;
mod moments;
mod norm;
mod pool;
mod resize;
mod stock;
mod tensors;

pub use act::Act;
pub use add::add;
pub use conv::Conv;
pub use conv::ConvTranspose;
pub use conv::Edge;
pub use conv::conv_transpose2d;
pub use conv::conv2d;
pub use distance::mean_absolute;
pub use distance::mean_square;
pub use layer::BatchNorm;
pub use layer::Conv2d;
pub use layer::ConvTranspose2d;
pub use moments::moments;
pub use norm::NORM_EPS;
pub use norm::Statistics;
pub use norm::batch_norm_act;
pub use norm::norm_act;
pub use norm::norm_act_onto;
pub use norm::recycle;
pub use pool::avg_pool2x2;
pub use pool::avg_pool3x3_s2;
pub use pool::max_pool2x2;
pub use pool::max_pool2x2_ceil;
pub use resize::pad_reflect;
pub use resize::resize_bilinear;
pub use resize::upsample_bilinear2x;
pub use resize::upsample_nearest2x;
pub use tensors::Tensors;
