//! How long a program takes and when each of its lines is done, by the firmware's own motion model, for telling the time
//! that is left.
//!
//! It reads what [`verify`](crate::plan::verify) lets pass: straight moves in millimetres, waits, pen words. A line that
//! it cannot read takes no time. Units: seconds, mm.

use firmware_protocol::gcode;
use firmware_protocol::motion;
use firmware_protocol::motion::Step;

use super::place::Place;
use crate::plan::RobotProfile;

/// A program's timetable.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule(Vec<(f64, f64)>);

impl Schedule {
    /// The timetable of `lines` (without line ends) on the robot of `profile`, which starts at home.
    pub fn new<'a>(lines: impl IntoIterator<Item = &'a str>, profile: &RobotProfile) -> Self {
        let start_mm = profile.start_mm();
        let (mut at_mm, mut rapid, mut feed) = (start_mm, true, None);
        let steps: Vec<Step> = lines
            .into_iter()
            .map(|line| {
                let bytes = line.len() + 1;
                let (mut moves, mut dwells, mut secs) = (false, false, 0.0);
                for word in gcode::words(line).unwrap_or_default() {
                    let value = f64::from(word.value);
                    match word.letter {
                        'G' if value == 0.0 => rapid = true,
                        'G' if value == 1.0 => rapid = false,
                        'G' if value == 4.0 => dwells = true,
                        'F' => feed = Some(value).filter(|feed| *feed > 0.0),
                        'P' => secs = value.max(0.0),
                        letter => {
                            if let Some(axis) = "XYZ".find(letter) {
                                at_mm[axis] = value;
                                moves = true;
                            }
                        }
                    }
                }
                let feed_mm_min = if rapid { None } else { feed.or(Some(profile.feed_mm_min())) };
                match moves && !dwells {
                    true => Step::Move { to_mm: at_mm, feed_mm_min, bytes },
                    false => Step::Wait { secs: if dwells { secs } else { 0.0 }, bytes },
                }
            })
            .collect();
        let timed = motion::time(&profile.machine(), start_mm, &steps);
        Self(timed.iter().map(|timed| (timed.start_secs, timed.end_secs)).collect())
    }

    /// The whole program.
    pub fn total_secs(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, end)| *end)
    }

    /// The program's own time at `place`.
    pub fn secs_at(&self, place: &Place) -> f64 {
        self.0.get(place.line).map_or(self.total_secs(), |(start, end)| start + place.share * (end - start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_takes_its_moves_and_its_waits() {
        let profile: RobotProfile = toml::from_str(include_str!("../../config/robots/a4-servo.toml")).expect("shipped");
        // 100 mm at 50 mm/s and 500 mm/s²: 2 s and the ramps' 0.1 s; two waits of 0.15 s.
        let schedule = Schedule::new(["M3S90", "G4P0.15", "G1X100F3000", "M5", "G4P0.15"], &profile);
        assert!((schedule.total_secs() - 2.4).abs() < 0.05, "{}", schedule.total_secs());
        let middle = Place { line: 2, share: 0.5, ..Place::default() };
        assert!((schedule.secs_at(&middle) - 1.2).abs() < 0.05);
        assert_eq!(schedule.secs_at(&Place { line: 5, ..Place::default() }), schedule.total_secs());
        assert_eq!(Schedule::new([], &profile).total_secs(), 0.0);
    }
}
