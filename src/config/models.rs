//! Where the networks' weights are.
//!
//! A folder that the configuration names, or else the first there is: beside the program, as it is unpacked; in the
//! shared folder of the place it is installed in; in the source tree that it was built from.

use std::path::Path;
use std::path::PathBuf;

use ::models::Manifest;
use ::models::ModelError;
use ::models::detail_drawer::DetailDrawers;
use ::models::face_finder;
use ::models::face_reader;
use ::models::generator::Generator;
use ::models::line_drawer::LineDrawer;
use ::models::weights;
use serde::Deserialize;
use serde::Serialize;

use super::profiles::StyleProfile;
use crate::sitter::Networks;
use crate::sketch::StyleNetworks;

/// The source tree's folder of weights.
const BUILT_FROM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/weights");
/// Where weights are from the program's own folder, unpacked or installed.
const FROM_PROGRAM: [&str; 2] = ["models/weights", "../share/portraitist/weights"];

/// Where the networks' weights are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// The folder; empty looks for it.
    pub folder: String,
}

impl ModelsConfig {
    /// The face networks, from files proved to be those of this release.
    ///
    /// # Errors
    /// A file is missing, unreadable, cut off, or another one.
    pub fn face_networks(&self) -> Result<Networks, ModelError> {
        let manifest = Manifest::shipped();
        let folder = self.folder();
        let read = |name: &str| weights::read(manifest.named(name)?, &folder);
        Networks::load(&read(face_finder::NAME)?, &read(face_reader::NAME)?)
    }

    /// The bytes of the shipped weights called `name`, proved to be those of this release.
    ///
    /// # Errors
    /// There are none of that name, or the file is missing, unreadable, cut off, or another one.
    pub fn shipped(&self, name: &str) -> Result<Vec<u8>, ModelError> {
        weights::read(Manifest::shipped().named(name)?, &self.folder())
    }

    /// The networks that `style` draws by; none if it draws without.
    ///
    /// # Errors
    /// A file is missing, unreadable, cut off or another one, or the style has a generator or details but no line drawer.
    pub fn style_networks(&self, style: &StyleProfile) -> Result<Option<StyleNetworks>, ModelError> {
        let manifest = Manifest::shipped();
        let folder = self.folder();
        let (mut drawer, mut details, mut generator) = (None, None, None);
        for name in &style.weights {
            let bytes = match own_file(name) {
                Some(path) => weights::read_own(path)?,
                None => weights::read(manifest.named(name)?, &folder)?,
            };
            // A style names several files: say which is wrong.
            let named = |error| match error {
                ModelError::Tensors { what } => ModelError::Tensors { what: format!("{name}: {what}") },
                other => other,
            };
            if Generator::is_in(&bytes).map_err(named)? {
                generator = Some((Generator::read(&bytes).map_err(named)?, style.manner));
            } else if DetailDrawers::is_in(&bytes).map_err(named)? {
                details = Some(DetailDrawers::read(&bytes).map_err(named)?);
            } else {
                drawer = Some(LineDrawer::read(&bytes).map_err(named)?);
            }
        }
        match drawer {
            Some(drawer) => Ok(Some(StyleNetworks::new(drawer, details, generator))),
            None if details.is_none() && generator.is_none() => Ok(None),
            None => {
                let without = if generator.is_some() { "a generator" } else { "a detail_drawer" };
                let what = format!("the style \"{}\" names {without}, but no line_drawer to go before it", style.name);
                Err(ModelError::Tensors { what })
            }
        }
    }

    /// The folder of the weights, whether it is there or not.
    pub fn folder(&self) -> PathBuf {
        if !self.folder.is_empty() {
            return PathBuf::from(&self.folder);
        }
        let program = std::env::current_exe().ok();
        find(program.as_deref().and_then(Path::parent))
    }
}

/// The path of weights that are no shipped ones but somebody's own.
pub(super) fn own_file(name: &str) -> Option<&Path> {
    name.ends_with(".safetensors").then(|| Path::new(name))
}

/// The first folder of weights that there is, the program lying in `program`.
fn find(program: Option<&Path>) -> PathBuf {
    let beside = program.into_iter().flat_map(|folder| FROM_PROGRAM.map(|way| folder.join(way)));
    beside.chain([PathBuf::from(BUILT_FROM)]).find(|folder| folder.is_dir()).unwrap_or_else(|| BUILT_FROM.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_beside_the_program_come_before_those_it_was_built_from() {
        let place = tempfile::tempdir().expect("a folder");
        let program = place.path().join("bin");
        std::fs::create_dir_all(&program).expect("a folder");
        assert_eq!(find(Some(&program)), Path::new(BUILT_FROM));
        let installed = place.path().join("share/portraitist/weights");
        std::fs::create_dir_all(&installed).expect("a folder");
        assert_eq!(find(Some(&program)).canonicalize().expect("there"), installed.canonicalize().expect("there"));
        std::fs::create_dir_all(program.join("models/weights")).expect("a folder");
        assert_eq!(find(Some(&program)), program.join("models/weights"));
        let named = ModelsConfig { folder: "/srv/weights".into() };
        assert_eq!(named.folder(), Path::new("/srv/weights"));
    }
}
