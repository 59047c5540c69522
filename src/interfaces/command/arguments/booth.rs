//! What the booth's commands take: the visitors' page, a robot PC without a screen, and what its staff asks of both.

use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use clap::builder::PossibleValuesParser;

use super::Machine;
use crate::kiosk::StaffPress;

/// Which camera, which robot, where to listen.
#[derive(Debug, Args)]
pub struct Stand {
    /// The webcam: its number or device path [default: the configured camera]
    #[arg(long, value_name = "DEVICE", conflicts_with_all = ["camera_dir", "sample"])]
    pub camera: Option<String>,
    /// A folder as camera
    #[arg(long, value_name = "DIR", conflicts_with = "sample")]
    pub camera_dir: Option<PathBuf>,
    /// A simulated webcam with a sample sitter before it (nobody's face)
    #[arg(long)]
    pub sample: bool,
    #[command(flatten)]
    pub machine: Machine,
    /// Serial port of the robot, or `simulated` [default: port.path of the configuration]
    #[arg(long, value_name = "PORT")]
    pub port: Option<String>,
    /// Let the simulated robot draw as fast as this computer can
    #[arg(long)]
    pub at_once: bool,
    /// With the simulated robot: leave the staff's part (open, home, change sheets) to the operator's page
    #[arg(long)]
    pub staffed: bool,
    /// Without robot and without camera: the pages, what is known of the house, and nothing that moves or looks
    #[arg(long, conflicts_with_all = ["port", "at_once", "staffed", "camera", "camera_dir", "sample"])]
    pub safe: bool,
    /// Where to listen, e.g. 127.0.0.1:7483 [default: server.listen of the configuration]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
}

/// `portraitist kiosk`
#[derive(Debug, Args)]
pub struct Kiosk {
    #[command(flatten)]
    pub stand: Stand,
    /// Do not open a browser
    #[arg(long)]
    pub no_open: bool,
}

/// `portraitist serve`
#[derive(Debug, Args)]
#[command(after_help = "\
A trigger is a POST to /api/v1/orders with an Idempotency-Key; `portraitist openapi serve` describes the API.
With --watch and no camera only photos of the folder are drawn.")]
pub struct Serve {
    #[command(flatten)]
    pub stand: Stand,
    /// Draw every photo that is laid into this folder, and write what becomes of it beside it
    #[arg(long, value_name = "DIR")]
    pub watch: Option<PathBuf>,
}

/// `portraitist house`
#[derive(Debug, Args)]
pub struct House {
    /// What to press, as on the staff's page; without it the house is shown
    #[arg(value_name = "PRESS", value_parser = presses())]
    pub press: Option<String>,
    /// With sheet-loaded: how many sheets are left beside the robot, where they are counted
    #[arg(long, value_name = "SHEETS", requires = "press")]
    pub left: Option<u32>,
}

/// The word that holds the robot, now, ahead of all presses.
pub const STOP: &str = "stop";

fn presses() -> PossibleValuesParser {
    let stop = PossibleValue::new(STOP).help("Hold the robot, now");
    let others = StaffPress::ALL.map(|press| PossibleValue::new(press.word()).help(press.about()));
    [stop].into_iter().chain(others).collect::<Vec<_>>().into()
}

/// `portraitist wipe`
#[derive(Debug, Args)]
pub struct Wipe {
    /// Show what was looked at, and end with code 1 unless nothing of anybody is left
    #[arg(long)]
    pub prove: bool,
}

/// `portraitist support-bundle`
#[derive(Debug, Args)]
pub struct SupportBundle {
    /// Where to write it
    #[arg(long, value_name = "FILE.json")]
    pub out: PathBuf,
}

/// Which use's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Api {
    /// `preview`
    #[default]
    Preview,
    /// `kiosk`
    Kiosk,
    /// `serve`
    Serve,
}
