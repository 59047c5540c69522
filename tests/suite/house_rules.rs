//! The rules of the house, each with a test whose message names the remedy.
//!
//! Rules read the source as text. Each rule is a function from (path, text) to complaints, and each has a test of
//! its own that it can fail.

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Rooms that may not know of clocks, disks, threads or screens.
const PURE: [&str; 13] = [
    "geom", "raster", "fault", "photo", "face", "sitter", "sketch", "strokes", "plan", "preview", "artists", "kiosk",
    "job",
];
/// What a pure room may not name.
const DEVICES: [&str; 9] = [
    "Instant::now",
    "SystemTime",
    "std::fs",
    "std::env",
    "std::thread",
    "std::net",
    "println!",
    "eprintln!",
    "std::process",
];
/// Who starts programs: a browser for a page, our own program as the sitter's process.
const STARTERS: [&str; 2] = ["src/interfaces/command/browser.rs", "src/booth/sitter/process.rs"];
const MAX_LINES: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `folder`, as (path relative to the root, text).
fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        let mut entries: Vec<_> = fs::read_dir(folder).expect("a folder of the project").flatten().collect();
        entries.sort_by_key(|e| e.path());
        for entry in entries {
            let path = entry.path();
            if path.is_dir() {
                // Generated bindings are a crate of their own.
                if !path.ends_with("v4l2-sys-mit") && !path.ends_with("target") {
                    walk(&path, out);
                }
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(&root().join(folder), &mut files);
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("source is UTF-8");
            let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
            (name, text)
        })
        .collect()
}

/// The rooms, bottom first, as `src/lib.rs` lists them.
fn rooms() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    lib.lines()
        .filter_map(|l| l.strip_prefix("pub mod ").and_then(|l| l.strip_suffix(';')))
        .map(str::to_owned)
        .collect()
}

/// The part of a file before its unit tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

fn room_of(path: &str) -> &str {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    inner.split('/').next().unwrap_or(inner).trim_end_matches(".rs")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Imports of rooms that stand on the same line or higher in `rooms`.
fn upward_imports(path: &str, text: &str, rooms: &[String]) -> Vec<String> {
    let mut complaints = Vec::new();
    let Some(own) = rooms.iter().position(|r| r == room_of(path)) else { return complaints };
    for (n, line) in text.lines().enumerate() {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            if at > 0 && line[..at].ends_with(is_word) {
                continue;
            }
            if rest.starts_with('{') {
                complaints.push(format!(
                    "{path}:{}: write one `use crate::room::Item;` per line, so that this rule can read it",
                    n + 1
                ));
                continue;
            }
            let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
            if let Some(theirs) = rooms.iter().position(|r| *r == name)
                && theirs > own
            {
                complaints.push(format!(
                    "{path}:{}: room `{}` may not import room `{name}`, which stands above it in src/lib.rs; pass the value in as an argument, or move the shared type down",
                    n + 1,
                    rooms[own]
                ));
            }
        }
    }
    complaints
}

fn devices_in_pure_rooms(path: &str, text: &str) -> Vec<String> {
    if !PURE.contains(&room_of(path)) && !path.starts_with("firmware-protocol/src") {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (n, line) in without_tests(text).lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for device in DEVICES {
            if line.contains(device) {
                complaints.push(format!(
                    "{path}:{}: `{device}` in a pure room; take the value as an argument and let camera, robot, config or interfaces fetch it",
                    n + 1
                ));
            }
        }
    }
    complaints
}

/// A server or another program's start where neither belongs.
fn doors_to_the_world(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (n, line) in without_tests(text).lines().enumerate() {
        let web = ["axum::", "tokio::", "hyper::", "hyper_util::"].iter().any(|name| line.contains(name));
        if web && !["server", "booth", "interfaces"].contains(&room_of(path)) {
            complaints.push(format!(
                "{path}:{}: only `server`, `booth` and `interfaces` know the web; give the value to one of their handlers",
                n + 1
            ));
        }
        if line.contains("process::Command") && !STARTERS.contains(&path) {
            complaints.push(format!(
                "{path}:{}: programs are started in {} only, with arguments, never by a shell",
                n + 1,
                STARTERS.join(" and ")
            ));
        }
    }
    complaints
}

fn letters_and_lengths(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if !text.starts_with("//!") {
        complaints.push(format!(
            "{path}: open the file with a `//!` letter: what it does, what it refuses, its units and sources"
        ));
    }
    let lines = text.lines().count();
    if lines > MAX_LINES {
        complaints.push(format!(
            "{path}: {lines} lines; one file is one idea of at most {MAX_LINES} lines: split it where the idea ends"
        ));
    }
    complaints
}

