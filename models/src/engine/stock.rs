//! The engine's operations made of candle's own: what runs on CUDA and Metal, and what the CPU's are tested against.

use candle_core::DType;
use candle_core::Result;
use candle_core::Tensor;
use candle_core::bail;

use super::act::Act;
use super::conv::Conv;
use super::conv::ConvTranspose;
use super::conv::Edge;
use super::distance::Distance;
use super::norm::NORM_EPS;
use super::norm::Statistics;

pub(super) fn act(x: Tensor, act: Act) -> Result<Tensor> {
    match act {
        Act::None => Ok(x),
        Act::Relu => x.relu(),
        Act::Leaky(slope) => candle_nn::ops::leaky_relu(&x, f64::from(slope)),
        Act::Tanh => x.tanh(),
        Act::Sigmoid => candle_nn::ops::sigmoid(&x),
    }
}

pub(super) fn conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    conv: &Conv,
    activation: Act,
) -> Result<Tensor> {
    let &Conv { stride, padding, edge, groups } = conv;
    let (x, padding) = match edge {
        Edge::Reflect if padding > 0 => (pad_reflect(x, padding)?, 0),
        _ => (x.clone(), padding),
    };
    let (_, _, height, width) = x.dims4()?;
    let (_, _, kernel_height, kernel_width) = weight.dims4()?;
    let rest = |size: usize, kernel: usize| (size + 2 * padding).saturating_sub(kernel) % stride;
    let (down, right) = (rest(height, kernel_height), rest(width, kernel_width));
    // candle's backward wants the same remainder on both axes, so pixels no kernel reaches are cut off.
    let (x, padding) = if down == right {
        (x, padding)
    } else {
        let x = x.pad_with_zeros(2, padding, padding)?.pad_with_zeros(3, padding, padding)?;
        (x.narrow(2, 0, height + 2 * padding - down)?.narrow(3, 0, width + 2 * padding - right)?, 0)
    };
    let y = x.contiguous()?.conv2d(weight, padding, stride, 1, groups)?;
    act(biased(y, bias)?, activation)
}

pub(super) fn conv_transpose2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    conv: &ConvTranspose,
    activation: Act,
) -> Result<Tensor> {
    let y = x.conv_transpose2d(weight, conv.padding, conv.output_padding, conv.stride, 1)?;
    act(biased(y, bias)?, activation)
}

fn biased(y: Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    match bias {
        Some(bias) => y.broadcast_add(&bias.reshape((1, (), 1, 1))?),
        None => Ok(y),
    }
}

pub(super) fn norm_act(x: &Tensor, activation: Act) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let flat = x.reshape((batch, channels, height * width))?;
    let centred = flat.broadcast_sub(&flat.mean_keepdim(2)?)?;
    let deviation = (centred.sqr()?.mean_keepdim(2)? + NORM_EPS)?.sqrt()?;
    act(centred.broadcast_div(&deviation)?.reshape(x.shape())?, activation)
}

pub(super) fn batch_norm_act(
    x: &Tensor,
    scale: &Tensor,
    shift: &Tensor,
    statistics: Statistics,
    activation: Act,
) -> Result<(Tensor, Tensor, Tensor)> {
    let (batch, channels, height, width) = x.dims4()?;
    let shaped = |per_channel: &Tensor| per_channel.reshape((1, channels, 1, 1));
    let count = batch * height * width;
    let (mean, variance, unbiased) = match statistics {
        Statistics::Batch => {
            let flat = x.transpose(0, 1)?.reshape((channels, count))?;
            let mean = flat.mean_keepdim(1)?;
            let variance = flat.broadcast_sub(&mean)?.sqr()?.mean(1)?;
            let unbiased = (&variance * (count as f64 / (count.max(2) - 1) as f64))?;
            (mean.flatten_all()?, variance, unbiased)
        }
        Statistics::Running { mean, variance } => (mean.clone(), variance.clone(), variance.clone()),
    };
    let factor = (scale / (&variance + NORM_EPS)?.sqrt()?)?;
    let y = x.broadcast_sub(&shaped(&mean)?)?.broadcast_mul(&shaped(&factor)?)?.broadcast_add(&shaped(shift)?)?;
    Ok((act(y, activation)?, mean.detach(), unbiased.detach()))
}

