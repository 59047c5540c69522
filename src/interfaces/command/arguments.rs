//! The command line as its users type it: one struct a command, documented where it stands.

mod booth;
mod everywhere;
mod face_box;
mod robot;

use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap_complete::Shell;

pub use booth::Api;
pub use booth::House;
pub use booth::Kiosk;
pub use booth::STOP;
pub use booth::Serve;
pub use booth::Stand;
pub use booth::SupportBundle;
pub use booth::Wipe;
pub use everywhere::Everywhere;
pub use everywhere::gathered;
pub use face_box::FaceBox;
pub use robot::At;
pub use robot::Cable;
pub use robot::Machine;
pub use robot::Pen;
pub use robot::Robot;
pub use robot::Send;
pub use robot::Sim;

/// Exit codes, as `--help` shows them (`fault.rs` is their source; a test compares).
pub const EXIT_CODES: &str = "\
Exit codes:
   0  done
   1  something unexpected
   2  the command line makes no sense
   3  a configuration file is wrong
   4  no such camera, robot or port
   5  the device is busy, or this user may not use it
   6  the robot reports an alarm
   7  stopped by a person
   8  interrupted, can be resumed
   9  the plan leaves the robot's field or the sheet
  10  a picture, drawing or plan that cannot be used
  11  doctor found something wrong";

/// Draws a person's portrait in ink: photo, lines, pen strokes, motion plan, robot.
#[derive(Debug, Parser)]
#[command(name = "portraitist", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub everywhere: Everywhere,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Draw a portrait: from a photo, a camera, or a sample sitter if nothing is given
    Draw(Draw),
    /// Find the face in a photo: box, landmarks, regions, and whether it can be drawn
    Face(Face),
    /// Turn any picture of a drawing into pen strokes (SVG, millimetres)
    Strokes(Strokes),
    /// The styles there are
    #[command(subcommand)]
    Style(Style),
    /// The networks: those that ship, and checkpoints of others made usable
    #[command(subcommand)]
    Models(Models),
    /// Measure a folder of drawings: distances to an artist's, ink, strokes, eyes
    Eval(Eval),
    /// Plan any SVG for the robot: order, program, previews
    Plan(Plan),
    /// Look at a photo, an SVG, a plan or a program as it will be drawn, plan it anew, save it; no robot is needed
    Preview(Preview),
    /// Run the booth: the visitors' page, camera and robot; with no hardware at all it is a demonstration
    Kiosk(Kiosk),
    /// Run the robot without a screen: orders by HTTP or by photos in a folder, one after the other
    Serve(Serve),
    /// The house of the booth that runs on this machine: show it, or press what its staff presses
    House(House),
    /// End the session on the screen, and erase what is left of drawings if no booth runs
    Wipe(Wipe),
    /// Collect what helps to find a fault, in one JSON file: no picture, no stroke, no secret
    SupportBundle(SupportBundle),
    /// The process of a booth that has the camera; the booth starts it
    #[command(hide = true)]
    Sitter,
    /// Send a program to the robot, or to the simulated one
    Send(Send),
    /// Offer the simulated robot on a pseudo-terminal to any program, until Ctrl-C
    Sim(Sim),
    /// The robot: who it is, where it is, and its simplest moves
    #[command(subcommand)]
    Robot(Robot),
    /// The cameras of this machine
    #[command(subcommand)]
    Camera(Camera),
    /// What the configuration says, and whether it is right
    #[command(subcommand)]
    Config(Config),
    /// Check camera, ports, permissions, model files and disk; the robot too, if asked
    Doctor(Doctor),
    /// Make the hash of an operator's PIN, read from standard input, for security.operator_pin_hash
    Pin {
        /// Make a token for programs instead, for security.operator_token_file or metrics_token_file
        #[arg(long)]
        token: bool,
    },
    /// The description of an HTTP API (OpenAPI 3.1), on standard output
    Openapi {
        /// Whose
        #[arg(value_enum, default_value_t)]
        api: Api,
    },
    /// Completions for your shell, on standard output
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: Shell,
    },
}

