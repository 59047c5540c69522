//! The booth as a service: what it tells the service manager, and the unit and rules that are shipped for it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use crate::program::Bench;
use crate::served;

/// A busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(120);

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/service").join(name)
}

#[test]
fn the_service_manager_hears_when_it_is_ready_alive_and_ending() {
    let bench = Bench::new();
    let socket = UnixDatagram::bind(bench.path().join("notify")).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let state = format!("booth.state_folder={}", bench.path().join("state").display());
    let mut process = bench
        .command(&["--set", &state, "serve", "--sample", "--at-once"])
        .env("NOTIFY_SOCKET", bench.path().join("notify"))
        .env("WATCHDOG_USEC", "600000")
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    let hear = || {
        let mut words = [0; 256];
        let bytes = socket.recv(&mut words).expect("it speaks");
        String::from_utf8_lossy(&words[..bytes]).trim().to_owned()
    };
    assert_eq!(hear(), "READY=1");
    let since = Instant::now();
    for _ in 0..3 {
        assert_eq!(hear(), "WATCHDOG=1");
    }
    assert!(since.elapsed() < PATIENCE / 4, "a third of the time that the manager waits");
    let pid = rustix::process::Pid::from_child(&process);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    while hear() != "STOPPING=1" {}
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
}

#[test]
fn the_alerts_ask_for_what_the_booth_tells() {
    let alerts = fs::read_to_string(shipped("portraitist-alerts.yml")).expect("shipped");
    let bench = Bench::new();
    let state = format!("booth.state_folder={}", bench.path().join("state").display());
    let served = served::serve(&bench, &["--set", &state, "serve", "--sample", "--at-once"]);
    let told = String::from_utf8(served.get("/metrics").body).expect("text");
    let word = |c: char| c.is_ascii_lowercase() || c == '_';
    let asked: BTreeSet<&str> = alerts
        .match_indices("portraitist_")
        .map(|(at, _)| alerts[at..].split(|c| !word(c)).next().unwrap_or_default())
        .collect();
    assert_eq!((alerts.matches("- alert: ").count(), asked.len()), (7, 8), "{asked:?}");
    for name in asked {
        let family = name.trim_end_matches("_total").trim_end_matches("_info");
        assert!(told.contains(&format!("# TYPE {family} ")), "{name} is not told: {told}");
    }
}

#[test]
fn the_unit_is_right_and_gives_away_little() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("the_unit_is_right_and_gives_away_little: skipped, there is no systemd-analyze here");
        return;
    }
    let bench = Bench::new();
    let unit = fs::read_to_string(shipped("portraitist.service")).expect("shipped");
    let unit = unit.replace("/usr/bin/portraitist", env!("CARGO_BIN_EXE_portraitist"));
    let file = bench.path().join("portraitist.service");
    fs::write(&file, unit).expect("written");
    let verify = Command::new("systemd-analyze").arg("verify").arg(&file).output().expect("it runs");
    let said = format!("{}{}", String::from_utf8_lossy(&verify.stdout), String::from_utf8_lossy(&verify.stderr));
    assert!(verify.status.success() && said.is_empty(), "{said}");
    let arguments = ["security", "--offline=true", "--threshold=25"];
    let security = Command::new("systemd-analyze").args(arguments).arg(&file).output().expect("it runs");
    assert!(security.status.success(), "exposed by more than 2.5: {}", String::from_utf8_lossy(&security.stdout));
}

#[test]
fn no_comment_of_the_unit_stands_behind_a_value() {
    for line in fs::read_to_string(shipped("portraitist.service")).expect("shipped").lines() {
        assert!(line.starts_with('#') || !line.contains('#'), "systemd takes it for a part of the value: {line}");
    }
}

#[test]
fn what_the_package_installs_is_there() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("ours");
    let manifest: toml::Value = toml::from_str(&manifest).expect("TOML");
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().expect("a list");
    let mut places = Vec::new();
    for asset in assets {
        let [from, to, _] = [0, 1, 2].map(|n| asset[n].as_str().expect("a text"));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let there = match from.rsplit_once("/*") {
            Some((parent, ending)) => fs::read_dir(folder.join(parent))
                .expect("a folder")
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().ends_with(ending)),
            None => from.starts_with("target/release/") || folder.join(from).is_file(),
        };
        assert!(there, "{from} is not there");
        places.push(to.to_owned());
    }
    // Where the program looks for its weights once it is installed.
    assert!(places.contains(&"usr/share/portraitist/weights/".to_owned()), "{places:?}");
    let unit = fs::read_to_string(shipped("portraitist.service")).expect("shipped");
    assert!(unit.contains("ExecStart=/usr/bin/portraitist ") && places.contains(&"usr/bin/".to_owned()));
}
