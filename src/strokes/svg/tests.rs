//! What SVG files of all makers become, feature by feature; and what damaged or hostile ones become.

use super::*;
use crate::strokes::Stroke;
use crate::strokes::StrokeKind;

type Points = Vec<(f64, f64)>;

fn read_str(svg: &str) -> Result<SvgDrawing, SvgError> {
    read(svg.as_bytes(), &SvgConfig::default())
}

/// A 100 x 100 mm page whose unit is the millimetre.
fn page(body: &str) -> String {
    format!("<svg xmlns='http://www.w3.org/2000/svg' width='100mm' height='100mm' viewBox='0 0 100 100'>{body}</svg>")
}

fn lines(svg: &str) -> Vec<Points> {
    let drawing = read_str(svg).unwrap_or_else(|e| panic!("{e}\n{svg}"));
    drawing.strokes.strokes().iter().map(points).collect()
}

fn points(stroke: &Stroke) -> Points {
    stroke.path.points().iter().map(|p| (p.x, p.y)).collect()
}

/// Each line's points, within a micrometre: what 32-bit floats leave of a page this small.
fn check(svg: &str, expected: &[&[(f64, f64)]]) {
    let got = lines(svg);
    assert_eq!(got.len(), expected.len(), "{svg}\n{got:?}");
    for (line, wanted) in got.iter().zip(expected) {
        assert_eq!(line.len(), wanted.len(), "{svg}\n{got:?}");
        for (p, q) in line.iter().zip(*wanted) {
            assert!((p.0 - q.0).abs() < 1e-3 && (p.1 - q.1).abs() < 1e-3, "{svg}\n{got:?}\n{expected:?}");
        }
    }
}

/// Farthest that `line` strays from a circle.
fn off_circle(line: &Points, centre: (f64, f64), radius: f64) -> f64 {
    let off = |(x, y): &(f64, f64)| ((x - centre.0).hypot(y - centre.1) - radius).abs();
    let middles = line.windows(2).map(|w| (0.5 * (w[0].0 + w[1].0), 0.5 * (w[0].1 + w[1].1)));
    line.iter().copied().chain(middles).map(|p| off(&p)).fold(0.0, f64::max)
}

#[test]
fn every_path_command_is_followed() {
    let path = |d: &str| page(&format!("<path fill='none' stroke='black' d='{d}'/>"));
    check(
        &path("M10 10L20 10H30V20l-5 5h-5v5"),
        &[&[(10., 10.), (20., 10.), (30., 10.), (30., 20.), (25., 25.), (20., 25.), (20., 30.)]],
    );
    check(
        &path("m10,10 5,0 0,5z m20 20 l1 1"),
        &[&[(10., 10.), (15., 10.), (15., 15.), (10., 10.)], &[(30., 30.), (31., 31.)]],
    );
    // After a close, drawing goes on from the first point.
    check(&path("M10 10h5v5z l-5 0"), &[&[(10., 10.), (15., 10.), (15., 15.), (10., 10.)], &[(10., 10.), (5., 10.)]]);
    // Curves end where they should, and their chords are even.
    for (d, end) in [
        ("M10 10C20 10 20 20 10 20", (10., 20.)),
        ("M10 10c10 0 10 10 0 10s-10 10 0 10", (10., 30.)),
        ("M10 10Q30 15 10 20T10 30", (10., 30.)),
        ("M10 10q10 5 0 10t0 10", (10., 30.)),
        ("M50 20A30 30 0 0 1 50 80", (50., 80.)),
        ("M50 20a30 20 30 1 0 10 40", (60., 60.)),
    ] {
        let line = lines(&path(d)).remove(0);
        assert!(line.len() > 6, "{d}: {line:?}");
        let last = line[line.len() - 1];
        assert!((last.0 - end.0).hypot(last.1 - end.1) < 1e-3, "{d}: {line:?}");
        let chords: Vec<f64> = line.windows(2).map(|w| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1)).collect();
        let (short, long) = chords.iter().fold((f64::MAX, 0.0_f64), |(s, l), c| (s.min(*c), l.max(*c)));
        assert!(short > 0.0 && long < 8.0 * short, "{d}: chords from {short} to {long}");
    }
    assert!(off_circle(&lines(&path("M50 20A30 30 0 0 1 50 80"))[0], (50., 50.), 30.) < 0.02);
}

