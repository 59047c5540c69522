//! The plan as one HTML page that plays it: `preview.html`.
//!
//! The page stands alone: script, style and data are inside, it asks no other place for anything, and its content
//! security policy (W3C CSP Level 3) permits only this very script and style, named by their SHA-256. It opens from a
//! file, needs no robot and no network, and follows `#t=SECONDS` (also `speed=`, `travel`, `play`). What it shows is
//! the plan's own timeline. Refuses nothing; a title may hold any text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;

use super::paper::InkConfig;
use super::timeline;
use crate::plan::MotionPlan;

const PAGE: &str = include_str!("assets/page.html");
const STYLE: &str = include_str!("assets/page.css");
const SCRIPT: &str = include_str!("assets/page.js");

/// `plan` as the text of a page called `title`, in the pen, ink and paper of `ink`.
pub fn page(plan: &MotionPlan, ink: &InkConfig, title: &str) -> String {
    let sheet = plan.sheet();
    let style = STYLE.replace("--paper: #fbf8f1;", &format!("--paper: {};", hex(ink.paper)));
    let meta = json!({
        "width_mm": sheet.width_mm(),
        "height_mm": sheet.height_mm(),
        "pen_mm": ink.pen_mm(),
        "ink": hex(ink.ink),
        "opacity": ink.layer_opacity(),
    });
    let size = format!("{:.0} × {:.0} mm", sheet.width_mm(), sheet.height_mm());
    let metres = |mm: f64| format!("{:.2}", mm / 1000.0);
    let label = format!(
        "{title}: {} strokes, {} m of ink, {} to draw",
        plan.strokes(),
        metres(plan.ink_mm()),
        clock(plan.total_secs())
    );
    filled(PAGE, |name| match name {
        "title" => escaped(title),
        "medium" => escaped(&format!("Pen on paper, {size}")),
        "robot" => escaped(&format!("drawn by {}", plan.robot().name)),
        "sheet-label" => escaped(&label),
        "total" => clock(plan.total_secs()),
        "ink" => metres(plan.ink_mm()),
        "travel" => metres(plan.travel_mm()),
        "strokes" => plan.strokes().to_string(),
        "lifts" => plan.pen_lifts().to_string(),
        "meta" => meta.to_string().replace('<', "\\u003c"),
        "data" => STANDARD.encode(timeline::encode(plan)),
        "style" => style.clone(),
        "style-hash" => sha256(&style),
        "script" => SCRIPT.to_owned(),
        "script-hash" => sha256(SCRIPT),
        _ => String::new(),
    })
}

/// `template` with each `{{name}}` replaced, once: what is filled in is not searched again.
fn filled(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut page = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, next) = after.split_once("}}").unwrap_or((after, ""));
        page.push_str(before);
        page.push_str(&value(name));
        rest = next;
    }
    page.push_str(rest);
    page
}

/// `text` as it stands in HTML, in an attribute too.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

pub(super) fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// A CSP source that names `text`.
fn sha256(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// Minutes and seconds, with hours if there are any, as the page's script writes them.
fn clock(secs: f64) -> String {
    let s = secs.round() as u64;
    match s / 3600 {
        0 => format!("{}:{:02}", s / 60, s % 60),
        hours => format!("{hours}:{:02}:{:02}", s / 60 % 60, s % 60),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::geom::Point;
    use crate::geom::Polyline;
    use crate::plan::PlanConfig;
    use crate::plan::RobotProfile;
    use crate::plan::plan;
    use crate::strokes::Sheet;
    use crate::strokes::Stroke;
    use crate::strokes::StrokeKind;
    use crate::strokes::StrokeSet;

    /// A plan of `count` curls on A5, for the reference robot.
    pub fn plan_of(count: usize) -> MotionPlan {
        let robot: RobotProfile =
            toml::from_str(include_str!("../../config/robots/a4-servo.toml")).expect("the reference robot");
        let strokes = (0..count)
            .map(|i| {
                let turn = i as f64 * 2.4;
                let (x, y) = (74.0 + 60.0 * turn.cos() * (i as f64 / count as f64), 105.0 + 80.0 * turn.sin());
                let curl = |k: i32| {
                    let a = turn + f64::from(k) * 0.3;
                    Point::new(x + (1.0 + f64::from(k) * 0.2) * a.cos(), y + (1.0 + f64::from(k) * 0.2) * a.sin())
                };
                let path = Polyline::new((0..30).map(curl).collect()).expect("a curl");
                Stroke { kind: StrokeKind::Contour, path }
            })
            .collect();
        let set = StrokeSet::new(Sheet::new(148.0, 210.0).expect("A5"), strokes).expect("on the sheet");
        plan(&set, &robot, &PlanConfig::default()).expect("within reach")
    }

    #[test]
    fn the_page_stands_alone_and_says_what_the_plan_says() {
        let plan = plan_of(50);
        let page = page(&plan, &InkConfig::default(), "Ada & <b>\"Bob\"</b> {{data}}");
        for outside in ["http:", "https:", "src=", "@import", "url(", "fetch(", "XMLHttp", "import("] {
            assert!(!page.contains(outside), "the page must not ask for anything outside itself, but has {outside}");
        }
        assert!(page.contains("<title>Ada &amp; &lt;b&gt;&quot;Bob&quot;&lt;/b&gt; {{data}}</title>"));
        assert!(page.contains(&format!("of {} m</span>", format_args!("{:.2}", plan.ink_mm() / 1000.0))));
        assert!(page.contains(&format!("<span>of {}</span>", clock(plan.total_secs()))));
        let data = page.split("id=\"data\">").nth(1).and_then(|d| d.split('<').next()).expect("the data block");
        let motions = timeline::tests::decode(&STANDARD.decode(data).expect("base64"));
        assert_eq!(motions.len(), plan.motions().len());
        let end = motions.iter().flat_map(|m| &m.2).next_back().expect("samples").0;
        assert!((end - plan.total_secs()).abs() < 0.002);
    }

    #[test]
    fn the_policy_names_the_script_and_style_that_stand_in_the_page() {
        let page = page(&plan_of(3), &InkConfig::default(), "t");
        let between = |open: &str, close: &str| {
            let from = page.rfind(open).expect("there") + open.len();
            page[from..].split(close).next().expect("closed").to_owned()
        };
        let policy = between("Content-Security-Policy\" content=\"", "\"");
        assert!(policy.starts_with("default-src 'none'; "));
        assert!(!policy.contains("unsafe"));
        assert!(policy.contains(&format!("script-src '{}'", sha256(&between("<script>", "</script>")))));
        assert!(policy.contains(&format!("style-src '{}'", sha256(&between("<style>", "</style>")))));
        // A known answer: SHA-256 of nothing.
        assert_eq!(sha256(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn an_empty_plan_makes_a_page_too() {
        let page = page(&plan_of(0), &InkConfig::default(), "");
        assert!(page.contains("of 0</span>"));
    }

    #[test]
    fn clocks_count_hours_only_if_there_are_any() {
        for (secs, text) in [(0.0, "0:00"), (59.6, "1:00"), (61.0, "1:01"), (3_725.0, "1:02:05")] {
            assert_eq!(clock(secs), text);
        }
    }
}
