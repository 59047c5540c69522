//! The configuration: what was written (settings, layer over layer) and what it means (one [`Config`]).
//!
//! Layers, each over the one before: the compiled-in `config/default.toml`; the configuration files; the environment
//! (`PORTRAITIST_SECTION__KEY`); `--set key=value`. A profile counts where it is named. Everything is strict: an unknown
//! key, a wrong type and a value out of range name the file, the line, the key and what would be right. Nothing but
//! [`load`] reads a file. Rooms define their own `…Config`; this one only composes them and hands each its part.

mod error;
mod files;
mod layers;
mod profiles;
#[cfg(test)]
mod reference;
mod schema;
mod show;

use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::Table;
use toml::Value;

pub use error::ConfigError;
pub use files::Place;
pub use layers::Origin;
pub use profiles::Colour;
pub use profiles::PaperProfile;
pub use profiles::PenProfile;
pub use profiles::StyleProfile;

use crate::camera::CameraConfig;
use layers::Settings;

/// What all rooms are told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Config {
    /// Where photos come from.
    pub camera: CameraConfig,
    /// The pen.
    pub pen: PenProfile,
    /// The sheet.
    pub paper: PaperProfile,
    /// How the portrait is drawn.
    pub style: StyleProfile,
}

/// What to load.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadRequest {
    /// The files of `--config`, in order. With none, the first of [`Self::places`] that has one is used.
    pub files: Vec<PathBuf>,
    /// Where to look for a file if none is named.
    pub places: Vec<Place>,
    /// Environment variables; those called `PORTRAITIST_SECTION__KEY` count.
    pub environment: Vec<(String, String)>,
    /// The `--set`s, as written: `section.key=value`.
    pub sets: Vec<String>,
    /// Where relative paths of the environment and of `--set` begin.
    pub working_dir: PathBuf,
}

/// A configuration and where each of its values comes from.
#[derive(Debug, Clone)]
pub struct Loaded {
    config: Config,
    settings: Settings,
    files: Vec<PathBuf>,
}

impl LoadRequest {
    /// What this process was told: its `--config` files, its `--set`s, its environment, and the usual places.
    pub fn of_this_process(files: Vec<PathBuf>, sets: Vec<String>) -> Self {
        // Variables that are no text cannot be ours.
        let environment: Vec<(String, String)> =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        // Without a working directory, paths are left as they were written.
        let working_dir = std::env::current_dir().unwrap_or_default();
        let places = files::usual_places(&working_dir, &environment);
        Self { files, places, environment, sets, working_dir }
    }
}

/// Loads the configuration that `request` asks for.
///
/// # Errors
/// The first thing that is wrong, with its file and line.
pub fn load(request: &LoadRequest) -> Result<Loaded, ConfigError> {
    let files = if request.files.is_empty() { files::find(&request.places)? } else { request.files.clone() };
    let mut settings = Settings::defaults()?;
    for file in &files {
        settings.apply_file(file)?;
    }
    for (variable, path, value) in overrides(&request.environment) {
        settings.apply_text(&path, value, Origin::Environment(variable.to_owned()), &request.working_dir)?;
    }
    for text in &request.sets {
        let (path, value) = text.split_once('=').ok_or_else(|| ConfigError::Set { text: text.clone() })?;
        settings.apply_text(path.trim(), value.trim(), Origin::Set(text.clone()), &request.working_dir)?;
    }
    let config = compose(&settings)?;
    Ok(Loaded { config, settings, files })
}

impl Loaded {
    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The files it was read from, in order.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Where the value called `path` (`pen.width_mm`) comes from.
    pub fn origin(&self, path: &str) -> Option<&Origin> {
        self.settings.values().get(path).map(|setting| &setting.origin)
    }
}

/// The variables that set a key, sorted so that their order is always the same: variable, key, value. A variable
/// without `__` is ours only if it chooses a profile.
fn overrides(environment: &[(String, String)]) -> Vec<(&str, String, &str)> {
    let mut overrides: Vec<_> = environment
        .iter()
        .filter_map(|(variable, value)| {
            let key = variable.strip_prefix("PORTRAITIST_")?.to_ascii_lowercase();
            let chooses = profiles::ProfileKind::ALL.iter().any(|kind| kind.section() == key);
            (chooses || key.contains("__")).then(|| (variable.as_str(), key.replace("__", "."), value.as_str()))
        })
        .collect();
    // A profile first, then what corrects it: `PORTRAITIST_PEN` comes before `PORTRAITIST_PEN__WIDTH_MM`.
    overrides.sort_unstable();
    overrides
}

fn compose(settings: &Settings) -> Result<Config, ConfigError> {
    Ok(Config {
        camera: section(settings, "camera")?,
        pen: section(settings, "pen")?,
        paper: section(settings, "paper")?,
        style: section(settings, "style")?,
    })
}

