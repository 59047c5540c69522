//! `portraitist doctor`: is this machine ready? Camera, ports, permissions, model files, disk, fonts, configuration.
//!
//! A missing camera or robot is only a note, since both have built-in stand-ins; what is there but cannot be used is a
//! fault. Nothing is opened that would move or reset a device, unless the robot is asked for: opening its port resets
//! many boards, and whatever it is doing is stopped.

use std::fmt;
use std::fs;
use std::path::Path;

use models::Manifest;
use rustix::fs::Access;
use serde::Serialize;
use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::arguments::Doctor;
use super::browser;
use super::cable::SIMULATED;
use super::output;
use super::output::Folder;
use super::robot::status_line;
use crate::camera;
use crate::camera::Source;
use crate::config::Config;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::robot;
use crate::robot::ConnectError;
use crate::robot::Identity;
use crate::robot::Origin;
use crate::robot::PortError;
use crate::robot::Serial;
use crate::robot::Stop;
use crate::robot::Talk;

/// Free disk space below which an evening's drawings may not fit, in bytes (a drawing's folder takes about 2 MB).
const LOW_DISK_BYTES: u64 = 500_000_000;
/// More processes than these are not looked at.
const MOST_PROCESSES: usize = 100_000;

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
pub(super) struct Finding {
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
pub fn run(everywhere: &Everywhere, command: &Doctor) -> Result<(), Fault> {
    let (faults, findings) = look(everywhere, command);
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

/// How many faults there are, and everything that was found.
pub(super) fn look(everywhere: &Everywhere, command: &Doctor) -> (usize, Vec<Finding>) {
    let mut findings = Vec::new();
    let machine = Machine { robot: command.robot.clone().flatten(), ..Machine::default() };
    let config = super::config::resolve(everywhere, &machine);
    match &config {
        Ok(config) => {
            findings.push(Finding::new("configuration", State::Good, format!("robot \"{}\"", config.robot.name)));
            findings.push(cameras(config.camera.source));
        }
        Err(fault) => findings.push(Finding::new("configuration", State::Fault, fault.to_string())),
    }
    let named = command.port.as_deref().or(config.as_ref().ok().map(|config| config.port.path.as_str()));
    findings.extend(ports(named.unwrap_or_default()));
    findings.extend(thieves());
    if let (Some(_), Ok(config)) = (&command.robot, &config) {
        findings.extend(meet(named.unwrap_or_default(), config));
    }
    if let Ok(config) = &config {
        findings.push(weights(config));
        findings.extend(booth(config));
    }
    findings.extend(disk(Path::new("drawings")));

    let faults = findings.iter().filter(|f| f.state == State::Fault).count();
    (faults, findings)
}

/// What a booth needs besides: a folder of its own, memory that is never swapped, a clock.
fn booth(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    match config.booth.state_folder() {
        None => findings.push(Finding::new(
            "booth",
            State::Fault,
            "there is no home for its folder; set booth.state_folder",
        )),
        // Whoever runs has made it; for all others it is enough that it can be made.
        Some(folder) => {
            let first = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
            findings.push(if rustix::fs::access(first, Access::WRITE_OK).is_ok() {
                Finding::new("booth", State::Good, format!("drawings under way are kept in {}", folder.display()))
            } else {
                let text = format!("{} cannot be written; set booth.state_folder", first.display());
                Finding::new("booth", State::Fault, text)
            });
        }
    }
    let unlimited = rustix::process::getrlimit(rustix::process::Resource::Memlock).current.is_none();
    findings.push(if unlimited {
        Finding::new("memory", State::Good, "the sitter's process may keep its memory from being swapped")
    } else {
        let text = "the sitter's memory may be swapped; forbid swap (MemorySwapMax=0) or set LimitMEMLOCK=infinity";
        Finding::new("memory", State::Note, text)
    });
    findings.extend(letters());
    findings
}

/// Scripts that the page's own font lacks, by the first letter of their language's button (which is what the page asks its
/// browser for, too), and the Debian package that has them.
const SCRIPTS: [(&str, char, &str); 3] = [
    ("Chinese", '\u{7b80}', "fonts-noto-cjk"),
    ("Japanese", '\u{65e5}', "fonts-noto-cjk"),
    ("Arabic", '\u{627}', "fonts-noto-core"),
];

/// Whether a browser on this machine can write every language; nothing where fontconfig has no `fc-list` to ask.
fn letters() -> Option<Finding> {
    let mut lacking = Vec::new();
    for (script, letter, package) in SCRIPTS {
        if !browser::has_font(letter)? {
            lacking.push(format!("{script} ({package})"));
        }
    }
    Some(if lacking.is_empty() {
        Finding::new("letters", State::Good, "a browser on this machine can write every language of the page")
    } else {
        let text = format!("no font for {}; the page leaves these languages out in a browser here", lacking.join(", "));
        Finding::new("letters", State::Note, text)
    })
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

fn weights(config: &Config) -> Finding {
    let manifest = Manifest::shipped();
    let folder = config.models.folder();
    let wrong = models::weights::check(&manifest, &folder);
    if wrong.is_empty() {
        let text = format!("{} verified in {}", manifest.entries().len(), folder.display());
        return Finding::new("model files", State::Good, text);
    }
    let sentences: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    Finding::new("model files", State::Fault, sentences.join("; "))
}

/// Every port, and the one `named` by the command line or the configuration, which may be none of them.
fn ports(named: &str) -> Vec<Finding> {
    let found = robot::list();
    let mut findings: Vec<Finding> =
        found.iter().map(|port| usable(Path::new(&port.device), &port.to_string())).collect();
    if !named.is_empty() && named != SIMULATED {
        match named.parse::<Identity>().and_then(|identity| identity.path(&found)) {
            Ok(device) if found.iter().any(|port| port.device == device || port.links.contains(&device)) => {}
            Ok(device) if Path::new(&device).exists() => findings.push(usable(Path::new(&device), named)),
            Ok(_) => findings.push(Finding::new(
                "port",
                State::Fault,
                format!("there is no port {named}, which is to be used; plug the robot in, or see robot list"),
            )),
            Err(error) => findings.push(Finding::new("port", State::Fault, error.to_string())),
        }
    }
    if findings.is_empty() {
        findings.push(Finding::new("port", State::Note, "no serial port; the simulated robot works without one"));
    }
    findings
}

/// Whether this user may use the port, and whether nobody else does.
fn usable(device: &Path, called: &str) -> Finding {
    if rustix::fs::access(device, Access::READ_OK | Access::WRITE_OK).is_err() {
        let error = PortError::NotAllowed { port: called.into() };
        return Finding::new("port", State::Fault, error.to_string());
    }
    // A pseudo-terminal is always held by the program that offers it.
    let offered = device.starts_with("/dev/pts") || device.canonicalize().is_ok_and(|to| to.starts_with("/dev/pts"));
    let holders = robot::holders(device).into_iter().filter(|holder| holder.locked || !offered);
    let holders: Vec<String> = holders.map(|holder| holder.to_string()).collect();
    if holders.is_empty() {
        return Finding::new("port", State::Good, format!("{called}; free"));
    }
    Finding::new("port", State::Note, format!("{called}; in use by {}", holders.join(" and ")))
}

/// Programs that take serial ports unasked.
fn thieves() -> Option<Finding> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().take(MOST_PROCESSES);
    let names = processes.filter_map(|process| fs::read_to_string(process.path().join("comm")).ok());
    let mut there: Vec<String> = names.map(|name| name.trim().to_owned()).filter(|name| is_thief(name)).collect();
    there.sort();
    there.dedup();
    let names = there.join(" and ");
    (!there.is_empty()).then(|| {
        let text = format!("{names} runs, which takes serial ports that are plugged in; remove it if ports are busy");
        Finding::new("port", State::Note, text)
    })
}

fn is_thief(name: &str) -> bool {
    ["ModemManager", "brltty"].contains(&name)
}

/// Meets the robot: who it is, what it is doing, what of its settings will not do.
fn meet(named: &str, config: &Config) -> Vec<Finding> {
    let fault = |error: String| vec![Finding::new("robot", State::Fault, error)];
    if named.is_empty() || named == SIMULATED {
        return fault("no port is named, so no robot can be met; give --port, or set port.path".into());
    }
    let mut port = match Serial::open(named, config.robot.baud) {
        Ok(port) => port,
        Err(error) => return fault(error.to_string()),
    };
    let met = match Talk::new(&mut port, &Stop::default()).meet(config.robot.baud) {
        Ok(met) => met,
        Err(error) => return fault(error.to_string()),
    };
    let mut findings = vec![Finding::new("robot", State::Good, status_line(named, &met))];
    for remark in met.remarks(&config.robot) {
        findings.push(Finding::new("settings", if remark.unfit { State::Fault } else { State::Note }, remark.sentence));
    }
    if findings.len() == 1 {
        let text = format!("as the profile \"{}\" says", config.robot.name);
        findings.push(Finding::new("settings", State::Good, text));
    }
    // What is unfit stands there already, each in its own line.
    match met.may_draw(&config.robot, Origin::Here) {
        Err(ConnectError::Unfit(_)) => {}
        Err(error) => findings.push(Finding::new("robot", State::Fault, error.to_string())),
        Ok(()) => findings.push(Finding::new("robot", State::Good, "it may draw, once a person says where its pen is")),
    }
    findings
}

fn disk(folder: &Path) -> Vec<Finding> {
    let created = Folder::create(folder);
    let space = rustix::fs::statvfs(if folder.exists() { folder } else { Path::new(".") });
    let writable = match created {
        Ok(created) => {
            // Looking must leave nothing behind.
            created.unmake();
            Finding::new("drawings", State::Good, format!("{} can be written", folder.display()))
        }
        Err(fault) => Finding::new("drawings", State::Fault, fault.to_string()),
    };
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
