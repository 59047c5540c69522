//! `portraitist eval DRAWN --real DIR`: a folder of drawings in the field's numbers, beside an artist's.

use std::path::Path;
use std::path::PathBuf;

use models::ModelError;
use models::encoder;
use models::encoder::Encoder;
use models::inception::Inception;
use models::inception::Port;
use models::stroke_classifier;
use models::stroke_classifier::StrokeClassifier;
use serde_json::Value;
use serde_json::json;

use super::Everywhere;
use super::arguments::Eval;
use super::output;
use crate::eval;
use crate::eval::Features;
use crate::eval::Marks;
use crate::eval::StrokeScore;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::photo;
use crate::raster::Gray;

/// Side of the patches of sRender's protocol, px.
const PATCH_PX: u32 = 128;
/// Most drawings of a folder.
const MOST: usize = 20_000;

/// A drawing and its name without ending.
struct Named {
    name: String,
    picture: Gray,
}

/// What drawings are compared by.
enum Network {
    Encoder(Encoder),
    Inception(Inception),
}

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Eval) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &Default::default())?;
    let drawn = folder(&command.drawn)?;
    let real = command.real.as_deref().map(folder).transpose()?;
    let network = match &command.features {
        Some(path) => models::weights::read_own(path)?,
        None => config.models.shipped(encoder::NAME)?,
    };
    let network = match Inception::is_in(&network)? {
        true => Network::Inception(Inception::read(&network)?),
        false => Network::Encoder(Encoder::read_cpu(&network)?),
    };
    let classifier = match &command.regions {
        Some(_) => Some(StrokeClassifier::read_cpu(&config.models.shipped(stroke_classifier::NAME)?)?),
        None => None,
    };
    let mut result = json!({ "drawn": sheet(&drawn, command.regions.as_deref(), classifier.as_ref())? });
    result["protocol"] = protocol(&network, command, drawn.len(), real.as_ref().map(Vec::len)).into();
    if let Some(real) = &real {
        result["real"] = sheet(real, command.regions.as_deref(), classifier.as_ref())?;
        let (one, two) = (features(real, &network, command.patches)?, features(&drawn, &network, command.patches)?);
        let bad = |error: eval::EvalError| Fault::new(Kind::BadInput, error.to_string());
        let (kid, deviation) = eval::kernel_distance(&one, &two).map_err(bad)?;
        result["fid"] = eval::frechet_distance(&one, &two).map_err(bad)?.into();
        result["kid"] = json!({ "mean": kid, "deviation": deviation });
        result["scoot"] = paired(real, &drawn)?;
    }
    if everywhere.json { output::print_json("eval", result) } else { output::print_line(&table(&result)) }
}

