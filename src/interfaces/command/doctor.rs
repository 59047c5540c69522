//! `portraitist doctor`: is this machine ready? Camera, ports, permissions, model files, disk, configuration.
//!
//! A missing camera or robot is only a note, since both have built-in stand-ins; what is there but cannot be used is a
//! fault. Nothing is opened that would move or reset a device.

use std::fmt;
use std::path::Path;

use models::Manifest;
use rustix::fs::Access;
use serde::Serialize;
use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::output;
use super::output::Folder;
use crate::camera;
use crate::camera::Source;
use crate::fault::Fault;
use crate::fault::Kind;

/// Free disk space below which an evening's drawings may not fit, in bytes (a drawing's folder takes about 2 MB).
const LOW_DISK_BYTES: u64 = 500_000_000;

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Good,
    Note,
    Fault,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            State::Good => "good",
            State::Note => "note",
            State::Fault => "FAULT",
        })
    }
}

#[derive(Debug, Clone, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    text: String,
}

impl Finding {
    fn new(what: &'static str, state: State, text: impl Into<String>) -> Self {
        Self { what, state, text: text.into() }
    }
}

/// Runs it.
pub fn run(everywhere: &Everywhere) -> Result<(), Fault> {
    let mut findings = Vec::new();
    match super::config::resolve(everywhere, &Machine::default()) {
        Ok(config) => {
            findings.push(Finding::new("configuration", State::Good, format!("robot \"{}\"", config.robot.name)));
            findings.push(cameras(config.camera.source));
        }
        Err(fault) => findings.push(Finding::new("configuration", State::Fault, fault.to_string())),
    }
    findings.extend(ports());
    findings.push(weights());
    findings.extend(disk(Path::new("drawings")));

    let faults = findings.iter().filter(|f| f.state == State::Fault).count();
    if everywhere.json {
        output::print_json("doctor", json!({ "findings": findings, "faults": faults }))?;
    } else {
        for finding in &findings {
            output::print_line(&format!("{:<5}  {:<13}  {}", finding.state, finding.what, finding.text))?;
        }
    }
    match faults {
        0 => Ok(()),
        1 => Err(Fault::new(Kind::Doctor, "one fault found; its line says what to do")),
        n => Err(Fault::new(Kind::Doctor, format!("{n} faults found; their lines say what to do"))),
    }
}

fn cameras(source: Source) -> Finding {
    let found = camera::list();
    match (found.len(), source) {
        (0, Source::Webcam) => Finding::new(
            "camera",
            State::Note,
            "none connected; photos, a folder as camera and the sample sitters work without one",
        ),
        (0, _) => Finding::new("camera", State::Good, "none needed: the configuration names no webcam"),
        (_, _) => {
            let state = if found.iter().any(|c| c.problem.is_some()) { State::Fault } else { State::Good };
            let names: Vec<String> = found.iter().map(ToString::to_string).collect();
            Finding::new("camera", state, names.join("; "))
        }
    }
}

fn weights() -> Finding {
    let manifest = Manifest::shipped();
    if manifest.entries().is_empty() {
        return Finding::new("model files", State::Good, "none needed: style flow draws without a network");
    }
    let wrong = models::weights::check(&manifest, Path::new("models/weights"));
    match wrong.first() {
        None => Finding::new("model files", State::Good, format!("{} verified", manifest.entries().len())),
        Some(error) => Finding::new("model files", State::Fault, error.to_string()),
    }
}

fn ports() -> Vec<Finding> {
    let ports = match serialport::available_ports() {
        Ok(ports) => ports,
        Err(e) => return vec![Finding::new("port", State::Fault, format!("the serial ports cannot be listed ({e})"))],
    };
    if ports.is_empty() {
        return vec![Finding::new("port", State::Note, "no serial port; the simulated robot works without one")];
    }
    ports
        .into_iter()
        .map(|port| match rustix::fs::access(port.port_name.as_str(), Access::READ_OK | Access::WRITE_OK) {
            Ok(()) => Finding::new("port", State::Good, port.port_name),
            Err(_) => Finding::new(
                "port",
                State::Fault,
                format!("this user may not use {}; add the user to the group dialout and log in anew", port.port_name),
            ),
        })
        .collect()
}

fn disk(folder: &Path) -> Vec<Finding> {
    let existed = folder.exists();
    let writable = match Folder::create(folder) {
        Ok(_) => Finding::new("drawings", State::Good, format!("{} can be written", folder.display())),
        Err(fault) => Finding::new("drawings", State::Fault, fault.to_string()),
    };
    let space = rustix::fs::statvfs(if folder.exists() { folder } else { Path::new(".") });
    if !existed {
        // Looking must leave nothing behind; it stays if it is not empty.
        let _ = std::fs::remove_dir(folder);
    }
    let space = match space {
        Ok(fs) => {
            let free = fs.f_bavail.saturating_mul(fs.f_frsize);
            let text = format!("{:.1} GB free", free as f64 / 1e9);
            if free < LOW_DISK_BYTES {
                Finding::new(
                    "disk",
                    State::Fault,
                    format!("{text}; make room for at least {} MB", LOW_DISK_BYTES / 1_000_000),
                )
            } else {
                Finding::new("disk", State::Good, text)
            }
        }
        Err(e) => Finding::new("disk", State::Note, format!("free space is unknown ({e})")),
    };
    vec![writable, space]
}
