//! What is typed to reach a robot: which machine, at which port, and what it shall do.
//!
//! Lengths in millimetres. Refuses what clap refuses.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use clap::builder::TypedValueParser;

use super::WHILE_IT_DRAWS;
use crate::robot::Trouble;

/// Times as fast as a real robot.
const FASTEST: i64 = 50;

/// Where a program is sent.
#[derive(Debug, Args)]
pub struct Cable {
    /// Serial port of the robot: a path, a name that robot list shows, usb:VENDOR:PRODUCT[:SERIAL], or `simulated`
    /// [default: port.path of the configuration]. No port tells what the paper shows: paper.png is then the plan, as far
    /// as the robot reports to have come; of the simulated robot it is what its motors stepped
    #[arg(long, value_name = "PORT")]
    pub port: Option<String>,
    /// The real robot's pen stands lifted at its field's lower left corner, where the drawing begins
    #[arg(long, conflicts_with = "home")]
    pub at_origin: bool,
    /// Send the real robot home first, then to where the drawing begins
    #[arg(long)]
    pub home: bool,
    /// Let the simulated robot take as long as a real one
    #[arg(long)]
    pub real_time: bool,
}

/// Which robot, pen, paper and style.
#[derive(Debug, Default, Args)]
pub struct Machine {
    /// Robot profile: a name or a file
    #[arg(long, value_name = "NAME")]
    pub robot: Option<String>,
    /// Pen profile: a name or a file
    #[arg(long, value_name = "NAME")]
    pub pen: Option<String>,
    /// Paper profile: a name or a file
    #[arg(long, value_name = "NAME")]
    pub paper: Option<String>,
    /// Drawing style: a name or a file
    #[arg(long, value_name = "NAME")]
    pub style: Option<String>,
}

/// `portraitist send`
#[derive(Debug, Args)]
#[command(after_help = WHILE_IT_DRAWS)]
pub struct Send {
    /// The program, as `program.gcode` of a drawing's folder; it is proved against robot and paper first
    #[arg(value_name = "PROGRAM")]
    pub program: PathBuf,
    #[command(flatten)]
    pub cable: Cable,
    /// Send a line only when the one before is answered
    #[arg(long)]
    pub line_by_line: bool,
    #[command(flatten)]
    pub machine: Machine,
}

/// `portraitist sim`
#[derive(Debug, Args)]
pub struct Sim {
    /// Make a symbolic link to the pseudo-terminal, so that its name stays
    #[arg(long, value_name = "PATH")]
    pub pty_link: Option<PathBuf>,
    /// Start anew whenever the port is opened, and take 1.8 s for it, as an Arduino Uno does
    #[arg(long)]
    pub reset_on_open: bool,
    /// How many of its seconds pass in one, 1 to 50, to try an evening's drawings in less
    #[arg(long, value_name = "TIMES", default_value_t = NonZeroU32::MIN, value_parser = speeds())]
    pub speed: NonZeroU32,
    /// Write the sheet as the pen has inked it, at the end
    #[arg(long, value_name = "FILE.png")]
    pub sheet: Option<PathBuf>,
    /// A bad cable and a bad day, to try a sender on, as in lost=200,garbled=50,seed=7,hold@30,restart@60: chances in a
    /// million for each byte, and what happens after so many seconds (hold, door, limit, restart, gone, line@9:G4P1)
    #[arg(long, value_name = "TROUBLE")]
    pub trouble: Option<Trouble>,
    #[command(flatten)]
    pub machine: Machine,
}

/// Faster than [`FASTEST`] a small computer could not step its motors.
fn speeds() -> impl TypedValueParser<Value = NonZeroU32> {
    clap::value_parser!(u32).range(1..=FASTEST).try_map(NonZeroU32::try_from)
}

/// `portraitist robot`
#[derive(Debug, Subcommand)]
pub enum Robot {
    /// The serial ports that are there, by names that stay
    List,
    /// Who answers, what it is doing, where it is, and what of it will not do
    Status {
        #[command(flatten)]
        at: At,
        /// Wait until a robot is there
        #[arg(long)]
        wait: bool,
        /// Tell every change, and look for the robot again whenever it is gone, until Ctrl-C
        #[arg(long, conflicts_with = "wait")]
        follow: bool,
    },
    /// Home the axes by their switches
    Home(At),
    /// Unlock after an alarm, without homing
    Unlock(At),
    /// Go X and Y millimetres from here
    Jog {
        /// To the right, mm
        #[arg(allow_negative_numbers = true)]
        x: f64,
        /// Away from you, mm
        #[arg(allow_negative_numbers = true)]
        y: f64,
        #[command(flatten)]
        at: At,
    },
    /// Lift or lower the pen
    #[command(subcommand)]
    Pen(Pen),
    /// The pen stands lifted at the field's lower left corner: from now on this is 0, 0, also without power
    Origin(At),
    /// The firmware's settings, and where they differ from the profile
    Settings {
        #[command(flatten)]
        at: At,
        /// Write a setting first, as in '$32=0' (repeatable)
        #[arg(long, value_name = "$N=VALUE")]
        write: Vec<String>,
    },
    /// Hold, reset, lift the pen
    Stop(At),
}

/// `portraitist robot pen`
#[derive(Debug, Subcommand)]
pub enum Pen {
    /// Lift it
    Up(At),
    /// Lower it
    Down(At),
}

/// At which port, and which robot is expected there.
#[derive(Debug, Args)]
pub struct At {
    /// Serial port of the robot: a path, a name that robot list shows, or usb:VENDOR:PRODUCT[:SERIAL] [default: port.path
    /// of the configuration]
    #[arg(long, value_name = "PORT")]
    pub port: Option<String>,
    /// Robot profile: a name or a file
    #[arg(long, value_name = "NAME")]
    pub robot: Option<String>,
}
