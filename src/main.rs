//! The program: arguments in, one command run, one exit code out. The only place that prints an error.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use portraitist::fault::Fault;
use portraitist::fault::Kind;
use portraitist::interfaces::command;
use portraitist::interfaces::command::Arguments;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse_from(command::gathered(std::env::args_os())) {
        Ok(arguments) => arguments,
        Err(e) => {
            // Help and version are results, not errors; clap prints each to the stream it belongs to.
            let asked_for = matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let _ = e.print();
            return ExitCode::from(if asked_for { 0 } else { Kind::Usage.exit_code() });
        }
    };
    match command::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            report(&fault, arguments.everywhere.json);
            ExitCode::from(fault.kind().exit_code())
        }
    }
}

fn report(fault: &Fault, json: bool) {
    if json {
        let error = serde_json::json!({
            "schema": "portraitist.error/1",
            "kind": fault.kind().name(),
            "exit_code": fault.kind().exit_code(),
            "error": fault.to_string(),
        });
        eprintln!("{error}");
    } else {
        eprintln!("portraitist: {fault}");
    }
}