/// `portraitist draw`
#[derive(Debug, Args)]
#[command(after_help = WHILE_IT_DRAWS)]
pub struct Draw {
    #[command(flatten)]
    pub picture: Picture,
    /// Which face is drawn, by a box in the photo's pixels; otherwise the largest central one
    #[arg(long, value_name = "X,Y,WIDTH,HEIGHT")]
    pub face: Option<FaceBox>,
    /// Look for no face: draw the middle of the photo, or the box of --face, as it is
    #[arg(long)]
    pub no_face: bool,
    /// Who finds the lines: the style's own networks, or the pen artist, who needs no weights and draws alone then
    #[arg(long, value_enum, default_value_t = Lines::Style)]
    pub lines: Lines,
    #[command(flatten)]
    pub machine: Machine,
    /// Folder for the pictures, the strokes, the plan, the program and the previews
    /// [default: drawings/NAME, numbered if it is taken]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Show the pen-up moves in plan.svg (otherwise they are on a hidden layer)
    #[arg(long)]
    pub travels: bool,
    #[command(flatten)]
    pub cable: Cable,
    /// Open the preview page in this desktop's browser when done
    #[arg(long)]
    pub open: bool,
}

/// Who finds the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lines {
    /// As the style does.
    Style,
    /// By the flow of the picture.
    Flow,
}

/// `portraitist face`
#[derive(Debug, Args)]
pub struct Face {
    #[command(flatten)]
    pub picture: Picture,
    /// Which face is read, by a box in the photo's pixels; otherwise the largest central one
    #[arg(long, value_name = "X,Y,WIDTH,HEIGHT")]
    pub face: Option<FaceBox>,
    /// Write the photo to this PNG with what was found drawn over it
    #[arg(long, value_name = "FILE")]
    pub show: Option<PathBuf>,
}

/// Where the photo comes from; the first sample sitter if nothing is said.
#[derive(Debug, Args)]
pub struct Picture {
    /// The photo: JPEG, PNG or WebP; `-` reads it from standard input
    #[arg(value_name = "PHOTO", conflicts_with_all = ["sitter", "camera", "camera_dir"])]
    pub photo: Option<PathBuf>,
    /// A sample sitter by name (composites of several people; nobody's face)
    #[arg(long, value_name = "NAME", conflicts_with_all = ["camera", "camera_dir"])]
    pub sitter: Option<String>,
    /// Take the photo with a camera: the configured one, or this number or device path
    #[arg(long, value_name = "DEVICE", num_args = 0..=1, conflicts_with = "camera_dir")]
    pub camera: Option<Option<String>>,
    /// A folder as camera: its first photo by name
    #[arg(long, value_name = "DIR")]
    pub camera_dir: Option<PathBuf>,
}

/// `portraitist strokes`
#[derive(Debug, Args)]
pub struct Strokes {
    /// The drawing: dark lines on light paper, as JPEG, PNG or WebP
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// Where to write the strokes
    #[arg(long, value_name = "FILE.svg")]
    pub out: PathBuf,
    #[command(flatten)]
    pub machine: Machine,
}

/// `portraitist style`
#[derive(Debug, Subcommand)]
pub enum Style {
    /// Every style, shipped ones and your own: what it draws by, and whether its weights are there
    List,
}

/// `portraitist models`
#[derive(Debug, Subcommand)]
pub enum Models {
    /// Every network that ships: licence, size, where its file is, and whether that is the right one
    List,
    /// Convert a checkpoint that PyTorch wrote (.pth, .pt) to a network of portraitist; nothing in it is executed
    Import(Import),
}

/// `portraitist models import`
#[derive(Debug, Args)]
pub struct Import {
    /// The checkpoint, a state_dict as torch.save writes it
    #[arg(value_name = "FILE.pth")]
    pub checkpoint: PathBuf,
    /// What it is
    #[arg(long = "as", value_name = "KIND")]
    pub kind: Published,
    /// The encoder that an adain-decoder was trained with: AdaIN's vgg_normalised.pth, imported before
    #[arg(long, value_name = "FILE.safetensors", required_if_eq("kind", "adain-decoder"))]
    pub encoder: Option<PathBuf>,
    /// The drawing that an adain-decoder is to draw like: JPEG, PNG or WebP
    #[arg(long, value_name = "IMAGE", required_if_eq("kind", "adain-decoder"))]
    pub drawing: Option<PathBuf>,
    /// Where to write the network [default: beside the checkpoint, unless a file of that name is there]
    #[arg(long, value_name = "FILE.safetensors")]
    pub out: Option<PathBuf>,
}

/// Networks that others publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Published {
    /// The generator of pix2pixHD or sRender: a line drawing in, a sketch out
    Generator,
    /// AdaIN's decoder.pth; with its encoder and a drawing it becomes a line drawer
    AdainDecoder,
    /// VGG-19: AdaIN's vgg_normalised.pth or torchvision's vgg19-*.pth
    Vgg,
    /// Inception-v3, for eval: pt_inception-2015-12-05-*.pth or torchvision's inception_v3_*.pth
    Inception,
}

