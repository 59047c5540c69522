//! Who is asking, and what they may: the roles, and how a caller comes by one.
//!
//! A caller at this machine's own screen (a loopback address) is a visitor and needs no proof. An operator proves to be
//! one by a PIN, which opens a session kept in a cookie (`HttpOnly`, `SameSite=Strict`), or by a bearer token. Metrics
//! have a token of their own; where none is configured, this machine may read them: they are counts and states, and a
//! collector beside the program needs no secret (the study's D2 asks for the one or the other). Nobody else is anybody. Wrong PINs
//! cost waiting ([`back_off`](super::back_off)), one PIN is looked at at a time, and every failure is counted.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::Semaphore;

use super::back_off::BackOff;
use super::problem::Problem;
use super::secret::Secrets;
use super::sessions::COOKIE;
use super::sessions::LIFETIME;
use super::sessions::Sessions;

/// What a caller may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Whoever is let in at all.
    Anyone,
    /// Who stands before this machine's own screen.
    Visitor,
    /// Who runs the exhibition.
    Operator,
    /// Who collects metrics.
    Metrics,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 4] = [Role::Anyone, Role::Visitor, Role::Operator, Role::Metrics];

    /// Its name in the API's description.
    pub fn name(self) -> &'static str {
        match self {
            Role::Anyone => "anyone",
            Role::Visitor => "visitor",
            Role::Operator => "operator",
            Role::Metrics => "metrics",
        }
    }
}

/// A caller whose proofs have been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    address: Option<IpAddr>,
    visitor: bool,
    operator: bool,
    metrics: bool,
    /// Whether it showed a token, which no browser sends by itself.
    showed_token: bool,
}

impl Caller {
    /// Whether it holds `role`. An operator holds all.
    pub fn holds(&self, role: Role) -> bool {
        match role {
            Role::Anyone => true,
            Role::Visitor => self.visitor || self.operator,
            Role::Operator => self.operator,
            Role::Metrics => self.metrics || self.operator,
        }
    }

    /// Where it calls from.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Whether it proved itself by a token, which no page of another site can make a browser send.
    pub fn showed_token(&self) -> bool {
        self.showed_token
    }
}

/// The door: secrets, sessions, and the count of failures.
#[derive(Debug)]
pub struct Access {
    secrets: Secrets,
    sessions: Mutex<Sessions>,
    back_off: Arc<Mutex<BackOff>>,
    one_at_a_time: Semaphore,
    failures: Counter,
}

impl Access {
    /// A door for those who know one of `secrets`; failures are remembered in `lock_out_file`.
    pub fn new(secrets: Secrets, lock_out_file: Option<PathBuf>) -> Self {
        Self {
            secrets,
            sessions: Mutex::default(),
            back_off: Arc::new(Mutex::new(BackOff::load(lock_out_file))),
            one_at_a_time: Semaphore::new(1),
            failures: Counter::default(),
        }
    }

    /// Whether an operator can prove to be one.
    pub fn knows_an_operator(&self) -> bool {
        self.secrets.know_an_operator()
    }

    /// Whether an operator can log in by a PIN.
    pub fn knows_a_pin(&self) -> bool {
        self.secrets.pin.is_some()
    }

    /// The count of failed proofs.
    pub(super) fn failures(&self) -> Counter {
        self.failures.clone()
    }

    /// Who asks from `address` with these `headers`.
    ///
    /// # Errors
    /// It shows a token that is none.
    pub fn caller(&self, address: Option<IpAddr>, headers: &HeaderMap) -> Result<Caller, Problem> {
        let here = address.is_some_and(|ip| ip.to_canonical().is_loopback());
        let metrics = here && self.secrets.metrics.is_none();
        let mut caller = Caller { address, visitor: here, operator: false, metrics, showed_token: false };
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let bearer = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default().trim();
            let is = |token: &Option<super::secret::Token>| token.as_ref().is_some_and(|token| token.matches(bearer));
            caller.operator = is(&self.secrets.token) || is(&self.secrets.run);
            caller.metrics |= is(&self.secrets.metrics);
            caller.showed_token = caller.operator || is(&self.secrets.metrics);
            if !caller.showed_token {
                self.failures.inc();
                return Err(refused("the token is not one of ours; correct it"));
            }
        }
        if let Some(name) = cookie(headers) {
            caller.operator |= held(&self.sessions).holds(name, Instant::now());
        }
        Ok(caller)
    }

    /// Opens a session for who knows the PIN: the value of a `Set-Cookie` header.
    ///
    /// # Errors
    /// A wrong PIN, too many of them before, no PIN configured.
    pub async fn log_in(&self, address: IpAddr, pin: String) -> Result<String, Problem> {
        let Some(hash) = self.secrets.pin.clone() else {
            return Err(Problem::new(StatusCode::FORBIDDEN, "AUTH_NO_PIN", "no operator's PIN is configured"));
        };
        let Ok(_turn) = self.one_at_a_time.try_acquire() else {
            return Err(wait(1));
        };
        let now_unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let must_wait = held(&self.back_off).wait_secs(address, now_unix);
        if must_wait > 0 {
            self.failures.inc();
            return Err(wait(must_wait));
        }
        let back_off = Arc::clone(&self.back_off);
        // Hashing takes a while on purpose, and writing the count touches the disk: neither may hold up the others.
        let right = tokio::task::spawn_blocking(move || {
            held(&back_off).failed(address, now_unix)?;
            let right = hash.matches(&pin);
            if right {
                held(&back_off).succeeded(address)?;
            }
            Ok::<bool, std::io::Error>(right)
        })
        .await;
        match right {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => {
                self.failures.inc();
                return Err(refused("this is not the PIN; try again"));
            }
            _ => {
                let detail =
                    "wrong PINs cannot be counted (security.lock_out_file cannot be written), so none is tried";
                return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "AUTH_NO_COUNT", detail));
            }
        }
        let name = held(&self.sessions)
            .open(Instant::now())
            .map_err(|e| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "AUTH_NO_SESSION", e.to_string()))?;
        Ok(format!("{COOKIE}={name}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}", LIFETIME.as_secs()))
    }

    /// Ends the session of a request with these `headers`: the value of a `Set-Cookie` header.
    pub fn log_out(&self, headers: &HeaderMap) -> String {
        if let Some(name) = cookie(headers) {
            held(&self.sessions).close(name);
        }
        format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    }
}

/// The refusal of who holds no role that would do.
pub(super) fn refused(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "AUTH_REQUIRED", detail)
}

fn wait(secs: u64) -> Problem {
    let detail = format!("too many wrong PINs; try again in {secs} s");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "AUTH_LOCKED", detail).retry_after(secs)
}

/// The session's name in the request's cookies.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|text| text.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// What a mutex holds. None of ours is left half-changed by a panic, so a poisoned one is as good.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
