//! The webcam's real path (nokhwa, Video4Linux, thread, watchdog, decoding) on a machine without a webcam.
//!
//! `camera_shim.c` plays one; it is compiled here with `cc` and loaded into a second run of this very test binary, in
//! which [`the_child`] opens the camera. Without `cc`, or off Linux, the test says so and passes.

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use image::codecs::jpeg::JpegEncoder;
use portraitist::camera;
use portraitist::camera::CameraConfig;

/// Told to the child, so that it does nothing in an ordinary run.
const CHILD: &str = "PORTRAITIST_TEST_WEBCAM_CHILD";

/// Takes photos with the shim's webcam, until three went wrong or enough went well, and says what came of each.
#[test]
fn the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let config = CameraConfig { warm_up_frames: 2, stall_secs: 0.6, ..CameraConfig::default() };
    let mut camera = match camera::open(&config) {
        Ok(camera) => camera,
        Err(error) => return println!("\nSAID {error}"),
    };
    let mut failures = 0;
    let photos = if std::env::var_os("SHIM_THEN").is_some_and(|then| !then.is_empty()) { 60 } else { 2 };
    for _ in 0..photos {
        match camera.still() {
            Ok(shot) => {
                let pixels = shot.photo.pixels();
                let [left, right] = [2, pixels.width() - 3].map(|x| pixels.get_pixel(x, 100).0[1]);
                println!("\nSAID {} from {left} to {right}", shot.origin);
            }
            Err(error) => {
                println!("\nSAID {error}");
                failures += 1;
            }
        }
        if failures == 3 {
            break;
        }
    }
}

#[test]
fn a_webcam_streams_and_each_of_its_failures_is_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(shim) = compiled(folder.path()) else {
        return eprintln!("passed over: the webcam's test needs Linux and a C compiler called cc");
    };
    let ramp = image::RgbImage::from_fn(640, 480, |x, _| image::Rgb([(x * 255 / 639) as u8; 3]));
    let mut jpeg = Vec::new();
    JpegEncoder::new(&mut jpeg).encode_image(&ramp).expect("a JPEG in memory");
    let frame = folder.path().join("frame.jpg");
    std::fs::write(&frame, jpeg).expect("a file");

    let said = |plays: &str, after: u32, then: &str| -> Vec<String> {
        let before = Instant::now();
        let output = Command::new(std::env::current_exe().expect("this test's binary"))
            .args(["--exact", "webcam::the_child", "--nocapture"])
            .env(CHILD, "1")
            .env("LD_PRELOAD", &shim)
            .env("SHIM_PLAYS", plays)
            .env("SHIM_FRAME", &frame)
            .env("SHIM_AFTER", after.to_string())
            .env("SHIM_THEN", then)
            .output()
            .expect("this test's binary runs");
        assert!(output.status.success(), "{plays} {then}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(before.elapsed() < Duration::from_secs(30), "{plays} {then} hung");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut said: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("SAID ").map(str::to_owned)).collect();
        said.dedup();
        said
    };
    let check = |plays: &str, after: u32, then: &str, expected: &[&str]| {
        let said = said(plays, after, then);
        let fits = said.len() == expected.len() && said.iter().zip(expected).all(|(said, what)| said.contains(what));
        assert!(fits, "{plays} {then}: {said:#?} is not {expected:#?}");
    };
    let mjpeg = "/dev/video0, 640x480 MJPEG, 30 frames/s from 0 to 254";
    check("mjpeg", 0, "", &[mjpeg]);
    check("yuyv", 0, "", &["/dev/video0, 640x480 YUYV, 30 frames/s from 0 to 254"]);
    check("rounding", 0, "", &["/dev/video0, 320x240 YUYV, 30 frames/s from 1 to 253"]);
    check("ntsc", 0, "", &["runs at 30000/1001 frames a second"]);
    check("only-ntsc", 0, "", &["offers nothing that can be read"]);
    check("grey", 0, "", &["offers nothing that can be read"]);
    check("metadata", 0, "", &["offers nothing that can be read"]);
    check("busy", 0, "", &["in use by another program"]);
    check("forbidden", 0, "", &["add this user to the group video"]);
    // Thirty frames take a second, so that even a busy machine takes a photo before the camera fails.
    check("mjpeg", 30, "unplug", &[mjpeg, "was unplugged"]);
    check("mjpeg", 30, "stall", &[mjpeg, "has sent no picture for 1 s"]);
    check("mjpeg", 30, "garbage", &[mjpeg, "sent 10 damaged pictures"]);
}

/// The shim as a library, if this machine can make one.
fn compiled(folder: &Path) -> Option<std::path::PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/camera_shim.c");
    let library = folder.join("camera_shim.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
    let made = cfg!(target_os = "linux") && compiler.status().is_ok_and(|status| status.success());
    made.then_some(library)
}
