//! `portraitist wipe`: nothing of anybody stays, and what was looked at to know it.
//!
//! Of a booth that runs it ends the session and waits until the process that may hold pictures is gone; a drawing under
//! the pen is ink already and stays the staff's (`house cancel`). Where none runs it erases what drawings left behind.
//! `--prove` looks at the booth's own counts, at every sitter's process of this user, and into every file of the booth's
//! folder for the first bytes of a picture.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::arguments::Wipe;
use super::output;
use crate::booth::Records;
use crate::booth::control::Control;
use crate::fault::Fault;
use crate::fault::Kind;

/// Pictures are gone by then; a booth promises five seconds.
const WITHIN: Duration = Duration::from_secs(10);
/// A process whose booth has ended is gone by then.
const GRACE: Duration = Duration::from_millis(500);
/// More files and processes than these are not looked at, and then nothing is proved.
const MOST_FILES: usize = 4096;
const MOST_PROCESSES: usize = 100_000;
/// A file of the booth's is never longer.
const MOST_BYTES: u64 = 256 << 20;
/// How a picture begins: JPEG, PNG, WebP's and JPEG's inner names.
const PICTURES: [&[u8]; 4] = [&[0xff, 0xd8, 0xff], b"\x89PNG\r\n\x1a\n", b"WEBPVP8", b"JFIF\0"];

/// Wipes, and shows what is left if asked.
pub fn run(everywhere: &Everywhere, command: &Wipe) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &Machine::default())?;
    let folder = config
        .booth
        .state_folder()
        .ok_or_else(|| Fault::new(Kind::Config, "there is no folder for drawings under way; set booth.state_folder"))?;
    let booth = Control::find(&folder);
    let house = match &booth {
        Some(booth) => end_session(booth)?,
        None => {
            let unreadable = |e: std::io::Error| Fault::new(Kind::Unexpected, format!("{}: {e}", folder.display()));
            let mut records = Records::open(&folder)?;
            for found in records.found().map_err(unreadable)? {
                records.erase(found.record.job).map_err(unreadable)?;
            }
            Value::Null
        }
    };
    let mut proof = json!({ "running": booth.is_some() });
    let mut left: Vec<String> = Vec::new();
    if command.prove {
        let files = look_into(&folder, &mut left)?;
        let processes = sitters(&mut left);
        proof["files"] = files.into();
        proof["sitters"] = processes.into();
        if let Some(booth) = &booth {
            let metrics = booth.ask("GET", "/metrics", &json!({}))?.body;
            let count = |name: &str| {
                let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
                line.and_then(|number| number.trim().parse::<u64>().ok()).unwrap_or(0)
            };
            let (wiped, failed) =
                (count("portraitist_wipes_total{by=\"ok\"}"), count("portraitist_wipes_total{by=\"failed\"}"));
            proof["wipes"] = json!({ "ok": wiped, "failed": failed });
        }
        proof["under_the_pen"] = house["job"].is_object().into();
    }
    proof["left"] = left.clone().into();
    if everywhere.json {
        output::print_json("wipe", proof)?;
    } else {
        tell(command, &proof)?;
    }
    if left.is_empty() { Ok(()) } else { Err(Fault::new(Kind::Unexpected, format!("not wiped: {}", left.join("; ")))) }
}

/// Ends the session of a booth that runs, and waits until nothing of it is in memory. Gives the house.
fn end_session(booth: &Control) -> Result<Value, Fault> {
    booth.ask("POST", "/api/v1/house/press", &json!({ "press": "end-session" }))?.json()?;
    let since = Instant::now();
    loop {
        let house = booth.ask("GET", "/api/v1/house", &json!({}))?.json()?;
        if house["pictures_in_memory"] == false && house["camera_open"] == false {
            return Ok(house);
        }
        if since.elapsed() > WITHIN {
            let words = "the booth still says that pictures may be in memory; stop it: that ends them";
            return Err(Fault::new(Kind::Unexpected, words));
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Every file of the booth's folder, by name; whatever holds the beginning of a picture is left over.
fn look_into(folder: &Path, left: &mut Vec<String>) -> Result<Vec<String>, Fault> {
    let unreadable = |e: std::io::Error| Fault::new(Kind::Unexpected, format!("{}: {e}", folder.display()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if names.len() == MOST_FILES {
            left.push(format!("more than {MOST_FILES} files lie in {}", folder.display()));
            break;
        }
        let mut bytes = Vec::new();
        let read = fs::File::open(&path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
        if read.is_err() || bytes.len() as u64 == MOST_BYTES {
            left.push(format!("{name} cannot be looked into"));
        } else if holds_a_picture(&bytes) {
            left.push(format!("{name} holds a picture"));
        }
        names.push(name);
    }
    names.sort();
    Ok(names)
}

fn holds_a_picture(bytes: &[u8]) -> bool {
    PICTURES.iter().any(|begins| bytes.windows(begins.len()).any(|window| window == *begins))
}

/// How many sitters' processes of this program there are; one whose booth is gone is left over.
fn sitters(left: &mut Vec<String>) -> usize {
    let own = fs::read_link("/proc/self/exe").ok();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().take(MOST_PROCESSES);
    let mut count = 0;
    for process in processes.map(|entry| entry.path()) {
        let Ok(arguments) = fs::read(process.join("cmdline")) else { continue };
        let mut arguments = arguments.split(|byte| *byte == 0).filter(|argument| !argument.is_empty());
        let ours = arguments
            .next()
            .is_some_and(|first| own.as_deref().is_some_and(|own| own.as_os_str().as_encoded_bytes() == first));
        if !ours || arguments.next_back() != Some(b"sitter") {
            continue;
        }
        count += 1;
        let orphan = || {
            let status = fs::read_to_string(process.join("status")).unwrap_or_default();
            status.lines().any(|line| line == "PPid:\t1")
        };
        // One whose booth has just ended is ending.
        let stays = orphan() && {
            thread::sleep(GRACE);
            orphan()
        };
        if stays {
            left.push(format!("the sitter's process {} has lost its booth", process.display()));
        }
    }
    count
}

fn tell(command: &Wipe, proof: &Value) -> Result<(), Fault> {
    let running = proof["running"] == true;
    let what = if running { "the session is over and its process gone" } else { "no booth runs; its folder is erased" };
    output::print_line(&format!("wiped: {what}"))?;
    if !command.prove {
        return Ok(());
    }
    let names: Vec<&str> = proof["files"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    output::print_line(&format!("looked into {} files without a picture: {}", names.len(), names.join(", ")))?;
    output::print_line(&format!("{} sitter's processes, none of a session that is over", proof["sitters"]))?;
    if running {
        let (ok, failed) = (&proof["wipes"]["ok"], &proof["wipes"]["failed"]);
        output::print_line(&format!("{ok} wipes since the start, {failed} failed"))?;
    }
    if proof["under_the_pen"] == true {
        output::print_line("a drawing's strokes are kept until its sheet is taken; house cancel throws it away")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_in_a_file_is_left_over_whatever_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a.journal"), b"strokes").expect("written");
        let mut left = Vec::new();
        assert_eq!(look_into(folder.path(), &mut left).expect("readable"), ["a.journal"]);
        assert_eq!(left, [] as [String; 0]);
        fs::write(folder.path().join("b.plan"), b"{\"x\":\"\x89PNG\r\n\x1a\n\"}").expect("written");
        look_into(folder.path(), &mut left).expect("readable");
        assert_eq!(left, ["b.plan holds a picture"]);
    }
}