fn check_all(folders: &[&str], rule: impl Fn(&str, &str) -> Vec<String>) {
    let complaints: Vec<String> =
        folders.iter().flat_map(|f| sources(f)).flat_map(|(path, text)| rule(&path, &text)).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn imports_go_downward() {
    let rooms = rooms();
    assert!(rooms.len() > 10, "src/lib.rs lists the rooms as `pub mod` lines");
    check_all(&["src"], |path, text| upward_imports(path, text, &rooms));
}

#[test]
fn pure_rooms_know_no_device() {
    check_all(&["src", "firmware-protocol/src"], devices_in_pure_rooms);
}

#[test]
fn only_the_server_knows_the_web_and_one_file_starts_programs() {
    check_all(&["src", "firmware-protocol/src", "models/src"], doors_to_the_world);
}

#[test]
fn every_file_has_a_letter_and_one_idea() {
    check_all(&["src", "firmware-protocol", "models", "tests"], letters_and_lengths);
}

#[test]
fn every_room_stands_in_the_readme() {
    let readme = fs::read_to_string(root().join("src/README.md")).expect("src/README.md");
    for room in rooms() {
        assert!(
            readme.contains(&format!("`{room}`")),
            "src/README.md does not mention room `{room}`: add a line to its table of rooms"
        );
    }
}

#[test]
fn the_protocol_crate_depends_on_nothing() {
    let manifest = fs::read_to_string(root().join("firmware-protocol/Cargo.toml")).expect("its manifest");
    let dependencies = manifest.split("\n[dependencies]").nth(1).map(|s| s.split("\n[").next().unwrap_or(s).trim());
    assert!(
        dependencies.is_none_or(str::is_empty),
        "firmware-protocol needs core and alloc only; move what needs a dependency to the robot room"
    );
}

/// How `from` comes to depend on `to` by `lock`, the text of a Cargo.lock: the packages on the way, both ends included.
fn dependency_chain(lock: &str, from: &str, to: &str) -> Option<Vec<String>> {
    let lock: toml::Table = lock.parse().expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("packages");
    let of = |name: &str| -> Vec<String> {
        let listed = packages.iter().filter(|package| package["name"].as_str() == Some(name));
        // An entry is "name", or "name version" where there are several of one name.
        let entries = listed.filter_map(|package| package.get("dependencies")?.as_array()).flatten();
        entries.filter_map(|entry| entry.as_str()?.split(' ').next().map(str::to_owned)).collect()
    };
    let mut seen = BTreeSet::from([from.to_owned()]);
    let mut ways = VecDeque::from([vec![from.to_owned()]]);
    while let Some(way) = ways.pop_front() {
        let last = way.last().expect("a way has its beginning");
        if last == to {
            return Some(way);
        }
        ways.extend(
            of(last).into_iter().filter(|next| seen.insert(next.clone())).map(|next| [&way[..], &[next]].concat()),
        );
    }
    None
}

#[test]
fn the_program_cannot_link_what_trains_its_networks() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    assert!(dependency_chain(&lock, "training", "models").is_some(), "the lock lists both crates");
    for package in ["portraitist", "models", "firmware-protocol"] {
        assert_eq!(
            dependency_chain(&lock, package, "training"),
            None,
            "`{package}` comes to depend on models/training; move what both need down into models"
        );
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let members = manifest.lines().find(|line| line.starts_with("default-members")).expect("default members");
    assert!(
        !members.contains("training"),
        "keep models/training out of the default members: the program is built without it"
    );
}

#[test]
fn the_rules_can_fail() {
    let rooms: Vec<String> = ["geom", "plan", "interfaces"].map(String::from).into();
    assert_eq!(upward_imports("src/plan/order.rs", "use crate::interfaces::Page;", &rooms).len(), 1);
    assert_eq!(upward_imports("src/plan/order.rs", "let x = crate::interfaces::page();", &rooms).len(), 1);
    assert_eq!(upward_imports("src/plan/order.rs", "use crate::{geom, plan};", &rooms).len(), 1);
    assert!(upward_imports("src/plan/order.rs", "use crate::geom::Point;", &rooms).is_empty());
    assert!(upward_imports("src/interfaces/mod.rs", "use crate::plan::MotionPlan;", &rooms).is_empty());

    assert_eq!(devices_in_pure_rooms("src/plan/order.rs", "let t = std::time::Instant::now();").len(), 1);
    assert!(devices_in_pure_rooms("src/robot/mod.rs", "let t = std::time::Instant::now();").is_empty());
    assert!(devices_in_pure_rooms("src/plan/order.rs", "#[cfg(test)]\nmod tests { use std::fs; }").is_empty());

    assert_eq!(doors_to_the_world("src/plan/order.rs", "use axum::Router;").len(), 1);
    assert_eq!(doors_to_the_world("src/server/secret.rs", "use std::process::Command;").len(), 1);
    assert!(doors_to_the_world("src/server/shell.rs", "use axum::Router;").is_empty());

    assert_eq!(letters_and_lengths("src/a.rs", "fn main() {}").len(), 1);
    assert_eq!(letters_and_lengths("src/a.rs", &format!("//! a\n{}", "\n".repeat(MAX_LINES))).len(), 1);
    assert!(letters_and_lengths("src/a.rs", "//! a\n").is_empty());

    let lock = "[[package]]\nname = \"a\"\ndependencies = [\n \"b 1.0.0\",\n \"c\",\n]\n\n[[package]]\nname = \"b\"\n\
                dependencies = [\n \"d\",\n]\n\n[[package]]\nname = \"c\"\n[[package]]\nname = \"d\"\n";
    assert_eq!(dependency_chain(lock, "a", "d"), Some(vec!["a".to_owned(), "b".to_owned(), "d".to_owned()]));
    assert_eq!(dependency_chain(lock, "c", "d"), None);
}
