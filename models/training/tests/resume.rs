//! A run that was stopped and resumed is the run that was not: bit for bit, with two players and batches made on several threads.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::Var;
use candle_nn::VarBuilder;
use candle_nn::VarMap;
use models::blocks::ConvNorm;
use models::blocks::Mode;
use rand::Rng;
use training::optimiser::AdamW;
use training::optimiser::Settings;
use training::recipe::Loss;
use training::recipe::Recipe;
use training::recipe::Score;
use training::recipe::draw_weights;
use training::recipe::lot;
use training::recipe::named;
use training::run::Length;
use training::run::Plan;
use training::run::averaged;
use training::run::run;

const SEED: u64 = 3;

/// Two small networks: one learns to make its pictures dark, the other to tell its own from the first one's.
struct Duel {
    maps: [VarMap; 2],
    nets: [ConvNorm; 2],
    losses: Mutex<Vec<f32>>,
}

impl Duel {
    fn new() -> Result<Self> {
        let maps = [VarMap::new(), VarMap::new()];
        let load = |map: &VarMap| ConvNorm::load(&VarBuilder::from_varmap(map, DType::F32, &Device::Cpu), 3, 3, 3, 1);
        let nets = [load(&maps[0])?, load(&maps[1])?];
        for (map, seed) in maps.iter().zip([1, 2]) {
            draw_weights(map, seed, &[], &Device::Cpu)?;
        }
        Ok(Self { maps, nets, losses: Mutex::new(Vec::new()) })
    }
}

impl Recipe for Duel {
    type Batch = Vec<f32>;

    fn name(&self) -> &str {
        "duel"
    }

    fn steps(&self) -> u64 {
        20
    }

    fn players(&self) -> Vec<Vec<(String, Var)>> {
        self.maps.iter().map(named).collect()
    }

    fn batch(&self, step: u64) -> Vec<f32> {
        let mut rng = lot(SEED, step, 0);
        (0..2 * 3 * 64).map(|_| rng.random()).collect()
    }

    fn judge(&self, player: usize, batch: &Vec<f32>) -> Result<Loss> {
        let x = Tensor::from_slice(batch, (2, 3, 8, 8), &Device::Cpu)?;
        let first = self.nets[0].forward(&x, Mode::Learning)?;
        let other = self.nets[1].forward(&if player == 0 { first } else { first.detach() }, Mode::Learning)?;
        let total = (other - x)?.sqr()?.mean_all()?;
        let value = total.to_scalar::<f32>()?;
        self.losses.lock().expect("nobody panics").push(value);
        Ok(Loss { total, parts: vec![("all", value)] })
    }

    fn scores(&self) -> Result<Vec<Score>> {
        let first = &named(&self.maps[0])[0].1;
        Ok(vec![Score::new("weight", f64::from(first.flatten_all()?.to_vec1::<f32>()?[0]))])
    }

    fn sheet(&self) -> Result<image::RgbImage> {
        Ok(image::RgbImage::new(2, 2))
    }
}

fn go(folder: &Path, steps: u64, resume: bool) -> Result<(Vec<f32>, Vec<AdamW>)> {
    let duel = Duel::new()?;
    let plan = Plan {
        length: Length::Steps(steps),
        rate: 1e-2,
        optimiser: Settings::default(),
        loaders: 3,
        try_every: 5,
        folder: folder.to_owned(),
        resume,
        seed: SEED,
    };
    let (progress, players) = run(&duel, &plan, &Device::Cpu, &AtomicBool::new(false))?;
    assert_eq!(progress.step, steps);
    let losses = std::mem::take(&mut *duel.losses.lock().expect("nobody panics"));
    Ok((losses, players))
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one() -> Result<()> {
    let (whole, parts) = (tempfile::tempdir()?, tempfile::tempdir()?);
    // Both come down at the end, so a run of 8 of 20 steps is one that was stopped: it is planned as long.
    let (expected, players) = go(whole.path(), 20, false)?;
    let stopped = stop_at(parts.path(), 8)?;
    let (rest, resumed) = go(parts.path(), 20, true)?;
    assert_eq!([stopped, rest].concat(), expected);
    let state = |players: &[AdamW]| -> Result<Vec<(String, Vec<f32>)>> {
        let mut state = Vec::new();
        for player in players {
            for (name, tensor) in player.state()? {
                state.push((name, tensor.flatten_all()?.to_vec1()?));
            }
        }
        Ok(state)
    };
    assert_eq!(state(&players)?, state(&resumed)?);
    let history = |folder: &Path| std::fs::read_to_string(folder.join("history.jsonl"));
    assert_eq!(history(whole.path())?.lines().last(), history(parts.path())?.lines().last());
    Ok(())
}

/// Runs until `steps` of 20 are done, then stops as Ctrl-C does.
fn stop_at(folder: &Path, steps: usize) -> Result<Vec<f32>> {
    struct Stopping<'a>(Duel, usize, &'a AtomicBool);
    impl Recipe for Stopping<'_> {
        type Batch = Vec<f32>;
        fn name(&self) -> &str {
            self.0.name()
        }
        fn steps(&self) -> u64 {
            self.0.steps()
        }
        fn players(&self) -> Vec<Vec<(String, Var)>> {
            self.0.players()
        }
        fn batch(&self, step: u64) -> Vec<f32> {
            self.0.batch(step)
        }
        fn judge(&self, player: usize, batch: &Vec<f32>) -> Result<Loss> {
            let loss = self.0.judge(player, batch);
            let done = self.0.losses.lock().expect("nobody panics").len() == 2 * self.1;
            self.2.store(done, std::sync::atomic::Ordering::Relaxed);
            loss
        }
        fn scores(&self) -> Result<Vec<Score>> {
            self.0.scores()
        }
        fn sheet(&self) -> Result<image::RgbImage> {
            self.0.sheet()
        }
    }
    let stop = AtomicBool::new(false);
    let recipe = Stopping(Duel::new()?, steps, &stop);
    let plan = Plan {
        length: Length::AsMeant,
        rate: 1e-2,
        optimiser: Settings::default(),
        loaders: 1,
        try_every: 5,
        folder: folder.to_owned(),
        resume: false,
        seed: SEED,
    };
    let (progress, _) = run(&recipe, &plan, &Device::Cpu, &stop)?;
    assert_eq!(progress.step, steps as u64);
    Ok(std::mem::take(&mut *recipe.0.losses.lock().expect("nobody panics")))
}

#[test]
fn the_averages_stand_in_for_the_weights_only_while_asked() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_, players) = go(folder.path(), 4, false)?;
    let weights = |players: &[AdamW]| -> Result<Vec<Vec<f32>>> {
        let all = players[0].state()?.into_iter().filter(|(name, _)| name.starts_with("weight/"));
        all.map(|(_, tensor)| Ok(tensor.flatten_all()?.to_vec1()?)).collect()
    };
    let before = weights(&players)?;
    let during = averaged(&players, &mut || weights(&players))?;
    assert_ne!(before, during);
    assert_eq!(before, weights(&players)?);
    Ok(())
}
