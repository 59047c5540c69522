//! A checkpoint's tensors by name, each handed out once, as single-precision numbers in rows.
//!
//! Finds the one dictionary of tensors wherever it lies ({"state_dict": …}), takes `module.` off the names (`DataParallel`) and
//! leaves counters of batches. Refuses tensors that reach beyond their storage, that are larger than it, or whose numbers are
//! whole, infinite or none; and tensors that together are larger than the file, which overlapping ones could be.

use std::collections::BTreeMap;

use half::bf16;
use half::f16;

use super::ImportError;
use super::archive;
use super::archive::Archive;
use super::pickle::Element;
use super::pickle::Id;
use super::pickle::Tensor;
use super::pickle::Value;
use super::pickle::printable;

/// How deep in dictionaries the tensors lie at most.
const DEEPEST: usize = 4;

/// The tensors not yet taken.
pub(super) struct State<'a> {
    tensors: BTreeMap<String, (Tensor<'a>, &'a [u8])>,
    /// Bytes of tensors that may still be taken.
    budget: usize,
}

/// A tensor's numbers, the last axis fastest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    pub dims: Vec<usize>,
    pub values: Vec<f32>,
}

impl<'a> State<'a> {
    /// The tensors of the checkpoint that consists of `bytes`.
    ///
    /// # Errors
    /// It is no checkpoint, or not of one network.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ImportError> {
        let Archive { pickle, storages } = archive::open(bytes)?;
        let mut named: BTreeMap<&str, &Tensor<'a>> = BTreeMap::new();
        for &(key, value) in dictionary(&pickle.values, pickle.root)? {
            match (&pickle.values[key], &pickle.values[value]) {
                (Value::Text(name), Value::Tensor(tensor)) if !name.ends_with("num_batches_tracked") => {
                    named.insert(name, tensor);
                }
                _ => {}
            }
        }
        let prefixed = named.keys().all(|name| name.starts_with("module."));
        let mut tensors = BTreeMap::new();
        for (name, tensor) in named {
            let name = if prefixed { &name["module.".len()..] } else { name };
            let storage = storages.get(tensor.storage.key).copied();
            let data = storage
                .filter(|data| tensor.storage.count.checked_mul(tensor.storage.element.bytes()) == Some(data.len()));
            let data = data.ok_or_else(|| wrong(name, "its numbers are not all in the file".to_owned()))?;
            tensors.insert(name.to_owned(), (tensor.clone(), data));
        }
        Ok(Self { tensors, budget: bytes.len() })
    }

    /// The shape of the tensor called `name`, if there is one.
    pub fn dims(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|(tensor, _)| &tensor.sizes[..])
    }

    /// The names of those not taken yet, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Leaves every tensor whose name `is_left` says so; how many they were.
    pub fn leave(&mut self, is_left: impl Fn(&str) -> bool) -> usize {
        let before = self.tensors.len();
        self.tensors.retain(|name, _| !is_left(name));
        before - self.tensors.len()
    }

    /// The numbers of the tensor called `name`, whose shape has to be `dims`.
    ///
    /// # Errors
    /// [`ImportError::Tensor`].
    pub fn take(&mut self, name: &str, dims: &[usize]) -> Result<Block, ImportError> {
        let (tensor, data) = self.tensors.remove(name).ok_or_else(|| wrong(name, "it is missing".to_owned()))?;
        if tensor.sizes != dims {
            return Err(wrong(name, format!("its shape is {:?}, not {dims:?}", tensor.sizes)));
        }
        let width = tensor.storage.element.bytes();
        let places = Places::of(&tensor).ok_or_else(|| wrong(name, "it reaches beyond its own numbers".to_owned()))?;
        let bytes = places.count.checked_mul(width).and_then(|bytes| self.budget.checked_sub(bytes));
        self.budget = bytes.ok_or_else(|| wrong(name, "it overlaps with others".to_owned()))?;
        let number = |at: usize| {
            let bytes = &data[at * width..(at + 1) * width];
            match (tensor.storage.element, bytes) {
                (Element::F32, &[a, b, c, d]) => Some(f32::from_le_bytes([a, b, c, d])),
                (Element::F64, &[a, b, c, d, e, f, g, h]) => Some(f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32),
                (Element::F16, &[a, b]) => Some(f16::from_le_bytes([a, b]).to_f32()),
                (Element::Bf16, &[a, b]) => Some(bf16::from_le_bytes([a, b]).to_f32()),
                _ => None,
            }
        };
        let values: Option<Vec<f32>> = places.map(number).collect();
        let values = values.ok_or_else(|| wrong(name, "its numbers are whole ones".to_owned()))?;
        if !values.iter().all(|value| value.is_finite()) {
            return Err(wrong(name, "a number of it is infinite or none".to_owned()));
        }
        Ok(Block { dims: dims.to_vec(), values })
    }
}

