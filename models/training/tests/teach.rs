//! Lessons: who is drawn, what is kept, what is refused.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use image::GrayImage;
use image::Luma;
use portraitist::artists::Artist;
use portraitist::photo::sitters;
use serde_json::json;
use training::data::kept_apart;
use training::data::listed;
use training::teach::Drawn;
use training::teach::Lesson;
use training::teach::Outcome;
use training::teach::Whom;
use training::teach::teach;

/// Six people in the data card's form; the labels of the second are suspect, the third has no photo.
fn people(folder: &Path) -> Result<()> {
    for part in ["aligned", "person", "regions"] {
        fs::create_dir(folder.join(part))?;
    }
    let mut list = String::new();
    let head = |x: u32, y: u32| (f64::from(x) - 256.0).hypot((f64::from(y) - 265.0) * 0.7) < 130.0;
    for (at, sitter) in sitters::sitters().iter().enumerate() {
        let id = format!("p{at}");
        if at != 2 {
            fs::write(folder.join(format!("aligned/{id}.jpg")), sitter.jpeg)?;
        }
        let plane = |value: u8| GrayImage::from_fn(512, 512, |x, y| Luma([if head(x, y) { value } else { 0 }]));
        plane(255).save(folder.join(format!("person/{id}.png")))?;
        plane(1).save(folder.join(format!("regions/{id}.png")))?;
        let ring = |i: usize| {
            let (sin, cos) = (TAU * i as f64 / 68.0).sin_cos();
            [256.0 + 60.0 * cos, 290.0 + 80.0 * sin]
        };
        let line = json!({
            "id": id, "landmarks68": (0..68).map(ring).collect::<Vec<_>>(), "iris": [[206.0, 236.0], [306.0, 236.0]],
            "iris_radius": [9.5, 9.5], "person_group": at, "glasses": false, "beard_hint": false,
            "long_hair_hint": false, "skin_ita": 40.0, "monochrome": false, "label_suspect": at == 1,
        });
        list += &format!("{line}\n");
    }
    fs::write(folder.join("landmarks.jsonl"), list)?;
    Ok(())
}

fn taught(lesson: &Lesson) -> Result<Outcome> {
    teach(lesson, &AtomicBool::new(false), |_| ())
}

#[test]
fn everyone_fit_is_drawn_once_and_what_is_there_stays() -> Result<()> {
    let (data, out) = (tempfile::tempdir()?, tempfile::tempdir()?);
    people(data.path())?;
    let lesson = Lesson {
        data: data.path().into(),
        artist: Artist::Lines,
        hand: None,
        out: out.path().join("lines"),
        whom: Whom::Lot { without: Some(1), limit: None },
        seed: 1,
    };
    let apart = kept_apart(&listed(data.path())?, 1);
    assert_eq!(apart.len(), 1, "of six people one is kept");
    let fit: Vec<u64> = (0..6).filter(|at| *at != 1 && !apart.contains(at)).collect();
    let whole = fit.iter().filter(|at| **at != 2).count();
    let failed = fit.len() - whole;
    assert_eq!(taught(&lesson)?, Outcome { drawn: whole, kept: 0, failed });
    assert_eq!(taught(&lesson)?, Outcome { drawn: 0, kept: whole, failed });

    let record = fs::read_to_string(lesson.out.join("drawings.jsonl"))?;
    let first: Drawn = serde_json::from_str(record.lines().next().expect("a line"))?;
    let picture = lesson.out.join(format!("{}.png", first.id));
    let before = fs::read(&picture)?;
    assert_eq!(image::load_from_memory(&before)?.color(), image::ColorType::L8);
    fs::remove_file(&picture)?;
    assert_eq!(taught(&lesson)?, Outcome { drawn: 1, kept: whole - 1, failed });
    assert_eq!(fs::read(&picture)?, before, "the same lot draws the same");

    let other = taught(&Lesson { artist: Artist::Pen, ..lesson.clone() }).expect_err("another artist's folder");
    assert!(other.to_string().contains("give another folder"), "{other}");
    let hand = taught(&Lesson { hand: Some(9), ..lesson.clone() }).expect_err("no such hand");
    assert!(hand.to_string().contains("0 (study)"), "{hand}");
    let unknown = taught(&Lesson { whom: Whom::Named(vec!["nobody".into()]), ..lesson }).expect_err("not listed");
    assert!(unknown.to_string().contains("nobody"), "{unknown}");
    Ok(())
}
