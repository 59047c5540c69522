//! The stages on a person's screen: a line each with its time, a bar while the pen moves. Silent when told to be,
//! and when standard error is no terminal it prints one plain line a stage.

use std::io::IsTerminal;
use std::time::Duration;
use std::time::Instant;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use crate::job::Stage;

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

    /// The robot has worked for `done_secs` of `total_secs` (its own time).
    pub fn drawing(&mut self, done_secs: f64, total_secs: f64) {
        if self.look != Look::Bars {
            return;
        }
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} {} of {}", Stage::Paper.doing(), clock(done_secs), clock(total_secs)));
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
            _ => eprintln!("{line}"),
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
