//! In which order and how fast: the strokes become one [`MotionPlan`].

use serde::Deserialize;
use serde::Serialize;

/// The robot, as its profile file (`config/robots/*.toml`) describes it. Values are measured on the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotProfile {
    /// What a person calls it.
    pub name: String,
    /// Width of the field the pen can reach, mm.
    pub field_width_mm: f64,
    /// Height of the field the pen can reach, mm.
    pub field_height_mm: f64,
    /// Where the sheet's lower left corner lies in the field: x, mm.
    pub sheet_x_mm: f64,
    /// Where the sheet's lower left corner lies in the field: y, mm.
    pub sheet_y_mm: f64,
    /// Speed of the pen on paper, mm/s.
    pub draw_speed_mm_s: f64,
    /// Steps per millimetre of x, y, z (`$100`..`$102`).
    pub steps_per_mm: [f64; 3],
    /// Top speed of x, y, z, mm/min (`$110`..`$112`).
    pub max_rate_mm_min: [f64; 3],
    /// Acceleration of x, y, z, mm/s² (`$120`..`$122`).
    pub acceleration_mm_s2: [f64; 3],
    /// Junction deviation, mm (`$11`).
    pub junction_deviation_mm: f64,
    /// Blocks the firmware's planner looks ahead.
    pub planner_blocks: usize,
    /// Serial speed, bits per second.
    pub baud: u32,
    /// CPU time the firmware spends on a received line, seconds.
    pub line_secs: f64,
    /// How the pen is lifted.
    pub pen: PenLift,
}

/// How the robot lifts its pen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PenLift {
    /// A servo on the spindle's PWM output.
    Servo {
        /// `S` value that lifts the pen.
        up_s: f64,
        /// `S` value that lowers it.
        down_s: f64,
        /// Seconds the arm takes to lift.
        up_secs: f64,
        /// Seconds the arm takes to lower.
        down_secs: f64,
    },
    /// A Z axis.
    Z {
        /// Height with the pen lifted, mm.
        up_mm: f64,
        /// Height with the pen on the paper, mm.
        down_mm: f64,
        /// Speed on the way down, mm/s.
        down_speed_mm_s: f64,
    },
}
