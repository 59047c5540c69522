//! `portraitist models list` and `models import`: the networks that ship, and checkpoints of others made usable.
//!
//! An import reads one file and writes one; what it cannot use it refuses as bad input, without writing anything.

use std::path::Path;
use std::path::PathBuf;

use image::imageops::FilterType;
use models::Manifest;
use models::import;
use models::import::Drawing;
use models::import::Imported;
use models::import::Kind as Network;
use models::line_drawer;
use models::weights;
use serde_json::Value;
use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::arguments::Import;
use super::arguments::Models as Command;
use super::arguments::Published;
use super::output;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::photo;

/// Longest side at which a drawing is looked at for its style, AdaIN's own.
const DRAWING_PX: u32 = 512;

/// Runs the command.
pub fn run(everywhere: &Everywhere, command: &Command) -> Result<(), Fault> {
    match command {
        Command::List => list(everywhere),
        Command::Import(command) => import(everywhere, command),
    }
}

fn list(everywhere: &Everywhere) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &Machine::default())?;
    let (manifest, folder) = (Manifest::shipped(), config.models.folder());
    let described = |entry: &models::Entry| {
        let fault = weights::read(entry, &folder).err();
        json!({
            "name": entry.name,
            "net": entry.net,
            "licence": entry.licence,
            "bytes": entry.bytes,
            "file": folder.join(&entry.file).display().to_string(),
            "verified": fault.is_none(),
            "state": fault.map_or("verified".to_owned(), |fault| fault.to_string()),
        })
    };
    let networks: Vec<Value> = manifest.entries().iter().map(described).collect();
    if everywhere.json {
        return output::print_json("models.list", json!({ "networks": networks }));
    }
    for network in &networks {
        let text = |key: &str| network[key].as_str().unwrap_or_default();
        let size = megabytes(network["bytes"].as_u64().unwrap_or_default());
        let line = format!("{:<20}{size:>9}  {:<20}  {}", text("name"), text("licence"), text("file"));
        output::print_line(&line)?;
        if network["verified"] == false {
            output::print_line(&format!("    {}", text("state")))?;
        }
    }
    Ok(())
}

fn import(everywhere: &Everywhere, command: &Import) -> Result<(), Fault> {
    let from = &command.checkpoint;
    let to = target(command)?;
    let bytes = output::read_input(from, weights::MOST_OWN_BYTES)?;
    let Imported { bytes, what, tensors, notes } = converted(command, &bytes)?;
    output::write_file(&to, &bytes)?;
    let path = to.canonicalize().unwrap_or(to).display().to_string();
    let usage = usage(command.kind, &path);
    if everywhere.json {
        let result = json!({
            "file": path, "network": what, "tensors": tensors, "bytes": bytes.len(), "notes": notes, "usage": usage,
        });
        return output::print_json("models.import", result);
    }
    output::print_line(&format!("{what}; {tensors} tensors, {}: {path}", megabytes(bytes.len() as u64)))?;
    for note in &notes {
        output::print_line(&format!("  {note}"))?;
    }
    output::print_line(&usage)
}

/// Where the network is written; told before a large checkpoint is read.
fn target(command: &Import) -> Result<PathBuf, Fault> {
    let usage = |sentence: &str| Fault::new(Kind::Usage, sentence);
    if command.kind != Published::AdainDecoder && (command.encoder.is_some() || command.drawing.is_some()) {
        return Err(usage("--encoder and --drawing belong to --as adain-decoder; leave them out"));
    }
    let is_safetensors = |path: &Path| path.extension().is_some_and(|ending| ending == "safetensors");
    match &command.out {
        Some(out) if is_safetensors(out) => Ok(out.clone()),
        Some(_) => Err(usage("--out names a file that does not end in .safetensors; styles know networks by that")),
        None => {
            let beside = command.checkpoint.with_extension("safetensors");
            match beside.exists() || command.checkpoint.as_os_str() == "-" {
                true => {
                    Err(usage("the place beside the checkpoint is taken; name another with --out FILE.safetensors"))
                }
                false => Ok(beside),
            }
        }
    }
}

fn converted(command: &Import, checkpoint: &[u8]) -> Result<Imported, Fault> {
    let imported = match command.kind {
        Published::Generator => import::import(Network::Generator, checkpoint),
        Published::Vgg => import::import(Network::Vgg, checkpoint),
        Published::Inception => import::import(Network::Inception, checkpoint),
        Published::AdainDecoder => {
            let (Some(encoder), Some(drawing)) = (&command.encoder, &command.drawing) else {
                return Err(Fault::new(Kind::Usage, "--as adain-decoder needs --encoder and --drawing"));
            };
            let encoder = output::read_input(encoder, weights::MOST_OWN_BYTES)?;
            let (plane, width, height) = looked_at(drawing)?;
            import::line_drawer(checkpoint, &encoder, Drawing { plane: &plane, width, height })
        }
    };
    imported.map_err(|error| Fault::new(Kind::BadInput, error.to_string()).at(command.checkpoint.display()))
}

/// The drawing at `path`, paper 1 and ink 0, its width and its height.
fn looked_at(path: &Path) -> Result<(Vec<f32>, usize, usize), Fault> {
    let bytes = output::read_input(path, photo::MAX_FILE_BYTES as u64)?;
    let drawing = photo::decode(&bytes).map_err(|error| Fault::from(error).at(path.display()))?;
    let mut gray = image::imageops::grayscale(drawing.pixels());
    let longest = gray.width().max(gray.height());
    if longest > DRAWING_PX {
        let side = |side: u32| (u64::from(side) * u64::from(DRAWING_PX) / u64::from(longest)).max(1) as u32;
        gray = image::imageops::resize(&gray, side(gray.width()), side(gray.height()), FilterType::Triangle);
    }
    let plane = gray.as_raw().iter().map(|&value| f32::from(value) / 255.0).collect();
    Ok((plane, gray.width() as usize, gray.height() as usize))
}

/// How the network at `path` is used.
fn usage(kind: Published, path: &str) -> String {
    let drawer = line_drawer::NAME;
    match kind {
        Published::Generator => format!(
            "use it in a style, a TOML file with: name = \"mine\", weights = [\"{drawer}\", \"{path}\"], and manner = \"tone\" if \
             it draws tone; then: portraitist draw --style mine.toml"
        ),
        Published::AdainDecoder => format!(
            "use it in a style, a TOML file with: name = \"mine\", weights = [\"{path}\"]; then: portraitist draw --style mine.toml"
        ),
        Published::Vgg => format!(
            "use it: portraitist eval --features {path}, portraitist-train lines --encoder {path}, or for AdaIN's decoder: \
             portraitist models import decoder.pth --as adain-decoder --encoder {path} --drawing IMAGE"
        ),
        Published::Inception => format!("use it: portraitist eval DRAWN --real DIR --features {path}"),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
