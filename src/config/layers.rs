//! Layers of settings, one over the other, each value with its origin.
//!
//! A layer is what one file, one environment variable or one `--set` says. It is read strictly against the
//! [schema](super::schema) before anything of it counts. Naming a profile writes the profile's values at that point:
//! earlier values of its section are gone, values of the same layer and of later ones write over it. So a pen's width
//! that was corrected for one pen is not kept for another.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use toml::Table;
use toml::Value;
use toml::de::DeTable;
use toml::de::DeValue;

use super::error::ConfigError;
use super::files;
use super::models::own_file;
use super::profiles::Found;
use super::profiles::ProfileKind;
use super::schema::DEFAULT_TOML;
use super::schema::schema;

/// The version of the configuration's form that this program reads.
const VERSION: i64 = 1;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The compiled-in default.
    Default,
    /// A shipped profile, as in `pen "brush"`.
    Profile {
        /// The profile's section.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A line of a file.
    File {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A `--set` on the command line, as written.
    Set(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::Profile { kind, name } => write!(f, "{kind} \"{name}\""),
            Self::File { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Environment(variable) => write!(f, "{variable}"),
            Self::Set(text) => write!(f, "--set {text}"),
        }
    }
}

/// A value and its origin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting {
    pub value: Value,
    pub origin: Origin,
}

/// What has been said so far: each key's full name, its value and where that comes from.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    values: BTreeMap<String, Setting>,
    /// The defaults that no profile has touched: a profile that does not name a key leaves it at its default.
    plain: BTreeMap<String, Setting>,
    /// What the style has written into other sections.
    styled: Vec<Styled>,
    /// The user's own folder and those of the configuration files read so far, where a user's own profiles may lie.
    beside: Vec<PathBuf>,
}

/// A value of another section that the style has set, and what stood there before.
#[derive(Debug, Clone)]
struct Styled {
    path: String,
    written: Setting,
    before: Option<Setting>,
}

/// One value of a layer, before it counts.
struct Written {
    path: String,
    value: Value,
    origin: Origin,
}

/// What a text is read as.
#[derive(Clone, Copy)]
enum Form {
    /// A configuration file, which must name its version.
    Config,
    /// A profile: its keys stand without their section.
    Profile(ProfileKind),
}

