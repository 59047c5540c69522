//! What each command does on good input: the files it leaves, the lines it prints, the JSON it promises.

use std::fs;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use portraitist::plan::MotionPlan;

use crate::program::Bench;

#[test]
fn draw_leaves_every_stage_and_ends_with_one_line() {
    let bench = Bench::new();
    let run = bench.run(&["draw"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.is_empty(), "quiet means quiet: {}", run.stderr);
    assert_eq!(run.stdout.trim_end().lines().count(), 1, "{}", run.stdout);
    for word in ["strokes", "pen lifts", "m of ink", "min on the robot"] {
        assert!(run.stdout.contains(word), "{word} is missing in {}", run.stdout);
    }
    let folder = bench.path().join(run.stdout.split(':').next().expect("a folder before the colon"));
    for name in [
        "portrait.png",
        "lines.png",
        "lines_binary.png",
        "sketch.png",
        "strokes.svg",
        "plan.svg",
        "plan.json",
        "program.gcode",
        "paper.png",
        "preview.html",
    ] {
        assert!(fs::metadata(folder.join(name)).is_ok_and(|m| m.len() > 100), "{name} is missing or empty");
    }
    let plan = MotionPlan::from_json(&fs::read(folder.join("plan.json")).expect("written")).expect("our own plan");
    assert!(run.stdout.contains(&format!("{} strokes", plan.strokes())));
}

#[test]
fn drawing_again_never_overwrites_an_older_drawing() {
    let bench = Bench::new();
    let folders: Vec<_> = (0..2)
        .map(|_| bench.run(&["draw", "--json"]).json()["folder"].as_str().expect("a folder").to_owned())
        .collect();
    assert_ne!(folders[0], folders[1]);
}

#[test]
fn progress_names_each_stage_on_standard_error() {
    let bench = Bench::new();
    let output = bench.command(&["draw", "--out", "out"]).output().expect("starts");
    let said = String::from_utf8_lossy(&output.stderr);
    for stage in ["photo", "portrait", "lines", "sketch", "strokes", "plan", "program", "paper"] {
        assert!(said.lines().any(|l| l.trim_start().starts_with(stage) && l.ends_with("ms")), "{stage} in {said}");
    }
}

#[test]
fn a_folder_serves_as_camera() {
    let bench = Bench::new();
    fs::create_dir(bench.path().join("shots")).expect("writable");
    let sitter = portraitist::photo::sitters::sitters()[1].jpeg;
    bench.file("shots/one.jpg", sitter);
    let drawn = bench.run(&["draw", "--camera-dir", "shots", "--out", "out", "--json"]).json();
    assert!(drawn["strokes"].as_u64() > Some(40));
    let tested = bench.run(&["camera", "test", "--camera-dir", "shots", "--json"]).json();
    assert_eq!((tested["width_px"].as_u64(), tested["height_px"].as_u64()), (Some(512), Some(512)));
    assert!(!bench.path().join("photo.png").exists(), "nothing is kept unless asked");
}

#[test]
fn a_photo_comes_through_standard_input() {
    let bench = Bench::new();
    let name = bench.file("sitter.jpg", portraitist::photo::sitters::sitters()[0].jpeg);
    let photo = fs::File::open(bench.path().join(name)).expect("just written");
    let output =
        bench.command(&["-q", "draw", "-", "--out", "out"]).stdin(Stdio::from(photo)).output().expect("starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn settings_count_on_both_sides_of_a_command() {
    let bench = Bench::new();
    let shown = bench.run(&["--set", "pen.width_mm=0.7", "config", "show", "--set", "plan.effort=0.3", "--json"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    for (key, value) in [("width_mm", "0.7"), ("effort", "0.3")] {
        let line = |line: &str| line.contains(key) && line.contains(value);
        assert!(format!("{:#}", shown.json()).lines().any(line), "{key} is not {value}: {}", shown.stdout);
    }
}

#[test]
fn a_drawing_goes_from_raster_to_svg_to_plan() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["draw", "--out", "drawn"]).code, 0);
    let traced = bench.run(&["strokes", "drawn/lines.png", "--out", "again.svg", "--json"]);
    assert_eq!(traced.code, 0, "{}", traced.stderr);
    assert!(traced.json()["strokes"].as_u64() > Some(20));
    let planned = bench.run(&["plan", "again.svg", "--out", "planned", "--json"]);
    assert_eq!(planned.code, 0, "{}", planned.stderr);
    let planned = planned.json();
    assert_eq!(planned["schema"], "portraitist.plan/1");
    assert!(planned["estimated_secs"].as_f64() > Some(10.0));
    for name in ["plan.svg", "plan.json", "program.gcode", "paper.png", "preview.html"] {
        assert!(bench.path().join("planned").join(name).exists(), "{name} is missing");
    }
}

#[test]
fn the_machine_can_be_chosen_on_the_command_line() {
    let bench = Bench::new();
    let z = bench.run(&["draw", "--robot", "a4-z", "--paper", "a6", "--out", "z", "--json"]).json();
    assert_eq!(z["sheet_mm"], serde_json::json!([105.0, 148.0]));
    let program = fs::read_to_string(bench.path().join("z/program.gcode")).expect("written");
    assert!(program.contains('Z') && !program.contains("M3"), "a Z robot lifts by Z");
    bench.run(&["draw", "--robot", "a4-zz"]).refused(3, &["a4-zz"]);
    bench.run(&["draw", "--set", "pen.widht_mm=1"]).refused(3, &["pen.widht_mm", "pen.width_mm"]);
}

#[test]
fn configuration_is_shown_and_checked() {
    let bench = Bench::new();
    let shown = bench.run(&["config", "show", "--effective"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    assert!(shown.stdout.contains("[pen]") && shown.stdout.contains("width_mm"));
    bench.file("good.toml", shown.stdout.as_bytes());
    assert_eq!(bench.run(&["config", "check", "--config", "good.toml"]).code, 0, "what is shown can be read again");
    bench.file("bad.toml", b"version = 1\n[pen]\nwidht_mm = 0.5\n");
    bench.run(&["config", "check", "--config", "bad.toml"]).refused(3, &["bad.toml:3", "widht_mm", "width_mm"]);
    let origin = bench.run(&["config", "show", "--origin", "--set", "pen.width_mm=0.7"]);
    assert!(origin.stdout.lines().any(|l| l.starts_with("width_mm = 0.7") && l.contains("--set")), "{}", origin.stdout);
}

#[test]
fn every_command_speaks_json() {
    let bench = Bench::new();
    for (arguments, schema) in [
        (&["camera", "list"][..], "portraitist.camera.list/1"),
        (&["config", "check"], "portraitist.config.check/1"),
        (&["config", "show"], "portraitist.config.show/1"),
        (&["doctor"], "portraitist.doctor/1"),
    ] {
        let run = bench.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.json()["schema"], schema, "{arguments:?}");
    }
}

#[test]
fn the_doctor_names_each_organ() {
    let bench = Bench::new();
    let run = bench.run(&["doctor"]);
    for organ in ["configuration", "camera", "port", "model files", "drawings", "disk"] {
        assert!(run.stdout.contains(organ), "{organ} is missing in {}", run.stdout);
    }
    assert!(!bench.path().join("drawings").exists(), "looking leaves nothing behind");
    bench.file("portraitist.toml", b"version = 1\nnonsense = 2\n");
    let sick = bench.run(&["doctor"]);
    assert_eq!(sick.code, 11, "{}", sick.stdout);
    assert!(sick.stdout.contains("FAULT"));
}

#[test]
fn completions_are_written_for_shells() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(bench.run(&["completions", shell]).stdout.contains("portraitist"), "{shell}");
    }
}

#[test]
fn ctrl_c_holds_lifts_the_pen_and_keeps_the_sheet_so_far() {
    let bench = Bench::new();
    let mut child =
        bench.command(&["-q", "draw", "--real-time", "--out", "out"]).stderr(Stdio::piped()).spawn().expect("starts");
    // The program file is the last thing before the pen moves.
    let since = Instant::now();
    while !bench.path().join("out/preview.html").exists() && since.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
    let status = child.wait().expect("it ends");
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().expect("piped"), &mut said).expect("text");
    assert_eq!(status.code(), Some(7), "{said}");
    assert!(said.contains("the pen is up"), "{said}");
    assert!(bench.path().join("out/paper.png").exists());
}
