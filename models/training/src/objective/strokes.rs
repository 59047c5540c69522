//! The stroke loss of sRender (released code, `pix2pixHD_model.py`) and the stroke classifier's own.

use candle_core::Result;
use candle_core::Tensor;
use candle_core::bail;
use models::blocks::Mode;
use models::engine::mean_square;
use models::stroke_classifier::StrokeClassifier;
use models::stroke_classifier::TYPES;
use models::stroke_classifier::patches;

use super::total;

/// How far the strokes of what was drawn are from those of the real sketch, both (batch, 1, height, width), -1 to 1: mean
/// squares of the classifier's four features over all 16 × 16 patches, summed. With [`Mode::Learning`] each of the two is
/// normalised by its own patches, as in the released code; with [`Mode::Drawing`] both by the running means.
///
/// # Errors
/// Shapes that do not fit.
pub fn strokes(classifier: &StrokeClassifier, drawn: &Tensor, real: &Tensor, mode: Mode) -> Result<Tensor> {
    let drawn = classifier.forward(&patches(drawn)?, mode)?;
    let real = classifier.forward(&patches(&real.detach())?, mode)?;
    let pairs = drawn.features.iter().zip(&real.features);
    total(pairs.map(|(drawn, real)| mean_square(drawn, &real.detach())))
}

/// The negative log-likelihood of the patches' `types` in `answer` (patches, 7), each type weighed, divided by the weights'
/// sum. A type that does not exist is a patch that is not judged.
///
/// # Errors
/// `types` is not as long as `answer`.
pub fn likelihood(answer: &Tensor, types: &[u8], weights: &[f32; TYPES.len()]) -> Result<Tensor> {
    if answer.dims() != [types.len(), TYPES.len()] {
        bail!("{} types were given to answers of {:?}", types.len(), answer.dims());
    }
    let weight = |kind: u8| weights.get(usize::from(kind)).copied().unwrap_or(0.0);
    let all = types.iter().map(|&kind| weight(kind)).sum::<f32>().max(f32::MIN_POSITIVE);
    let mut pull = vec![0.0; types.len() * TYPES.len()];
    for (pull, &kind) in pull.chunks_exact_mut(TYPES.len()).zip(types) {
        if let Some(pull) = pull.get_mut(usize::from(kind)) {
            *pull = -weight(kind) / all;
        }
    }
    (answer * Tensor::from_vec(pull, answer.shape(), answer.device())?)?.sum_all()
}
