//! How each firmware writes a [`Command`](crate::command::Command).
