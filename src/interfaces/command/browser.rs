//! Pages shown in this desktop's browser, and what it can write them with.

use std::ffi::OsStr;
use std::process::Command;
use std::process::Stdio;

use crate::fault::Fault;
use crate::fault::Kind;

/// Whether there is a desktop on which a browser could open.
pub fn is_there() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Shows `page`, a file or an address.
///
/// # Errors
/// There is no browser, or it will not.
pub fn open(page: &OsStr) -> Result<(), Fault> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    // What a browser says on its way is nobody's result.
    match Command::new(opener).arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Fault::new(
            Kind::Unexpected,
            format!("{opener} cannot show {}; open it in a browser yourself", page.display()),
        )),
    }
}

/// Whether a browser on this machine has a font with `letter`; nothing where there is no `fc-list` to ask.
pub fn has_font(letter: char) -> Option<bool> {
    let pattern = format!(":charset={:x}", u32::from(letter));
    let asked = Command::new("fc-list").args([&pattern, "family"]).stdin(Stdio::null()).output().ok()?;
    asked.status.success().then_some(!asked.stdout.is_empty())
}
