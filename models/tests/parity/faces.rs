//! The face finder and the face reader against PyTorch's numbers; `fixtures/face_numbers.py` made them.

use std::collections::HashMap;

use candle_core::DType;
use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::blocks::Mode;
use models::face_finder::FinderNet;
use models::face_reader::ReaderNet;

use crate::numbers::fixture;
use crate::numbers::floats;
use crate::numbers::noise;
use crate::prints::apart_in_print;
use crate::prints::filling;
use crate::prints::row;

/// How far an answer may be, in parts of its usual number: rounding through two dozen layers.
const ANSWER: f64 = 2e-5;
/// The same while learning, where few numbers make the coarsest level's statistics.
const LEARNT: f64 = 2e-4;
/// How far a gradient may be: rounding through twice as many, and ReLUs that rounding switches.
const GRADIENT: f64 = 2e-3;

/// A network that answers with one tensor or several.
trait Network: Sized {
    fn load(vb: &VarBuilder) -> Result<Self>;
    fn folded(&self) -> Result<Self>;
    fn answers(&self, x: &Tensor, mode: Mode) -> Result<Vec<Tensor>>;
}

impl Network for FinderNet {
    fn load(vb: &VarBuilder) -> Result<Self> {
        Self::load(vb)
    }

    fn folded(&self) -> Result<Self> {
        self.folded()
    }

    fn answers(&self, x: &Tensor, mode: Mode) -> Result<Vec<Tensor>> {
        Ok(vec![self.forward(x, mode)?])
    }
}

impl Network for ReaderNet {
    fn load(vb: &VarBuilder) -> Result<Self> {
        Self::load(vb)
    }

    fn folded(&self) -> Result<Self> {
        self.folded()
    }

    fn answers(&self, x: &Tensor, mode: Mode) -> Result<Vec<Tensor>> {
        let reading = self.forward(x, mode)?;
        Ok(vec![reading.maps, reading.heats, reading.face])
    }
}

fn check_answers(what: &str, answers: &[Tensor], every: usize, tolerance: f64, numbers: &HashMap<String, Tensor>) {
    for (at, answer) in answers.iter().enumerate() {
        let name = format!("{what}.{at}");
        let print = floats(&numbers[&format!("{name}.print")]);
        let apart = apart_in_print(answer, &print);
        assert!(apart < tolerance, "{name}: its print is {apart} apart");
        let (ours, theirs) = (floats(answer), floats(&numbers[&name]));
        let usual = f64::from(print[0]) / (ours.len() as f64).sqrt();
        let ours: Vec<f32> = ours.into_iter().step_by(every).collect();
        assert_eq!(ours.len(), theirs.len(), "{name}");
        let apart = ours.iter().zip(&theirs).map(|(a, b)| f64::from((a - b).abs()) / usual).fold(0.0, f64::max);
        assert!(apart < 8.0 * tolerance, "{name}: a number is {apart} apart");
    }
}

fn check<N: Network>(name: &str, input: (usize, usize, usize, usize), every: usize) {
    let numbers = fixture(include_bytes!("../fixtures/face_numbers.safetensors"));
    let map = VarMap::new();
    let net = N::load(&VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu)).expect("it can be made");
    let mut variables: Vec<(String, Var)> =
        map.data().lock().expect("no other thread").iter().map(|(n, v)| (n.clone(), v.clone())).collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    for (at, (name, variable)) in variables.iter().enumerate() {
        variable.set(&filling(at, name, variable.shape()).expect("floats")).expect("one shape");
    }
    let x = noise(1, input);

    let drawn = net.answers(&x, Mode::Drawing).expect("it fits");
    check_answers(&format!("{name}.drawing"), &drawn, every, ANSWER, &numbers);
    let folded = net.folded().and_then(|net| net.answers(&x, Mode::Drawing)).expect("it fits");
    check_answers(&format!("{name}.drawing"), &folded, every, ANSWER, &numbers);

    let learnt = net.answers(&x, Mode::Learning).expect("it fits");
    check_answers(&format!("{name}.learning"), &learnt, every, LEARNT, &numbers);
    let weighed = |(at, answer): (usize, &Tensor)| (answer * noise(50 + at as u32, answer.shape()))?.sum_all();
    let sums: Vec<Tensor> = learnt.iter().enumerate().map(weighed).collect::<Result<_>>().expect("floats");
    let sum = Tensor::stack(&sums, 0).and_then(|sums| sums.sum_all()).expect("scalars");
    let gradients = sum.backward().expect("gradients");
    let is_statistic = |name: &str| name.contains("running_");
    let compare = |table: &str, wanted: bool, tolerance: f64| {
        let table = &numbers[&format!("{name}.{table}")];
        let of_table: Vec<_> = variables.iter().filter(|(name, _)| is_statistic(name) == wanted).collect();
        assert_eq!(of_table.len(), table.dim(0).expect("rows"), "as many tensors as PyTorch's twin has");
        for (at, (tensor, variable)) in of_table.into_iter().enumerate() {
            let ours = if wanted { variable.as_tensor() } else { gradients.get(variable).expect("a gradient") };
            let apart = apart_in_print(ours, &row(table, at));
            assert!(apart < tolerance, "{name}, {tensor}: {apart} apart");
        }
    };
    compare("gradients", false, GRADIENT);
    compare("statistics", true, ANSWER);
}

#[test]
fn the_finder_answers_and_learns_as_pytorchs_does() {
    check::<FinderNet>("finder", (2, 3, 96, 160), 1);
}

#[test]
fn the_reader_answers_and_learns_as_pytorchs_does() {
    check::<ReaderNet>("reader", (2, 3, 64, 96), 31);
}
