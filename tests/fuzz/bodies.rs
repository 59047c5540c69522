//! What each fuzz target does with its bytes. The targets in `fuzz_targets/` and the test `tests/suite/fuzzed.rs` share it.

use std::sync::OnceLock;

use models::import::Kind;
use portraitist::geom::Point;
use portraitist::geom::Polyline;
use portraitist::photo;
use portraitist::plan;
use portraitist::plan::MotionPlan;
use portraitist::plan::PlanConfig;
use portraitist::plan::RobotProfile;
use portraitist::plan::verify;
use portraitist::strokes::Sheet;
use portraitist::strokes::Stroke;
use portraitist::strokes::StrokeKind;
use portraitist::strokes::StrokeSet;
use portraitist::strokes::svg;
use portraitist::strokes::svg::SvgConfig;

/// An SVG: whatever is read lies on its sheet and can be written again.
pub fn svg(bytes: &[u8]) {
    if let Ok(drawing) = svg::read(bytes, &SvgConfig::default()) {
        svg::write(&drawing.strokes, 0.4, svg::Layers::ByKind);
    }
}

/// A configuration file.
pub fn config(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = portraitist::config::read(text);
    }
}

/// A photo.
pub fn image(bytes: &[u8]) {
    let _ = photo::decode(bytes);
}

/// A plan file.
pub fn plan(bytes: &[u8]) {
    if let Ok(plan) = MotionPlan::from_json(bytes) {
        plan.at(plan.total_secs() / 2.0);
    }
}

/// A program: lines of G-code, one by one and as a whole.
pub fn gcode(bytes: &[u8]) {
    for line in bytes.split(|b| *b == b'\n') {
        if let Ok(line) = std::str::from_utf8(line) {
            let _ = firmware_protocol::gcode::words(line);
        }
    }
    if let Some(sheet) = Sheet::new(148.0, 210.0) {
        let _ = verify::verify(bytes, &sheet, robot());
    }
}

/// A checkpoint of PyTorch's: what is handed out can be read.
pub fn checkpoint(bytes: &[u8]) {
    for kind in [Kind::Generator, Kind::Vgg, Kind::Inception] {
        if let Ok(imported) = models::import::import(kind, bytes) {
            assert!(imported.tensors > 0 && imported.bytes.len() < 8 * bytes.len() + 10_000);
        }
    }
}

/// A plan of two strokes, as its file.
pub fn small_plan() -> Vec<u8> {
    let line = |points: &[(f64, f64)]| Stroke {
        kind: StrokeKind::Contour,
        path: Polyline::new(points.iter().map(|(x, y)| Point::new(*x, *y)).collect()).expect("distinct points"),
    };
    let sheet = Sheet::new(148.0, 210.0).expect("a sheet");
    let set = StrokeSet::new(
        sheet,
        vec![line(&[(20.0, 20.0), (40.0, 25.0), (41.0, 60.0)]), line(&[(60.0, 60.0), (70.0, 61.0)])],
    );
    plan::plan(&set.expect("on the sheet"), robot(), &PlanConfig::default()).expect("in reach").to_json()
}

fn robot() -> &'static RobotProfile {
    static ROBOT: OnceLock<RobotProfile> = OnceLock::new();
    ROBOT.get_or_init(|| portraitist::config::load(&Default::default()).expect("the defaults").config().robot.clone())
}