/// The values of a section as the struct that the section's room defines.
fn section<T: DeserializeOwned>(settings: &Settings, name: &str) -> Result<T, ConfigError> {
    let table = table_of(settings, name);
    Value::Table(table).try_into().map_err(|error: toml::de::Error| {
        let prefix = format!("{name}.");
        let mut origins = settings.values().iter().filter(|(path, _)| path.starts_with(&prefix));
        let origin = origins.next().map_or(Origin::Default, |(_, setting)| setting.origin.clone());
        let what = error.message().replace('\n', ", ");
        ConfigError::Section { section: name.to_owned(), origin: origin.to_string(), what }
    })
}

/// The values of a section, nested as in a file.
fn table_of(settings: &Settings, section: &str) -> Table {
    let mut table = Table::new();
    for (path, setting) in settings.values() {
        let Some(rest) = path.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let mut names: Vec<&str> = rest.split('.').collect();
        let last = names.pop().unwrap_or(rest);
        let inner = names.into_iter().try_fold(&mut table, |table, name| {
            table.entry(name).or_insert_with(|| Value::Table(Table::new())).as_table_mut()
        });
        if let Some(inner) = inner {
            inner.insert(last.to_owned(), setting.value.clone());
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(sets: &[&str]) -> LoadRequest {
        LoadRequest { sets: sets.iter().map(|set| (*set).to_owned()).collect(), ..LoadRequest::default() }
    }

    #[test]
    fn an_empty_configuration_runs_with_the_rooms_own_defaults() {
        let loaded = load(&LoadRequest::default()).expect("the defaults");
        let config = loaded.config();
        assert_eq!(config.camera, CameraConfig::default());
        assert_eq!(config.pen.name, "fineliner-0.4");
        assert_eq!((config.paper.width_mm, config.paper.height_mm), (148.0, 210.0));
        assert_eq!(loaded.files(), &[] as &[PathBuf]);
    }

    #[test]
    fn files_come_in_order_then_the_environment_then_sets_and_each_value_knows_its_origin() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a file");
            folder.path().join(name)
        };
        let one = write("one.toml", "version = 1\npaper = \"a4\"\n[camera]\nstall_secs = 1\nwarm_up_frames = 1\n");
        let two = write("two.toml", "version = 1\n[camera]\nwarm_up_frames = 2\n");
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let loaded = load(&LoadRequest {
            files: vec![one.clone(), two.clone()],
            environment: vec![
                variable("PORTRAITIST_PEN__OPACITY", "0.5"),
                variable("PORTRAITIST_PEN", "brush"),
                variable("PORTRAITIST_LOG", "not a key"),
            ],
            sets: vec!["paper.margin_mm = 7".to_owned()],
            ..LoadRequest::default()
        })
        .expect("all is right");
        let config = loaded.config();
        assert_eq!((config.camera.stall_secs, config.camera.warm_up_frames), (1.0, 2));
        assert_eq!((config.pen.name.as_str(), config.pen.opacity), ("brush", 0.5));
        assert_eq!((config.paper.name.as_str(), config.paper.margin_mm), ("a4", 7.0));
        let origin = |path: &str| loaded.origin(path).expect("a key").to_string();
        assert_eq!(origin("camera.stall_secs"), format!("{}:4", one.display()));
        assert_eq!(origin("camera.warm_up_frames"), format!("{}:3", two.display()));
        assert_eq!(origin("camera.device"), "default");
        assert_eq!(origin("pen.opacity"), "PORTRAITIST_PEN__OPACITY");
        assert_eq!(origin("pen.width_mm"), "pen \"brush\"");
        assert_eq!(origin("paper.width_mm"), "paper \"a4\"");
        assert_eq!(origin("paper.margin_mm"), "--set paper.margin_mm = 7");
    }

    #[test]
    fn what_no_room_accepts_is_refused_with_its_section() {
        let sentence = |sets: &[&str]| load(&request(sets)).expect_err("refused").to_string();
        let colour = sentence(&["pen.colour=red"]);
        assert!(colour.contains("[pen]") && colour.contains("write #rrggbb"), "{colour}");
        assert!(sentence(&["pen.width_mm"]).contains("write it as --set section.key=value"));
        assert!(sentence(&["pen=pencil"]).contains("unknown pen \"pencil\""));
        let file = LoadRequest { files: vec!["/nowhere/x.toml".into()], ..LoadRequest::default() };
        assert!(load(&file).expect_err("missing").to_string().starts_with("/nowhere/x.toml cannot be read"));
    }

    #[test]
    fn a_path_is_looked_for_from_the_working_directory() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "name = \"own\"\nwidth_mm = 1\ncolour = \"#000000\"\nopacity = 1\n";
        std::fs::write(folder.path().join("own.toml"), text).expect("a file");
        let request = LoadRequest { working_dir: folder.path().to_owned(), ..request(&["pen=own.toml"]) };
        assert_eq!(load(&request).map(|loaded| loaded.config().pen.name.clone()).as_deref(), Ok("own"));
        assert_eq!(Path::new("").join("own.toml"), Path::new("own.toml"));
    }
}
