//! A lean copy of an SVG document: only what can put ink on paper, within bounds, ready for `usvg`.
//!
//! Copied are containers, shapes, `use`, clip paths and style sheets, with the attributes that place or paint them.
//! Texts, pictures, filters, masks, markers, gradients and patterns stay behind and are counted; a paint that named a
//! gradient or pattern becomes plain gray, for a pen has one ink. So no part of `usvg` that loads, repeats or resolves
//! such things is ever reached. Also learnt here, as `usvg` forgets it: which groups are hatching layers.
//!
//! Refuses too many elements (`use` counted as often as it draws), too deep a nesting, and style sheets whose
//! selectors would take longer than the drawing deserves.

use std::borrow::Cow;
use std::collections::HashMap;

use usvg::roxmltree::Document;
use usvg::roxmltree::Node;
use usvg::roxmltree::NodeId;
use usvg::roxmltree::ParsingOptions;

use super::MAX_BYTES;
use super::MAX_ELEMENTS;
use super::MAX_NESTING;
use super::SvgError;
use super::SvgReport;
use super::write::layer_name;
use crate::strokes::StrokeKind;

const SVG: &str = "http://www.w3.org/2000/svg";
const XLINK: &str = "http://www.w3.org/1999/xlink";
const INKSCAPE: &str = "http://www.inkscape.org/namespaces/inkscape";

/// Most XML nodes, white space between elements included.
const MAX_NODES: u32 = 4 * MAX_ELEMENTS as u32;
/// Most tries of a selector on an element or one of its ancestors: some two seconds.
const MAX_STYLE_TRIES: f64 = 50e6;
/// Most digits before the point in a number that says where a shape is: a thousand kilometres.
const MAX_DIGITS: usize = 9;
/// The ink that stands for gradients and patterns.
const GRAY: &str = "#808080";

const CONTAINERS: [&str; 8] = ["svg", "g", "a", "defs", "symbol", "switch", "clipPath", "use"];
const SHAPES: [&str; 7] = ["path", "rect", "circle", "ellipse", "line", "polyline", "polygon"];
#[rustfmt::skip]
const ATTRIBUTES: [&str; 45] = [
    "id", "class", "style", "transform", "transform-origin", "viewBox", "preserveAspectRatio",
    "x", "y", "width", "height", "rx", "ry", "cx", "cy", "r", "x1", "y1", "x2", "y2", "points", "d",
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray",
    "stroke-dashoffset", "opacity", "display", "visibility", "overflow", "color", "font-size",
    "clip-path", "clip-rule", "clipPathUnits", "systemLanguage", "requiredFeatures", "requiredExtensions",
    "mix-blend-mode", "pathLength", "paint-order",
];

const EFFECTS: [&str; 6] = ["mask", "filter", "marker", "marker-start", "marker-mid", "marker-end"];

/// The copy, and what only the original knew.
pub(super) struct Lean {
    /// The copy's text.
    pub svg: String,
    /// The kind of stroke that a group's id or label speaks of.
    pub kinds: HashMap<String, StrokeKind>,
}

/// A lean copy of `text`; what stays behind is counted in `report`.
pub(super) fn lean(text: &str, report: &mut SvgReport) -> Result<Lean, SvgError> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let doc = Document::parse_with_options(text, options).map_err(|e| match e {
        usvg::roxmltree::Error::NodesLimitReached => SvgError::TooManyElements,
        e => SvgError::BrokenXml(e.to_string()),
    })?;
    let root = doc.root_element();
    if name(root) != Some("svg") {
        return Err(SvgError::NotSvg(root.tag_name().name().chars().take(40).collect()));
    }
    let mut ids = HashMap::new();
    for node in doc.descendants() {
        if let Some(id) = node.attribute("id") {
            ids.entry(id).or_insert(node);
        }
    }
    let mut weights = Weights { ids, known: HashMap::new() };
    let whole = weights.of(root, 0)?;
    style_within_bounds(&doc, &whole)?;
    let mut copy = Copy { lean: Lean { svg: String::new(), kinds: HashMap::new() }, report };
    copy.element(root);
    Ok(copy.lean)
}

/// The element's name, if it is SVG's own.
fn name<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    (node.is_element() && matches!(node.tag_name().namespace(), None | Some(SVG))).then(|| node.tag_name().name())
}

/// The target of `href`, as a `use` writes it.
fn href<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    node.attribute("href").or_else(|| node.attribute((XLINK, "href"))).map(str::trim)
}

/// What an element costs once every `use` below it is drawn out.
#[derive(Clone, Copy, Default)]
struct Weight {
    elements: usize,
    bytes: usize,
    depth: usize,
}