impl Settings {
    /// The compiled-in defaults.
    ///
    /// # Errors
    /// None but for a mistake in the shipped files, which the tests would find.
    pub(super) fn defaults() -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        let origin = |line| Origin::File { file: PathBuf::from("default.toml"), line };
        let mut layer = read(DEFAULT_TOML, Form::Config, &origin)?;
        for written in &mut layer {
            written.origin = Origin::Default;
        }
        // The default style sets keys of other sections: it counts over their general defaults.
        let (profiles, values) = layer.into_iter().partition(|written| written.path.ends_with(".profile"));
        settings.apply(values, Path::new(""))?;
        settings.plain = settings.values.clone();
        settings.apply(profiles, Path::new(""))?;
        Ok(settings)
    }

    /// All values by full name.
    pub(super) fn values(&self) -> &BTreeMap<String, Setting> {
        &self.values
    }

    /// Has the profiles in `folder` looked for, after those beside the files to come.
    pub(super) fn look_in(&mut self, folder: Option<PathBuf>) {
        self.beside.extend(folder);
    }

    /// Lays the configuration file `file` over what is there.
    pub(super) fn apply_file(&mut self, file: &Path) -> Result<(), ConfigError> {
        self.apply_config(&files::read(file)?, file)
    }

    /// Lays the configuration `text` of `file` over what is there.
    pub(super) fn apply_config(&mut self, text: &str, file: &Path) -> Result<(), ConfigError> {
        let layer = read(text, Form::Config, &|line| Origin::File { file: file.to_owned(), line })?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        self.beside.push(folder.clone());
        self.apply(layer, &folder)
    }

    /// Lays one value over what is there: `path` is its key, `text` is written as in a file, or is bare text.
    /// Paths are taken from `base`.
    pub(super) fn apply_text(
        &mut self,
        path: &str,
        text: &str,
        origin: Origin,
        base: &Path,
    ) -> Result<(), ConfigError> {
        let path = full_name(path);
        check_key(&path, path.split('.').next_back().unwrap_or(&path), &origin)?;
        let is_text = schema().key(&path).is_some_and(|key| key.sample.is_str());
        // A line break could smuggle in a second key; what is not exactly one value is taken as bare text.
        let parsed = format!("value = {text}").parse::<Table>().ok().filter(|table| table.len() == 1);
        let parsed = parsed.and_then(|mut table| table.remove("value"));
        let value = match parsed {
            Some(Value::String(quoted)) => Value::String(quoted),
            Some(value) if !is_text => value,
            _ => Value::String(text.to_owned()),
        };
        let value = fit(&path, &value, &origin)?;
        self.apply(vec![Written { path, value, origin }], base)
    }

    fn apply(&mut self, mut layer: Vec<Written>, base: &Path) -> Result<(), ConfigError> {
        for kind in ProfileKind::ALL {
            let selector = format!("{}.profile", kind.section());
            if let Some(at) = layer.iter().position(|written| written.path == selector) {
                let written = layer.remove(at);
                self.apply_profile(kind, &written, base)?;
            }
        }
        // The kind of a thing decides which keys it has, so it is written before them.
        layer.sort_by_key(|written| !written.path.ends_with(".kind"));
        for Written { path, mut value, origin } in layer {
            if path == "style.weights" {
                from_folder(&mut value, base);
            }
            if let Some(thing) = path.strip_suffix(".kind")
                && self.values.get(&path).is_some_and(|old| old.value != value)
            {
                self.values.retain(|path, _| path.strip_prefix(thing).is_none_or(|rest| !rest.starts_with('.')));
            }
            self.values.insert(path, Setting { value, origin });
        }
        Ok(())
    }

    /// Writes the profile that `selector` names. A style may name other profiles, they may name none, so this goes no
    /// deeper than two.
    fn apply_profile(&mut self, kind: ProfileKind, selector: &Written, base: &Path) -> Result<(), ConfigError> {
        let name = selector.value.as_str().unwrap_or_default();
        let found = kind.find(name, base, &self.beside).map_err(|hint| ConfigError::UnknownProfile {
            place: selector.origin.to_string(),
            kind: kind.section(),
            name: name.to_owned(),
            hint,
        })?;
        let (layer, folder) = match found {
            Found::Shipped(text) => {
                let origin = |_| Origin::Profile { kind: kind.section(), name: name.to_owned() };
                (read(text, Form::Profile(kind), &origin)?, base.to_owned())
            }
            Found::File(file) => {
                let origin = |line| Origin::File { file: file.clone(), line };
                let layer = read(&files::read(&file)?, Form::Profile(kind), &origin)?;
                (layer, file.parent().unwrap_or(Path::new("")).to_owned())
            }
        };
        let prefix = format!("{}.", kind.section());
        if kind == ProfileKind::Style {
            self.take_off_style();
        }
        self.values.retain(|path, _| !path.starts_with(&prefix));
        let plain = self.plain.iter().filter(|(path, _)| path.starts_with(&prefix));
        self.values.extend(plain.map(|(path, setting)| (path.clone(), setting.clone())));
        let before = self.values.clone();
        self.apply(layer, &folder)?;
        if kind == ProfileKind::Style {
            let own = |path: &String| path.starts_with(&prefix);
            let changed = self.values.iter().filter(|(path, now)| !own(path) && before.get(*path) != Some(*now));
            self.styled = changed
                .map(|(path, now)| Styled {
                    path: path.clone(),
                    written: now.clone(),
                    before: before.get(path).cloned(),
                })
                .collect();
        }
        Ok(())
    }

    /// Another style is named: what the last one set in other sections is as it was, unless it was corrected since.
    fn take_off_style(&mut self) {
        for Styled { path, written, before } in std::mem::take(&mut self.styled) {
            if self.values.get(&path) == Some(&written) {
                match before {
                    Some(before) => self.values.insert(path, before),
                    None => self.values.remove(&path),
                };
            }
        }
    }
}

/// Takes the paths of own weights among `names` from `folder`, where what names them lies: a style's file and its weights can
/// move together, and on the command line paths are what a shell takes them for.
fn from_folder(names: &mut Value, folder: &Path) {
    for name in names.as_array_mut().into_iter().flatten() {
        if let Some(path) = name.as_str().and_then(own_file) {
            *name = Value::String(folder.join(path).to_string_lossy().into_owned());
        }
    }
}

