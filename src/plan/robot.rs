//! The robot as its profile file describes it: field, sheet placement, speeds, pen, firmware.
//!
//! A profile is a file (`config/robots/*.toml`) that a person measured and wrote, so every number is checked before
//! anything is planned with it ([`RobotProfile::check`]); names carry their units. The sheet lies in the robot's
//! field without rotation:
//!
//! ```text
//! field y ^   +-----------+  <- sheet's top edge (sheet y = 0)
//!         |   |   sheet   |
//!         |   +-----------+  <- (sheet_x_mm, sheet_y_mm)
//!         +-----------------> field x      home is the field's origin (0, 0)
//! ```

use firmware_protocol::command::Pen;
use firmware_protocol::dialect::Dialect;
use firmware_protocol::motion::Machine;
use serde::Deserialize;
use serde::Serialize;

use crate::geom::Affine;
use crate::geom::FieldMm;
use crate::geom::Mm;
use crate::geom::Point;
use crate::geom::Rect;
use crate::strokes::Sheet;

/// The robot, as its profile file (`config/robots/*.toml`) describes it. Values are measured on the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotProfile {
    /// What a person calls it.
    pub name: String,
    /// What its firmware speaks: the name of a [`Dialect`].
    #[serde(with = "dialect_by_name")]
    pub dialect: Dialect,
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
    /// Whether it finds its place by switches (`$22`).
    #[serde(default)]
    pub homing: bool,
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

/// A number in a profile that no robot can have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RobotError {
    /// A value outside its range.
    #[error("robot \"{robot}\": {key} is {value}, but must lie between {least} and {most}; correct its profile")]
    Range {
        /// The robot's name.
        robot: String,
        /// The profile's key.
        key: &'static str,
        /// What it says.
        value: f64,
        /// The least it may say.
        least: f64,
        /// The most it may say.
        most: f64,
    },
    /// Pen up and pen down are the same thing, or the wrong way round.
    #[error(
        "robot \"{robot}\": the pen is as low when lifted as when drawing; correct the pen's heights in its profile"
    )]
    PenNeverLifts {
        /// The robot's name.
        robot: String,
    },
}

impl RobotProfile {
    /// Where the pen parks and where every plan begins and ends: the field's origin.
    pub const HOME: Point<FieldMm> = Point::new(0.0, 0.0);

    /// Proves every number finite and within what a plotter can have.
    ///
    /// # Errors
    /// The first value that is not.
    pub fn check(&self) -> Result<(), RobotError> {
        let range = |key: &'static str, value: f64, least: f64, most: f64| {
            // a NaN lies in no range
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(RobotError::Range { robot: self.name.clone(), key, value, least, most })
        };
        let each = |key: &'static str, values: [f64; 3], least: f64, most: f64| {
            values.into_iter().try_for_each(|value| range(key, value, least, most))
        };
        range("field_width_mm", self.field_width_mm, 1.0, 10_000.0)?;
        range("field_height_mm", self.field_height_mm, 1.0, 10_000.0)?;
        range("sheet_x_mm", self.sheet_x_mm, 0.0, 10_000.0)?;
        range("sheet_y_mm", self.sheet_y_mm, 0.0, 10_000.0)?;
        range("draw_speed_mm_s", self.draw_speed_mm_s, 0.1, 2_000.0)?;
        each("steps_per_mm", self.steps_per_mm, 1.0, 10_000.0)?;
        each("max_rate_mm_min", self.max_rate_mm_min, 1.0, 200_000.0)?;
        each("acceleration_mm_s2", self.acceleration_mm_s2, 1.0, 100_000.0)?;
        range("junction_deviation_mm", self.junction_deviation_mm, 0.0001, 1.0)?;
        range("planner_blocks", self.planner_blocks as f64, 2.0, 1_000.0)?;
        range("baud", f64::from(self.baud), 1_200.0, 100_000_000.0)?;
        range("line_secs", self.line_secs, 0.0, 0.1)?;
        let lifts = match self.pen {
            PenLift::Servo { up_s, down_s, up_secs, down_secs } => {
                range("pen.up_s", up_s, 0.0, 100_000.0)?;
                range("pen.down_s", down_s, 0.0, 100_000.0)?;
                range("pen.up_secs", up_secs, 0.0, 10.0)?;
                range("pen.down_secs", down_secs, 0.0, 10.0)?;
                (up_s - down_s).abs() >= 0.001
            }
            PenLift::Z { up_mm, down_mm, down_speed_mm_s } => {
                range("pen.up_mm", up_mm, -1_000.0, 1_000.0)?;
                range("pen.down_mm", down_mm, -1_000.0, 1_000.0)?;
                range("pen.down_speed_mm_s", down_speed_mm_s, 0.01, 2_000.0)?;
                up_mm >= down_mm + 0.01
            }
        };
        if lifts { Ok(()) } else { Err(RobotError::PenNeverLifts { robot: self.name.clone() }) }
    }

    /// The field the pen can reach.
    pub fn field(&self) -> Rect<FieldMm> {
        Rect::new(Point::new(0.0, 0.0), Point::new(self.field_width_mm, self.field_height_mm))
    }

    /// From `sheet`'s millimetres (y down) to the field's (y up).
    pub fn placement(&self, sheet: &Sheet) -> Affine<Mm, FieldMm> {
        Affine::new(1.0, 0.0, 0.0, -1.0, self.sheet_x_mm, self.sheet_y_mm + sheet.height_mm())
    }

    /// From the field's millimetres back to `sheet`'s.
    pub fn placement_back(&self, sheet: &Sheet) -> Affine<FieldMm, Mm> {
        Affine::new(1.0, 0.0, 0.0, -1.0, -self.sheet_x_mm, self.sheet_y_mm + sheet.height_mm())
    }

    /// The mechanics, as the firmware's motion model takes them.
    pub fn machine(&self) -> Machine {
        Machine {
            steps_per_mm: self.steps_per_mm,
            max_rate_mm_min: self.max_rate_mm_min,
            acceleration_mm_s2: self.acceleration_mm_s2,
            junction_deviation_mm: self.junction_deviation_mm,
            planner_blocks: self.planner_blocks,
            baud: self.baud,
            line_secs: self.line_secs,
        }
    }

    /// The pen, as a dialect writes it.
    pub fn pen(&self) -> Pen {
        match self.pen {
            PenLift::Servo { up_s, down_s, up_secs, down_secs } => Pen::Servo { up_s, down_s, up_secs, down_secs },
            PenLift::Z { up_mm, down_mm, down_speed_mm_s } => {
                Pen::Z { up_mm, down_mm, feed_mm_min: down_speed_mm_s * 60.0 }
            }
        }
    }

    /// Where the axes stand before the first line: at home, pen up.
    pub fn start_mm(&self) -> [f64; 3] {
        let z = match self.pen {
            PenLift::Servo { .. } => 0.0,
            PenLift::Z { up_mm, .. } => up_mm,
        };
        [Self::HOME.x, Self::HOME.y, z]
    }

    /// Draw speed as a feed, mm/min.
    pub fn feed_mm_min(&self) -> f64 {
        self.draw_speed_mm_s * 60.0
    }
}

