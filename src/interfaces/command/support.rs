//! `portraitist support-bundle`: what helps to find a fault from afar, in one JSON file.
//!
//! It is put together from what is named here and nothing else: the version, the doctor's findings, the configuration
//! without its secrets, and of a booth that runs the house, the counts and the names and sizes of its files. It holds no
//! picture, no stroke, no order's name, no token; the user's own folder is written as `~`.

use std::fs;

use serde_json::Value;
use serde_json::json;

use super::Everywhere;
use super::Machine;
use super::arguments::Doctor;
use super::arguments::SupportBundle;
use super::doctor;
use super::output;
use crate::booth::control::Control;
use crate::config::Shown;
use crate::fault::Fault;
use crate::fault::Kind;

/// So many files of the booth's folder are named at the most.
const MOST_FILES: usize = 256;

/// Writes it.
pub fn run(everywhere: &Everywhere, command: &SupportBundle) -> Result<(), Fault> {
    let (_, findings) = doctor::look(everywhere, &Doctor { robot: None, port: None });
    let mut bundle = json!({
        "schema": "portraitist.support-bundle/1",
        "version": env!("CARGO_PKG_VERSION"),
        "system": fs::read_to_string("/proc/version").unwrap_or_default().trim(),
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "findings": findings,
    });
    if let Ok(loaded) = super::config::load(everywhere, &Machine::default()) {
        bundle["config"] = without_secrets(loaded.to_json(Shown::Effective));
        let folder = loaded.config().booth.state_folder();
        bundle["files"] = folder.as_deref().map(files).unwrap_or_default().into();
        if let Some(booth) = folder.as_deref().and_then(Control::find) {
            bundle["house"] = booth.ask("GET", "/api/v1/house", &json!({}))?.json()?;
            bundle["metrics"] = booth.ask("GET", "/metrics", &json!({}))?.body.into();
        }
    }
    let home = std::env::var("HOME").ok().filter(|home| home.len() > 1);
    let bundle = shortened(bundle, home.as_deref());
    let text = serde_json::to_vec_pretty(&bundle).map_err(|e| Fault::new(Kind::Unexpected, e.to_string()))?;
    output::write_file(&command.out, &text)?;
    if everywhere.json {
        let out = command.out.display().to_string();
        return output::print_json("support-bundle", json!({ "file": out, "bytes": text.len() }));
    }
    output::print_line(&format!("{}: {} bytes, to be read before it is sent", command.out.display(), text.len()))
}

/// The configuration without what anybody could prove themselves by.
fn without_secrets(mut config: Value) -> Value {
    if let Some(values) = config["values"].as_object_mut() {
        values.retain(|key, _| !key.starts_with("security."));
    }
    config
}

/// Names and sizes of the booth's files.
fn files(folder: &std::path::Path) -> Vec<Value> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_FILES);
    let told = entries.map(|entry| {
        let ending = entry.path().extension().map(|ending| ending.to_string_lossy().into_owned());
        json!({ "kind": ending, "bytes": entry.metadata().map_or(0, |data| data.len()) })
    });
    told.collect()
}

/// The same with `home` written as `~` in every text.
fn shortened(value: Value, home: Option<&str>) -> Value {
    let Some(home) = home else { return value };
    match value {
        Value::String(text) => Value::String(text.replace(home, "~")),
        Value::Array(items) => items.into_iter().map(|item| shortened(item, Some(home))).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, field)| (name, shortened(field, Some(home))))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_the_users_name_stay_at_home() {
        let config =
            json!({ "files": [], "values": { "pen.width_mm": 0.4, "security.operator_pin_hash": "$argon2id$" } });
        assert_eq!(without_secrets(config), json!({ "files": [], "values": { "pen.width_mm": 0.4 } }));
        let paths = json!([{ "folder": "/home/anna/photos" }, 3]);
        assert_eq!(shortened(paths, Some("/home/anna")), json!([{ "folder": "~/photos" }, 3]));
    }
}
