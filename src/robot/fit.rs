//! Is this firmware set up as the robot of the profile? A remark for each thing that is not, with the line that cures it.
//!
//! A remark that is `unfit` keeps the robot from drawing: the sheet would be wrong, or the machine would stop in the
//! middle of it. The others are for a person to know. Nothing is written: `robot settings --write` does that, if told.
//! Units: the settings' own (mm, mm/min, mm/s², steps/mm). Source: Grbl 1.1 settings documentation.

use serde::Serialize;

use super::ConnectError;
use super::Met;
use super::speaker::Speaker;
use crate::plan::PenLift;
use crate::plan::RobotProfile;

/// Something about a robot that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// It must not draw like that.
    pub unfit: bool,
    /// What, and what to do, in one sentence.
    pub sentence: String,
    /// The line that cures it, as the firmware takes it (`$32=0`), where there is one.
    pub cure: Option<String>,
}

/// Two numbers that differ by less than this share are the same: the firmware keeps single precision.
const SAME: f64 = 0.001;
/// A junction deviation is shown with three decimals.
const SAME_DEVIATION_MM: f64 = 0.000_5;
/// The highest `S` of a firmware that nobody changed; profiles' pen heights are parts of it.
const FACTORY_MAX_S: f64 = 1000.0;
/// A soft limit is hit when the target lies beyond it by a rounding error.
const ROUNDING_MM: f64 = 0.005;
const AXES: [&str; 3] = ["x", "y", "z"];

impl Met {
    /// What a person should know before this robot draws as the robot of `profile`.
    pub fn remarks(&self, profile: &RobotProfile) -> Vec<Remark> {
        let mut remarks = Remarks(Vec::new());
        self.modes(&mut remarks);
        self.mechanics(profile, &mut remarks);
        self.pen(profile, &mut remarks);
        self.travel(profile, &mut remarks);
        self.conveniences(profile, &mut remarks);
        remarks.0
    }

    /// Proves that its settings let it draw as the robot of `profile`.
    ///
    /// # Errors
    /// The first unfit setting.
    pub fn fit(&self, profile: &RobotProfile) -> Result<(), ConnectError> {
        match self.remarks(profile).into_iter().find(|remark| remark.unfit) {
            Some(remark) => Err(ConnectError::Unfit(remark.sentence)),
            None => Ok(()),
        }
    }

    fn modes(&self, remarks: &mut Remarks) {
        if self.restored {
            remarks.tell(
                "the firmware's memory was blank or damaged (error:7), so it took the factory's settings and forgot the \
                 work origin; enter the robot's own settings",
            );
        }
        if self.setting(32) == Some(1.0) {
            remarks.unfit("laser mode is on, so the pen would move with the speed", "$32=0");
        }
        if self.setting(13) == Some(1.0) {
            remarks.unfit("the firmware reports inches", "$13=0");
        }
        if let Some(system) = self.coordinate_system()
            && system != "G54"
        {
            let what = format!("coordinate system {system} is in force, and drawings are made in G54");
            remarks.0.push(Remark {
                unfit: true,
                sentence: format!("{what}; send G54, or reset the robot (robot stop)"),
                cure: Some("G54".into()),
            });
        }
    }

    fn mechanics(&self, profile: &RobotProfile, remarks: &mut Remarks) {
        let axes = if matches!(profile.pen, PenLift::Z { .. }) { 3 } else { 2 };
        for (axis, name) in AXES.into_iter().enumerate().take(axes) {
            for (first, what, wanted, effect) in [
                (100, "steps per mm", profile.steps_per_mm, "the drawing would have the wrong size"),
                (110, "top speed in mm/min", profile.max_rate_mm_min, "estimated times are off"),
                (120, "acceleration in mm/s²", profile.acceleration_mm_s2, "estimated times are off"),
            ] {
                let (number, wanted) = (first + axis as u16, wanted[axis]);
                let Some(found) = self.setting(number) else { continue };
                let cure = format!("${number}={wanted}");
                if found <= 0.0 {
                    remarks.unfit(&format!("${number} ({what} of {name}) is {found}: the axis cannot move"), &cure);
                } else if (found - wanted).abs() > SAME * wanted {
                    let sentence = format!("${number} ({what} of {name}) is {found}, but the profile says {wanted}");
                    remarks.differs(first == 100, &format!("{sentence}: {effect}"), &cure);
                }
            }
        }
        if let Some(found) = self.setting(11)
            && (found - profile.junction_deviation_mm).abs() > SAME_DEVIATION_MM
        {
            let wanted = profile.junction_deviation_mm;
            let sentence = format!("$11 (junction deviation) is {found}, but the profile says {wanted}");
            remarks.differs(false, &format!("{sentence}: estimated times are off"), &format!("$11={wanted}"));
        }
        if self.setting(100).is_none() {
            remarks.tell(&format!(
                "{} does not tell its steps per mm, so draw a measured square before you trust its size",
                self.firmware.name()
            ));
        }
    }