struct Weights<'a, 'input> {
    ids: HashMap<&'a str, Node<'a, 'input>>,
    known: HashMap<NodeId, Weight>,
}

impl<'a, 'input> Weights<'a, 'input> {
    /// The weight of `node`, which stands `level` deep; a circle of `use` ends as too deep.
    fn of(&mut self, node: Node<'a, 'input>, level: usize) -> Result<Weight, SvgError> {
        if let Some(known) = self.known.get(&node.id()) {
            return if level + known.depth > MAX_NESTING { Err(SvgError::TooDeep) } else { Ok(*known) };
        }
        if level > MAX_NESTING {
            return Err(SvgError::TooDeep);
        }
        let data = node.attribute("d").or_else(|| node.attribute("points")).map_or(0, str::len);
        let mut weight = Weight { elements: 1, bytes: data, depth: 0 };
        let target = if name(node) == Some("use") {
            href(node).and_then(|h| h.strip_prefix('#')).and_then(|id| self.ids.get(id).copied())
        } else {
            None
        };
        for part in node.children().filter(|n| n.is_element()).chain(target) {
            let below = self.of(part, level + 1)?;
            weight.elements = weight.elements.saturating_add(below.elements);
            weight.bytes = weight.bytes.saturating_add(below.bytes);
            weight.depth = weight.depth.max(below.depth + 1);
            if weight.elements > MAX_ELEMENTS || weight.bytes > 2 * MAX_BYTES {
                return Err(SvgError::TooManyElements);
            }
        }
        self.known.insert(node.id(), weight);
        Ok(weight)
    }
}

/// Every element is tried against every selector, and a selector of n parts against n - 1 ancestors in every choice;
/// every element may be clipped by every clip path that is measured in the element's own box.
fn style_within_bounds(doc: &Document, whole: &Weight) -> Result<(), SvgError> {
    let mut tries = 0.0;
    for style in doc.descendants().filter(|n| n.tag_name().name() == "style") {
        let texts = style.children().filter_map(|n| n.text());
        for prelude in texts.flat_map(|text| text.split('{')) {
            let prelude = prelude.rsplit('}').next().unwrap_or_default();
            for selector in prelude.split(',') {
                let parts = selector.split([' ', '\t', '\n', '\r', '>', '+', '~']).filter(|p| !p.is_empty()).count();
                tries += (whole.depth.max(1) as f64).powi(parts.clamp(1, 1_000) as i32 - 1);
            }
        }
    }
    if tries * whole.elements as f64 > MAX_STYLE_TRIES {
        return Err(SvgError::TooIntricate("style sheets"));
    }
    let boxed = doc
        .descendants()
        .filter(|n| n.attribute("clipPathUnits") == Some("objectBoundingBox"))
        .map(|n| n.descendants().count())
        .sum::<usize>();
    if boxed.saturating_mul(whole.elements) > MAX_STYLE_TRIES as usize {
        return Err(SvgError::TooIntricate("clip paths"));
    }
    Ok(())
}

struct Copy<'r> {
    lean: Lean,
    report: &'r mut SvgReport,
}

