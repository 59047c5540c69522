//! The engine and the generator against PyTorch's numbers; `fixtures/torch_numbers.py` made them.

use std::collections::HashMap;

use candle_core::DType;
use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::engine::Act;
use models::engine::Conv;
use models::engine::ConvTranspose;
use models::engine::Statistics;
use models::engine::avg_pool3x3_s2;
use models::engine::batch_norm_act;
use models::engine::conv_transpose2d;
use models::engine::conv2d;
use models::engine::max_pool2x2;
use models::engine::norm_act;
use models::engine::resize_bilinear;
use models::engine::upsample_bilinear2x;
use models::generator::Generator;

use crate::numbers::apart;
use crate::numbers::fixture;
use crate::numbers::floats;
use crate::numbers::noise;

/// How far numbers may be apart, relative to the largest: single precision's rounding through some dozen sums.
const TOLERANCE: f32 = 2e-5;

fn numbers() -> HashMap<String, Tensor> {
    fixture(include_bytes!("../fixtures/torch_numbers.safetensors"))
}

fn check(name: &str, inputs: &[Tensor], work: impl Fn(&[Tensor]) -> Result<Tensor>) {
    let numbers = numbers();
    let variables: Vec<Var> = inputs.iter().map(|t| Var::from_tensor(t).expect("a variable")).collect();
    let tensors: Vec<Tensor> = variables.iter().map(|v| v.as_tensor().clone()).collect();
    let y = work(&tensors).unwrap_or_else(|error| panic!("{name}: {error}"));
    let gradients = (&y * noise(99, y.shape())).and_then(|y| y.sum_all()?.backward()).expect("gradients");
    let ours = std::iter::once(&y).chain(variables.iter().map(|v| gradients.get(v).expect("a gradient")));
    for (at, ours) in ours.enumerate() {
        let what = if at == 0 { format!("{name}.y") } else { format!("{name}.grad{}", at - 1) };
        let apart = apart(ours, &numbers[&what]);
        assert!(apart < TOLERANCE, "{what} is {apart} apart");
    }
}

#[test]
fn convolutions_give_pytorchs_numbers() {
    let conv = |name: &str, weight: Tensor, outputs: usize, conv: Conv, act: Act| {
        check(name, &[noise(1, (2, 4, 9, 8)), weight, noise(3, outputs)], |t| {
            conv2d(&t[0], &t[1], Some(&t[2]), &conv, act)
        });
    };
    let small = (noise(2, (3, 4, 7, 7)) * f64::from(0.1f32)).expect("floats");
    conv("conv_reflect7", small, 3, Conv::padded(3).reflect(), Act::Tanh);
    conv("conv_stride2", noise(2, (5, 4, 3, 3)), 5, Conv::padded(1).stride(2), Act::None);
    conv("conv_groups", noise(2, (6, 2, 3, 3)), 6, Conv::padded(1).groups(2), Act::None);
    conv("conv_depthwise", noise(2, (4, 1, 3, 3)), 4, Conv::padded(1).stride(2).groups(4), Act::None);
    conv("conv_1x1", noise(2, (9, 4, 1, 1)), 9, Conv::padded(0), Act::None);
    let up = ConvTranspose { stride: 2, padding: 1, output_padding: 1 };
    check("conv_transpose", &[noise(1, (2, 4, 9, 8)), noise(2, (4, 3, 3, 3)), noise(3, 3)], |t| {
        conv_transpose2d(&t[0], &t[1], Some(&t[2]), &up, Act::None)
    });
}

#[test]
fn normalisations_give_pytorchs_numbers() {
    let x = noise(1, (2, 4, 9, 8));
    check("instance_norm", std::slice::from_ref(&x), |t| norm_act(&t[0], Act::Leaky(0.2)));
    let inputs = [x, noise(2, 4), noise(3, 4)];
    let normalised = |t: &[Tensor]| batch_norm_act(&t[0], &t[1], &t[2], Statistics::Batch, Act::Relu);
    check("batch_norm", &inputs, |t| Ok(normalised(t)?.0));
    let (_, mean, variance) = normalised(&inputs).expect("it fits");
    let numbers = numbers();
    // PyTorch's running statistics after one batch, from 0 and 1 with momentum 0.1.
    let mean = (mean * 0.1).expect("floats");
    let variance = (variance * 0.1).and_then(|v| v + 0.9).expect("floats");
    assert!(apart(&mean, &numbers["batch_norm.mean"]) < TOLERANCE);
    assert!(apart(&variance, &numbers["batch_norm.var"]) < TOLERANCE);
}

#[test]
fn pooling_and_resizing_give_pytorchs_numbers() {
    let x = [noise(1, (2, 4, 9, 8))];
    check("max_pool", &x, |t| max_pool2x2(&t[0]));
    check("avg_pool", &x, |t| avg_pool3x3_s2(&t[0]));
    check("bilinear", &x, |t| upsample_bilinear2x(&t[0]));
    check("bilinear_down", &x, |t| resize_bilinear(&t[0], 5, 11));
}

