//! What the command line asks for.

use std::path::PathBuf;

use anyhow::Context;
use anyhow::bail;

/// What the command line asks for.
pub struct Request {
    /// The folder of portraits; none draws the sample sitters.
    pub data: Option<PathBuf>,
    /// A file with the people to draw.
    pub ids: Option<PathBuf>,
    /// Whether faces are the folder's labels and not what the networks see.
    pub labels: bool,
    /// Names of styles, or their files; none for all that ship.
    pub styles: Vec<String>,
    /// Artists and where their drawings of the same people lie.
    pub drawings: Vec<(String, PathBuf)>,
    /// JSON in place of the table.
    pub json: bool,
    /// Where the contact sheet goes.
    pub sheet: Option<PathBuf>,
    /// People on it.
    pub rows: usize,
    /// A file with people who are hard, the hardest first, for the sheet.
    pub hard: Option<PathBuf>,
    /// Other settings.
    pub sets: Vec<String>,
}

impl Request {
    /// What `arguments` ask for.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut request = Self {
            data: None,
            ids: None,
            labels: false,
            styles: Vec::new(),
            drawings: Vec::new(),
            json: false,
            sheet: None,
            rows: 24,
            hard: None,
            sets: Vec::new(),
        };
        let mut sitters = false;
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{name} needs a value"));
            match name.as_str() {
                "--sitters" => sitters = true,
                "--labels" => request.labels = true,
                "--json" => request.json = true,
                "--data" => request.data = Some(value()?.into()),
                "--ids" => request.ids = Some(value()?.into()),
                "--style" => request.styles.push(value()?),
                "--sheet" => request.sheet = Some(value()?.into()),
                "--rows" => request.rows = value()?.parse().context("--rows takes a number")?,
                "--hard" => request.hard = Some(value()?.into()),
                "--set" => request.sets.push(value()?),
                "--drawings" => {
                    let text = value()?;
                    let (artist, folder) = text.split_once('=').context("--drawings takes NAME=FOLDER")?;
                    request.drawings.push((artist.to_owned(), folder.into()));
                }
                _ => bail!(
                    "{name} is unknown; there are --data, --sitters, --ids, --labels, --style, --drawings, --json, \
                     --sheet, --rows, --hard, --set"
                ),
            }
        }
        if sitters == request.data.is_some() {
            bail!("name people by --data FOLDER, or draw the sample sitters by --sitters");
        }
        Ok(request)
    }
}