#[test]
fn every_shape_is_drawn() {
    let shape = |s: &str| page(&format!("<g fill='none' stroke='black'>{s}</g>"));
    check(&shape("<line x1='1' y1='2' x2='3' y2='4'/>"), &[&[(1., 2.), (3., 4.)]]);
    check(&shape("<polyline points='1,2 3,4 5 6'/>"), &[&[(1., 2.), (3., 4.), (5., 6.)]]);
    check(&shape("<polygon points='1,2 3,4 5 2'/>"), &[&[(1., 2.), (3., 4.), (5., 2.), (1., 2.)]]);
    check(&shape("<rect x='1' y='2' width='3' height='4'/>"), &[&[(1., 2.), (4., 2.), (4., 6.), (1., 6.), (1., 2.)]]);
    let circle = lines(&shape("<circle cx='50' cy='50' r='40'/>")).remove(0);
    assert_eq!(circle[0], circle[circle.len() - 1]);
    assert!(off_circle(&circle, (50., 50.), 40.) < 0.022);
    let ellipse = lines(&shape("<g transform='translate(50 50) scale(2 1)'><ellipse rx='20' ry='40'/></g>")).remove(0);
    assert!(off_circle(&ellipse, (50., 50.), 40.) < 0.022);
    let rounded = lines(&shape("<rect x='10' y='10' width='40' height='40' rx='20'/>")).remove(0);
    assert!(off_circle(&rounded, (30., 30.), 20.) < 0.022);
}

#[test]
fn transforms_nest_and_viewports_place() {
    let line = "<path stroke='red' d='M0 0H10'/>";
    let group = |t: &str, inner: &str| format!("<g transform='{t}'>{inner}</g>");
    check(
        &page(&group("translate(10,20)", &group("rotate(90)", &group("scale(2)", line)))),
        &[&[(10., 20.), (10., 40.)]],
    );
    check(
        &page(&group("matrix(1 0 0 -1 0 50) skewX(45)", "<path stroke='red' d='M0 10V20'/>")),
        &[&[(10., 40.), (20., 30.)]],
    );
    // A viewBox off zero; one twice too wide, placed by preserveAspectRatio.
    let svg = |attributes: &str| format!("<svg xmlns='http://www.w3.org/2000/svg' {attributes}>{line}</svg>");
    check(&svg("width='10cm' height='50mm' viewBox='-20 -30 100 50'"), &[&[(20., 30.), (30., 30.)]]);
    check(&svg("width='100mm' height='100mm' viewBox='0 0 200 100'"), &[&[(0., 25.), (5., 25.)]]);
    let ratio =
        |how: &str| svg(&format!("width='100mm' height='100mm' viewBox='0 0 200 100' preserveAspectRatio='{how}'"));
    check(&ratio("xMinYMin"), &[&[(0., 0.), (5., 0.)]]);
    check(&ratio("xMidYMax meet"), &[&[(0., 50.), (5., 50.)]]);
    check(&ratio("none"), &[&[(0., 0.), (5., 0.)]]);
    // A nested svg, and a symbol drawn twice.
    check(
        &page("<svg x='10' y='10' width='50' height='50' viewBox='0 0 100 100'><path stroke='red' d='M0 0H10'/></svg>"),
        &[&[(10., 10.), (15., 10.)]],
    );
    let twice = "<defs><path id='p' stroke='red' d='M0 0H10'/></defs><use href='#p' x='5' y='6'/>\
         <use xlink:href='#p' transform='translate(0 50)' xmlns:xlink='http://www.w3.org/1999/xlink'/>";
    check(&page(twice), &[&[(5., 6.), (15., 6.)], &[(0., 50.), (10., 50.)]]);
}

