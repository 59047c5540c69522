//! Normalisation with activation in one pass, forward and backward.
//!
//! With x̂ = (x - mean) / √(variance + ε) over each *set* of n numbers (a plane, or a channel of the whole batch),
//! y = act(scale · x̂ + shift) and g = ∂y · act'(y), the gradients are (Ioffe and Szegedy, 2015, §3)
//!
//! ```text
//! ∂shift = Σ g    ∂scale = Σ g·x̂    ∂x = scale / √(variance + ε) · (g - ∂shift / n - x̂ · ∂scale / n)
//! ```

use std::sync::Arc;
use std::sync::OnceLock;

use candle_core::CpuStorage;
use candle_core::CustomOp1;
use candle_core::CustomOp3;
use candle_core::InplaceOp1;
use candle_core::InplaceOp2;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Shape;
use candle_core::Tensor;
use candle_core::bail;
use pulp::Arch;
use rayon::prelude::*;

use super::STRETCH;
use super::floats;
use super::image;
use super::strands;
use super::sum;
use super::with_floats;
use crate::engine::act::Act;
use crate::engine::norm::NORM_EPS;

/// Mean and biased variance of a set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    pub mean: f32,
    pub variance: f32,
}

impl Moments {
    pub fn of(planes: &[&[f32]]) -> Self {
        let count = planes.iter().map(|plane| plane.len()).sum::<usize>() as f64;
        let mean = planes.iter().map(|plane| sum(plane, |value| value)).sum::<f64>() / count;
        let centre = mean as f32;
        let square = |value: f32| (value - centre) * (value - centre);
        let variance = planes.iter().map(|plane| sum(plane, square)).sum::<f64>() / count;
        Self { mean: centre, variance: variance as f32 }
    }

    fn normalise(self, plane: &mut [f32]) {
        let factor = self.scale();
        Arch::new().dispatch(|| plane.iter_mut().for_each(|x| *x = (*x - self.mean) * factor));
    }

    fn scale(self) -> f32 {
        (f64::from(self.variance) + NORM_EPS).sqrt().recip() as f32
    }
}

/// Which numbers are normalised together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Plane,
    Channel,
}

/// Normalisation of an image batch of known shape.
struct Normalise {
    channels: usize,
    plane: usize,
    set: Set,
    act: Act,
    /// Whether the gradient runs through the moments.
    through: bool,
    /// Of each set, once known.
    moments: Arc<OnceLock<Vec<Moments>>>,
}

/// Instance normalisation.
pub(in crate::engine) fn norm_act(x: &Tensor, act: Act) -> Result<Tensor> {
    let (_, channels, height, width) = image(x)?;
    let moments = Arc::default();
    let op = Normalise { channels, plane: height * width, set: Set::Plane, act, through: true, moments };
    x.contiguous()?.apply_op1(op)
}

/// Batch normalisation by `moments` of (mean, biased variance), or by the batch's own; gives also mean and unbiased
/// variance.
pub(in crate::engine) fn batch_norm_act(
    x: &Tensor,
    scale: &Tensor,
    shift: &Tensor,
    running: Option<(&Tensor, &Tensor)>,
    act: Act,
) -> Result<(Tensor, Tensor, Tensor)> {
    let (batch, channels, height, width) = image(x)?;
    let known = [Some(scale), Some(shift), running.map(|r| r.0), running.map(|r| r.1)];
    if known.iter().flatten().any(|tensor| tensor.dims() != [channels]) || x.elem_count() == 0 {
        bail!("a batch normalisation of {:?} channels does not fit {:?}", scale.dims(), x.dims());
    }
    let moments = Arc::new(OnceLock::new());
    if let Some((mean, variance)) = running {
        let (mean, variance) = (mean.to_vec1::<f32>()?, variance.to_vec1::<f32>()?);
        moments.get_or_init(|| {
            mean.into_iter().zip(variance).map(|(mean, variance)| Moments { mean, variance }).collect()
        });
    }
    let op = Normalise {
        channels,
        plane: height * width,
        set: Set::Channel,
        act,
        through: running.is_none(),
        moments: Arc::clone(&moments),
    };
    let y = x.contiguous()?.apply_op3(&scale.contiguous()?, &shift.contiguous()?, op)?;
    if let Some((mean, variance)) = running {
        return Ok((y, mean.detach(), variance.detach()));
    }
    let moments = moments.get().map_or(&[][..], Vec::as_slice);
    let count = batch * height * width;
    let unbiased = count as f32 / (count.max(2) - 1) as f32;
    let tensor = |values: Vec<f32>| Tensor::from_vec(values, channels, x.device());
    let mean = tensor(moments.iter().map(|moments| moments.mean).collect())?;
    let variance = tensor(moments.iter().map(|moments| moments.variance * unbiased).collect())?;
    Ok((y, mean, variance))
}

