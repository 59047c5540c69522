//! The kiosk's page as the program carries it: every file by the path that the page asks for, none from anywhere else.
//!
//! All paths are relative to where the page stands. The portrait that the attract screen draws is a sample sitter's
//! (nobody's face), in the style that is offered first: `UPDATE_ATTRACT=1 cargo test --test suite page::sheet` makes it
//! anew. It refuses nothing and knows no disk.

use crate::photo::sitters;
use crate::preview;

/// Who is drawn on the attract screen, and shown as the photo of the intro.
pub const SITTER: &str = "mei";

/// A file of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its path, relative to the page's.
    pub path: &'static str,
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
}

macro_rules! assets {
    ($($path:literal $media_type:literal,)+) => {
        [$(Asset { path: $path, media_type: $media_type, bytes: include_bytes!(concat!("page/", $path)) }),+]
    };
}

static FILES: [Asset; 15] = assets! {
    "index.html" "text/html; charset=utf-8",
    "type.css" "text/css; charset=utf-8",
    "kiosk.css" "text/css; charset=utf-8",
    "screens.css" "text/css; charset=utf-8",
    "kiosk.js" "text/javascript; charset=utf-8",
    "actions.js" "text/javascript; charset=utf-8",
    "buttons.js" "text/javascript; charset=utf-8",
    "hardening.js" "text/javascript; charset=utf-8",
    "letters.js" "text/javascript; charset=utf-8",
    "offers.js" "text/javascript; charset=utf-8",
    "plan.js" "text/javascript; charset=utf-8",
    "player.js" "text/javascript; charset=utf-8",
    "screens.js" "text/javascript; charset=utf-8",
    "stream.js" "text/javascript; charset=utf-8",
    "icon.svg" "image/svg+xml",
};

/// All files of the page; `index.html` is the page itself.
pub fn assets() -> impl Iterator<Item = Asset> {
    let attract =
        Asset { path: "attract.json", media_type: "application/json", bytes: include_bytes!("page/attract.json") };
    let font = Asset {
        path: "serif.woff",
        media_type: "font/woff",
        bytes: include_bytes!(concat!(env!("OUT_DIR"), "/serif.woff")),
    };
    let varints = Asset {
        path: "varints.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: preview::VARINTS_SCRIPT.as_bytes(),
    };
    let photo = sitters::sitter(SITTER).ok().map(|sitter| Asset {
        path: "sitter.jpg",
        media_type: "image/jpeg",
        bytes: sitter.jpeg,
    });
    FILES.iter().copied().chain([attract, font, varints]).chain(photo)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(asset: &Asset) -> Option<&'static str> {
        asset.media_type.starts_with("text/").then(|| std::str::from_utf8(asset.bytes).expect("text is UTF-8"))
    }

    #[test]
    fn the_whole_page_is_light() {
        let bytes: usize = assets().map(|asset| asset.bytes.len()).sum();
        assert!(bytes < 300_000, "the page weighs {bytes} bytes");
    }

    #[test]
    fn the_page_asks_nobody_else() {
        for asset in assets() {
            let Some(text) = text(&asset) else { continue };
            for outside in [
                "http:",
                "https:",
                "@import",
                "import(",
                "//cdn",
                "data:",
                "javascript:",
                "<style",
                " style=",
                " onclick=",
            ] {
                assert!(!text.contains(outside), "{} has {outside}", asset.path);
            }
        }
    }

    #[test]
    fn whatever_the_page_names_is_there() {
        let known: Vec<&str> = assets().map(|asset| asset.path).collect();
        for asset in assets() {
            let Some(text) = text(&asset) else { continue };
            for opening in ["href=\"", "src=\"", "from \"./", "import \"./", "url(\""] {
                for named in text.split(opening).skip(1).filter_map(|rest| rest.split('"').next()) {
                    assert!(known.contains(&named), "{} names {named}, which is not there", asset.path);
                }
            }
        }
    }

    #[test]
    fn the_font_is_one() {
        let font = assets().find(|asset| asset.path == "serif.woff").expect("a font");
        assert!(font.bytes.starts_with(b"wOFFOTTO") && font.bytes.len() < 120_000, "{} bytes", font.bytes.len());
    }

    #[test]
    fn the_attract_screen_has_a_plan_to_draw() {
        let plan = assets().find(|asset| asset.path == "attract.json").expect("a plan");
        let plan: serde_json::Value = serde_json::from_slice(plan.bytes).expect("JSON");
        assert!(plan["timeline"].as_str().is_some_and(|timeline| timeline.len() > 10_000));
        assert!(plan["width_mm"].as_f64().is_some_and(|mm| mm > 0.0) && plan["ink"].is_string());
    }
}
