//! (room job)
