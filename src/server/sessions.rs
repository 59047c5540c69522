//! Who has logged in: a random name for each session, held by the browser in a cookie and by us as its hash.
//!
//! Sessions end after [`LIFETIME`], or when the program ends. Time is given by the caller.

use std::time::Duration;
use std::time::Instant;

use super::secret::SecretError;
use super::secret::Token;

/// The cookie's name.
pub(super) const COOKIE: &str = "portraitist_operator";
/// How long a session lasts: an exhibition's day.
pub(super) const LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// Most sessions; a further one ends the oldest.
const MOST: usize = 16;

/// The sessions there are, oldest first.
#[derive(Debug, Default)]
pub(super) struct Sessions(Vec<(Token, Instant)>);

impl Sessions {
    /// A new session: what the cookie holds.
    pub fn open(&mut self, now: Instant) -> Result<String, SecretError> {
        let (token, name) = Token::create()?;
        self.0.retain(|(_, end)| *end > now);
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push((token, now + LIFETIME));
        Ok(name)
    }

    /// Whether `name` is a session's. Every session is compared, so that the time tells nothing.
    pub fn holds(&self, name: &str, now: Instant) -> bool {
        self.0.iter().fold(false, |held, (token, end)| held | (token.matches(name) & (*end > now)))
    }

    /// Ends the session called `name`.
    pub fn close(&mut self, name: &str) {
        self.0.retain(|(token, _)| !token.matches(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_and_are_bounded() {
        let mut sessions = Sessions::default();
        let now = Instant::now();
        let first = sessions.open(now).expect("random numbers");
        assert!(sessions.holds(&first, now) && !sessions.holds("", now) && !sessions.holds(&first[..63], now));
        assert!(!sessions.holds(&first, now + LIFETIME));
        let second = sessions.open(now).expect("random numbers");
        sessions.close(&second);
        assert!(!sessions.holds(&second, now) && sessions.holds(&first, now));
        for _ in 0..MOST {
            sessions.open(now).expect("random numbers");
        }
        assert!(!sessions.holds(&first, now));
        assert_eq!(sessions.0.len(), MOST);
    }
}
