//! The kiosk's own booth: the page that its visitors see.

pub mod page;
