//! How far the pen has drawn and for how long it has been open: what tells when it is worn or dry.
//!
//! A pen is open while the booth is; closed it is capped. The counts outlive the program, in one small file of the
//! booth's folder, and begin anew with a new pen. A file that cannot be read counts as a new pen's. Units: mm, minutes.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::config::BoothConfig;
use crate::kiosk::Pen;

/// Its file.
const NAME: &str = "pen.json";
/// It is written at the latest after so much time of an open booth.
const EVERY: Duration = Duration::from_secs(60);

/// The pen's counts.
#[derive(Debug)]
pub(super) struct PenUse {
    file: PathBuf,
    most: Most,
    used: Used,
    unwritten: Duration,
}

/// When a pen is to be changed.
#[derive(Debug, Clone, Copy)]
struct Most {
    metres: u32,
    minutes: u32,
}

/// What is written down.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Used {
    ink_mm: f64,
    open_secs: f64,
}

/// The same, as the staff reads it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct PenView {
    metres: f64,
    open_minutes: u64,
    most_metres: u32,
    most_minutes: u32,
}

impl PenUse {
    /// The counts that are written in `folder`, with the limits of `config`.
    pub fn load(folder: &Path, config: &BoothConfig) -> Self {
        let file = folder.join(NAME);
        let read = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Used>(&text).ok());
        let sound = |used: &Used| used.ink_mm.is_finite() && used.open_secs.is_finite();
        let most = Most { metres: config.pen_most_metres, minutes: config.pen_most_minutes };
        Self { file, most, used: read.filter(sound).unwrap_or_default(), unwritten: Duration::ZERO }
    }

    /// So much of ink was drawn.
    pub fn drew(&mut self, mm: f64) {
        self.used.ink_mm += mm;
    }

    /// The booth was open for so long.
    ///
    /// # Errors
    /// The counts cannot be written.
    pub fn stood_open(&mut self, time: Duration) -> io::Result<()> {
        self.used.open_secs += time.as_secs_f64();
        self.unwritten += time;
        if self.unwritten < EVERY { Ok(()) } else { self.write() }
    }

    /// There is a new pen.
    ///
    /// # Errors
    /// The counts cannot be written.
    pub fn changed(&mut self) -> io::Result<()> {
        self.used = Used::default();
        self.write()
    }

    /// Writes the counts down, whole or not at all.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write(&mut self) -> io::Result<()> {
        let part = self.file.with_extension("part");
        fs::write(&part, serde_json::to_vec(&self.used)?)?;
        self.unwritten = Duration::ZERO;
        fs::rename(part, &self.file)
    }

    /// Whether it should be changed.
    pub fn state(&self) -> Pen {
        let over = |used: f64, most: u32| most > 0 && used >= f64::from(most);
        if over(self.used.ink_mm / 1e3, self.most.metres) {
            Pen::Worn
        } else if over(self.used.open_secs / 60.0, self.most.minutes) {
            Pen::Dry
        } else {
            Pen::Good
        }
    }

    /// As the staff reads it.
    pub fn view(&self) -> PenView {
        PenView {
            metres: tenths(self.used.ink_mm / 1e3),
            open_minutes: (self.used.open_secs / 60.0) as u64,
            most_metres: self.most.metres,
            most_minutes: self.most.minutes,
        }
    }
}

/// `value` with one digit behind the point.
pub(super) fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_over_a_restart_until_the_pen_is_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = BoothConfig { pen_most_metres: 50, pen_most_minutes: 90, ..BoothConfig::default() };
        let mut pen = PenUse::load(folder.path(), &config);
        pen.drew(49_990.0);
        pen.stood_open(Duration::from_secs(3600)).expect("written");
        assert_eq!(pen.state(), Pen::Good);
        let mut pen = PenUse::load(folder.path(), &config);
        assert_eq!((pen.view().metres, pen.view().open_minutes), (50.0, 60));
        pen.drew(10.0);
        assert_eq!(pen.state(), Pen::Worn);
        pen.changed().expect("written");
        pen.stood_open(Duration::from_secs(90 * 60)).expect("written");
        assert_eq!(pen.state(), Pen::Dry);
        fs::write(folder.path().join(NAME), b"{\"ink_mm\":1e999}").expect("written");
        assert_eq!(PenUse::load(folder.path(), &config).state(), Pen::Good, "nonsense counts as a new pen");
        let endless = PenUse::load(folder.path(), &BoothConfig::default());
        assert_eq!(
            (endless.most.metres, endless.most.minutes),
            (0, 0),
            "nobody is asked to change it unless told when"
        );
    }
}
