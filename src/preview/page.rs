//! The plan as an HTML page that plays it: alone in one file (`preview.html`), or served beside a planner.
//!
//! One page for both uses. [`page`] stands alone: script, style and data are inside, it asks no other place for anything,
//! and its content security policy (W3C CSP Level 3) permits only this very script and style, named by their SHA-256. It
//! opens from a file, needs no robot and no network. [`served_page`] names its parts by address, gets its plan from the
//! program that serves it ([`PlanOnPage`]), and has controls that plan anew. Both follow `#t=SECONDS` (also `speed=`,
//! `travel`, `order`, `play`) and show the plan's own timeline. Refuses nothing; a title may hold any text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;
use utoipa::ToSchema;

use super::paper::InkConfig;
use super::timeline;
use crate::plan::MotionPlan;

const PAGE: &str = include_str!("assets/page.html");
const PLANNER: &str = include_str!("assets/planner.html");
/// The page's style.
pub const PAGE_STYLE: &str = include_str!("assets/page.css");
/// What reads a timeline's numbers, on the kiosk's page, too.
pub const VARINTS_SCRIPT: &str = include_str!("assets/varints.js");
/// What plays the plan.
pub const PAGE_SCRIPT: &str = concat!(include_str!("assets/varints.js"), include_str!("assets/page.js"));
/// What plans anew; on the served page only.
pub const PLANNER_SCRIPT: &str = include_str!("assets/planner.js");

/// All that the page shows of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanOnPage {
    /// What it is called.
    title: String,
    /// On what it is drawn.
    medium: String,
    /// By whom.
    robot: String,
    /// The sheet's width, mm.
    width_mm: f64,
    /// The sheet's height, mm.
    height_mm: f64,
    /// The line's width, mm.
    pen_mm: f64,
    /// The ink's colour, `#rrggbb`.
    ink: String,
    /// How much of the paper a line covers.
    opacity: f64,
    /// The paper's colour, `#rrggbb`.
    paper: String,
    /// How long it takes, s.
    total_secs: f64,
    /// How much is drawn, mm.
    ink_mm: f64,
    /// How far the pen goes lifted, mm.
    travel_mm: f64,
    /// How many strokes.
    strokes: usize,
    /// How often the pen is lifted.
    lifts: usize,
    /// Every motion with its times and places, base64 (src/preview/timeline.rs describes the bytes).
    timeline: String,
}

impl PlanOnPage {
    /// `plan` in the pen, ink and paper of `ink`, called `title`.
    pub fn new(plan: &MotionPlan, ink: &InkConfig, title: &str) -> Self {
        let sheet = plan.sheet();
        Self {
            title: title.to_owned(),
            medium: format!("Pen on paper, {:.0} × {:.0} mm", sheet.width_mm(), sheet.height_mm()),
            robot: plan.robot().name.clone(),
            width_mm: sheet.width_mm(),
            height_mm: sheet.height_mm(),
            pen_mm: ink.pen_mm(),
            ink: hex(ink.ink),
            opacity: ink.layer_opacity(),
            paper: hex(ink.paper),
            total_secs: plan.total_secs(),
            ink_mm: plan.ink_mm(),
            travel_mm: plan.travel_mm(),
            strokes: plan.strokes(),
            lifts: plan.pen_lifts(),
            timeline: STANDARD.encode(timeline::encode(plan)),
        }
    }
}

/// `plan` as the text of a page called `title` that stands alone, in the pen, ink and paper of `ink`.
pub fn page(plan: &MotionPlan, ink: &InkConfig, title: &str) -> String {
    let shown = PlanOnPage::new(plan, ink, title);
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '{}'; style-src '{}'; \
         base-uri 'none'; form-action 'none'\">",
        sha256(PAGE_SCRIPT),
        sha256(PAGE_STYLE)
    );
    let data = serde_json::to_string(&shown).unwrap_or_default().replace('<', "\\u003c");
    filled(PAGE, |name| match name {
        "title" => escaped(title),
        "policy" => policy.clone(),
        "style" => format!("<style>{PAGE_STYLE}</style>"),
        "data" => format!("<script type=\"application/json\" id=\"data\">{data}</script>"),
        "script" => format!("<script>{PAGE_SCRIPT}</script>"),
        // The planner needs a program behind it.
        _ => String::new(),
    })
}

/// The page called `title` as it is served: with the planner's controls, and without a plan until it has asked for one.
pub fn served_page(title: &str) -> String {
    filled(PAGE, |name| match name {
        "title" => escaped(title),
        "style" => "<link rel=\"icon\" href=\"/icon.svg\">\n<link rel=\"stylesheet\" href=\"/page.css\">".to_owned(),
        "planner" => PLANNER.to_owned(),
        "script" => "<script src=\"/page.js\"></script>\n<script src=\"/planner.js\"></script>".to_owned(),
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

    /// The JSON of the page's data block.
    fn data_of(page: &str) -> serde_json::Value {
        let data = page.split("id=\"data\">").nth(1).and_then(|d| d.split('<').next()).expect("the data block");
        serde_json::from_str(data).expect("JSON")
    }

    #[test]
    fn the_page_stands_alone_and_says_what_the_plan_says() {
        let plan = plan_of(50);
        let title = "Ada & <b>\"Bob\"</b> {{data}}</script>";
        let page = page(&plan, &InkConfig::default(), title);
        for outside in ["http:", "https:", "src=", "@import", "url(", "fetch(", "XMLHttp", "import(", "href="] {
            assert!(!page.contains(outside), "the page must not ask for anything outside itself, but has {outside}");
        }
        assert!(page.contains("<title>Ada &amp; &lt;b&gt;&quot;Bob&quot;&lt;/b&gt; {{data}}&lt;/script&gt;</title>"));
        let data = data_of(&page);
        assert_eq!(data["title"], title);
        assert_eq!(data["strokes"], plan.strokes());
        let timeline = STANDARD.decode(data["timeline"].as_str().expect("text")).expect("base64");
        let motions = timeline::tests::decode(&timeline);
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
    fn the_served_page_has_nothing_inside_that_its_policy_would_forbid() {
        let page = served_page("<i>");
        assert!(page.contains("<title>&lt;i&gt;</title>") && page.contains("id=\"planner\""));
        for inline in ["<style", "<script>", "style=\"", "onclick", "{{"] {
            assert!(!page.contains(inline), "{inline}");
        }
    }

    #[test]
    fn an_empty_plan_makes_a_page_too() {
        assert_eq!(data_of(&page(&plan_of(0), &InkConfig::default(), ""))["strokes"], 0);
    }
}
