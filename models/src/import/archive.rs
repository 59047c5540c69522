//! The two containers of `torch.save`: a zip archive of stored files, and before PyTorch 1.6 pickles one behind the other.
//!
//! ```text
//! NAME/data.pkl    the pickle            pickle   0x1950a86a20f9469cfc6c
//! NAME/byteorder   little                pickle   1001
//! NAME/data/KEY    a storage's numbers   pickle   {"little_endian": True, ...}
//!                                        pickle   the dictionary
//!                                        pickle   [KEY, ...]
//!                                        u64, numbers: for each key, how many there are, then they
//! ```
//!
//! Numbers are not copied. Refuses archives with compressed or overlapping files, damaged ones (by their CRC-32), the tar files
//! of 2016, TorchScript's archives, and machines that write the high byte first.

use std::collections::HashMap;
use std::io::Cursor;

use zip::CompressionMethod;
use zip::ZipArchive;
use zip::result::ZipError;

use super::ImportError;
use super::pickle;
use super::pickle::Id;
use super::pickle::Pickle;
use super::pickle::Value;

/// What begins a file of the older form, as a number.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
/// The only version there is of it.
const PROTOCOL: i128 = 1001;
/// Most files of an archive, and most storages: an inception network's has some six hundred.
const MOST_STORAGES: usize = 20_000;

/// A checkpoint: what its pickle says and the numbers it speaks of.
pub(super) struct Archive<'a> {
    pub pickle: Pickle<'a>,
    /// By key.
    pub storages: HashMap<String, &'a [u8]>,
}

/// Opens the checkpoint that consists of `bytes`.
///
/// # Errors
/// As the file's letter tells.
pub(super) fn open(bytes: &[u8]) -> Result<Archive<'_>, ImportError> {
    const OLD_MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    if bytes.starts_with(b"PK\x03\x04") {
        zipped(bytes)
    } else if bytes.starts_with(OLD_MAGIC) {
        in_a_row(bytes)
    } else if bytes.get(257..262) == Some(b"ustar") {
        Err(ImportError::NotPyTorch {
            what: "it is a tar file, as PyTorch wrote before 0.2; load and save it in a newer one",
        })
    } else if bytes.starts_with(b"\x80") {
        Err(ImportError::NotPyTorch { what: "it is a pickle, but not torch.save's" })
    } else {
        Err(ImportError::NotPyTorch { what: "it begins like none" })
    }
}

fn zipped(bytes: &[u8]) -> Result<Archive<'_>, ImportError> {
    let damaged = |what: &str| ImportError::Damaged { what: what.to_owned() };
    let broken = |error: ZipError| ImportError::Damaged { what: format!("its zip archive is not whole ({error})") };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > MOST_STORAGES {
        return Err(damaged("its zip archive has more files than any network has tensors"));
    }
    let mut files: HashMap<String, &[u8]> = HashMap::new();
    let mut total = 0u64;
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).map_err(broken)?;
        let name = file.name().map_err(broken)?.into_owned();
        if file.compression() != CompressionMethod::Stored {
            return Err(ImportError::NotPyTorch {
                what: "it is a zip archive of compressed files, which torch.save's are not",
            });
        }
        // No file of the archive lies in another: together they are no longer than the archive.
        total = total.saturating_add(file.size());
        if total > bytes.len() as u64 {
            return Err(damaged("the files of its zip archive overlap"));
        }
        let start = file.data_start().and_then(|start| usize::try_from(start).ok());
        let end = start.and_then(|start| start.checked_add(usize::try_from(file.size()).ok()?));
        let data = start.zip(end).and_then(|(start, end)| bytes.get(start..end));
        let data = data.ok_or_else(|| damaged("a file of its zip archive is cut off"))?;
        std::io::copy(&mut file, &mut std::io::sink())
            .map_err(|error| ImportError::Damaged { what: format!("its zip archive is not whole ({error})") })?;
        files.insert(name, data);
    }
    if files.keys().any(|name| name.ends_with("/constants.pkl")) {
        let what = "it is a TorchScript program; save the state_dict() of the module that it was made from";
        return Err(ImportError::NotPyTorch { what });
    }
    let mut roots = files.keys().filter_map(|name| name.strip_suffix("data.pkl"));
    let (root, None) = (roots.next(), roots.next()) else {
        return Err(ImportError::NotPyTorch { what: "it is a zip archive with several files data.pkl" });
    };
    let root = root.ok_or(ImportError::NotPyTorch { what: "it is a zip archive without a file data.pkl" })?;
    if files.get(&format!("{root}byteorder")).is_some_and(|order| *order != b"little") {
        return Err(ImportError::NotPyTorch { what: "its numbers are written with the high byte first" });
    }
    let prefix = format!("{root}data/");
    let pickle = pickle::read(files[&format!("{root}data.pkl")], 0)?;
    let storages = files.into_iter().filter_map(|(name, data)| Some((name.strip_prefix(&prefix)?.to_owned(), data)));
    Ok(Archive { pickle, storages: storages.collect() })
}

fn in_a_row(bytes: &[u8]) -> Result<Archive<'_>, ImportError> {
    let damaged = |what: &str| ImportError::Damaged { what: what.to_owned() };
    let mut at = 0;
    let mut next = || -> Result<Pickle<'_>, ImportError> {
        let pickle = pickle::read(bytes, at)?;
        at = pickle.end;
        Ok(pickle)
    };
    let (magic, protocol, machine) = (next()?, next()?, next()?);
    let is =
        |pickle: &Pickle, number: i128| matches!(pickle.values[pickle.root], Value::Whole(found) if found == number);
    if !is(&magic, MAGIC) || !is(&protocol, PROTOCOL) {
        return Err(ImportError::NotPyTorch { what: "its form is none that is known" });
    }
    if machine.entry("little_endian").is_none_or(|id| !matches!(machine.values[id], Value::Truth(true))) {
        return Err(ImportError::NotPyTorch { what: "its numbers are written with the high byte first" });
    }
    let (pickle, keys) = (next()?, next()?);
    let Value::List(keys_of) = &keys.values[keys.root] else { return Err(damaged("it does not list its storages")) };
    if keys_of.len() > MOST_STORAGES {
        return Err(damaged("it has more storages than any network has tensors"));
    }
    let of_pickle = pickle.values.iter().filter_map(|value| match value {
        Value::Storage(storage) => Some((storage.key, storage.element.bytes())),
        _ => None,
    });
    let widths: HashMap<&str, usize> = of_pickle.collect();
    let mut storages = HashMap::new();
    for &key in keys_of {
        let Value::Text(key) = keys.values[key] else { return Err(damaged("a storage's key is no text")) };
        let width = *widths.get(key).ok_or_else(|| damaged("it has a storage that nothing speaks of"))?;
        let rest = bytes.get(at..).unwrap_or_default();
        let (count, rest) = rest.split_first_chunk().ok_or_else(|| damaged("it is cut off"))?;
        let length = usize::try_from(u64::from_le_bytes(*count)).ok().and_then(|count| count.checked_mul(width));
        let data = length.and_then(|length| rest.get(..length)).ok_or_else(|| damaged("it is cut off"))?;
        at += count.len() + data.len();
        storages.insert(key.to_owned(), data);
    }
    Ok(Archive { pickle, storages })
}

impl Pickle<'_> {
    /// What the root, a dictionary, has under `key`.
    fn entry(&self, key: &str) -> Option<Id> {
        let Value::Dict(pairs) = &self.values[self.root] else { return None };
        pairs.iter().find(|(id, _)| matches!(self.values[*id], Value::Text(text) if text == key)).map(|&(_, id)| id)
    }
}
