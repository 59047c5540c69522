//! What a person may set about strokes: the pen, the sheet's margins, how lines are read and how darkness is filled.
//!
//! All lengths are millimetres on the sheet, so that a drawing looks alike whatever raster it came from.

use serde::Deserialize;
use serde::Serialize;

/// Settings of the stage from raster to strokes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StrokesConfig {
    /// White border kept on every side of the sheet, mm (default 10).
    pub margins_mm: f64,
    /// Share of the free height that is left above the drawing, 0 to 1 (default 0.4: a picture hung at its geometric
    /// middle seems to sink).
    pub top_share: f64,
    /// Width of the pen's line, mm (default 0.4).
    pub pen_width_mm: f64,
    /// Darkness at which a place is surely ink, 0 paper to 1 full ink (default 0.38).
    pub strong_ink: f64,
    /// Darkness at which a place is ink if it touches sure ink, 0 to 1 (default 0.22).
    pub weak_ink: f64,
    /// Ink wider than this is an area to outline and fill, mm (default 1.6: four pen lines).
    pub fill_from_mm: f64,
    /// Distance between the lines that fill an area, mm (default 0.55).
    pub hatch_spacing_mm: f64,
    /// Direction of those lines, degrees from the x axis towards the sheet's bottom (default -52).
    pub hatch_angle_deg: f64,
    /// Tone so light that its lines would lie further apart than this stays white, mm (default 3.5).
    pub tone_widest_mm: f64,
    /// Longest line of tone, mm (default 40).
    pub tone_longest_mm: f64,
    /// Shortest line of tone, mm (default 2.5).
    pub tone_shortest_mm: f64,
    /// Widest gap that is bridged when both ends point at each other, mm (default 1.5).
    pub bridge_mm: f64,
    /// Marks with less ink than this are noise, mm² of full ink (default 0.3: a pen line of 0.75 mm).
    pub min_ink_mm2: f64,
    /// A line whose ink is at least this wide is gone over again, pen widths (default 0: never).
    pub restate_from: f64,
    /// How far a fitted curve may leave the traced centre line, mm (default 0.1).
    pub tolerance_mm: f64,
    /// Longest straight piece of a stroke, mm (default 0.5: longer ones make the planner brake at each joint).
    pub chord_mm: f64,
    /// How far a straight piece may leave the fitted curve, mm (default 0.02).
    pub deviation_mm: f64,
}

impl Default for StrokesConfig {
    fn default() -> Self {
        Self {
            margins_mm: 10.0,
            top_share: 0.4,
            pen_width_mm: 0.4,
            strong_ink: 0.38,
            weak_ink: 0.22,
            fill_from_mm: 1.6,
            hatch_spacing_mm: 0.55,
            hatch_angle_deg: -52.0,
            tone_widest_mm: 3.5,
            tone_longest_mm: 40.0,
            tone_shortest_mm: 2.5,
            bridge_mm: 1.5,
            min_ink_mm2: 0.3,
            restate_from: 0.0,
            tolerance_mm: 0.1,
            chord_mm: 0.5,
            deviation_mm: 0.02,
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("strokes setting {name} is {value}: give a value from {min} to {max}")]
pub struct SettingOutOfRange {
    /// The setting's name in the configuration file.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
}

impl StrokesConfig {
    /// Whether every setting lies in the range that the passes can work with.
    pub fn check(&self) -> Result<(), SettingOutOfRange> {
        let ranges = [
            ("margins_mm", self.margins_mm, 0.0, 1000.0),
            ("top_share", self.top_share, 0.0, 1.0),
            ("pen_width_mm", self.pen_width_mm, 0.05, 10.0),
            ("strong_ink", self.strong_ink, 0.02, 1.0),
            ("weak_ink", self.weak_ink, 0.02, 1.0),
            ("fill_from_mm", self.fill_from_mm, 0.1, 1000.0),
            ("hatch_spacing_mm", self.hatch_spacing_mm, 0.1, 100.0),
            ("hatch_angle_deg", self.hatch_angle_deg, -360.0, 360.0),
            ("tone_widest_mm", self.tone_widest_mm, 0.1, 100.0),
            ("tone_longest_mm", self.tone_longest_mm, 0.1, 1000.0),
            ("tone_shortest_mm", self.tone_shortest_mm, 0.1, 1000.0),
            ("bridge_mm", self.bridge_mm, 0.0, 20.0),
            ("min_ink_mm2", self.min_ink_mm2, 0.0, 1000.0),
            ("restate_from", self.restate_from, 0.0, 100.0),
            ("tolerance_mm", self.tolerance_mm, 0.0, 10.0),
            ("chord_mm", self.chord_mm, 0.02, 100.0),
            ("deviation_mm", self.deviation_mm, 0.001, 10.0),
        ];
        for (name, value, min, max) in ranges {
            if !(min..=max).contains(&value) {
                return Err(SettingOutOfRange { name, value, min, max });
            }
        }
        Ok(())
    }
}
