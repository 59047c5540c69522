//! (room robot)
