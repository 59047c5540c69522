//! The door to the machine that holds the pen: a cable ([`Port`]) and one loop that drives whatever is at its end
//! ([`stream`]).
//!
//! Read first: `port` (what a cable is), then `driver` (the loop), `place` (how far a drawing has come) and `connect`
//! (who answers). Behind the door stand a serial port ([`Serial`]) and the simulated robot ([`Simulated`]), which inks
//! what its motors stepped; [`Pty`] offers the latter to any other program.
//! Promises: a stop asked for overtakes every line that has not been written; the last line sent lifts the pen; where a
//! drawing stands is found from what was executed, not from what was sent. Units: mm in the robot's field, seconds.

mod connect;
mod driver;
mod ink;
mod place;
mod port;
mod ports;
mod pty;
mod serial;
mod simulated;
mod stop;

pub use connect::ConnectError;
pub use connect::Met;
pub use connect::Remark;
pub use connect::Talk;
pub use driver::Broken;
pub use driver::Ended;
pub use driver::Job;
pub use driver::Why;
pub use driver::parting;
pub use driver::stream;
pub use firmware_protocol::sender::Config as SenderConfig;
pub use firmware_protocol::sender::Pacing;
pub use place::PenWord;
pub use place::Place;
pub use port::Port;
pub use port::PortConfig;
pub use port::PortError;
pub use ports::Found;
pub use ports::list;
pub use pty::Pty;
pub use serial::Serial;
pub use simulated::Pace;
pub use simulated::Simulated;
pub use simulated::settings;
pub use stop::Stop;
pub use stop::Wanted;

#[cfg(test)]
mod tests;
