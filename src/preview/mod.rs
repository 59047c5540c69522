//! (room preview)
