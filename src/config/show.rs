//! A loaded configuration as text: as TOML that can be loaded again, or as JSON; with the origin of every value.

use std::fmt::Write;

use serde_json::Map;
use serde_json::json;

use super::Loaded;
use super::layers::Setting;
use super::schema::schema;

/// Which values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Those that differ from the defaults.
    Changed,
    /// All that hold, defaults and shipped profiles too.
    Effective,
}

impl Loaded {
    /// The values, in the order of `default.toml`, as a configuration file that gives the same configuration again.
    /// With `origins`, each line ends with where its value comes from.
    pub fn to_toml(&self, shown: Shown, origins: bool) -> String {
        let mut text = "version = 1\n".to_owned();
        let mut current = "";
        for key in schema().keys() {
            let Some(setting) = self.shown(&key.path, shown) else { continue };
            let (section, name) = key.path.rsplit_once('.').unwrap_or(("", &key.path));
            if section != current {
                current = section;
                // Writing to a String cannot fail.
                let _ = writeln!(text, "\n[{section}]");
            }
            let _ = write!(text, "{name} = {}", setting.value);
            if origins {
                let _ = write!(text, "  # {}", setting.origin.to_string().replace(char::is_control, " "));
            }
            text.push('\n');
        }
        text
    }

    /// The values and their origins, by the key's full name, in the order of `default.toml`.
    pub fn to_json(&self, shown: Shown) -> serde_json::Value {
        let mut values = Map::new();
        for key in schema().keys() {
            if let Some(setting) = self.shown(&key.path, shown) {
                values
                    .insert(key.path.clone(), json!({ "value": setting.value, "origin": setting.origin.to_string() }));
            }
        }
        json!({ "files": self.files, "values": values })
    }

    fn shown(&self, path: &str, shown: Shown) -> Option<&Setting> {
        let default = self.defaults.values().get(path).map(|setting| &setting.value);
        let setting = self.settings.values().get(path)?;
        (shown == Shown::Effective || default != Some(&setting.value)).then_some(setting)
    }
}

#[cfg(test)]
mod tests {
    use super::super::LoadRequest;
    use super::super::load;
    use super::Shown;

    #[test]
    fn what_is_shown_loads_to_the_same_configuration() {
        let folder = tempfile::tempdir().expect("a folder");
        let sets = ["paper=square-200", "pen=brush", "pen.opacity=0.5", "camera.device=/dev/\"odd\"\nname"];
        for sets in [&sets[..], &[]] {
            let sets = sets.iter().map(|set| (*set).to_owned()).collect();
            let first = load(&LoadRequest { sets, ..LoadRequest::default() }).expect("all is right");
            for (shown, origins) in
                [(Shown::Effective, false), (Shown::Effective, true), (Shown::Changed, false), (Shown::Changed, true)]
            {
                let file = folder.path().join("shown.toml");
                std::fs::write(&file, first.to_toml(shown, origins)).expect("a file");
                let again = load(&LoadRequest { files: vec![file], ..LoadRequest::default() });
                assert_eq!(again.expect("what is shown is right").config(), first.config());
            }
        }
    }

    #[test]
    fn json_names_each_value_and_its_origin() {
        let sets = vec!["pen=brush".to_owned()];
        let json =
            load(&LoadRequest { sets, ..LoadRequest::default() }).expect("all is right").to_json(Shown::Effective);
        assert_eq!(json["values"]["pen.width_mm"]["value"], 1.2);
        assert_eq!(json["values"]["pen.width_mm"]["origin"], "pen \"brush\"");
        assert_eq!(json["values"]["camera.device"]["origin"], "default");
    }

    #[test]
    fn only_what_differs_is_shown_unless_all_is_asked_for() {
        let sets = vec!["pen.opacity=0.5".to_owned()];
        let loaded = load(&LoadRequest { sets, ..LoadRequest::default() }).expect("all is right");
        assert_eq!(loaded.to_toml(Shown::Changed, false), "version = 1\n\n[pen]\nopacity = 0.5\n");
        assert!(loaded.to_toml(Shown::Effective, false).contains("[camera]"));
    }
}