/// The gray drawings of `path` by name.
fn folder(path: &Path) -> Result<Vec<Named>, Fault> {
    let unreadable = |what: String| Fault::new(Kind::BadInput, what).at(path.display());
    let entries =
        std::fs::read_dir(path).map_err(|error| unreadable(format!("no folder that can be read ({error})")))?;
    let is_picture = |path: &PathBuf| {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        ["png", "jpg", "jpeg", "webp"].contains(&ending.as_str())
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_picture).take(MOST).collect();
    paths.sort();
    if paths.is_empty() {
        return Err(unreadable("no PNG, JPEG or WebP in this folder; name the folder of the drawings".to_owned()));
    }
    let read = |path: &PathBuf| {
        let bytes = output::read_input(path, photo::MAX_FILE_BYTES as u64)?;
        let photo = photo::decode(&bytes).map_err(|error| Fault::from(error).at(path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Named { name, picture: image::imageops::grayscale(photo.pixels()) })
    };
    paths.iter().map(read).collect()
}

/// What is measured on each drawing, as intervals.
fn sheet(drawings: &[Named], regions: Option<&Path>, classifier: Option<&StrokeClassifier>) -> Result<Value, Fault> {
    let marks: Vec<Marks> = drawings.iter().map(|drawing| eval::marks(&drawing.picture)).collect();
    let of = |value: fn(&Marks) -> f64| eval::interval(&marks.iter().map(value).collect::<Vec<_>>());
    let symmetry: Vec<f64> = marks.iter().filter_map(|marks| marks.eye_symmetry).collect();
    let mut sheet = json!({
        "count": drawings.len(),
        "ink_percent": of(|marks| marks.ink_percent),
        "connected_strokes": of(|marks| marks.connected_strokes as f64),
        "line_px": of(|marks| marks.line_px),
        "spurs": of(|marks| marks.spurs as f64),
        "eye_symmetry": eval::interval(&symmetry),
    });
    if let (Some(regions), Some(classifier)) = (regions, classifier) {
        let mut shares = Vec::new();
        let mut sum = StrokeScore::default();
        for drawing in drawings {
            let path = regions.join(format!("{}.png", drawing.name));
            if !path.exists() {
                continue;
            }
            let bytes = output::read_input(&path, photo::MAX_FILE_BYTES as u64)?;
            let map = image::load_from_memory(&bytes).map_err(|error| {
                Fault::new(Kind::BadInput, format!("no map of regions ({error})")).at(path.display())
            })?;
            let score = eval::stroke_score(classifier, &drawing.picture, &map.into_luma8())?;
            shares.extend(score.accuracy());
            sum = StrokeScore { judged: sum.judged + score.judged, right: sum.right + score.right };
        }
        sheet["stroke_accuracy"] = json!({ "all_patches": sum.accuracy(), "by_drawing": eval::interval(&shares) });
    }
    Ok(sheet)
}

/// One row of features a drawing, or a patch.
fn features(drawings: &[Named], network: &Network, patches: bool) -> Result<Features, ModelError> {
    let describe = |picture: &Gray| -> Result<Vec<f64>, ModelError> {
        let plane: Vec<f32> = picture.as_raw().iter().map(|value| f32::from(*value) / 255.0).collect();
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let features = match network {
            Network::Encoder(encoder) => encoder.describe(&plane, width, height)?,
            Network::Inception(inception) => inception.describe(&plane, width, height)?,
        };
        Ok(features.into_iter().map(f64::from).collect())
    };
    let mut rows = Vec::new();
    for Named { picture, .. } in drawings {
        if !patches {
            rows.push(describe(picture)?);
            continue;
        }
        for y in 0..picture.height() / PATCH_PX {
            for x in 0..picture.width() / PATCH_PX {
                let patch = image::imageops::crop_imm(picture, x * PATCH_PX, y * PATCH_PX, PATCH_PX, PATCH_PX);
                rows.push(describe(&patch.to_image())?);
            }
        }
    }
    Ok(rows)
}

/// Scoot of the drawings whose names are in both folders; null if there is none.
fn paired(real: &[Named], drawn: &[Named]) -> Result<Value, Fault> {
    let mut scores = Vec::new();
    for drawing in drawn {
        let Some(other) = real.iter().find(|other| other.name == drawing.name) else { continue };
        let score = eval::scoot(&other.picture, &drawing.picture);
        scores.push(score.map_err(|error| Fault::new(Kind::BadInput, format!("{}: {error}", drawing.name)))?);
    }
    Ok(json!(eval::interval(&scores)))
}

fn protocol(network: &Network, command: &Eval, drawn: usize, real: Option<usize>) -> String {
    let file = match &command.features {
        Some(path) => format!("{}", path.display()),
        None => "portraitist's own encoder".to_owned(),
    };
    let features = match network {
        Network::Encoder(encoder) => {
            let plan = encoder.plan();
            let (last, deepest) = if plan.deep { (5, plan.widths[3]) } else { (4, 0) };
            let count = plan.widths.iter().sum::<usize>() + deepest;
            format!("spatial means of relu1_1 to relu{last}_1 ({count} numbers)")
        }
        Network::Inception(inception) => {
            let port = match inception.port() {
                Port::Fid => "FID's port of Inception-v3",
                Port::Torchvision => "torchvision's Inception-v3",
            };
            format!("last pool of {port} ({} numbers), pictures resized to 299 x 299 px", inception.features())
        }
    };
    let pieces = if command.patches { "patches of 128 x 128 px (sRender's)" } else { "whole drawings" };
    let real = real.map_or(String::new(), |real| format!(" against n = {real}"));
    format!(
        "{file}, {features}, {pieces}, n = {drawn}{real}; not comparable with numbers of other networks; intervals: \
         bootstrap, 95 %"
    )
}

/// The numbers for a person to read.
fn table(result: &Value) -> String {
    const ROWS: [(&str, &str); 5] = [
        ("ink, %", "ink_percent"),
        ("connected strokes", "connected_strokes"),
        ("line, px", "line_px"),
        ("spurs", "spurs"),
        ("eye symmetry", "eye_symmetry"),
    ];
    let interval = |value: &Value| match serde_json::from_value::<Option<Shown>>(value.clone()) {
        Ok(Some(Shown { mean, low, high })) => format!("{mean:.3} ({low:.3} to {high:.3})"),
        _ => "–".to_owned(),
    };
    let number = |value: &Value| value.as_f64().map_or("–".to_owned(), |value| format!("{value:.4}"));
    let mut lines = vec![result["protocol"].as_str().unwrap_or_default().to_owned(), String::new()];
    lines.push(format!("{:<22}{:<34}{}", "", "drawn", "artist's"));
    for (title, key) in ROWS {
        lines.push(format!("{title:<22}{:<34}{}", interval(&result["drawn"][key]), interval(&result["real"][key])));
    }
    let accuracy = |side: &str| interval(&result[side]["stroke_accuracy"]["by_drawing"]);
    lines.push(format!("{:<22}{:<34}{}", "stroke accuracy", accuracy("drawn"), accuracy("real")));
    lines.push(format!("{:<22}{}", "FID", number(&result["fid"])));
    let kid = &result["kid"];
    lines.push(format!("{:<22}{} ± {}", "KID", number(&kid["mean"]), number(&kid["deviation"])));
    lines.push(format!("{:<22}{}", "Scoot, pairs", interval(&result["scoot"])));
    lines.join("\n")
}

/// An [`Interval`](eval::Interval) read back.
#[derive(serde::Deserialize)]
struct Shown {
    mean: f64,
    low: f64,
    high: f64,
}
