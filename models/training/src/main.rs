//! `portraitist-train`: arguments to runs. Prints, and picks the exit code; nothing else happens here.

mod command;

use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;

/// Trains the networks of portraitist.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Trains the networks that find and read faces.
    Face(command::face::Face),
    /// Tries the face networks on the people kept apart, by the program's own door.
    FaceEval(command::face::FaceEval),
    /// Makes the results of runs the weights that ship.
    Export(command::face::Export),
    /// Lets an artist of our own draw the portraits, for drawing networks to learn from.
    Teach(command::teach::Teach),
    /// Trains the network that the line drawer looks through.
    Encoder(command::encoder::EncoderCommand),
    /// Trains the network that turns photos and sketches into line drawings.
    Lines(command::lines::LinesCommand),
    /// Trains the networks that draw eyes, noses and mouths anew upon the line drawer's lines.
    Details(command::details::DetailsCommand),
    /// Trains the network that tells the strokes of skin, hair, brows, eyes, lips and ears apart.
    Strokes(command::strokes::StrokesCommand),
    /// Makes a style of a folder of sketches.
    Style(command::style::StyleCommand),
    /// Draws with a style's run, to be measured.
    Sketch(command::sketch::SketchCommand),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Face(face) => command::face::train(&face),
        Command::FaceEval(eval) => command::face::try_out(&eval),
        Command::Export(export) => command::face::export_all(&export),
        Command::Teach(teach) => command::teach::draw(&teach),
        Command::Encoder(encoder) => command::encoder::train(&encoder),
        Command::Lines(lines) => command::lines::train(&lines),
        Command::Details(details) => command::details::train(&details),
        Command::Strokes(strokes) => command::strokes::train(&strokes),
        Command::Style(style) => command::style::train(&style),
        Command::Sketch(sketch) => command::sketch::draw(&sketch),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
