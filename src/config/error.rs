//! What can be wrong with a configuration: one sentence each, with the file and the line.

use crate::fault::Fault;
use crate::fault::Kind;

/// Why a configuration cannot be used. `place` is `file:line`, `--set`, or the environment variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is documented by its sentence; fields are what the sentence names")]
pub enum ConfigError {
    #[error("{file} cannot be read: {what}")]
    Unreadable { file: String, what: String },
    #[error("{file} is larger than {most} bytes and so no configuration file")]
    TooLarge { file: String, most: u64 },
    #[error("{folder} holds more than {most} files: keep fewer configuration files there")]
    TooManyFiles { folder: String, most: usize },
    #[error("{place}: {what}")]
    Syntax { place: String, what: String },
    #[error("{place}: the file must begin with the line \"version = 1\"")]
    NoVersion { place: String },
    #[error("{place}: this program reads configurations of version 1, not {version}")]
    Version { place: String, version: String },
    #[error("{place}: unknown key \"{key}\"{hint}")]
    UnknownKey { place: String, key: String, hint: String },
    #[error("{place}: {key} is a section: write [{key}] and its keys below it")]
    NotASection { place: String, key: String },
    #[error("{place}: {key} {problem}")]
    Value { place: String, key: String, problem: String },
    #[error("--set {text}: write it as --set section.key=value")]
    Set { text: String },
    #[error("{place}: unknown {kind} \"{name}\"{hint}")]
    UnknownProfile { place: String, kind: &'static str, name: String, hint: String },
    #[error("[{section}] is incomplete or inconsistent ({origin}): {what}")]
    Section { section: String, origin: String, what: String },
    #[error("{what}")]
    Conflict { what: String },
}

impl From<ConfigError> for Fault {
    fn from(error: ConfigError) -> Self {
        Fault::new(Kind::Config, error.to_string())
    }
}
