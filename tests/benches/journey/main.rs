//! How long each stage of a portrait takes, from photo to program at 512 px. `cargo bench --bench journey`

use std::ops::ControlFlow;

use divan::Bencher;
use portraitist::config;
use portraitist::config::Config;
use portraitist::config::LoadRequest;
use portraitist::job;
use portraitist::job::Artist;
use portraitist::job::Job;
use portraitist::job::Subject;
use portraitist::photo;
use portraitist::photo::Framing;
use portraitist::photo::Photo;
use portraitist::photo::sitters;
use portraitist::plan;
use portraitist::plan::Program;
use portraitist::preview;
use portraitist::sketch;
use portraitist::sketch::Anatomy;
use portraitist::strokes;

fn main() {
    divan::main();
}

fn settings() -> Config {
    config::load(&LoadRequest::default()).expect("the defaults").config().clone()
}

fn sitter() -> Photo {
    photo::decode(sitters::sitters()[0].jpeg).expect("a JPEG")
}

fn job(photo: &Photo, config: &Config) -> Job {
    let networks = config.models.face_networks().expect("they ship");
    let recipe = config.recipe(Subject::Sitter { networks: &networks, config: &config.sitter, at: None }, Artist::Pen);
    job::prepare(photo, &recipe, &mut |_| ControlFlow::Continue(())).expect("a sample sitter can be drawn")
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn photo_to_program(bencher: Bencher) {
    let (photo, config) = (sitter(), settings());
    bencher.bench_local(|| job(&photo, &config));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn portrait_to_lines(bencher: Bencher) {
    let config = settings();
    let portrait = photo::compose(&sitter(), &Framing::Centred).expect("a sitter");
    bencher.bench_local(|| {
        let matte = photo::matte(&portrait, &config.backdrop);
        sketch::flow_lines(&portrait, &Anatomy::guessed(&portrait, &matte), &config.lines)
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn sketch_to_strokes(bencher: Bencher) {
    let config = settings();
    let sketch = job(&sitter(), &config).sketch;
    bencher.bench_local(|| strokes::strokes(&sketch, &config.sheet, &config.strokes));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn strokes_to_program(bencher: Bencher) {
    let config = settings();
    let strokes = job(&sitter(), &config).traced.set;
    bencher.bench_local(|| plan::plan(&strokes, &config.robot, &config.plan).map(|plan| Program::of(&plan).bytes()));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn plan_to_paper(bencher: Bencher) {
    let config = settings();
    let plan = job(&sitter(), &config).plan;
    bencher.bench_local(|| preview::paper(&plan, &config.ink));
}
