//! From the bytes of a safetensors file to a network: every tensor that the network needs must be there, with its shape, and every
//! tensor of the file must be needed. Weights may be 16- or 32-bit numbers; they become 32-bit ones.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;

use candle_core::DType;
use candle_core::Device;
use candle_core::Shape;
use candle_core::Tensor;
use candle_core::bail;
use candle_nn::Init;
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;

use crate::ModelError;

/// The network that `build` makes of the tensors in `bytes`, the file of the weights called `name`.
///
/// # Errors
/// [`ModelError::Tensors`].
pub fn network<N>(
    name: &str,
    bytes: &[u8],
    build: impl FnOnce(&VarBuilder) -> candle_core::Result<N>,
) -> Result<N, ModelError> {
    let wrong = |what: String| ModelError::Tensors { name: name.to_owned(), what };
    let sentence = |error: candle_core::Error| wrong(error.to_string().lines().next().unwrap_or_default().to_owned());
    let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(sentence)?;
    let used = Arc::new(Mutex::new(HashSet::new()));
    let names: Vec<String> = tensors.keys().cloned().collect();
    let file = OneFile { tensors, used: Arc::clone(&used) };
    let vb = VarBuilder::from_backend(Box::new(file), DType::F32, Device::Cpu);
    let network = build(&vb).map_err(sentence)?;
    let used = used.lock().expect("nobody panics while holding it");
    let mut left: Vec<&String> = names.iter().filter(|name| !used.contains(*name)).collect();
    left.sort();
    match left.first() {
        None => Ok(network),
        Some(first) => Err(wrong(format!("{} of its tensors belong to no layer, \"{first}\" among them", left.len()))),
    }
}

/// The tensors of a file, and which of them were asked for.
struct OneFile {
    tensors: HashMap<String, Tensor>,
    used: Arc<Mutex<HashSet<String>>>,
}

impl SimpleBackend for OneFile {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        let tensor = self.get_unchecked(name, dtype, device)?;
        if *tensor.shape() != shape {
            bail!("tensor \"{name}\" has shape {:?}, not {:?}", tensor.dims(), shape.dims());
        }
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        let Some(tensor) = self.tensors.get(name) else { bail!("tensor \"{name}\" is missing") };
        self.used.lock().expect("nobody panics while holding it").insert(name.to_owned());
        tensor.to_device(device)?.to_dtype(dtype)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(names: &[&str]) -> Vec<u8> {
        // The header's length, the header, then a 16-bit 1.0 for each tensor.
        let entry = |(at, name): (usize, &&str)| {
            format!("\"{name}\":{{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[{},{}]}}", 2 * at, 2 * at + 2)
        };
        let header = format!("{{{}}}", names.iter().enumerate().map(entry).collect::<Vec<_>>().join(","));
        let data = [0x00, 0x3c].repeat(names.len());
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
    }

    #[test]
    fn each_tensor_is_there_and_needed() {
        let build = |vb: &VarBuilder| vb.get(1, "a.weight")?.to_vec1::<f32>();
        assert_eq!(network("n", &file(&["a.weight"]), build).expect("whole"), [1.0]);
        let sentence = |bytes: &[u8]| network("n", bytes, build).expect_err("wrong").to_string();
        assert!(sentence(&file(&["b"])).contains("\"a.weight\" is missing"));
        assert!(sentence(&file(&["a.weight", "b"])).contains("belong to no layer, \"b\""));
        assert!(sentence(&file(&["a.weight"])[..20]).contains("\"n\""));
        let wide = |vb: &VarBuilder| vb.get(2, "a.weight");
        let sentence = network("n", &file(&["a.weight"]), wide).expect_err("wrong").to_string();
        assert!(sentence.contains("has shape [1], not [2]"), "{sentence}");
    }
}
