//! The command, from a folder of drawings to `portraitist style list`.

use std::fs;

use anyhow::Result;
use portraitist::config;
use portraitist::config::LoadRequest;
use portraitist::photo::sitters;

use super::desk::Desk;
use super::desk::STEPS;
use super::desk::refused;
use super::desk::told;

#[test]
fn three_drawings_are_refused_with_advice_and_names_before_anything_is_read() -> Result<()> {
    let desk = Desk::new(3)?;
    let few = refused(&desk.style("mina", &[])?);
    assert!(few.contains("3 of 3 scans can be used, and a style takes 12 at least"), "{few}");
    assert!(few.contains("thirty make a usable one") && few.contains("add portraits"), "{few}");
    assert!(refused(&desk.style("pen", &[])?).contains("ships with portraitist"));
    assert!(refused(&desk.style("../mina", &[])?).contains("no name for a style"));
    assert!(refused(&desk.style("mina", &["--resume"])?).contains("no pages of a run"));
    assert!(!desk.at("config").exists(), "nothing was registered");
    let own = refused(&desk.style("pen", &["--unregistered"])?);
    assert!(own.contains("3 of 3"), "what is not registered may have any plain name: {own}");
    Ok(())
}

#[test]
fn a_folder_of_photos_and_unreadable_files_is_refused_file_by_file() -> Result<()> {
    let desk = Desk::new(0)?;
    let put = |name: &str, bytes: &[u8]| fs::write(desk.at("sketches").join(name), bytes);
    for sitter in sitters::sitters() {
        put(&format!("photo-{}.jpg", sitter.name), sitter.jpeg)?;
    }
    put("scribble.png", b"no picture")?;
    put("torn.jpg", &sitters::sitters()[0].jpeg[..900])?;
    let words = refused(&desk.style("mina", &[])?);
    for said in [
        "left out: photo-clara.jpg: ",
        "like a photo",
        "left out: scribble.png: it is no picture",
        "left out: torn.jpg: ",
        "0 of 8 scans can be used",
        "see above what was wrong",
    ] {
        assert!(words.contains(said), "{said} is missing in {words}");
    }
    assert!(!words.contains("panicked"), "{words}");
    assert!(!desk.at("config").exists(), "nothing was registered");
    Ok(())
}

#[test]
fn a_folder_of_drawings_becomes_a_style_that_draw_knows_though_it_was_stopped_and_resumed() -> Result<()> {
    let desk = Desk::new(13)?;
    fs::write(desk.at("sketches/scribble.png"), "no picture")?;
    let dry = desk.style("mina", &["--dry-run", "--steps", STEPS])?;
    let words = told(&dry);
    assert!(dry.status.success(), "{words}");
    for said in
        ["left out: scribble.png: it is no picture", "13 pages of ink; starts from nothing", "few pages", "4 steps, "]
    {
        assert!(words.contains(said), "{said}: {words}");
    }
    assert!(desk.at("runs/mina/pages.jpg").is_file() && !desk.at("runs/mina/checkpoint.safetensors").exists());

    let whole = desk.style("whole", &["--steps", STEPS])?;
    assert!(whole.status.success(), "{}", told(&whole));
    let stopped = desk.stopped("mina", &["--steps", STEPS])?;
    assert!(stopped.contains("stopped; the same command with --resume goes on"), "{stopped}");
    assert!(!desk.at("config/portraitist/styles/mina.toml").exists(), "half a style is none");
    let again = refused(&desk.style("mina", &[])?);
    assert!(again.contains("--resume goes on with it"), "{again}");
    // The pages are kept: what becomes of the scans meanwhile makes no difference.
    fs::remove_dir_all(desk.at("sketches"))?;
    let resumed = desk.style("mina", &["--resume"])?;
    assert!(resumed.status.success(), "{}", told(&resumed));
    let generator = |name: &str| fs::read(desk.at(&format!("config/portraitist/styles/{name}.safetensors")));
    assert!(generator("mina")? == generator("whole")?, "the resumed style is another one");

    let own_folder = Some(desk.at("config/portraitist"));
    let request = LoadRequest { own_folder, sets: vec!["style=mina".to_owned()], ..LoadRequest::default() };
    let loaded = config::load(&request)?;
    assert!(loaded.style_names().contains(&"mina".to_owned()));
    let style = &loaded.config().style;
    assert_eq!(style.name, "mina");
    assert!(loaded.config().models.style_networks(style)?.is_some(), "it draws by its networks");
    let card = fs::read_to_string(desk.at("config/portraitist/styles/mina.md"))?;
    assert!(card.contains("Learnt from 13 sketches") && card.contains("4 steps"), "{card}");
    assert!(desk.at("config/portraitist/styles/mina.jpg").is_file());
    assert!(refused(&desk.style("mina", &["--resume"])?).contains("--replace"));
    Ok(())
}
