//! Who gives what to each sitter, as `recipe.toml` has it.
//!
//! Refuses a recipe in which one person gives more than [`MOST`] of a face, weights that do not sum to one, and
//! parts taken from someone who is not in the face.

use anyhow::Context;
use anyhow::ensure;
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The sitters, in the order in which they ship.
    pub sitter: Vec<Sitter>,
}

/// One sitter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sitter {
    /// File name without its ending.
    pub name: String,
    /// The ID of who gives hair, ears, jaw line, and all that no other donor gives.
    pub head: String,
    /// The ID of who gives neck, clothes and the backdrop beside them; the head's donor if there is none.
    pub body: Option<String>,
    /// Whose faces are averaged, in shape and in shade.
    pub face: Vec<Share>,
    /// Who gives the fine detail of each part: numbers into `face`, from 0.
    pub detail: Detail,
    /// Who gives the glasses: a number into `face`.
    pub glasses: Option<usize>,
    /// Whether the mouth, teeth and all, is taken whole from the donor of its detail.
    #[serde(default)]
    pub whole_mouth: bool,
    /// The mean colour of the backdrop, sRGB.
    pub backdrop: [u8; 3],
}

/// A portrait and how much of it is in the face.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Its ID.
    pub id: String,
    /// Its part of the whole, 0 to [`MOST`].
    pub weight: f32,
}

/// Numbers into `face`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// Eyes and brows.
    pub eyes: usize,
    /// Nose.
    pub nose: usize,
    /// Lips and teeth.
    pub mouth: usize,
    /// Chin and lower cheeks.
    pub chin: usize,
    /// Forehead and cheeks.
    pub skin: usize,
}

impl Recipe {
    /// Reads `text`.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let recipe: Self = toml::from_str(text).context("the recipe is not as it should be")?;
        recipe.sitter.iter().try_for_each(Sitter::check)?;
        Ok(recipe)
    }
}

impl Sitter {
    fn check(&self) -> anyhow::Result<()> {
        let name = &self.name;
        let sum: f32 = self.face.iter().map(|s| s.weight).sum();
        ensure!((sum - 1.0).abs() < 1e-3, "{name}: the weights sum to {sum}, not to 1");
        ensure!(self.face.iter().all(|s| (0.0..=MOST).contains(&s.weight)), "{name}: a weight is not in 0 to {MOST}");
        let Detail { eyes, nose, mouth, chin, skin } = self.detail;
        let parts = [eyes, nose, mouth, chin, skin, self.glasses.unwrap_or(0)];
        ensure!(parts.iter().all(|&i| i < self.face.len()), "{name}: a part comes from nobody in the face");
        ensure!(parts[..5].iter().any(|&i| i != eyes), "{name}: all parts come from one person");
        Ok(())
    }
}

/// No person gives more of a face than this.
pub const MOST: f32 = 0.45;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_that_ships_is_sound() {
        assert_eq!(Recipe::parse(include_str!("recipe.toml")).expect("the shipped recipe parses").sitter.len(), 6);
    }

    #[test]
    fn one_person_alone_is_refused() {
        let text = |weights: [f32; 2], eyes: usize| {
            format!(
                "[[sitter]]\nname = \"x\"\nhead = \"a\"\nface = [{{ id = \"a\", weight = {} }}, \
                 {{ id = \"b\", weight = {} }}, {{ id = \"c\", weight = 0.3 }}]\n\
                 backdrop = [9, 9, 9]\n\
                 detail = {{ eyes = {eyes}, nose = 1, mouth = 1, chin = 1, skin = 1 }}\n",
                weights[0], weights[1]
            )
        };
        let error = |weights, eyes| Recipe::parse(&text(weights, eyes)).expect_err("refused").to_string();
        assert!(Recipe::parse(&text([0.4, 0.3], 0)).is_ok());
        assert!(error([0.6, 0.1], 0).contains("0.45"));
        assert!(error([0.4, 0.4], 0).contains("sum"));
        assert!(error([0.4, 0.3], 3).contains("nobody"));
        assert!(error([0.4, 0.3], 1).contains("one person"));
    }
}