impl Copy<'_> {
    /// Copies `node` and what it holds. Nesting has been bounded by [`Weights`].
    fn element(&mut self, node: Node) {
        let Some(name) = name(node) else { return };
        match name {
            "style" => return self.style_sheet(node),
            "text" => self.report.texts += 1,
            "image" | "foreignObject" => self.report.images += 1,
            _ => {}
        }
        let shape = SHAPES.contains(&name);
        if !shape && !CONTAINERS.contains(&name) {
            return;
        }
        self.lean.svg.push('<');
        self.lean.svg.push_str(name);
        if node.parent_element().is_none() {
            self.lean.svg.push_str(" xmlns=\"http://www.w3.org/2000/svg\"");
        }
        for attribute in node.attributes().filter(|a| matches!(a.namespace(), None | Some(SVG))) {
            if ATTRIBUTES.contains(&attribute.name()) {
                self.attribute(attribute.name(), attribute.value());
            } else if EFFECTS.contains(&attribute.name()) && attribute.value() != "none" {
                self.report.effects += 1;
            }
        }
        if name == "use" {
            match href(node) {
                Some(h) if h.starts_with('#') => self.attribute("href", h),
                Some(_) => self.report.external += 1,
                None => {}
            }
        }
        self.note_kind(node);
        self.lean.svg.push('>');
        if !shape && name != "use" {
            for child in node.children() {
                self.element(child);
            }
        }
        self.lean.svg.push_str("</");
        self.lean.svg.push_str(name);
        self.lean.svg.push('>');
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let value = match name {
            "style" => declarations_without_servers(value, &mut self.report.effects),
            "fill" | "stroke" if value.contains("url(") => Cow::Borrowed(GRAY),
            "d" | "points" => {
                let sound = sound_prefix(value);
                self.report.unreadable += usize::from(sound < value.len());
                Cow::Borrowed(&value[..sound])
            }
            "r" | "rx" | "ry" | "width" | "height" | "viewBox" if !value.split([' ', ',']).all(is_sound_length) => {
                self.report.unreadable += 1;
                return;
            }
            _ => Cow::Borrowed(value),
        };
        self.lean.svg.push(' ');
        self.lean.svg.push_str(name);
        self.lean.svg.push_str("=\"");
        push_escaped(&mut self.lean.svg, &value);
        self.lean.svg.push('"');
    }

    fn style_sheet(&mut self, node: Node) {
        if matches!(node.attribute("type"), None | Some("text/css")) {
            self.lean.svg.push_str("<style>");
            for text in node.children().filter_map(|n| n.text()) {
                push_escaped(&mut self.lean.svg, &declarations_without_servers(text, &mut self.report.effects));
            }
            self.lean.svg.push_str("</style>");
        }
    }

    /// A group named for hatching makes the strokes in it hatching; our own writer names them so.
    fn note_kind(&mut self, node: Node) {
        let Some(id) = node.attribute("id") else { return };
        let label = node.attribute((INKSCAPE, "label")).unwrap_or(id);
        for kind in StrokeKind::ALL {
            if label.eq_ignore_ascii_case(layer_name(kind)) {
                self.lean.kinds.insert(id.to_owned(), kind);
            }
        }
    }
}

/// `css` with each value that names a paint server replaced by gray, and each that names an effect (counted in
/// `effects`) by `none`.
fn declarations_without_servers<'a>(css: &'a str, effects: &mut usize) -> Cow<'a, str> {
    if !css.contains("url(") {
        return Cow::Borrowed(css);
    }
    let mut plain = String::with_capacity(css.len());
    // A piece ends behind the `;`, `{` or `}` that ends it.
    for piece in css.split_inclusive([';', '{', '}']) {
        match piece.split_once(':') {
            Some((property, value)) if value.contains("url(") && property.trim() != "clip-path" => {
                let paint = matches!(property.trim(), "fill" | "stroke");
                plain.push_str(property);
                plain.push(':');
                *effects += usize::from(!paint);
                plain.push_str(if paint { GRAY } else { "none" });
                plain.push_str(&value[value.trim_end_matches([';', '{', '}']).len()..]);
            }
            _ => plain.push_str(piece),
        }
    }
    Cow::Owned(plain)
}

/// How many bytes of `data` hold nothing but path commands, units and numbers below 10^[`MAX_DIGITS`]. (An arc is
/// drawn as cubics that are more the larger it is: with radii near a float's limit, millions.)
fn sound_prefix(data: &str) -> usize {
    let bytes = data.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let begin = at;
        match bytes[at] {
            b'0'..=b'9' | b'.' => {
                let digits = |at: &mut usize| {
                    let from = *at;
                    *at += bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
                    &data[from..*at]
                };
                let mut size = digits(&mut at).trim_start_matches('0').len();
                if bytes.get(at) == Some(&b'.') {
                    at += 1;
                    digits(&mut at);
                }
                // Else the e begins a unit.
                let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
                if matches!(bytes.get(at), Some(b'e' | b'E'))
                    && bytes.get(at + 1 + sign).is_some_and(u8::is_ascii_digit)
                {
                    let tiny = bytes[at + 1] == b'-';
                    at += 1 + sign;
                    let exponent = digits(&mut at).trim_start_matches('0');
                    size = match exponent.parse::<usize>() {
                        _ if tiny => size,
                        Ok(e) => size.saturating_add(e),
                        Err(_) => size + usize::from(!exponent.is_empty()) * MAX_DIGITS,
                    };
                }
                if size > MAX_DIGITS {
                    return begin;
                }
            }
            b'+' | b'-' | b',' | b'%' => at += 1,
            byte if byte.is_ascii_whitespace() || b"MmZzLlHhVvCcSsQqTtAa".contains(&byte) => at += 1,
            _ => return begin,
        }
    }
    at
}

/// Whether `length` is a number of bounded size with a unit of fixed size.
fn is_sound_length(length: &str) -> bool {
    let number = length.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = length.trim()[number.len()..].to_ascii_lowercase();
    sound_prefix(number) == number.len() && matches!(unit.as_str(), "" | "px" | "pt" | "pc" | "mm" | "cm" | "in")
}

