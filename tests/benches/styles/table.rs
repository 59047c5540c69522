//! The table, for people and as JSON.

use std::collections::HashMap;

use portraitist::eval;
use portraitist::eval::Interval;
use serde_json::Value;
use serde_json::json;

use crate::column::Column;
use crate::column::Kind;
use crate::column::Measured;
use crate::column::distance;
use crate::drawn::Style;
use crate::faults::BEARD;
use crate::hints::Hints;

/// A number of a picture, where it has it.
type Number = Box<dyn Fn(&Measured) -> Option<f64>>;

/// A row whose cells are means.
struct Row {
    title: String,
    /// Its name in JSON.
    key: String,
    decimals: usize,
    value: Number,
}

/// The rows of means; `artists` are those there are drawings of.
fn rows(artists: &[&str], hints: &HashMap<String, Hints>) -> Vec<Row> {
    let group = |belongs: fn(&Hints) -> bool| -> Vec<String> {
        hints.iter().filter(|(_, hints)| belongs(hints)).map(|(id, _)| id.clone()).collect()
    };
    // Without hints everybody is looked at: the sample sitters have no beards.
    let bearded = group(|hints| hints.beard_hint);
    let dark = group(Hints::is_dark);
    let row = |title: &str, key: &str, decimals: usize, value: Number| Row {
        title: title.to_owned(),
        key: key.to_owned(),
        decimals,
        value,
    };
    let share = |is: bool| if is { 100.0 } else { 0.0 };
    let bare = {
        let bearded = bearded.clone();
        move |of: &Measured| of.faults.filter(|_| !bearded.contains(&of.id))
    };
    let bare_too = bare.clone();
    let mut rows = vec![
        row("ink, %", "ink_percent", 1, Box::new(|of| of.marks.map(|marks| marks.ink_percent))),
        row("connected strokes", "connected_strokes", 0, Box::new(|of| of.marks.map(|m| m.connected_strokes as f64))),
        row("line length, px", "line_px", 0, Box::new(|of| of.marks.map(|marks| marks.line_px))),
        row("spurs", "spurs", 0, Box::new(|of| of.marks.map(|marks| marks.spurs as f64))),
        row("eye symmetry", "eye_symmetry", 2, Box::new(|of| of.marks.and_then(|marks| marks.eye_symmetry))),
        row("stroke accuracy", "stroke_accuracy", 3, Box::new(|of| of.strokes.and_then(|score| score.accuracy()))),
    ];
    for (at, artist) in artists.iter().enumerate() {
        let value = move |of: &Measured| of.scoot.get(at).copied().flatten();
        rows.push(row(&format!("Scoot with {artist}"), &format!("scoot_{artist}"), 3, Box::new(value)));
    }
    rows.extend([
        row("ink where no beard is, %", "bare_ink", 1, Box::new(move |of| bare(of).map(|of| 100.0 * of.beard_ink()))),
        row(
            &format!("a beard where none is ({:.0} % of ink), % of people", 100.0 * BEARD),
            "beards_added",
            1,
            Box::new(move |of| bare_too(of).map(|of| share(of.beard_ink() > BEARD))),
        ),
        row(
            "ink where a beard is, %",
            "beard_ink",
            1,
            Box::new(move |of| of.faults.filter(|_| bearded.contains(&of.id)).map(|of| 100.0 * of.beard_ink())),
        ),
        row("both irises there, % of people", "eyes", 1, Box::new(move |of| of.faults.map(|of| share(of.has_eyes())))),
        row(
            "the same on dark skin",
            "eyes_dark_skin",
            1,
            Box::new(move |of| of.faults.filter(|_| dark.contains(&of.id)).map(|of| share(of.has_eyes()))),
        ),
        row("strokes", "strokes", 0, Box::new(|of| of.cost.map(|cost| cost.strokes as f64))),
        row("metres of ink", "metres", 2, Box::new(|of| of.cost.map(|cost| cost.metres))),
        row("seconds on the robot", "secs", 0, Box::new(|of| of.cost.map(|cost| cost.secs))),
        row("photo to sketch, s", "sketch_secs", 2, Box::new(|of| of.cost.map(|cost| cost.sketch_secs))),
    ]);
    rows
}

/// Rows of middles: how many people in ten lie between.
const SPREADS: [&str; 2] = ["ink_percent", "connected_strokes"];

