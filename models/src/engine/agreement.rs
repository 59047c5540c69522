//! Whether the CPU's operations agree with those made of candle's own, forward and backward.

use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_core::Var;

use super::*;

/// Numbers that look random and are the same every time.
pub(super) fn noise<S: Into<candle_core::Shape>>(seed: u32, shape: S) -> Tensor {
    let shape = shape.into();
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    let values: Vec<f32> = (0..shape.elem_count()).map(|_| next()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).expect("as many values as the shape has")
}

/// The largest difference, relative to the largest value.
pub(super) fn apart(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.dims(), b.dims());
    let largest = |t: &Tensor| {
        t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("floats").iter().fold(0f32, |max, v| {
            assert!(v.is_finite());
            max.max(v.abs())
        })
    };
    largest(&(a - b).expect("one shape")) / largest(b).max(1e-6)
}

/// What one of two ways gives: the output and the gradient with respect to each input of a sum weighted by noise.
type Way<'a> = &'a dyn Fn(&[Tensor]) -> Result<Tensor>;

fn both(way: Way, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let variables: Vec<Var> = inputs.iter().map(Var::from_tensor).collect::<Result<_>>()?;
    let tensors: Vec<Tensor> = variables.iter().map(|v| v.as_tensor().clone()).collect();
    let y = way(&tensors)?;
    let gradients = (&y * noise(99, y.shape()))?.sum_all()?.backward()?;
    let mut all = vec![y.detach()];
    all.extend(variables.iter().map(|v| gradients.get(v).expect("it has a gradient").clone()));
    Ok(all)
}

/// Fails where `ours` and `stock` differ by more than `tolerance`; what rounding does to a sum of n products is about
/// √n · 6e-8 of the largest.
pub(super) fn agree(case: &str, ours: Way, stock: Way, inputs: &[Tensor], tolerance: f32) {
    let ours = both(ours, inputs).unwrap_or_else(|error| panic!("{case}: {error}"));
    let stock = both(stock, inputs).unwrap_or_else(|error| panic!("{case}, stock: {error}"));
    for (at, (ours, stock)) in ours.iter().zip(&stock).enumerate() {
        let apart = apart(ours, stock);
        let what = if at == 0 { "the output".to_owned() } else { format!("the gradient of input {}", at - 1) };
        assert!(apart < tolerance, "{case}: {what} is {apart} apart");
    }
}

#[test]
fn convolutions_agree() {
    let c = Conv::padded;
    let cases = [
        ((1, 1, 7, 9), (1, 3), c(1)),
        ((2, 3, 20, 17), (5, 3), c(1)),
        ((1, 3, 31, 40), (8, 7), c(3).reflect()),
        ((1, 16, 33, 30), (1, 7), c(3).reflect()),
        ((2, 8, 19, 22), (12, 3), c(1).stride(2)),
        ((1, 8, 24, 24), (20, 3), c(1).stride(2)),
        ((1, 4, 25, 18), (9, 4), c(2).stride(2)),
        ((1, 4, 25, 18), (9, 4), c(2)),
        ((3, 10, 9, 8), (17, 1), c(0)),
        ((2, 6, 13, 11), (4, 1), c(0).stride(2)),
        ((1, 64, 50, 50), (50, 3), c(1).reflect()),
        ((1, 70, 16, 16), (130, 3), c(1).reflect()),
        ((8, 24, 10, 10), (33, 3), c(1)),
        ((2, 24, 21, 21), (24, 3), c(1).groups(24)),
        ((2, 24, 21, 20), (24, 3), c(1).groups(24).stride(2)),
        ((2, 12, 14, 14), (24, 3), c(1).groups(3)),
        ((1, 3, 30, 28), (6, 5), c(2).stride(3).reflect()),
        ((1, 400, 12, 12), (8, 3), c(1)),
    ];
    for (x, (outputs, kernel), conv) in cases {
        let weights = noise(2, (outputs, x.1 / conv.groups, kernel, kernel));
        let even = f64::from((x.1 / conv.groups * kernel * kernel) as u32).sqrt().recip();
        let inputs = [noise(1, x), (weights * even).expect("floats"), noise(3, outputs)];
        // A bent activation takes either slope where the sum is all but 0: only small images are sure to have no such sum.
        let acts = [Act::None, Act::Tanh, Act::Sigmoid, Act::Relu, Act::Leaky(0.2)];
        for act in &acts[..if x.2 * x.3 < 100 { 5 } else { 2 }] {
            agree(
                &format!("{conv:?} of {x:?} to {outputs} by {kernel}, {act:?}"),
                &|t| conv2d(&t[0], &t[1], Some(&t[2]), &conv, *act),
                &|t| stock::conv2d(&t[0], &t[1], Some(&t[2]), &conv, *act),
                &inputs,
                2e-5,
            );
        }
    }
}