/// A generator of width 4 with the script's weights, and its variables by name.
fn generator() -> (Generator, Vec<(String, Var)>) {
    let map = VarMap::new();
    let builder = VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
    let generator = Generator::new(&builder, 4).expect("it can be made");
    let mut variables: Vec<_> =
        map.data().lock().expect("no other thread").iter().map(|(n, v)| (n.clone(), v.clone())).collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    for (at, (_, variable)) in variables.iter().enumerate() {
        let weights = noise(10 + at as u32, variable.shape()) * f64::from(0.1f32);
        variable.set(&weights.expect("floats")).expect("one shape");
    }
    (generator, variables)
}

#[test]
fn the_generator_draws_and_learns_as_pytorchs_does() {
    let numbers = numbers();
    let (generator, variables) = generator();
    let x = noise(1, (1, 1, 128, 128));
    let target = (noise(2, (1, 1, 128, 128)) * 0.5).expect("floats");
    let theirs = floats(&numbers["generator.losses"]);
    let mut table = String::new();
    for (step, theirs) in theirs.iter().enumerate() {
        let y = generator.forward(&x).expect("it fits");
        let loss = (&y - &target).and_then(|d| d.sqr()?.mean_all()).expect("floats");
        let gradients = loss.backward().expect("gradients");
        let ours = loss.to_scalar::<f32>().expect("a number");
        table += &format!("\nstep {step}: {ours:.6}, PyTorch {theirs:.6}");
        assert!((ours - theirs).abs() < 1e-4 * theirs, "{table}");
        for (name, variable) in &variables {
            let gradient = gradients.get(variable).expect("a gradient");
            if step == 0 {
                let norm = gradient.sqr().and_then(|g| g.sum_all()?.sqrt()?.reshape(1)).expect("floats");
                let theirs = &numbers[&format!("generator.norm.{name}")];
                assert!(apart(&norm, theirs) < 1e-3, "{name}: the gradient's norm is {norm}, not {theirs}");
                let first = gradient.flatten_all().expect("floats");
                let first = first.narrow(0, 0, first.elem_count().min(8)).expect("floats");
                let theirs = &numbers[&format!("generator.first.{name}")];
                // Small numbers of a large gradient: they are held to the gradient's size.
                let size = floats(&norm)[0] / (gradient.elem_count() as f32).sqrt();
                let apart = floats(&first).iter().zip(floats(theirs)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(apart < 2e-3 * size, "{name}: {apart} apart, where {size} is usual");
            }
            let moved = (variable.as_detached_tensor() - (gradient * 0.002).expect("floats")).expect("one shape");
            variable.set(&moved).expect("one shape");
        }
        if step == 0 {
            let apart = apart(&y.narrow(2, 48, 16).expect("rows"), &numbers["generator.y"]);
            assert!(apart < 1e-4, "the drawing is {apart} apart");
        }
    }
}

#[test]
fn a_generator_file_is_read_drawn_and_refused() {
    let (trained, variables) = generator();
    let file = |dead_bias: bool, left_out: &str| {
        let mut tensors: Vec<(String, Tensor)> =
            variables.iter().map(|(n, v)| (n.clone(), v.as_detached_tensor())).filter(|(n, _)| n != left_out).collect();
        if dead_bias {
            tensors.push(("model.4.bias".to_owned(), noise(5, 8)));
        }
        safetensors::serialize(tensors, None).expect("a file")
    };
    let plane = floats(&noise(1, 64 * 32));
    let x = Tensor::from_slice(&plane, (1, 1, 32, 64), &Device::Cpu).expect("a plane");
    let expected = floats(&trained.forward(&x).expect("it fits"));
    for dead_bias in [false, true] {
        let generator = Generator::read(&file(dead_bias, "")).expect("it is whole");
        for _ in 0..2 {
            assert_eq!(generator.draw(&plane, 64, 32).expect("it fits"), expected);
        }
        assert!(generator.draw(&plane, 32, 64).is_ok());
        for (plane, width, height) in [(&plane[..], 40, 32), (&plane[1..], 64, 32), (&plane[..16 * 64], 64, 16)] {
            let sentence = generator.draw(plane, width, height).expect_err("it does not fit").to_string();
            assert!(sentence.contains("multiples of 16"), "{sentence}");
        }
    }
    let refused = |bytes: &[u8]| Generator::read(bytes).expect_err("it is wrong").to_string();
    assert!(
        refused(&file(false, "model.20.conv_block.5.weight")).contains("model.20.conv_block.5.weight\" is missing")
    );
    assert!(refused(&file(false, "model.1.weight")).contains("no generator"));
}
