//! Reads the recordings of real firmware that the tests compare with; they lie outside this repository.
//!
//! `PORTRAITIST_RECORDINGS` names their folder. Where it isn't set, or a program is not of the kind asked for, the
//! test says so and is skipped.

use std::env;
use std::format;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::println;
use std::string::String;
use std::string::ToString;
use std::vec::Vec;

use crate::gcode;
use crate::motion::Machine;
use crate::motion::Step;

/// A program with the times that real firmware took for it.
pub(crate) struct Program {
    pub name: String,
    pub gcode: String,
    /// `$n=value` lines.
    pub settings: String,
    pub result: String,
    /// Cost of a line in seconds, and how long the program took with it.
    pub seconds: [(f64, f64); 2],
}

/// The folder of recordings, or a line that says why there is none.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = env::var_os("PORTRAITIST_RECORDINGS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: PORTRAITIST_RECORDINGS does not name the folder of recordings");
    }
    folder
}

/// All timed programs, by name.
pub(crate) fn timing() -> Option<Vec<Program>> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(folder()?.join("timing")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    Some(folders.iter().map(|folder| Program::read(folder)).collect())
}

impl Program {
    fn read(folder: &Path) -> Self {
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let result = read("result.json");
        let seconds = |run: &str| number_after(&result[result.find(run).unwrap()..], "\"seconds\":");
        Self {
            name: folder.file_name().unwrap().to_string_lossy().to_string(),
            gcode: read("program.gcode"),
            settings: read("settings.txt"),
            seconds: [(0.0, seconds("zero_line_cost")), (0.000_6, seconds("line_cost_0_6ms"))],
            result,
        }
    }

    /// The settings that matter to motion.
    pub fn machine(&self) -> Machine {
        let setting = |n: usize| {
            let line = self.settings.lines().find_map(|line| line.strip_prefix(&format!("${n}=")));
            line.unwrap().parse::<f64>().unwrap()
        };
        let axes = |n: usize| [setting(n), setting(n + 1), setting(n + 2)];
        Machine {
            steps_per_mm: axes(100),
            max_rate_mm_min: axes(110),
            acceleration_mm_s2: axes(120),
            junction_deviation_mm: setting(11),
            planner_blocks: 15,
            baud: 115_200,
            line_secs: 0.0,
        }
    }

    /// The program as steps, if it holds nothing but straight moves, pen and dwells, run at one speed.
    pub fn steps(&self) -> Option<Vec<Step>> {
        if !self.result.contains("\"realtime_bytes\":[]") {
            println!("skipped: {} (overrides are the simulator's)", self.name);
            return None;
        }
        let (mut at, mut feed, mut rapid, mut spindle, mut speed) = ([0.0; 3], 0.0, true, 0.0, 0.0);
        let mut steps = Vec::new();
        for line in self.gcode.lines() {
            let bytes = line.len() + 1;
            let (mut wait, mut dwell) = (false, None);
            for word in gcode::words(line).unwrap() {
                let value = f64::from(word.value);
                match (word.letter, value) {
                    ('G', 0.0) => rapid = true,
                    ('G', 1.0) => rapid = false,
                    ('G', 4.0) => dwell = Some(0.0),
                    ('G', 17.0 | 21.0 | 90.0 | 94.0) => {}
                    ('G', _) | ('I' | 'J' | 'R', _) => {
                        println!("skipped: {} (G{value} is the simulator's)", self.name);
                        return None;
                    }
                    ('M', mode) => {
                        wait |= mode != spindle;
                        spindle = mode;
                    }
                    ('S', s) => {
                        wait |= s != speed && spindle == 3.0;
                        speed = s;
                    }
                    ('F', f) => feed = f,
                    ('P', p) => dwell = Some(p),
                    ('X', x) => at[0] = x,
                    ('Y', y) => at[1] = y,
                    ('Z', z) => at[2] = z,
                    other => panic!("{}: {other:?}", self.name),
                }
            }
            steps.push(if wait || dwell.is_some() {
                Step::Wait { secs: dwell.unwrap_or(0.0), bytes }
            } else {
                Step::Move { to_mm: at, feed_mm_min: (!rapid).then_some(feed), bytes }
            });
        }
        Some(steps)
    }
}

/// The number that follows `key` in a text of JSON.
pub(crate) fn number_after(json: &str, key: &str) -> f64 {
    let rest = &json[json.find(key).unwrap() + key.len()..];
    rest[..rest.find([',', '}']).unwrap()].parse().unwrap()
}
