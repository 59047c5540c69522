//! Makes the sample sitters from public-domain portraits: `cargo run --release --example make_sitters -- DATA OUT`.
//!
//! DATA is the folder `portraits` of the data card, OUT receives one JPEG per sitter of `recipe.toml`. The same
//! portraits always give the same bytes. How it works, and how far the sitters are from their sources: `README.md`.

mod backdrop;
mod colour;
mod compose;
mod donor;
mod parts;
mod pyramid;
mod recipe;
mod warp;

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::bail;
use image::codecs::jpeg::JpegEncoder;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [data, out] = &arguments[..] else {
        bail!("name two folders: the portraits of the data card, and where the sitters shall go");
    };
    let recipe = recipe::Recipe::parse(include_str!("recipe.toml"))?;
    let marks = donor::read_marks(data)?;
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    for sitter in &recipe.sitter {
        let picture = compose::compose(data, &marks, sitter)?;
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&picture)?;
        let path = out.join(format!("{}.jpg", sitter.name));
        fs::write(&path, &jpeg).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{} ({} kB)", path.display(), jpeg.len() / 1000);
    }
    Ok(())
}

const QUALITY: u8 = 88;
