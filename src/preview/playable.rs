//! A plan as the kiosk's page plays it: its sheet, its ink, and its timeline in base64, in one JSON object.
//!
//! It holds strokes only, never a picture. Refuses nothing. Lengths in millimetres; the timeline's own units and coding
//! are told in `timeline.rs`, and read back by `booth/page/plan.js`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::page::hex;
use super::paper::InkConfig;
use super::timeline;
use crate::plan::MotionPlan;

/// What a page needs to draw a plan stroke by stroke, in the pen's true order and speed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Playable {
    /// The sheet's width.
    pub width_mm: f64,
    /// The sheet's height.
    pub height_mm: f64,
    /// The width of a line.
    pub pen_mm: f64,
    /// The ink's colour, `#rrggbb`.
    pub ink: String,
    /// The plan's times and places, base64 of LEB128.
    pub timeline: String,
}

/// `plan`, in the pen and ink of `ink`.
pub fn playable(plan: &MotionPlan, ink: &InkConfig) -> Playable {
    Playable {
        width_mm: plan.sheet().width_mm(),
        height_mm: plan.sheet().height_mm(),
        pen_mm: ink.pen_mm(),
        ink: hex(ink.ink),
        timeline: STANDARD.encode(timeline::encode(plan)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::plan_of;
    use super::*;

    #[test]
    fn it_is_small_and_says_where_the_sheet_ends() {
        let plan = plan_of(50);
        let json = serde_json::to_value(playable(&plan, &InkConfig::default())).unwrap();
        assert_eq!((json["width_mm"].as_f64(), json["height_mm"].as_f64()), (Some(148.0), Some(210.0)));
        let timeline = STANDARD.decode(json["timeline"].as_str().unwrap()).unwrap();
        assert_eq!(timeline, timeline::encode(&plan));
        assert!(json["ink"].as_str().unwrap().starts_with('#'));
    }
}
