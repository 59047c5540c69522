//! Runs that are not the plain one: with the texture of others' drawings, with Pix2Pix's networks; and what they draw, as files.

use std::fs;

use anyhow::Result;
use image::GrayImage;
use image::Luma;
use training::page::Page;

use super::desk::Desk;
use super::desk::STEPS;
use super::desk::refused;
use super::desk::told;
use super::sheets::drawings;

/// A folder `old` of drawings with their regions on `desk`, the last without landmarks.
fn old_drawings(desk: &Desk) -> Result<()> {
    for part in ["aligned", "regions"] {
        fs::create_dir_all(desk.at("old").join(part))?;
    }
    // A cap of hair, a face, a coat; nothing else is known.
    let regions = GrayImage::from_fn(512, 512, |x, y| {
        Luma([match (x, y) {
            (90..430, 10..150) => 2,
            (150..370, 150..430) => 1,
            (20..490, 440..512) => 7,
            _ => 0,
        }])
    });
    let landmarks: Vec<[f32; 2]> = (0..68).map(|at| [160.0 + 3.0 * at as f32, 190.0 + 3.0 * at as f32]).collect();
    let mut list = String::new();
    for (at, drawing) in drawings().iter().cycle().take(3).enumerate() {
        drawing.save(desk.at(&format!("old/aligned/{at}.png")))?;
        regions.save(desk.at(&format!("old/regions/{at}.png")))?;
        let landmarks = (at < 2).then_some(&landmarks);
        list += &format!("{}\n", serde_json::json!({ "id": at.to_string(), "scale": 2.7, "landmarks68": landmarks }));
    }
    fs::write(desk.at("old/landmarks.jsonl"), list)?;
    Ok(())
}

/// Runs `whole` in one piece and `parts` stopped and resumed, both with `more`, and compares them; what the first one said.
fn resumed_is_whole(desk: &Desk, more: &[&str]) -> Result<String> {
    let whole = desk.style("whole", &[more, &["--steps", STEPS]].concat())?;
    assert!(whole.status.success(), "{}", told(&whole));
    let stopped = desk.stopped("parts", &[more, &["--steps", STEPS]].concat())?;
    assert!(stopped.contains("with --resume goes on"), "{stopped}");
    let resumed = desk.style("parts", &[more, &["--resume"]].concat())?;
    assert!(resumed.status.success(), "{}", told(&resumed));
    assert!(desk.state("whole")? == desk.state("parts")?, "the resumed run is another one");
    Ok(told(&whole))
}

#[test]
fn drawings_by_others_lend_their_texture_whatever_becomes_of_them_later() -> Result<()> {
    let desk = Desk::new(13)?;
    old_drawings(&desk)?;
    let plain = desk.style("plain", &["--steps", STEPS])?;
    assert!(!told(&plain).contains("texture"), "{}", told(&plain));
    let said = resumed_is_whole(&desk, &["--texture", "old"])?;
    assert!(said.contains("2 drawings lend the texture") && said.contains("  texture "), "{said}");
    let (with, without) = (desk.state("whole")?, desk.state("plain")?);
    assert!(with.keys().eq(without.keys()) && with != without, "the discriminators took no notice");
    let card = fs::read_to_string(desk.at("config/portraitist/styles/whole.md"))?;
    assert!(
        card.contains("2 drawings by others lent the texture of their hair and coats, never their faces"),
        "{card}"
    );

    fs::remove_dir_all(desk.at("old"))?;
    let longer = desk.style("parts", &["--texture", "old", "--resume", "--replace", "--steps", "5"])?;
    assert!(longer.status.success(), "the texture is kept with the run: {}", told(&longer));
    let without = refused(&desk.style("parts", &["--resume", "--replace"])?);
    assert!(without.contains("was begun with a texture: add --texture"), "{without}");
    let with = refused(&desk.style("plain", &["--texture", "old", "--resume", "--replace"])?);
    assert!(with.contains("was begun without a texture: leave out --texture"), "{with}");
    assert!(refused(&desk.style("other", &["--texture", "old"])?).contains("landmarks.jsonl"));
    Ok(())
}

#[test]
fn pix2pix_learns_by_the_same_recipe_is_no_style_and_draws_for_those_who_measure() -> Result<()> {
    let desk = Desk::new(13)?;
    let style = refused(&desk.style("whole", &["--ablation", "pix2pix"])?);
    assert!(style.contains("portraitist cannot draw with the networks of pix2pix"), "{style}");
    assert!(style.contains("add --unregistered") && style.contains("sketch --run runs/whole"), "{style}");
    assert!(!desk.at("runs").exists() && !desk.at("config").exists());
    let said = resumed_is_whole(&desk, &["--ablation", "pix2pix", "--unregistered"])?;
    assert!(said.contains("  absolute ") && !said.contains("matching"), "{said}");
    assert!(!desk.at("config").exists(), "nothing was registered");
    let srender = desk.style("srender", &["--unregistered", "--steps", "1"])?;
    assert!(srender.status.success(), "{}", told(&srender));

    for (out, more) in
        [("of-pix", &["--run", "runs/whole"][..]), ("of-srender", &["--run", "runs/srender"]), ("of-f", &[])]
    {
        let drawn = desk.sketch(&[more, &["--sketches", "sketches", "--out", out]].concat())?;
        assert!(drawn.status.success(), "{}", told(&drawn));
        assert_eq!(fs::read_dir(desk.at(out))?.count(), 13);
    }
    let first = |out: &str| Page::read(&desk.at(out).join("00.png"));
    assert!(first("of-pix")? != first("of-srender")? && first("of-pix")? != first("of-f")?);
    let over = desk.sketch(&["--run", "runs/whole", "--lines", "of-f", "--out", "over"])?;
    assert!(over.status.success(), "{}", told(&over));
    let apart: f32 = first("over")?.values().iter().zip(first("of-pix")?.values()).map(|(a, b)| (a - b).abs()).sum();
    assert!(apart / (512.0 * 512.0) < 0.01, "lines kept as bytes give the same sketch");
    let none = refused(&desk.sketch(&["--run", "runs/none", "--sketches", "sketches", "--out", "none"])?);
    assert!(none.contains("no run: runs/none"), "{none}");
    Ok(())
}
