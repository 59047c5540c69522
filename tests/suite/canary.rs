//! A canary in the visitor's photo: a QR code that is nowhere else, looked for in every file and in every process's memory.
//!
//! It stands in the photo's corner. A decoded photo holds its rows byte by byte, in colour or in gray; the photo's own
//! file and the JPEG that the screen shows are known bytes; and whatever looks like the start of a JPEG or PNG is decoded
//! and read as a phone would read it. While the photo lives the sitter's process must hold it in all these coats, or the
//! test would prove nothing.

use std::fs;
use std::fs::File;
use std::io::Cursor;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::path::Path;

use image::ImageEncoder;
use image::ImageReader;
use image::Limits;
use image::codecs::png::PngEncoder;
use image::imageops;
use portraitist::photo;
use portraitist::photo::sitters;
use qrcode::Color;
use qrcode::EcLevel;
use qrcode::QrCode;
use rqrr::PreparedImage;
use serde_json::json;

use crate::kiosk;
use crate::program::Bench;
use crate::served;
use crate::served::Served;

/// What the code says.
const SAYS: &str = "CANARY 4711";
/// Pixels of one of its modules, and where in the photo it stands, a quiet zone included.
const MODULE_PX: u32 = 4;
const CORNER_PX: u32 = 8;
/// Dark and light: shades that no camera and no program gives by chance.
const SHADES: [[u8; 3]; 2] = [[3, 5, 7], [251, 253, 249]];
/// How files of JPEG and PNG pictures begin.
const BEGINNINGS: [&[u8]; 2] = [&[0xff, 0xd8, 0xff], b"\x89PNG\r\n"];
/// A picture of this many bytes is seen whole wherever it lies in memory; none that the program makes is larger.
const PICTURE: usize = 1 << 20;
/// Memory is read in pieces of this size.
const PIECE: usize = 8 << 20;

/// What is looked for, with its name.
type Needles = Vec<(&'static str, Vec<u8>)>;

/// A sample sitter with the code in the upper left corner; and the code's middle row, in colour and in gray.
fn photo_with_canary() -> (Vec<u8>, Needles) {
    let photo = photo::decode(sitters::sitter("clara").expect("shipped").jpeg).expect("a JPEG");
    let mut pixels = photo.pixels().clone();
    let code = QrCode::with_error_correction_level(SAYS, EcLevel::M).expect("it fits");
    let (modules, quiet) = (code.width() as u32, 4);
    for (x, y) in
        (0..(modules + 2 * quiet) * MODULE_PX).flat_map(|y| (0..(modules + 2 * quiet) * MODULE_PX).map(move |x| (x, y)))
    {
        let at = |px: u32| (px / MODULE_PX).checked_sub(quiet).filter(|at| *at < modules).map(|at| at as usize);
        let dark = at(x).zip(at(y)).is_some_and(|at| code[at] == Color::Dark);
        pixels.put_pixel(CORNER_PX + x, CORNER_PX + y, image::Rgb(SHADES[usize::from(!dark)]));
    }
    let (from, row, width) = (CORNER_PX + quiet * MODULE_PX, modules / 2 * MODULE_PX, modules * MODULE_PX);
    let row = imageops::crop_imm(&pixels, from, from + row, width, 1).to_image();
    let needles = vec![("its colours", row.as_raw().clone()), ("its grays", imageops::grayscale(&row).into_raw())];
    let mut png = Vec::new();
    let (w, h) = pixels.dimensions();
    PngEncoder::new(&mut png).write_image(&pixels, w, h, image::ExtendedColorType::Rgb8).expect("a PNG in memory");
    (png, needles)
}

/// Whether `bytes` begin with a picture that shows the code.
fn shows_canary(bytes: &[u8]) -> bool {
    let Ok(mut reader) = ImageReader::new(Cursor::new(bytes)).with_guessed_format() else { return false };
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(4096), Some(4096));
    reader.limits(limits);
    let Ok(picture) = reader.decode() else { return false };
    let gray = picture.into_luma8();
    let shade = |x: usize, y: usize| gray.get_pixel(x as u32, y as u32).0[0];
    let mut found = PreparedImage::prepare_from_greyscale(gray.width() as usize, gray.height() as usize, shade);
    found.detect_grids().iter().any(|grid| grid.decode().is_ok_and(|(_, says)| says == SAYS))
}

/// Under which coats `bytes` hold the canary.
fn held(bytes: &[u8], needles: &Needles) -> Vec<&'static str> {
    let mut found: Vec<&str> =
        needles.iter().filter(|(_, needle)| holds(bytes, needle)).map(|(name, _)| *name).collect();
    let starts = |at: &usize| BEGINNINGS.iter().any(|beginning| bytes[*at..].starts_with(beginning));
    let mut pictures = (0..bytes.len()).filter(starts);
    if pictures.any(|at| shows_canary(&bytes[at..bytes.len().min(at + PICTURE)])) {
        found.push("a picture of it");
    }
    found
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// What the memory of process `id` holds; nothing of one that is gone.
fn in_memory(id: u32, needles: &Needles) -> Vec<&'static str> {
    let maps = fs::read_to_string(format!("/proc/{id}/maps")).unwrap_or_default();
    let Ok(mut memory) = File::open(format!("/proc/{id}/mem")) else { return Vec::new() };
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with('r'))) {
        let range = line.split(' ').next().and_then(|range| range.split_once('-')).expect("from-to");
        let [from, to] = [range.0, range.1].map(|hex| u64::from_str_radix(hex, 16).expect("hexadecimal"));
        let mut at = from;
        while at < to && memory.seek(SeekFrom::Start(at)).is_ok() {
            let mut piece = vec![0; PIECE.min((to - at) as usize)];
            let Ok(count) = memory.read(&mut piece) else { break };
            found.extend(held(&piece[..count], needles));
            if count == 0 || at + count as u64 >= to {
                break;
            }
            // What lies across the border of two pieces is seen in the second.
            at += count.saturating_sub(PICTURE).max(1) as u64;
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Every file below `folder` that holds it.
fn in_files(folder: &Path, needles: &Needles) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(in_files(&path, needles));
        } else if let Ok(bytes) = fs::read(&path) {
            found.extend(held(&bytes, needles).iter().map(|name| format!("{}: {name}", path.display())));
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
    let (png, mut needles) = photo_with_canary();
    photos.file("visitor.png", &png);
    let folder = photos.path().display().to_string();
    let kiosk = kiosk::kiosk_of(&bench, &["--at-once", "--camera-dir", &folder]);
    let review = kiosk::walk(&kiosk, "review");
    needles.push(("its file", png[png.len() / 2..png.len() / 2 + 64].to_vec()));
    needles.push(("what was shown", shown(&kiosk, &review)));
    assert_eq!(in_files(photos.path(), &needles).len(), 2, "as bytes and as a picture");
    let sitters = kiosk::children(kiosk.id());
    assert_eq!(sitters.len(), 1);
    let before = in_memory(sitters[0], &needles);
    // Whoever may not look into another's memory sees nothing there; root may.
    if rustix::process::geteuid().is_root() {
        assert!(
            ["its colours", "what was shown", "a picture of it"].iter().all(|coat| before.contains(coat)),
            "{before:?}"
        );
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