mod dialect_by_name {
    use firmware_protocol::dialect::Dialect;
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serializer;
    use serde::de::Error;

    pub fn serialize<S: Serializer>(dialect: &Dialect, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(dialect.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Dialect, D::Error> {
        let name = String::deserialize(from)?;
        Dialect::named(&name).ok_or_else(|| {
            let known: Vec<_> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
            D::Error::custom(format!("no firmware dialect is called \"{name}\"; there is: {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: [&str; 3] = [
        include_str!("../../config/robots/a4-servo.toml"),
        include_str!("../../config/robots/a4-z.toml"),
        include_str!("../../config/robots/a3-fast.toml"),
    ];

    #[test]
    fn the_shipped_profiles_are_sound() {
        for text in SHIPPED {
            let robot: RobotProfile = toml::from_str(text).unwrap();
            robot.check().unwrap();
        }
    }

    #[test]
    fn a_number_that_no_robot_has_is_refused_by_name() {
        let sound: RobotProfile = toml::from_str(SHIPPED[0]).unwrap();
        for bad in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e9] {
            let robot = RobotProfile { draw_speed_mm_s: bad, ..sound.clone() };
            let sentence = robot.check().unwrap_err().to_string();
            assert!(sentence.contains("draw_speed_mm_s") && sentence.contains("a4-servo"), "{sentence}");
        }
        let pen = PenLift::Z { up_mm: 1.0, down_mm: 1.0, down_speed_mm_s: 5.0 };
        assert!(matches!(RobotProfile { pen, ..sound }.check(), Err(RobotError::PenNeverLifts { .. })));
    }

    #[test]
    fn an_unknown_dialect_or_key_is_named() {
        let text = SHIPPED[0].replace("\"grbl\"", "\"klingon\"");
        assert!(toml::from_str::<RobotProfile>(&text).unwrap_err().to_string().contains("klingon"));
        let text = format!("speed = 3\n{}", SHIPPED[0]);
        assert!(toml::from_str::<RobotProfile>(&text).unwrap_err().to_string().contains("speed"));
    }

    #[test]
    fn the_sheet_lies_upright_in_the_field() {
        let robot = RobotProfile { sheet_x_mm: 10.0, sheet_y_mm: 5.0, ..toml::from_str(SHIPPED[0]).unwrap() };
        let sheet = Sheet::new(148.0, 210.0).unwrap();
        let lower_left = robot.placement(&sheet).transform_point(Point::new(0.0, 210.0));
        assert_eq!(lower_left, Point::new(10.0, 5.0));
        let there = robot.placement(&sheet).transform_point(Point::new(3.0, 4.0));
        assert_eq!(robot.placement_back(&sheet).transform_point(there), Point::new(3.0, 4.0));
    }
}
