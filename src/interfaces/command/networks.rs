//! The face networks, from the files that the manifest names.

use models::Manifest;
use models::face_finder;
use models::face_reader;
use models::weights;

use crate::config::Config;
use crate::fault::Fault;
use crate::sitter::Networks;

/// The networks of `config`'s folder, proved to be those of this release.
pub fn load(config: &Config) -> Result<Networks, Fault> {
    let manifest = Manifest::shipped();
    let folder = config.models.folder();
    let read = |name: &str| weights::read(manifest.named(name)?, &folder);
    Ok(Networks::load(&read(face_finder::NAME)?, &read(face_reader::NAME)?)?)
}
