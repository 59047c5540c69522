//! `portraitist strokes IMAGE --out FILE.svg`: any picture of a drawing becomes pen strokes.

use serde_json::json;

use super::Everywhere;
use super::arguments::Strokes;
use super::output;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::photo;
use crate::strokes;
use crate::strokes::svg;
use crate::strokes::svg::Layers;

/// Runs it.
pub fn run(everywhere: &Everywhere, command: &Strokes) -> Result<(), Fault> {
    let config = super::config::resolve(everywhere, &command.machine)?;
    let bytes = output::read_input(&command.image, photo::MAX_FILE_BYTES as u64)?;
    let at_image = |fault: Fault| fault.at(command.image.display());
    let photo = photo::decode(&bytes).map_err(|e| at_image(e.into()))?;
    let picture = image::imageops::grayscale(photo.pixels());
    let traced = strokes::trace_raster(&picture, &config.sheet, &config.strokes).map_err(|e| at_image(e.into()))?;
    if traced.set.strokes().is_empty() {
        let sentence = "there is no ink in this picture; give a drawing with dark lines on light paper";
        return Err(at_image(Fault::new(Kind::BadInput, sentence)));
    }
    output::write_file(&command.out, svg::write(&traced.set, config.pen.width_mm, Layers::ByKind).as_bytes())?;
    let (count, ink_mm) = (traced.set.strokes().len(), traced.set.ink_mm());
    if everywhere.json {
        output::print_json(
            "strokes",
            json!({ "file": command.out, "strokes": count, "ink_mm": (ink_mm * 1000.0).round() / 1000.0, "report": traced.report }),
        )
    } else {
        output::print_line(&format!("{}: {count} strokes, {:.2} m of ink", command.out.display(), ink_mm / 1000.0))
    }
}