    fn pen(&self, profile: &RobotProfile, remarks: &mut Remarks) {
        let PenLift::Servo { up_s, down_s, .. } = profile.pen else { return };
        if let Some(most) = self.setting(30) {
            let highest = up_s.max(down_s);
            if highest > most {
                let wanted = highest.max(FACTORY_MAX_S);
                remarks.unfit(
                    &format!("the pen needs S{highest}, but $30 cuts S off at {most}"),
                    &format!("$30={wanted}"),
                );
            } else if (most - FACTORY_MAX_S).abs() > SAME * FACTORY_MAX_S {
                let sentence =
                    format!("$30 (the highest S) is {most}, so S{down_s} is another pen height than at 1000");
                remarks.note(&format!("{sentence}: try the pen (robot pen down), or"), "$30=1000");
            }
        }
        let lowest = [up_s, down_s].into_iter().filter(|s| *s > 0.0).fold(f64::INFINITY, f64::min);
        if let Some(least) = self.setting(31).filter(|least| lowest < *least) {
            remarks.unfit(&format!("the pen needs S{lowest}, but $31 lifts every S to {least}"), "$31=0");
        }
    }

    fn travel(&self, profile: &RobotProfile, remarks: &mut Remarks) {
        let soft = self.setting(20) == Some(1.0);
        for (axis, size_mm) in [profile.field_width_mm, profile.field_height_mm].into_iter().enumerate() {
            let (name, number) = (AXES[axis], 130 + axis as u16);
            let Some(travel) = self.setting(number) else { continue };
            let cure = format!("${number}={size_mm}");
            if travel < size_mm - ROUNDING_MM {
                let what =
                    format!("the profile's field is {size_mm} mm along {name}, but ${number} (travel) is {travel}");
                if soft {
                    remarks.differs(true, &format!("{what}: soft limits would stop the drawing"), &cure);
                } else {
                    remarks.differs(false, &what, &cure);
                }
            } else if let Some(offset) = self.offset_mm().filter(|_| soft && self.homing() == Some(true)) {
                // With homing, Grbl's machine coordinates run from -travel to 0.
                let (from, to) = (offset[axis], offset[axis] + size_mm);
                if from < -travel - ROUNDING_MM || to > ROUNDING_MM {
                    remarks.0.push(Remark {
                        unfit: true,
                        sentence: format!(
                            "soft limits allow machine coordinates from {} to 0 along {name}, but the field lies from \
                             {from} to {to}; home the robot, jog it to the field's lower left corner and use robot \
                             origin, or switch them off with $20=0",
                            -travel
                        ),
                        cure: Some("$20=0".into()),
                    });
                }
            }
        }
    }

    fn conveniences(&self, profile: &RobotProfile, remarks: &mut Remarks) {
        match (profile.homing, self.homing()) {
            (true, Some(false)) => {
                remarks.unfit("the profile's robot finds its place by homing, but homing is off", "$22=1")
            }
            (false, Some(true)) => remarks.differs(
                false,
                "homing is on, but the profile says that the robot has none (robot.homing)",
                "$22=0",
            ),
            _ => {}
        }
        if self.setting(10).is_some_and(|mask| mask as u32 & 2 == 0) {
            remarks.note("reports do not tell the free buffers, so progress is coarser:", "$10=3");
        }
        if self.firmware == Speaker::Grbl && self.setting(1).is_some_and(|rest| rest != 255.0) {
            remarks.note("the motors rest between moves, so the carriage may creep:", "$1=255");
        }
    }
}

struct Remarks(Vec<Remark>);

impl Remarks {
    fn unfit(&mut self, what: &str, cure: &str) {
        self.push(true, format!("{what}; set {cure}"), Some(cure));
    }

    /// Either side may be right.
    fn differs(&mut self, unfit: bool, what: &str, cure: &str) {
        self.push(unfit, format!("{what}; set {cure}, or correct the profile"), Some(cure));
    }

    fn note(&mut self, what: &str, cure: &str) {
        self.push(false, format!("{what} set {cure}"), Some(cure));
    }

    fn tell(&mut self, what: &str) {
        self.push(false, what.into(), None);
    }

    fn push(&mut self, unfit: bool, sentence: String, cure: Option<&str>) {
        self.0.push(Remark { unfit, sentence, cure: cure.map(str::to_owned) });
    }
}
