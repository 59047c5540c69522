//! `portraitist pin`: the hash of an operator's PIN, or a token, for the configuration. Neither is kept anywhere.

use std::io::BufRead;
use std::io::IsTerminal;
use std::io::Read;

use rustix::termios;
use rustix::termios::LocalModes;
use rustix::termios::OptionalActions;
use serde_json::json;

use super::Everywhere;
use super::output;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::server::secret::MOST_PIN_BYTES;
use crate::server::secret::PinHash;
use crate::server::secret::Token;

/// Runs it.
pub fn run(everywhere: &Everywhere, token: bool) -> Result<(), Fault> {
    if token {
        let (_, text) = Token::create()?;
        return if everywhere.json {
            output::print_json("pin", json!({ "token": text }))
        } else {
            output::print_line(&text)
        };
    }
    let hash = PinHash::of(read()?.trim())?;
    if everywhere.json {
        output::print_json("pin", json!({ "operator_pin_hash": hash.as_str() }))
    } else {
        output::print_line(hash.as_str())
    }
}

/// One line of standard input; on a terminal it is asked for, and not shown.
fn read() -> Result<String, Fault> {
    let stdin = std::io::stdin();
    let shown = stdin.is_terminal().then(|| termios::tcgetattr(&stdin).ok()).flatten();
    if let Some(shown) = &shown {
        eprint!("PIN, at least six digits: ");
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        let _ = termios::tcsetattr(&stdin, OptionalActions::Flush, &hidden);
    }
    let mut line = String::new();
    let read = stdin.lock().take(MOST_PIN_BYTES as u64 + 2).read_line(&mut line);
    if let Some(shown) = &shown {
        let _ = termios::tcsetattr(&stdin, OptionalActions::Flush, shown);
        eprintln!();
    }
    read.map_err(|e| Fault::new(Kind::BadInput, format!("no PIN can be read from standard input ({e})")))?;
    Ok(line)
}
