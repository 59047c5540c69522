//! A canary in the visitor's photo: a pattern that is nowhere else, looked for in every file and in every process's memory.
//!
//! It stands in the photo's corner as plain pixels, so that a decoded photo holds it byte by byte, and it is looked for in
//! three coats: as pixels, as the photo's own file, as the JPEG that the screen shows. While the photo lives the sitter's
//! process must hold it, or the test would prove nothing.

use std::fs;
use std::fs::File;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::path::Path;

use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use portraitist::photo;
use portraitist::photo::sitters;
use serde_json::json;

use crate::kiosk;
use crate::program::Bench;
use crate::served;
use crate::served::Served;

/// Pixels of the canary's one row.
const CELLS: usize = 96;
/// Memory is read in pieces of this size.
const PIECE: usize = 4 << 20;

/// What is looked for, with its name.
type Needles = Vec<(&'static str, Vec<u8>)>;

/// A row of black and white that no picture has by chance.
fn canary() -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut cell = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        if state & 1 == 0 { [3, 5, 7] } else { [251, 253, 249] }
    };
    (0..CELLS).flat_map(|_| cell()).collect()
}

/// A sample sitter with the canary in the upper left corner, as a PNG file.
fn photo_with_canary() -> Vec<u8> {
    let photo = photo::decode(sitters::sitter("clara").expect("shipped").jpeg).expect("a JPEG");
    let mut pixels = photo.pixels().clone();
    let width = pixels.width() as usize * 3;
    let row = canary();
    for y in 4..12 {
        let at = y * width + 12;
        pixels.as_flat_samples_mut().samples[at..at + row.len()].copy_from_slice(&row);
    }
    let mut png = Vec::new();
    let (w, h) = pixels.dimensions();
    PngEncoder::new(&mut png).write_image(&pixels, w, h, image::ExtendedColorType::Rgb8).expect("a PNG in memory");
    png
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Which needles the memory of process `id` holds; none of one that is gone.
fn in_memory(id: u32, needles: &Needles) -> Vec<&'static str> {
    let maps = fs::read_to_string(format!("/proc/{id}/maps")).unwrap_or_default();
    let Ok(mut memory) = File::open(format!("/proc/{id}/mem")) else { return Vec::new() };
    let longest = needles.iter().map(|(_, needle)| needle.len()).max().unwrap_or(0);
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with('r'))) {
        let range = line.split(' ').next().and_then(|range| range.split_once('-')).expect("from-to");
        let [from, to] = [range.0, range.1].map(|hex| u64::from_str_radix(hex, 16).expect("hexadecimal"));
        let mut at = from;
        while at < to && memory.seek(SeekFrom::Start(at)).is_ok() {
            let mut piece = vec![0; PIECE.min((to - at) as usize)];
            let Ok(count) = memory.read(&mut piece) else { break };
            found.extend(needles.iter().filter(|(_, needle)| holds(&piece[..count], needle)).map(|(name, _)| *name));
            if count == 0 || at + count as u64 >= to {
                break;
            }
            // What lies across the border of two pieces is seen in the second.
            at += (count.saturating_sub(longest).max(1)) as u64;
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Every file below `folder` that holds a needle.
fn in_files(folder: &Path, needles: &Needles) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(in_files(&path, needles));
        } else if let Ok(bytes) = fs::read(&path) {
            let held = needles.iter().filter(|(_, needle)| holds(&bytes, needle));
            found.extend(held.map(|(name, _)| format!("{}: {name}", path.display())));
        }
    }
    found
}

/// The photo as the screen shows it.
fn shown(kiosk: &Served, view: &serde_json::Value) -> Vec<u8> {
    let (address, path) = kiosk::pictures(kiosk, view, "photo");
    let jpeg = served::ask(&address, "GET", &path, "", "").body;
    assert!(jpeg.starts_with(&[0xff, 0xd8]), "a JPEG");
    jpeg[jpeg.len() / 2..jpeg.len() / 2 + 64].to_vec()
}

#[test]
fn nothing_of_a_photo_is_left_anywhere_when_its_session_is_over() {
    let (bench, photos) = (Bench::new(), Bench::new());
    let png = photo_with_canary();
    photos.file("visitor.png", &png);
    let folder = photos.path().display().to_string();
    let kiosk = kiosk::kiosk_of(&bench, &["--at-once", "--camera-dir", &folder]);
    let review = kiosk::walk(&kiosk, "review");
    let needles: Needles = vec![
        ("pixels", canary()),
        ("the file", png[png.len() / 2..png.len() / 2 + 64].to_vec()),
        ("what was shown", shown(&kiosk, &review)),
    ];
    let sitters = kiosk::children(kiosk.id());
    assert_eq!(sitters.len(), 1);
    let held = in_memory(sitters[0], &needles);
    // Whoever may not look into another's memory sees nothing there; root may.
    if rustix::process::geteuid().is_root() {
        assert!(held.contains(&"pixels") && held.contains(&"what was shown"), "{held:?}");
    }
    assert_eq!(in_memory(kiosk.id(), &needles), [] as [&str; 0], "the booth's own process never holds a picture");

    kiosk::press(&kiosk, &review, json!({ "press": "use-it" }));
    let offered = |view: &serde_json::Value| view["offers"].as_array().is_some_and(|offers| !offers.is_empty());
    let choosing = kiosk::until(&kiosk, "offers", offered);
    kiosk::press(&kiosk, &choosing, json!({ "press": "draw", "offer": 0 }));
    let collect = kiosk::screen(&kiosk, "collect");
    kiosk::until(&kiosk, "the wipe", |view| view["lines"].to_string().contains("gelöscht"));
    kiosk::press(&kiosk, &collect, json!({ "press": "taken" }));
    kiosk::screen(&kiosk, "attract");
    let left = kiosk::children(kiosk.id());
    assert!(!left.contains(&sitters[0]), "the process that had it is gone");
    for id in left.into_iter().chain([kiosk.id()]) {
        assert_eq!(in_memory(id, &needles), [] as [&str; 0], "in the memory of {id}");
    }
    let state = format!("booth.state_folder={}", bench.path().join("state").display());
    assert_eq!(bench.run(&["--set", &state, "support-bundle", "--out", "bundle.json"]).code, 0);
    assert_eq!(bench.run(&["--set", &state, "wipe", "--prove"]).code, 0);
    let (code, _) = kiosk.end();
    assert_eq!(code, Some(0));
    // The journal, the log, the bundle, whatever else it wrote.
    assert!(bench.path().join("stderr.log").exists() && bench.path().join("bundle.json").exists());
    assert_eq!(in_files(bench.path(), &needles), [] as [String; 0]);
}