#[test]
fn transposed_convolutions_agree() {
    let cases = [
        ((1, 3, 7, 9), (2, 3), (2, 1, 1)),
        ((2, 16, 16, 13), (9, 3), (2, 1, 1)),
        ((1, 130, 16, 16), (60, 3), (2, 1, 1)),
        ((1, 8, 11, 11), (4, 4), (2, 1, 0)),
        ((1, 8, 11, 12), (4, 2), (2, 0, 0)),
        ((1, 6, 9, 9), (5, 3), (1, 1, 0)),
        ((1, 6, 9, 9), (5, 5), (3, 2, 2)),
        ((1, 40, 50, 50), (24, 3), (2, 1, 1)),
        ((1, 4, 5, 5), (4, 1), (2, 0, 1)),
    ];
    for (x, (outputs, kernel), (stride, padding, output_padding)) in cases {
        let conv = ConvTranspose { stride, padding, output_padding };
        let inputs = [noise(1, x), noise(2, (x.1, outputs, kernel, kernel)), noise(3, outputs)];
        agree(
            &format!("{conv:?} of {x:?} to {outputs} by {kernel}"),
            &|t| conv_transpose2d(&t[0], &t[1], Some(&t[2]), &conv, Act::Tanh),
            &|t| stock::conv_transpose2d(&t[0], &t[1], Some(&t[2]), &conv, Act::Tanh),
            &inputs,
            2e-5,
        );
    }
}

#[test]
fn normalisations_agree() {
    for x in [(1, 3, 7, 9), (2, 16, 33, 20), (4, 5, 64, 64)] {
        let inputs = [noise(1, x), noise(2, x.1), noise(3, x.1)];
        for act in [Act::None, Act::Relu, Act::Leaky(0.2)] {
            let case = format!("{x:?}, {act:?}");
            agree(&case, &|t| norm_act(&t[0], act), &|t| stock::norm_act(&t[0], act), &inputs[..1], 1e-5);
            let batch = Statistics::Batch;
            agree(
                &case,
                &|t| Ok(batch_norm_act(&t[0], &t[1], &t[2], batch, act)?.0),
                &|t| Ok(stock::batch_norm_act(&t[0], &t[1], &t[2], batch, act)?.0),
                &inputs,
                1e-5,
            );
            let (mean, variance) = (noise(4, x.1), noise(5, x.1).sqr().expect("floats"));
            let running = Statistics::Running { mean: &mean, variance: &variance };
            agree(
                &case,
                &|t| Ok(batch_norm_act(&t[0], &t[1], &t[2], running, act)?.0),
                &|t| Ok(stock::batch_norm_act(&t[0], &t[1], &t[2], running, act)?.0),
                &inputs,
                1e-5,
            );
        }
        let ours = batch_norm_act(&inputs[0], &inputs[1], &inputs[2], Statistics::Batch, Act::None).expect("fits");
        let stock = stock::batch_norm_act(&inputs[0], &inputs[1], &inputs[2], Statistics::Batch, Act::None);
        let stock = stock.expect("fits");
        assert!(apart(&ours.1, &stock.1) < 1e-5 && apart(&ours.2, &stock.2) < 1e-5, "{x:?}: the batch's statistics");
    }
}