#[test]
fn a_page_is_as_large_as_it_says() {
    let sheet = |attributes: &str| {
        let svg =
            format!("<svg xmlns='http://www.w3.org/2000/svg' {attributes}><path stroke='red' d='M0 0L37 52'/></svg>");
        read_str(&svg).map(|d| (d.strokes.sheet().width_mm(), d.strokes.sheet().height_mm()))
    };
    for (attributes, expected) in [
        ("width='148mm' height='210mm'", (148.0, 210.0)),
        ("width='14.8cm' height='21cm' viewBox='0 0 559.37 793.7'", (148.0, 210.0)),
        ("width='4in' height='6in'", (101.6, 152.4)),
        ("width='288pt' height='36pc'", (101.6, 152.4)),
        ("width='960' height='480px'", (254.0, 127.0)),
        ("viewBox='0 0 960 480'", (254.0, 127.0)),
        ("width='100%' height='100%' viewBox='0 0 960 480'", (254.0, 127.0)),
        ("width='50mm' viewBox='0 0 960 480'", (50.0, 25.0)),
        // Nothing said: as large as what is drawn.
        ("", (9.79, 13.758)),
    ] {
        assert_eq!(sheet(attributes), Ok(expected), "{attributes}");
    }
    assert_eq!(sheet("width='0' height='5mm'"), Err(SvgError::NoSize));
    assert!(matches!(sheet("width='9m' height='9m'"), Err(SvgError::NoSize) | Ok(_)));
    assert!(matches!(sheet("width='5000mm' height='10mm'"), Err(SvgError::PageSize { .. })));
}

#[test]
fn paint_decides_what_is_ink() {
    let drawn = |body: &str| {
        let drawing = read_str(&page(body)).expect("sound");
        (drawing.strokes.strokes().len(), drawing.report)
    };
    let d = "d='M10 10H50V50'";
    let style = "<style>.ink{stroke:#123;fill:none} g > path.off{display:none}</style>";
    for (body, count) in [
        (format!("{style}<path class='ink' {d}/>"), 1),
        (format!("{style}<g><path class='off ink' {d}/></g>"), 0),
        (format!("<path style='fill:none;stroke:red;stroke-opacity:0' {d}/>"), 0),
        (format!("<path style='fill:none' {d}/>"), 0),
        (format!("<g opacity='0'><path stroke='red' {d}/></g>"), 0),
        (format!("<path stroke='red' visibility='hidden' {d}/>"), 0),
        (format!("<path fill='none' stroke='#fff' {d}/>"), 0),
        (format!("<path fill='white' {d}/>"), 0),
        (format!("<path fill='white' stroke='black' {d}/>"), 1),
        (format!("<path fill='url(#missing)' {d}/>"), 1),
        (format!("<path fill='none' stroke='url(#missing)' {d}/>"), 1),
        (format!("<path style='stroke:currentColor' color='blue' {d}/>"), 1),
        (format!("<path stroke='red' filter='url(#missing)' mask='url(#missing)' {d}/>"), 1),
        ("<text x='5' y='5'>hi</text><image width='5' height='5' href='a.png'/>".to_owned(), 0),
    ] {
        assert_eq!(drawn(&body).0, count, "{body}");
    }
    // A fill alone is drawn as its closed outline, but not the page's background.
    check(
        &page("<rect width='100' height='100' fill='#ffe'/><path fill='red' d='M10 10H50V50'/>"),
        &[&[(10., 10.), (50., 10.), (50., 50.), (10., 10.)]],
    );
    let (_, report) = drawn(
        "<rect width='100' height='100' fill='#ffe'/><path fill='red' d='M10 10H50V50'/><text>a</text><text>b</text>\
         <path fill='none' stroke='white' d='M0 0H9'/><path fill='none' d='M0 0H9'/><path stroke='red' d='M5 5h0'/>",
    );
    let expected =
        SvgReport { backgrounds: 1, outlined: 1, texts: 2, white: 1, invisible: 1, dots: 1, ..SvgReport::default() };
    assert_eq!(report, expected);
    assert_eq!(report.remarks().len(), 6);
    assert!(report.remarks()[0].contains("2 x text: not drawn"));
}

#[test]
fn dots_and_dashes_are_marks_of_the_pen() {
    check(
        &page("<path stroke='red' stroke-linecap='round' d='M50 50h0M60 60z'/>"),
        &[&[(49.95, 50.), (50.05, 50.)], &[(59.95, 60.), (60.05, 60.)]],
    );
    check(&page("<path stroke='red' d='M0 20h0'/>"), &[&[(0., 20.), (0.1, 20.)]]);
    let mut dashes = lines(&page("<path stroke='red' stroke-dasharray='4 2' stroke-dashoffset='1' d='M10 10h12'/>"));
    dashes.sort_by(|a, b| a[0].0.total_cmp(&b[0].0));
    let ends: Vec<_> = dashes.iter().map(|d| [d[0].0.round(), d[1].0.round()]).collect();
    assert_eq!(ends, [[10., 13.], [15., 19.], [21., 22.]]);
    let endless = page("<path stroke='red' stroke-dasharray='0.00001' d='M0 0H100'/>");
    assert_eq!(read_str(&endless), Err(SvgError::TooManyPoints));
}

