//! The contact sheet: a row a person, with the photo, F's lines and each style's G and plotted paper beside each other.
//!
//! Whoever is on it is chosen by rule: extremes of the hints, and the worst of what was measured.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use image::Rgb;
use image::RgbImage;
use image::imageops;
use image::imageops::FilterType;
use portraitist::raster::Gray;

use crate::column::Column;
use crate::column::Kind;
use crate::column::Measured;
use crate::drawn;
use crate::drawn::Drawn;
use crate::hints::Hints;
use crate::hints::Pose;
use crate::people::Person;

/// Side of a picture on the sheet, px.
const CELL_PX: u32 = 384;
/// Between two pictures, px.
const GAP_PX: u32 = 4;

/// What is known of a person when the sheet is made.
struct Case<'a> {
    hints: Option<&'a Hints>,
    pose: Option<&'a Pose>,
    /// Place among the hard ones.
    hard: Option<usize>,
    /// What was measured on the paper of the first style that is learnt, or else the first.
    paper: &'a Measured,
}

/// A rule: why people are chosen, how many of 24, and whom first: the most, if there is a number.
type Rule = (&'static str, usize, fn(&Case) -> Option<f64>);

const RULES: [Rule; 15] = [
    ("hard for the recogniser", 4, |case| case.hard.map(|place| -(place as f64))),
    ("eyes least dark", 2, |case| Some(-case.paper.faults?.irises.into_iter().fold(1.0, f64::min))),
    ("most ink where no beard is", 2, |case| {
        let bare = case.hints.is_none_or(|hints| !hints.beard_hint);
        case.paper.faults.filter(|_| bare).map(|faults| faults.beard_ink())
    }),
    ("eyes least alike", 1, |case| Some(-case.paper.marks?.eye_symmetry?)),
    ("least like the artist's (Scoot)", 1, |case| Some(-case.paper.scoot.first().copied().flatten()?)),
    ("most ink", 1, |case| Some(case.paper.marks?.ink_percent)),
    ("least ink", 1, |case| Some(-case.paper.marks?.ink_percent)),
    ("darkest skin", 3, |case| case.hints.filter(|hints| !hints.monochrome)?.skin_ita.map(|ita| -ita)),
    ("palest skin", 1, |case| case.hints.filter(|hints| !hints.monochrome)?.skin_ita),
    ("glasses, most ink", 2, |case| case.hints.filter(|hints| hints.glasses).and(Some(case.paper.marks?.ink_percent))),
    ("beard", 1, |case| case.hints.filter(|hints| hints.beard_hint).and(Some(case.paper.faults?.beard_ink()))),
    ("long hair, most ink", 1, |case| {
        case.hints.filter(|hints| hints.long_hair_hint).and(Some(case.paper.marks?.ink_percent))
    }),
    ("youngest", 2, |case| case.pose.map(|pose| pose.youth)),
    ("most turned", 1, |case| case.pose.map(|pose| pose.turn)),
    ("black and white", 1, |case| case.hints.filter(|hints| hints.monochrome).and(Some(case.paper.marks?.line_px))),
];

/// Up to `count` people by the rules, and why each is among them; then whoever comes first.
pub fn chosen(
    columns: &[Column],
    hints: &HashMap<String, Hints>,
    poses: &HashMap<String, Pose>,
    hard: &[String],
    count: usize,
) -> Vec<(String, &'static str)> {
    let learnt = columns.iter().find_map(|column| match &column.kind {
        Kind::Generated(style) => Some(Kind::Paper(style.clone())),
        _ => None,
    });
    let first =
        |column: &&Column| learnt.as_ref().map_or(matches!(column.kind, Kind::Paper(_)), |kind| column.kind == *kind);
    let papers = columns.iter().find(first).map_or(&[][..], |column| &column.of);
    let place = |id: &String| hard.iter().position(|hard| hard == id);
    let mut cases: Vec<Case> = Vec::new();
    for paper in papers {
        let id = &paper.id;
        cases.push(Case { hints: hints.get(id), pose: poses.get(id), hard: place(id), paper });
    }
    let mut chosen: Vec<(String, &'static str)> = Vec::new();
    let everyone: Rule = ("in the list's order", count, |_| Some(0.0));
    for (why, most, value) in RULES.into_iter().chain([everyone]) {
        let mut ranked: Vec<(f64, &str)> =
            cases.iter().filter_map(|case| Some((value(case)?, case.paper.id.as_str()))).collect();
        // Stable: of equals the first comes first.
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked.retain(|(_, id)| !chosen.iter().any(|(other, _)| other == id));
        let free = count.saturating_sub(chosen.len());
        chosen.extend(ranked.into_iter().take(most.min(free)).map(|(_, id)| (id.to_owned(), why)));
    }
    chosen
}

/// The pictures of one person, a style's beside each other.
pub fn row(person: &Person, drawn: &[Drawn]) -> Vec<RgbImage> {
    let gray = |picture: &Gray| {
        RgbImage::from_fn(picture.width(), picture.height(), |x, y| Rgb([picture.get_pixel(x, y).0[0]; 3]))
    };
    let lines = drawn::f_lines(drawn).map(|lines| gray(lines.ink()));
    let styles = drawn.iter().flat_map(|drawn| drawn.generated.iter().chain([&drawn.fine_paper]));
    let pictures = [person.portrait.pixels().clone()].into_iter().chain(lines).chain(styles.map(gray));
    pictures.map(|picture| imageops::resize(&picture, CELL_PX, CELL_PX, FilterType::CatmullRom)).collect()
}

/// Writes the sheet of the `chosen` to `file`; what is on it, in words.
pub fn save(file: &Path, chosen: &[(String, &str)], rows: &HashMap<String, Vec<RgbImage>>) -> anyhow::Result<String> {
    let known: Vec<_> = chosen.iter().filter_map(|(id, why)| Some((id, why, rows.get(id)?))).collect();
    let across = known.iter().map(|(_, _, row)| row.len()).max().context("nobody is on the sheet")?;
    let side = |cells: usize| cells as u32 * (CELL_PX + GAP_PX) - GAP_PX;
    let mut sheet = RgbImage::from_pixel(side(across), side(known.len()), Rgb([120; 3]));
    let mut told = format!("{}: {} pictures a row", file.display(), across);
    for (down, (id, why, row)) in known.iter().enumerate() {
        for (at, picture) in row.iter().enumerate() {
            let place = |cell: usize| i64::from(cell as u32 * (CELL_PX + GAP_PX));
            imageops::replace(&mut sheet, picture, place(at), place(down));
        }
        told += &format!("\nrow {}: {id}, {why}", down + 1);
    }
    sheet.save(file).with_context(|| file.display().to_string())?;
    Ok(told)
}
