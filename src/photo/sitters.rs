//! The six sample sitters that ship with the program, for a visitor who has no photo at hand.
//!
//! They look like photographs and are nobody: each is a composite that our own code made of six or fewer official
//! portraits of members of the United States Congress (works of the US government, in the public domain). Their
//! landmarks were bent to a common mean, the shade of the face averaged, the fine detail of eyes, nose, mouth and
//! skin taken from different people, hair and clothes from others again, and the wall behind repainted. No one gives
//! more than 0.45 of a face, and a face recogniser finds no sitter as like any of the people in it as two photos of
//! one person are. The code, the recipe and the figures are in `tests/sitters/`. All are JPEG files, 512 x 512
//! pixels, already in the canonical frame of [`Portrait`](super::Portrait).

use thiserror::Error;

use crate::fault::Fault;
use crate::fault::Kind;

/// One sample sitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sitter {
    /// What to call it on the command line.
    pub name: &'static str,
    /// What one sees, in a few words.
    pub about: &'static str,
    /// The picture, a JPEG file of 512 x 512 pixels.
    pub jpeg: &'static [u8],
}

/// There is no such sitter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no sample sitter named {asked:?}: take one of {}", names())]
pub struct UnknownSitter {
    asked: String,
}

impl From<UnknownSitter> for Fault {
    fn from(error: UnknownSitter) -> Self {
        Fault::new(Kind::Usage, error.to_string())
    }
}

/// All sample sitters, by name.
pub fn sitters() -> &'static [Sitter; 6] {
    &SITTERS
}

/// The sitter of that name; upper and lower case are the same.
pub fn sitter(name: &str) -> Result<&'static Sitter, UnknownSitter> {
    let same = |s: &&Sitter| s.name.eq_ignore_ascii_case(name);
    SITTERS.iter().find(same).ok_or_else(|| UnknownSitter { asked: name.to_owned() })
}

fn names() -> String {
    SITTERS.map(|s| s.name).join(", ")
}

static SITTERS: [Sitter; 6] = [
    Sitter {
        name: "clara",
        about: "a blonde woman in her forties, smiling",
        jpeg: include_bytes!("sitters/clara.jpg"),
    },
    Sitter {
        name: "mei",
        about: "an East Asian woman with long dark hair and a fringe",
        jpeg: include_bytes!("sitters/mei.jpg"),
    },
    Sitter {
        name: "nia",
        about: "a black woman with wavy shoulder-length hair, smiling",
        jpeg: include_bytes!("sitters/nia.jpg"),
    },
    Sitter {
        name: "omar",
        about: "a young man with thick black hair and a short beard",
        jpeg: include_bytes!("sitters/omar.jpg"),
    },
    Sitter {
        name: "samuel",
        about: "a black man with short hair and glasses, smiling",
        jpeg: include_bytes!("sitters/samuel.jpg"),
    },
    Sitter { name: "walter", about: "an old man with white hair", jpeg: include_bytes!("sitters/walter.jpg") },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::Portrait;

    #[test]
    fn each_is_a_small_jpeg_in_the_canonical_frame() {
        for sitter in sitters() {
            let picture = image::load_from_memory_with_format(sitter.jpeg, image::ImageFormat::Jpeg)
                .unwrap_or_else(|e| panic!("{} does not decode: {e}", sitter.name));
            assert_eq!((picture.width(), picture.height()), (Portrait::SIDE, Portrait::SIDE), "{}", sitter.name);
            assert!(sitter.jpeg.len() < 70_000, "{} has {} bytes", sitter.name, sitter.jpeg.len());
        }
    }

    #[test]
    fn the_recipe_makes_exactly_these() {
        let recipe: toml::Table = include_str!("../../tests/sitters/recipe.toml").parse().expect("the recipe is TOML");
        let recipes = recipe["sitter"].as_array().expect("a list of sitters");
        let names: Vec<&str> = recipes.iter().filter_map(|r| r["name"].as_str()).collect();
        assert_eq!(names, sitters().map(|s| s.name));
    }

    #[test]
    fn a_sitter_is_found_by_name_and_a_stranger_is_told_the_names() {
        assert_eq!(sitter("Nia").expect("there is one").name, "nia");
        let fault = Fault::from(sitter("mona lisa").expect_err("there is none"));
        assert_eq!(fault.kind(), Kind::Usage);
        let sentence = fault.to_string();
        assert!(sitters().iter().all(|s| sentence.contains(s.name)), "{sentence}");
    }
}
