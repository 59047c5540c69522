//! The command line: one file a command. Results go to standard output, progress and errors to standard error.

mod arguments;
mod browser;
mod cable;
mod camera;
mod config;
mod doctor;
mod draw;
mod drawing;
mod eval;
mod face;
mod follow;
mod house;
mod interrupt;
mod keyboard;
mod kiosk;
mod models;
mod origin;
mod output;
mod photograph;
mod pin;
mod plan;
mod preview;
mod progress;
mod robot;
mod send;
mod sim;
mod strokes;
mod style;
mod support;
mod terminal;
mod wipe;

pub use arguments::Arguments;
pub use arguments::gathered;

use clap::CommandFactory;

use crate::booth::Use;
use crate::fault::Fault;
use crate::server::describe;
use arguments::Api;
use arguments::Command;
use arguments::Everywhere;
use arguments::Machine;

/// Runs the command that `arguments` name.
///
/// # Errors
/// The [`Fault`] that ended it; nothing has been printed about it yet.
pub fn run(arguments: &Arguments) -> Result<(), Fault> {
    let everywhere = &arguments.everywhere;
    match &arguments.command {
        Command::Draw(command) => draw::run(everywhere, command),
        Command::Face(command) => face::run(everywhere, command),
        Command::Eval(command) => eval::run(everywhere, command),
        Command::Models(command) => models::run(everywhere, command),
        Command::Style(command) => style::run(everywhere, command),
        Command::Strokes(command) => strokes::run(everywhere, command),
        Command::Plan(command) => plan::run(everywhere, command),
        Command::Preview(command) => preview::run(everywhere, command),
        Command::Kiosk(command) => kiosk::run(everywhere, command),
        Command::Serve(command) => kiosk::run_headless(everywhere, command),
        Command::House(command) => house::run(everywhere, command),
        Command::Wipe(command) => wipe::run(everywhere, command),
        Command::SupportBundle(command) => support::run(everywhere, command),
        Command::Sitter => kiosk::sit(everywhere),
        Command::Send(command) => send::run(everywhere, command),
        Command::Sim(command) => sim::run(everywhere, command),
        Command::Robot(command) => robot::run(everywhere, command),
        Command::Camera(command) => camera::run(everywhere, command),
        Command::Config(command) => config::run(everywhere, command),
        Command::Doctor(command) => doctor::run(everywhere, command),
        Command::Pin { token } => pin::run(everywhere, *token),
        Command::Openapi { api } => output::print_line(&match api {
            Api::Preview => describe(crate::interfaces::preview::routes::routes()),
            Api::Kiosk => describe(kiosk::table(Use::Visitors)),
            Api::Serve => describe(kiosk::table(Use::Orders { camera: true })),
        }),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "portraitist", &mut script);
            output::print_line(String::from_utf8_lossy(&script).trim_end())
        }
    }
}
