//! The record of a run and the page it is shown on: `history.jsonl`, and `report.html` with curves, scores and the
//! last sheets, in one file that needs nothing else.

use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context;
use anyhow::Result;
use base64::Engine;
use serde::Deserialize;
use serde::Serialize;

use crate::recipe::Score;

/// Sheets shown on the page.
const SHEETS: usize = 3;
/// Columns of a curve: so many means are drawn of however many steps.
const COLUMNS: usize = 400;

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Steps done.
    pub step: u64,
    /// Learning rate.
    pub rate: f64,
    /// Means over the steps since the last line, by name.
    pub losses: Vec<(String, f64)>,
    /// Scores, where the network was tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
}

/// A run's record.
#[derive(Debug, Default)]
pub struct History {
    entries: Vec<Entry>,
}

impl History {
    /// The scores of the last trial; none before the first.
    pub fn last_scores(&self) -> &[Score] {
        self.entries.iter().rev().map(|entry| entry.scores.as_slice()).find(|scores| !scores.is_empty()).unwrap_or(&[])
    }

    /// What `folder` has on record up to `step`; what lies beyond (of a run that was cut off) is forgotten.
    ///
    /// # Errors
    /// The record is not what [`Self::add`] writes.
    pub fn open(folder: &Path, step: u64) -> Result<Self> {
        let path = folder.join("history.jsonl");
        let Ok(text) = std::fs::read_to_string(&path) else { return Ok(Self::default()) };
        let mut entries = Vec::new();
        for line in text.lines() {
            // A cut cable may leave half a line, the last.
            let Ok(entry) = serde_json::from_str::<Entry>(line) else { break };
            if entry.step <= step {
                entries.push(entry);
            }
        }
        let mut kept = String::new();
        for entry in &entries {
            kept.push_str(&serde_json::to_string(entry)?);
            kept.push('\n');
        }
        crate::checkpoint::write(&path, kept.as_bytes())?;
        Ok(Self { entries })
    }

    /// Adds a line here and in `folder`.
    ///
    /// # Errors
    /// The disk is full.
    pub fn add(&mut self, folder: &Path, entry: Entry) -> Result<()> {
        let path = folder.join("history.jsonl");
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&path)?;
        writeln!(file, "{}", serde_json::to_string(&entry)?).with_context(|| path.display().to_string())?;
        self.entries.push(entry);
        Ok(())
    }

    /// The page of the run called `title`, with the newest of `folder`'s sheets.
    ///
    /// # Errors
    /// A sheet cannot be read.
    pub fn page(&self, title: &str, folder: &Path) -> Result<String> {
        let mut page = format!(
            "<!doctype html><meta charset=\"utf-8\"><title>{title}</title><style>body{{font:15px/1.5 system-ui;margin:2em \
             auto;max-width:70em;padding:0 1em;color:#222}}svg{{width:100%;height:auto;border:1px solid #ddd}}table{{\
             border-collapse:collapse}}td,th{{padding:.15em .8em;text-align:right;border-bottom:1px solid #eee}}\
             td:first-child,th:first-child{{text-align:left}}img{{max-width:100%}}</style><h1>{title}</h1>"
        );
        if let Some(last) = self.entries.last() {
            write!(page, "<p>Step {}, learning rate {:.2e}.</p>", last.step, last.rate)?;
        }
        for (name, _) in self.entries.first().map(|entry| entry.losses.as_slice()).unwrap_or_default() {
            let curve: Vec<(f64, f64)> = self
                .entries
                .iter()
                .flat_map(|entry| {
                    entry.losses.iter().filter(|loss| loss.0 == *name).map(|loss| (entry.step as f64, loss.1))
                })
                .collect();
            write!(page, "<h3>{name}</h3>{}", chart(&curve))?;
        }
        page.push_str(&self.table());
        let mut sheets: Vec<_> = std::fs::read_dir(folder)?
            .filter_map(|file| Some(file.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "jpg"))
            .collect();
        sheets.sort();
        for sheet in sheets.iter().rev().take(SHEETS) {
            let bytes = std::fs::read(sheet).with_context(|| sheet.display().to_string())?;
            let name = sheet.file_stem().unwrap_or_default().to_string_lossy();
            let data = base64::engine::general_purpose::STANDARD.encode(bytes);
            write!(page, "<h3>{name}</h3><img alt=\"{name}\" src=\"data:image/jpeg;base64,{data}\">")?;
        }
        Ok(page)
    }

    /// All scores, a row each, a column for each of the last times the network was tried.
    fn table(&self) -> String {
        let tried: Vec<&Entry> = self.entries.iter().filter(|entry| !entry.scores.is_empty()).collect();
        let tried = &tried[tried.len().saturating_sub(8)..];
        let Some(last) = tried.last() else { return String::new() };
        let mut table = "<h3>On people kept apart</h3><table><tr><th>step".to_owned();
        tried.iter().for_each(|entry| table += &format!("<th>{}", entry.step));
        for score in &last.scores {
            table += &format!("<tr><td>{}", score.name);
            for entry in tried {
                let found = entry.scores.iter().find(|other| other.name == score.name);
                table += &found.map_or("<td>".to_owned(), |score| format!("<td>{:.4}", score.value));
            }
        }
        table + "</table>"
    }
}

/// A curve over the steps, its height logarithmic.
fn chart(curve: &[(f64, f64)]) -> String {
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else { return String::new() };
    let width = (last.0 - first.0).max(1.0);
    let mut bins = vec![(0.0f64, 0u32); COLUMNS];
    for (step, value) in curve {
        let bin = &mut bins[(((step - first.0) / width * (COLUMNS - 1) as f64) as usize).min(COLUMNS - 1)];
        bin.0 += value.max(1e-6);
        bin.1 += 1;
    }
    let means: Vec<(usize, f64)> =
        bins.iter().enumerate().filter(|(_, bin)| bin.1 > 0).map(|(at, bin)| (at, bin.0 / f64::from(bin.1))).collect();
    let low = means.iter().map(|mean| mean.1).fold(f64::MAX, f64::min);
    let high = means.iter().map(|mean| mean.1).fold(f64::MIN, f64::max).max(low * 1.01);
    let points: String = means
        .iter()
        .map(|(at, mean)| format!("{},{:.1} ", at * 2 + 60, 150.0 - 135.0 * (mean / low).ln() / (high / low).ln()))
        .collect();
    format!(
        "<svg viewBox=\"0 0 880 165\"><polyline fill=\"none\" stroke=\"#06c\" stroke-width=\"1.5\" points=\"{points}\"/>\
         <g font-size=\"12\"><text x=\"4\" y=\"20\">{high:.4}</text><text x=\"4\" y=\"154\">{low:.4}</text>\
         <text x=\"800\" y=\"162\">{}</text></g></svg>",
        last.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_without_what_lies_beyond_the_step() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut history = History::default();
        for step in [10, 20, 30] {
            let scores = vec![Score::new("eyes", step as f64 / 7.0)];
            let entry = Entry { step, rate: 1e-3, losses: vec![("all".to_owned(), 1.0 / step as f64)], scores };
            history.add(folder.path(), entry).expect("written");
        }
        let back = History::open(folder.path(), 20).expect("read");
        assert_eq!(back.entries, history.entries[..2]);
        let page = back.page("finder", folder.path()).expect("made");
        assert!(page.contains("polyline") && page.contains("2.8571") && !page.contains("4.2857"), "{page}");
        assert!(!page.contains("http"), "it needs nothing else");
    }
}
