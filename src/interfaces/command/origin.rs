//! What a person says about where the pen is: on the command line, or asked on the terminal. Silence never means yes.

use std::io;
use std::io::BufRead;
use std::io::IsTerminal;

use super::arguments::Cable;
use super::cable::SIMULATED;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::plan::RobotProfile;
use crate::robot::ConnectError;
use crate::robot::Met;
use crate::robot::Origin;

/// A longer answer is none.
const ANSWER_BYTES: u64 = 1000;
/// What may be said of a robot that has not been met.
const WAYS: &str =
    "say --at-origin if it stands lifted at the field's lower left corner, or --home if the robot has homing";

/// Proves, before anything else is done, that a drawing at the real port `asked` for will not fail for want of a word.
pub fn foresee(asked: &Cable, port: &str) -> Result<(), Fault> {
    let silent = !asked.home && !asked.at_origin && !may_ask();
    if silent && !port.is_empty() && port != SIMULATED {
        return Err(ConnectError::Unvouched { ways: WAYS }.into());
    }
    Ok(())
}

/// What was said of the robot that was `met`; a person is only asked if nothing else keeps it from drawing.
pub fn said(asked: &Cable, met: &Met, profile: &RobotProfile) -> Result<Origin, Fault> {
    if asked.home {
        return Ok(Origin::Home);
    }
    if asked.at_origin {
        return Ok(Origin::Here);
    }
    if !may_ask() {
        return Ok(Origin::Unsaid);
    }
    met.may_draw(profile, Origin::Here)?;
    met.at_origin(profile)?;
    eprint!("Is the pen lifted, at the field's lower left corner, and nothing in its way? [y/N] ");
    if is_yes(io::stdin().lock()) {
        return Ok(Origin::Here);
    }
    Err(Fault::new(Kind::Cancelled, "nothing was drawn; put the pen to the field's lower left corner and draw again"))
}

/// Whether a person sits there.
fn may_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn is_yes(from: impl BufRead) -> bool {
    let mut answer = String::new();
    let read = from.take(ANSWER_BYTES).read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_never_means_yes() {
        for yes in ["y\n", "Y", " yes \n", "YES\n"] {
            assert!(is_yes(yes.as_bytes()), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "no\n", "yep\n", "yy\n", "\u{0}y\n"] {
            assert!(!is_yes(no.as_bytes()), "{no:?}");
        }
        assert!(!is_yes(&[0xff, b'y', b'\n'][..]));
        assert!(!is_yes(vec![b'y'; 5000].as_slice()));
    }
}
