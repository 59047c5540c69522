//! Numbers that the tests and the scripts beside the fixtures make alike, and how far tensors are apart.

// Each test uses some of it.
#![allow(dead_code)]

use std::collections::HashMap;

use candle_core::Device;
use candle_core::Shape;
use candle_core::Tensor;
use candle_core::Var;
use candle_core::backprop::GradStore;
use candle_nn::VarMap;

/// The tensors of a fixture.
pub fn fixture(bytes: &[u8]) -> HashMap<String, Tensor> {
    candle_core::safetensors::load_buffer(bytes, &Device::Cpu).expect("the fixture is a safetensors file")
}

/// The same numbers as the scripts' function of this name.
pub fn noise(seed: u32, shape: impl Into<Shape>) -> Tensor {
    let shape = shape.into();
    let value = |at: u32| {
        let mut x = at.wrapping_add(seed.wrapping_mul(0x9E37_79B9));
        x ^= x >> 16;
        x = x.wrapping_mul(0x7FEB_352D);
        x ^= x >> 15;
        x = x.wrapping_mul(0x846C_A68B);
        x ^= x >> 16;
        (x >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = (0..shape.elem_count() as u32).map(value).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).expect("as many values as the shape has")
}

/// A picture, 0 to 1.
pub fn light(seed: u32, shape: impl Into<Shape>) -> Tensor {
    noise(seed, shape).affine(0.5, 0.5).expect("floats")
}

/// The variables of `map` by name, sorted, each set to numbers of its kind, as the scripts' function of this name does.
pub fn weights(map: &VarMap, seed: u32) -> Vec<(String, Var)> {
    let mut named: Vec<(String, Var)> =
        map.data().lock().expect("no other thread").iter().map(|(name, var)| (name.clone(), var.clone())).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    for (at, (name, var)) in named.iter().enumerate() {
        let dims = var.dims();
        let (factor, offset) = match dims.len() {
            4 => (f64::from((6.0 / dims[1..].iter().product::<usize>() as f64).sqrt() as f32), 0.0),
            _ if name.ends_with("running_var") => (0.5, 1.0),
            _ if name.contains("norm") && name.ends_with(".weight") => (f64::from(0.1f32), 1.0),
            _ => (f64::from(0.1f32), 0.0),
        };
        let values = noise(seed + at as u32, var.shape()).affine(factor, offset).expect("floats");
        var.set(&values).expect("one shape");
    }
    named.retain(|(name, _)| !name.contains("running_"));
    named
}

/// The numbers of `tensor`.
pub fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("floats")
}

/// The largest difference, relative to the largest of `theirs`.
pub fn apart(ours: &Tensor, theirs: &Tensor) -> f32 {
    assert_eq!(ours.dims(), theirs.dims());
    let (ours, theirs) = (floats(ours), floats(theirs));
    let largest = theirs.iter().fold(1e-6f32, |max, v| max.max(v.abs()));
    ours.iter()
        .zip(&theirs)
        .map(|(a, b)| (a - b).abs() / largest)
        .fold(0.0, |max, v| if v > max || v.is_nan() { v } else { max })
}

/// Fails where `tensor` is not what `digest` says: its norm, then its first numbers, held to the size that is usual in it.
pub fn check_digest(what: &str, tensor: &Tensor, digest: &Tensor, tolerance: f32) {
    let (values, digest) = (floats(tensor), floats(digest));
    let norm = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt() as f32;
    // Gradients of biases in front of a normalisation are rounding alone.
    let size = (digest[0] / (values.len() as f32).sqrt()).max(1e-5);
    assert!((norm - digest[0]).abs() <= tolerance * digest[0].max(1e-4), "{what}: norm {norm}, not {}", digest[0]);
    for (at, (ours, theirs)) in values.iter().zip(&digest[1..]).enumerate() {
        assert!((ours - theirs).abs() < 10.0 * tolerance * size, "{what}, number {at}: {ours}, not {theirs}");
    }
}

/// Fails where outputs, or gradients of their sums weighed by noise, are not those that the fixture holds for `name`.
pub fn check_network(
    name: &str,
    outputs: &[Tensor],
    weights: &[(String, Var)],
    input: Option<&Var>,
    numbers: &HashMap<String, Tensor>,
    tolerance: f32,
) {
    let mut total = Tensor::zeros((), candle_core::DType::F32, &Device::Cpu).expect("a number");
    for (at, y) in outputs.iter().enumerate() {
        let weighed = (y * noise(90 + at as u32, y.shape())).and_then(|y| y.sum_all()).expect("one shape");
        total = (total + weighed).expect("numbers");
        check_digest(&format!("{name}.y{at}"), y, &numbers[&format!("{name}.y{at}")], tolerance);
    }
    let gradients: GradStore = total.backward().expect("gradients");
    for (weight, var) in weights {
        let what = format!("{name}.grad.{weight}");
        check_digest(&what, gradients.get(var).expect("a gradient"), &numbers[&what], tolerance);
    }
    if let Some(input) = input {
        let what = format!("{name}.grad");
        check_digest(&what, gradients.get(input).expect("a gradient"), &numbers[&what], tolerance);
    }
}