/// `portraitist eval`
#[derive(Debug, Args)]
pub struct Eval {
    /// The folder of drawings: PNG, JPEG or WebP
    #[arg(value_name = "DIR")]
    pub drawn: PathBuf,
    /// The folder of the artist's drawings, for FID and KID; drawings of one name in both are compared by Scoot
    #[arg(long, value_name = "DIR")]
    pub real: Option<PathBuf>,
    /// Maps of regions by the drawings' names (PNG of class numbers), for the accuracy of strokes
    #[arg(long, value_name = "DIR")]
    pub regions: Option<PathBuf>,
    /// Compare by the features of this network instead of portraitist's own encoder: an Inception-v3 or a VGG-19 that
    /// models import made
    #[arg(long, value_name = "FILE")]
    pub features: Option<PathBuf>,
    /// Compare patches of 128 x 128 px, as sRender's authors did, instead of whole drawings
    #[arg(long)]
    pub patches: bool,
}

/// `portraitist plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// The drawing
    #[arg(value_name = "FILE.svg")]
    pub svg: PathBuf,
    /// Folder for the plan, the program and the previews
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Scale the drawing to the configured paper instead of taking its own size
    #[arg(long)]
    pub fit: bool,
    /// Show the pen-up moves in plan.svg (otherwise they are on a hidden layer)
    #[arg(long)]
    pub travels: bool,
    #[command(flatten)]
    pub machine: Machine,
}

/// `portraitist preview`
#[derive(Debug, Args)]
#[command(after_help = "Ends with Ctrl-C.")]
pub struct Preview {
    /// A photo (JPEG, PNG, WebP), an SVG, a plan.json or a program.gcode; `-` reads it from standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write plan.svg, plan.json, program.gcode, paper.png, animation.png and preview.html there, and show no page
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Open no browser; the page's address is told all the same
    #[arg(long, conflicts_with = "out")]
    pub no_open: bool,
    /// Address and port to serve the page at [default: server.listen of the configuration]
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "out")]
    pub listen: Option<String>,
    /// Of an SVG: scale it to the configured paper instead of taking its own size
    #[arg(long)]
    pub fit: bool,
    /// Of a photo: which face is drawn, by a box in its pixels; otherwise the largest central one
    #[arg(long, value_name = "X,Y,WIDTH,HEIGHT")]
    pub face: Option<FaceBox>,
    /// Of a photo: look for no face
    #[arg(long)]
    pub no_face: bool,
    #[command(flatten)]
    pub machine: Machine,
}

/// What a person can do while a robot draws.
const WHILE_IT_DRAWS: &str = "\
While it draws (with --port or --real-time):
  p, SIGUSR1    pause at the next pen-up: what is sent is drawn first, a stroke or a few seconds
  p, r, SIGUSR2 go on, after a pause or when the robot is held
  Ctrl-C, SIGTERM once: hold, lift the pen, keep the position; twice: reset at once; three times: leave
The port is locked meanwhile, so robot stop cannot reach the robot: use these, or kill -INT.";

/// `portraitist doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// Meet the robot at the port too, as the one of this profile or of the configuration; this resets many boards
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    pub robot: Option<Option<String>>,
    /// Its serial port [default: port.path of the configuration]
    #[arg(long, value_name = "PORT", requires = "robot")]
    pub port: Option<String>,
}

/// `portraitist camera`
#[derive(Debug, Subcommand)]
pub enum Camera {
    /// The cameras that are there
    List,
    /// Take a picture and say how it went
    Test {
        /// Which camera: its number or device path
        #[arg(long, value_name = "DEVICE", conflicts_with = "camera_dir")]
        camera: Option<String>,
        /// A folder as camera
        #[arg(long, value_name = "DIR")]
        camera_dir: Option<PathBuf>,
        /// Keep the picture (nothing is kept without this)
        #[arg(long, value_name = "FILE.png")]
        out: Option<PathBuf>,
    },
}

/// `portraitist config`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the configuration as TOML
    Show {
        /// Every value that holds, not only those that differ from the defaults
        #[arg(long)]
        effective: bool,
        /// Say where each value comes from
        #[arg(long)]
        origin: bool,
    },
    /// Read all configuration files and say whether they are right
    Check,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::fault::Kind;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_names_every_exit_code() {
        for kind in Kind::ALL {
            let code = format!("\n  {:>2}  ", kind.exit_code());
            assert!(EXIT_CODES.contains(&code), "exit code {} is not in the help", kind.exit_code());
        }
    }
}
