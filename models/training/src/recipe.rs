//! What the training loop asks of a network: batches, losses, scores and a sheet to look at.
//!
//! One recipe may train several players against each other (a generator and its discriminators): each has its own weights,
//! optimiser and loss, and they move in turn on the same batch.

use anyhow::Result;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarMap;
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

/// A network (or several) with all that is needed to train it.
pub trait Recipe: Sync {
    /// What the network is fed at one step, made on other threads.
    type Batch: Send;

    /// Its name: the folder of its run and the report's title.
    fn name(&self) -> &str;

    /// Steps of the run that the shipped weights come from.
    fn steps(&self) -> u64;

    /// The named weights of each player, in the order in which they move.
    fn players(&self) -> Vec<Vec<(String, Var)>>;

    /// The batch of `step`: the same for the same step in every run of one seed.
    fn batch(&self, step: u64) -> Self::Batch;

    /// The loss of `player` on `batch`, its networks learning.
    ///
    /// # Errors
    /// Those of the device.
    fn judge(&self, player: usize, batch: &Self::Batch) -> Result<Loss>;

    /// Scores on the people kept for validation, with the weights as they are now.
    ///
    /// # Errors
    /// Those of the device.
    fn scores(&self) -> Result<Vec<Score>>;

    /// What the network is fed and what it says, to be looked at.
    ///
    /// # Errors
    /// Those of the device.
    fn sheet(&self) -> Result<image::RgbImage>;
}

/// A loss that gradients come from, and its parts by name for the record.
#[derive(Debug)]
pub struct Loss {
    /// A scalar; only its gradient is used.
    pub total: Tensor,
    /// Shown in the report.
    pub parts: Vec<(&'static str, f32)>,
}

/// One number that says how good a network is.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Score {
    /// What was measured, with its unit.
    pub name: String,
    /// The number.
    pub value: f64,
}

impl Score {
    /// `value` under `name`.
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self { name: name.into(), value }
    }
}

/// A random source that depends on nothing but these numbers: the same sample whoever makes it, and when.
pub fn lot(seed: u64, step: u64, index: u64) -> Pcg64Mcg {
    let mixed = |value: u64| {
        // SplitMix64's finaliser (Steele et al., 2014).
        let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    };
    Pcg64Mcg::seed_from_u64(mixed(seed.wrapping_add(mixed(step.wrapping_add(mixed(index ^ 0x9e37_79b9_7f4a_7c15))))))
}

/// The variables of `map`, by name, in the alphabet's order.
pub fn named(map: &VarMap) -> Vec<(String, Var)> {
    let data = map.data().lock().expect("nobody panics while holding it");
    let mut named: Vec<_> = data.iter().map(|(name, var)| (name.clone(), var.clone())).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    named
}

/// Draws every convolution's weights anew from `seed` (candle's own draws cannot be seeded on the CPU): normal deviates of
/// variance 2 / inputs (He et al., 2015); those whose name begins with one of `small` of deviation 0.01.
///
/// # Errors
/// Those of the device.
pub fn draw_weights(map: &VarMap, seed: u64, small: &[&str], device: &Device) -> Result<()> {
    for (at, (name, var)) in named(map).into_iter().enumerate() {
        let dims = var.dims().to_vec();
        if dims.len() != 4 {
            continue;
        }
        let inputs: usize = dims[1..].iter().product();
        let deviation =
            if small.iter().any(|small| name.starts_with(small)) { 0.01 } else { (2.0 / inputs as f32).sqrt() };
        let mut rng = lot(seed, u64::MAX, at as u64);
        let values: Vec<f32> = (0..var.elem_count()).map(|_| crate::geometry::normal(&mut rng, deviation)).collect();
        var.set(&Tensor::from_vec(values, dims, device)?)?;
    }
    Ok(())
}