#[test]
fn clip_paths_cut() {
    let clipped = |shape: &str, units: &str| {
        page(&format!(
            "<clipPath id='c' clipPathUnits='{units}'>{shape}</clipPath>\
             <g clip-path='url(#c)' transform='translate(10 0)'><path stroke='red' d='M0 50H80'/></g>"
        ))
    };
    check(&clipped("<rect x='20' y='40' width='30' height='20'/>", "userSpaceOnUse"), &[&[(30., 50.), (60., 50.)]]);
    check(
        &page(
            "<clipPath id='c' clipPathUnits='objectBoundingBox'><rect width='.5' height='.5'/></clipPath>\
             <path clip-path='url(#c)' fill='none' stroke='red' d='M10 10H50V50'/>",
        ),
        &[&[(10., 10.), (30., 10.)]],
    );
    // A nested viewport cuts what hangs over.
    check(&page("<svg width='50' height='50'><path stroke='red' d='M10 10H80'/></svg>"), &[&[(10., 10.), (50., 10.)]]);
}

#[test]
fn layers_of_our_own_are_known_again() {
    let svg = page(
        "<g xmlns:i='http://www.inkscape.org/namespaces/inkscape'>\
         <g id='layer7' i:groupmode='layer' i:label='Hatching'><path stroke='red' d='M0 0H9'/></g>\
         <g id='contours'><path stroke='red' d='M0 1H9'/></g><path stroke='red' d='M0 2H9'/></g>",
    );
    let kinds: Vec<_> = read_str(&svg).expect("sound").strokes.strokes().iter().map(|s| s.kind).collect();
    assert_eq!(kinds, [StrokeKind::Hatch, StrokeKind::Contour, StrokeKind::Contour]);
}

#[test]
fn drawings_larger_than_the_sheet_are_refused_or_fitted() {
    let svg = page("<path fill='none' stroke='red' d='M-50 0H150V100'/>");
    let error = read_str(&svg).expect_err("it hangs over");
    assert!(error.to_string().contains("from (-50.0, 0.0) to (150.0, 100.0) mm"), "{error}");
    assert_eq!(Fault::from(error).kind(), Kind::PlanRejected);
    let fit = |svg: &str, margin_mm| {
        let fit = Some(Fit { sheet_width_mm: 148.0, sheet_height_mm: 210.0, margin_mm });
        read(svg.as_bytes(), &SvgConfig { fit, ..SvgConfig::default() })
    };
    let fitted = fit(&svg, 24.0).expect("it fits").strokes;
    assert_eq!(fitted.sheet(), &Sheet::new(148.0, 210.0).expect("A5"));
    let path = &fitted.strokes()[0].path;
    let bounds = path.bounds();
    let got = [bounds.min.x, bounds.min.y, bounds.max.x, bounds.max.y];
    assert!(got.iter().zip([24.0, 80.0, 124.0, 130.0]).all(|(a, b)| (a - b).abs() < 1e-3), "{got:?}");
    // A tiny drawing grows, and its curves stay smooth at the size they are drawn.
    let tiny = page("<circle fill='none' stroke='red' cx='5' cy='5' r='0.01'/>");
    let ring = points(&fit(&tiny, 10.0).expect("it fits").strokes.strokes()[0]);
    assert!(off_circle(&ring, (74.0, 105.0), 64.0) < 0.03, "{}", off_circle(&ring, (74.0, 105.0), 64.0));
    // A page that no sheet can be is no matter if it is fitted; a sheet without room is.
    let vast = "<svg xmlns='http://www.w3.org/2000/svg' width='90000' height='90000'><path stroke='red' d='M0 0L90000 90000'/></svg>";
    assert!(fit(vast, 10.0).is_ok());
    assert!(matches!(fit(vast, 74.0), Err(SvgError::NoRoom { .. })));
    assert!(fit(&page(""), 10.0).expect("nothing fits anywhere").strokes.strokes().is_empty());
}