/// Reads `text` strictly; `origin` says where its line is.
fn read(text: &str, form: Form, origin: &dyn Fn(usize) -> Origin) -> Result<Vec<Written>, ConfigError> {
    let line_at = |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    let syntax = |error: toml::de::Error| {
        let place = origin(line_at(error.span().map_or(0, |span| span.start))).to_string();
        ConfigError::Syntax { place, what: error.message().replace('\n', ", ") }
    };
    let spans = DeTable::parse(text).map_err(syntax)?;
    let values: Table = toml::from_str(text).map_err(syntax)?;
    match values.get("version") {
        Some(Value::Integer(VERSION)) => {}
        Some(other) => {
            let line = spans.get_ref().get_key_value("version").map_or(1, |(key, _)| line_at(key.span().start));
            return Err(ConfigError::Version { place: origin(line).to_string(), version: other.to_string() });
        }
        None if matches!(form, Form::Config) => return Err(ConfigError::NoVersion { place: origin(1).to_string() }),
        None => {}
    }
    let mut layer = Vec::new();
    let place = |at: usize| origin(line_at(at));
    walk(spans.get_ref(), &values, "", form, &place, &mut layer)?;
    Ok(layer)
}

/// Walks two readings of the same text: one knows where each key stands, the other its value.
fn walk(
    spans: &DeTable<'_>,
    values: &Table,
    section: &str,
    form: Form,
    place: &dyn Fn(usize) -> Origin,
    layer: &mut Vec<Written>,
) -> Result<(), ConfigError> {
    for (key, span) in spans {
        let name = key.get_ref().as_ref();
        let Some(value) = values.get(name) else { continue };
        if section.is_empty() && name == "version" {
            continue;
        }
        let origin = place(key.span().start);
        let path = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        let path = in_form(path, form);
        match (span.get_ref(), value) {
            (DeValue::Table(spans), Value::Table(values)) if schema().key(&path).is_none() => {
                if !schema().is_section(&path) {
                    return Err(unknown(&path, name, &origin));
                }
                let within = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
                walk(spans, values, &within, form, place, layer)?;
            }
            _ => {
                let path = full_name(&path);
                check_key(&path, name, &origin)?;
                let value = fit(&path, value, &origin)?;
                if matches!(form, Form::Profile(kind) if !may_write(kind, &path)) {
                    return Err(unknown(&path, name, &origin));
                }
                layer.push(Written { path, value, origin });
            }
        }
    }
    Ok(())
}

/// The full name of what a text of this form calls `path`. A style also speaks of other sections.
fn in_form(path: String, form: Form) -> String {
    match form {
        Form::Config => path,
        Form::Profile(kind) => {
            let own = format!("{}.{path}", kind.section());
            let foreign = kind == ProfileKind::Style && (path.contains('.') || schema().is_section(&path));
            if foreign { path } else { own }
        }
    }
}

/// A profile writes its own section and names no other profile; a style writes all but the machine.
fn may_write(kind: ProfileKind, path: &str) -> bool {
    let own = path.starts_with(&format!("{}.", kind.section()));
    let selector = path.ends_with(".profile");
    match kind {
        ProfileKind::Style => {
            let machine =
                ["robot.", "camera.", "port.", "server.", "security."].iter().any(|section| path.starts_with(section));
            let another_style = own && selector;
            !machine && !another_style
        }
        _ => own && !selector,
    }
}

/// `pen = "brush"` is short for `pen.profile = "brush"`.
fn full_name(path: &str) -> String {
    let short = ProfileKind::ALL.iter().any(|kind| kind.section() == path);
    if short { format!("{path}.profile") } else { path.to_owned() }
}

fn check_key(path: &str, name: &str, origin: &Origin) -> Result<(), ConfigError> {
    if schema().key(path).is_some() {
        return Ok(());
    }
    if schema().is_section(path) {
        return Err(ConfigError::NotASection { place: origin.to_string(), key: path.to_owned() });
    }
    Err(unknown(path, name, origin))
}

fn unknown(path: &str, name: &str, origin: &Origin) -> ConfigError {
    // From the command line the whole name was written, in a file only the key: the hint is written alike.
    let in_file = matches!(origin, Origin::File { .. });
    let key = if in_file { name } else { path };
    let section = path.rsplit_once('.').map_or("", |(section, _)| section);
    let nearest = schema().nearest(path).map(|nearest| {
        let within = nearest.strip_prefix(section).and_then(|rest| rest.strip_prefix('.'));
        within.filter(|_| in_file && !section.is_empty()).unwrap_or(nearest).to_owned()
    });
    let hint = match nearest.filter(|nearest| nearest != key) {
        Some(nearest) => format!("; did you mean \"{nearest}\"?"),
        None => "; config/README.md lists every key".to_owned(),
    };
    ConfigError::UnknownKey { place: origin.to_string(), key: key.to_owned(), hint }
}

