//! The configuration: what was written (settings, layer over layer) and what it means (one [`Config`]).
//!
//! Layers, each over the one before: the compiled-in `config/default.toml`; the configuration files; the environment
//! (`PORTRAITIST_SECTION__KEY`); `--set key=value`. A profile counts where it is named. Everything is strict: an unknown
//! key, a wrong type and a value out of range name the file, the line, the key and what would be right. Nothing but
//! [`load`] reads a file. Rooms define their own `…Config`; this one only composes them and hands each its part.

mod booth;
mod error;
mod files;
mod layers;
mod models;
mod profiles;
#[cfg(test)]
mod reference;
mod schema;
mod server;
mod show;

use std::path::Path;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use toml::Table;
use toml::Value;

pub use booth::BoothConfig;
pub use booth::PhoneConfig;
pub use error::ConfigError;
pub use files::Place;
pub use layers::Origin;
pub use models::ModelsConfig;
pub use profiles::Colour;
pub use profiles::PaperProfile;
pub use profiles::PenProfile;
pub use profiles::StyleProfile;
pub use server::SecurityConfig;
pub use server::ServerConfig;
pub use show::Shown;

use crate::camera::CameraConfig;
use crate::job::Artist;
use crate::job::Recipe;
use crate::job::Subject;
use crate::kiosk::KioskConfig;
use crate::photo::BackdropConfig;
use crate::plan::PlanConfig;
use crate::plan::RobotProfile;
use crate::preview::InkConfig;
use crate::robot::PortConfig;
use crate::sitter::SitterConfig;
use crate::sketch::FlowConfig;
use crate::sketch::ToneConfig;
use crate::strokes::Sheet;
use crate::strokes::StrokesConfig;
use crate::strokes::svg::SvgConfig;
use ::models::Manifest;
use layers::Settings;

/// The least width and height that margins must leave for the drawing, mm.
const LEAST_FREE_MM: f64 = 10.0;

/// What all rooms are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where photos come from.
    pub camera: CameraConfig,
    /// What is the person and what the backdrop.
    pub backdrop: BackdropConfig,
    /// What makes a face fit to be drawn.
    pub sitter: SitterConfig,
    /// Where the networks' weights are.
    pub models: ModelsConfig,
    /// How lines are found.
    pub lines: FlowConfig,
    /// How much tone a sketch gets.
    pub tone: ToneConfig,
    /// How ink becomes strokes, with this pen and this paper.
    pub strokes: StrokesConfig,
    /// How SVG files are read.
    pub svg: SvgConfig,
    /// In which order strokes are drawn.
    pub plan: PlanConfig,
    /// What the pen's ink looks like on this paper, in previews.
    pub ink: InkConfig,
    /// The cable to the machine.
    pub port: PortConfig,
    /// Where browsers find this program.
    pub server: ServerConfig,
    /// How callers prove who they are.
    pub security: SecurityConfig,
    /// The kiosk's times and limits.
    pub kiosk: KioskConfig,
    /// What stands around it.
    pub booth: BoothConfig,
    /// Where visitors' phones come in.
    pub phone: PhoneConfig,
    /// The machine.
    pub robot: RobotProfile,
    /// The pen.
    pub pen: PenProfile,
    /// The sheet.
    pub paper: PaperProfile,
    /// How the portrait is drawn.
    pub style: StyleProfile,
    /// The paper's size, as strokes are placed on it.
    pub sheet: Sheet,
}

/// What to load.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadRequest {
    /// The files of `--config`, in order. With none, the first of [`Self::places`] that has one is used.
    pub files: Vec<PathBuf>,
    /// Where to look for a file if none is named.
    pub places: Vec<Place>,
    /// The user's own folder: its profiles count wherever the files lie, after those beside them.
    pub own_folder: Option<PathBuf>,
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
    defaults: Settings,
    files: Vec<PathBuf>,
    own_folder: Option<PathBuf>,
}

impl Config {
    /// What a drawing job needs of all this.
    pub fn recipe<'a>(&'a self, subject: Subject<'a>, artist: Artist<'a>) -> Recipe<'a> {
        Recipe {
            subject,
            artist,
            backdrop: &self.backdrop,
            lines: &self.lines,
            tone: &self.tone,
            strokes: &self.strokes,
            sheet: self.sheet,
            plan: &self.plan,
            robot: &self.robot,
        }
    }

    /// What is not wrong but will surprise: one sentence each.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let field = self.robot.field();
        let placement = self.robot.placement(&self.sheet);
        let on_field = placement.outer_transformed_box(&self.sheet.bounds());
        if !field.contains_box(&on_field) {
            remarks.push(format!(
                "paper \"{}\" ({} x {} mm, its corner at {}, {} mm) reaches beyond the field of robot \"{}\" ({} x {} \
                 mm): a drawing that does so too will be refused",
                self.paper.name,
                self.paper.width_mm,
                self.paper.height_mm,
                self.robot.sheet_x_mm,
                self.robot.sheet_y_mm,
                self.robot.name,
                self.robot.field_width_mm,
                self.robot.field_height_mm
            ));
        }
        remarks
    }
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
        let own_folder = files::own_folder(&environment);
        Self { files, places, own_folder, environment, sets, working_dir }
    }
}

