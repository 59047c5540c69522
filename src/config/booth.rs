//! What stands around the kiosk's mind: the styles that are offered, where a drawing under way is remembered, and where
//! visitors' phones come in.

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
    /// Live pictures each second, as far as the camera goes. Default 30.
    pub live_per_sec: u32,
    /// A pen that has drawn so much is worn, metres; 0 for never. Default 0.
    pub pen_most_metres: u32,
    /// A pen that has been open for so long is dry, minutes; 0 for never. Default 0.
    pub pen_most_minutes: u32,
}

/// Where visitors' phones find the kiosk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PhoneConfig {
    /// Address and port, apart from the screen's and the staff's. Default none.
    pub listen: String,
    /// How its address begins in a phone; empty takes that of [`Self::listen`].
    pub url: String,
}

impl Default for BoothConfig {
    fn default() -> Self {
        Self {
            styles: ["croquis", "pen", "lines"].map(str::to_owned).to_vec(),
            state_folder: String::new(),
            live_per_sec: 30,
            pen_most_metres: 0,
            pen_most_minutes: 0,
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