/// The pairs of the one dictionary of tensors in or below `root`.
fn dictionary<'v>(values: &'v [Value], root: Id) -> Result<&'v [(Id, Id)], ImportError> {
    let unclear = |what: &str| ImportError::Unclear { what: what.to_owned() };
    let mut at = root;
    for _ in 0..DEEPEST {
        let Value::Dict(pairs) = &values[at] else { return Err(unclear("it is no dictionary")) };
        let is_tensor = |&&(_, id): &&(Id, Id)| matches!(values[id], Value::Tensor(_));
        if pairs.iter().any(|pair| is_tensor(&pair)) {
            return Ok(pairs);
        }
        let holds_tensors = |id: Id| match &values[id] {
            Value::Dict(inner) => inner.iter().any(|&(_, id)| matches!(values[id], Value::Tensor(_) | Value::Dict(_))),
            _ => false,
        };
        let inner: Vec<(Id, Id)> = pairs.iter().copied().filter(|&(_, id)| holds_tensors(id)).collect();
        let called = |id: Id| match values[id] {
            Value::Text(text) => text,
            _ => "",
        };
        at = match inner[..] {
            [] => return Err(unclear("there is no tensor in it")),
            [(_, only)] => only,
            _ => match inner.iter().find(|&&(key, _)| called(key) == "state_dict") {
                Some(&(_, found)) => found,
                None => {
                    const MOST_NAMED: usize = 6;
                    let names: Vec<String> = inner
                        .iter()
                        .take(MOST_NAMED)
                        .map(|&(key, _)| format!("\"{}\"", printable(called(key))))
                        .collect();
                    return Err(unclear(&format!("there are several, {}", names.join(", "))));
                }
            },
        };
    }
    Err(unclear("its dictionaries lie in each other too deep"))
}

fn wrong(name: &str, what: String) -> ImportError {
    ImportError::Tensor { name: printable(name), what }
}

/// Where a tensor's numbers lie in its storage, one after the other, the last axis fastest.
struct Places<'t> {
    tensor: &'t Tensor<'t>,
    /// The next one, axis by axis.
    next: Vec<usize>,
    count: usize,
    given: usize,
}

impl<'t> Places<'t> {
    /// None where the tensor reaches beyond its storage, or has more numbers than it (by strides of 0).
    fn of(tensor: &'t Tensor<'t>) -> Option<Self> {
        let count = tensor.sizes.iter().try_fold(1usize, |count, &size| count.checked_mul(size))?;
        let storage = tensor.storage.count.checked_sub(tensor.storage.start)?;
        if count == 0 || count > storage {
            return None;
        }
        let reach =
            |reach: usize, (&size, &stride): (&usize, &usize)| reach.checked_add((size - 1).checked_mul(stride)?);
        let reach = tensor.sizes.iter().zip(&tensor.strides).try_fold(tensor.offset, reach)?;
        (reach < storage).then(|| Self { tensor, next: vec![0; tensor.sizes.len()], count, given: 0 })
    }
}

impl Iterator for Places<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.given == self.count {
            return None;
        }
        self.given += 1;
        let Tensor { storage, offset, sizes, strides } = self.tensor;
        let place =
            storage.start + offset + self.next.iter().zip(strides).map(|(at, stride)| at * stride).sum::<usize>();
        for (at, &size) in self.next.iter_mut().zip(sizes).rev() {
            *at += 1;
            if *at < size {
                break;
            }
            *at = 0;
        }
        Some(place)
    }
}
