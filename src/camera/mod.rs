//! (room camera)
