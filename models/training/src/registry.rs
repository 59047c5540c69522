//! A learnt style among the user's own: its profile, weights, card and contact sheet in `styles/` of a configuration folder.
//!
//! `NAME.toml` is written last and in one stroke, so that there is a style whole or none. Refused: names that are not plain,
//! names of shipped styles, and of own ones unless they are to be replaced.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use portraitist::config;
use portraitist::sketch::Manner;

use crate::checkpoint;

/// The longest name.
const LONGEST: usize = 40;

/// A style that was learnt.
#[derive(Debug, Clone)]
pub struct Style<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The generator's file.
    pub generator: &'a [u8],
    /// The line drawer's file, if it is not the shipped one.
    pub drawer: Option<&'a [u8]>,
    /// What its drawings are made of.
    pub manner: Manner,
    /// The shipped style it started from, whose settings it takes over.
    pub parent: Option<&'a str>,
    /// What there is to know about it, Markdown.
    pub card: &'a str,
    /// The contact sheet, JPEG.
    pub sheet: Option<&'a [u8]>,
}

/// Whether a style may be called `name` in the configuration folder `home`.
///
/// # Errors
/// What the file's letter says is refused.
pub fn check(name: &str, home: &Path, replace: bool) -> Result<()> {
    check_plain(name)?;
    ensure!(
        config::shipped_styles().iter().all(|(shipped, _)| !shipped.eq_ignore_ascii_case(name)),
        "\"{name}\" is a style that ships with portraitist; call yours something else"
    );
    let there = profile(home, name);
    ensure!(
        replace || !there.exists(),
        "there is a style \"{name}\" already ({}); --replace puts the new one in its place",
        there.display()
    );
    Ok(())
}

/// Whether `name` is plain: letters, digits and hyphens.
///
/// # Errors
/// It is not.
pub fn check_plain(name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    ensure!(
        (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('-'),
        "\"{name}\" is no name for a style: take letters, digits and hyphens, {LONGEST} at most, no hyphen first"
    );
    Ok(())
}

/// Puts `style` among those of the configuration folder `home`; gives its profile's path.
///
/// # Errors
/// The disk is full, or the folder cannot be written.
pub fn register(style: &Style<'_>, home: &Path) -> Result<PathBuf> {
    let Style { name, generator, drawer, card, sheet, .. } = style;
    let folder = home.join("styles");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let own = |ending: &str| folder.join(format!("{name}{ending}"));
    checkpoint::write(&own(".safetensors"), generator)?;
    if let Some(drawer) = drawer {
        checkpoint::write(&own("-lines.safetensors"), drawer)?;
    }
    checkpoint::write(&own(".md"), card.as_bytes())?;
    if let Some(sheet) = sheet {
        checkpoint::write(&own(".jpg"), sheet)?;
    }
    let profile = profile(home, name);
    checkpoint::write(&profile, text(style).as_bytes())?;
    Ok(profile)
}

fn profile(home: &Path, name: &str) -> PathBuf {
    home.join("styles").join(format!("{name}.toml"))
}

/// The profile. Names are plain, so nothing in it needs escaping.
fn text(style: &Style<'_>) -> String {
    let Style { name, drawer, manner, parent, .. } = style;
    let lines = match drawer {
        Some(_) => format!("\"{name}-lines.safetensors\""),
        // Details are drawn upon the lines of the drawer that they were learnt upon.
        None => format!("\"{}\", \"{}\"", models::line_drawer::NAME, models::detail_drawer::NAME),
    };
    let manner = match manner {
        Manner::Ink => "ink",
        Manner::Tone => "tone",
    };
    let mut text = format!(
        "# Learnt from an artist's sketches by portraitist-train style; {name}.md tells how.\nname = \"{name}\"\n\
         weights = [{lines}, \"{name}.safetensors\"]\nmanner = \"{manner}\"\n"
    );
    // How a style's strokes are laid is part of it: what comes after its own keys.
    let shipped = parent.and_then(|parent| config::shipped_styles().iter().find(|(name, _)| *name == parent));
    if let Some((_, parents)) = shipped
        && let Some(at) = parents.find("\n[")
    {
        text += &parents[at..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_plain_or_taken_are_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let refused = |name: &str| check(name, home.path(), false).expect_err(name).to_string();
        for name in ["", "-x", "a b", "../x", "a/b", "ä", "a.toml", &"x".repeat(41)] {
            assert!(refused(name).contains("no name for a style"), "{name}");
        }
        assert!(refused("Pen").contains("ships with portraitist"));
        check("mina-2", home.path(), false).expect("a plain name");
        let style = Style {
            name: "mina-2",
            generator: b"g",
            drawer: None,
            manner: Manner::Tone,
            parent: Some("pen"),
            card: "",
            sheet: None,
        };
        let path = register(&style, home.path()).expect("it can be written");
        let text = std::fs::read_to_string(path).expect("it is there");
        assert!(
            text.contains(
                "weights = [\"line_drawer\", \"detail_drawer\", \"mina-2.safetensors\"]\nmanner = \"tone\"\n"
            ),
            "{text}"
        );
        assert!(text.contains("[plan]\nmost_secs"), "what the pen style sets comes along: {text}");
        assert!(refused("mina-2").contains("--replace"));
        check("mina-2", home.path(), true).expect("it may be replaced");
    }
}
