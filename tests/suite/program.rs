//! Runs the built program, as its users do.

use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

/// What the program did.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Its standard output as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("no JSON ({e}): {}\n{}", self.stdout, self.stderr))
    }

    /// Asserts that it failed with `code` and one clear sentence that contains `words`.
    pub fn refused(&self, code: i32, words: &[&str]) {
        let text = self.stderr.trim_end();
        assert_eq!(self.code, code, "exit code; it said: {text}");
        assert_eq!(text.lines().count(), 1, "one sentence, not {text}");
        assert!(text.starts_with("portraitist: "), "{text}");
        for word in words {
            assert!(text.contains(word), "{word:?} is missing in: {text}");
        }
        assert!(self.stdout.is_empty(), "results and errors must not mix: {}", self.stdout);
    }
}

impl Run {
    /// The same of a program that was asked for JSON: its error is one JSON value.
    pub fn refused_json(&self, code: i32, words: &[&str]) {
        let error: Value =
            serde_json::from_str(&self.stderr).unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.stderr));
        assert_eq!((self.code, error["exit_code"].as_i64()), (code, Some(i64::from(code))), "{error}");
        let text = error["error"].as_str().expect("a sentence");
        words.iter().for_each(|word| assert!(text.contains(word), "{word:?} is missing in: {text}"));
    }
}

/// A scratch folder in which the program runs with no configuration but its own.
pub struct Bench(TempDir);

impl Bench {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a scratch folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file into the folder and gives its name back.
    pub fn file<'a>(&self, name: &'a str, bytes: &[u8]) -> &'a str {
        std::fs::write(self.0.path().join(name), bytes).expect("the scratch folder is writable");
        name
    }

    /// The program with `arguments`, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portraitist"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env("XDG_CONFIG_HOME", self.0.path())
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program with `arguments`, quietly.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(&[&["-q"], arguments].concat()).output().expect("the program starts");
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
