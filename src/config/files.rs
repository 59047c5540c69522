//! Which configuration files there are, and their text.
//!
//! Without `--config`, the first of these places that has a file is used, alone: `portraitist.toml` in the working
//! directory; `$XDG_CONFIG_HOME/portraitist/config.toml` (or `~/.config/...`); `/etc/portraitist/config.toml` with
//! `/etc/portraitist/conf.d/*.toml` after it, in the order of their names.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use super::error::ConfigError;

/// The largest configuration file, bytes.
const MAX_BYTES: u64 = 1 << 20;
/// The most files in a `conf.d`.
const MAX_DROP_INS: usize = 100;

/// A place where configuration may lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// A folder whose `*.toml` files come after it.
    pub drop_ins: Option<PathBuf>,
}

/// The usual places, best first, for a process in `working_dir` with these environment variables.
pub(super) fn usual_places(working_dir: &Path, environment: &[(String, String)]) -> Vec<Place> {
    let mut places = vec![Place { file: working_dir.join("portraitist.toml"), drop_ins: None }];
    places.extend(own_folder(environment).map(|own| Place { file: own.join("config.toml"), drop_ins: None }));
    let machine = Path::new("/etc/portraitist");
    places.push(Place { file: machine.join("config.toml"), drop_ins: Some(machine.join("conf.d")) });
    places
}

/// The user's own folder, whether it is there or not: `$XDG_CONFIG_HOME/portraitist` or `~/.config/portraitist`.
pub(super) fn own_folder(environment: &[(String, String)]) -> Option<PathBuf> {
    let variable = |name: &str| {
        let found = environment.iter().find(|(its, value)| its == name && !value.is_empty());
        found.map(|(_, value)| PathBuf::from(value))
    };
    // The XDG specification wants relative paths ignored.
    let xdg = variable("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let user = xdg.or_else(|| variable("HOME").map(|home| home.join(".config")));
    user.map(|folder| folder.join("portraitist"))
}

/// The files of the first place that has any.
pub(super) fn find(places: &[Place]) -> Result<Vec<PathBuf>, ConfigError> {
    for place in places {
        let mut files = Vec::new();
        if place.file.is_file() {
            files.push(place.file.clone());
        }
        if let Some(folder) = &place.drop_ins {
            files.extend(drop_ins(folder)?);
        }
        if !files.is_empty() {
            return Ok(files);
        }
    }
    Ok(Vec::new())
}

fn drop_ins(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).take(MAX_DROP_INS + 1).collect();
    if files.len() > MAX_DROP_INS {
        return Err(ConfigError::TooManyFiles { folder: folder.display().to_string(), most: MAX_DROP_INS });
    }
    files.sort_unstable();
    Ok(files)
}

/// The text of `path`.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    let file = || path.display().to_string();
    let unreadable = |error: std::io::Error| ConfigError::Unreadable { file: file(), what: error.to_string() };
    let mut text = String::new();
    File::open(path).map_err(unreadable)?.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ConfigError::TooLarge { file: file(), most: MAX_BYTES });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_with_a_file_is_used_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let places =
            [Place { file: at("a.toml"), drop_ins: None }, Place { file: at("b.toml"), drop_ins: Some(at("conf.d")) }];
        assert_eq!(find(&places), Ok(vec![]));
        std::fs::create_dir(at("conf.d")).expect("a folder");
        for name in ["conf.d/20.toml", "conf.d/10.toml", "conf.d/notes.txt"] {
            std::fs::write(at(name), "").expect("a file");
        }
        assert_eq!(find(&places), Ok(vec![at("conf.d/10.toml"), at("conf.d/20.toml")]));
        std::fs::write(at("b.toml"), "").expect("a file");
        assert_eq!(find(&places), Ok(vec![at("b.toml"), at("conf.d/10.toml"), at("conf.d/20.toml")]));
        std::fs::write(at("a.toml"), "").expect("a file");
        assert_eq!(find(&places), Ok(vec![at("a.toml")]));
    }

    #[test]
    fn the_usual_places_follow_the_environment() {
        let places = |environment: &[(&str, &str)]| {
            let environment: Vec<_> = environment.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            let places = usual_places(Path::new("/here"), &environment);
            places.into_iter().map(|place| place.file.display().to_string()).collect::<Vec<_>>()
        };
        let (here, etc) = ("/here/portraitist.toml", "/etc/portraitist/config.toml");
        assert_eq!(places(&[]), [here, etc]);
        assert_eq!(places(&[("HOME", "/h")]), [here, "/h/.config/portraitist/config.toml", etc]);
        assert_eq!(places(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]), [here, "/x/portraitist/config.toml", etc]);
        assert_eq!(places(&[("XDG_CONFIG_HOME", "relative")]), [here, etc]);
    }

    #[test]
    fn a_missing_a_binary_and_a_huge_file_each_say_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let sentence = |content: Option<&[u8]>| {
            let path = folder.path().join("x.toml");
            if let Some(content) = content {
                std::fs::write(&path, content).expect("a file");
            }
            read(&path).expect_err("unreadable").to_string()
        };
        assert!(sentence(None).contains("x.toml cannot be read: No such file"));
        assert!(sentence(Some(b"\xFF\xFE")).contains("UTF-8"));
        assert!(sentence(Some(&vec![b'#'; MAX_BYTES as usize + 1])).contains("larger than 1048576 bytes"));
    }
}
