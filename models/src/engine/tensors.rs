//! A file of weights in memory, handed to a network's constructor tensor by tensor.
//!
//! Refuses a file that is no safetensors file, one that lacks a tensor or has it in another shape, and one with a
//! tensor the network does not ask for.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use candle_core::DType;
use candle_core::Device;
use candle_core::Result;
use candle_core::Shape;
use candle_core::Tensor;
use candle_core::bail;
use candle_core::safetensors::Load;
use candle_nn::Init;
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;
use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

use crate::ModelError;

/// The tensors of a file and which of them a network has taken.
#[derive(Debug, Clone)]
pub struct Tensors {
    all: Arc<HashMap<String, Tensor>>,
    left: Arc<Mutex<BTreeSet<String>>>,
}

impl Tensors {
    /// The tensors of the safetensors file that consists of `bytes`.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn read(bytes: &[u8]) -> std::result::Result<Self, ModelError> {
        let views = SafeTensors::deserialize(bytes).map_err(no_safetensors)?.tensors();
        let tensor = |(name, view): (String, TensorView)| Ok((name, single(&view)?));
        let all: HashMap<String, Tensor> =
            views.into_par_iter().map(tensor).collect::<Result<_>>().map_err(no_safetensors)?;
        let left = all.keys().cloned().collect();
        Ok(Self { all: Arc::new(all), left: Arc::new(Mutex::new(left)) })
    }

    /// Whether the safetensors file that consists of `bytes` holds a tensor called `name`; only its header is read.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn hold(bytes: &[u8], name: &str) -> std::result::Result<bool, ModelError> {
        Ok(SafeTensors::deserialize(bytes).map_err(no_safetensors)?.tensor(name).is_ok())
    }

    /// The shape of the tensor called `name`, if there is one.
    pub fn dims(&self, name: &str) -> Option<&[usize]> {
        self.all.get(name).map(Tensor::dims)
    }

    /// What a network's constructor takes its tensors from, in single precision on the CPU.
    pub fn builder(&self) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(self.clone()), DType::F32, Device::Cpu)
    }

    /// What `build` makes of the tensors, which has to take all of them.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn fill<T>(&self, build: impl FnOnce(VarBuilder<'static>) -> Result<T>) -> std::result::Result<T, ModelError> {
        self.fill_on(&Device::Cpu, build)
    }

    /// The same on `device`.
    ///
    /// # Errors
    /// [`ModelError::Tensors`].
    pub fn fill_on<T>(
        &self,
        device: &Device,
        build: impl FnOnce(VarBuilder<'static>) -> Result<T>,
    ) -> std::result::Result<T, ModelError> {
        let builder = VarBuilder::from_backend(Box::new(self.clone()), DType::F32, device.clone());
        let network = build(builder).map_err(|error| ModelError::Tensors { what: error.to_string() })?;
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match left.first() {
            None => Ok(network),
            Some(name) => Err(ModelError::Tensors {
                what: format!("the network has no use for {} of its tensors, the first is \"{name}\"", left.len()),
            }),
        }
    }
}

/// The tensor in `view`, in single precision if the file has it in half. Done at once and not when a network asks for it, so
/// that the halves are not kept beside it: with large networks most of the loading went into getting memory for them.
fn single(view: &TensorView) -> Result<Tensor> {
    /// Numbers converted together.
    const PIECE: usize = 1024;
    if view.dtype() != safetensors::Dtype::F16 {
        return view.load(&Device::Cpu);
    }
    let mut values = vec![0f32; view.data().len() / 2];
    let mut halves = [f16::ZERO; PIECE];
    for (bytes, values) in view.data().chunks(2 * PIECE).zip(values.chunks_mut(PIECE)) {
        let pairs = bytes.chunks_exact(2).map(|pair| f16::from_le_bytes([pair[0], pair[1]]));
        halves.iter_mut().zip(pairs).for_each(|(half, value)| *half = value);
        halves[..values.len()].convert_to_f32_slice(values);
    }
    Tensor::from_vec(values, view.shape(), &Device::Cpu)
}

fn no_safetensors(error: impl std::fmt::Display) -> ModelError {
    ModelError::Tensors { what: format!("it is no safetensors file ({error})") }
}

impl SimpleBackend for Tensors {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, device: &Device) -> Result<Tensor> {
        let tensor = self.get_unchecked(name, dtype, device)?;
        if tensor.shape() != &shape {
            bail!("the tensor \"{name}\" is {:?}, not {:?}", tensor.dims(), shape.dims());
        }
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        let Some(tensor) = self.all.get(name) else { bail!("the tensor \"{name}\" is missing") };
        self.left.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        tensor.to_device(device)?.to_dtype(dtype)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.all.contains_key(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_become_the_same_singles() {
        let values: Vec<f32> = (0..2500).map(|at| (at as f32 - 1250.0) / 37.0).collect();
        let halves =
            Tensor::from_vec(values, (50, 50), &Device::Cpu).and_then(|x| x.to_dtype(DType::F16)).expect("halves");
        let file = safetensors::serialize([("a", halves.clone())], None).expect("a file");
        let read =
            Tensors::read(&file).and_then(|tensors| tensors.fill(|vb| vb.get((50, 50), "a"))).expect("it is right");
        let rows = |x: &Tensor| x.to_dtype(DType::F32).and_then(|x| x.to_vec2::<f32>()).expect("numbers");
        assert_eq!((read.dtype(), rows(&read)), (DType::F32, rows(&halves)));
    }

    #[test]
    fn missing_misshapen_and_unused_tensors_are_told() {
        let tensor = |size: usize| Tensor::zeros(size, DType::F32, &Device::Cpu).expect("zeros");
        let file = |sizes: &[(&str, usize)]| {
            let views: Vec<_> = sizes.iter().map(|&(name, size)| (name, tensor(size))).collect();
            safetensors::serialize(views, None).expect("a file")
        };
        let fill = |bytes: &[u8]| Tensors::read(bytes)?.fill(|vb| vb.get(3, "a"));
        let check = |bytes: &[u8], expected: &str| {
            let sentence = fill(bytes).expect_err("it is wrong").to_string();
            assert!(sentence.contains(expected), "{sentence}");
        };
        assert!(fill(&file(&[("a", 3)])).is_ok());
        check(&file(&[("b", 3)]), "\"a\" is missing");
        check(&file(&[("a", 4)]), "\"a\" is [4], not [3]");
        check(&file(&[("a", 3), ("b", 1), ("c", 1)]), "no use for 2 of its tensors, the first is \"b\"");
        let holds = |name: &str| Tensors::hold(&file(&[("a", 3)]), name).expect("a file");
        assert!(holds("a") && !holds("b"));
        assert!(Tensors::hold(b"PK", "a").is_err());
        check(b"PK", "no safetensors file");
        let whole = file(&[("a", 3)]);
        check(&whole[..whole.len() - 1], "no safetensors file");
    }
}