#[test]
fn what_is_written_is_read_back() {
    let sheet = Sheet::new(148.0, 210.0).expect("A5");
    let mut strokes = Vec::new();
    for i in 0..200 {
        let turn = f64::from(i);
        let at = |k: f64| {
            let (r, a) = (60.0 * (0.1 + 0.9 * (turn * 0.37 + k * 0.11).sin().abs()), turn + k);
            crate::geom::Point::new(74.0 + r * a.cos(), 105.0 + r * a.sin())
        };
        let mut line: Vec<_> = (0..2 + i % 40).map(|k| at(f64::from(k))).collect();
        if i % 3 == 0 && line.len() > 2 {
            line.push(line[0]);
        }
        let kind = if i % 2 == 0 { StrokeKind::Contour } else { StrokeKind::Hatch };
        strokes.extend(crate::geom::Polyline::new(line).map(|path| Stroke { kind, path }));
    }
    let set = StrokeSet::new(sheet, strokes).expect("on the sheet");
    for layers in [Layers::ByKind, Layers::InOrder] {
        let svg = write(&set, 0.4, layers);
        let back = read_str(&svg).expect("our own file");
        assert_eq!(back.report, SvgReport::default());
        assert_eq!(back.strokes.sheet(), set.sheet());
        let mut wanted: Vec<_> = set.strokes().to_vec();
        if layers == Layers::ByKind {
            wanted.sort_by_key(|s| s.kind == StrokeKind::Hatch);
        }
        assert_eq!(back.strokes.strokes().len(), wanted.len());
        for (got, want) in back.strokes.strokes().iter().zip(&wanted) {
            assert!(layers == Layers::InOrder || got.kind == want.kind);
            assert_eq!(got.path.points().len(), want.path.points().len());
            let off = got.path.points().iter().zip(want.path.points()).map(|(a, b)| (*a - *b).length());
            assert!(off.fold(0.0, f64::max) < 0.002);
        }
    }
    let nothing = StrokeSet::new(sheet, Vec::new()).expect("nothing is on the sheet");
    assert_eq!(read_str(&write(&nothing, 0.4, Layers::ByKind)).expect("our own file").strokes, nothing);
}

#[test]
fn files_of_other_programs_are_read() {
    for (name, svg, strokes, hatching, sheet) in [
        ("vpype 1.15", include_str!("samples/vpype.svg"), 8, 2, (148.0, 210.0)),
        ("Inkscape 1.3", include_str!("samples/inkscape.svg"), 5, 0, (210.0, 297.0)),
        ("Illustrator 27", include_str!("samples/illustrator.svg"), 4, 0, (148.0, 210.0)),
    ] {
        let drawing = read_str(svg).unwrap_or_else(|e| panic!("{name}: {e}"));
        let got = drawing.strokes.sheet();
        assert!((got.width_mm() - sheet.0).abs() < 0.2 && (got.height_mm() - sheet.1).abs() < 0.2, "{name}: {got:?}");
        assert_eq!(drawing.strokes.strokes().len(), strokes, "{name}: {:?}", drawing.report);
        let hatches = drawing.strokes.strokes().iter().filter(|s| s.kind == StrokeKind::Hatch).count();
        assert_eq!(hatches, hatching, "{name}");
    }
}

#[test]
fn broken_files_get_a_clear_sentence() {
    let path = |d: &str| page(&format!("<path stroke='red' d='{d}'/>"));
    for (svg, sentence) in [
        (String::new(), "not well-formed SVG"),
        ("hello".to_owned(), "not well-formed SVG"),
        ("<svg".to_owned(), "not well-formed SVG"),
        (page("<g>").replace("</svg>", ""), "not well-formed SVG"),
        ("<html><body/></html>".to_owned(), "root is <html>"),
        ("<svg xmlns='http://www.w3.org/1999/xhtml'/>".to_owned(), "root is <svg>"),
        (path("M0 0L1e8 0"), "beyond all bounds"),
        (page("<g transform='scale(1e30)'><path stroke='red' d='M0 0L1 1'/></g>"), "beyond all bounds"),
        (page("<g transform='scale(1e20) skewY(3)'><path stroke='red' d='M0 0Q9 1 5 5'/></g>"), "beyond all bounds"),
        (path("M0 0H500"), "larger than the sheet"),
    ] {
        let error = read_str(&svg).expect_err(&svg).to_string();
        assert!(error.contains(sentence), "{error}");
        assert!(error.len() < 400 && !error.contains('\n'), "{error}");
    }
    assert_eq!(read(&[0xff, 0xfe, b'<', 0], &SvgConfig::default()), Err(SvgError::NotUtf8));
    // A number that is none ends its path there and is reported.
    let drawing = read_str(&path("M10 10H20V20LNaN 5H90")).expect("drawn up to there");
    assert_eq!(drawing.report.unreadable, 1);
    assert_eq!(points(&drawing.strokes.strokes()[0]), lines(&path("M10 10H20V20"))[0]);
}

