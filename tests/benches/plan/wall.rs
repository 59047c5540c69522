//! How long planning takes, by number of strokes. `cargo bench --bench plan`

use divan::Bencher;
use portraitist::geom::Point;
use portraitist::geom::Polyline;
use portraitist::plan::PlanConfig;
use portraitist::plan::Program;
use portraitist::plan::RobotProfile;
use portraitist::plan::plan;
use portraitist::plan::verify::verify;
use portraitist::strokes::Sheet;
use portraitist::strokes::Stroke;
use portraitist::strokes::StrokeKind;
use portraitist::strokes::StrokeSet;

fn main() {
    divan::main();
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 5, sample_size = 1)]
fn plan_strokes(bencher: Bencher, strokes: usize) {
    let (strokes, robot) = (wandering(strokes), robot());
    bencher.bench_local(|| plan(&strokes, &robot, &PlanConfig::default()));
}

#[divan::bench(args = [10_000], sample_count = 5, sample_size = 1)]
fn write_and_verify(bencher: Bencher, strokes: usize) {
    let robot = robot();
    let planned = plan(&wandering(strokes), &robot, &PlanConfig::default()).expect("strokes on the sheet");
    bencher.bench_local(|| verify(&Program::of(&planned).bytes(), planned.sheet(), &robot));
}

fn robot() -> RobotProfile {
    toml::from_str(include_str!("../../../config/robots/a4-servo.toml")).expect("a shipped profile")
}

/// Curves of some 6 mm all over an A4 sheet.
fn wandering(strokes: usize) -> StrokeSet {
    let mut state = 1u64;
    let mut unit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    let sheet = Sheet::new(210.0, 297.0).expect("A4");
    let made = (0..strokes).map(|_| {
        let (mut x, mut y, mut heading) = (10.0 + 190.0 * unit(), 10.0 + 277.0 * unit(), 6.3 * unit());
        let turn = 0.2 * (unit() - 0.5);
        let points = (0..20).map(|_| {
            heading += turn;
            x = (x + 0.3 * f64::cos(heading)).clamp(0.0, 210.0);
            y = (y + 0.3 * f64::sin(heading)).clamp(0.0, 297.0);
            Point::new(x, y)
        });
        Stroke { kind: StrokeKind::Contour, path: Polyline::new(points.collect()).expect("a curve") }
    });
    StrokeSet::new(sheet, made.collect()).expect("on the sheet")
}
