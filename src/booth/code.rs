//! A QR code as an SVG: what a phone's camera reads off the screen.
//!
//! One path of dark squares on nothing, four modules of quiet around it (ISO/IEC 18004 §6.3.8), level M: a phone reads it
//! off a screen with a finger's print on it. Refuses texts longer than a code can hold.

use std::fmt::Write as _;

use qrcode::Color;
use qrcode::EcLevel;
use qrcode::QrCode;

/// Modules of quiet around a code.
const QUIET: usize = 4;

/// The code of `text`.
pub(super) fn svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colours) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (n, _) in colours.iter().enumerate().filter(|(_, colour)| **colour == Color::Dark) {
        // Writing into a String cannot fail.
        let _ = write!(path, "M{} {}h1v1h-1z", n % width + QUIET, n / width + QUIET);
    }
    let side = width + 2 * QUIET;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_small_code_with_its_finders_and_its_quiet() {
        let svg = svg("http://192.168.100.100:7484/ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").expect("it fits");
        let side: usize =
            svg.split("viewBox=\"0 0 ").nth(1).and_then(|s| s.split(' ').next()?.parse().ok()).expect("a side");
        assert!((29 + 2 * QUIET..=37 + 2 * QUIET).contains(&side), "{side} modules: small enough for any phone");
        let dark = |x: usize, y: usize| svg.contains(&format!("M{x} {y}h1"));
        let far = side - QUIET - 7;
        for (x, y) in [(QUIET, QUIET), (far, QUIET), (QUIET, far)] {
            assert!(
                dark(x, y) && dark(x + 6, y + 6) && dark(x + 3, y + 3) && !dark(x + 1, y + 1),
                "a finder at {x}, {y}"
            );
        }
        assert!(!dark(0, 0) && !dark(QUIET - 1, QUIET));
        assert!(super::svg(&"x".repeat(4000)).is_none());
    }
}
