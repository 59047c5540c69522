//! Bad input on the built program: one clear sentence, the documented exit code, nothing lost, no panic.

use std::io::Cursor;

use image::DynamicImage;
use image::ImageFormat;

use crate::program::Bench;

const BAD_INPUT: i32 = 10;
const PLAN_REJECTED: i32 = 9;
const NOT_FOUND: i32 = 4;
const USAGE: i32 = 2;

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("encodes in memory");
    bytes.into_inner()
}

/// A gray gradient with a dark disc: something to draw.
fn disc(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(image::RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (f64::from(x) - f64::from(width) / 2.0, f64::from(y) - f64::from(height) / 2.0);
        let inside = dx.hypot(dy) < f64::from(width.min(height)) / 4.0;
        image::Rgb(if inside { [60, 40, 30] } else { [200, 210, 220] })
    }))
}

#[test]
fn photos_that_are_none() {
    let bench = Bench::new();
    let png = encoded(&disc(300, 300), ImageFormat::Png);
    let jpeg = encoded(&disc(300, 300), ImageFormat::Jpeg);
    let cases: [(&str, &[u8]); 8] = [
        ("empty.jpg", b""),
        ("text.jpg", b"Dear robot, please draw me."),
        ("pdf.jpg", b"%PDF-1.7 nothing here"),
        ("gif.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
        ("truncated.png", &png[..png.len() / 2]),
        ("header.png", &png[..30]),
        ("header.jpg", &jpeg[..30]),
        ("dot.png", &encoded(&disc(1, 1), ImageFormat::Png)),
    ];
    for (name, bytes) in cases {
        bench.file(name, bytes);
        bench.run(&["draw", name, "--out", "out"]).refused(BAD_INPUT, &[name]);
        bench.run(&["strokes", name, "--out", "out.svg"]).refused(BAD_INPUT, &[name]);
        assert!(!bench.path().join("out.svg").exists(), "{name} left a file behind");
    }
    bench.run(&["draw", "nobody.jpg"]).refused(BAD_INPUT, &["nobody.jpg", "no such file"]);
    bench.run(&["draw", "."]).refused(BAD_INPUT, &["folder"]);
}

#[test]
fn a_bomb_of_a_picture_is_refused_before_it_fills_the_memory() {
    // A PNG header that promises 60,000 x 60,000 pixels.
    let mut png = encoded(&disc(300, 300), ImageFormat::Png);
    png[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    let bench = Bench::new();
    bench.file("bomb.png", &png);
    bench.run(&["draw", "bomb.png", "--out", "out"]).refused(BAD_INPUT, &["bomb.png", "60000"]);
}

/// The check sum of a PNG chunk (ISO 3309, as the PNG specification's annex D gives it).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 })
    })
}

#[test]
fn every_kind_of_pixel_is_drawn() {
    let bench = Bench::new();
    let picture = disc(320, 320);
    let kinds: Vec<(&str, Vec<u8>)> = vec![
        ("gray.png", encoded(&picture.to_luma8().into(), ImageFormat::Png)),
        ("gray-alpha.png", encoded(&picture.to_luma_alpha8().into(), ImageFormat::Png)),
        ("gray16.png", encoded(&picture.to_luma16().into(), ImageFormat::Png)),
        ("rgb16.png", encoded(&picture.to_rgb16().into(), ImageFormat::Png)),
        ("alpha.png", encoded(&picture.to_rgba8().into(), ImageFormat::Png)),
        ("alpha16.png", encoded(&picture.to_rgba16().into(), ImageFormat::Png)),
        ("photo.webp", encoded(&picture.to_rgb8().into(), ImageFormat::WebP)),
        ("gray.jpg", encoded(&picture.to_luma8().into(), ImageFormat::Jpeg)),
        // The same disc in four inks: no encoder of ours writes CMYK, so the file lies beside this one.
        ("cmyk.jpg", include_bytes!("cmyk.jpg").to_vec()),
    ];
    for (name, bytes) in &kinds {
        bench.file(name, bytes);
        let run = bench.run(&["draw", name, "--no-face", "--out", "out", "--json"]);
        assert_eq!(run.code, 0, "{name}: {}", run.stderr);
        assert!(run.json()["strokes"].as_u64() > Some(0), "{name}: {}", run.stdout);
    }
}