#[test]
fn huge_counts_are_refused() {
    let many = page(&"<path d='M0 0L1 1'/>".repeat(MAX_ELEMENTS + 1));
    assert_eq!(read_str(&many), Err(SvgError::TooManyElements));
    let long = page(&format!("<path stroke='red' d='M0 0{}'/>", "l1 1-1-1".repeat(MAX_POINTS / 2 + 1)));
    assert_eq!(read_str(&long), Err(SvgError::TooManyPoints));
    let css = (0..2_000).map(|i| format!(".c{i}{{fill:red}}")).collect::<String>();
    let styled = page(&format!("<style>{css}</style>{}", "<path/>".repeat(30_000)));
    assert_eq!(read_str(&styled), Err(SvgError::TooIntricate("style sheets")));
}

#[test]
fn deep_nesting_is_walked_on_a_small_stack() {
    let deep = |n: usize| {
        page(&format!("{}<path stroke='red' d='M0 0L1 1'/>{}", "<g opacity='.9'>".repeat(n), "</g>".repeat(n)))
    };
    let at_most = deep(MAX_NESTING - 2);
    let small = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(1 << 20).build().expect("a thread");
    small.install(|| assert_eq!(lines(&at_most).len(), 1));
    assert_eq!(read_str(&deep(MAX_NESTING)), Err(SvgError::TooDeep));
}

/// Bytes of sound files changed, cut, repeated and mixed at random: an answer each time, never a panic.
#[test]
fn damaged_files_never_panic() {
    let seeds = [
        include_str!("samples/vpype.svg"),
        include_str!("samples/inkscape.svg"),
        include_str!("samples/illustrator.svg"),
        include_str!("samples/everything.svg"),
    ];
    let words = [
        "1e38",
        "-1e38",
        "NaN",
        "inf",
        "0",
        "-1",
        "%",
        "mm",
        "1e-40",
        "url(#a)",
        "url(#",
        "none",
        "inherit",
        "<g>",
        "</g>",
        "<use href='#a'/>",
        "<svg>",
        "{",
        "}",
        "*",
        ">",
        "'",
        "\"",
        "&amp;",
        "M",
        "z",
        "a",
        "9999999999",
        "clip-path='url(#a)'",
        "id='a'",
        "matrix(0 0 0 0 0 0)",
        "M0 0C1e5 0 0 1e5 5 5z",
        "M0 0A1e-9 1e9 3 0 1 1e5 0",
        "skewX(90)",
        "stroke-dasharray:1e-30 3;stroke:red",
        "stroke:red;stroke-width:1e30",
        "scale(1e20)",
        "scale(0)",
        "rotate(1e9)",
    ];
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        // SplitMix64 (Steele, Lea & Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    };
    let mut drawn = 0;
    for round in 0..3_000 {
        let mut bytes = seeds[round % seeds.len()].as_bytes().to_vec();
        for _ in 0..1 + random(6) {
            let at = random(bytes.len());
            let end = (at + random(40)).min(bytes.len());
            let word = words[random(words.len())].bytes();
            match random(9) {
                0 => bytes[at] = random(256) as u8,
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let copy = bytes[at..end].to_vec();
                    let to = random(bytes.len());
                    bytes.splice(to..to, copy);
                }
                3 => drop(bytes.splice(at..at, word)),
                // Another value for some attribute leaves the file well-formed, and so goes deepest.
                _ => {
                    let quotes: Vec<usize> = (0..bytes.len()).filter(|i| bytes[*i] == b'"').collect();
                    let pair = 2 * random(quotes.len() / 2);
                    if let [open, close] = quotes[pair.min(quotes.len())..][..2.min(quotes.len() - pair)] {
                        bytes.splice(open + 1..close, word);
                    }
                }
            }
            bytes.push(b'\n');
        }
        let fit = (round % 2 == 0).then_some(Fit { sheet_width_mm: 148.0, sheet_height_mm: 210.0, margin_mm: 10.0 });
        if let Ok(drawing) = read(&bytes, &SvgConfig { fit, ..SvgConfig::default() }) {
            drawn += usize::from(!drawing.strokes.strokes().is_empty());
        }
    }
    assert!(drawn > 500, "only {drawn} of the damaged files drew anything: the damage is too coarse to test much");
}
