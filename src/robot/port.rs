//! The door to a cable: bytes out, bytes in, and the time that goes by meanwhile.
//!
//! Behind it stands a serial port ([`Serial`](super::Serial)) or the simulated robot
//! ([`Simulated`](super::Simulated)); whoever drives a robot sees only this. Times are [`Duration`]s since the port was
//! opened: real time, or the simulator's own.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::fault::Fault;
use crate::fault::Kind;

/// A cable to a robot.
pub trait Port {
    /// The time since it was opened.
    fn now(&self) -> Duration;

    /// Puts all of `bytes` on their way.
    ///
    /// # Errors
    /// [`PortError::Gone`] if the cable is no longer there.
    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError>;

    /// Waits for bytes and gives what has come; nothing if nothing came by `until`, or a little earlier, so that its
    /// caller can look at a stop switch.
    ///
    /// # Errors
    /// [`PortError::Gone`] if the cable is no longer there.
    fn read(&mut self, until: Duration) -> Result<Vec<u8>, PortError>;
}

/// Which robot is meant where none is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PortConfig {
    /// The serial port: a path, a name of `/dev/serial`, or a USB identity such as `usb:1a86:7523`; empty for the
    /// simulated robot.
    pub path: String,
}

/// What can be wrong with a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// There is no such port.
    #[error("there is no port {port}; {others}")]
    NotFound {
        /// As it was asked for.
        port: String,
        /// Which ports there are, as a part of the sentence.
        others: String,
    },
    /// No port can have such a name.
    #[error("{port} names no port; a USB identity is written usb:1a86:7523 or usb:1a86:7523:SERIAL")]
    Misspelt {
        /// As it was written.
        port: String,
    },
    /// More than one port has that name.
    #[error("port {port} may be any of these: {which}; name one of them")]
    Ambiguous {
        /// As it was asked for.
        port: String,
        /// Which ports fit.
        which: String,
    },
    /// Another program has it.
    #[error("port {port} is in use by {by}; close that program (ModemManager and brltty also take ports)")]
    Busy {
        /// Its path.
        port: String,
        /// Whose, as a part of the sentence.
        by: String,
    },
    /// This user may not open it.
    #[error(
        "this user may not use {port}; add the user to the group dialout (sudo usermod -aG dialout $USER) and log in \
         anew, or write a udev rule that gives the port to them"
    )]
    NotAllowed {
        /// Its path.
        port: String,
    },
    /// It was there and is no longer.
    #[error("port {port} is gone: the cable was unplugged or the robot lost its power; plug it in again")]
    Gone {
        /// Its path.
        port: String,
    },
    /// It is no serial port, or something else is wrong with it.
    #[error("port {port} cannot be used ({why}); is it a serial port?")]
    Unusable {
        /// Its path.
        port: String,
        /// The system's words.
        why: String,
    },
}

impl From<PortError> for Fault {
    fn from(error: PortError) -> Self {
        let kind = match error {
            PortError::NotFound { .. } | PortError::Ambiguous { .. } => Kind::DeviceNotFound,
            PortError::Misspelt { .. } => Kind::Usage,
            PortError::Busy { .. } | PortError::NotAllowed { .. } => Kind::DeviceBusy,
            PortError::Gone { .. } => Kind::Interrupted,
            PortError::Unusable { .. } => Kind::DeviceNotFound,
        };
        Fault::new(kind, error.to_string())
    }
}