#[test]
fn a_sixty_megapixel_photo_is_drawn() {
    let bench = Bench::new();
    bench.file("huge.jpg", &encoded(&disc(9000, 6700), ImageFormat::Jpeg));
    let run = bench.run(&["draw", "huge.jpg", "--out", "out", "--json"]);
    assert_eq!(run.code, 10, "a disc is no face: {}", run.stderr);
    let run = bench.run(&["draw", "huge.jpg", "--no-face", "--out", "out", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.json()["strokes"].as_u64() > Some(0));
}

#[test]
fn drawings_that_are_none() {
    let bench = Bench::new();
    let deep = format!("<svg xmlns='http://www.w3.org/2000/svg' width='100mm' height='100mm'>{}", "<g>".repeat(50_000));
    let bomb = "<?xml version='1.0'?><!DOCTYPE s [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>\
        <!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>\
        <!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'><!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'>]>\
        <svg xmlns='http://www.w3.org/2000/svg' width='9mm' height='9mm'><desc>&f;&f;&f;&f;</desc></svg>";
    let nan = "<svg xmlns='http://www.w3.org/2000/svg' width='NaN' height='1e999mm'><path stroke='#000' d='M NaN NaN L 1 1'/></svg>";
    let nothing = "<svg xmlns='http://www.w3.org/2000/svg' width='50mm' height='50mm'/>";
    let cases: [(&str, &[u8]); 7] = [
        ("empty.svg", b""),
        ("text.svg", b"no drawing at all"),
        ("binary.svg", &[0xFF, 0xFE, 0x00, 0x9F, 0x92]),
        ("deep.svg", deep.as_bytes()),
        ("bomb.svg", bomb.as_bytes()),
        ("nan.svg", nan.as_bytes()),
        ("nothing.svg", nothing.as_bytes()),
    ];
    for (name, bytes) in cases {
        bench.file(name, bytes);
        bench.run(&["plan", name, "--out", "out"]).refused(BAD_INPUT, &[name]);
    }
    let crowd = "<path d='M1 1L2 2' stroke='#000'/>".repeat(600_000);
    bench.file(
        "crowd.svg",
        format!("<svg xmlns='http://www.w3.org/2000/svg' width='9mm' height='9mm'>{crowd}</svg>").as_bytes(),
    );
    bench.run(&["plan", "crowd.svg", "--out", "out"]).refused(BAD_INPUT, &["crowd.svg", "elements"]);
    bench.run(&["plan", "missing.svg", "--out", "out"]).refused(BAD_INPUT, &["missing.svg", "no such file"]);
}

#[test]
fn nested_transforms_and_no_view_box_are_planned() {
    let bench = Bench::new();
    bench.file(
        "bare.svg",
        b"<svg xmlns='http://www.w3.org/2000/svg'><g transform='translate(5 5)'><g transform='scale(2) rotate(10)'>\
          <path fill='none' stroke='#000' d='M10 10L90 40'/></g></g></svg>",
    );
    let run = bench.run(&["plan", "bare.svg", "--out", "out", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    // 85.44 px long, twice as large, at 96 px an inch.
    let ink_mm = run.json()["ink_mm"].as_f64().expect("a length");
    assert!((ink_mm - 85.44 * 2.0 * 25.4 / 96.0).abs() < 0.1, "{ink_mm} mm");
}

#[test]
fn a_drawing_larger_than_the_robot_is_refused_before_anything_is_written() {
    let bench = Bench::new();
    bench.file(
        "poster.svg",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='900mm' height='900mm' viewBox='0 0 900 900'>\
          <path fill='none' stroke='#000' d='M 10 10 L 890 890'/></svg>",
    );
    bench.run(&["plan", "poster.svg", "--out", "out"]).refused(PLAN_REJECTED, &["poster.svg"]);
    assert!(!bench.path().join("out/program.gcode").exists());
    let fitted = bench.run(&["plan", "poster.svg", "--out", "out", "--fit"]);
    assert_eq!(fitted.code, 0, "{}", fitted.stderr);
}

#[test]
fn folders_that_cannot_be_written() {
    let bench = Bench::new();
    bench.file("file", b"in the way");
    bench.run(&["draw", "--out", "file/out"]).refused(BAD_INPUT, &["file/out", "--out"]);
    bench.run(&["draw", "--out", "/proc/out"]).refused(BAD_INPUT, &["/proc/out"]);
    assert_eq!(std::fs::read(bench.path().join("file")).expect("still there"), b"in the way");
}

#[test]
fn devices_that_are_not_there() {
    let bench = Bench::new();
    bench.run(&["draw", "--camera", "250", "--out", "out"]).refused(NOT_FOUND, &["no camera"]);
    bench.run(&["camera", "test", "--camera", "250"]).refused(NOT_FOUND, &["no camera"]);
    bench.run(&["draw", "--camera-dir", "nowhere", "--out", "out"]).refused(NOT_FOUND, &["nowhere"]);
    std::fs::create_dir(bench.path().join("bare")).expect("writable");
    assert_ne!(bench.run(&["draw", "--camera-dir", "bare", "--out", "out"]).code, 0);
}

#[test]
fn command_lines_that_make_no_sense() {
    let bench = Bench::new();
    for arguments in [
        &["sing"][..],
        &["draw", "--face", "1,2,3"],
        &["draw", "a.jpg", "--sitter", "ada"],
        &["plan"],
        &["strokes", "a.png"],
    ] {
        assert_eq!(bench.run(arguments).code, USAGE, "{arguments:?}");
    }
    bench.run(&["draw", "--sitter", "nobody"]).refused(USAGE, &["nobody"]);
}

#[test]
fn errors_are_json_when_asked() {
    let bench = Bench::new();
    let run = bench.run(&["draw", "nobody.jpg", "--json"]);
    let error: serde_json::Value = serde_json::from_str(run.stderr.trim()).expect("JSON on standard error");
    assert_eq!(error["schema"], "portraitist.error/1");
    assert_eq!(error["exit_code"], BAD_INPUT);
    assert_eq!(error["kind"], "bad-input");
    assert!(run.stdout.is_empty());
}