#[test]
fn pooling_and_resizing_agree() {
    for x in [(1, 3, 7, 9), (2, 5, 32, 20), (1, 1, 5, 4)] {
        let inputs = [noise(1, x)];
        let case = format!("{x:?}");
        agree(&case, &|t| max_pool2x2(&t[0]), &|t| stock::max_pool2x2(&t[0]), &inputs, 1e-6);
        agree(&case, &|t| max_pool2x2_ceil(&t[0]), &|t| stock::max_pool2x2_ceil(&t[0]), &inputs, 1e-6);
        agree(&case, &|t| avg_pool2x2(&t[0]), &|t| stock::avg_pool2x2(&t[0]), &inputs, 1e-5);
        agree(&case, &|t| avg_pool3x3_s2(&t[0]), &|t| stock::avg_pool3x3_s2(&t[0]), &inputs, 1e-5);
        agree(&case, &|t| upsample_nearest2x(&t[0]), &|t| stock::upsample_nearest2x(&t[0]), &inputs, 1e-6);
        agree(&case, &|t| pad_reflect(&t[0], 3), &|t| stock::pad_reflect(&t[0], 3), &inputs, 1e-6);
        agree(
            &case,
            &|t| upsample_bilinear2x(&t[0]),
            &|t| stock::resize_bilinear(&t[0], 2 * x.2, 2 * x.3),
            &inputs,
            1e-5,
        );
        for (height, width) in [(3, 3), (11, 30), (1, 1)] {
            let to = |t: &[Tensor]| resize_bilinear(&t[0], height, width);
            agree(&case, &to, &|t| stock::resize_bilinear(&t[0], height, width), &inputs, 1e-5);
        }
    }
}

#[test]
fn moments_and_distances_agree() {
    for x in [(1, 3, 7, 9), (2, 5, 32, 20), (1, 1, 1, 2), (3, 2, 90, 101)] {
        let inputs = [noise(1, x), noise(2, x)];
        let case = format!("{x:?}");
        let joined = |(mean, std): (Tensor, Tensor)| Tensor::cat(&[mean, std], 2);
        agree(&case, &|t| joined(moments(&t[0])?), &|t| joined(stock::moments(&t[0])?), &inputs[..1], 1e-5);
        let (one, two) = (distance::Distance::Absolute, distance::Distance::Square);
        agree(&case, &|t| mean_absolute(&t[0], &t[1]), &|t| stock::mean_distance(&t[0], &t[1], one), &inputs, 1e-5);
        agree(&case, &|t| mean_square(&t[0], &t[1]), &|t| stock::mean_distance(&t[0], &t[1], two), &inputs, 1e-5);
    }
    let same = Var::from_tensor(&noise(1, 5)).expect("a variable");
    let none = mean_absolute(&same, &same.detach()).expect("one shape");
    let gradient =
        none.backward().expect("a gradient").get(&same).expect("it has one").to_vec1::<f32>().expect("floats");
    assert_eq!((none.to_scalar::<f32>().expect("a number"), gradient), (0.0, vec![0.0; 5]));
}

/// Fails where a gradient is not what small steps of the input say.
fn check_steps(case: &str, way: Way, x: &Tensor) {
    const STEP: f32 = 1e-2;
    let sum = |x: &Tensor| -> Result<f32> {
        let y = way(std::slice::from_ref(x))?;
        (&y * noise(99, y.shape()))?.sum_all()?.to_scalar()
    };
    let gradient = both(way, std::slice::from_ref(x)).expect("it fits")[1].flatten_all().expect("floats");
    let gradient: Vec<f32> = gradient.to_vec1().expect("floats");
    let values: Vec<f32> = x.flatten_all().and_then(|x| x.to_vec1()).expect("floats");
    for at in (0..values.len()).step_by(3) {
        let moved = |by: f32| {
            let mut values = values.clone();
            values[at] += by;
            sum(&Tensor::from_vec(values, x.shape(), &Device::Cpu).expect("one shape")).expect("it fits")
        };
        let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
        assert!((slope - gradient[at]).abs() < 0.02, "{case}, number {at}: {} instead of {slope}", gradient[at]);
    }
}

