//! A run on disk: weights, both moments, averages and the step, so that a resumed run is the uninterrupted one.
//!
//! One safetensors file, `checkpoint.safetensors`, with the run's numbers in its header. It is written beside and then renamed, so that a
//! cut cable leaves the last good one.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use anyhow::Result;
use candle_core::Device;
use candle_core::Tensor;
use safetensors::SafeTensors;

use crate::optimiser::AdamW;

/// Its name in a run's folder.
pub const FILE: &str = "checkpoint.safetensors";

/// The numbers of a run.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Steps planned.
    pub steps: u64,
    /// What all lots are drawn from.
    pub seed: u64,
    /// Seconds spent so far, all runs together.
    pub seconds: f64,
    /// Steps of each player's optimiser.
    pub moves: Vec<u64>,
}

/// Writes the run into `folder`.
///
/// # Errors
/// The disk is full or the folder is not there.
pub fn save(folder: &Path, progress: &Progress, players: &[AdamW]) -> Result<()> {
    let mut tensors = HashMap::new();
    for (at, player) in players.iter().enumerate() {
        for (name, tensor) in player.state()? {
            tensors.insert(format!("{at}/{name}"), tensor.to_device(&Device::Cpu)?);
        }
    }
    let header = HashMap::from([("progress".to_owned(), serde_json::to_string(progress)?)]);
    let bytes = safetensors::serialize(&tensors, Some(header))?;
    write(&folder.join(FILE), &bytes)
}

/// The run in `folder`, its players' weights and moments put back.
///
/// # Errors
/// There is none, it is damaged, or it is of another network.
pub fn load(folder: &Path, players: &mut [AdamW], device: &Device) -> Result<Progress> {
    let path = folder.join(FILE);
    let bytes = std::fs::read(&path).with_context(|| format!("no run to resume: {}", path.display()))?;
    let mut read = || -> Result<Progress> {
        let progress = progress(&bytes)?;
        let tensors = candle_core::safetensors::load_buffer(&bytes, device)?;
        for (at, player) in players.iter_mut().enumerate() {
            let moves = *progress.moves.get(at).context("it is of fewer players")?;
            let part = |name: &str| -> Option<Tensor> { tensors.get(&format!("{at}/{name}")).cloned() };
            player.restore(moves, part)?;
        }
        Ok(progress)
    };
    read().with_context(|| format!("{} cannot be resumed", path.display()))
}

/// The averaged weights of the run in `folder`, as a safetensors file of 16-bit numbers: what ships. With the run's progress.
///
/// # Errors
/// There is no run, or it is damaged.
pub fn result(folder: &Path) -> Result<(Vec<u8>, Progress)> {
    let path = folder.join(FILE);
    let bytes = std::fs::read(&path).with_context(|| format!("no run: {}", path.display()))?;
    let progress = progress(&bytes).with_context(|| path.display().to_string())?;
    let mut weights = Vec::new();
    for (name, tensor) in candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)? {
        if let Some(name) = name.strip_prefix("0/average/") {
            weights.push((name.to_owned(), tensor.to_dtype(candle_core::DType::F16)?));
        }
    }
    weights.sort_by(|a, b| a.0.cmp(&b.0));
    Ok((safetensors::serialize(weights, None)?, progress))
}

/// The numbers of the run in the file that consists of `bytes`.
fn progress(bytes: &[u8]) -> Result<Progress> {
    let (_, header) = SafeTensors::read_metadata(bytes)?;
    let text = header.metadata().as_ref().and_then(|map| map.get("progress")).context("it has no progress")?;
    Ok(serde_json::from_str(text)?)
}

/// Writes `bytes` to `path` in one stroke.
///
/// # Errors
/// The disk is full or the folder is not there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, bytes).with_context(|| beside.display().to_string())?;
    std::fs::rename(&beside, path).with_context(|| path.display().to_string())
}
