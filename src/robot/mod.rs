//! The door to the machine that holds the pen: a cable ([`Port`]) and one loop that drives whatever is at its end
//! ([`stream`]).
//!
//! Read first: `port` (what a cable is), then `driver` (the loop), `place` (how far a drawing has come), `orders` (stop,
//! pause, go on), `ending` (why a drawing broke off) and `talk` (who answers; `fit` and `ready` judge whether that may
//! draw). Behind the door stand a serial port ([`Serial`]) and the simulated robot ([`Simulated`]), which inks
//! what its motors stepped; [`Pty`] offers the latter to any other program.
//! Promises: a stop asked for overtakes every line that has not been written; the last line sent lifts the pen; where a
//! drawing stands is found from where the machine is, not from what was sent or answered; a pause comes with the pen up,
//! and nothing moves again without a person. Units: mm in the robot's field, seconds.

mod connect;
mod driver;
mod ending;
mod fit;
mod identity;
mod ink;
mod orders;
mod place;
mod port;
mod ports;
mod pty;
mod ready;
mod schedule;
mod serial;
mod simulated;
mod speaker;
mod stop;
mod supervise;
mod talk;
mod trouble;

pub use connect::ConnectError;
pub use connect::Met;
pub use connect::state_name;
pub use driver::Held;
pub use driver::Job;
pub use driver::News;
pub use driver::parting;
pub use driver::stream;
pub use ending::Broken;
pub use ending::Ended;
pub use ending::Why;
pub use firmware_protocol::sender::Config as SenderConfig;
pub use firmware_protocol::sender::Pacing;
pub use fit::Remark;
pub use identity::Identity;
pub use orders::Order;
pub use orders::Orders;
pub use place::PenWord;
pub use place::Place;
pub use port::Port;
pub use port::PortConfig;
pub use port::PortError;
pub use ports::Found;
pub use ports::Holder;
pub use ports::holders;
pub use ports::list;
pub use pty::Pty;
pub use ready::Origin;
pub use ready::make_ready;
pub use ready::origin_line;
pub use schedule::Schedule;
pub use serial::Serial;
pub use simulated::Pace;
pub use simulated::Simulated;
pub use simulated::settings;
pub use speaker::Speaker;
pub use stop::Stop;
pub use stop::Wanted;
pub use supervise::Link;
pub use supervise::Supervisor;
pub use talk::Talk;
pub use trouble::Mishap;
pub use trouble::NoTrouble;
pub use trouble::Trouble;

#[cfg(test)]
mod bad_days;
#[cfg(test)]
mod connecting;
#[cfg(test)]
mod tests;
