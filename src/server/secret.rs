//! The secrets by which callers prove themselves, and how they are compared.
//!
//! A PIN is kept as its Argon2id hash only (RFC 9106; a PHC string such as `$argon2id$v=19$m=19456,t=2,p=1$...`), so that
//! reading the configuration gives nobody a way in. A token is long and random, so its SHA-256 is enough. Both are
//! compared in constant time. Refused: PINs shorter than [`LEAST_PIN_DIGITS`] or that anybody would try first, hashes of
//! another kind or too cheap to be one, tokens that are too short. There is no default secret.

use std::path::Path;

use argon2::Argon2;
use argon2::PasswordHash;
use argon2::PasswordHasher;
use argon2::PasswordVerifier;
use argon2::password_hash::SaltString;
use sha2::Digest;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::config::SecurityConfig;
use crate::fault::Fault;
use crate::fault::Kind;

/// Fewest digits of a PIN.
pub const LEAST_PIN_DIGITS: usize = 6;
/// Most bytes of a PIN, so that nobody can make us hash a novel.
pub const MOST_PIN_BYTES: usize = 64;
/// Fewest characters of a token: 128 bits, written as base64 or hexadecimal.
pub const LEAST_TOKEN_CHARS: usize = 22;
/// Most bytes of a file that holds a secret.
const MOST_FILE_BYTES: u64 = 4096;
/// Least memory of a hash, KiB: half of what OWASP advises for Argon2id.
const LEAST_MEMORY_KIB: u32 = 9_216;
/// Most memory and passes of a hash: more would let a login stall the machine.
const MOST_MEMORY_KIB: u32 = 262_144;
const MOST_PASSES: u32 = 16;

/// Why a secret cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Too short, or not made of digits.
    #[error("an operator's PIN has {LEAST_PIN_DIGITS} to {MOST_PIN_BYTES} digits and nothing else; choose such a one")]
    WeakPin,
    /// Anybody would try it.
    #[error("this PIN is among the first that anybody would try; choose another")]
    ObviousPin,
    /// No Argon2id hash.
    #[error("security.{key} is no Argon2id hash of usual cost; make one with `portraitist pin`")]
    Hash {
        /// The configuration's key.
        key: &'static str,
    },
    /// Too short.
    #[error(
        "the token of security.{key} is shorter than {LEAST_TOKEN_CHARS} characters; make one with `portraitist pin --token`"
    )]
    Token {
        /// The configuration's key.
        key: &'static str,
    },
    /// A file that cannot be read.
    #[error("security.{key}: {file} cannot be read ({why}); correct its name or its permissions")]
    File {
        /// The configuration's key.
        key: &'static str,
        /// The file.
        file: String,
        /// What the system says.
        why: String,
    },
    /// The machine gives no random numbers, or no memory.
    #[error("the machine cannot make a secret now ({0}); try again")]
    Machine(String),
}

impl From<SecretError> for Fault {
    fn from(error: SecretError) -> Self {
        let kind = match error {
            SecretError::WeakPin | SecretError::ObviousPin => Kind::BadInput,
            SecretError::Machine(_) => Kind::Unexpected,
            _ => Kind::Config,
        };
        Fault::new(kind, error.to_string())
    }
}

/// An operator's PIN, as its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinHash(String);

impl PinHash {
    /// The hash of a new PIN.
    ///
    /// # Errors
    /// A PIN that is too short or too obvious.
    pub fn of(pin: &str) -> Result<Self, SecretError> {
        if pin.len() < LEAST_PIN_DIGITS || pin.len() > MOST_PIN_BYTES || !pin.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SecretError::WeakPin);
        }
        if is_obvious(pin) {
            return Err(SecretError::ObviousPin);
        }
        let salt = SaltString::encode_b64(&random::<16>()?).map_err(|e| SecretError::Machine(e.to_string()))?;
        let hash = Argon2::default().hash_password(pin.as_bytes(), &salt);
        Ok(Self(hash.map_err(|e| SecretError::Machine(e.to_string()))?.to_string()))
    }

    /// The hash written in the configuration under `key`.
    ///
    /// # Errors
    /// It is none, not Argon2id's, or of a cost that makes no sense.
    pub fn parse(text: &str, key: &'static str) -> Result<Self, SecretError> {
        let refused = || SecretError::Hash { key };
        let hash = PasswordHash::new(text.trim()).map_err(|_| refused())?;
        let cost = |name: &str| hash.params.get_decimal(name).unwrap_or(0);
        let sound = hash.algorithm == argon2::ARGON2ID_IDENT
            && hash.hash.is_some_and(|output| output.len() >= 16)
            && hash.salt.is_some()
            && (LEAST_MEMORY_KIB..=MOST_MEMORY_KIB).contains(&cost("m"))
            && (1..=MOST_PASSES).contains(&cost("t"));
        if sound { Ok(Self(text.trim().to_owned())) } else { Err(refused()) }
    }

    /// Whether `pin` is the one; takes some tens of milliseconds and some megabytes on purpose.
    pub fn matches(&self, pin: &str) -> bool {
        pin.len() <= MOST_PIN_BYTES
            && PasswordHash::new(&self.0)
                .is_ok_and(|hash| Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok())
    }

    /// As it is written in the configuration.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// All the same, or counting up or down.
fn is_obvious(pin: &str) -> bool {
    let steps: Vec<i16> = pin.as_bytes().windows(2).map(|pair| i16::from(pair[1]) - i16::from(pair[0])).collect();
    [0, 1, -1].iter().any(|step| steps.iter().all(|s| s == step))
}

