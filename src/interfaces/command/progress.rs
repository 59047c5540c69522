//! The stages on a person's screen: a line each with its time, a bar while the pen moves, with the strokes drawn and the
//! time left as the robot reports them. Silent when told to be; when standard error is no terminal it prints one plain
//! line a stage, and one each tenth of a drawing that takes real time. What a robot waits for is told in any case.

use std::io::IsTerminal;
use std::io::Write;
use std::time::Duration;
use std::time::Instant;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use crate::job::Stage;
use crate::robot::News;
use crate::robot::Place;

/// Shows how far a drawing has come.
pub struct Progress {
    look: Look,
    running: Option<(Stage, Instant)>,
    done: Vec<(Stage, Duration)>,
    bar: Option<ProgressBar>,
}

#[derive(Clone, Copy, PartialEq)]
enum Look {
    Silent,
    Plain,
    Bars,
}

impl Progress {
    /// Progress on standard error, or none at all if `quiet`.
    pub fn new(quiet: bool) -> Self {
        let look = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Look::Silent,
            (false, true) => Look::Bars,
            (false, false) => Look::Plain,
        };
        Self { look, running: None, done: Vec::new(), bar: None }
    }

    /// `stage` begins; the one before it is done.
    pub fn enter(&mut self, stage: Stage) {
        self.finish_stage();
        self.running = Some((stage, Instant::now()));
        if self.look == Look::Bars {
            let position = Stage::ALL.iter().position(|s| *s == stage).unwrap_or(0) as u64;
            let bar = self
                .bar
                .get_or_insert_with(|| ProgressBar::new(Stage::ALL.len() as u64).with_style(style("{bar:32} {msg}")));
            bar.set_position(position);
            bar.set_message(stage.doing());
        }
    }

    /// The robot begins to draw so many strokes in `total_secs` of its own time, which is a person's too if it is `live`;
    /// `keys` can be pressed.
    pub fn robot(&mut self, strokes: usize, total_secs: f64, live: bool, keys: bool) -> Drawing<'_> {
        if self.look == Look::Bars {
            let bar = self.bar.get_or_insert_with(|| ProgressBar::new(1));
            bar.set_style(style("{bar:32} {msg}"));
            bar.set_length((total_secs * 1000.0) as u64);
            bar.set_position(0);
        }
        Drawing { progress: self, strokes, total_secs, live, keys, tenths: 0, state: String::new() }
    }

    /// A sentence between the lines.
    fn say(&self, sentence: &str) {
        match &self.bar {
            Some(bar) if self.look == Look::Bars => bar.println(format!("  {sentence}")),
            _ => write_line(&format!("portraitist: {sentence}")),
        }
    }

    /// All stages are done: how long each took.
    pub fn finish(&mut self) -> &[(Stage, Duration)] {
        self.finish_stage();
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        &self.done
    }

    fn finish_stage(&mut self) {
        let Some((stage, since)) = self.running.take() else { return };
        let took = since.elapsed();
        self.done.push((stage, took));
        let line = format!("  {:<10} {:>7.0} ms", stage.name(), took.as_secs_f64() * 1000.0);
        match (self.look, &self.bar) {
            (Look::Bars, Some(bar)) => bar.println(line),
            (Look::Silent, _) => {}
            _ => write_line(&line),
        }
    }
}

/// The robot at work, on a person's screen.
pub struct Drawing<'a> {
    progress: &'a mut Progress,
    strokes: usize,
    total_secs: f64,
    live: bool,
    keys: bool,
    /// Tenths that were told.
    tenths: u32,
    /// What is said before the strokes.
    state: String,
}

impl Drawing<'_> {
    /// Tells the news; `secs_at` knows the program's own time at a place.
    pub fn hear(&mut self, news: &News, secs_at: impl Fn(&Place) -> f64) {
        match news {
            News::At(place, _) => self.at(place, secs_at(place)),
            News::Pausing { after } if *after >= self.strokes => {
                self.tell(false, "the last stroke is on its way: the drawing ends before it could pause");
            }
            News::Pausing { after: 0 } => self.tell(false, "pausing before the first stroke"),
            News::Pausing { after } => {
                self.state = "pausing, ".into();
                self.tell(false, &format!("pausing after stroke {after}"));
            }
            News::Paused { after } => {
                self.state = "paused, ".into();
                let how = if self.keys { "press p".into() } else { by_signal() };
                let sentence =
                    format!("paused after stroke {after} of {}: {how} to go on, Ctrl-C to stop", self.strokes);
                self.tell(false, &sentence);
            }
            News::Held(held) => {
                self.state = "held, ".into();
                let how = if self.keys { "press r".into() } else { by_signal() };
                self.tell(true, &format!("{held}; {how} to go on, Ctrl-C to stop"));
            }
            News::GoingOn => {
                self.state.clear();
                self.tell(false, "going on");
            }
        }
    }

    fn tell(&self, always: bool, sentence: &str) {
        if always || self.progress.look != Look::Silent {
            self.progress.say(sentence);
        }
    }

    fn at(&mut self, place: &Place, secs: f64) {
        let left = clock(self.total_secs - secs);
        let line = format!("{}stroke {} of {}, {left} left", self.state, place.pen_downs, self.strokes);
        match (self.progress.look, &self.progress.bar) {
            (Look::Bars, Some(bar)) => {
                bar.set_position((secs * 1000.0) as u64);
                bar.set_message(line);
            }
            (Look::Plain, _) if self.live && self.total_secs > 0.0 => {
                let tenths = (10.0 * secs / self.total_secs) as u32;
                if tenths > self.tenths && tenths < 10 {
                    self.tenths = tenths;
                    write_line(&format!("  {line}"));
                }
            }
            _ => {}
        }
    }
}

/// Leaves no half-drawn bar behind when a stage fails.
impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// How to go on without a keyboard.
fn by_signal() -> String {
    format!("send SIGUSR2 (kill -USR2 {})", std::process::id())
}

/// A screen that is gone must not end a drawing.
fn write_line(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─")
}

/// Seconds as minutes and seconds: `2:05`.
pub fn clock(secs: f64) -> String {
    let whole = secs.max(0.0).round() as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_shows_minutes_and_seconds() {
        assert_eq!(clock(0.4), "0:00");
        assert_eq!(clock(125.2), "2:05");
        assert_eq!(clock(-3.0), "0:00");
    }
}
