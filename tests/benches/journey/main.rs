//! How long each stage of a portrait takes, from photo to program at 512 px. `cargo bench --bench journey`

use std::ops::ControlFlow;

use divan::Bencher;
use portraitist::config;
use portraitist::config::Config;
use portraitist::config::LoadRequest;
use portraitist::fault::Fault;
use portraitist::job;
use portraitist::job::Artist;
use portraitist::job::Job;
use portraitist::job::Stage;
use portraitist::job::Subject;
use portraitist::photo;
use portraitist::photo::Framing;
use portraitist::photo::Photo;
use portraitist::photo::sitters;
use portraitist::plan;
use portraitist::plan::Program;
use portraitist::preview;
use portraitist::sitter;
use portraitist::sketch;
use portraitist::sketch::Anatomy;
use portraitist::sketch::StyleNetworks;
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

/// What the style that `draw` takes by itself draws with.
struct Networks {
    face: sitter::Networks,
    style: Option<StyleNetworks>,
}

impl Networks {
    fn load(config: &Config) -> Self {
        let style = config.models.style_networks(&config.style).expect("they ship");
        Self { face: config.models.face_networks().expect("they ship"), style }
    }
}

/// The job of `photo`, until `enter` ends it.
fn job(
    photo: &Photo,
    config: &Config,
    networks: &Networks,
    enter: &mut dyn FnMut(Stage) -> ControlFlow<()>,
) -> Result<Job, Fault> {
    let subject = Subject::Sitter { networks: &networks.face, config: &config.sitter, at: None };
    let artist = networks.style.as_ref().map_or(Artist::Pen, Artist::Networks);
    job::prepare(photo, &config.recipe(subject, artist), enter)
}

fn whole_job(config: &Config) -> Job {
    job(&sitter(), config, &Networks::load(config), &mut |_| ControlFlow::Continue(())).expect("a sample sitter")
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn loading(bencher: Bencher) {
    let config = settings();
    bencher.bench_local(|| Networks::load(&config));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn photo_to_program(bencher: Bencher) {
    let (photo, config) = (sitter(), settings());
    let networks = Networks::load(&config);
    bencher.bench_local(|| job(&photo, &config, &networks, &mut |_| ControlFlow::Continue(())).map(|job| job.plan));
}

/// From the JPEG: decoded, face found and read, F, details, G.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn photo_to_sketch(bencher: Bencher) {
    let config = settings();
    let networks = Networks::load(&config);
    bencher.bench_local(|| {
        let mut enter =
            |stage| if stage == Stage::Strokes { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        job(&sitter(), &config, &networks, &mut enter).err()
    });
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
    let sketch = whole_job(&config).sketch;
    bencher.bench_local(|| strokes::strokes(&sketch, &config.sheet, &config.strokes));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn strokes_to_program(bencher: Bencher) {
    let config = settings();
    let strokes = whole_job(&config).traced.set;
    bencher.bench_local(|| plan::plan(&strokes, &config.robot, &config.plan).map(|plan| Program::of(&plan).bytes()));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn plan_to_paper(bencher: Bencher) {
    let config = settings();
    let plan = whole_job(&config).plan;
    bencher.bench_local(|| preview::paper(&plan, &config.ink));
}
