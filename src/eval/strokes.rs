//! Stroke accuracy: the share of a drawing's 16 × 16 patches whose strokes the classifier ψ takes for those of the region they
//! lie in (sRender's Acc.). It says nothing without ψ's own accuracy on the artist's drawings beside it.

use models::ModelError;
use models::stroke_classifier::PATCH;
use models::stroke_classifier::StrokeClassifier;
use models::stroke_types::has_strokes;
use models::stroke_types::stroke_type;
use serde::Serialize;

use super::EvalError;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::raster::Gray;

/// Patches judged and right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct StrokeScore {
    /// Patches with ink and a region.
    pub judged: usize,
    /// Those that the classifier takes for their region's.
    pub right: usize,
}

impl StrokeScore {
    /// The share that is right; nothing where nothing was judged.
    pub fn accuracy(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.right as f64 / self.judged as f64)
    }
}

/// How many patches of `drawing` `classifier` takes for what `regions` (classes of the data card) say.
///
/// # Errors
/// The two are not of one size; or the machine is out of memory.
pub fn stroke_score(classifier: &StrokeClassifier, drawing: &Gray, regions: &Gray) -> Result<StrokeScore, Fault> {
    if drawing.dimensions() != regions.dimensions() {
        let sizes = EvalError::Sizes { real: regions.dimensions(), drawn: drawing.dimensions() };
        return Err(Fault::new(Kind::BadInput, sizes.to_string()));
    }
    let (width, height) = (drawing.width() as usize, drawing.height() as usize);
    let (mut patches, mut types) = (Vec::new(), Vec::new());
    for y in (0..height.saturating_sub(PATCH - 1)).step_by(PATCH) {
        for x in (0..width.saturating_sub(PATCH - 1)).step_by(PATCH) {
            let rows = (y..y + PATCH).flat_map(|row| &drawing.as_raw()[row * width + x..row * width + x + PATCH]);
            let patch: Vec<f32> = rows.map(|value| f32::from(*value) / 255.0).collect();
            let Some(kind) = stroke_type(regions.as_raw(), width, x, y).filter(|_| has_strokes(&patch)) else {
                continue;
            };
            patches.extend(patch.iter().map(|value| 2.0 * value - 1.0));
            types.push(kind);
        }
    }
    let answers = classifier.types(&patches).map_err(|error: ModelError| Fault::from(error))?;
    let right = answers.iter().zip(&types).filter(|(a, b)| a == b).count();
    Ok(StrokeScore { judged: types.len(), right })
}
