//! Small networks with weights of chance, as files: enough to learn by.

use std::fs;
use std::path::Path;

use anyhow::Result;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::encoder::Encoder;
use models::encoder::Plan;
use models::line_drawer::Decoder;
use models::stroke_classifier::StrokeClassifier;
use training::recipe::draw_weights;
use training::recipe::named;

const WIDTHS: [usize; 4] = [2, 2, 3, 4];

/// Writes line_drawer, encoder and stroke_classifier into `folder`.
pub fn write(folder: &Path) -> Result<()> {
    let plan = Plan { widths: WIDTHS, ..Plan::slim() };
    let encoder = tensors(1, |vb| Encoder::new(vb, plan).map(drop))?;
    let decoder = tensors(2, |vb| Decoder::new(vb, WIDTHS, true).map(drop))?;
    let style = Tensor::ones(WIDTHS[3], DType::F32, &Device::Cpu)?;
    let mut drawer = vec![("style.mean".to_owned(), style.clone()), ("style.std".to_owned(), style)];
    for (prefix, part) in [("encoder", &encoder), ("decoder", &decoder)] {
        drawer.extend(part.iter().map(|(name, tensor)| (format!("{prefix}.{name}"), tensor.clone())));
    }
    for (name, tensors) in [
        (models::line_drawer::NAME, drawer),
        (models::encoder::NAME, encoder),
        (models::stroke_classifier::NAME, tensors(3, |vb| StrokeClassifier::new(vb).map(drop))?),
    ] {
        fs::write(folder.join(format!("{name}.safetensors")), safetensors::serialize(tensors, None)?)?;
    }
    Ok(())
}

fn tensors(seed: u64, network: impl Fn(&VarBuilder) -> candle_core::Result<()>) -> Result<Vec<(String, Tensor)>> {
    let map = VarMap::new();
    network(&VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
    draw_weights(&map, seed, &[], &Device::Cpu)?;
    Ok(named(&map).into_iter().map(|(name, var)| (name, var.as_detached_tensor())).collect())
}
