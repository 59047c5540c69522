//! `models` on the built program: what ships is listed, checkpoints of others are imported and used, and what is none is
//! refused in a sentence.

use std::fs;
use std::path::PathBuf;

use crate::program::Bench;

const USAGE: i32 = 2;
const BAD_INPUT: i32 = 10;

/// A folder with the small checkpoints of `models/tests`.
fn bench() -> Bench {
    let bench = Bench::new();
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/tests/fixtures/published");
    for file in fs::read_dir(from).expect("they are there").flatten() {
        fs::copy(file.path(), bench.path().join(file.file_name())).expect("a scratch folder");
    }
    bench
}

/// A drawing of `side` px with stripes of some width.
fn stripes(bench: &Bench, name: &str, side: u32, width: u32) {
    let path = bench.path().join(name);
    let picture = image::GrayImage::from_fn(side, side, |x, y| {
        image::Luma([if ((x + y / 2) / width).is_multiple_of(2) { 30 } else { 250 }])
    });
    picture.save(path).expect("writable");
}

#[test]
fn networks_that_ship_are_listed_with_what_is_wrong_with_them() {
    let bench = Bench::new();
    let list = bench.run(&["models", "list", "--json"]).json();
    assert_eq!(list["schema"], "portraitist.models.list/1");
    let networks = list["networks"].as_array().expect("a list");
    assert!(networks.iter().any(|network| network["name"] == "face_finder"));
    for network in networks {
        assert_eq!(network["verified"], true, "{network}");
        assert_eq!(network["licence"], "MIT OR Apache-2.0");
        assert!(network["file"].as_str().is_some_and(|file| PathBuf::from(file).is_file()), "{network}");
    }
    let text = bench.run(&["models", "list", "--set", "models.folder=nowhere"]).stdout;
    assert!(text.contains("1.5 MB") && text.contains("nowhere/face_finder.safetensors): copy the file"), "{text}");
}

#[test]
fn checkpoints_become_networks_that_other_commands_take() {
    let bench = bench();
    let said = bench.run(&["models", "import", "generator.pth", "--as", "generator"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    for words in
        ["generator, 1 channels wide; 29 tensors, 0.2 MB", "generator.safetensors\"], and manner", "became one"]
    {
        assert!(said.stdout.contains(words), "{words} is missing in {}", said.stdout);
    }
    assert!(bench.path().join("generator.safetensors").is_file());

    for (file, kind, network) in [
        ("vgg_normalised.pth", "vgg", "encoder with VGG-19's plan, 2, 3, 4, 5, 5 channels wide"),
        ("inception.pth", "inception", "FID's Inception-v3, 9 features"),
    ] {
        let run =
            bench.run(&["models", "import", file, "--as", kind, "--out", &format!("{kind}.safetensors"), "--json"]);
        assert_eq!(run.json()["network"], network);
    }
    for (folder, width) in [("drawn", 5), ("real", 7)] {
        fs::create_dir(bench.path().join(folder)).expect("writable");
        for at in 0..3 {
            stripes(&bench, &format!("{folder}/{at}.png"), 64 + at, width + at);
        }
    }
    for (network, words) in
        [("vgg", "relu1_1 to relu5_1 (19 numbers)"), ("inception", "FID's port of Inception-v3 (9 numbers)")]
    {
        let features = format!("{network}.safetensors");
        let run = bench.run(&["eval", "drawn", "--real", "real", "--features", &features, "--json"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let (measured, same) =
            (run.json(), bench.run(&["eval", "drawn", "--real", "drawn", "--features", &features, "--json"]).json());
        assert!(measured["protocol"].as_str().is_some_and(|protocol| protocol.contains(words)), "{measured}");
        let (apart, none) = (measured["fid"].as_f64().expect("a number"), same["fid"].as_f64().expect("a number"));
        assert!(apart > 1e-6 && none < 1e-3 * apart, "{apart} and {none}");
    }

    stripes(&bench, "hand.png", 700, 9);
    let drawer = ["models", "import", "decoder.pth", "--as", "adain-decoder", "--out", "mine.safetensors"];
    let said = bench.run(&[&drawer[..], &["--encoder", "vgg.safetensors", "--drawing", "hand.png"]].concat());
    assert!(
        said.stdout.starts_with("line drawer, 2, 3, 4, 5 channels wide; 38 tensors"),
        "{}{}",
        said.stdout,
        said.stderr
    );
    let weights = bench.path().join("mine.safetensors");
    bench.file("mine.toml", format!("name = \"mine\"\nweights = [\"{}\"]\n", weights.display()).as_bytes());
    let run = bench.run(&["config", "check", "--set", "style.weights=[\"mine.safetensors\"]"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn what_cannot_be_imported_is_refused_and_nothing_is_written() {
    let bench = bench();
    bench.file("text.pth", b"PK is not enough");
    bench.file("small.png", b"no picture");
    let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}X\x0d\0\0\0little_endian\x88s.";
    bench.file("evil.pth", &[&magic[..], b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R.\x80\x02]."].concat());
    let import = |file: &str, more: &[&str]| bench.run(&[&["models", "import", file], more].concat());
    let vgg = &["--as", "vgg"][..];
    import("evil.pth", vgg).refused(BAD_INPUT, &["evil.pth", "\"posix.system\"", "save net.state_dict()"]);
    import("text.pth", vgg).refused(BAD_INPUT, &["text.pth", "no checkpoint of PyTorch's", "torch.save wrote"]);
    import("generator.pth", vgg).refused(BAD_INPUT, &["generator.pth", "no VGG-19", "check --as"]);
    import("nothing.pth", vgg).refused(BAD_INPUT, &["nothing.pth", "no such file"]);
    bench.run(&["models", "import", "evil.pth", "--as", "vgg", "--json"]).refused_json(BAD_INPUT, &["posix.system"]);
    import("decoder.pth", &["--as", "vgg", "--drawing", "small.png"]).refused(USAGE, &["adain-decoder"]);
    import("decoder.pth", &["--as", "vgg", "--out", "a.pth"]).refused(USAGE, &[".safetensors"]);
    assert_eq!(import("decoder.pth", &["--as", "adain-decoder"]).code, USAGE);
    assert_eq!(import("decoder.pth", &["--as", "squeezenet"]).code, USAGE);
    let adain = ["--as", "adain-decoder", "--encoder", "vgg19.pth", "--drawing"];
    stripes(&bench, "hand.png", 64, 5);
    import("decoder.pth", &[&adain[..], &["small.png"]].concat()).refused(BAD_INPUT, &["small.png"]);
    import("decoder.pth", &[&adain[..], &["hand.png"]].concat()).refused(BAD_INPUT, &["no safetensors file"]);
    let written = fs::read_dir(bench.path()).expect("a folder").flatten();
    assert!(written.filter(|file| file.path().extension().is_some_and(|e| e == "safetensors")).count() == 0);

    bench.file("vgg19.safetensors", b"mine");
    import("vgg19.pth", vgg).refused(USAGE, &["taken", "--out"]);
    assert_eq!(fs::read(bench.path().join("vgg19.safetensors")).expect("still there"), b"mine");
    import("vgg19.pth", &["--as", "vgg", "--out", "nowhere/a.safetensors"]).refused(BAD_INPUT, &["nowhere"]);
}
