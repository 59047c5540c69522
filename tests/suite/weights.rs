//! Weights that are not those of the release, on the built program: one sentence that says which, what and what to do.

use std::fs;
use std::path::PathBuf;

use crate::program::Bench;

const WRONG_SETTING: i32 = 3;
const FINDER: &str = "face_finder.safetensors";
const READER: &str = "face_reader.safetensors";

/// A folder `name` of `bench` with the shipped weights, to be spoilt.
fn shipped(bench: &Bench, name: &str) -> PathBuf {
    let folder = bench.path().join(name);
    fs::create_dir(&folder).expect("a scratch folder");
    for file in [FINDER, READER] {
        let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/weights").join(file);
        fs::copy(from, folder.join(file)).expect("they ship");
    }
    folder
}

/// `file`, a safetensors file, with `change` done to its header.
fn with_header(file: &[u8], change: impl Fn(String) -> String) -> Vec<u8> {
    let (length, rest) = file.split_first_chunk::<8>().expect("eight bytes of length");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header = change(String::from_utf8(header.to_vec()).expect("JSON"));
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// Asserts that every command that needs the weights of `folder` refuses them with `words`, and `doctor` with them too.
fn refused(bench: &Bench, folder: &str, words: &[&str]) {
    let setting = format!("models.folder={folder}");
    for command in [&["face", "--sitter", "nia"][..], &["draw", "--sitter", "nia", "--out", "out"]] {
        bench.run(&[command, &["--set", &setting]].concat()).refused(WRONG_SETTING, words);
        bench.run(&[command, &["--set", &setting, "--json"]].concat()).refused_json(WRONG_SETTING, words);
    }
    let drawn = fs::read_dir(bench.path().join("out")).map_or(0, Iterator::count);
    assert_eq!(drawn, 0, "nothing is drawn without the weights");
    let checked = bench.run(&["doctor", "--set", &setting]);
    let line = checked.stdout.lines().find(|line| line.contains("model files")).expect("doctor looks at the weights");
    words.iter().for_each(|word| assert!(line.contains(word), "{word:?} is missing in: {line}"));
}

#[test]
fn weights_that_are_not_there() {
    let bench = Bench::new();
    refused(
        &bench,
        "nowhere",
        &["face_finder", "are missing", "nowhere/face_finder.safetensors", "copy the file there"],
    );
    let folder = shipped(&bench, "half");
    fs::remove_file(folder.join(READER)).expect("it is there");
    refused(&bench, "half", &["face_reader", "are missing", "half/face_reader.safetensors", "copy the file there"]);
    fs::create_dir(folder.join(READER)).expect("writable");
    refused(&bench, "half", &["face_reader", "half/face_reader.safetensors", "cannot be read", "copy it again"]);
}

#[test]
fn weights_that_are_cut_off_or_too_long() {
    let bench = Bench::new();
    let folder = shipped(&bench, "weights");
    let whole = fs::read(folder.join(READER)).expect("readable");
    let sizes = [0, 8, whole.len() / 2, whole.len() - 1, whole.len() + 1];
    for size in sizes {
        let mut spoilt = whole.clone();
        spoilt.resize(size, 0);
        fs::write(folder.join(READER), &spoilt).expect("writable");
        let found = format!("{size} bytes long, not {}", whole.len());
        refused(&bench, "weights", &["face_reader", &found, "cut off or another one", "copy it again"]);
    }
}

#[test]
fn weights_of_another_network_or_release() {
    let bench = Bench::new();
    let folder = shipped(&bench, "weights");
    let (finder, reader) = (folder.join(FINDER), folder.join(READER));
    let whole = fs::read(&finder).expect("readable");
    fs::rename(&finder, folder.join("kept")).expect("renamed");
    fs::rename(&reader, &finder).expect("renamed");
    fs::rename(folder.join("kept"), &reader).expect("renamed");
    refused(&bench, "weights", &["face_finder", "bytes long", "another one", "copy it again"]);

    let mut flipped = whole.clone();
    *flipped.last_mut().expect("bytes") ^= 1;
    fs::write(&finder, &flipped).expect("writable");
    refused(&bench, "weights", &["face_finder", "not the file that belongs to this release", "copy it again"]);

    // A tensor too many, and of as many bytes one that is called otherwise: the network's own is missing.
    let more = with_header(&whole, |header| {
        header.replacen('{', "{\"more\":{\"dtype\":\"F16\",\"shape\":[0],\"data_offsets\":[0,0]},", 1)
    });
    fs::write(&finder, &more).expect("writable");
    refused(&bench, "weights", &["face_finder", "bytes long", "another one", "copy it again"]);
    let renamed = with_header(&whole, |header| header.replace("\"answer.bias\"", "\"answer.bent\""));
    assert_eq!((renamed.len(), renamed == whole), (whole.len(), false));
    fs::write(&finder, &renamed).expect("writable");
    refused(&bench, "weights", &["face_finder", "not the file that belongs to this release", "copy it again"]);
}

#[test]
fn without_weights_the_middle_of_a_photo_is_still_drawn() {
    let bench = Bench::new();
    let run = bench.run(&["draw", "--no-face", "--sitter", "nia", "--out", "out", "--set", "models.folder=nowhere"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}