#[test]
fn gradients_are_what_small_steps_say() {
    // Far enough from each other that a step changes no order.
    let values: Vec<f32> = (0..2 * 7 * 6).map(|at| (at * 37 % 84) as f32 * 0.05).collect();
    let x = Tensor::from_vec(values, (1, 2, 7, 6), &Device::Cpu).expect("a shape");
    check_steps("max pool", &|t| max_pool2x2(&t[0]), &x);
    check_steps("max pool, stock", &|t| stock::max_pool2x2(&t[0]), &x);
    check_steps("max pool that keeps edges", &|t| max_pool2x2_ceil(&t[0]), &x);
    check_steps("average of blocks", &|t| avg_pool2x2(&t[0]), &x);
    check_steps("doubling", &|t| upsample_nearest2x(&t[0]), &x);
    check_steps("deviation", &|t| Ok(moments(&t[0])?.1), &x);
    check_steps("average pool", &|t| avg_pool3x3_s2(&t[0]), &x);
    check_steps("resizing", &|t| resize_bilinear(&t[0], 9, 13), &x);
    check_steps("mirroring", &|t| pad_reflect(&t[0], 2), &x);
    check_steps("normalisation", &|t| norm_act(&t[0], Act::Leaky(0.2)), &x);
    let weight = (noise(2, (3, 2, 3, 3)) * 0.3).expect("floats");
    let strided = Conv::padded(1).stride(2).reflect();
    check_steps("convolution", &|t| conv2d(&t[0], &weight, None, &strided, Act::Tanh), &(x * 0.2).expect("floats"));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let of = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let inputs = [noise(1, (2, 24, 40, 36)), noise(2, (20, 24, 3, 3)), noise(3, 20)];
            let way = |t: &[Tensor]| {
                norm_act(&conv2d(&t[0], &t[1], Some(&t[2]), &Conv::padded(1).reflect(), Act::None)?, Act::Relu)
            };
            let all = both(&way, &inputs).expect("it fits");
            all.iter().map(|t| t.flatten_all().and_then(|t| t.to_vec1()).expect("floats")).collect::<Vec<Vec<f32>>>()
        })
    };
    assert_eq!(of(1), of(3));
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |result: Result<Tensor>| assert!(result.is_err(), "{result:?}");
    let (x, weight) = (noise(1, (1, 4, 6, 6)), noise(2, (8, 4, 3, 3)));
    let plain = Conv::padded(1);
    refused(conv2d(&x, &weight, None, &plain.groups(2), Act::None));
    refused(conv2d(&x, &weight, None, &plain.groups(0), Act::None));
    refused(conv2d(&x, &weight, None, &plain.stride(0), Act::None));
    refused(conv2d(&x, &weight, None, &Conv::padded(6).reflect(), Act::None));
    refused(conv2d(&x, &weight, Some(&noise(3, 7)), &plain, Act::None));
    refused(conv2d(&noise(1, (1, 4, 1, 6)), &weight, None, &Conv::padded(0), Act::None));
    for empty in [(0, 4, 6, 6), (1, 4, 0, 6)] {
        let empty = noise(1, empty);
        refused(conv2d(&empty, &weight, None, &plain, Act::None));
        refused(norm_act(&empty, Act::None));
        refused(pad_reflect(&empty, 0));
        refused(resize_bilinear(&empty, 3, 3));
    }
    refused(resize_bilinear(&x, 0, 3));
    refused(max_pool2x2(&noise(1, (1, 4, 1, 6))));
    refused(avg_pool2x2(&noise(1, (1, 4, 1, 6))));
    refused(mean_square(&x, &noise(1, (1, 4, 6, 5))));
    assert!(moments(&noise(1, (1, 4, 1, 1))).is_err());
    let up = |padding: usize, output_padding: usize| ConvTranspose { stride: 2, padding, output_padding };
    refused(conv_transpose2d(&x, &noise(2, (4, 3, 3, 3)), None, &up(1, 2), Act::None));
    refused(conv_transpose2d(&x, &noise(2, (4, 3, 3, 3)), None, &up(9, 1), Act::None));
    refused(conv_transpose2d(&x, &noise(2, (5, 3, 3, 3)), None, &up(1, 1), Act::None));
}