fn fit(path: &str, value: &Value, origin: &Origin) -> Result<Value, ConfigError> {
    let Some(key) = schema().key(path) else { return Ok(value.clone()) };
    key.fit(value).map_err(|problem| ConfigError::Value { place: origin.to_string(), key: path.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<Settings, ConfigError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kiosk.toml");
        std::fs::write(&path, text).expect("a file");
        let mut settings = Settings::defaults()?;
        settings.apply_file(&path).map(|()| settings)
    }

    /// What is wrong with a file of these lines after its version.
    fn complaint(lines: &str) -> String {
        let sentence = file(&format!("version = 1\n{lines}")).expect_err("it is wrong").to_string();
        let (_, rest) = sentence.split_once("kiosk.toml").unwrap_or(("", &sentence));
        rest.to_owned()
    }

    fn value(settings: &Settings, path: &str) -> String {
        settings.values().get(path).map_or_else(|| "nothing".to_owned(), |setting| setting.value.to_string())
    }

    #[test]
    fn the_default_style_counts_and_another_takes_its_values_back() {
        let defaults = Settings::defaults().expect("the defaults");
        assert_eq!(value(&file("version = 1\nstyle = \"pen\"").expect("a style"), "tone.skin"), "0.48");
        assert_eq!(value(&defaults, "tone.skin"), "0.48", "the default style is pen");
        let flow = file("version = 1\nstyle = \"flow\"").expect("a style");
        assert_eq!(value(&flow, "tone.skin"), "0.24", "what pen has set is gone with it");
        let corrected = file("version = 1\nstyle = \"flow\"\n[tone]\nskin = 0.1").expect("a style");
        assert_eq!(value(&corrected, "tone.skin"), "0.1");
    }

    #[test]
    fn an_unknown_key_names_its_line_and_the_nearest() {
        assert_eq!(complaint("[pen]\nwidht_mm = 0.4"), ":3: unknown key \"widht_mm\"; did you mean \"width_mm\"?");
        assert_eq!(complaint("\n\npaper.margin = 3"), ":4: unknown key \"margin\"; did you mean \"margin_mm\"?");
        assert_eq!(complaint("[camra]"), ":2: unknown key \"camra\"; did you mean \"camera\"?");
        assert_eq!(
            complaint("[camera]\nmargin_mm = 1"),
            ":3: unknown key \"margin_mm\"; did you mean \"paper.margin_mm\"?"
        );
        assert_eq!(complaint("qqqq = 1"), ":2: unknown key \"qqqq\"; config/README.md lists every key");
        assert_eq!(complaint("camera = 3"), ":2: camera is a section: write [camera] and its keys below it");
    }

    #[test]
    fn a_wrong_value_names_its_line_key_range_and_unit() {
        assert_eq!(complaint("[pen]\nwidth_mm = 40"), ":3: pen.width_mm is 40, but must lie between 0.05 and 10 mm");
        assert_eq!(complaint("[pen]\nwidth_mm = nan"), ":3: pen.width_mm is nan, but must lie between 0.05 and 10 mm");
        assert_eq!(
            complaint("[pen]\nwidth_mm = \"thin\""),
            ":3: pen.width_mm is \"thin\", but must be a number between 0.05 and 10 mm"
        );
        assert_eq!(
            complaint("[camera]\nmax_width_px = 640.5"),
            ":3: camera.max_width_px is 640.5, but must be a whole number between 160 and 16384 px"
        );
        assert_eq!(
            complaint("[camera]\nsource = \"webcm\""),
            ":3: camera.source is \"webcm\", but must be one of webcam, folder, test-card, sample; did you mean \"webcam\"?"
        );
        assert_eq!(complaint("[camera.device]\nx = 1"), ":2: camera.device is { x = 1 }, but must be a text in quotes");
    }

    #[test]
    fn a_file_that_is_no_toml_or_of_another_version_names_its_line() {
        assert!(complaint("[pen\n").starts_with(":2: "));
        assert!(complaint("[pen]\nname = \"a\"\nname = \"b\"").starts_with(":4: duplicate key"));
        let sentence = |text: &str| file(text).expect_err("refused").to_string();
        assert!(sentence("").ends_with("kiosk.toml:1: the file must begin with the line \"version = 1\""));
        assert!(
            sentence("\nversion = 2").ends_with("kiosk.toml:2: this program reads configurations of version 1, not 2")
        );
    }

    #[test]
    fn naming_a_profile_replaces_what_was_said_of_the_one_before() {
        let mut settings = file("version = 1\n[pen]\nwidth_mm = 0.45\n").expect("it is right");
        assert_eq!(value(&settings, "pen.width_mm"), "0.45");
        assert_eq!(value(&settings, "pen.name"), "\"fineliner-0.4\"");
        settings.apply_text("pen", "brush", Origin::Set("pen=brush".to_owned()), Path::new("")).expect("there is one");
        assert_eq!(value(&settings, "pen.width_mm"), "1.2");
        assert_eq!(settings.values()["pen.width_mm"].origin.to_string(), "pen \"brush\"");
        let settings = file("version = 1\n[pen]\nwidth_mm = 2\nprofile = \"brush\"\n").expect("it is right");
        assert_eq!(value(&settings, "pen.width_mm"), "2.0", "the same file says so");
        assert!(settings.values()["pen.width_mm"].origin.to_string().ends_with("kiosk.toml:3"));
        assert_eq!(value(&settings, "pen.opacity"), "0.98");
    }

    #[test]
    fn a_text_from_the_command_line_is_read_as_its_key_wants_it() {
        let mut settings = Settings::defaults().expect("the defaults");
        let mut set = |path: &str, text: &str| {
            settings.apply_text(path, text, Origin::Set(format!("{path}={text}")), Path::new(""))?;
            Ok::<_, ConfigError>(value(&settings, path))
        };
        assert_eq!(set("camera.device", "2").as_deref(), Ok("\"2\""), "a text that looks like a number");
        assert_eq!(set("camera.device", "\"2\"").as_deref(), Ok("\"2\""));
        assert_eq!(set("camera.stall_secs", "3").as_deref(), Ok("3.0"));
        assert_eq!(set("camera.source", "test-card").as_deref(), Ok("\"test-card\""));
        let sentence = set("camera.stall_secs", "long").expect_err("no number").to_string();
        assert!(sentence.starts_with("--set camera.stall_secs=long: camera.stall_secs is \"long\", but"), "{sentence}");
        let sentence = set("camera.stal_secs", "3").expect_err("unknown").to_string();
        assert!(
            sentence.ends_with("unknown key \"camera.stal_secs\"; did you mean \"camera.stall_secs\"?"),
            "{sentence}"
        );
        assert!(set("camera.stall_secs", "1\nx = 2").is_err(), "one value only");
    }

    #[test]
    fn a_users_own_profile_is_found_beside_the_file_and_read_as_strictly() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        let load = || {
            let mut settings = Settings::defaults()?;
            settings.apply_file(&folder.path().join("kiosk.toml")).map(|()| settings)
        };
        write("pens/mine.toml", "name = \"mine\"\nwidth_mm = 0.7\ncolour = \"#000000\"\nopacity = 1\n");
        write("kiosk.toml", "version = 1\npen = \"mine\"\n");
        assert_eq!(load().map(|settings| value(&settings, "pen.width_mm")).as_deref(), Ok("0.7"));
        write("kiosk.toml", "version = 1\npen = \"pens/mine.toml\"\n");
        assert_eq!(load().map(|settings| value(&settings, "pen.opacity")).as_deref(), Ok("1.0"));
        write("pens/mine.toml", "name = \"mine\"\nwidth = 0.7\n");
        let sentence = load().expect_err("a slip in the pen's file").to_string();
        assert!(
            sentence.ends_with("pens/mine.toml:2: unknown key \"width\"; did you mean \"width_mm\"?"),
            "{sentence}"
        );
        write("pens/mine.toml", "profile = \"brush\"\n");
        assert!(load().is_err(), "a pen names no other pen");
        write("kiosk.toml", "version = 1\npen = \"yours\"\n");
        let sentence = load().expect_err("no such pen").to_string();
        assert!(sentence.contains("kiosk.toml:2: unknown pen \"yours\"; there are ballpoint, brush"), "{sentence}");
    }

    #[test]
    fn a_style_speaks_of_other_sections_and_may_name_a_pen_but_no_machine() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bold.toml");
        let load = |text: &str| {
            std::fs::write(&path, text).expect("a file");
            let mut settings = Settings::defaults()?;
            settings.apply_text(
                "style",
                &path.display().to_string(),
                Origin::Set("style".to_owned()),
                Path::new(""),
            )?;
            Ok::<_, ConfigError>(settings)
        };
        let settings =
            load("name = \"bold\"\nweights = []\npen = \"brush\"\n[paper]\nmargin_mm = 9\n").expect("a style");
        let found = ["style.name", "pen.name", "paper.margin_mm"].map(|path| value(&settings, path));
        assert_eq!(found, ["\"bold\"", "\"brush\"", "9.0"]);
        for text in ["profile = \"flow\"", "style = \"flow\"", "[camera]\ndevice = \"1\""] {
            assert!(matches!(load(text), Err(ConfigError::UnknownKey { .. })), "{text}");
        }
    }
}
