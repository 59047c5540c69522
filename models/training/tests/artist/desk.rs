//! An artist's desk: networks, a folder of drawings, and the command on it.

use std::collections::BTreeMap;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use anyhow::Result;
use candle_core::Device;
use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;
use tempfile::TempDir;
use training::checkpoint;

use super::networks;
use super::sheets::drawings;

/// Steps of a run: enough to be stopped in.
pub const STEPS: &str = "4";

/// An artist's desk: networks, a folder of drawings, and where all else goes.
pub struct Desk(TempDir);

impl Desk {
    /// With `count` drawings: those of the sample sitters, again and again.
    pub fn new(count: usize) -> Result<Self> {
        let desk = Self(tempfile::tempdir()?);
        for folder in ["networks", "sketches"] {
            fs::create_dir(desk.at(folder))?;
        }
        networks::write(&desk.at("networks"))?;
        for (at, drawing) in drawings().iter().cycle().take(count).enumerate() {
            drawing.save(desk.at("sketches").join(format!("{at:02}.png")))?;
        }
        Ok(desk)
    }

    /// A place on it.
    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `portraitist-train` on this desk with its networks; no configuration of this machine counts.
    fn train(&self, what: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portraitist-train"));
        command.current_dir(self.0.path()).env("XDG_CONFIG_HOME", self.at("config")).env_remove("HOME");
        command.args([what, "--networks", "networks"]);
        command
    }

    /// `portraitist-train style --name NAME` on this desk.
    fn command(&self, name: &str, more: &[&str]) -> Command {
        let mut command = self.train("style");
        command.args(["--sketches", "sketches", "--width", "2", "--aligned", "--from", "nothing", "--name", name]);
        command.args(more);
        command
    }

    /// What came of `portraitist-train sketch`.
    pub fn sketch(&self, more: &[&str]) -> Result<Output> {
        Ok(self.train("sketch").args(more).output()?)
    }

    /// The weights, moments and averages of the run `name`, by name.
    pub fn state(&self, name: &str) -> Result<BTreeMap<String, Vec<f32>>> {
        let bytes = fs::read(self.at("runs").join(name).join(checkpoint::FILE))?;
        let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)?;
        tensors.into_iter().map(|(name, tensor)| Ok((name, tensor.flatten_all()?.to_vec1()?))).collect()
    }

    /// What came of it.
    pub fn style(&self, name: &str, more: &[&str]) -> Result<Output> {
        Ok(self.command(name, more).output()?)
    }

    /// What it said until it ended after Ctrl-C, which comes once it has said how to stop it.
    pub fn stopped(&self, name: &str, more: &[&str]) -> Result<String> {
        let mut child = self.command(name, more).stderr(Stdio::piped()).spawn()?;
        let mut said = String::new();
        for line in BufReader::new(child.stderr.take().expect("it is piped")).lines() {
            let line = line?;
            if line.starts_with("Ctrl-C stops it") {
                kill_process(Pid::from_child(&child), Signal::INT)?;
            }
            said += &line;
            said.push('\n');
        }
        assert!(child.wait()?.success(), "{said}");
        Ok(said)
    }
}

/// What it said.
pub fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What it said when it refused.
pub fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", told(output));
    told(output)
}