pub(super) fn max_pool2x2(x: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let (down, right) = (height / 2, width / 2);
    if down == 0 || right == 0 {
        bail!("an image of {height} x {width} has no 2 x 2 block to pool");
    }
    let x = x.narrow(2, 0, 2 * down)?.narrow(3, 0, 2 * right)?;
    let x = x.contiguous()?.reshape((batch, channels, down, 2, right, 2))?;
    let corner = |row: usize, column: usize| x.narrow(3, row, 1)?.narrow(5, column, 1);
    let top = corner(0, 0)?.maximum(&corner(0, 1)?)?;
    let bottom = corner(1, 0)?.maximum(&corner(1, 1)?)?;
    top.maximum(&bottom)?.reshape((batch, channels, down, right))
}

pub(super) fn max_pool2x2_ceil(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    // What is repeated changes no maximum.
    max_pool2x2(&x.pad_with_same(2, 0, height % 2)?.pad_with_same(3, 0, width % 2)?)
}

pub(super) fn avg_pool2x2(x: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let (down, right) = (height / 2, width / 2);
    if down == 0 || right == 0 {
        bail!("an image of {height} x {width} has no 2 x 2 block to pool");
    }
    let x = x.narrow(2, 0, 2 * down)?.narrow(3, 0, 2 * right)?;
    x.contiguous()?
        .reshape((batch * channels, down, 2, right, 2))?
        .mean((2, 4))?
        .reshape((batch, channels, down, right))
}

pub(super) fn upsample_nearest2x(x: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    x.contiguous()?.upsample_nearest2d(2 * height, 2 * width)
}

pub(super) fn moments(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let (batch, channels, height, width) = x.dims4()?;
    let flat = x.contiguous()?.reshape((batch, channels, height * width, 1))?;
    let mean = flat.mean_keepdim(2)?;
    let squares = flat.broadcast_sub(&mean)?.sqr()?.sum_keepdim(2)?;
    Ok((mean, ((squares / (height * width - 1) as f64)? + NORM_EPS)?.sqrt()?))
}

pub(super) fn mean_distance(a: &Tensor, b: &Tensor, distance: Distance) -> Result<Tensor> {
    let apart = (a - b)?;
    match distance {
        Distance::Absolute => apart.abs(),
        Distance::Square => apart.sqr(),
    }?
    .mean_all()
}

pub(super) fn avg_pool3x3_s2(x: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let window = Tensor::ones((1, 1, 3, 3), x.dtype(), x.device())?;
    let settings = Conv::padded(1).stride(2);
    let planes = x.contiguous()?.reshape((batch * channels, 1, height, width))?;
    let sum = conv2d(&planes, &window, None, &settings, Act::None)?;
    let ones = Tensor::ones((1, 1, height, width), x.dtype(), x.device())?;
    let count = conv2d(&ones, &window, None, &settings, Act::None)?;
    let (_, _, down, right) = sum.dims4()?;
    sum.broadcast_div(&count)?.reshape((batch, channels, down, right))
}

pub(super) fn resize_bilinear(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let (batch, channels, old_height, old_width) = x.dims4()?;
    let matrix = |from: usize, to: usize| -> Result<Tensor> {
        let mut weights = vec![0f32; from * to];
        for (at, &(first, second, share)) in super::resize::taps(from, to)?.iter().enumerate() {
            weights[at * from + first] += 1.0 - share;
            weights[at * from + second] += share;
        }
        Tensor::from_vec(weights, (to, from), x.device())?.to_dtype(x.dtype())
    };
    let rows = x.contiguous()?.reshape((batch * channels * old_height, old_width))?;
    let wide = rows.matmul(&matrix(old_width, width)?.t()?)?.reshape((batch * channels, old_height, width))?;
    let tall = matrix(old_height, height)?.broadcast_as((batch * channels, height, old_height))?.contiguous()?;
    tall.matmul(&wide)?.reshape((batch, channels, height, width))
}

pub(super) fn pad_reflect(x: &Tensor, padding: usize) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    if padding >= height.min(width) {
        bail!("an image of {height} x {width} cannot be mirrored {padding} pixels beyond its edge");
    }
    let index = |size: usize| -> Result<Tensor> {
        let padded = 0..size + 2 * padding;
        let from: Vec<u32> = padded.map(|at| super::resize::mirrored(at, padding, size) as u32).collect();
        Tensor::from_vec(from, size + 2 * padding, x.device())?.to_dtype(DType::U32)
    };
    x.contiguous()?.index_select(&index(height)?, 2)?.index_select(&index(width)?, 3)
}
