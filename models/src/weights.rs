//! Reads weight files and proves them to be those of the manifest. The only file of this crate that touches the disk.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::Entry;
use crate::Manifest;
use crate::ModelError;
use crate::verify;

/// The bytes of `entry`'s file in `folder`, verified.
///
/// # Errors
/// The file is missing, unreadable, cut off, or another one.
pub fn read(entry: &Entry, folder: &Path) -> Result<Vec<u8>, ModelError> {
    let path = folder.join(&entry.file);
    let named = || (entry.name.clone(), path.display().to_string());
    let failed = |error: std::io::Error| {
        let (name, path) = named();
        match error.kind() {
            std::io::ErrorKind::NotFound => ModelError::Missing { name, path },
            _ => ModelError::Unreadable { name, path, what: error.to_string() },
        }
    };
    // One byte more than expected is enough to see that a file is too long.
    let most = entry.bytes.saturating_add(1);
    // Made room for at once: growing, the bytes of a large file would be copied again and again.
    let mut bytes = Vec::with_capacity(most.min(MOST_OWN_BYTES) as usize);
    File::open(&path).map_err(failed)?.take(most).read_to_end(&mut bytes).map_err(failed)?;
    verify(entry, &bytes)?;
    Ok(bytes)
}

/// The bytes of a file that is not the manifest's but somebody's own.
///
/// # Errors
/// The file is missing, unreadable, or larger than [`MOST_OWN_BYTES`].
pub fn read_own(path: &Path) -> Result<Vec<u8>, ModelError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| {
        let (name, path) = (name.clone(), path.display().to_string());
        match error.kind() {
            std::io::ErrorKind::NotFound => ModelError::Missing { name, path },
            _ => ModelError::Unreadable { name, path, what: error.to_string() },
        }
    };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(MOST_OWN_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_OWN_BYTES {
        let what = format!("it is larger than {MOST_OWN_BYTES} bytes");
        return Err(ModelError::Unreadable { name, path: path.display().to_string(), what });
    }
    Ok(bytes)
}

/// No network of this crate is larger: sRender's widest generator has 730 MB.
pub const MOST_OWN_BYTES: u64 = 1 << 30;

/// What is wrong with each of `manifest`'s files in `folder`; nothing if all are right.
pub fn check(manifest: &Manifest, folder: &Path) -> Vec<ModelError> {
    manifest.entries().iter().filter_map(|entry| read(entry, folder).err()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_a_cut_off_and_a_wrong_file_are_each_told() {
        let folder = std::env::temp_dir().join(format!("portraitist-weights-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let manifest = Manifest::parse(
            "version = 1\n[[weights]]\nname = \"a\"\nfile = \"a.bin\"\nbytes = 3\nlicence = \"MIT\"\nnet = \"n\"\n\
             input_width_px = 1\ninput_height_px = 1\n\
             sha256 = \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\n",
        )
        .expect("it is right");
        let mut sentences = vec![];
        for content in [None, Some("ab"), Some("abcd"), Some("abd"), Some("abc")] {
            if let Some(content) = content {
                std::fs::write(folder.join("a.bin"), content).expect("a file");
            }
            sentences.push(check(&manifest, &folder).iter().map(ToString::to_string).collect::<String>());
        }
        std::fs::remove_dir_all(&folder).expect("there it is");
        for (sentence, expected) in sentences.iter().zip(["are missing", "2 bytes long", "4 bytes long", "SHA-256"]) {
            assert!(sentence.contains(expected), "{sentence}");
        }
        assert_eq!(sentences[4], "");
    }

    #[test]
    fn the_shipped_files_are_those_of_the_manifest_and_fill_their_networks() {
        let (manifest, folder) = (Manifest::shipped(), Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/weights")));
        assert_eq!(check(&manifest, folder), []);
        let bytes = |name| read(manifest.named(name).expect("it ships"), folder).expect("it is right");
        crate::face_finder::FaceFinder::load(&bytes(crate::face_finder::NAME)).expect("every tensor and no other");
        crate::face_reader::FaceReader::load(&bytes(crate::face_reader::NAME)).expect("every tensor and no other");
        let swapped = crate::face_finder::FaceFinder::load(&bytes(crate::face_reader::NAME)).expect_err("swapped");
        assert!(matches!(swapped, ModelError::Tensors { .. }), "{swapped}");
    }
}