fn push_escaped(xml: &mut String, text: &str) {
    for piece in text.split_inclusive(['&', '<', '>', '"', '\n', '\t', '\r']) {
        let cut = piece.len() - piece.chars().next_back().map_or(0, char::len_utf8);
        let (plain, last) = piece.split_at(cut);
        xml.push_str(plain);
        match last {
            "&" => xml.push_str("&amp;"),
            "<" => xml.push_str("&lt;"),
            ">" => xml.push_str("&gt;"),
            "\"" => xml.push_str("&quot;"),
            // In an attribute a line break counts as a space, which also shortens the copy.
            "\n" | "\t" | "\r" => xml.push(' '),
            other => xml.push_str(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(svg: &str) -> (String, SvgReport) {
        let mut report = SvgReport::default();
        let lean = lean(svg, &mut report).expect("a sound document");
        (lean.svg, report)
    }

    #[test]
    fn only_what_can_be_inked_is_copied() {
        let (svg, report) = copy(
            "<s:svg xmlns:s='http://www.w3.org/2000/svg' xmlns:x='http://www.w3.org/1999/xlink' onload='f()'>\
             <s:script>alert(1)</s:script><s:text>hello</s:text><s:image x:href='file:///etc/passwd'/>\
             <s:path d='M0,0\n5,5' fill='url(#grad) red' mask='url(#m)'/><s:mask id='m'><s:rect/></s:mask>\
             <s:use x:href='other.svg#a'/><s:use x:href='#a'/></s:svg>",
        );
        assert_eq!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0,0 5,5\" fill=\"#808080\"></path>\
             <use></use><use href=\"#a\"></use></svg>"
        );
        assert_eq!((report.texts, report.images, report.effects, report.external), (1, 1, 1, 1));
    }

    #[test]
    fn paint_servers_become_gray_and_clip_paths_stay() {
        let css = ".a{fill:url(#g);stroke:red}.b{clip-path:url(#c);filter:url(#f)}";
        let mut effects = 0;
        assert_eq!(
            declarations_without_servers(css, &mut effects),
            ".a{fill:#808080;stroke:red}.b{clip-path:url(#c);filter:none}"
        );
        assert_eq!(effects, 1);
        assert_eq!(declarations_without_servers("fill:url(#g", &mut effects), "fill:#808080");
    }

    #[test]
    fn numbers_beyond_reason_end_a_shape() {
        for (data, sound) in [
            ("M0 0L1e3,-.5", "M0 0L1e3,-.5"),
            ("M0 0L1E-0099 5", "M0 0L1E-0099 5"),
            ("M0 0L123456789.25 5", "M0 0L123456789.25 5"),
            ("M0 0L1234567890 5", "M0 0L"),
            ("M0 0L12e8 5", "M0 0L"),
            ("M0 0L1e+038 5", "M0 0L"),
            ("M0 0L1e99999999999999999999999 5", "M0 0L"),
            ("MNaN 0", "M"),
            ("M0 0Linf 0", "M0 0L"),
            ("M0 0L5,5e", "M0 0L5,5"),
            ("M0 0L5,5\u{661}", "M0 0L5,5"),
        ] {
            assert_eq!(&data[..sound_prefix(data)], sound);
        }
        for (length, sound) in [
            ("5", true),
            (" 5.5mm ", true),
            ("50%", true),
            ("1e9%", false),
            ("2em", false),
            ("1e37", false),
            ("x", false),
        ] {
            assert_eq!(is_sound_length(length), sound, "{length}");
        }
    }

    #[test]
    fn repeats_and_nesting_have_bounds() {
        let check = |body: &str| lean(&format!("<svg>{body}</svg>"), &mut SvgReport::default()).err();
        let doubling = (1..40)
            .map(|i| format!("<g id='g{i}'><use href='#g{0}'/><use href='#g{0}'/></g>", i - 1))
            .collect::<String>();
        assert_eq!(check(&format!("<g id='g0'><path d='M0 0L1 1'/></g>{doubling}")), Some(SvgError::TooManyElements));
        assert_eq!(check("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>"), Some(SvgError::TooDeep));
        assert_eq!(check(&format!("{}{}", "<g>".repeat(97), "</g>".repeat(97))), Some(SvgError::TooDeep));
        assert_eq!(check(&format!("{}{}", "<g>".repeat(90), "</g>".repeat(90))), None);
        let style = format!("<style>{}{{fill:red}}</style>", "* ".repeat(30));
        assert_eq!(
            check(&format!("{style}{}<path/>{}", "<g>".repeat(90), "</g>".repeat(90))),
            Some(SvgError::TooIntricate("style sheets"))
        );
    }
}
