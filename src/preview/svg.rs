//! The plan as a still SVG: its runs of ink in drawing order, its pen-up moves on a layer of their own.
//!
//! One unit is one millimetre. The layer with the pen-up moves is there but hidden unless asked for, so that any
//! vector program can show it by a click; its lines begin and end where the plan's do, home included, which may lie
//! beside the sheet. Refuses nothing.

use crate::plan::Act;
use crate::plan::Motion;
use crate::plan::MotionPlan;
use crate::strokes::svg::path_data;

/// What the still drawing shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SvgOptions {
    /// Whether the pen-up moves are visible at once.
    pub travels: bool,
    /// Width of the lines, mm.
    pub pen_width_mm: f64,
}

/// `plan` as the text of an SVG file.
pub fn svg(plan: &MotionPlan, options: &SvgOptions) -> String {
    let (width, height) = (plan.sheet().width_mm(), plan.sheet().height_mm());
    let seconds = plan.total_secs().round() as u64;
    let mut svg = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:inkscape=\"http://www.inkscape.org/namespaces/inkscape\" \
         width=\"{width}mm\" height=\"{height}mm\" viewBox=\"0 0 {width} {height}\" fill=\"none\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\">\n\
         <title>Plan of {} strokes</title>\n\
         <desc>{} strokes, {} pen lifts, {:.2} m of ink, {:.2} m in the air, {} min {} s</desc>\n",
        plan.strokes(),
        plan.strokes(),
        plan.pen_lifts(),
        plan.ink_mm() / 1000.0,
        plan.travel_mm() / 1000.0,
        seconds / 60,
        seconds % 60,
    );
    let pen = format!("stroke=\"#000\" stroke-width=\"{}\"", options.pen_width_mm);
    layer(&mut svg, "strokes", &pen, plan.motions().iter().filter(|m| m.act() == Act::Draw));
    let thin = format!(
        "stroke=\"#b3402a\" stroke-width=\"{}\" stroke-opacity=\"0.7\" style=\"display:{}\"",
        0.35 * options.pen_width_mm,
        if options.travels { "inline" } else { "none" },
    );
    layer(&mut svg, "pen-up moves", &thin, plan.motions().iter().filter(|m| m.act() == Act::Travel));
    svg.push_str("</svg>\n");
    svg
}

fn layer<'a>(svg: &mut String, name: &str, style: &str, motions: impl Iterator<Item = &'a Motion>) {
    let id = name.replace(' ', "-");
    svg.push_str(&format!("<g id=\"{id}\" inkscape:groupmode=\"layer\" inkscape:label=\"{name}\" {style}>\n"));
    for motion in motions {
        svg.push_str("<path d=\"");
        path_data(svg, motion.path());
        svg.push_str("\"/>\n");
    }
    svg.push_str("</g>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview::page::tests::plan_of;
    use crate::strokes::svg::SvgConfig;
    use crate::strokes::svg::read;

    #[test]
    fn strokes_stand_in_drawing_order_and_travels_wait_to_be_shown() {
        let plan = plan_of(60);
        let text = svg(&plan, &SvgOptions { travels: false, pen_width_mm: 0.4 });
        let back = read(text.as_bytes(), &SvgConfig::default()).expect("our own file");
        let drawn: Vec<&Motion> = plan.motions().iter().filter(|m| m.act() == Act::Draw).collect();
        assert_eq!(back.strokes.strokes().len(), drawn.len());
        for (stroke, motion) in back.strokes.strokes().iter().zip(drawn) {
            assert!((stroke.path.first() - motion.path()[0]).length() < 0.1);
        }
        assert!(back.report.invisible > 0 || text.contains("display:none"));
        assert!(text.contains(&format!("{} strokes, {} pen lifts", plan.strokes(), plan.pen_lifts())));
        let shown = svg(&plan, &SvgOptions { travels: true, pen_width_mm: 0.4 });
        assert!(shown.contains("display:inline") && !shown.contains("display:none"));
        let lines = |text: &str| text.matches("<path").count();
        let travels = plan.motions().iter().filter(|m| m.act() == Act::Travel).count();
        assert_eq!(lines(&shown), back.strokes.strokes().len() + travels);
    }
}
