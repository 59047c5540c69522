//! What stands around the kiosk's mind: the styles that are offered, and where a drawing under way is remembered.

use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use super::server;

/// The booth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoothConfig {
    /// The styles that each visitor is offered, in this order. Default `croquis`, `pen` and `lines`.
    pub styles: Vec<String>,
    /// The folder of the drawing under way; empty takes [`Self::state_folder`]'s.
    pub state_folder: String,
    /// Live pictures each second. Default 25.
    pub live_per_sec: u32,
}

impl Default for BoothConfig {
    fn default() -> Self {
        Self {
            styles: ["croquis", "pen", "lines"].map(str::to_owned).to_vec(),
            state_folder: String::new(),
            live_per_sec: 25,
        }
    }
}

impl BoothConfig {
    /// The folder of the drawing under way: the one named, else the one that systemd gives a service, else one in the
    /// user's own; `None` for a user without a home.
    pub fn state_folder(&self) -> Option<PathBuf> {
        if self.state_folder.is_empty() { server::state_folder() } else { Some(PathBuf::from(&self.state_folder)) }
    }
}
