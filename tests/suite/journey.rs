//! The whole journey, photo to paper, against golden files; README.md shows the same files as its pictures.
//!
//! Refresh with `UPDATE_GOLDEN=1 cargo test --test suite journey`, and look at what has changed.

use std::ops::ControlFlow;

use image::imageops;
use image::imageops::FilterType;
use portraitist::config;
use portraitist::config::LoadRequest;
use portraitist::fault::Kind;
use portraitist::job;
use portraitist::job::Artist;
use portraitist::job::Job;
use portraitist::job::Stage;
use portraitist::job::Subject;
use portraitist::photo;
use portraitist::photo::sitters;
use portraitist::plan::Act;
use portraitist::plan::MotionPlan;
use portraitist::preview;

use crate::picture;

fn drawn(name: &str, enter: &mut dyn FnMut(Stage) -> ControlFlow<()>) -> Result<Job, portraitist::fault::Fault> {
    let loaded = config::load(&LoadRequest::default()).expect("the defaults");
    let config = loaded.config();
    let photo = photo::decode(sitters::sitter(name).expect("shipped").jpeg).expect("a JPEG");
    let networks = config.models.face_networks().expect("they ship");
    let style = config.models.style_networks(&config.style).expect("they ship");
    let artist = style.as_ref().map_or(Artist::Pen, Artist::Networks);
    let recipe = config.recipe(Subject::Sitter { networks: &networks, config: &config.sitter, at: None }, artist);
    job::prepare(&photo, &recipe, enter)
}

pub fn job(name: &str) -> Job {
    drawn(name, &mut |_| ControlFlow::Continue(())).expect("sample sitters can be drawn")
}

#[test]
fn every_stage_of_a_sitter_is_as_it_was() {
    let job = job("clara");
    let portrait = imageops::resize(job.portrait.pixels(), 256, 256, FilterType::Triangle);
    picture::check_golden("portrait.jpg", &imageops::grayscale(&portrait));
    picture::check_golden("lines.png", job.lines.ink());
    picture::check_golden("sketch.png", &job.sketch.flattened());
    let paper = preview::paper(&job.plan, &config::load(&LoadRequest::default()).expect("the defaults").config().ink);
    let paper = imageops::resize(&paper, 592, 840, FilterType::Triangle);
    picture::check_golden("paper.png", &imageops::grayscale(&paper));
}

#[test]
fn every_sitter_becomes_a_sheet_of_the_usual_size() {
    for sitter in sitters::sitters() {
        let plan = job(sitter.name).plan;
        let name = sitter.name;
        // Loose on purpose: it catches an empty sheet and a sheet of confetti, not a change of taste.
        assert!((60..=400).contains(&plan.strokes()), "{name}: {} strokes", plan.strokes());
        assert!((800.0..=4500.0).contains(&plan.ink_mm()), "{name}: {:.0} mm of ink", plan.ink_mm());
        assert!((45.0..=185.0).contains(&plan.total_secs()), "{name}: {:.0} s", plan.total_secs());
        check_promises(&plan);
    }
}

/// What a plan promises, checked from outside: ends at home with the pen up, all ink on the sheet, time only grows.
fn check_promises(plan: &MotionPlan) {
    let end = plan.total_secs();
    for secs in [0.0, end] {
        assert!(!plan.at(secs).pen_down, "the pen is up at {secs}");
    }
    assert!((plan.at(0.0).at - plan.at(end).at).length() < 1e-6, "a plan ends where it began");
    let mut now = 0.0;
    for motion in plan.motions() {
        assert!(motion.start_secs() >= now - 1e-9 && motion.end_secs() >= motion.start_secs());
        now = motion.start_secs();
        if motion.act() == Act::Draw {
            assert!(motion.path().iter().all(|p| plan.sheet().bounds().contains_inclusive(*p)), "ink beside the sheet");
        }
    }
}

#[test]
fn the_same_photo_gives_the_same_program() {
    assert_eq!(job("omar").program.bytes(), job("omar").program.bytes());
}

#[test]
fn a_job_can_be_ended_between_any_two_stages() {
    for last in Stage::ALL.into_iter().filter(|s| !matches!(s, Stage::Photo | Stage::Paper)) {
        let mut seen = Vec::new();
        let ended = drawn("mei", &mut |stage| {
            seen.push(stage);
            if stage == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(ended.expect_err("it was ended").kind(), Kind::Cancelled);
        assert_eq!(seen.last(), Some(&last));
    }
}
