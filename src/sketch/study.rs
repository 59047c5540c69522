//! The line study: everything that a portrait needs, in lines alone, for a network to learn from and to draw upon.
//!
//! Contours, hairline, closed jaw, lids, irises with highlight, nose, mouth, ears, glasses, collar, and a few open strokes
//! of the hair along its flow; no tone. It is the drawing that the network F is taught, and the one that G draws upon: it
//! can know of the hair only what these lines say. Lines are 2 to 2.5 px wide. Lengths in portrait pixels. Deterministic;
//! refuses nothing: a blank portrait gives its outline.

use super::LineDrawing;
use super::anatomy::Anatomy;
use super::lines::FlowConfig;
use super::lines::flow_lines;
use super::shapes;
use super::strands::with_strands;
use crate::face::Landmarks;
use crate::face::Side;
use crate::geom::Point;
use crate::photo::Portrait;
use crate::raster::Gray;

/// The line study of `portrait`.
pub fn line_study(portrait: &Portrait, anatomy: &Anatomy) -> LineDrawing {
    let contours = study_contours(portrait, anatomy);
    LineDrawing::new(with_strands(contours.ink().clone(), portrait, anatomy))
}

/// The line study of `portrait` without the strokes of its hair, for artists who hatch it.
pub fn study_contours(portrait: &Portrait, anatomy: &Anatomy) -> LineDrawing {
    // Lines of the hair are its strands, drawn elsewhere: what contrast alone finds there is noise.
    let config = FlowConfig {
        hair_quiet: 0.999,
        clothes_quiet: 0.965,
        features_quiet: 0.64,
        nose_quiet: 0.74,
        skin_quiet: 0.94,
        least_area_px: 60,
        ..FlowConfig::default()
    };
    let mut ink = flow_lines(portrait, anatomy, &config).ink().clone();
    if let Some(landmarks) = anatomy.landmarks() {
        with_features(&mut ink, landmarks);
    }
    LineDrawing::new(ink)
}

/// Draws lower lids and the base of the nose where no line is near them: soft photos and dark ones hide them.
fn with_features(ink: &mut Gray, landmarks: &Landmarks) {
    const LID_PX: f64 = 1.8;
    const NOSE_PX: f64 = 2.2;
    /// A line this close is that feature's.
    const NEAR_PX: u8 = 6;
    for side in Side::BOTH {
        let lids = landmarks.lids(side);
        // From corner to corner below; the corners themselves are the upper lid's.
        let lower = shapes::smooth_line(&[lids[3], lids[4], lids[5], lids[0]]);
        let inner = lower.len() / 6;
        shapes::close(ink, &lower[inner..lower.len() - inner], LID_PX, 3, 6.0);
    }
    let base = landmarks.nose_base();
    shapes::close(ink, &shapes::smooth_line(&base[1..4]), NOSE_PX, NEAR_PX, 9.0);
    for wing in [[base[0], base[1]], [base[4], base[3]]] {
        let out = wing[0] + (wing[0] - wing[1]) * 0.25;
        let above = Point::new(out.x, out.y - 9.0);
        let curve = shapes::smooth_line(&[above, out, wing[0].lerp(wing[1], 0.4)]);
        shapes::close(ink, &curve, NOSE_PX, NEAR_PX, 8.0);
    }
}
