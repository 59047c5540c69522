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
    assert!(!bench.path().join("out").exists(), "nothing is drawn without the weights, and no folder is left");
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
fn a_style_whose_weights_are_of_a_wrong_width() {
    let bench = Bench::new();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models");
    let spoilt = |name: &str, file: PathBuf, from: &str, to: &str| {
        let whole = fs::read(file).expect("it is there");
        let wrong = with_header(&whole, |header| header.replace(from, to));
        assert_ne!(wrong, whole, "{from} stands in the header");
        bench.file(name, &wrong);
    };
    // A generator one channel wide. As many numbers in another shape: a sound file, twice as wide at one place.
    fs::copy(root.join("tests/fixtures/published/generator.pth"), bench.path().join("own.pth")).expect("it is there");
    assert_eq!(bench.run(&["models", "import", "own.pth", "--as", "generator"]).code, 0);
    let own = bench.path().join("own.safetensors");
    spoilt("wide.safetensors", own, "\"shape\":[2,1,3,3]", "\"shape\":[1,2,3,3]");
    let drawer = root.join("weights/line_drawer.safetensors");
    spoilt("narrow.safetensors", drawer, "\"shape\":[64,32,3,3]", "\"shape\":[32,64,3,3]");
    bench.file("text.safetensors", b"a style of mine");
    let refused = |weights: &str, words: &[&str]| {
        let setting = format!("style.weights={weights}");
        let draw = ["draw", "--sitter", "nia", "--out", "out", "--set", &setting];
        bench.run(&draw).refused(WRONG_SETTING, words);
        bench.run(&[&draw[..], &["--json"]].concat()).refused_json(WRONG_SETTING, words);
        assert!(!bench.path().join("out").exists(), "{weights} left a folder behind");
    };
    let wide = ["do not fit their network", "wide.safetensors", "[1, 2, 3, 3], not [2, 1, 3, 3]"];
    refused("[\"line_drawer\", \"wide.safetensors\"]", &wide);
    refused("[\"narrow.safetensors\"]", &["do not fit", "narrow.safetensors", "[32, 64, 3, 3], not ["]);
    refused("[\"text.safetensors\"]", &["text.safetensors", "no safetensors file"]);
    refused("[\"nowhere.safetensors\"]", &["nowhere.safetensors", "are missing"]);
    refused("[\"croquis\"]", &["names a generator, but no line_drawer"]);
    refused("[\"detail_drawer\"]", &["names a detail_drawer, but no line_drawer"]);

    // A configuration file says the same.
    bench.file("mine.toml", b"version = 1\n[style]\nweights = [\"line_drawer\", \"wide.safetensors\"]\n");
    bench.run(&["--config", "mine.toml", "draw", "--sitter", "nia", "--out", "out"]).refused(WRONG_SETTING, &wide);
}

#[test]
fn without_weights_the_middle_of_a_photo_is_still_drawn() {
    let bench = Bench::new();
    let draw = ["draw", "--no-face", "--sitter", "nia", "--out", "out", "--set", "models.folder=nowhere"];
    bench.run(&draw).refused(WRONG_SETTING, &["line_drawer", "missing"]);
    let run = bench.run(&[&draw[..], &["--lines", "flow"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
}