/// Loads the configuration that `request` asks for.
///
/// # Errors
/// The first thing that is wrong, with its file and line.
pub fn load(request: &LoadRequest) -> Result<Loaded, ConfigError> {
    let files = if request.files.is_empty() { files::find(&request.places)? } else { request.files.clone() };
    let defaults = Settings::defaults()?;
    let mut settings = defaults.clone();
    settings.look_in(request.own_folder.clone());
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
    Ok(Loaded { config, settings, defaults, files, own_folder: request.own_folder.clone() })
}

/// The styles that ship: name and text of the profile, by name.
pub fn shipped_styles() -> &'static [(&'static str, &'static str)] {
    profiles::ProfileKind::Style.shipped()
}

/// The configuration that the defaults and one file of this `text` give.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn read(text: &str) -> Result<Config, ConfigError> {
    let mut settings = Settings::defaults()?;
    settings.apply_config(text, Path::new("configuration"))?;
    compose(&settings)
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

    /// The names of all styles: those that ship, then the user's own and those beside the configuration files.
    pub fn style_names(&self) -> Vec<String> {
        self.names(profiles::ProfileKind::Style)
    }

    /// The names of all robots, in the same order.
    pub fn robot_names(&self) -> Vec<String> {
        self.names(profiles::ProfileKind::Robot)
    }

    /// The names of all pens, in the same order.
    pub fn pen_names(&self) -> Vec<String> {
        self.names(profiles::ProfileKind::Pen)
    }

    /// The names of all papers, in the same order.
    pub fn paper_names(&self) -> Vec<String> {
        self.names(profiles::ProfileKind::Paper)
    }

    fn names(&self, kind: profiles::ProfileKind) -> Vec<String> {
        let beside = self.files.iter().filter_map(|file| file.parent()).map(Path::to_owned);
        let folders: Vec<PathBuf> = self.own_folder.iter().cloned().chain(beside).collect();
        kind.names(&folders)
    }

    /// The user's own folder, where a new style belongs: whether it is there or not, but for a user without a home.
    pub fn own_folder(&self) -> Option<&Path> {
        self.own_folder.as_deref()
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

/// Each room's part of the settings, and what follows from several of them together.
fn compose(settings: &Settings) -> Result<Config, ConfigError> {
    let conflict = |what: String| ConfigError::Conflict { what };
    let (pen, paper): (PenProfile, PaperProfile) = (section(settings, "pen")?, section(settings, "paper")?);
    let sheet = sheet(&paper).map_err(conflict)?;
    let mut strokes: StrokesConfig = section(settings, "strokes")?;
    strokes.margins_mm = paper.margin_mm;
    strokes.pen_width_mm = pen.width_mm;
    strokes.check().map_err(|error| conflict(error.to_string()))?;
    let mut ink: InkConfig = section(settings, "preview")?;
    ink.pen_width_mm = pen.width_mm;
    ink.ink = pen.colour.0;
    ink.opacity = pen.opacity;
    ink.paper = paper.colour.0;
    let plan: PlanConfig = section(settings, "plan")?;
    plan.check().map_err(|error| conflict(error.to_string()))?;
    let robot: RobotProfile = section(settings, "robot")?;
    robot.check().map_err(|error| conflict(error.to_string()))?;
    let kiosk: KioskConfig = section(settings, "kiosk")?;
    kiosk.check().map_err(|error| conflict(error.to_string()))?;
    let style: StyleProfile = section(settings, "style")?;
    let manifest = Manifest::shipped();
    for name in style.weights.iter().filter(|name| models::own_file(name).is_none()) {
        manifest.named(name).map_err(|error| conflict(format!("style \"{}\": {error}", style.name)))?;
    }
    Ok(Config {
        camera: section(settings, "camera")?,
        sitter: section(settings, "sitter")?,
        models: section(settings, "models")?,
        backdrop: section(settings, "backdrop")?,
        lines: section(settings, "lines")?,
        tone: section(settings, "tone")?,
        strokes,
        svg: section(settings, "svg")?,
        plan,
        ink,
        port: section(settings, "port")?,
        server: section(settings, "server")?,
        security: section(settings, "security")?,
        kiosk,
        booth: section(settings, "booth")?,
        phone: section(settings, "phone")?,
        robot,
        pen,
        paper,
        style,
        sheet,
    })
}

/// The sheet, if its margins leave something of it.
fn sheet(paper: &PaperProfile) -> Result<Sheet, String> {
    let PaperProfile { width_mm, height_mm, margin_mm, .. } = paper;
    let free_mm = width_mm.min(*height_mm) - 2.0 * margin_mm;
    let sheet = Sheet::new(*width_mm, *height_mm).filter(|_| free_mm >= LEAST_FREE_MM);
    sheet.ok_or_else(|| {
        format!(
            "paper.margin_mm: margins of {margin_mm} mm leave too little of a sheet of {width_mm} x {height_mm} mm (a \
             drawing needs {LEAST_FREE_MM} mm each way): make them narrower, or take a larger paper"
        )
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
mod tests;
