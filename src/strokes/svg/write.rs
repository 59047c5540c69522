//! Strokes as an SVG file: millimetres, one line a stroke, layers as Inkscape and vpype know them.
//!
//! The page's width and height are written in mm and the viewBox repeats them, so that one unit is one millimetre for
//! every program that opens the file. A line is drawn in the pen's own width with round caps: what is seen is about
//! what will be inked. Refuses nothing.

use std::fmt::Write;

use crate::geom::Mm;
use crate::geom::Point;
use crate::strokes::Stroke;
use crate::strokes::StrokeKind;
use crate::strokes::StrokeSet;

/// Whether strokes are sorted into layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layers {
    /// A layer for each kind of stroke: what a person wants who goes on working with the drawing.
    ByKind,
    /// A single layer, strokes in the order given: what a person wants who sends the file to another plotter.
    InOrder,
}

/// `set` as the text of an SVG file, its lines `pen_width_mm` wide.
pub fn write(set: &StrokeSet, pen_width_mm: f64, layers: Layers) -> String {
    let (width, height) = (number(set.sheet().width_mm()), number(set.sheet().height_mm()));
    let pen = number(pen_width_mm);
    let mut svg = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:inkscape=\"http://www.inkscape.org/namespaces/inkscape\" \
         width=\"{width}mm\" height=\"{height}mm\" viewBox=\"0 0 {width} {height}\" fill=\"none\" stroke=\"#000\" \
         stroke-width=\"{pen}\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n"
    );
    match layers {
        Layers::ByKind => {
            for kind in StrokeKind::ALL {
                let of_kind = set.strokes().iter().filter(|s| s.kind == kind);
                layer(&mut svg, layer_name(kind), of_kind);
            }
        }
        Layers::InOrder => layer(&mut svg, "strokes", set.strokes().iter()),
    }
    svg.push_str("</svg>\n");
    svg
}

/// The layer that holds strokes of `kind`; the reader knows them again by it.
pub(super) fn layer_name(kind: StrokeKind) -> &'static str {
    match kind {
        StrokeKind::Contour => "contours",
        StrokeKind::Hatch => "hatching",
        StrokeKind::Shade => "shading",
    }
}

fn layer<'a>(svg: &mut String, name: &str, strokes: impl Iterator<Item = &'a Stroke>) {
    let mut strokes = strokes.peekable();
    if strokes.peek().is_none() {
        return;
    }
    svg.push_str(&format!("<g id=\"{name}\" inkscape:groupmode=\"layer\" inkscape:label=\"{name}\">\n"));
    for stroke in strokes {
        svg.push_str("<path d=\"");
        path_data(svg, stroke.path.points());
        svg.push_str("\"/>\n");
    }
    svg.push_str("</g>\n");
}

/// The line through `points` as the data of a `path` element, appended to `d`: `M` first point, `L` the others, `Z`
/// where it closes.
pub fn path_data(d: &mut String, points: &[Point<Mm>]) {
    let closed = points.len() > 2 && points.first() == points.last();
    for (i, p) in points[..points.len() - usize::from(closed)].iter().enumerate() {
        d.push_str(match i {
            0 => "M",
            1 => "L",
            _ => " ",
        });
        push_number(d, p.x);
        d.push(',');
        push_number(d, p.y);
    }
    if closed {
        d.push('Z');
    }
}

/// `value` with at most three decimals: a micrometre is beyond any pen.
fn number(value: f64) -> String {
    let mut text = String::new();
    push_number(&mut text, value);
    text
}

fn push_number(text: &mut String, value: f64) {
    let start = text.len();
    write!(text, "{value:.3}").expect("a string takes all that is written to it");
    while text.ends_with('0') {
        text.pop();
    }
    if text.ends_with('.') {
        text.pop();
    }
    if &text[start..] == "-0" {
        text.truncate(start);
        text.push('0');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        for (value, text) in
            [(0.0, "0"), (-0.0001, "0"), (10.0, "10"), (0.5, "0.5"), (1.23456, "1.235"), (-100.25, "-100.25")]
        {
            assert_eq!(number(value), text);
        }
    }
}
