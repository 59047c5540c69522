//! What tensors are filled with and what is kept of them, so that fixtures stay small; `fixtures/prints.py` does the same in Python.

use candle_core::DType;
use candle_core::Result;
use candle_core::Shape;
use candle_core::Tensor;

use crate::numbers::floats;
use crate::numbers::noise;

/// Numbers of a tensor that its print holds, beside its norm and its sum weighted by noise.
const PROBES: usize = 12;

/// What the script's `fill` gives the tensor called `name`, the `at`-th in the alphabet's order.
pub fn filling(at: usize, name: &str, shape: &Shape) -> Result<Tensor> {
    let values = noise(10 + at as u32, shape);
    let last = name.rsplit('.').next().unwrap_or(name);
    if shape.rank() == 4 {
        let inputs: usize = shape.dims()[1..].iter().product();
        values * f64::from((3.0 / inputs as f64).sqrt() as f32)
    } else if last == "running_var" || (last == "weight" && name.contains(".norm.")) {
        (values * 0.5)? + 1.0
    } else {
        values * 0.25
    }
}

/// How far `tensor` is from `theirs`, its print, in parts of its usual number's size.
pub fn apart_in_print(tensor: &Tensor, theirs: &[f32]) -> f64 {
    let values = floats(tensor);
    let wide = |index: usize| f64::from(values[index]);
    let noise = floats(&noise(99, values.len()));
    let norm = (0..values.len()).map(|at| wide(at).powi(2)).sum::<f64>().sqrt();
    let sum: f64 = (0..values.len()).map(|at| wide(at) * f64::from(noise[at])).sum();
    let usual = f64::from(theirs[0]) / (values.len() as f64).sqrt();
    let places = (0..PROBES).map(|at| wide(at * (values.len() - 1) / (PROBES - 1)));
    // A norm and a weighted sum of n numbers are some √n usual numbers large.
    let scaled = [norm, sum].map(|total| total / (values.len() as f64).sqrt());
    let expected = theirs.iter().enumerate().map(|(at, &value)| match at {
        0 | 1 => f64::from(value) / (values.len() as f64).sqrt(),
        _ => f64::from(value),
    });
    let differences = scaled.into_iter().chain(places).zip(expected).map(|(ours, theirs)| (ours - theirs).abs());
    differences.fold(0.0, |max, v| if v > max || v.is_nan() { v } else { max }) / usual.max(1e-9)
}

/// The row of a fixture's table of prints.
pub fn row(table: &Tensor, at: usize) -> Vec<f32> {
    table.get(at).and_then(|row| row.to_dtype(DType::F32)?.to_vec1()).expect("a row of floats")
}