/// `values`, planes of an image, become act(normalised) + what `add` has there.
pub(in crate::engine) fn norm_act_in_place(x: &Tensor, act: Act, add: Option<&Tensor>) -> Result<()> {
    let (_, _, height, width) = image(x)?;
    let op = InPlace { plane: height * width, act };
    match add {
        Some(add) if add.dims() != x.dims() => bail!("{:?} cannot be added to {:?}", add.dims(), x.dims()),
        Some(add) => x.inplace_op2(&add.contiguous()?, &op),
        None => x.inplace_op1(&op),
    }
}

/// Instance normalisation of an image that nobody needs any more.
struct InPlace {
    plane: usize,
    act: Act,
}

impl InPlace {
    fn run(&self, x: &mut CpuStorage, layout: &Layout, add: Option<&[f32]>) -> Result<()> {
        let (CpuStorage::F32(x), Some((start, end))) = (x, layout.contiguous_offsets()) else {
            bail!("only contiguous numbers in single precision are normalised in place")
        };
        x[start..end].par_chunks_exact_mut(self.plane).enumerate().for_each(|(at, plane)| {
            let moments = Moments::of(&[plane]);
            moments.normalise(plane);
            self.act.apply(plane);
            if let Some(add) = add {
                let add = &add[at * self.plane..][..self.plane];
                Arch::new().dispatch(|| plane.iter_mut().zip(add).for_each(|(x, add)| *x += add));
            }
        });
        Ok(())
    }
}

impl InplaceOp1 for InPlace {
    fn name(&self) -> &'static str {
        "instance normalisation in place"
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, layout: &Layout) -> Result<()> {
        self.run(x, layout, None)
    }
}

impl InplaceOp2 for InPlace {
    fn name(&self) -> &'static str {
        "instance normalisation in place with an addition"
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, layout: &Layout, add: &CpuStorage, of_add: &Layout) -> Result<()> {
        self.run(x, layout, Some(floats(add, of_add)?))
    }
}

impl Normalise {
    fn sets(&self, floats: usize) -> usize {
        match self.set {
            Set::Plane => floats / self.plane,
            Set::Channel => self.channels,
        }
    }

