//! A run's result becomes a shipped file: its weights as 16-bit numbers, and its entry in the manifest.
//!
//! `models/weights.toml` keeps its comments and its other entries; an entry of the same name is replaced.

use std::path::Path;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;
use models::detail_drawer;
use models::encoder;
use models::face_finder;
use models::face_reader;
use models::generator;
use models::generator::Generator;
use models::line_drawer;
use models::stroke_classifier;
use sha2::Digest;
use sha2::Sha256;

use crate::checkpoint;
use crate::data::SIDE;

/// The licence of weights that this project trains.
const LICENCE: &str = "MIT OR Apache-2.0";

/// The networks there is one of, and the side of what they are fed, px. What else a folder of runs holds are styles.
const ONE_OF: [(&str, usize); 6] = [
    (face_finder::NAME, face_finder::SIDE),
    (face_reader::NAME, face_reader::SIDE),
    (encoder::NAME, SIDE),
    (line_drawer::NAME, SIDE),
    (stroke_classifier::NAME, stroke_classifier::PATCH),
    // Its crops are cut from such frames.
    (detail_drawer::NAME, SIDE),
];

/// Makes the result of the run called `name` in the folder `runs` weights that ship: `models/weights/NAME.safetensors` and
/// its entry in `models/weights.toml`. Gives the bytes written.
///
/// # Errors
/// There is no run, its result is of no network of ours, or the disk refuses.
pub fn export(runs: &Path, models: &Path, name: &str) -> Result<u64> {
    let kept = runs.join(name).join(format!("{name}.safetensors"));
    let bytes = if kept.exists() {
        std::fs::read(&kept).with_context(|| kept.display().to_string())?
    } else {
        checkpoint::result(&runs.join(name))?.0
    };
    let (net, side) = match ONE_OF.iter().find(|(its, _)| *its == name) {
        Some(&(net, side)) => (net, side),
        None if Generator::is_in(&bytes)? => (generator::NAME, SIDE),
        None => bail!("{name} is no network of ours and no style"),
    };
    let folder = models.join("weights");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    checkpoint::write(&folder.join(format!("{name}.safetensors")), &bytes)?;
    let path = models.join("weights.toml");
    let manifest = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    checkpoint::write(&path, with_entry(&manifest, &entry(name, net, &bytes, side), name).as_bytes())?;
    Ok(bytes.len() as u64)
}

fn entry(name: &str, net: &str, bytes: &[u8], side: usize) -> String {
    let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "[[weights]]\nname = \"{name}\"\nfile = \"{name}.safetensors\"\nsha256 = \"{hash}\"\nbytes = {}\nlicence = \
         \"{LICENCE}\"\nnet = \"{net}\"\ninput_width_px = {side}\ninput_height_px = {side}\n",
        bytes.len()
    )
}

/// `manifest` with `entry` instead of the one called `name`, or after all others.
fn with_entry(manifest: &str, entry: &str, name: &str) -> String {
    let manifest = manifest.replace("weights = []\n", "");
    let mut parts = manifest.split("[[weights]]\n");
    let head = parts.next().unwrap_or_default().trim_end().to_owned();
    let mine = format!("name = \"{name}\"\n");
    let mut entries: Vec<String> =
        parts.filter(|part| !part.contains(&mine)).map(|part| format!("[[weights]]\n{}\n", part.trim_end())).collect();
    entries.push(entry.to_owned());
    entries.sort();
    format!("{head}\n\n{}", entries.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::Manifest;

    #[test]
    fn an_entry_is_added_once_and_replaced_afterwards() {
        let first =
            with_entry("# Why.\nversion = 1\nweights = []\n", &entry("reader", "reader", b"abc", 256), "reader");
        let second = with_entry(&first, &entry("finder", "finder", b"abcd", 320), "finder");
        let third = with_entry(&second, &entry("reader", "reader", b"abcde", 256), "reader");
        assert!(third.starts_with("# Why.\nversion = 1\n"));
        let manifest = Manifest::parse(&third).expect("it is right");
        let found: Vec<_> = manifest.entries().iter().map(|entry| (entry.name.as_str(), entry.bytes)).collect();
        assert_eq!(found, [("finder", 4), ("reader", 5)]);
        assert_eq!(with_entry(&third, &entry("reader", "reader", b"abcde", 256), "reader"), third);
    }
}