/// The 10th, 50th and 90th percentile of `values`.
fn spread(mut values: Vec<f64>) -> Option<[f64; 3]> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some([0.1, 0.5, 0.9].map(|share| values[(share * last as f64).round() as usize]))
}

/// All that was measured, and how.
pub struct Table<'a> {
    /// A column for each kind of picture.
    pub columns: &'a [Column],
    /// The styles that were drawn in.
    pub styles: &'a [Style],
    /// What is hinted of the people.
    pub hints: &'a HashMap<String, Hints>,
    /// How it was measured.
    pub protocol: &'a str,
}

impl Table<'_> {
    /// The artists whose drawings are columns, and the columns.
    fn artists(&self) -> Vec<(&str, &Column)> {
        let named = self.columns.iter().map(|column| match &column.kind {
            Kind::Artist(name) => Some((name.as_str(), column)),
            _ => None,
        });
        named.flatten().collect()
    }

    /// The rows of means.
    fn rows(&self) -> Vec<Row> {
        rows(&self.artists().iter().map(|(name, _)| *name).collect::<Vec<_>>(), self.hints)
    }

    /// How long the style of `column` took to load.
    fn load_secs(&self, column: &Column) -> Option<f64> {
        let Kind::Paper(name) = &column.kind else { return None };
        self.styles.iter().find(|style| style.name == *name).map(|style| style.load_secs)
    }

    /// The table, as Markdown.
    pub fn markdown(&self) -> String {
        let mut lines = vec![self.protocol.to_owned(), String::new()];
        let mut line = |title: &str, cell: &dyn Fn(&Column) -> Option<String>| {
            let cells = self.columns.iter().map(|column| cell(column).unwrap_or_default());
            lines.push(format!("| {title} | {} |", cells.collect::<Vec<_>>().join(" | ")));
        };
        line("", &|column| Some(column.title()));
        line("---", &|_| Some("---".to_owned()));
        for (name, real) in self.artists() {
            // Of a set and itself the distance is nothing.
            let apart = |column: &Column| if std::ptr::eq(column, real) { None } else { distance(real, column) };
            line(&format!("FID to {name}"), &|column| apart(column).map(|apart| format!("{:.3}", apart.fid)));
            line(&format!("KID to {name}"), &|column| {
                apart(column).map(|apart| format!("{:.4} ± {:.4}", apart.kid, apart.kid_deviation))
            });
        }
        for Row { title, decimals, value, key } in self.rows() {
            line(&title, &|column| eval::interval(&column.values(&value)).map(|interval| shown(interval, decimals)));
            if SPREADS.contains(&key.as_str()) {
                line(&format!("{title}: median (10 to 90 % of people)"), &|column| {
                    let [low, median, high] = spread(column.values(&value))?;
                    Some(format!("{median:.decimals$} ({low:.decimals$} to {high:.decimals$})"))
                });
            }
        }
        line("loading, s", &|column| self.load_secs(column).map(|secs| format!("{secs:.2}")));
        lines.join("\n")
    }

    /// The same as JSON, with every person.
    pub fn json(&self) -> Value {
        let of = |column: &Column| {
            let load_secs = self.load_secs(column);
            let mut measured = json!({ "title": column.title(), "load_secs": load_secs, "people": column.of });
            for Row { key, value, .. } in self.rows() {
                let values = column.values(&value);
                if SPREADS.contains(&key.as_str()) {
                    measured[format!("{key}_spread")] = json!(spread(values.clone()));
                }
                measured[key] = json!(eval::interval(&values));
            }
            for (name, real) in self.artists() {
                measured[format!("distance_{name}")] = json!(distance(real, column));
            }
            measured
        };
        json!({
            "schema": "portraitist.styles/1",
            "protocol": self.protocol,
            "columns": self.columns.iter().map(of).collect::<Vec<_>>(),
            "hints": self.columns.first().map(|column| {
                let hint = |of: &Measured| Some((of.id.clone(), json!(self.hints.get(&of.id)?)));
                column.of.iter().filter_map(hint).collect::<serde_json::Map<_, _>>()
            }),
        })
    }
}

fn shown(Interval { mean, low, high, .. }: Interval, decimals: usize) -> String {
    format!("{mean:.decimals$} ({low:.decimals$} to {high:.decimals$})")
}
