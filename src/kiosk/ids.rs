//! Which session, which job, which order, and who acts: the names that every timer and every command carries.
//!
//! A name holds the boot it was given in, so that a page left open from before a restart can never speak for a session
//! of today that happens to bear the same number. They are typed: a session cannot be passed for a job. An [`Operator`]
//! is a proof, not a name. It refuses keys that are empty, longer than [`OrderKey::LONGEST`] or not plain ASCII.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Neither a session nor a job.
    #[error("\"{0}\" names nothing; a name is written as eight hexadecimal digits, a dash and a number, as 0a1b2c3d-7")]
    NoName(String),
    /// No idempotency key.
    #[error("an idempotency key has 1 to {} visible ASCII characters", OrderKey::LONGEST)]
    NoKey,
}

macro_rules! names {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name {
            boot: u32,
            number: u32,
        }

        impl $name {
            /// The first name given after a start; `boot` is drawn at random at every start.
            pub fn first(boot: u32) -> Self {
                Self { boot, number: 1 }
            }

            /// The name given after this one.
            pub fn next(self) -> Self {
                Self { number: self.number.wrapping_add(1), ..self }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:08x}-{}", self.boot, self.number)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let (boot, number) = read(text).ok_or_else(|| IdError::NoName(text.chars().take(40).collect()))?;
                Ok(Self { boot, number })
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }
    )+};
}

names! {
    /// One visitor before the screen, from the first touch to the wipe.
    SessionId,
    /// One drawing.
    JobId,
}

fn read(text: &str) -> Option<(u32, u32)> {
    let (boot, number) = text.split_once('-')?;
    let plain = boot.len() == 8 && boot.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let whole = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
    (plain && whole).then_some(())?;
    Some((u32::from_str_radix(boot, 16).ok()?, number.parse().ok()?))
}

/// What makes an order the same order however often it arrives: the `Idempotency-Key` of a request, or the session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderKey(String);

impl OrderKey {
    /// The most characters of a key.
    pub const LONGEST: usize = 64;
}

impl TryFrom<String> for OrderKey {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        let fits = (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text)) } else { Err(IdError::NoKey) }
    }
}

impl From<OrderKey> for String {
    fn from(key: OrderKey) -> Self {
        key.0
    }
}

/// One visitor, one drawing: the session is the key.
impl From<SessionId> for OrderKey {
    fn from(session: SessionId) -> Self {
        Self(session.to_string())
    }
}

/// The proof that a member of staff acts. Only what has checked a PIN or a token may make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator(());

impl Operator {
    /// Vouches that the one who acts has just shown the operator's secret.
    pub const fn vouched() -> Self {
        Self(())
    }
}

/// A person who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// The visitor of a session, at the screen.
    Visitor(SessionId),
    /// A member of staff.
    Operator(Operator),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_nothing_else_does() {
        let first = SessionId::first(0x0a1b_2c3d);
        assert_eq!(first.next().to_string(), "0a1b2c3d-2");
        assert_eq!("0a1b2c3d-2".parse(), Ok(first.next()));
        assert_ne!(SessionId::first(1), SessionId::first(2), "the same number of another boot is another session");
        for text in
            ["", "-", "0a1b2c3d", "0a1b2c3d-", "0A1B2C3D-1", "0a1b2c3d-+1", "0a1b2c3d-01", "a-1", "0a1b2c3d-4294967296"]
        {
            assert!(text.parse::<JobId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_is_short_and_visible() {
        assert_eq!(String::from(OrderKey::from(SessionId::first(7))), "00000007-1");
        assert!(OrderKey::try_from("x".repeat(64)).is_ok());
        for bad in [String::new(), "x".repeat(65), "a b".into(), "é".into(), "a\n".into()] {
            assert_eq!(OrderKey::try_from(bad), Err(IdError::NoKey));
        }
    }
}