/// A token, as its SHA-256.
#[derive(Debug, Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// A new token and its text, which is told once and kept nowhere: 256 random bits in hexadecimal.
    ///
    /// # Errors
    /// The machine gives no random numbers.
    pub fn create() -> Result<(Self, String), SecretError> {
        let text: String = random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((Self::digest(&text), text))
    }

    /// The token of this text, found under `key` of the configuration.
    ///
    /// # Errors
    /// It is too short to be one.
    pub fn parse(text: &str, key: &'static str) -> Result<Self, SecretError> {
        let text = text.trim();
        if text.len() < LEAST_TOKEN_CHARS { Err(SecretError::Token { key }) } else { Ok(Self::digest(text)) }
    }

    /// Whether `text` is the token.
    pub fn matches(&self, text: &str) -> bool {
        Self::digest(text).0.ct_eq(&self.0).into()
    }

    fn digest(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

/// What callers may prove themselves by.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// The operator's PIN.
    pub pin: Option<PinHash>,
    /// The operator's token, for programs.
    pub token: Option<Token>,
    /// The token of whoever collects metrics.
    pub metrics: Option<Token>,
    /// A token of this run alone, for commands of the same user.
    pub run: Option<Token>,
}

impl Secrets {
    /// Those of the configuration, files read.
    ///
    /// # Errors
    /// One that cannot be used.
    pub fn load(config: &SecurityConfig) -> Result<Self, SecretError> {
        let pin = match (&config.operator_pin_hash, &config.operator_pin_hash_file) {
            (hash, _) if !hash.is_empty() => Some(PinHash::parse(hash, "operator_pin_hash")?),
            (_, file) => match read(file, "operator_pin_hash_file")? {
                Some(hash) => Some(PinHash::parse(&hash, "operator_pin_hash_file")?),
                None => None,
            },
        };
        let token = |file: &str, key| read(file, key)?.map(|text| Token::parse(&text, key)).transpose();
        Ok(Self {
            pin,
            token: token(&config.operator_token_file, "operator_token_file")?,
            metrics: token(&config.metrics_token_file, "metrics_token_file")?,
            run: None,
        })
    }

    /// Whether an operator can prove to be one.
    pub fn know_an_operator(&self) -> bool {
        self.pin.is_some() || self.token.is_some()
    }
}

fn read(file: &str, key: &'static str) -> Result<Option<String>, SecretError> {
    if file.is_empty() {
        return Ok(None);
    }
    let refused = |why: String| SecretError::File { key, file: file.to_owned(), why };
    let opened = std::fs::File::open(Path::new(file)).map_err(|e| refused(e.to_string()))?;
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::Read::take(opened, MOST_FILE_BYTES), &mut text)
        .map_err(|e| refused(e.to_string()))?;
    Ok(Some(text))
}

/// `N` bytes nobody can foresee.
pub(super) fn random<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| SecretError::Machine(e.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_known_by_its_hash_alone() {
        let hash = PinHash::of("271828").expect("a good PIN");
        assert!(hash.as_str().starts_with("$argon2id$"));
        assert_ne!(hash, PinHash::of("271828").expect("a good PIN"), "each hash has its own salt");
        let read = PinHash::parse(&format!(" {}\n", hash.as_str()), "operator_pin_hash").expect("our own hash");
        assert!(read.matches("271828"));
        for wrong in ["", "271829", "27182", "2718281", "271828 ", &"2".repeat(MOST_PIN_BYTES + 1)] {
            assert!(!read.matches(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn weak_secrets_are_refused() {
        for weak in ["", "12345", "abcdef", "27182８", "27 1828", &"9".repeat(65)] {
            assert_eq!(PinHash::of(weak), Err(SecretError::WeakPin), "{weak:?}");
        }
        for obvious in ["000000", "123456", "987654", "7777777"] {
            assert_eq!(PinHash::of(obvious), Err(SecretError::ObviousPin), "{obvious}");
        }
        let salt = "c29tZXNhbHRzb21lc2FsdA";
        let output = "RdescudvJCsgt3ub+b4dWRWJTmaaJObG2vYXQDGyCpY";
        for hash in [
            "271828".to_owned(),
            String::new(),
            format!("$argon2i$v=19$m=19456,t=2,p=1${salt}${output}"),
            format!("$argon2id$v=19$m=8,t=1,p=1${salt}${output}"),
            format!("$argon2id$v=19$m=4294967295,t=2,p=1${salt}${output}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1${salt}"),
        ] {
            assert!(PinHash::parse(&hash, "operator_pin_hash").is_err(), "{hash}");
        }
        assert!(Token::parse("too-short", "operator_token_file").is_err());
    }

    #[test]
    fn tokens_match_themselves_only() {
        let (token, text) = Token::create().expect("random numbers");
        assert_eq!(text.len(), 64);
        assert!(token.matches(&text) && !token.matches(&text[1..]) && !token.matches(""));
    }

    #[test]
    fn secrets_come_from_files_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        std::fs::write(path("pin"), PinHash::of("314159").expect("good").as_str()).expect("writable");
        std::fs::write(path("token"), format!("{}\n", "t".repeat(40))).expect("writable");
        let config = SecurityConfig {
            operator_pin_hash_file: path("pin"),
            operator_token_file: path("token"),
            ..SecurityConfig::default()
        };
        let secrets = Secrets::load(&config).expect("readable");
        assert!(secrets.pin.as_ref().is_some_and(|pin| pin.matches("314159")));
        assert!(secrets.token.as_ref().is_some_and(|token| token.matches(&"t".repeat(40))));
        assert!(secrets.metrics.is_none() && secrets.know_an_operator());
        let missing = SecurityConfig { metrics_token_file: path("none"), ..SecurityConfig::default() };
        assert!(Secrets::load(&missing).expect_err("missing").to_string().contains("metrics_token_file"));
        assert!(!Secrets::load(&SecurityConfig::default()).expect("nothing").know_an_operator(), "no default secret");
    }
}
