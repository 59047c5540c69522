//! (room interfaces)
