//! What the booth's commands take: the visitors' page, a robot PC without a screen, and what its staff asks of both.

use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;

use super::Machine;

/// Which camera, which robot, where to listen.
#[derive(Debug, Args)]
pub struct Stand {
    /// The webcam: its number or device path [default: the configured camera]
    #[arg(long, value_name = "DEVICE", conflicts_with_all = ["camera_dir", "sample"])]
    pub camera: Option<String>,
    /// A folder as camera
    #[arg(long, value_name = "DIR", conflicts_with = "sample")]
    pub camera_dir: Option<PathBuf>,
    /// A sample sitter (nobody's face) as camera
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
    #[arg(value_name = "PRESS")]
    pub press: Option<StaffPress>,
    /// With sheet-loaded: how many sheets are left beside the robot, where they are counted
    #[arg(long, value_name = "SHEETS", requires = "press")]
    pub left: Option<u32>,
}

/// What the staff may press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StaffPress {
    /// Hold the robot, now
    Stop,
    /// Ask visitors in
    Open,
    /// Ask nobody in after this one
    Close,
    /// Send the robot home
    Home,
    /// The pen stands where drawings begin
    Vouch,
    /// I have looked: ask the robot again
    Acknowledge,
    /// Start the drawing that lies on the table
    Start,
    /// Pause at the end of the stroke
    Pause,
    /// Go on
    Continue,
    /// End the drawing, or throw an interrupted one away
    Cancel,
    /// The paper did not move: resume the interrupted drawing
    Resume,
    /// Begin the interrupted drawing again on the sheet that lies there
    StartAgain,
    /// The finished sheet is taken
    SheetTaken,
    /// A new sheet lies there
    SheetLoaded,
    /// A new pen was put in and has made its test mark
    PenChanged,
    /// End the session on the screen
    EndSession,
}

impl StaffPress {
    /// Its word in the API.
    pub fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
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
