//! Which robot a command talks to: the one at a serial port, met and found fit first, or the simulated one.

use super::Everywhere;
use super::arguments;
use super::origin;
use crate::config::Config;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::robot;
use crate::robot::Pace;
use crate::robot::Pacing;
use crate::robot::Port;
use crate::robot::SenderConfig;
use crate::robot::Serial;
use crate::robot::Simulated;
use crate::robot::Stop;
use crate::robot::Talk;

/// The cable to a robot that is ready to draw.
pub enum Cable {
    /// To the simulated one.
    Simulated(Box<Simulated>),
    /// To a real one.
    Serial {
        /// Its port.
        port: Serial,
        /// Its receive buffer.
        buffer_bytes: usize,
    },
}

/// The name of the simulated robot where a port's path is asked for.
pub const SIMULATED: &str = "simulated";

impl Cable {
    /// To the robot at the port `asked` for, or else at the configured port, or else to the simulated one, whose time runs
    /// at `pace`. A real one is met, found fit, and stands where the drawing begins.
    pub fn open(asked: &arguments::Cable, config: &Config, pace: Pace, stop: &Stop) -> Result<Self, Fault> {
        let path = asked.port.as_ref().unwrap_or(&config.port.path);
        if path.is_empty() || path == SIMULATED {
            return Ok(Self::simulated(config, pace));
        }
        let mut port = Serial::open(path, config.robot.baud)?;
        let mut talk = Talk::new(&mut port, stop);
        let mut met = talk.meet(config.robot.baud)?;
        let origin = origin::said(asked, &met, &config.robot)?;
        robot::make_ready(&mut talk, &mut met, &config.robot, origin)?;
        Ok(Self::Serial { port, buffer_bytes: met.buffer_bytes() })
    }

    /// To the simulated robot.
    pub fn simulated(config: &Config, pace: Pace) -> Self {
        Self::Simulated(Box::new(Simulated::new(&config.robot, pace)))
    }

    /// The cable itself.
    pub fn port(&mut self) -> &mut dyn Port {
        match self {
            Self::Simulated(robot) => robot.as_mut(),
            Self::Serial { port, .. } => port,
        }
    }

    /// Whether it takes as long as a robot does, so that a person can follow.
    pub fn is_real_time(&self) -> bool {
        match self {
            Self::Simulated(robot) => robot.pace() == Pace::REAL_TIME,
            Self::Serial { .. } => true,
        }
    }

    /// How to send through it.
    pub fn sender(&self) -> SenderConfig {
        match self {
            Self::Simulated(_) => SenderConfig::default(),
            Self::Serial { buffer_bytes, .. } => {
                SenderConfig { pacing: Pacing::Counting(*buffer_bytes), ..SenderConfig::default() }
            }
        }
    }
}

/// The real port at `named`, or else the configured one.
pub fn port_path(named: Option<&str>, config: &Config) -> Result<String, Fault> {
    let path = named.unwrap_or(&config.port.path);
    if path.is_empty() {
        let sentence = "no port is named; give --port PATH (robot list shows the ports, and portraitist sim offers a \
                        simulated robot) or set port.path in the configuration";
        return Err(Fault::new(Kind::DeviceNotFound, sentence));
    }
    Ok(path.to_owned())
}

/// Tells the remarks about a robot on standard error, unless told to be quiet.
pub fn tell(everywhere: &Everywhere, sentences: impl IntoIterator<Item = String>) {
    if !everywhere.quiet && !everywhere.json {
        sentences.into_iter().for_each(|sentence| eprintln!("portraitist: {sentence}"));
    }
}
