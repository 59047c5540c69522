//! Where the program listens for browsers, and how callers prove who they are: what is written, not yet what it means.
//!
//! The server room reads the files that are named here and refuses what will not do.

use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

/// Where browsers find the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port. Default `127.0.0.1:0`: this machine alone, any free port.
    pub listen: String,
    /// Names under which browsers may address it, besides this machine's loopback names. Default none.
    pub hosts: Vec<String>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { listen: "127.0.0.1:0".to_owned(), hosts: Vec::new() }
    }
}

/// How an operator proves to be one. Empty texts are not set; there is no default secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityConfig {
    /// The Argon2id hash of the operator's PIN.
    pub operator_pin_hash: String,
    /// A file that holds it.
    pub operator_pin_hash_file: String,
    /// A file that holds the operator's token.
    pub operator_token_file: String,
    /// A file that holds the token for metrics.
    pub metrics_token_file: String,
    /// Where wrong PINs are counted.
    pub lock_out_file: String,
}

impl SecurityConfig {
    /// Where wrong PINs are counted: the file named, else one in the folder that systemd gives a service, else one in the
    /// user's own; `None` for a user without a home.
    pub fn lock_out_file(&self) -> Option<PathBuf> {
        if !self.lock_out_file.is_empty() {
            return Some(PathBuf::from(&self.lock_out_file));
        }
        state_folder().map(|folder| folder.join("lock-out.json"))
    }
}

/// The folder that systemd gives a service, else one in the user's own; `None` for a user without a home.
pub(super) fn state_folder() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let own = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
    folder("STATE_DIRECTORY").or_else(|| Some(own?.join("portraitist")))
}
