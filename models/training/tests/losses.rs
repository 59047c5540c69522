//! Every loss, its value and its gradient, is PyTorch's; `fixtures/losses.py` made the numbers.

use std::collections::HashMap;

use candle_core::Device;
use candle_core::Tensor;
use training::loss;
use training::loss::ClassWeights;
use training::loss::Judged;
use training::loss::Truth;

/// Rounding of single precision in sums of a few hundred numbers, relative to the largest.
const TOLERANCE: f32 = 1e-5;

struct Case {
    name: &'static str,
    tensors: HashMap<String, Tensor>,
}

impl Case {
    fn of(name: &'static str) -> Self {
        let bytes = include_bytes!("fixtures/losses.safetensors");
        let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).expect("a safetensors file");
        Self { name, tensors }
    }

    fn floats(&self, part: &str) -> Vec<f32> {
        let tensor = &self.tensors[&format!("{}.{part}", self.name)];
        tensor.flatten_all().and_then(|t| t.to_vec1()).expect("floats")
    }

    fn bytes(&self, part: &str) -> Vec<u8> {
        let tensor = &self.tensors[&format!("{}.{part}", self.name)];
        tensor.flatten_all().and_then(|t| t.to_vec1()).expect("bytes")
    }

    fn check(&self, judged: &Judged, parts: &[f32]) {
        let near = |what: &str, ours: &[f32], theirs: &[f32]| {
            assert_eq!(ours.len(), theirs.len(), "{}: {what}", self.name);
            let largest = theirs.iter().fold(0.0f32, |most, value| most.max(value.abs()));
            for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                // Written so that what is no number fails.
                let same = (ours - theirs).abs() <= TOLERANCE * largest;
                assert!(same, "{}: {what} {at} is {ours}, PyTorch's {theirs}", self.name);
            }
        };
        let theirs = self.floats("parts");
        near("part", parts, &theirs);
        near("value", &[judged.value], &[theirs.iter().sum()]);
        near("gradient", &judged.gradient, &self.floats("gradient"));
    }

    fn check_one(&self, judged: &Judged) {
        self.check(judged, &[judged.value]);
    }
}

#[test]
fn the_focal_loss_is_pytorchs() {
    let case = Case::of("focal");
    case.check_one(&loss::focal(&case.floats("judged"), &case.floats("0")));
}

#[test]
fn distances_are_pytorchs() {
    let case = Case::of("smooth");
    case.check_one(&loss::smooth(&case.floats("judged"), &case.floats("0"), &case.floats("1"), 0.4));
}

#[test]
fn binary_entropy_is_pytorchs() {
    let case = Case::of("binary");
    case.check_one(&loss::binary(&case.floats("judged"), &case.floats("0"), &case.floats("1")));
}

#[test]
fn the_inks_overlap_is_pytorchs() {
    let case = Case::of("ink_overlap");
    case.check_one(&loss::ink_overlap(&case.floats("judged"), &case.floats("0"), &case.floats("1")));
}

#[test]
fn regions_are_pytorchs() {
    let case = Case::of("regions");
    let truth = Truth { classes: &case.bytes("0"), person: &case.floats("1"), person_weights: &case.floats("2") };
    let weights = ClassWeights { entropy: &case.floats("3"), overlap: &case.floats("4") };
    let (judged, parts) = loss::regions(&case.floats("judged"), 16, &truth, &weights, 3.0);
    case.check(&judged, &parts);
}

#[test]
fn points_are_pytorchs() {
    let case = Case::of("points");
    let targets: Vec<[f32; 2]> = case.floats("0").chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
    case.check_one(&loss::points(&case.floats("judged"), 12, &targets, &case.floats("1"), 0.15, 3.5));
}