    /// The planes of each set.
    fn planes<'a>(&self, values: &'a [f32]) -> Vec<Vec<&'a [f32]>> {
        let sets = self.sets(values.len());
        let mut planes = vec![Vec::new(); sets];
        for (at, plane) in values.chunks_exact(self.plane).enumerate() {
            planes[at % sets].push(plane);
        }
        planes
    }

    fn planes_mut<'a>(&self, values: &'a mut [f32]) -> Vec<Vec<&'a mut [f32]>> {
        let sets = self.sets(values.len());
        let mut planes: Vec<_> = (0..sets).map(|_| Vec::new()).collect();
        for (at, plane) in values.chunks_exact_mut(self.plane).enumerate() {
            planes[at % sets].push(plane);
        }
        planes
    }

    fn forward(&self, x: &[f32], scale: Option<&[f32]>, shift: Option<&[f32]>) -> Vec<f32> {
        let mut y = vec![0.0; x.len()];
        let known = self.moments.get();
        let all = self.planes(x).into_par_iter().zip(self.planes_mut(&mut y)).enumerate().map(|(set, (x, y))| {
            let moments = known.map_or_else(|| Moments::of(&x), |known| known[set]);
            let factor = moments.scale() * scale.map_or(1.0, |scale| scale[set]);
            let offset = shift.map_or(0.0, |shift| shift[set]);
            for (x, y) in x.iter().zip(y) {
                Arch::new().dispatch(|| {
                    for (y, x) in y.iter_mut().zip(*x) {
                        *y = (x - moments.mean) * factor + offset;
                    }
                });
                self.act.apply(y);
            }
            moments
        });
        let all: Vec<Moments> = all.collect();
        self.moments.get_or_init(|| all);
        y
    }

    /// The gradients of x, scale and shift.
    fn backward(&self, x: &[f32], y: &[f32], grad: &[f32], scale: Option<&[f32]>) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let mut of_x = vec![0.0; x.len()];
        let moments = self.moments.get().map_or(&[][..], Vec::as_slice);
        let inputs = self.planes(x).into_par_iter().zip(self.planes(y)).zip(self.planes(grad));
        let sums = inputs.zip(self.planes_mut(&mut of_x)).zip(moments).enumerate().map(
            |(set, ((((x, y), grad), to), moments))| {
                let (mean, deviation) = (moments.mean, moments.scale());
                let (mut of_shift, mut of_scale) = (0.0, 0.0);
                let mut to = to;
                for (((x, y), grad), to) in x.iter().zip(&y).zip(&grad).zip(&mut to) {
                    self.act.slopes(y, grad, to);
                    of_shift += sum(to, |g| g);
                    of_scale += dot(to, x, mean, deviation);
                }
                let factor = deviation * scale.map_or(1.0, |scale| scale[set]);
                let count = (x.len() * self.plane) as f64;
                let (shift, tilt) =
                    if self.through { ((of_shift / count) as f32, (of_scale / count) as f32) } else { (0.0, 0.0) };
                for (x, to) in x.iter().zip(&mut to) {
                    Arch::new().dispatch(|| {
                        for (to, x) in to.iter_mut().zip(*x) {
                            *to = factor * (*to - shift - (x - mean) * deviation * tilt);
                        }
                    });
                }
                (of_scale as f32, of_shift as f32)
            },
        );
        let (of_scale, of_shift) = sums.unzip();
        (of_x, of_scale, of_shift)
    }
}

/// Σ g · x̂.
fn dot(g: &[f32], x: &[f32], mean: f32, deviation: f32) -> f64 {
    Arch::new().dispatch(|| {
        let mut total = 0.0;
        for (g, x) in g.chunks(STRETCH).zip(x.chunks(STRETCH)) {
            total += strands(g, x, |g, x| g * ((x - mean) * deviation));
        }
        total
    })
}

fn triple(
    x: &Tensor,
    y: &Tensor,
    grad: &Tensor,
    work: impl FnOnce(&[f32], &[f32], &[f32]) -> Gradients,
) -> Result<Gradients> {
    with_floats(x, |x| with_floats(y, |y| with_floats(grad, |grad| Ok(work(x, y, grad)))))
}

type Gradients = (Vec<f32>, Vec<f32>, Vec<f32>);

impl CustomOp1 for Normalise {
    fn name(&self) -> &'static str {
        "instance normalisation"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(self.forward(floats(x, layout)?, None, None)), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (of_x, _, _) = triple(x, y, grad, |x, y, grad| self.backward(x, y, grad, None))?;
        Ok(Some(Tensor::from_vec(of_x, x.shape(), x.device())?))
    }
}

impl CustomOp3 for Normalise {
    fn name(&self) -> &'static str {
        "batch normalisation"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        scale: &CpuStorage,
        of_scale: &Layout,
        shift: &CpuStorage,
        of_shift: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let y = self.forward(floats(x, layout)?, Some(floats(scale, of_scale)?), Some(floats(shift, of_shift)?));
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        scale: &Tensor,
        _shift: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (of_x, of_scale, of_shift) =
            with_floats(scale, |scale| triple(x, y, grad, |x, y, grad| self.backward(x, y, grad, Some(scale))))?;
        let per_channel = |values: Vec<f32>| Tensor::from_vec(values, self.channels, x.device());
        Ok((
            Some(Tensor::from_vec(of_x, x.shape(), x.device())?),
            Some(per_channel(of_scale)?),
            Some(per_channel(of_shift)?),
        ))
    }
}
